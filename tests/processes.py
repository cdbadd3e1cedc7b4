"""The processes that work for the one that tests."""

from __future__ import annotations

import psutil


def children() -> list[psutil.Process]:
    """The processes that work for this one: forked from its server (ADR 14), or spawned."""
    me = psutil.Process()
    found = me.children(recursive=True)
    return [p for p in found if p.ppid() != me.pid or "spawn_main" in " ".join(p.cmdline())]
