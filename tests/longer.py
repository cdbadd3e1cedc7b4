"""Parameters of which `make test` tries the first alone, and `-m slow` the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def first(values: Iterable[Any], count: int = 1) -> list[Any]:
    """So many as they are, the others marked as slow."""
    listed = list(values)
    slow = [
        pytest.param(*(v if isinstance(v, tuple) else (v,)), marks=pytest.mark.slow)
        for v in listed[count:]
    ]
    return [*listed[:count], *slow]
