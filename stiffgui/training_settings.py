"""How a network is trained, and what is watched meanwhile: two groups of an experiment."""

from __future__ import annotations

from stiffgui.settings import Settings, setting
from stiffgui.stiffness import WATCHABLE


class Plateau(Settings):
    """Reduce the learning rate of a trial when its training loss stops falling."""

    factor: float = setting(
        0.5,
        title="Plateau factor",
        help="The learning rate is multiplied by this on a plateau; 1 switches the schedule off.",
        gt=0,
        le=1,
    )
    patience: int = setting(
        100,
        title="Plateau patience",
        unit="epochs",
        help="Epochs without improvement before the learning rate drops.",
        ge=0,
        le=1_000_000,
        advanced=True,
    )
    cooldown: int = setting(
        0,
        title="Plateau cooldown",
        unit="epochs",
        help="Epochs after a drop before epochs without improvement count again.",
        ge=0,
        le=1_000_000,
        advanced=True,
    )
    threshold: float = setting(
        1e-4,
        title="Plateau threshold",
        help="An improvement smaller than this fraction of the best loss does not count.",
        ge=0,
        lt=1,
        advanced=True,
    )
    min_lr: float = setting(
        1e-6,
        title="Lowest learning rate",
        help="The schedule goes no lower.",
        ge=0,
        le=1,
        logarithmic=True,
        advanced=True,
    )


class Training(Settings):
    """How the network is trained."""

    epochs: int = setting(
        10_000,
        title="Epochs",
        help="Passes through the training set.",
        live=True,
        ge=1,
        le=10_000_000,
    )
    batch_size: int = setting(
        45,
        title="Batch",
        unit="samples",
        help="Samples in a batch; the last batch of an epoch may be short.",
        ge=1,
        le=1_000_000,
    )
    learning_rate: float = setting(
        1e-3,
        title="Learning rate",
        help="Adam's step size. Changed while training, it applies to every trial.",
        live=True,
        logarithmic=True,
        gt=0,
        le=10,
    )
    trials: int = setting(
        1,
        title="Trials",
        help="Networks that differ in their initial weights and batches, trained together.",
        ge=1,
        le=1000,
    )
    seed: int = setting(
        0,
        title="Seed",
        help="Seed of initial weights, batches and random vectors; trial r uses (seed, r).",
        ge=0,
        le=2**31 - 1,
    )
    early_stopping: int = setting(
        0,
        title="Early stopping",
        unit="epochs",
        help="Stop when the validation error of no trial has improved for so long; 0: never.",
        live=True,
        ge=0,
        le=1_000_000,
        advanced=True,
    )
    device: str = setting(
        "auto",
        title="Device",
        help="Where the network is trained.",
        choices={"auto": "cuda where there is one, otherwise cpu", "cpu": "", "cuda": ""},
    )
    plateau: Plateau = setting(Plateau(), title="Plateau", help="")
    first_trial: int = setting(
        0,
        title="First trial",
        help="Number of the first trial: trials=1, first_trial=3 trains trial 3 alone.",
        ge=0,
        le=1_000_000,
        advanced=True,
    )
    beta1: float = setting(
        0.9, title="Adam beta 1", help="Decay of the mean of gradients.", ge=0, lt=1, advanced=True
    )
    beta2: float = setting(
        0.999,
        title="Adam beta 2",
        help="Decay of the mean of squared gradients.",
        ge=0,
        lt=1,
        advanced=True,
    )
    epsilon: float = setting(
        1e-8,
        title="Adam epsilon",
        help="Added to the root of the mean squared gradient.",
        gt=0,
        le=1,
        logarithmic=True,
        advanced=True,
    )
    precision: str = setting(
        "float32",
        title="Precision",
        help="Number format of the training; indices are always computed in float64.",
        choices={"float32": "fast", "float64": "for checks, about twice as slow"},
        advanced=True,
    )
    cuda_graph: bool = setting(
        False,
        title="CUDA graph",
        help="On a GPU: capture a batch's loss and gradient once and replay them, which saves the "
        "launching of small operations. Needs a CUDA device.",
        advanced=True,
    )
    threads: int = setting(
        0,
        title="Threads",
        help="Threads of the training process. 0: as many as there are processors, at most four, "
        "for trials or the parts of large batches in compiled loops; one for torch's operations.",
        ge=0,
        le=256,
        advanced=True,
    )
    end_time_jitter: float = setting(
        0.0,
        title="End time jitter",
        unit="of T",
        help="Train every batch with another end time, uniform in T (1 ± this) (STEER); errors "
        "are always those at T.",
        ge=0,
        lt=1,
        advanced=True,
    )


class Watch(Settings):
    """What is measured and kept while training."""

    indices: tuple[str, ...] = setting(
        ("frobenius", "singular", "spectral-radius"),
        title="Indices",
        help="Exact stiffness indices, and proxies at their defaults to compare with them, per "
        "layer, mean over the probe samples. What needs every eigenvalue (mean modulus, ratios, "
        "spectral abscissa, unstable ones) is ten times the work of norms and radius, the "
        "pseudospectral abscissa hundreds: they are measured on fewer samples or less often.",
        choices={name: index.help for name, index in WATCHABLE.items()},
    )
    errors_every: int = setting(
        5,
        title="Errors every",
        unit="epochs",
        help="Epochs between evaluations of the errors, at least: a multiple of this where the "
        "share demands it. The first epochs are always evaluated.",
        ge=1,
        le=100_000,
    )
    every: int = setting(
        100,
        title="Measure every",
        unit="epochs",
        help="Epochs between measurements of the indices, at least: a multiple of this where the "
        "share demands it. Of the first hundred epochs, more are measured.",
        ge=1,
        le=100_000,
    )
    probe: int = setting(
        16,
        title="Probe samples",
        help="Training samples on which indices are measured, at most: fewer, but at least four, "
        "where the share demands it.",
        ge=1,
        le=10_000,
    )
    share: float = setting(
        0.05,
        title="Share",
        unit="of training",
        help="Operations of errors and indices, at most, as a share of those of the training, "
        "beside a fixed number for the first epochs and for short runs. 1: no limit, as often and "
        "on as many samples as is said here. It follows from counts when a run begins.",
        ge=1e-4,
        le=1,
        advanced=True,
    )
    snapshots: int = setting(
        200,
        title="Snapshots",
        help="Networks kept at log-spaced epochs, at most, for the timeline. Each takes 4 bytes a "
        "parameter (8 in float64) and trial: 17 kB of Alpine02.",
        ge=2,
        le=5000,
        advanced=True,
    )
