"""How a file of an older version becomes one of the present version: one function a step.

A migration writes what its own version was, in SQL that never changes again: it does not use the
present schema. It works inside a transaction on a copy of the file (`maintenance.migrate`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

Migration = Callable[[sqlite3.Connection], None]


def _describe_quantities(database: sqlite3.Connection) -> None:
    """2: the file describes its quantities, and has a place for spectra."""
    database.execute(
        "CREATE TABLE quantities (name TEXT PRIMARY KEY, title TEXT NOT NULL, unit TEXT NOT NULL, "
        "per TEXT NOT NULL, logarithmic INTEGER NOT NULL, help TEXT NOT NULL)"
    )
    database.execute(
        "CREATE TABLE spectra (epoch INTEGER, layer INTEGER, trial INTEGER, arrays BLOB NOT NULL, "
        "PRIMARY KEY (epoch, layer, trial))"
    )
    rows = [
        ("train_error", "Training error", "", "trial", 1, ""),
        ("test_error", "Test error", "", "trial", 1, ""),
        ("penalty", "Penalty", "", "trial", 0, ""),
        ("penalty_share", "Penalty share", "", "trial", 0, ""),
        ("l2_norm", "L2 norm", "", "trial", 0, ""),
        ("learning_rate", "Learning rate", "", "trial", 1, ""),
        ("seconds", "Training time", "s", "run", 0, ""),
    ]
    database.executemany("INSERT INTO quantities VALUES (?, ?, ?, ?, ?, ?)", rows)


def _hold_runs_of_version_2(database: sqlite3.Connection) -> None:
    """2: chunks may hold runs of version 2. Those that are there stay, and are read as they are."""


MIGRATIONS: dict[int, Migration] = {1: _describe_quantities}
STUDY_MIGRATIONS: dict[int, Migration] = {1: _hold_runs_of_version_2}
