"""Panels in rows, each row and column as wide as the picture says, to the pixel."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from PySide6.QtCore import QMargins, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from stiffgui.figures.numerals import minus
from stiffgui.figures.picture import Picture

GAP = 8  # pixels between panels
LEAST = 60  # pixels that a panel needs on each side


class PanelGrid(QWidget):
    """Places the frames of a picture's panels; those that may flow are as large as they can be.

    What a picture knows in numbers stands in the place that flowing panels leave free.
    """

    def __init__(self) -> None:
        super().__init__()
        self.facts = QLabel(self)
        self.facts.setObjectName("cardNote")
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        self.facts.hide()
        self._picture = Picture(rows=())
        self._frames: Sequence[QWidget] = ()
        self._beside = 0  # pixels of height for what stands above and below a plot

    def sizeHint(self) -> QSize:
        return QSize(256, 192)

    def arrange(self, picture: Picture, frames: Sequence[QWidget]) -> None:
        """Place a frame for each panel; frames without a panel are hidden."""
        self._picture, self._frames = picture, frames
        rows = [1] if picture.flows else [len(row) for row in picture.rows]
        height = self._least_height()
        self._beside = max(0, height - LEAST)
        self.setMinimumSize(LEAST * max(rows, default=1), height * max(len(rows), 1))
        facts = {} if picture.layers else picture.numbers  # those of layers have a table
        self.facts.setText("\n".join(f"{k} {minus(f'{v:.3g}')}" for k, v in facts.items()))
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another shape, another arrangement."""
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        """Twice where a narrow frame needs more beside its plot than a wide one."""
        before = self._beside
        self._place_once()
        self._beside = max(0, self._least_height() - LEAST)
        if self._beside != before:
            self._place_once()

    def _least_height(self) -> int:
        """Pixels that a frame needs, beside the margin that makes its plot a square."""
        frames = self._frames[: len(self._picture.panels)]
        least = [f.minimumSizeHint().height() - _margins(f).bottom() for f in frames]
        return max(least, default=LEAST)

    def _place_once(self) -> None:
        places = self._places()
        count = len(self._picture.panels)
        for number, frame in enumerate(self._frames):
            frame.setVisible(number < count)
        for place, frame in zip(places, self._frames, strict=False):
            side = max(LEAST, min(place.width(), place.height() - self._beside))
            square = place.size() - QSize(side, side + self._beside)
            spare = square if self._picture.square else QSize()
            margins = QMargins(0, 0, max(0, spare.width()), max(0, spare.height()))
            if margins != _margins(frame) and (layout := frame.layout()) is not None:
                layout.setContentsMargins(margins)
            frame.setGeometry(place)
        free = places[count:]
        self.facts.setVisible(bool(free and self.facts.text()))
        if free:
            self.facts.setGeometry(free[0].adjusted(2 * GAP, 0, 0, 0))

    def _places(self) -> list[QRect]:
        """A rectangle for each panel, and for each place that is left free."""
        picture = self._picture
        rows = [len(row) for row in picture.rows]
        heights, widths = picture.heights, picture.widths
        if picture.flows:
            columns = self._best_columns(sum(rows))
            rows, heights, widths = [columns] * -(-sum(rows) // max(columns, 1)), (), ()
        places = []
        for number, (top, bottom) in enumerate(_parts(self.height(), len(rows), heights)):
            shares = widths if number == 0 else ()
            for left, right in _parts(self.width(), rows[number], shares):
                places.append(QRect(left, top, right - left, bottom - top))
        return places

    def _best_columns(self, count: int) -> int:
        """In how many columns the plots' shorter sides are longest."""

        def side(columns: int) -> float:
            height = self.height() / -(-count // columns) - self._beside
            return min(self.width() / columns, height)

        return max(range(1, count + 1), key=side, default=0)


def _margins(frame: QWidget) -> QMargins:
    layout = frame.layout()
    return QMargins() if layout is None else layout.contentsMargins()


def _parts(length: int, count: int, shares: Sequence[float]) -> list[tuple[int, int]]:
    """From where to where each of `count` parts reaches, gaps between them."""
    if not count:
        return []
    shares = shares if len(shares) == count else (1.0,) * count
    room = max(0, length - GAP * (count - 1)) / sum(shares)
    ends = [round(room * end) for end in (0.0, *accumulate(shares))]
    return [(a + GAP * k, b + GAP * k) for k, (a, b) in enumerate(pairwise(ends))]
