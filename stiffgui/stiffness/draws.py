"""Random numbers of a step: drawn on the processor from the trials' generators, then moved.

So they are the same on any device, and a trial draws from its own generator only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from stiffgui._lazy import torch

if TYPE_CHECKING:
    from torch import Generator, Tensor

Fill = Callable[[Any, Any], object]  # a trial's numbers, from its generator
_serving: list[CapturedDraws] = []


def drawn(
    shape: tuple[int, ...],
    like: tuple[torch.dtype, torch.device],
    fill: Fill,
    generators: Sequence[Generator] | None,
) -> Tensor:
    """Numbers [(R,) ...] of a type and on a device, of which `fill` draws a trial's at a time;
    without generators all at once from torch's own."""

    def numbers() -> Tensor:
        dtype, device = like
        on_host = torch.empty(shape, dtype=dtype, pin_memory=device.type == "cuda")
        if generators is None:
            fill(on_host, None)
        else:
            for row, generator in zip(on_host, generators, strict=True):
                fill(row, generator)
        # From pinned memory the host need not wait for the copy.
        return on_host.to(device, non_blocking=True) if device.type != "cpu" else on_host

    return _serving[-1].next(numbers) if _serving else numbers()


class CapturedDraws:
    """The numbers of a step that is captured once and replayed: buffers that stay in their place.

    Within `with`, `drawn` gives these instead, in the order in which a step asks for them; the
    first step makes them. `refill` draws anew, before each replay.
    """

    def __init__(self) -> None:
        self._buffers: list[Tensor] = []
        self._draws: list[Callable[[], Tensor]] = []
        self._next = 0

    def __enter__(self) -> None:
        self._next = 0
        _serving.append(self)

    def __exit__(self, *problem: object) -> None:
        _serving.pop()

    def next(self, numbers: Callable[[], Tensor]) -> Tensor:
        """The next buffer of this step."""
        if self._next == len(self._buffers):
            self._draws.append(numbers)
            self._buffers.append(numbers())
        self._next += 1
        return self._buffers[self._next - 1]

    def refill(self) -> None:
        """Other numbers in all buffers, in the order of a step."""
        for buffer, numbers in zip(self._buffers, self._draws, strict=True):
            buffer.copy_(numbers(), non_blocking=True)
