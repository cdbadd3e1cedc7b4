"""What crosses the pipes: plain values and numpy arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from stiffgui.figures.fit import Fit
from stiffgui.figures.slices import Slices
from stiffgui.labs.trajectories import Trajectories
from stiffgui.stiffness.pseudospectrum import Pseudospectrum
from stiffgui.tasks.table import Preview
from stiffgui.training.records import Event, Record

Arrays = dict[str, NDArray[Any]]

# ------------------------------------------------------------ window -> training child


@dataclass(frozen=True)
class Start:
    """Train `experiment` (TOML) into `path`; with `resume` continue that file.

    With `warm_start`, a run file and an epoch, start from the networks kept there.
    """

    experiment: str
    path: str
    replace: bool = False
    resume: bool = False
    warm_start: tuple[str, int] | None = None


@dataclass(frozen=True)
class Steer:
    """pause, resume, step or stop."""

    what: str


@dataclass(frozen=True)
class Change:
    """Change live settings by dotted key."""

    settings: Mapping[str, Any]


# ------------------------------------------------------------ training child -> window


@dataclass(frozen=True)
class Ready:
    """The child has imported what it needs."""


@dataclass(frozen=True)
class Bundle:
    """Records and events since the last bundle, in order; now and then the newest networks."""

    items: list[Record | Event]
    epoch: int = 0
    parameters: Arrays | None = None


@dataclass(frozen=True)
class Ended:
    """Training is over and the file is closed: finished, stopped or diverged."""

    ending: str


@dataclass(frozen=True)
class Failed:
    """A sentence for the person; `details` fold open. `number` says which request failed."""

    sentence: str
    details: str = ""
    number: int | None = None


# ------------------------------------------------------------ window -> view child and back


@dataclass(frozen=True)
class Look:
    """Compute what the views show of one network: of `parameters`, or of `path` at `epoch`.

    all_layers: the spectra of every layer too, at fewer samples. contours: the pseudospectrum
    of the layer at the first probe sample. trajectories: of so many training samples.
    """

    number: int
    experiment: str
    epoch: int
    trial: int
    layer: int
    path: str
    parameters: Arrays | None = None
    all_layers: bool = False
    contours: bool = False
    trajectories: int = 0


@dataclass(frozen=True)
class View:
    """The answer to a Look: the fit, and the spectrum of one layer on the probe samples.

    eigenvalues and conditions [samples, w]; indices name -> mean over samples; proxies likewise;
    residual: of the power method, mean over samples, from 0 (converged) to 1.
    all_eigenvalues and all_conditions [N, samples, w], when all layers were asked for. slices:
    where the fit is predicted against true.
    """

    number: int
    epoch: int
    trial: int
    layer: int
    fit: Fit
    eigenvalues: NDArray[Any]
    conditions: NDArray[Any]
    indices: dict[str, float]
    proxies: dict[str, float]
    residual: float = 0.0
    seconds: float = 0.0
    all_eigenvalues: NDArray[Any] | None = None
    all_conditions: NDArray[Any] | None = None
    pseudospectrum: Pseudospectrum | None = None
    trajectories: Trajectories | None = None
    slices: Slices | None = None


@dataclass(frozen=True)
class Export:
    """Write a figure of runs to a file; without a path its content comes back instead."""

    number: int
    runs: list[str]
    figure: str
    path: str
    kind: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Exported:
    """The answer to an Export; `content` when there was no path."""

    number: int
    path: str
    content: bytes = b""


@dataclass(frozen=True)
class InspectTable:
    """Look at a table of the person's own."""

    number: int
    path: str
    delimiter: str


@dataclass(frozen=True)
class TableInspected:
    """The answer to an InspectTable: a preview, or the sentence that says why there is none.

    `key` is the dotted name of the setting at fault.
    """

    number: int
    preview: Preview | None = None
    problem: str = ""
    key: str = ""


@dataclass(frozen=True)
class ProposeTable:
    """Make an experiment of a table with these settings of the task."""

    number: int
    path: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class TableProposed:
    """The answer to a ProposeTable: an experiment (TOML), or what is wrong with the settings."""

    number: int
    experiment: str = ""
    problem: str = ""
    key: str = ""
