"""What runs on a Dask worker: it needs our code there, and no files."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path
from typing import Any

from stiffgui.study.events import ChunkTask, Trained
from stiffgui.training import Controls

PROGRESS_SECONDS = 1.0  # the scheduler carries these messages

_running: dict[str, list[Controls]] = {}
_stopped: set[str] = set()


def train_here(task: ChunkTask, token: str) -> Trained | None:
    """Train a chunk on this worker; None when the study was stopped before it began."""
    from distributed import get_worker

    from stiffgui.experiment import Experiment
    from stiffgui.kernels.threads import limit
    from stiffgui.study.work import train_chunk
    from stiffgui.training.ready import needs, prepare

    limit(1)  # the scheduler shares out the processors
    prepare(needs([Experiment.from_toml(task.experiment)]))  # once for the workers of a machine
    worker: Any = get_worker()
    controls = Controls()
    if token in _stopped:
        return None
    _running.setdefault(token, []).append(controls)
    key = worker.get_current_task()
    name = f"{worker.name}" if isinstance(worker.name, str) else worker.address
    try:
        with tempfile.TemporaryDirectory(prefix="stiffgui-") as folder:
            path = Path(folder) / "chunk.stiff"
            for event in train_chunk(task, path, controls, name, PROGRESS_SECONDS):
                if isinstance(event, Trained):
                    return event
                worker.log_event(token, {"event": pickle.dumps(event)})  # Dask adds keys
                # Nobody waits for this chunk any more: whoever asked for it is gone.
                state = worker.state.tasks.get(key)
                if state is None or state.state == "cancelled":
                    controls.stop()
    finally:
        _running[token].remove(controls)
    return None


def stop_here(token: str) -> None:
    """Stop the chunks of one study on this worker; each hands over what it has."""
    _stopped.add(token)
    for controls in _running.get(token, []):
        controls.stop()
