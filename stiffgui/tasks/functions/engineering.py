"""Test functions from engineering: inputs with units and ranges of their own."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from stiffgui.tasks.base import Array
from stiffgui.tasks.functions.base import BenchmarkFunction


class _Device(BenchmarkFunction):
    """Named inputs with a range each."""

    RANGES: ClassVar[dict[str, tuple[float, float]]]

    def box(self) -> Array:
        return np.array(list(self.RANGES.values()), dtype=np.float64)

    def names(self) -> tuple[str, ...]:
        return tuple(self.RANGES)


class Borehole(_Device):
    """Borehole function

    Water that flows through a borehole between two aquifers, m³/y; uniform inputs. Source: Harper
    & Gupta (1983), BMI/ONWI-516; ranges of Morris, Mitchell & Ylvisaker (1993), Technometrics
    35, 243.
    """

    kind: Literal["borehole"] = "borehole"
    RANGES: ClassVar[dict[str, tuple[float, float]]] = {
        "rw": (0.05, 0.15),  # radius of the borehole, m
        "r": (100.0, 50_000.0),  # radius of influence, m
        "Tu": (63_070.0, 115_600.0),  # transmissivity of the upper aquifer, m²/y
        "Hu": (990.0, 1110.0),  # head of the upper aquifer, m
        "Tl": (63.1, 116.0),  # transmissivity of the lower aquifer, m²/y
        "Hl": (700.0, 820.0),  # head of the lower aquifer, m
        "L": (1120.0, 1680.0),  # length of the borehole, m
        "Kw": (9855.0, 12_045.0),  # conductivity of the borehole, m/y
    }
    UNIT: ClassVar[str] = "m³/y"

    def value(self, x: Array) -> Array:
        rw, r, tu, hu, tl, hl, length, kw = x.T
        spread = np.log(r / rw)
        resistance = 1 + 2 * length * tu / (spread * rw**2 * kw) + tu / tl
        return np.asarray(2 * np.pi * tu * (hu - hl) / (spread * resistance))


class OtlCircuit(_Device):
    """OTL circuit function

    Mid-point voltage of a push-pull circuit without output transformer, V. Source: Ben-Ari &
    Steinberg (2007), Qual. Eng. 19, 327.
    """

    kind: Literal["otl-circuit"] = "otl-circuit"
    RANGES: ClassVar[dict[str, tuple[float, float]]] = {
        "Rb1": (50.0, 150.0),  # kΩ
        "Rb2": (25.0, 70.0),
        "Rf": (0.5, 3.0),
        "Rc1": (1.2, 2.5),
        "Rc2": (0.25, 1.2),
        "beta": (50.0, 300.0),  # current gain
    }
    UNIT: ClassVar[str] = "V"

    def value(self, x: Array) -> Array:
        rb1, rb2, rf, rc1, rc2, beta = x.T
        base = 12 * rb2 / (rb1 + rb2)
        gain = beta * (rc2 + 9)
        voltage = (base + 0.74) * gain + 11.35 * rf + 0.74 * rf * gain / rc1
        return np.asarray(voltage / (gain + rf))


class Piston(_Device):
    """Piston function

    Time of a cycle of a piston in a cylinder, s. Source: Ben-Ari & Steinberg (2007), Qual. Eng.
    19, 327; Kenett & Zacks (1998), Modern Industrial Statistics.
    """

    kind: Literal["piston"] = "piston"
    RANGES: ClassVar[dict[str, tuple[float, float]]] = {
        "M": (30.0, 60.0),  # weight, kg
        "S": (0.005, 0.020),  # surface, m²
        "V0": (0.002, 0.010),  # initial volume of gas, m³
        "k": (1000.0, 5000.0),  # spring coefficient, N/m
        "P0": (90_000.0, 110_000.0),  # atmospheric pressure, N/m²
        "Ta": (290.0, 296.0),  # ambient temperature, K
        "T0": (340.0, 360.0),  # temperature of the gas, K
    }
    UNIT: ClassVar[str] = "s"

    def value(self, x: Array) -> Array:
        mass, surface, v0, k, p0, ta, t0 = x.T
        force = p0 * surface + 19.62 * mass - k * v0 / surface
        gas = p0 * v0 * ta / t0
        volume = surface / (2 * k) * (np.sqrt(force**2 + 4 * k * gas) - force)
        return np.asarray(2 * np.pi * np.sqrt(mass / (k + surface**2 * gas / volume**2)))
