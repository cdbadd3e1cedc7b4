"""Pictures are data: what they hold is what tables hold, what matplotlib draws, and what commands
and scripts write."""

from __future__ import annotations

import pickle
import runpy
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some
from matplotlib.collections import PathCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_hex

from stiffgui import open_run, open_study, run_study, train
from stiffgui.cli import main
from stiffgui.errors import InputError
from stiffgui.figures import (
    FIGURES,
    Figure,
    Style,
    drawn,
    export_figure,
    figure,
    paint,
    styled,
    what_is_drawn,
)
from stiffgui.figures.palette import LIGHT
from stiffgui.figures.picture import (
    Band,
    Bars,
    Box,
    Curve,
    Image,
    Item,
    Marker,
    Panel,
    Picture,
    Points,
    Region,
    cell_edges,
)
from stiffgui.figures.script import export_command, page_script, runs_script, study_script
from stiffgui.labs import PAGES, page
from tests.small import small
from tests.study_files import tiny

QUICK: dict[str, dict[str, Any]] = {
    "convergence": {"deepest": 32},
    "crossing": {"samples": 30, "width": 4, "epochs": 30},
}
# More than a kind's defaults: name of the case -> source, kind, settings.
CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    **{f"{source} {name}": (source, name, {}) for source in FIGURES for name in FIGURES[source]},
    "errors over time": ("runs", "errors", {"axis": "time", "smoothing": 0.9, "robust": True}),
    "all numbers": ("runs", "errors", {"quantities": ("l2_norm", "penalty_share")}),
    "one index": ("runs", "stiffness", {"indices": ("frobenius",), "logarithmic": True}),
    "logarithmic layers": ("runs", "layers", {"logarithmic": True, "indices": ("frobenius",)}),
    "contours": ("runs", "spectrum", {"contours": True, "region": "rk4", "layer": 2}),
    "all layers": ("runs", "spectrum", {"all_layers": True, "region": "implicit-euler"}),
    "principal components": ("runs", "trajectories", {"samples": 2, "trial": 1}),
    "a component": ("runs", "trajectories", {"component": 2, "epoch": 0}),
    "linear study": ("study", "summary", {"logarithmic": False, "boxes": False}),
}


class Sources:
    """Two runs, a run of one input and one of three, a study, and results of pages."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self.folder = folder
        settings = {"training__trials": 2, "training__epochs": 12, "watch__every": 5}
        settings |= {"watch__indices": ("frobenius", "spectral-radius"), "watch__probe": 4}
        for name, more in (
            ("plain", {}),
            ("other", {"training__seed": 3}),
            ("one", {"task__dimension": 1}),
            ("three", {"task__dimension": 3}),
        ):
            train(small(**(settings | more)), folder / f"{name}.stiff").close()
        self.runs = [opened.enter_context(open_run(path)) for path in self.paths]
        self.study_path = folder / "study.stiff"
        run_study(tiny(trials=4), self.study_path).close()
        self.study = opened.enter_context(open_study(self.study_path))

    @property
    def paths(self) -> list[Path]:
        return [self.folder / "plain.stiff", self.folder / "other.stiff"]

    def of(self, source: str, name: str) -> Any:
        """What a figure draws."""
        if source == "page":
            return result_of(name)
        return self.runs if source == "runs" else self.study


@cache
def result_of(name: str) -> Any:
    return page(name).with_settings(QUICK.get(name, {})).last()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    with ExitStack() as opened:
        yield Sources(tmp_path_factory.mktemp("pictures"), opened)


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, sources: Sources) -> tuple[Figure, Any]:
    """A figure, and what it draws."""
    source, name, settings = CASES[request.param]
    shown = figure(name, source, **settings)
    return shown, what_is_drawn(shown, sources.of(source, name))


def arrays(item: Item) -> dict[str, np.ndarray]:
    """Every array that is drawn of an item, by the name of its field."""
    values = ((each.name, getattr(item, each.name)) for each in fields(item))
    return {name: value for name, value in values if isinstance(value, np.ndarray)}


# ------------------------------------------------------------------------- data


def test_a_picture_is_plain_data(case: tuple[Figure, Any]) -> None:
    shown, source = case
    picture = shown.picture(source)
    assert pickle.loads(pickle.dumps(picture)).title == picture.title
    assert pickle.loads(pickle.dumps(shown)) == shown
    assert picture.panels and all(panel.items for panel in picture.panels)
    for panel in picture.panels:
        for item in panel.items:
            for name, values in arrays(item).items():
                assert values.dtype.kind in "fiu", (type(item), name, values.dtype)
                assert not np.isinf(values).any(), (type(item), name)
            if isinstance(item, Curve | Points):
                assert item.x.shape == item.y.shape
            if isinstance(item, Image):
                assert item.values.shape == (len(item.y), len(item.x))


# What a table holds by its definition of a page (its numbers, not every line that explains them):
# the place of the panel whose numbers it has.
TABULATED = {"convergence": (1,), "crossing": (0, 1, 2), "gradients": (1,), "linear": (0,)}


def test_a_table_holds_what_is_drawn(case: tuple[Figure, Any]) -> None:
    shown, source = case
    panels = shown.picture(source).panels
    table = shown.table(source)
    if shown.sources == ("page",):
        panels = tuple(panels[place] for place in TABULATED[shown.name()])
    known = known_numbers(table)
    for panel in panels:
        for item in panel.items:
            for name, values in drawn_numbers(shown, item).items():
                assert contained(values, known), f"{type(item).__name__} {item.label}: {name}"


def known_numbers(table: pd.DataFrame) -> np.ndarray:
    numbers = table.select_dtypes("number").to_numpy(np.float64).ravel()
    return np.sort(np.concatenate([numbers[np.isfinite(numbers)], [np.inf]]))


def contained(values: np.ndarray, known: np.ndarray) -> bool:
    """Whether each finite value is among the known numbers."""
    values = np.unique(values[np.isfinite(values)])
    place = np.searchsorted(known, values)
    near = np.minimum(np.abs(known[place] - values), np.abs(known[place - 1] - values))
    return bool((near <= 1e-12 + 1e-9 * np.abs(values)).all())


def drawn_numbers(shown: Figure, item: Item) -> dict[str, np.ndarray]:
    """The numbers of an item that are the run's own: no smoothed copies, no other units of time,
    no guiding lines."""
    own_x = getattr(shown, "axis", "epoch") == "epoch"
    if isinstance(item, Curve):
        if shown.name() in ("linear", "trajectories"):  # |x|; principal components
            return {"x": item.x}
        smoothed = getattr(shown, "smoothing", 0) and item.alpha == 1
        return ({"x": item.x} if own_x else {}) | ({} if smoothed else {"y": item.y})
    if isinstance(item, Band):
        return {"low": item.low, "high": item.high}
    if isinstance(item, Points):
        return {"x": item.x, "y": item.y}
    if isinstance(item, Image):
        differs = item.colours.map == "diverging"  # network - target
        return {"x": item.x, "y": item.y} | ({} if differs else {"values": item.values})
    if isinstance(item, Bars):
        return {"edges": item.edges, "heights": item.heights}
    if isinstance(item, Box):
        return (
            {"median": np.array(item.spans[1:4])}
            if shown.name() == "summary"
            else {"values": item.values}
        )
    return {}


@pytest.mark.parametrize(("name", "kind"), [("one", Curve), ("three", Points)])
def test_the_fit_of_one_input_and_of_three(sources: Sources, name: str, kind: type[Item]) -> None:
    shown = figure("fit")
    with open_run(sources.folder / f"{name}.stiff") as run:
        picture, table = shown.picture([run]), shown.table([run])
    assert list(picture.panels[0].of(kind))  # type: ignore[type-var]
    for item in picture.panels[0].items:
        for values in drawn_numbers(shown, item).values():
            assert contained(values, known_numbers(table))
    check_painted(shown, picture)


def test_curves_are_not_decimated(tmp_path: Path) -> None:
    with train(small(training__epochs=3000, task__train_samples=20), tmp_path / "a.stiff") as run:
        (panel,) = figure("errors").picture([run]).panels
        assert len(run.series().epochs) == 3001
        assert [len(curve.x) for curve in panel.of(Curve)] == [3001, 3001]


# ------------------------------------------------------------------------- images


def test_cells_lie_around_the_epochs_that_were_measured(sources: Sources) -> None:
    shown = figure("layers", indices=("frobenius",))
    picture = shown.picture(sources.runs)
    (image,) = picture.panels[0].of(Image)
    assert image.x.tolist() == [0, 5, 10, 12]
    assert image.x_edges.tolist() == [-2.5, 2.5, 7.5, 11, 13]  # the last is 2 wide: as 10 to 12
    assert image.y_edges.tolist() == [layer + 0.5 for layer in range(len(image.y) + 1)]
    assert picture.panels[0].x.limits == (-2.5, 13) and picture.panels[0].y.limits == (0.5, 20.5)
    table = shown.table(sources.runs)
    for epoch, layer, value in table[["epoch", "layer", "value"]].itertuples(index=False):
        row, column = image.cell(epoch, layer)  # type: ignore[misc]
        assert image.values[row, column] == value
    assert image.cell(13.5, 1) is None and image.cell(0, 21) is None


@given(some.lists(some.integers(-10_000, 10_000), min_size=1, max_size=50, unique=True))
def test_every_place_lies_in_its_own_cell(numbers: list[int]) -> None:
    places = np.array(sorted(numbers), np.float64)
    edges = cell_edges(places)
    assert len(edges) == len(places) + 1 and (np.diff(edges) > 0).all()
    assert (edges[:-1] < places).all() and (places < edges[1:]).all()
    assert places[0] - edges[0] == edges[1] - places[0]
    assert edges[-1] - places[-1] == places[-1] - edges[-2]
    np.testing.assert_array_equal(edges[1:-1], (places[1:] + places[:-1]) / 2)


def test_no_place_has_no_cell() -> None:
    assert cell_edges(np.empty(0)).tolist() == []


# ------------------------------------------------------------------------- the painter


def test_matplotlib_draws_the_picture(case: tuple[Figure, Any]) -> None:
    shown, source = case
    check_painted(shown, shown.picture(source))


def check_painted(shown: Figure, picture: Picture) -> None:
    import matplotlib.pyplot as plt

    with styled(shown.usual_style()):
        painted = paint(picture)
        painted.canvas.draw()
        for panel, axes in zip(picture.panels, painted.axes, strict=False):
            _check_axes(panel, axes)
            _check_lines(panel, axes)
        assert (painted.get_suptitle() or "") == picture.title
        plt.close(painted)


def _check_axes(panel: Panel, axes: Any) -> None:
    assert axes.get_title(loc="left") == panel.title
    for name, axis in (("x", panel.x), ("y", panel.y)):
        assert getattr(axes, f"get_{name}label")() == axis.label
        assert getattr(axes, f"get_{name}scale")() == axis.scale
        low, high = getattr(axes, f"get_{name}lim")()
        if axis.limits is not None and not panel.equal:
            assert (low, high) == pytest.approx(axis.limits)
        elif axis.limits is not None:  # more of one axis is seen, where both have one unit
            assert low <= axis.limits[0] + 1e-9 and high >= axis.limits[1] - 1e-9
    if axis_ticks := panel.x.ticks:
        assert [label.get_text() for label in axes.get_xticklabels()] == [t for _, t in axis_ticks]


def _check_lines(panel: Panel, axes: Any) -> None:
    lines = iter(axes.lines)
    for item in panel.items:
        mine = [next(lines) for _ in range(_line_count(item))]
        if isinstance(item, Curve):
            np.testing.assert_array_equal(mine[0].get_xdata(), item.x)
            np.testing.assert_array_equal(mine[0].get_ydata(), item.y)
            if isinstance(item.colour, int):
                assert to_hex(mine[0].get_color()) == LIGHT[item.colour % len(LIGHT)].lower()
        elif isinstance(item, Box):
            assert to_hex(mine[-1].get_color()) == LIGHT[item.colour % len(LIGHT)].lower()  # type: ignore[operator]
    assert next(lines, None) is None
    for kind, collection in ((Image, QuadMesh), (Points, PathCollection), (Band, PolyCollection)):
        drawn = [
            each
            for each in axes.collections
            if type(each) is collection
            or (collection is PolyCollection and type(each).__name__ == "FillBetweenPolyCollection")
        ]
        assert len(drawn) == len(list(panel.of(kind)))  # type: ignore[type-var]
    for image, mesh in zip(panel.of(Image), _of(axes, QuadMesh), strict=True):
        np.testing.assert_array_equal(mesh.get_array(), image.values)
        np.testing.assert_array_equal(mesh.get_coordinates()[0, :, 0], image.x_edges)
        assert (mesh.norm.vmin, mesh.norm.vmax) == (image.colours.low, image.colours.high)
    for points, dots in zip(panel.of(Points), _of(axes, PathCollection), strict=True):
        places = np.asarray(dots.get_offsets())
        assert sorted(map(tuple, places)) == sorted(zip(points.x, points.y, strict=True))


def _of(axes: Any, kind: type) -> list[Any]:
    return [each for each in axes.collections if type(each) is kind]


def _line_count(item: Item) -> int:
    if isinstance(item, Box):
        return 4 if len(item.values) > 1 else 1
    return int(isinstance(item, Curve | Region | Marker | Bars))


def test_limits_are_those_of_the_panels(sources: Sources) -> None:
    limits = (None, (0.0, 3.0, 1e-3, 2.0))
    shown = figure("summary", "study", limits=limits, boxes=False)
    first, second, *others = shown.picture(sources.study).panels
    assert first.x.limits is None and (second.x.limits, second.y.limits) == ((0, 3), (1e-3, 2))
    assert all(panel.x.limits is None for panel in others)
    check_painted(shown, shown.picture(sources.study))


def test_a_logarithmic_axis_begins_above_0(sources: Sources) -> None:
    shown = figure("errors", limits=((0.0, 3.0, -1.0, 2.0),))
    with pytest.raises(InputError, match=r"-1 does not lie on the logarithmic axis 'RMSE'"):
        shown.picture(sources.runs)
    assert shown.changed(logarithmic=False).picture(sources.runs).panels[0].y.limits == (-1, 2)


# ------------------------------------------------------------------------- commands, scripts

LOOKS: dict[str, tuple[str, dict[str, Any]]] = {
    "zoomed": ("errors", {"limits": ((1.0, 9.5, 0.01, 3.25),), "logarithmic": False}),
    "time": ("errors", {"axis": "time", "smoothing": 0.5, "robust": True}),
    "numbers": ("errors", {"quantities": ("l2_norm", "learning_rate")}),
    "indices": ("stiffness", {"indices": ("spectral-radius",), "axis": "step"}),
    "layers": ("layers", {"logarithmic": True, "indices": ("frobenius",)}),
    "contours": ("spectrum", {"contours": True, "region": "rk2", "layer": 3, "trial": 1}),
    "all layers": ("spectrum", {"all_layers": True, "epoch": 12, "limits": ((-1, 1, -2, 2),)}),
    "second panel": ("fit", {"limits": (None, (0.5, 2.0, 0.25, 1.0))}),
}
STYLE = Style(width=120, height=82.5, font=8, dpi=60)


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("kind", ["csv", "png"])
def test_a_command_writes_the_same_file(
    sources: Sources, tmp_path: Path, name: str, kind: str
) -> None:
    shown = figure(LOOKS[name][0], **LOOKS[name][1])
    colours = [4, 2]
    one, other = tmp_path / f"one.{kind}", tmp_path / f"other.{kind}"
    export_figure(shown, drawn(sources.runs, colours), one, kind, STYLE)
    command = export_command(sources.paths, shown, STYLE, other, colours=colours)
    words = shlex.split(command)
    assert words[0] == "stiffgui" and main(words[1:]) == 0
    assert one.read_bytes() == other.read_bytes() and one.stat().st_size > 100
    assert main(words[1:]) == 2
    again = export_command(sources.paths, shown, STYLE, other, colours=colours, replace=True)
    assert main(shlex.split(again)[1:]) == 0


@pytest.mark.parametrize("name", FIGURES["study"])
@pytest.mark.parametrize("kind", ["csv", "png"])
def test_a_command_writes_the_same_file_of_a_study(
    sources: Sources, tmp_path: Path, name: str, kind: str
) -> None:
    shown = figure(name, "study", logarithmic=False)
    one, other = tmp_path / f"one.{kind}", tmp_path / f"other.{kind}"
    export_figure(shown, sources.study, one, kind, STYLE)
    command = export_command([sources.study_path], shown, STYLE, other)
    assert main(shlex.split(command)[1:]) == 0
    assert one.read_bytes() == other.read_bytes()


def run_script(text: str, folder: Path) -> None:
    script = folder / "redraw.py"
    script.write_text(text, "utf-8")
    runpy.run_path(str(script))


@pytest.mark.parametrize("name", LOOKS)
def test_a_script_draws_the_same_picture(sources: Sources, tmp_path: Path, name: str) -> None:
    shown = figure(LOOKS[name][0], **LOOKS[name][1])
    one, other = tmp_path / "one.png", tmp_path / "other.png"
    export_figure(shown, drawn(sources.runs, [4, 2]), one, "png", STYLE)
    runs = list(zip(sources.paths, [4, 2], strict=True))
    run_script(runs_script(runs, shown, STYLE, other), tmp_path)
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("name", FIGURES["study"])
def test_a_script_draws_a_study(sources: Sources, tmp_path: Path, name: str) -> None:
    shown = figure(name, "study")
    style = shown.usual_style()
    one, other = tmp_path / "one.png", tmp_path / "other.png"
    export_figure(shown, sources.study, one, "png", style)
    run_script(study_script(sources.study_path, shown, style, other), tmp_path)
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("name", PAGES)
def test_a_script_draws_a_page(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, shown = page(name).with_settings(QUICK.get(name, {})), figure(name, "page")
    one, other = tmp_path / "one.png", tmp_path / "other.png"
    export_figure(shown, result_of(name), one, "png", STYLE)
    run_script(page_script(asked, shown, STYLE, other), tmp_path)
    assert one.read_bytes() == other.read_bytes()
    assert "problem" in capsys.readouterr().out


def test_flags_mean_one_thing() -> None:
    """A flag belongs to one setting, and a setting of several figures has one flag and type."""
    from stiffgui.settings import flag_of, specs

    for group in (("runs", "study"), ("page",)):
        kinds = [*(kind for source in group for kind in FIGURES[source].values()), Style]
        known: dict[str, tuple[str, str]] = {}
        for kind in kinds:
            for spec in specs(kind()):
                flag = flag_of(spec.key, kind.model_fields[spec.key])
                assert known.setdefault(spec.key, (flag, spec.type)) == (flag, spec.type)
        flags = [flag for flag, _ in known.values()]
        assert len(set(flags)) == len(flags)


# ------------------------------------------------------------------------- bounds of the style


@pytest.mark.parametrize("name", FIGURES["runs"])
@pytest.mark.parametrize(("font", "width"), [(3, 20), (3, 1000), (48, 20), (48, 1000)])
def test_any_style_exports_or_says_why_not(
    sources: Sources,
    tmp_path: Path,
    name: str,
    font: int,
    width: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "x.png"
    words = ["export", str(sources.paths[0]), "--figure", name, "-o", str(out), "--dpi", "30"]
    code = main([*words, "--font", str(font), "--width", str(width)])
    sentence = capsys.readouterr().err
    if code == 0:
        assert out.read_bytes().startswith(b"\x89PNG") and not sentence
    else:
        assert code == 2 and font == 48 and sentence.count("\n") == 1
        assert f"texts of 48 pt leave no room for the axes in {width} x 100 mm" in sentence
        assert "choose a smaller font or a larger figure" in sentence


def test_a_png_that_is_too_large_is_refused(
    sources: Sources, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", str(sources.paths[0]), "--figure", "errors", "-o", str(tmp_path / "x.png")]
    assert main([*words, "--width", "1000", "--height", "1000", "--dpi", "1200"]) == 2
    sentence = capsys.readouterr().err
    assert "47244 x 47244 pixels: choose a lower resolution or a smaller figure" in sentence
    assert sentence.count("\n") == 1
