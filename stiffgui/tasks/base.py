"""What a task is: settings that can produce data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from stiffgui.settings import Settings, setting
from stiffgui.tasks.one_hot import Categories

Array = NDArray[np.float64]
VALIDATION_STREAM = 8  # more than any task has for its other samples


@dataclass(frozen=True)
class Data:
    """Training, test and validation samples, float64: inputs [samples, d], targets [samples, o].

    Validation samples are those by which an epoch or a setting is chosen; there may be none. Test
    samples are for no choice at all. Inputs and targets are in the units the network learns. A
    target in its own units is y * output_scale + output_shift, with shift and scale [o]; both are
    None where the network learns own units already; inputs likewise. `output_units` [o] are those
    own units, and `input_units` [d] likewise, empty where there are none. `input_categories` are
    those of a table's columns that became an input for each category.
    """

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    output_units: tuple[str, ...] = ()
    output_shift: Array | None = None
    output_scale: Array | None = None
    input_shift: Array | None = None
    input_scale: Array | None = None
    x_validation: Array | None = None
    y_validation: Array | None = None
    input_units: tuple[str, ...] = ()
    input_categories: Categories = ()

    @property
    def validation(self) -> tuple[Array, Array] | None:
        """Inputs and targets of the validation samples; None without any."""
        x, y = self.x_validation, self.y_validation
        return (x, y) if x is not None and y is not None and len(x) else None

    def in_own_units(self, y: Array) -> Array:
        """Targets or predictions [..., o] of the network as the task's own quantities."""
        if self.output_shift is None or self.output_scale is None:
            return y
        return np.asarray(y * self.output_scale + self.output_shift)

    def inputs_in_own_units(self, x: Array) -> Array:
        """Inputs [..., d] of the network as the task's own quantities."""
        if self.input_shift is None or self.input_scale is None:
            return x
        return np.asarray(x * self.input_scale + self.input_shift)

    def scaled(self, shift: Array, scale: Array) -> Data:
        """Targets given in own units as the network is to learn them, by shift and scale [o]."""
        train, test = (self.y_train - shift) / scale, (self.y_test - shift) / scale
        kept = None if self.y_validation is None else (self.y_validation - shift) / scale
        scaled = replace(self, y_train=train, y_test=test, y_validation=kept)
        return replace(scaled, output_shift=shift, output_scale=scale)

    def inputs_learnt(self, x: Array) -> Array:
        """Inputs [..., d] in own units as the network sees them: `inputs_in_own_units` undone."""
        if self.input_shift is None or self.input_scale is None:
            return x
        return np.asarray((x - self.input_shift) / self.input_scale)

    def unit(self, output: int) -> str:
        """The own unit of an output; empty where it has none."""
        return self.output_units[output] if self.output_units else ""


def standardised(
    x_train: Array,
    y_train: Array,
    x_test: Array,
    y_test: Array,
    input_names: tuple[str, ...],
    output_names: tuple[str, ...],
    output_units: tuple[str, ...] = (),
    validation: tuple[Array, Array] | None = None,
) -> Data:
    """Data whose targets, given in own units, have mean 0 and deviation 1 on the training set.

    A target that is constant there is only shifted.
    """
    scale = y_train.std(0)
    names = input_names, output_names, output_units
    x, y = (None, None) if validation is None else validation
    own = Data(x_train, y_train, x_test, y_test, *names, x_validation=x, y_validation=y)
    return own.scaled(y_train.mean(0), np.where(scale > 0, scale, 1.0))


def training_samples(default: int, help: str = "Size of the training set.") -> Any:
    """The setting `train_samples` of a task that draws its samples."""
    return setting(default, title="Training samples", help=help, ge=2, le=1_000_000)


def test_samples(
    default: int, help: str = "Size of the test set, drawn apart from the training set."
) -> Any:
    """The setting `test_samples` of a task that draws its samples."""
    return setting(default, title="Test samples", help=help, ge=2, le=1_000_000)


def validation_samples() -> Any:
    """The setting `validation_samples` of a task that draws its samples."""
    return setting(
        0,
        title="Validation samples",
        help="Samples by which an epoch or a weight is chosen, drawn apart from the others.",
        ge=0,
        le=1_000_000,
        advanced=True,
    )


def data_seed(what: str = "the samples and the noise. All trials see the same data") -> Any:
    """The setting `seed` of a task that draws its samples."""
    return setting(0, title="Data seed", help=f"Seed of {what}.", ge=0, le=2**31 - 1)


def noise_level() -> Any:
    """The setting `noise` of a task with a known function."""
    return setting(
        0.0,
        title="Noise",
        unit="units of f",
        help="Standard deviation of normal noise added to the training targets; "
        "test targets stay exact.",
        ge=0,
        le=1e6,
    )


class Task(Settings, ABC):
    """Something to learn: a map from `inputs` numbers to `outputs` numbers."""

    if TYPE_CHECKING:
        kind: str = ""  # every task declares its own, as a Literal
    validated_by: ClassVar[str] = "validation_samples"  # the setting by which there are some
    standardises: ClassVar[bool] = False
    """Whether targets are learnt in deviations of the training set, whatever these are."""

    @property
    @abstractmethod
    def inputs(self) -> int:
        """Input dimension d."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """Output dimension o."""

    @property
    @abstractmethod
    def training_samples(self) -> int:
        """Size of the training set."""

    @property
    def evaluated_samples(self) -> int:
        """Size of all sets together: of how many samples errors are taken."""
        return self.training_samples + int(getattr(self, "test_samples", 0)) + self.validated

    @property
    def validated(self) -> int:
        """Size of the validation set."""
        return int(getattr(self, "validation_samples", 0))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided on how its samples are read, in words."""
        return ()

    @abstractmethod
    def data(self) -> Data:
        """The samples; the same settings give the same numbers."""

    @property
    def kept_rows(self) -> int | None:
        """How many rows of each part a run file keeps at most, None: all; 0 where the settings
        alone make the samples."""
        return 0

    def prepare(self, tell: Callable[[str], None]) -> None:
        """Do what makes `data` slow the first time, and tell how far it is. Not obligatory."""

    def domain(self) -> Array | None:
        """Lower and upper end of every input [d, 2], when the task has a domain."""
        return None

    def function(self, x: Array) -> Array | None:
        """The noise-free target [samples, o] at x [samples, d], when it is known anywhere."""
        return None


class DrawnTask(Task):
    """A task that draws its samples from a domain: settings train_samples, test_samples, seed.

    And `validation_samples`, none by default. It has an input for every row of `domain`, and one
    output unless it says otherwise.
    """

    if TYPE_CHECKING:
        train_samples: int = 0
        test_samples: int = 0
        seed: int = 0
    validation_samples: int = validation_samples()

    @property
    def inputs(self) -> int:
        return len(self.domain())

    @property
    def outputs(self) -> int:
        return 1

    @property
    def training_samples(self) -> int:
        return self.train_samples

    @abstractmethod
    def domain(self) -> Array: ...

    def streams(self, count: int) -> Iterator[np.random.Generator]:
        """Streams of their own: changing one size or the noise leaves other samples alone."""
        return map(np.random.default_rng, np.random.SeedSequence(self.seed).spawn(count))

    def validation_stream(self) -> np.random.Generator:
        """That of the validation samples, none of `streams`."""
        return list(self.streams(VALIDATION_STREAM + 1))[-1]
