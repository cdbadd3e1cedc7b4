"""Pictures of one network, for a window that follows it."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path

from stiffgui.errors import InputError
from stiffgui.figures import Figure, Picture
from stiffgui.figures.spectrum import LayerFigure
from stiffgui.session.service import handles, use_one_thread
from stiffgui.session.sources import RunSource

MOST_STORED = 20_000_000  # bytes of files that may be read where nothing else can be done meanwhile


@dataclass(frozen=True)
class Look:
    """Draw figures (name, figure) of the last run of a source; the answer is a View.

    Two looks are equal when they show the same: `epoch` is that of the network, which is the
    source's own where the look is `live`. `few`: other epochs follow soon, see `Drawn`.
    """

    source: RunSource
    epoch: int
    live: bool
    figures: tuple[tuple[str, Figure], ...]
    few: bool = False


@dataclass(frozen=True)
class View:
    """A picture of each figure, by its name, or the sentence that says why there is none."""

    pictures: dict[str, Picture | str]
    seconds: float

    @property
    def epoch(self) -> int:
        """The epoch of the network that is seen, -1 where none is."""
        drawn = [p for p in self.pictures.values() if isinstance(p, Picture)]
        return max((picture.place[0] for picture in drawn), default=-1)


@handles(Look, "this view")
def look(work: Look) -> View:
    """Raises InputError where the run cannot be read."""
    use_one_thread()
    started = time.perf_counter()
    pictures: dict[str, Picture | str] = {}
    with work.source.opened() as opened:
        runs = [*opened[:-1], replace(opened[-1], few=work.few)]
        for name, shown in work.figures:
            try:
                pictures[name] = shown.picture(runs)
            except InputError as error:
                pictures[name] = str(error)
    return View(pictures, time.perf_counter() - started)


def look_at_stored(work: Look) -> View | None:
    """Of a look, the planes whose Jacobians the file keeps, which takes no torch: some hundredths
    of a second, for a window whose child is not there yet. None where there are none, or the
    files are large."""
    planes = [(name, shown) for name, shown in work.figures if isinstance(shown, LayerFigure)]
    if not planes or work.live or _bytes(work) > MOST_STORED:
        return None
    with suppress(InputError), work.source.opened() as opened:
        run, nearest = opened[-1].run, opened[-1].run.nearest_epoch(work.epoch)
        kept = [(n, f) for n, f in planes if run.stored_layers(nearest, f.trial) is not None]
        if kept:
            quick = [replace(opened[-1], few=True)]
            return View({name: shown.picture(quick) for name, shown in kept}, 0.0)
    return None


def _bytes(work: Look) -> int:
    from stiffgui.runs.opening import size_of

    return sum(size_of(file.path) for file in work.source.files)


@dataclass(frozen=True)
class Measure:
    """Take indices, by name, of the last networks that a run file holds; the answer maps names to
    the median over trials, NaN where it is undefined."""

    path: Path
    names: tuple[str, ...]


@handles(Measure, "measuring the last network")
def measure(work: Measure) -> dict[str, float]:
    """Raises InputError where the run cannot be read."""
    import numpy as np

    from stiffgui.figures.layer_spectra import NetworkSpectra
    from stiffgui.runs import open_run
    from stiffgui.runs.history import History
    from stiffgui.stiffness import WATCHABLE, layer_indices

    use_one_thread()
    with open_run(work.path) as run:
        history, epoch = History(run.trials), run.last_snapshot_epoch
        if run.foreign:
            each = [run.stored_layers(epoch, trial) for trial in range(run.trials)]
            kept = [NetworkSpectra(layers) for layers in each if layers is not None]
            if len(kept) < run.trials:
                return dict.fromkeys(work.names, nan)
            found = {n: np.stack([one.index(n).mean(-1) for one in kept]) for n in work.names}
        else:
            step = run.experiment.architecture.step_size
            jacobians = run.snapshot(epoch).jacobians(run.probe_samples())
            found, _ = layer_indices(jacobians, work.names, WATCHABLE, step)
        history.measure([epoch], {name: values[None] for name, values in found.items()}, {})
    return {name: history.medians()[name] for name in work.names}
