"""Studies that grow, that redraw their data, and that choose weights in every trial."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp

from stiffgui import InputError, open_run, open_study, run_study
from stiffgui._presets import of_table
from stiffgui.cli import main
from stiffgui.figures import figure
from stiffgui.figures.picture import Points
from stiffgui.study import Study
from stiffgui.study.comparison import comparisons_of, kind_of_test
from stiffgui.study.declaration import Variant
from stiffgui.study.method import method, randomness
from stiffgui.study.plan import plan
from stiffgui.study.scores import study_scores
from stiffgui.study.statistics import components, corrected_resampled
from tests.study_files import changed, nested, numbers, tiny

FINAL = ["train_error", "test_error", "l2_norm"]


def last(path: Path) -> pd.DataFrame:
    """Numbers of the last epoch by variant and trial."""
    history = numbers(path)
    ends = history[history["epoch"] == history.groupby("variant")["epoch"].transform("max")]
    return ends.set_index(["variant", "trial"])[FINAL].sort_index()


# ------------------------------------------------------------------------------------- growing


def test_a_study_grows_by_trials_and_a_variant_and_the_first_stay_as_they_were(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "s.stiff"
    run_study(tiny(trials=5, together=25), path).close()
    before = last(path)
    held = path.read_bytes()
    assert main(["study", "--out", str(path), "--trials", "25"]) == 0
    assert "60 of 75 to train" in capsys.readouterr().err
    after = last(path)
    assert len(after) == 75
    pd.testing.assert_frame_equal(after.loc[before.index], before, check_exact=True)
    with open_study(path) as results:
        study = results.study
        assert study.trials == 25 and [c.chunk.count for c in results.chunks[:3]] == [5, 5, 5]
    more = Variant(name="strong", settings={"regularizer.kind": "l2", "regularizer.weight": 1.0})
    toml = tmp_path / "more.toml"
    toml.write_text(changed(study, variants=(more, *study.variants)).to_toml(), "utf-8")
    assert main(["study", str(toml), "--out", str(path)]) == 0
    grown = last(path)
    assert len(grown) == 100 and not np.array_equal(
        grown.loc["strong"].to_numpy(), grown.loc["RES L2"].to_numpy()
    )
    pd.testing.assert_frame_equal(grown.loc[after.index], after, check_exact=True)
    assert path.read_bytes() != held


def test_a_study_grows_by_epochs_from_its_checkpoints(tmp_path: Path) -> None:
    path, whole = tmp_path / "s.stiff", tmp_path / "whole.stiff"
    run_study(tiny(), path).close()
    longer = tiny(training__epochs=12)
    with run_study(longer, path) as results:
        assert results.finished and results.study == longer
    run_study(longer, whole).close()
    pd.testing.assert_frame_equal(last(path), last(whole), check_exact=True)


def test_a_file_of_an_earlier_version_grows_by_trials_but_not_by_epochs(tmp_path: Path) -> None:
    path = tmp_path / "s.stiff"
    run_study(tiny(), path).close()
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("ALTER TABLE chunks DROP COLUMN candidate")
        for number, content in database.execute("SELECT number, run FROM chunks").fetchall():
            one = tmp_path / "one.stiff"
            one.write_bytes(content)
            with contextlib.closing(sqlite3.connect(one)) as run, run:
                run.execute("DELETE FROM checkpoint")
            database.execute(
                "UPDATE chunks SET run = ? WHERE number = ?", (one.read_bytes(), number)
            )
    before = last(path)
    with pytest.raises(InputError, match="kept no checkpoints: it grows by trials and variants"):
        run_study(tiny(training__epochs=12), path)
    pd.testing.assert_frame_equal(last(path), before, check_exact=True)
    run_study(tiny(trials=10), path).close()
    pd.testing.assert_frame_equal(last(path).loc[before.index], before, check_exact=True)
    assert len(last(path)) == 30


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"trials": 4}, "trials is smaller than the 8 it has already"),
        ({"training__epochs": 3}, r"training\.epochs is smaller than the 6"),
        ({"training__learning_rate": 0.1}, r"they differ in training\.learning_rate"),
        ({"together": 2}, "together differs"),
    ],
)
def test_what_no_study_can_grow_into_is_refused(settings: dict[str, Any], words: str) -> None:
    import re

    assert re.search(words, tiny().in_the_way(tiny(**settings)))
    fewer = changed(tiny(), variants=tiny().variants[:2])
    assert "'RES stiff' is not in the new one" in tiny().in_the_way(fewer)
    assert not fewer.in_the_way(tiny()) and not tiny().in_the_way(tiny(trials=9))


# ------------------------------------------------------------------------------ data redrawn


def test_every_pair_has_its_own_draw_and_all_its_variants_share_it(tmp_path: Path) -> None:
    study = changed(tiny(trials=4), data="redrawn")
    assert [(c.first, c.count, c.variant) for c in plan(study)] == [
        (trial, 1, variant) for trial in range(4) for variant in range(3)
    ]
    seeds = {
        (v, t): study.experiment_of(v, t, 1).flat()["task.seed"] for v in range(3) for t in range(4)
    }
    assert seeds == {(v, t): t for v in range(3) for t in range(4)}
    with run_study(study, tmp_path / "s.stiff") as results:
        runs = results.variants[0].runs
        data = [run.data.x_train for run in runs]
        assert len({each.tobytes() for each in data}) == 4
        np.testing.assert_array_equal(data[2], results.variants[1].runs[2].data.x_train)
        [score] = study_scores(results)["RES"]
        own = [
            np.sqrt(np.square(run.snapshot(6).predict(run.data.x_test) - run.data.y_test).mean())
            for run in runs
        ]
        assert score.test_rmse == pytest.approx(np.median(own), rel=1e-6)
        results.extract("RES L2", 2, tmp_path / "two.stiff")
    with open_run(tmp_path / "two.stiff") as run:
        assert run.experiment.flat()["task.seed"] == 2 and run.first_trial == 2


def test_trials_of_a_draw_are_one_pair_and_variance_is_told_apart(tmp_path: Path) -> None:
    study = changed(tiny(trials=14), data="redrawn", per_draw=2)
    assert {c.count for c in plan(study)} == {2}
    with run_study(study, tmp_path / "s.stiff") as results:
        [first, *_] = comparisons_of(results)
        paired = first.quantities["test_error"]
        assert paired.pairs == 7 and paired.test == "signed-rank"
        mine, theirs = (v.last["test_error"].reshape(7, 2) for v in results.variants[1::-1])
        between, within = components((mine - theirs).ravel(), np.repeat(np.arange(7), 2))
        assert (paired.between, paired.within) == (between, within)
        # As an analysis of variance has it.
        d = mine - theirs
        expected = np.square(d - d.mean(1, keepdims=True)).sum() / 7
        assert within == pytest.approx(expected)
    with pytest.raises(InputError, match="no multiple of per_draw"):
        changed(tiny(trials=9), data="redrawn", per_draw=2)


def test_splits_of_a_table_are_compared_by_the_corrected_test(tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    frame = pd.DataFrame(draws.uniform(size=(60, 2)), columns=["x_a", "x_b"])
    frame["y"] = np.sin(5 * frame["x_a"])
    frame.to_csv(tmp_path / "t.csv", index=False)
    base = of_table(tmp_path / "t.csv", {"relevance": "none"}).with_settings(
        {"training.epochs": 3, "architecture.width": 4, "architecture.depth": 2}
    )
    study = Study.of_experiment(base).with_settings({"trials": 3})
    assert study.data == "redrawn" and kind_of_test(study) == "resampled"
    # The penalty that a training of this table takes, not L2's own default.
    assert study.experiment_of(1).flat()["regularizer.weight"] == 1e-2
    with run_study(study, tmp_path / "s.stiff") as results:
        [first, *_] = comparisons_of(results)
        paired = first.quantities["test_error"]
        plain, l2 = (variant.last["test_error"] for variant in results.variants[:2])
        d, middle = np.log(l2 / plain), float(np.median(plain))
        task = base.task
        found = corrected_resampled(d, 12 / task.training_samples, 0.975)
        assert paired.ratios and paired.p == pytest.approx(found.p)
        told, logs = [paired.difference, paired.low], [found.mean, found.low]
        np.testing.assert_allclose(told, middle * np.expm1(logs))
        assert "Nadeau & Bengio" in method(study) and "split of the table's rows" in method(study)


def test_the_corrected_test_is_students_where_nothing_is_shared() -> None:
    d = np.random.default_rng(0).normal(0.3, 1, 12)
    found = corrected_resampled(d, 0.0)
    peer = ttest_1samp(d, 0)
    assert found.p == pytest.approx(peer.pvalue)
    interval = peer.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    wider = corrected_resampled(d, 0.25)
    assert wider.high - wider.mean == pytest.approx(
        (found.high - found.mean) * np.sqrt((1 / 12 + 0.25) * 12)
    )
    assert corrected_resampled(np.zeros(5), 0.2).p == 1.0
    assert corrected_resampled(np.ones(1), 0.2).low == -np.inf


# -------------------------------------------------------------------------- weights chosen


def test_each_trial_takes_the_weight_of_least_validation_error(tmp_path: Path) -> None:
    study = nested()
    assert len(plan(study)) == 3 * (1 + 3)
    with run_study(study, tmp_path / "s.stiff") as results:
        variant = results.variants[1]
        assert variant.trials == variant.planned == 3
        errors = np.array(
            [
                [run.series().last()["validation_error"][0] for run in variant.of_candidate(k)]
                for k in range(3)
            ]
        )
        best = errors.argmin(0)
        np.testing.assert_array_equal(variant.chosen, np.array(study.variants[1].weights)[best])
        tests = np.array(
            [
                [run.series().last()["test_error"][0] for run in variant.of_candidate(k)]
                for k in range(3)
            ]
        )
        np.testing.assert_array_equal(variant.last["test_error"], tests[best, np.arange(3)])
        # Time of all that was trained for a result.
        assert variant.last["seconds_per_trial"].sum() == pytest.approx(variant.batch_seconds)
        assert "weight was chosen in every trial" in method(study)
        results.extract("L2 chosen", 1, tmp_path / "one.stiff")
        weight = variant.chosen[1]
    with open_run(tmp_path / "one.stiff") as run:
        assert run.experiment.flat()["regularizer.weight"] == weight
        assert run.experiment.flat()["task.seed"] == 1


def test_weights_of_a_batch_are_chosen_trial_by_trial(tmp_path: Path) -> None:
    study = changed(nested(), data="shared")
    assert [c.count for c in plan(study)] == [3, 3, 3, 3]
    with run_study(study, tmp_path / "s.stiff") as results:
        variant = results.variants[1]
        errors = np.stack(
            [variant.of_candidate(k)[0].series().last()["validation_error"] for k in range(3)]
        )
        expected = np.array(study.variants[1].weights)[errors.argmin(0)]
        np.testing.assert_array_equal(variant.chosen, expected)
        assert variant.series().trials == 3
        table = results.history
        last = table[(table["epoch"] == table["epoch"].max()) & (table["variant"] == variant.name)]
        assert sorted(set(last["weight"])) == sorted(study.variants[1].weights)
        taken = last[last["chosen"]].sort_values("trial")
        np.testing.assert_array_equal(taken["weight"], variant.chosen)
        np.testing.assert_array_equal(taken["test_error"], variant.last["test_error"])
        plain = table[table["variant"] == results.variants[0].name]
        assert plain["chosen"].all() and plain["weight"].isna().all()


def test_weights_need_validation_samples_and_a_penalty() -> None:
    study = nested()
    without = study.experiment.with_settings({"task.validation_samples": 0})
    with pytest.raises(InputError, match=r"set task\.validation_samples"):
        changed(study, experiment=without)
    none = Variant(name="x", settings={"regularizer.kind": "none"}, weights=(1.0,))
    with pytest.raises(InputError, match=r"variant 'x': regularizer\.weight exists only"):
        changed(study, variants=(none,))


# ------------------------------------------------------------------- what is compared, and said


def test_all_are_compared_with_those_that_are_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "s.stiff"
    run_study(tiny(), path).close()
    with open_study(path) as results:
        usual = [(c.variant, c.base) for c in comparisons_of(results)]
        assert usual == [("RES L2", "RES"), ("RES stiff", "RES")]
        one = comparisons_of(results)[0].quantities["test_error"]
        results.judge(against=["RES", "RES L2"])
        both = comparisons_of(results)
        assert [(c.variant, c.base) for c in both] == [
            ("RES stiff", "RES"),
            ("RES stiff", "RES L2"),
            ("RES", "RES L2"),
        ] or [(c.variant, c.base) for c in both] == [
            ("RES stiff", "RES"),
            ("RES stiff", "RES L2"),
            ("RES L2", "RES"),
        ]
        three = next(c for c in both if {c.variant, c.base} == {"RES", "RES L2"})
        # More comparisons make wider intervals.
        assert three.quantities["test_error"].family == 3 and one.family == 2
    assert main(["show", str(path), "--against", "RES L2"]) == 0
    out = capsys.readouterr().out
    assert "RES stiff against RES L2:" in out and "Method: Variants are compared in pairs" in out
    assert main(["show", str(path), "--against", "RES L3"]) == 2
    assert "Did you mean RES L2?" in capsys.readouterr().err
    with pytest.raises(InputError, match="against names 'RES L3'"):
        changed(tiny(), against=("RES L3",))


def test_the_result_says_which_randomness_it_covers() -> None:
    assert "one and the same data: nothing is said of other data" in randomness(tiny())
    redrawn = changed(tiny(), data="redrawn")
    assert "in the draw of the data, which all variants of a pair share" in randomness(redrawn)


def test_the_front_shows_every_weight_and_how_many_chose_it(tmp_path: Path) -> None:
    with run_study(nested(), tmp_path / "s.stiff") as results:
        shown = figure("front", "study")
        table, picture = shown.table(results), shown.picture(results)
        assert table["variant"].tolist() == ["RES", *3 * ["L2 chosen"]]
        variant = results.variants[1]
        for k, row in enumerate(table.iloc[1:].itertuples()):
            assert row.weight == variant.weights[k]
            assert row.chosen == (variant.chosen == row.weight).sum()
            errors = [run.series().last()["test_error"][0] for run in variant.of_candidate(k)]
            expected = np.percentile(errors, (25, 50, 75))
            got = (row.test_error_lower_quartile, row.test_error, row.test_error_upper_quartile)
            np.testing.assert_allclose(got, expected)
        assert table["chosen"].sum() == 3
    assert [panel.title for panel in picture.panels] == ["validation error", "test error"]
    fixed, chosen = picture.panels[1].of(Points)
    assert fixed.texts == ("",)
    counts = table["chosen"].tolist()[1:]
    assert chosen.texts == tuple(
        f"{w:g} ({n})" for w, n in zip((1e-6, 1e-2, 10.0), counts, strict=True)
    )
    np.testing.assert_array_equal(chosen.y, table["test_error"][1:])
    assert (
        main(
            [
                "export",
                str(tmp_path / "s.stiff"),
                "--figure",
                "front",
                "-o",
                str(tmp_path / "f.svg"),
            ]
        )
        == 0
    )
    assert f">{chosen.texts[0]}<" in (tmp_path / "f.svg").read_text("utf-8")
    run_study(tiny(trials=2), tmp_path / "plain.stiff").close()
    with (
        open_study(tmp_path / "plain.stiff") as results,
        pytest.raises(InputError, match="no variant that chooses its weight"),
    ):
        shown.picture(results)
