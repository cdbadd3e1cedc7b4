"""The export dialog against everything that can be wrong: remembered values, sizes, names; and
the commands that it shows, which do the same."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import QByteArray, QPoint, QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from stiffgui.cli import main
from stiffgui.figures.files import ENDINGS, PICTURE_FORMATS
from stiffgui.gui.export.dialog import ExportDialog
from stiffgui.gui.export.requests import Exports
from stiffgui.gui.lab.workspace import LabWorkspace
from stiffgui.gui.saving import NAMELESS
from stiffgui.gui.study.workspace import StudyWorkspace
from stiffgui.gui.window import MainWindow
from stiffgui.study import StudyRecording
from tests.gui.opening import open_file
from tests.longer import first
from tests.study_files import tiny

WAIT = 60_000
NAMES = ("width", "height", "font", "dpi", "kind", "folder")
DAMAGED: dict[str, Any] = {
    "not a number": "wide",
    "out of bounds": "1e9",
    "below": "-3",
    "nan": "nan",
    "inf": "inf",
    "empty": "",
    "a list": ["160", "100"],
    "bytes": QByteArray(b"\x00\xff160"),
    "a flag": True,
    "a point": QPoint(3, 4),
    "a rectangle": QRect(0, 0, 3, 4),
    "a dictionary": {"width": 160},
    "huge": "9" * 100_000,
    "a null": "1\x0060",
}


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("studied") / "a study.stiff"
    for _ in StudyRecording(tiny(trials=4), path):
        pass
    return path


@pytest.fixture
def loaded(window: MainWindow, run_file: Path) -> MainWindow:
    open_file(window.train.bench, run_file)
    window.train.refresh()
    return window


@pytest.fixture
def study(window: MainWindow, qtbot: QtBot, study_file: Path) -> StudyWorkspace:
    open_file(window, study_file)
    found = cast(StudyWorkspace, window.current)
    qtbot.waitUntil(lambda: found.evolution.picture is not None, timeout=WAIT)
    return found


@pytest.fixture
def lab(window: MainWindow, qtbot: QtBot) -> LabWorkspace:
    found = cast(LabWorkspace, window.show_place("Lab"))
    found.show_page("linear")
    qtbot.waitUntil(lambda: found.current.is_complete, timeout=WAIT)
    return found


def opened(exports: Exports, name: str) -> ExportDialog:
    exports.open_dialog(name)
    assert exports.dialog is not None and exports.dialog.isVisible()
    return exports.dialog


def written(dialog: ExportDialog, path: Path, qtbot: QtBot) -> bytes:
    """What the dialog writes."""
    dialog.file.setText(str(path))
    with qtbot.waitSignal(dialog.accepted, timeout=WAIT):
        dialog.save.click()
    return path.read_bytes()


def shows_a_picture(dialog: ExportDialog) -> bool:
    return not dialog.preview.pixmap().isNull()


def test_no_remembered_value_keeps_it_from_opening(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    for damage, value in DAMAGED.items():
        one_after_the_other(loaded, value)
        all_at_once(loaded, qtbot, tmp_path / f"{damage}.png", value)


def one_after_the_other(loaded: MainWindow, value: object) -> None:
    """Each remembered value damaged by itself."""
    settings, exports = loaded.settings, loaded.train.exports
    for name in NAMES:
        settings.setValue(f"export/{name}", value)
        dialog = opened(exports, "errors")
        problem = dialog.problem.text()
        assert dialog.problem.isVisible(), (name, value)
        assert ("is gone" if name == "folder" else "cannot be used") in problem
        assert len(problem) < 200 and dialog.width() == 900
        assert (dialog.sizes["width"].value(), dialog.sizes["font"].value()) == (160, 9)
        dialog.reject()
        settings.remove(f"export/{name}")


def all_at_once(loaded: MainWindow, qtbot: QtBot, path: Path, value: object) -> None:
    """All damaged: mended, it exports, and remembers what it exported with."""
    settings, exports = loaded.settings, loaded.train.exports
    for name in NAMES:
        settings.setValue(f"export/{name}", value)
    dialog = opened(exports, "errors")
    assert dialog.problem.text().count("cannot be used") == 5
    dialog.sizes["width"].setValue(80)
    assert not dialog.problem.isVisible()  # mended, or taken as it is
    assert written(dialog, path, qtbot).startswith(b"\x89PNG")
    again = opened(exports, "errors")
    assert not again.problem.isVisible() and again.sizes["width"].value() == 80
    again.reject()
    settings.remove("export")


def test_a_damaged_settings_file(loaded: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    settings = loaded.settings
    settings.setValue("export/width", 90)
    settings.sync()
    file = Path(settings.fileName())
    lines = "width=@Variant(\\0\\0\\0\\x7f)\nfont=@Point(x)\ndpi=@Size(1)\nkind=@Invalid()\n"
    file.write_text(f"[export]\n{lines}height=1e\nfolder=~nobody\n", "utf-8")
    settings.sync()
    dialog = opened(loaded.train.exports, "errors")
    assert dialog.problem.isVisible() and dialog.sizes["height"].value() == 100
    assert written(dialog, tmp_path / "a.pdf.png", qtbot)


def test_a_folder_that_is_gone(loaded: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    written(opened(loaded.train.exports, "errors"), folder / "a.png", qtbot)
    (folder / "a.png").unlink()
    folder.rmdir()
    dialog = opened(loaded.train.exports, "errors")
    assert "is gone" in dialog.problem.text()
    assert dialog.path.parent.is_dir()


@pytest.mark.parametrize("font", first([48, 3]))
@pytest.mark.parametrize("width", [20, 1000])
def test_the_ends_of_the_bounds(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, font: float, width: float
) -> None:
    exports = loaded.train.exports
    dialog = opened(exports, "errors")
    for name, value in {"font": font, "width": width, "height": 400, "dpi": 30}.items():
        dialog.sizes[name].setValue(value)
    path = tmp_path / "a.png"
    dialog.file.setText(str(path))
    dialog.save.click()
    qtbot.waitUntil(lambda: path.exists() or dialog.problem.isVisible(), timeout=WAIT)
    if not path.exists():  # a sentence, and it goes on
        assert "Texts of" in dialog.problem.text()
        dialog.sizes["font"].setValue(9)
        dialog.sizes["width"].setValue(100)
        assert written(dialog, path, qtbot)
    again = opened(exports, "fit")
    assert not again.problem.isVisible()
    qtbot.waitUntil(lambda: shows_a_picture(again) or "Texts" in again.preview.text(), timeout=WAIT)


def test_texts_that_leave_no_room(loaded: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_text("precious")
    dialog = opened(loaded.train.exports, "errors")
    qtbot.waitUntil(lambda: shows_a_picture(dialog), timeout=WAIT)
    size = dialog.size()
    for name, value in {"font": 48, "width": 20, "height": 20}.items():
        dialog.sizes[name].setValue(value)
    qtbot.waitUntil(lambda: "leave no room" in dialog.preview.text(), timeout=WAIT)
    dialog.file.setText(str(path))
    dialog.save.click()
    dialog.save.click()  # to replace it
    qtbot.waitUntil(lambda: "leave no room" in dialog.problem.text(), timeout=WAIT)
    assert dialog.save.isEnabled() and dialog.size() == size
    assert path.read_text() == "precious"  # nothing could be drawn: nothing is replaced
    for name, value in {"font": 8, "width": 70, "height": 60}.items():
        dialog.sizes[name].setValue(value)
    qtbot.waitUntil(lambda: shows_a_picture(dialog), timeout=WAIT)
    assert dialog.size() == size
    dialog.save.click()
    assert written(dialog, path, qtbot).startswith(b"\x89PNG")


def test_sizes_follow_the_figure_until_somebody_chooses(
    study: StudyWorkspace, qtbot: QtBot, tmp_path: Path
) -> None:
    def sizes(dialog: ExportDialog) -> list[float]:
        return [dialog.sizes[name].value() for name in ("width", "height")]

    dialog = opened(study.exports, "summary")
    assert sizes(dialog) == [260, 140]
    dialog.figure.setCurrentIndex(dialog.figure.findData("boxes"))
    assert sizes(dialog) == [200, 120]
    dialog.figure.setCurrentIndex(dialog.figure.findData("summary"))
    written(dialog, tmp_path / "a.png", qtbot)
    assert sizes(opened(study.exports, "boxes")) == [200, 120]  # what is usual is not remembered
    dialog = opened(study.exports, "summary")
    for name, value in {"width": 160, "height": 100}.items():
        dialog.sizes[name].setValue(value)
    written(dialog, tmp_path / "b.png", qtbot)
    assert QImage(str(tmp_path / "b.png")).width() == dialog.style_.pixels[0] == 1259
    assert sizes(opened(study.exports, "summary")) == [160, 100]


def same_by_command(dialog: ExportDialog, path: Path, kind: str, qtbot: QtBot) -> None:
    """The shown command writes what the dialog writes, of a picture with its caption."""
    dialog.caption.setChecked(True)
    dialog.kind.setCurrentIndex(dialog.kind.findData(kind))
    dialog.file.setText(str(path))
    words = shlex.split(dialog.command.toPlainText())
    assert dialog.command.horizontalScrollBar().maximum() == 0  # all of it can be read
    ours = written(dialog, path, qtbot)
    path.unlink()
    text, drawn = path.with_suffix(".txt"), kind in PICTURE_FORMATS
    qtbot.waitUntil(lambda: dialog.isHidden(), timeout=WAIT)
    assert text.exists() == drawn
    caption = text.read_text("utf-8") if drawn else ""
    text.unlink(missing_ok=True)
    assert words[0] == "stiffgui" and main(words[1:]) == 0
    assert path.read_bytes() == ours
    assert text.exists() == drawn and (not drawn or text.read_text("utf-8") == caption)


def each(kinds: tuple[str, ...], *names: str) -> list[tuple[str, str]]:
    return [(name, kind) for name in names for kind in kinds]


@pytest.mark.parametrize(
    ("name", "kind"),
    first(
        [
            ("evolution", "png"),
            ("summary-table", "csv"),
            ("evolution", "csv"),
            *each(("png", "csv"), "summary", "boxes"),
            ("summary-table", "latex"),
            *each(("csv", "latex"), "comparison-table"),
            ("history-table", "parquet"),
        ],
        2,
    ),
)
def test_the_command_of_a_study(
    study: StudyWorkspace, qtbot: QtBot, tmp_path: Path, name: str, kind: str
) -> None:
    study.evolution.logarithmic.setChecked(False)
    study.model.edit("against", ("RES L2",))
    qtbot.waitUntil(lambda: study.view.study.against == ("RES L2",), timeout=WAIT)  # type: ignore[union-attr]
    dialog = opened(study.exports, name)
    if name == "comparison-table":
        assert "--against 'RES L2' --margin 1" in dialog.command.toPlainText()
        dialog.columns.setText("variant, pairs, p")
        assert "--columns 'variant, pairs, p'" in dialog.command.toPlainText()
    if kind == "png":
        for key, value in {"width": 160, "height": 100, "dpi": 60}.items():
            dialog.sizes[key].setValue(value)
    ending = ENDINGS.get(kind, kind)
    same_by_command(dialog, tmp_path / f"our own.{ending}", kind, qtbot)


@pytest.mark.parametrize("kind", ["PDF", "HTML"])
def test_a_report_of_a_study_is_compared_as_seen(
    study: StudyWorkspace,
    kind: str,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study.model.edit("against", ("RES L2",))
    qtbot.waitUntil(lambda: study.view.study.against == ("RES L2",), timeout=WAIT)  # type: ignore[union-attr]
    path, ending = tmp_path / "r", kind.lower()
    chosen = str(path), f"{kind} (*.{ending})"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: chosen)
    assert study.enabled("report")
    with qtbot.waitSignals([study.noted, study.noted], timeout=WAIT):
        study.calls()["report"]()
    content = path.with_suffix(f".{ending}").read_bytes()
    assert content.startswith(b"%PDF" if kind == "PDF" else b"<!doctype html>")
    assert kind == "PDF" or b"those of RES L2 as ratios" in content


@pytest.mark.parametrize("kind", first(["png", "csv"]))
def test_the_command_of_a_page(lab: LabWorkspace, qtbot: QtBot, tmp_path: Path, kind: str) -> None:
    lab.current.controls.edit("matrix", "-1 0; 0 -30")
    qtbot.waitUntil(lambda: lab.current.is_complete, timeout=WAIT)
    plot = lab.current.card.view.views[0]
    plot.box.setRange(xRange=(0, 0.1), yRange=(-3, 1), padding=0)
    plot.box.sigRangeChangedManually.emit([True, True])
    dialog = opened(lab.exports, "linear")
    dialog.sizes["dpi"].setValue(70)
    same_by_command(dialog, tmp_path / f"our own.{kind}", kind, qtbot)


def test_the_command_of_runs(loaded: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    for name in ("errors", "fit"):
        qtbot.waitUntil(lambda: loaded.train.eigenvalues.picture is not None, timeout=WAIT)
        dialog = opened(loaded.train.exports, name)
        dialog.sizes["dpi"].setValue(70)
        same_by_command(dialog, tmp_path / f"{name}.png", "png", qtbot)


def test_what_is_seen_of_a_page_on_its_way(lab: LabWorkspace, qtbot: QtBot, tmp_path: Path) -> None:
    shown = lab.pages["crossing"]
    shown.controls.edit("epochs", 20_000)
    lab.show_page("crossing")
    qtbot.waitUntil(lambda: shown.result is not None and shown.bar.value() > 0, timeout=WAIT)
    dialog = opened(lab.exports, "crossing")
    assert ", at " in dialog.figure.currentText()
    # The preview does not wait for the end of the page.
    qtbot.waitUntil(lambda: shows_a_picture(dialog), timeout=WAIT)
    assert shown.stop.isEnabled()
    assert written(dialog, tmp_path / "a.png", qtbot).startswith(b"\x89PNG")
    lab.calls()["stop"]()


@pytest.mark.parametrize("width", first([700, 1000, 1400]))
def test_it_fits_the_window(loaded: MainWindow, qtbot: QtBot, width: int) -> None:
    loaded.resize(width, 700)
    dialog = opened(loaded.train.exports, "errors")
    assert dialog.width() <= max(loaded.width(), 640)
    size = dialog.size()
    qtbot.waitUntil(lambda: shows_a_picture(dialog), timeout=WAIT)
    assert dialog.size() == size
    changes: list[Callable[[], object]] = [
        lambda: dialog.show_problem("Something is wrong. " * 12),
        lambda: dialog.preview.show_message("No picture. " * 40),
        lambda: dialog.kind.setCurrentIndex(3),
    ]
    for change in changes:
        change()
        qtbot.wait(20)
        assert dialog.size() == size


def test_a_size_that_could_not_be_drawn_is_not_remembered(
    window: MainWindow, run_file: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    open_file(window.train.bench, run_file)
    exports = window.train.exports
    exports.open_dialog("errors")
    dialog = exports.dialog
    assert dialog is not None
    dialog.sizes["font"].setValue(48)
    dialog.sizes["width"].setValue(20)
    dialog.file.setText(str(tmp_path / "a.png"))
    dialog.save.click()
    qtbot.waitUntil(lambda: "leave no room" in dialog.problem.text(), timeout=60_000)
    assert window.settings.value("export/font") is None
    dialog.reject()


def test_a_file_without_a_name_cannot_be_exported(loaded: MainWindow) -> None:
    dialog = opened(loaded.train.exports, "errors")
    for nameless in ("", "  "):
        dialog.file.setText(nameless)
        assert not dialog.save.isEnabled() and dialog.problem.text() == NAMELESS
        dialog.show_problem("Another problem.")
        assert not dialog.save.isEnabled()
    dialog.file.setText("a.png")
    assert dialog.save.isEnabled() and not dialog.problem.isVisible()
    dialog.reject()


def test_the_large_card_is_exported_while_the_pointer_is_on_none(loaded: MainWindow) -> None:
    page = loaded.train
    for card in (page.eigenvalues, page.fit):
        page.views.enlarge(card)
        page.ask_export()
        assert page.exports.dialog is not None
        assert page.exports.dialog.offer.name == card.figure.name()
        page.exports.dialog.reject()
