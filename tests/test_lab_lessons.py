"""What the laboratory says, read by a critical teacher: every line is true for every setting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from stiffgui.cli import main
from stiffgui.figures.formula import formula_svg
from stiffgui.labs import PAGES, page
from stiffgui.labs.convergence import Convergence, ConvergenceResult
from stiffgui.labs.crossing import Crossing, CrossingResult
from stiffgui.labs.gradients import GradientsResult, TwoGradients
from stiffgui.labs.linear import Linear, LinearResult
from stiffgui.labs.page import Page, Result

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.]*\w)")
FORMATS = (".4g", ".3g", ".2g", ".1g", ".2f")
# A page takes seconds: what fails is shown as it was drawn, not made smaller.
QUICKLY = settings(max_examples=8, deadline=None, phases=(Phase.explicit, Phase.generate))
CONSTANTS = {"1", "2", "3"}  # of formulas and thresholds that a line names


def values_in(thing: Any) -> Iterator[float]:
    """Every number of a result or of a page's settings."""
    if isinstance(thing, dict):
        thing = list(thing.values())
    if isinstance(thing, list | tuple):
        for each in thing:
            yield from values_in(each)
    elif isinstance(thing, int | float):
        yield float(thing)


def unfounded(shown: Page, result: Result, *more: float) -> list[str]:
    """Numbers in the lines that are neither in the result nor in the settings."""
    known = [*values_in(result.numbers()), *values_in(shown.model_dump()), *more]
    known += [abs(value) for value in known]
    told = {format(value, shape) for value in known for shape in FORMATS} | CONSTANTS
    told |= {f"{value:.0f}" for value in known if value.is_integer()}
    found = NUMBER.findall(" ".join(result.sentences()))
    return [number for number in found if number not in told]


ENTRIES = st.sampled_from([-100, -30, -5, -2, -1, -0.5, 0, 0, 0.5, 1, 5, 50, 100])


@st.composite
def linear_pages(draw: st.DrawFn) -> Linear:
    size = draw(st.integers(2, 3))
    rows = [[draw(ENTRIES) for _ in range(size)] for _ in range(size)]
    return Linear(
        matrix="; ".join(" ".join(f"{v:g}" for v in row) for row in rows),
        start=draw(st.sampled_from(["1", "0", "-1e3", "1e-9"])),
        first_step=draw(st.sampled_from([1e-4, 1e-3, 1e-2])),
        second_step=draw(st.floats(1e-3, 1)),
        threshold=draw(st.sampled_from([0, 1e-2, 1e3])),
        component=draw(st.integers(1, size)),
        end=draw(st.floats(0.1, 30)),
        tolerance=draw(st.sampled_from([1e-7, 1e-5, 1e-2])),
    )


@QUICKLY
@given(linear_pages())
def test_the_stiff_systems_lines_are_true(shown: Linear) -> None:
    result = shown.last()
    check_linear(result)
    assert not unfounded(shown, result, *other_numbers(result))


def other_numbers(result: LinearResult) -> Iterator[float]:
    """What the lines derive from eigenvalues, steps and times."""
    steps = np.array(result.steps)
    yield from 2 * np.pi / np.abs(result.eigenvalues.imag[result.eigenvalues.imag != 0])
    yield from [*result.times, *result.growth]
    yield from [path.times[-1] for path in result.paths.values()]
    if result.fast is not None and result.solver_step is not None:
        yield from [result.fast.real, result.fast.imag, result.solver_step]
        yield from [*abs(1 + steps * result.fast), *(1 / abs(1 - steps * result.fast))]


def check_linear(result: LinearResult) -> None:
    """Every claim again, from the matrix and the trajectories alone."""
    a, (system, euler, solvers) = result.matrix, result.sentences()
    scale = max(1.0, float(np.abs(a).max()))
    values = np.linalg.eigvals(a)
    decaying = values[values.real < -1e-3 * scale]
    if "No mode of A decays" in system:
        assert not len(decaying)
    elif len(decaying) == len(result.decaying):
        limit = float(re.search(r"steps below (\S+?)\.(?: |$)", system)[1])  # type: ignore[index]
        assert (np.abs(1 + 0.99 * limit * decaying) <= 1 + 1e-6).all()
        assert (np.abs(1 + 1.01 * limit * decaying) > 1 - 1e-4).any()
    if "oscillation, not stiffness" in system:
        assert (np.abs(values.imag) > 0.99 * np.abs(values.real)).any()
    if "is not normal" in system:
        told = re.search(r"to (\S+) times at t = (\S+) ", system)
        assert told and values.real.max() < 0
        assert np.linalg.norm(a @ a.T - a.T @ a) > 0
        assert np.linalg.norm(expm(a * float(told[2])), 2) == pytest.approx(
            float(told[1]), rel=0.05
        )
    step = result.steps[0 if result.switched is None else 1]
    if "(it grows)" in euler:
        assert np.abs(1 + step * values).max() > 1
    if "(it falls)" in euler and len(decaying) == len(values):
        assert np.abs(1 + step * decaying).max() < 1 + 1e-4
    watched = np.abs(result.paths["explicit Euler"].states[:-1, result.component])
    assert ("is below" in euler) == bool((watched < result.threshold).any())
    for name, path in result.paths.items():
        if name in result.gave_up:
            assert (f"{name} gave up" in solvers) == (path.gave_up is not None)
            assert (f"{name} {path.evaluations}" in solvers) == (path.gave_up is None)
    lengths = {n: np.diff(p.times).max(initial=0) for n, p in result.paths.items()}
    implicit = max(lengths[n] for n in ("radau", "bdf"))
    if "that is stiffness" in solvers:
        assert implicit > 3 * lengths["dopri5"] > 0
    if "it is not stiff" in solvers:
        z = lengths["dopri5"] * decaying
        r5 = np.polyval([1 / 600, 1 / 120, 1 / 24, 1 / 6, 1 / 2, 1, 1], z)
        assert (np.abs(r5) <= 1 + 1e-6).all()


def test_a_stiff_system_to_time_ten() -> None:
    """Where explicit steps are held by stability and implicit ones are not."""
    result = Linear().last()
    assert result.paths["dopri5"].steps == 346
    assert {n: result.paths[n].steps for n in ("radau", "bdf")} == {"radau": 227, "bdf": 248}
    assert result.sentences()[2].endswith("radau takes 0.338: that is stiffness.")
    early = Linear(end=0.3).last().sentences()[2]
    assert "stiffness" not in early and "not stiff" not in early


def test_a_jordan_block_decays() -> None:
    told = Linear(matrix="-1 1; 0 -1", end=1).last().sentences()[0]
    assert told.startswith("The decaying modes have the stiffness ratio 1;")


@QUICKLY
@given(
    st.builds(
        Convergence,
        doublings=st.integers(3, 5),
        scale=st.sampled_from([0.1, 1.5, 8, 60]),
        weights=st.sampled_from(["legendre", "constant", "piecewise-linear"]),
        width=st.integers(1, 3),
        activation=st.sampled_from(["tanh", "elu", "identity"]),
        horizon=st.sampled_from([0.2, 1.0, 4.0]),
        samples=st.just(2),
        seed=st.integers(0, 99),
        solver=st.sampled_from(["dopri5", "radau"]),
    )
)
def test_the_convergence_lines_are_true(shown: Convergence) -> None:
    result = shown.last()
    lengths = np.diff(result.step_times)
    found = [] if not len(lengths) else [lengths.min(), lengths.max(), float(len(lengths))]
    assert not unfounded(shown, result, *found)
    first, last = result.sentences()
    assert ("gave up" in last) == (result.gave_up is not None) == ("nothing" in first)
    assert all(f"{depth}" in last for depth in result.unsolved)
    if result.gave_up is not None:
        return
    assert result.step_times[-1] == pytest.approx(shown.horizon)
    orders = {"Euler": 1, "RK2": 2, "RK4": 4, "implicit Euler": 1}
    named = re.search(r"errors: (.*); near minus the order: ([^;]*)(?:; .*)?\.$", first)
    if named is None:
        assert set(result.slopes.values()) == {None} and "No slope" in first
        return
    slopes = {n: float(v) for n, v in re.findall(r"([A-Za-z ]*\w) (-?[\d.]+)(?:, |$)", named[1])}
    assert len(slopes) == sum(value is not None for value in result.slopes.values())
    near = {name for name, v in slopes.items() if abs(v / orders[name] + 1) <= 0.1 + 0.005}
    said = set(slopes) if named[2] == "all" else set(named[2].split(", ")) - {"none"}
    assert said <= near


@QUICKLY
@given(
    st.builds(
        Crossing,
        task=st.sampled_from(["reflection", "reflection", "annulus"]),
        coarse_depth=st.integers(1, 8),
        fine_depth=st.integers(1, 30),
        epochs=st.integers(1, 80),
        horizon=st.sampled_from([0.5, 6, 30]),
        learning_rate=st.sampled_from([1e-3, 0.02, 0.3]),
        seed=st.integers(0, 99),
    )
)
def test_the_crossing_lines_are_true(shown: Crossing) -> None:
    result = shown.last()
    assert not unfounded(shown, result)
    told = " ".join(result.sentences())
    error = {name: network.error for name, network in result.networks.items()}
    if shown.task == "annulus":
        assert f"the least is that of the {min(error, key=lambda n: error[n])} network" in told
        return
    assert result.bound is not None
    assert (", below the bound" in told) == (error["augmented"] < result.bound)
    for name in ("coarse", "fine"):
        states = result.networks[name].trajectories[:, :, 0]
        ended = states[-1][np.argsort(states[0])]
        if f"The {name} network keeps their order" in told:
            assert (np.diff(ended) >= 0).all()
            assert error[name] >= result.bound - 1e-9  # as isotonic regression has it
        else:
            count = int(re.search(rf"The {name} network swaps (\d+) of", told)[1])  # type: ignore[index]
            least = int(np.triu(ended[:, None] > ended).sum())  # of the samples that are drawn
            assert least <= count and count > 0


@QUICKLY
@given(
    st.builds(
        TwoGradients,
        width=st.integers(1, 3),
        scale=st.sampled_from([0.1, 1, 8, 50]),
        doublings=st.integers(2, 6),
        horizon=st.sampled_from([0.1, 1, 10]),
        degree=st.integers(0, 3),
        samples=st.integers(1, 3),
        seed=st.integers(0, 99),
    )
)
def test_the_gradients_lines_are_true(shown: TwoGradients) -> None:
    result = shown.last()
    assert not unfounded(shown, result)
    differ, away, formulas = result.sentences()
    assert ("cannot be compared" in formulas) == (
        not np.isfinite([result.error_dto, result.error_otd]).all()
    )
    for name, case in (("linear", result.linear), ("nonlinear", result.nonlinear)):
        told = re.search(
            rf"(?<!non){name} (\S+), (not )?in proportion to dt \(slope (\S+)\)", differ
        )
        if told:
            size = np.linalg.norm(case.otd[-1] - case.dto[-1]) / np.linalg.norm(case.dto[-1])
            assert float(told[1]) == pytest.approx(size, rel=0.06)
            assert (told[2] is None) == (abs(float(told[3]) - 1) < 0.1) or told[3] in (
                "0.90",
                "1.10",
            )
    near = re.search(r"are (\S+) \(.*\) and (\S+) \(", away)
    if near:
        limit = np.linalg.norm(result.linear.limit)
        for text, gradient in ((near[1], result.linear.dto[-1]), (near[2], result.linear.otd[-1])):
            distance = np.linalg.norm(gradient - result.linear.limit) / limit
            assert float(text) == pytest.approx(distance, rel=0.06)


def test_rounding_does_not_oscillate() -> None:
    """Of a double eigenvalue 0 rounding may make a pair with a tiny imaginary part."""
    for rows in ("0 0 0; 0 0 0; 50 50 50", "0 1; 0 0", "-1 1 0; 0 -1 1; 0 0 -1"):
        assert "oscillation" not in Linear(matrix=rows, end=1).last().sentences()[0]
    assert "oscillation" in Linear(matrix="0 1; -1 0", end=1).last().sentences()[0]


# --------------------------------------------------------------------- what there is to try


def of(name: str, exercise: int) -> Result:
    """The result of an exercise, by its place on the page."""
    return page(name).with_settings(page(name).exercises[exercise].changes).last()


def test_the_stiff_systems_exercises_show_what_they_promise() -> None:
    small, turning, growing = (of("linear", k) for k in range(3))
    assert isinstance(small, LinearResult) and isinstance(turning, LinearResult)
    assert isinstance(growing, LinearResult)
    inside = np.abs(1 + np.multiply.outer(small.steps, small.eigenvalues)) < 1
    assert inside.all() and np.abs(1 - 100 * 0.021) > 1
    assert np.abs(small.paths["explicit Euler"].states[-1, 1]) < 1e-8
    assert turning.stiffness_ratio == pytest.approx(1) and turning.regrowth_factor > 1
    lengths = [path.longest for name, path in turning.paths.items() if name in turning.gave_up]
    assert max(lengths) < 0.126 and set(turning.gave_up.values()) == {None}
    assert "not stiff" in turning.sentences()[2]
    assert (growing.eigenvalues.real < 0).all() and not growing.problem
    assert np.abs(growing.exact[:, 1]).max() == pytest.approx(25, abs=0.1)
    assert (np.abs(1 + np.multiply.outer(growing.steps, growing.eigenvalues)) < 1).all()


def test_the_convergence_exercises_show_what_they_promise() -> None:
    kinked, large, implicit = (of("convergence", k) for k in range(3))
    assert isinstance(kinked, ConvergenceResult) and isinstance(large, ConvergenceResult)
    usual = Convergence().last()
    assert isinstance(implicit, ConvergenceResult) and not (kinked.problem or large.problem)
    assert kinked.slopes["rk4"] == pytest.approx(-2, abs=0.3)
    assert kinked.slopes["euler"] == pytest.approx(-1, abs=0.05)
    assert np.nanmin([errors[0] for errors in large.errors.values()]) > 0.3
    assert np.diff(large.step_times).mean() < np.diff(usual.step_times).mean()
    for name, errors in usual.errors.items():
        np.testing.assert_allclose(implicit.errors[name], errors, rtol=0.02, atol=1e-8)
    assert implicit.steps > usual.steps and implicit.step_times[-1] == 1


def test_the_crossing_exercises_show_what_they_promise() -> None:
    short, long, ring = (of("crossing", k) for k in range(3))
    assert isinstance(short, CrossingResult) and isinstance(long, CrossingResult)
    assert isinstance(ring, CrossingResult) and short.bound is not None
    assert short.networks["coarse"].swapped == 0
    assert short.networks["coarse"].error == pytest.approx(short.bound, rel=0.01)
    assert long.networks["fine"].error == pytest.approx(short.bound, rel=0.01)
    least = ring.networks["augmented"].error
    assert least < ring.networks["fine"].error / 2 and least < ring.networks["coarse"].error


def test_the_gradients_exercises_show_what_they_promise() -> None:
    scalar, large, many = (of("gradients", k) for k in range(3))
    assert isinstance(scalar, GradientsResult) and isinstance(large, GradientsResult)
    assert isinstance(many, GradientsResult)
    np.testing.assert_allclose(scalar.linear.differences, scalar.linear.sizes, rtol=1e-9)
    up_to_4 = large.linear.steps <= 4
    assert (large.linear.differences[up_to_4] > 1).all()
    assert (large.linear.differences[~up_to_4] < 1).all()
    halved = many.linear.differences[1:] / many.linear.differences[:-1]
    np.testing.assert_allclose(halved, 0.5, atol=0.05)
    assert many.linear.differences[-1] > 1e-4


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_a_lesson(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    kind = PAGES[name]
    assert len(kind.exercises) == 3 and kind.formulas and kind.sources and kind.about()
    for formula in kind.formulas:
        assert formula_svg(formula).count("<path") == 1
    assert main(["lab", name, "--about"]) == 0
    told = capsys.readouterr().out
    for exercise in kind.exercises:
        assert exercise.title in told and exercise.see in told
        assert f"stiffgui lab {name} --set" in told
    assert all(source in told for source in kind.sources)
