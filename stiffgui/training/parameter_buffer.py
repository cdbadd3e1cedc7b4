"""All parameters of R trials in one buffer, and the state of their training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class ParameterBuffer:
    """Blocks [R, *shape], one for every parameter array, back to back in one vector `flat`.

    A block is contiguous, so that batched products write into it, and everything done to all
    parameters alike is one operation on `flat`, [R P] for P parameters of a trial.
    """

    def __init__(
        self,
        shapes: Mapping[str, tuple[int, ...]],
        trials: int,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        self.shapes, self.trials = dict(shapes), trials
        sizes = [trials * prod(shape) for shape in shapes.values()]
        self.flat = torch.zeros(sum(sizes), dtype=dtype, device=device)
        parts = torch.split(self.flat, sizes)
        self.blocks = {
            name: part.view(trials, *shape)
            for part, (name, shape) in zip(parts, shapes.items(), strict=True)
        }

    def like(self) -> ParameterBuffer:
        """Zeros of the same layout."""
        return ParameterBuffer(self.shapes, self.trials, self.flat.dtype, self.flat.device)

    def of_trials(self, which: list[int]) -> list[Tensor]:
        """The blocks of some trials, as views."""
        return [block[r] for block in self.blocks.values() for r in which]

    def rows(self) -> Tensor:
        """A copy with a row for every trial, [R, P]."""
        return torch.cat([block.flatten(1) for block in self.blocks.values()], dim=1)

    def load_rows(self, rows: Tensor) -> None:
        """Take values from [R, P]."""
        sizes = [prod(shape) for shape in self.shapes.values()]
        for block, part in zip(self.blocks.values(), torch.split(rows, sizes, dim=1), strict=True):
            block.copy_(part.view(block.shape))

    def are_finite(self) -> NDArray[np.bool_]:
        """Which trials hold no NaN and no infinity, [R]. Waits for the device."""
        if bool(torch.isfinite(self.flat.sum())):  # a finite sum has finite terms
            return np.ones(self.trials, dtype=bool)
        finite = [torch.isfinite(b).flatten(1).all(1) for b in self.blocks.values()]
        return np.asarray(torch.stack(finite).all(0).cpu().numpy())


@dataclass
class State:
    """Parameters of R trials, and Adam's moments of them."""

    parameters: ParameterBuffer
    mean: ParameterBuffer
    square: ParameterBuffer

    @classmethod
    def of(cls, parameters: ParameterBuffer) -> State:
        """That of an optimiser which has not moved yet."""
        return cls(parameters, parameters.like(), parameters.like())

    def like(self) -> State:
        """Zeros of the same layout."""
        return State(self.parameters.like(), self.mean.like(), self.square.like())

    def buffers(self) -> dict[str, ParameterBuffer]:
        """By the names that a checkpoint has for them."""
        return {"flat": self.parameters, "adam.mean": self.mean, "adam.square": self.square}

    def take(self, other: State, which: list[int] | None = None) -> None:
        """Become a copy of another, or only these trials of it."""
        pairs = zip(self.buffers().values(), other.buffers().values(), strict=True)
        for mine, theirs in pairs:
            if which is None:
                mine.flat.copy_(theirs.flat)
                continue
            for to, from_ in zip(mine.of_trials(which), theirs.of_trials(which), strict=True):
                to.copy_(from_)
