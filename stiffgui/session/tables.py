"""Reading a table of the person's own for the import wizard. Runs in the child that reads files, so
that neither a large file nor pandas holds up the window or its views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.session.service import handles
from stiffgui.tasks.table import Preview, inspect


@dataclass(frozen=True)
class InspectTable:
    """Look at a table of the person's own, for a Preview."""

    path: Path
    how: Mapping[str, Any]  # what `inspect` takes


@dataclass(frozen=True)
class ProposeTable:
    """Make an Experiment of a table, with these settings of the task."""

    path: Path
    settings: Mapping[str, Any]


@handles(InspectTable, "reading the table")
def inspect_table(work: InspectTable) -> Preview:
    """Raises InputError: whatever is wrong with a table, it is no fault of ours."""
    with _readable(work.path):
        return inspect(work.path, **work.how)


@handles(ProposeTable, "reading the table")
def propose_table(work: ProposeTable) -> Experiment:
    """Raises InputError, with the key of the setting at fault."""
    from stiffgui._presets import of_table

    with _readable(work.path):
        return of_table(work.path, work.settings)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except MemoryError:
        raise InputError(f"{path} is too large for the memory.") from None
    except Exception as error:  # the person chooses another file
        reason = str(error) or type(error).__name__
        raise InputError(f"{path} cannot be read: {reason}.") from None
