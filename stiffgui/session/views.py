"""What the views show of one network. Runs in the view child."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.figures import Options, export_figure
from stiffgui.figures.fit import fit_of
from stiffgui.figures.slices import slices_of
from stiffgui.labs.trajectories import trajectories_of
from stiffgui.runs import Run, open_run
from stiffgui.runs.snapshot import Snapshot
from stiffgui.session.messages import Export, Exported, Look, View
from stiffgui.stiffness import WATCHABLE, pseudospectrum, spectrum
from stiffgui.stiffness.indices import Matrices
from stiffgui.stiffness.watched import residual

SAMPLES = 1500  # of training and of test samples that the fit shows
SPECTRA = 160  # of all layers together: 50 ms at width 20
RADIUS_PROXIES = ("gelfand", "gelfand-sketch", "power")


def look(request: Look) -> View:
    """Fit and spectrum of the requested network. Raises InputError when it is not kept."""
    started = time.perf_counter()
    experiment = Experiment.from_toml(request.experiment)
    if request.parameters is not None:
        snapshot = Snapshot(experiment, request.epoch, request.parameters)
    else:
        with open_run(request.path) as run:
            snapshot = run.snapshot(request.epoch)
    every = snapshot.jacobians(experiment.probe_samples())[request.trial]
    jacobians = every[request.layer - 1]
    found = spectrum(jacobians)
    indices = {name: _mean(values) for name, values in found.indices.items()}
    indices["departure"] = _mean(found.departure)
    matrices = Matrices(jacobians)
    layers = spectrum(every[:, : max(1, SPECTRA // len(every))]) if request.all_layers else None
    contours = pseudospectrum(jacobians[0]) if request.contours else None
    fit = fit_of(experiment.task, snapshot, request.trial, SAMPLES)
    slices = None
    if fit.kind == "scatter":
        slices = slices_of(experiment.task, snapshot, request.trial)
    trajectories = None
    if request.trajectories:
        trajectories = trajectories_of(snapshot, request.trial, request.trajectories)
    return View(
        request.number,
        snapshot.epoch,
        request.trial,
        request.layer,
        fit,
        found.eigenvalues,
        found.conditions,
        indices,
        {name: _mean(WATCHABLE[name].value(matrices)) for name in RADIUS_PROXIES},
        _mean(residual(matrices)),
        time.perf_counter() - started,
        layers.eigenvalues if layers is not None else None,
        layers.conditions if layers is not None else None,
        contours,
        trajectories,
        slices,
    )


def export(request: Export) -> Exported:
    """Write the requested figure, or return its content. Raises InputError like `export_figure`."""
    if request.path:
        _export_to(request, Path(request.path))
        return Exported(request.number, request.path)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{request.figure}.{request.kind}"
        _export_to(request, path)
        return Exported(request.number, "", path.read_bytes())


def _export_to(request: Export, path: Path) -> None:
    runs = [open_run(run) for run in request.runs]
    try:
        options = Options(**request.options)
        if request.figure == "report":
            _report(runs, path, options)
            return
        export_figure(runs, request.figure, path, request.kind, options, replace=True)
    finally:
        for run in runs:
            run.close()


def _report(runs: list[Run], path: Path, options: Options) -> None:
    from stiffgui.figures.report import write_report

    try:
        write_report(runs, path, options)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror or error}. Choose another place."
        ) from None


def _mean(values: Any) -> float:
    known = np.asarray(values)[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


torch.set_num_threads(1)
