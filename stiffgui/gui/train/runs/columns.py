"""The columns of tables of runs: how a value is made of a run, written and sorted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from typing import Any

from stiffgui.gui.plots.axes import grouped
from stiffgui.session.run_entry import RunEntry
from stiffgui.session.run_facts import RunFacts, differences
from stiffgui.stiffness.indices import OVER
from stiffgui.training.quantities import QUANTITIES, STIFFNESS

UNKNOWN = "–"


@dataclass(frozen=True)
class Column:
    """`text` is what a cell says and, without a `number`, what it is sorted by; NaN is no number.

    `widest`: a text that has room. Where room is short columns go, those of a higher `rank` first.
    `tip` says more of a cell than its text.
    """

    title: str
    help: str
    text: Callable[[RunFacts], str]
    number: Callable[[RunFacts], float] | None = None
    widest: str = ""
    rank: int = 0
    tip: Callable[[RunFacts], str] | None = None

    def value(self, run: RunFacts) -> Any:
        """What it is sorted by; None where nothing is known."""
        if self.number is None:
            return self.text(run).lower() or None
        number = self.number(run)
        return number if number == number else None


def _numbers(
    title: str,
    help: str,
    number: Callable[[RunFacts], float],
    written: str,
    **more: Any,
) -> Column:
    """A column of numbers, `written` as a format says."""

    def text(run: RunFacts) -> str:
        value = number(run)
        return written.format(value) if value == value else UNKNOWN

    return Column(title, help, text, number, **more)


def _error(name: str) -> Column:
    quantity = QUANTITIES[name]
    help = f"{quantity.title} of the last epoch: {quantity.help}, median over trials"
    return _numbers(
        quantity.short, help, lambda run: run.medians.get(name, nan), "{:.3g}", widest="0.000123"
    )


def _index(name: str, title: str, written: str, factor: float = 1.0, rank: int = 0) -> Column:
    quantity = QUANTITIES[name]

    def number(run: RunFacts) -> float:
        return factor * run.medians.get(name, nan)

    def tip(run: RunFacts) -> str:
        if name in run.medians:
            of = " of the last stored network" if run.entry and name in run.entry.unwatched else ""
            return f"{quantity.title}{of} {run.medians[name]:.4g}"
        if run.network is not None:
            return f"{quantity.title}: {run.network.unknown(name) or 'it was not recorded'}"
        when = "when it has ended" if run.entry is not None else "when the run is opened"
        return f"{quantity.title}: measured {when}, or as it trains with {name} in watch.indices"

    help = (
        f"{quantity.title} of the network where it was measured last: {quantity.help}, "
        f"{OVER[quantity.over]}, median over trials"
    )
    return _numbers(title, help, number, written, widest=f"{title} ▾", rank=rank, tip=tip)


def _when(run: RunFacts) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(run.written))
    except (ValueError, OverflowError, OSError):  # unknown, or a time that no calendar has
        return UNKNOWN


def _epochs(run: RunFacts) -> str:
    if run.total:
        return f"{grouped(run.epoch)} / {grouped(run.total)}"
    return grouped(run.epoch) if run.epoch else UNKNOWN


def describe(run: RunEntry) -> str:
    """What the table has no column for: file, note, beginning, how steps were taken, settings."""
    changed: tuple[str, ...] = ()
    if not run.foreign:
        [changed] = differences([run.experiment], with_preset=True)
    elif run.network is not None:
        changed = (run.network.sentence,)
    started = [e.text for e in run.events if e.kind == "branched"]
    note = [f"“{run.note}”"] if run.note else []
    decided = run.decided.sentences(run.experiment) if run.decided is not None else {}
    how = [f"{what}: {sentence}" for what, sentence in decided.items()]
    return "\n".join([str(run.named), *note, *started, *how, *changed[:12]])


DRAWN = Column("drawn", "Whether the run is drawn in Errors and Stiffness", lambda run: "")
NAME = Column(
    "name",
    "The run, in bold the one that Fit, Layers and Eigenvalues show",
    lambda run: run.path.stem,
    widest="RES stiff example ✎",
    tip=lambda run: describe(run.entry) if run.entry is not None else str(run.path),
)
SETTINGS = Column(
    "settings",
    "What differs between the runs; where nothing does, from the first preset",
    lambda run: ", ".join(run.settings),
    widest="regularizer = l2, seed = 0",
    tip=lambda run: "\n".join(run.settings),
)
TASK = Column("task", "What is learnt", lambda run: run.task, widest="land-carbon", rank=4)
EPOCHS = Column(
    "epochs",
    "The last epoch, of those asked for",
    _epochs,
    lambda run: run.epoch if run.total or run.epoch else nan,
    widest="10 000 / 10 000 ",
)
STATE = Column(
    "state",
    "What has become of it",
    lambda run: run.state,
    widest="interrupted ",
    rank=2,
    tip=lambda run: str(run.entry.writer) if run.entry and run.entry.writer else "",
)
INDICES_TOLD = (STIFFNESS, "unstable")
NUMBERS = (
    _error("train_error"),
    _error("test_error"),
    _index(STIFFNESS, QUANTITIES[STIFFNESS].symbol, "{:.4g}", rank=1),
    _index("unstable", f"% {QUANTITIES['unstable'].short}", "{:.0f}", 100.0, rank=3),
)
SECONDS = _numbers(
    "time",
    "Seconds of training",
    lambda run: run.seconds,
    "{:.0f} s",
    widest="10 000 s",
    rank=5,
)
CHANGED = Column(
    "changed",
    "When the file was last written",
    _when,
    lambda run: run.written,
    widest="2000-00-00 00:00 ",
    rank=4,
)
NOTE = Column(
    "note",
    "What was noted of it, or why it cannot be read",
    lambda run: run.note.replace("\n", " "),
    widest="what is noted of it",
    tip=lambda run: run.note,
)

IN_WINDOW = (DRAWN, NAME, TASK, SETTINGS, EPOCHS, *NUMBERS, STATE)
IN_LIBRARY = (NAME, TASK, SETTINGS, EPOCHS, *NUMBERS, STATE, SECONDS, CHANGED, NOTE)
