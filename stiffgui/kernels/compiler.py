"""How kernels are compiled, and where their machine code is kept."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite
import llvmlite.binding
import numba
import platformdirs
import scipy
from threadpoolctl import threadpool_limits

from stiffgui.file_lock import FileLock, Held

Kernel = TypeVar("Kernel", bound=Callable[..., object])

PACKAGE, SOURCES = Path(__file__).parents[1], "kernels/*.py"
SAVING_SECONDS = 10.0
ROOM = 60_000_000  # bytes that machine code needs, twice over: numba writes a file and renames it
not_kept: list[str] = []  # why machine code of this process could not be kept


def limit_blas() -> None:
    """BLAS, as far as it is loaded, works on one thread from now on.

    A product of this size takes a microsecond: sharing one among threads only loses time.
    """
    threadpool_limits(1, user_api="blas")


def home() -> Path:
    """What holds the machine code of all versions: a folder of the user's cache."""
    base = os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_path("stiffgui", False)
    return Path(base, "machine-code")


@cache
def folder() -> Path | None:
    """Where machine code of this version, for this processor, is kept; None where it cannot be
    written, or has no room.

    One folder for every state of the sources and each place where they are installed: kernels call
    each other across files, and numba notices a change only in the file of the one that is called.
    Its time of change says when the folder was last used.
    """
    known = hashlib.sha256(f"{PACKAGE} {_versions()}".encode())
    for source in sorted(PACKAGE.rglob(SOURCES)) or [Path(sys.executable)]:  # a bundle has none
        known.update(f"{source} {source.stat().st_mtime_ns}".encode())
        if source.suffix == ".py":
            known.update(source.read_bytes())
    place = home() / known.hexdigest()[:16]
    try:
        place.mkdir(parents=True, exist_ok=True)
        os.utime(place)
        made = next(place.glob("*.ready"), None) is not None
        usable = os.access(place, os.W_OK) and (made or shutil.disk_usage(place).free > ROOM)
    except OSError:
        usable = False
    return place if usable else None


def _versions() -> str:
    """All that machine code depends on besides its sources."""
    compilers = [numba.__version__, llvmlite.__version__, scipy.__version__]
    features = llvmlite.binding.get_host_cpu_features().flatten()
    processor = [platform.machine(), llvmlite.binding.get_host_cpu_name(), features]
    return " ".join([*compilers, platform.python_version(), *processor])


def compiled(kernel: Kernel) -> Kernel:
    """Machine code at the first call, kept on disk from then on; the interpreter lock is free.

    Sums may be reordered; NaN and infinity keep their meaning. A kernel may call those of other
    files in a folder `kernels`, and nothing else of the package.
    """
    return _compile(kernel)


def inner(kernel: Kernel) -> Kernel:
    """The same for what only kernels call: without a way in from Python, which takes longer to
    compile than many a loop."""
    return _compile(kernel, no_cpython_wrapper=True)


def _compile(kernel: Kernel, **options: bool) -> Kernel:
    place = folder()
    with _kept_in(place):
        njit: Any = numba.njit
        code = njit(
            nogil=True,
            cache=place is not None,
            error_model="numpy",
            fastmath={"reassoc", "contract", "arcp", "nsz"},
            no_cfunc_wrapper=True,
            **options,
        )(kernel)
    if place is not None:
        _save_in_turn(code, place / "saving.lock")
    return cast(Kernel, code)


@contextlib.contextmanager
def _kept_in(place: Path | None) -> Iterator[None]:
    """A function decorated here has its cache in this folder."""
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = "" if place is None else str(place)
    try:
        yield
    finally:
        config.CACHE_DIR = before


def _save_in_turn(code: Any, lock: Path) -> None:
    """Let one process at a time keep what it has compiled.

    numba reads an index, adds a line and writes it: of two processes that do so for other types of
    numbers, each takes the same name for its file, and one would find the other's machine code.
    What cannot be kept is compiled anew another time.
    """
    kept = getattr(code, "_cache", None)
    if kept is None:  # another numba than we know
        return
    save = kept.save_overload

    def save_in_turn(signature: Any, data: Any) -> None:
        try:
            with FileLock(lock, SAVING_SECONDS):
                save(signature, data)
        except (Held, sqlite3.Error, OSError) as error:
            not_kept.append(str(error))

    kept.save_overload = save_in_turn
