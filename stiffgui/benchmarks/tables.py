"""What was measured as tables: for a terminal, and as Markdown."""

from __future__ import annotations

import textwrap

from stiffgui.benchmarks.report import TRIALS, Document
from stiffgui.figures.files import markdown_table
from stiffgui.training import duration

Rows = list[tuple[str, ...]]
WIDTH = 100  # columns of the text
RATES = ("of", "size", "1 thread, GFlop/s", "threads", "together, GFlop/s")
STEPS = (
    "preset",
    "1 trial, ms",
    "share",
    "over torch.nn",
    f"{TRIALS}, ms",
    "share",
    "a trial over",
    "QUiNN",
)
TIMES = ("preset", "epochs", "1 trial", f"{TRIALS} trials")
STUDIES = ("study", "variants", "trials", "all of it")


def tables(document: Document) -> list[tuple[str, tuple[str, ...], Rows]]:
    """Title, headings and rows as text: rates, steps, times, studies."""
    rates: Rows = [
        (
            row["preset"],
            row["size"],
            f"{row['flops_per_second'] / 1e9:.3g}",
            str(row["threads"]),
            f"{row['flops_per_second_of_threads'] / 1e9:.3g}",
        )
        for row in document["products"]
    ]
    steps: Rows = [
        (
            row["preset"],
            _number(row["milliseconds"]),
            _percent(row["share"]),
            f"{row['over_torch_nn']:.3g} ± {row['spread']:.1g}",
            _number(row["milliseconds_of_trials"]),
            _percent(row["share_of_trials"]),
            f"{row['trial_over_torch_nn']:.3g}",
            _number(row["over_quinn"]),
        )
        for row in document["rows"]
    ]
    times: Rows = [
        (row["preset"], str(row["epochs"]), _time(row["seconds"]), _time(row["seconds_of_trials"]))
        for row in document["times"]
    ]
    whole: Rows = [
        (row["study"], str(row["variants"]), str(row["trials"]), _time(row["seconds"]))
        for row in document["studies"]
    ]
    return [
        ("Matrix products", RATES, rates),
        (f"A step: {_paths(document)}", STEPS, steps),
        ("How long the presets take here, about", TIMES, times),
        ("How long the studies take here, about", STUDIES, whole),
    ]


def _paths(document: Document) -> str:
    """How steps are taken, and why; presets are named where not all take the same path."""
    found: dict[str, list[str]] = {}
    for row in document["rows"]:
        found.setdefault(row["steps"], []).append(row["preset"])
    if len(found) == 1:
        return next(iter(found))
    return "; ".join(f"{how} ({', '.join(names)})" for how, names in found.items())


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _time(seconds: float | None) -> str:
    return "-" if seconds is None else duration.about(seconds).removeprefix("about ")


def markdown(document: Document) -> str:
    """Markdown tables with machine, date and notes above them."""
    parts = [
        f"{title}\n\n{markdown_table(headings, rows)}" for title, headings, rows in tables(document)
    ]
    return "\n".join([_head(document), *parts])


def text(document: Document) -> str:
    """Aligned tables for a terminal, at most WIDTH columns wide."""
    parts = [textwrap.fill(_head(document), WIDTH) + "\n"]
    for title, headings, rows in tables(document):
        cells = [headings, *rows]
        widths = [max(len(row[k]) for row in cells) for k in range(len(headings))]
        body = [
            "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
            for row in cells
        ]
        parts.append("\n".join([textwrap.fill(title, WIDTH), *body]) + "\n")
    return "\n".join(parts)


def _head(document: Document) -> str:
    return f"{document['machine']}; {document['date']}. {document['note']}\n"
