"""Files of matrices in the window: dropped and opened, large ones measured while it answers."""

from __future__ import annotations

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
    assert "j.npy: 3 layers of width 6 of square matrices are shown" in notes(window)
    qtbot.waitUntil(lambda: not window.train.matrices.busy, timeout=WAIT)
    assert not window.train.matrices.bar.isVisible()
    window.train.views.show_layer(3)
    expected = of(stack[2])
    qtbot.waitUntil(
        lambda: len(drawn(window)) == 12 and np.allclose(drawn(window), expected), timeout=WAIT
    )
    assert not window.train.enabled("branch")


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
    (tmp_path / "torn.mat").write_bytes(b"no matrices")
    open_file(window, tmp_path / "torn.mat")
    qtbot.waitUntil(lambda: "torn.mat cannot be read as .mat" in notes(window), timeout=WAIT)
    open_file(window, saved(tmp_path / "nan.npy", np.full((2, 2), np.nan)))
    qtbot.waitUntil(lambda: "NaN or infinity" in notes(window), timeout=WAIT)
    assert not window.train.matrices.bar.isVisible() and not window.train.bench.runs


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
    assert "of those known" not in card.headline.text()
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
    assert "of those known" in window.train.eigenvalues.headline.text()
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
