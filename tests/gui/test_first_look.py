"""What a person sees who opens the window for the first time, and what they find again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stiffgui._resources import resource
from stiffgui.gui.application import make_settings, make_window
from stiffgui.gui.train.first_look import EXAMPLES, SEEN
from stiffgui.gui.train.guide import GUIDES, WELCOME
from stiffgui.gui.window import MainWindow
from stiffgui.runs import open_run
from stiffgui.training.ready import Readiness
from tests.gui.opening import open_file

WAIT = 120_000


@pytest.fixture
def newcomer(qapp: QApplication, home: Path) -> Iterator[MainWindow]:
    settings = make_settings()
    settings.remove(SEEN)
    settings.sync()
    window = make_window(qapp, home / "runs")
    window.show()
    window.start_children()
    yield window
    window.close()
    window.deleteLater()


def test_two_finished_runs_play_and_run_works_at_once(newcomer: MainWindow, qtbot: QtBot) -> None:
    page = newcomer.train
    assert [run.path.name for run in page.bench.runs] == list(EXAMPLES)
    assert {run.state for run in page.bench.runs} == {"finished"}
    assert page.guide.isVisible() and page.guide.text.text() == WELCOME
    assert page.timeline.play.isChecked()
    qtbot.waitUntil(lambda: page.eigenvalues.picture is not None, timeout=WAIT)
    run, limits = page.bench.runs[0], page.eigenvalues.picture.panels[0].x.limits  # type: ignore[union-attr]
    largest = run.history.indices["spectral-radius"].mean(1).max()
    assert limits is not None and limits[1] > largest  # axes that stay have room for the peak
    seen = set()
    page.eigenvalues.view.moved.connect(lambda: seen.add(page.eigenvalues.drawn_epoch))
    qtbot.waitUntil(lambda: page.eigenvalues.drawn_epoch > 3, timeout=WAIT)
    page.model.edit("training.epochs", 2)
    page.run()
    qtbot.waitUntil(lambda: not page.bench.busy and len(page.bench.runs) == 3, timeout=WAIT)


def test_machine_code_is_explained_while_it_is_made(window: MainWindow, run_file: Path) -> None:
    page, preparing = window.train, Readiness(1, 4)
    for told in (preparing.sentence, preparing.short):
        page.bench.preparing = preparing
        page.refresh()
        text = page.timeline.text
        assert told in text.text() and text.toolTip().endswith(preparing.help)
        open_file(page.bench, run_file)
    page.bench.preparing = None


def test_guided_experiments_do_what_they_say(newcomer: MainWindow, qtbot: QtBot) -> None:
    page = newcomer.train
    stiff, penalised, ode = page.guide.buttons
    ode.click()
    qtbot.waitUntil(lambda: page.trajectories.is_seen, timeout=5000)
    assert page.views.large is page.trajectories and page.guide.text.text() == GUIDES[2].look
    qtbot.waitUntil(lambda: page.eigenvalues.is_seen, timeout=5000)
    penalised.click()
    assert page.views.large is page.eigenvalues
    weight = page.panel.row("regularizer.weight")
    qtbot.waitUntil(lambda: weight is not None and not weight.visibleRegion().isEmpty())
    assert page.model.preset_name == GUIDES[1].preset
    qtbot.waitUntil(lambda: page.bench.busy and page.bench.running.epoch > 0, timeout=WAIT)
    assert not stiff.isEnabled() and ode.isEnabled()
    assert "stop the present training" in stiff.toolTip() and ode.toolTip() == GUIDES[2].look
    page.bench.stop()
    qtbot.waitUntil(lambda: not page.bench.busy, timeout=WAIT)
    assert stiff.isEnabled() and stiff.toolTip() == GUIDES[0].look
    run = page.bench.shown
    assert run is not None and run.path.name == "alpine02-stiff-1.stiff"


def test_the_last_session_is_there_again_and_nobody_is_welcomed_twice(
    newcomer: MainWindow, qapp: QApplication, home: Path, qtbot: QtBot
) -> None:
    bench = newcomer.train.bench
    bench.set_visible(bench.runs[1], True)
    bench.show(bench.runs[0])
    bench.set_visible(bench.runs[1], False)
    newcomer.train.views.show_layer(7)
    newcomer.close()
    again = make_window(qapp, home / "runs")
    again.show()
    again.start_children()
    found = again.train.bench
    qtbot.waitUntil(lambda: again.train.state.layer == 7, timeout=WAIT)
    assert [run.path.name for run in found.runs] == list(EXAMPLES)
    assert found.shown is not None and found.shown.path.name == EXAMPLES[0]
    assert [run.path.name for run in found.visible()] == [EXAMPLES[0]]
    assert again.train.guide.isHidden() and not again.train.timeline.play.isChecked()
    again._do("guide")
    assert again.train.guide.isVisible()
    again.close()
    again.deleteLater()


def test_what_is_begun_stays_on_the_screen_while_the_last_session_is_read(
    newcomer: MainWindow, qapp: QApplication, home: Path, qtbot: QtBot
) -> None:
    newcomer.close()
    again = make_window(qapp, home / "runs")
    again.show()
    again.start_children()
    bench = again.train.bench
    qtbot.waitUntil(lambda: bench.opening, timeout=WAIT)
    again.train.model.edit("training.epochs", 3)
    again.train.run()
    [begun] = bench.runs
    qtbot.waitUntil(lambda: not bench.opening, timeout=WAIT)
    assert len(bench.runs) == 1 + len(EXAMPLES) and bench.shown is begun
    qtbot.waitUntil(lambda: not bench.busy, timeout=WAIT)
    assert bench.shown is begun and begun.state == "finished"
    again.close()
    again.deleteLater()


def test_what_ships_is_small_and_is_what_readme_says() -> None:
    from importlib.resources import as_file

    from stiffgui._resources import resource

    size = 0
    for name, preset in zip(EXAMPLES, ("alpine02", "alpine02-stiff"), strict=True):
        with as_file(resource("examples", name)) as path, open_run(path) as run:
            size += path.stat().st_size
            from stiffgui import presets

            differences = run.experiment.differences(presets[preset])
            assert set(differences) == {"training.epochs", "watch.snapshots"}
            assert run.ending == "finished" and len(run.snapshot_epochs) > 60
    assert size < 8e6


def test_the_first_picture_needs_no_torch() -> None:
    """It is there before the child has imported torch, which takes seconds."""
    script = f"""
import sys
from pathlib import Path
from stiffgui.figures.spectrum import Spectrum
from stiffgui.session.sources import RunFile, RunSource
from stiffgui.session.views import Look, look_at_stored
from stiffgui._resources import resource
for name in {EXAMPLES!r}:
    source = RunSource((RunFile(Path(str(resource("examples", name))), 0, "a"),))
    for layer in (1, 10):
        figures = (("spectrum", Spectrum(epoch=0, layer=layer)),)
        view = look_at_stored(Look(source, 0, False, figures))
        assert view is not None and view.epoch == 0, (name, layer)
assert look_at_stored(Look(source, 1, False, figures)) is None
assert "torch" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert not done.returncode, done.stderr


def test_what_the_examples_keep_is_what_their_networks_say() -> None:
    for name in EXAMPLES:
        with open_run(Path(str(resource("examples", name)))) as run:
            stored = run.stored_layers(0)
            assert stored is not None and run.stored_layers(1) is None
            direct = run.snapshot(0).jacobians(run.probe_samples())[0]
            np.testing.assert_allclose([each.jacobians for each in stored], direct, rtol=1e-12)
    sizes = [Path(str(resource("examples", name))).stat().st_size for name in EXAMPLES]
    assert sum(sizes) < 8e6


@pytest.mark.parametrize("presents", [False, True])
def test_a_guides_sentence_has_room_at_any_width(
    window: MainWindow, presents: bool, qtbot: QtBot
) -> None:
    guide = window.train.guide
    guide.begin(max((each.look for each in GUIDES), key=len))
    if presents:
        window.toggle_presenter()
    for width in (1024, 1280, 1920):
        window.resize(width, 720)

        def has_room(width: int = width) -> None:
            text, lines = guide.text, guide.text.fontMetrics().lineSpacing()
            assert guide.width() == width
            assert text.heightForWidth(text.width()) <= text.height() <= 3 * lines
            assert all(each.width() >= each.sizeHint().width() for each in guide.buttons)

        qtbot.waitUntil(has_room)
    if presents:
        window.toggle_presenter()
