"""What runs on a Dask worker: it needs our code there, and no files."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from stiffgui.study.events import ChunkTask, Progress, Started, Trained
from stiffgui.training import Controls, Record

PROGRESS_SECONDS = 1.0  # the scheduler carries these messages

_running: dict[str, list[Controls]] = {}
_stopped: set[str] = set()


def train_here(task: ChunkTask, token: str) -> Trained | None:
    """Train a chunk on this worker; None when the study was stopped before it began."""
    from distributed import get_worker

    from stiffgui.stiffness.kernels.threads import limit
    from stiffgui.study.work import train_chunk

    limit(1)  # the scheduler shares out the processors
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
                worker.log_event(token, {"event": encoded(event)})  # Dask adds keys of its own
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


def encoded(event: Started | Progress) -> dict[str, Any]:
    """An event as plain values that msgpack can carry."""
    if isinstance(event, Started):
        return {"kind": "started"} | dataclasses.asdict(event)
    values = {f.name: getattr(event, f.name) for f in dataclasses.fields(event)}
    return {"kind": "progress"} | values | {"records": [_plain(r) for r in event.records]}


def decoded(values: dict[str, Any]) -> Started | Progress:
    """The event that `encoded` was given."""
    values = dict(values)
    if values.pop("kind") == "started":
        return Started(**values)
    return Progress(**(values | {"records": [_record(r) for r in values["records"]]}))


def _plain(record: Record) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value.tolist()
        return {k: plain(v) for k, v in value.items()} if isinstance(value, dict) else value

    return {f.name: plain(getattr(record, f.name)) for f in dataclasses.fields(record)}


def _record(values: dict[str, Any]) -> Record:
    def array(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: array(v) for k, v in value.items()}
        return np.array(value, dtype=np.float64) if isinstance(value, list | tuple) else value

    return Record(**{name: array(value) for name, value in values.items()})
