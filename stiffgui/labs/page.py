"""What a laboratory page is: a few settings, and results that come one after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import ValidationError

from stiffgui.errors import InputError, nearest, one_of
from stiffgui.experiment import Experiment
from stiffgui.settings import Settings, Spec, kind_of, specs
from stiffgui.settings_errors import first_error


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a page shows; numpy arrays and plain values.

    problem: a sentence when a part could not be computed (blow-up, a singular step, a solver that
    gave up), empty otherwise; the other parts are there. progress: 1 for the last result, less
    for those on the way.
    """

    problem: str = ""
    progress: float = 1.0

    def numbers(self) -> dict[str, Any]:
        """The page's figures as JSON values; None where undefined."""
        values: dict[str, Any] = plain({"problem": self.problem or None} | self.values())
        return values

    def values(self) -> dict[str, Any]:
        """The page's figures by name."""
        raise NotImplementedError

    def sentences(self) -> tuple[str, ...]:
        """What one sees: two or three lines, each of them made from the result's numbers."""
        raise NotImplementedError


@dataclass(frozen=True)
class Exercise:
    """Something to try: the page's defaults with `changes`, and what there is to see then."""

    title: str
    changes: Mapping[str, Any]
    see: str


class Page(Settings, ABC):
    """Settings of a page, a flat group; `results` computes what it shows."""

    # The two or three that matter most, with the range of a slider (settings may go beyond).
    sliders: ClassVar[dict[str, tuple[float, float]]] = {}
    first: ClassVar[tuple[str, ...]] = ()  # what is shown above the sliders
    # The lesson: formulas as mathtext, three things to try, and what it is taken from.
    formulas: ClassVar[tuple[str, ...]] = ()
    exercises: ClassVar[tuple[Exercise, ...]] = ()
    sources: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def results(self) -> Iterator[Result]:
        """Results on the way, the last one complete. Ending the iteration early cancels."""

    def trainings(self) -> Sequence[Experiment]:
        """What is trained for the results: machine code is made for it first."""
        return ()

    def last(self) -> Result:
        """The complete result."""
        return deque(self.results(), maxlen=1)[0]

    def with_settings(self, changes: Mapping[str, Any]) -> Self:
        """A copy with settings changed. Raises InputError for an unknown key or a bad value."""
        known = [spec.key for spec in self.specs()]
        for key in changes:
            if key not in known:
                hint = nearest(key, known) or f" The page has {one_of(known)}."
                raise InputError(f"{key} is not a setting of this page.{hint}", key)
        try:
            return type(self).model_validate(self.model_dump() | dict(changes))
        except ValidationError as error:
            raise first_error(type(self), error, "this page") from None

    @classmethod
    def name(cls) -> str:
        """The name of the page."""
        return kind_of(cls)

    @classmethod
    def about(cls) -> str:
        """What the page is about: the first paragraph after the title of its docstring."""
        return next(iter(cls.explanation()), "")

    def changes(self) -> dict[str, Any]:
        """The settings that differ from the page's defaults."""
        default = type(self)().model_dump()
        return {k: v for k, v in self.model_dump().items() if v != default[k]}

    def specs(self) -> list[Spec]:
        """The page's settings in declared order."""
        return list(specs(self))


def listed(values: Mapping[str, float | str], form: str = "") -> str:
    """Names with their values, in that form, as sentences have them."""
    return ", ".join(f"{name} {value:{form}}" for name, value in values.items())


def plain(value: Any) -> Any:
    """Numpy numbers and arrays as JSON values; None for what is not finite."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, complex):
        return [plain(value.real), plain(value.imag)]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    return value
