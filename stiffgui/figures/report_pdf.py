"""The PDF of a report: A4 pages of text in one font and width, and one for each figure."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from stiffgui.figures.files import UNDATED, write
from stiffgui.figures.style import Style, styled
from stiffgui.plain_text import visible

MONO = Style(width=210, height=297, font=7.5, family="DejaVu Sans Mono")
COLUMNS, LINES = 108, 82  # letters and lines on a page
KEPT = 16  # lines of a paragraph that are not parted
GAP = 2  # letters between columns
WHOLE = 24  # letters of a cell that are never broken
EDGE = 0.06  # of the page's width and height
GAP_BELOW = 0.15  # inches between a caption and its figure


def write_pdf(content: Any, path: Path) -> None:
    """Write the Content of a report. Raises InputError when the file cannot be written."""
    write(path, lambda file: _paint(content, file))


def _paint(content: Any, file: Any) -> None:
    import matplotlib.pyplot as plt
    from matplotlib.backends.backend_pdf import PdfPages

    from stiffgui.figures.matplotlib_painter import paint

    buffer = io.BytesIO()
    named = UNDATED["pdf"] | {"Title": visible(content.names)}
    with styled(MONO), PdfPages(buffer, metadata=named) as pages:  # fonts are embedded at its end
        _text_pages(pages, [*_beginning(content)])
        for chapter in content.figures:
            for picture, style in chapter.pages:
                with styled(style):
                    figure = paint(picture, style)
                    words = [chapter.title, *textwrap.wrap(chapter.caption, COLUMNS)]
                    pages.savefig(figure, bbox_inches=_page_around(figure, words, pages))
                    plt.close(figure)
        _text_pages(pages, [*_end(content)])
    file.write(buffer.getbuffer())


def _page_around(figure: Any, words: Sequence[str], pages: Any) -> Any:
    """Write the words above the figure and the number of the page below; return the page with all
    of it in the figure's inches."""
    from matplotlib.transforms import Bbox

    width, height = figure.get_size_inches()
    wide = max(MONO.inches[0], width)
    text = figure.text(0, 1, visible("\n".join(words)), va="bottom", linespacing=1.25)
    above = text.get_window_extent().height / figure.dpi + GAP_BELOW
    text.set_y(1 + GAP_BELOW / height)
    top = height + above + EDGE * MONO.inches[1]
    high = max(MONO.inches[1], top + EDGE * MONO.inches[1])
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for legend in figure.legends:  # which stands at an edge of the figure, not of the page
        legend.set_bbox_to_anchor(Bbox.unit(), figure.transFigure)
    _number(figure, pages, 0.5, (top - high + EDGE / 2 * MONO.inches[1]) / height)
    return Bbox.from_bounds((width - wide) / 2, top - high, wide, high)


def _text_pages(pages: Any, lines: Sequence[str]) -> None:
    import matplotlib.pyplot as plt

    for part in pages_of_lines(lines):
        with styled(MONO):
            figure = plt.figure(layout="none")
            text = "\n".join(map(visible, part))
            figure.text(EDGE, 1 - EDGE, text, va="top", linespacing=1.25)
            _number(figure, pages, 0.5, EDGE / 2)
            pages.savefig(figure)
            plt.close(figure)


def _number(figure: Any, pages: Any, x: float, y: float) -> None:
    """The number of the page that comes next, at a place in the figure's shares."""
    figure.text(x, y, str(pages.get_pagecount() + 1), ha="center")


def pages_of_lines(lines: Sequence[str]) -> Iterator[list[str]]:
    """Lines of each page: paragraphs, which an empty line ends, of up to KEPT lines are whole."""
    page: list[str] = []
    paragraph: list[str] = []
    for line in (*lines, ""):
        paragraph.append(line)
        if line and len(paragraph) < KEPT:
            continue
        if len(page) + len(paragraph) > LINES + (not line):
            yield page
            page = []
        page += paragraph
        paragraph = []
    yield page


def _beginning(content: Any) -> Iterator[str]:
    from stiffgui._version import __version__

    yield from (content.names, "=" * min(len(content.names), COLUMNS))
    yield from _wrapped(f"Made by stiffgui {__version__} from {', '.join(content.files)}.")
    yield from ("", "Results", "-------")
    yield from _wrapped(content.about)
    yield from ("", *table_lines(content.heads, content.results))


def _end(content: Any) -> Iterator[str]:
    for run in content.runs:
        yield from (run["name"], "=" * min(len(run["name"]), COLUMNS))
        for sentence in run["sentences"]:
            yield from _wrapped(sentence)
        if run["command"]:
            yield from ("", *_wrapped(f"Train it again: {run['command']}"))
        for line in run.get("toml", "").splitlines():
            yield from textwrap.wrap(line, COLUMNS) or [""]
        for title, heads, rows in run["tables"]:
            yield from ("", title, "-" * len(title), *table_lines(heads, rows))
            if title == "Outputs":
                for sentence in run["warnings"]:
                    yield from _wrapped(sentence)
        yield ""
    yield from ("This report again", "-----------------", *_wrapped(content.command))
    yield from ("# or in Python:", *filter(None, content.script.splitlines()))


def _wrapped(text: str) -> list[str]:
    return [part for line in text.splitlines() for part in textwrap.wrap(line, COLUMNS) or [""]]


def told(value: Any) -> str:
    """A cell that is no number."""
    if isinstance(value, dict):
        value = [f"{k} {v}" for k, v in value.items()]
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def table_lines(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Columns as wide as a page has room for; others follow below, beside the first one again."""
    shown = [[_cell(value) for value in row] for row in (heads, *rows) if row]
    columns = [*zip_longest(*shown, fillvalue="")]
    widths = [max(map(len, column)) for column in columns]
    for part in _parts(widths):
        room = COLUMNS - GAP * (len(part) - 1)
        limit = max(w for w in range(1, COLUMNS) if sum(min(widths[k], w) for k in part) <= room)
        for row in zip(*(columns[k] for k in part), strict=True):
            cells = [(c, min(widths[k], limit)) for c, k in zip(row, part, strict=True)]
            lines = zip_longest(*(textwrap.wrap(c, w) or [""] for c, w in cells), fillvalue="")
            for line in lines:
                each = (c.ljust(w) for c, (_, w) in zip(line, cells, strict=True))
                yield (" " * GAP).join(each).rstrip()
        yield ""


def _parts(widths: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of columns that stand side by side; none of them needs more than WHOLE letters."""
    part, taken = [0], min(widths[0], WHOLE)
    for column in range(1, len(widths)):
        need = GAP + min(widths[column], WHOLE)
        if taken + need > COLUMNS:
            yield part
            part, taken = [0], min(widths[0], WHOLE)
        part.append(column)
        taken += need
    yield part


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else told(value)
