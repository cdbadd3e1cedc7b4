"""Panels in as many columns as fit a width, and in pages: pictures as data, before any painter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import ceil

from stiffgui.errors import InputError
from stiffgui.figures.picture import Image, Panel, Picture
from stiffgui.figures.style import LONGEST, Style

MM = 25.4 / 72  # of a point
PANEL = {True: 5.0, False: 6.5}  # sides by whether legends stand below, mm for a point of the font
BESIDE, ABOVE = 5.0, 5.0  # texts beside and above a panel with those below, in font sizes
LINE = 1.3  # of a text, in font sizes
LETTER = 0.62  # of a letter's width, in font sizes
LOW, HIGH = 8.0, 62.0  # the least height of axes, in font sizes, and the usual most, mm
HIGHEST = 90.0  # of axes with one unit, mm
SHARES = {"equal": 1.0, "image": 0.8, "curves": 0.68}  # of the width that axes are high


def height_of(panel: Panel, width: float, font: float) -> float:
    """How high axes of that width are to be, in mm; of texts in a column as high as these need."""
    image = any(panel.of(Image))
    kind = "equal" if panel.equal else "image" if image else "curves"
    high = min(width * SHARES[kind], HIGHEST if panel.equal else HIGH)
    word = max(map(len, panel.y.label.split()), default=0) * LETTER  # which cannot be broken
    return max(high, max(LOW, word, len(panel.y.ticks) * LINE) * font * MM)


def arranged(picture: Picture, style: Style) -> Picture:
    """The page of a picture that is drawn, in columns that fit the width. Raises InputError where
    there is no such page."""
    pages = pages_of(picture, style)
    if style.page > len(pages):
        last = f"1 to {len(pages)}" if len(pages) > 1 else "1 alone"
        raise InputError(f"page is {style.page}: the panels take {last}.", "page")
    return pages[style.page - 1]


def pages_of(picture: Picture, style: Style) -> list[Picture]:
    """A picture's pages; one where its height is given."""
    if not style.auto_height:
        return [picture]
    rows = list(_narrow(picture, style))
    taken, pages = 0.0, list[list[tuple[Panel, ...]]]([[]])
    heights = [_row_height(row, style) for row in rows]
    whole = max(LONGEST / 2, LONGEST - _around(picture, style))
    for row, height in zip(rows, heights, strict=True):
        if pages[-1] and taken + height > whole:
            pages.append([])
            taken = 0.0
        pages[-1].append(row)
        taken += height
    kept = picture.widths if len(rows) == len(picture.rows) else ()
    return [replace(picture, rows=tuple(page), heights=(), widths=kept) for page in pages]


def _narrow(picture: Picture, style: Style) -> Iterator[tuple[Panel, ...]]:
    """Rows of no more panels than fit the width; of flowing ones as many as fit."""
    flowing = [picture.panels] if picture.flows else picture.rows
    for row in flowing:
        bare = picture.shares_legend or not any(item.label for p in row for item in p.items)
        fit = max(1, int(style.width / (PANEL[bare] * style.font)))
        columns = ceil(len(row) / ceil(len(row) / fit))  # as many in each of these rows
        yield from (row[k : k + columns] for k in range(0, len(row), columns))


def _row_height(row: tuple[Panel, ...], style: Style) -> float:
    width = style.width / len(row) - BESIDE * style.font * MM
    axes = max(height_of(panel, width, style.font) for panel in row)
    return axes + (ABOVE + max(_below(panel) for panel in row)) * style.font * MM


def height_about(picture: Picture, style: Style) -> float:
    """How high a page will be, about, in mm."""
    return sum(_row_height(row, style) for row in picture.rows) + _around(picture, style)


def _around(picture: Picture, style: Style) -> float:
    """What heading and legend take at most, in mm."""
    labels = {item.label for panel in picture.panels for item in panel.items if item.label}
    lines = 4 + len(labels) * picture.shares_legend
    return lines * LINE * style.font * MM


def _below(panel: Panel) -> float:
    """What texts below axes take where they stand upright, in font sizes."""
    return LETTER * max((len(text) for _, text in panel.x.ticks), default=0)
