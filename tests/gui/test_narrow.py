"""A narrow window: no button is lost, and nothing shifts."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from stiffgui.gui.window import MainWindow


@pytest.mark.parametrize("place", ["Train", "Study"])
@pytest.mark.parametrize("width", [1000, 900, 480])
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
