"""The plan of a study: which trials train together. It depends on the study alone.

Rounding differs between batch sizes, so the pieces must not depend on how many workers there
happen to be: then the same seeds give the same numbers on any executor.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from stiffgui.study.declaration import Study


@dataclass(frozen=True)
class Chunk:
    """`count` trials of one variant from trial `first` on, trained as one batch."""

    number: int
    variant: int
    first: int
    count: int


def plan(study: Study) -> list[Chunk]:
    """The chunks of a study, in the order in which they are trained.

    The same trials of all variants follow each other, so that a study that is stopped early can
    already be compared in pairs. Chunks of a variant differ by one trial at most.
    """
    pieces = -(-study.trials // study.together)
    ends = [study.trials * k // pieces for k in range(pieces + 1)]
    variants = range(len(study.all_variants))
    places = [(v, a, b) for a, b in pairwise(ends) for v in variants]
    return [Chunk(k, v, a, b - a) for k, (v, a, b) in enumerate(places)]
