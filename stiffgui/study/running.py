"""Runs a study to its end: the function beside `stiffgui.runs.train`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stiffgui.study.declaration import Study
from stiffgui.study.events import ChunkEvent
from stiffgui.study.executors import choose_executor
from stiffgui.study.recording import StudyRecording
from stiffgui.study.results import StudyResults, open_study


def run_study(
    study: Study,
    out: str | Path,
    *,
    workers: int | None = None,
    dask: str | None = None,
    force: bool = False,
    progress: Callable[[ChunkEvent], None] | None = None,
) -> StudyResults:
    """Train what is not done yet of `study` in the file `out`, and return its results.

    In this process, by `workers` processes, or on the Dask scheduler at the address `dask`
    (`local`: a cluster of its own). A script that uses either needs the usual
    `if __name__ == "__main__":`. Raises InputError when `out` holds something else (unless
    `force`) and when the scheduler cannot be reached.
    """
    with choose_executor(workers, dask) as executor:
        recording = StudyRecording(study, out, executor=executor, replace=force)
        for event in recording:
            if progress is not None:
                progress(event)
    return open_study(recording.path)
