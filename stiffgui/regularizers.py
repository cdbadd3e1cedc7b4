"""Penalties: what a regularizer adds to the loss of a batch.

Per sample i the penalty is p_i; the loss of a batch is the quadratic mean
sqrt(mean_i |F(x_i) - y_i|^2 + weight * mean_i p_i^2). To add one: a class deriving from
`Regularizer`, and its name in `_CLASSES`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Union

from pydantic import BeforeValidator, Discriminator

from stiffgui.settings import AUTO, AutoInteger, AutoNumber, Settings, as_kind, setting
from stiffgui.stiffness import AnyProxy
from stiffgui.stiffness.base import tiny
from stiffgui.stiffness.condition import Condition
from stiffgui.stiffness.frobenius import of_factors
from stiffgui.stiffness.gelfand_sketch import GelfandSketch

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from stiffgui.resnet.network import Pass, ResidualNetwork


RAREST = 10_000  # steps between two at which a penalty is computed, at most


class Regularizer(Settings, ABC):
    """A penalty on the network."""

    needs_slopes: ClassVar[bool] = False
    if TYPE_CHECKING:
        weight: float = 0.0  # a setting of every penalty but `none`, where it is the constant 0

    @abstractmethod
    def penalty(
        self, network: ResidualNetwork, run: Pass, generators: list[Generator]
    ) -> Tensor | None:
        """p_i per trial and sample, [R, B], or [R, 1] where it does not depend on the sample.

        Fewer than B samples stand for the batch: the loss takes the mean over those given.
        """

    @property
    def waits(self) -> bool:
        """Whether the host waits for a device at every step."""
        return False

    def check(self, width: int) -> None:
        """Raise InputError where the penalty does not exist for layers of this width."""

    def is_due(self, step: int) -> bool:
        """Whether the penalty is computed at this optimiser step (counted from 0)."""
        return True

    def at_step(self, step: int) -> Regularizer:
        """What is added to the loss of this step."""
        return self


def _weight(default: float) -> float:
    weight: float = setting(
        default,
        title="Weight λ",
        help="Weight of the mean squared penalty in the loss.",
        live=True,
        logarithmic=True,
        ge=0,
        le=1e6,
    )
    return weight


class NoPenalty(Regularizer):
    """No penalty: RES in the talk."""

    kind: Literal["none"] = "none"
    if not TYPE_CHECKING:
        weight: ClassVar[float] = 0.0

    def penalty(
        self, network: ResidualNetwork, run: Pass, generators: list[Generator]
    ) -> Tensor | None:
        return None


_NOTHING = NoPenalty()


class L2(Regularizer):
    """Mean norm of the parameter arrays: RES L2 in the talk."""

    kind: Literal["l2"] = "l2"
    weight: float = _weight(1e-5)

    def penalty(self, network: ResidualNetwork, run: Pass, generators: list[Generator]) -> Tensor:
        return parameter_norm(network).unsqueeze(1)


class Stiffness(Regularizer):
    """Stiffness proxy, summed over layers: RES stiff in the talk."""

    kind: Literal["stiffness"] = "stiffness"
    needs_slopes: ClassVar[bool] = True
    weight: float = _weight(1e-3)
    proxy: Annotated[AnyProxy, BeforeValidator(as_kind)] = setting(
        GelfandSketch(),
        title="Proxy",
        help="The differentiable stand-in for stiffness that is penalised.",
    )
    every: AutoInteger = setting(
        1,
        title="Every m-th step",
        unit="steps",
        help="Trades exactness for time: the penalty is computed at every m-th step only, there "
        "with weight m λ (lazy regularisation, StyleGAN2). 1 is exact; auto: so seldom that it "
        "costs at most half a step without penalty.",
        ge=0,
        le=RAREST,
    )
    fraction: AutoNumber = setting(
        AUTO,
        title="Fraction of the batch",
        help="Trades exactness for time: the penalty is the mean over the first of the shuffled "
        "samples only, this fraction of the batch, at least one (unbiased). 1 is exact; auto: as "
        "many samples as cost at most half a step without penalty.",
        ge=0,
        le=1,
    )

    def penalty(self, network: ResidualNetwork, run: Pass, generators: list[Generator]) -> Tensor:
        slopes = self.of_batch(run.slopes)
        return self.proxy.of_layers(slopes, network.weight, generators).sum(1)

    def of_batch(self, slopes: Tensor) -> Tensor:
        """The samples that the penalty sees, [R, N, B, w] -> [R, N, fewer, w]; all of them while
        no run has decided what `auto` is."""
        if self.fraction in (0, 1):
            return slopes
        return slopes[:, :, : ceil(self.fraction * slopes.shape[2])]

    @property
    def waits(self) -> bool:
        return self.proxy.waits

    def check(self, width: int) -> None:
        self.proxy.check(width)

    def is_due(self, step: int) -> bool:
        return step % max(1, self.every) == 0

    def at_step(self, step: int) -> Regularizer:
        if self.every <= 1:
            return self
        if not self.is_due(step):
            return _NOTHING
        return self.model_copy(update={"weight": self.every * self.weight})


class Kinetic(Regularizer):
    """Kinetic energy of the trajectory: straight paths, few steps

    p^2 = sum_n a |F_n|^2 with F_n = (x_n - x_{n-1}) / a, so that the weighted mean of p^2 is the
    weighted mean of the integral of |x'|^2. Source: Finlay et al. 2020, How to train your neural
    ODE, ICML 37 (RNODE).
    """

    kind: Literal["kinetic"] = "kinetic"
    weight: float = _weight(1e-2)

    def penalty(self, network: ResidualNetwork, run: Pass, generators: list[Generator]) -> Tensor:
        step = network.architecture.step_size
        moved = [(after - before).square().sum(-1) for before, after in pairwise(run.states)]
        energy: Tensor = sum(moved[1:], moved[0]) / step
        return energy.clamp_min(tiny(energy)).sqrt()


class JacobianFrobenius(Regularizer):
    """Frobenius norm of the layer Jacobians along the trajectory

    p^2 = sum_n a ||J_n||_F^2, the integral of ||dF/dx||_F^2. Source: Finlay et al. 2020 (RNODE),
    who estimate it with random vectors; here it is exact, O(B w) a layer. Josias & Brink 2022
    report that it can worsen the conditioning.
    """

    kind: Literal["jacobian-frobenius"] = "jacobian-frobenius"
    needs_slopes: ClassVar[bool] = True
    weight: float = _weight(1e-3)

    def penalty(self, network: ResidualNetwork, run: Pass, generators: list[Generator]) -> Tensor:
        squared = of_factors(run.slopes, network.weight).sum(1) * network.architecture.step_size
        return squared.clamp_min(tiny(squared)).sqrt()


class ConditionNumber(Regularizer):
    """Condition number of the layer Jacobians, as a logarithm, summed over layers

    p = sum_n log10 condition(J_n). Source: Josias & Brink 2022, who find it does better than the
    Frobenius norm.
    """

    kind: Literal["condition"] = "condition"
    needs_slopes: ClassVar[bool] = True
    weight: float = _weight(1e-4)

    @property
    def waits(self) -> bool:
        return Condition.waits

    def penalty(self, network: ResidualNetwork, run: Pass, generators: list[Generator]) -> Tensor:
        return Condition().of_layers(run.slopes, network.weight, generators).sum(1)


def parameter_norm(network: ResidualNetwork) -> Tensor:
    """Mean over all parameter arrays of their Frobenius or Euclidean norms: [R].

    The arrays are those a network of separate layers has: W_n and b_n of every layer, lift and
    read-out.
    """
    total, arrays = None, 0
    for name, values in network.parameters.items():
        # layers.* carry the layer axis: one array per layer.
        flat = values.flatten(2) if name.startswith("layers.") else values.flatten(1).unsqueeze(1)
        norms = flat.square().sum(-1).clamp_min(tiny(flat)).sqrt()
        total = norms.sum(1) if total is None else total + norms.sum(1)
        arrays += norms.shape[1]
    assert total is not None
    return total / arrays


_CLASSES: tuple[type[Regularizer], ...] = (
    NoPenalty,
    L2,
    Stiffness,
    Kinetic,
    JacobianFrobenius,
    ConditionNumber,
)

if TYPE_CHECKING:
    AnyRegularizer = Regularizer
else:
    AnyRegularizer = Annotated[Union[_CLASSES], Discriminator("kind")]  # noqa: UP007
