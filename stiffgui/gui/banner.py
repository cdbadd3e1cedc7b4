"""A message in place, above the plots: a sentence, maybe a way on, details that fold open."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout


class Banner(QFrame):
    """Hidden until something is said; closed with its cross."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("banner")
        self._sentence = QLabel("")
        self._sentence.setWordWrap(True)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._details = QLabel("")
        self._details.setObjectName("bannerDetails")
        self._details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._offer, self._more = QPushButton(""), QPushButton("Details")
        self._more.setCheckable(True)
        self._more.toggled.connect(self._details.setVisible)
        self._offer.clicked.connect(self._accepted)
        away = QPushButton("✕")
        away.setFlat(True)
        away.setFixedWidth(28)
        away.setAccessibleName("Close this message")
        away.setToolTip("Close this message")
        away.clicked.connect(self.dismiss)
        row = QHBoxLayout()
        row.addWidget(self._sentence, 1)
        for button in (self._offer, self._more, away):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 4, 6, 4)
        layout.addLayout(row)
        layout.addWidget(self._details)
        self._call: Callable[[], object] | None = None
        self.open = False  # something was said, and not closed since
        self.hide()

    def text(self) -> str:
        """The sentence shown."""
        return self._sentence.text()

    def say(
        self,
        sentence: str,
        details: str = "",
        offer: tuple[str, Callable[[], object]] | None = None,
    ) -> None:
        """Show a sentence; `offer` is the text of a button and what it does."""
        self._sentence.setText(sentence)
        self._details.setText(details)
        self._details.hide()
        self._more.setChecked(False)
        self._more.setVisible(bool(details))
        text, self._call = offer if offer is not None else ("", None)
        self._offer.setText(text)
        self._offer.setVisible(offer is not None)
        self.open = True
        self.show()

    def dismiss(self) -> None:
        """Close the message."""
        self.open = False
        self.hide()

    def _accepted(self) -> None:
        self.dismiss()
        if self._call is not None:
            self._call()
