"""What the views show of one network."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.experiment import Experiment
from stiffgui.figures.fit import Fit
from stiffgui.figures.slices import Slices
from stiffgui.labs.trajectories import Trajectories
from stiffgui.session.service import handles
from stiffgui.session.training import Arrays
from stiffgui.stiffness.pseudospectrum import Pseudospectrum

if TYPE_CHECKING:
    from stiffgui.runs.snapshot import Snapshot

SAMPLES = 1500  # of training and of test samples that the fit shows
SPECTRA = 160  # of all layers together: 50 ms at width 20
RADIUS_PROXIES = ("gelfand", "gelfand-sketch", "power")


@dataclass(frozen=True, kw_only=True)
class Look:
    """Compute what the views show of one network: of `parameters`, or of `path` at `epoch`.

    all_layers: the spectra of every layer too, at fewer samples. contours: the pseudospectrum
    of the layer at the first probe sample. trajectories: of so many training samples. Two looks
    are equal when they show the same: `live` says that parameters were given.
    """

    path: Path
    epoch: int
    trial: int
    layer: int
    live: bool = False
    all_layers: bool = False
    contours: bool = False
    trajectories: int = 0
    experiment: Experiment = field(compare=False)
    parameters: Arrays | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class View:
    """The answer to a Look: the fit, and the spectrum of one layer on the probe samples.

    eigenvalues and conditions [samples, w]; indices name -> mean over samples; proxies likewise;
    residual: of the power method, mean over samples, from 0 (converged) to 1.
    all_eigenvalues and all_conditions [N, samples, w], when all layers were asked for. slices:
    where the fit is predicted against true.
    """

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


@handles(Look, "this view")
def look(work: Look) -> View:
    """Fit and spectrum of the requested network. Raises InputError when it is not kept."""
    import torch

    from stiffgui.figures.fit import fit_of
    from stiffgui.figures.slices import slices_of
    from stiffgui.labs.trajectories import trajectories_of
    from stiffgui.stiffness import WATCHABLE, pseudospectrum, spectrum
    from stiffgui.stiffness.indices import Matrices
    from stiffgui.stiffness.watched import residual

    torch.set_num_threads(1)
    started = time.perf_counter()
    task, snapshot = work.experiment.task, _snapshot(work)
    every = snapshot.jacobians(work.experiment.probe_samples())[work.trial]
    jacobians = every[work.layer - 1]
    single = spectrum(jacobians)
    matrices = Matrices(jacobians)
    layers = spectrum(every[:, : max(1, SPECTRA // len(every))]) if work.all_layers else None
    fit = fit_of(task, snapshot, work.trial, SAMPLES)
    indices = {name: _mean(values) for name, values in single.indices.items()}
    paths = work.trajectories
    return View(
        epoch=snapshot.epoch,
        trial=work.trial,
        layer=work.layer,
        fit=fit,
        eigenvalues=single.eigenvalues,
        conditions=single.conditions,
        indices=indices | {"departure": _mean(single.departure)},
        proxies={name: _mean(WATCHABLE[name].value(matrices)) for name in RADIUS_PROXIES},
        residual=_mean(residual(matrices)),
        all_eigenvalues=layers.eigenvalues if layers is not None else None,
        all_conditions=layers.conditions if layers is not None else None,
        pseudospectrum=pseudospectrum(jacobians[0]) if work.contours else None,
        trajectories=trajectories_of(snapshot, work.trial, paths) if paths else None,
        slices=slices_of(task, snapshot, work.trial) if fit.kind == "scatter" else None,
        seconds=time.perf_counter() - started,
    )


def _snapshot(work: Look) -> Snapshot:
    from stiffgui.runs import open_run
    from stiffgui.runs.snapshot import Snapshot

    if work.parameters is not None:
        return Snapshot(work.experiment, work.epoch, work.parameters)
    with open_run(work.path) as run:
        return run.snapshot(work.epoch)


def _mean(values: Any) -> float:
    known = np.asarray(values)[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
