"""What the cards beside the plane say: what is not exact, which epoch, the mean or the largest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from stiffgui import open_run, train
from stiffgui.figures.palette import ABOUT
from stiffgui.figures.picture import Curve
from stiffgui.gui.train.runs.columns import NUMBERS, UNKNOWN
from stiffgui.gui.train.runs.facts import facts_of_file
from stiffgui.gui.window import MainWindow
from tests.small import small

WAIT = 120_000


@pytest.fixture(scope="module")
def doubtful(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose layers are singular: rounding moves their eigenvalues near 0 by far."""
    path = tmp_path_factory.mktemp("runs") / "relu.stiff"
    indices = ("frobenius", "spectral-radius", "ratio-modulus")
    settings = {"watch__every": 1, "watch__indices": indices, "training__epochs": 6}
    train(small(architecture__activation="relu", **settings), path).close()
    return path


def test_curves_of_what_is_not_exact_are_marked(
    window: MainWindow, doubtful: Path, qtbot: QtBot
) -> None:
    page = window.train
    window.resize(1600, 1000)
    page.bench.open_file(doubtful)
    page.refresh()
    card = page.stiffness
    curves = {c.label.split(",")[0]: c for c in card.view.views[0].panel.of(Curve) if c.label}
    flagged = page.bench.runs[0].history.flagged["ratio-modulus"]
    rows = np.flatnonzero((flagged > 0).any((1, 2)))
    assert len(rows) and curves["ratio modulus"].doubtful.tolist() == rows.tolist()
    assert curves["ratio modulus"].symbol == "x" and curves["frobenius"].symbol is None
    entry = next(e for e in card.view.legend.labels if "ratio modulus" in e.text())
    assert entry.text().split()[-1].startswith(ABOUT)
    assert "× floored or ill-conditioned for some" in card.note.toolTip()


def test_the_share_of_unstable_eigenvalues_is_told_though_nobody_watched_it(
    window: MainWindow, doubtful: Path, run_file: Path, qtbot: QtBot
) -> None:
    page = window.train
    for path in (run_file, doubtful):
        page.bench.open_file(path)
    rows, place = page.runs.table.runs, page.runs.table.runs.columns.index(NUMBERS[-1])
    qtbot.waitUntil(
        lambda: all(rows.data(rows.index(k, place)) != UNKNOWN for k in range(2)), timeout=WAIT
    )
    with open_run(run_file) as run:
        step = run.experiment.architecture.step_size
        jacobians = run.snapshot(6).jacobians(run.probe_samples())
    shares = (np.abs(1 + step * np.linalg.eigvals(jacobians.astype(float))) > 1).mean((1, 2, 3))
    assert rows.data(rows.index(0, place)) == f"{100 * np.median(shares):.0f}"
    tip = rows.data(rows.index(0, place), Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith("Unstable eigenvalues of the last stored network 0.")
    assert "watch.indices" in NUMBERS[-1].tip(facts_of_file(run_file))
