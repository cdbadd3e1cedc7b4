"""What the views show of one network. Runs in the view child."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from stiffgui.experiment import Experiment
from stiffgui.figures import Options, export_figure
from stiffgui.runs import open_run
from stiffgui.runs.snapshot import Snapshot
from stiffgui.session.messages import Export, Exported, Look, View
from stiffgui.stiffness import proxy, spectrum

SIDE = {1: 401, 2: 61}


def look(request: Look) -> View:
    """Fit and spectrum of the requested network. Raises InputError when it is not kept."""
    started = time.perf_counter()
    experiment = Experiment.from_toml(request.experiment)
    if request.parameters is not None:
        snapshot = Snapshot(experiment, request.epoch, request.parameters)
    else:
        with open_run(request.path) as run:
            snapshot = run.snapshot(request.epoch)
    data = experiment.task.data()
    probe = data.x_train[: max(experiment.watch.probe, 50)]
    jacobians = snapshot.jacobians(probe)[request.trial, request.layer - 1]
    found = spectrum(jacobians)
    indices = {name: _mean(values) for name, values in found.indices.items()}
    indices |= {
        "unstable": float(found.unstable(experiment.architecture.step_size).mean()),
        "departure": _mean(found.departure),
    }
    proxies = {name: _mean(proxy(name)(jacobians)) for name in ("gelfand", "gelfand-sketch")}
    return View(
        request.number,
        snapshot.epoch,
        request.trial,
        request.layer,
        _fit(experiment, snapshot, request.trial, data),
        found.eigenvalues,
        found.conditions,
        indices,
        proxies,
        time.perf_counter() - started,
    )


def _fit(experiment: Experiment, snapshot: Snapshot, trial: int, data: Any) -> dict[str, Any]:
    task = experiment.task
    domain, side = task.domain(), SIDE.get(task.inputs, 0)
    if domain is None or not side:
        train = snapshot.predict(data.x_train)[trial]
        test = snapshot.predict(data.x_test)[trial]
        return {
            "kind": "scatter",
            "true": [data.y_train, data.y_test],
            "predicted": [train, test],
            "names": data.output_names,
        }
    axes = [np.linspace(low, high, side) for low, high in domain]
    x = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="xy")], axis=1)
    target = np.asarray(task.function(x))[:, 0]
    network = snapshot.predict(x)[trial, :, 0]
    if task.inputs == 1:
        return {"kind": "curve", "x": axes[0], "target": target, "network": network}
    shape = (side, side)
    maps = {"target": target.reshape(shape), "network": network.reshape(shape)}
    return {"kind": "maps", "domain": domain, **maps}


def export(request: Export) -> Exported:
    """Write the requested figure. Raises InputError like `export_figure`."""
    runs = [open_run(path) for path in request.runs]
    try:
        export_figure(
            runs,
            request.figure,
            Path(request.path),
            request.kind,
            Options(**request.options),
            replace=True,
        )
    finally:
        for run in runs:
            run.close()
    return Exported(request.number, request.path)


def _mean(values: Any) -> float:
    known = np.asarray(values)[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


torch.set_num_threads(1)
