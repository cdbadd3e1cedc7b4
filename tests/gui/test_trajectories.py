"""The trajectories panel of the Train workspace."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from stiffgui.gui.window import MainWindow

WAIT = 60_000


def test_the_panel_is_asked_for_and_follows(
    window: MainWindow, qtbot: QtBot, run_file: Path, tmp_path: Path
) -> None:
    train = window.train
    card, dock = train.trajectories, train.docks["Trajectories"]
    assert not card.isVisible()
    window.open_file(run_file)
    qtbot.waitUntil(lambda: train.fit._fit is not None, timeout=WAIT)
    assert card._found is None  # nobody looks: nothing is solved
    dock.toggleViewAction().trigger()
    qtbot.waitUntil(lambda: card._found is not None, timeout=WAIT)
    assert card.isVisible() and "epoch 6 · they end" in card.note.text()
    first = card._found
    assert first is not None and first.network.shape == (11, 5, 20)
    assert card.component.count() == 21
    assert all(plot.isVisible() for plot in card.plots)

    card.samples.setValue(2)
    qtbot.waitUntil(lambda: card._found is not None and card._found.network.shape[1] == 2,
                    timeout=WAIT)  # fmt: skip
    card.component.setCurrentIndex(3)
    assert [plot.isVisible() for plot in card.plots] == [True, False]
    train.timeline.go_to(0)
    qtbot.waitUntil(lambda: "epoch 0" in card.note.text(), timeout=WAIT)
    assert card.component.currentData() == 3  # the choice stays

    path = tmp_path / "trajectories.svg"
    train.export("trajectories", path)
    qtbot.waitUntil(lambda: str(path) in window.banner.text(), timeout=WAIT)
    assert "x3" in path.read_text() and "epoch 0" in path.read_text()
    window.resize(1024, 700)
    qtbot.wait(50)
    dock.toggleViewAction().trigger()
    assert not card.isVisible()
    qtbot.waitUntil(lambda: train.panel.width() >= 280, timeout=5000)
