"""Crossing and augmentation: what a fine network cannot learn, and two ways out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from stiffgui.experiment import Experiment
from stiffgui.labs.page import Exercise, Page, Result, listed
from stiffgui.resnet.architecture import Architecture
from stiffgui.resnet.weights import Legendre, PerLayer
from stiffgui.settings import setting
from stiffgui.tasks import TASKS
from stiffgui.training_settings import Training

if TYPE_CHECKING:
    from stiffgui.training import Trainer

Array = NDArray[np.float64]

LIVE_RESULTS = 40  # on the way
SHOWN = 21  # trajectories


@dataclass(frozen=True)
class Trained:
    """One network on its way: depth, width; training RMSE at `epochs`; trajectories
    [N + 1, samples, w] of the shown samples.

    pairs: of training samples; swapped: those whose order at the end is another than at the start;
    smallest_factor: the least 1 + a s'(z) w over layers and samples where the state is one
    number (the derivative of a layer's map): above 0 the network is an increasing function.
    """

    depth: int
    width: int
    epochs: NDArray[np.int64]
    errors: Array
    trajectories: Array
    smallest_factor: float | None
    pairs: int
    swapped: int | None

    @property
    def error(self) -> float:
        """The last training RMSE."""
        return float(self.errors[-1])


@dataclass(frozen=True, kw_only=True)
class CrossingResult(Result):
    """networks: coarse, fine, augmented; bound: RMSE of the best increasing function on the
    training set (None for the annulus); x [samples, d], targets [samples] of the shown samples.
    """

    task: str
    bound: float | None
    x: Array
    targets: Array
    horizon: float
    networks: dict[str, Trained]

    def values(self) -> dict[str, Any]:
        return {
            "bound": self.bound,
            **{f"error_{name}": n.error for name, n in self.networks.items()},
            "fine_is_increasing": _increasing(self.networks["fine"]),
            "pairs": self.networks["fine"].pairs,
            "swapped_pairs": {name: n.swapped for name, n in self.networks.items()},
            "epochs": int(self.networks["fine"].epochs[-1]),
        }

    def sentences(self) -> tuple[str, ...]:
        error = {name: network.error for name, network in self.networks.items()}
        epochs = f"after epoch {self.networks['fine'].epochs[-1]}"
        if self.bound is None:
            least = min(error, key=error.__getitem__)
            return (
                "No flow of the plane pulls the disc out of the ring: it can only squeeze it "
                "through a gap between samples. Long steps may jump, and one more dimension "
                "leads round.",
                f"Errors {epochs}: {listed(error, '.3g')}; the least is that of the {least} "
                f"network.",
            )
        below = "below" if error["augmented"] < self.bound else "not below"
        return (
            f"No increasing function comes closer to −x than {self.bound:.3g} on these samples. "
            f"{self._of_line('fine')}",
            f"{self._of_line('coarse')} With one more dimension points can pass each other: "
            f"{epochs} that network's error is {error['augmented']:.3g}, {below} the bound.",
        )

    def _of_line(self, name: str) -> str:
        network = self.networks[name]
        if network.swapped:
            swaps = f"{network.swapped} of {network.pairs} pairs: its steps are too long for a flow"
            return f"The {name} network swaps {swaps}, and its error is {network.error:.3g}."
        return (
            f"The {name} network keeps their order, as flows do: its error is {network.error:.3g}."
        )


class Crossing(Page):
    """Crossing and augmentation

    Solutions of one ODE never meet. Three networks learn what that forbids: one with few long
    steps, one with many short ones, and that with one more dimension.

    Trajectories of x' = F(t, x), F Lipschitz in x, never meet: if x(t) < y(t) at one time, then
    at all times, since two solutions through one point are the same. For a scalar state the map
    x(0) -> x(T) is therefore strictly increasing. An explicit Euler layer x + a s(w x + b) has the
    derivative 1 + a w s', so a network is increasing too as soon as a |w| sup s' < 1, which
    more layers bring about.

    Of all increasing functions g none fits y = -x better than a constant: for x_1 < .. < x_m
    isotonic regression pools neighbours that violate the order, and since the targets decrease
    all of them do, so that the best g is their mean. Its RMSE is the standard deviation of
    the targets, 1/sqrt(3) = 0.577 for x uniform on [-1, 1]; `bound` is computed by isotonic
    regression on the training set. A coarse network takes steps a so large that 1 + a w s' may
    be negative; a second component (augmentation) lets points go round each other.
    """

    kind: Literal["crossing"] = "crossing"
    first: ClassVar[tuple[str, ...]] = ("task",)
    sliders: ClassVar[dict[str, tuple[float, float]]] = {
        "coarse_depth": (1, 10),
        "fine_depth": (10, 200),
        "epochs": (50, 2000),
    }
    formulas: ClassVar[tuple[str, ...]] = (
        r"$x(0) < y(0) \;\Rightarrow\; x(t) < y(t)$",
        r"$x_n = x_{n-1} + \dfrac{T}{N}\, s(w_n\, x_{n-1} + b_n)$",
        r"$\dfrac{T}{N}\,|w_n| \sup s' < 1: \quad x_{n-1} \mapsto x_n \;\mathrm{increases}$",
    )
    exercises: ClassVar[tuple[Exercise, ...]] = (
        Exercise(
            "Shorter steps for the coarse one",
            {"coarse_depth": 20},
            "With 20 layers it keeps the order of all samples, too, and ends at the line "
            "of the best increasing function.",
        ),
        Exercise(
            "Train three times as long",
            {"epochs": 1500},
            "The fine network's error stays on the line of the best increasing function: that is "
            "no matter of training.",
        ),
        Exercise(
            "A disc inside a ring",
            {"task": "annulus"},
            "In the plane fine trajectories squeeze through a gap; with a third dimension the disc "
            "is led out of the ring, and the error is the lowest.",
        ),
    )
    sources: ClassVar[tuple[str, ...]] = (
        "Dupont, Doucet & Teh 2019, NeurIPS 32: augmented neural ODEs",
        "Barlow, Bartholomew, Bremner & Brunk 1972, Statistical Inference under Order Restrictions",
    )
    task: str = setting(
        "reflection",
        title="Task",
        help="What the networks learn.",
        choices={"reflection": "x to -x on [-1, 1]", "annulus": "a disc inside a ring"},
    )
    coarse_depth: int = setting(
        2, title="Coarse depth", unit="layers", help="Few layers, large steps.", ge=1, le=20
    )
    fine_depth: int = setting(
        60, title="Fine depth", unit="layers", help="Many layers, small steps.", ge=1, le=500
    )
    epochs: int = setting(500, title="Epochs", help="Of training, each.", ge=1, le=20_000)
    horizon: float = setting(
        6.0,
        title="Horizon T",
        help="End time of all three: a layer's step is T over its depth.",
        gt=0,
        le=100,
        advanced=True,
    )
    degree: int = setting(
        3,
        title="Degree",
        help="Of the Legendre weights of the fine and the augmented network.",
        ge=0,
        le=20,
        advanced=True,
    )
    learning_rate: float = setting(
        0.02, title="Learning rate", help="Adam's.", gt=0, le=1, logarithmic=True, advanced=True
    )
    seed: int = setting(
        0, title="Seed", help="Of the initial weights.", ge=0, le=2**31 - 1, advanced=True
    )

    def experiments(self) -> dict[str, Experiment]:
        """The three trainings."""
        task = TASKS[self.task]()
        shapes = {
            "coarse": (self.coarse_depth, task.inputs),
            "fine": (self.fine_depth, task.inputs),
            "augmented": (self.fine_depth, task.inputs + 1),
        }
        training = Training(
            epochs=self.epochs,
            batch_size=task.training_samples,  # one step an epoch
            learning_rate=self.learning_rate,
            seed=self.seed,
            device="cpu",
        )
        return {
            name: Experiment(
                task=task,
                architecture=Architecture(
                    width=width,
                    depth=depth,
                    horizon=self.horizon,
                    lift="augment" if width > task.inputs else "identity",
                    readout="identity" if self.task == "reflection" else "affine",
                    # Smooth in time, so that the fine ones are close to an ODE.
                    weights=PerLayer() if name == "coarse" else Legendre(degree=self.degree),
                ),
                training=training,
            )
            for name, (depth, width) in shapes.items()
        }

    def trainings(self) -> Sequence[Experiment]:
        return tuple(self.experiments().values())

    def results(self) -> Iterator[CrossingResult]:
        from stiffgui.training import Trainer

        runs = {name: _Run(Trainer(e)) for name, e in self.experiments().items()}
        every = max(1, self.epochs // LIVE_RESULTS)
        data = runs["fine"].trainer.data
        bound = best_increasing(data.x_train[:, 0], data.y_train[:, 0])
        shown = _shown(data.x_train)
        for epoch in range(1, self.epochs + 1):
            for run in runs.values():
                run.trainer.run_epoch()
            if epoch % every == 0 or epoch == self.epochs:
                yield CrossingResult(
                    progress=epoch / self.epochs,
                    task=self.task,
                    bound=bound if self.task == "reflection" else None,
                    x=data.x_train[shown],
                    targets=data.y_train[shown, 0],
                    horizon=self.horizon,
                    networks={name: run.now(epoch, shown) for name, run in runs.items()},
                )


class _Run:
    """A training, epoch by epoch, with the pictures of its network."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self._errors: dict[int, float] = {}

    def now(self, epoch: int, shown: NDArray[np.int64]) -> Trained:
        """The network as it is after an epoch."""
        from stiffgui.runs.snapshot import Snapshot

        experiment, data = self.trainer.experiment, self.trainer.data
        snapshot = Snapshot(experiment, epoch, self.trainer.parameters())
        residual = snapshot.predict(data.x_train)[0] - data.y_train
        self._errors[epoch] = float(np.sqrt(np.square(residual).mean()))
        factor, swapped, count = None, None, len(data.x_train)
        if experiment.architecture.width == 1:
            jacobians = snapshot.jacobians(data.x_train)
            factor = float((1 + experiment.architecture.step_size * jacobians).min())
            states = snapshot.trajectories(data.x_train)[0, :, :, 0]
            swapped = _swapped(states[:, 0], states[:, -1])
        return Trained(
            experiment.architecture.depth,
            experiment.architecture.width,
            np.array(list(self._errors)),
            np.array(list(self._errors.values())),
            snapshot.trajectories(data.x_train[shown])[0].transpose(1, 0, 2),
            factor,
            count * (count - 1) // 2,
            swapped,
        )


def best_increasing(x: Array, y: Array) -> float:
    """RMSE of the best increasing function of x [samples] on the targets y [samples].

    Isotonic least squares by pooling adjacent violators (Barlow et al. 1972).
    """
    from scipy.optimize import isotonic_regression

    ordered = y[np.argsort(x)]
    fit = isotonic_regression(ordered).x
    return float(np.sqrt(np.square(fit - ordered).mean()))


def _swapped(start: Array, end: Array) -> int:
    """How many pairs stand the other way round at the end."""
    ended = end[np.argsort(start)]
    return int(np.triu(ended[:, None] > ended).sum())


def _increasing(network: Trained) -> bool | None:
    return None if network.smallest_factor is None else network.smallest_factor > 0


def _shown(x: Array) -> NDArray[np.int64]:
    """Some samples: evenly through the set."""
    count = SHOWN if x.shape[1] == 1 else 4 * SHOWN
    return np.unique(np.linspace(0, len(x) - 1, min(count, len(x))).round().astype(np.int64))
