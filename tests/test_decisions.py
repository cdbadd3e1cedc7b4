"""What a run decides when it begins: what `auto` is, and that it stays so wherever it goes on."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from safetensors.numpy import load, save

from stiffgui import Experiment, InputError, open_run, open_study, presets
from stiffgui._presets import from_short_text, short_text
from stiffgui.cli import main
from stiffgui.regularizers import RAREST, NoPenalty, Stiffness
from stiffgui.resnet.network import Pass
from stiffgui.runs import Recording, Run
from stiffgui.settings import AUTO
from stiffgui.stiffness import proxy
from stiffgui.study import Study, StudyRecording
from stiffgui.study.executors import choose_executor
from stiffgui.training import Controls, Record, Trainer, cadence, operations
from stiffgui.training.decisions import AUTO_COST, Decisions, decide, former, fraction_of
from stiffgui.training.kernels.batch import Penalty, penalised
from tests.small import along, small
from tests.study_files import tiny

BOTH = ("regularizer.every", "regularizer.fraction")
FILES = Path(__file__).parent / "files"

# ---------------------------------------------------------------------- what auto is


@some.composite
def automatic(draw: Any) -> Experiment:
    """A penalised training of any size, with `every`, `fraction` or both left to the program."""
    kinds = ("gelfand-sketch", "gelfand", "spectral-radius", "power", "frobenius", "mean-modulus")
    left = draw(some.sampled_from([BOTH, BOTH[:1], BOTH[1:]]))
    batch = draw(some.one_of(some.integers(1, 60), some.integers(1, 2000)))
    given = {BOTH[0]: draw(some.integers(1, 20)), BOTH[1]: draw(some.floats(0.001, 1))}
    return presets["alpine02"].with_settings(
        {
            "task.train_samples": max(batch, 2),
            "architecture.width": draw(some.integers(1, 512)),
            "architecture.depth": draw(some.integers(1, 60)),
            "training.batch_size": batch,
            "regularizer": "stiffness",
            "regularizer.proxy": draw(some.sampled_from(kinds)),
            **given,
            **dict.fromkeys(left, AUTO),
        }
    )


@settings(max_examples=400, deadline=None)
@given(automatic())
def test_auto_costs_half_a_step_by_count(experiment: Experiment) -> None:
    asked, batch = experiment.regularizer, experiment.training.batch_size
    assert isinstance(asked, Stiffness)
    decided = decide(experiment, "cpu")
    settled = decided.settled(experiment)
    chosen = settled.regularizer
    assert isinstance(chosen, Stiffness) and (chosen.every, chosen.fraction) == (
        decided.every,
        decided.fraction,
    )
    assert asked.every in (0, chosen.every) and asked.fraction in (0, chosen.fraction)
    plain = operations.step(experiment.model_copy(update={"regularizer": NoPenalty()}))
    each = operations.of_sample(experiment, asked)
    samples, room = ceil(chosen.fraction * batch), AUTO_COST * plain
    assert 1 <= samples <= batch and 1 <= chosen.every <= RAREST
    cost = samples * each / chosen.every
    added = operations.step(settled) - plain
    assert added == pytest.approx(cost, rel=1e-6, abs=1e-9 * plain)  # what is counted of a step
    enough = room * (1 + 1e-9)
    if not asked.fraction:
        assert samples == 1 or cost <= enough
        assert samples == batch or (samples + 1) * each / (asked.every or 1) > room / (1 + 1e-9)
    if not asked.every:
        assert cost <= enough or chosen.every == RAREST
        assert chosen.every == 1 or samples * each / (chosen.every - 1) > room / (1 + 1e-9)
        if not asked.fraction:  # samples give way first
            assert chosen.every == 1 or (samples == 1 and each > room)


def test_a_fraction_is_the_intended_number_of_samples() -> None:
    for batch in range(1, 2001):
        samples = np.arange(1, batch + 1)
        fractions = np.array([fraction_of(int(m), batch) for m in samples])
        np.testing.assert_array_equal(np.ceil(fractions * batch), samples)
        assert (fractions > 0).all() and (fractions <= 1).all()
    for batch, count in ((1, 1), (45, 3), (45, 45), (1999, 1998)):  # as compiled loops count it
        penalty = Penalty(2, 1.0, fraction_of(count, batch), 1, 6, 1, 1e-19)
        assert penalised(penalty, batch) == count and penalised(penalty, 1) == 1


def test_the_penalty_on_some_samples_is_unbiased() -> None:
    """Each sample stands first equally often: the mean over all turns of a batch is the whole's."""
    batch = 23
    trainer = Trainer(small("alpine02-stiff", training__precision="float64"))
    x, outputs = trainer.steps.x[None, :batch], trainer.steps.y.shape[-1]
    with torch.no_grad():
        run = trainer.network.forward(x, outputs)
        for count in (1, 2, 9, batch):
            part = Stiffness(proxy=proxy("frobenius"), fraction=fraction_of(count, batch))
            found = []
            for turn in range(batch):
                slopes = run.slopes.roll(turn, 2)
                turned = Pass(run.output, run.states, slopes)
                p = part.penalty(trainer.network, turned, [])
                assert p.shape == (1, count)
                found.append(float(p.square().mean()))
            whole = Stiffness(proxy=proxy("frobenius")).penalty(trainer.network, run, [])
            assert np.mean(found) == pytest.approx(float(whole.square().mean()), rel=1e-13)


# ------------------------------------------------------------- it is settled before it acts

PATHS: dict[str, dict[str, Any]] = {
    "compiled": {},
    "operations": {"regularizer__proxy": "power"},
    "autograd": {"architecture__integrator": "rk2"},
}


def left_open(**changes: Any) -> Experiment:
    """Both left open, and such that both are not 1."""
    given = {"training__batch_size": 20, "training__epochs": 6, "architecture__width": 8}
    return small("alpine02-stiff", **given | changes).with_settings(dict.fromkeys(BOTH, AUTO))


@pytest.mark.parametrize("path", PATHS)
def test_a_training_with_auto_is_that_with_its_numbers(path: str) -> None:
    """On every path, and through a live change: bit for bit."""
    experiment = left_open(**PATHS[path])
    decided = decide(experiment, "cpu")
    assert decided.path == path and (decided.every, decided.fraction) != (1, 1.0)
    numbers = {"regularizer.every": decided.every, "regularizer.fraction": decided.fraction}
    states = []
    for each in (experiment, experiment.with_settings(numbers)):
        controls = Controls()
        trainer = Trainer(each, controls)
        for item in trainer:
            penalty = trainer.experiment.regularizer
            assert isinstance(penalty, Stiffness) and penalty.every >= 1 and penalty.fraction > 0
            if isinstance(item, Record) and item.epoch == 2:
                controls.change({"regularizer.weight": 0.5})
        assert trainer.experiment.regularizer.weight == 0.5
        states.append(trainer.checkpoint())
    for name in states[0]:
        if name != "seconds":
            np.testing.assert_array_equal(states[0][name], states[1][name], err_msg=name)


def test_a_penalty_that_is_due_as_rarely_as_may_be_can_change_its_weight() -> None:
    changes = {"training__batch_size": 1, "regularizer__proxy": "mean-modulus"}
    shape = {"width": 512, "depth": 60, "weights": "constant"}
    experiment = left_open(**changes, **{f"architecture__{k}": v for k, v in shape.items()})
    assert decide(experiment, "cpu").every == RAREST
    settled = decide(experiment, "cpu").settled(experiment)
    assert settled.with_settings({"regularizer.weight": 0.1}).regularizer.weight == 0.1


def test_sentences() -> None:
    experiment = left_open()
    decided = decide(experiment, "cpu").model_copy(update={"every": 1, "fraction": 0.125})
    assert decided.sentences(experiment)["penalty"] == "on 3 of 20 samples at every step"
    rarely = decided.model_copy(update={"every": 4, "fraction": 1.0})
    assert rarely.sentences(experiment)["penalty"] == "on every sample at one step of 4"
    assert "penalty" not in decided.sentences(presets["alpine02"])


def test_a_compiled_run_goes_on_on_a_device_by_operations() -> None:
    experiment = left_open()
    begun = decide(experiment, "cpu")
    assert begun.path == "compiled" and begun.on(experiment, "cpu") == begun
    there = begun.on(experiment, "cuda")
    assert there.path == "operations" and there.choice.sentence.endswith("since it runs on cuda")
    assert there.model_copy(update={"path": begun.path, "reason": begun.reason}) == begun
    back = there.on(experiment, "cpu").choice
    assert back.path == "operations" and back.sentence.endswith("since it was begun so")
    implicit = left_open(architecture__integrator="rk4")
    assert decide(implicit, "cpu").on(implicit, "cuda") == decide(implicit, "cuda")
    assert along("autograd", experiment).on(experiment, "cuda").path == "autograd"


# ------------------------------------------------------------------ how it is written


def test_auto_is_read_and_written() -> None:
    explicit = presets["alpine02-stiff"].with_settings({"regularizer.fraction": 1})
    for key in BOTH:
        experiment = explicit.with_settings({key: AUTO})
        assert experiment.flat()[key] == AUTO
        assert f'{key.split(".")[1]} = "auto"' in experiment.to_toml()
        assert Experiment.from_toml(experiment.to_toml(), "here") == experiment
        assert from_short_text(short_text(experiment, "alpine02-stiff")) == experiment
        assert experiment.differences(explicit) == {key: (AUTO, 1)}
        assert experiment.with_settings({"training.epochs": 5}).flat()[key] == AUTO
        assert experiment.with_settings({key: 1}) == explicit


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("regularizer.every", -1, "a whole number of steps from 1 to 10000, or auto"),
        ("regularizer.every", 10_001, "a whole number of steps from 1 to 10000, or auto"),
        ("regularizer.every", "often", "a whole number of steps from 1 to 10000, or auto"),
        ("regularizer.every", True, "a whole number of steps from 1 to 10000, or auto"),
        ("regularizer.every", 0, "a whole number of steps from 1 to 10000, or auto"),
        ("regularizer.fraction", 0, "a number above 0 to 1, or auto"),
        ("regularizer.fraction", "0.0", "a number above 0 to 1, or auto"),
        ("regularizer.fraction", -0.1, "a number above 0 to 1, or auto"),
        ("regularizer.fraction", 1.5, "a number above 0 to 1, or auto"),
    ],
)
def test_its_bounds_are_said(key: str, value: Any, allowed: str) -> None:
    with pytest.raises(InputError) as caught:
        presets["alpine02-stiff"].with_settings({key: value})
    assert caught.value.key == key and str(caught.value).endswith(f"it must be {allowed}.")


def test_a_command_line_says_auto_and_shows_what_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.stiff"
    words = ["train", "alpine02-stiff", "--out", str(out), "--set", "training.epochs=1"]
    for key in BOTH:
        words += ["--set", f"{key}=auto"]
    assert main(words) == 0
    told = capsys.readouterr().err
    with open_run(out) as run:
        sentences = run.decided.sentences(run.experiment)
        assert (
            run.decided == decide(run.experiment, "cpu") and run.experiment.flat()[BOTH[0]] == AUTO
        )
    assert "of 45 samples at every step" in sentences["penalty"]
    assert main(["show", str(out)]) == 0
    shown = capsys.readouterr().out
    for what, sentence in sentences.items():
        assert f"{what}: {sentence}" in told and f"  {what}: {sentence}\n" in shown
    assert main(["show", str(out), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["decisions"] == sentences
    assert facts["settings"]["regularizer"]["fraction"] == AUTO


def test_auto_is_swept_beside_numbers() -> None:
    values = tiny().model_dump()
    values["variants"] = []
    values["sweep"] = {
        "axes": [{"key": "regularizer.fraction", "values": [AUTO, 0.5, 1]}],
        "settings": {"regularizer.kind": "stiffness"},
    }
    study = Study.from_toml(Study.of(values).to_toml())
    assert [v.name for v in study.all_variants] == ["fraction=auto", "fraction=0.5", "fraction=1"]
    assert [e.flat()[BOTH[1]] for e in study.experiments()] == [AUTO, 0.5, 1]


# ---------------------------------------------------------------------- where it is kept


def decisions_of(path: Path) -> Decisions:
    with open_run(path) as run:
        return run.decided


@pytest.fixture
def otherwise(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Another version, which would decide everything otherwise."""

    def change() -> None:
        for name, value in {"FREE": 1e5, "FIRST": 1, "LEAST": 2, "ERRORS": 0.01}.items():
            monkeypatch.setattr(cadence, name, value)
        monkeypatch.setattr(operations, "ELEMENT", 3)
        monkeypatch.setattr("stiffgui.training.decisions.AUTO_COST", 20.0)
        monkeypatch.setattr("stiffgui.training.decisions.SHARED", 1)

    return change


def test_they_are_there_from_epoch_0_on(tmp_path: Path) -> None:
    recording = Recording(left_open(), tmp_path / "a.stiff")
    items = iter(recording)
    first = next(items)
    assert isinstance(first, Record) and first.epoch == 0
    with open_run(tmp_path / "a.stiff") as run:
        assert run.decided == recording.trainer.decided and run.ending == "running"
        assert set(run.series().epochs) <= {0}
        assert run.probe_count == run.decided.cadence.samples
    items.close()  # type: ignore[attr-defined]


def stopped_at(path: Path, experiment: Experiment, epoch: int) -> Decisions:
    controls = Controls()
    recording = Recording(experiment, path, controls)
    for item in recording:
        if isinstance(item, Record) and item.epoch == epoch:
            controls.stop()
    assert recording.ending == "stopped"
    return recording.trainer.decided


def gone_on(path: Path) -> Recording:
    with open_run(path) as run:
        recording = Recording(run.experiment_now, path, resume=True)
    for _ in recording:
        pass
    return recording


def test_a_resumed_run_keeps_them(tmp_path: Path, otherwise: Callable[[], None]) -> None:
    experiment = left_open(training__epochs=30)
    whole, part = tmp_path / "whole.stiff", tmp_path / "part.stiff"
    for _ in Recording(experiment, whole):
        pass
    begun = stopped_at(part, experiment, 12)
    otherwise()
    assert decide(experiment, "cpu") != begun
    assert gone_on(part).trainer.decided == begun == decisions_of(part)
    with open_run(whole) as unbroken, open_run(part) as resumed:
        expected, found = unbroken.series(), resumed.series()
        np.testing.assert_array_equal(expected.epochs, found.epochs)
        np.testing.assert_array_equal(expected.index_epochs, found.index_epochs)
        for name in ("train_error", "penalty", "l2_norm"):
            np.testing.assert_array_equal(expected.series[name], found.series[name])


def automatic_study(**changes: Any) -> Study:
    values = tiny(trials=4, together=2, **changes).model_dump()
    values["variants"] = values["variants"][::2]
    values["variants"][1]["settings"] |= dict.fromkeys(BOTH, AUTO)
    return Study.of(values)


def test_every_chunk_of_a_study_keeps_them(tmp_path: Path, otherwise: Callable[[], None]) -> None:
    """Also when it goes on with another version."""
    path, study, controls = tmp_path / "study.stiff", automatic_study(), Controls()
    recording = StudyRecording(study, path, controls)
    begun = [decide(e, "cpu") for e in study.experiments()]
    for event in recording:
        if type(event).__name__ == "Trained":
            controls.stop()
    assert recording.ending == "stopped"
    otherwise()
    assert all(decide(e, "cpu") not in begun for e in study.experiments())
    for _ in StudyRecording(study, path):
        pass
    with open_study(path) as results:
        assert results.finished
        for variant, expected in zip(results.variants, begun, strict=True):
            assert [run.decided for run in variant.runs] == [expected, expected]
            assert variant.probe_count == expected.cadence.samples
        alone = results.extract("RES stiff", 3, tmp_path / "alone.stiff")
    assert decisions_of(alone) == begun[1] and main(["show", str(alone)]) == 0


def test_workers_take_what_the_study_decided(
    tmp_path: Path, otherwise: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decided by one version, trained by processes of another: the first one counts."""
    study = automatic_study()
    otherwise()
    StudyRecording(study, tmp_path / "study.stiff").close()
    begun = [decide(e, "cpu") for e in study.experiments()]
    monkeypatch.undo()
    assert begun != [decide(e, "cpu") for e in study.experiments()]
    with choose_executor(2, None) as executor:
        for _ in StudyRecording(study, tmp_path / "study.stiff", executor=executor):
            pass
    with open_study(tmp_path / "study.stiff") as results:
        for variant, expected in zip(results.variants, begun, strict=True):
            assert [run.decided for run in variant.runs] == [expected, expected]


# ------------------------------------------------------------------- of earlier versions


@pytest.mark.parametrize("name", ["run-v1", "stopped-v1"])
def test_a_file_of_an_earlier_version_is_as_it_was(name: str) -> None:
    with open_run(FILES / f"{name}.stiff") as run:
        watch = run.experiment.watch
        assert run.decided == former(run.experiment) and run.decided.path == "operations"
        assert run.decided.cadence == cadence.former(run.experiment)
        assert (
            run.probe_count == watch.probe
            and run.decided.cadence.errors_every == watch.errors_every
        )


@pytest.mark.slow
def test_it_goes_on_as_it_began(tmp_path: Path, otherwise: Callable[[], None]) -> None:
    path = Path(shutil.copy(FILES / "stopped-v1.stiff", tmp_path / "old.stiff"))
    before = decisions_of(path)
    assert gone_on(path).trainer.decided == before
    otherwise()
    assert decisions_of(path) == before  # the file has them now


def test_the_path_of_an_earlier_file_outlives_a_second_stop(tmp_path: Path) -> None:
    """Checkpoints of one version said how steps are taken; those of today do not."""
    path = tmp_path / "a.stiff"
    stopped_at(path, small(training__epochs=20), 5)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("DELETE FROM meta WHERE key = 'decisions'")
        (blob,) = database.execute("SELECT arrays FROM checkpoint").fetchone()
        told = save(load(blob) | {"path": np.array([0])})  # compiled
        database.execute("UPDATE checkpoint SET arrays = ?", (told,))
    assert decisions_of(path) == former(small(training__epochs=20), "compiled")
    controls = Controls()
    with open_run(path) as run:
        recording = Recording(run.experiment, path, controls, resume=True)
    for item in recording:
        if isinstance(item, Record):
            controls.stop()
    assert recording.trainer.decided.path == "compiled" and recording.ending == "stopped"
    assert gone_on(path).trainer.decided.path == "compiled"


def test_a_study_of_an_earlier_version_goes_on_as_it_began(tmp_path: Path) -> None:
    path = Path(shutil.copy(FILES / "study-v1.stiff", tmp_path / "study.stiff"))
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE chunks SET state = 'waiting', run = NULL WHERE number = 0")
    for _ in StudyRecording(None, path, resume=True):
        pass
    with open_study(path) as results:
        run = results.run_of_chunk(0)
        assert run.decided == former(run.experiment) and results.variants[0].probe_count


# ------------------------------------------------------------------------------ damaged

DAMAGED = ['{"path": ', "[]", '"compiled"', '{"path": "compiled"}', "\x00"]


def damage(path: Path, text: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE meta SET value = ? WHERE key = 'decisions'", (text,))


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stopped") / "a.stiff"
    stopped_at(path, small(training__epochs=20), 5)
    return path


def one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    error = capsys.readouterr().err.strip()
    assert "is cut off or damaged" in error and "\n" not in error and "Traceback" not in error


@pytest.mark.parametrize("text", [*DAMAGED, "no steps"])
def test_damaged_decisions_of_a_run_are_told(
    text: str, stopped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(shutil.copy(stopped, tmp_path / "a.stiff"))
    if text == "no steps":  # a number that no cadence has
        values = decisions_of(path).model_dump()
        values["cadence"]["indices_every"] = 0
        text = json.dumps(values)
    damage(path, text)
    out = ["--format", "svg", "-o", str(tmp_path / "x.svg")]
    for words in (
        ["show", str(path)],
        ["train", "--resume", str(path)],
        ["export", str(path), "--figure", "layers", *out],
        ["spectrum", str(path), "--epoch", "1", "--layer", "1"],
    ):
        assert main(words) == 2, words
        one_sentence(capsys)
    from stiffgui.session.run_entry import RunEntry

    with pytest.raises(InputError, match="cut off or damaged"):
        RunEntry.read(path)
    with open_run(path) as run:  # the numbers are still there
        assert len(run.series().epochs) and isinstance(run, Run)


@pytest.mark.parametrize("text", [*DAMAGED, "too few"])
def test_damaged_decisions_of_a_study_are_told(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "study.stiff"
    StudyRecording(automatic_study(), path).close()
    if text == "too few":
        found = decide(tiny().experiment, "cpu").model_dump_json()
        text = f"[{found}]"
    damage(path, text)
    assert main(["study", "--resume", str(path)]) == 2
    one_sentence(capsys)
