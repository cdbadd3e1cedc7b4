"""Independent parts of a penalty shared among threads; kernels leave the interpreter lock free."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

Part = TypeVar("Part")
_most = 4


def limit(most: int) -> None:
    """How many threads this process may choose itself: one where other processes train too."""
    global _most
    _most = most


def choose_threads(wanted: int) -> int:
    """`wanted`, or for 0 as many as this process has processors, at most four (see `limit`)."""
    return wanted or min(_most, processors())


def processors() -> int:
    """How many this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def share(parts: Sequence[Part], work: Callable[[Part, int], None], threads: int) -> None:
    """Do `work(part, k)` for every part, the k-th of the threads (0, 1, ...) one at a time.

    A thread takes the next part when it is done with one: a busy processor only delays its own.
    The first exception is raised when all have stopped.
    """
    threads = min(threads, len(parts))
    left = iter(parts)

    def run(k: int) -> None:
        for part in left:  # next() of a sequence's iterator is one step under the lock
            work(part, k)

    helpers = [_pool().submit(run, k) for k in range(1, threads)]
    try:
        run(0)
    finally:
        for helper in helpers:
            helper.result()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(256, "penalty")
