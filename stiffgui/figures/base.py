"""A kind of figure: its settings, its picture and its table, in one class.

The settings are the only declaration: flags of the command line, rows of the dialog, words of
the script and bounds follow from them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeVar

from pydantic import BeforeValidator, ValidationError

from stiffgui.errors import InputError
from stiffgui.figures.picture import Axis, Picture
from stiffgui.figures.sources import Drawn, drawn
from stiffgui.figures.style import Style
from stiffgui.settings import Settings, kind_of, setting
from stiffgui.settings_errors import first_error

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs.surrogate import Surrogate

Kind = TypeVar("Kind", bound=Settings)
Limits4 = tuple[float, float, float, float]


LARGEST = 1e100  # of a limit: what is drawn at the end of all numbers overflows


def _limits(value: Any) -> Any:
    """Limits of every panel; a command line gives a text for each, empty where all is shown."""
    return [_panel_limits(each) for each in value] if isinstance(value, list | tuple) else value


def _panel_limits(value: Any) -> Limits4 | None:
    if value is None or value == "":
        return None
    try:
        x0, x1, y0, y1 = map(float, value.split(",") if isinstance(value, str) else value)
    except (TypeError, ValueError):
        x0 = x1 = y0 = y1 = 0.0
    if not -LARGEST < x0 < x1 < LARGEST or not -LARGEST < y0 < y1 < LARGEST:
        raise ValueError(
            f"{value!r} are no limits of a panel; give four numbers X0,X1,Y0,Y1 with X0 below X1 "
            f"and Y0 below Y1, as in 0,100,0.001,1."
        )
    return x0, x1, y0, y1


class Figure(Settings, ABC):
    """What all kinds have in common.

    `sources`: what it can be drawn of: runs, study or page. `needs_networks`: it is computed
    from stored networks, by a child of the window. `size`: in mm, where the usual one does not
    fit. A `source` is a sequence of runs (the one that is shown last), an open study, or a page
    of the laboratory with its result.
    """

    sources: ClassVar[tuple[str, ...]] = ("runs",)
    needs_networks: ClassVar[bool] = False
    size: ClassVar[tuple[float, float] | None] = None
    one_run: ClassVar[bool] = False
    """Whether it draws only the last of several runs."""

    limits: Annotated[tuple[Limits4 | None, ...], BeforeValidator(_limits)] = setting(
        (),
        title="Limits",
        help="X0,X1,Y0,Y1 of a panel, as it is zoomed; may be repeated for the next panels.",
        hidden=True,
    )

    @abstractmethod
    def build(self, source: Any) -> Picture:
        """The picture with all of its data in view. Raises InputError where there is none."""

    @abstractmethod
    def table(self, source: Any) -> pd.DataFrame:
        """What the picture shows, undecimated, as a table."""

    def picture(self, source: Any) -> Picture:
        """The picture as it is looked at. Raises InputError for limits that its axes lack."""
        whole = self.build(source)
        for panel, limits in zip(whole.panels, self.limits, strict=False):
            if limits is not None:
                _check_limits(panel.x, limits[0])
                _check_limits(panel.y, limits[2])
        return whole.within(self.limits)

    def changed(self, **settings: Any) -> Self:
        """A copy with settings changed. Raises InputError for an unknown or a bad one."""
        return figure_from(type(self), self.model_dump() | settings)

    @property
    def work(self) -> str:
        """What is being computed of it, in words."""
        return self.title().lower()

    @classmethod
    def name(cls) -> str:
        """The name of the kind."""
        return kind_of(cls)

    @classmethod
    def usual_style(cls) -> Style:
        """The style where none is asked for."""
        return Style() if cls.size is None else Style(width=cls.size[0], height=cls.size[1])


def _check_limits(axis: Axis, low: float) -> None:
    if axis.scale == "log" and low <= 0:
        raise InputError(
            f"limits: {low:g} does not lie on the logarithmic axis {axis.label!r}: begin above 0, "
            f"or draw it --linear.",
            "limits",
        )


class RunFigure(Figure):
    """A figure of runs. `build_runs` and `tabulate_runs` see them with colours and names."""

    def build(self, source: Sequence[Any]) -> Picture:
        runs = drawn(source)
        return replace(self.build_runs(runs), begins=runs[-1].begins if runs else 0)

    def table(self, source: Sequence[Any]) -> pd.DataFrame:
        return self.tabulate_runs(drawn(source))

    @abstractmethod
    def build_runs(self, runs: Sequence[Drawn]) -> Picture:
        """The picture of runs."""

    @abstractmethod
    def tabulate_runs(self, runs: Sequence[Drawn]) -> pd.DataFrame:
        """The table of runs."""


class EpochFigure(RunFigure):
    """A figure of the networks of the last run at an epoch."""

    needs_networks: ClassVar[bool] = True
    one_run: ClassVar[bool] = True

    epoch: int | None = setting(
        None,
        title="Epoch",
        help="The nearest stored epoch of the run's own is taken; by default the last.",
        ge=0,
    )


class NetworkFigure(EpochFigure):
    """A figure of one network: of a trial."""

    trial: int = setting(0, title="Trial", help="Position in the batch, from 0.", ge=0)


class SurrogateFigure(EpochFigure):
    """A figure of what all trials predict together, or one of them."""

    trial: int | None = setting(
        None,
        title="Trial",
        help="Position in the batch, from 0; slices and sensitivity are by default of the mean "
        "over trials.",
        ge=0,
    )
    best: bool = setting(
        False,
        title="Best epoch",
        help="Whatever the epoch, the stored one of least validation error; without validation "
        "samples the last.",
    )

    def surrogate(self, run: Drawn) -> Surrogate:
        """The networks that are shown."""
        return run.surrogate("best" if self.best else self.epoch, self.trial)

    def place_of(self, surrogate: Surrogate) -> tuple[int, int, int]:
        """Epoch, layer and trial of what is seen."""
        return surrogate.epoch, -1, -1 if self.trial is None else self.trial


def networks_shown(surrogate: Surrogate) -> str:
    """In words: which trials, and their epoch."""
    trials = surrogate.trials
    who = f"mean of {len(trials)} trials" if len(trials) > 1 else f"trial {trials[0]}"
    return f"epoch {surrogate.begins + surrogate.epoch} · {who}"


def figure_from(kind: type[Kind], settings: Mapping[str, Any]) -> Kind:
    """A figure, or its style, from settings. Raises InputError for an unknown or a bad one."""
    try:
        return kind.model_validate(dict(settings))
    except ValidationError as error:
        raise first_error(kind, error, "this figure") from None
