"""Texts of figures at the widths of journals: none covers another, none is cut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from stiffgui import open_run, open_study, run_study, train
from stiffgui._presets import of_table
from stiffgui.errors import InputError
from stiffgui.figures import FIGURES, Style, figure, paint, styled, what_is_drawn
from stiffgui.figures.layout import pages_of
from stiffgui.figures.style import JOURNALS, LONGEST
from stiffgui.study import Variant
from tests.figure_sources import result_of
from tests.study_files import changed, tiny
from tests.text_boxes import problems

INPUTS, OUTPUTS = 33, 21
# Name of the case -> source, kind, settings.
CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    **{
        f"{source} {name}": (source, name, {"sobol_samples": 4} if name == "sensitivity" else {})
        for source in FIGURES
        for name in FIGURES[source]
    },
    "all layers": ("runs", "spectrum", {"all_layers": True}),
    "contours": ("runs", "spectrum", {"contours": True}),
    "side by side": ("runs", "comparison", {"layout": "side by side"}),
    "difference": ("runs", "comparison", {"layout": "difference"}),
    "one output": ("runs", "fit", {"output": 3}),
    "one bar each": ("runs", "sensitivity", {"output": 3, "sobol_samples": 4}),
    "errors of variants": ("study", "errors", {}),
    "stiffness of variants": ("study", "stiffness", {}),
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A run of 33 inputs and 21 outputs, and a study of five variants."""
    folder = tmp_path_factory.mktemp("wide")
    with ExitStack() as opened:
        run = opened.enter_context(open_run(wide_run(folder)))
        study = opened.enter_context(open_study(five_variants(folder)))
        yield {"runs": [run], "study": study}


def wide_run(folder: Path) -> Path:
    x = np.random.default_rng(0).uniform(0, 1, (60, INPUTS))
    table = pd.DataFrame(x, columns=[f"x_leaf_parameter_{k} [m]" for k in range(INPUTS)])
    for k in range(OUTPUTS):
        y = np.sin(3 * x[:, k]) + 100 * k * x[:, k + 3] * x[:, k + 5]
        table[f"y_carbon_flux_{k}_mean [g/m2]"] = y
    table.to_csv(folder / "t.csv", index=False)
    settings = {"training.epochs": 6, "training.trials": 3, "architecture.depth": 6}
    settings |= {"task.relevance": "none", "watch.every": 2, "watch.probe": 4}
    settings |= {"watch.indices": ("frobenius", "spectral-radius", "unstable")}
    path = folder / "a run with a long name.stiff"
    train(of_table(folder / "t.csv", {}).with_settings(settings), path).close()
    return path


def five_variants(folder: Path) -> Path:
    base = tiny(trials=3)
    chosen = [
        Variant(
            name=f"{kind} weight chosen by each trial",
            settings={"regularizer.kind": kind},
            weights=(1e-6, 1e-2, 1.0),
        )
        for kind in ("l2", "stiffness")
    ]
    held = base.experiment.with_settings({"task.validation_samples": 30})
    study = changed(base, variants=(*base.variants, *chosen), experiment=held)
    run_study(study, folder / "study.stiff").close()
    return folder / "study.stiff"


def drawn(name: str, sources: dict[str, Any]) -> Any:
    """The picture of a case."""
    source, kind, settings = CASES[name]
    of_runs = source == "study" and kind not in FIGURES["study"]
    shown = figure(kind, "runs" if of_runs else source, **settings)
    of = result_of(kind) if source == "page" else sources[source]
    return shown.picture(what_is_drawn(shown, of))


@pytest.mark.parametrize(
    "journal", ["one-column", pytest.param("two-columns", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("name", CASES)
def test_no_text_covers_another_or_is_cut(name: str, journal: str, sources: dict[str, Any]) -> None:
    picture, style = drawn(name, sources), Style(**JOURNALS[journal])
    pages = pages_of(picture, style)
    assert sum(len(page.panels) for page in pages) == len(picture.panels)
    for number in {1, len(pages)}:
        check(picture, style.model_copy(update={"page": number}))


def check(picture: Any, style: Style) -> None:
    """Every text of a page can be read, and the page is one of a journal."""
    with styled(style):
        painted = paint(picture, style)
        assert problems(painted) == []
        width, height = painted.get_size_inches() * 25.4
        plt.close(painted)
    assert width == pytest.approx(style.width) and height < 1.1 * LONGEST


def test_pages_hold_all_panels_in_their_order(sources: dict[str, Any]) -> None:
    picture, style = drawn("runs slices", sources), Style(**JOURNALS["one-column"])
    pages = pages_of(picture, style)
    assert len(pages) == 5 and len(pages[0].panels) == 8
    assert [panel for page in pages for panel in page.panels] == list(picture.panels)
    beyond = style.model_copy(update={"page": 6})
    with styled(beyond), pytest.raises(InputError, match="page is 6: the panels take 1 to 5"):
        paint(picture, beyond)
    second = style.model_copy(update={"page": 2})
    with styled(second):
        painted = paint(picture, second)
        letters = [text.get_text() for axes in painted.axes for text in axes.texts]
        plt.close(painted)
    assert letters[:2] == ["i", "j"]  # the first page has eight panels


def test_a_checker_that_sees_what_is_wrong() -> None:
    with styled(Style()):
        painted = plt.figure(layout="none")
        painted.text(0.5, 0.5, "one")
        painted.text(0.51, 0.5, "two", rotation=30)
        painted.text(0.98, 0.9, "beyond")
        assert problems(painted) == ["'one' and 'two' cover each other", "'beyond' is cut"]
        plt.close(painted)
