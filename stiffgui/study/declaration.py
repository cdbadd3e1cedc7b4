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
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment, TomlSettings
from stiffgui.regularizers import Stiffness
from stiffgui.settings import Settings, setting
from stiffgui.settings_errors import first_error
from stiffgui.study.sweep import Sweep, dotted
from stiffgui.training.quantities import STIFFNESS

_OF_THE_STUDY = ("training.trials", "training.first_trial", "training.seed", "watch.snapshots")
OWN = ("about", "trials", "together", "snapshots")  # settings of the study itself


class Variant(Settings):
    """One of the things compared: what it changes of the base experiment."""

    name: str = setting("RES", title="Name", help="As tables and legends call it.", min_length=1)
    settings: Annotated[dict[str, Any], BeforeValidator(dotted)] = setting(
        {}, title="Settings", help="Dotted key = value, where it differs from the base."
    )


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
                if key in _OF_THE_STUDY:
                    raise InputError(
                        f"variant {variant.name!r} sets {key}, which all variants share, so that "
                        f"trials can be compared in pairs: set it in the study's experiment.",
                        key,
                    )
            try:
                self.experiment.with_settings(variant.settings)
            except InputError as error:
                raise InputError(f"variant {variant.name!r}: {error}", error.key) from None
        return self

    # -------------------------------------------------------------- what is trained

    @property
    def all_variants(self) -> tuple[Variant, ...]:
        """The listed variants, then those of the sweep."""
        swept = self.sweep.variants(self.experiment)
        return (*self.variants, *(Variant(name=name, settings=s) for name, s in swept))

    def experiment_of(self, variant: int, first: int = 0, count: int | None = None) -> Experiment:
        """What trials first .. first + count - 1 of a variant train; all of them by default."""
        base = self.experiment
        indices = base.watch.indices
        return base.with_settings(
            dict(self.all_variants[variant].settings)
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
        """RES, RES L2 and RES stiff of one experiment: the talk's comparison."""
        base = experiment.with_settings({"regularizer.kind": "none"})
        stiff: dict[str, Any] = {"regularizer.kind": "stiffness"}
        if isinstance(experiment.regularizer, Stiffness):  # its own proxy and weight
            flat = experiment.flat()
            stiff = {k: v for k, v in flat.items() if k.startswith("regularizer.")}
        return cls(
            about=title,
            experiment=base.with_settings({"training.trials": 1}),
            variants=(
                Variant(name="RES"),
                Variant(name="RES L2", settings={"regularizer.kind": "l2"}),
                Variant(name="RES stiff", settings=stiff),
            ),
            trials=max(5, experiment.training.trials),
        )

    def differences(self, other: Study) -> list[str]:
        """Names of the parts in which two studies differ, `experiment` and `variants` by key."""
        mine, theirs = self.model_dump(mode="json"), other.model_dump(mode="json")
        changed = [key for key in mine if mine[key] != theirs[key]]
        if "experiment" in changed:
            changed.remove("experiment")
            changed += list(self.experiment.differences(other.experiment))
        return changed


def is_experiment(values: Mapping[str, Any]) -> bool:
    """Whether nested values are an experiment's own, not a study's."""
    return bool(values.keys() & Experiment.model_fields.keys())


def _validated(values: Mapping[str, Any], source: str) -> Study:
    try:
        return Study.model_validate(dict(values))
    except ValidationError as raised:
        error = first_error(Study, raised, "a study")
    except InputError as raised:
        error = raised
    raise InputError(f"{source}: {error}" if source else str(error), error.key)
