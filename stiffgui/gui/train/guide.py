"""Three guided experiments, in a bar above the page: a click does them, a sentence says what to
look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton


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


class GuideBar(QFrame):
    """Calls `do(guide)` when one is chosen."""

    def __init__(self, do: Callable[[Guide], object], guides: Sequence[Guide] = GUIDES) -> None:
        super().__init__()
        self.setObjectName("card")
        self._do = do
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 4, 6, 4)
        title = QLabel("Guided experiments")
        title.setObjectName("cardTitle")
        layout.addWidget(title)
        self.buttons = [QPushButton(guide.title) for guide in guides]
        for guide, button in zip(guides, self.buttons, strict=True):
            button.setObjectName("quiet")
            button.setToolTip(guide.look)
            button.clicked.connect(lambda _=False, guide=guide: self._chosen(guide))
            layout.addWidget(button)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setMinimumWidth(180)
        self.text.setObjectName("cardNote")
        layout.addWidget(self.text, 1)
        close = QToolButton()
        close.setObjectName("moreButton")
        close.setText("×")
        close.setAccessibleName("Close the guided experiments")
        close.setToolTip("Close; Help > Guided experiments brings them back")
        close.clicked.connect(self.hide)
        layout.addWidget(close)
        self.hide()

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
        """The sentence beside the buttons."""
        self.text.setText(words)
