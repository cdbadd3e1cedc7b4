"""The plan of a study: which trials train together. It depends on the study alone, and on what is
there already where a study grows.

Rounding differs between batch sizes, so the pieces must not depend on how many workers there
happen to be: then the same seeds give the same numbers on any executor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from stiffgui.kernels.threads import processors
from stiffgui.states import State
from stiffgui.study.declaration import Study

FEW = 4  # chunks that are not worth the start of processes


@dataclass(frozen=True)
class Chunk:
    """`count` trials of one variant from trial `first` on, trained as one batch; with the weight
    of a `candidate`, where the variant chooses one."""

    number: int
    variant: int
    first: int
    count: int
    candidate: int = 0


def usual_workers(study: Study | None) -> int | None:
    """As many processes as there are processors where a study has FEW or more chunks of one trial,
    which one thread trains; None, this process with all its threads, of any other."""
    if study is None:
        return None
    single = (study.per_draw if study.data == "redrawn" else min(study.together, study.trials)) == 1
    chunks = len(plan(study)) if single else 0
    return min(processors(), chunks) if chunks >= FEW else None


def plan(study: Study, there: Iterable[Chunk] = ()) -> list[Chunk]:
    """The chunks that are to be trained, in their order, besides those that are there already.

    The same trials of all variants follow each other, so that a study that is stopped early can
    already be compared in pairs. Chunks of a variant differ by one trial at most, but for those by
    which a study has grown; where data are redrawn, a chunk is a draw.
    """
    there = list(there)
    known = {(chunk.variant, chunk.candidate, chunk.first) for chunk in there}
    ends = sorted({0} | {chunk.first + chunk.count for chunk in there})
    missing, size = study.trials - ends[-1], study.together
    if study.data == "redrawn":
        size = study.per_draw
    pieces = -(-missing // size)
    ends += [ends[-1] + missing * (k + 1) // pieces for k in range(pieces)]
    places = [
        (variant, candidate, first, end - first)
        for first, end in pairwise(ends)
        for variant, each in enumerate(study.all_variants)
        for candidate in range(each.candidates)
        if (variant, candidate, first) not in known
    ]
    number = 1 + max((chunk.number for chunk in there), default=-1)
    return [
        Chunk(number + k, variant, first, count, candidate)
        for k, (variant, candidate, first, count) in enumerate(places)
    ]


def grown(
    held: Study, study: Study, states: Iterable[tuple[Chunk, State, int]]
) -> list[tuple[Chunk, State, int]]:
    """State and epoch of every chunk once a file has grown from `held` into `study`."""
    new = {variant.name: k for k, variant in enumerate(study.all_variants)}
    places = [new[variant.name] for variant in held.all_variants]
    longer = longer_variants(held, study, places)
    out: list[tuple[Chunk, State, int]] = [
        (
            replace(chunk, variant=places[chunk.variant]),
            "stopped" if state == "finished" and chunk.variant in longer else state,
            epoch,
        )
        for chunk, state, epoch in states
    ]
    more = plan(study, [chunk for chunk, _, _ in out])
    return out + [(chunk, "waiting", 0) for chunk in more]


def longer_variants(held: Study, study: Study, places: Sequence[int]) -> list[int]:
    """Variants of `held` that train more epochs in `study`, where each has one of these places."""
    return [
        k
        for k, place in enumerate(places)
        if study.experiment_of(place).training.epochs > held.experiment_of(k).training.epochs
    ]
