"""x -> -x: the map that no trajectory of a scalar ODE can follow."""

from __future__ import annotations

from typing import Literal

import numpy as np

from stiffgui.tasks.base import Array, Data, DrawnTask, data_seed, test_samples, training_samples


class Reflection(DrawnTask):
    """Reflection, x to -x

    f(x) = -x on [-1, 1], one input. The flow of a well-posed scalar ODE is increasing, so it
    cannot represent f; one more dimension or a large step can. Source: Dupont, Doucet & Teh
    2019, Augmented neural ODEs, NeurIPS 32, proposition 1.
    """

    kind: Literal["reflection"] = "reflection"
    train_samples: int = training_samples(64, "Evenly spaced from -1 to 1.")
    test_samples: int = test_samples(200, "Drawn uniformly.")
    seed: int = data_seed("the test samples")

    def domain(self) -> Array:
        return np.array([[-1.0, 1.0]])

    def function(self, x: Array) -> Array:
        return -np.asarray(x, np.float64)

    def data(self) -> Data:
        x_train = np.linspace(-1, 1, self.train_samples)[:, None]
        x_test = np.random.default_rng(self.seed).uniform(-1, 1, (self.test_samples, 1))
        x = self.validation_stream().uniform(-1, 1, (self.validation_samples, 1))
        return Data(
            x_train,
            self.function(x_train),
            x_test,
            self.function(x_test),
            ("x1",),
            ("f(x)",),
            x_validation=x,
            y_validation=self.function(x),
        )
