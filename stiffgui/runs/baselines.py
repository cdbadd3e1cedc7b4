"""What well-known methods make of the same rows: scikit-learn's, fitted to the training part."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from stiffgui.errors import need_library
from stiffgui.tasks.scores import Array, r2

if TYPE_CHECKING:
    from stiffgui.tasks import Data


def _ridge(inputs: int) -> Any:
    from sklearn.linear_model import RidgeCV

    return RidgeCV(alphas=np.logspace(-3, 4, 15))


def _boosting(inputs: int) -> Any:
    from sklearn.ensemble import GradientBoostingRegressor

    return GradientBoostingRegressor(
        n_estimators=500, learning_rate=0.05, max_depth=3, subsample=0.7, random_state=0
    )


def _gaussian_process(inputs: int) -> Any:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    lengths = RBF(np.full(inputs, inputs**0.5), (1e-1, 1e3))
    kernel = ConstantKernel(1.0, (1e-3, 1e3)) * lengths + WhiteKernel(1e-2, (1e-8, 1e1))
    return GaussianProcessRegressor(kernel, normalize_y=True)


PROCESS = "Gaussian process"
PROCESS_ROWS = 1000  # at most: its time grows with their third power
# Title -> what makes an estimator of one output, of inputs with mean 0 and deviation 1.
BASELINES: dict[str, Callable[[int], Any]] = {
    "ridge": _ridge,
    "gradient boosting": _boosting,
    PROCESS: _gaussian_process,
}


def baseline_scores(data: Data) -> Iterator[tuple[str, Array]]:
    """Title and test R2 per output [o] of each method, fitted to the training rows, one output at
    a time. Raises InputError without scikit-learn.

    Ridge with a penalty chosen by leave-one-out among 15 from 1e-3 to 1e4; 500 boosted trees of
    depth 3 at rate 0.05; a Gaussian process with a squared exponential kernel, a length scale for
    each input and noise, by the greatest marginal likelihood, on at most `PROCESS_ROWS` rows taken
    at random, which its title says then.
    """
    need_library("sklearn", "fitting other methods", "baselines", "scikit-learn")
    shift, spread = data.x_train.mean(0), data.x_train.std(0)
    spread = np.where(spread > 0, spread, 1.0)
    x_train, x_test = ((x - shift) / spread for x in (data.x_train, data.x_test))
    for name, make in BASELINES.items():
        title = name
        predicted = np.empty_like(data.y_test)
        rows = np.arange(len(x_train))
        if name == PROCESS and len(rows) > PROCESS_ROWS:
            rows = np.random.default_rng(0).choice(rows, PROCESS_ROWS, replace=False)
            title = f"{name} ({PROCESS_ROWS} rows)"
        # Matrices of some hundred rows are slower on several threads. Warnings are of length scales
        # at their bounds: such an input does not matter.
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for k in range(predicted.shape[1]):
                fitted = make(x_train.shape[1]).fit(x_train[rows], data.y_train[rows, k])
                predicted[:, k] = fitted.predict(x_test)
        yield title, r2(data.y_test, predicted)
