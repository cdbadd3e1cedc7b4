"""The yardstick does the same work as we do, and the report says what was measured."""

from __future__ import annotations

from functools import partial
from itertools import islice

import accuracy
import goals
import numpy as np
import operations
import pytest
import torch

from stiffgui import presets
from stiffgui.benchmarks import report, yardstick
from stiffgui.benchmarks.problems import ALPINE, CLIMATE, PROBLEMS, Problem
from stiffgui.benchmarks.timing import Timing, interleave
from stiffgui.regularizers import NoPenalty, Regularizer, Stiffness
from stiffgui.stiffness import proxy
from stiffgui.training import Trainer

WEIGHT = 1e-3
PENALTIES: dict[str, tuple[Regularizer, yardstick.Penalty | None]] = {
    "none": (NoPenalty(), None),
    "gelfand": (Stiffness(weight=WEIGHT, proxy=proxy("gelfand")), yardstick.gelfand),
    "radius": (Stiffness(weight=WEIGHT, proxy=proxy("spectral-radius")), yardstick.radius),
}


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
@pytest.mark.parametrize(("penalty", "count"), [("none", 50), ("gelfand", 3), ("radius", 3)])
def test_yardstick_and_we_have_the_same_losses(problem: Problem, penalty: str, count: int) -> None:
    """Float64: fifty steps without a penalty cross the epoch's end, so the order agrees too."""
    ours, plain = PENALTIES[penalty]
    experiment = problem.experiment(ours, precision="float64")
    trainer, got = Trainer(experiment), list[float]()
    while len(got) < count:
        trainer.run_epoch()
        got += trainer.steps.losses()[:, 0, 0].tolist()
    got = got[:count]
    wanted = list(islice(yardstick.steps(experiment, plain, WEIGHT), count))
    # The exact radius is a maximum: where two eigenvalues tie, rounding chooses the gradient.
    np.testing.assert_allclose(got, wanted, rtol=1e-4 if penalty == "radius" else 1e-8)
    assert len(set(got)) == count


def test_plain_network_is_ours() -> None:
    trainer = Trainer(CLIMATE.experiment(NoPenalty(), precision="float64"))
    network = yardstick.PlainResNet(50, 16, 15, 10).double()
    yardstick._copy_start(network, trainer)
    x = torch.randn(1, 6, 15, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    output, values = network(x[0])
    run = trainer.network.forward(x, 10)
    torch.testing.assert_close(output, run.output[0], rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(network.jacobians(values), trainer.network.jacobians(x)[0])


def test_every_row_names_things_that_are_timed() -> None:
    timed = set(goals.actions())
    for row in goals.rows():
        assert {row.above, row.below} <= timed, row.title
    assert len({row.title for row in goals.rows()}) == len(goals.rows())


def test_interleaved_rounds_call_all_and_count() -> None:
    calls: list[str] = []

    def action(name: str) -> int:
        calls.append(name)
        return 2

    found = interleave({name: partial(action, name) for name in "ab"}, 3, 0.0)
    assert calls == list("ab" * 4)  # one call each is not measured
    assert all(len(t.seconds) == 3 and (t.seconds > 0).all() for t in found.values())


def test_ratio_and_spread_are_those_of_the_rounds() -> None:
    one, two = Timing(np.array([1.0, 2.0, 4.0])), Timing(np.array([2.0, 2.0, 2.0]))
    ratio, spread = one.over(two)
    assert ratio == 1.0 and spread == pytest.approx((1.5 - 0.75) / 2)


def test_accuracy_tells_exact_from_sketched() -> None:
    assert accuracy.error(ALPINE, proxy("spectral-radius"), epochs=0) < 1e-4
    assert 1e-6 < accuracy.error(ALPINE, proxy("gelfand"), epochs=0) < 1e-2
    assert accuracy.error(ALPINE, proxy("gelfand-sketch"), epochs=0) > 1e-2


def test_tables_say_what_was_measured_and_what_is_missing() -> None:
    row = {"preset": "a", "milliseconds": 1.5, "over_torch_nn": 2.0, "spread": 0.1}
    row |= {"milliseconds_of_trials": 30.0, "trial_over_torch_nn": 0.5, "over_quinn": None}
    document = {"machine": "m", "date": "d", "note": "n", "rows": [row]}
    lines = report.markdown(document).splitlines()
    assert lines[0] == "m; d; n." and "| a | 1.5 | 2 ± 0.1 | 30 | 0.5 | - |" in lines
    assert report.text(document).splitlines()[2].split() == [
        "a",
        "1.5",
        "2",
        "±",
        "0.1",
        "30",
        "0.5",
        "-",
    ]


def test_every_preset_is_timed_alone_and_in_a_batch() -> None:
    timed = set(report.actions())
    assert timed >= {*presets, *(f"{name} x25" for name in presets)}
    for name in presets:
        experiment = report.problem_of(name).experiment(presets[name].regularizer)
        assert experiment.architecture == presets[name].architecture


def test_a_goal_is_met_or_missed() -> None:
    timings = {"a": Timing(np.array([2.0, 2.0])), "b": Timing(np.array([1.0, 1.0]))}
    assert goals.line(goals.Row("t", "a", "b", 1.5), timings)[1:4] == (
        "2 ± 0",
        "<= 1.5 missed",
        "2e+03",
    )
    assert goals.line(goals.Row("t", "a", "b", None, 25), timings)[1:3] == ("0.08 ± 0", "-")


def test_counts_are_printed_beside_what_they_take(capsys: pytest.CaptureFixture[str]) -> None:
    operations.main(["--most", "2e7", "--seconds", "0"])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    groups = lines.index([])
    assert lines[0][-4:] == ["operations", "us", "per", "ns"] and len(lines) > groups + 10
    for line in lines[1:groups]:
        counted, took, rate = map(float, line[-3:])
        assert rate == pytest.approx(counted / took / 1e3, rel=0.01)
