"""Keeps the Jacobians of an epoch's layers in a run file, so that they are drawn without a network:
the window shows the runs of resources/examples, whose first epoch has them, at once.

    python packaging/keep-spectra.py RUN.stiff... [--epoch 0]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from stiffgui.runs import open_run
from stiffgui.runs.writer import RunWriter


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("files", nargs="+", type=Path)
    words.add_argument("--epoch", type=int, default=0)
    given = words.parse_args()
    for path in given.files:
        with open_run(path) as run:
            ending, last = run.ending, run.last_snapshot_epoch
            every = run.snapshot(given.epoch).jacobians(run.probe_samples())[0]
            experiment = run.experiment
        writer = RunWriter.reopen(path, experiment, last)
        for layer, jacobians in enumerate(every, start=1):
            writer.spectrum(given.epoch, layer, 0, {"jacobians": jacobians})
        writer.close(ending)


if __name__ == "__main__":
    main()
