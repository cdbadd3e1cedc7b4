"""Weights as functions of time: W(t) = sum_k phi_k(t) W^(k), and b(t) likewise.

Layer n = 1..N takes its weights at the left end of its cell, t_n = (n - 1) T/N, so that a
network of the integrator `euler` is explicit Euler on x' = s(W(t) x + b(t)), to the letter.
Stored and trained are the K coefficients W^(k), b^(k). To add a kind: a class deriving from
`Weights` and its place in `_CLASSES`.

Letters for shapes: N layers, K coefficients, M times.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Union

import numpy as np
from numpy.typing import NDArray
from pydantic import Discriminator

from stiffgui.settings import Settings, kind_of, setting

Array = NDArray[np.float64]


class Weights(Settings, ABC):
    """A family of functions phi_1..phi_K on the unit interval, time in units of the horizon T."""

    smooth: ClassVar[bool] = True

    @abstractmethod
    def count(self, depth: int) -> int:
        """Number K of coefficients of a network of N layers."""

    @abstractmethod
    def basis(self, times: Array, count: int) -> Array:
        """phi_k at the times [M] in [0, 1]: [M, K], for K = `count` coefficients."""

    def at_layers(self, depth: int, count: int, node: float = 0.0) -> Array:
        """phi_k at t = (n - 1 + node) T/N of every layer: [N, K]. node 0: the left end."""
        return self.basis((np.arange(depth) + node) / depth, count)

    def resized(self, depth: int, count: int) -> Weights:
        """The kind that a network of `depth` layers must have to keep its K coefficients."""
        return self

    def scale(self, count: int) -> float:
        """What independent coefficients are multiplied with, so that W(t) varies as they did.

        Coefficients of variance v give W(t) the variance v sum_k phi_k(t)^2; this is the
        inverse root of that sum's mean over time (at 1000 midpoints).
        """
        phi = self.basis((np.arange(1000) + 0.5) / 1000, count)
        return float(np.square(phi).sum(1).mean() ** -0.5)


class PerLayer(Weights):
    """Every layer its own: the ordinary ResNet

    W(t) = W_n on the cell (n - 1) T/N <= t < n T/N, constant on it: every stage of an
    integrator uses the layer's own matrix.
    """

    kind: Literal["per-layer"] = "per-layer"
    smooth: ClassVar[bool] = False

    def count(self, depth: int) -> int:
        return depth

    def basis(self, times: Array, count: int) -> Array:
        # A time computed as j/N may lie a rounding below its cell.
        cell = np.floor(np.asarray(times) * count + 1e-9).astype(int).clip(0, count - 1)
        return np.asarray(np.eye(count)[cell])

    def at_layers(self, depth: int, count: int, node: float = 0.0) -> Array:
        # The right end belongs to the layer whose step ends there.
        return self.basis((np.arange(depth) + min(node, 0.5)) / depth, count)

    def scale(self, count: int) -> float:
        return 1.0


class Legendre(Weights):
    """Legendre polynomials of a chosen degree

    phi_k(t) = P_k(2 t/T - 1), k = 0..degree: bounded by 1 and orthogonal, hence better
    conditioned than monomials (Rosso, Ruthotto & Sargsyan 2025, Weight-parameterization in
    continuous time deep neural networks for surrogate modeling). Every |P_k| is 1 at t = 0, so
    all coefficients are trained even with one layer.
    """

    kind: Literal["legendre"] = "legendre"
    degree: int = setting(
        3, title="Degree", help="Degree of the polynomials W(t) and b(t).", ge=0, le=32
    )

    def count(self, depth: int) -> int:
        return self.degree + 1

    def basis(self, times: Array, count: int) -> Array:
        legendre = np.polynomial.legendre.legvander
        return np.asarray(legendre(2 * np.asarray(times, np.float64) - 1, count - 1))


class Constant(Weights):
    """One matrix for all layers."""

    kind: Literal["constant"] = "constant"

    def count(self, depth: int) -> int:
        return 1

    def basis(self, times: Array, count: int) -> Array:
        return np.ones((len(times), 1))


class Linear(Weights):
    """A straight line in time

    W(t) = W^(1) + (2 t/T - 1) W^(2): the mean and half the change, so that both are trained even
    with one layer.
    """

    kind: Literal["linear"] = "linear"

    def count(self, depth: int) -> int:
        return 2

    def basis(self, times: Array, count: int) -> Array:
        return Legendre(degree=1).basis(times, 2)


class PiecewiseLinear(Weights):
    """Straight lines between knots

    phi_k is 1 at knot k, 0 at the others, and straight between: W(t) is continuous, and its
    coefficients are its values at the knots, evenly spaced from 0 to T. A network of fewer
    layers than knots has as many knots as layers: more would leave some untrained.
    """

    kind: Literal["piecewise-linear"] = "piecewise-linear"
    knots: int = setting(
        4,
        title="Knots",
        help="Knots of W(t) and b(t), evenly spaced from 0 to T; at most one a layer.",
        ge=1,
        le=512,
    )

    def count(self, depth: int) -> int:
        return min(self.knots, depth)

    def basis(self, times: Array, count: int) -> Array:
        if count == 1:
            return np.ones((len(times), 1))
        distance = np.asarray(times)[:, None] * (count - 1) - np.arange(count)
        return np.asarray(np.clip(1 - np.abs(distance), 0, None))

    def resized(self, depth: int, count: int) -> Weights:
        return PiecewiseLinear(knots=count)


_CLASSES: tuple[type[Weights], ...] = (PerLayer, Constant, Linear, Legendre, PiecewiseLinear)
WEIGHTS: dict[str, type[Weights]] = {kind_of(w): w for w in _CLASSES}

if TYPE_CHECKING:
    AnyWeights = Weights
else:
    AnyWeights = Annotated[Union[_CLASSES], Discriminator("kind")]  # noqa: UP007 (from a tuple)
