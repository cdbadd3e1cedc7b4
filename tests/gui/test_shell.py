"""The shell: workspaces built when first shown, each with its own bar, menus and actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QLineEdit,
    QMenu,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from stiffgui.gui.application import PLACES
from stiffgui.gui.recent import RecentFiles
from stiffgui.gui.theme import Theme
from stiffgui.gui.train.workspace import RESUME
from stiffgui.gui.window import MainWindow
from stiffgui.gui.workspace import Place, Surroundings, Workspace
from tests.gui.opening import open_file, wait_for_reading


class Notes(Workspace):
    """A workspace that remembers what the shell asked of it."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__()
        self.surroundings, self.asked = surroundings, []
        self._menu = QMenu("&Notes", self)
        self._bar = QLabel("bar of notes")

    @property
    def bar(self) -> QWidget:
        return self._bar

    def calls(self) -> Mapping[str, Callable[[], object]]:
        return {"run": lambda: self.asked.append("run"), "stop": lambda: self.asked.append("stop")}

    def enabled(self, name: str) -> bool:
        return name != "stop"

    def menus(self) -> list[QMenu]:
        return [self._menu]

    def start(self) -> None:
        self.asked.append("start")

    def open_file(self, path: Path) -> None:
        self.asked.append(path.name)

    def set_theme(self, theme: Theme) -> None:
        self.asked.append(type(theme).__name__)


def test_a_workspace_is_built_when_it_is_first_shown(
    qtbot: QtBot, qapp: QApplication, home: Path
) -> None:
    made: list[Notes] = []

    def make(surroundings: Surroundings) -> Workspace:
        made.append(Notes(surroundings))
        return made[-1]

    places = (*PLACES[:1], Place("Notes", make, (".note",)))
    settings = QSettings(str(home / "w.ini"), QSettings.Format.IniFormat)
    window = MainWindow(home / "runs", settings, places)
    window.apply_theme()
    window.show()
    assert not made and window.current is window.train
    preset, curves = window.train.preset, window.train.curves_menu.menuAction()
    assert preset.isVisible() and curves.isVisible()
    assert window.acts["undo"].isEnabled()

    window.switch["Notes"].trigger()
    notes = made[0]
    assert window.current is notes and notes.asked == ["Theme"]
    qtbot.waitUntil(lambda: notes.bar.isVisible() and not preset.isVisible())
    assert not curves.isVisible()
    assert window.acts["run"].isEnabled() and not window.acts["stop"].isEnabled()
    assert not window.acts["undo"].isEnabled() and window.acts["quit"].isEnabled()
    window.acts["run"].trigger()
    assert notes.asked[-1] == "run" and not window.train.busy

    window.switch["Train"].trigger()
    qtbot.waitUntil(lambda: preset.isVisible() and not notes.bar.isVisible())
    assert len(made) == 1
    open_file(window, home / "a.note")
    assert window.current is notes and notes.asked[-1] == "a.note"
    window.start_children()
    assert "start" in notes.asked
    notes.said.emit("Something.", "", None)
    assert window.toasts.text() == "Something." and window.toasts.isVisible()
    notes.began.emit()
    assert window.toasts.text() != "Something."
    assert window.switch["Notes"].isChecked()
    assert window.switch["Notes"].shortcut().toString() == "Ctrl+2"
    window.close()
    window.deleteLater()


def test_one_workspace_needs_no_switch(qtbot: QtBot, qapp: QApplication, home: Path) -> None:
    settings = QSettings(str(home / "w.ini"), QSettings.Format.IniFormat)
    window = MainWindow(home / "runs", settings, PLACES[:1])
    assert not window.switch
    assert not [b for b in window.findChildren(QToolButton) if b.objectName() == "switch"]
    window.close()
    window.deleteLater()


def _around(widget: QWidget) -> list[QWidget]:
    parent = widget.parentWidget()
    return [] if parent is None else [parent, *_around(parent)]


def test_tab_reaches_named_controls_part_by_part(
    window: MainWindow, qtbot: QtBot, run_file: Path
) -> None:
    page = window.train
    open_file(page, run_file)
    qtbot.waitUntil(lambda: page.eigenvalues.picture is not None, timeout=60_000)
    window.toasts.clear("Train")  # a newcomer's welcome
    qtbot.wait(200)  # until there are as many rows of cards as there is room for now
    first, *cards = page.cards
    bars = page.views.tab_bars()
    parts = [page.bar, page.panel, first, *bars, *cards, page.timeline, page.runs]
    place, visited = -1, list[QWidget]()
    window.activateWindow()
    page.preset.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is page.preset)
    while (widget := QApplication.focusWidget()) not in visited:
        visited.append(widget)
        if widget.objectName() != "switch":  # the shell's, in the same bar
            (at,) = [k for k, part in enumerate(parts) if part in (widget, *_around(widget))]
            assert at >= place, widget
            place = at
            named = widget.accessibleName() or getattr(widget, "text", str)()
            assert named and named not in "⋯↺▶✕", widget
            assert widget.toolTip(), widget
        QTest.keyClick(widget, Qt.Key.Key_Tab)
    assert widget is page.preset  # the whole page is one ring
    for there in reversed(visited):  # and Shift+Tab goes the same way back
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Backtab)
        assert QApplication.focusWidget() is there
    assert place == len(parts) - 1


def test_space_pauses_a_fresh_window_and_escape_in_a_field_only_leaves_it(
    window: MainWindow, qtbot: QtBot
) -> None:
    page = window.train
    window.activateWindow()
    qtbot.waitUntil(lambda: not isinstance(window.focusWidget(), QToolButton))
    page.model.edit("training.epochs", 100_000)
    page.run()
    qtbot.waitUntil(
        lambda: page.bench.running is not None and page.bench.running.epoch > 1, timeout=60_000
    )
    QTest.keyClick(window, Qt.Key.Key_Space)
    assert page.bench.paused
    (run,) = page.runs.table.runs.rows
    assert run.state == "paused"
    QTest.keyClick(window, Qt.Key.Key_Space)
    assert not page.bench.paused
    row = page.panel.row("training.learning_rate")
    assert row is not None
    line = row.findChild(QLineEdit)
    line.setFocus()
    before = line.text()
    line.selectAll()
    QTest.keyClicks(line, "7")
    QTest.keyClick(line, Qt.Key.Key_Escape)
    assert line.text() == before and page.bench.busy
    page.eigenvalues.trial.setFocus()
    QTest.keyClick(page.eigenvalues.trial, Qt.Key.Key_Escape)
    assert page.bench.busy
    window.setFocus()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not page.bench.busy, timeout=60_000)


def test_the_preset_box_names_what_is_loaded(window: MainWindow) -> None:
    page = window.train
    page.load_preset("climate")
    assert page.preset.currentData() == "climate"
    page.model.undo.undo()
    assert page.preset.currentData() == "alpine02"
    page.model.load("mine", page.model.preset.with_settings({"architecture.depth": 6}))
    assert page.preset.currentIndex() == -1 and page.preset.placeholderText() == "mine"


def test_an_empty_card_says_how_it_fills(window: MainWindow, run_file: Path) -> None:
    page = window.train
    assert all("Press Run" in card._empty.text() for card in page.cards)
    open_file(page, run_file)  # the view child has not answered yet
    waiting = [card for card in page.cards if not card._empty.isHidden()]
    assert page.fit in waiting and all("Computing" in card._empty.text() for card in waiting)


def test_the_files_opened_last_are_offered_the_newest_first(
    window: MainWindow, run_file: Path, tmp_path: Path
) -> None:
    recent = window.recent
    recent.fill()
    assert not recent.actions()[0].isEnabled()
    settings = tmp_path / "a & b.toml"
    settings.write_text("[training]\nepochs = 7\n")
    open_file(window, run_file)
    open_file(window, settings)
    open_file(window, run_file)
    open_file(window, tmp_path / "nowhere.toml")
    recent.fill()
    assert [a.text() for a in recent.actions()[:2]] == [run_file.name, "a && b.toml"]
    again = RecentFiles(QSettings(window.settings.fileName(), window.settings.format()), window)
    window.settings.sync()
    assert again.paths() == recent.paths() == [run_file, settings]
    recent.actions()[1].trigger()
    wait_for_reading(window)
    assert window.train.model.experiment is not None
    assert window.train.model.experiment.training.epochs == 7
    settings.unlink()
    recent.fill()
    assert [a.text() for a in recent.actions() if not a.isSeparator()] == [
        run_file.name,
        "Forget these",
    ]
    recent.actions()[-1].trigger()
    assert recent.paths() == []


def test_nothing_moves_when_pause_says_resume(window: MainWindow) -> None:
    bar = window.train._bar
    pause = next(each for each in bar._buttons if each.objectName() == "pause")
    for presents in (False, True):
        usual = pause.sizeHint().width()
        window.acts["pause"].setText(RESUME)
        assert pause.minimumWidth() == pause.sizeHint().width() > usual, presents
        window.acts["pause"].setText("Pause")
        window.toggle_presenter()
