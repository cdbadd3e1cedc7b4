"""A study's variants beside each other: medians with quartile bands, and the last values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from stiffgui.errors import InputError
from stiffgui.figures.base import Figure
from stiffgui.figures.picture import Axis, Band, Curve, Item, Panel, Picture, Points, Scale, Symbol
from stiffgui.figures.sources import Drawn, error_label, over_samples
from stiffgui.figures.summary import boxes, called
from stiffgui.settings import setting
from stiffgui.training.quantities import QUANTITIES, STIFFNESS, Quantity, of_study

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.study.results import StudyResults

SHAPES: tuple[Symbol, ...] = ("o", "s", "triangle")  # of the variants' points
NAMED = 4  # more variants than this are numbered below the boxes
Live = Sequence[tuple[int, Any]]  # variant's place, History of a batch that is still training


def variants_of(results: StudyResults) -> list[Drawn]:
    """The variants of which something is done, each with the colour of its place in the study.

    Raises InputError when there is none, and nothing is still training that can be drawn.
    """
    drawn = [Drawn(v, k, v.name, (STIFFNESS,)) for k, v in enumerate(results.variants) if v.trials]
    if not drawn and not live_of(results):
        raise InputError(f"{results.path} has no finished trials yet: let it train on.")
    return drawn


def live_of(results: Any) -> Live:
    """What is still training, where the source knows it: the window does, a file does not."""
    return getattr(results, "live", ())


def in_pairs(panels: Sequence[Panel]) -> tuple[tuple[Panel, ...], ...]:
    """Panels in rows of two."""
    return tuple(tuple(panels[k : k + 2]) for k in range(0, len(panels), 2))


def recorded_as(quantity: Quantity) -> str:
    """The name under which a history holds a quantity of a study."""
    return STIFFNESS if quantity.per == "layer" else quantity.name


def _described(quantity: Quantity, variants: Sequence[Drawn]) -> str:
    assert quantity.study is not None
    over = f", {over_samples(variants)}" if quantity.per == "layer" else ""
    return quantity.study.help + over


def _unit(quantity: Quantity, variants: Sequence[Drawn]) -> str:
    """What a quantity is measured in, as its axis says it."""
    return error_label(variants) if quantity.figure == "errors" else quantity.unit


class StudyFigure(Figure):
    """What the figures of a study have in common."""

    sources: ClassVar[tuple[str, ...]] = ("study",)

    logarithmic: bool | None = setting(
        None,
        title="Logarithmic",
        help="Logarithmic axes of errors and stiffness; by default they are.",
        flag="--log/--linear",
    )

    def numbers(self, variants: Sequence[Drawn]) -> bool:
        """Whether boxes are numbered, so that the legend is, too."""
        return len(variants) > NAMED

    def scale(self, quantity: Quantity) -> Scale:
        """Of a panel: logarithmic where the quantity is, unless it is asked otherwise."""
        return "log" if quantity.logarithmic and self.logarithmic is not False else "linear"

    def evolution(
        self, variants: Sequence[Drawn], live: Live, names: Sequence[str]
    ) -> tuple[Panel, ...]:
        """A panel per quantity: a line and a band per variant, thin lines of what still trains;
        `names` are those of all variants, in their order."""
        quantities = of_study("as_panel").values()
        return tuple(self._evolution(variants, live, names, quantity) for quantity in quantities)

    def _evolution(
        self, variants: Sequence[Drawn], live: Live, names: Sequence[str], quantity: Quantity
    ) -> Panel:
        items: list[Item] = []
        name = recorded_as(quantity)
        unnamed = set(names) - {variant.name for variant in variants}
        numbered = self.numbers(variants)
        for place, variant in enumerate(variants):
            x, (low, median, high) = variant.history.quartiles(name)
            look: dict[str, Any] = {"colour": variant.colour, "group": variant.name}
            if variant.history.trials > 1:
                items.append(Band(x=x, low=low, high=high, **look))
            label = called(place, variant.name) if numbered else variant.name
            items.append(Curve(x=x, y=median, dash=variant.colour, label=label, **look))
        for place, history in live:
            x, (_, median, _) = history.quartiles(name)
            group = names[place]
            label = group if group in unnamed else ""
            unnamed.discard(group)
            look = {"colour": place, "dash": place, "group": group, "label": label}
            items.append(Curve(x=x, y=median, width=1, alpha=0.6, **look))
        y = Axis(label=_unit(quantity, variants), scale=self.scale(quantity))
        x_axis = Axis(label="epoch", whole=True)
        return Panel(x=x_axis, y=y, items=tuple(items), title=quantity.in_study)

    def last(self, variants: Sequence[Drawn]) -> tuple[Panel, ...]:
        """A panel per quantity: a box per variant of the last values."""
        return tuple(
            boxes(
                {v.name: v.run.last[column] for v in variants},
                label=_unit(quantity, variants),
                title=f"last {quantity.in_study}",
                scale=self.scale(quantity),
                numbered=self.numbers(variants),
                coloured=True,
            )
            for column, quantity in of_study("as_panel").items()
        )


class StudySummary(StudyFigure):
    """Summary of the study

    The evolution of errors, L2 norm and stiffness of every variant above, their last values
    below: medians over trials with the band of quartiles."""

    kind: Literal["summary"] = "summary"
    size: ClassVar[tuple[float, float] | None] = (260.0, 140.0)  # eight panels need more room

    boxes: bool = setting(True, title="Last values", help="Draw the last values below.")

    def numbers(self, variants: Sequence[Drawn]) -> bool:
        return self.boxes and super().numbers(variants)

    def build(self, source: StudyResults) -> Picture:
        variants = variants_of(source)
        evolution = self.evolution(variants, live_of(source), [v.name for v in source.variants])
        note = "; ".join(_described(q, variants) for q in of_study("as_panel").values())
        if not self.boxes:
            return Picture(rows=in_pairs(evolution), note=note, legend_below=True)
        rows = (evolution, self.last(variants))
        return Picture(rows=rows, heights=(3, 2), note=note, legend_below=True)

    def table(self, source: StudyResults) -> pd.DataFrame:
        """Variant, series, epoch, median and quartiles."""
        import pandas as pd

        frames = []
        for variant in variants_of(source):
            for column, quantity in of_study("as_panel").items():
                epochs, (low, median, high) = variant.history.quartiles(recorded_as(quantity))
                columns = {"variant": variant.name, "series": column, "epoch": epochs}
                bands = {"median": median, "lower_quartile": low, "upper_quartile": high}
                frames.append(pd.DataFrame(columns | bands))
        return pd.concat(frames, ignore_index=True)


class Boxes(StudyFigure):
    """Box plots of the last values

    Errors, norm and stiffness at the end of every trial, a box per variant."""

    kind: Literal["boxes"] = "boxes"
    size: ClassVar[tuple[float, float] | None] = (200.0, 120.0)

    def build(self, source: StudyResults) -> Picture:
        variants = variants_of(source)
        note = f"{QUANTITIES[STIFFNESS].in_study}: {over_samples(variants)}"
        return Picture(
            rows=in_pairs(self.last(variants)), note=note, legend_below=self.numbers(variants)
        )

    def table(self, source: StudyResults) -> pd.DataFrame:
        """A row per variant and trial."""
        import pandas as pd

        frames = [
            pd.DataFrame({"variant": v.name, "trial": v.run.trial_numbers} | v.run.last)
            for v in variants_of(source)
        ]
        return pd.concat(frames, ignore_index=True)


class Front(StudyFigure):
    """Error against stiffness along the penalty's weights

    Of every weight that trials choose from, the medians over trials with bars of quartiles, and
    how many trials chose it; variants whose weight is set are points."""

    kind: Literal["front"] = "front"
    size: ClassVar[tuple[float, float] | None] = (200.0, 110.0)

    def build(self, source: StudyResults) -> Picture:
        table = self.table(source)
        panels = [self._panel(source, table, name) for name in ("validation_error", "test_error")]
        beside = "beside points: weight (trials that chose it)"
        note = f"medians over trials with quartiles; {beside}"
        return Picture(rows=(tuple(panels),), title=beside, note=note, legend_below=True)

    def _panel(self, source: StudyResults, table: pd.DataFrame, name: str) -> Panel:
        items: list[Item] = []
        for variant in variants_of(source):
            mine = table[table["variant"] == variant.name]
            left, x, right = (mine[column].to_numpy() for column in _columns("stiffness"))
            low, y, high = (mine[column].to_numpy() for column in _columns(name))
            look: dict[str, Any] = {"colour": variant.colour, "group": variant.name}
            items += [
                Curve(x=_broken(left, right), y=_broken(y, y), width=1, alpha=0.6, **look),
                Curve(x=_broken(x, x), y=_broken(low, high), width=1, alpha=0.6, **look),
            ]
            texts = tuple(
                f"{weight:g} ({chosen})" if np.isfinite(weight) else ""
                for weight, chosen in zip(mine["weight"], mine["chosen"], strict=True)
            )
            items.append(Curve(x=x, y=y, dash=variant.colour, label=variant.name, **look))
            symbol = SHAPES[variant.colour % len(SHAPES)]
            items.append(Points(x=x, y=y, texts=texts, symbol=symbol, **look))
        quantity = QUANTITIES[name]
        stiffness = QUANTITIES[STIFFNESS]
        return Panel(
            x=Axis(label=f"{stiffness.in_study} ({stiffness.unit})", scale=self.scale(stiffness)),
            y=Axis(label=_unit(quantity, variants_of(source)), scale=self.scale(quantity)),
            items=tuple(items),
            title=quantity.in_study,
        )

    def table(self, source: StudyResults) -> pd.DataFrame:
        """A row per variant and weight: chosen by how many trials, medians and quartiles."""
        import pandas as pd

        variants = variants_of(source)
        if not any(c.weight is not None for v in variants for c in v.run.front):
            raise InputError(
                f"{source.path} has no variant that chooses its weight: give one weights to choose "
                f"from."
            )
        rows = []
        for variant in variants:
            for each in variant.run.front:
                weight = np.nan if each.weight is None else each.weight
                row = {"variant": variant.name, "weight": weight, "chosen": each.taken}
                for name in ("validation_error", "test_error", "stiffness"):
                    row |= dict(zip(_columns(name), _quartiles(getattr(each, name)), strict=True))
                rows.append(row)
        return pd.DataFrame(rows)


def _columns(name: str) -> tuple[str, str, str]:
    return f"{name}_lower_quartile", name, f"{name}_upper_quartile"


def _quartiles(values: Any) -> Any:
    """Lower quartile, median and upper quartile of what is known; NaN where nothing is."""
    known = values[np.isfinite(values)]
    return np.percentile(known, (25, 50, 75)) if known.size else np.full(3, np.nan)


def _broken(first: Any, second: Any) -> Any:
    """Pairs of ends one after another, with gaps between them."""
    return np.column_stack([first, second, np.full(len(first), np.nan)]).ravel()
