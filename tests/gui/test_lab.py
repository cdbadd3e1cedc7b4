"""The laboratory in the real window: pages, sliders, cancelling, sentences, export, closing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from PySide6.QtCore import QEvent, QPoint, QSettings, Qt
from PySide6.QtGui import QGuiApplication, QImage, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from stiffgui.cli import main
from stiffgui.figures import Style, figure
from stiffgui.figures.numerals import minus, unbroken
from stiffgui.figures.script import page_command, page_script
from stiffgui.gui import child_thread
from stiffgui.gui.child_thread import ChildThread
from stiffgui.gui.lab.controls import Controls
from stiffgui.gui.lab.page import LabPage
from stiffgui.gui.lab.workspace import LabWorkspace
from stiffgui.gui.plots.plot import Plot
from stiffgui.gui.requests import Requests
from stiffgui.gui.tab_order import stops
from stiffgui.gui.theme import DARK, LIGHT
from stiffgui.gui.window import MainWindow
from stiffgui.gui.workspace import Surroundings
from stiffgui.labs import PAGES, page
from stiffgui.session.exports import Export
from stiffgui.session.lab import ComputePage
from stiffgui.session.service import Answer, Failure, Request, answers
from stiffgui.session.sources import PageSource
from stiffgui.training import Controls as Steering
from tests.processes import children

WAIT = 60_000
QUICK: dict[str, dict[str, object]] = {"crossing": {"epochs": 3}}


@pytest.fixture(scope="module")
def workspace(
    qapp: QApplication, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[LabWorkspace]:
    """The workspace with its child, for all tests of this file: a child takes seconds to warm."""
    folder = tmp_path_factory.mktemp("lab")
    settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
    found = LabWorkspace(Surroundings(folder, settings, {}))
    found.resize(1240, 720)
    found.show()
    found.start()
    bot = QtBot(request)  # pages make their widgets when they are first drawn: they outlive a test
    for name in PAGES:
        found.show_page(name)
        bot.waitUntil(lambda page=found.pages[name]: done(page), timeout=WAIT)
    yield found
    found.close()
    found.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def lab(workspace: LabWorkspace, qtbot: QtBot) -> LabWorkspace:
    """The workspace at its default values, on the first page."""
    for name in ("crossing", "convergence", "gradients", "linear"):
        if workspace.pages[name].page != PAGES[name]():
            workspace.pages[name].controls.reset_all()
    workspace.show_page("linear")
    qtbot.waitUntil(lambda: done(workspace.pages["linear"]), timeout=WAIT)
    return workspace


@pytest.fixture
def said(lab: LabWorkspace) -> Iterator[list[str]]:
    """What the workspace says, the last sentence at the end."""
    sentences: list[str] = [""]

    def hear(sentence: str, details: str = "", offer: object = None) -> None:
        sentences.append(sentence)

    lab.said.connect(hear)
    lab.noted.connect(hear)
    yield sentences
    lab.said.disconnect(hear)
    lab.noted.disconnect(hear)


def done(page: LabPage) -> bool:
    return page.is_complete and not page.stop.isEnabled()


def anew(lab: LabWorkspace, qtbot: QtBot, change: Callable[[], object]) -> LabPage:
    """The shown page after what `change` brings about."""
    shown = lab.current
    before = shown.result
    change()
    qtbot.waitUntil(lambda: shown.result is not before and done(shown), timeout=WAIT)
    return shown


def test_every_page_is_drawn(lab: LabWorkspace, qtbot: QtBot) -> None:
    for name, shown in lab.pages.items():
        if name == "crossing":
            shown.controls.edit("epochs", 20)
        lab.show_page(name)
        qtbot.waitUntil(lambda shown=shown: done(shown), timeout=WAIT)
        assert lab.current is shown and shown.card.view.isVisible()
        assert shown.result is not None
        told = tuple(unbroken(minus(each)) for each in shown.result.sentences())
        assert tuple(shown.sentences.text().splitlines()) == told
        assert not shown.problem.isVisible()
        drawn = shown.card.view.grab().toImage()
        assert len({drawn.pixel(x, y) for x in range(0, drawn.width(), 7)
                    for y in range(0, drawn.height(), 7)}) > 5  # fmt: skip
    # A page that was seen is not computed again.
    result = lab.pages["gradients"].result
    lab.show_page("linear")
    lab.show_page("gradients")
    assert lab.pages["gradients"].result is result and lab.computing is None


def test_sliders_fields_and_matrix_compute_anew(lab: LabWorkspace, qtbot: QtBot) -> None:
    controls = lab.current.controls
    scale = controls.scales["second_step"]
    scale.setFocus()
    shown = anew(lab, qtbot, lambda: QTest.keyClick(scale, Qt.Key.Key_PageUp))
    step = shown.page.second_step  # type: ignore[attr-defined]
    assert 0.03 < step < 0.1
    assert shown.result.regrowth_factor == pytest.approx(100 * step - 1)  # type: ignore[union-attr]
    assert f"{step:g}" in controls.editors["second_step"].control.text()  # type: ignore[attr-defined]

    line = controls.editors["end"].control

    def enter() -> None:
        line.selectAll()  # type: ignore[attr-defined]
        QTest.keyClicks(line, "0.2")
        QTest.keyClick(line, Qt.Key.Key_Return)

    anew(lab, qtbot, enter)
    assert lab.current.result.paths["dopri5"].times[-1] == pytest.approx(0.2)  # type: ignore[union-attr]

    matrix = controls.editors["matrix"]
    cell = matrix.cells[1][1]  # type: ignore[attr-defined]
    cell.setText("-50")
    shown = anew(lab, qtbot, lambda: QTest.keyClick(cell, Qt.Key.Key_Return))
    assert shown.result.stiffness_ratio == pytest.approx(50)  # type: ignore[union-attr]
    shown = anew(lab, qtbot, lambda: matrix.order.setCurrentIndex(1))  # type: ignore[attr-defined]
    assert shown.result.matrix.shape == (3, 3)  # type: ignore[union-attr]
    anew(lab, qtbot, controls.reset.click)
    assert shown.page == PAGES["linear"]()


def test_an_exercise_sets_the_controls_and_says_what_to_see(
    lab: LabWorkspace, qtbot: QtBot
) -> None:
    shown = lab.current
    small, button = shown.page.exercises[0], shown.exercises.buttons[0]
    shown.controls.edit("end", "soon")  # what was wrong is gone, too
    anew(lab, qtbot, lambda: QTest.keyClick(button, Qt.Key.Key_Space))
    assert shown.page.changes() == small.changes and not shown.controls.problem.isVisible()
    assert button.isChecked() and shown.see.isVisible() and shown.see.text() == small.see
    anew(lab, qtbot, lambda: shown.controls.edit("second_step", 0.021))
    assert not button.isChecked() and not shown.see.isVisible()  # it would not be true


def test_tab_goes_from_the_controls_to_the_exercises(lab: LabWorkspace) -> None:
    for name, shown in lab.pages.items():
        lab.show_page(name)
        order = [stop for stop in stops(lab) if stop.isVisible()]
        reached = [order.index(button) for button in shown.exercises.buttons]
        assert reached == list(range(reached[0], reached[0] + 3))
        assert reached[0] > max(order.index(scale) for scale in shown.controls.scales.values())


def test_formulas_have_the_colour_of_text_and_are_sharp(lab: LabWorkspace) -> None:
    shown = lab.current.formulas
    for theme in (DARK, LIGHT):
        lab.set_theme(theme)
        usual, fine = drawn(shown, 1), drawn(shown, 2)
        places = [(x, y) for x in range(fine.width()) for y in range(fine.height())]
        colours = {
            fine.pixelColor(x, y).name() for x, y in places if fine.pixelColor(x, y).alpha() == 255
        }
        assert colours == {theme.text}
        assert fine != usual.scaled(fine.size())  # drawn anew, not made larger


def drawn(widget: QWidget, ratio: int) -> QImage:
    """A widget on nothing, on a screen of so many pixels."""
    image = QImage(widget.size() * ratio, QImage.Format.Format_ARGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    widget.render(image, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    return image


def test_bad_values_are_said_and_the_picture_stays(lab: LabWorkspace, qtbot: QtBot) -> None:
    shown, result = lab.current, lab.current.result
    shown.controls.edit("second_step", "fast")
    assert shown.controls.problem.isVisible()
    assert "second_step is 'fast'; it must be a number" in shown.controls.problem.text()
    assert shown.controls.editors["second_step"].control.property("invalid")
    assert shown.result is result and lab.computing is None
    shown.controls.edit("matrix", "1 2; 3")
    shown.controls.edit("second_step", 0.01)
    assert "not 2 x 2" in shown.controls.problem.text() and lab.computing is None
    anew(lab, qtbot, lambda: shown.controls.edit("matrix", "-1 0; 0 -10"))
    assert not shown.controls.problem.isVisible()
    assert shown.page.second_step == 0.01  # type: ignore[attr-defined]


def test_what_cannot_be_computed_is_a_sentence(lab: LabWorkspace, qtbot: QtBot) -> None:
    shown = lab.current
    anew(lab, qtbot, lambda: shown.controls.edit("end", 0.3))
    anew(lab, qtbot, lambda: shown.controls.edit("matrix", "50 0; 0 -100"))
    anew(lab, qtbot, lambda: shown.controls.edit("second_step", 0.02))
    assert shown.problem.isVisible()
    assert "The implicit Euler step of 0.02 is singular" in shown.problem.text()
    anew(lab, qtbot, lambda: shown.controls.edit("second_step", 0.015))
    assert not shown.problem.isVisible()
    shown.controls.edit("component", 4)  # allowed by its bounds, but the matrix is 2 x 2
    qtbot.waitUntil(lambda: "component 4 does not exist" in shown.problem.text(), timeout=WAIT)
    assert not shown.stop.isEnabled()


def test_cancel_and_the_newest_request_wins(lab: LabWorkspace, qtbot: QtBot) -> None:
    shown = lab.pages["crossing"]
    shown.controls.edit("epochs", 20_000)
    lab.show_page("crossing")
    qtbot.waitUntil(lambda: shown.bar.value() > 0, timeout=WAIT)
    assert shown.stop.isEnabled() and shown.bar.value() < 500
    assert lab.enabled("stop")
    lab.calls()["stop"]()
    assert not lab.enabled("stop")
    assert not shown.stop.isEnabled() and shown.status.text() == "cancelled"
    partial = shown.result
    assert partial is not None and partial.progress < 0.5
    anew(lab, qtbot, lambda: shown.controls.edit("epochs", 12))  # the child was free at once
    for epochs in (19_000, 18_000, 17_000, 15):
        shown.controls.edit("epochs", epochs)
    qtbot.waitUntil(
        lambda: done(shown) and shown.result.networks["fine"].epochs[-1] == 15,  # type: ignore[union-attr]
        timeout=WAIT,
    )
    # Leaving a page stops it.
    shown.controls.edit("epochs", 20_000)
    lab.show_page("linear")
    assert not shown.stop.isEnabled() and lab.computing is None


def test_only_the_newest_result_is_drawn(lab: LabWorkspace) -> None:
    result, drawn = lab.pages["linear"].result, []
    requests = Requests(ChildThread("A process that was never started"))
    number = requests.ask(None, drawn.append, drawn.append, drawn.append, newest=True)
    for k in range(500):  # a burst between two polls
        requests.thread_._asked[number] = Request(number, None, newest=True)
        requests.thread_._take(Answer(number, (k, result), last=False))
    assert requests.poll() and not requests.poll()
    assert drawn == [(499, result)]


def test_a_blank_card_says_that_it_computes(qtbot: QtBot) -> None:
    shown = LabPage(PAGES["linear"]())
    qtbot.addWidget(shown)
    shown.show()
    said = lambda: [w.text() for w in shown.card.findChildren(QLabel) if w.isVisible()]  # noqa: E731
    assert not any("Computing…" in text for text in said())
    shown.begin()
    assert any("Computing…" in text for text in said())
    shown.fail("It cannot.")
    assert "It cannot." in said() and not any("Computing…" in text for text in said())
    assert not any("Run" in text for text in said())  # nobody has to press it here


def test_a_child_that_does_not_listen_is_replaced(
    lab: LabWorkspace, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_thread, "PATIENCE_SECONDS", 0.2)
    hung = children()
    lab.pages["linear"].controls.edit("end", 0.25)
    for child in hung:
        child.suspend()
    qtbot.wait(400)
    lab.pages["linear"].controls.edit("end", 0.22)
    qtbot.waitUntil(
        lambda: done(lab.current) and lab.current.result.times[-1] == 0.22,  # type: ignore[union-attr]
        timeout=WAIT,
    )
    assert lab.requests.thread_.restarts >= 1
    for child in hung:
        if child.is_running():
            child.resume()


def test_export_and_copy(lab: LabWorkspace, said: list[str], qtbot: QtBot, tmp_path: Path) -> None:
    shown = lab.current
    anew(lab, qtbot, lambda: shown.controls.edit("second_step", 0.04))
    for kind, mark in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
        path = tmp_path / f"page.{kind}"
        lab.exports.save("linear", path)
        qtbot.waitUntil(lambda path=path: str(path) in said[-1], timeout=WAIT)
        assert path.read_bytes().startswith(mark)
    lab.exports.save("linear", tmp_path / "page.csv")
    qtbot.waitUntil((tmp_path / "page.csv").exists, timeout=WAIT)
    qtbot.waitUntil(lambda: "page.csv" in said[-1], timeout=WAIT)
    table = pd.read_csv(tmp_path / "page.csv")
    late = table[table.method == "explicit Euler"].x2.to_numpy()[-3:]
    assert late[1] / late[0] == pytest.approx(-3) and late[2] / late[1] == pytest.approx(-3)

    lab.exports.save("linear", tmp_path / "page.gif")
    assert "does not end in .png" in said[-1]
    lab.exports.save("linear", tmp_path / "missing" / "page.png")
    assert "does not exist" in said[-1]

    clipboard = QGuiApplication.clipboard()
    shown.card.copy_asked.emit("picture")
    qtbot.waitUntil(lambda: "Copied the picture" in said[-1], timeout=WAIT)
    assert isinstance(clipboard.image(), QImage) and clipboard.image().width() > 200
    shown.card.copy_asked.emit("data")
    qtbot.waitUntil(lambda: "Copied the data" in said[-1], timeout=WAIT)
    assert clipboard.text().startswith("method,t,x1,x2")
    lab.calls()["copy_command"]()
    assert clipboard.text() == "stiffgui lab linear --set second_step=0.04"


def test_the_copied_command_and_script_work(
    tmp_path: Path, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = LabPage(PAGES["linear"]())
    qtbot.addWidget(shown)
    shown.controls.edit("matrix", "-1 0; 0 -30")
    import shlex

    assert main([*shlex.split(page_command(shown.page))[1:], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stiffness_ratio"] == pytest.approx(30)
    (tmp_path / "redraw.py").write_text(page_script(shown.page, shown.card.figure, Style()))
    subprocess.run([sys.executable, "redraw.py"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "linear.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("name", PAGES)
def test_controls_work_by_keyboard_and_have_names(name: str, qtbot: QtBot) -> None:
    controls = Controls(page(name))
    qtbot.addWidget(controls)
    controls.more.setChecked(True)
    controls.show()
    for spec in page(name).specs():
        editor = controls.editors[spec.key]
        assert editor.control.accessibleName() and editor.control.toolTip()
        assert editor.control.focusPolicy() & Qt.FocusPolicy.TabFocus
    for key, scale in controls.scales.items():
        assert scale.accessibleName()
        default, at = getattr(page(name), key), scale.value()
        scale.setValue(scale.maximum() if at < scale.maximum() else 0)
        scale.setValue(at)
        if controls.page.sliders[key][0] <= default <= controls.page.sliders[key][1]:
            assert getattr(controls.page, key) == default
        for at in (scale.minimum(), scale.maximum()):
            scale.setValue(at)
            value = getattr(controls.page, key)
            low, high = controls.page.sliders[key]
            assert value == pytest.approx(low if at == 0 else high)


@pytest.mark.parametrize("name", PAGES)
def test_pictures_fit_small_windows(name: str, qtbot: QtBot) -> None:
    shown = LabPage(PAGES[name]())
    qtbot.addWidget(shown)
    shown.resize(1000, 560)
    shown.show()
    shown.show_result(page(name).with_settings(QUICK.get(name, {})).last())
    for theme in (LIGHT, DARK):
        shown.set_theme(theme)
        QTest.qWait(20)
        assert shown.width() == 1000 and shown.height() == 560
        assert shown.card.view.height() > 250
        plots = [p.box for p in shown.card.view.findChildren(Plot)]
        assert plots and all(box.width() > 80 and box.height() > 60 for box in plots)
        for plot in shown.card.view.findChildren(Plot):
            assert plot.backgroundBrush().color().name() == theme.card


def test_the_childs_work_without_its_pipe(tmp_path: Path) -> None:
    def of(work: object, controls: Steering | None = None) -> Iterator[Answer | Failure]:
        return answers(Request(1, work), controls or Steering())

    linear = page("linear")
    values = list(of(ComputePage(linear)))
    assert [a.last for a in values] == [False] * (len(values) - 1) + [True]  # type: ignore[union-attr]
    assert values[-2].value.progress == 1  # type: ignore[union-attr]
    stopped = Steering()
    results = of(ComputePage(page("crossing").with_settings({"epochs": 3000})), stopped)
    assert next(results).value.progress < 1  # type: ignore[union-attr]
    stopped.stop()
    (end,) = results
    assert end == Answer(1, None)
    (failure,) = of(ComputePage(linear.with_settings({"component": 3})))
    assert isinstance(failure, Failure) and failure.sentence and not failure.details
    few = page("gradients").with_settings({"doublings": 3})
    source = PageSource(few, few.last())
    (made,) = of(Export(source=source, shown=figure("gradients", "page"), kind="csv"))
    assert isinstance(made, Answer) and made.value.startswith(b"case,steps,step")
    shown = figure("linear", "page")
    source = PageSource(linear, linear.last())
    path = tmp_path / "no" / "a.png"
    (failure,) = of(Export(source=source, shown=shown, kind="png", path=path))
    assert isinstance(failure, Failure) and "cannot be written" in failure.sentence


def test_in_the_window(window: MainWindow, qtbot: QtBot) -> None:
    """The shell shows it, its actions reach it, and its child ends with the window."""
    lab = window.show_place("Lab")
    assert isinstance(lab, LabWorkspace)
    assert not window.acts["run"].isEnabled() and window.acts["export"].isEnabled()
    lab.pages["crossing"].controls.edit("epochs", 20_000)
    lab.show_page("crossing")
    qtbot.waitUntil(lambda: lab.current.result is not None, timeout=WAIT)
    assert window.acts["stop"].isEnabled()
    window.acts["stop"].trigger()
    assert not window.acts["stop"].isEnabled()
    window.show_place("Train")
    assert window.acts["run"].isEnabled()
    window.close()
    assert not lab.requests.thread_.isRunning()
