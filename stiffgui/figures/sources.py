"""What a figure is drawn of: runs and variants of studies, each with its colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError
from stiffgui.runs.foreign import MeasuredLayer
from stiffgui.training.cadence import probe_samples
from stiffgui.training.records import Event, begins_at

if TYPE_CHECKING:
    from stiffgui.experiment import Experiment
    from stiffgui.runs.history import History
    from stiffgui.runs.snapshot import Snapshot
    from stiffgui.runs.surrogate import Surrogate
    from stiffgui.tasks import Data

Parameters = Mapping[str, NDArray[Any]]

FEW, QUICK = 4, 2_500_000  # samples, and w^3 of them together, while epochs go by quickly


@dataclass(frozen=True)
class Drawn:
    """Something that can be drawn, and how: its colour number and what a legend calls it.

    `indices`: what Stiffness draws where nothing is asked for; all watched ones when empty.
    `network` (epoch, parameters) takes the place of stored networks: the newest of a run that is
    being trained, which its file does not hold yet. `few`: while epochs go by quickly, figures
    take few samples and leave out numbers that take long.
    """

    run: Any  # a Drawable; a stored run where networks are asked for
    colour: int = 0
    name: str = ""
    indices: tuple[str, ...] = ()
    network: tuple[int, Parameters] | None = None
    few: bool = False

    @property
    def experiment(self) -> Experiment:
        """Its settings."""
        return self.run.experiment  # type: ignore[no-any-return]

    @property
    def foreign(self) -> bool:
        """Whether it is of a network that stiffgui did not train, so that it has no settings."""
        return bool(getattr(self.run, "foreign", False))

    @property
    def depth(self) -> int:
        """N."""
        return int(self.run.depth) if self.foreign else self.experiment.architecture.depth

    def called(self, layer: int) -> str:
        """A layer from 1 on, with the name that a foreign network has for it."""
        number, network = f"layer {layer}", self.run.network if self.foreign else None
        name = number if network is None else network.names[layer - 1]
        return number if name == number else f"{number} ({name})"

    @property
    def step_size(self) -> float:
        """a, of layers of different step sizes the mean. Raises InputError of a foreign network
        of which it is not known."""
        network = self.run.network if self.foreign else None
        if network is not None and network.steps:
            return float(np.mean(network.steps))
        return self.experiment.architecture.step_size

    @property
    def probe_count(self) -> int:
        """On how many training samples its indices and spectra are taken."""
        return int(self.run.probe_count)

    def probe_samples(self) -> NDArray[Any]:
        """Those samples, [B, d]; some of them where few are enough."""
        return np.asarray(self.run.probe_samples())[: self.few_samples]

    @property
    def few_samples(self) -> int | None:
        """How many are enough; None where all are taken."""
        if not self.few:
            return None
        if self.foreign:
            return FEW
        architecture = self.experiment.architecture
        each = architecture.depth * architecture.width**3  # operations of its eigenvalues, about
        return max(1, min(FEW, QUICK // each))

    @property
    def data(self) -> Data:
        """Its samples."""
        return self.run.data  # type: ignore[no-any-return]

    @property
    def trials(self) -> int:
        """R."""
        return int(self.run.trials)

    @property
    def history(self) -> History:
        """Its records."""
        return self.run.series()  # type: ignore[no-any-return]

    @property
    def events(self) -> list[Event]:
        """What happened while it trained; nothing of a variant."""
        events = getattr(self.run, "events", ())
        return [event if isinstance(event, Event) else Event(**event) for event in events]

    @property
    def begins(self) -> int:
        """What is added to its epochs where they are told, see `begins_at`."""
        return begins_at(self.events)

    @property
    def path(self) -> str:
        """What sentences about it call it: its file, or its name."""
        return str(getattr(self.run, "named", self.name))

    def snapshot(self, epoch: int | None) -> Snapshot:
        """The network stored nearest to an epoch; None: the newest."""
        from stiffgui.runs.snapshot import Snapshot

        if self.network is not None:
            return Snapshot(self.experiment, *self.network)
        return self.run.snapshot(self.run.last_snapshot_epoch if epoch is None else epoch)  # type: ignore[no-any-return]

    def layers(self, epoch: int | None, trial: int) -> tuple[int, list[MeasuredLayer]]:
        """The epoch of `snapshot`, and a trial's layers at the probe samples: as they are in the
        file, where they are, else of the network. Raises InputError where there is neither."""
        if self.network is None and (epoch is not None or self.foreign):
            last = epoch is None
            nearest = self.run.last_snapshot_epoch if last else self.run.nearest_epoch(epoch)
            stored = self.run.stored_layers(nearest, trial)
            if stored is not None:
                return nearest, [layer.first(self.few_samples) for layer in stored]
            if self.foreign:
                raise InputError(f"{self.path} does not keep every layer of epoch {nearest}.")
        snapshot, step = self.snapshot(epoch), self.experiment.architecture.step_size
        jacobians = snapshot.jacobians(self.probe_samples())[trial]
        return snapshot.epoch, [MeasuredLayer(each.shape[-1], step, each) for each in jacobians]

    def surrogate(self, epoch: int | Literal["best"] | None, trial: int | None) -> Surrogate:
        """The networks of `snapshot(epoch)`, or of the best stored epoch, as one surrogate; of
        all trials, or of one."""
        if epoch == "best":
            found: Surrogate = self.run.surrogate()
        else:
            found = self.run.surrogate_of(self.snapshot(epoch))
        if trial is not None:
            self.check(trial=trial)
            found.trials = [trial]
        return found

    def check(self, layer: int = 1, trial: int = 0) -> None:
        """Raise InputError when it has no such layer or trial."""
        depth = self.depth
        if not 1 <= layer <= depth:
            raise InputError(f"{self.path} has no layer {layer}: choose one from 1 to {depth}.")
        if not 0 <= trial < self.run.trials:
            raise InputError(
                f"{self.path} has no trial {trial}: choose one from 0 to {self.run.trials - 1}."
            )


def error_label(runs: Sequence[Drawn]) -> str:
    """What axes of errors say: in deviations of the training targets, where all are learnt so."""
    ours = [run for run in runs if not run.foreign]
    alike = bool(ours) and all(run.experiment.task.standardises for run in ours)
    return "RMSE (standardised)" if alike else "RMSE"


def over_samples(runs: Sequence[Drawn]) -> str:
    """Over how many samples the indices of runs are means; nobody knows of foreign networks of
    which a file says nothing."""
    known = [run for run in runs if not run.foreign or run.run.network is not None]
    counts = [run.probe_count for run in known]
    return f"mean over {probe_samples(*counts) if counts else 'samples'}"


def drawn(runs: Sequence[Any], colours: Sequence[int] = ()) -> list[Drawn]:
    """Runs as they are drawn: names that tell them apart, colours in their order or as given."""
    numbers = colours or range(len(runs))
    wrapped = [
        run if isinstance(run, Drawn) else Drawn(run, k)
        for k, run in zip(numbers, runs, strict=True)
    ]
    names = [each.name or each.run.name for each in wrapped]
    files = {
        (name, getattr(each.run, "path", None)) for name, each in zip(names, wrapped, strict=True)
    }
    several = [name for name, _ in files]
    return [
        replace(each, name=_told_apart(name, each.run, several))
        for each, name in zip(wrapped, names, strict=True)
    ]


def _told_apart(name: str, run: Any, names: list[str]) -> str:
    """The name, with the folder where two files have the same."""
    path = getattr(run, "named", None)
    if isinstance(path, Path) and names.count(name) > 1:
        return f"{name} ({path.parent.name})"
    return name
