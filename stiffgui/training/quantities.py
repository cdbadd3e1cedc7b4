"""Every number that a run records, declared once.

The fields of a record, the columns of a run file and of `Run.history`, the history plots, and
the tables and panels of a study follow from `QUANTITIES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stiffgui.stiffness import WATCHABLE, Index
from stiffgui.stiffness.indices import OVER, Over

Array = NDArray[np.float64]
Per = Literal["run", "trial", "layer"]
STIFFNESS = "spectral-radius"  # the index a study reports: exact, summed over layers


@dataclass(frozen=True)
class InStudy:
    """How a study reports the last value of a quantity.

    `column` is its name in frames, `symbol` its heading in tables, `title` what it is called where
    not as the quantity is. Places count from 1, and 0 means that it is not there: in the table, as
    a panel of curves and of boxes, among what is compared with the first variant.
    """

    column: str
    symbol: str
    help: str
    title: str = ""
    in_table: int = 0
    as_panel: int = 0
    compared: int = 0


@dataclass(frozen=True)
class Quantity:
    """A number recorded of every trial [R], of every layer of every trial [R, N], or of the run.

    `of` takes it from the trainer, [R], which may have none; None where it is no number of the
    trainer's (`Index` says how that of a layer follows from Jacobians). `over`: how the network's
    number follows from those of its layers. `label` is what legends call it; `figure` names the
    history figure that draws it, `errors` or `stiffness`.
    """

    name: str
    title: str
    help: str
    per: Per = "trial"
    of: Callable[[Any], Array | None] | None = None
    over: Over = "sum"
    unit: str = ""
    label: str = ""
    logarithmic: bool = False
    figure: str = ""
    study: InStudy | None = None

    @property
    def column(self) -> str:
        """Its column in `Run.history`: that of an index is of the whole network."""
        layered = self.per == "layer"
        return f"stiffness_{self.name.replace('-', '_')}" if layered else self.name

    @property
    def in_text(self) -> str:
        """The title within a sentence or on an axis."""
        abbreviation = self.title[:2].isupper()
        return self.title if abbreviation else self.title[:1].lower() + self.title[1:]

    @property
    def in_study(self) -> str:
        """What a study calls it."""
        return (self.study.title if self.study is not None else "") or self.in_text

    @property
    def short(self) -> str:
        """What legends call it."""
        return self.label or self.in_text

    @property
    def symbol(self) -> str:
        """Its heading in a study's tables."""
        return self.study.symbol if self.study is not None else ""


def _index(name: str, index: Index) -> Quantity:
    """The quantity of a watched index."""
    reported = InStudy(
        "stiffness",
        "stiffness",
        f"exact spectral radius, {OVER['sum']}",
        title="stiffness",
        in_table=4,
        as_panel=4,
        compared=3,
    )
    return Quantity(
        name,
        index.title,
        index.help,
        "layer",
        over=index.over,
        unit=index.unit,
        label=name.replace("-", " "),
        logarithmic=index.logarithmic,
        figure="stiffness",
        study=reported if name == STIFFNESS else None,
    )


QUANTITIES: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        Quantity(
            "validation_error",
            "Validation error",
            "RMSE over the validation samples and outputs, where there are any",
            of=lambda trainer: trainer.validation_error(),
            label="validation",
            logarithmic=True,
            figure="errors",
        ),
        Quantity(
            "train_error",
            "Training error",
            "RMSE over the training samples and outputs",
            of=lambda trainer: trainer.training_error(),
            label="train",
            logarithmic=True,
            figure="errors",
            study=InStudy(
                "train_error", "ER", "training error, RMSE", in_table=2, as_panel=1, compared=2
            ),
        ),
        Quantity(
            "test_error",
            "Test error",
            "RMSE over the test samples and outputs",
            of=lambda trainer: trainer.test_error(),
            label="test",
            logarithmic=True,
            figure="errors",
            study=InStudy(
                "test_error", "GE", "test error, RMSE", in_table=3, as_panel=2, compared=1
            ),
        ),
        Quantity(
            "penalty",
            "Penalty",
            "Mean of p over the epoch's steps that had a penalty, and their samples",
            of=lambda trainer: trainer.mean_penalty,
            study=InStudy("penalty", "penalty", "mean penalty of the last epoch", in_table=1),
        ),
        Quantity(
            "penalty_share",
            "Penalty share",
            "Weight times the mean of p squared, over the squared loss",
            of=lambda trainer: trainer.mean_share,
        ),
        Quantity(
            "l2_norm",
            "L2 norm",
            "Mean norm of the parameter arrays",
            of=lambda trainer: trainer.mean_norm(),
            study=InStudy(
                "l2_norm", "L2 norm", "mean norm of the parameter arrays", in_table=5, as_panel=3
            ),
        ),
        Quantity(
            "learning_rate",
            "Learning rate",
            "Of Adam, after the plateau schedule's drops",
            of=lambda trainer: trainer.schedule.rate.copy(),
            logarithmic=True,
        ),
        Quantity(
            "seconds",
            "Training time",
            "Seconds of training so far, pauses left out",
            "run",
            unit="s",
            study=InStudy(
                "seconds_per_trial",
                "s per trial",
                "training time of the batch over its trials",
                in_table=6,
            ),
        ),
        *(_index(name, index) for name, index in WATCHABLE.items()),
    )
}


def per_trial() -> list[Quantity]:
    """The numbers of every trial, in the order of columns."""
    return [q for q in QUANTITIES.values() if q.per == "trial"]


def drawn_in(figure: str) -> list[Quantity]:
    """What a history figure draws."""
    return [q for q in QUANTITIES.values() if q.figure == figure]


def of_study(where: Literal["in_table", "as_panel", "compared"]) -> dict[str, Quantity]:
    """Column -> quantity of a study's table, panels or comparisons, in their order."""
    reported = [q for q in QUANTITIES.values() if q.study is not None and getattr(q.study, where)]
    reported.sort(key=lambda q: int(getattr(q.study, where)))
    return {q.study.column: q for q in reported if q.study is not None}
