"""Variants compared in pairs of trials, and said in one honest sentence.

What a pair differs in from the next is what its interval covers: initialisation and batches, and
the draw of the data or the split of a table where a study redraws them (`method.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stiffgui.study.declaration import Study
from stiffgui.study.results import StudyResults, VariantResults
from stiffgui.study.statistics import (
    LEVEL,
    components,
    corrected_resampled,
    fewest_pairs,
    hodges_lehmann,
    holm,
    signed_rank,
)
from stiffgui.training.quantities import of_study

Array = NDArray[np.float64]
SIGNIFICANT = 1 - LEVEL
TINY = 1e-3  # per cent: what is smaller is not told in digits
Test = Literal["signed-rank", "resampled"]


@dataclass(frozen=True)
class Paired:
    """One quantity of a variant minus that of another, over the pairs that both finished.

    Where all values are positive, test and estimates are of their ratios, as differences of
    logarithms (`ratios`); a ratio q is told as the difference (q - 1) `base`. Else they are of
    differences. `difference` is the Hodges-Lehmann estimate, or the mean where splits of the same
    rows are compared (`test`); its interval `low` to `high` holds at 95 % for all comparisons of
    its `family` together (each at 1 - 5 %/family, Bonferroni); `p` of the test, `p_holm` adjusted
    for the family; `base` is the other variant's median. Values are in the quantity's own unit.
    `pairs` were used, `left_out` diverged. `between`, `within`: variance of the difference between
    and within draws, NaN where a draw has one trial. `margin`: in per cent of `base`.
    """

    quantity: str
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    pairs: int
    left_out: int
    base: float
    family: int
    test: Test = "signed-rank"
    between: float = float("nan")
    within: float = float("nan")
    margin: float = 0.0
    ratios: bool = False

    @property
    def too_few(self) -> str:
        """Why no test could tell anything, empty when it could."""
        needed = fewest_pairs(self.family) if self.test == "signed-rank" else 2
        if self.pairs == 0:
            return "there are no pairs of finished trials"
        proves = "pair proves" if self.pairs == 1 else "pairs prove"
        text = f"{self.pairs} {proves} nothing (the test needs {needed})"
        return text if self.pairs < needed else ""

    @property
    def word(self) -> str:
        """What the quantity is called."""
        return of_study("compared")[self.quantity].in_study

    @property
    def size(self) -> str:
        """The difference in words: `test error 3.2 % higher`."""
        word = self.word
        if self.pairs == 0:
            return f"{word} unknown"
        amount = self._percent(abs(self.difference)).lstrip("+")
        if self.difference and self.base > 0 and 100 * abs(self.difference) < TINY * self.base:
            return f"{word} equal within {TINY:g} %"
        way = "lower" if self.difference < 0 else "higher"
        return f"{word} {amount} {way}" if self.difference else f"{word} the same"

    @property
    def negligible(self) -> bool:
        """Whether the whole interval lies within the margin."""
        widest = max(abs(self.low), abs(self.high))
        return self.base > 0 and 100 * widest <= self.margin * self.base

    def sentence(self) -> str:
        """What can be said of it, without the variants' names."""
        word, size = self.word, self.size
        if self.too_few:
            return f"{size}, but {self.too_few}"
        pairs = f"{self.pairs} pairs"
        interval = f"95 % interval {self._percent(self.low)} to {self._percent(self.high)}"
        p = f"p = {self.p_holm:.2g}, {pairs}"
        if self.negligible:
            return f"{word}: equal within the margin of {self.margin:g} % ({interval}, {p})"
        if self.p_holm < SIGNIFICANT:
            return f"{size} ({interval}, {p})"
        if self.p < SIGNIFICANT:
            return f"{size}, which may be chance among {self.family} comparisons ({interval}, {p})"
        return f"{word}: no difference seen ({interval}, {p})"

    def _percent(self, value: float) -> str:
        """A difference in per cent of the other variant's median, or plainly where that is 0."""
        if not self.base > 0:
            return f"{value:+.3g}"
        percent = 100 * value / self.base
        if abs(percent) < TINY:
            return "0 %" if percent == 0 else f"{percent:+.0e} %"
        return f"{percent:+.2g} %" if abs(percent) < 99.5 else f"{percent:+.0f} %"


@dataclass(frozen=True)
class Comparison:
    """A variant compared with another: one `Paired` for every compared quantity."""

    variant: str
    base: str
    quantities: dict[str, Paired]

    @property
    def pairs(self) -> int:
        """Pairs of trials that could be compared."""
        return max(paired.pairs for paired in self.quantities.values())

    @property
    def sentence(self) -> str:
        """One honest sentence."""
        each = list(self.quantities.values())
        reasons = {paired.too_few for paired in each}
        if len(reasons) == 1 and "" not in reasons:  # the same for all: said once
            text = f"{', '.join(paired.size for paired in each)}; but {reasons.pop()}"
        else:
            text = "; ".join(paired.sentence() for paired in each)
        out = max(paired.left_out for paired in each)
        note = ""
        if out:
            plural = "s" if out > 1 else ""
            note = f"; {out} pair{plural} with a diverged trial left out"
        return f"{self.variant} against {self.base}: {text}{note}."


def comparisons_of(results: StudyResults) -> list[Comparison]:
    """Every variant compared, in pairs of trials, with those the study names, else the first."""
    return compare(results.variants, results.study)


def compare(variants: Sequence[VariantResults], study: Study) -> list[Comparison]:
    """Every variant against each of those the study names, the first by default; none twice.

    The family over which intervals and p-values are adjusted are these comparisons, within each
    quantity.
    """
    if not variants:
        return []
    bases = [v for v in variants if v.name in study.against] or [variants[0]]
    named = {base.name for base in bases}
    couples = [(v, base) for base in bases for v in variants if v.name not in named]
    couples += [(v, base) for k, base in enumerate(bases) for v in bases[k + 1 :]]
    rows: dict[str, list[Paired]] = {}
    compared = of_study("compared")
    for quantity in compared:
        paired = [_pair(quantity, *couple, study, len(couples)) for couple in couples]
        adjusted = holm([p.p for p in paired])
        rows[quantity] = [
            replace(p, p_holm=corrected) for p, corrected in zip(paired, adjusted, strict=True)
        ]
    return [
        Comparison(variant.name, base.name, {q: rows[q][k] for q in compared})
        for k, (variant, base) in enumerate(couples)
    ]


def _pair(
    quantity: str, variant: VariantResults, base: VariantResults, study: Study, family: int
) -> Paired:
    both = np.intersect1d(variant.trial_numbers, base.trial_numbers)
    mine = variant.last[quantity][np.isin(variant.trial_numbers, both)]
    theirs = base.last[quantity][np.isin(base.trial_numbers, both)]
    known = np.isfinite(mine) & np.isfinite(theirs)
    mine, theirs, draws = mine[known], theirs[known], both[known] // draw_size(study)
    between, within = components(mine - theirs, draws)
    middle = float(np.median(theirs)) if known.any() else float("nan")
    ratios = bool((mine > 0).all() and (theirs > 0).all())
    change = np.log(mine) - np.log(theirs) if ratios else mine - theirs
    each = np.array([change[draws == draw].mean() for draw in np.unique(draws)])
    test, level = kind_of_test(study), 1 - SIGNIFICANT / max(1, family)
    if test == "resampled":
        found = corrected_resampled(each, split_ratio(study), level)
        estimate, low, high, p = found.mean, found.low, found.high, found.p
    else:
        estimate, low, high = hodges_lehmann(each, level)
        p = signed_rank(each).p
    if ratios:
        estimate, low, high = (middle * float(np.expm1(v)) for v in (estimate, low, high))
    return Paired(
        quantity,
        estimate,
        low,
        high,
        p,
        float("nan"),
        len(each),
        int((~known).sum()),
        middle,
        family,
        test,
        between,
        within,
        study.margin,
        ratios,
    )


def draw_size(study: Study) -> int:
    """Trials that make one pair."""
    return study.per_draw if study.data == "redrawn" else 1


def kind_of_test(study: Study) -> Test:
    """Splits of one table share rows, so their differences are not independent; draws are."""
    resplit = study.data == "redrawn" and study.experiment.task.kept_rows != 0
    return "resampled" if resplit else "signed-rank"


def split_ratio(study: Study) -> float:
    """Test samples over training samples."""
    task = study.experiment.task
    return int(getattr(task, "test_samples", 0)) / task.training_samples
