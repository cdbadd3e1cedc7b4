"""How kernels are compiled, and where their machine code is kept."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite
import numba
import platformdirs
import scipy
from threadpoolctl import threadpool_limits

Kernel = TypeVar("Kernel", bound=Callable[..., object])

PACKAGE, SOURCES = Path(__file__).parents[1], "kernels/*.py"


def limit_blas() -> None:
    """BLAS, as far as it is loaded, works on one thread from now on.

    A product of this size takes a microsecond: sharing one among threads only loses time.
    """
    threadpool_limits(1, user_api="blas")


@cache
def folder() -> Path | None:
    """Where machine code of this version, for this processor, is kept; None: nowhere can.

    One folder for every state of the sources: kernels call each other across files, and numba
    notices a change only in the file of the one that is called.
    """
    known = hashlib.sha256()
    for source in sorted(PACKAGE.rglob(SOURCES)):
        known.update(source.read_bytes())
    versions = [numba.__version__, llvmlite.__version__, scipy.__version__]
    versions += [platform.python_version(), platform.machine()]
    known.update(" ".join(versions).encode())
    base = os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_path("stiffgui")
    place = Path(base, "machine-code", known.hexdigest()[:16])
    try:
        place.mkdir(parents=True, exist_ok=True)
        usable = os.access(place, os.W_OK)
    except OSError:
        usable = False
    return place if usable else None


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
