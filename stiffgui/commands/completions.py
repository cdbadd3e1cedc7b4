"""What a shell can complete beyond options and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stiffgui._presets import presets
from stiffgui.experiment import all_keys

Complete = Callable[[str], list[str]]


def among(names: Callable[[], Iterable[str]]) -> Complete:
    """Those of the names that begin with what was typed."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in names() if name.startswith(incomplete)]

    return complete


PRESETS = among(lambda: presets)
SETTINGS = among(lambda: [f"{key}=" for key in all_keys()])


def names_of(what: str) -> list[str]:
    """Of what `stiffgui.figures` has of runs and of studies: FIGURES or TABLES."""
    from stiffgui import figures

    kinds = getattr(figures, what)
    return [*kinds["runs"], *kinds["study"]]
