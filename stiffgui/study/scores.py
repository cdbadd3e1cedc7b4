"""How well the networks of every variant predict each output of the test set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stiffgui.runs.scores import OutputScore, scores_of

if TYPE_CHECKING:
    from stiffgui.study.results import StudyResults, VariantResults


def variant_scores(variant: VariantResults) -> list[OutputScore]:
    """Medians over the trials that are done, of the last networks; empty when none is done.

    Raises InputError when the task's data cannot be read any more.
    """
    if not variant.runs:
        return []
    data = variant.runs[0].data
    last = [run.snapshot(run.last_snapshot_epoch) for run in variant.runs]
    return scores_of(data, last)


def study_scores(results: StudyResults) -> dict[str, list[OutputScore]]:
    """Variant name -> a score per output. Raises as `variant_scores`."""
    return {variant.name: variant_scores(variant) for variant in results.variants}
