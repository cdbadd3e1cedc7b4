"""The indices of layers that were measured, or whose Jacobians are given. No torch.

Letters for shapes: N layers, B samples, w width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stiffgui.errors import InputError
from stiffgui.runs.foreign import Array, MeasuredLayer
from stiffgui.stiffness import WATCHABLE, layer_indices

Indices = dict[str, Array]


@dataclass
class Means:
    """Indices of layers: means over samples [1, N], fractions flagged, and errors."""

    values: Indices = field(default_factory=dict)
    flagged: Indices = field(default_factory=dict)
    errors: Indices = field(default_factory=dict)


def indices_of(layers: Sequence[MeasuredLayer], names: Sequence[str]) -> Means:
    """As `layer_indices`, of layers whose widths, step sizes and ways may differ.

    What a layer's way cannot tell is NaN and flagged.
    """
    out, depth = Means(), len(layers)
    for name in names:
        out.values[name] = np.full((1, depth), np.nan)
        if WATCHABLE[name].can_be_flagged:
            out.flagged[name] = np.zeros((1, depth))
    products = [name for name in names if WATCHABLE[name].needs == "layers"]
    each = [name for name in names if name not in products]
    for places in _alike(layers):
        _dense(layers, places, each, out)
    if products and len(_alike(layers, with_steps=False)) == 1 and layers[0].jacobians is not None:
        _products(layers, products, out)
    for place, layer in enumerate(layers):
        _kept(layer, place, depth, names, out)
    for name, fractions in out.flagged.items():
        unknown = np.isnan(out.values[name]) & np.array(
            [layer.leading is not None for layer in layers]
        )
        fractions[unknown] = 1.0
    return out


def _kept(layer: MeasuredLayer, place: int, depth: int, names: Sequence[str], out: Means) -> None:
    """Of a layer whose matrices are not kept."""
    leading = layer.leading
    if leading is None:
        return
    known = leading.indices(layer.step)
    for name in [name for name in names if name in known]:
        values, errors = known[name]
        out.values[name][0, place] = _mean(values)
        if leading.whole and name in out.flagged:
            flags = WATCHABLE[name].flags(leading.matrices(layer.step))
            out.flagged[name][0, place] = flags.mean(dtype=np.float64)
        if name not in out.errors:
            out.errors[name] = np.full((1, depth), np.nan)
        out.errors[name][0, place] = _mean(errors)


def _alike(layers: Sequence[MeasuredLayer], with_steps: bool = True) -> list[list[int]]:
    """Places of layers that can be measured in one stack."""
    groups: dict[Any, list[int]] = {}
    for place, layer in enumerate(layers):
        shape = None if layer.jacobians is None else layer.jacobians.shape
        groups.setdefault((shape, layer.step if with_steps else None), []).append(place)
    return list(groups.values())


def _dense(
    layers: Sequence[MeasuredLayer], places: list[int], names: Iterable[str], out: Means
) -> None:
    stack = [layers[place].jacobians for place in places]
    if any(jacobians is None for jacobians in stack):
        return
    together = np.stack([jacobians for jacobians in stack if jacobians is not None])[None]
    found, flagged = layer_indices(together, names, WATCHABLE, layers[places[0]].step)
    for name, values in found.items():
        out.values[name][:, places] = values
    for name, fractions in flagged.items():
        out.flagged[name][:, places] = fractions


def _products(layers: Sequence[MeasuredLayer], names: Sequence[str], out: Means) -> None:
    """Of the product of I + a_n J_n: with one mean step a, a J = a_n J_n."""
    steps = np.array([layer.step for layer in layers])
    mean = float(steps.mean())
    scaled = [
        layer.jacobians * (layer.step / mean) for layer in layers if layer.jacobians is not None
    ]
    found, _ = layer_indices(np.stack(scaled)[None], names, WATCHABLE, mean)
    times = mean * np.arange(1, len(steps) + 1) / np.cumsum(steps)
    for name, values in found.items():
        out.values[name] = values * (times if WATCHABLE[name].unit == "1/time" else 1.0)


def _mean(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def given_layers(
    jacobians: Any, steps: Sequence[float], what: str = "jacobians"
) -> list[MeasuredLayer]:
    """Jacobians from elsewhere: [N, B, w, w], [N, w, w] or [w, w], or a sequence of the layers'
    own, [B, w, w] or [w, w] each. `steps`: one for all, or one of each; `what` they are called.

    Raises InputError when that are no real, finite, square matrices.
    """
    if not isinstance(jacobians, list | tuple):
        whole = _numbers(jacobians, what)
        if whole.ndim not in (2, 3, 4):
            raise InputError(
                f"{what}: an array of shape {list(whole.shape)} holds no layers; give "
                f"[layers, samples, w, w], [layers, w, w] or [w, w]."
            )
        jacobians = [whole] if whole.ndim == 2 else list(whole)
    each = [_numbers(layer, what) for layer in jacobians]
    if not each:
        raise InputError(f"{what}: there is no layer; give one at least.")
    if len(steps) not in (1, len(each)):
        raise InputError(
            f"step: {len(steps)} step sizes do not fit {len(each)} layers; give one, or one of "
            f"each."
        )
    sizes = list(steps) * (len(each) if len(steps) == 1 else 1)
    out = []
    for number, (layer, step) in enumerate(zip(each, sizes, strict=True), 1):
        if layer.ndim not in (2, 3) or layer.shape[-1] != layer.shape[-2] or not layer.size:
            raise InputError(
                f"{what}: layer {number} has the shape {list(layer.shape)}, which are no square "
                f"matrices; give [samples, w, w]."
            )
        if not np.isfinite(layer).all():
            raise InputError(f"{what}: layer {number} holds NaN or infinity.")
        stack = layer[None] if layer.ndim == 2 else layer
        out.append(MeasuredLayer(stack.shape[-1], step, stack, how="given"))
    return out


def _numbers(values: Any, what: str) -> Array:
    given = np.asarray(values)
    if np.iscomplexobj(given):
        raise InputError(f"{what}: complex matrices are not measured; give real ones.")
    try:
        return np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what}: give an array of numbers.") from None
