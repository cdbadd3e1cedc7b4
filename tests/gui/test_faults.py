"""A fault ends in one dialog and the log, and training goes on; settings that cannot be used are
set aside; names in the window are text."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QPoint, Qt, Signal, qCritical
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QPushButton, QToolTip
from pytestqt.qtbot import QtBot

from stiffgui import presets
from stiffgui.fault_log import log_folder
from stiffgui.figures.picture import Axis
from stiffgui.gui.application import make_settings, make_window, settings_path
from stiffgui.gui.faults import Faults
from stiffgui.gui.plots.axes import PlotAxis
from stiffgui.gui.window import MainWindow

HTML = '<img src="file:///etc/hostname"><b>bold</b>'


class Faulty(QObject):
    rung = Signal(str)


def fail(text: str) -> None:
    raise ValueError(text)


@pytest.fixture
def faults(window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    watching = Faults(window)
    watching.watch()
    yield watching
    watching.leave()
    if watching.dialog is not None:
        watching.dialog.close()


def test_a_fault_in_a_slot_is_said_and_logged_once_and_training_goes_on(
    window: MainWindow, faults: Faults, qtbot: QtBot, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = {"training.epochs": 100_000, "training.trials": 1}
    window.train.model.load("small", presets["alpine02"].with_settings(settings))
    window.train.calls()["run"]()
    bench = window.train.bench
    qtbot.waitUntil(lambda: bench.busy and bench.runs[-1].epoch > 2, timeout=120_000)
    faulty = Faulty()
    faulty.rung.connect(fail)
    for number in range(100):
        faulty.rung.emit(f"of ours {number}")
    qtbot.waitUntil(lambda: faults.dialog is not None)
    dialogs = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox)]
    assert dialogs == [faults.dialog]
    assert faults.dialog is not None and "of ours 0" in faults.dialog.text()
    assert "Traceback" in faults.dialog.detailedText()
    assert str(log_folder()) in faults.dialog.informativeText()
    copy = next(b for b in faults.dialog.findChildren(QPushButton) if b.text() == "Copy details")
    copy.click()
    assert "Traceback" in QGuiApplication.clipboard().text() and faults.dialog.isVisible()
    log = (log_folder() / "faults.log").read_text("utf-8")
    assert log.count("ValueError: of ours") == 100
    assert "Traceback" not in capfd.readouterr().err
    epoch = bench.runs[-1].epoch
    qtbot.waitUntil(lambda: bench.runs[-1].epoch > epoch + 5, timeout=60_000)


def test_faults_of_threads_and_of_qt_are_in_the_same_dialog(faults: Faults, qtbot: QtBot) -> None:
    thread = threading.Thread(target=fail, args=("of a thread",))
    thread.start()
    thread.join()
    qCritical("of Qt")
    qtbot.waitUntil(lambda: faults.dialog is not None and "of Qt" in faults.dialog.detailedText())
    assert faults.dialog is not None and "of a thread" in faults.dialog.text()
    faults.dialog.close()
    assert faults.dialog is None


def test_the_next_start_tells_of_a_crash(window: MainWindow, faults: Faults, qtbot: QtBot) -> None:
    faults.leave()
    (log_folder() / "crash.log").write_text("Fatal Python error: Segmentation fault")
    faults.watch()
    qtbot.waitUntil(lambda: faults.dialog is not None)
    assert faults.dialog is not None and "Segmentation" in faults.dialog.detailedText()


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\xff[[[not an ini\n=%zz",
        b"[General]\ngeometry=@Variant(\\0\\0\\0\\x7f\\0\\0\\0\\x18PySide::PyObjectWrapper\\0)\n",
        b"[General]\nworkspace=\\0\n[train]\nlayer=nonsense\nplaces=1,2\n[export]\nfont=1e99\n",
        b"x" * 1_100_000,
        b"\xff\xd8\xff\xe0",
        b'[General]\nworkspace="a\\0b"\n',
        None,
    ],
)
def test_the_window_starts_whatever_its_settings_say(
    qapp: QApplication, home: Path, content: bytes | None
) -> None:
    make_settings().sync()
    path = settings_path()
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    window = make_window(qapp, home / "runs")
    window.show()
    if content is None or b"@Variant" not in content:
        assert "set aside" in window.toasts.text()
        assert path.with_suffix(".broken").exists()
    window.close()
    window.settings.sync()
    window.deleteLater()
    assert path.is_file() and b"@Variant" not in path.read_bytes()


def test_what_an_earlier_version_wrote_beside_objects_stays(home: Path) -> None:
    make_settings().sync()
    settings_path().write_bytes(
        b"[General]\nworkspace=/somewhere\n[train]\nplaces=@Variant(\\0\\0\\0\\x7f)\nlayer=3\n"
    )
    settings = make_settings()
    assert settings.value("workspace") == "/somewhere" and settings.value("train/layer") == "3"
    assert settings.value("train/places") is None


def test_names_in_the_window_are_text(window: MainWindow, qtbot: QtBot) -> None:
    window.toasts.say("Train", HTML)
    QToolTip.showText(window.mapToGlobal(QPoint(9, 9)), HTML, window)
    box = QMessageBox(window)
    box.setText(HTML)
    box.setInformativeText(HTML)
    box.open()
    window.train.errors.setToolTip(HTML)
    labels = [w for w in QApplication.allWidgets() if isinstance(w, QLabel) and w.text() == HTML]
    assert len(labels) >= 4
    for label in labels:
        assert label.textFormat() == Qt.TextFormat.PlainText
    box.close()
    box.deleteLater()
    QToolTip.hideText()
    axis = PlotAxis("bottom")
    axis.show_axis(Axis(label=HTML))
    assert axis.label.toPlainText() == HTML


def test_a_text_without_end_is_not_pasted_and_that_is_said(window: MainWindow) -> None:
    before = window.train.model.experiment
    for text in ("x" * 1_000_000, "a = [" + "[" * 200_000, "\n".join(["x = 1"] * 40_000)):
        QGuiApplication.clipboard().setText(text)
        began = time.monotonic()
        window.train.calls()["paste_settings"]()
        assert time.monotonic() - began < 2
        assert "more than 20000" in window.toasts.text()
    assert window.train.model.experiment == before
