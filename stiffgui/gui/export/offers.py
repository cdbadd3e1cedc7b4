"""What can be exported: figures and tables, each of what is seen or still to be computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from stiffgui.figures import FIGURE_FORMATS, TABLE_FORMATS, Figure, Picture, Style
from stiffgui.figures.files import ENDINGS
from stiffgui.session.exports import Export, Preview
from stiffgui.session.sources import Source

PREVIEW_PIXELS = 420  # the longer side


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A figure (`shown`) or a table (its name) of a source.

    `picture`: what is seen of the figure just now; without one it is computed.
    """

    name: str
    title: str
    source: Source
    shown: Figure | None = None
    table: str = ""
    picture: Picture | None = field(default=None, compare=False)

    @property
    def formats(self) -> Mapping[str, str]:
        """Format -> what a person calls it."""
        return FIGURE_FORMATS if self.shown is not None else TABLE_FORMATS

    @property
    def size(self) -> tuple[float, float] | None:
        """In mm, where the usual one does not fit."""
        return type(self.shown).size if self.shown is not None else None

    def export(self, kind: str, path: Path | None, style: Style) -> Export:
        """The request that writes it."""
        return Export(
            source=self.source,
            kind=kind,
            path=path,
            shown=self.shown,
            table=self.table,
            picture=self.picture,
            style=style,
        )

    def preview(self, style: Style) -> Preview | None:
        """The request that draws it small; None of a table."""
        if self.shown is None:
            return None
        dots = PREVIEW_PIXELS / (max(style.width, style.height) / 25.4)
        small = style.model_copy(update={"dpi": dots})
        return Preview(source=self.source, shown=self.shown, picture=self.picture, style=small)


def suggested(offer: Offer, kind: str, folder: Path) -> Path:
    """The file that an offer is written to if nobody names another."""
    name = f"{offer.source.path.stem}-{offer.name}"
    return folder / f"{name}.{ENDINGS.get(kind, kind)}"


def with_picture(offers: Sequence[Offer], name: str, picture: Picture | None) -> list[Offer]:
    """The offers, that of a name with the picture that is seen."""
    return [replace(o, picture=picture) if o.name == name else o for o in offers]
