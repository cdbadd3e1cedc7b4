"""A penalty at every m-th step or on a part of the batch: what is computed, recorded, resumed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from stiffgui.experiment import Experiment
from stiffgui.regularizers import NoPenalty, Stiffness
from stiffgui.resnet.network import Pass
from stiffgui.stiffness import proxy
from stiffgui.training import Controls, Record, Trainer
from stiffgui.training.loss import batch_loss
from tests.small import small

OPTIONS = {
    "regularizer.every": 3,
    "regularizer.fraction": 0.4,
    "regularizer.proxy.vectors": 2,
}


def partly(**training: Any) -> Experiment:
    """Five batches of 20, 20, 20, 20 and 10 samples, penalised as OPTIONS say."""
    settings = {"batch_size": 20, "epochs": 6, "precision": "float64"} | training
    return small(
        "alpine02-stiff",
        architecture__width=6,
        architecture__depth=3,
        **{f"training__{key}": value for key, value in settings.items()},
    ).with_settings(OPTIONS)


def records(trainer: Trainer) -> list[Record]:
    return [item for item in trainer if isinstance(item, Record)]


def test_the_settings_say_what_they_trade() -> None:
    specs = {spec.key: spec for spec in partly().specs()}
    for key in ("regularizer.every", "regularizer.fraction"):
        assert specs[key].help.startswith("Trades exactness for time") and specs[key].automatic


def test_due_steps_carry_m_times_the_weight_and_the_others_none() -> None:
    lazy = Stiffness(weight=0.5, every=4)
    seen = [lazy.at_step(step) for step in range(9)]
    assert [isinstance(p, NoPenalty) for p in seen] == [bool(step % 4) for step in range(9)]
    assert [p.weight for p in seen[::4]] == [2.0, 2.0, 2.0]
    assert Stiffness().at_step(7) == Stiffness()


def test_a_part_of_the_batch_is_the_mean_over_its_first_samples() -> None:
    trainer = Trainer(partly())
    trained = trainer.network
    x, y = (t[:, :7] for t in trainer.steps.ordered(0))
    chosen = Stiffness(weight=0.3, fraction=1.0, proxy=proxy("frobenius"))
    part = chosen.model_copy(update={"fraction": 0.4})  # ceil(2.8) = 3 samples
    whole = batch_loss(trained, chosen, x[:, :3], y[:, :3], [])
    some = batch_loss(trained, part, x, y, [])
    torch.testing.assert_close(some[1], whole[1])
    one = batch_loss(trained, chosen.model_copy(update={"fraction": 1e-6}), x, y, [])
    torch.testing.assert_close(one[1], batch_loss(trained, chosen, x[:, :1], y[:, :1], [])[1])


def test_the_penalty_of_a_part_is_unbiased() -> None:
    """Over shuffled batches the mean square over the part has the mean over the whole."""
    trainer = Trainer(partly(trials=1))
    part = Stiffness(proxy=proxy("frobenius"), fraction=0.25)
    x, outputs = trainer.steps.x[None, :20], trainer.steps.y.shape[-1]
    with torch.no_grad():
        run = trainer.network.forward(x, outputs)
        wanted = part.model_copy(update={"fraction": 1.0}).penalty(trainer.network, run, [])
        found = []
        for seed in range(2000):
            order = torch.randperm(20, generator=torch.Generator().manual_seed(seed))
            shuffled = Pass(run.output, run.states, run.slopes[:, :, order])
            found.append(float(part.penalty(trainer.network, shuffled, []).square().mean()))
    error = np.std(found) / len(found) ** 0.5
    assert abs(np.mean(found) - float(wanted.square().mean())) < 4 * error


def test_records_hold_means_over_the_steps_with_a_penalty() -> None:
    trainer = Trainer(partly(trials=2))
    found, losses = [], []
    for item in trainer:
        if isinstance(item, Record):
            found.append(item)
            losses.append(trainer.steps.losses() if item.epoch else None)
    regularizer, batch = trainer.experiment.regularizer, trainer.experiment.training.batch_size
    sizes_of = [min(batch, len(trainer.steps.x) - k * batch) for k in range(5)]
    for epoch in range(1, 7):
        steps = zip(range(5 * (epoch - 1), 5 * epoch), sizes_of, losses[epoch], strict=True)
        due = [(size, values) for step, size, values in steps if regularizer.is_due(step)]
        assert len(due) in (1, 2)
        sizes = [size for size, _ in due]
        penalty, share = np.average([values[1:] for _, values in due], axis=0, weights=sizes)
        np.testing.assert_allclose(found[epoch].values["penalty"], penalty, rtol=1e-12)
        np.testing.assert_allclose(found[epoch].values["penalty_share"], share, rtol=1e-12)
        assert (found[epoch].values["penalty"] > 0).all() and (
            found[epoch].values["penalty_share"] < 1
        ).all()


def test_an_epoch_without_a_penalty_has_none_recorded() -> None:
    experiment = partly(epochs=4).with_settings({"regularizer.every": 7})
    found = [bool(np.isnan(r.values["penalty"][0])) for r in records(Trainer(experiment))[1:]]
    # Steps 0, 7 and 14 of epochs of five steps.
    assert found == [False, False, False, True]
    assert np.isfinite([r.values["train_error"] for r in records(Trainer(experiment))]).all()


def test_a_trial_is_the_same_alone_and_in_a_batch() -> None:
    together, alone = (
        records(Trainer(partly(**which))) for which in ({"trials": 4}, {"first_trial": 2})
    )
    for batch, single in zip(together, alone, strict=True):
        for name in ("train_error", "penalty", "penalty_share"):
            values = batch.values[name][2], single.values[name][0]
            assert values[0] == pytest.approx(values[1], rel=1e-9), name


def test_a_resumed_training_is_the_unbroken_one() -> None:
    whole = records(Trainer(partly()))
    controls = Controls()
    first = Trainer(partly(), controls)
    for item in first:
        if isinstance(item, Record) and item.epoch == 2:  # step 10: the next penalty is at 12
            controls.stop()
    rest = records(Trainer(partly(), checkpoint=first.checkpoint()))
    assert [r.epoch for r in rest] == [3, 4, 5, 6]
    for a, b in zip(rest, whole[3:], strict=True):
        np.testing.assert_allclose(a.values["train_error"], b.values["train_error"], rtol=1e-12)
        np.testing.assert_allclose(a.values["penalty"], b.values["penalty"], rtol=1e-12)
