"""A study in training: the batches that go on, and what is said of its pace."""

from __future__ import annotations

from collections.abc import Sequence

from stiffgui.runs.history import History
from stiffgui.session.studies import StudyBegan
from stiffgui.study.declaration import Study
from stiffgui.study.events import ChunkEvent, Lost, Progress, Trained
from stiffgui.study.progress_estimate import ProgressEstimate, VariantEstimate
from stiffgui.training.ready import Readiness


def short_duration(seconds: float) -> str:
    """Seconds in few letters: 45 s, 12 min, 3.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


class StudyProgress:
    """What is heard of the study that trains, from `start` on.

    live: number of a batch -> its variant's place and what it has recorded so far.
    """

    def __init__(self) -> None:
        self.live: dict[int, tuple[int, History]] = {}
        self._live_is_new = False
        self._study: Study | None = None
        self._pace: ProgressEstimate | None = None
        self._where = self._waits = ""  # where it trains, and what it waits for before

    def start(self, study: Study | None) -> None:
        """Of this study now; None: of none."""
        self._study, self._pace = study, None
        self._where = self._waits = ""
        self.live, self._live_is_new = {}, True

    def take_live(self) -> bool:
        """Whether `live` has changed since the last call."""
        taken, self._live_is_new = self._live_is_new, False
        return taken

    def hear(self, news: StudyBegan | Readiness | Sequence[ChunkEvent]) -> list[str]:
        """Take what the child says; sentences on what went wrong."""
        self._waits = news.sentence if isinstance(news, Readiness) else ""
        if isinstance(news, StudyBegan):
            assert self._study is not None
            self._pace = ProgressEstimate(self._study, news.states, news.slots)
            self._where = news.where
        elif not isinstance(news, Readiness):
            return [sentence for event in news if (sentence := self._hear(event))]
        return []

    def _hear(self, event: ChunkEvent) -> str:
        assert self._pace is not None
        self._pace.hear(event)
        if isinstance(event, Progress):
            chunk = self._pace.chunk(event.number)
            _, live = self.live.setdefault(chunk.number, (chunk.variant, History(chunk.count)))
            for record in event.records:
                live.append(record)
            self._live_is_new = True
        elif isinstance(event, Lost) or (isinstance(event, Trained) and event.ending != "stopped"):
            self.live.pop(event.number, None)
            self._live_is_new = True
        return f"{event.text[0].upper()}{event.text[1:]}." if isinstance(event, Lost) else ""

    def interrupt(self) -> None:
        """It trains no longer."""
        if self._pace is not None:
            self._pace.interrupt()

    @property
    def sentence(self) -> str:
        """How far it has got, where, and for how long it goes on; empty before it is known."""
        if self._pace is None or self._waits:
            return self._waits
        whole = self._pace.whole()
        if not whole.fraction:  # a climate takes a minute to be simulated, once
            return f"beginning: data are made, workers start; trained {self._where}"
        left = "time left not known yet"
        if whole.left is not None:
            left = f"{short_duration(whole.left)} left for all of it"
        return f"{whole.fraction:.0%} · {left} · training {self._where}"  # where is cut first

    def variants(self) -> Sequence[VariantEstimate | None]:
        """How far every variant has got; None where it is finished."""
        each = self._pace.variants() if self._pace is not None else ()
        return [None if pace.state == "finished" else pace for pace in each]
