"""A batch's loss and gradient, captured once as a CUDA graph and replayed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from stiffgui.regularizers import Regularizer
from stiffgui.stiffness.draws import CapturedDraws

Replay = Callable[[], Any]
# x [R, B, d], y [R, B, o], penalty, a generator per trial; loss, penalty and share go to [3, R].
Batch = tuple[Tensor, Tensor, Regularizer, list[Generator], Tensor]
Compute = Callable[[*Batch], None]
WARM_UP = 3  # runs before a capture: buffers and library workspaces come into being
KEPT = 8  # graphs: whole and short batches, with and without penalty; live weights make more


@dataclass(frozen=True)
class _Graph:
    """Static tensors that the replayed operations read and write."""

    x: Tensor
    y: Tensor
    into: Tensor
    draws: CapturedDraws
    replay: Replay


class CapturedGradient:
    """`Gradient` for a GPU: a batch is two copies and one replay instead of a hundred launches.

    A graph belongs to a batch size and to a regularizer with its weight, which it holds as a
    constant: a live change of the weight captures anew. Adam stays outside, since learning rates
    change with every plateau and differ between trials; it is one operation anyway. Random
    numbers are drawn before a replay, into buffers that the graph reads: they are what uncaptured
    steps would draw. Nothing captured
    depends on values or waits for the device (tested on the CPU and on the meta device).
    """

    def __init__(
        self,
        compute: Compute,
        capture: Callable[[Replay], Replay] | None = None,
    ) -> None:
        self._compute, self._capture = compute, capture or capture_on_device
        self._graphs: dict[Any, _Graph] = {}

    def __call__(self, *batch: *Batch) -> None:
        """As `Gradient`."""
        x, y, regularizer, _, into = batch
        key = (x.shape, y.shape, regularizer)
        if key not in self._graphs:
            if len(self._graphs) >= KEPT:
                self._graphs.clear()
            self._graphs[key] = self._record(*batch)
        graph = self._graphs[key]
        graph.x.copy_(x)
        graph.y.copy_(y)
        graph.draws.refill()
        graph.replay()
        into.copy_(graph.into)

    def _record(self, *batch: *Batch) -> _Graph:
        x, y, regularizer, generators, into = batch
        static = x.clone(), y.clone()
        result = torch.zeros_like(into)
        draws, drawn = CapturedDraws(), [generator.get_state() for generator in generators]

        def run() -> None:
            with draws:
                self._compute(*static, regularizer, generators, result)

        replay = self._capture(run)
        for generator, state in zip(generators, drawn, strict=True):  # warming up has drawn
            generator.set_state(state)
        return _Graph(*static, result, draws, replay)


def capture_on_device(run: Replay) -> Replay:
    """Capture what `run` launches on the present CUDA device."""
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UP):
            run()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay
