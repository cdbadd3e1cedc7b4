"""What an experiment remembers of its table, so that a run opens where the table is not."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple, Self

from pydantic import TypeAdapter, ValidationError

from stiffgui.errors import InputError
from stiffgui.tasks.one_hot import Categories
from stiffgui.tasks.table.numbers import Numbers


class Fingerprint(NamedTuple):
    """Columns, number of usable rows and a digest of their numbers.

    `groups`: how many rows each group has, in the order of their first rows; empty without
    groups. `settings` are those it was made with: with other ones the table is read anew. `notes`
    say what was decided; units are empty where no column has one; `categories` are those of columns
    that became an input for each.
    """

    settings: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rows: int
    digest: str
    groups: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    input_units: tuple[str, ...] = ()
    output_units: tuple[str, ...] = ()
    categories: Categories = ()

    @classmethod
    def of(cls, settings: tuple[str, ...], numbers: Numbers, **more: Any) -> Self:
        """What is to be remembered of these numbers."""
        known = numbers.inputs, numbers.outputs, len(numbers.x), digest(numbers)
        return cls(settings, *known, numbers.group_sizes, categories=numbers.categories, **more)

    @property
    def numbers(self) -> Fingerprint:
        """What it says of the numbers alone, wherever and however they are stored."""
        return self._replace(settings=(), notes=(), input_units=(), output_units=())

    @classmethod
    def from_json(cls, text: str) -> Fingerprint:
        """Raises InputError when the text was not written by `to_json`."""
        try:
            read = _ADAPTER.validate_json(text)
        except ValidationError:
            read = None
        if read is None or read.rows < 3 or not read.inputs or not read.outputs:
            raise InputError(
                "task.found is written by stiffgui and cannot be set: remove it.", "task.found"
            )
        return read

    def to_json(self) -> str:
        """As text for a setting."""
        return _ADAPTER.dump_json(self).decode()


_ADAPTER: TypeAdapter[Fingerprint] = TypeAdapter(Fingerprint)


def digest(numbers: Numbers) -> str:
    """The same for the same columns and numbers, in whatever format they are stored."""
    state = hashlib.sha256(repr((numbers.inputs, numbers.outputs, numbers.x.shape)).encode())
    state.update((numbers.x + 0.0).tobytes())
    state.update((numbers.y + 0.0).tobytes())
    if numbers.groups is not None:
        state.update(numbers.groups.tobytes())
    return state.hexdigest()[:32]
