"""How well the networks of every variant predict each output of the test set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from stiffgui.runs.scores import MEAN, OutputScore, over_networks

if TYPE_CHECKING:
    from stiffgui.study.results import StudyResults, VariantResults

NOTHING = 0.01  # an R2 up to this is about 0


def variant_scores(variant: VariantResults) -> list[OutputScore]:
    """Medians over the trials that are done, of the last networks, each on its own data; empty
    when none is done. Raises InputError when the task's data cannot be read any more.
    """
    return over_networks([(part.run.data, part.network()) for part in variant.picked])


def study_scores(results: StudyResults) -> dict[str, list[OutputScore]]:
    """Variant name -> a score per output. Raises as `variant_scores`."""
    return {variant.name: variant_scores(variant) for variant in results.variants}


def study_warnings(scores: Mapping[str, Sequence[OutputScore]]) -> list[str]:
    """What must be said of `study_scores`: an R2 that is not above 0."""
    bad: dict[str, list[str]] = {}
    for variant, each in scores.items():
        for score in each:
            if score.test_r2 <= NOTHING:
                bad.setdefault(score.name, []).append(variant)
    known = [variant for variant, each in scores.items() if each]
    return [
        (
            f"no variant predicts {output} better"
            if who == known
            else f"{output} is predicted by {' and '.join(who)} no better"
        )
        + f" than {MEAN} (median test R² at most {NOTHING})"
        for output, who in bad.items()
    ]
