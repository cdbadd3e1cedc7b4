"""What is said before a training or a study begins: how its steps are taken, and how long."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stiffgui.experiment import Experiment
from stiffgui.session.service import handles
from stiffgui.study.declaration import Study


@dataclass(frozen=True)
class AskTraining:
    """What would be said of training `experiment`: what -> sentence; `file` is how large it will
    be, `time` there where it is known."""

    experiment: Experiment


@dataclass(frozen=True)
class AskStudy:
    """The same of a study; `path`: a file that would go on with it, or grow. workers, dask as
    `RunStudy`."""

    study: Study
    path: Path | None = None
    workers: int | None = None
    dask: str | None = None


@handles(AskTraining, "the estimate of the time")
def of_training(work: AskTraining) -> dict[str, str]:
    """Raises InputError when the device does not exist."""
    from stiffgui.runs.file_size import file_size, told
    from stiffgui.training.decisions import decide
    from stiffgui.training.device import choose_device
    from stiffgui.training.duration import sentences

    experiment = work.experiment
    decided = decide(experiment, choose_device(experiment.training.device).type)
    return sentences(experiment, decided) | {"file": told(file_size(experiment, decided))}


@handles(AskStudy, "the estimate of the time")
def of_study(work: AskStudy) -> dict[str, str]:
    """Raises InputError when a device does not exist, or the file cannot be read."""
    from stiffgui.study import open_study
    from stiffgui.study.plan import grown, plan
    from stiffgui.study.progress_estimate import Progresses, sentences

    states: Progresses = [(chunk, "waiting", 0) for chunk in plan(work.study)]
    if work.path is not None:
        with open_study(work.path) as results:
            there: Progresses = [(c.chunk, c.state, c.epoch) for c in results.chunks]
            states = grown(results.study, work.study, there)
    return sentences(work.study, states, work.workers, here=work.dask is None)
