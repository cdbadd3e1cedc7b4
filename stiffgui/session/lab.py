"""The laboratory's pages: computed, the newest request first; and their formulas."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from stiffgui.labs import Page, Result
from stiffgui.session.ready import until_ready
from stiffgui.session.service import handles, use_one_thread
from stiffgui.training import Controls
from stiffgui.training.ready import Readiness


@dataclass(frozen=True)
class ComputePage:
    """Compute a page; its results are the answers on the way, the complete one among them.

    Before them comes a Readiness while machine code is made.
    """

    page: Page


@dataclass(frozen=True)
class Typeset:
    """Make images of formulas, for `formula_svg` needs what a window does without."""

    formulas: tuple[str, ...]


@handles(Typeset, "the formulas")
def typeset(work: Typeset) -> tuple[str, ...]:
    """An SVG each."""
    from stiffgui.figures.formula import formula_svg

    return tuple(map(formula_svg, work.formulas))


@handles(ComputePage, "this page")
def compute(work: ComputePage, controls: Controls) -> Generator[Readiness | Result]:
    """Results, until the controls say stop. Raises InputError where there can be none."""
    use_one_thread()
    trainings = work.page.trainings()
    if trainings and not (yield from until_ready(trainings, controls)):
        return
    for result in work.page.results():
        yield result
        if controls.stopping:
            return
