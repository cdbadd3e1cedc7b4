"""Three guided experiments, in a bar above the page: a click does them, a sentence says what to
look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QToolButton


@dataclass(frozen=True)
class Guide:
    """An experiment: the large card, the preset that is trained, the setting that is gone to."""

    title: str
    look: str
    preset: str = ""
    card: str = "Eigenvalues"
    setting: str = ""


GUIDES = (
    Guide(
        "Make it stiff",
        "RES trains without a penalty: watch the mean radius in the headline grow, and eigenvalues "
        "leave the shaded region, where explicit Euler damps.",
        preset="alpine02",
    ),
    Guide(
        "Penalise it",
        "RES stiff trains with a penalty on the spectral radius: compare Stiffness with the run "
        "before, and change Weight in Regularizer while it trains.",
        preset="alpine02-stiff",
        setting="regularizer.weight",
    ),
    Guide(
        "Against its own ODE",
        "Dots are the layers of the network, broad lines the ODE that they discretise: where they "
        "part, the step a is too large for these eigenvalues. ⤢ on Eigenvalues "
        "brings the plane back.",
        card="Trajectories",
    ),
)
WELCOME = (
    "Two finished runs of Alpine02, without and with the stiffness penalty: the timeline plays how "
    "they learned. Run trains your own; or begin with a guided experiment."
)
FIRST = "First machine code is made, once: the timeline says how far it is."
WAITS = "It trains a run of its own: stop the present training first, or let it end."
BESIDE = 2  # lines that a sentence has beside the buttons; a longer one stands below them


class GuideBar(QFrame):
    """Calls `do(guide)` when one is chosen."""

    def __init__(self, do: Callable[[Guide], object], guides: Sequence[Guide] = GUIDES) -> None:
        super().__init__()
        self.setObjectName("card")
        self._do = do
        self.title = QLabel("Guided experiments")
        self.title.setObjectName("cardTitle")
        self.buttons = [QPushButton(guide.title) for guide in guides]
        for guide, button in zip(guides, self.buttons, strict=True):
            button.setObjectName("quiet")
            button.setToolTip(guide.look)
            button.clicked.connect(lambda _=False, guide=guide: self._chosen(guide))
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setObjectName("cardNote")
        self.close_button = QToolButton()
        self.close_button.setObjectName("moreButton")
        self.close_button.setText("×")
        self.close_button.setAccessibleName("Close the guided experiments")
        self.close_button.setToolTip("Close; Help > Guided experiments brings them back")
        self.close_button.clicked.connect(self.hide)
        layout = self._grid = QGridLayout(self)
        layout.setContentsMargins(10, 4, 6, 4)
        first = [self.title, *self.buttons]
        for column, widget in enumerate(first):
            layout.addWidget(widget, 0, column)
        self._column = len(first)
        layout.addWidget(self.text, 0, self._column)
        layout.addWidget(self.close_button, 0, self._column + 1, Qt.AlignmentFlag.AlignTop)
        layout.setColumnStretch(self._column, 1)
        self._below = False
        self.hide()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        """Larger text needs another place."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._arrange()
        return done

    def _arrange(self) -> None:
        """The sentence beside the buttons or below them, the title where it has room."""
        margins, gap = self._grid.contentsMargins(), self._grid.horizontalSpacing()
        room = self.width() - margins.left() - margins.right()
        row = [*self.buttons, self.close_button]
        room -= sum(widget.sizeHint().width() + gap for widget in row)
        title = self.title.sizeHint().width() + gap
        self.title.setVisible(title <= room)
        beside = room - title
        high = BESIDE * self.text.fontMetrics().lineSpacing()
        below = beside <= 0 or self.text.heightForWidth(beside) > high
        if below != self._below:
            self._below = below
            self._grid.removeWidget(self.text)
            place = (1, 0, 1, self._column + 2) if below else (0, self._column, 1, 1)
            self._grid.addWidget(self.text, *place)

    def begin(self, words: str = "") -> None:
        """Show the bar."""
        self.say(words)
        self.show()

    def set_training(self, training: bool) -> None:
        """An experiment that trains waits for the present training."""
        for guide, button in zip(GUIDES, self.buttons, strict=True):
            waits = training and bool(guide.preset)
            button.setEnabled(not waits)
            button.setToolTip(WAITS if waits else guide.look)

    def _chosen(self, guide: Guide) -> None:
        self.say(guide.look)
        self._do(guide)

    def say(self, words: str) -> None:
        """The sentence beside or below the buttons."""
        self.text.setText(words)
        self._arrange()
