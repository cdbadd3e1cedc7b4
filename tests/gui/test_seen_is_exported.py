"""Study and Lab: what pyqtgraph draws is the card's picture, which is offered, and what
matplotlib paints; the CSV holds all of its data."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from stiffgui.figures.picture import Box, Picture
from stiffgui.gui.export.offers import Offer
from stiffgui.gui.export.requests import Exports
from stiffgui.gui.lab.page import LabPage
from stiffgui.gui.lab.workspace import LabWorkspace
from stiffgui.gui.plots.figure_card import FigureCard
from stiffgui.gui.study.plots import StudyCard
from stiffgui.gui.study.workspace import StudyWorkspace
from stiffgui.gui.theme import DARK, LIGHT, Theme
from stiffgui.gui.window import MainWindow
from stiffgui.labs import PAGES
from stiffgui.study import StudyRecording
from tests.gui.drawn_items import check_file, check_window, curves_of
from tests.gui.opening import open_file
from tests.longer import first
from tests.study_files import tiny

WAIT = 60_000
CHANGES: dict[str, dict[str, object]] = {
    "linear": {"first_step": 2e-5},  # more points than a screen shows
    "crossing": {"epochs": 20},
}


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("studied") / "done.stiff"
    for _ in StudyRecording(tiny(trials=4), path):
        pass
    return path


@pytest.fixture
def study(window: MainWindow, qtbot: QtBot, study_file: Path) -> StudyWorkspace:
    open_file(window, study_file)
    found = cast(StudyWorkspace, window.current)
    qtbot.waitUntil(lambda: found.view is not None, timeout=WAIT)
    return found


def offered(exports: Exports, name: str) -> Offer:
    offer = exports.offer(name)
    assert offer is not None
    return offer


def check_card(card: FigureCard, offer: Offer, theme: Theme) -> Picture:
    """What the window draws is the card's picture, and so is what is offered and painted."""
    picture = card.picture
    assert picture is not None and offer.picture is not None
    check_window(card.view, picture, theme)
    assert offer.picture.rows == picture.rows  # the same items and limits, in the same order
    request = offer.export("png", None, offer.usual_style)
    assert request.picture is offer.picture and request.shown == card.figure
    check_file(offer.picture)
    return picture


def copied(card: FigureCard, exports: Exports, qtbot: QtBot) -> pd.DataFrame:
    """The data that the card's menu puts on the clipboard."""
    card.copy_asked.emit("data")
    qtbot.waitUntil(lambda: not exports.waiting, timeout=WAIT)
    return pd.read_csv(io.StringIO(QGuiApplication.clipboard().text()))


@pytest.mark.parametrize("name", ["evolution", "boxes"])
def test_a_study(window: MainWindow, qtbot: QtBot, study: StudyWorkspace, name: str) -> None:
    card = cast(StudyCard, study._cards[name])
    study.tabs.setCurrentWidget(card)
    qtbot.waitUntil(lambda: card.picture is not None, timeout=WAIT)
    for theme in (LIGHT, DARK):
        window.choose_theme("dark" if theme is DARK else "light")
        qtbot.wait(50)
        for logarithmic in (True, False):
            card.logarithmic.setChecked(logarithmic)
            picture = check_card(card, offered(study.exports, name), theme)
            scales = {panel.y.scale for panel in picture.panels}
            assert scales == ({"log", "linear"} if logarithmic else {"linear"})
    table = copied(card, study.exports, qtbot)
    if name == "evolution":
        for curve in curves_of(picture):
            mine = table[table.variant == curve.group]
            assert any(np.allclose(g["median"], curve.y) for _, g in mine.groupby("series"))
    else:
        for box in (box for panel in picture.panels for box in panel.of(Box)):
            mine = table[table.variant == box.group]
            assert any(np.allclose(mine[c], box.values) for c in mine.columns[2:])


def test_a_zoomed_study_is_exported_as_it_is_zoomed(
    window: MainWindow, qtbot: QtBot, study: StudyWorkspace
) -> None:
    card = study.evolution
    qtbot.waitUntil(lambda: card.picture is not None, timeout=WAIT)
    plot = card.view.views[1]
    plot.box.setRange(xRange=(1, 3), yRange=(0, 0.5), padding=0)
    plot.box.sigRangeChangedManually.emit([True, True])
    picture = check_card(card, offered(study.exports, "evolution"), LIGHT)
    assert picture.panels[1].y.limits == pytest.approx((1, 10**0.5))
    assert picture.panels[0].y.limits is None
    card.reset_view()
    assert card.picture is not None and card.picture.panels[1].y.limits is None


def test_more_than_four_variants_are_numbered(
    qtbot: QtBot, study: StudyWorkspace, window: MainWindow
) -> None:
    view = study.view
    assert view is not None
    study.tabs.setCurrentWidget(study.boxes)
    names = [tick[1] for tick in study.boxes.picture.panels[0].x.ticks]  # type: ignore[union-attr]
    assert names == ["RES", "RES L2", "RES stiff"]
    more = [replace(v, name=f"{v.name} again") for v in view.variants]
    study.boxes.show_study(replace(view, variants=[*view.variants, *more]))
    picture = study.boxes.picture
    assert picture is not None
    assert picture.legend_below and picture.note.endswith("over 4 probe samples")
    assert [tick[1] for tick in picture.panels[0].x.ticks] == list("123456")
    check_window(study.boxes.view, picture, LIGHT)
    check_file(picture)


def test_what_is_seen_of_another_study_goes(study: StudyWorkspace, qtbot: QtBot) -> None:
    view = study.view
    assert view is not None and study.evolution.picture is not None
    nothing = [replace(v, trial_numbers=v.trial_numbers[:0]) for v in view.variants]
    study.evolution.show_study(replace(view, variants=nothing, live=[]))
    assert study.evolution.picture is None and not study.evolution.view.views
    assert offered(study.exports, "evolution").picture is None
    study.evolution.show_study(view)
    assert study.evolution.picture is not None


@pytest.mark.parametrize("name", first(PAGES))
def test_a_page(window: MainWindow, qtbot: QtBot, name: str) -> None:
    lab = cast(LabWorkspace, window.show_place("Lab"))
    shown: LabPage = lab.pages[name]
    for key, value in CHANGES.get(name, {}).items():
        shown.controls.edit(key, value)
    lab.show_page(name)
    qtbot.waitUntil(lambda: shown.is_complete, timeout=WAIT)
    for theme in (LIGHT, DARK):
        window.choose_theme("dark" if theme is DARK else "light")
        qtbot.wait(50)
        picture = check_card(shown.card, offered(lab.exports, name), theme)
    table = copied(shown.card, lab.exports, qtbot)
    assert shown.result is not None
    expected = shown.card.settings.table(shown.result).to_csv(index=False)
    pd.testing.assert_frame_equal(table, pd.read_csv(io.StringIO(expected)))
    if name == "linear":
        curve = next(c for c in curves_of(picture) if c.label.startswith("explicit Euler"))
        assert len(curve.x) > 1000  # the window thins them
        mine = table[table.method == "explicit Euler"]
        np.testing.assert_allclose(mine.t, curve.x)
        np.testing.assert_allclose(mine.x2.abs(), curve.y)
