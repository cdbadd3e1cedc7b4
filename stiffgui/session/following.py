"""What another process has written into a run file since it was looked at last."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stiffgui.errors import InputError
from stiffgui.runs.foreign import ForeignNetwork
from stiffgui.session.service import handles
from stiffgui.writer_lock import Writer

if TYPE_CHECKING:
    from stiffgui.runs.history import History


@dataclass(frozen=True)
class Position:
    """How far a run has been read: its last epoch, events, and who wrote it then."""

    path: Path
    epoch: int
    events: int
    writer: Writer | None


@dataclass(frozen=True)
class News:
    """What came after a position; `anew`: it is everything, as another process has gone on from
    an earlier epoch. `complaint`: why it cannot be read any more."""

    state: str
    writer: Writer | None = None
    history: History | None = None
    events: tuple[dict[str, Any], ...] = ()
    kept: tuple[int, ...] = ()
    network: ForeignNetwork | None = None
    anew: bool = False
    complaint: str = ""


@dataclass(frozen=True)
class Follow:
    """Read on in run files; the answer is a News for each path."""

    positions: tuple[Position, ...]


@handles(Follow, "following a run")
def follow(work: Follow) -> dict[Path, News]:
    """What is new; a file that cannot be read says why."""
    return {position.path: news(position) for position in work.positions}


def news(position: Position) -> News:
    """What came after a position."""
    from stiffgui.runs import open_run

    try:
        with open_run(position.path) as run, run.at_one_moment():
            state, writer = run.state, run.writer  # before what is read: it may end meanwhile
            anew = _who(writer) not in (None, _who(position.writer))
            after = None if anew else position.epoch
            return News(
                state,
                writer,
                run.series(after=after),
                tuple(run.events[0 if anew else position.events :]),
                tuple(run.kept_epochs),
                run.network,
                anew,
            )
    except InputError as error:
        return News("unreadable", complaint=str(error))


def _who(writer: Writer | None) -> tuple[str, int, float] | None:
    return None if writer is None else (writer.host, writer.process, writer.since)
