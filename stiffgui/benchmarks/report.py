"""The measurement as plain values, and as text and Markdown tables."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from stiffgui.benchmarks import accuracy, peer
from stiffgui.benchmarks.problems import PROBLEMS
from stiffgui.benchmarks.rows import actions, rows, watching
from stiffgui.benchmarks.timing import Timing, interleave

Document = dict[str, Any]


def measure(*, full: bool = False, progress: Callable[[str], None] = lambda text: None) -> Document:
    """Measure every row: about two minutes, `full` three times as many rounds.

    Returns machine, date, timings (milliseconds of a step: median and every round) and rows.
    """
    rounds, slice_seconds = (15, 0.4) if full else (5, 0.3)
    prepared = {name: prepare() for name, prepare in actions().items()}
    timings = interleave(prepared, rounds, slice_seconds, progress)
    progress("accuracy, watching and peers")
    found = [_row(row, timings) for row in rows()]
    share = watching(3000 if full else 1000)
    found.append(_result("watching: wall time / training time, Alpine02", share, None, "-", 1.1))
    found += _peers(timings)
    return {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "note": "climate: random standardised data of that size; penalties on up to four threads, "
        "all else on one; float32",
        "milliseconds": {
            name: {"median": t.median * 1e3, "rounds": (t.seconds * 1e3).tolist()}
            for name, t in timings.items()
        },
        "rows": found,
    }


def _row(row: Any, timings: dict[str, Timing]) -> Document:
    ratio, spread = timings[row.above].over(timings[row.below])
    result = _result(row.title, ratio, spread, row.source, row.first_goal, row.then_goal)
    if row.accuracy_of is not None:
        result["error"] = accuracy.error(*row.accuracy_of)
    result["milliseconds"] = timings[row.above].median * 1e3
    return result


def _result(
    title: str,
    ratio: float,
    spread: float | None,
    source: str,
    first: float | None = None,
    then: float | None = None,
) -> Document:
    return {
        "title": title,
        "ratio": ratio,
        "spread": spread,
        "source": source,
        "first_goal": first,
        "first_met": None if first is None else ratio <= first,
        "then_goal": then,
        "then_met": None if then is None else ratio <= then,
        "error": None,
        "milliseconds": None,
    }


def _peers(timings: dict[str, Timing]) -> list[Document]:
    found = []
    for problem in PROBLEMS:
        title = f"our step / QUiNN (float64, other loss, validates), {problem.name}"
        if peer.is_installed():
            seconds = peer.quinn_step_seconds(problem)
            ratio = timings[f"{problem.name} RES"].median / seconds
            found.append(_result(title, ratio, None, "1"))
        else:
            missing = _result(title, float("nan"), None, "1")
            found.append(missing | {"ratio": None, "source": "not installed: pip install uqinn"})
    return found


def machine() -> str:
    """Processor, cores and releases, in one line."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [r for r in info.read_text().splitlines() if r.startswith("model name")]
        name = models[0].partition(":")[2].strip() if models else name
    return (
        f"{name}, {os.cpu_count()} cores, {platform.system()}, Python "
        f"{platform.python_version()}, torch {torch.__version__}"
    )


HEADINGS = ("ratio", "talk or peer", "first goal", "then", "here", "ms a step", "error vs LAPACK")


def table(document: Document) -> list[tuple[str, ...]]:
    """The rows as text, under HEADINGS. A goal that is met carries a tick."""
    return [
        (
            row["title"],
            row["source"],
            _goal(row["first_goal"], row["first_met"]),
            _goal(row["then_goal"], row["then_met"]),
            _number(row["ratio"], row["spread"]),
            "-" if row["milliseconds"] is None else f"{row['milliseconds']:.3g}",
            "-" if row["error"] is None else f"{row['error']:.1e}",
        )
        for row in document["rows"]
    ]


def _goal(goal: float | None, met: bool | None) -> str:
    return "-" if goal is None else f"<= {goal:g} {'met' if met else 'missed'}"


def _number(ratio: float | None, spread: float | None) -> str:
    if ratio is None:
        return "-"
    return f"{ratio:.3g}" if spread is None else f"{ratio:.3g} ± {spread:.1g}"


def markdown(document: Document) -> str:
    """A Markdown table with machine and date above it."""
    lines = [f"{document['machine']}; {document['date']}; {document['note']}.", ""]
    lines.append("| " + " | ".join(HEADINGS) + " |")
    lines.append("|---" * len(HEADINGS) + "|")
    lines += ["| " + " | ".join(row) + " |" for row in table(document)]
    return "\n".join(lines) + "\n"


def text(document: Document) -> str:
    """An aligned table for a terminal."""
    cells = [HEADINGS, *table(document)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(HEADINGS))]
    body = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in cells]
    return "\n".join([f"{document['machine']}; {document['date']}", document["note"], *body]) + "\n"
