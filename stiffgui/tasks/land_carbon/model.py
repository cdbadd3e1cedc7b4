"""The reduced land-carbon model: carbon pools of a deciduous forest, a day at a time.

DALEC-like carbon pools, ACM photosynthesis (Williams et al. 1997, Ecol. Appl. 7, 882), and the
soil cascade CTC (Thornton & Rosenbloom 2005, Ecol. Model. 189, 25), in the manner of simple ELM
(Lu & Ricciuto 2019, Geosci. Model Dev. 12, 1791). A stand-in to learn from: it is not ELM.

Letters for shapes: M members of an ensemble. Pools in gC/m², fluxes in gC/m²/d.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stiffgui.tasks.land_carbon.drivers import DAYS, year

Array = NDArray[np.float64]

# The pools, in order; lit is litter, som soil organic matter, cwd coarse woody debris.
LEAF, LEAF_STORAGE, ROOT, ROOT_STORAGE = range(4)
LIVE_STEM, DEAD_STEM, LIVE_COARSE_ROOT, DEAD_COARSE_ROOT = range(4, 8)
LIT1, LIT2, LIT3, SOM1, SOM2, SOM3, SOM4, CWD = range(8, 16)
POOLS = 16
LEAF_ROOT, WOOD, SOM = slice(0, 4), slice(4, 8), slice(11, 15)
CASCADE = slice(LIT1, SOM4 + 1)
# Leaf and root; their storages.
FRESH, STORED = slice(LEAF, ROOT + 1, 2), slice(LEAF_STORAGE, ROOT_STORAGE + 1, 2)
LIVE = slice(LIVE_STEM, LIVE_COARSE_ROOT + 1, 2)
DEAD = slice(DEAD_STEM, DEAD_COARSE_ROOT + 1, 2)

CO2 = 360.0  # ppm
NDAYS_ON, NDAYS_OFF = 30, 15
LIVEWDCN, FSTOR2TRAN, CROOT_STEM, F_LIVEWD, LWTOP, FPI = 50.0, 0.5, 0.3, 0.1, 0.7, 0.1
# Decay rates per day and respired shares of lit1-3 and som1-4; som3's rate is an input.
RATES = (1.2039728, 0.0725707, 0.0140989, 0.0725707, 0.0140989244, np.nan, 0.0001)
RESPIRED = (0.39, 0.55, 0.29, 0.28, 0.46, 0.55, 1.0)


class Fluxes(NamedTuple):
    """A day's fluxes [M] in gC/m²/d, and the leaf area index in m²/m²."""

    gpp: Array
    npp: Array
    ra: Array
    hr: Array
    lai: Array


class Ecosystem:
    """M forests side by side; `step` takes them through the next day.

    `parameters`: the 15 inputs by name, [M] each. `pools` [16, M] are the carbon pools in the
    order of their names above.
    """

    def __init__(self, parameters: Mapping[str, Array]) -> None:
        self.parameters = p = dict(parameters)
        self.day = 0
        members = len(p["nue"])
        self.pools = np.zeros((POOLS, members), dtype=np.float64)
        self.pools[LEAF_STORAGE] = 10.0
        self.pools[SOM4] = 1000.0
        self._year = year()
        self._onset, self._offset = self._seasons()
        # Days of flushing and litter fall that are left, and what moves on each of them.
        self._flushing, self._falling = np.zeros((2, members), dtype=np.int64)
        self._flush = np.zeros((2, members), dtype=np.float64)
        self._fall = np.zeros((2, members), dtype=np.float64)
        self._npp_last, self._npp_this = np.zeros((2, members), dtype=np.float64)
        self._log_q10_mr, self._log_q10_hr = np.log(p["q10_mr"]), np.log(p["q10_hr"])
        rates = np.tile(np.array(RATES)[:, None], members)
        rates[SOM3 - LIT1] = p["k_som3"]
        rates[:3] *= FPI
        self._rates, self._respired = rates, np.array(RESPIRED)[:, None]
        self._nitrogen = p["nue"] / (p["leafcn"] * p["slatop"])
        self._begin_year()

    def step(self) -> Fluxes:
        """The next day: every flux is taken from the pools at its start, then all are applied."""
        d, pools, p = self.day % DAYS, self.pools, self.parameters
        if d == 0 and self.day:
            self._begin_year()
        change = np.zeros_like(pools)
        leaf_fall, root_fall = self._phenology(d, change)
        lai = pools[LEAF] * p["slatop"]
        gpp = self._photosynthesis(d, lai)
        mr = self._maintenance(d)
        surplus = gpp - mr
        a = p["fpg"] * np.maximum(surplus, 0.0)
        gpp = np.where(surplus > 0, mr + a, gpp)
        gr = self._allocate(a, np.minimum(surplus, 0.0), change)
        npp = gpp - mr - gr
        wood_fall = self._turnover(change)
        hr = self._decompose(d, change)
        litter = leaf_fall + root_fall
        change[LIT1] += 0.25 * litter
        change[LIT2] += 0.25 * litter + 0.24 * wood_fall
        change[LIT3] += 0.50 * litter + 0.76 * wood_fall
        pools += change
        self._npp_this += npp
        self.day += 1
        return Fluxes(gpp, npp, mr + gr, hr, lai)

    def _seasons(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Day of the year (from 0) on which leaves flush and begin to fall; -1 for never."""
        weather, p = self._year, self.parameters
        warm = weather.degree_days[:, None] >= p["gdd_crit"]
        crit = p["crit_dayl"] / 3600.0
        length = weather.day_length[:, None]
        short = (np.roll(length, 1, axis=0) >= crit) & (length < crit)
        return tuple(np.where(s.any(0), s.argmax(0), -1) for s in (warm, short))  # type: ignore

    def _begin_year(self) -> None:
        """Wood's share of growth follows from last year's NPP."""
        p = self.parameters
        if self.day:
            self._npp_last, self._npp_this = self._npp_this, np.zeros_like(self._npp_this)
        exponent = np.minimum(-0.004 * (self._npp_last - 300.0), 700.0)
        self._f2 = np.maximum(p["stem_leaf"] / (1 + np.exp(exponent)) - 0.4, 0.1)
        s = 1 + p["froot_leaf"] + self._f2 * (1 + CROOT_STEM)
        f = (1 + p["rg_frac"]) * s
        self._growth_respired = p["rg_frac"] * s / f
        stem, coarse = self._f2 / f, self._f2 * CROOT_STEM / f
        # What a unit of A adds to leaf and root storage and the four wood pools.
        self._shares = np.stack(
            [
                1 / f,
                p["froot_leaf"] / f,
                F_LIVEWD * stem,
                (1 - F_LIVEWD) * stem,
                F_LIVEWD * coarse,
                (1 - F_LIVEWD) * coarse,
            ]
        )

    def _phenology(self, d: int, change: Array) -> tuple[Array | float, Array | float]:
        """Move storage to leaves and roots in spring; returns what falls of them in autumn."""
        pools = self.pools
        starts = self._onset == d
        if starts.any():
            self._flushing[starts] = NDAYS_ON
            self._flush[:, starts] = FSTOR2TRAN / NDAYS_ON * pools[STORED, starts]
        if (on := self._flushing > 0).any():
            moved = np.where(on, self._flush, 0.0)
            change[FRESH] += moved
            change[STORED] -= moved
            self._flushing -= on
        # Nothing falls on the very first day: no day before it was longer.
        starts = (self._offset == d) & (self.day > 0)
        if starts.any():
            self._falling[starts] = NDAYS_OFF
            self._fall[:, starts] = pools[FRESH, starts] / NDAYS_OFF
        if (off := self._falling > 0).any():
            fallen = np.where(off, np.minimum(self._fall, pools[FRESH]), 0.0)
            change[FRESH] -= fallen
            self._falling -= off
            return fallen[0], fallen[1]
        return 0.0, 0.0

    def _photosynthesis(self, d: int, lai: Array) -> Array:
        """GPP of the aggregated canopy model (ACM), gC/m²/d."""
        weather = self._year
        if weather.mean[d] < 0:
            return np.zeros_like(lai)
        gc = 2**0.789798 / (0.37836 + weather.spread[d])
        leaf_area = np.maximum(lai, 0.5)
        p = leaf_area * self._nitrogen * (np.exp(0.011136 * weather.largest[d]) / gc)
        q = 4.22273 - 208.868
        b = CO2 + q - p
        ci = (b + np.sqrt(b * b - 4 * (CO2 * q - 4.22273 * p))) / 2
        square = leaf_area * leaf_area
        light = 7.19298 * weather.radiation[d] * square / (square + 2.1001)
        diffusion = gc * (CO2 - ci)
        gpp = light * diffusion / (light + diffusion)
        gpp *= 0.0156935 * weather.day_length[d] + 0.0453194
        gpp *= np.minimum(lai / 0.5, 1.0)
        return np.where(lai <= 1e-3, 0.0, gpp)

    def _maintenance(self, d: int) -> Array:
        p, pools = self.parameters, self.pools
        nitrogen = pools[LEAF] / p["leafcn"] + pools[ROOT] / p["frootcn"]
        nitrogen += (pools[LIVE_STEM] + pools[LIVE_COARSE_ROOT]) / LIVEWDCN
        warmth = np.exp(self._log_q10_mr * ((self._year.mean[d] - 25.0) / 25.0))
        return np.asarray(86400.0 * p["br_mr"] * nitrogen * warmth)

    def _allocate(self, a: Array, deficit: Array, change: Array) -> Array:
        """Spread A over the pools, take a deficit (<= 0) from dead wood; growth respiration."""
        grown = a * self._shares
        change[STORED] += grown[:2]
        change[WOOD] += grown[2:]
        whole = self._f2 + CROOT_STEM
        change[DEAD_STEM] += deficit * (self._f2 / whole)
        change[DEAD_COARSE_ROOT] += deficit * (CROOT_STEM / whole)
        return np.asarray(a * self._growth_respired)

    def _turnover(self, change: Array) -> Array:
        """Wood dies and becomes litter (returned); live wood becomes dead wood."""
        wood = self.pools[WOOD]
        died = wood * (self.parameters["r_mort"] / DAYS)
        change[WOOD] -= died
        hardened = self.pools[LIVE] * (LWTOP / DAYS)
        change[LIVE] -= hardened
        change[DEAD] += hardened
        return np.asarray(died.sum(0))

    def _decompose(self, d: int, change: Array) -> Array:
        """The cascade of litter and soil; heterotrophic respiration."""
        warmth = np.exp(self._log_q10_hr * ((self._year.mean[d] - 10.0) / 10.0))
        lost = self._rates * self.pools[CASCADE] * warmth
        respired = self._respired * lost
        passed = lost - respired
        change[CASCADE] -= lost
        change[SOM1:SOM4] += passed[:3]  # lit1 -> som1, lit2 -> som2, lit3 -> som3
        change[SOM2 : SOM4 + 1] += passed[3:6]  # som1 -> som2 -> som3 -> som4
        return np.asarray(respired.sum(0))
