"""Ensembles of the reduced land-carbon model: inputs in, means of the last years out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError, nearest
from stiffgui.tasks.land_carbon.drivers import DAYS
from stiffgui.tasks.land_carbon.model import CWD, LEAF_ROOT, LIT1, SOM, SOM1, WOOD, Ecosystem
from stiffgui.tasks.land_carbon.quantities import INPUTS, OUTPUTS

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
YEARS = 30
AVERAGED_YEARS = 5
CHUNK = 640  # members whose pools and fluxes stay in a core's cache together


def simulate(
    inputs: Mapping[str, Any] | None = None,
    years: int = YEARS,
    progress: Callable[[float], None] | None = None,
) -> pd.DataFrame:
    """The ten outputs of every member, a row each: means over the last five years.

    `inputs`: values by name (`INPUTS`), one number or one per member; those left out are at their
    defaults. `progress` hears the fraction done. Raises InputError for an unknown name, lists of
    different lengths, and values that are not positive finite numbers.
    """
    import pandas as pd

    return pd.DataFrame(run(_checked(inputs or {}), years, progress), columns=list(OUTPUTS))


def run(
    parameters: Mapping[str, Array], years: int, progress: Callable[[float], None] | None = None
) -> Array:
    """Outputs [M, 10] of checked inputs [M]."""
    if years < AVERAGED_YEARS:
        raise InputError(
            f"{years} years are too few: the outputs are means over the last {AVERAGED_YEARS}."
        )
    members = len(parameters["nue"])
    blocks = []
    for start in range(0, members, CHUNK):
        rows = slice(start, min(start + CHUNK, members))
        forest = Ecosystem({name: values[rows] for name, values in parameters.items()})
        for done in _means(forest, years, block := np.zeros((rows.stop - start, len(OUTPUTS)))):
            if progress is not None:
                progress((start + done * len(block)) / members)
        blocks.append(block)
    if progress is not None:
        progress(1.0)
    return np.concatenate(blocks)


def _means(forest: Ecosystem, years: int, means: Array) -> Iterator[float]:
    """Fill `means` [M, 10]; yields the fraction done after every year."""
    total = np.zeros((len(OUTPUTS), forest.pools.shape[1]), dtype=np.float64)
    first, last = (years - AVERAGED_YEARS) * DAYS, years * DAYS
    for day in range(last):
        flux = forest.step()
        if day >= first:
            pools = forest.pools
            total[0] += flux.gpp
            total[1] += flux.npp
            total[2] += flux.ra
            total[3] += flux.hr
            total[5] += flux.lai
            total[6] += pools[LEAF_ROOT].sum(0)
            total[7] += pools[WOOD].sum(0)
            total[8] += pools[LIT1:SOM1].sum(0) + pools[CWD]
            total[9] += pools[SOM].sum(0)
        if forest.day % DAYS == 0:
            yield forest.day / last
    total /= last - first
    total[:4] *= DAYS
    total[4] = total[3] - total[1]
    means[:] = total.T


def _checked(inputs: Mapping[str, Any]) -> dict[str, Array]:
    """All 15 inputs as arrays [M]; InputError names the input at fault."""
    given: dict[str, Array] = {}
    for name, values in inputs.items():
        if name not in INPUTS:
            raise InputError(
                f"{name!r} is not an input of the land-carbon model; it has "
                f"{', '.join(INPUTS)}.{nearest(str(name), INPUTS)}"
            )
        try:
            given[name] = np.atleast_1d(np.asarray(values, dtype=np.float64))
        except (TypeError, ValueError):
            raise InputError(f"{name} must be a number or a list of numbers.") from None
        if given[name].ndim != 1 or not len(given[name]):
            raise InputError(f"{name} must be one number or a list of them, one per member.")
        bad = np.flatnonzero(~(np.isfinite(given[name]) & (given[name] > 0)))
        if len(bad):
            raise InputError(
                f"{name} of member {bad[0]} is {given[name][bad[0]]:g}; every input must be a "
                f"finite number above 0 (its usual range is {INPUTS[name].low:g} to "
                f"{INPUTS[name].high:g})."
            )
    lengths = {name: len(values) for name, values in given.items() if len(values) > 1}
    members = max(lengths.values(), default=1)
    for name, length in lengths.items():
        if length != members:
            longest = max(lengths, key=lengths.__getitem__)
            raise InputError(
                f"{name} has {length} values and {longest} has {members}: give one value, or one "
                f"per member."
            )
    return {
        name: np.broadcast_to(given.get(name, np.float64(spec.default)), members).copy()
        for name, spec in INPUTS.items()
    }
