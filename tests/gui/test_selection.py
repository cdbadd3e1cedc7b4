"""A point, its row in the table, its sample in Fit and its layer are selected together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from stiffgui.figures.picture import Points
from stiffgui.gui.train.cards.eigenvalue_table import LAYER, SAMPLE
from stiffgui.gui.train.workspace import TrainWorkspace
from stiffgui.gui.window import MainWindow
from stiffgui.runs import open_run
from tests.gui.opening import open_file

WAIT = 120_000


@pytest.fixture
def page(window: MainWindow, run_file: Path, qtbot: QtBot) -> TrainWorkspace:
    window.resize(1440, 900)
    page = window.train
    open_file(page.bench, run_file)
    qtbot.waitUntil(lambda: page.eigenvalues.picture is not None, timeout=WAIT)
    page.eigenvalues.tools.below.setCurrentIndex(1)
    return page


def ring(page: TrainWorkspace) -> complex | None:
    mark = page.eigenvalues.view.views[0]._mark
    if mark is None or not len(mark[1].getData()[0]):
        return None
    x, y = mark[1].getData()
    return complex(x[0], y[0])


def marked_in_fit(page: TrainWorkspace) -> list[Points]:
    return [p for view in page.fit.view.views for p in view.panel.of(Points)]


def test_a_click_on_a_point_selects_it_everywhere(
    page: TrainWorkspace, run_file: Path, qtbot: QtBot
) -> None:
    card = page.eigenvalues
    points = next(card.view.views[0].panel.of(Points))
    row = int(np.argmax(points.x))
    sample = points.sample_of(row)
    card.view.clicked.emit(0, float(points.x[row]), float(points.y[row]))
    assert ring(page) == complex(points.x[row], points.y[row])
    chosen = card.list._model.row(card.list.currentIndex().row())
    assert (chosen[SAMPLE], chosen[LAYER], chosen[0]) == (sample + 1, 1, points.x[row])
    qtbot.waitUntil(lambda: len(marked_in_fit(page)) == 3, timeout=WAIT)
    with open_run(run_file) as run:
        place = run.probe_samples()[sample]
        place = run.experiment.task.data().inputs_in_own_units(place[None])[0]
    for mark in marked_in_fit(page):
        np.testing.assert_allclose((mark.x[0], mark.y[0]), place)


def test_it_is_followed_to_another_epoch_and_let_go(page: TrainWorkspace, qtbot: QtBot) -> None:
    card = page.eigenvalues
    points = next(card.view.views[0].panel.of(Points))
    card.view.clicked.emit(0, float(points.x[0]), float(points.y[0]))
    before = ring(page)
    page.timeline.go_to(0)
    qtbot.waitUntil(lambda: card.drawn_epoch == 0, timeout=WAIT)
    after = next(card.view.views[0].panel.of(Points))
    mine = np.asarray(after.places.sample) == points.sample_of(0)
    values = (after.x + 1j * after.y)[mine]
    assert before is not None and ring(page) == values[np.abs(values - before).argmin()]
    card.view.clicked.emit(0, 1e3, 1e3)
    assert ring(page) is None and page.state.selected is None
    qtbot.waitUntil(lambda: not marked_in_fit(page), timeout=WAIT)


def test_a_row_and_a_layer_of_small_planes_select_the_point(
    page: TrainWorkspace, qtbot: QtBot
) -> None:
    card = page.eigenvalues
    card.list.setCurrentIndex(card.list._model.index(5, 0))
    row = card.list._model.row(5)
    assert ring(page) == complex(row[0], row[1])
    card.tools.all_layers.setChecked(True)
    qtbot.waitUntil(lambda: len(card.view.views) == 10, timeout=WAIT)
    points = next(card.view.views[6].panel.of(Points))
    card.view.clicked.emit(6, float(points.x[0]), float(points.y[0]))
    assert page.state.selected is not None and page.state.selected.layer == 7
    assert card.view.views[6]._mark is not None
