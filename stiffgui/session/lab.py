"""The laboratory's pages: computed, the newest request first, and exported."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stiffgui.labs import Page, Result
from stiffgui.session.exports import written
from stiffgui.session.service import handles
from stiffgui.training import Controls

# Page and its newest result, so that what is seen need not be computed again to be exported.
_newest: list[tuple[Page, Result]] = []


@dataclass(frozen=True)
class ComputePage:
    """Compute a page; its results are the answers on the way, the complete one among them."""

    page: Page


@dataclass(frozen=True)
class ExportPage:
    """Write the picture of a page to `path`; the answer is the path, or without one the content.

    options: width, height, font and dpi, as in `stiffgui.figures.Options`.
    """

    page: Page
    path: Path | None
    kind: str
    options: Mapping[str, Any]


@handles(ComputePage, "this page")
def compute(work: ComputePage, controls: Controls) -> Generator[Result]:
    """Results, until the controls say stop. Raises InputError where there can be none."""
    import torch

    torch.set_num_threads(1)
    for result in work.page.results():
        _newest[:] = [(work.page, result)]
        yield result
        if controls.stopping:
            return


@handles(ExportPage, "this export")
def export_page(work: ExportPage) -> Path | bytes:
    """Raises InputError as `export_lab` does."""
    from stiffgui.figures import Options
    from stiffgui.figures.lab import export_lab

    if not _newest or _newest[0][0] != work.page:
        _newest[:] = [(work.page, work.page.last())]
    result, options = _newest[0][1], Options(**work.options)
    return written(
        work.path,
        work.kind,
        lambda path: export_lab(work.page, result, path, work.kind, options, replace=True),
    )
