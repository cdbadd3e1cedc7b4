"""How a study compares, in a paragraph that can go into a paper."""

from __future__ import annotations

from stiffgui.study.comparison import draw_size, kind_of_test, split_ratio
from stiffgui.study.declaration import Study

TESTS = {
    "signed-rank": "by the exact two-sided Wilcoxon signed-rank test, with the Hodges-Lehmann "
    "estimate of the difference",
    "resampled": "by the corrected resampled t-test (Nadeau & Bengio 2003), as splits of the same "
    "rows share most of them: the variance of the mean difference is (1/n + {ratio:.2g}) s²",
}
DRAWN = "initial weights and batches"  # of every trial


def randomness(study: Study) -> str:
    """In what pairs differ from each other, which is what an interval covers."""
    if study.data == "shared":
        return f"{DRAWN}, on one and the same data: nothing is said of other data"
    from_table = study.experiment.task.kept_rows != 0
    what = "split of the table's rows" if from_table else "draw of the data"
    each = draw_size(study)
    mean = f"; each is the mean of {each} trials on the same data" if each > 1 else ""
    return f"{DRAWN}, and in the {what}, which all variants of a pair share{mean}"


def method(study: Study) -> str:
    """Test, estimator, adjustment, margin, and how weights were chosen."""
    test = TESTS[kind_of_test(study)].format(ratio=split_ratio(study))
    chosen = [
        f"{variant.name} from {', '.join(f'{weight:g}' for weight in variant.weights)}"
        for variant in study.all_variants
        if variant.weights
    ]
    fixed = [
        variant.name
        for k, variant in enumerate(study.all_variants)
        if not variant.weights and study.experiment_of(k, 0, 1).regularizer.weight
    ]
    beforehand = f" The weight of {', '.join(fixed)} is that set in the study." if fixed else ""
    nested = (
        f" The penalty's weight was chosen in every trial by the least validation error at its end "
        f"({'; '.join(chosen)}); test samples chose nothing.{beforehand}"
        if chosen
        else " Weights of penalties are those set in the study, the same for all pairs."
    )
    bases = " and ".join(study.against) or study.all_variants[0].name
    return (
        f"Variants are compared in pairs of trials that differ in {randomness(study)}. Final "
        f"values are compared with those of {bases} as ratios (differences of logarithms; plain "
        f"differences where a value is not positive) {test}. Intervals hold at 95 % for all "
        f"comparisons of a quantity together (Bonferroni); p-values are adjusted by Holm's method "
        f"(1979). A difference whose whole interval lies within {study.margin:g} % is called "
        f"equal within that margin.{nested}"
    )
