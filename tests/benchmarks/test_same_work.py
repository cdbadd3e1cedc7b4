"""The yardstick does the same work as we do, and the report says what was measured."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch

from stiffgui.benchmarks import accuracy, report, yardstick
from stiffgui.benchmarks.problems import ALPINE, CLIMATE, PROBLEMS, Problem
from stiffgui.benchmarks.rows import actions, rows
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
    got = [float(loss[0, 0]) for loss in islice(Trainer(experiment).steps(), count)]
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
    timed = set(actions())
    for row in rows():
        assert {row.above, row.below} <= timed, row.title
    assert len({row.title for row in rows()}) == len(rows())


def test_interleaved_rounds_call_all_and_count() -> None:
    calls: list[str] = []
    found = interleave({n: lambda n=n: calls.append(n) for n in "ab"}, 3, 0.0)  # type: ignore[misc]
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


def test_tables_say_what_was_met_and_what_is_missing() -> None:
    met = report._result("a", 2.0, 0.1, "12", 2.5, 1.5) | {"error": 1e-3, "milliseconds": 1.5}
    missing = report._result("b", 1.0, None, "not installed") | {"ratio": None}
    document = {"machine": "m", "date": "d", "note": "n", "rows": [met, missing]}
    row = "| a | 12 | <= 2.5 met | <= 1.5 missed | 2 ± 0.1 | 1.5 | 1.0e-03 |"
    assert row in report.markdown(document).splitlines()
    assert "| b | not installed | - | - | - | - | - |" in report.markdown(document).splitlines()
    lines = report.text(document).splitlines()
    assert lines[2].split()[:2] == ["ratio", "talk"] and "missed" in lines[3]
