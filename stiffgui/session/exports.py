"""Writing the figures of runs; and, for every export, to a file or back to whoever asked."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from stiffgui.errors import InputError
from stiffgui.figures import Options
from stiffgui.session.service import handles


@dataclass(frozen=True)
class ExportFigure:
    """Write a figure of runs to `path`; the answer is the path, or without one the content."""

    runs: tuple[Path, ...]
    figure: str
    path: Path | None
    kind: str
    options: Options


@handles(ExportFigure, "this export")
def export_runs(work: ExportFigure) -> Path | bytes:
    """Raises InputError as `export_figure` does, and where a run cannot be read."""
    import torch

    torch.set_num_threads(1)
    return written(work.path, work.kind, lambda path: _write(work, path))


def written(path: Path | None, kind: str, write: Callable[[Path], object]) -> Path | bytes:
    """The path that `write` has written to; without one, the content that it would write."""
    if path is not None:
        write(path)
        return path
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"figure.{kind}"
        write(path)
        return path.read_bytes()


def _write(work: ExportFigure, path: Path) -> None:
    from stiffgui.figures import export_figure
    from stiffgui.figures.report import write_report
    from stiffgui.runs import open_run

    with ExitStack() as opened:
        runs = [opened.enter_context(open_run(run)) for run in work.runs]
        if work.figure != "report":
            export_figure(runs, work.figure, path, work.kind, work.options, replace=True)
            return
        try:
            write_report(runs, path, work.options)
        except OSError as error:
            raise InputError(
                f"{path} cannot be written: {error.strerror or error}. Choose another place."
            ) from None
