"""A and B side by side: whose eigenvalues they are, which belong together, what has changed."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from stiffgui import open_run, presets, train
from stiffgui.errors import InputError
from stiffgui.figures import figure
from stiffgui.figures.picture import Curve, Image, Points
from stiffgui.runs import Run
from tests.small import small


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One of width 4 and two trials, one of another width and depth."""
    folder = tmp_path_factory.mktemp("compared")
    narrow = {"architecture.width": 4, "training.trials": 2, "training.epochs": 8}
    train(small().with_settings(narrow), out=folder / "narrow.stiff")
    other = {"architecture.width": 5, "architecture.depth": 3, "training.epochs": 4}
    train(presets["alpine02"].with_settings(other), out=folder / "other.stiff")
    return folder / "narrow.stiff", folder / "other.stiff"


def eigenvalues(run: Run, epoch: int, layer: int, trial: int) -> np.ndarray:
    jacobians = run.snapshot(epoch).jacobians(run.probe_samples())[trial, layer - 1]
    return np.linalg.eigvals(jacobians)


def by_size(values: np.ndarray) -> np.ndarray:
    return np.sort_complex(np.round(values.ravel(), 12))


def test_a_and_b_are_of_the_networks_that_are_named(files: tuple[Path, Path]) -> None:
    with open_run(files[0]) as run:
        shown = figure(
            "comparison", epoch=8, layer=2, trial=1, pinned_epoch=0, pinned_layer=5, pinned_trial=0
        )
        picture = shown.picture([run])
        a, b = picture.panels[0].of(Points)
        assert (a.filled, b.filled) == (True, False) and a.colour != b.colour
        for points, expected in ((a, (0, 5, 0)), (b, (8, 2, 1))):
            values = eigenvalues(run, *expected)
            np.testing.assert_allclose(by_size(points.x + 1j * points.y), by_size(values))
        radii = [np.abs(eigenvalues(run, *w)).max(-1).mean() for w in ((0, 5, 0), (8, 2, 1))]
        assert picture.numbers["A spectral-radius"] == pytest.approx(radii[0])
        assert picture.numbers["B spectral-radius"] == pytest.approx(radii[1])
        assert f"A {radii[0]:#.3g} → B {radii[1]:#.3g}" in picture.headline
        assert a.label == "A: layer 5, epoch 0, trial 0"
        assert picture.title.endswith(f"· narrow · {run.probe_count} probe samples")


def test_lines_lead_to_what_is_nearest_as_a_whole(files: tuple[Path, Path]) -> None:
    with open_run(files[0]) as run:
        shown = figure("comparison", layer=3, pinned_epoch=0)
        table = shown.table([run])
        [lines] = [c for c in shown.picture([run]).panels[0].of(Curve) if not c.label]
        length = np.hypot(np.diff(lines.x)[::3], np.diff(lines.y)[::3]).sum()
    best = 0.0
    for _, rows in table.groupby("sample"):
        a, b = (rows[rows.side == side] for side in "AB")
        assert sorted(a.pair) == sorted(b.pair) == [0, 1, 2, 3]
        values = [side.real.to_numpy() + 1j * side.imag.to_numpy() for side in (a, b)]
        best += min(np.abs(values[0] - values[1][list(p)]).sum() for p in permutations(range(4)))
    assert length == pytest.approx(best)
    pairs = table.pivot(index=["sample", "pair"], columns="side", values=["real", "imag"])
    apart = np.hypot(*(pairs[part]["A"] - pairs[part]["B"] for part in ("real", "imag")))
    assert apart.sum() == pytest.approx(best)


def test_the_difference_is_of_every_layer_and_sample(files: tuple[Path, Path]) -> None:
    with open_run(files[0]) as run:
        shown = figure("comparison", layout="difference", trial=1)
        [image] = shown.picture([run]).panels[0].of(Image)
        radii = [
            np.abs([eigenvalues(run, epoch, n, 1) for n in range(1, 11)]).max(-1)
            for epoch in (0, 8)
        ]
    np.testing.assert_allclose(image.values, radii[1] - radii[0])


def test_planes_side_by_side_have_the_same_axes_and_hold_every_point(
    files: tuple[Path, Path],
) -> None:
    with open_run(files[0]) as run, open_run(files[1]) as other:
        picture = figure("comparison", layout="side by side", layer=2, scaled=True).picture(
            [run, other]
        )
        left, right = picture.panels
        assert picture.locked and (left.x.limits, left.y.limits) == (right.x.limits, right.y.limits)
        assert left.x.limits is not None
        for panel, own, epoch in ((left, run, 8), (right, other, 4)):
            [points] = panel.of(Points)
            values = eigenvalues(own, epoch, 2, 0) * own.experiment.architecture.step_size
            np.testing.assert_allclose(by_size(points.x + 1j * points.y), by_size(values))
            assert left.x.limits[0] < points.x.min() and points.x.max() < left.x.limits[1]


def test_networks_of_other_shapes_have_no_pairs_and_no_difference(
    files: tuple[Path, Path],
) -> None:
    with open_run(files[0]) as run, open_run(files[1]) as other:
        table = figure("comparison").table([run, other])
        assert set(table.pair) == {-1} and len(table) == 4 * run.probe_count + 5 * other.probe_count
        with pytest.raises(InputError, match="10 and 3 layers"):
            figure("comparison", layout="difference").picture([run, other])
        with pytest.raises(InputError, match="no layer 7"):
            figure("comparison", layer=7, pinned_layer=1).picture([run, other])


def test_one_plane_goes_into_every_format(files: tuple[Path, Path], tmp_path: Path) -> None:
    from stiffgui.figures import export_figure

    with open_run(files[0]) as run:
        for kind in ("png", "pdf", "csv"):
            out = tmp_path / f"out.{kind}"
            export_figure(figure("comparison", pinned_epoch=1), [run], out, kind)
            assert out.stat().st_size > 1000
