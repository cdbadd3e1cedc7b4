"""Robertson's reactions: a stiff target whose components differ by five orders of magnitude."""

from __future__ import annotations

from typing import Literal

import numpy as np

from stiffgui.settings import setting
from stiffgui.tasks.base import Array, Data, DrawnTask, data_seed, test_samples, training_samples
from stiffgui.tasks.cache import cached

EARLIEST, LATEST = -5.0, 5.0  # log10 of the time
RATES = (0.04, 3e7, 1e4)
VERSION = 1  # of the solution below: raise it when the numbers change


class Robertson(DrawnTask):
    """Robertson's stiff reactions over time

    y1' = -0.04 y1 + 1e4 y2 y3, y2' = 0.04 y1 - 1e4 y2 y3 - 3e7 y2^2, y3' = 3e7 y2^2 from (1, 0, 0):
    log10 t in [-5, 5] to the three concentrations. y2 stays below 4e-5: in its own units it does
    not count in the loss. Equation scaling divides every component by its range, as the right-hand
    side of its equation then is (Kim, Ji, Deng, Ma & Rackauckas 2021, Stiff neural ODEs), and lets
    it weigh as much as the others. Source: Robertson 1966; solved by Radau, tolerance 1e-10.
    """

    kind: Literal["robertson"] = "robertson"
    scaling: str = setting(
        "equation",
        title="Scaling",
        help="Units in which the outputs are learnt; errors are in these.",
        choices={
            "equation": "minus the least value, divided by the range (Kim et al. 2021)",
            "standard": "mean 0 and deviation 1, as other tasks",
            "none": "own units: the small component is not seen",
        },
    )
    train_samples: int = training_samples(200, "Evenly spaced in log t.")
    test_samples: int = test_samples(100, "Drawn uniformly in log t.")
    seed: int = data_seed("the test samples")

    @property
    def outputs(self) -> int:
        return 3

    def domain(self) -> Array:
        return np.array([[-1.0, 1.0]])

    def data(self) -> Data:
        x_train = np.linspace(-1, 1, self.train_samples)[:, None]
        x_test = np.random.default_rng(self.seed).uniform(-1, 1, (self.test_samples, 1))
        x_kept = self.validation_stream().uniform(-1, 1, (self.validation_samples, 1))
        x = np.concatenate([x_train, x_test, x_kept])
        y = cached("robertson", VERSION, x, lambda: concentrations(_times(x[:, 0])), 3)
        y_train, y_test, y_kept = np.split(y, np.cumsum([self.train_samples, self.test_samples]))
        shift, scale = np.zeros(3), np.ones(3)
        if self.scaling == "standard":
            shift, scale = y_train.mean(0), y_train.std(0)
        elif self.scaling == "equation":
            shift, scale = y_train.min(0), np.ptp(y_train, axis=0)
        own = Data(
            x_train,
            y_train,
            x_test,
            y_test,
            ("log10 t",),
            ("y1", "y2", "y3"),
            input_shift=np.array([(EARLIEST + LATEST) / 2]),
            input_scale=np.array([(LATEST - EARLIEST) / 2]),
            x_validation=x_kept,
            y_validation=y_kept,
        )
        return own.scaled(shift, scale)


def _times(x: Array) -> Array:
    """The times of scaled inputs, -1 to 1."""
    return np.asarray(10 ** ((EARLIEST + LATEST) / 2 + (LATEST - EARLIEST) / 2 * x))


def concentrations(times: Array) -> Array:
    """y1, y2, y3 [M, 3] at positive times [M], in any order."""
    from scipy.integrate import solve_ivp

    slow, fast, back = RATES

    def rate(t: float, y: Array) -> Array:
        first, second, third = slow * y[0], fast * y[1] ** 2, back * y[1] * y[2]
        return np.array([-first + third, first - third - second, second])

    def jacobian(t: float, y: Array) -> Array:
        e, a = np.array([slow, 0, 0]), np.array([0, back * y[2], back * y[1]])
        b = np.array([0, 2 * fast * y[1], 0])
        return np.stack([-e + a, e - a - b, b])

    distinct, place = np.unique(times, return_inverse=True)
    solution = solve_ivp(
        rate,
        (0.0, float(distinct[-1])),
        [1.0, 0.0, 0.0],
        method="Radau",
        jac=jacobian,
        t_eval=distinct,
        rtol=1e-10,
        atol=1e-14,
    )
    return np.asarray(solution.y.T[place])
