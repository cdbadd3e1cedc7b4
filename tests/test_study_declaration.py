"""Studies as they are declared: TOML, sweeps, presets, the plan, and bad words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiffgui import InputError, presets, studies
from stiffgui.study import Study
from stiffgui.study.plan import plan
from tests.study_files import TINY, tiny

BASE = "experiment = 'alpine02'\n"
ONE = BASE + "[[variants]]\nname = 'a'\n"


def test_toml_reads_back_equal() -> None:
    for study in (tiny(), *studies.values()):
        assert Study.from_toml(study.to_toml()) == study


def test_the_climate_study_is_the_talks() -> None:
    climate, talk = studies["climate"], studies["climate-talk"]
    assert [v.name for v in climate.all_variants] == ["RES", "RES L2", "RES stiff"]
    assert climate.trials == 25 and climate.experiment.training.epochs == 1000
    weights = [climate.experiment_of(k).regularizer.weight for k in range(3)]
    assert weights == [0.0, 1e-5, 1e-3]
    assert climate.experiment_of(2).flat()["regularizer.proxy.kind"] == "gelfand-sketch"
    assert talk.experiment_of(2).flat()["regularizer.proxy.squarings"] == 10
    wall = [r.seconds_per_trial for r in climate.references]
    assert wall == [17903, 23547, 1848662]


def test_a_preset_becomes_its_res_l2_and_stiff() -> None:
    study = Study.of_experiment(presets["alpine02-stiff-talk"])
    kinds = [study.experiment_of(k).regularizer.kind for k in range(3)]
    assert kinds == ["none", "l2", "stiffness"]
    assert study.experiment_of(2) == presets["alpine02-stiff-talk"].with_settings(
        {"training.trials": study.trials, "watch.snapshots": study.snapshots}
    )


def test_set_reaches_the_study_and_every_variant() -> None:
    study = tiny(trials="3", training__epochs="9")
    assert study.trials == 3
    assert [study.experiment_of(k).training.epochs for k in range(3)] == [9, 9, 9]


def test_grid_sweep() -> None:
    study = Study.from_toml(
        ONE
        + "[sweep]\nsettings = { regularizer.kind = 'l2' }\n"
        + "[[sweep.axes]]\nkey = 'regularizer.weight'\nlower = 1e-6\nupper = 1e-2\nscale = 'log'\n"
        + "[[sweep.axes]]\nkey = 'architecture.depth'\nlower = 4\nupper = 6\ncount = 9\n"
    )
    assert study.all_variants[0].name == "a"
    swept = [study.experiment_of(k).flat() for k in range(1, len(study.all_variants))]
    weights = sorted({e["regularizer.weight"] for e in swept})
    np.testing.assert_allclose(weights, [1e-6, 1e-5, 1e-4, 1e-3, 1e-2], rtol=1e-5)
    assert [e["architecture.depth"] for e in swept[:3]] == [4, 5, 6] and len(swept) == 15
    assert study.all_variants[1].name == "weight=1e-06, depth=4"


def test_latin_hypercube_covers_every_axis_evenly() -> None:
    study = Study.from_toml(
        BASE
        + "[sweep]\ndesign = 'latin-hypercube'\npoints = 8\n"
        + "[[sweep.axes]]\nkey = 'training.learning_rate'\nlower = 1e-4\nupper = 1e-2\n"
        + "scale = 'log'\n"
        + "[[sweep.axes]]\nkey = 'architecture.activation'\nvalues = ['tanh', 'relu']\n"
    )
    flat = [study.experiment_of(k).flat() for k in range(8)]
    places = np.log10([e["training.learning_rate"] for e in flat]) / 2 + 2
    assert sorted(np.floor(places * 8).astype(int)) == list(range(8))
    assert [e["architecture.activation"] for e in flat].count("relu") == 4


@given(trials=st.integers(1, 60), together=st.integers(1, 30))
def test_the_plan_covers_every_trial_once(trials: int, together: int) -> None:
    chunks = plan(tiny(trials=trials, together=together))
    for variant in range(3):
        mine = [c for c in chunks if c.variant == variant]
        covered = [t for c in mine for t in range(c.first, c.first + c.count)]
        assert covered == list(range(trials))
        sizes = [c.count for c in mine]
        assert max(sizes) <= together and max(sizes) - min(sizes) <= 1
    assert [c.variant for c in chunks[:3]] == [0, 1, 2]  # comparable from early on


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("trials = 0\n" + ONE, "a whole number from 1 to"),
        ("trails = 3\n" + ONE, "Did you mean trials?"),
        ("experiment = 'alpine'\n", "Did you mean alpine02?"),
        ("experiment = 3\n", "a preset's name"),
        ("variants = 3\n", "list [[variants]]"),
        (BASE, "no variants"),
        (ONE + "[[variants]]\nname = 'a'\n", "two variants are called 'a'"),
        (ONE + "[variants.settings]\nregularizer.wieght = 1\n", "Did you mean regularizer.weight"),
        (ONE + "[variants.settings]\ntraining.epochs = 0\n", "variant 'a': training.epochs is 0"),
        (ONE + "[variants.settings]\ntraining.seed = 4\n", "all variants share"),
        (ONE + "setings = 1\n", "Did you mean settings?"),
        (BASE + "[[sweep.axes]]\nkey = 'training.epoch'\nvalues = [1]\n", "training.epochs?"),
        (BASE + "[[sweep.axes]]\nkey = 'task.noise'\nlower = 1\n", "both lower and upper"),
        (BASE + "[[sweep.axes]]\nkey = 'task.noise'\n", "either values, or lower"),
        (
            BASE + "[[sweep.axes]]\nkey = 'task.noise'\nlower = 0\nupper = 1\nscale = 'log'\n",
            "lower above 0",
        ),
        ("variants = [3]\n", "variants.0 is 3; it must be a table of settings."),
        ("references = 3\n" + ONE, "references is 3; it must be a list."),
        (BASE + "[[sweep.axes]]\nkey = 'task.noise'\nlower = 'a'\nupper = 2\n", "a number."),
        (BASE + "[[sweep.axes]]\nlower = 1\nupper = 2\n", "has no key"),
        ("trials = [\n", "is not TOML"),
        (
            BASE
            + "".join(
                f"[[sweep.axes]]\nkey = '{key}'\nlower = 1\nupper = 1e6\ncount = 1000\n"
                for key in ("task.noise", "task.seed", "training.learning_rate", "training.seed")
            ),
            "makes 1000000000000 variants: at most 10000",
        ),
        (ONE + "weights = [nan]\n", "it must be a number"),
        ("nothing = 1\n" + ONE, "nothing is not a setting of a study: leave it out."),
        (BASE + "[[variants]]\nname = 2026-01-01\n", "variant 2026-01-01: variants.0.name is"),
        ("[training]\nepochs = 0\n", "training.epochs is 0"),
    ],
)
def test_bad_studies_are_told_in_one_sentence(text: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        Study.from_toml(text, "x.toml")
    assert told in str(caught.value) and str(caught.value).startswith("x.toml")
    assert "\n" not in str(caught.value).rstrip()


def test_unknown_names_are_told() -> None:
    with pytest.raises(InputError, match=r"Did you mean climate\?"):
        studies["climat"]
    with pytest.raises(InputError, match=r"Did you mean training\.epochs\?"):
        tiny(training__epoch=3)
    assert "alpine02" in studies and "nothing" not in studies and TINY
