"""Trial by trial, whole epochs at a time, in compiled loops; on processors.

Letters for shapes: R trials, S samples, B samples of a batch, N layers, K coefficients, w width,
d inputs, o outputs, m samples of a part, k the sketch's power, M its rows in a part.
"""

from __future__ import annotations

from math import ceil, sqrt
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stiffgui.experiment import Experiment
from stiffgui.kernels.threads import share
from stiffgui.regularizers import L2, Regularizer, Stiffness
from stiffgui.resnet.architecture import Architecture
from stiffgui.resnet.expansion import is_identity
from stiffgui.resnet.kernels.activations import CODES
from stiffgui.resnet.kernels.passes import LIFTS, Form, Parameters, Room
from stiffgui.resnet.network import ResidualNetwork
from stiffgui.stiffness.dominant import start_vectors
from stiffgui.stiffness.gelfand import Gelfand
from stiffgui.stiffness.gelfand_sketch import GelfandSketch
from stiffgui.training.controls import Controls
from stiffgui.training.kernels import batch as batches
from stiffgui.training.kernels import steps as kernels
from stiffgui.training.kernels import updates
from stiffgui.training.kernels.adam import Rule, moment
from stiffgui.training.kernels.batch import Batch, Expansion, Penalty, Spare, Trial
from stiffgui.training.parameter_buffer import ParameterBuffer, State
from stiffgui.training.paths.base import StepPath

Array = NDArray[Any]
BITS = 2**28  # random bits drawn ahead, at most: 32 MB for each thread


class CompiledPath(StepPath):
    """Each trial on its own, so that its state stays in a core's cache; trials share the threads.

    A single trial of large batches shares out the `parts` of each batch instead. Sums run in a
    fixed order: the numbers do not depend on threads, nor on which trials are trained beside.
    """

    def __init__(
        self,
        experiment: Experiment,
        network: ResidualNetwork,
        state: State,
        x: Tensor,
        y: Tensor,
        threads: int,
        parts: int,
    ) -> None:
        super().__init__(experiment, network, state, x, y)
        training, architecture = experiment.training, experiment.architecture
        self._samples, self._targets = x.numpy(), y.numpy()
        self._form = form_of(architecture)
        self._rule = Rule(training.beta1, training.beta2, training.epsilon)
        self._parts = parts
        self._threads = threads
        self._trials = [trial_of(state, r) for r in range(len(self.trials))]
        self._rooms: dict[int, Batch] = {}
        self._spares: dict[int, Spare] = {}
        self._most = _penalty(experiment.regularizer, self._samples.dtype)

    # ---------------------------------------------------------------- an epoch

    def begin(self, epoch: int, before: int) -> None:
        self._orders = self.draw(epoch)
        self._before = before
        self._done = np.zeros(len(self.trials), np.int64)
        self._bits: dict[int, tuple[int, int, Array]] = {}
        self._losses = np.zeros((len(self.trials), self.steps, 3))

    def run(self, regularizer: Regularizer, rates: Array, alive: Array, controls: Controls) -> int:
        penalty = _penalty(regularizer, self._samples.dtype)
        left = np.flatnonzero(alive & (self._done < self.steps)).tolist()
        alone = len(left) == 1 and self._parts > 1 and self._threads > 1

        def work(r: int, thread: int) -> None:
            while self._done[r] < self.steps and not controls.pending:
                self._advance(r, thread, penalty, float(rates[r]), controls)

        if alone:
            while self._done[left[0]] < self.steps and not controls.pending:
                self._step_shared(left[0], penalty, float(rates[left[0]]))
        else:
            share(left, work, self._threads)
        return int(self._done[alive].min()) if alive.any() else self.steps

    def _advance(
        self, r: int, thread: int, penalty: Penalty, rate: float, controls: Controls
    ) -> None:
        """Some steps of a trial, as far as random bits are drawn."""
        first = int(self._done[r])
        last, bits, bit = self._bits_from(r, first, penalty)
        self._done[r] = kernels.steps(
            self._form,
            self._rule,
            rate,
            penalty,
            self.batch,
            self._parts,
            self._samples,
            self._targets,
            self._orders[r],
            bits,
            bit,
            first,
            last,
            self._before,
            self._trials[r],
            self._room(thread),
            self._spare(thread),
            self._losses[r],
            controls.interrupt,
        )

    def _step_shared(self, r: int, penalty: Penalty, rate: float) -> None:
        """One step of a trial, its parts and then its layers shared among the threads."""
        s, trial, batch = int(self._done[r]), self._trials[r], self._room(0)
        _, bits, bit = self._bits_from(r, s, penalty)
        order = self._orders[r][s * self.batch : (s + 1) * self.batch]
        samples, now = len(order), batches.due(penalty, self._before + s)
        kernels.begin(trial, now, self._parts, self._samples, self._targets, order, batch)
        weights = kernels.weights_of(trial, batch)
        sizes = self._samples.shape[1], self._targets.shape[1], samples, self._parts

        def pass_part(part: int, thread: int) -> None:
            spare = self._spare(thread)
            kernels.pass_part(self._form, weights, now, *sizes, part, bits, bit, batch, spare)

        share(range(self._parts), pass_part, self._threads)
        scale = updates.join(trial, now, samples, batch, self._losses[r, s])
        at = moment(self._rule, rate, self._before + s + 1)

        def update(n: int, thread: int) -> None:
            spare = self._spare(thread)
            updates.update_layers(
                self._rule, at, now, samples, scale, n, n + 1, trial, batch, spare
            )

        share(range(self.experiment.architecture.depth), update, self._threads)
        updates.update_rest(
            self._form, self._rule, at, samples, scale, trial, batch, self._spare(0)
        )
        self._done[r] = s + 1

    def losses(self) -> NDArray[np.float64]:
        return self._losses.transpose(1, 2, 0)

    def error(self, x: Tensor, y: Tensor) -> NDArray[np.float64]:
        inputs, targets = x.numpy(), y.numpy()
        totals = np.empty(len(self.trials))

        def work(r: int, thread: int) -> None:
            totals[r] = kernels.squared_error(
                self._form, inputs, targets, self._trials[r], self._room(thread)
            )

        share(range(len(totals)), work, self._threads)
        return np.asarray(np.sqrt(totals / targets.size))

    # ------------------------------------------------------------- random bits

    def _bits_from(self, r: int, first: int, penalty: Penalty) -> tuple[int, Array, int]:
        """At which step the bits end that are drawn, the bits, and where those of `first` begin.

        They are drawn step after step from the trial's generator, some steps ahead.
        """
        if penalty.kind != batches.SKETCH:
            return self.steps, np.empty(0, np.uint8), 0
        ends = self._words(penalty)
        start, end, bits = self._bits.get(r, (0, 0, np.empty(0, np.uint8)))
        if first >= end:
            start, most = first, max(ends[first + 1], ends[first] + BITS // 64)
            end = int(np.searchsorted(ends, most, side="right")) - 1
            drawn = torch.empty(int(ends[end] - ends[start]), dtype=torch.int64)
            drawn.random_(-(2**63), None, generator=self.generators[r])
            bits = drawn.numpy().view(np.uint8)
            self._bits[r] = start, end, bits
        return end, bits, 64 * int(ends[first] - ends[start])

    def _words(self, penalty: Penalty) -> NDArray[np.int64]:
        """Words of 64 random bits that come before each step of the epoch, [steps + 1]."""
        steps = np.arange(self.steps)
        samples = np.minimum(self.batch, len(self.x) - steps * self.batch)
        architecture = self.experiment.architecture
        each = penalty.vectors * architecture.depth * architecture.width
        words = -(-np.ceil(penalty.fraction * samples).astype(np.int64) * each // 64)
        due = (self._before + steps) % penalty.every == 0
        return np.concatenate([[0], np.cumsum(words * due)])

    # -------------------------------------------------------------------- room

    def _room(self, thread: int) -> Batch:
        """A thread's room for a batch."""
        if thread not in self._rooms:
            self._rooms[thread] = room_for(self.experiment, self._most, self._parts, self._samples)
        return self._rooms[thread]

    def _spare(self, thread: int) -> Spare:
        if thread not in self._spares:
            self._spares[thread] = spare_for(
                self.experiment, self._most, self._parts, self._samples
            )
        return self._spares[thread]


def form_of(architecture: Architecture) -> Form:
    """What kind of network, for kernels."""
    affine = architecture.readout == "affine"
    return Form(
        CODES[architecture.activation], LIFTS[architecture.lift], affine, architecture.step_size
    )


def trial_of(state: State, r: int) -> Trial:
    """Views of one trial's arrays."""
    return Trial(*(_arrays(buffer, r) for buffer in state.buffers().values()))


def _arrays(buffer: ParameterBuffer, r: int) -> Parameters:
    blocks = {name: block[r].numpy() for name, block in buffer.blocks.items()}
    dtype = blocks["layers.weight"].dtype
    none = np.empty((0, 0), dtype), np.empty(0, dtype)
    return Parameters(
        blocks.get("lift.weight", none[0]),
        blocks.get("lift.bias", none[1]),
        blocks["layers.weight"],
        blocks["layers.bias"],
        blocks.get("readout.weight", none[0]),
        blocks.get("readout.bias", none[1]),
    )


def _penalty(regularizer: Regularizer, dtype: np.dtype[Any]) -> Penalty:
    """What is added to the loss, for kernels."""
    smallest = sqrt(np.finfo(dtype).tiny)
    if isinstance(regularizer, L2):
        return Penalty(batches.L2, regularizer.weight, 1.0, 1, 0, 0, smallest)
    if isinstance(regularizer, Stiffness):
        proxy, common = regularizer.proxy, (regularizer.fraction, regularizer.every)
        kind, power, vectors = batches.RADIUS, 0, 0
        if isinstance(proxy, GelfandSketch):
            kind, power, vectors = batches.SKETCH, proxy.power, proxy.vectors
        elif isinstance(proxy, Gelfand):
            kind, power = batches.GELFAND, proxy.squarings
        return Penalty(kind, regularizer.weight, *common, power, vectors, smallest)
    return Penalty(batches.NONE, 0.0, 1.0, 1, 0, 0, smallest)


def room_for(experiment: Experiment, penalty: Penalty, parts: int, like: Array) -> Batch:
    """Room for a batch, part by part; `like` has the numbers' type."""
    architecture, task = experiment.architecture, experiment.task
    width, depth, stored = architecture.width, architecture.depth, architecture.coefficients
    inputs, outputs = task.inputs, task.outputs
    m, rows = _largest(experiment, penalty, parts)
    penalised = depth if penalty.kind >= batches.SKETCH else 0
    sketched = depth if penalty.kind == batches.SKETCH else 0
    summed = penalised - sketched

    def empty(*shape: int) -> Array:
        return np.zeros(shape, like.dtype)

    def of_part(*shape: int) -> Array:
        return empty(parts, *shape)

    room = Room(
        x=of_part(inputs * m),
        y=of_part(outputs * m),
        states=of_part(depth + 1, width * m),
        slopes=of_part(depth, width * m),
        curvature=of_part(penalised, width * m),
        on_slopes=of_part(penalised, width * m),
        chain=of_part(depth, width * m),
        output=of_part(outputs * m),
        gradient=of_part(width * m),
        z=of_part(width * m),
        values=of_part(width * m),
    )
    if is_identity(architecture):
        layers = Expansion(empty(0, 0), empty(0, 0, 0), empty(0, 0), empty(0, 0, 0), empty(0, 0))
    else:
        phi = architecture.weights.at_layers(depth, stored).astype(like.dtype)
        matrices, vectors = (depth, width, width), (depth, width)
        layers = Expansion(
            np.ascontiguousarray(phi),
            empty(*matrices),
            empty(*vectors),
            empty(*matrices),
            empty(*vectors),
        )
    products = penalty.power * rows * width
    return Batch(
        room=room,
        layers=layers,
        values=of_part(penalised, m),
        p=of_part(m),
        v=of_part(sketched, products),
        h=of_part(sketched, products),
        on_weight=of_part(summed, width, width),
        sums=np.zeros((parts, 3)),
        decay=np.zeros(2 * stored + 4),
    )


def spare_for(experiment: Experiment, penalty: Penalty, parts: int, like: Array) -> Spare:
    """Room of a thread for the gradient of an array, and for the sketch of a layer."""
    architecture, task = experiment.architecture, experiment.task
    width, stored = architecture.width, architecture.coefficients
    _, rows = _largest(experiment, penalty, parts)
    coefficients = 1 if is_identity(architecture) else stored
    ends, depth = max(task.inputs, task.outputs), architecture.depth
    gelfand = penalty.kind == batches.GELFAND

    def empty(*shape: int) -> Array:
        return np.zeros(shape, like.dtype)

    return Spare(
        gradient=empty(width * max(coefficients * width, ends)),
        bias=empty(max(coefficients * width, task.outputs)),
        u=empty(penalty.power * rows * width),
        scaled=empty(rows * width),
        g=empty(rows * width),
        on_rows=empty(rows * width),
        turned=empty(width, width),
        norms=np.zeros((penalty.power + 1) * rows),
        values=np.zeros(rows),
        powers=empty(penalty.power + 1 if gelfand else 0, width, width),
        slopes=empty(depth if gelfand else 0, width, width),
        matrices=empty(3, width, width),
        start=start_vectors(width, torch.float32, torch.device("cpu")).numpy().astype(like.dtype),
        left=empty(depth, 2, width),
        right=empty(depth, 2, width),
    )


def _largest(experiment: Experiment, penalty: Penalty, parts: int) -> tuple[int, int]:
    """Most samples of a part, and most rows that the sketch has in one."""
    batch = experiment.training.batch_size
    sketched = ceil(penalty.fraction * batch) if penalty.kind == batches.SKETCH else 0
    return -(-batch // parts), -(-sketched // parts) * penalty.vectors
