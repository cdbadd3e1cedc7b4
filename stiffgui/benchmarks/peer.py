"""QUiNN (PyPI `uqinn`), a peer, where it is installed."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import tempfile
import time
import warnings

from stiffgui.benchmarks.problems import Problem
from stiffgui.regularizers import NoPenalty


def is_installed() -> bool:
    """Whether `import quinn` finds QUiNN."""
    return importlib.util.find_spec("quinn") is not None


def quinn_step_seconds(problem: Problem, epochs: int = 4) -> float:
    """Seconds of one optimiser step of QUiNN's nnfit on a network of the same shape.

    Not the same work: its numbers are float64, its loss is the mean square, and it evaluates a
    validation set at every step (here 20 samples). A longer minus a shorter run leaves out its
    start and its plots.
    """
    import matplotlib
    from quinn.nns.nnfit import nnfit  # type: ignore[import-not-found]
    from quinn.nns.rnet import RNet  # type: ignore[import-not-found]

    matplotlib.use("Agg")
    data, task = problem.task.data(), problem.task
    experiment = problem.experiment(NoPenalty())
    network_of, batch = experiment.architecture, experiment.training.batch_size
    x, y = data.x_train, data.y_train

    def run(count: int) -> float:
        network = RNet(
            network_of.width,
            network_of.depth - 1,
            indim=task.inputs,
            outdim=task.outputs,
            layer_pre=True,
            layer_post=True,
        ).double()
        started = time.perf_counter()
        nnfit(
            network,
            x,
            y,
            val=(x[:20], y[:20]),
            lrate=1e-3,
            nepochs=count,
            batch_size=batch,
            freq_out=10**6,
            freq_plot=10**6,
        )
        return time.perf_counter() - started

    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        os.chdir(folder)  # it writes its plots into the present folder
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                run(2)
                seconds = run(2 + epochs) - run(2)
        finally:
            os.chdir(here)
    return seconds / (epochs * -(-task.training_samples // batch))
