"""A narrow window: no button is lost, and nothing shifts."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot

from stiffgui.gui.train.cards.eigenvalues import EigenvaluesCard
from stiffgui.gui.window import MainWindow
from tests.longer import first


@pytest.mark.parametrize("place", ["Train", "Study"])
@pytest.mark.parametrize("width", first([480, 1000, 900]))
def test_no_button_of_the_bar_is_lost(
    window: MainWindow, qtbot: QtBot, width: int, place: str
) -> None:
    window.show_place(place)
    bar = window.current.bar
    assert bar is not None
    bar.setParent(None)  # the page may not be as narrow; the bar is
    bar.setFixedWidth(width - 220)
    bar.show()
    qtbot.wait(50)
    buttons = [b for b in bar.findChildren(QToolButton) if b is not bar.more]
    shown = [button for button in buttons if button.isVisible()]
    assert all(b.width() >= b.sizeHint().width() and b.geometry().right() < width for b in shown)
    names = [action.text() for action in bar.more.menu().actions()]
    assert names or width > 480
    assert len(shown) + len(names) == len(buttons) and bar.more.isVisible() == bool(names)
    bar.close()
    bar.deleteLater()


def test_the_toolbar_of_the_plane_folds(card: EigenvaluesCard, qtbot: QtBot) -> None:
    window, tools = card.window(), card.tools
    assert isinstance(window, MainWindow)

    def cut() -> list[QWidget]:
        there = [c for c in tools.controls if c.isVisible() and c is not tools.layout_]
        return [
            c
            for c in there
            if c.width() < c.sizeHint().width()
            or c.mapTo(card, QPoint(c.width(), 0)).x() > card.width()
        ]

    for width, height in ((1920, 1080), (900, 650)):
        window.resize(width, height)
        qtbot.waitUntil(lambda w=width: window.width() == w and not cut(), timeout=5000)
        assert window.height() == height
        assert card.view.height() > 0.4 * card.height()
    assert tools.pin.isVisible() and not tools.below.isVisible()
    tools.more.menu().popup(QPoint(0, 0))
    qtbot.waitUntil(tools.below.isVisible, timeout=5000)
    tools.more.menu().close()
    window.resize(1920, 1080)
    qtbot.waitUntil(lambda: tools.below.isVisible() and not tools.more.isVisible(), timeout=5000)

    window.resize(1024, 700)
    window.toggle_presenter()
    qtbot.wait(300)
    assert window.width() == 1024
    assert not cut() and card.view.height() > 0.4 * card.height()


def test_live_and_branch_stay_where_they_are(window: MainWindow, qtbot: QtBot) -> None:
    timeline = window.train.timeline
    window.resize(900, 700)
    qtbot.wait(50)
    before = timeline.button.geometry(), timeline.branch.geometry()
    timeline.say("epoch 9 999 / 10 000    10 000 steps/s    00:01 left    running    and more")
    qtbot.wait(50)
    assert (timeline.button.geometry(), timeline.branch.geometry()) == before
    assert timeline.rect().contains(timeline.text.geometry())
    assert timeline.text.toolTip() == timeline.text.text()
