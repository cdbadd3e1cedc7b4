"""What is readable of a damaged file, in a new one: row by row, and what it is not."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load

from stiffgui.errors import InputError
from stiffgui.runs import schema
from stiffgui.runs.file_writer import lock_to_write, refuse_existing, writing_to
from stiffgui.runs.opening import AT_ONCE, MOST_BYTES, Steps, is_regular, kind_of_file
from stiffgui.runs.run import Run
from stiffgui.runs.schema import RUN, STUDY, Kind
from stiffgui.training.quantities import per_trial

HEADER = 100  # bytes of an SQLite file's own
TRIED = 100_000  # rows between those that are read from either end, that are tried one by one
LOOKED = 20  # of them without a row, until the rest is given up
OPTIONAL = (schema.SAMPLES, schema.ERRORS, schema.FACTORS)
NEEDED = ("history", "snapshots", "checkpoint", "chunks")  # which every file of its kind has
ARRAYS = ("indices", "errors", "spectra", "snapshots", "samples", "factors", "checkpoint")

Row = tuple[Any, ...]


@dataclass
class Repaired:
    """How many rows of each table a new file has, and sentences about what it lacks."""

    rows: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


class Damaged:
    """A damaged file; `broke` counts where reading it broke off."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path, self.database, self.broke = path, database, 0
        self._steps = Steps(path, path.stat().st_size)
        database.set_progress_handler(self._steps, AT_ONCE)

    def columns(self, table: str) -> list[str]:
        """Of a table; none of anything else, or where they cannot be read."""
        found = list(self.rows(f"SELECT type FROM sqlite_master WHERE name = '{table}'"))
        if found != [("table",)]:
            return []
        return [row[1] for row in self.rows(f"PRAGMA table_xinfo({table})") if not row[6]]

    def rows(self, statement: str) -> Iterator[Row]:
        """Rows, until they cannot be read any more."""
        self._steps.begin()
        try:
            yield from self.database.execute(statement)
        except (sqlite3.Error, UnicodeDecodeError, OverflowError):
            self.broke += 1

    def rows_by(self, key: str, select: str) -> Iterator[Row]:
        """Rows, whose first column is `key`: from both ends, and between them one by one where they
        cannot be had in one go."""
        before, last, first = self.broke, None, None
        for row in self.rows(f"{select} ORDER BY {key}"):
            last = row[0]
            yield row
        if self.broke == before:
            return
        for row in self.rows(f"{select} ORDER BY {key} DESC"):
            if last is not None and row[0] <= last:
                return
            first = row[0]
            yield row
        start, without = 0 if last is None else last + 1, 0
        for place in range(start, start + TRIED if first is None else min(first, start + TRIED)):
            between = list(self.rows(f"{select} WHERE {key} = {place}"))
            yield from between
            without = 0 if between else without + 1
            if without > LOOKED and first is None:
                return


@contextlib.contextmanager
def saving(
    path: Path, out: Path, kind: Kind
) -> Iterator[tuple[Damaged, sqlite3.Connection, Repaired]]:
    """A damaged file, a new one that takes the name `out` in the end, and what is known of it.

    Raises InputError when nothing can be saved, or `out` exists or cannot be written.
    """
    refuse_existing(out, replace=False)
    made = out.with_name(f"{out.name}.{os.getpid()}-repairing")
    with writing_to(out), lock_to_write(out), tempfile.TemporaryDirectory() as folder:
        try:
            with (
                contextlib.closing(_opened(path, Path(folder), kind)) as database,
                contextlib.closing(sqlite3.connect(made, isolation_level=None)) as target,
            ):
                target.execute("BEGIN")
                found = Repaired()
                yield Damaged(path, database), target, found
                target.execute("COMMIT")
            made.rename(out)
        finally:
            made.unlink(missing_ok=True)


def damaged_kind(path: Path) -> Kind:
    """Of what kind a damaged file is; a run where that is not known."""
    if kind_of_file(path) == STUDY.name:
        return STUDY
    with path.open("rb") as file:
        return STUDY if b"CREATE TABLE chunks" in file.read(65536) else RUN


def _opened(path: Path, folder: Path, kind: Kind) -> sqlite3.Connection:
    """A copy of the file and its journal, with a header that SQLite knows."""
    if not is_regular(path):
        raise InputError(f"{path} is not a {kind.name} file: give a .stiff file.")
    copy = folder / "copy.stiff"
    for end in ("", "-wal"):
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(f"{path}{end}", f"{copy}{end}")
    for again in (False, True):
        if again:
            _mend_header(copy)
        database = sqlite3.connect(copy, isolation_level=None)
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
        database.execute("PRAGMA trusted_schema = OFF")
        try:
            database.execute("PRAGMA writable_schema = ON")  # also where pages are missing
            if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                return database
        except sqlite3.Error:
            pass
        database.close()
    raise InputError(
        f"nothing can be saved of {path}: its list of tables is damaged, or it is no .stiff file."
    )


def _mend_header(copy: Path) -> None:
    """Give a file the header of a sound one of its length."""
    new = sqlite3.connect(":memory:")
    schema.make_tables(new, schema.TABLES, RUN)
    header = bytearray(new.serialize()[:HEADER])
    new.close()
    size = int.from_bytes(header[16:18], "big")
    with copy.open("r+b") as file:
        header[28:32] = (copy.stat().st_size // size).to_bytes(4, "big")
        header[32:40] = bytes(8)  # no free pages: they may be anything
        file.write(header)


def repair_run(path: Path, out: Path) -> Repaired:
    """Save what can be read and used of a run. Raises InputError when that is nothing, or `out`
    exists or cannot be written."""
    with saving(path, out, RUN) as (source, target, found):
        schema.make_tables(target, schema.TABLES, RUN)
        for statement in OPTIONAL:
            target.execute(statement)
        copy_meta(source, target, found, ("experiment", "network"), "the settings")
        there = source.columns("history")
        schema.describe(target, [q for q in per_trial() if q.name in there])
        with contextlib.suppress(sqlite3.Error, TypeError, ValueError, AttributeError):
            schema.describe(target, schema.described(source.database).values())
        copy_rows(source, target, found, "quantities")
        copy_rows(source, target, found, "history", lambda row: None not in row[:2], "epoch")
        _keep_whole_epochs(target, found)
        copy_rows(source, target, found, "events")
        for table in ARRAYS:
            copy_rows(source, target, found, table, lambda row: _holds_arrays(row[-1]))
        for table in ("samples", "errors", "factors"):  # which no file has without a need
            if not found.rows.get(table):
                target.execute(f"DROP TABLE {table}")
    _leave_out(out, found)
    return found


def copy_meta(
    source: Damaged,
    target: sqlite3.Connection,
    found: Repaired,
    needed: tuple[str, ...],
    what: str,
) -> None:
    """Copy what a file says of itself. Raises InputError where none of `needed` is there."""
    copy_rows(source, target, found, "meta", lambda row: all(isinstance(v, str) for v in row))
    there = dict(target.execute("SELECT key, value FROM meta"))
    if not any(key in there for key in needed):
        raise InputError(
            f"nothing can be saved of {source.path}: {what} cannot be read any more, without which "
            f"the rest has no meaning."
        )
    with contextlib.suppress(ValueError, KeyError, RecursionError):
        json.loads(there["provenance"])
        return
    target.execute("INSERT OR REPLACE INTO meta VALUES ('provenance', '{}')")
    found.lost.append("with what it was made")


def _holds_arrays(blob: Any) -> bool:
    try:
        load(blob)
    except (SafetensorError, KeyError, TypeError, ValueError, OverflowError):
        return False
    return True


def copy_rows(
    source: Damaged,
    target: sqlite3.Connection,
    found: Repaired,
    table: str,
    usable: Callable[[Row], bool] = lambda _: True,
    key: str = "rowid",
) -> None:
    """Copy the rows of a table that can be read and are `usable`, and count."""
    there, before, left_out = source.columns(table), source.broke, 0
    names = [row[1] for row in target.execute(f"PRAGMA table_info({table})") if row[1] in there]
    listed = ", ".join(map(schema.quoted, names))
    insert = f"INSERT OR IGNORE INTO {table} ({listed}) VALUES ({', '.join('?' * len(names))})"
    for row in source.rows_by(key, f"SELECT {key}, {listed} FROM {table}") if names else ():
        try:
            if usable(row[1:]):
                target.execute(insert, row[1:])
                continue
        except sqlite3.IntegrityError:
            pass
        left_out += 1
    [found.rows[table]] = target.execute(f"SELECT count(*) FROM {table}").fetchone()
    if left_out or source.broke > before:
        found.lost.append(f"rows of {table}")
    elif not there and table in NEEDED:
        found.lost.append(f"all of {table}")


def _keep_whole_epochs(target: sqlite3.Connection, found: Repaired) -> None:
    """Leave out epochs that some trials lack."""
    [trials] = target.execute("SELECT count(DISTINCT trial) FROM history").fetchone()
    gone = target.execute(
        "DELETE FROM history WHERE epoch IN "
        "(SELECT epoch FROM history GROUP BY epoch HAVING count(*) < ?)",
        (trials,),
    ).rowcount
    if gone:
        found.lost.append(f"{gone} rows of epochs of which not every trial is left")


def _leave_out(out: Path, found: Repaired) -> None:
    """Leave out of a new run what cannot be used although it could be read. Raises InputError
    when too little is left, and removes the file."""
    try:
        with Run(out) as run:
            _ = run.network if run.foreign else run.experiment
            epochs = run.snapshot_epochs
        bad = [e for e in epochs if not _can(out, partial(Run.parameters, epoch=e))]
        for is_bad, tables, what in (
            (not _can(out, _numbers), ("indices", "errors", "spectra"), "its indices and spectra"),
            (not _can(out, lambda run: (run.events, run.begins)), ("events",), "its events"),
            (bool(bad), (), f"networks of {len(bad)} epochs"),
            (not _can(out, lambda run: run.samples), ("samples",), "its samples"),
            (not _can(out, _goes_on), ("checkpoint",), "the state that training goes on from"),
        ):
            if is_bad:
                found.lost.append(what)
            with contextlib.closing(sqlite3.connect(out)) as database, database:
                for table in tables if is_bad else ():
                    if schema.has_table(database, table):
                        database.execute(f"DELETE FROM {table}")
                database.executemany("DELETE FROM snapshots WHERE epoch = ?", [(e,) for e in bad])
        with Run(out) as run:
            run.series()
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _numbers(run: Run) -> object:
    return run.series(), run.spectra, run.last()


def _goes_on(run: Run) -> object:
    return run.foreign or (run.decided, run.saved_checkpoint())


def _can(out: Path, reading: Callable[[Run], object]) -> bool:
    try:
        with Run(out) as run:
            reading(run)
    except (InputError, ArithmeticError, LookupError, TypeError, ValueError):
        return False
    return True
