"""The trainer: `for item in Trainer(experiment): ...` yields `Record`s, `Event`s and, where
somebody watches, `Frame`s.

Letters for shapes: R trials, P parameters of a trial, B samples of a batch, N layers.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.kernels.threads import choose_threads
from stiffgui.resnet.network import ResidualNetwork, initial_parameters
from stiffgui.states import EventKind
from stiffgui.stiffness import WATCHABLE
from stiffgui.stiffness.measuring import measured
from stiffgui.tasks import Data
from stiffgui.training.best import Best
from stiffgui.training.cadence import log_spaced
from stiffgui.training.controls import Controls
from stiffgui.training.decisions import Decisions, decide
from stiffgui.training.device import check_graph, choose_device
from stiffgui.training.frames import Frames
from stiffgui.training.parameter_buffer import ParameterBuffer, State
from stiffgui.training.paths.base import StepPath
from stiffgui.training.paths.torch_path import TorchPath
from stiffgui.training.plateau import PlateauSchedule
from stiffgui.training.quantities import per_trial
from stiffgui.training.records import Event, Item, Record
from stiffgui.training.step import parameter_norms

Arrays = dict[str, NDArray[Any]]


class Trainer:
    """Trains R networks together, on one of the `paths`.

    Iterating runs the epochs. Nothing is drawn from a running random stream: the batches and
    random vectors of an epoch follow from (seed, trial, epoch), so a trial sees the same ones
    alone, in a batch, and after resuming. `checkpoint` continues an earlier training; `initial`
    (name -> [R, ...]) takes the place of freshly drawn weights. `data` are the task's samples
    where they are at hand already: a machine that only lends its processor need not have the
    user's files. `decided` is that of the earlier training, or takes the place of what would be
    decided (`decisions.decide`).

    Raises InputError (from the constructor) when the device does not exist.
    """

    def __init__(
        self,
        experiment: Experiment,
        controls: Controls | None = None,
        checkpoint: Mapping[str, NDArray[Any]] | None = None,
        initial: Mapping[str, NDArray[Any]] | None = None,
        *,
        data: Data | None = None,
        decided: Decisions | None = None,
    ) -> None:
        settings = experiment.training
        self.controls = controls or Controls()
        self.device = choose_device(settings.device)
        check_graph(settings.cuda_graph, self.device)
        where = self.device.type
        self.decided = (
            decide(experiment, where) if decided is None else decided.on(experiment, where)
        )
        self.experiment = self.decided.settled(experiment)
        self.dtype = getattr(torch, settings.precision)
        self._threads = choose_threads(settings.threads)
        torch.set_num_threads(settings.threads or 1)
        self.trials = [settings.first_trial + r for r in range(settings.trials)]
        self.data: Data = experiment.task.data() if data is None else data
        self.epoch = self.step = 0
        self._recorded, self._inside, self._first_step = 0, False, 0
        self._frames = Frames()
        self._mean = np.zeros((3, len(self.trials)))  # loss, penalty, share of the last epoch
        self.seconds = 0.0
        self.alive = np.ones(len(self.trials), dtype=bool)
        self._x_test, self._y_test = self._place(self.data.x_test), self._place(self.data.y_test)
        kept = self.data.validation
        self._validation = None if kept is None else (self._place(kept[0]), self._place(kept[1]))
        self._probe = torch.as_tensor(self.data.x_train[: self.decided.cadence.samples]).double()
        self._make_network(initial)
        self.steps = self._make_path()
        self._best = Best(len(self.trials))
        self.schedule = PlateauSchedule(settings.plateau, settings.learning_rate, len(self.trials))
        self._snapshot_epochs = self._kept(settings.epochs)
        if checkpoint is not None:
            self._restore(checkpoint)

    # ---------------------------------------------------------------- set-up

    def _place(self, values: NDArray[np.float64]) -> Tensor:
        """On the device, row after row: for columns, kernels would be compiled once more."""
        return torch.as_tensor(values, dtype=self.dtype, device=self.device).contiguous()

    def _make_network(self, given: Mapping[str, NDArray[Any]] | None) -> None:
        """Parameters with their optimiser's moments, one array each; the network sees views."""
        experiment, task = self.experiment, self.experiment.task
        shapes = experiment.architecture.shapes(task.inputs, task.outputs)
        parameters = ParameterBuffer(shapes, len(self.trials), self.dtype, self.device)
        for r, trial in enumerate(self.trials):
            drawn = initial_parameters(
                experiment.architecture, task.inputs, task.outputs, experiment.training.seed, trial
            )
            for name, block in parameters.blocks.items():
                values = drawn[name] if given is None else np.array(given[name][r])
                block[r].copy_(torch.as_tensor(values))
        leaves = {k: v.detach().requires_grad_() for k, v in parameters.blocks.items()}
        self.network = ResidualNetwork(experiment.architecture, leaves)
        self.state = State.of(parameters)
        self._good = self.state.like()

    def _make_path(self) -> StepPath:
        x, y = self._place(self.data.x_train), self._place(self.data.y_train)
        place = (self.experiment, self.network, self.state, x, y, self._threads)
        if self.decided.path != "compiled":
            return TorchPath(*place)
        from stiffgui.training.paths.compiled_path import CompiledPath

        return CompiledPath(*place, self.decided.parts)

    # -------------------------------------------------------------- training

    def __iter__(self) -> Iterator[Item]:
        if self.epoch == 0:
            yield self._record()
        while self.epoch < self.experiment.training.epochs and self.alive.any():
            yield from self._between()
            if self.controls.stopping:
                break
            if self._improves_no_more():
                best = int(self._best.epoch[self.alive].max())
                yield self._event("early", f"ends: no validation error below that of epoch {best}")
                break
            yield from self._run_epoch()
            if self.controls.stopping:
                break
        if not self.controls.stopping:
            yield from self._drain()
        if self.epoch > self._recorded:  # the last epoch always leaves a record
            yield self._record()

    def _run_epoch(self) -> Iterator[Item]:
        started = time.perf_counter()
        self._keep_good()
        self.steps.begin(self.epoch, self.step)
        while True:
            done = self.steps.run(
                self.experiment.regularizer, self.schedule.rate, self.alive, self.controls
            )
            self.step = self._first_step + done
            if done == self.steps.steps:
                break
            self.seconds += time.perf_counter() - started
            yield from self._between()
            started = time.perf_counter()
            if self.controls.stopping:
                # The epoch is not finished: the state kept is that of its start.
                self._return_to_start()
                return
        yield from self._finish_epoch(started)

    def _finish_epoch(self, started: float) -> Iterator[Item]:
        self.epoch += 1
        self._inside = False
        self._mean = self._mean_of_steps(self.steps.losses())
        self.seconds += time.perf_counter() - started
        yield from self._drop_diverged(self._mean[0])
        yield from self._drop_rates(self._mean[0])
        asked = self.controls.paused or self.controls.pending
        if self.is_regular() or asked:  # an epoch asked for by hand is always recorded
            yield self._record()
        watched = self.controls.watched
        if watched is not None and self._frames.is_due(watched):
            yield self._frames.take(
                watched,
                self.epoch,
                self.network.architecture,
                self.state.parameters.blocks,
                self._probe,
            )
        self.controls.epoch_finished()

    def _mean_of_steps(self, losses: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean [3, R] over an epoch's steps [steps, 3, R]; of the penalty and its share, over
        the steps at which there was one: NaN where there was none."""
        regularizer, samples = self.experiment.regularizer, len(self.data.x_train)
        sizes = np.full(len(losses), self.experiment.training.batch_size)
        sizes[-1] = samples - sizes[:-1].sum()
        due = [regularizer.is_due(self._first_step + s) for s in range(len(losses))]
        shares = np.stack([sizes, sizes * due, sizes * due]).astype(float)
        with np.errstate(invalid="ignore"):
            shares /= shares.sum(1, keepdims=True)
        return np.asarray(np.einsum("ks,skr->kr", shares, losses))

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches x [R, B, d], y [R, B, o] of epoch after epoch from the present one, endlessly."""
        size = self.experiment.training.batch_size
        while True:
            x, y = self.steps.ordered(self.epoch)
            yield from zip(torch.split(x, size, 1), torch.split(y, size, 1), strict=True)
            self.epoch += 1

    def run_epoch(self) -> int:
        """The optimiser steps of one epoch alone, without records and schedule: their number."""
        self.steps.begin(self.epoch, self.step)
        done = self.steps.run(
            self.experiment.regularizer, self.schedule.rate, self.alive, self.controls
        )
        self.epoch, self.step = self.epoch + 1, self.step + done
        return done

    def _improves_no_more(self) -> bool:
        patience = self.experiment.training.early_stopping
        return bool(patience) and self._best.age(self.epoch, self.alive) >= patience

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
            self._snapshot_epochs = self._kept(after)
        return self._event("change", f"{key} {before:g} → {after:g}", key=key, value=float(after))

    def _drop_diverged(self, loss: NDArray[np.float64]) -> Iterator[Event]:
        lost = self.alive & ~(self.state.parameters.are_finite() & np.isfinite(loss))
        if lost.any():
            which = np.flatnonzero(lost).tolist()
            self.state.take(self._good, which)
            self.alive = self.alive & ~lost
            for trial in which:
                yield self._event(
                    "diverged",
                    f"trial {self.trials[trial]} stopped: its loss became NaN or infinite in epoch "
                    f"{self.epoch}; the network of epoch {self.epoch - 1} is kept",
                    trial=trial,
                )

    def _keep_good(self) -> None:
        """Remember the state before an epoch: what a stop or a divergence returns to."""
        self._good.take(self.state)
        self._inside, self._first_step = True, self.step

    def _return_to_start(self) -> None:
        self.state.take(self._good)
        self.step, self._inside = self._first_step, False

    def _drop_rates(self, loss: NDArray[np.float64]) -> Iterator[Event]:
        dropped = self.schedule.step(np.where(self.alive, loss, np.inf)) & self.alive
        for trial in np.flatnonzero(dropped):
            rate = float(self.schedule.rate[trial])
            text = f"learning rate of trial {self.trials[trial]} → {rate:.3g}"
            yield self._event("learning-rate", text, trial=int(trial), value=rate)

    def _event(self, kind: EventKind, text: str, **details: Any) -> Event:
        return Event(self.epoch, self.step, kind, text, **details)

    # ------------------------------------------------------------ measuring

    def is_kept(self) -> bool:
        """Whether the networks of the present epoch are among those that are kept."""
        return self.epoch in self._snapshot_epochs or self._is_last()

    def is_regular(self) -> bool:
        """Whether the present epoch leaves a record even if nothing stops or pauses there."""
        return (
            self.decided.cadence.records(self.epoch)
            or self._is_last()
            or self.epoch in self._snapshot_epochs
        )

    def _is_last(self) -> bool:
        return self.epoch >= self.experiment.training.epochs

    def _kept(self, last: int) -> frozenset[int]:
        return self.decided.cadence.kept(log_spaced(last, self.experiment.watch.snapshots), last)

    def _record(self) -> Record:
        due = self.decided.cadence.measures(self.epoch) or self._is_last()
        indices, flagged = self.indices() if due else ({}, {})
        dead = ~self.alive
        self._recorded = self.epoch
        taken = {q.name: q.of(self) for q in per_trial() if q.of is not None}
        values = {k: np.where(dead, np.nan, v) for k, v in taken.items() if v is not None}
        if "validation_error" in values:
            self._best.take(self.epoch, values["validation_error"])
        return Record(
            epoch=self.epoch,
            seconds=self.seconds,
            values=values,
            indices={k: np.where(dead[:, None], np.nan, v) for k, v in indices.items()},
            flagged=flagged,
            keep=self.is_kept(),
        )

    # What quantities follow from, [R] each: see `stiffgui.training.quantities`.

    def training_error(self) -> NDArray[np.float64]:
        """RMSE of the training set now."""
        return self.steps.error(self.steps.x, self.steps.y)

    def test_error(self) -> NDArray[np.float64]:
        """RMSE of the test set now."""
        return self.steps.error(self._x_test, self._y_test)

    def validation_error(self) -> NDArray[np.float64] | None:
        """RMSE of the validation set now; None without one."""
        return None if self._validation is None else self.steps.error(*self._validation)

    @property
    def mean_penalty(self) -> NDArray[np.float64]:
        """Of the last epoch; NaN when no step of it had a penalty."""
        return np.asarray(self._mean[1])

    @property
    def mean_share(self) -> NDArray[np.float64]:
        """Share of the penalty in the squared loss of the last epoch, as `mean_penalty`."""
        return np.asarray(self._mean[2])

    def mean_norm(self) -> NDArray[np.float64]:
        """Mean norm of the parameter arrays now."""
        norms = torch.cat(list(parameter_norms(self.state.parameters).values()), 1).mean(1)
        return np.asarray(norms.double().cpu().numpy())

    def indices(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The watched indices on the probe samples now: name -> [R, N], and flagged fractions.

        In float64 from the parameters as they are stored: the numbers of the snapshot.
        """
        network = ResidualNetwork.exact(self.network.architecture, self.state.parameters.blocks)
        probe = self._probe.expand(len(self.trials), *self._probe.shape)
        slopes, names = network.forward(probe, 1).slopes, self.experiment.watch.indices
        step = self.experiment.architecture.step_size
        return measured(
            slopes.numpy(), network.weight.numpy(), names, WATCHABLE, self._threads, step
        )

    # ---------------------------------------------------------------- state

    def parameters(self) -> Arrays:
        """The networks after the last finished epoch: name -> array, trial axis first."""
        blocks = (self._good if self._inside else self.state).parameters.blocks
        return {k: v.cpu().numpy().copy() for k, v in blocks.items()}

    def checkpoint(self) -> Arrays:
        """Everything needed to continue after the last finished epoch: weights, optimiser,
        schedule, counters. Between two batches that is the state before the present epoch.
        """
        state = self._good if self._inside else self.state
        step = self._first_step if self._inside else self.step
        arrays: Arrays = {
            name: buffer.rows().cpu().numpy() for name, buffer in state.buffers().items()
        }
        arrays |= {
            "alive": self.alive.astype(np.int64),
            "counters": np.array([self.epoch, step, step]),  # the third was Adam's own
            "seconds": np.array([self.seconds]),
        }
        arrays |= {f"best.{name}": v.copy() for name, v in self._best.state().items()}
        return arrays | {f"schedule.{k}": v.copy() for k, v in self.schedule.state().items()}

    def _restore(self, saved: Mapping[str, NDArray[Any]]) -> None:
        for name, buffer in self.state.buffers().items():
            rows = torch.as_tensor(np.array(saved[name]), dtype=self.dtype, device=self.device)
            buffer.load_rows(rows)
        self.alive = saved["alive"].astype(bool)
        self.epoch, self.step = (int(v) for v in saved["counters"][:2])
        # The record that a stop left on its own account is not in the unbroken history.
        self._recorded = self.epoch if self.is_regular() else self.epoch - 1
        self.seconds = float(saved["seconds"][0])
        if "best.error" in saved:  # not in files of earlier versions
            self._best = Best.of(saved["best.error"], saved["best.epoch"])
        self.schedule.restore(
            {k.removeprefix("schedule."): v for k, v in saved.items() if k.startswith("schedule.")}
        )
