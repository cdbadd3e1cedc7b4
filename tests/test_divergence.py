"""A trial that diverges stops alone: the others go on bit for bit as if it had not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from stiffgui.regularizers import ConditionNumber, Regularizer, Stiffness
from stiffgui.stiffness import PROXIES, WATCHABLE, kernels, layer_indices, proxy
from stiffgui.stiffness.measuring import measured
from stiffgui.training import Event, Record, Trainer
from tests.small import along, small

PENALTIES: dict[str, Regularizer] = {
    **{name: Stiffness(proxy=proxy(name)) for name in PROXIES},
    "condition as a penalty": ConditionNumber(),
}


def _nan(trainer: Trainer) -> None:
    for block in trainer.state.parameters.blocks.values():
        block[1] = float("nan")


def _infinite(trainer: Trainer) -> None:
    trainer.state.parameters.blocks["layers.weight"][1] = float("inf")


def _huge(trainer: Trainer) -> None:
    trainer.state.parameters.blocks["layers.weight"][1] *= 3e38


def _trained(
    penalty: Regularizer, path: str, spoil: Callable[[Trainer], None] | None
) -> tuple[list[Record], list[Event], Trainer]:
    """Three trials of width 4, the second spoilt after the first epoch."""
    experiment = small(
        architecture__width=4,
        architecture__depth=3,
        task__train_samples=47,
        training__batch_size=20,
        training__trials=3,
        training__epochs=3,
        watch__every=1,
        watch__indices=("frobenius", "condition", "mean-modulus", "ratio-real", "log-norm"),
    ).model_copy(update={"regularizer": penalty})
    trainer = Trainer(
        experiment, decided=None if path == "own" else along("operations", experiment)
    )
    records, events = [], []
    for item in trainer:
        if isinstance(item, Event):
            events.append(item)
        if isinstance(item, Record):
            records.append(item)
            if item.epoch == 1 and spoil is not None:
                spoil(trainer)
    return records, events, trainer


@pytest.mark.parametrize("spoil", [_nan, _infinite, _huge])
@pytest.mark.parametrize("path", ["own", "device"])
@pytest.mark.parametrize("name", PENALTIES)
def test_the_other_trials_do_not_notice(
    name: str, path: str, spoil: Callable[[Trainer], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    if path == "device":  # as where there are no kernels
        monkeypatch.setattr(kernels, "serve", lambda tensor: False)
    records, events, trainer = _trained(PENALTIES[name], path, spoil)
    healthy, none, other = _trained(PENALTIES[name], path, None)
    stopped = [(e.kind, e.trial, e.epoch) for e in events]
    assert not none and (stopped == [("diverged", 1, 2)] or (spoil is _huge and not stopped))
    parameters = other.parameters()
    for key, values in trainer.parameters().items():
        np.testing.assert_array_equal(values[[0, 2]], parameters[key][[0, 2]], err_msg=key)
    for found, expected in zip(records, healthy, strict=True):
        for mine, theirs in ((found.values, expected.values), (found.indices, expected.indices)):
            for key, value in mine.items():
                np.testing.assert_array_equal(value[[0, 2]], theirs[key][[0, 2]], err_msg=key)
    assert np.isnan(records[-1].values["train_error"][1]) or not stopped


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e38, 1e200, 1.7e308])
@pytest.mark.parametrize("name", WATCHABLE)
def test_measuring_the_others_goes_on(name: str, bad: float) -> None:
    random = np.random.default_rng(0)
    slopes, weight = np.ones((3, 2, 3, 4)), random.standard_normal((3, 2, 4, 4))
    expected, _ = measured(slopes, weight, [name], WATCHABLE, step=1.0)
    whole, _ = layer_indices(slopes[..., None] * weight[:, :, None], [name], WATCHABLE, 1.0)
    for spoilt in (bad, np.where(random.random((2, 4, 4)) > 0.5, bad, -bad)):
        weight[1] = spoilt
        with np.errstate(all="ignore"):
            found, _ = measured(slopes, weight, [name], WATCHABLE, step=1.0)
            formed, _ = layer_indices(
                slopes[..., None] * weight[:, :, None], [name], WATCHABLE, 1.0
            )
        np.testing.assert_array_equal(found[name][[0, 2]], expected[name][[0, 2]])
        np.testing.assert_array_equal(formed[name][[0, 2]], whole[name][[0, 2]])
        if not abs(bad) < 1e300:
            assert np.isnan(found[name][1]).all()
