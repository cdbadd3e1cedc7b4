"""A sweep: variants made by rule, from any settings."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

import numpy as np
from pydantic import BeforeValidator, model_validator

from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.settings import Settings, setting

MOST_VARIANTS = 10_000


def dotted(settings: Any, prefix: str = "") -> Any:
    """Nested tables as dotted keys: TOML reads `regularizer.weight = 1` as tables."""
    if not isinstance(settings, Mapping):
        return settings
    out: dict[str, Any] = {}
    for key, value in settings.items():
        inner = isinstance(value, Mapping)
        out |= dotted(value, f"{prefix}{key}.") if inner else {f"{prefix}{key}": value}
    return out


class Axis(Settings):
    """One setting that is swept: the listed values, or a range."""

    key: str = setting("", title="Setting", help="Dotted key, such as regularizer.weight.")
    values: tuple[Any, ...] = setting((), title="Values", help="The values themselves.")
    lower: float | None = setting(None, title="From", help="First value of a range.")
    upper: float | None = setting(None, title="To", help="Last value of a range.")
    count: int = setting(
        5, title="Count", help="Values of a range, both ends with it.", ge=2, le=1000
    )
    scale: str = setting(
        "linear",
        title="Scale",
        help="Spacing of a range.",
        choices={"linear": "equal differences", "log": "equal ratios"},
    )

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        if not self.key:
            raise InputError("a sweep's axis has no key: give one, such as regularizer.weight.")
        ends = (self.lower is not None, self.upper is not None)
        if bool(self.values) == any(ends):
            raise InputError(f"sweep of {self.key}: give either values, or lower and upper.")
        if any(ends) and not all(ends):
            raise InputError(f"sweep of {self.key}: a range needs both lower and upper.")
        if self.lower is not None and self.upper is not None:
            if self.lower >= self.upper:
                raise InputError(f"sweep of {self.key}: lower must be below upper.")
            if self.scale == "log" and self.lower <= 0:
                raise InputError(
                    f"sweep of {self.key}: a log scale needs lower above 0, not {self.lower:g}."
                )
        return self

    def at(self, places: Sequence[float], whole: bool) -> list[Any]:
        """The values at places in [0, 1]; `whole` rounds them to whole numbers."""
        if self.values:
            last = len(self.values) - 1
            return [self.values[min(last, int(u * len(self.values)))] for u in places]
        assert self.lower is not None and self.upper is not None
        u = np.asarray(places, dtype=np.float64)
        if self.scale == "log":
            swept = self.lower * (self.upper / self.lower) ** u
        else:
            swept = self.lower + (self.upper - self.lower) * u
        # Ends are met exactly; other values get the digits a person would write.
        swept = np.where(u == 0, self.lower, np.where(u == 1, self.upper, swept))
        return [round(v) if whole else float(f"{v:.6g}") for v in swept]

    def grid(self, whole: bool) -> list[Any]:
        """All values; of whole numbers each once."""
        if self.values:
            return list(self.values)
        places = np.linspace(0.0, 1.0, self.count, dtype=np.float64)
        return list(dict.fromkeys(self.at(list(places), whole)))


class Sweep(Settings):
    """A grid or a Latin hypercube over one or more settings; no axes, no sweep."""

    axes: tuple[Axis, ...] = setting((), title="Axes", help="The settings that are swept.")
    design: str = setting(
        "grid",
        title="Design",
        help="How the values are combined.",
        choices={
            "grid": "every combination",
            "latin-hypercube": "a set number of points, every axis evenly covered",
        },
    )
    points: int = setting(
        10, title="Points", help="Variants of a Latin hypercube.", ge=2, le=MOST_VARIANTS
    )
    seed: int = setting(0, title="Seed", help="Of the Latin hypercube.", ge=0, le=2**31 - 1)
    settings: Annotated[dict[str, Any], BeforeValidator(dotted)] = setting(
        {}, title="Settings", help="What all swept variants change besides."
    )

    def variants(self, base: Experiment) -> list[tuple[str, dict[str, Any]]]:
        """Name and settings of every swept variant. InputError for a key that does not exist."""
        if not self.axes:
            return []
        kinds = {spec.key: spec.type for spec in base.with_settings(self.settings).specs()}
        whole = [kinds.get(axis.key) == "integer" for axis in self.axes]
        if self.design == "grid":
            grids = [axis.grid(w) for axis, w in zip(self.axes, whole, strict=True)]
            count = math.prod(map(len, grids))
            if count > MOST_VARIANTS:  # before they are made
                raise InputError(
                    f"the sweep makes {count} variants: at most {MOST_VARIANTS} are allowed; give "
                    f"fewer values, or a Latin hypercube."
                )
            rows: list[Any] = list(itertools.product(*grids))
        else:
            from scipy.stats import qmc

            sampler = qmc.LatinHypercube(d=len(self.axes), rng=np.random.default_rng(self.seed))
            places = sampler.random(self.points)
            columns = [
                axis.at(list(places[:, k]), w)
                for k, (axis, w) in enumerate(zip(self.axes, whole, strict=True))
            ]
            rows = list(dict.fromkeys(zip(*columns, strict=True)))
        keys = [axis.key for axis in self.axes]
        names = _short(keys)
        return [
            (
                ", ".join(f"{n}={_shown(v)}" for n, v in zip(names, row, strict=True)),
                self.settings | dict(zip(keys, row, strict=True)),
            )
            for row in rows
        ]


def _short(keys: list[str]) -> list[str]:
    """The last parts of keys, as many as tell them apart."""
    for parts in range(1, 5):
        names = [".".join(key.split(".")[-parts:]) for key in keys]
        if len(set(names)) == len(set(keys)):
            return names
    return keys


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
