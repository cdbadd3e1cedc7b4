"""The one declaration of a study: what is varied, over how many trials.

A `Study` is frozen, like an `Experiment`. Its TOML names a base experiment (a table of
settings, or a preset), what every variant changes of it, or a sweep, and the number of trials.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ValidationError, field_validator, model_validator

from stiffgui._presets import presets
from stiffgui.errors import InputError, nearest, one_of
from stiffgui.experiment import Experiment, TomlSettings
from stiffgui.settings import Settings, kind_of, setting
from stiffgui.settings_errors import as_written, first_error
from stiffgui.study.sweep import Sweep, dotted
from stiffgui.training.quantities import STIFFNESS

OF_THE_STUDY = ("training.trials", "training.first_trial", "training.seed", "watch.snapshots")
# settings of the study itself
OWN = ("about", "trials", "data", "per_draw", "margin", "against", "together", "snapshots")
JUDGED = ("against", "margin")  # change what is said, and nothing that is trained
NAMES = {"none": "RES", "l2": "RES L2", "stiffness": "RES stiff"}  # of the talk, by penalty
WEIGHT = "regularizer.weight"  # what a variant may choose for each trial


class Variant(Settings):
    """One of the things compared: what it changes of the base experiment."""

    name: str = setting("RES", title="Name", help="As tables and legends call it.", min_length=1)
    settings: Annotated[dict[str, Any], BeforeValidator(dotted)] = setting(
        {}, title="Settings", help="Dotted key = value, where it differs from the base."
    )
    weights: tuple[float, ...] = setting(
        (),
        title="Weights",
        help="Penalty weights of which every trial takes the one with the least validation error; "
        "all are trained. Empty: the weight is as it is set.",
    )

    @property
    def candidates(self) -> int:
        """How many networks are trained for one of the results."""
        return max(1, len(self.weights))


class Reference(Settings):
    """A published row that is shown beside ours: other data, another machine."""

    name: str = setting("", title="Name", help="Of the variant it stands beside.")
    source: str = setting("the talk's, other data", title="Source", help="Where it was published.")
    penalty: float | None = setting(None, title="Penalty", help="")
    train_error: float | None = setting(None, title="ER", help="")
    test_error: float | None = setting(None, title="GE", help="")
    stiffness: float | None = setting(None, title="Stiffness", help="")
    seconds_per_trial: float | None = setting(None, title="Wall time", unit="s", help="")


def _experiment(value: Any) -> Any:
    """A preset's name stands for its settings; bad ones are refused as an experiment's are."""
    if isinstance(value, str):
        return presets[value]
    if isinstance(value, Mapping):
        return Experiment.of(value)
    if not isinstance(value, Experiment):
        raise InputError(f"experiment is {value!r}: give a table of settings or a preset's name.")
    return value


class Study(TomlSettings):
    """Variants x trials of one experiment."""

    about: str = setting("", title="About", help="What the study shows, in a line.")
    experiment: Annotated[Experiment, BeforeValidator(_experiment)] = setting(
        Experiment(), title="Experiment", help="What all variants have in common."
    )
    variants: tuple[Variant, ...] = setting(
        (), title="Variants", help="The first is what the others are compared with."
    )
    sweep: Sweep = setting(Sweep(), title="Sweep", help="Variants made by rule, after the listed.")
    trials: int = setting(
        5,
        title="Trials",
        help="Networks per variant; trial r has the same initial weights in every variant.",
        ge=1,
        le=10_000,
    )
    data: str = setting(
        "shared",
        title="Data",
        help="What pairs of trials have in common. The intervals of a study hold for what differs "
        "between its pairs.",
        choices={
            "redrawn": "every pair has its own draw of the samples, or split of a table",
            "shared": "all pairs have the same samples: what is found holds for these",
        },
    )
    per_draw: int = setting(
        1,
        title="Trials a draw",
        help="Where data are redrawn: trials that share a draw and train as one batch. A pair is "
        "then their mean, and the variance within draws is told from that between them.",
        ge=1,
        le=1000,
        advanced=True,
    )
    margin: float = setting(
        1.0,
        title="Margin",
        unit="%",
        help="Differences that lie within this with their whole interval are called negligible.",
        ge=0,
        le=100,
    )
    against: tuple[str, ...] = setting(
        (),
        title="Compared with",
        help="Names of the variants with which all are compared; by default the first.",
        advanced=True,
    )
    together: int = setting(
        25,
        title="Trials together",
        help="Trials of a variant that train as one batch, at most. Smaller: more pieces for more "
        "machines. It is part of the study, as rounding differs between batch sizes.",
        ge=1,
        le=1000,
        advanced=True,
    )
    snapshots: int = setting(
        4,
        title="Snapshots",
        help="Networks kept per trial at log-spaced epochs, at most.",
        ge=2,
        le=1000,
        advanced=True,
    )
    references: tuple[Reference, ...] = setting(
        (), title="References", help="Published rows shown beside ours."
    )

    @field_validator("variants", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise InputError(f"variants is {value!r}: list [[variants]], each with a name.")
        return tuple(value)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = [variant.name for variant in self.all_variants]
        if not names:
            raise InputError(
                "the study has no variants: list [[variants]], each with a name, or give a [sweep]."
            )
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"two variants are called {name!r}: give each its own name.")
        for variant in self.all_variants:
            for key in variant.settings:
                if key in OF_THE_STUDY:
                    raise InputError(
                        f"variant {variant.name!r} sets {key}, which all variants share, so that "
                        f"trials can be compared in pairs: set it in the study's experiment.",
                        key,
                    )
            try:
                self._check_weights(variant, self.experiment.with_settings(variant.settings))
            except InputError as error:
                raise InputError(f"variant {variant.name!r}: {error}", error.key) from None
        for name in self.against:
            if name not in names:
                raise InputError(
                    f"against names {name!r}, which is no variant; choose {one_of(names)}."
                    f"{nearest(name, names)}",
                    "against",
                )
        if self.data == "redrawn" and self.trials % self.per_draw:
            raise InputError(
                f"trials is {self.trials}, no multiple of per_draw, {self.per_draw}: every draw "
                f"has as many trials.",
                "trials",
            )
        return self

    def _check_weights(self, variant: Variant, experiment: Experiment) -> None:
        """Raise InputError where weights cannot be chosen, or one is out of bounds."""
        if not variant.weights:
            return
        if not experiment.task.validated:
            raise InputError(
                f"weights are chosen by validation error, and there are no validation samples: set "
                f"task.{experiment.task.validated_by}.",
                f"task.{experiment.task.validated_by}",
            )
        for weight in variant.weights:
            experiment.with_settings({WEIGHT: weight})

    # -------------------------------------------------------------- what is trained

    @property
    def all_variants(self) -> tuple[Variant, ...]:
        """The listed variants, then those of the sweep."""
        swept = self.sweep.variants(self.experiment)
        return (*self.variants, *(Variant(name=name, settings=s) for name, s in swept))

    def experiment_of(
        self, variant: int, first: int = 0, count: int | None = None, candidate: int = 0
    ) -> Experiment:
        """What trials first .. first + count - 1 of a variant train; all of them by default.

        With the weight of a candidate, where the variant chooses one, and the data of the draw to
        which trial `first` belongs, where they are redrawn.
        """
        base, chosen = self.experiment, self.all_variants[variant]
        indices = base.watch.indices
        own = dict(chosen.settings)
        if chosen.weights:
            own[WEIGHT] = chosen.weights[candidate]
        if self.data == "redrawn":
            seed = int(base.with_settings(own).flat()["task.seed"])
            own["task.seed"] = seed + first // self.per_draw
        return base.with_settings(
            own
            | {
                "training.trials": self.trials if count is None else count,
                "training.first_trial": first,
                "watch.snapshots": self.snapshots,
                "watch.indices": indices if STIFFNESS in indices else (*indices, STIFFNESS),
            }
        )

    def experiments(self) -> Iterator[Experiment]:
        """What each variant trains."""
        return (self.experiment_of(k) for k in range(len(self.all_variants)))

    def with_settings(self, changes: Mapping[str, Any]) -> Study:
        """A copy with settings changed by key: the study's own (`trials`), or of the base
        experiment (`training.epochs`), which then holds for every variant that does not set it.

        Raises InputError for an unknown key or a bad value.
        """
        values = {name: getattr(self, name) for name in type(self).model_fields}
        values |= {key: value for key, value in changes.items() if key in OWN}
        if isinstance(values["against"], str):  # as one word of a command
            values["against"] = tuple(filter(None, map(str.strip, values["against"].split(","))))
        rest = {key: value for key, value in changes.items() if key not in OWN}
        if "training.trials" in rest:
            values["trials"] = rest.pop("training.trials")
        for key in rest:
            if key in type(self).model_fields:
                raise InputError(f"{key} is a part of the study: change it in its TOML file.", key)
        values["experiment"] = self.experiment.with_settings(rest)
        return _validated(values, "")

    # -------------------------------------------------------------- reading and writing

    @classmethod
    def of(cls, values: Mapping[str, Any], source: str = "") -> Study:
        """A study from nested values; an experiment's own give its RES, RES L2 and RES stiff.

        Raises InputError (naming `source`) when they are bad.
        """
        if is_experiment(values):
            return cls.of_experiment(Experiment.of(values, source), Path(source).stem)
        return _validated(values, source)

    @classmethod
    def of_experiment(cls, experiment: Experiment, title: str = "") -> Study:
        """RES, RES L2 and RES stiff of one experiment: the talk's comparison. Its own penalty
        keeps its settings, such as the L2 weight of a table."""
        kinds = ("none", "l2", "stiffness")
        settings: dict[str, dict[str, Any]] = {NAMES[k]: {"regularizer.kind": k} for k in kinds}
        own = {k: v for k, v in experiment.flat().items() if k.startswith("regularizer.")}
        settings[name_of(experiment)] = own
        settings[NAMES["none"]] = {}
        return cls(
            about=title,
            experiment=experiment.with_settings({"regularizer.kind": "none", "training.trials": 1}),
            variants=tuple(Variant(name=name, settings=s) for name, s in settings.items()),
            trials=max(5, experiment.training.trials),
            data="redrawn",
        )

    def in_the_way(self, other: Study) -> str:
        """Why a file of this study cannot grow into another, in words; empty when it can.

        It can by trials, by variants, by weights to choose from, and by epochs.
        """
        wanted = other.all_variants
        new = {variant.name: k for k, variant in enumerate(wanted)}
        for name in ("data", "per_draw", "snapshots", "together"):
            if getattr(self, name) != getattr(other, name):
                return f"{name} differs"
        if other.trials < self.trials:
            return f"trials is smaller than the {self.trials} it has already"
        alike = self.experiment == other.experiment
        for k, variant in enumerate(self.all_variants):
            if variant.name not in new:
                return f"variant {variant.name!r} is not in the new one"
            place = new[variant.name]
            weights = wanted[place].weights
            if weights[: len(variant.weights)] != variant.weights or (
                weights and not variant.weights
            ):
                return f"the weights of {variant.name!r} differ"
            if alike and variant.settings == wanted[place].settings:
                continue  # asked at every edit in the window, of many variants
            mine, theirs = self.experiment_of(k, 0, 1), other.experiment_of(place, 0, 1)
            changed = mine.differences(theirs)
            epochs = changed.pop("training.epochs", (0, 0))
            if changed:
                return f"they differ in {', '.join(list(changed)[:5])}"
            if epochs[1] < epochs[0]:
                return f"training.epochs is smaller than the {epochs[0]} it has already"
        return ""

    def differences(self, other: Study) -> list[str]:
        """Names of the parts in which two studies differ, `experiment` and `variants` by key."""
        mine, theirs = self.model_dump(mode="json"), other.model_dump(mode="json")
        changed = [key for key in mine if mine[key] != theirs[key]]
        if "experiment" in changed:
            changed.remove("experiment")
            changed += list(self.experiment.differences(other.experiment))
        return changed


def name_of(experiment: Experiment) -> str:
    """What a variant is called after its penalty."""
    kind = kind_of(type(experiment.regularizer))
    return NAMES.get(kind, f"RES {kind}")


def is_experiment(values: Mapping[str, Any]) -> bool:
    """Whether nested values are an experiment's own, not a study's."""
    return bool(values.keys() & Experiment.model_fields.keys())


def _validated(values: Mapping[str, Any], source: str) -> Study:
    try:
        return Study.model_validate(dict(values))
    except ValidationError as raised:
        error = first_error(Study, raised, "a study")
        match str(error.key).split(".", 2):
            case "variants", place, _ if name := dict(values["variants"][int(place)]).get("name"):
                error = InputError(f"variant {as_written(name)}: {error}", error.key)
    except InputError as raised:
        error = raised
    raise InputError(f"{source}: {error}" if source else str(error), error.key)
