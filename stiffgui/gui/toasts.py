"""Messages over the page, which push nothing aside: a sentence, maybe a way on, details."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QEnterEvent,
    QFontDatabase,
    QGuiApplication,
    QKeyEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

MOST = 3  # at once
MOST_SHOWN = 600  # characters of a sentence; the whole of a longer one is among its details
WIDTH, MARGIN, DETAILS_HEIGHT = 380, 12, 150  # pixels
SECONDS = 6.0  # until plain information goes, counted anew when the pointer has left it
LONGER_SECONDS, LETTERS_A_SECOND = 12.0, 12  # until what is to be read goes, and has been read
Offer = tuple[str, Callable[[], object]]


class Toast(QFrame):
    """One message; `timer` runs where it goes by itself. Emits `closed` when it is to go, and
    `resized` when its details unfold."""

    closed = Signal()
    resized = Signal()

    def __init__(self, speaker: str, sentence: str, details: str, offer: Offer | None) -> None:
        super().__init__()
        self.setObjectName("toast")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.speaker, self.sentence = speaker, sentence
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._was_passing = False
        self.timer = QTimer(self, singleShot=True)
        self.timer.timeout.connect(self.closed)
        self.shown = sentence
        if len(sentence) > MOST_SHOWN:
            self.shown = f"{sentence[:MOST_SHOWN]} …"
            details = f"{sentence}\n\n{details}".rstrip()
        self.setAccessibleName(self.shown)
        label = QLabel(self.shown)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QPushButton("✕")
        close.setObjectName("toastClose")
        close.setFixedSize(24, 22)
        close.setAccessibleName("Close this message")
        close.setToolTip("Close this message (Esc)")
        close.clicked.connect(self.closed)
        head = QHBoxLayout()
        head.addWidget(label, 1)
        head.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 8)
        column.addLayout(head)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        self.offer = self._button(buttons, offer[0] if offer else "")
        self.more = self._button(buttons, "Details" if details else "")
        self.copy = self._button(buttons, "Copy")
        self.details = QPlainTextEdit(details)
        self.details.setReadOnly(True)
        self.details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.details.setFixedHeight(DETAILS_HEIGHT)
        self.details.setAccessibleName("Details of the message")
        column.addLayout(buttons)
        column.addWidget(self.details)
        self.offer.clicked.connect(self.closed)
        if offer is not None:
            self.offer.clicked.connect(lambda: offer[1]())
        self.more.setCheckable(True)
        self.more.toggled.connect(self._unfold)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(details))
        self._unfold(False)

    def _button(self, row: QHBoxLayout, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName("quiet")
        button.setVisible(bool(text))
        row.addWidget(button)
        return button

    def _unfold(self, on: bool) -> None:
        self.details.setVisible(on)
        self.copy.setVisible(on)
        self.resized.emit()

    @property
    def is_passing(self) -> bool:
        """Whether it goes by itself."""
        return self.timer.isActive()

    @property
    def is_brief(self) -> bool:
        """Whether it is plain information, which goes soon."""
        return self.is_passing and self.timer.interval() <= 1000 * SECONDS

    def enterEvent(self, event: QEnterEvent) -> None:
        """It waits while the pointer is over it."""
        self._was_passing = self.is_passing
        self.timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        if self._was_passing:
            self.timer.start()

    def event(self, event: QEvent) -> bool:
        """Escape closes it, and stops no training."""
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if escape and event.type() == QEvent.Type.KeyPress:
            self.closed.emit()
            return True
        return super().event(event)


class Toasts(QWidget):
    """The messages of the window, the newest below, at the top right of `page`.

    `speaker` is the workspace that says something: its messages are seen while it is shown.
    Emits `left` when one that had the focus is closed.
    """

    left = Signal()

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self.all: list[Toast] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.setFixedWidth(WIDTH)
        self.hide()
        page.installEventFilter(self)

    def text(self) -> str:
        """The newest sentence; empty where there is none."""
        return self.all[-1].sentence if self.all else ""

    def say(
        self, speaker: str, sentence: str, details: str = "", offer: Offer | None = None
    ) -> Toast:
        """Show a sentence for as long as it takes to be read, with details or an offer until it is
        closed; `offer`: text of a button and what it does."""
        for same in [toast for toast in self.all if toast.sentence == sentence]:
            self._close(same)
        toast = Toast(speaker, sentence, details, offer)
        toast.closed.connect(lambda: self._close(toast))
        toast.resized.connect(self._fit)
        if not details and offer is None:
            toast.timer.start(round(1000 * (LONGER_SECONDS + len(toast.shown) / LETTERS_A_SECOND)))
        self.all.append(toast)
        self._column.addWidget(toast)
        toast.show()
        while len(self.all) > MOST:  # what would have gone by itself goes first
            self._close(min(self.all, key=lambda each: not each.is_passing))
        self.show()
        self._fit()
        QAccessible.updateAccessibility(QAccessibleEvent(toast, QAccessible.Event.Alert))
        return toast

    def note(self, speaker: str, sentence: str) -> None:
        """Show plain information, which goes by itself."""
        self.say(speaker, sentence).timer.start(round(1000 * SECONDS))

    def clear(self, speaker: str) -> None:
        """What a workspace has said is over."""
        for toast in [toast for toast in self.all if toast.speaker == speaker]:
            self._close(toast)

    def show_those_of(self, speaker: str) -> None:
        """Show what the workspace that is seen now has said."""
        for toast in self.all:
            toast.setVisible(toast.speaker == speaker)
        self._fit()

    def escape(self) -> bool:
        """Close the newest message that does not go at once; whether there was one."""
        shown = [toast for toast in self.all if not (toast.isHidden() or toast.is_brief)]
        if shown:
            self._close(shown[-1])
        return bool(shown)

    def take_focus(self) -> None:
        """Let the newest message have the focus; Tab reaches its buttons."""
        shown = [toast for toast in self.all if not toast.isHidden()]
        if shown:
            shown[-1].setFocus(Qt.FocusReason.TabFocusReason)

    def _close(self, toast: Toast) -> None:
        if toast not in self.all:
            return
        focus = self.window().focusWidget()
        had_focus = focus is not None and (focus is toast or toast.isAncestorOf(focus))
        self.all.remove(toast)
        self._column.removeWidget(toast)
        toast.hide()
        toast.deleteLater()
        self._fit()
        if had_focus:
            self.left.emit()

    def _fit(self) -> None:
        """As high as its messages, in the corner of the page."""
        self.setVisible(any(not toast.isHidden() for toast in self.all))
        page = self.parentWidget()
        assert page is not None
        high = self._column.totalHeightForWidth(WIDTH)
        self.setGeometry(page.width() - WIDTH - MARGIN, MARGIN, WIDTH, max(high, 1))
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The page has another size, or other pages."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._fit()
        return False
