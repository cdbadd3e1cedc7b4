"""Reading files that may be anybody's, for a window that waits for none of them.

What is asked here has SECONDS, after which its child is ended (`seconds_for`: what reads a file
whole), and may take MORE_BYTES of memory beside four times what the file has.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stiffgui.errors import InputError, no_reading
from stiffgui.experiment import TomlSettings, read_values
from stiffgui.session.run_entry import RunEntry
from stiffgui.session.run_facts import RunFacts, facts_of_file
from stiffgui.session.service import handles

SECONDS = 5.0
WHOLE_SECONDS = 30.0  # where what reads must be imported, too
BYTES_A_SECOND = 1_000_000  # of a workbook, which is the slowest to read
MORE_BYTES = 500_000_000


def seconds_for(path: Path) -> float:
    """Which something may take that reads all of a file: longer for a large one."""
    try:
        return WHOLE_SECONDS + path.stat().st_size / BYTES_A_SECOND
    except OSError:  # whoever reads it says so
        return WHOLE_SECONDS


@dataclass(frozen=True)
class ReadKind:
    """What a .stiff or a .toml file is of: `run` or `study`."""

    path: Path


@dataclass(frozen=True)
class ReadRun:
    """A run for the window, as `RunEntry.read`; the answer has no `frames`."""

    path: Path
    resuming: bool = False


@dataclass(frozen=True)
class ReadSettings:
    """A .toml file of an Experiment or a Study."""

    path: Path
    kind: type[TomlSettings]


@dataclass(frozen=True)
class ReadFacts:
    """What the library says of a run file, a RunFacts; also of one that cannot be read."""

    path: Path


@dataclass(frozen=True)
class CanGoOn:
    """Whether a training never ended, nobody is at it, and it left a state to go on from."""

    path: Path


@handles(ReadKind, "opening the file")
def read_kind(work: ReadKind) -> str:
    """`run` also for what is neither, so that opening it says why."""
    from stiffgui.runs.opening import kind_of_file

    with _bounded(work.path):
        if work.path.suffix.lower() != ".toml":
            return kind_of_file(work.path)
        try:
            return "study" if read_values(work.path).keys() & {"variants", "sweep"} else "run"
        except InputError:
            return "run"


@handles(ReadRun, "opening the run")
def read_run(work: ReadRun) -> RunEntry:
    """Raises InputError as `RunEntry.read` does."""
    with _bounded(work.path):
        return RunEntry.read(work.path, work.resuming)


@handles(ReadSettings, "reading the settings")
def read_settings(work: ReadSettings) -> TomlSettings:
    """Raises InputError as `Experiment.read` does."""
    with _bounded(work.path):
        return work.kind.read(work.path)


@handles(ReadFacts, "reading the run")
def read_facts(work: ReadFacts) -> RunFacts:
    """Raises InputError where the file needs too much memory, or is gone."""
    with _bounded(work.path):
        return facts_of_file(work.path)


@handles(CanGoOn, "looking for interrupted runs")
def can_go_on(work: CanGoOn) -> bool:
    """False of what cannot be read."""
    from stiffgui.runs import open_run

    with contextlib.suppress(InputError), _bounded(work.path), open_run(work.path) as run:
        return run.state == "interrupted" and run.checkpoint() is not None
    return False


@contextlib.contextmanager
def _bounded(path: Path) -> Iterator[None]:
    """With so much memory and no more, where the system can say so."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise no_reading(path, error) from None
    try:
        with _memory(MORE_BYTES + 4 * size):
            yield
    except MemoryError:
        raise InputError(
            f"{path} takes more memory than its size allows for: it is damaged, or was made to do "
            f"harm. Use a complete copy."
        ) from None


@contextlib.contextmanager
def _memory(more: int) -> Iterator[None]:
    if sys.platform != "linux":
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
