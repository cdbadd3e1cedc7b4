"""Machine code of training: made once for a machine and version, before somebody waits for it.

Kernels are compiled for a type of numbers at a time, which takes one to five minutes; a file in the
folder of this version (`kernels.compiler.folder`) says that it was done. Training without it works,
and compiles as it goes. To make what is missing:

    python -m stiffgui.training.ready [float32] [float64]

Nothing heavy is imported here: the window reads `Readiness`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from math import nan
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stiffgui.child import Child, send
from stiffgui.errors import one_of
from stiffgui.file_lock import FileLock, Held

if TYPE_CHECKING:
    from stiffgui.experiment import Experiment

NUMBERS = ("float32", "float64")  # in the order in which people need them
BYTES = 14_000_000  # of machine code for a type of numbers: what is told of progress rests on it
SURE = 0.05  # of them, from which on the time that is left is told
POLL_SECONDS = 0.2
UNUSED_SECONDS = 60 * 86400.0  # machine code of other versions stays so long after its last use
NICE = 10


@dataclass(frozen=True)
class Readiness:
    """How far machine code is: bytes that are there, of about so many (time goes with bytes), and
    the seconds that are left, as it went so far; NaN before that can be told."""

    done: int
    of: int
    left: float = field(default=nan, compare=False)

    @property
    def sentence(self) -> str:
        """For a person who waits."""
        how_far = f"{self._percent}, {self.time_left}".removesuffix(", ")
        return f"making machine code for this machine, {how_far}, once"

    @property
    def short(self) -> str:
        """Beside something else."""
        return f"machine code {self._percent}"

    @property
    def help(self) -> str:
        """What that is good for, and what it keeps anyone from."""
        return (
            "Training is compiled for this processor, once, in the background: it is several times "
            "faster so. Everything can be looked at and set meanwhile; a training that needs it "
            "begins by itself when it is there."
        )

    @property
    def time_left(self) -> str:
        """In words; empty before it can be told."""
        if self.left != self.left:
            return ""
        minutes = round(self.left / 60)
        return f"about {minutes} min left" if minutes > 1 else "about a minute left"

    @property
    def _percent(self) -> str:
        return f"{100 * self.done // self.of} %"


Tell = Callable[[Readiness], object]

# ------------------------------------------------------------------- what is there


def missing(wanted: Iterable[str] = NUMBERS) -> list[str]:
    """The types of numbers for which there is no machine code of this version.

    None where nothing can be kept: it is compiled anew at each start then (see `complaint`).
    """
    from stiffgui.kernels.compiler import folder

    place = folder()
    return [n for n in wanted if place is not None and not _mark(place, n).exists()]


def needs(experiments: Iterable[Experiment]) -> list[str]:
    """What is missing of the machine code with which experiments are trained here.

    Raises InputError when a device does not exist.
    """
    lacking = missing()
    if not lacking:
        return []
    used = {experiment.training.precision for experiment in experiments if _is_used(experiment)}
    return [numbers for numbers in lacking if numbers in used]


def complaint() -> str:
    """Why nothing is kept, in a sentence; empty where it is."""
    from stiffgui.kernels.compiler import ROOM, folder, home

    if folder() is not None:
        return ""
    return (
        f"{home()} cannot be written, or has less than {ROOM // 10**6} MB left: machine code is "
        f"made anew at each start, which takes minutes. Mend that, or name another folder in "
        f"NUMBA_CACHE_DIR."
    )


def _is_used(experiment: Experiment) -> bool:
    from stiffgui.regularizers import Stiffness
    from stiffgui.stiffness.spectral_radius import SpectralRadius
    from stiffgui.training.device import choose_device
    from stiffgui.training.paths.choice import choose

    where, penalty = choose_device(experiment.training.device), experiment.regularizer
    if choose(experiment, where.type).path == "compiled":
        return True
    radius = isinstance(penalty, Stiffness) and isinstance(penalty.proxy, SpectralRadius)
    return radius and where.type == "cpu"


def _mark(place: Path, numbers: str) -> Path:
    """The file that says that machine code is there."""
    return place / f"{numbers}.ready"


def _how_far(place: Path, numbers: str) -> Readiness:
    """From the files that numba has written so far, for all types of numbers."""
    size = -BYTES * sum(_mark(place, other).exists() for other in NUMBERS if other != numbers)
    for path in place.rglob("*.nbc"):
        with contextlib.suppress(OSError):  # it has just been replaced
            size += path.stat().st_size
    return Readiness(min(max(0, size), BYTES - 1), BYTES)


# ------------------------------------------------------------------- in this process


def prepare(wanted: Iterable[str] = NUMBERS, tell: Tell = lambda readiness: None) -> None:
    """Make what is missing, or wait for another process that does; this one cannot be stopped.

    `tell` hears how far it is, in threads of its own.
    """
    from stiffgui.kernels.compiler import folder, not_kept

    for numbers in missing(wanted):
        place = folder()
        assert place is not None
        hear = partial(_tell_once, tell, [], place, numbers, began=time.monotonic())
        with _alone(place / f"{numbers}.lock", hear):
            if missing([numbers]):
                with _repeatedly(hear):
                    _train(numbers)
                if not not_kept:
                    _mark(place, numbers).touch()
                    _forget_others(place)


def _tell_once(tell: Tell, told: list[Readiness], place: Path, numbers: str, began: float) -> None:
    """Tell what is new; `began`: the moment of the first call."""
    readiness = _how_far(place, numbers)
    if [readiness] != told[-1:]:
        told.append(readiness)
        made = readiness.done - told[0].done
        if made > SURE * readiness.of:
            rest = (readiness.of - readiness.done) / made
            readiness = replace(readiness, left=rest * (time.monotonic() - began))
        tell(readiness)


@contextlib.contextmanager
def _alone(path: Path, hear: Callable[[], None]) -> Iterator[None]:
    """No other process does the same meanwhile."""
    lock: FileLock | None = None
    while lock is None:
        try:
            lock = FileLock(path)
        except Held:
            hear()
            time.sleep(POLL_SECONDS)
        except sqlite3.Error:  # a file system without locks: at worst it is done twice
            break
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


@contextlib.contextmanager
def _repeatedly(hear: Callable[[], None]) -> Iterator[None]:
    """Call it while something else is done."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(POLL_SECONDS):
            hear()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _train(numbers: str) -> None:
    """Call every kernel as trainings do: each kind of network and penalty for an epoch."""
    import torch

    from stiffgui.stiffness.dominant import start_vectors
    from stiffgui.stiffness.kernels.dominant import dominant
    from stiffgui.training.decisions import decide
    from stiffgui.training.trainer import Trainer

    for experiment in covering(numbers):
        for _ in Trainer(experiment, decided=decide(experiment, "cpu").along("compiled")):
            pass
    # The radius beside autograd and as a watched index: where in doubt in float64.
    for dtype in (torch.float32, torch.float64):
        dominant(torch.eye(2, dtype=dtype)[None], start_vectors(2, dtype, torch.device("cpu")))


def covering(numbers: str) -> list[Experiment]:
    """Small experiments that need every kernel, with arrays of each kind."""
    from stiffgui._presets import presets

    small = presets["alpine02"].with_settings(
        {
            "task.train_samples": 40,
            "task.test_samples": 10,
            "architecture.width": 4,
            "architecture.depth": 3,
            "training.precision": numbers,
            "training.device": "cpu",
            "training.threads": 2,
            "training.epochs": 1,
            "training.trials": 2,
            "training.batch_size": 20,
        }
    )
    proxies = ("gelfand-sketch", "gelfand", "spectral-radius")
    variants: list[dict[str, Any]] = [
        {},
        {"regularizer.kind": "l2"},
        *({"regularizer.kind": "stiffness", "regularizer.proxy.kind": proxy} for proxy in proxies),
        {"architecture.weights.kind": "legendre"},
        {"architecture.lift": "augment", "architecture.readout": "identity"},
        # One trial of large batches, whose parts are shared among threads.
        {
            "regularizer.kind": "stiffness",
            "task.train_samples": 1000,
            "architecture.width": 50,
            "architecture.depth": 8,
            "training.trials": 1,
            "training.batch_size": 1000,
        },
    ]
    return [small.with_settings(changes) for changes in variants]


def _forget_others(place: Path) -> None:
    """Remove machine code of other versions that was not used for long."""
    for other in place.parent.iterdir():
        with contextlib.suppress(OSError):
            if other != place and time.time() - other.stat().st_mtime > UNUSED_SECONDS:
                shutil.rmtree(other)


# ------------------------------------------------------------------ in another process


class _Maker(Child):
    """A process that makes machine code for a type of numbers; `nice`: how low its priority is."""

    def __init__(self, numbers: str, nice: int) -> None:
        super().__init__(partial(_make, numbers, nice))
        self.told = Readiness(0, BYTES)

    def works(self, seconds: float) -> bool:
        """Whether it still does; returns after some seconds, or when something is told."""
        try:
            if self.connection.poll(seconds):
                self.told = self.connection.recv()
        except (EOFError, OSError):
            return False
        return True


_makers: dict[str, _Maker] = {}  # of this process


def waiting(
    wanted: Iterable[str], stopping: Callable[[], bool], nice: int = 0
) -> Iterator[Readiness]:
    """Let another process make what is missing; how far it is, until it ends or `stopping`.

    Those who wait in one process share that other one, and it ends with this one. Where it fails,
    training compiles for itself. `nice`: of a lower priority, where nobody has asked for it yet.
    """
    for numbers in missing(wanted):
        maker = _makers.get(numbers) or _Maker(numbers, nice)
        _makers[numbers] = maker
        while not stopping():
            yield maker.told
            if not maker.works(POLL_SECONDS):
                if _makers.pop(numbers, None) is maker:  # nobody else has seen it end
                    maker.close(POLL_SECONDS)
                break


def _make(numbers: str, nice: int, connection: Connection) -> None:
    """A maker's life: it is over when the work is done, or when the pipe closes."""
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
    if hasattr(os, "nice"):  # not on Windows
        os.nice(nice)
    prepare([numbers], lambda readiness: send(connection, readiness))


def _end_with(connection: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        connection.recv()
    os._exit(0)  # in the middle of a function: what was compiled is kept


# ------------------------------------------------------------------------- by hand


def main() -> None:
    """Make what is missing of the types of numbers that are named, with a line now and then."""
    parser = argparse.ArgumentParser(prog="stiffgui.training.ready", description=main.__doc__)
    parser.add_argument("numbers", nargs="*", metavar="float32|float64")
    wanted = parser.parse_args().numbers or NUMBERS
    if not set(wanted) <= set(NUMBERS):
        parser.error(f"there is machine code for {one_of(NUMBERS)}.")
    for numbers in missing(wanted):
        print(f"Making machine code for this machine ({numbers}, once) ...", flush=True)
        began, tenths = time.monotonic(), [0]

        def tell(readiness: Readiness, tenths: list[int] = tenths) -> None:
            tenth = 10 * readiness.done // readiness.of
            if tenth > tenths[-1]:
                tenths.append(tenth)
                print(f"{10 * tenth} %  {readiness.time_left}".rstrip(), flush=True)

        prepare([numbers], tell)
        print(f"{numbers}: done in {time.monotonic() - began:.0f} s", flush=True)
    if complaint():
        print(complaint())


if __name__ == "__main__":
    main()
