"""What goes into the reduced land-carbon model and what comes out: names, ranges, units."""

from __future__ import annotations

from typing import NamedTuple


class Input(NamedTuple):
    """An uncertain parameter: uniform between `low` and `high`."""

    default: float
    low: float
    high: float
    unit: str


INPUTS: dict[str, Input] = {
    "gdd_crit": Input(500.0, 100.0, 700.0, "°C d"),
    "crit_dayl": Input(39300.0, 36000.0, 43000.0, "s"),
    "nue": Input(15.0, 7.5, 22.5, "gC/gN"),
    "slatop": Input(0.03, 0.015, 0.045, "m²/gC"),
    "leafcn": Input(25.0, 12.5, 37.5, "gC/gN"),
    "frootcn": Input(42.0, 21.0, 63.0, "gC/gN"),
    "froot_leaf": Input(1.0, 0.5, 1.5, ""),
    "stem_leaf": Input(2.7, 1.35, 4.05, ""),
    "rg_frac": Input(0.3, 0.15, 0.45, ""),
    "br_mr": Input(2.52e-6, 1.26e-6, 3.78e-6, "gC/gN/s"),
    "q10_mr": Input(1.5, 1.2, 2.25, ""),
    "r_mort": Input(0.02, 0.01, 0.03, "1/y"),
    "q10_hr": Input(1.5, 1.2, 2.25, ""),
    "fpg": Input(0.9, 0.70, 0.95, ""),
    "k_som3": Input(0.00140098, 0.0007, 0.0021, "1/d"),
}

# Means over the last five years; fluxes per year.
OUTPUTS: dict[str, str] = {
    "GPP": "gC/m²/y",
    "NPP": "gC/m²/y",
    "Ra": "gC/m²/y",
    "HR": "gC/m²/y",
    "NEE": "gC/m²/y",
    "LAI": "m²/m²",
    "leaf_root": "gC/m²",
    "wood": "gC/m²",
    "litter": "gC/m²",
    "som": "gC/m²",
}
