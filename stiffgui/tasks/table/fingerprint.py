"""What an experiment remembers of its table, so that a run opens where the table is not."""

from __future__ import annotations

import hashlib
from typing import NamedTuple, Self

from pydantic import TypeAdapter, ValidationError

from stiffgui.errors import InputError
from stiffgui.tasks.table.columns import Numbers


class Fingerprint(NamedTuple):
    """Columns, number of usable rows and a digest of their numbers.

    `asked` are the settings it was found with: other ones are looked up anew.
    """

    asked: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rows: int
    digest: str

    @classmethod
    def of(cls, asked: tuple[str, ...], numbers: Numbers) -> Self:
        """What is to be remembered of these numbers."""
        return cls(asked, numbers.inputs, numbers.outputs, len(numbers.x), digest(numbers))

    @classmethod
    def from_json(cls, text: str) -> Fingerprint:
        """Raises InputError when the text was not written by `to_json`."""
        try:
            found = _ADAPTER.validate_json(text)
        except ValidationError:
            found = None
        if found is None or found.rows < 3 or not found.inputs or not found.outputs:
            raise InputError(
                "task.found is written by stiffgui and cannot be set: remove it.", "task.found"
            )
        return found

    def to_json(self) -> str:
        """As text for a setting."""
        return _ADAPTER.dump_json(self).decode()


_ADAPTER: TypeAdapter[Fingerprint] = TypeAdapter(Fingerprint)


def digest(numbers: Numbers) -> str:
    """The same for the same columns and numbers, in whatever format they are stored."""
    state = hashlib.sha256(repr((numbers.inputs, numbers.outputs, numbers.x.shape)).encode())
    state.update((numbers.x + 0.0).tobytes())
    state.update((numbers.y + 0.0).tobytes())
    return state.hexdigest()[:32]
