"""The window by keyboard: whose a key is, where Tab leads, and what can be asked."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from stiffgui import presets
from stiffgui.gui.keyboard import FIELDS
from stiffgui.gui.palette import NOTHING, Palette
from stiffgui.gui.plots.panel_view import PanelView
from stiffgui.gui.settings.rows import FIXED, SettingRow
from stiffgui.gui.shortcuts import Shortcuts, keys
from stiffgui.gui.train.explanation import glossary
from stiffgui.gui.train.workspace import TrainWorkspace
from stiffgui.gui.window import MainWindow
from stiffgui.stiffness.indices import INDICES

Key = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
WAIT = 60_000


@pytest.fixture
def page(window: MainWindow, qtbot: QtBot) -> TrainWorkspace:
    """Train in an active window, with a penalty whose weight can change while training."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.train.model.edit("regularizer.kind", "stiffness")
    window.train.model.edit("training.epochs", 100_000)
    return window.train


def row(page: TrainWorkspace, key: str) -> SettingRow:
    found = page.panel.row(key)
    assert found is not None
    return found


def field(page: TrainWorkspace, key: str) -> QLineEdit:
    line = row(page, key).editor.control
    assert isinstance(line, QLineEdit)
    return line


def focus() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def press(key: Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A key, to what has the focus."""
    QTest.keyClick(focus(), key, modifier)


def type_in(line: QLineEdit, text: str) -> None:
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(focus(), text)


def click(window: MainWindow, widget: QWidget, place: QPoint | None = None) -> None:
    """A click as the screen reports it: what takes no focus hands it on."""
    at = widget.mapTo(window, place or widget.rect().center())
    handle = window.windowHandle()
    QTest.mouseClick(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)


def train(page: TrainWorkspace, qtbot: QtBot) -> None:
    press(Key.Key_R, CONTROL)
    qtbot.waitUntil(
        lambda: page.bench.running is not None and page.bench.running.epoch > 1, timeout=WAIT
    )


def test_a_value_to_correct_keeps_the_focus_and_is_found_again(
    window: MainWindow, page: TrainWorkspace, qtbot: QtBot
) -> None:
    line = field(page, "training.epochs")
    type_in(line, "many")
    press(Key.Key_Return)
    assert focus() is line and line.property("invalid")
    press(Key.Key_Tab)
    page.panel.groups["training"].header.setChecked(False)
    correct = page.panel.correct
    qtbot.waitUntil(correct.isVisible)
    click(window, correct)
    qtbot.waitUntil(line.isVisible)
    assert focus() is line
    correct.setFocus(Qt.FocusReason.TabFocusReason)
    press(Key.Key_Space)
    assert focus() is line
    type_in(line, "7")
    press(Key.Key_Return)
    assert focus() is page.main_view() and not correct.isVisible()


def test_after_enter_the_keys_are_those_of_the_training(
    window: MainWindow, page: TrainWorkspace, qtbot: QtBot
) -> None:
    line = field(page, "regularizer.weight")
    type_in(line, "0.002")
    press(Key.Key_Return)
    assert page.model.value("regularizer.weight") == 0.002
    assert focus() is page.main_view()
    train(page, qtbot)
    press(Key.Key_Space)
    assert page.bench.paused and line.text() == "0.002"
    run = page.bench.running
    assert run is not None
    qtbot.wait(300)
    held = run.epoch
    press(Key.Key_Right)
    qtbot.waitUntil(lambda: run.epoch == held + 1, timeout=WAIT)
    press(Key.Key_Space)
    assert not page.bench.paused
    type_in(line, "0.5")
    press(Key.Key_Space)
    assert not page.bench.paused and line.text() == "0.5 "  # a field keeps what is typed
    press(Key.Key_Escape)
    assert line.text() == "0.002" and page.busy and focus() is page.main_view()
    press(Key.Key_Escape)
    qtbot.waitUntil(lambda: not page.busy, timeout=WAIT)


def test_undo_takes_back_what_is_typed_then_the_setting_while_training(
    page: TrainWorkspace, qtbot: QtBot
) -> None:
    page.main_view().setFocus()
    train(page, qtbot)
    line, value = field(page, "regularizer.weight"), page.model.value("regularizer.weight")
    type_in(line, "0.5")
    press(Key.Key_Tab)
    line.setFocus()
    assert page.model.value("regularizer.weight") == 0.5
    type_in(line, "0.7")
    press(Key.Key_Z, CONTROL)
    assert line.text() == "0.5" and page.model.value("regularizer.weight") == 0.5
    press(Key.Key_Z, CONTROL)
    assert page.model.value("regularizer.weight") == value and focus() is line
    press(Key.Key_Escape)
    press(Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert page.model.value("regularizer.weight") == 0.5


def test_a_click_leaves_the_focus_where_space_pauses(
    window: MainWindow, page: TrainWorkspace, qtbot: QtBot
) -> None:
    line = field(page, "regularizer.weight")
    page.main_view().setFocus()
    train(page, qtbot)
    qtbot.waitUntil(lambda: page.eigenvalues.plot is not None, timeout=WAIT)
    pause = next(b for b in window.findChildren(QToolButton) if b.objectName() == "pause")
    on_card = QPoint(30, 12)  # of its title
    for widget, place in (
        (pause, None),
        (page.eigenvalues.plot, None),
        (page.errors, on_card),
        (page.timeline.play, None),
    ):
        line.setFocus()
        assert widget is not None
        click(window, widget, place)
        assert focus() is page.eigenvalues.plot, widget
        paused = page.bench.paused
        press(Key.Key_Space)
        assert page.bench.paused is not paused, widget
    enlarge = page.errors._enlarge
    click(window, enlarge)
    qtbot.waitUntil(lambda: focus() is page.errors.plot)
    press(Key.Key_Escape)
    qtbot.waitUntil(lambda: not page.busy, timeout=WAIT)


def test_a_control_reached_by_tab_keeps_its_keys(page: TrainWorkspace, qtbot: QtBot) -> None:
    page.main_view().setFocus()
    train(page, qtbot)
    line = field(page, "regularizer.weight")
    before = line.text()
    type_in(line, "0.5")
    stops = row(page, "regularizer.weight").tab_stops()
    while focus() is not stops[-1]:
        press(Key.Key_Tab)
        assert focus() in stops
    press(Key.Key_Space)  # the arrow that resets
    assert field(page, "regularizer.weight").text() == before and not page.bench.paused
    page.timeline.slider.setFocus()
    press(Key.Key_Right)
    assert not page.bench.paused
    assert not isinstance(focus(), FIELDS | QAbstractButton)


def test_tab_goes_from_the_bar_to_the_runs_and_plots_move_by_arrows(
    window: MainWindow, page: TrainWorkspace, qtbot: QtBot
) -> None:
    window.toasts.clear("Train")
    page.model.edit("training.epochs", 3)
    window.acts["run"].trigger()
    qtbot.waitUntil(lambda: not page.busy and page.eigenvalues.plot is not None, timeout=WAIT)
    page.preset.setFocus(Qt.FocusReason.TabFocusReason)
    visited: list[QWidget] = []
    while focus() not in visited:
        visited.append(focus())
        press(Key.Key_Tab)
    parts = (page.bar, page.panel, page.eigenvalues, page.errors, page.timeline, page.runs)
    places = [[k for k, w in enumerate(visited) if part.isAncestorOf(w)] for part in parts]
    assert focus() is page.preset  # it is a ring
    assert all(places) and [w for w in visited if w.objectName() in ("run", "export")]
    assert all(a[-1] < b[0] for a, b in pairwise(places))
    plot = page.eigenvalues.plot
    assert isinstance(plot, PanelView) and plot in visited
    before = plot.box.viewRange()
    plot.setFocus(Qt.FocusReason.TabFocusReason)
    assert plot._is_framed
    press(Key.Key_Right)
    moved = plot.box.viewRange()
    assert moved[0][0] > before[0][0] and moved[1] == before[1] and plot.is_zoomed
    press(Key.Key_Plus)
    (x0, x1), _ = plot.box.viewRange()
    assert x1 - x0 == pytest.approx(0.8 * (moved[0][1] - moved[0][0]))
    press(Key.Key_0)
    assert plot.box.viewRange() == before and not plot.is_zoomed


def test_the_keys_of_a_plot_reached_by_tab_are_its_own_while_training(
    page: TrainWorkspace, qtbot: QtBot
) -> None:
    page.main_view().setFocus()
    train(page, qtbot)
    qtbot.waitUntil(lambda: page.eigenvalues.plot is not None, timeout=WAIT)
    plot = page.eigenvalues.plot
    assert isinstance(plot, PanelView)
    plot.setFocus(Qt.FocusReason.TabFocusReason)
    press(Key.Key_Right)
    assert not page.bench.paused and plot.is_zoomed
    press(Key.Key_Space)
    assert page.bench.paused


def test_every_shortcut_is_listed_once(window: MainWindow, page: TrainWorkspace) -> None:
    page.main_view().setFocus()
    QTest.keyClick(focus(), "?")
    dialog = window.findChild(Shortcuts)
    assert dialog is not None and dialog.isVisible()
    listed = dict(dialog.groups)
    of_menus = [listed[title.replace("&", "")] for title in window._menus]
    for action in (*window.acts.values(), *window.switch.values()):
        if keys(action):
            assert sum(keys(action) in group for group in of_menus) == 1, action.text()
    assert listed["Run"]["Space"] == "Pause" and listed["Help"]["?"] == "Keyboard shortcuts"
    assert {"On a plot reached by Tab", "On the timeline", "In a field"} <= set(listed)
    assert "show everything again" in dialog.text.text()
    QTest.keyClick(dialog, Key.Key_Escape)
    assert not dialog.isVisible()


def ask(window: MainWindow, words: str) -> Palette:
    window.acts["palette"].trigger()
    palette = window.findChildren(Palette)[-1]
    QTest.keyClicks(palette.words, words)
    return palette


def test_tab_leaves_out_what_is_behind_a_tab(
    window: MainWindow, page: TrainWorkspace, qtbot: QtBot
) -> None:
    window.resize(1024, 700)
    page.model.edit("training.epochs", 3)
    window.acts["run"].trigger()
    qtbot.waitUntil(lambda: not page.busy and page.fit.plot is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: not page.layers.is_seen, timeout=WAIT)
    page.preset.setFocus(Qt.FocusReason.TabFocusReason)
    visited: list[QWidget] = []
    while focus() not in visited:
        visited.append(focus())
        press(Key.Key_Tab)
    assert any(page.fit.isAncestorOf(each) for each in visited)
    assert not any(page.layers.isAncestorOf(each) for each in visited)


def test_the_palette_says_when_it_finds_nothing(window: MainWindow, page: TrainWorkspace) -> None:
    palette = ask(window, "zzzyx")
    QTest.keyClick(palette.words, Key.Key_Return)
    assert palette.isVisible() and palette.problem.text() == NOTHING
    palette.words.setText("weight 0.01")
    assert not palette.problem.isVisible()
    palette.reject()


def test_the_palette_sets_settings_and_goes_to_them(
    window: MainWindow, page: TrainWorkspace, qtbot: QtBot
) -> None:
    model = page.model
    before = model.value("regularizer.weight")
    palette = ask(window, "weight 0.01")
    assert palette.found.item(0).text() == "Weight λ = 0.01 (regularizer.weight)"
    QTest.keyClick(palette.words, Key.Key_Return)
    assert model.value("regularizer.weight") == 0.01 and not palette.isVisible()
    model.undo.undo()
    assert model.value("regularizer.weight") == before
    palette = ask(window, "weight -1")
    QTest.keyClick(palette.words, Key.Key_Return)
    assert palette.problem.isVisible() and "it must be a number from 0" in palette.problem.text()
    assert model.value("regularizer.weight") == before and not model.problems
    palette.reject()
    palette = ask(window, "activation rel")
    assert palette.found.item(0).text() == "Activation = relu (architecture.activation)"
    QTest.keyClick(palette.words, Key.Key_Return)
    assert model.value("architecture.activation") == "relu"
    palette = ask(window, "beta2")  # behind More
    QTest.keyClick(palette.words, Key.Key_Return)
    qtbot.waitUntil(lambda: focus() is field(page, "training.beta2"))
    page.main_view().setFocus()
    train(page, qtbot)
    palette = ask(window, "width 7")
    QTest.keyClick(palette.words, Key.Key_Return)
    assert FIXED in palette.problem.text() and model.value("architecture.width") != 7
    palette.reject()
    QTest.keyClick(ask(window, "weight 0.5").words, Key.Key_Return)
    run = page.bench.running
    assert run is not None
    qtbot.waitUntil(lambda: any(e.key == "regularizer.weight" for e in run.events), timeout=WAIT)


def test_the_palette_says_which_choice_a_setting_needs(
    window: MainWindow, page: TrainWorkspace
) -> None:
    model = page.model
    model.edit("regularizer.kind", "none")
    palette = ask(window, "weight 0.01")
    assert palette.found.item(0).text() == "Weight λ = 0.01 (regularizer.weight)"
    QTest.keyClick(palette.words, Key.Key_Return)
    kinds = "l2, stiffness, kinetic, jacobian-frobenius or condition"
    assert palette.isVisible() and palette.problem.text() == (
        f"Weight λ acts only where Penalty is {kinds}; it is none."
    )
    [row] = palette.found.findItems(
        "Penalty = stiffness, Weight λ = 0.01", Qt.MatchFlag.MatchExactly
    )
    palette.found.setCurrentItem(row)
    QTest.keyClick(palette.words, Key.Key_Return)
    assert not palette.isVisible()
    assert model.value("regularizer.kind") == "stiffness"
    assert model.value("regularizer.weight") == 0.01
    model.undo.undo()
    assert model.value("regularizer.kind") == "none"
    palette = ask(window, "weight -1")
    palette.found.setCurrentRow(1)
    QTest.keyClick(palette.words, Key.Key_Return)
    assert "it must be a number from 0" in palette.problem.text()
    assert model.value("regularizer.kind") == "none" and not model.problems
    palette.reject()


def test_f1_explains_what_has_the_focus_or_is_under_the_pointer(
    window: MainWindow, page: TrainWorkspace, qtbot: QtBot
) -> None:
    panel, text = page.explanation, page.explanation.text.toPlainText
    weight = row(page, "regularizer.weight")
    assert "regularizer.weight" in weight.editor.control.toolTip()  # as the README promises
    weight.editor.control.setFocus()
    press(Key.Key_F1)
    spec = weight.spec
    assert panel.isVisible()
    known = (spec.title, spec.help, spec.bounds, spec.key)
    assert all(part.lower() in text().lower() for part in known)
    row(page, "regularizer.proxy.kind").editor.control.setFocus()  # an open one follows
    assert "Hutchinson" in text() and "gelfand-sketch" in text()
    page.explain(page.eigenvalues.table)
    index = INDICES["spectral-radius"]
    assert all(part in text() for part in (index.title, index.help, index.reading, index.source))
    assert 'watch.indices = ["spectral-radius"]' in text()
    page.stiffness.help.click()
    assert "Stiffness against" in text() and page.stiffness.spec("indices").help in text()
    panel.text.anchorClicked.emit(QUrl("log-norm"))
    assert INDICES["log-norm"].source in text()
    panel.text.anchorClicked.emit(QUrl("Probe%20samples"))
    assert glossary()["Probe samples"] in text() and "Eigenvalue" in text().partition("Words")[2]
    train(page, qtbot)
    page.main_view().setFocus()
    press(Key.Key_Escape)
    assert not panel.isVisible() and page.busy  # the panel first, then the training


@pytest.mark.parametrize("name", INDICES)
def test_every_index_says_how_to_read_it(name: str) -> None:
    assert INDICES[name].help and INDICES[name].reading.endswith(".")


def test_escape_closes_the_import_dialog(
    window: MainWindow, page: TrainWorkspace, qtbot: QtBot
) -> None:
    for inside in (False, True):
        window.import_table()
        wizard = page.importing.wizard
        assert wizard is not None
        qtbot.waitUntil(wizard.isActiveWindow)
        line = next(iter(wizard.form.findChildren(QLineEdit)))
        QTest.keyClick(line if inside else wizard, Key.Key_Escape)
        assert page.importing.wizard is None


def test_epochs_set_by_hand_outlive_a_preset(window: MainWindow, page: TrainWorkspace) -> None:
    model, key = page.model, "training.epochs"
    page.load_preset("climate")
    assert model.value(key) == 100_000
    assert window.toasts.text().startswith("Epochs stay 100\u202f000")
    model.undo.undo()
    assert model.preset_name == "alpine02" and model.value(key) == 100_000
    model.undo.redo()
    window.toasts.all[-1].offer.click()
    assert model.value(key) == presets["climate"].training.epochs
    page.load_preset("alpine02")
    assert model.value(key) == presets["alpine02"].training.epochs


def test_what_empty_cards_say_is_not_cut_beside_an_explanation(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(1280, 800)
    page = window.train
    page.explain(page.errors)
    qtbot.waitUntil(page.explanation.isVisible)
    qtbot.wait(100)
    for card in page.cards:
        if card.is_seen:
            words = card._empty
            assert words.isVisible() and words.heightForWidth(words.width()) <= words.height()
