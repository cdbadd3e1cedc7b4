"""Presenter mode: text and lines twice as large, the settings away, and everything back again."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stiffgui.gui.plots.artists import CurveArtist
from stiffgui.gui.theme import DARK, LIGHT
from stiffgui.gui.window import MainWindow
from tests.gui.opening import open_file
from tests.longer import first

WAIT = 120_000


def widths(window: MainWindow) -> list[float]:
    artists = [artist for _, artist in window.train.eigenvalues.view.views[0]._artists]
    return [a.line.opts["pen"].widthF() for a in artists if isinstance(a, CurveArtist)]


def places(window: MainWindow) -> dict[str, int]:
    return {title: dock.width() for title, dock in window.train.docks.items()}


@pytest.mark.parametrize("theme", first(["light", "dark"]))
def test_twice_as_large_and_back(
    window: MainWindow, run_file: Path, qtbot: QtBot, theme: str
) -> None:
    window.choose_theme(theme)
    window.resize(1600, 1000)
    page = window.train
    open_file(page.bench, run_file)
    qtbot.waitUntil(lambda: page.eigenvalues.picture is not None, timeout=WAIT)
    page.eigenvalues.tools.below.setCurrentIndex(0)
    title, table = page.eigenvalues.headline, page.eigenvalues.table
    before = (title.fontMetrics().height(), widths(window), table.rowHeight(0), table.usual_height)
    strip, where = page.eigenvalues.layer.sizeHint().height(), places(window)
    font = QApplication.font().pointSizeF()

    window._do("presenter")
    qtbot.waitUntil(lambda: title.fontMetrics().height() > 1.8 * before[0], timeout=5000)
    assert QApplication.font().pointSizeF() == 2 * font
    assert widths(window) == [2 * width for width in before[1]]
    assert table.rowHeight(0) >= table.fontMetrics().height() and table.usual_height > before[3]
    assert page.eigenvalues.layer.sizeHint().height() > strip
    assert page.docks["Experiment"].isHidden() and not page.docks["Errors"].isHidden()
    axis, image = (
        page.errors.view.views[0].axes["left"],
        QImage(9, 9, QImage.Format.Format_RGB32),
    )
    painter = QPainter(image)
    numbers = [rect for rect, _, text in axis.generateDrawSpecs(painter)[2] if text]
    painter.end()
    assert not any(a.intersects(b) for a, b in combinations(numbers, 2))
    assert page.errors.view.views[0].backgroundBrush().color().name() == (
        {"light": LIGHT, "dark": DARK}[theme].card.lower()
    )

    window._do("presenter")
    qtbot.waitUntil(lambda: title.fontMetrics().height() == before[0], timeout=5000)
    after = (title.fontMetrics().height(), widths(window), table.rowHeight(0), table.usual_height)
    assert after == before and QApplication.font().pointSizeF() == font
    assert not page.docks["Experiment"].isHidden()
    qtbot.waitUntil(lambda: places(window) == where, timeout=5000)


def test_closing_during_a_lecture_keeps_the_usual_layout(window: MainWindow) -> None:
    window._do("presenter")
    assert window.train.docks["Experiment"].isHidden()
    window.train.views.save_layout(window.settings)
    assert not window.train.docks["Experiment"].isHidden()
    window._do("presenter")
