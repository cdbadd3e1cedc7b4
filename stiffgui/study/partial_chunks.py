"""Run files of chunks in progress, in a folder beside the study file while it runs.

They hold a checkpoint every ten seconds, so that a study that is killed goes on from there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

from stiffgui.errors import InputError
from stiffgui.runs import Run
from stiffgui.runs.maintenance import content_of


class PartialChunks:
    """The folder STUDY.stiff-parts."""

    def __init__(self, study: Path) -> None:
        self.folder = study.with_name(study.name + "-parts")

    def path(self, number: int) -> Path:
        """A new file for a chunk; a process that was orphaned may still be writing another."""
        self.folder.mkdir(exist_ok=True)
        return self.folder / f"{number}-{os.urandom(4).hex()}.stiff"

    def rescued(self, number: int) -> tuple[int, bytes] | None:
        """Epoch and bytes of the furthest file that was left of a chunk; older ones go."""
        best: tuple[int, bytes] | None = None
        for path in sorted(self.folder.glob(f"{number}-*.stiff")):
            with contextlib.suppress(InputError, sqlite3.Error, OSError):
                content = content_of(path)
                with Run(path, content) as run:
                    epoch = run.checkpoint_epoch
                if best is None or epoch > best[0]:
                    best = epoch, content
        return best

    def clear(self, number: int | None = None) -> None:
        """Remove the files of one chunk, or all and the folder."""
        if number is None:
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        for path in self.folder.glob(f"{number}-*"):
            with contextlib.suppress(OSError):  # still open elsewhere, on Windows
                path.unlink()
