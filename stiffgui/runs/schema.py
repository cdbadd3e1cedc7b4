"""The run file NAME.stiff: an SQLite database, one run each. Never pickle (ADR 4).

Arrays are safetensors blobs. Rows carry the trial's position in the batch, not its seed.
"""

from __future__ import annotations

APPLICATION_ID = 0x53544946  # "STIF"
VERSION = 1
STUDY_APPLICATION_ID = 0x53544453  # "STDS", a study: many runs in one file (ADR 10)
STUDY_VERSION = 1

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE history (
    epoch INTEGER, trial INTEGER, train_error REAL, test_error REAL, penalty REAL,
    penalty_share REAL, l2_norm REAL, learning_rate REAL, seconds REAL,
    PRIMARY KEY (epoch, trial)
) WITHOUT ROWID;
CREATE TABLE indices (
    epoch INTEGER PRIMARY KEY, arrays BLOB NOT NULL  -- name -> [R, N], flagged.name -> [R, N]
);
CREATE TABLE snapshots (epoch INTEGER PRIMARY KEY, arrays BLOB NOT NULL);
CREATE TABLE checkpoint (id INTEGER PRIMARY KEY CHECK (id = 1), arrays BLOB NOT NULL);
CREATE TABLE events (
    id INTEGER PRIMARY KEY, epoch INTEGER, step INTEGER, kind TEXT, text TEXT,
    trial INTEGER, key TEXT, value REAL
);
"""

HISTORY = (
    "train_error",
    "test_error",
    "penalty",
    "penalty_share",
    "l2_norm",
    "learning_rate",
)
