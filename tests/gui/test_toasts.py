"""Messages over the page: how long they stay, where they lie, and how they are reached."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QEvent, QPointF, QRect, Qt
from PySide6.QtGui import QEnterEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from stiffgui.gui import toasts as toasts_module
from stiffgui.gui.saving import MOST_PASTED
from stiffgui.gui.window import MainWindow


def place(window: MainWindow, widget: QWidget) -> QRect:
    return QRect(widget.mapTo(window, widget.rect().topLeft()), widget.size())


def test_messages_push_nothing_aside_and_hide_no_button_of_the_bar(
    window: MainWindow, qtbot: QtBot
) -> None:
    page = window.train
    window.toasts.clear("Train")
    before = page.geometry()
    for number in range(5):
        page.say(f"{number}: a sentence about /a/rather/long/path/to/a/file.stiff, and more words")
    shown = window.toasts.all
    assert page.geometry() == before and [t.sentence[0] for t in shown] == ["2", "3", "4"]
    bar = [b for b in window.findChildren(QToolButton) if b.objectName() in ("run", "stop")]
    for width in (1280, 900):
        window.resize(width, 700)
        qtbot.wait(50)
        around = place(window, window.toasts)
        assert window.rect().contains(around)
        assert not any(around.intersects(place(window, button)) for button in bar)
    assert not any(a.geometry().intersects(b.geometry()) for a, b in pairwise(shown))
    page.say(shown[0].sentence)
    assert len(window.toasts.all) == 3  # the same is not said twice


def test_a_sentence_that_nobody_would_read_to_its_end_is_cut(
    window: MainWindow, qtbot: QtBot
) -> None:
    QGuiApplication.clipboard().setText("a" * MOST_PASTED)
    window.acts["paste_settings"].trigger()
    [toast] = window.toasts.all[-1:]
    assert toast.height() < window.height() / 2 and toast.accessibleName() == toast.shown
    assert toast.shown.startswith("there is no preset 'aaa") and toast.shown.endswith("…")
    toast.more.click()
    assert toast.details.toPlainText() == toast.sentence
    assert toast.sentence.endswith("give a .toml file.")


def test_plain_information_goes_by_itself_and_a_fault_stays(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toasts_module, "SECONDS", 0.3)
    toasts = window.toasts
    toasts.clear("Train")
    window.train.say("It failed.", "a traceback")
    window.train.noted.emit("Saved a file.")
    fault, saved = toasts.all
    QApplication.sendEvent(saved, QEnterEvent(QPointF(), QPointF(), QPointF()))
    qtbot.wait(500)
    assert toasts.all == [fault, saved]  # while the pointer is over it
    QApplication.sendEvent(saved, QEvent(QEvent.Type.Leave))
    qtbot.waitUntil(lambda: toasts.all == [fault])
    assert not fault.details.isVisible()
    fault.more.click()
    assert fault.details.isVisible() and toasts.height() > fault.details.height()
    fault.copy.click()
    assert QGuiApplication.clipboard().text() == "a traceback"


def test_a_message_is_reached_and_closed_by_keys(window: MainWindow, qtbot: QtBot) -> None:
    toasts, pressed = window.toasts, []
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.train.said.emit("Go on?", "", ("Yes", lambda: pressed.append(1)))
    window.keyboard.give_back()
    toast = toasts.all[-1]

    def reached() -> bool:
        """Without a window manager an active window may be so no longer: it is pressed again."""
        if not toast.hasFocus():
            window.activateWindow()
            QTest.keyClick(window, Qt.Key.Key_F6)
        return toast.hasFocus()

    qtbot.waitUntil(reached, timeout=60_000)
    assert toasts.all[-1].accessibleName() == "Go on?"
    QTest.keyClick(toasts.all[-1], Qt.Key.Key_Tab)
    while QApplication.focusWidget() is not toasts.all[-1].offer:
        assert toasts.isAncestorOf(QApplication.focusWidget())
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert pressed == [1] and QApplication.focusWidget() is window.train.main_view()
    window.train.say("Wrong.")
    QTest.keyClick(window, Qt.Key.Key_F6)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert "Wrong." not in [toast.sentence for toast in toasts.all]


def test_escape_closes_what_covers_a_card_and_what_was_read_goes(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    toasts = window.toasts
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    toasts.clear("Train")
    window.train.say("It failed.", "a traceback")
    window.train.said.emit("Go on?", "", ("Yes", lambda: None))
    window.train.noted.emit("Saved a file.")
    window.keyboard.give_back()
    for left in (["It failed.", "Saved a file."], ["Saved a file."], ["Saved a file."]):
        QTest.keyClick(window.train.main_view(), Qt.Key.Key_Escape)
        assert [toast.sentence for toast in toasts.all] == left
    monkeypatch.setattr(toasts_module, "LONGER_SECONDS", 0.1)
    window.train.say("Wrong.")
    assert toasts.text() == "Wrong."
    qtbot.waitUntil(lambda: toasts.text() == "Saved a file.")


def test_a_message_stays_with_its_workspace(window: MainWindow) -> None:
    toasts = window.toasts
    toasts.clear("Train")
    window.train.say("Of Train.")
    window.show_place("Lab")
    assert not toasts.isVisible()
    window.train.say("Said from behind.")
    assert toasts.isVisible() and toasts.all[0].isHidden()
    window.show_place("Train")
    assert all(toast.isVisible() for toast in toasts.all)
    for toast in list(toasts.all):
        toast.closed.emit()
    assert not toasts.isVisible() and toasts.text() == ""
