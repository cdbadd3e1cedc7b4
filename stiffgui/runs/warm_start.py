"""Where a run that is not trained from scratch begins: at a kept network of another run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.runs.refining import refine
from stiffgui.runs.run import open_run

if TYPE_CHECKING:
    from stiffgui.tasks import Data


@dataclass(frozen=True)
class WarmStart:
    """The networks of run file `path` kept nearest to `epoch`; trial r goes on from trial r.

    At another depth they are refined: separate layers are interpolated in time.
    """

    path: str | Path
    epoch: int

    def read(self, experiment: Experiment) -> tuple[int, int, dict[str, NDArray[Any]]]:
        """The kept epoch, as the run counts it and as it is told (`begins_at`), and initial
        parameters [R, ...] for `experiment`.

        Raises InputError when the file cannot be read, keeps no network, has fewer trials, or
        its networks have another shape.
        """
        with open_run(self.path) as run:
            epoch = run.nearest_epoch(self.epoch)
            stored, old, told = run.parameters(epoch), run.experiment, run.begins + epoch
        trials = experiment.training.trials
        if trials > old.training.trials:
            raise InputError(
                f"{self.path} holds {old.training.trials} trials: set training.trials to at most "
                f"that to branch from it.",
                "training.trials",
            )
        depth = experiment.architecture.depth
        if depth != old.architecture.depth:
            _, stored = refine(old, stored, depth)
        task = experiment.task
        shapes = experiment.architecture.shapes(task.inputs, task.outputs)
        present = {name: values.shape[1:] for name, values in stored.items()}
        if present != {name: tuple(shape) for name, shape in shapes.items()}:
            raise InputError(
                f"the networks of {self.path} have other shapes than these settings ask for: "
                f"begin with its own task and architecture, {_differences(experiment, old)}.",
                "architecture",
            )
        return epoch, told, {name: values[:trials] for name, values in stored.items()}

    def samples(self, experiment: Experiment) -> Data | None:
        """The run's own samples, where its file holds all of them and `experiment` is of the same
        task: a branch needs no table then. None otherwise."""
        with open_run(self.path) as run:
            whole = run.samples is not None and run.samples.complete
            return run.data if whole and run.experiment.task == experiment.task else None


def _differences(experiment: Experiment, old: Experiment) -> str:
    """What to set back, in words."""
    pairs = [
        f"{key} = {theirs}"
        for key, (_, theirs) in experiment.differences(old).items()
        if key.split(".")[0] in ("task", "architecture") and theirs is not None
    ]
    return ", ".join(pairs) or "as they were"
