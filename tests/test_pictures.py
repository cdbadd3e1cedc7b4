"""Pictures are data: what they hold is what tables hold, and what matplotlib draws."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some
from matplotlib.collections import PathCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_hex

from stiffgui import open_run
from stiffgui.errors import InputError
from stiffgui.figures import (
    FIGURES,
    Figure,
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
from stiffgui.runs.writer import RunWriter
from stiffgui.training import Record
from stiffgui.training.quantities import drawn_in
from tests.figure_sources import Sources

# More than a kind's defaults: name of the case -> source, kind, settings.
CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    **{f"{source} {name}": (source, name, {}) for source in FIGURES for name in FIGURES[source]},
    "errors over time": ("runs", "errors", {"axis": "time", "smoothing": 0.9, "robust": True}),
    "all numbers": ("runs", "errors", {"quantities": ("l2_norm", "penalty_share")}),
    "one index": ("runs", "stiffness", {"indices": ("frobenius",), "logarithmic": True}),
    "logarithmic layers": ("runs", "layers", {"logarithmic": True, "indices": ("frobenius",)}),
    "contours": ("runs", "spectrum", {"contours": True, "region": "rk4", "layer": 2}),
    "side by side": ("runs", "comparison", {"layout": "side by side", "layer": 2}),
    "a marked sample": ("runs", "fit", {"sample": 2}),
    "all layers": ("runs", "spectrum", {"all_layers": True, "region": "implicit-euler"}),
    "principal components": ("runs", "trajectories", {"samples": 2, "trial": 1}),
    "slices of a trial": ("runs", "slices", {"trial": 1, "at": {"x1": 7.0}}),
    "a component": ("runs", "trajectories", {"component": 2, "epoch": 0}),
    "linear study": ("study", "summary", {"logarithmic": False, "boxes": False}),
}


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


def test_a_table_holds_what_is_drawn(case: tuple[Figure, Any]) -> None:
    shown, source = case
    panels = shown.picture(source).panels
    table = shown.table(source)
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
    if shown.name() == "sensitivity":  # places are ranks, and there is nothing between bars
        if isinstance(item, Bars):
            return {"heights": item.heights[::2]}
        return {"values": item.values} if isinstance(item, Image) else {}
    own_x = getattr(shown, "axis", "epoch") == "epoch"
    if isinstance(item, Curve):
        if "largest |" in item.label:  # a circle through the largest modulus
            return {}
        if shown.name() in ("linear", "trajectories"):  # |x|; principal components
            return {"x": item.x}
        smoothed = getattr(shown, "smoothing", 0) and item.alpha == 1
        return ({"x": item.x} if own_x else {}) | ({} if smoothed else {"y": item.y})
    if isinstance(item, Band) and shown.name() == "slices":
        return {"spread": (item.high - item.low) / 2}
    if isinstance(item, Band):
        return {"low": item.low, "high": item.high}
    if isinstance(item, Points):
        if item.colour == "accent":  # a ring around something that is drawn
            return {}
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
    epochs = np.arange(20_001)
    writer = RunWriter(tmp_path / "a.stiff", None, quantities=drawn_in("errors"))
    for epoch in epochs.tolist():
        error = np.array([1 + np.sin(epoch) / 2])
        writer.record(Record(epoch, float(epoch), {"train_error": error, "test_error": error}))
    writer.close("finished")
    with open_run(tmp_path / "a.stiff") as run:
        (panel,) = figure("errors").picture([run]).panels
    for curve in panel.of(Curve):
        np.testing.assert_array_equal(curve.x, epochs)
        np.testing.assert_array_equal(curve.y, 1 + np.sin(epochs) / 2)


# ------------------------------------------------------------------------- images


def test_cells_lie_around_the_epochs_that_were_measured(sources: Sources) -> None:
    shown = figure("layers", indices=("frobenius",))
    picture = shown.picture(sources.runs)
    (image,) = picture.panels[0].of(Image)
    assert image.x.tolist() == [*range(11), 15, 17]  # the first ones are always measured
    # Half-way between epochs; the last cell is 2 wide, as 15 and 17 are 2 apart.
    assert image.x_edges.tolist() == [*(k - 0.5 for k in range(11)), 12.5, 16, 18]
    assert image.y_edges.tolist() == [layer + 0.5 for layer in range(len(image.y) + 1)]
    # Nothing is seen before the first epoch and after the last.
    assert picture.panels[0].x.limits == (0, 17) and picture.panels[0].y.limits == (0.5, 10.5)
    table = shown.table(sources.runs)
    for epoch, layer, value in table[["epoch", "layer", "value"]].itertuples(index=False):
        row, column = image.cell(epoch, layer)  # type: ignore[misc]
        assert image.values[row, column] == value
    assert image.cell(18.5, 1) is None and image.cell(0, 21) is None


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
        places = [(row, column) for row, p in enumerate(picture.rows) for column in range(len(p))]
        for panel, axes, (row, column) in zip(picture.panels, painted.axes, places, strict=False):
            once = picture.flows  # names that panels share stand at the left and below
            lowest = not once or row == len(picture.rows) - 1
            _check_axes(panel, axes, (lowest, not once or column == 0))
            _check_lines(panel, axes)
        words = f"{picture.headline} {picture.title}".split()  # in as many lines as they need
        assert (painted.get_suptitle() or "").split() == words
        plt.close(painted)


def _check_axes(panel: Panel, axes: Any, named: tuple[bool, bool]) -> None:
    assert axes.get_title(loc="left") == panel.title
    for (name, axis), is_named in zip((("x", panel.x), ("y", panel.y)), named, strict=True):
        assert getattr(axes, f"get_{name}label")() == (axis.label if is_named else "")
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
    return int(isinstance(item, Curve | Region | Marker))


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
