"""The trainer: trials alone and together, controls, plateau, divergence, resuming."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from stiffgui.runs import Recording, open_run
from stiffgui.states import PathKind
from stiffgui.training import Controls, Event, Record, Trainer
from stiffgui.training.adam import Adam
from stiffgui.training.parameter_buffer import ParameterBuffer, State
from stiffgui.training.plateau import PlateauSchedule
from stiffgui.training_settings import Plateau
from tests.small import along, small


def records(trainer: Trainer) -> list[Record]:
    return [item for item in trainer if isinstance(item, Record)]


@pytest.mark.parametrize("preset", ["alpine02", "alpine02-l2", "alpine02-stiff"])
@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-4), ("float64", 1e-9)])
def test_a_trial_is_the_same_alone_and_in_a_batch(
    preset: str, precision: str, tolerance: float
) -> None:
    together = Trainer(small(preset, training__trials=5, training__precision=precision))
    alone = Trainer(small(preset, training__first_trial=3, training__precision=precision))
    for name, values in alone.parameters().items():
        np.testing.assert_array_equal(together.parameters()[name][3], values[0])
    np.testing.assert_array_equal(together.steps.draw(0)[3], alone.steps.draw(0)[0])
    for batch, single in zip(records(together), records(alone), strict=True):
        assert batch.values["train_error"][3] == pytest.approx(
            single.values["train_error"][0], rel=tolerance
        )
        assert batch.values["test_error"][3] == pytest.approx(
            single.values["test_error"][0], rel=tolerance
        )
        assert batch.values["penalty"][3] == pytest.approx(
            single.values["penalty"][0], rel=tolerance
        )


def test_trials_differ() -> None:
    first = records(Trainer(small(training__trials=2, training__epochs=1)))[-1]
    assert first.values["train_error"][0] != first.values["train_error"][1]


@pytest.mark.parametrize("dead", [False, True])
def test_adam_is_torchs_at_each_trials_rate(dead: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    ours, gradient = (
        ParameterBuffer({"a": (2, 3), "b": (4,)}, 3, torch.float64, torch.device("cpu"))
        for _ in range(2)
    )
    ours.load_rows(torch.randn(3, 10, dtype=torch.float64, generator=generator))
    theirs = [row.clone().requires_grad_() for row in ours.rows()]
    rates, alive = np.array([1e-2, 3e-3, 1e-2]), np.array([True, not dead, True])
    adam = Adam(State.of(ours), gradient, 0.9, 0.999, 1e-8)
    reference = torch.optim.Adam(
        [{"params": [p], "lr": r} for p, r, a in zip(theirs, rates, alive, strict=True) if a]
    )
    adam.set_rates(rates, alive)
    for _ in range(30):
        rows = torch.randn(3, 10, dtype=torch.float64, generator=generator)
        gradient.load_rows(rows)
        for parameter, row in zip(theirs, rows, strict=True):
            parameter.grad = row.clone()
        adam.step()
        reference.step()
    assert torch.allclose(ours.rows(), torch.stack(theirs).detach(), rtol=1e-12, atol=1e-14)


def test_plateau_is_torchs_for_each_trial() -> None:
    settings = Plateau(factor=0.3, patience=3, cooldown=2, threshold=1e-2, min_lr=1e-5)
    losses = np.random.default_rng(0).uniform(0.9, 1.1, (60, 4))
    ours = PlateauSchedule(settings, 1e-2, 4)
    parameters = [torch.nn.Parameter(torch.zeros(1)) for _ in range(4)]
    optimisers = [torch.optim.SGD([p], lr=1e-2) for p in parameters]
    theirs = [
        torch.optim.lr_scheduler.ReduceLROnPlateau(
            o, factor=0.3, patience=3, cooldown=2, threshold=1e-2, min_lr=1e-5
        )
        for o in optimisers
    ]
    for row in losses:
        ours.step(row)
        for k, schedule in enumerate(theirs):
            schedule.step(row[k])
        rates = [o.param_groups[0]["lr"] for o in optimisers]
        np.testing.assert_allclose(ours.rate, rates, rtol=1e-12)


def test_live_changes_act_and_leave_an_event() -> None:
    controls = Controls()
    trainer = Trainer(small("alpine02-stiff"), controls)
    events = []
    for item in trainer:
        if isinstance(item, Record) and item.epoch == 3:
            controls.change({"regularizer.weight": 10.0, "training.learning_rate": 1e-4})
        if isinstance(item, Event):
            events.append(item)
    assert trainer.experiment.flat()["regularizer.weight"] == 10.0
    assert trainer.schedule.rate[0] == 1e-4
    assert {e.key for e in events} == {"regularizer.weight", "training.learning_rate"}
    assert all(e.epoch == 3 and e.kind == "change" for e in events)


def test_a_fixed_or_bad_change_is_refused_in_a_sentence() -> None:
    controls = Controls()
    controls.change({"architecture.width": 3, "training.learning_rate": -1})
    events = [e for e in Trainer(small(training__epochs=1), controls) if isinstance(e, Event)]
    assert [e.kind for e in events] == ["refused", "refused"]
    assert "cannot change while training" in events[0].text


def test_stop_ends_at_once_and_steps_pause() -> None:
    controls = Controls()
    seen = []
    controls.step()
    for item in Trainer(small(), controls):
        seen.append(item.kind if isinstance(item, Event) else item.epoch)
        if seen[-1] == "paused":
            controls.stop()
    assert seen[:3] == [0, 1, "paused"]


def test_a_diverging_trial_keeps_its_last_good_state(tmp_path: object) -> None:
    trainer = Trainer(small(training__trials=2))
    got: list[Record | Event] = []
    for item in trainer:
        got.append(item)
        if isinstance(item, Record) and item.epoch == 2:
            good = trainer.parameters()["layers.weight"][1]
            for block in trainer.state.square.blocks.values():  # poison one trial's optimiser
                block[1] = float("nan")
    events = [e for e in got if isinstance(e, Event)]
    assert [(e.kind, e.trial) for e in events] == [("diverged", 1)]
    np.testing.assert_array_equal(trainer.parameters()["layers.weight"][1], good)
    last = got[-1]
    assert isinstance(last, Record)
    assert np.isfinite(last.values["train_error"][0]) and np.isnan(last.values["train_error"][1])


def test_resuming_gives_the_run_that_was_never_stopped(tmp_path: object) -> None:
    whole = records(Trainer(small("alpine02-stiff", training__precision="float64")))
    controls = Controls()
    experiment = small("alpine02-stiff", training__precision="float64")
    path = tmp_path / "a.stiff"  # type: ignore[operator]
    for item in Recording(experiment, path, controls):
        if isinstance(item, Record) and item.epoch == 7:
            controls.stop()
    with open_run(path) as run:
        assert run.ending == "stopped"
    resumed = Recording(experiment, path, resume=True)
    assert resumed.trainer.epoch == 7
    for _ in resumed:
        pass
    with open_run(path) as run:
        assert run.ending == "finished"
        errors = run.series().series["train_error"][:, 0]
    np.testing.assert_allclose(errors, [r.values["train_error"][0] for r in whole], rtol=1e-9)


def test_a_stop_between_records_leaves_no_trace_after_resuming(tmp_path: Path) -> None:
    experiment = small(
        training__epochs=130, training__batch_size=30, training__trials=2, watch__snapshots=2
    )
    whole = [r.epoch for r in records(Trainer(experiment))]
    controls, path = Controls(), tmp_path / "a.stiff"
    recording = Recording(experiment, path, controls)
    trainer = recording.trainer
    go_on = trainer.steps.run

    def stop_late(*arguments: Any) -> int:
        done = go_on(*arguments)
        if trainer.epoch == 116:  # during epoch 117: no record is due there
            controls.stop()
        return done

    trainer.steps.run = stop_late  # type: ignore[method-assign]
    for _ in recording:
        pass
    with open_run(path) as run:
        assert run.series().epochs[-1] == 117 and 117 not in whole
    for _ in Recording(experiment, path, resume=True):
        pass
    with open_run(path) as run:
        assert run.series().epochs.tolist() == whole
    stopped = Controls()
    stopped.stop()  # and again, before an epoch is over: the last state is on record all the same
    for _ in Recording(
        experiment.with_settings({"training.epochs": 140}), path, stopped, resume=True
    ):
        pass
    with open_run(path) as run:
        assert run.series().epochs[-1] == 130


@pytest.mark.parametrize("path", ["compiled", "operations"])
@pytest.mark.parametrize("how", ["stop", "pause"])
def test_an_unfinished_epoch_leaves_nothing_behind(how: str, path: PathKind) -> None:
    """Stopped or paused between two batches, the state kept is that of the epoch's start."""
    controls = Controls()
    experiment = small("alpine02-stiff", training__batch_size=10, training__trials=2)
    trainer = Trainer(experiment, controls, decided=along(path, experiment))
    run, saved = trainer.steps.run, {}

    def interrupt(*arguments: Any) -> int:
        """The third epoch is cut off after its fifth batch."""
        whole = trainer.steps.steps
        if trainer.epoch == 2 and trainer.steps.steps == whole and not controls.pending:
            trainer.steps.steps = 5
            run(*arguments)
            trainer.steps.steps = whole
            getattr(controls, how)()
            return 5
        return run(*arguments)

    trainer.steps.run = interrupt  # type: ignore[method-assign]
    before: dict[str, Any] = {}
    for item in trainer:
        if isinstance(item, Record) and item.epoch == 2:
            before = trainer.checkpoint()
        if isinstance(item, Event) and item.kind == "paused":
            saved = trainer.checkpoint()
            assert trainer.step == 2 * 9 + 5
            controls.stop()
    for end in (trainer.checkpoint(), saved or trainer.checkpoint()):
        for name, values in before.items():
            if name != "seconds":
                np.testing.assert_array_equal(end[name], values, err_msg=name)
    assert (trainer.epoch, trainer.step) == (2, 18)


def test_records_come_at_the_chosen_cadence_and_at_the_end() -> None:
    experiment = small(
        task__train_samples=4, training__batch_size=4, training__epochs=113, watch__snapshots=2
    )
    epochs = [r.epoch for r in records(Trainer(experiment))]
    assert epochs == [*range(101), 105, 110, 113]


def test_a_stop_between_records_leaves_one() -> None:
    controls = Controls()
    experiment = small(task__train_samples=4, training__batch_size=4, training__epochs=200)
    trainer = Trainer(experiment, controls)
    run = trainer.steps.run

    def interrupt(*arguments: Any) -> int:
        done = run(*arguments)
        if trainer.epoch == 102:
            controls.stop()
        return done

    trainer.steps.run = interrupt  # type: ignore[method-assign]
    assert records(trainer)[-1].epoch == trainer.epoch == 103
