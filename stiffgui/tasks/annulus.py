"""A disc inside a ring: two sets that no flow of the plane can separate by a line."""

from __future__ import annotations

from typing import Literal

import numpy as np

from stiffgui.tasks.base import Array, Data, DrawnTask, data_seed, test_samples, training_samples


class Annulus(DrawnTask):
    """Disc and ring (annulus)

    f = -1 where |x| <= 0.4, +1 where 0.6 <= |x| <= 1, in the plane. A flow is a
    homeomorphism: the ring stays around the disc, and no line separates them afterwards; one more
    dimension lifts the disc out. Source: Dupont, Doucet & Teh 2019, Augmented neural ODEs,
    NeurIPS 32, proposition 2.
    """

    kind: Literal["annulus"] = "annulus"
    train_samples: int = training_samples(200, "Half of them in the disc.")
    test_samples: int = test_samples(200, "Half of them in the disc.")
    seed: int = data_seed("the samples")

    def domain(self) -> Array:
        return np.tile([-1.0, 1.0], (2, 1))

    def function(self, x: Array) -> Array:
        """The sign of |x| - 0.5: between the sets it is a free choice."""
        return np.where(np.linalg.norm(x, axis=1, keepdims=True) > 0.5, 1.0, -1.0)

    def data(self) -> Data:
        train, test = self.streams(2)
        x_train, x_test = _points(train, self.train_samples), _points(test, self.test_samples)
        x = _points(self.validation_stream(), self.validation_samples)
        return Data(
            x_train,
            self.function(x_train),
            x_test,
            self.function(x_test),
            ("x1", "x2"),
            ("f(x)",),
            x_validation=x,
            y_validation=self.function(x),
        )


def _points(random: np.random.Generator, count: int) -> Array:
    """Points uniform in area: disc and ring in turn."""
    inside = np.arange(count) % 2 == 0
    share = random.uniform(0, 1, count)
    squared = np.where(inside, 0.4**2 * share, 0.6**2 + (1 - 0.6**2) * share)
    angle = random.uniform(0, 2 * np.pi, count)
    return np.asarray(np.sqrt(squared)[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1))
