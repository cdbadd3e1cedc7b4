"""The plane of eigenvalues on the real window: axes that stay, words, inset, stale views."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF
from PySide6.QtGui import QCursor, QHelpEvent, QImage, QPainter
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from stiffgui import presets, train
from stiffgui.figures.numerals import unbroken
from stiffgui.figures.picture import Contours, Curve, Image, Marker, Points, Region
from stiffgui.gui.plots.panel_view import TIP
from stiffgui.gui.plots.pointed import ValueTip
from stiffgui.gui.train.cards.eigenvalues import EigenvaluesCard
from stiffgui.gui.window import MainWindow
from stiffgui.runs import open_run
from stiffgui.session.views import Look
from tests.gui.opening import open_file

WAIT = 120_000


def limits(card: EigenvaluesCard) -> tuple[object, object]:
    assert card.picture is not None
    [panel, *_] = card.picture.panels
    return panel.x.limits, panel.y.limits


def outside(card: EigenvaluesCard) -> int:
    """How many points the plot's range leaves out."""
    count = 0
    for view in card.view.views:
        (x0, x1), (y0, y1) = view.box.viewRange()
        points = next(view.panel.of(Points))
        inside = (x0 <= points.x) & (points.x <= x1) & (y0 <= points.y) & (points.y <= y1)
        count += int((~inside).sum())
    return count


def zoom(card: EigenvaluesCard, x: tuple[float, float], y: tuple[float, float]) -> None:
    """As the wheel does."""
    box = card.view.views[0].box
    box.setRange(xRange=x, yRange=y, padding=0)
    box.sigRangeChangedManually.emit(box.state["mouseEnabled"])


def test_the_headline_is_of_every_layer(card: EigenvaluesCard, run_file: Path) -> None:
    with open_run(run_file) as run:
        values = np.linalg.eigvals(run.snapshot(6).jacobians(run.probe_samples())[0])
    radii = np.abs(values).max(-1).mean(-1)
    share = (np.abs(1 + 0.1 * values) > 1).mean()
    largest = int(radii.argmax())
    words = f"layer {largest + 1} has the largest mean radius, {radii[largest]:#.3g}; "
    share_of = f"{share:.0%}".replace("%", " % of all layers' eigenvalues unstable")
    assert card.headline.text() == unbroken(words + share_of)
    assert card.note.text().startswith("small · layer 1 · epoch 6 · ")
    assert card.headline.isVisible()


def test_lines_circle_and_inset(card: EigenvaluesCard, window: MainWindow, qtbot: QtBot) -> None:
    assert card.picture is not None
    panel = card.picture.panels[0]
    assert {(m.across, m.at) for m in panel.of(Marker)} == {("x", 0.0), ("y", 0.0)}
    points, circle = next(panel.of(Points)), next(panel.of(Curve))
    radius = np.hypot(points.x, points.y).max()
    np.testing.assert_allclose(np.hypot(circle.x, circle.y), radius)
    assert circle.label == f"largest |λ| {radius:#.3g} of any sample"
    [view] = card.view.views
    inset = view.inset
    assert inset is not None and inset.isVisible() and view.rect().contains(inset.geometry())
    region, every = next(inset.panel.of(Region)), next(inset.panel.of(Points))
    assert len(every.x) == len(points.x)
    for method in ("rk4", "implicit-euler", "explicit-euler"):
        card.tools.region.setCurrentIndex(card.tools.region.findData(method))
        before = inset.panel
        qtbot.waitUntil(lambda before=before: inset.panel is not before, timeout=WAIT)
        region = next(inset.panel.of(Region))
        (x0, x1), (y0, y1) = inset.box.viewRange()
        assert x0 <= region.x.min() and region.x.max() <= x1
        assert y0 <= region.y.min() and region.y.max() <= y1
    zoom(card, (-0.5, 1.5), (-1, 1))
    frame_x, frame_y = inset.frame_line
    ends = (frame_x.min(), frame_x.max()), (frame_y.min(), frame_y.max())
    for end, seen, whole in zip(
        ends, view.box.viewRange(), inset.box.viewRange(), strict=True
    ):  # what is in view, closed just inside the inset where it leads out of it
        edge = 0.02 * (whole[1] - whole[0])
        np.testing.assert_allclose(end, np.clip(seen, whole[0] + edge, whole[1] - edge))
    window.train.views.enlarge(window.train.fit)  # a small plane does without
    qtbot.waitUntil(lambda: not inset.isVisible(), timeout=5000)


def test_axes_stay_until_they_are_let_go(
    card: EigenvaluesCard, window: MainWindow, qtbot: QtBot
) -> None:
    page = window.train
    first = limits(card)
    for layer, epoch in ((4, 0), (10, 3), (1, 6)):
        page.timeline.go_to(epoch)
        card.layer.setValue(layer)
        qtbot.waitUntil(
            lambda place=(epoch, layer, 0): (
                card.picture is not None and card.picture.place == place
            ),
            timeout=WAIT,
        )
        assert limits(card) == first and outside(card) == 0 and card.outside.isHidden()
    zoom(card, (3.0, 3.2), (3.0, 3.1))  # nothing is there
    count = outside(card)
    assert count == len(next(card.picture.panels[0].of(Points)).x)  # type: ignore[union-attr]
    assert card.outside.isVisible() and card.outside.text() == f"{count} points out of view"
    card.outside.click()
    assert outside(card) == 0 and card.outside.isHidden()

    card.tools.frame.setCurrentIndex(card.tools.frame.findData("region"))
    region = next(card.view.views[0].panel.of(Region))
    (x0, x1), _ = card.view.views[0].box.viewRange()
    assert x0 <= region.x.min() and region.x.max() <= x1
    assert page.views.offers()[3].shown.limits == ((*limits(card)[0], *limits(card)[1]),)  # type: ignore[misc]
    card.tools.frame.setCurrentIndex(card.tools.frame.findData("points"))
    assert not card.figure.limits and outside(card) == 0


def test_another_run_is_seen_after_a_zoom(
    card: EigenvaluesCard, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    zoom(card, (3.0, 3.2), (3.0, 3.1))
    assert outside(card) > 0
    settings = {"training.epochs": 2, "watch.every": 2, "architecture.horizon": 5.0}
    train(presets["alpine02"].with_settings(settings), out=tmp_path / "other.stiff")
    open_file(window.train.bench, tmp_path / "other.stiff")
    assert card.is_stale and "Computing epoch 2 of other" in card.view.veil.text()
    assert not card.headline.isEnabled() and not card.note.isEnabled()  # they are of another run
    assert window.train.views.offers()[3].picture is None  # what is dimmed is not exported
    qtbot.waitUntil(lambda: not card.is_stale, timeout=WAIT)
    assert card.headline.isEnabled() and card.note.isEnabled()
    assert next(card.picture.panels[0].of(Points)).places.run == "other"  # type: ignore[union-attr]
    assert outside(card) == 0 and not card.view.views[0].is_zoomed


def test_an_epoch_that_takes_a_while_dims_the_old_one(
    card: EigenvaluesCard, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, waiting = window.train, []
    ask = page.requests.ask
    monkeypatch.setattr(page.requests, "ask", lambda *a, **k: waiting.append((a, k)))
    page.timeline.go_to(2)
    assert not card.is_stale  # not at once: most come sooner
    qtbot.waitUntil(lambda: card.is_stale and page.fit.is_stale, timeout=5000)
    assert card.view.veil.text().startswith("Computing epoch 2 of small")
    [(arguments, named)] = [call for call in waiting if isinstance(call[0][0], Look)]
    ask(*arguments, **named)
    qtbot.waitUntil(lambda: not card.is_stale and not page.fit.is_stale, timeout=WAIT)
    assert card.picture is not None and card.picture.place[0] == 2


def test_a_pseudospectrum_that_takes_a_while_is_said_where_one_looks(
    card: EigenvaluesCard, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, waiting = window.train, []
    card.set(contours=True)
    qtbot.waitUntil(
        lambda: any(True for _ in card.picture.panels[0].of(Contours)),  # type: ignore[union-attr]
        timeout=WAIT,
    )
    ask = page.requests.ask
    monkeypatch.setattr(page.requests, "ask", lambda *a, **k: waiting.append((a, k)))
    zoom(card, (0.5, 1.0), (0.2, 0.5))
    qtbot.waitUntil(lambda: card.is_stale, timeout=5000)
    assert card.view.veil.text() == "Computing the pseudospectrum of what is in view …"
    assert not page.fit.is_stale  # it shows what it shall
    viewport = card.view.views[0].viewport()
    middle = viewport.mapTo(window, viewport.rect().center())
    assert window.childAt(middle) is viewport  # it can be zoomed further, or back
    card.reset_view()
    qtbot.waitUntil(lambda: not card.is_stale, timeout=5000)  # what is drawn is the whole one
    zoom(card, (0.5, 1.0), (0.2, 0.5))
    qtbot.waitUntil(lambda: card.is_stale, timeout=5000)
    arguments, named = [call for call in waiting if isinstance(call[0][0], Look)][-1]
    ask(*arguments, **named)
    qtbot.waitUntil(lambda: not card.is_stale, timeout=WAIT)
    [contours] = card.picture.panels[0].of(Contours)  # type: ignore[union-attr]
    assert contours.x.min() >= 0.4 and contours.x.max() <= 1.1


def test_axes_in_units_of_the_step(card: EigenvaluesCard, qtbot: QtBot) -> None:
    before = next(card.picture.panels[0].of(Points))  # type: ignore[union-attr]
    card.tools.axes.setCurrentIndex(card.tools.axes.findData(True))
    qtbot.waitUntil(lambda: card.view.views[0].axes["bottom"].labelText == "Re aλ", timeout=WAIT)
    panel = card.picture.panels[0]  # type: ignore[union-attr]
    after, region = next(panel.of(Points)), next(panel.of(Region))
    np.testing.assert_allclose(after.x, 0.1 * before.x)
    np.testing.assert_allclose(np.abs(1 + region.x + 1j * region.y), 1)
    np.testing.assert_array_equal(after.numbers["modulus"], before.numbers["modulus"])
    assert outside(card) == 0


def test_the_values_stay_as_long_as_the_pointer(
    card: EigenvaluesCard, window: MainWindow, qtbot: QtBot
) -> None:
    [view] = card.view.views
    points = next(card.picture.panels[0].of(Points))  # type: ignore[union-attr]
    row = int(np.argmax(np.hypot(points.x, points.y)))
    at = view.box.mapViewToScene(QPointF(points.x[row], points.y[row]))
    window.activateWindow()
    on_screen = view.viewport().mapToGlobal(view.mapFromScene(at))
    QCursor.setPos(on_screen)
    tip = ValueTip.of(window)
    qtbot.waitUntil(lambda: "modulus" in tip.text() and tip.isVisible(), timeout=5000)
    words = tip.text()
    qtbot.wait(3500)  # a tip of the widget came after 700 ms, and went after 2500
    assert tip.isVisible() and tip.text() == words == view.message
    QCursor.setPos(window.mapToGlobal(window.rect().topLeft()))
    qtbot.waitUntil(lambda: view.message == "" and tip.isHidden(), timeout=5000)


def test_planes_of_any_width_come_to_rest(card: EigenvaluesCard, qtbot: QtBot) -> None:
    """A wider axis shows another range, whose numbers may be narrower: it does not shrink again,
    or the plot would be laid out for ever."""
    card.tools.pin.click()
    card.tools.layout_.setCurrentIndex(1)
    qtbot.waitUntil(lambda: len(card.view.views) == 2, timeout=WAIT)
    for view in card.view.views:
        for axis in view.axes.values():
            assert not axis.style["autoReduceTextSpace"]
    for width in range(1000, 1400, 40):
        card.window().resize(width, 800)
        qtbot.wait(30)
    painted: list[int] = []
    for view in card.view.views:
        view.scene().changed.connect(lambda _: painted.append(1))
    qtbot.wait(300)
    assert len(painted) < 4


def test_how_to_move_a_plot_is_told_beside_its_values(card: EigenvaluesCard, qtbot: QtBot) -> None:
    view = card.view.views[0]
    inside, axis = view.rect().center(), QPoint(view.width() // 2, view.height() - 4)
    for place, told in ((inside, False), (axis, True)):
        view.scene().sigMouseMoved.emit(view.mapToScene(place))
        QToolTip.hideText()
        qtbot.waitUntil(lambda: not QToolTip.isVisible())
        event = QHelpEvent(QEvent.Type.ToolTip, place, view.mapToGlobal(place))
        QApplication.sendEvent(view.viewport(), event)
        assert (QToolTip.isVisible() and QToolTip.text() == TIP) == told
    QToolTip.hideText()


def test_no_number_is_cut_at_the_upper_end_of_a_small_plot(
    card: EigenvaluesCard, window: MainWindow, qtbot: QtBot
) -> None:
    for height in (700, 760, 800, 860, 1000):
        window.resize(1280, height)
        qtbot.wait(100)
        window.train.refresh()
        for small in (window.train.layers, window.train.errors, window.train.stiffness):
            axis = small.view.views[0].axes["left"]
            image = QImage(400, 400, QImage.Format.Format_RGB32)
            painter = QPainter(image)
            specs = axis.generateDrawSpecs(painter)
            painter.end()
            assert all(rect.top() >= 0 for rect, _, text in specs[2] if text)


def test_axes_stay_locked_through_a_comparison(
    window: MainWindow, card: EigenvaluesCard, qtbot: QtBot
) -> None:
    page, tools = window.train, card.tools
    page.timeline.go_to(0)
    qtbot.waitUntil(lambda: card.drawn_epoch == 0, timeout=WAIT)
    qtbot.waitUntil(lambda: "largest radius" in card.picture.numbers, timeout=WAIT)  # type: ignore[union-attr]
    before, size = np.array(card.view.views[0].box.viewRange()), window.size()
    tools.contours.setChecked(True)
    qtbot.waitUntil(lambda: "contours of sample 1, ε = " in card.note.text(), timeout=WAIT)
    assert not tools.trails.isEnabled() and not tools.trails.isChecked()  # nothing moves
    tools.pin.click()
    page.timeline.go_live()
    qtbot.waitUntil(lambda: "A: epoch 0" in card.note.text(), timeout=WAIT)
    assert not tools.contours.isEnabled() and not tools.contours.isChecked()
    assert tools.trails.isChecked() and tools.region.isEnabled()
    tools.layout_.setCurrentIndex(2)
    qtbot.waitUntil(lambda: any(card.view.views[0].panel.of(Image)), timeout=WAIT)
    [(left, right), (low, high)] = card.view.views[0].box.viewRange()
    assert (low, high) == (0.5, 10.5) and left == 0.5 and right > 2  # layers and samples
    assert not any(t.isEnabled() for t in (tools.region, tools.frame, tools.axes, tools.trails))
    card.fit()
    zoom(card, (1, 2), (3, 4))
    window.resize(1024, 700)
    qtbot.wait(50)
    tools.pin.click()
    qtbot.waitUntil(lambda: card.figure.name() == "spectrum", timeout=WAIT)
    qtbot.waitUntil(lambda: "contours of sample 1" in card.note.text(), timeout=WAIT)
    tools.contours.setChecked(False)
    window.resize(size)
    qtbot.waitUntil(lambda: "contours" not in card.note.text(), timeout=WAIT)
    assert tools.trails.isChecked() and tools.frame.isEnabled()
    page.refresh()
    qtbot.waitUntil(
        lambda: np.allclose(card.view.views[0].box.viewRange(), before, rtol=0.02), timeout=5000
    )


def test_what_the_title_has_no_room_for_stands_below_it(
    window: MainWindow, card: EigenvaluesCard, qtbot: QtBot
) -> None:
    assert card.note.isVisible() and not card.where.isVisible()
    window.resize(1024, 700)
    card.tools.pin.click()
    window.train.timeline.go_to(0)
    qtbot.waitUntil(lambda: unbroken("B: epoch 0") in card.where.text(), timeout=WAIT)
    assert card.where.isVisible() and not card.note.isVisible()
    assert card.where.height() >= card.where.heightForWidth(card.where.width())
