"""The export dialog and the cards' menus on the real window; exported files are read back."""

from __future__ import annotations

import io
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication, QImage
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPushButton,
)
from pytestqt.qtbot import QtBot

from stiffgui._presets import from_short_text
from stiffgui.cli import main
from stiffgui.figures import FIGURES, Style, drawn, export_figure, figure
from stiffgui.gui.export.dialog import ExportDialog
from stiffgui.gui.window import MainWindow
from stiffgui.runs import open_run
from stiffgui.session.exports import Export, Report
from stiffgui.session.views import Look
from tests.gui.opening import open_file
from tests.processes import children

WAIT = 60_000


@pytest.fixture
def loaded(window: MainWindow, run_file: Path) -> MainWindow:
    open_file(window.train.bench, run_file)
    window.train.refresh()
    return window


def chosen(menu: QMenu, text: str) -> QAction:
    return next(a for a in menu.actions() if a.text().replace("&", "") == text)


def dialog_of(window: MainWindow, figure: str, path: Path, kind: str = "png") -> ExportDialog:
    window.train.ask_export(figure)
    dialog = window.train.exports.dialog
    assert dialog is not None and dialog.isVisible()
    dialog.kind.setCurrentIndex(dialog.kind.findData(kind))
    dialog.file.setText(str(path))
    return dialog


def test_a_png_has_the_size_asked_for_and_it_is_remembered(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    dialog = dialog_of(loaded, "errors", path)
    for name, value in (("width", 90.0), ("height", 60.0), ("dpi", 300.0), ("font", 7.5)):
        dialog.sizes[name].setValue(value)
    with qtbot.waitSignal(dialog.accepted, timeout=WAIT):
        dialog.save.click()
    image = QImage(str(path))
    assert abs(image.width() - 90 / 25.4 * 300) <= 1
    assert abs(image.height() - 60 / 25.4 * 300) <= 1
    assert not loaded.train.requests.waits_for(Export) and loaded.train.exports.dialog is None
    again = dialog_of(loaded, "fit", path)
    assert again.sizes["width"].value() == 90 and again.sizes["font"].value() == 7.5
    assert again.figure.currentData() == "fit"
    again.reject()
    loaded.train.ask_export("fit")
    assert loaded.train.exports.dialog is not None
    assert loaded.train.exports.dialog.path == tmp_path / "small-fit.png"


def test_csv_is_what_is_drawn(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, run_file: Path
) -> None:
    for name in FIGURES["runs"]:
        path = tmp_path / f"{name}.csv"
        dialog = dialog_of(loaded, name, path, "csv")
        assert not dialog.sizes["width"].isEnabled()
        shown = dialog.offer.shown
        assert shown is not None
        with qtbot.waitSignal(dialog.accepted, timeout=WAIT):
            dialog.save.click()
        with open_run(run_file) as run:
            expected = shown.table(drawn([run])).to_csv(index=False)
        pd.testing.assert_frame_equal(pd.read_csv(path), pd.read_csv(io.StringIO(expected)))


BAD_PLACES = {
    "": "There is no file name",
    "a.svg": "does not end in .png",
    "missing/a.png": "does not exist",
    "folder.png": "is a folder",
    "a" * 300 + ".png": "cannot be used",
    "a" * 5000: "cannot be used",
    "a" * 5000 + ".svg": "does not end in .png",
    "/": "There is no file name",
    "..": "There is no file name",
    "~no-such-user/x": "cannot be used",
    "a\0b": "holds a null character",
}


def test_a_bad_place_is_told_and_nothing_is_lost(loaded: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    dialog = dialog_of(loaded, "errors", tmp_path / "a.png")
    dialog.sizes["width"].setValue(77)
    for name, told in BAD_PLACES.items():
        whole = not name or name in ("/", "..") or name.startswith("~")
        dialog.file.setText(name if whole else f"{tmp_path}/{name}")
        assert dialog.problem.isVisible() is not bool(name)  # without a name at once
        dialog.save.click()
        assert told in dialog.problem.text() and dialog.problem.isVisible()
        assert dialog.isVisible() and dialog.sizes["width"].value() == 77
        assert dialog.width() == 900 and "@" not in dialog.problem.text()
        assert not loaded.train.requests.waits_for(Export)
    written = [p.name for p in tmp_path.iterdir() if p.suffix in (".png", ".svg")]
    assert written == ["folder.png"]


def test_an_existing_file_is_replaced_only_when_asked_twice(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "a.svg"
    path.write_text("precious")
    dialog = dialog_of(loaded, "errors", path, "svg")
    dialog.save.click()
    assert "exists" in dialog.problem.text() and path.read_text() == "precious"
    assert "--force" in dialog.command.toPlainText()
    dialog.file.setText(str(tmp_path / "b.svg"))
    dialog.file.setText(str(path))  # another name takes the consent back
    dialog.save.click()
    assert path.read_text() == "precious"
    with qtbot.waitSignal(dialog.accepted, timeout=WAIT):
        dialog.save.click()
    assert path.read_text().startswith("<?xml")


def test_a_failure_in_the_child_is_told_in_the_dialog(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, run_file: Path
) -> None:
    run = tmp_path / "gone.stiff"
    shutil.copy(run_file, run)
    open_file(window.train.bench, run)
    dialog = dialog_of(window, "errors", tmp_path / "a.csv", "csv")
    run.unlink()
    dialog.save.click()
    qtbot.waitUntil(lambda: "cannot be read" in dialog.problem.text(), timeout=WAIT)
    assert (
        dialog.isVisible()
        and dialog.save.isEnabled()
        and not window.train.requests.waits_for(Export)
    )
    window.train.export("errors", tmp_path / "b.csv")  # a picture that is seen needs no file
    qtbot.waitUntil(lambda: not window.train.requests.waits_for(Export), timeout=WAIT)
    assert "cannot be read" in window.toasts.text()


def test_the_command_does_the_same(loaded: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    loaded.train.eigenvalues.tools.region.setCurrentIndex(2)
    loaded.train.eigenvalues.tools.all_layers.setChecked(True)
    loaded.train.timeline.go_to(3)
    for name in ("stiffness", "layers", "spectrum", "fit"):
        path = tmp_path / f"our own {name}.csv"
        dialog = dialog_of(loaded, name, path, "csv")
        words = shlex.split(dialog.command.toPlainText())
        with qtbot.waitSignal(dialog.accepted, timeout=WAIT):
            dialog.save.click()
        ours = path.read_bytes()
        path.unlink()
        assert words[0] == "stiffgui" and main(words[1:]) == 0
        assert path.read_bytes() == ours


def test_copies(loaded: MainWindow, qtbot: QtBot, tmp_path: Path, run_file: Path) -> None:
    clipboard = QGuiApplication.clipboard()
    for card in loaded.train.cards:
        clipboard.clear()
        chosen(card.menu, "Copy data").trigger()
        qtbot.waitUntil(lambda: not loaded.train.requests.waits_for(Export), timeout=WAIT)
        assert len(pd.read_csv(io.StringIO(clipboard.text()))) > 1
        chosen(card.menu, "Copy picture").trigger()
        qtbot.waitUntil(lambda: not loaded.train.requests.waits_for(Export), timeout=WAIT)
        assert abs(clipboard.image().width() - 160 / 25.4 * 200) <= 1
        chosen(card.menu, "Copy as Python").trigger()
        script = tmp_path / f"{card.figure.name()}.py"
        script.write_text(clipboard.text(), "utf-8")
    for card in loaded.train.cards[-2:]:  # the same text but for the name: two are enough to run
        script = tmp_path / f"{card.figure.name()}.py"
        subprocess.run([sys.executable, str(script)], cwd=tmp_path, check=True, timeout=120)
        assert (tmp_path / f"{card.figure.name()}.pdf").read_bytes().startswith(b"%PDF")


def test_every_card_has_its_menu_by_pointer_and_by_key(loaded: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: loaded.train.eigenvalues.picture is not None, timeout=WAIT)
    for card in loaded.train.cards:
        plot = card.view.views[0].viewport() if card.picture is not None else card
        for reason in (QContextMenuEvent.Reason.Mouse, QContextMenuEvent.Reason.Keyboard):
            at = QPoint(30, 30)
            event = QContextMenuEvent(reason, at, plot.mapToGlobal(at))
            QApplication.sendEvent(plot, event)
            assert card.menu.isVisible(), (card.figure, reason)
            card.menu.close()
        words = [a.text().replace("&", "") for a in card.menu.actions() if a.text()]
        copies = ["Copy picture", "Copy data", "Copy as Python"]
        assert words[-5:] == ["Export…", *copies, "Reset view"]


def test_the_menu_opens_the_dialog_on_its_figure(loaded: MainWindow) -> None:
    chosen(loaded.train.layers.menu, "Export…").trigger()
    assert loaded.train.exports.dialog is not None
    assert loaded.train.exports.dialog.figure.currentData() == "layers"


def test_without_a_run_there_is_a_word_instead(window: MainWindow) -> None:
    chosen(window.train.errors.menu, "Export…").trigger()
    assert window.train.exports.dialog is None and "nothing to export" in window.toasts.text()


def test_every_control_of_the_dialog_has_a_name_and_a_tool_tip(loaded: MainWindow) -> None:
    loaded.train.ask_export("errors")
    dialog = loaded.train.exports.dialog
    assert dialog is not None
    for kind in (QComboBox, QAbstractSpinBox, QPushButton, QLineEdit):
        for control in dialog.findChildren(kind):
            inner = isinstance(control.parent(), QAbstractSpinBox)
            if inner or control.text() == "Cancel" if hasattr(control, "text") else inner:
                continue
            named = control.accessibleName() or getattr(control, "text", str)()
            assert named, control
            if control.focusPolicy() != Qt.FocusPolicy.NoFocus:
                assert control.toolTip() or "Cancel" in named, named


def test_options_reach_the_picture(run_file: Path, tmp_path: Path) -> None:
    sizes = {}
    for dpi in (50, 100):
        path = tmp_path / f"{dpi}.png"
        with open_run(run_file) as run:
            shown = figure("spectrum", all_layers=True)
            export_figure(shown, [run], path, "png", Style(dpi=dpi))
        sizes[dpi] = QImage(str(path)).width()
    assert abs(sizes[100] - 2 * sizes[50]) <= 2


def test_a_report_holds_settings_figures_tables_and_provenance(
    loaded: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    run_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import base64
    import html
    import re
    import xml.dom.minidom

    path = tmp_path / "report.html"
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "report"), "HTML (*.html)")
    )
    loaded.acts["report"].trigger()
    qtbot.waitUntil(lambda: not loaded.train.requests.waits_for(Report), timeout=WAIT)
    assert loaded.toasts.text() == f"Saved {path}"
    text = path.read_text("utf-8")
    pictures = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', text)
    assert len(pictures) == 5
    for picture in pictures:
        assert (
            xml.dom.minidom.parseString(base64.b64decode(picture)).documentElement.tagName == "svg"
        )
    assert not re.search(r'(src|href)="http', text)
    command = re.search(r"<code>stiffgui train (.+?)</code>", text)
    assert command is not None
    with open_run(run_file) as run:
        again = from_short_text(html.unescape(command[1]).strip('"'))
        assert again == run.experiment
        assert run.provenance["torch"] in text and run.provenance["started"] in text
        for spec in run.experiment.specs():
            assert f"<td>{spec.key}</td>" in text
        median = float(pd.Series(run.series().series["test_error"][-1]).median())
    assert f'<td>test_error</td><td class="n">{median:.4g}</td>' in text
    source = loaded.train.state.source()
    assert source is not None
    loaded.train.exports.write_report(source, tmp_path / "no" / "a.pdf", {})
    qtbot.waitUntil(lambda: not loaded.train.requests.waits_for(Report), timeout=WAIT)
    assert "cannot be written" in loaded.toasts.text()


def test_saving_asks_before_it_replaces(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.toml"
    path.write_text("precious")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "a"), ""))
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    window.acts["save"].trigger()
    assert path.read_text() == "precious"
    window.acts["save"].trigger()
    assert path.read_text() == window.train.model.experiment.to_toml()  # type: ignore[union-attr]
    assert not answers


def test_what_a_dead_view_child_owed_is_told_and_seen_again(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    page = loaded.train
    qtbot.waitUntil(lambda: page.eigenvalues.picture is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: not page.requests.waits_for(Look), timeout=WAIT)
    [drawing] = [c for c in children() if c.pid == page.requests.thread_.process_id]
    drawing.suspend()
    page.export("fit", tmp_path / "fit.png")
    page.timeline.go_to(2)
    assert page.requests.waits_for(Export) and page.requests.waits_for(Look)
    qtbot.wait(100)  # both have been sent
    drawing.kill()
    qtbot.waitUntil(lambda: "was not drawn" in loaded.toasts.text(), timeout=WAIT)
    assert not page.requests.waits_for(Export)
    qtbot.waitUntil(
        lambda: page.eigenvalues.picture is not None and page.eigenvalues.picture.place[0] == 2,
        timeout=WAIT,
    )
    page.export("fit", tmp_path / "fit.png")
    qtbot.waitUntil(lambda: "Saved" in loaded.toasts.text(), timeout=WAIT)
