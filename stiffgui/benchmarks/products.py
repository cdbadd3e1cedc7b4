"""Products of matrices at the sizes of an experiment, by the kernels' own BLAS, to be timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.benchmarks.timing import Action
from stiffgui.experiment import Experiment
from stiffgui.kernels.threads import share
from stiffgui.regularizers import Stiffness
from stiffgui.stiffness.gelfand import Gelfand

FLOPS = 1e9  # of a thread between two looks at the clock, beside which handing it over is nothing


@dataclass(frozen=True)
class Size:
    """Products of N matrices [w, w] with [w, B] and what belongs to it backward; `square`: of one
    matrix with another [w, w]."""

    depth: int
    width: int
    columns: int
    square: bool = False

    @classmethod
    def of(cls, experiment: Experiment) -> Size:
        """That of most of a step's products: of the layers with a batch, or of a Jacobian with
        itself where the penalty is Gelfand's."""
        architecture, penalty = experiment.architecture, experiment.regularizer
        width = architecture.width
        if isinstance(penalty, Stiffness) and isinstance(penalty.proxy, Gelfand):
            return cls(1, width, width, square=True)
        return cls(architecture.depth, width, experiment.training.batch_size)

    @property
    def flops(self) -> float:
        """Of a pass: W x, W^T g and g x^T of every layer, or three squares."""
        return 6.0 * self.depth * self.columns * self.width**2

    @property
    def name(self) -> str:
        """For a person."""
        return f"{self.width}x{self.width} by {self.width}x{self.columns}"

    def passes(self, threads: int) -> Callable[[], Action]:
        """Prepares passes, of each thread on arrays of its own: those of all threads count."""
        count = max(1, round(FLOPS / self.flops))
        matrices = (self.depth, self.width, self.width)
        columns = (self.depth, self.width, self.columns)
        shapes = [matrices, columns, columns, columns[1:], columns[1:], matrices[1:]]
        if self.square:
            shapes = [matrices[1:]] * 3

        def prepare() -> Action:
            from stiffgui.benchmarks.kernels import layers

            draws = np.random.default_rng(0)
            arrays = [
                [draws.standard_normal(shape).astype(np.float32) for shape in shapes]
                for _ in range(threads)
            ]
            kernel = layers.squares if self.square else layers.products

            def work(own: list[NDArray[Any]], thread: int) -> None:
                kernel(count, *own)

            def action() -> int:
                share(arrays, work, threads)
                return threads * count

            return action

        return prepare
