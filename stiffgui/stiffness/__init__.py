"""Stiffness of layer Jacobians: differentiable proxies, exact indices, spectra.

To add a proxy: one file with a class deriving from `Proxy`, and its name in `PROXIES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Discriminator

from stiffgui.errors import entry
from stiffgui.settings import kind_of
from stiffgui.stiffness.analytic import Analytic, closed_form_eigenvalues
from stiffgui.stiffness.base import Proxy
from stiffgui.stiffness.condition import Condition
from stiffgui.stiffness.frobenius import Frobenius
from stiffgui.stiffness.gelfand import Gelfand
from stiffgui.stiffness.gelfand_sketch import GelfandSketch
from stiffgui.stiffness.indices import INDICES, Index, network_index
from stiffgui.stiffness.mean_modulus import MeanModulus
from stiffgui.stiffness.measuring import layer_indices
from stiffgui.stiffness.power import Power
from stiffgui.stiffness.pseudospectrum import (
    Pseudospectrum,
    pseudospectrum,
    pseudospectrum_of_factor,
)
from stiffgui.stiffness.singular import Singular
from stiffgui.stiffness.spectral_radius import SpectralRadius
from stiffgui.stiffness.spectrum import Spectrum, spectrum
from stiffgui.stiffness.watched import as_indices

_CLASSES: tuple[type[Proxy], ...] = (
    GelfandSketch,
    Gelfand,
    SpectralRadius,
    Power,
    Analytic,
    Frobenius,
    Singular,
    Condition,
    MeanModulus,
)
PROXIES: dict[str, type[Proxy]] = {kind_of(p): p for p in _CLASSES}
# What can be plotted: the exact indices, and the proxies that have no exact index of that name.
WATCHABLE: dict[str, Index] = INDICES | as_indices(
    p for name, p in PROXIES.items() if name not in INDICES
)

if TYPE_CHECKING:
    AnyProxy = Proxy
else:
    AnyProxy = Annotated[Union[_CLASSES], Discriminator("kind")]  # noqa: UP007 (from a tuple)


def proxy(name: str, **settings: Any) -> Proxy:
    """The proxy of that name, e.g. `proxy("gelfand", squarings=6)(J)`.

    Raises InputError when the name is unknown.
    """
    return entry("proxy", name, PROXIES)(**settings)


__all__ = [
    "INDICES",
    "PROXIES",
    "WATCHABLE",
    "AnyProxy",
    "Index",
    "Proxy",
    "Pseudospectrum",
    "Spectrum",
    "closed_form_eigenvalues",
    "layer_indices",
    "network_index",
    "proxy",
    "pseudospectrum",
    "pseudospectrum_of_factor",
    "spectrum",
]
