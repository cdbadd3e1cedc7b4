"""The studies that come with stiffgui, by name: `studies["climate"]`. TOML in resources/studies."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache

from stiffgui._presets import presets
from stiffgui._resources import resource
from stiffgui.errors import InputError, nearest, one_of
from stiffgui.study.declaration import Study


class Studies(Mapping[str, Study]):
    """Study name -> study, read when first asked for."""

    def __getitem__(self, name: str) -> Study:
        return _read(name)[1]

    def __contains__(self, name: object) -> bool:  # Mapping's own would ask for the item
        return name in _names()

    def __iter__(self) -> Iterator[str]:
        return iter(_names())

    def __len__(self) -> int:
        return len(_names())

    def title(self, name: str) -> str:
        """What a chooser shows."""
        return _read(name)[0]

    def summary(self, name: str) -> str:
        """One line on what the study is."""
        return _read(name)[1].about


@cache
def _names() -> tuple[str, ...]:
    return tuple(resource("studies", "order.txt").read_text("utf-8").split())


@cache
def _read(name: str) -> tuple[str, Study]:
    if name not in _names():
        known = (*_names(), *(n for n in presets if n not in _names()))
        raise InputError(
            f"there is no study {name!r}; choose {one_of(_names())}, the name of a preset, or give "
            f"a .toml file.{nearest(name, known)}"
        )
    values = tomllib.loads(resource("studies", f"{name}.toml").read_text("utf-8"))
    title = values.pop("title")
    return title, Study.of(values, f"study {name}")


studies = Studies()
