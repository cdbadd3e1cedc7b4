"""The yardstick does the same work as we do, and the report says what was measured."""

from __future__ import annotations

from functools import partial
from itertools import islice
from math import ceil

import accuracy
import goals
import numpy as np
import operations
import pytest
import torch

from stiffgui import presets
from stiffgui.benchmarks import report, tables, yardstick
from stiffgui.benchmarks.problems import ALPINE, CLIMATE, PROBLEMS, Problem
from stiffgui.benchmarks.products import Size
from stiffgui.benchmarks.timing import Timing, interleave
from stiffgui.kernels.threads import choose_threads
from stiffgui.regularizers import NoPenalty, Regularizer, Stiffness
from stiffgui.stiffness import proxy
from stiffgui.study.library import studies
from stiffgui.training import Trainer, duration
from stiffgui.training.decisions import decide
from tests.longer import first

WEIGHT = 1e-3
PENALTIES: dict[str, tuple[Regularizer, yardstick.Penalty | None]] = {
    "none": (NoPenalty(), None),
    "gelfand": (Stiffness(weight=WEIGHT, fraction=1.0, proxy=proxy("gelfand")), yardstick.gelfand),
    "radius": (
        Stiffness(weight=WEIGHT, fraction=1.0, proxy=proxy("spectral-radius")),
        yardstick.radius,
    ),
}


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
@pytest.mark.parametrize(
    ("penalty", "count"), first([("none", 50), ("gelfand", 3), ("radius", 3)], 2)
)
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


@pytest.fixture
def document() -> report.Document:
    """What is said where a step of a trial takes a second, trials share the threads, and a pass
    through the products of a size takes a quarter of a second on each thread."""
    threads = choose_threads(0)
    seconds = dict.fromkeys(report.actions(), 1.0)
    seconds |= {f"{name} x25": duration.turns(25, 1, threads) for name in presets}
    for size in {Size.of(presets[name]) for name in presets}:
        seconds[f"{size.name}, 1 thread"] = 0.25
        if threads > 1:
            seconds[f"{size.name}, {threads} threads"] = 0.25 / threads
    timings = {name: Timing(np.array([value] * 3)) for name, value in seconds.items()}
    return report.document_of(timings, {"climate": 4.0})


def test_a_share_is_of_the_products_rate(document: report.Document) -> None:
    rows = {row["preset"]: row for row in document["rows"]}
    layers, ends = 3 * 16 * 20 * 50**2, 20 * 50 * (2 * 15 + 3 * 10)
    assert rows["climate"]["share"] == pytest.approx(0.25 * (layers + ends) / layers)
    seen = ceil(decide(presets["climate-stiff"], "cpu").fraction * 20)
    sketch = 16 * seen * (3 * 6 - 1) * 50**2
    stiff = rows["climate-stiff"]["share"]
    assert stiff == pytest.approx(0.25 * (layers + ends + sketch) / layers)
    busy = 25 / (choose_threads(0) * duration.turns(25, 1, choose_threads(0)))
    assert rows["climate-stiff"]["share_of_trials"] == pytest.approx(stiff * busy)
    [rate] = [row for row in document["products"] if row["preset"] == "climate"]
    assert rate["flops_per_second"] == pytest.approx(2 * layers / 0.25)
    assert rate["flops_per_second_of_threads"] == pytest.approx(
        choose_threads(0) * rate["flops_per_second"]
    )
    assert {row["path"] for row in rows.values()} == {"compiled"}
    assert rows["climate"]["over_quinn"] == 0.25 and rows["alpine02"]["over_quinn"] is None


def test_what_things_take_follows_from_the_steps(document: report.Document) -> None:
    rows = {row["preset"]: row for row in document["times"]}
    steps = 10_000 * 20
    assert steps < rows["alpine02-stiff"]["seconds"] < 1.3 * steps
    turns = duration.turns(25, 1, choose_threads(0))
    assert rows["alpine02-stiff"]["seconds_of_trials"] > 0.9 * turns * steps
    climate = {row["study"]: row for row in document["studies"]}["climate"]
    assert climate["variants"] == 3 and climate["trials"] == 25
    # Its sketch has k = 3, that of the preset k = 6: the third variant's steps may be shorter.
    assert 2.5 * 99 * 1000 * turns < climate["seconds"] < 3.6 * 100 * 1000 * turns
    names = {row["study"] for row in document["studies"]}
    assert names == set(studies) and rows.keys() == set(presets)


def test_tables_are_readable_and_say_what_is_missing(document: report.Document) -> None:
    text = tables.text(document)
    assert max(map(len, text.splitlines())) <= tables.WIDTH
    assert "A step: compiled loops, whole epochs at a time" in text
    time = duration.about(document["times"][0]["seconds"]).split()[1:]
    assert ["alpine02", "10000", *time] in [line.split()[:4] for line in text.splitlines()]
    document["rows"][0] |= {"share": None, "steps": "torch", "path": "operations"}
    document["times"][0] |= {"seconds": None}
    marked = tables.markdown(document)
    assert "A step: torch (alpine02); compiled loops" in marked
    assert "| alpine02 | 1000 | - | 1 ± 0 |" in marked
    assert "| alpine02 | 10000 | - | " in marked
    for _, headings, rows in tables.tables(document):
        assert rows and {len(row) for row in rows} == {len(headings)}


def test_products_are_timed_on_every_thread() -> None:
    size = Size.of(ALPINE.experiment(NoPenalty()))
    assert (size.depth, size.width, size.columns) == (10, 20, 45)
    gelfand = Stiffness(proxy=proxy("gelfand"))
    squares = Size.of(ALPINE.experiment(gelfand))
    assert squares == Size(1, 20, 20, square=True)
    for some in (size, squares):
        one, two = some.passes(1)(), some.passes(2)()
        assert two() == 2 * one()
        timing = interleave({"one": one}, 3, 0.01)["one"]
        assert 1e8 < some.flops / timing.median < 1e13


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
