"""The samples that a run file keeps, so that it shows and predicts where its table is not."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from stiffgui.tasks import Data

Array = NDArray[np.float64]
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Samples:
    """The first rows of each part of a run's data, in `data`; of all `sizes` the parts have.

    `low` and `high` [d] are the ends of every input in the training part, as the network sees it.
    """

    data: Data
    sizes: tuple[int, int, int]
    low: Array
    high: Array

    @classmethod
    def of(cls, data: Data, rows: int | None = None) -> Self:
        """With so many rows of each part at most; all by default."""
        parts = {name: _part(data, name) for name in PARTS}
        sizes = [len(x) for x, _ in parts.values()]
        cut: dict[str, Any] = {
            f"{letter}_{name}": pair[k][:rows]
            for name, pair in parts.items()
            for k, letter in enumerate("xy")
        }
        kept = replace(data, **cut)
        return cls(kept, (sizes[0], sizes[1], sizes[2]), data.x_train.min(0), data.x_train.max(0))

    @property
    def rows(self) -> tuple[int, int, int]:
        """How many rows of each part are kept."""
        train, validation, test = (len(_part(self.data, name)[0]) for name in PARTS)
        return train, validation, test

    @property
    def complete(self) -> bool:
        """Whether nothing was left out: training can go on with these alone."""
        return self.rows == self.sizes

    @property
    def size(self) -> int:
        """Bytes of its numbers."""
        return sum(array.nbytes for array in self._arrays().values())

    def _arrays(self) -> dict[str, Array]:
        pairs = {name: _part(self.data, name) for name in PARTS}
        arrays = {f"x_{name}": x for name, (x, _) in pairs.items()}
        arrays |= {f"y_{name}": y for name, (_, y) in pairs.items()}
        arrays |= {"low": self.low, "high": self.high}
        scaling = ("output_shift", "output_scale", "input_shift", "input_scale")
        known = {name: getattr(self.data, name) for name in scaling}
        return arrays | {name: values for name, values in known.items() if values is not None}

    def to_bytes(self) -> bytes:
        """For a run file: `from_bytes` reads it back."""
        names = {
            "inputs": self.data.input_names,
            "outputs": self.data.output_names,
            "units": self.data.output_units,
            "input_units": self.data.input_units,
            "categories": self.data.input_categories,
            "sizes": self.sizes,
        }
        arrays: dict[str, Any] = dict(self._arrays())
        arrays = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
        arrays["names"] = np.frombuffer(json.dumps(names).encode(), np.uint8).copy()
        return save(arrays)

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Raises ValueError when `to_bytes` did not write it."""
        try:
            arrays: dict[str, Any] = load(content)
            names = json.loads(arrays.pop("names").tobytes())
            low, high = arrays.pop("low"), arrays.pop("high")
            data = Data(
                input_names=tuple(map(str, names["inputs"])),
                output_names=tuple(map(str, names["outputs"])),
                output_units=tuple(map(str, names["units"])),
                # Files of earlier versions have neither.
                input_units=tuple(map(str, names.get("input_units", ()))),
                input_categories=tuple(
                    (str(column), tuple(map(str, known)))
                    for column, known in names.get("categories", ())
                ),
                **arrays,
            )
            train, validation, test = (int(size) for size in names["sizes"])
            _check(data, low, high)
        except (SafetensorError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
            raise ValueError(str(error)) from None
        return cls(data, (train, validation, test), low, high)


def _check(data: Data, low: Array, high: Array) -> None:
    """Raise ValueError when the arrays do not fit the names."""
    d, o = len(data.input_names), len(data.output_names)
    pairs = [_part(data, name) for name in PARTS]
    rows = [(len(x), d) == x.shape and (len(x), o) == y.shape for x, y in pairs]
    inputs = [v for v in (low, high, data.input_shift, data.input_scale) if v is not None]
    outputs = [v for v in (data.output_shift, data.output_scale) if v is not None]
    shapes = [v.shape == (d,) for v in inputs] + [v.shape == (o,) for v in outputs]
    shapes += [len(data.input_units) in (0, d)]
    if not all(rows + shapes) or any(a.dtype != np.float64 for pair in pairs for a in pair):
        raise ValueError("the samples have other shapes than their names say")


def _part(data: Data, name: str) -> tuple[Array, Array]:
    x, y = getattr(data, f"x_{name}"), getattr(data, f"y_{name}")
    return (data.x_train[:0], data.y_train[:0]) if x is None or y is None else (x, y)
