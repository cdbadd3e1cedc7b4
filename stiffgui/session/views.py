"""Pictures of one network, for a window that follows it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from stiffgui.errors import InputError
from stiffgui.figures import Figure, Picture
from stiffgui.session.service import handles
from stiffgui.session.sources import RunSource


@dataclass(frozen=True)
class Look:
    """Draw figures of the last run of a source; the answer is a View.

    Two looks are equal when they show the same: `epoch` is that of the source's network, or -1.
    """

    source: RunSource
    epoch: int
    figures: tuple[Figure, ...]

    @property
    def live(self) -> bool:
        """Whether it is of a network that is not stored yet."""
        return self.epoch >= 0


@dataclass(frozen=True)
class View:
    """A picture of each figure, or the sentence that says why there is none."""

    pictures: tuple[Picture | str, ...]
    seconds: float

    @property
    def epoch(self) -> int:
        """The epoch of the network that is seen, -1 where none is."""
        places = [picture.place[0] for picture in self.pictures if isinstance(picture, Picture)]
        return max(places, default=-1)


@handles(Look, "this view")
def look(work: Look) -> View:
    """Raises InputError where the run cannot be read."""
    import torch

    torch.set_num_threads(1)
    started = time.perf_counter()
    pictures: list[Picture | str] = []
    with work.source.opened() as runs:
        for shown in work.figures:
            try:
                pictures.append(shown.picture(runs))
            except InputError as error:
                pictures.append(str(error))
    return View(tuple(pictures), time.perf_counter() - started)
