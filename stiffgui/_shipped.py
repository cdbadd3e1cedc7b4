"""What comes with stiffgui, by name: TOML files of a folder of resources/."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar

from stiffgui._resources import resource
from stiffgui.errors import InputError, nearest, one_of

Thing = TypeVar("Thing")


class Shipped(Mapping[str, Thing], Generic[Thing]):
    """Name -> what `make(values, source)` makes of its file, read when first asked for; in the
    order of the folder's order.txt. `others` are names that do as well where these are asked for.
    """

    def __init__(
        self,
        kind: str,
        folder: str,
        make: Callable[[dict[str, Any], str], Thing],
        others: Shipped[Any] | None = None,
    ) -> None:
        self.kind, self._folder, self._make, self._others = kind, folder, make, others
        self._read: dict[str, tuple[str, str, Thing]] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(self)}>"

    def __getitem__(self, name: str) -> Thing:
        return self._entry(name)[2]

    def __contains__(self, name: object) -> bool:  # Mapping's own would ask for the item
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def title(self, name: str) -> str:
        """What a chooser shows."""
        return self._entry(name)[0]

    def summary(self, name: str) -> str:
        """One line on what it is."""
        return self._entry(name)[1]

    def file(self, name: str) -> dict[str, Any]:
        """The values of one of the folder's files, also of one that is not listed."""
        return tomllib.loads(resource(self._folder, f"{name}.toml").read_text("utf-8"))

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(resource(self._folder, "order.txt").read_text("utf-8").split())

    def _entry(self, name: str) -> tuple[str, str, Thing]:
        if name not in self._names:
            raise self._unknown(name)
        if name not in self._read:
            values = self.file(name)
            title = values.pop("title")
            summary = values.pop("summary", "") or values["about"]
            self._read[name] = title, summary, self._make(values, f"{self.kind} {name}")
        return self._read[name]

    def _unknown(self, name: str) -> InputError:
        others = "" if self._others is None else f" the name of a {self._others.kind},"
        return InputError(
            f"there is no {self.kind} {name!r}; choose {one_of(self._names)},{others} or give a "
            f".toml file.{nearest(name, dict.fromkeys((*self._names, *(self._others or ()))))}"
        )
