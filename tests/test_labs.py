"""The laboratory pages against closed forms, LAPACK, scipy and torchdiffeq."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from torchdiffeq import odeint_adjoint

from stiffgui import presets, train
from stiffgui.cli import main
from stiffgui.errors import InputError
from stiffgui.labs import PAGES, page
from stiffgui.labs.adjoint import (
    continuous,
    discretise_then_optimise,
    optimise_then_discretise,
    talk_dto,
    talk_otd,
)
from stiffgui.labs.convergence import Convergence
from stiffgui.labs.crossing import Crossing, best_increasing
from stiffgui.labs.gradients import TwoGradients
from stiffgui.labs.linear import Linear
from stiffgui.labs.ode import SOLVERS, reference, solve
from stiffgui.resnet.architecture import Architecture
from stiffgui.resnet.field import VectorField
from stiffgui.resnet.network import ResidualNetwork
from stiffgui.resnet.weights import WEIGHTS, Constant, Legendre, Weights


def field(weights: Weights, activation: str = "tanh", width: int = 3, seed: int = 0) -> VectorField:
    random = np.random.default_rng(seed)
    architecture = Architecture(
        width=width, depth=6, weights=weights, activation=activation, horizon=1.5
    )
    count = architecture.coefficients
    return VectorField(
        architecture,
        {
            "layers.weight": torch.as_tensor(random.normal(size=(1, count, width, width))),
            "layers.bias": torch.as_tensor(random.normal(size=(1, count, width))),
        },
    )


def states(width: int, seed: int, samples: int = 4) -> torch.Tensor:
    return torch.as_tensor(np.random.default_rng(seed).uniform(-1, 1, (1, samples, width)))


def relative(computed: torch.Tensor, wanted: torch.Tensor) -> float:
    """|computed - wanted| / |wanted|."""
    return float((computed - wanted).norm() / wanted.norm())


# ------------------------------------------------------------------ references


@pytest.mark.parametrize("solver", SOLVERS)
def test_solvers_follow_a_closed_form(solver: str) -> None:
    a = np.array([[-1.0, 2.0], [-2.0, -0.5]])
    matrix, times = torch.as_tensor(a), np.array([0.0, 0.4, 1.0, 2.0])
    found = solve(
        lambda t, x: matrix @ x,
        torch.tensor([1.0, -1.0], dtype=torch.float64),
        times,
        solver,
        jacobian=lambda t, x: matrix,
        tolerance=1e-10,
    )
    wanted = np.stack([expm(a * t) @ [1.0, -1.0] for t in times])
    np.testing.assert_allclose(found.states, wanted, atol=1e-7)
    assert not found.problem
    # Steps are where the solver says, and end at every asked time.
    assert found.steps == len(found.step_times) - 1 > 3
    assert set(times) <= set(found.step_times.round(12))
    at_steps = np.stack([expm(a * t) @ [1.0, -1.0] for t in found.step_times])
    np.testing.assert_allclose(found.step_states, at_steps, atol=1e-7)
    assert found.evaluations >= found.steps


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("solver", ["dopri8", "radau"])
def test_reference_is_scipys(kind: str, solver: str) -> None:
    f = field(Architecture(weights=kind, depth=6).weights)
    start = states(3, 1)
    found = reference(f, start, [0.0, 0.7, 1.5], solver, 1e-11)
    edges = np.union1d(np.arange(7) * 0.25, [0.5, 0.7, 1.0])  # where W(t) jumps or has a kink
    state, wanted = start.numpy().ravel(), {}
    for left, right in pairwise(edges.tolist()):
        middle = (left + right) / 2

        def rate(t: float, x: np.ndarray, middle: float = middle) -> np.ndarray:
            x = torch.as_tensor(x.reshape(start.shape))
            return f(middle if kind == "per-layer" else t, x).numpy().ravel()

        state = solve_ivp(rate, (left, right), state, method="DOP853", rtol=1e-12, atol=1e-12).y[
            :, -1
        ]
        wanted[round(float(right), 9)] = state.reshape(start.shape)
    np.testing.assert_allclose(found.states[1], wanted[0.7], atol=1e-8)
    np.testing.assert_allclose(found.states[2], wanted[1.5], atol=1e-8)


def test_solvers_that_give_up_say_so() -> None:
    one = torch.tensor([1.0], dtype=torch.float64)
    blown = solve(lambda t, x: x**2, one, [0.0, 0.5, 2.0], "dopri5", limit=5000)
    assert "dopri5 gave up at t = " in blown.problem
    np.testing.assert_allclose(blown.states[1], 2.0, rtol=1e-9)  # 1/(1 - t)
    assert np.isnan(blown.states[2]).all()
    for solver in ("radau", "bdf"):
        assert solve(lambda t, x: x**2, one, [0.0, 2.0], solver, tolerance=1e-6, limit=3000).problem
    slow = solve(lambda t, x: -1e9 * x, one, [0.0, 10.0], "dopri5", limit=500)
    assert "more than 500 evaluations" in slow.problem
    with pytest.raises(InputError, match="no solver 'lsoda'"):
        solve(lambda t, x: x, one, [0.0, 1.0], "lsoda")


def test_a_solver_that_gave_up_is_not_an_exact_one(capsys: pytest.CaptureFixture[str]) -> None:
    exact = Linear(matrix="0 0; 0 0").last()
    assert set(exact.differences.values()) == {0.0} and set(exact.gave_up.values()) == {None}
    # Growth beyond the range of numbers: Radau and BDF keep no step of what they did.
    gone = Linear(matrix="-1 0; 0 9000", first_step=1e-3).last()
    assert set(gone.differences.values()) == {None}
    for name, time in gone.gave_up.items():
        assert time is not None and 0 < time < 0.3
        assert f"{name} gave up at t = {time:.4g}: " in gone.problem
    assert main(["lab", "linear", "--set", "matrix=-1 0; 0 -1e9", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["differences"]["dopri5"] is None and document["gave_up"]["dopri5"] > 0
    assert document["differences"]["bdf"] < 1e-6 and document["gave_up"]["bdf"] is None


def test_a_reference_that_gave_up_is_said_instead_of_slopes() -> None:
    result = Convergence(scale=60, width=20, horizon=5, doublings=3, solver="dopri5").last()
    time = result.gave_up
    assert time is not None and f"gave up at t = {time:.4g}" in result.problem
    assert f"dopri5, gave up at t = {time:.4g}" in result.sentences()[1]
    assert all(np.isnan(errors).all() for errors in result.errors.values())
    assert result.numbers()["reference"]["gave_up"] == time


# ------------------------------------------------------------------ 1: stiff system


def test_the_talks_stiff_system() -> None:
    result = Linear().last()
    assert result.stiffness_ratio == pytest.approx(100)
    assert result.largest_step == pytest.approx(0.02)
    assert result.regrowth_factor == pytest.approx(2, rel=1e-9)
    assert result.implicit_factor == pytest.approx(1 / 4, rel=1e-9)
    explicit, implicit = result.paths["explicit Euler"], result.paths["implicit Euler"]
    late = explicit.times >= result.switched - 1e-9
    # x_2 after the switch is its value there times (-2)^k, and times 4^-k for implicit Euler.
    k = np.arange(late.sum())
    x2 = explicit.states[late, 1]
    np.testing.assert_allclose(x2, x2[0] * (-2.0) ** k, rtol=1e-9)
    assert abs(x2[-1]) > 1 > 0.01 > abs(x2[0])
    y2 = implicit.states[late, 1]
    np.testing.assert_allclose(y2, y2[0] * 4.0**-k, rtol=1e-9)
    # The slow component is fine in both.
    for path in (explicit, implicit):
        np.testing.assert_allclose(path.states[:, 0], np.exp(-path.times), atol=0.01)


def test_explicit_euler_is_its_closed_form_while_stable() -> None:
    path = Linear(second_step=1e-4).last().paths["explicit Euler"]
    k = np.arange(len(path.times))
    for column, value in ((0, -1.0), (1, -100.0)):
        np.testing.assert_allclose(path.states[:, column], (1 + 1e-4 * value) ** k, rtol=1e-9)


@pytest.mark.parametrize("matrix", ["-1 0; 0 -100", "-2 1 0; 0 -3 1; 0 0 -90", "-1 50; -50 -1"])
def test_adaptive_solvers_agree_with_scipy(matrix: str) -> None:
    result = Linear(matrix=matrix, first_step=1e-3, tolerance=1e-9, end=0.3).last()
    assert set(result.differences) == {"dopri5", "radau", "bdf"}
    assert max(result.differences.values()) < 1e-6
    independent = solve_ivp(
        lambda t, x: result.matrix @ x,
        (0, 0.3),
        np.ones(len(result.matrix)),
        method="Radau",
        jac=result.matrix,
        rtol=1e-11,
        atol=1e-11,
        t_eval=result.times,
    )
    np.testing.assert_allclose(result.exact, independent.y.T, atol=1e-8)
    np.testing.assert_allclose(
        np.sort_complex(result.eigenvalues), np.sort_complex(np.linalg.eigvals(result.matrix))
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"matrix": "50 0; 0 -100", "second_step": 0.02},
            "implicit Euler step of 0.02 is singular",
        ),
        ({"matrix": "9e8 0; 0 1", "end": 1}, "leaves the range of numbers"),
        ({"matrix": "-1e6 0; 0 -1", "end": 1, "first_step": 0.5}, "dopri5 gave up"),
        ({"end": 1000, "threshold": 0}, "after 50000 steps"),
    ],
)
def test_ill_posed_systems_end_in_a_sentence(changes: dict[str, object], said: str) -> None:
    result = Linear().with_settings(changes).last()
    assert said in result.problem
    json.dumps(result.numbers(), allow_nan=False)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"matrix": "1 2 3; 4 5 6"}, "is not 2 x 2 to 4 x 4"),
        ({"matrix": "a b; c d"}, "is not 2 x 2 to 4 x 4"),
        ({"matrix": "1 nan; 0 1"}, "between -1e9 and 1e9"),
        ({"start": "1 2 3"}, "must be one number or 2"),
        ({"component": 3}, "component 3 does not exist"),
        ({"second_step": "-1"}, "second_step is '-1'; it must be a number above 0 to 10"),
        ({"second_stp": 1}, "Did you mean second_step?"),
    ],
)
def test_bad_settings_of_a_page(changes: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as caught:
        Linear().with_settings(changes).last()
    assert said in str(caught.value)
    assert caught.value.key == next(iter(changes))


# ------------------------------------------------------------------ 2: convergence


@pytest.mark.parametrize("weights", ["legendre", "constant", "linear"])
@pytest.mark.parametrize("seed", [0, 1])
def test_orders_of_the_integrators(weights: str, seed: int) -> None:
    slopes = Convergence(weights=weights, seed=seed, doublings=9).last().slopes
    assert slopes["euler"] == pytest.approx(-1, rel=0.05)
    assert slopes["implicit-euler"] == pytest.approx(-1, rel=0.05)
    assert slopes["rk2"] == pytest.approx(-2, rel=0.1)
    assert slopes["rk4"] == pytest.approx(-4, rel=0.1)


def test_order_four_holds_down_to_rounding() -> None:
    result = Convergence(doublings=11, samples=2, scale=1.0).last()
    errors = result.errors["rk4"]
    assert errors[-1] < 1e-13
    above = errors[3:][errors[3:] > 3e-13]
    rates = np.log2(above[:-1] / above[1:])
    np.testing.assert_allclose(rates[1:], 4, rtol=0.1)
    assert result.slopes["rk4"] == pytest.approx(-4, rel=0.1)


def test_a_trained_legendre_network_approaches_its_ode(tmp_path: Path) -> None:
    experiment = presets["alpine02"].with_settings(
        {
            "architecture.weights": "legendre",
            "architecture.width": 8,
            "task.train_samples": 180,
            "training.epochs": 60,
            "watch.every": 1000,
        }
    )
    assert experiment.architecture.depth == 10
    run = train(experiment, tmp_path / "legendre.stiff")
    snapshot = run.snapshot(60)
    x = np.random.default_rng(0).uniform(-5, 5, (20, 2))
    start = torch.as_tensor(snapshot.lift(x))
    ode = snapshot.readout(reference(snapshot.field(), start, [0.0, 1.0]).states[-1])
    errors = {n: np.abs(snapshot.at_depth(n).predict(x) - ode).max() for n in (10, 100, 1000)}
    assert errors[100] / errors[1000] == pytest.approx(10, rel=0.05)
    assert errors[1000] < errors[10] / 50
    page_result = Convergence(run=str(run.path), doublings=7).last()
    assert page_result.slopes["euler"] == pytest.approx(-1, rel=0.05)


def test_a_network_without_layers_to_solve_is_named() -> None:
    result = Convergence(scale=60.0, doublings=3, samples=10).last()
    assert result.unsolved
    assert "no implicit Euler step at N = " in result.sentences()[1]
    if 8 in result.unsolved:
        assert "implicit Euler step has no solution" in result.problem
    json.dumps(result.numbers(), allow_nan=False)


def test_a_network_that_blows_up_is_said() -> None:
    result = Convergence(activation="elu", scale=100, horizon=1000, doublings=3).last()
    assert "gave up" in result.problem
    assert result.slopes["euler"] is None
    json.dumps(result.numbers(), allow_nan=False)


# ------------------------------------------------------------------ 3: crossing


def test_no_increasing_function_beats_the_mean() -> None:
    random = np.random.default_rng(0)
    x = np.sort(random.uniform(-1, 1, 40))
    bound = best_increasing(x, -x)
    assert bound == pytest.approx(x.std())
    for _ in range(200):  # random increasing functions never come closer
        g = np.sort(random.normal(size=40)) * random.uniform(0, 1)
        assert np.sqrt(np.square(g + x).mean()) > bound
    assert best_increasing(x, 2 * x + 1) == pytest.approx(0, abs=1e-12)


def test_crossing_needs_large_steps_or_one_dimension_more() -> None:
    results = list(Crossing().results())
    assert len(results) > 20 and results[0].progress < 0.1
    result = results[-1]
    networks = result.networks
    assert result.bound == pytest.approx(0.5864, abs=1e-3)  # 64 points; 1/sqrt(3) in the limit
    assert networks["fine"].smallest_factor > 0  # an increasing function, proved layer by layer
    assert networks["coarse"].smallest_factor < 0
    assert networks["fine"].error >= result.bound
    assert networks["fine"].error < 1.05 * result.bound  # trained, not merely bad
    assert networks["coarse"].error < result.bound / 10
    assert networks["augmented"].error < result.bound / 10
    told = " ".join(result.sentences())
    assert "The fine network keeps their order" in told
    assert "The coarse network swaps 2016 of 2016 pairs: its steps are too long" in told
    # Trajectories of the fine network keep their order at all times.
    fine = networks["fine"].trajectories[:, :, 0]
    assert (np.diff(fine, axis=1) > 0).all()
    coarse = networks["coarse"].trajectories[:, :, 0]
    assert (np.diff(coarse[-1]) < 0).all()


def test_the_annulus_has_no_bound() -> None:
    numbers = Crossing(task="annulus", epochs=150).last().numbers()
    assert numbers["bound"] is None and numbers["fine_is_increasing"] is None
    assert numbers["error_augmented"] < numbers["error_fine"]


def test_sentences_say_what_the_steps_are() -> None:
    told = " ".join(
        Crossing(coarse_depth=20, fine_depth=2, horizon=3, epochs=300).last().sentences()
    )
    assert "The fine network swaps" in told and "The coarse network keeps their order" in told


# ------------------------------------------------------------------ 4: two gradients


@pytest.mark.parametrize("width", [1, 2, 3])
def test_the_talks_gradients(width: int) -> None:
    random = np.random.default_rng(width)
    for layers in range(1, 51):
        w = random.normal(size=(width, width))
        x, y = random.normal(size=width), random.normal(size=width)
        architecture = Architecture(
            width=width, activation="identity", weights=Constant(), horizon=1.0
        )
        f = VectorField(
            architecture,
            {
                "layers.weight": torch.as_tensor(w)[None, None],
                "layers.bias": torch.zeros(1, 1, width, dtype=torch.float64),
            },
        )
        start, end = (torch.as_tensor(v)[None, None] for v in (x, y))
        dto = discretise_then_optimise(f, start, end, layers).weight[0, 0].numpy()
        otd = optimise_then_discretise(f, start, end, layers).weight[0, 0].numpy()
        scale = np.abs(dto).max()
        np.testing.assert_allclose(talk_dto(w, x, y, 1.0, layers), dto, atol=1e-10 * scale)
        np.testing.assert_allclose(talk_otd(w, x, y, 1.0, layers), otd, atol=1e-10 * scale)
        m = np.eye(width) + w / layers
        np.testing.assert_allclose(dto @ m.T, otd, atol=1e-10 * scale)
        if width == 1:  # the slides' two lines, T = 1
            end_state = m[0, 0] ** layers * x[0]
            for found, power in ((dto, layers - 1), (otd, layers)):
                line = 2 * (end_state - y[0]) * m[0, 0] ** power * x[0]
                assert found[0, 0] == pytest.approx(line, rel=1e-10)


@pytest.mark.parametrize("kind", ["constant", "legendre", "linear"])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_own_adjoint_is_odeint_adjoint(kind: str, steps: int) -> None:
    f = field(Architecture(weights=kind).weights)
    start, end = states(3, 1), states(3, 2)
    own = optimise_then_discretise(f, start, end, steps)
    times = torch.linspace(0, f.horizon, steps + 1, dtype=torch.float64)
    leaves = tuple(c.clone().requires_grad_() for c in (f.weight, f.bias))
    copy = VectorField(f.architecture, {"layers.weight": leaves[0], "layers.bias": leaves[1]})
    start.requires_grad_()
    last = odeint_adjoint(copy, start, times, method="euler", adjoint_params=leaves)[-1]
    theirs = torch.autograd.grad((last - end).square().sum() / start.shape[1], leaves)
    assert relative(own.flat(), torch.cat([t.flatten() for t in theirs])) < 1e-12


def test_discretised_gradient_is_the_networks() -> None:
    f = field(Legendre(degree=2), width=4)
    start, end = states(4, 1), states(4, 2)
    found = discretise_then_optimise(f, start, end, 6)
    leaves = {"layers.weight": f.weight.clone(), "layers.bias": f.bias.clone()}
    for leaf in leaves.values():
        leaf.requires_grad_()
    architecture = f.architecture.model_copy(
        update={"lift": "identity", "readout": "identity", "depth": 6}
    )
    network = ResidualNetwork(architecture, leaves)
    loss = (network.forward(start, 4).output - end).square().sum() / 4
    wanted = torch.autograd.grad(loss, list(leaves.values()))
    assert relative(found.weight, wanted[0]) < 1e-12
    assert relative(found.bias, wanted[1]) < 1e-12


def test_both_tend_to_the_continuous_gradient() -> None:
    f = field(Legendre(degree=2))
    start, end = states(3, 1), states(3, 2)
    limit = continuous(f, start, end).flat()
    for method in (discretise_then_optimise, optimise_then_discretise):
        coarse, fine = (relative(method(f, start, end, n).flat(), limit) for n in (64, 256))
        assert coarse / fine == pytest.approx(4, rel=0.1)


@pytest.mark.parametrize("width", [1, 3])
def test_their_difference_falls_with_the_step(width: int) -> None:
    result = TwoGradients(width=width).last()
    assert result.error_dto < 1e-10 and result.error_otd < 1e-10
    assert result.linear.slope == pytest.approx(1, abs=0.05)
    assert result.nonlinear.slope == pytest.approx(1, abs=0.05)
    if width == 1:  # exactly dt |W|
        np.testing.assert_allclose(result.linear.differences, result.linear.sizes, rtol=1e-9)


def test_gradients_that_blow_up_are_said() -> None:
    result = TwoGradients(scale=50, horizon=100, doublings=4, width=2).last()
    assert "lower the scale" in result.problem
    json.dumps(result.numbers(), allow_nan=False)
    gone = TwoGradients(scale=50, horizon=100, doublings=8, width=2).last()
    assert gone.numbers()["error_dto"] is None  # and not 0, as of formulas that agree
    assert "cannot be compared" in gone.sentences()[-1]


# ------------------------------------------------------------------ the command line

KEYS = {
    "linear": {"stiffness_ratio", "regrowth_factor"},
    "convergence": {"slope_euler", "slope_rk2", "slope_rk4"},
    "crossing": {"bound", "error_fine", "error_coarse", "error_augmented"},
    "gradients": {"error_dto", "error_otd", "slope_difference"},
}
QUICK = {"crossing": ["--set", "epochs=5"], "convergence": ["--set", "doublings=5"]}


@pytest.mark.parametrize(
    ("name", "kind"),
    [(name, kind) for name in KEYS for kind in ("png", "csv")]
    + [("linear", "svg"), ("crossing", "pdf")],
)
def test_lab_on_the_command_line(
    name: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"{name}.{kind}"
    assert main(["lab", name, *QUICK.get(name, []), "--json", "-o", str(out)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert KEYS[name] <= set(document)
    assert document["problem"] is None
    assert all(isinstance(document[key], float) for key in KEYS[name])
    head = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml", "csv": b""}[kind]
    assert out.read_bytes().startswith(head) and out.stat().st_size > 500
    assert main(["lab", name, "-o", str(out)]) == 2
    assert "exists" in capsys.readouterr().err


def test_lab_says_its_lines_and_its_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "linear"]) == 0
    assert tuple(capsys.readouterr().out.splitlines()) == page("linear").last().sentences()
    for name in PAGES:
        assert main(["lab", name, "--keys"]) == 0
        listed = capsys.readouterr().out
        assert all(key in listed for key in page(name).sliders)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lines"], "Did you mean linear?"),
        (["linear", "--set", "end"], "write --set KEY=VALUE"),
        (["linear", "--set", "end=x"], "end is 'x'; it must be a number"),
        (["linear", "-o", "figure.gif"], "no ending of a figure"),
        (["linear", "-o", "missing/figure.png"], "the folder missing does not exist"),
        (["convergence", "--set", "run=missing.stiff"], "missing.stiff cannot be read"),
    ],
)
def test_bad_arguments_of_lab(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", *arguments]) == 2
    captured = capsys.readouterr()
    assert said in captured.err and len(captured.err.splitlines()) == 1
    assert not captured.out
