"""Layers x epochs: one index of every layer against the epoch, as a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from stiffgui.errors import InputError
from stiffgui.figures.base import RunFigure
from stiffgui.figures.history import USUAL, check_watched
from stiffgui.figures.picture import (
    Axis,
    ColourScale,
    Image,
    Panel,
    Picture,
    cell_edges,
    ends_of,
    one_panel,
    span_of,
)
from stiffgui.figures.sources import Drawn, over_samples
from stiffgui.settings import setting
from stiffgui.stiffness import WATCHABLE

if TYPE_CHECKING:
    import pandas as pd


class Layers(RunFigure):
    """Layers × epochs

    One stiffness index of every layer, epoch after epoch: the mean over the probe samples. A cell
    lies around the epoch at which it was measured."""

    one_run: ClassVar[bool] = True

    kind: Literal["layers"] = "layers"

    indices: tuple[str, ...] = setting(
        (),
        title="Index",
        help="The index that the colours show; by default the spectral radius, if it was watched.",
        choices={name: index.title for name, index in WATCHABLE.items()},
        flag="--index",
    )
    logarithmic: bool | None = setting(
        None,
        title="Logarithmic",
        help="Logarithmic colours; values of 0 and below stay blank.",
        flag="--log/--linear",
    )

    def _chosen(self, run: Drawn) -> tuple[str, Any, Any]:
        """Index name, epochs [M], its median over trials [M, N]."""
        history = run.history
        check_watched(run, self.indices)
        names = (*self.indices, USUAL, *history.indices)
        name = next((n for n in names if n in history.indices), None)
        if name is None:
            raise InputError(f"{run.path} holds no index per layer: watch at least one index.")
        return name, history.index_epochs, history.layer_medians(name)

    def build_runs(self, runs: Sequence[Drawn]) -> Picture:
        run = runs[-1]
        name, epochs, values = self._chosen(run)
        log = bool(self.logarithmic) and bool((values > 0).any())
        quantity = run.history.quantity(name)
        # Outer cells end where training does.
        first, last = (epochs[0], epochs[-1]) if len(epochs) > 1 else ends_of(cell_edges(epochs))
        nothing = "" if np.isfinite(values).any() else ", undefined"
        low, high = span_of(np.where(values > 0, values, np.nan) if log else values)
        image = Image(
            x=run.begins + epochs,
            y=np.arange(1, values.shape[1] + 1),
            values=values.T,
            colours=ColourScale(
                label=quantity.title + (f" ({quantity.unit})" if quantity.unit else "") + nothing,
                low=low,
                high=max(high, low + 1e-9),
                scale="log" if log else "linear",
            ),
        )
        panel = Panel(
            x=Axis(label="epoch", whole=True, limits=(run.begins + first, run.begins + last)),
            y=Axis(label="layer", whole=True, limits=ends_of(image.y_edges)),
            items=(image,),
            grid=False,
        )
        return one_panel(panel, note=self._note(run, name))

    def _note(self, run: Drawn, name: str) -> str:
        network = run.run.network if run.foreign else None
        if network is not None and network.unknown(name):
            return str(network.unknown(name))
        trials = run.history.trials
        of_trials = f", median of {trials} trials" if trials > 1 else ""
        return over_samples([run]) + of_trials

    def tabulate_runs(self, runs: Sequence[Drawn]) -> pd.DataFrame:
        """Epoch, layer, index, value (median over trials)."""
        import pandas as pd

        name, epochs, values = self._chosen(runs[-1])
        count = values.shape[1]
        return pd.DataFrame(
            {
                "epoch": np.repeat(epochs, count),
                "layer": np.tile(np.arange(1, count + 1), len(epochs)),
                "index": name,
                "value": values.ravel(),
            }
        )
