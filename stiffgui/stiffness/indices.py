"""Exact stiffness indices in float64, without gradients: what people are shown.

Letters for shapes: R trials, N layers, L some of them, B samples, w width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stiffgui.stiffness.eigen import EPS, Array
from stiffgui.stiffness.matrices import Matrices
from stiffgui.stiffness.pseudospectrum import PERTURBATION

Bools = NDArray[np.bool_]
Places = NDArray[np.intp]
ILL_CONDITIONED = 1e-6  # relative error by rounding beyond which an index is not called exact

# What an index is made of: entries only; one number of LAPACK's, or all of them; a proxy's own way;
# `layers`: the product of all layers up to each.
Need = Literal[
    "norm",
    "largest",
    "radius",
    "singular-values",
    "eigenvalues",
    "log-norms",
    "step-norm",
    "pseudospectrum",
    "layers",
    "proxy",
]
Over = Literal["sum", "mean", "max", "min", "last"]
# How the network's index follows from those of its layers, in words.
OVER: dict[Over, str] = {
    "sum": "summed over layers",
    "mean": "mean over layers",
    "max": "largest of the layers",
    "min": "smallest of the layers",
    "last": "whole network",
}


@dataclass(frozen=True)
class Index:
    """`value(matrices)` gives [...]; NaN where the index is undefined.

    `flagged(matrices)` marks undefined or floored matrices; `flag` is the word for it.
    `logarithmic`: whether an axis of its values is best logarithmic. `needs`: what it is made of.
    `over`: how the network's index follows from those of the layers. `unit`: `1/time` of what is
    proportional to J. `error(matrices)`: a bound of the relative error by rounding (of what is
    under a logarithm), [...]: beyond ILL_CONDITIONED a matrix is flagged, too. `of_step`: whether
    it takes the step size. `reading`: how to read it. `source`: where it comes from.
    """

    title: str
    help: str
    value: Callable[[Matrices], Array]
    flagged: Callable[[Matrices], Bools] | None = None
    flag: str = ""
    logarithmic: bool = True
    needs: Need = "eigenvalues"
    over: Over = "sum"
    unit: str = ""
    error: Callable[[Matrices], Array] | None = None
    of_step: bool = False
    reading: str = ""
    source: str = ""

    @property
    def can_be_flagged(self) -> bool:
        """Whether the fraction of flagged samples is recorded."""
        return self.flagged is not None or self.error is not None

    def flags(self, matrices: Matrices) -> Bools:
        """Matrices whose value is undefined, floored or ill-conditioned, [...]."""
        undefined = False if self.flagged is None else self.flagged(matrices)
        doubtful = False if self.error is None else self.error(matrices) > ILL_CONDITIONED
        return np.asarray(undefined | doubtful)


def _ratio_real(m: Matrices) -> Array:
    undefined = _fewer_than_two_decay(m)
    ends = (-_of(m.eigenvalues.real, end) for end in _decaying_ends(m))
    slowest, fastest = (np.log10(np.where(undefined, 1.0, end)) for end in ends)
    return np.where(undefined, np.nan, fastest - slowest)


def _decaying_ends(m: Matrices) -> tuple[Places, Places]:
    real, decays = m.eigenvalues.real, m.decays
    slowest = np.where(decays, real, -np.inf).argmax(-1)
    return slowest, np.where(decays, real, np.inf).argmin(-1)


def _of(values: Array, place: Places) -> Array:
    return np.take_along_axis(values, place[..., None], -1)[..., 0]


def _relative(errors: Array, sizes: Array) -> Array:
    """Infinite where an error has nothing to compare with, 0 where there is none."""
    known = sizes > 0
    return np.where(known, errors / np.where(known, sizes, 1), np.where(errors > 0, np.inf, 0))


def _error_at(m: Matrices, place: Places) -> Array:
    """The relative error of an eigenvalue of each matrix, [...]."""
    return _relative(_of(m.errors, place), _of(np.abs(m.eigenvalues), place))


def _ratio_error(m: Matrices) -> Array:
    real = np.abs(m.eigenvalues.real)
    ends = (_relative(_of(m.errors, end), _of(real, end)) for end in _decaying_ends(m))
    return next(ends) + next(ends)


def _modulus_error(m: Matrices) -> Array:
    moduli = np.abs(m.eigenvalues)
    return _error_at(m, moduli.argmax(-1)) + _error_at(m, moduli.argmin(-1))


def _rightmost(m: Matrices) -> Places:
    return np.asarray(m.eigenvalues.real.argmax(-1))


def _unstable(m: Matrices) -> Array:
    return np.asarray((np.abs(1 + m.step * m.eigenvalues) > 1).mean(-1))


def _undecided(m: Matrices) -> Array:
    """The fraction of eigenvalues that rounding may carry over the edge of the disc by more than
    ILL_CONDITIONED of its radius."""
    reach = m.step * m.errors
    off = np.abs(np.abs(1 + m.step * m.eigenvalues) - 1)
    return np.asarray(((reach > ILL_CONDITIONED) & (off <= reach)).mean(-1))


def _exponent(m: Matrices, order: int) -> Array:
    """log sigma_order(P_n) / (n a), [..., N, B]."""
    logs = m.growth[..., order - 1]
    return logs / (m.step * np.arange(1, logs.shape[-2] + 1))[:, None]


def _fewer_than_two_decay(m: Matrices) -> Bools:
    return np.asarray(m.decays.sum(-1) < 2)


def _floored_log_ratio(large: Array, small: Array) -> Array:
    """log10(large / small) with small floored at eps * large; 0 for a zero matrix."""
    safe = np.where(large > 0, large, 1.0)
    return -np.log10(np.maximum(np.where(large > 0, small / safe, 1.0), EPS))


def _modulus_ends(m: Matrices) -> tuple[Array, Array]:
    moduli = np.abs(m.eigenvalues)
    return moduli.max(-1), moduli.min(-1)


def _singular_ends(m: Matrices) -> tuple[Array, Array]:
    return m.singular_values[..., 0], m.singular_values[..., -1]


def _is_floored(large: Array, small: Array) -> Bools:
    return (large > 0) & (small <= EPS * large)


INDICES: dict[str, Index] = {
    "frobenius": Index(
        "Frobenius norm",
        "||J||_F, an upper bound of the singular values",
        lambda m: m.norm,
        needs="norm",
        unit="1/time",
        reading="Above every singular value and every |l|. It sums over all directions, so it "
        "hardly tells one fast direction from many slower ones.",
        source="Golub & Van Loan 2013, Matrix Computations, section 2.3",
    ),
    "singular": Index(
        "Singular value",
        "sigma_1, the largest singular value",
        lambda m: m.largest,
        needs="largest",
        unit="1/time",
        reading="The most that J stretches a vector. Far above the spectral radius where J is "
        "far from normal.",
        source="Golub & Van Loan 2013, Matrix Computations, section 2.4",
    ),
    "spectral-radius": Index(
        "Spectral radius",
        "|l_1|, the largest modulus of an eigenvalue",
        lambda m: m.radius,
        flag="ill-conditioned",
        needs="radius",
        unit="1/time",
        error=lambda m: _relative(m.radius_error, m.radius),
        reading="The fastest rate of a layer. Where a |l_1| > 2 a step of explicit Euler is "
        "unstable, whatever the direction of l_1.",
        source="Hairer & Wanner 1996, Solving Ordinary Differential Equations II, section IV.2",
    ),
    "mean-modulus": Index(
        "Mean modulus",
        "mean of |l_k| over the eigenvalues",
        lambda m: np.abs(m.eigenvalues).mean(-1),
        flag="ill-conditioned",
        needs="eigenvalues",
        unit="1/time",
        error=lambda m: _relative(m.errors.sum(-1), np.abs(m.eigenvalues).sum(-1)),
        reading="How fast the directions are on the average, where the spectral radius is that "
        "of the fastest.",
    ),
    "condition": Index(
        "Condition, log10",
        "log10 of sigma_1/sigma_w, floored at machine precision",
        lambda m: _floored_log_ratio(*_singular_ends(m)),
        lambda m: _is_floored(*_singular_ends(m)),
        "floored",
        logarithmic=False,
        needs="singular-values",
        reading="0 where J stretches all directions alike; 16 where some direction is lost to "
        "machine precision.",
        source="Josias & Brink 2022",
    ),
    "ratio-real": Index(
        "Stiffness ratio, log10",
        "log10 of Re(l_min)/Re(l_max) over the eigenvalues that decay by more than rounding may "
        "have moved them; undefined with fewer than two",
        _ratio_real,
        _fewer_than_two_decay,
        "undefined or ill-conditioned",
        logarithmic=False,
        needs="eigenvalues",
        error=_ratio_error,
        reading="How much faster the fastest direction decays than the slowest: 3 is a thousand "
        "times. The classical measure of stiffness.",
        source="Lambert 1991, Numerical Methods for Ordinary Differential Systems, section 6.2",
    ),
    "ratio-modulus": Index(
        "Modulus ratio, log10",
        "log10 of |l_1|/|l_w|, floored at machine precision",
        lambda m: _floored_log_ratio(*_modulus_ends(m)),
        lambda m: _is_floored(*_modulus_ends(m)),
        "floored or ill-conditioned",
        logarithmic=False,
        needs="eigenvalues",
        error=_modulus_error,
        reading="As the stiffness ratio, for directions that turn or grow as well as for those "
        "that decay.",
    ),
    "log-norm": Index(
        "Logarithmic norm",
        "mu_2(J), the largest eigenvalue of (J + J^T)/2: how fast a perturbation may grow at once",
        lambda m: m.log_norms[..., 1],
        logarithmic=False,
        needs="log-norms",
        unit="1/time",
        reading="Above 0 a perturbation may grow at first, even where every eigenvalue lies in "
        "the left half plane.",
        source="Söderlind 2006, BIT 46, 631",
    ),
    "log-norm-lower": Index(
        "Lower logarithmic norm",
        "-mu_2(-J), the smallest eigenvalue of (J + J^T)/2: how fast one may decay",
        lambda m: m.log_norms[..., 0],
        logarithmic=False,
        needs="log-norms",
        unit="1/time",
        reading="Far below 0 some direction decays fast, at once.",
        source="Söderlind 2006, BIT 46, 631",
    ),
    "stiffness-indicator": Index(
        "Stiffness indicator",
        "mean of upper and lower logarithmic norm; large and negative where a problem is stiff",
        lambda m: m.log_norms.mean(-1),
        logarithmic=False,
        needs="log-norms",
        unit="1/time",
        reading="Large and negative: steps are limited by fast decay, not by accuracy.",
        source="Söderlind, Jay & Calvo 2015, BIT 55, 531",
    ),
    "abscissa": Index(
        "Spectral abscissa",
        "max Re l, how fast perturbations grow in the long run",
        lambda m: m.eigenvalues.real.max(-1),
        flag="ill-conditioned",
        logarithmic=False,
        unit="1/time",
        error=lambda m: _error_at(m, _rightmost(m)),
        reading="Below 0 every small perturbation dies out in the end, if the layer went on for "
        "ever.",
        source="Trefethen & Embree 2005, Spectra and Pseudospectra",
    ),
    "pseudo-abscissa": Index(
        "Pseudospectral abscissa",
        f"max Re l over all perturbations of J by {PERTURBATION:g} ||J||_2",
        lambda m: m.pseudo_abscissa,
        logarithmic=False,
        needs="pseudospectrum",
        unit="1/time",
        reading="Well above the spectral abscissa where small errors of J move its eigenvalues "
        "far.",
        source="Trefethen & Embree 2005, Spectra and Pseudospectra",
    ),
    "step-norm": Index(
        "Norm of I + aJ",
        "||I + a J||_2, how much a step of explicit Euler amplifies a perturbation at most",
        lambda m: m.step_norm,
        needs="step-norm",
        over="max",
        of_step=True,
        reading="Up to 1: no perturbation grows in this layer's step.",
    ),
    "unstable": Index(
        "Unstable eigenvalues",
        "fraction of eigenvalues that explicit Euler amplifies, |1 + a l| > 1",
        _unstable,
        flag="ill-conditioned",
        logarithmic=False,
        over="mean",
        error=_undecided,
        of_step=True,
        reading="0 %: every direction is stable in the step of a layer. Eigenvalues in the "
        "right half plane count, however small the step.",
        source="Hairer & Wanner 1996, Solving Ordinary Differential Equations II, section IV.2",
    ),
    "propagator": Index(
        "Propagator norm, log10",
        "log10 of ||P_n||_2, P_n = (I + a J_n) ... (I + a J_1): growth up to a layer",
        lambda m: m.growth[..., 0] / np.log(10),
        logarithmic=False,
        needs="layers",
        over="last",
        of_step=True,
        reading="Above 0 some perturbation of the input has grown behind the layers; 1 is ten "
        "times.",
    ),
    **{
        name: Index(
            title,
            f"log sigma_{order}(P_n) / (n a) of the layers up to one: finite-time growth rate",
            partial(_exponent, order=order),
            logarithmic=False,
            needs="layers",
            over="last",
            of_step=True,
            unit="1/time",
            reading="Above 0 neighbouring inputs part on their way through the layers.",
            source="Benettin et al. 1980, Meccanica 15, 9",
        )
        for order, (name, title) in enumerate(
            {
                "lyapunov": "Lyapunov exponent",
                "lyapunov-2": "Second Lyapunov exponent",
                "lyapunov-3": "Third Lyapunov exponent",
            }.items(),
            1,
        )
    },
}


def network_index(layers: Array, over: Over = "sum") -> Array:
    """The network's index from those of its layers [..., N] -> [...], as its `Index.over` says
    (NaN layers are left out; the last layer stands for the whole network or for nothing)."""
    if over == "last":
        return layers[..., -1]
    known = np.isfinite(layers)
    if over == "max":
        result = np.where(known, layers, -np.inf).max(-1)
    elif over == "min":
        result = np.where(known, layers, np.inf).min(-1)
    else:
        result = np.where(known, layers, 0.0).sum(-1)
        if over == "mean":
            result = result / np.maximum(known.sum(-1), 1)
    return np.where(known.any(-1), result, np.nan)
