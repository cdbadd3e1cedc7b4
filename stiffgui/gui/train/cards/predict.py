"""Predict: a row set by hand, the response along each input, and every output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QWidget,
)

from stiffgui.errors import InputError
from stiffgui.figures.picture import Picture
from stiffgui.figures.sensitivity import MEASURES, Sensitivity
from stiffgui.figures.slices import Slices
from stiffgui.gui.plots.axes import grouped
from stiffgui.gui.plots.figure_card import FigureCard, offer
from stiffgui.gui.saving import pasted
from stiffgui.gui.train.cards.outputs_table import OutputsTable
from stiffgui.gui.train.cards.profile import ProfileView
from stiffgui.gui.train.pasted_row import row_of
from stiffgui.session.predictions import Predicted

QWIDGETSIZE_MAX = (1 << 24) - 1  # Qt's
TABLE_SHARE = 0.42  # of the width, for the outputs beside the form
LOW = 18  # lines of text in a card that has no room for a form
WIDE = 720  # pixels from which the outputs stand beside the form
PROMISE = (
    "What all trials predict together at a row that you set: the response along every input, and "
    "every output with its spread and R²."
)
SHORT = {"total": "Sobol total", "first": "Sobol first", "gradient": "mean slopes"}
ENLARGE = "⤢ for sliders, pasted rows and tables."
RESPONSE = ""  # instead of a measure of sensitivity


class PredictCard(FigureCard):
    """A form, with what it leads to. `values` are those of inputs that a person has set; the others
    stay at their medians. Emits `table_asked` for the rows of a file, `refused(sentence)`
    for what cannot be pasted."""

    table_asked = Signal()
    refused = Signal(str)

    def __init__(self) -> None:
        self.profile = ProfileView()
        super().__init__(Slices(), "Predict", PROMISE, self.profile)
        self.values: dict[str, float] = {}
        self.found: Predicted | None = None
        self.output = self._chooser("Output of Predict", "The output whose response is seen")
        self.what = self._chooser("What Predict shows", "The response, or which inputs matter")
        self.network = self._chooser("Networks of Predict", "At which epoch")
        shrinks = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.output.setSizeAdjustPolicy(shrinks)
        self.output.setMinimumContentsLength(4)
        self.output.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        offer(self.network, [("this epoch", False), ("best epoch", True)])
        measures = [(text, name) for name, text in SHORT.items()]
        offer(self.what, [("response", RESPONSE), *measures])
        for place, (_, line) in enumerate(MEASURES.items()):
            self.what.setItemData(place + 1, line, Qt.ItemDataRole.ToolTipRole)
        self.outputs, self.message, self._words = OutputsTable(), QLabel(), ""
        self.outputs.chosen.connect(self._choose_output)
        self.message.setObjectName("cardNote")
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.body.removeWidget(self.profile)
        self.add(_row(self.output, self.what, self.network), 0)
        self.buttons = _row(
            self._button("&Paste row", "A row from the clipboard (Ctrl+V in a field)", self.paste),
            self._button(
                "&Open table…", "Predict the rows of a file into a CSV file", self.table_asked.emit
            ),
            self._button("&Medians", "Every input back to its median", self.reset),
        )
        self.add(self.buttons, 0)
        self.split.addWidget(self.profile)
        self.split.addWidget(self.outputs)
        self.split.setStretchFactor(0, 1)
        self.add(self.split)
        self.add(self.message, 0)
        self.profile.chosen.connect(self._set_value)
        self.profile.pasted.connect(self.paste)

    def _chooser(self, name: str, tip: str) -> QComboBox:
        chooser = QComboBox()
        chooser.setAccessibleName(name)
        chooser.setToolTip(tip)
        chooser.currentIndexChanged.connect(lambda _: self._chosen())
        return chooser

    def _button(self, text: str, tip: str, call: Any) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName("quiet")
        button.setToolTip(tip)
        button.clicked.connect(lambda: call())
        return button

    # ------------------------------------------------------------------ settings

    @property
    def is_moving(self) -> bool:
        """Whether a slider is held."""
        return any(block.slider.isSliderDown() for block in self.profile.blocks)

    @property
    def slices(self) -> Slices:
        """The row, and the networks, as slices."""
        shared = {"epoch": self.settings.epoch, "best": self.settings.best}  # type: ignore[attr-defined]
        output = self.settings.output or 0  # type: ignore[attr-defined]
        return Slices(at=self.values, output=output, **shared)

    @property
    def sensitivity(self) -> Sensitivity | None:
        """The sensitivity that is shown, if it is."""
        return self.settings if isinstance(self.settings, Sensitivity) else None

    def place(self, **where: Any) -> None:
        """Take over the epoch: all trials are seen."""
        super().place(epoch=where.get("epoch"))

    def _chosen(self) -> None:
        """Another output, picture or network has been chosen."""
        measure, before = self.what.currentData(), self.settings
        shared = {"epoch": before.epoch, "best": bool(self.network.currentData())}  # type: ignore[attr-defined]
        output = self.output.currentData()
        if measure:
            self.settings = Sensitivity(measure=measure, output=output, **shared)
        else:
            self.settings = Slices(at=self.values, output=output or 0, **shared)
        if self.settings != before:
            if self.found is not None:
                self._offer_outputs(self.found)
            self.changed.emit()

    def _choose_output(self, output: int) -> None:
        self.output.setCurrentIndex(self.output.findData(output))

    def _offer_outputs(self, found: Predicted) -> None:
        every = [(output.name, k) for k, output in enumerate(found.outputs)]
        several = self.sensitivity is not None and len(every) > 1
        offer(self.output, [*([("all outputs", None)] if several else []), *every])

    # ------------------------------------------------------------------- the row

    def _set_value(self, name: str, value: float) -> None:
        self.set_values({name: value})

    def set_values(self, values: Mapping[str, float]) -> None:
        """Set inputs; the others stay where they are."""
        self.values = {**self.values, **values}
        self._show_form()
        self.settings = self.settings if self.sensitivity else self.slices
        self.changed.emit()

    def reset(self) -> None:
        """Every input back to its median."""
        self.values = {}
        self.set_values({})

    def paste(self) -> None:
        """A row from the clipboard."""
        names = [] if self.found is None else list(self.found.row)
        try:
            values, left_out = row_of(pasted(), names)
        except InputError as error:
            self.refused.emit(str(error))
            return
        self.set_values(values)
        if left_out:
            self.refused.emit(left_out)

    # ------------------------------------------------------------------- showing

    def show_predicted(self, found: Predicted) -> None:
        """Draw an answer."""
        others = self.found is None or list(self.found.row) != list(found.row)
        self.found = found
        if others:
            self.values = {n: v for n, v in self.values.items() if n in found.row}
        with QSignalBlocker(self.output):
            self._offer_outputs(found)
        is_form = self.sensitivity is None
        if isinstance(found.picture, Picture):
            self.profile.prepare(len(found.picture.panels))
            self._show_form()
            self.show_picture(found.picture)
        else:
            self.profile.dim(found.picture)
        self.outputs.show_outputs(found.outputs, self.slices.output)
        note = found.picture.note if isinstance(found.picture, Picture) else found.picture
        words = "; ".join(found.said) if is_form else note
        self._words = f"{words[:1].upper()}{words[1:]}."
        self.say(f"epoch {grouped(found.epoch)}")
        self._arrange()

    def _show_form(self) -> None:
        found = self.found
        if found is None or self.sensitivity is not None:
            self.profile.show_form({}, {})
        else:
            self.profile.show_form(found.row | self.values, found.ends)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The outputs beside the form where there is room; alone in a low card."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        if self.found is None:
            return
        is_form, low = self.sensitivity is None, self.height() < LOW * self.fontMetrics().height()
        self.outputs.setVisible(is_form)
        self.buttons.setVisible(is_form and not low)
        self.message.setVisible(is_form or not low)
        self.message.setText(ENLARGE if low else self._words)
        self.profile.setVisible(not (is_form and low))
        wide, outputs = self.width() >= WIDE, self.outputs
        way = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        outputs.setMaximumHeight(QWIDGETSIZE_MAX if wide else outputs.sizeHint().height())
        outputs.setMinimumWidth(int(TABLE_SHARE * self.width()) if wide else 0)
        if way != self.split.orientation():
            self.split.setOrientation(way)


def _row(*widgets: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    for widget in widgets:
        layout.addWidget(widget)
    return row
