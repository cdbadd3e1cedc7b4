"""A trained network at another depth, to be trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.experiment import Experiment
from stiffgui.resnet.refining import interpolated


def refine(
    experiment: Experiment, parameters: Mapping[str, NDArray[Any]], depth: int
) -> tuple[Experiment, dict[str, NDArray[Any]]]:
    """The experiment with `depth` layers, and its networks [R, ...] to begin with.

    Separate layers are interpolated in time; weights that are functions of time are the same
    functions, evaluated at more layers. Raises InputError when the depth is out of bounds.
    """
    weights = experiment.architecture.weights
    count = experiment.architecture.coefficients
    resized = weights.resized(depth, count).model_dump(mode="python")
    changes = {f"architecture.weights.{name}": value for name, value in resized.items()}
    deeper = experiment.with_settings({"architecture.depth": depth} | changes)
    refined = {name: np.array(values) for name, values in parameters.items()}
    if weights.smooth:
        return deeper, refined
    for name in ("layers.weight", "layers.bias"):
        refined[name] = interpolated(refined[name], depth)
    return deeper, refined
