"""How much work a training is, by counting: nothing here looks at a clock.

Everything is counted in *operations*: multiply-adds of products of large single-precision
matrices. What runs slower than these counts for more, by the factors below: measured once, on one
core with AVX-512 at 40 operations a nanosecond, by `python tests/benchmarks/operations.py`, which
prints what is counted beside what it takes. On other processors the seconds differ; the ratios,
on which decisions rest, differ less, and a decision is the same everywhere.

All counts are of one trial on one thread. Letters: N layers, w width, K coefficients, B samples of
a batch, S of the training set, k the sketch's power with q vectors, s squarings. Imports no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import ceil
from typing import Any

from stiffgui.experiment import Experiment
from stiffgui.regularizers import L2, ConditionNumber, NoPenalty, Stiffness
from stiffgui.settings import kind_of
from stiffgui.stiffness import PROXIES, WATCHABLE, Proxy
from stiffgui.stiffness.condition import Condition
from stiffgui.stiffness.indices import Need

# ------------------------------------------------------------- declared, see the module's text

ELEMENT = 30  # a component of a state through a layer: activation, sums, copies; each way
LAYER = 40_000  # a layer of a batch: calls, and products that are too small for their rate
ADAM = 20  # a parameter at an optimiser step: six arrays pass through memory
DOUBLE = 2  # a number in double precision

# LAPACK and the project's own ways, a matrix: of w^3, of w^2, of a matrix; double precision.
EIGENVALUES = (190, 3750, 0)  # geev with vectors and their inverse: 26 w^3 at a seventh of the rate
SINGULAR_VALUES = (8, 1300, 0)  # gesdd without vectors, and syevd without vectors
PSEUDOSPECTRUM = (6000, 150_000, 0)  # about four geev of 2 w rows, real, and four complex ones
PRODUCT = (24, 5600, 0)  # geqrf twice, once with its vectors, gesdd, and scaling of entries
RADIUS = (19, 250, 40_000)  # nine and more squarings, and the vectors from either side
LANCZOS = (0, 500, 0)  # forty steps: sigma_1 of a layer wider than NARROW
NARROW = 64
NORM = (0, 15, 0)
RECORD = 1_000_000  # a layer at a measurement: copies to double precision, calls
WATCHED = (60, 2_500_000)  # a proxy beside it: of w^2 of a matrix (forming it), of a layer (calls)


def step(experiment: Experiment) -> float:
    """An optimiser step on a full batch, penalty included; of one that is due at every m-th step,
    an m-th of it.

    Layers forward and backward: N (B (3 w^2 + 2 ELEMENT w) + LAYER), the 3 being the products
    with W, with W^T and of the gradient; as many times as the integrator evaluates a layer. Lift
    and read-out: 3 B w (d + o). Adam: ADAM a parameter. Weights that are functions of time:
    2 N K w^2 for making them and for their gradient.
    """
    return _step(experiment, experiment.training.batch_size)


def epoch(experiment: Experiment) -> float:
    """The optimiser steps of an epoch, the short last batch included."""
    samples, size = experiment.task.training_samples, experiment.training.batch_size
    whole, rest = divmod(samples, size)
    return whole * _step(experiment, size) + (_step(experiment, rest) if rest else 0.0)


def errors(experiment: Experiment) -> float:
    """An evaluation of the errors: every sample of every set forward once."""
    return experiment.task.evaluated_samples * _forward(experiment)


def penalty(experiment: Experiment, samples: int) -> float:
    """A penalty with its gradient on a batch of so many samples, at a step where it is due.

    Of a stiffness proxy `of_proxy` for every layer and every sample that it sees.
    """
    regularizer, width = experiment.regularizer, experiment.architecture.width
    if isinstance(regularizer, NoPenalty):
        return 0.0
    if isinstance(regularizer, L2):
        return ADAM / 4 * _parameters(experiment)
    if isinstance(regularizer, Stiffness):
        return ceil(regularizer.fraction * samples) * of_sample(experiment, regularizer)
    layers = experiment.architecture.depth * samples
    if isinstance(regularizer, ConditionNumber):
        return layers * of_proxy(Condition(), width)
    return layers * 120.0 * width  # kinetic energy, norm of the Jacobian: entries only


def of_sample(experiment: Experiment, penalty: Stiffness) -> float:
    """A stiffness penalty with its gradient, of one sample."""
    return experiment.architecture.depth * of_proxy(penalty.proxy, experiment.architecture.width)


def of_proxy(proxy: Proxy, width: int) -> float:
    """A proxy and its gradient, of one matrix.

    Gelfand: 3 s w^3, s products forward and 2 s backward, and 30 s w^2 for the norms. Sketch:
    k q (3 w^2 + 60 w). The radius in single precision: 12 w^3 + 250 w^2. One that is not listed
    counts as all singular values with their vectors.
    """
    return _PROXIES.get(kind_of(type(proxy)), _with_vectors)(proxy, width)


def index(need: Need, width: int, proxy: Proxy | None = None) -> float:
    """What an index takes of one matrix, in double precision; of a watched `proxy` a third of
    what it takes with its gradient, and forming the matrix."""
    if need == "proxy":
        formed = WATCHED[0] * width**2
        return DOUBLE * of_proxy(proxy, width) / 3 + formed if proxy is not None else 0.0
    if need == "largest":
        return _cubic(RADIUS if width <= NARROW else LANCZOS, width)
    return _cubic(_NEEDS[need], width)


def indices(experiment: Experiment, samples: int, names: Iterable[str] | None = None) -> float:
    """A measurement of indices, by default the watched ones, on so many probe samples.

    N (samples (what the indices take + 2 forward) + RECORD + WATCHED a proxy + DOUBLE w^2).
    What indices have in common is done once: where all eigenvalues or singular values are there,
    the largest costs nothing.
    """
    architecture = experiment.architecture
    width, watched = architecture.width, list(experiment.watch.indices if names is None else names)
    needs: set[Need] = {WATCHABLE[name].needs for name in watched} - {"proxy"}
    if "eigenvalues" in needs:
        needs.discard("radius")
    if "singular-values" in needs:
        needs.discard("largest")
    proxies = [PROXIES[name]() for name in watched if WATCHABLE[name].needs == "proxy"]
    each = sum(index(need, width) for need in needs)
    each += sum(index("proxy", width, proxy) for proxy in proxies)
    once = architecture.depth * (RECORD + WATCHED[1] * len(proxies) + DOUBLE * width**2)
    return samples * (architecture.depth * each + DOUBLE * _forward(experiment)) + once


def products(experiment: Experiment) -> float | None:
    """Multiply-adds of the matrix products of an optimiser step on a full batch, one trial: what
    compiled loops hand to BLAS, exactly and nothing else. Twice as many are its flops.

    Layers: 3 N B w^2, with W, with W^T and of the gradient. Lift: 2 B w d, without W^T; read-out:
    3 B w o. Weights that are functions of time: 2 N K (w^2 + w). A penalty, on the P samples that
    it sees, of one that is due at every m-th step an m-th: N P times what it takes of a matrix,
    Gelfand 3 s w^3 and the sketch (3 k - 1) q w^2: k products forward, k - 1 backward, k of the
    gradient. None where a penalty has no such count: the radius squares as its matrix needs it.
    What is left to the program is to be settled before (`Decisions.settled`).
    """
    architecture, task = experiment.architecture, experiment.task
    width, depth, batch = architecture.width, architecture.depth, experiment.training.batch_size
    total = 3.0 * depth * batch * width**2
    shapes = architecture.shapes(task.inputs, task.outputs)
    total += 2.0 * batch * width * task.inputs * ("lift.weight" in shapes)
    total += 3.0 * batch * width * task.outputs * ("readout.weight" in shapes)
    if _is_expanded(experiment):
        total += 2.0 * depth * architecture.coefficients * (width**2 + width)
    penalty = experiment.regularizer
    if isinstance(penalty, NoPenalty | L2):
        return total
    if not isinstance(penalty, Stiffness) or kind_of(type(penalty.proxy)) not in _PRODUCTS:
        return None
    seen = ceil(penalty.fraction * batch) / penalty.every
    counted = _PRODUCTS[kind_of(type(penalty.proxy))]
    return total + depth * seen * counted(penalty.proxy, width)


# --------------------------------------------------------------------------------------- parts

_NEEDS: dict[Need, tuple[int, int, int]] = {
    "norm": NORM,
    "radius": RADIUS,
    "singular-values": SINGULAR_VALUES,
    "eigenvalues": EIGENVALUES,
    "log-norms": SINGULAR_VALUES,
    "step-norm": SINGULAR_VALUES,
    "pseudospectrum": PSEUDOSPECTRUM,
    "layers": PRODUCT,
}


def _cubic(factors: tuple[int, int, int], width: int) -> float:
    cubes, squares, once = factors
    return float(cubes * width**3 + squares * width**2 + once)


def _with_vectors(proxy: Proxy, width: int) -> float:
    return 3 * _cubic(SINGULAR_VALUES, width)


_PROXIES: dict[str, Callable[[Any, int], float]] = {
    "gelfand-sketch": lambda p, w: p.power * p.vectors * (3.0 * w**2 + 60 * w),
    "gelfand": lambda p, w: p.squarings * (3.0 * w**3 + 30 * w**2),
    "spectral-radius": lambda p, w: _cubic((12, 250, 50_000), w),
    "power": lambda p, w: p.iterations * (8.0 * w**2 + 120 * w),
    "frobenius": lambda p, w: 120.0 * w,
    "mean-modulus": lambda p, w: _cubic(EIGENVALUES, w),
    "analytic": lambda p, w: 100_000.0,
}

_PRODUCTS: dict[str, Callable[[Any, int], float]] = {  # see `products`
    "gelfand-sketch": lambda p, w: (3 * p.power - 1) * p.vectors * float(w**2),
    "gelfand": lambda p, w: 3 * p.squarings * float(w**3),
}


def _step(experiment: Experiment, samples: int) -> float:
    architecture, task = experiment.architecture, experiment.task
    width, depth = architecture.width, architecture.depth
    evaluations = _evaluations(experiment)
    layers = depth * (samples * (3.0 * width**2 + 2 * ELEMENT * width) + LAYER) * evaluations
    ends = 3.0 * samples * width * (task.inputs + task.outputs)
    made = 0.0
    if _is_expanded(experiment):
        made = 2.0 * depth * architecture.coefficients * width**2
    every = getattr(experiment.regularizer, "every", 1)
    added = penalty(experiment, samples) / every
    return layers + ends + made + ADAM * _parameters(experiment) + added


def _is_expanded(experiment: Experiment) -> bool:
    return experiment.architecture.weights.kind != "per-layer"  # type: ignore[attr-defined, no-any-return]


def _forward(experiment: Experiment) -> float:
    """One sample through the network."""
    architecture, task = experiment.architecture, experiment.task
    width = architecture.width
    layers = architecture.depth * (width**2 + ELEMENT * width) * _evaluations(experiment)
    return layers + width * (task.inputs + task.outputs)


def _evaluations(experiment: Experiment) -> float:
    """How often a layer is evaluated in a step of the integrator; implicit Euler solves five
    systems, each by 2 w^3 operations."""
    stages = {"euler": 1.0, "rk2": 2.0, "rk4": 4.0}
    return stages.get(experiment.architecture.integrator, 5.0 * (1 + experiment.architecture.width))


def _parameters(experiment: Experiment) -> int:
    return experiment.architecture.parameters(experiment.task.inputs, experiment.task.outputs)
