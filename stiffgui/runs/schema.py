"""The run file NAME.stiff: an SQLite database, one run each. Never pickle (ADR 4, ADR 15).

Arrays are safetensors blobs. Rows carry the trial's position in the batch, not its seed. An
older version is read as it is; `migrations.py` says how it becomes the present one.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from stiffgui.stiffness.indices import OVER, Over
from stiffgui.training.quantities import Quantity, per_trial


@dataclass(frozen=True)
class Kind:
    """A kind of .stiff file, as its header tells it."""

    name: str
    application: int
    version: int


RUN = Kind("run", 0x53544946, 2)  # "STIF"
# "STDS", many runs in one file (ADR 10); its version is raised with that of the runs in it.
STUDY = Kind("study", 0x53544453, 2)

# meta: experiment (TOML; without one: trials, first_trial and, where it is known, network, JSON),
# decisions (JSON: of the training, at its beginning), provenance, ending, note.
TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE quantities (  -- what the columns of history and the arrays of indices are
    name TEXT PRIMARY KEY, title TEXT NOT NULL, unit TEXT NOT NULL,
    per TEXT NOT NULL,  -- run, trial or layer; `layer mean` where layers are not summed up
    logarithmic INTEGER NOT NULL, help TEXT NOT NULL
);
CREATE TABLE history (  -- and a column REAL for each quantity per trial
    epoch INTEGER, trial INTEGER, seconds REAL, PRIMARY KEY (epoch, trial)
) WITHOUT ROWID;
CREATE TABLE indices (
    epoch INTEGER PRIMARY KEY, arrays BLOB NOT NULL  -- name -> [R, N], flagged.name -> [R, N]
);
CREATE TABLE spectra (  -- a layer has its own width: arrays of one layer of one trial
    epoch INTEGER, layer INTEGER, trial INTEGER, arrays BLOB NOT NULL,
    PRIMARY KEY (epoch, layer, trial)
);
CREATE TABLE snapshots (epoch INTEGER PRIMARY KEY, arrays BLOB NOT NULL);
CREATE TABLE checkpoint (id INTEGER PRIMARY KEY CHECK (id = 1), arrays BLOB NOT NULL);
CREATE TABLE events (
    id INTEGER PRIMARY KEY, epoch INTEGER, step INTEGER, kind TEXT, text TEXT,
    trial INTEGER, key TEXT, value REAL
);
"""

# Of the user's table, in files that need it; earlier ones of this version have none.
SAMPLES = "CREATE TABLE IF NOT EXISTS samples (id INTEGER PRIMARY KEY, arrays BLOB NOT NULL)"

# Of indices that were not computed exactly, in files that have such: name -> [R, N], the largest
# residual or standard error of the layer's samples; NaN where the index is exact.
ERRORS = "CREATE TABLE IF NOT EXISTS errors (epoch INTEGER PRIMARY KEY, arrays BLOB NOT NULL)"

# Of matrices too large to be kept, in files that have such: of a layer's first one what its
# pseudospectrum is taken of, see `stiffness/pseudospectrum.py`.
FACTORS = "CREATE TABLE IF NOT EXISTS factors (layer INTEGER PRIMARY KEY, arrays BLOB NOT NULL)"


def create(database: sqlite3.Connection, quantities: Iterable[Quantity]) -> None:
    """Make an empty run file of the present version, with a column for each quantity per trial."""
    make_tables(database, TABLES, RUN)
    describe(database, quantities)


def make_tables(database: sqlite3.Connection, tables: str, kind: Kind) -> None:
    """Make an empty file of this kind."""
    for statement in re.sub(r"--.*", "", tables).split(";"):  # executescript would commit
        database.execute(statement)
    database.execute(f"PRAGMA application_id = {kind.application}")
    database.execute(f"PRAGMA user_version = {kind.version}")


def describe(database: sqlite3.Connection, quantities: Iterable[Quantity]) -> None:
    """Say what quantities are, and make the columns that the history lacks."""
    there = columns(database)
    for q in quantities:
        database.execute(
            "INSERT OR REPLACE INTO quantities (name, title, unit, per, logarithmic, help) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (q.name, q.title, q.unit, _per(q), q.logarithmic, q.help),
        )
        if q.per == "trial" and q.name not in there:
            database.execute(f"ALTER TABLE history ADD COLUMN {quoted(q.name)} REAL")


def described(database: sqlite3.Connection) -> dict[str, Quantity]:
    """What a file says its quantities are; of version 1, which says nothing, what they were."""
    if not has_table(database, "quantities"):
        there = columns(database)
        return {q.name: q for q in per_trial() if q.name in there}
    rows = database.execute("SELECT name, title, unit, per, logarithmic, help FROM quantities")
    return {name: _quantity(name, *row) for name, *row in rows}


def _per(quantity: Quantity) -> str:
    return " ".join([quantity.per, *([quantity.over] if quantity.over != "sum" else [])])


def _quantity(name: str, title: str, unit: str, per: Any, logarithmic: int, help_: str) -> Quantity:
    per, _, over = per.partition(" ")
    known: Over = next((way for way in OVER if way == over), "sum")
    return Quantity(name, title, help_, per, None, known, unit, logarithmic=bool(logarithmic))


def columns(database: sqlite3.Connection) -> list[str]:
    """Columns of the history."""
    return [row[1] for row in database.execute("PRAGMA table_info(history)")]


def has_table(database: sqlite3.Connection, name: str) -> bool:
    """Whether a file has a table: older versions lack some."""
    return (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")


def quoted(name: str) -> str:
    """A column's name inside a statement."""
    return '"' + name.replace('"', '""') + '"'
