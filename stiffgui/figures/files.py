"""Pictures and tables written to files."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stiffgui.errors import InputError, nearest, need_folder, no_writing, one_of
from stiffgui.figures.layout import PANEL
from stiffgui.figures.picture import Picture
from stiffgui.figures.style import Style, styled
from stiffgui.plain_text import csv_text, one_line

if TYPE_CHECKING:
    import pandas as pd

PICTURE_FORMATS = {"png": "PNG picture", "svg": "SVG drawing", "pdf": "PDF drawing"}
# The same picture is the same file, whenever it is written.
UNDATED: dict[str, dict[str, Any]] = {
    "png": {},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}
FIGURE_FORMATS = PICTURE_FORMATS | {"csv": "CSV of what is drawn"}
TABLE_FORMATS = {
    "csv": "CSV",
    "parquet": "Parquet",
    "npz": "NPZ",
    "latex": "LaTeX",
    "markdown": "Markdown",
}
ENDINGS = {"latex": "tex", "markdown": "md"}  # where it is not the format's name
READABLE = "latex", "markdown"  # for people: cells are texts
MARKS = re.compile(r"[|<\[`]")  # of Markdown, for columns, HTML, links and code
MOST_PIXELS = 100_000_000  # of a PNG: 400 MB while it is drawn


def save_picture(
    picture: Picture,
    path: Path,
    kind: str,
    style: Style,
    *,
    replace: bool = False,
    grows: bool = False,
) -> None:
    """Paint a picture into a png, svg or pdf file; it `grows` where the size leaves no room.

    Raises InputError for an unknown format, and when `path` exists (unless `replace`) or cannot
    be written.
    """
    known_name("format", kind, PICTURE_FORMATS)
    may_write(path, replace)
    write(path, lambda file: paint_into(file, picture, kind, style, grows))


def paint_into(file: Any, picture: Picture, kind: str, style: Style, grows: bool = False) -> None:
    """Paint a picture into an open binary file, `grows` as in `save_picture`.

    Raises InputError where its texts leave no room for the axes, and for a PNG that is too large.
    """
    import matplotlib.pyplot as plt

    from stiffgui.figures.matplotlib_painter import paint

    _check_pixels(kind, style)
    with styled(style), warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*constrained_layout.*")
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = None
        try:
            figure = paint(picture, style)
            content = io.BytesIO()
            figure.savefig(content, format=kind, metadata=UNDATED[kind])
            if any(_is_too_small(axes, style.font) for axes in figure.axes):
                raise UserWarning
            file.write(content.getbuffer())
        except RuntimeError as error:
            if "FT_Set_Char_Size" not in str(error):
                raise
            raise InputError(
                f"texts of {style.font:g} pt at {style.dpi:g} dpi are smaller than a pixel: choose "
                f"a larger font or a higher resolution."
            ) from None
        except UserWarning:
            rows, panel = picture.rows, PANEL[picture.shares_legend]
            larger = style.with_room(len(rows), max(map(len, rows)), panel)
            if grows and larger != style:
                paint_into(file, picture, kind, larger)
                return
            mend = "a larger figure"
            if larger != style:
                mend = f"a figure of {larger.width:g} x {larger.height:g} mm"
            raise InputError(
                f"texts of {style.font:g} pt leave no room for the axes in {style.width:g} x "
                f"{style.height:g} mm: choose a smaller font or {mend}."
            ) from None
        finally:
            if figure is not None:
                plt.close(figure)


def _is_too_small(axes: Any, font: float) -> bool:
    """Whether axes are left with less than the room of a few letters."""
    points = axes.get_window_extent().transformed(axes.figure.dpi_scale_trans.inverted())
    beside = axes.get_label() == "<colorbar>"
    return not beside and (points.width * 72 < 4 * font or points.height * 72 < 3 * font)


def _check_pixels(kind: str, style: Style) -> None:
    across, down = style.pixels
    if kind == "png" and across * down > MOST_PIXELS:
        raise InputError(
            f"{style.width:g} x {style.height:g} mm at {style.dpi:g} dpi are {across} x {down} "
            f"pixels: choose a lower resolution or a smaller figure.",
            "dpi",
        )


def save_table(table: pd.DataFrame, path: Path, kind: str, *, replace: bool = False) -> None:
    """Write a table in one of `TABLE_FORMATS`; npz holds a column an array. Raises as
    `save_picture`."""
    known_name("format", kind, TABLE_FORMATS)
    may_write(path, replace)
    write(path, lambda file: write_table(table, file, kind))


def write_table(table: pd.DataFrame, file: Any, kind: str) -> None:
    """Write a table into an open binary file."""
    _WRITERS[kind](table, file)


def with_columns(table: pd.DataFrame, asked: Sequence[str]) -> pd.DataFrame:
    """Those columns, in that order; one text may name several, with commas between. Raises
    InputError for one that is not there."""
    names = [str(name) for name in table]
    each = [[text] if text in names else text.split(",") for text in asked]
    wanted = dict.fromkeys(
        name if name in names else name.strip() for part in each for name in part
    )
    for name in wanted:
        known_name("column", name, names)
    return table.iloc[:, [names.index(name) for name in wanted]] if asked else table


def _write_npz(table: pd.DataFrame, file: Any) -> None:
    import numpy as np

    columns = {}
    for name in table:
        values = table[name].to_numpy()
        columns[str(name)] = values.astype(str) if values.dtype.kind not in "biuf" else values
    np.savez(file, **columns)


def _write_latex(table: pd.DataFrame, file: Any) -> None:
    from stiffgui.figures.latex import latex_table

    file.write(latex_table(table).encode())


def _write_markdown(table: pd.DataFrame, file: Any) -> None:
    def cell(value: Any) -> str:
        return f"{value:.4g}" if isinstance(value, float) else str(value).strip()

    rows = [[cell(value) for value in row] for row in table.itertuples(index=False)]
    file.write(markdown_table([str(name) for name in table], rows).encode())


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells as Markdown."""
    each = [[MARKS.sub(r"\\\g<0>", one_line(cell)) for cell in row] for row in (headings, *rows)]
    lines = [f"| {' | '.join(row)} |" for row in each]
    return "\n".join([lines[0], "|---" * len(headings) + "|", *lines[1:]]) + "\n"


_WRITERS: dict[str, Callable[[Any, Any], None]] = {
    "csv": lambda table, file: file.write(csv_text(table).encode()),
    "parquet": lambda table, file: table.to_parquet(file, index=False),
    "npz": _write_npz,
    "latex": _write_latex,
    "markdown": _write_markdown,
}


def known_name(what: str, name: str, names: Iterable[str]) -> None:
    """Raise InputError, with the nearest, when `name` is none of `names`."""
    known = list(names)
    if name not in known:
        raise InputError(
            f"{what} {name!r} is not known; choose {one_of(known)}.{nearest(name, known)}"
        )


def format_of(path: Path) -> str:
    """The format that a file's ending stands for; empty without an ending."""
    ending = path.suffix.removeprefix(".").lower()
    return next((kind for kind, written in ENDINGS.items() if written == ending), ending)


def may_write(path: Path, replace: bool) -> None:
    """Raise InputError when a file is there that may not be replaced, or no folder is."""
    need_folder(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file in it.")
    if path.exists() and not replace:
        raise InputError(f"{path} exists: choose another name, or add --force to replace it.")


def beside(path: Path) -> Path:
    """The file of a figure's caption."""
    return path.with_suffix(".txt")


def check_target(path: Path, kind: str, *, replace: bool = False, caption: bool = False) -> None:
    """Raise InputError, before anything is computed, when a figure, with a `caption` beside, could
    not be written."""
    if kind not in FIGURE_FORMATS:
        raise InputError(
            f"{path} has no ending of a figure; choose {one_of(tuple(FIGURE_FORMATS))}."
        )
    may_write(path, replace)
    if caption and kind not in PICTURE_FORMATS:
        raise InputError(f"a caption is of a picture: choose {one_of(PICTURE_FORMATS)}.")
    if caption:
        may_write(beside(path), replace)


def write(path: Path, save: Callable[[Any], Any]) -> None:
    """Write to `path` what `save` makes; where it can make nothing, a file that is there stays.

    What goes wrong becomes an InputError.
    """
    content = io.BytesIO()
    save(content)
    try:
        path.write_bytes(content.getbuffer())
    except OSError as error:
        raise no_writing(path, error) from None
