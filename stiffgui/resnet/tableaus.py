"""One-step methods as data: what a layer may be besides explicit Euler."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tableau:
    """An explicit Runge-Kutta method (Butcher tableau), order `order`.

    k_i = f(t + c_i a, x + a sum_{j<i} matrix_ij k_j);  x(t + a) = x + a sum_i weights_i k_i.
    """

    order: int
    nodes: tuple[float, ...]
    matrix: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]


EULER = Tableau(1, (0.0,), ((),), (1.0,))
MIDPOINT = Tableau(2, (0.0, 0.5), ((), (0.5,)), (0.0, 1.0))
CLASSICAL = Tableau(
    4, (0.0, 0.5, 0.5, 1.0), ((), (0.5,), (0.0, 0.5), (0.0, 0.0, 1.0)), (1 / 6, 1 / 3, 1 / 3, 1 / 6)
)

EXPLICIT: dict[str, Tableau] = {"euler": EULER, "rk2": MIDPOINT, "rk4": CLASSICAL}
IMPLICIT_EULER = "implicit-euler"
INTEGRATORS = {
    "euler": "x + a f(t, x): the ordinary ResNet",
    "rk2": "midpoint rule, second order, two evaluations a layer",
    "rk4": "classical Runge-Kutta, fourth order, four evaluations a layer",
    IMPLICIT_EULER: "the new state in f, by Newton's method: stable for stiff layers",
}
