"""What the figures of the laboratory pages have in common: each draws the result of its page."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from stiffgui.figures.base import Figure
from stiffgui.figures.picture import Curve, Picture, Points
from stiffgui.labs import Result

if TYPE_CHECKING:
    import pandas as pd

Kind = TypeVar("Kind", bound=Result)


class PageFigure(Figure, Generic[Kind]):
    """The picture of a page; `kind` is the page's. Its source is a result of the page."""

    sources: ClassVar[tuple[str, ...]] = ("page",)
    beside: ClassVar[tuple[int, ...]] = ()
    """Places of the panels that show other numbers than `tabulate` has."""

    def build(self, source: Any) -> Picture:
        return self.draw(source)

    def table(self, source: Any) -> pd.DataFrame:
        """The numbers of `tabulate`, and below them those of the panels beside: series, x, y."""
        import pandas as pd

        main, panels = self.tabulate(source), self.draw(source).panels
        frames = [
            pd.DataFrame({"panel": panels[k].y.label, "series": i.label, "x": i.x, "y": i.y})
            for k in self.beside
            for i in panels[k].items
            if isinstance(i, Curve | Points)
        ]
        return pd.concat([main, *frames], ignore_index=True)

    @abstractmethod
    def draw(self, result: Kind) -> Picture:
        """The picture of a result, on the way or complete."""

    @abstractmethod
    def tabulate(self, result: Kind) -> pd.DataFrame:
        """The numbers of a result."""
