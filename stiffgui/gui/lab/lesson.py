"""What a page teaches beside its picture: formulas, and things to try."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from stiffgui.gui.theme import Theme
from stiffgui.labs import Page
from stiffgui.labs.page import Exercise

GAP = 6  # pixels between formulas
PIXELS = 4 / 3  # of a point


class Formulas(QWidget):
    """Formulas below one another, in the colour of text; smaller where one is too wide."""

    def __init__(self, formulas: Sequence[str]) -> None:
        super().__init__()
        self._images: tuple[str, ...] = ()
        self._renderers: list[QSvgRenderer] = []
        self._colour, self._scale = "black", 1.0
        self.setAccessibleName("Formulas of the page")
        self.setVisible(bool(formulas))

    def show_images(self, images: Sequence[str]) -> None:
        """Show SVG images whose colour is `currentColor`."""
        self._images = tuple(images)
        self._draw()

    def set_theme(self, theme: Theme) -> None:
        """Take over the colour and the size of text."""
        self._colour, self._scale = theme.text, theme.text_scale
        self._draw()

    def _draw(self) -> None:
        coloured = [image.replace("currentColor", self._colour) for image in self._images]
        self._renderers = [QSvgRenderer(image.encode()) for image in coloured]
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        sizes = [renderer.viewBoxF().size() * self._scale * PIXELS for renderer in self._renderers]
        width = max((size.width() for size in sizes), default=0.0)
        return QSize(round(width), round(sum(size.height() + GAP for size in sizes)))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, _: QPaintEvent) -> None:
        painter, top = QPainter(self), 0.0
        scale = self._scale * PIXELS * min(1.0, self.width() / max(1, self.sizeHint().width()))
        for renderer in self._renderers:
            size = renderer.viewBoxF().size() * scale
            renderer.render(painter, QRectF(0, top, size.width(), size.height()))
            top += size.height() + GAP


class Exercises(QWidget):
    """A button for each thing to try; `chosen(exercise)` when one is pressed."""

    chosen = Signal(object)

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.buttons: list[QPushButton] = []
        self._page = page
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        heading = QLabel("Try this")
        heading.setObjectName("cardTitle")
        layout.addWidget(heading)
        for exercise in page.exercises:
            button = QPushButton(exercise.title)
            button.setObjectName("exercise")
            button.setCheckable(True)
            changes = ", ".join(f"{key} = {value}" for key, value in exercise.changes.items())
            button.setToolTip(f"Sets {changes}, all else as usual")
            button.clicked.connect(lambda _=False, e=exercise: self.chosen.emit(e))
            layout.addWidget(button)
            self.buttons.append(button)
        self.setVisible(bool(self.buttons))

    def show_page(self, page: Page) -> Exercise | None:
        """Mark the exercise whose settings the page has, and return it."""
        found = None
        for exercise, button in zip(page.exercises, self.buttons, strict=True):
            fits = page == self._page.with_settings(exercise.changes)
            button.setChecked(fits)
            found = exercise if fits else found
        return found
