"""The summary table of a study: medians and quartiles over trials, a row per variant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.study.comparison import comparisons_of
from stiffgui.study.method import method
from stiffgui.study.results import StudyResults
from stiffgui.training.cadence import probe_samples
from stiffgui.training.quantities import of_study

if TYPE_CHECKING:
    import pandas as pd

BATCH_SECONDS = "s per batch"
QUARTILES = {"median": 50, "lower_quartile": 25, "upper_quartile": 75}


def facts(results: StudyResults) -> list[dict[str, Any]]:
    """A dictionary per variant, as plain JSON values; None where nothing is known yet.

    probe_samples: on how many samples the stiffness is measured.

    Every quantity is {median, lower_quartile, upper_quartile} over the trials that finished.
    seconds_per_trial: a batch's training time over its trials; batch_seconds: of all batches.
    """
    return [
        {
            "variant": variant.name,
            "trials": variant.trials,
            "planned": variant.planned,
            "diverged": variant.diverged.tolist(),
            "batch_seconds": variant.batch_seconds,
            "probe_samples": variant.probe_count or None,
            "chosen_weights": variant.chosen.tolist(),
            "quantities": {column: _quartiles(values) for column, values in variant.last.items()},
        }
        for variant in results.variants
    ]


def _quartiles(values: NDArray[np.float64]) -> dict[str, float | None]:
    known = values[np.isfinite(values)]
    percents = list(QUARTILES.values())
    each = np.percentile(known, percents).tolist() if known.size else [None] * len(percents)
    return dict(zip(QUARTILES, each, strict=True))


def document(results: StudyResults) -> dict[str, Any]:
    """Everything `stiffgui show --json` says of a study, as plain JSON values."""
    return {
        "file": str(results.path),
        "kind": "study",
        "finished": results.finished,
        "about": results.study.about,
        "trials": results.study.trials,
        "variants": facts(results),
        "method": method(results.study),
        "references": [r.model_dump(mode="json") for r in results.study.references],
        "comparisons": [
            {
                "variant": comparison.variant,
                "compared_with": comparison.base,
                "sentence": comparison.sentence,
                "quantities": {
                    name: {k: _finite(v) for k, v in vars(paired).items()}
                    for name, paired in comparison.quantities.items()
                },
            }
            for comparison in comparisons_of(results)
        ],
        "chunks": [
            vars(c.chunk) | {"state": c.state, "epoch": c.epoch, "seconds": c.seconds}
            for c in results.chunks
        ],
        "settings": results.study.model_dump(mode="json"),
        "provenance": results.provenance,
    }


def caption(results: StudyResults) -> str:
    """What stands over the table that people read: what its cells are."""
    counts = [variant.probe_count for variant in results.variants if variant.trials]
    told = of_study("in_table")["stiffness"].study
    what = told.help if told is not None else ""
    over = f"; stiffness: {what}, mean over {probe_samples(*counts)}" if counts else ""
    return f"medians over trials (quartiles){over}"


def chosen_sentences(results: StudyResults) -> list[str]:
    """Which weights trials have taken, where they chose."""
    said = []
    for variant in results.variants:
        if variant.weights and variant.trials:
            counts = ((weight, int((variant.chosen == weight).sum())) for weight in variant.weights)
            each = ", ".join(f"{weight:g} in {count}" for weight, count in counts if count)
            said.append(f"{variant.name}: of {variant.trials} trials, weight {each}")
    return said


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


def summary_frame(results: StudyResults) -> pd.DataFrame:
    """A row per variant, and a row per published reference after the variant it belongs to.

    Columns: variant, source (`this study`, or where the row was published), trials, planned,
    diverged, every quantity with its quartiles, batch_seconds, probe_samples. NaN where nothing
    is known.
    """
    import pandas as pd

    references = {r.name: r for r in results.study.references}
    rows = []
    for fact in facts(results):
        row = {"variant": fact["variant"], "source": "this study"}
        row |= {"trials": fact["trials"], "planned": fact["planned"]}
        row["diverged"] = len(fact["diverged"])
        for name, quartiles in fact["quantities"].items():
            for part, value in quartiles.items():
                row[name if part == "median" else f"{name}_{part}"] = _number(value)
        row |= {name: _number(fact[name]) for name in ("batch_seconds", "probe_samples")}
        rows.append(row)
        reference = references.get(fact["variant"])
        if reference is not None:
            values = {c: _number(getattr(reference, c, None)) for c in of_study("in_table")}
            rows.append({"variant": reference.name, "source": reference.source} | values)
    return pd.DataFrame(rows)


def comparison_frame(results: StudyResults) -> pd.DataFrame:
    """A row per variant and compared quantity: difference, interval, p, p_holm, pairs."""
    import pandas as pd

    return pd.DataFrame(
        {"variant": comparison.variant, "compared_with": comparison.base} | vars(paired)
        for comparison in comparisons_of(results)
        for paired in comparison.quantities.values()
    )


def study_table(results: StudyResults, name: str, readable_cells: bool = False) -> pd.DataFrame:
    """summary, history or comparison; `readable_cells`: the summary as it would be printed."""
    import pandas as pd

    if name == "summary" and readable_cells:
        titles, rows = readable(results)
        return pd.DataFrame(rows, columns=titles)
    if name == "history":
        return results.history
    return summary_frame(results) if name == "summary" else comparison_frame(results)


def readable(results: StudyResults) -> tuple[list[str], list[list[str]]]:
    """Column titles and rows of text, as they stand in a terminal, a window or a paper.

    A cell is `median (lower quartile–upper quartile)`; nothing here is negative.
    """
    symbols = {column: q.symbol for column, q in of_study("in_table").items()}
    titles = ["variant", "trials", *symbols.values(), BATCH_SECONDS]
    references = {r.name: r for r in results.study.references}
    rows = []
    for fact in facts(results):
        trials = f"{fact['trials']}/{fact['planned']}"
        if fact["diverged"]:
            trials += f", {len(fact['diverged'])} diverged"
        cells = [_cell(**fact["quantities"][column]) for column in symbols]
        batch = f"{fact['batch_seconds']:.4g}" if fact["trials"] else "–"
        rows.append([fact["variant"], trials, *cells, batch])
        reference = references.get(fact["variant"])
        if reference is not None:
            given = [getattr(reference, column, None) for column in symbols]
            shown = ["–" if value is None else digits(value) for value in given]
            rows.append([f"  {reference.source}", "", *shown, ""])
    return titles, rows


def _cell(median: float | None, lower_quartile: float | None, upper_quartile: float | None) -> str:
    if median is None or lower_quartile is None or upper_quartile is None:
        return "–"
    if lower_quartile == upper_quartile:
        return digits(median)
    return f"{digits(median)} ({digits(lower_quartile)}–{digits(upper_quartile)})"


def digits(value: float) -> str:
    """Three significant digits; large whole numbers in full, grouped."""
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def _number(value: float | None) -> float:
    return np.nan if value is None else value
