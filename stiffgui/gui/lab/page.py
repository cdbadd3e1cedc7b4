"""One page of the laboratory: formulas, controls and exercises left; the picture with what it tells
right."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from stiffgui.figures import figure
from stiffgui.figures.numerals import minus, unbroken
from stiffgui.gui.export.offers import Offer
from stiffgui.gui.lab.controls import Controls
from stiffgui.gui.lab.lesson import Exercises, Formulas
from stiffgui.gui.plots.card import COMPUTING
from stiffgui.gui.plots.figure_card import FigureCard
from stiffgui.gui.theme import Theme
from stiffgui.labs import Page, Result
from stiffgui.session.sources import PageSource

CONTROLS_WIDTH = 300


class PageCard(FigureCard):
    """The picture of a page, which nobody has to ask for."""

    def expect(self, sentence: str = "") -> None:
        """Say what will be seen, and what it waits for."""
        super().expect(sentence)


class LabPage(QWidget):
    """A page with its settings and its last result.

    Emits `wanted(page)` when it has to be computed, `cancelled` when it should not any longer, and
    passes on what the menu of its card asks for.
    """

    wanted = Signal(object)
    cancelled = Signal()

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.name = page.name()
        self.result: Result | None = None
        self._asked: Page | None = None  # what the next result belongs to
        self._drawn: Page | None = None  # what the result belongs to
        self.controls = Controls(page)
        self.formulas = Formulas(page.formulas)
        self.exercises = Exercises(page)
        self.exercises.chosen.connect(lambda exercise: self.controls.try_this(exercise.changes))
        self.card = PageCard(figure(self.name, "page"), page.title())
        self.sentences = QLabel()
        self.sentences.setWordWrap(True)
        self.sentences.hide()
        self.sentences.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.problem = QLabel()
        self.problem.setProperty("problem", "true")
        self.problem.setWordWrap(True)
        self.problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.problem.hide()
        self.see = QLabel()
        self.see.setObjectName("see")
        self.see.setWordWrap(True)
        self.see.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.see.hide()
        self.card.body.insertWidget(1, self.see)
        self.card.body.insertWidget(2, self.sentences)
        self.card.body.insertWidget(3, self.problem)
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        box.addWidget(self._panel(page))
        box.addWidget(self.card, 1)
        self.controls.changed.connect(self.wanted)

    def _panel(self, page: Page) -> QFrame:
        panel = QFrame()
        panel.setObjectName("card")
        panel.setFixedWidth(CONTROLS_WIDTH)
        told = QLabel(page.about())
        told.setObjectName("cardNote")
        told.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setObjectName("thin")
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(4)
        self.bar.setAccessibleName("Progress of the page")
        self.stop = QPushButton("&Cancel")
        self.stop.setObjectName("quiet")
        self.stop.setToolTip("Stop computing this page; what is there stays")
        self.stop.clicked.connect(self._cancel)
        self.status = QLabel()
        self.status.setObjectName("cardNote")
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, 0, 4, 0)
        inside.setSpacing(8)
        for part in (told, self.formulas, self.controls, self.exercises):
            inside.addWidget(part)
        sources = QLabel("\n".join(("Sources:", *page.sources)))
        sources.setObjectName("cardNote")
        sources.setWordWrap(True)
        inside.addWidget(sources)
        inside.addStretch(1)
        scroll.setWidget(content)
        layout = QVBoxLayout(panel)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(8)
        layout.addWidget(scroll, 1)
        layout.addWidget(self.bar)
        row = QHBoxLayout()
        row.addWidget(self.status, 1)
        row.addWidget(self.stop)
        layout.addLayout(row)
        self.show_progress(None)
        return panel

    @property
    def page(self) -> Page:
        """The settings as they are."""
        return self.controls.page

    @property
    def is_complete(self) -> bool:
        """Whether the picture is that of the present settings, to the last number."""
        done = self.result is not None and self.result.progress >= 1
        return done and self._drawn == self.page

    def show_progress(self, share: float | None, word: str = "") -> None:
        """How far the computation is; None when nothing is computed."""
        running = share is not None
        self.card.expect(COMPUTING if running else "")
        self.bar.setEnabled(running)
        self.bar.setValue(round(1000 * (share or 0.0)))
        self.stop.setEnabled(running)
        self.status.setText(word or (f"{100 * (share or 0):.0f} %" if running else ""))

    def show_result(self, result: Result) -> None:
        """Draw a result, on the way or complete."""
        self.result, self._drawn = result, self._asked
        self.sentences.show()
        self.card.show_picture(self.card.settings.picture(result))
        self.sentences.setText(unbroken(minus("\n".join(result.sentences()))))
        self._show_exercise()
        self.tell(result.problem)
        done = result.progress >= 1
        self.show_progress(None if done else result.progress)

    def _show_exercise(self) -> None:
        """What is to be seen of an exercise, as long as the picture is that exercise's."""
        tried = self.exercises.show_page(self.page)
        self.see.setText(tried.see if tried is not None else "")
        self.see.setVisible(tried is not None and self.is_complete)

    def tell(self, sentence: str) -> None:
        """What could not be computed; the picture shows the rest."""
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def fail(self, sentence: str) -> None:
        """The page has no result for these settings."""
        self.tell(sentence)
        self.show_progress(None)

    def begin(self) -> None:
        """The page is being computed as it is set now."""
        self._asked = self.page
        self._show_exercise()
        self.show_progress(0.0)

    def _cancel(self) -> None:
        self.show_progress(None, "cancelled")
        self.cancelled.emit()

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self.card.set_theme(theme)
        self.formulas.set_theme(theme)

    @property
    def offer(self) -> Offer | None:
        """What can be exported of the page: the result that is seen, complete or not."""
        if self.result is None or self._drawn is None:
            return None
        part = "" if self.result.progress >= 1 else f", at {self.result.progress:.0%}"
        return Offer(
            name=self.name,
            title=f"{self.page.title()}{part}",
            source=PageSource(self._drawn, self.result),
            shown=self.card.figure,
            picture=self.card.picture,
        )
