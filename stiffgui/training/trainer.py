"""The trainer: `for item in Trainer(experiment): ...` yields a `Record` an epoch, and `Event`s.

Letters for shapes: R trials, P parameters of a trial, B samples of a batch, N layers.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.regularizers import parameter_norm
from stiffgui.resnet.network import ResidualNetwork, initial_parameters
from stiffgui.stiffness import layer_indices
from stiffgui.tasks import Data
from stiffgui.training.adam import Adam
from stiffgui.training.controls import Controls
from stiffgui.training.device import choose_device
from stiffgui.training.loss import batch_loss
from stiffgui.training.plateau import PlateauSchedule
from stiffgui.training.records import Event, Record

Arrays = dict[str, NDArray[Any]]


class Trainer:
    """Trains R networks as one batched computation.

    Iterating runs the epochs. Nothing is drawn from a running random stream: the batches and
    random vectors of an epoch follow from (seed, trial, epoch), so a trial sees the same ones
    alone, in a batch, and after resuming. `checkpoint` continues an earlier training.

    Raises InputError (from the constructor) when the device does not exist.
    """

    def __init__(
        self,
        experiment: Experiment,
        controls: Controls | None = None,
        checkpoint: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        settings = experiment.training
        self.experiment = experiment
        self.controls = controls or Controls()
        self.device = choose_device(settings.device)
        self.dtype = getattr(torch, settings.precision)
        torch.set_num_threads(settings.threads)
        self.trials = [settings.first_trial + r for r in range(settings.trials)]
        self.data: Data = experiment.task.data()
        self.epoch = self.step = 0
        self.seconds = 0.0
        self.alive = np.ones(len(self.trials), dtype=bool)
        self._place_data()
        self._make_parameters()
        self.schedule = PlateauSchedule(settings.plateau, settings.learning_rate, len(self.trials))
        self._snapshot_epochs = _log_spaced(settings.epochs, experiment.watch.snapshots)
        self._generators = [Generator(device=self.device) for _ in self.trials]
        self._resumed = checkpoint is not None
        if checkpoint is not None:
            self._restore(checkpoint)

    # ---------------------------------------------------------------- set-up

    def _place_data(self) -> None:
        def place(values: NDArray[np.float64]) -> Tensor:
            return torch.as_tensor(values, dtype=self.dtype, device=self.device)

        self._x, self._y = place(self.data.x_train), place(self.data.y_train)
        self._x_test, self._y_test = place(self.data.x_test), place(self.data.y_test)
        self._probe = place(self.data.x_train[: self.experiment.watch.probe])

    def _make_parameters(self) -> None:
        """All parameters of a trial are one row of a matrix; the network sees views of it."""
        experiment, task = self.experiment, self.experiment.task
        shapes = experiment.architecture.shapes(task.inputs, task.outputs)
        initial = [
            initial_parameters(
                experiment.architecture, task.inputs, task.outputs, experiment.training.seed, trial
            )
            for trial in self.trials
        ]
        rows = np.stack([np.concatenate([p[n].ravel() for n in shapes]) for p in initial])
        self._flat = torch.as_tensor(rows, dtype=self.dtype, device=self.device)
        leaves, start = {}, 0
        for name, shape in shapes.items():
            end = start + int(np.prod(shape))
            leaf = self._flat[:, start:end].view(-1, *shape).detach().requires_grad_()
            leaves[name], start = leaf, end
        self.network = ResidualNetwork(experiment.architecture, leaves)
        training = experiment.training
        self._adam = Adam(self._flat, training.beta1, training.beta2, training.epsilon)

    # -------------------------------------------------------------- training

    def __iter__(self) -> Iterator[Record | Event]:
        if not self._resumed:
            yield self._record(*(np.zeros(len(self.trials)) for _ in range(2)))
        while self.epoch < self.experiment.training.epochs and self.alive.any():
            yield from self._between()
            if self.controls.stopping:
                return
            yield from self._run_epoch()
            if self.controls.stopping:
                return
        yield from self._drain()

    def _run_epoch(self) -> Iterator[Record | Event]:
        started = time.perf_counter()
        good = (self._flat.clone(), self._adam.mean.clone(), self._adam.square.clone())
        batch, samples = self.experiment.training.batch_size, len(self._x)
        x, y = self._draw_epoch()
        losses = torch.zeros(3, len(self.trials), dtype=self.dtype, device=self.device)
        rate = self._rates()
        for start in range(0, samples, batch):
            if self.controls.pending:
                self.seconds += time.perf_counter() - started
                yield from self._between()
                started = time.perf_counter()
                if self.controls.stopping:
                    # The epoch is not finished: the state kept is that of its start.
                    self._back_to(good, np.ones(len(self.trials), dtype=bool))
                    return
                rate = self._rates()
            end = min(start + batch, samples)
            losses += self._one_step(x[:, start:end], y[:, start:end], rate) * (end - start)
            self.step += 1
        self.epoch += 1
        mean = (losses / samples).double().cpu().numpy()
        self.seconds += time.perf_counter() - started
        yield from self._drop_diverged(mean[0], good)
        yield from self._drop_rates(mean[0])
        yield self._record(mean[1], mean[2])
        self.controls.epoch_finished()

    def _one_step(self, x: Tensor, y: Tensor, rate: Tensor) -> Tensor:
        """One optimiser step on x [R, B, d], y [R, B, o]; loss, penalty and share: [3, R]."""
        loss, penalty, share = batch_loss(
            self.network, self.experiment.regularizer, x, y, self._generators
        )
        # The losses are summed over trials: no trial's gradient sees another's.
        gradients = torch.autograd.grad(loss.sum(), list(self.network.parameters.values()))
        gradient = torch.cat([g.flatten(1) for g in gradients], dim=1)
        if not self.alive.all():
            mask = torch.as_tensor(self.alive, device=self.device).unsqueeze(1)
            gradient = torch.where(mask, gradient, 0)
        self._adam.step(gradient, rate)
        return torch.stack((loss.detach(), penalty, share))

    def _draw_epoch(self) -> tuple[Tensor, Tensor]:
        """The training set in each trial's order of this epoch: [R, samples, d] and [.., o]."""
        seed = self.experiment.training.seed
        orders = []
        for trial, generator in zip(self.trials, self._generators, strict=True):
            draws = np.random.default_rng([seed, trial, 1, self.epoch])
            orders.append(draws.permutation(len(self._x)))
            generator.manual_seed(int(draws.integers(2**62)))
        order = torch.as_tensor(np.stack(orders), device=self.device)
        return self._x[order], self._y[order]

    def _rates(self) -> Tensor:
        rates = np.where(self.alive, self.schedule.rate, 0.0)
        return torch.as_tensor(rates, dtype=self.dtype, device=self.device).unsqueeze(1)

    # ------------------------------------------------- between batches and epochs

    def _between(self) -> Iterator[Event]:
        """Apply live changes, and wait while paused."""
        if not self.controls.pending:
            return
        yield from self._drain()
        if self.controls.holding:
            yield self._event("paused", "paused")
            while self.controls.holding:
                self.controls.wait()
                yield from self._drain()
            yield self._event("resumed", "resumed")

    def _drain(self) -> Iterator[Event]:
        for key, value in self.controls.take_changes().items():
            yield self._change(key, value)

    def _change(self, key: str, value: Any) -> Event:
        """Apply one live setting. A bad or fixed one leaves everything as it was."""
        live = {spec.key for spec in self.experiment.specs() if spec.live}
        try:
            if key not in live:
                raise InputError(f"{key} cannot change while training.", key)
            changed = self.experiment.with_settings({key: value})
        except InputError as error:
            return self._event("refused", str(error), key=key)
        before = self.experiment.flat()[key]
        after = changed.flat()[key]
        self.experiment = changed
        if key == "training.learning_rate":
            self.schedule.rate[:] = after
        if key == "training.epochs":
            self._snapshot_epochs = _log_spaced(after, changed.watch.snapshots)
        return self._event("change", f"{key} {before:g} → {after:g}", key=key, value=float(after))

    def _drop_diverged(
        self, loss: NDArray[np.float64], good: tuple[Tensor, Tensor, Tensor]
    ) -> Iterator[Event]:
        finite = torch.isfinite(self._flat).all(1).cpu().numpy() & np.isfinite(loss)
        lost = self.alive & ~finite
        if lost.any():
            self._back_to(good, lost)
            for moments in (self._adam.mean, self._adam.square):
                moments[torch.as_tensor(lost, device=self.device)] = 0  # a stopped trial stays put
            self.alive = self.alive & finite
            for trial in np.flatnonzero(lost):
                yield self._event(
                    "diverged",
                    f"trial {self.trials[trial]} stopped: its loss became NaN or infinite in epoch "
                    f"{self.epoch}; the network of epoch {self.epoch - 1} is kept",
                    trial=int(trial),
                )

    def _back_to(self, good: tuple[Tensor, Tensor, Tensor], which: NDArray[np.bool_]) -> None:
        mask = torch.as_tensor(which, device=self.device).unsqueeze(1)
        for now, before in zip((self._flat, self._adam.mean, self._adam.square), good, strict=True):
            now.copy_(torch.where(mask, before, now))

    def _drop_rates(self, loss: NDArray[np.float64]) -> Iterator[Event]:
        dropped = self.schedule.step(np.where(self.alive, loss, np.inf)) & self.alive
        for trial in np.flatnonzero(dropped):
            rate = float(self.schedule.rate[trial])
            text = f"learning rate of trial {self.trials[trial]} → {rate:.3g}"
            yield self._event("learning-rate", text, trial=int(trial), value=rate)

    def _event(self, kind: str, text: str, **details: Any) -> Event:
        return Event(self.epoch, self.step, kind, text, **details)

    # ------------------------------------------------------------ measuring

    def _record(self, penalty: NDArray[np.float64], share: NDArray[np.float64]) -> Record:
        watch, last = self.experiment.watch, self.experiment.training.epochs
        due = self.epoch < 10 or self.epoch % watch.every == 0 or self.epoch >= last
        indices, flagged = self.indices() if due else ({}, {})
        dead = ~self.alive

        def known(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.where(dead, np.nan, values)

        with torch.no_grad():
            norm = parameter_norm(self.network).double().cpu().numpy()
        return Record(
            epoch=self.epoch,
            train_error=known(self._error(self._x, self._y)),
            test_error=known(self._error(self._x_test, self._y_test)),
            penalty=known(penalty),
            penalty_share=known(share),
            l2_norm=known(norm),
            learning_rate=known(self.schedule.rate.copy()),
            seconds=self.seconds,
            indices={k: np.where(dead[:, None], np.nan, v) for k, v in indices.items()},
            flagged=flagged,
            keep=self.epoch in self._snapshot_epochs or self.epoch >= last,
        )

    def _error(self, x: Tensor, y: Tensor) -> NDArray[np.float64]:
        with torch.no_grad():
            inputs = x.expand(len(self.trials), *x.shape)
            output = self.network.forward(inputs, y.shape[-1], slopes=False).output
            error = (output - y).double().square().mean((1, 2)).sqrt()
        return np.asarray(error.cpu().numpy(), dtype=np.float64)

    def indices(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The watched indices on the probe samples now: name -> [R, N], and flagged fractions."""
        with torch.no_grad():
            probe = self._probe.expand(len(self.trials), *self._probe.shape)
            jacobians = self.network.jacobians(probe).double().cpu().numpy()
        return layer_indices(jacobians, self.experiment.watch.indices)

    # ---------------------------------------------------------------- state

    def parameters(self) -> Arrays:
        """The networks as they are now: name -> array with the trial axis first."""
        return {k: v.detach().cpu().numpy().copy() for k, v in self.network.parameters.items()}

    def checkpoint(self) -> Arrays:
        """Everything needed to continue: weights, optimiser, schedule, counters."""
        arrays: Arrays = {
            "flat": self._flat.cpu().numpy().copy(),
            "adam.mean": self._adam.mean.cpu().numpy().copy(),
            "adam.square": self._adam.square.cpu().numpy().copy(),
            "alive": self.alive.astype(np.int64),
            "counters": np.array([self.epoch, self.step, self._adam.steps]),
            "seconds": np.array([self.seconds]),
        }
        return arrays | {f"schedule.{k}": v.copy() for k, v in self.schedule.state().items()}

    def _restore(self, saved: Mapping[str, NDArray[Any]]) -> None:
        for name, target in (
            ("flat", self._flat),
            ("adam.mean", self._adam.mean),
            ("adam.square", self._adam.square),
        ):
            target.copy_(torch.as_tensor(np.array(saved[name])))
        self.alive = saved["alive"].astype(bool)
        self.epoch, self.step, self._adam.steps = (int(v) for v in saved["counters"])
        self.seconds = float(saved["seconds"][0])
        self.schedule.restore(
            {k.removeprefix("schedule."): v for k, v in saved.items() if k.startswith("schedule.")}
        )


def _log_spaced(last: int, count: int) -> frozenset[int]:
    """At most `count` epochs from 0 to `last`, about evenly spaced on a logarithmic axis."""
    epochs = np.unique(np.geomspace(1, last, max(2, count - 1)).round().astype(int))
    return frozenset({0, *epochs.tolist()})
