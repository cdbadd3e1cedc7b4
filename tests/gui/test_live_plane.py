"""Eigenvalues that move while a run trains, and two networks compared, in the real window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from stiffgui.figures.numerals import unbroken
from stiffgui.figures.picture import Curve, Item, Panel, Points
from stiffgui.gui.plots.artists import Artist, MarkerArtist, PointsArtist, RegionArtist
from stiffgui.gui.plots.axes import grouped
from stiffgui.gui.train.cards.eigenvalues import EigenvaluesCard
from stiffgui.gui.train.motion import Moment
from stiffgui.gui.train.runs.columns import EPOCHS
from stiffgui.gui.window import MainWindow
from stiffgui.runs import open_run

WAIT = 120_000


def values(card: EigenvaluesCard) -> np.ndarray:
    """What is drawn in the plane, without A."""
    panel = card.view.views[0].panel
    points = next(p for p in panel.of(Points) if p.group != "A")
    return points.x + 1j * points.y


def by_size(numbers: np.ndarray) -> np.ndarray:
    return np.sort_complex(np.round(numbers.ravel(), 9))


def test_frames_are_seen_while_it_trains_and_the_end_is_drawn_whole(
    window: MainWindow, qtbot: QtBot
) -> None:
    page = window.train
    card, plane = page.eigenvalues, page.plane
    page.model.edit("training.epochs", 1500)
    page.run()
    qtbot.waitUntil(lambda: plane.painted > 5, timeout=WAIT)
    assert page.timeline.button.text() == "Live"
    card.layer.setValue(4)
    qtbot.waitUntil(lambda: len(plane.motion) > 5 and plane.motion.layer == 4, timeout=WAIT)
    qtbot.waitUntil(lambda: not page.bench.busy, timeout=WAIT)
    qtbot.waitUntil(lambda: card.drawn_epoch == 1500, timeout=WAIT)
    assert page.timeline.button.text() == "Last" and page.timeline.live
    run = page.bench.shown
    assert run is not None
    with open_run(run.path) as stored:
        jacobians = stored.snapshot(1500).jacobians(stored.probe_samples())[0, 3]
        assert not stored.spectra  # nothing of what was seen is kept
    qtbot.waitUntil(lambda: values(card).size == jacobians.shape[0] * 20, timeout=WAIT)
    np.testing.assert_allclose(by_size(values(card)), by_size(np.linalg.eigvals(jacobians)))


def test_a_pace_is_behind_the_training_and_comes_to_its_end(
    window: MainWindow, qtbot: QtBot
) -> None:
    page = window.train
    plane = page.plane
    tools = page.eigenvalues.tools
    tools.pace.setCurrentIndex(tools.pace.findData(100))
    page.model.edit("training.epochs", 300)
    page.run()
    qtbot.waitUntil(lambda: not page.bench.busy, timeout=WAIT)
    assert len(plane.motion) > 1
    tools.pace.setCurrentIndex(tools.pace.findData(1000))
    qtbot.waitUntil(lambda: not plane.motion.behind, timeout=WAIT)
    qtbot.waitUntil(lambda: page.eigenvalues.drawn_epoch == 300, timeout=WAIT)


def test_dots_that_move_are_not_made_anew(card: EigenvaluesCard) -> None:
    """pyqtgraph makes a picture of a dot for each pen and brush that it is given: hundreds in a
    second of motion, and a pause when they become too many."""
    (view,) = card.view.views
    rng, made = np.random.default_rng(0), []
    for epoch in range(8, 14):
        eigenvalues = rng.normal(size=(16, 20)) + 1j * rng.normal(size=(16, 20))
        card.show_moment(Moment(float(epoch), eigenvalues, (), True), 0.1)
        dots = [a.dots for _, a in view._artists if isinstance(a, PointsArtist)]
        made.append([len(each.fragmentAtlas) for each in dots])
        drawn = dots[0].data["x"] + 1j * dots[0].data["y"]
        np.testing.assert_array_equal(by_size(drawn), by_size(eigenvalues))
        assert dots[0].dataBounds(0)[1] == eigenvalues.real.max()
    assert made[0] == made[-1]
    card.rest()


def test_what_is_of_another_epoch_than_what_moves_says_so(
    window: MainWindow, card: EigenvaluesCard, qtbot: QtBot
) -> None:
    page, run = window.train, window.train.bench.shown
    assert run is not None
    headline, count = card.headline.text(), run.probe_count
    card.show_moment(Moment(8.2, np.ones((1, 20), complex), (), True), 0.1)
    assert f"epoch 8 · 1 of {count} probe samples" in card.note.text()
    assert card.headline.text() == unbroken(f"epoch 6, {count} samples: {headline}")
    assert not card.table.isEnabled()
    card.rest()
    assert card.headline.text() == headline and card.table.isEnabled()
    page.timeline.go_to(0)
    qtbot.waitUntil(lambda: card.drawn_epoch == 0, timeout=WAIT)
    page.refresh()
    assert page.timeline.text.text().startswith("epoch 6 / 6; shown 0")
    card.tools.pin.click()
    page.timeline.go_live()
    qtbot.waitUntil(
        lambda: "A: epoch 0" in card.note.text() and f"{count} probe" in card.note.text()
    )
    assert "unstable A " in card.headline.text() and "% → B " in card.headline.text()
    card.show_moment(Moment(8.2, np.ones((1, 20), complex), (), True), 0.1)
    both = f"A: epoch 0, {count} probe samples | B: layer 1, epoch 8, 1 of {count} probe samples"
    assert card.note.text().startswith(both)


def test_what_stays_while_points_move_is_not_drawn_again(
    card: EigenvaluesCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[type] = []
    for kind in (RegionArtist, MarkerArtist, PointsArtist):
        before = kind.draw

        def draw(self: Artist, item: Item, panel: Panel, before: Any = before) -> None:
            drawn.append(type(item))
            before(self, item, panel)

        monkeypatch.setattr(kind, "draw", draw)
    for epoch in (8.2, 8.3):
        drawn.clear()
        card.show_moment(Moment(epoch, np.full((1, 20), epoch, complex), (), True), 0.1)
    assert set(drawn) == {Points}
    assert values(card)[0] == 8.3


def test_nobody_watches_what_is_not_seen(window: MainWindow, qtbot: QtBot) -> None:
    page = window.train
    page.eigenvalues.tools.all_layers.setChecked(True)
    page.model.edit("training.epochs", 200)
    page.run()
    qtbot.waitUntil(lambda: not page.bench.busy, timeout=WAIT)
    assert page.plane.painted == 0 and len(page.plane.motion) == 0


def test_a_stays_while_b_is_looked_for(
    window: MainWindow, card: EigenvaluesCard, run_file: Path, qtbot: QtBot
) -> None:
    page = window.train
    page.timeline.go_to(0)
    qtbot.waitUntil(lambda: card.drawn_epoch == 0, timeout=WAIT)
    card.tools.pin.click()
    page.timeline.go_to(6)
    card.layer.setValue(5)

    def compared() -> bool:
        shown = card.picture
        return shown is not None and shown.place[:2] == (6, 5) and "A unstable" in shown.numbers

    qtbot.waitUntil(compared, timeout=WAIT)
    with open_run(run_file) as run:
        for group, epoch, layer in (("A", 0, 1), ("B", 6, 5)):
            jacobians = run.snapshot(epoch).jacobians(run.probe_samples())[0, layer - 1]
            panel = card.view.views[0].panel
            [points] = [p for p in panel.of(Points) if p.group == group]
            np.testing.assert_allclose(
                by_size(points.x + 1j * points.y), by_size(np.linalg.eigvals(jacobians))
            )
    assert any(not curve.label for curve in card.view.views[0].panel.of(Curve))
    heads = [card.table.horizontalHeaderItem(k) for k in range(3)]
    assert [head.text() for head in heads if head is not None] == ["A", "B", "change"]
    assert card.figure.name() == "comparison"
    assert "comparison" in {offer.name for offer in page.views.offers() if offer.picture}

    card.tools.layout_.setCurrentIndex(1)
    qtbot.waitUntil(lambda: len(card.view.views) == 2, timeout=WAIT)
    left, right = (view.box for view in card.view.views)
    left.setRange(xRange=(-1, 1), yRange=(-1, 1), padding=0)
    left.sigRangeChangedManually.emit(left.state["mouseEnabled"])
    np.testing.assert_allclose(left.viewRange(), right.viewRange(), atol=0.05)

    card.tools.layout_.setCurrentIndex(2)
    qtbot.waitUntil(lambda: len(card.view.views) == 1, timeout=WAIT)
    card.tools.pin.click()
    qtbot.waitUntil(lambda: card.figure.name() == "spectrum", timeout=WAIT)
    qtbot.waitUntil(lambda: "unstable" in (card.picture or card).numbers, timeout=WAIT)  # type: ignore[union-attr]
    assert card.table.horizontalHeaderItem(0).text() == "exact"  # type: ignore[union-attr]


def test_a_goes_with_its_run(window: MainWindow, card: EigenvaluesCard, qtbot: QtBot) -> None:
    card.tools.pin.click()
    qtbot.waitUntil(lambda: card.figure.name() == "comparison", timeout=WAIT)
    run = window.train.bench.shown
    assert run is not None
    window.train.bench.remove(run)
    assert window.train.state.pinned is None


def test_when_training_is_paused_every_view_is_of_one_epoch(
    window: MainWindow, qtbot: QtBot
) -> None:
    page = window.train
    window.resize(1280, 800)
    card, rows = page.eigenvalues, page.runs.table.runs
    for key, value in (("training.epochs", 100_000), ("watch.errors_every", 1000)):
        page.model.edit(key, value)
    page.run()
    run = page.bench.running
    assert run is not None
    qtbot.waitUntil(lambda: run.epoch > 150 and page.plane.painted > 5, timeout=WAIT)

    def one_epoch() -> bool:
        epoch = grouped(run.epoch)
        told = rows.data(rows.index(0, rows.columns.index(EPOCHS)))
        return (
            card.seen_epoch == run.epoch == page.timeline.slider.maximum()
            and f" epoch {epoch} " in card.note.text()
            and card.headline.text().startswith("layer")  # of the same picture
            and told == f"{epoch} / {grouped(100_000)}"
            and page.timeline.text.text().startswith(f"epoch {epoch} / ")
            and "shown" not in page.timeline.text.text()
            and page.fit.picture is not None
            and page.fit.picture.place[0] == run.epoch
        )

    for _ in range(20):  # an epoch that is asked for at its last step is recorded
        page.bench.pause()
        qtbot.waitUntil(one_epoch, timeout=WAIT)
        if run.epoch not in run.history.epochs:
            break
        at = run.epoch
        page.bench.pause()  # and on
        qtbot.waitUntil(lambda at=at: run.epoch > at, timeout=WAIT)  # type: ignore[misc]
    else:
        pytest.fail("no pause fell on an epoch at which nothing was measured")
    page.bench.stop()
    qtbot.waitUntil(lambda: not page.bench.busy, timeout=WAIT)


def test_a_plane_that_is_far_behind_its_training_says_so(window: MainWindow, qtbot: QtBot) -> None:
    page = window.train
    page.model.edit("training.epochs", 100_000)
    page.run()
    qtbot.waitUntil(lambda: page.plane.painted > 5, timeout=WAIT)
    tools = page.eigenvalues.tools
    tools.pace.setCurrentIndex(tools.pace.findData(10))
    qtbot.waitUntil(lambda: "; shown " in page.timeline.text.text(), timeout=WAIT)
    page.bench.stop()
    qtbot.waitUntil(lambda: not page.bench.busy, timeout=WAIT)
