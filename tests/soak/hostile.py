"""Run files that somebody made to do harm, or that a disk has spoiled: what reading them does.

`python -m tests.soak.hostile COUNT [SEED]` prints how many were refused with a sentence, how many
could be read, and what else happened: anything but an InputError, more than five seconds, more than
500 MB.
"""

from __future__ import annotations

import collections
import contextlib
import json
import random
import resource
import shutil
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from stiffgui import open_run, presets, train
from stiffgui.commands.show import summary
from stiffgui.errors import InputError
from stiffgui.figures import FIGURES
from stiffgui.runs.recording import Recording
from stiffgui.session.run_entry import RunEntry
from stiffgui.session.run_facts import facts_of_file

SECONDS, BYTES = 5.0, 500_000_000
LEVELS = 12  # of pages
VALUES: tuple[Any, ...] = (
    *(None, "", "x", "nan", "{}", "[]", "null", '{"a": 1}', "\x1b[2J"),
    *(-1, 0, 2**62, -(2**63), 1e308, float("inf")),
    *(b"", b"\0" * 100, "a" * 100_000, "[" * 5000, "1" * 5000),
)


def bytes_changed(path: Path, drawn: random.Random) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(drawn.choice((1, 3, 30, 1000))):
        content[drawn.randrange(len(content))] = drawn.randrange(256)
    path.write_bytes(content)


def cut(path: Path, drawn: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: drawn.randrange(len(content))])


def value_changed(path: Path, drawn: random.Random) -> None:
    with _changing(path) as database:
        table = drawn.choice(_tables(database))
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        where = drawn.choice(("", f" WHERE rowid % {drawn.choice((2, 3, 7))} = 0"))
        where = "" if table in ("history", "meta", "quantities") else where
        value = drawn.choice(VALUES)
        database.execute(
            f'UPDATE OR IGNORE {table} SET "{drawn.choice(columns)}" = ?{where}', (value,)
        )


def meta_changed(path: Path, drawn: random.Random) -> None:
    with _changing(path) as database:
        keys = [key for (key,) in database.execute("SELECT key FROM meta")]
        key, value = drawn.choice([*keys, "network", "trials", "note"]), drawn.choice(VALUES)
        if isinstance(value, str | None):
            [old] = database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone() or [
                ""
            ]
            lines = str(old).splitlines() or [""]
            lines[drawn.randrange(len(lines))] = drawn.choice(
                (value or "", "x = 1", "epochs = 1e99")
            )
            value = drawn.choice((value or "", "\n".join(lines)))
        database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def arrays_changed(path: Path, drawn: random.Random) -> None:
    with _changing(path) as database:
        table = drawn.choice(("indices", "snapshots", "checkpoint", "spectra"))
        for rowid, blob in database.execute(f"SELECT rowid, arrays FROM {table}").fetchall():
            arrays = dict(load(blob))
            name = drawn.choice(sorted(arrays))
            old = arrays[name]
            arrays[name] = np.ascontiguousarray(drawn.choice(OTHERS)(old))
            if drawn.random() < 0.3:
                arrays = {drawn.choice(("x", "flagged.x", name + "x")): arrays[name]}
            changed = save(arrays)
            if drawn.random() < 0.2:
                changed = changed[: drawn.randrange(len(changed))]
            database.execute(f"UPDATE {table} SET arrays = ? WHERE rowid = ?", (changed, rowid))


def structure_changed(path: Path, drawn: random.Random) -> None:
    endless = (
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x, x, x FROM n"
    )
    with _changing(path) as database:
        table = drawn.choice(_tables(database))
        database.execute(drawn.choice((
            f"DROP TABLE {table}",
            f"DROP TABLE {table}; CREATE VIEW {table} AS {endless}",
            f"DROP TABLE {table}; CREATE TABLE {table} (a, b)",
            f"CREATE TRIGGER t AFTER INSERT ON {table} BEGIN DELETE FROM {table}; END",
            f"CREATE VIEW more AS {endless}",
            f'ALTER TABLE {table} ADD COLUMN "more" GENERATED ALWAYS AS (zeroblob(900000000))',
            f"DELETE FROM {table}",
            "CREATE TABLE more (a); PRAGMA user_version = 1",
            "PRAGMA user_version = -5",
            "INSERT INTO quantities VALUES ('b', 'b', '', 'trial', 0, '')",
            "ALTER TABLE history ADD COLUMN zz REAL",
        )).split(";")[0])  # fmt: skip


def view_instead(path: Path, drawn: random.Random) -> None:
    """A view that never ends, or that makes much of little, in the place of a table."""
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT "
    with _changing(path) as database:
        table = drawn.choice(_tables(database))
        names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        database.execute(f"DROP TABLE {table}")
        each = drawn.choice(("x", "zeroblob(500000000)", "hex(zeroblob(300000000))"))
        listed = ", ".join(f'{each} AS "{name}"' for name in names)
        database.execute(f"CREATE VIEW {table} AS {endless} {listed} FROM n")


def rows_without_end(path: Path, drawn: random.Random) -> None:
    """Pages of a table of which each stands in the one above as often as it has room: from some
    hundred kilobytes come more rows than can be counted."""
    with _changing(path) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        roots = [page for (page,) in database.execute("SELECT rootpage FROM sqlite_master")]
        [size] = database.execute("PRAGMA page_size").fetchone()
    content = bytearray(path.read_bytes())
    starts = [(page - 1) * size for page in roots]
    first = drawn.choice([start for start in starts if content[start] in (5, 13)])  # of rows
    count, rows = len(content) // size, content[first : first + size]
    cells = (size - 12) // 7  # of 5 bytes, and 2 that say where
    for level in range(LEVELS + 1):
        below, last = count + level + 2, level == LEVELS
        page = bytearray(size)
        page[:8] = bytes([5, 0, 0, *cells.to_bytes(2), *(size - 5 * cells).to_bytes(2), 0])
        page[8:12] = below.to_bytes(4)
        for cell in range(cells):
            place = size - 5 * (cell + 1)
            page[12 + 2 * cell : 14 + 2 * cell] = place.to_bytes(2)
            page[place : place + 5] = below.to_bytes(4) + b"\1"
        content += rows if last else page
        if level == 0:
            content[first : first + size] = page
    content[28:32] = (len(content) // size).to_bytes(4)
    path.write_bytes(content)


OTHERS: tuple[Callable[[Any], Any], ...] = (
    lambda old: old[:0],
    lambda old: old.ravel(),
    lambda old: old[None],
    lambda old: np.ones(old.shape, np.int8),
    lambda old: np.ones(old.shape, np.float16),
    lambda old: np.ones(old.shape, bool),
    lambda old: np.full(old.shape, np.nan),
    lambda old: np.full(old.shape, 1e30),
    lambda old: np.zeros((3, 5)),
    lambda old: np.zeros(()),
)


HARMS: tuple[Callable[[Path, random.Random], None], ...] = (
    bytes_changed,
    cut,
    value_changed,
    meta_changed,
    arrays_changed,
    structure_changed,
    view_instead,
    rows_without_end,
)


@contextlib.contextmanager
def _changing(path: Path) -> Any:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        yield database


def _tables(database: sqlite3.Connection) -> list[str]:
    rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows]


def read(path: Path) -> None:
    """What commands and the window read of a run."""
    with open_run(path) as run:
        summary(run)
        for kind in ("errors", "stiffness", "layers", "spectrum"):
            FIGURES["runs"][kind]().picture([_drawn(run)])
    RunEntry.read(path)
    facts = facts_of_file(path)
    if facts.state == "unreadable":
        raise InputError(facts.note)


def go_on(path: Path) -> None:
    """What resuming reads."""
    with open_run(path) as run:
        experiment = run.experiment_now
    Recording(experiment, path, resume=True)._writer.give_up()


def _drawn(run: Any) -> Any:
    from stiffgui.figures import Drawn

    return Drawn(run)


def main(count: int, seed: int) -> None:
    """Try so many, and tell."""
    told: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        whole, path = Path(folder) / "whole.stiff", Path(folder) / "run.stiff"
        settings = {"training.epochs": 12, "training.trials": 2, "watch.every": 4}
        train(presets["alpine02"].with_settings(settings), whole).close()
        read(whole)
        for number in range(count):
            drawn = random.Random(1000 * seed + number)
            shutil.copy(whole, path)
            harm = drawn.choice(HARMS)
            with contextlib.suppress(sqlite3.Error):
                harm(path, drawn)
            for what in (read, go_on):
                told[_tried(what, path, f"{harm.__name__} {number}")] += 1
            for left in Path(folder).glob("run.stiff*"):
                left.unlink()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    told["more than 500 MB"] += peak > BYTES + 700_000_000  # beside torch and what it imports
    print(json.dumps({k: v for k, v in told.most_common() if v}, indent=1))


def _tried(what: Callable[[Path], None], path: Path, told: str) -> str:
    began = time.monotonic()
    try:
        what(path)
        found = "read"
    except InputError:
        found = "refused with a sentence"
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        ours = [
            f
            for f in traceback.extract_tb(error.__traceback__)
            if "stiffgui/stiffgui" in f.filename or "/stiffgui/" in f.filename
        ]
        place = ours[-1] if ours else last
        print(f"{told} {what.__name__}: {type(error).__name__}: {str(error)[:90]}", file=sys.stderr)
        found = f"WRONG {type(error).__name__} {Path(place.filename).name}:{place.name}"
    if time.monotonic() - began > SECONDS:
        print(f"{told} {what.__name__}: {time.monotonic() - began:.0f} s", file=sys.stderr)
        return "more than 5 s"
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
