"""One trial of a run as a run file of its own."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

from safetensors.numpy import load, save

from stiffgui.errors import InputError
from stiffgui.runs.file_writer import refuse_existing, writing_to
from stiffgui.runs.run import Run
from stiffgui.runs.schema import ERRORS, SAMPLES, create, quoted


def extract_trial(run: Run, position: int, path: str | Path, *, replace: bool = False) -> Path:
    """Write the trial at `position` of the batch to `path`. It cannot be resumed.

    Every array has the trial axis first. Raises InputError for a position that does not exist,
    and when `path` exists (unless `replace`) or cannot be written.
    """
    path = Path(path)
    if not 0 <= position < run.trials:
        raise InputError(f"trial {position} is not in the run: give 0 to {run.trials - 1}.")
    refuse_existing(path, replace)
    first = run.first_trial + position
    if run.foreign:
        meta = {"trials": "1", "first_trial": str(first)}
        if run.network is not None:
            meta |= {"network": run.network.model_dump_json()}
    else:
        own = {"training.trials": 1, "training.first_trial": first}
        meta = {"experiment": run.experiment.with_settings(own).to_toml()}
        meta |= {"decisions": run.decided.model_dump_json()}
    meta |= {"provenance": json.dumps(run.provenance), "ending": run.ending}
    with writing_to(path):
        path.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            create(database, run.quantities.values())
            database.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
            _copy(run, database, position)
            if run.samples is not None:
                database.execute(SAMPLES)
                content = run.samples.to_bytes()
                database.execute("INSERT INTO samples VALUES (1, ?)", (content,))
    return path


def _copy(run: Run, database: sqlite3.Connection, position: int) -> None:
    names = [quoted(name) for name in run._columns()]
    listed = ", ".join(["epoch", "seconds", *names])
    rows = run._rows(f"SELECT {listed} FROM history WHERE trial = ? ORDER BY epoch", position)
    marks = ", ".join("?" * (len(names) + 2))
    database.executemany(f"INSERT INTO history (trial, {listed}) VALUES (0, {marks})", rows)
    for epoch, layer, trial in run.spectra:
        if trial == position:
            blob = save(run.spectrum(epoch, layer, trial))
            database.execute("INSERT INTO spectra VALUES (?, ?, 0, ?)", (epoch, layer, blob))
    tables = ["indices", "snapshots"]
    if run._has("errors"):
        database.execute(ERRORS)
        tables.append("errors")
    for table in tables:
        for epoch, blob in run._rows(f"SELECT epoch, arrays FROM {table}"):
            arrays = {k: v[position : position + 1].copy() for k, v in load(blob).items()}
            database.execute(f"INSERT INTO {table} VALUES (?, ?)", (epoch, save(arrays)))
    events = run._rows(
        "SELECT epoch, step, kind, text, CASE WHEN trial IS NULL THEN NULL ELSE 0 END, key, value "
        "FROM events WHERE trial IS NULL OR trial = ? ORDER BY id",
        position,
    )
    database.executemany(
        "INSERT INTO events (epoch, step, kind, text, trial, key, value) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        events,
    )
