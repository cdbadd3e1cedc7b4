"""What is readable of a damaged study or run, in a new file."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from pathlib import Path

from stiffgui.errors import InputError
from stiffgui.runs.repair import (
    Repaired,
    copy_meta,
    copy_rows,
    damaged_kind,
    repair_run,
    saving,
)
from stiffgui.runs.run import Run
from stiffgui.runs.schema import RUN, STUDY, make_tables
from stiffgui.study.declaration import Study
from stiffgui.study.plan import Chunk, plan
from stiffgui.study.schema import DONE, TABLES


def repair(path: Path, out: Path) -> Repaired:
    """Save what can be read and used of a run or a study; batches of a study that cannot will be
    trained again when it goes on.

    Raises InputError when that is nothing, or `out` exists or cannot be written.
    """
    if not path.is_file():
        raise InputError(f"{path} is not a .stiff file: check the path.")
    if damaged_kind(path) is RUN:
        return repair_run(path, out)
    with saving(path, out, STUDY) as (source, target, found):
        make_tables(target, TABLES, STUDY)
        copy_meta(source, target, found, ("study",), "the declaration of the study")
        [(text,)] = target.execute("SELECT value FROM meta WHERE key = 'study'")
        study = Study.from_toml(text, f"{path}")
        variants = range(len(study.all_variants))
        copy_rows(source, target, found, "chunks", lambda row: row[1] in variants)
        _mend_runs(target, path, found)
        _plan_lost(target, study, found)
    return found


def _mend_runs(target: sqlite3.Connection, path: Path, found: Repaired) -> None:
    """Keep of the batches whose runs can be read, perhaps mended, what they have; the others wait
    to be trained."""
    numbers = [n for (n,) in target.execute("SELECT number FROM chunks WHERE state != 'waiting'")]
    for number in numbers:
        [state, content] = target.execute(
            "SELECT state, run FROM chunks WHERE number = ?", (number,)
        ).fetchone()
        kept = _readable(path, content)
        if kept is None:
            target.execute(
                "UPDATE chunks SET state = 'waiting', epoch = NULL, run = NULL WHERE number = ?",
                (number,),
            )
            found.lost.append(f"batch {number}, which will be trained again")
        elif kept != content or state not in (*DONE, "stopped"):
            target.execute("UPDATE chunks SET run = ? WHERE number = ?", (kept, number))
            found.lost.append(f"parts of batch {number}")


def _readable(path: Path, content: bytes) -> bytes | None:
    """A batch's run if it can be read, or else what can be saved of it; None if nothing can."""
    with contextlib.suppress(InputError, TypeError), Run(path, content) as run:
        _ = run.series(), run.decided, run.samples, run.last()
        return content
    if not isinstance(content, bytes):
        return None
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(InputError):
        damaged, out = Path(folder) / "damaged.stiff", Path(folder) / "out.stiff"
        damaged.write_bytes(content)
        repair_run(damaged, out)
        return out.read_bytes()
    return None


def _plan_lost(target: sqlite3.Connection, study: Study, found: Repaired) -> None:
    """Let batches that are gone be trained again."""
    rows = target.execute("SELECT number, variant, first, count, candidate FROM chunks").fetchall()
    there = [Chunk(*row) for row in rows]
    known = {(c.variant, c.candidate, c.first) for c in there}
    number = max((c.number for c in there), default=-1)
    for chunk in plan(study):
        if (chunk.variant, chunk.candidate, chunk.first) not in known:
            number += 1
            target.execute(
                "INSERT INTO chunks (number, variant, first, count, candidate, state) "
                "VALUES (?, ?, ?, ?, ?, 'waiting')",
                (number, chunk.variant, chunk.first, chunk.count, chunk.candidate),
            )
            found.lost.append(f"batch {number}, which will be trained again")
