"""Files of matrices in the window: dropped and opened, large ones measured while it answers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QUrl
from pytestqt.qtbot import QtBot

from stiffgui.figures.picture import Contours, Points
from stiffgui.gui.window import MainWindow
from stiffgui.session.run_facts import MATRICES, facts_of_entry, facts_of_file
from tests.gui.opening import open_file
from tests.gui.test_import_wizard import drop

WAIT = 120_000


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape) / np.sqrt(shape[-1])


def drawn(window: MainWindow) -> np.ndarray:
    """The eigenvalues in the plane, sorted."""
    picture = window.train.eigenvalues.picture
    if picture is None:
        return np.empty(0)
    points = next(points for points in picture.panels[0].of(Points) if points.numbers)
    return np.sort_complex(points.x + 1j * points.y)


def of(matrices: np.ndarray) -> np.ndarray:
    return np.sort_complex(np.linalg.eigvals(matrices).ravel())


def notes(window: MainWindow) -> str:
    return "\n".join(toast.sentence for toast in window.toasts.all)


def local(path: Path) -> QUrl:
    return QUrl.fromLocalFile(str(path))


def saved(path: Path, array: np.ndarray) -> Path:
    np.save(path, array)
    return path


def test_a_stack_that_is_dropped_is_shown(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.resize(1280, 900)
    stack = random(3, 2, 6, 6)
    drop(window, local(saved(tmp_path / "j.npy", stack)))
    assert window.train.matrices.bar.isVisible()  # at once
    qtbot.waitUntil(lambda: len(drawn(window)) == 12, timeout=WAIT)
    np.testing.assert_allclose(drawn(window), of(stack[0]), atol=1e-12)
    assert "Shown is j.npy: 3 layers of 2 matrices of width 6; Import table takes" in notes(window)
    qtbot.waitUntil(lambda: not window.train.matrices.busy, timeout=WAIT)
    assert not window.train.matrices.bar.isVisible()
    window.train.views.show_layer(3)
    expected = of(stack[2])
    qtbot.waitUntil(
        lambda: len(drawn(window)) == 12 and np.allclose(drawn(window), expected), timeout=WAIT
    )
    assert not window.train.enabled("branch")
    [run] = window.train.bench.runs
    assert facts_of_entry(run, run.state, True).task == facts_of_file(run.path).task == MATRICES
    menu = window.train.views.runs._menu(run)
    unable = {action.text() for action in menu.actions() if not action.isEnabled()}
    assert {"Rename…", "Delete the file", "Go on training"} <= unable
    fit, errors = window.train.fit, window.train.errors
    qtbot.waitUntil(lambda: "j.npy holds matrices and no" in fit._empty.text(), timeout=WAIT)
    qtbot.waitUntil(lambda: "No such numbers" in errors._empty.text(), timeout=WAIT)
    assert errors._empty.isVisible() and str(run.path) not in fit._empty.text()


def test_two_files_are_compared(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.resize(1280, 900)
    card, train = window.train.eigenvalues, window.train
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    first, second = random(2, 5, 5), -2 * random(7, 7)
    window.open_file(saved(tmp_path / "one" / "j.npy", first))
    qtbot.waitUntil(lambda: len(drawn(window)) == 5, timeout=WAIT)
    train.views.show_layer(2)
    qtbot.waitUntil(lambda: np.allclose(drawn(window), of(first[1])), timeout=WAIT)
    card.tools.pin.click()
    window.open_file(saved(tmp_path / "two" / "j.npy", second))

    def sides() -> dict[str, np.ndarray]:
        picture = card.picture
        panels = () if picture is None else picture.panels
        points = [points for panel in panels for points in panel.of(Points) if points.group]
        return {each.group: np.sort_complex(each.x + 1j * each.y) for each in points}

    qtbot.waitUntil(lambda: len(sides().get("B", ())) == 7, timeout=WAIT)
    np.testing.assert_allclose(sides()["A"], of(first[1]), atol=1e-12)
    np.testing.assert_allclose(sides()["B"], of(second), atol=1e-12)
    assert "A: j (one), layer 2 | B: j (two), layer 1" in card.note.text()
    radii = (np.abs(of(first[1])).max(), np.abs(of(second)).max())
    assert "A {:#.3g} → B {:#.3g}".format(*radii) in card.headline.text()
    for layout, panels in (("side by side", 2), ("one plane", 1)):
        card.tools.layout_.setCurrentIndex(card.tools.layout_.findData(layout))
        qtbot.waitUntil(
            lambda panels=panels: card.picture is not None and len(card.picture.panels) == panels,
            timeout=WAIT,
        )
        assert len(sides()["A"]) == 5 and len(sides()["B"]) == 7
    window.open_file(tmp_path / "one" / "j.npy")  # it is there, and not shown
    qtbot.waitUntil(lambda: train.bench.shown is train.bench.runs[0], timeout=WAIT)
    train.bench.show(train.bench.runs[1])
    card.tools.layout_.setCurrentIndex(card.tools.layout_.findData("difference"))
    qtbot.waitUntil(lambda: "not 2 and 1 layers" in card.note.text(), timeout=WAIT)  # in place
    assert "ended unexpectedly" not in notes(window)


def test_what_is_not_square_is_imported_as_a_table(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    table = saved(tmp_path / "rows.npy", random(30, 3))
    drop(window, local(table))
    importing = window.train.importing
    qtbot.waitUntil(lambda: importing.wizard is not None, timeout=WAIT)
    assert importing.wizard is not None and importing.wizard.form.values["path"] == str(table)
    assert "rows.npy holds no square matrices: it is imported as a table." in notes(window)
    importing.close()
    np.savez(tmp_path / "both.npz", J=random(4, 4), x=np.arange(4))
    open_file(window, tmp_path / "both.npz")
    qtbot.waitUntil(lambda: len(drawn(window)) == 4, timeout=WAIT)
    assert "Import table takes it as a table" in notes(window)


def test_what_cannot_be_read_is_said(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.open_file(saved(tmp_path / "good.npy", random(4, 4)))
    qtbot.waitUntil(lambda: len(drawn(window)) == 4, timeout=WAIT)
    lying = json.dumps({"J": {"dtype": "F64", "shape": [9, 9], "data_offsets": [0, 8]}}).encode()
    content = len(lying).to_bytes(8, "little") + lying + bytes(8)
    (tmp_path / "lying.safetensors").write_bytes(content)
    np.savez(tmp_path / "whole.npz", J=random(40, 40))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:4000])
    np.save(tmp_path / "pickle.npy", np.array([[object()]]), allow_pickle=True)
    for name, said in (
        ("lying.safetensors", "lying.safetensors cannot be read as .safetensors"),
        ("cut.npz", "cut.npz cannot be read as .npz"),
        ("pickle.npy", "pickled Python objects, which are refused"),
    ):
        window.open_file(tmp_path / name)
        qtbot.waitUntil(lambda said=said: said in notes(window), timeout=WAIT)
    qtbot.waitUntil(lambda: not window.train.matrices.bar.isVisible(), timeout=WAIT)
    assert [run.name for run in window.train.bench.runs] == ["good"]  # nothing is lost
    assert len(drawn(window)) == 4 and not window.train.eigenvalues.is_stale
    (tmp_path / "torn.mat").write_bytes(b"no matrices")
    open_file(window, tmp_path / "torn.mat")
    qtbot.waitUntil(lambda: "torn.mat cannot be read as .mat" in notes(window), timeout=WAIT)
    open_file(window, saved(tmp_path / "nan.npy", np.full((2, 2), np.nan)))
    qtbot.waitUntil(lambda: "NaN or infinity" in notes(window), timeout=WAIT)
    assert not window.train.matrices.bar.isVisible() and len(window.train.bench.runs) == 1


def test_a_large_one_is_seen_at_once_and_then_as_a_whole(
    window: MainWindow, tmp_path: Path, run_file: Path, qtbot: QtBot
) -> None:
    window.resize(1280, 900)
    matrix = random(260, 260)
    lengths: set[int] = set()
    window.train.eigenvalues.set(contours=True)
    open_file(window, saved(tmp_path / "large.npy", matrix))
    qtbot.waitUntil(
        lambda: lengths.add(len(drawn(window))) or len(drawn(window)) == 260,  # type: ignore[func-returns-value]
        timeout=WAIT,
    )
    np.testing.assert_allclose(drawn(window), of(matrix), atol=1e-10)
    card = window.train.eigenvalues
    assert "that are known" not in card.headline.text()
    qtbot.waitUntil(
        lambda: card.picture is not None and any(card.picture.panels[0].of(Contours)), timeout=WAIT
    )
    picture = card.picture
    assert picture is not None
    [contours] = picture.panels[0].of(Contours)
    # Where one looks, the pseudospectrum is computed of that part.
    card.view.views[0].look_at(0.8, 1.2, -0.2, 0.2)

    def part() -> bool:
        items = [] if card.picture is None else list(card.picture.panels[0].of(Contours))
        return bool(items) and np.ptp(items[0].x) < 0.2 * np.ptp(contours.x)

    qtbot.waitUntil(part, timeout=WAIT)
    assert card.settings.box is not None and card.settings.box[0] < card.settings.box[1]
    card.reset_view()
    qtbot.waitUntil(lambda: card.settings.box is None, timeout=WAIT)
    # A run of ours beside it.
    card.set(contours=False)
    window.train.state.pin(True)
    open_file(window.train.bench, run_file)
    qtbot.waitUntil(lambda: "mean radius A" in card.headline.text(), timeout=WAIT)


def test_what_is_computed_can_be_cancelled(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    open_file(window, saved(tmp_path / "wide.npy", random(2500, 2500)))
    matrices = window.train.matrices
    qtbot.waitUntil(lambda: bool(window.train.bench.runs), timeout=WAIT)
    qtbot.waitUntil(lambda: "left" in matrices.bar.text.text(), timeout=WAIT)
    matrices.bar.cancel.click()
    assert not matrices.bar.isVisible() and not matrices.busy
    assert "what is known of it stays" in notes(window)
    qtbot.waitUntil(lambda: len(drawn(window)) == 20, timeout=WAIT)
    assert "that are known" in window.train.eigenvalues.headline.text()
    open_file(window, saved(tmp_path / "small.npy", random(3, 3)))  # by a new child
    qtbot.waitUntil(lambda: len(drawn(window)) == 3, timeout=WAIT)
    assert "ended unexpectedly" not in notes(window)


def test_an_array_is_shown_until_the_window_is_closed(home: Path, qtbot: QtBot) -> None:
    script = """
import numpy, stiffgui
stiffgui.show([numpy.eye(3), numpy.ones((2, 4, 4))], names=["a", "b"])
print("closed")
"""
    # As in a notebook: no main module that a child could import.
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as session:
        process, made = psutil.Process(session.pid), home / "cache" / "stiffgui" / "matrices"
        qtbot.waitUntil(lambda: any(made.glob("*/*.stiff")), timeout=WAIT)
        assert session.poll() is None
        for window in process.children():
            window.send_signal(signal.SIGINT)
        told, _ = session.communicate(timeout=WAIT / 1000)
    assert session.returncode == 0 and told == b"closed\n"
