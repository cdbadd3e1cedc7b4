"""The study file STUDY.stiff: an SQLite database of whole runs (ADR 10). Never pickle."""

from __future__ import annotations

import sqlite3

from stiffgui.states import State

# `run` is a run file (stiffgui/runs/schema.py) byte for byte: of the finished chunk, or of a
# stopped one, with the checkpoint from which it goes on.
# meta: study (TOML), decisions (JSON: of every variant, at its beginning), provenance.
TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE chunks (
    number INTEGER PRIMARY KEY, variant INTEGER NOT NULL, first INTEGER NOT NULL,
    count INTEGER NOT NULL, state TEXT NOT NULL, epoch INTEGER, seconds REAL,
    worker TEXT, ended TEXT, run BLOB,
    candidate INTEGER NOT NULL DEFAULT 0  -- earlier files of this version have no such column
);
"""


def chunk_columns(database: sqlite3.Connection) -> str:
    """The fields of a `Chunk`, for a statement."""
    there = {row[1] for row in database.execute("PRAGMA table_info(chunks)")}
    return f"number, variant, first, count, {'candidate' if 'candidate' in there else '0'}"


DONE: tuple[State, ...] = ("finished", "diverged")
