"""A run of other code in the window: what it has is shown, what it has not is absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from stiffgui.figures.picture import Curve, Points
from stiffgui.gui.train.runs.columns import NUMBERS, UNKNOWN, describe
from stiffgui.gui.window import MainWindow
from stiffgui.runs import open_run
from stiffgui.session.run_facts import FOREIGN, facts_of_file
from stiffgui.watching import Recorder
from tests.gui.opening import open_file

WAIT = 120_000
DEPTH, SAMPLES, WIDTH, EPOCHS = 3, 5, 4, 4


@pytest.fixture
def matrices() -> np.ndarray:
    """Of every epoch [E, N, B, w, w], growing."""
    shape = (EPOCHS, DEPTH, SAMPLES, WIDTH, WIDTH)
    drawn = np.random.default_rng(0).normal(size=shape)
    return drawn * np.arange(1, EPOCHS + 1)[:, None, None, None, None]


@pytest.fixture
def foreign(tmp_path: Path, matrices: np.ndarray) -> Path:
    with Recorder(tmp_path / "mine.stiff", step=0.5, title="theirs") as recorder:
        for epoch, jacobians in enumerate(matrices):
            recorder.record(epoch, jacobians=jacobians, loss=1 / (1 + epoch))
    return recorder.path


def opened(window: MainWindow, path: Path, qtbot: QtBot) -> None:
    window.resize(1280, 900)
    open_file(window, path)
    plane = window.train.eigenvalues
    qtbot.waitUntil(lambda: plane.picture is not None and drawn(window).size > 0, timeout=WAIT)


def drawn(window: MainWindow) -> np.ndarray:
    """The eigenvalues in the plane, sorted."""
    picture = window.train.eigenvalues.picture
    assert picture is not None
    points = next(picture.panels[0].of(Points))
    return np.sort_complex(points.x + 1j * points.y)


def of(matrices: np.ndarray) -> np.ndarray:
    return np.sort_complex(np.linalg.eigvals(matrices).ravel())


def test_its_spectra_are_shown_and_scrubbed(
    window: MainWindow, foreign: Path, matrices: np.ndarray, qtbot: QtBot
) -> None:
    opened(window, foreign, qtbot)
    whole = SAMPLES * WIDTH
    qtbot.waitUntil(lambda: len(drawn(window)) == whole, timeout=WAIT)
    np.testing.assert_allclose(drawn(window), of(matrices[-1, 0]), atol=1e-9)
    kept = window.train.bench.shown.snapshot_epochs  # type: ignore[union-attr]
    assert kept[0] == 0 and kept[-1] == EPOCHS - 1
    window.train.state.look_at(epoch=0, layer=2)
    expected = of(matrices[0, 1])
    qtbot.waitUntil(
        lambda: len(drawn(window)) == whole and np.allclose(drawn(window), expected), timeout=WAIT
    )
    errors = window.train.errors
    qtbot.waitUntil(lambda: errors.picture is not None, timeout=WAIT)
    assert errors.picture is not None
    [curve] = errors.picture.panels[0].of(Curve)
    np.testing.assert_allclose(curve.y, 1 / (1 + np.arange(EPOCHS)))


def test_what_it_has_not_is_absent(window: MainWindow, foreign: Path, qtbot: QtBot) -> None:
    before = window.train.model.experiment
    opened(window, foreign, qtbot)
    run = window.train.bench.shown
    assert run is not None and run.foreign and run.depth == DEPTH
    assert window.train.model.experiment == before  # it has no settings to take over
    assert not window.train.enabled("branch")
    menu = window.train.views.runs._menu(run)
    unable = {action.text() for action in menu.actions() if not action.isEnabled()}
    assert {"Duplicate its settings", "Go on training"} <= unable
    told = facts_of_file(foreign)
    assert told.task == FOREIGN and told.epoch == EPOCHS - 1
    assert "theirs: 3 layers of width 4" in describe(run)
    fit = window.train.fit
    qtbot.waitUntil(lambda: "did not train" in fit._empty.text(), timeout=WAIT)
    assert not window.toasts.text()


def test_it_is_compared_with_one_of_ours(
    window: MainWindow, foreign: Path, run_file: Path, qtbot: QtBot
) -> None:
    opened(window, foreign, qtbot)
    window.train.state.pin(True)
    open_file(window.train.bench, run_file)
    plane = window.train.eigenvalues
    qtbot.waitUntil(
        lambda: (
            plane.picture is not None
            and "A" in plane.headline.text()
            and plane.picture.place[0] == 6
        ),
        timeout=WAIT,
    )
    assert "mean radius A" in plane.headline.text() and not window.toasts.text()


def test_of_a_neural_ode_the_steps_of_its_solver_are_seen(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    import torch

    from stiffgui import watch

    def field(t: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return -50.0 * x

    times = [0.0, 0.5, 1.0, 2.0]
    start = torch.ones(3, 2, dtype=torch.float64)
    with watch(field, start, tmp_path / "ode.stiff", times=times, rtol=1e-2, atol=1e-3) as recorder:
        recorder.record(0, loss=1.0)
    opened(window, recorder.path, qtbot)
    views = window.train.views
    card = views.others["stable-steps"]
    qtbot.waitUntil(lambda: card.is_seen and card.picture is not None, timeout=WAIT)
    assert card.picture is not None and "dopri5 took" in card.picture.note == card.note.text()
    [panel] = card.picture.panels
    taken, (own, euler, *_) = next(panel.of(Points)), panel.of(Curve)
    assert (own.label, euler.label) == ("DOPRI5", "explicit Euler")
    np.testing.assert_array_equal(taken.x, times)
    np.testing.assert_allclose(euler.y, 2 / 50)
    with open_run(recorder.path) as run:
        np.testing.assert_array_equal(taken.y, run.series().indices["solver-step"][0, 0])
    views.show_layer(3)
    plane = window.train.eigenvalues
    qtbot.waitUntil(lambda: "layer 3 (t = 1)" in plane.note.text(), timeout=WAIT)
    views.show_beside(views.layers)
    qtbot.waitUntil(lambda: views.layers.picture is not None, timeout=WAIT)
    offered = [views.layers.index.itemText(k) for k in range(views.layers.index.count())]
    assert len(offered) == 3 and "Step of the solver" not in offered


def test_what_is_unstable_of_it_is_told(window: MainWindow, foreign: Path, qtbot: QtBot) -> None:
    opened(window, foreign, qtbot)
    rows, place = (
        window.train.runs.table.runs,
        window.train.runs.table.runs.columns.index(NUMBERS[-1]),
    )
    qtbot.waitUntil(lambda: rows.data(rows.index(0, place)) != UNKNOWN, timeout=WAIT)
    with open_run(foreign) as run:
        layers = run.stored_layers(EPOCHS - 1)
        assert layers is not None
        values = [1 + layer.step * np.linalg.eigvals(layer.jacobians) for layer in layers]
    share = np.mean([(np.abs(each) > 1).mean() for each in values])
    assert rows.data(rows.index(0, place)) == f"{100 * share:.0f}"
