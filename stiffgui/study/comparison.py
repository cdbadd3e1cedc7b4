"""Variants compared with the first one in pairs of trials, and said in one honest sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stiffgui.study.results import StudyResults, VariantResults
from stiffgui.study.statistics import fewest_pairs, hodges_lehmann, holm, signed_rank
from stiffgui.training.quantities import of_study

Array = NDArray[np.float64]
SIGNIFICANT = 0.05
TINY = 1e-3  # per cent: what is smaller is not told in digits


@dataclass(frozen=True)
class Paired:
    """One quantity of a variant minus the first variant's, over the trials that both finished.

    `difference` is the Hodges-Lehmann estimate with its 95 % interval `low` to `high`; `p` of the
    signed-rank test, `p_holm` corrected for the other variants; `base` is the first variant's
    median. Values are in the quantity's own unit. `pairs` were used, `left_out` diverged.
    `family`: how many variants are compared with the first.
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

    @property
    def too_few(self) -> str:
        """Why no test could tell anything, empty when it could."""
        needed = fewest_pairs(self.family)
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
        if self.difference and amount == "0.000 %":
            return f"{word} equal within {TINY:g} %"
        way = "lower" if self.difference < 0 else "higher"
        return f"{word} {amount} {way}" if self.difference else f"{word} the same"

    def sentence(self) -> str:
        """What can be said of it, without the variants' names."""
        word, size = self.word, self.size
        if self.too_few:
            return f"{size}, but {self.too_few}"
        pairs = f"{self.pairs} pairs"
        interval = f"95 % interval {self._percent(self.low)} to {self._percent(self.high)}"
        p = f"p = {self.p_holm:.2g}, {pairs}"
        if self.p_holm < SIGNIFICANT:
            return f"{size} ({interval}, {p})"
        if self.p < SIGNIFICANT:
            return f"{size}, which may be chance among {self.family} comparisons ({interval}, {p})"
        return f"{word}: no difference seen ({interval}, {p})"

    def _percent(self, value: float) -> str:
        """A difference in per cent of the first variant's median, or plainly where that is 0."""
        if not self.base > 0:
            return f"{value:+.3g}"
        percent = 100 * value / self.base
        if abs(percent) < TINY:
            return "0 %" if percent == 0 else f"{'-' if percent < 0 else '+'}0.000 %"
        return f"{percent:+.2g} %" if abs(percent) < 99.5 else f"{percent:+.0f} %"


@dataclass(frozen=True)
class Comparison:
    """A variant compared with the first: one `Paired` for every compared quantity."""

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
    """Every other variant compared with the first, in pairs of trials."""
    return compare(results.variants)


def compare(variants: Sequence[VariantResults]) -> list[Comparison]:
    """Every other variant against the first. Holm's correction runs over the variants, within
    each quantity."""
    if not variants:
        return []
    first, others = variants[0], variants[1:]
    rows: dict[str, list[Paired]] = {}
    compared = of_study("compared")
    for quantity in compared:
        paired = [_pair(quantity, other, first) for other in others]
        adjusted = holm([p.p for p in paired])
        rows[quantity] = [
            replace(p, p_holm=corrected, family=len(others))
            for p, corrected in zip(paired, adjusted, strict=True)
        ]
    return [
        Comparison(other.name, first.name, {q: rows[q][k] for q in compared})
        for k, other in enumerate(others)
    ]


def _pair(quantity: str, variant: VariantResults, first: VariantResults) -> Paired:
    both = np.intersect1d(variant.trial_numbers, first.trial_numbers)
    mine = variant.last[quantity][np.isin(variant.trial_numbers, both)]
    theirs = first.last[quantity][np.isin(first.trial_numbers, both)]
    known = np.isfinite(mine) & np.isfinite(theirs)
    difference = mine[known] - theirs[known]
    estimate, low, high = hodges_lehmann(difference)
    return Paired(
        quantity,
        estimate,
        low,
        high,
        signed_rank(difference).p,
        float("nan"),
        int(known.sum()),
        int((~known).sum()),
        float(np.median(theirs[known])) if known.any() else float("nan"),
        1,
    )
