"""How much each input matters: length scales of a Gaussian process, fitted to training rows.

Inputs that do not matter disturb a network that has few rows to learn from; scaled by their
relevance they hardly reach it (automatic relevance determination: MacKay 1994, Neal 1996;
Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, chapters 2.3 and 5.1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
ROWS = 500  # a fit takes a time like their third power, some seconds for so many
STEPS = 60  # of L-BFGS
# Natural logarithms of length scales in deviations of their input, of the signal's deviation in
# those of the outputs, and of the noise's.
BOUNDS = {"length": (-3.0, 6.0), "signal": (-3.0, 5.0), "noise": (-6.0, 1.0)}


def relevance(x: Array, y: Array) -> Array:
    """1 / length scale of each input [d], with root mean square 1.

    Of the squared exponential kernel with a length scale for each input, noise, and one kernel
    for all outputs, by the greatest marginal likelihood; x [rows, d] and y [rows, o] standardised.
    Of more than 500 rows so many are taken, evenly spaced.
    """
    from scipy.optimize import minimize

    rows = np.linspace(0, len(x) - 1, min(ROWS, len(x))).astype(int)
    x, y = x[rows], y[rows]
    inputs = x.shape[1]
    start = np.array([*[np.log(np.sqrt(inputs))] * inputs, 0.0, np.log(0.1)])
    bounds = [BOUNDS["length"]] * inputs + [BOUNDS["signal"], BOUNDS["noise"]]
    found = minimize(
        lambda logs: negative_log_likelihood(logs, x, y),
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": STEPS},
    )
    inverse = np.exp(-found.x[:inputs])
    return np.asarray(inverse / np.sqrt(np.square(inverse).mean()))


def negative_log_likelihood(logs: Array, x: Array, y: Array) -> tuple[float, Array]:
    """Of y [rows, o], without its constant, and the gradient [d + 2], at the logarithms of the
    length scales, the signal's and the noise's deviation (Rasmussen & Williams 2006, eqs. 2.30
    and 5.9, summed over outputs)."""
    from scipy.linalg import cho_solve, cholesky

    scaled, signal, noise = x * np.exp(-logs[:-2]), np.exp(2 * logs[-2]), np.exp(2 * logs[-1])
    squares = np.square(scaled).sum(1)
    distances = np.maximum(squares[:, None] + squares - 2 * scaled @ scaled.T, 0.0)
    kernel = signal * np.exp(-distances / 2)
    identity = np.eye(len(x))
    factor = cholesky(kernel + (noise + 1e-10) * identity, lower=True)
    inverse, solved = cho_solve((factor, True), identity), cho_solve((factor, True), y)
    outputs = y.shape[1]
    value = (y * solved).sum() / 2 + outputs * np.log(np.diag(factor)).sum()
    slope = (outputs * inverse - solved @ solved.T) / 2  # by the covariance matrix
    by_kernel = slope * kernel
    # The kernel by log l_i is itself times (z_i - z_i')^2.
    by_lengths = 2 * (
        np.square(scaled).T @ by_kernel.sum(1) - np.einsum("ai,ai->i", scaled, by_kernel @ scaled)
    )
    return float(value), np.array([*by_lengths, 2 * by_kernel.sum(), 2 * noise * np.trace(slope)])
