"""The trajectories panel of the Train workspace."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from stiffgui.figures.picture import Curve
from stiffgui.gui.train.cards.trajectories import TrajectoriesCard
from stiffgui.gui.window import MainWindow
from tests.gui.opening import open_file

WAIT = 60_000


def sizes(card: TrajectoriesCard) -> list[tuple[int, int]]:
    """Samples and moments of the network that each panel shows."""
    panels = card.picture.panels if card.picture is not None else ()
    dots = [[c for c in panel.of(Curve) if c.symbol is not None] for panel in panels]
    return [(len(curves), len(curves[0].x)) for curves in dots]


def test_the_panel_is_asked_for_and_follows(
    window: MainWindow, qtbot: QtBot, run_file: Path, tmp_path: Path
) -> None:
    train = window.train
    card, dock = train.trajectories, train.docks["Trajectories"]
    assert not card.isVisible()
    open_file(window, run_file)
    qtbot.waitUntil(lambda: train.fit.picture is not None, timeout=WAIT)
    assert card.picture is None  # nobody looks: nothing is solved
    dock.toggleViewAction().trigger()
    qtbot.waitUntil(lambda: card.picture is not None, timeout=WAIT)
    assert card.isVisible() and card.note.text() == "epoch 6"
    assert "dots: network" in card.message.text() and "they end" in card.message.text()
    assert sizes(card) == [(5, 11), (5, 11)]
    assert card.component.count() == 21
    assert len(card.view.views) == 2 and all(view.isVisible() for view in card.view.views)
    assert train.docks["Fit"] in train.views.tabifiedDockWidgets(dock)
    assert card.is_seen and not train.fit.is_seen  # what is behind a tab is not computed
    assert "fit" not in train.views.wanted()

    card.samples.setValue(2)
    qtbot.waitUntil(lambda: sizes(card) == [(2, 11)] * 2, timeout=WAIT)
    card.component.setCurrentIndex(3)
    qtbot.waitUntil(lambda: sizes(card) == [(2, 11)], timeout=WAIT)
    assert [frame.isVisible() for frame in card.view.frames] == [True, False]
    train.timeline.go_to(0)
    qtbot.waitUntil(lambda: "epoch 0" in card.note.text(), timeout=WAIT)
    assert card.component.currentData() == 3  # the choice stays

    path = tmp_path / "trajectories.svg"
    train.export("trajectories", path)
    qtbot.waitUntil(lambda: str(path) in window.toasts.text(), timeout=WAIT)
    assert "x3" in path.read_text() and "epoch 0" in path.read_text()
    window.resize(1024, 700)
    qtbot.wait(50)
    dock.toggleViewAction().trigger()
    assert not card.isVisible()
    qtbot.waitUntil(lambda: train.panel.width() >= 250, timeout=5000)
