"""The form of the Predict card: a block for each input with its response, a field and a slider."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QObject, QRect, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSlider, QWidget

from stiffgui.figures.picture import Panel, Picture
from stiffgui.gui.editors import NumberEditor, scroll_past
from stiffgui.gui.plots.elided import Elided
from stiffgui.gui.plots.panel_grid import GAP, LEAST, PanelGrid
from stiffgui.gui.plots.picture_view import PanelFrame, PictureView
from stiffgui.settings import Spec

STEPS = 200  # of a slider
BLOCK = QSize(170, 136)  # pixels that a block needs
MOST_COLUMNS = 6
LINE = 15  # pixels of a row with a name, in a picture that is not a form
FIELD_WIDTH = 74


class Block(PanelFrame):
    """A panel; as one of a form with the name of its input, a field and a slider.

    `chosen(value)` when a person has chosen one, `pasted` when more than a number is pasted.
    """

    chosen = Signal(float)
    pasted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.input = ""
        self.ends = (0.0, 1.0)
        self._value = 0.0
        self._begun = False  # what is typed is no number yet, as 1e of 1e-3
        self.head, self.name = QWidget(), Elided()
        self.field = NumberEditor(Spec("", "", "", "", "number", 0.0))
        self.field.setFixedWidth(FIELD_WIDTH)
        self.field.edited.connect(self._typed)
        self.field.line.editingFinished.connect(self._left)
        self.field.control.installEventFilter(self)
        across = QHBoxLayout(self.head)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(self.name, 1)
        across.addWidget(self.field)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, STEPS)
        self.slider.setPageStep(STEPS // 10)
        scroll_past(self.slider)
        self.slider.valueChanged.connect(self._slid)
        self.below = QWidget()  # the slider, under the axis
        self._beside = QHBoxLayout(self.below)
        self._beside.addWidget(self.slider)
        layout = self.layout()
        assert layout is not None
        layout.insertWidget(0, self.head)  # type: ignore[attr-defined]
        layout.addWidget(self.below)
        self.show_input("", 0.0, (0.0, 1.0))

    def show_input(self, name: str, value: float, ends: tuple[float, float]) -> None:
        """Show an input's value; without a name no form."""
        for part in (self.head, self.below):
            part.setVisible(bool(name))
        plot = self.view
        plot.setFocusPolicy(Qt.FocusPolicy.ClickFocus if name else Qt.FocusPolicy.StrongFocus)
        low, high = self.ends = ends
        if name != self.input:
            self.input = name
            self.field.control.setAccessibleName(f"{name}, value")
            self.slider.setAccessibleName(f"{name}, slider")
        outside = not low <= value <= high
        where = f"{name}, outside of" if outside else f"{name}:"
        tip = f"{where} the training rows' range, {low:.6g} to {high:.6g}."
        self.name.setText(f"⚠ {name}" if outside else name)
        for part in (self.name, self.field.control, self.slider):
            part.setToolTip(tip)
        self.field.control.setAccessibleDescription(tip)
        if bool(self.name.property("problem")) != outside:
            self.name.setProperty("problem", outside)
            self.name.style().unpolish(self.name)
            self.name.style().polish(self.name)
        self._value = value
        self.field.set_invalid(self._begun)
        if self.field.parse(self.field.line.text()) != value and not self._begun:
            self.field.show_value(float(f"{value:.6g}"))
        with QSignalBlocker(self.slider):
            self.slider.setEnabled(high > low)
            if not self.slider.isSliderDown():
                self.slider.setValue(round(STEPS * (value - low) / ((high - low) or 1.0)))

    def level(self) -> None:
        """Let the slider stand under the plot, not under its numbers."""
        area = self.view.box.sceneBoundingRect()
        left, right = round(area.left()) - 6, self.view.width() - round(area.right()) - 6
        self._beside.setContentsMargins(max(0, left), 0, max(0, right), 0)

    def _typed(self, value: object) -> None:
        good = isinstance(value, float) and bool(np.isfinite(value))
        self._begun = not good
        self.field.set_invalid(not good)
        if good:
            self.chosen.emit(value)

    def _left(self) -> None:
        """What is no number does not stay."""
        if self._begun:
            self._begun = False
            self.show_input(self.input, self._value, self.ends)

    def _slid(self, at: int) -> None:
        low, high = self.ends
        value = float(f"{low + (high - low) * at / STEPS:.6g}")
        self._begun = False
        self.field.line.setModified(False)
        self.field.show_value(value)
        self.chosen.emit(value)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """More than a number in the clipboard is a row for the form."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            text = QGuiApplication.clipboard().text().strip()
            if event.matches(QKeySequence.StandardKey.Paste) and any(c in text for c in "\t\n;, "):
                self.pasted.emit()
                return True
        return super().eventFilter(watched, event)


class _FormGrid(PanelGrid):
    """Blocks in columns that are wide enough; a picture that does not flow as it is. Emits
    `placed` when they have other places."""

    placed = Signal()

    def arrange(self, picture: Picture, frames: list[PanelFrame]) -> None:  # type: ignore[override]
        super().arrange(picture, frames)
        self._claim()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._claim()
        super().resizeEvent(event)
        self.placed.emit()

    def _claim(self) -> None:
        """So much height that everything can be read: the rest is scrolled to."""
        picture = self._picture
        count = len(picture.panels)
        scale = self.fontMetrics().height() / 15
        if picture.flows:
            rows = -(-count // max(self._best_columns(count), 1))
            least = round(rows * (BLOCK.height() * scale + GAP))
        else:
            names = max((len(panel.y.ticks) for panel in picture.panels), default=0)
            least = round(names * LINE * scale) + 2 * LEAST
        self.setMinimumSize(0, least)

    def _best_columns(self, count: int) -> int:
        return max(1, min(count, MOST_COLUMNS, self.width() // BLOCK.width()))


class ProfileView(PictureView):
    """A form of blocks that is scrolled, each with the response to its input; what is out of sight
    is drawn when it comes into sight. `chosen(input, value)` when a person has chosen a value;
    `pasted` when a row is pasted."""

    chosen = Signal(str, float)
    pasted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._late: dict[int, Panel] = {}
        grid = self._grid
        assert isinstance(grid, _FormGrid)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = self.layout()
        assert layout is not None
        layout.replaceWidget(grid, self.area)
        self.area.setWidget(grid)
        self.area.verticalScrollBar().valueChanged.connect(self._draw_late)
        grid.placed.connect(self._draw_late)
        self.clicked.connect(self._clicked)

    def make_grid(self) -> PanelGrid:
        """Blocks that are scrolled."""
        return _FormGrid()

    def make_frame(self) -> PanelFrame:
        """A block of the form."""
        block = Block(self._grid)
        block.chosen.connect(lambda value: self.chosen.emit(block.input, value))
        block.pasted.connect(self.pasted)
        return block

    @property
    def blocks(self) -> list[Block]:
        """Those of inputs, in their order."""
        return [f for f in self.frames[: len(self.views)] if isinstance(f, Block) and f.input]

    def show_form(self, row: dict[str, float], ends: dict[str, tuple[float, float]]) -> None:
        """Values and ranges of the inputs; none for a picture without a form."""
        named = [*row.items()]
        for place, frame in enumerate(self.frames):
            if isinstance(frame, Block):
                name, value = named[place] if place < len(named) else ("", 0.0)
                frame.show_input(name, value, ends.get(name, (0.0, 1.0)))

    def show_frames(self, panels: tuple[Panel, ...], own_legend: bool) -> None:
        """Draw the blocks in sight, the others later."""
        self._own_legend = own_legend
        self._grid.arrange(self.picture or Picture(rows=()), self.frames)
        self._late = dict(enumerate(panels))
        self._draw_late()

    def _draw_late(self) -> None:
        sight = QRect(0, self.area.verticalScrollBar().value(), 1 << 20, self.area.height())
        for place in list(self._late):
            frame = self.frames[place]
            if frame.geometry().intersects(sight):
                frame.show_panel(self._late.pop(place), self._theme, self._own_legend)
                if isinstance(frame, Block) and frame.input:
                    frame.level()

    def _clicked(self, panel: int, x: float, _: float) -> None:
        block = self.frames[panel]
        if isinstance(block, Block) and block.input:
            self.chosen.emit(block.input, float(f"{x:.4g}"))
