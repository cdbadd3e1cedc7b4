"""What the figures of the laboratory pages have in common: each draws the result of its page."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from stiffgui.figures.base import Figure
from stiffgui.figures.picture import Picture
from stiffgui.labs import Result

if TYPE_CHECKING:
    import pandas as pd

Kind = TypeVar("Kind", bound=Result)


class PageFigure(Figure, Generic[Kind]):
    """The picture of a page; `kind` is the page's. Its source is a result of the page."""

    sources: ClassVar[tuple[str, ...]] = ("page",)

    def build(self, source: Any) -> Picture:
        return self.draw(source)

    def table(self, source: Any) -> pd.DataFrame:
        return self.tabulate(source)

    @abstractmethod
    def draw(self, result: Kind) -> Picture:
        """The picture of a result, on the way or complete."""

    @abstractmethod
    def tabulate(self, result: Kind) -> pd.DataFrame:
        """The numbers of a result."""
