"""How well the networks of every variant predict each output of the test set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stiffgui.runs.scores import OutputScore, over_networks

if TYPE_CHECKING:
    from stiffgui.study.results import StudyResults, VariantResults


def variant_scores(variant: VariantResults) -> list[OutputScore]:
    """Medians over the trials that are done, of the last networks, each on its own data; empty
    when none is done. Raises InputError when the task's data cannot be read any more.
    """
    return over_networks([(part.run.data, part.network()) for part in variant.picked])


def study_scores(results: StudyResults) -> dict[str, list[OutputScore]]:
    """Variant name -> a score per output. Raises as `variant_scores`."""
    return {variant.name: variant_scores(variant) for variant in results.variants}
