"""Stiffness of layer Jacobians: differentiable proxies, exact indices, spectra.

To add a proxy: one file with a class deriving from `Proxy`, and its name in `PROXIES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Discriminator

from stiffgui.errors import InputError, nearest, one_of
from stiffgui.settings import kind_of
from stiffgui.stiffness.base import Proxy
from stiffgui.stiffness.condition import Condition
from stiffgui.stiffness.frobenius import Frobenius
from stiffgui.stiffness.gelfand import Gelfand
from stiffgui.stiffness.gelfand_sketch import GelfandSketch
from stiffgui.stiffness.indices import INDICES, Index, layer_indices, network_index
from stiffgui.stiffness.mean_modulus import MeanModulus
from stiffgui.stiffness.pseudospectrum import Pseudospectrum, pseudospectrum
from stiffgui.stiffness.singular import Singular
from stiffgui.stiffness.spectral_radius import SpectralRadius
from stiffgui.stiffness.spectrum import Spectrum, spectrum

_CLASSES: tuple[type[Proxy], ...] = (
    GelfandSketch,
    Gelfand,
    SpectralRadius,
    Frobenius,
    Singular,
    Condition,
    MeanModulus,
)
PROXIES: dict[str, type[Proxy]] = {kind_of(p): p for p in _CLASSES}

if TYPE_CHECKING:
    AnyProxy = Proxy
else:
    AnyProxy = Annotated[Union[_CLASSES], Discriminator("kind")]  # noqa: UP007 (from a tuple)


def proxy(name: str, **settings: Any) -> Proxy:
    """The proxy of that name, e.g. `proxy("gelfand", squarings=6)(J)`.

    Raises InputError when the name is unknown.
    """
    if name not in PROXIES:
        raise InputError(
            f"there is no proxy {name!r}; choose {one_of(PROXIES)}.{nearest(name, PROXIES)}"
        )
    return PROXIES[name](**settings)


__all__ = [
    "INDICES",
    "PROXIES",
    "AnyProxy",
    "Index",
    "Proxy",
    "Pseudospectrum",
    "Spectrum",
    "layer_indices",
    "network_index",
    "proxy",
    "pseudospectrum",
    "spectrum",
]
