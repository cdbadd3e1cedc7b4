"""Opening a file of matrices: in a child of its own, which may be ended while it computes."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from stiffgui.matrices import Progress
from stiffgui.session.service import handles


@dataclass(frozen=True)
class OpenMatrices:
    """Put a file of matrices into a run file; on the way come `Progress`, and in the end nothing,
    or why it holds no square ones."""

    path: Path
    patterns: tuple[str, ...] = ()


@handles(OpenMatrices, "reading the matrices")
def open_matrices(work: OpenMatrices) -> Generator[Progress, None, str]:
    """Raises InputError where the file cannot be read."""
    from stiffgui.matrices.file import measured
    from stiffgui.matrices.reading import NoMatrices

    try:
        yield from measured(work.path, work.patterns)
    except NoMatrices as error:
        return str(error)
    return ""
