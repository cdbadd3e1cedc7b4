"""Watches the residual blocks of a torch model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from stiffgui.errors import InputError
from stiffgui.runs.foreign import Array, MeasuredLayer
from stiffgui.watching.blocks import catch, find
from stiffgui.watching.inputs import device_of, placed
from stiffgui.watching.maps import LayerMap
from stiffgui.watching.paced import PacedRecorder
from stiffgui.watching.recorder import step_sizes
from stiffgui.watching.untouched import untouched


class NetworkRecorder(PacedRecorder):
    """Of residual blocks, see `watch`."""

    def __init__(
        self,
        model: nn.Module,
        probe: Any,
        out: str | Path,
        blocks: str | Sequence[str] | None,
        branch: bool,
        **options: Any,
    ) -> None:
        self._model, self._branch = model, branch
        whole = placed(probe, device_of(model))
        self._probe = whole[: options["samples"]] if isinstance(whole, Tensor) else whole
        with untouched(model):
            self._blocks = find(model, self._probe, blocks)
            calls = catch(model, self._probe, self._blocks)
        steps = step_sizes(options["step"])
        if len(steps) not in (1, len(calls)):
            raise InputError(
                f"step: {len(steps)} step sizes do not fit {len(calls)} layers; give one, or one "
                f"of each."
            )
        super().__init__(
            out, title=type(model).__name__, names=_numbered([c.name for c in calls]), **options
        )

    def measure(self, epoch: int) -> tuple[dict[str, Array], dict[str, Array], list[MeasuredLayer]]:
        with untouched(self._model):
            calls = catch(self._model, self._probe, self._blocks)
            steps = self.steps * len(calls) if len(self.steps) == 1 else self.steps
            some = [call.at(slice(0, self.samples)) for call in calls]
            maps = [
                LayerMap(call.name, call, call.x, a, not self._branch)
                for call, a in zip(some, steps, strict=False)
            ]
            if not self.measurements:
                for each in maps:
                    each.check()
            return {}, {}, self.measured(maps)

    def state(self) -> Any:
        return [parameter._version for parameter in self._model.parameters()]


def _numbered(names: list[str]) -> list[str]:
    """Names of calls: of one that comes several times with its number."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(f"{name} ({seen[name]})" if names.count(name) > 1 else name)
    return out
