"""Where legends and colour bars of exported figures stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stiffgui._presets import presets
from stiffgui.figures import Style, figure, paint, styled
from stiffgui.runs import Run, open_run, train


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Run]]:
    """Two runs of one file name, a trial each."""
    made = []
    small = {"training.trials": 1, "training.epochs": 2, "watch.every": 1}
    for folder in ("plain", "penalised"):
        path: Path = tmp_path_factory.mktemp("layout") / folder / "a.stiff"
        path.parent.mkdir()
        train(presets["alpine02"].with_settings(small), path)
        made.append(open_run(path))
    yield made
    for run in made:
        run.close()


def test_figures_tell_runs_apart_and_fill_their_room(runs: list[Run]) -> None:
    import matplotlib.pyplot as plt

    with styled(Style()):
        errors = paint(figure("errors").picture(runs))
        texts = " ".join(text.get_text() for text in errors.legends[0].get_texts())
        assert "plain" in texts and "penalised" in texts
        errors.canvas.draw()
        legend, axes = errors.legends[0].get_window_extent(), errors.axes[0].get_window_extent()
        assert legend.y1 <= axes.y0
        fit = paint(figure("fit").picture(runs))
        assert len(fit.axes) == 5  # three maps, two colour bars
        summary = paint(figure("summary").picture(runs[:1]))
        assert summary.get_suptitle().endswith("1 trial")
        assert all(len(line.get_xdata()) == 1 for line in summary.axes[0].lines)
        plt.close("all")
