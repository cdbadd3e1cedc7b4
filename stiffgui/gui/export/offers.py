"""What can be exported: figures and tables, each of what is seen or still to be computed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stiffgui.errors import InputError, one_of
from stiffgui.figures import FIGURE_FORMATS, PICTURE_FORMATS, TABLE_FORMATS, Figure, Picture, Style
from stiffgui.figures.files import ENDINGS
from stiffgui.figures.script import judged_flags, table_command
from stiffgui.session.exports import Export, Preview
from stiffgui.session.sources import Source

LEAST_TEXT = 3.0  # pixels of a text in a preview: smaller ones cannot be drawn


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A figure (`shown`) or a table (its name, and which `columns`) of a source; `caption`: a
    figure's stands in a text file beside.

    `picture`: what is seen of the figure just now; without one it is computed.
    """

    name: str
    title: str
    source: Source
    shown: Figure | None = None
    table: str = ""
    columns: tuple[str, ...] = ()
    caption: bool = False
    picture: Picture | None = field(default=None, compare=False)

    @property
    def formats(self) -> Mapping[str, str]:
        """Format -> what a person calls it."""
        return FIGURE_FORMATS if self.shown is not None else TABLE_FORMATS

    @property
    def usual_style(self) -> Style:
        """How it is drawn where nobody chooses."""
        return self.shown.usual_style() if self.shown is not None else Style()

    def format_of(self, path: Path) -> str:
        """The format that a file's ending says. Raises InputError where it says none."""
        by_ending = {f".{ENDINGS.get(kind, kind)}": kind for kind in self.formats}
        if path.suffix.lower() not in by_ending:
            raise InputError(f"{path.name} does not end in {one_of(tuple(by_ending))}: add it.")
        return by_ending[path.suffix.lower()]

    def command(self, kind: str, style: Style, path: Path, replace: bool) -> str:
        """The command that writes the same file."""
        judged = getattr(self.source, "judged", {})
        if self.shown is None:
            words = getattr(self.source, "words", ())
            columns = self.columns
            return table_command(words, self.table, kind, path, judged, columns, replace=replace)
        command = self.source.command(self.shown, style, path, replace)
        caption = shlex.join(["--caption", *judged_flags(judged)])
        return f"{command} {caption}" if self.captions(kind) else command

    def captions(self, kind: str) -> bool:
        """Whether a file of that format has its caption beside."""
        return self.caption and kind in PICTURE_FORMATS

    def export(self, kind: str, path: Path | None, style: Style) -> Export:
        """The request that writes it."""
        return Export(
            source=self.source,
            kind=kind,
            path=path,
            shown=self.shown,
            table=self.table,
            columns=self.columns,
            caption=self.captions(kind),
            picture=self.picture,
            style=style,
        )

    def preview(self, style: Style, pixels: float) -> Preview | None:
        """The request that draws it with so many pixels on its longer side; None of a table."""
        if self.shown is None:
            return None
        dots = pixels / (max(style.width, style.height) / 25.4)
        dots = max(dots, LEAST_TEXT * 72 / style.font)
        small = style.model_copy(update={"dpi": dots})
        return Preview(source=self.source, shown=self.shown, picture=self.picture, style=small)


def suggested(offer: Offer, kind: str, folder: Path) -> Path:
    """The file that an offer is written to if nobody names another."""
    stem = offer.source.named.stem
    name = stem if stem == offer.name else f"{stem}-{offer.name}"
    return folder / f"{name}.{ENDINGS.get(kind, kind)}"
