"""Room for texts in a matplotlib figure: lines broken where they are too long, one legend, letters,
and a height that follows from the panels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product
from math import cos, pi, sin
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from stiffgui.figures.layout import LINE, height_of
from stiffgui.figures.picture import Curve, Panel
from stiffgui.figures.style import Style
from stiffgui.plain_text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

Drawn = Sequence[tuple[Panel, "Axes"]]
SPARE = 0.97  # of the room that a text may fill: other renderers write a little wider
HANDLE = 5.0  # of a legend: line, and spaces beside it and its text, in font sizes
MOST_TRIES, NEAR = 4, 1.0  # for the height of rows, mm
MOST_COLUMNS = 4  # of a legend
BAR = "<colorbar>"
BESIDE = "beside"  # gid of texts that stand beside points
GROUP_MARKS = "osD^vP*"  # of runs whose curves have the same dashes
MARKS = 4  # on each curve
LEAST = 4.5  # points of a name below a column
AWAY = 0.7, 1.2, 2.0, 3.0, 4.2, 5.6, 7.0, 9.0, 11.0  # of a text from its point, in font sizes
PARTS = re.compile(r"[^_\-/.]*[_\-/.]|[^_\-/.]+")  # of a word that may be broken
AROUND = 16  # directions in which a text may stand


def letters(count: int, first: int) -> list[str]:
    """a, b, .. z, aa, ab, ..; so many after the first ones."""
    every = [*ascii_lowercase, *map("".join, product(ascii_lowercase, repeat=2))]
    return every[first : first + count]


def write_letters(drawn: Drawn, first: int) -> None:
    """A bold letter beside the upper left corner of each panel."""
    for (_, axes), letter in zip(drawn, letters(len(drawn), first), strict=True):
        place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset fontsize"}
        look: dict[str, Any] = {"ha": "right", "va": "baseline", "weight": "bold", "gid": "letter"}
        axes.annotate(letter, (0, 1), (-0.6, 0.75), **place, **look)


def width_of(figure: Figure, text: str, font: Any) -> float:
    """Of a line of text, in pixels."""
    renderer: Any = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    return float(renderer.get_text_width_height_descent(text, font, ismath=False)[0])


def broken(figure: Figure, text: str, font: Any, room: float) -> str:
    """A text in lines that are no wider than `room` pixels, where its words allow it; longer ones
    are broken after _, -, / or a point."""
    out = []
    for line in text.split("\n"):
        kept, space = "", ""
        for word in line.split(" "):
            fits = width_of(figure, word, font) <= SPARE * room
            for part in [word] if fits else PARTS.findall(word):
                longer = f"{kept}{space}{part}"
                if kept and width_of(figure, longer, font) > SPARE * room:
                    out.append(kept)
                    longer = part
                kept, space = longer, ""
            space = " " if kept else ""
        out.append(kept)
    return "\n".join(out)


def break_text(figure: Figure, text: Text, room: float) -> None:
    """Break a text where it is too long, as a whole each time; its font is its own."""
    if text.get_text():
        whole = str(text.get_label() or text.get_text())
        text.set_label(whole)
        text.set_text(broken(figure, whole, text.get_fontproperties(), room))


def paint_legend(figure: Figure, all_axes: Sequence[Axes]) -> None:
    """One legend below all panels, each label once, in as many columns as fit."""
    entries: dict[str, Any] = {}
    for axes in all_axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    if entries:
        _write_legend(figure, entries)


def _write_legend(figure: Figure, entries: Mapping[str, Any]) -> None:
    from matplotlib.font_manager import FontProperties

    font = FontProperties()
    size = font.get_size_in_points() * figure.dpi / 72
    whole = figure.bbox.width
    texts = [broken(figure, visible(label), font, whole - HANDLE * size) for label in entries]
    widest = max(width_of(figure, line, font) for text in texts for line in text.split("\n"))
    fit = int(SPARE * whole / (widest + HANDLE * size))
    columns = max(1, min(len(entries), MOST_COLUMNS, fit))
    rows = -(-len(entries) // columns)
    columns = -(-len(entries) // rows)  # as many in each
    figure.legend(entries.values(), texts, loc="outside lower center", ncols=columns)


def paint_own_legend(axes: Axes, panel: Panel, below: bool) -> None:
    """The legend of one panel: in it, or `below` it, where `_lower_legend` puts it."""
    handles, labels = axes.get_legend_handles_labels()
    if not (panel.legend and handles):
        return
    entries = {item.label: item.entry for item in panel.items if item.label}
    labels = [visible(entries.get(label, label)) for label in labels]
    if below:
        columns = 2 if len(labels) > 3 else 1
        axes.legend(handles, labels, loc="upper center", borderaxespad=0, ncols=columns)
    else:
        axes.legend(handles, labels, loc="best", fontsize="small")


def _lower_legend(axes: Axes) -> None:
    """A panel's own legend stands below the texts of its axis."""
    from matplotlib.transforms import ScaledTranslation

    legend, figure, texts = axes.get_legend(), axes.figure, axes.xaxis.get_tightbbox()
    if legend is not None and texts is not None:
        down = (texts.y0 - axes.bbox.y0) / figure.dpi - float(axes.xaxis.label.get_fontsize()) / 144
        shift = ScaledTranslation(0, down, figure.dpi_scale_trans)
        legend.set_bbox_to_anchor((0.5, 0), axes.transAxes + shift)


def mark_groups(axes: Axes, panel: Panel) -> None:
    """Marks on the curves of several runs where dashes do not tell these: colour alone is too
    little."""
    curves = [curve for curve in panel.of(Curve) if curve.label and curve.group]
    groups = list(dict.fromkeys(curve.group for curve in curves))
    dashes = {(curve.group, curve.dash) for curve in curves}
    if len(dashes) == len({dash for _, dash in dashes}):
        return
    of = {curve.label: groups.index(curve.group) for curve in curves if curve.symbol is None}
    for line in axes.lines:
        number = of.get(str(line.get_label()))
        if number is not None:
            step = max(1, len(line.get_xdata()) // MARKS)  # type: ignore[arg-type]
            begin = number * step // max(len(groups), 1)
            line.set(marker=GROUP_MARKS[number % len(GROUP_MARKS)], ms=3, markevery=(begin, step))


def fit_texts(figure: Figure, drawn: Drawn, higher: bool) -> None:
    """Break a heading where it is wider than the figure. In one that may grow `higher`, also
    titles and labels that are wider than what they belong to, and turn names below axes where
    they would touch."""
    heading: Text | None = figure._suptitle  # type: ignore[attr-defined]
    if heading is not None:
        break_text(figure, heading, figure.bbox.width)
    if not higher:
        return
    _break_labels(figure)
    for panel, axes in drawn:
        if panel.x.ticks:
            _fit_names(axes)


def _break_labels(figure: Figure) -> None:
    """Titles and labels that are wider than what they belong to; legends stand below them."""
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.execute(figure)
    for axes in figure.axes:
        _lower_legend(axes)
        box = axes.get_window_extent()
        middle = (box.x0 + box.x1) / 2
        wide = 2 * min(middle, figure.bbox.width - middle)  # to the nearer edge on either side
        wide = box.width if axes.get_label() == BAR else min(1.3 * box.width, wide)
        break_text(figure, axes._left_title, box.width)  # type: ignore[attr-defined]
        break_text(figure, axes.xaxis.label, wide)
        middle = (box.y0 + box.y1) / 2
        high = 2 * min(middle, figure.bbox.height - middle)
        break_text(figure, axes.yaxis.label, min(1.1 * box.height, high))


def _fit_names(axes: Axes) -> None:
    """Texts below columns stand upright where they would touch, and are smaller where there are
    many."""
    texts = [text for text in axes.get_xticklabels() if text.get_text()]
    each = axes.get_window_extent().width / max(len(texts), 1)
    figure: Any = axes.figure
    font = texts[0].get_fontproperties()
    widest = max(width_of(figure, text.get_text(), font) for text in texts)
    if widest > SPARE * each and all(text.get_rotation() == 0 for text in texts):
        for text in texts:
            text.set(rotation=90, ha="center")
    if texts[0].get_rotation() == 90:
        points = SPARE * each * 72 / figure.dpi / LINE
        if points < LEAST:
            raise UserWarning("constrained_layout: no room for the names below the columns")
        for text in texts:
            text.set_fontsize(min(points, text.get_fontsize()))


def part_texts(figure: Figure) -> None:
    """Texts beside points that would cover each other are put farther away, with a line."""
    taken: list[Any] = []
    for axes in figure.axes:
        for text in axes.texts:
            if text.get_gid() == BESIDE and text.get_text():
                _put(text, axes, taken)


def _put(text: Any, axes: Axes, taken: list[Any]) -> None:
    usual = text.get_window_extent()
    size = text.get_fontsize()
    for away in (0.0, *AWAY):
        for step in range(AROUND if away else 1):
            if away:
                turn = 2 * pi * step / AROUND
                across, up = cos(turn), sin(turn)
                text.set(ha="left" if across > 0 else "right", va="bottom" if up > 0 else "top")
                text.set_position((away * size * across, away * size * up))
            box = text.get_window_extent()
            inside = axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1
            inside = inside and axes.bbox.y0 <= box.y0 and box.y1 <= axes.bbox.y1
            if inside and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                if away > 1:
                    line = {"arrowstyle": "-", "lw": 0.4, "color": text.get_color()}
                    place = text.xy
                    axes.annotate(
                        "",
                        place,
                        text.get_position(),
                        textcoords="offset points",
                        arrowprops=line | {"shrinkA": 0, "shrinkB": 1},
                    )
                return
    taken.append(usual)


def fit_height(figure: Figure, drawn: Drawn, rows: Sequence[int], style: Style) -> None:
    """As high as the panels are to be; `rows` says in which row of panels each stands."""
    grid = figure.axes[0].get_subplotspec()
    assert grid is not None
    every: Any = grid.get_topmost_subplotspec().get_gridspec()
    for _ in range(MOST_TRIES):  # texts that are broken differently change it once more
        _break_labels(figure)
        mm = 25.4 / figure.dpi
        wanted: dict[int, float] = {}
        there: dict[int, float] = {}
        boxes = [axes.get_window_extent() for _, axes in drawn]
        # Panels with one unit are narrow where they are low, in rows that have room for as many.
        square = [
            (rows.count(row), panel.equal) for (panel, _), row in zip(drawn, rows, strict=True)
        ]
        for (panel, _), row, box, like in zip(drawn, rows, boxes, square, strict=True):
            alike = (b.width for b, other in zip(boxes, square, strict=True) if other == like)
            wide = max(alike) if panel.equal else box.width
            wanted[row] = max(wanted.get(row, 0.0), height_of(panel, wide * mm, style.font))
            there[row] = max(there.get(row, 0.0), box.height * mm)
        more = [wanted[row] - there[row] for row in wanted]
        if max(map(abs, more)) < NEAR:
            return
        # What a ratio divides are rows with the texts around their panels.
        ratios = [float(ratio) for ratio in every.get_height_ratios()]
        share = figure.get_figheight() * 25.4 / sum(ratios)
        every.set_height_ratios(
            [max(share * r + m, 1.0) for r, m in zip(ratios, more, strict=True)]
        )
        figure.set_figheight(figure.get_figheight() + sum(more) / 25.4)
    _break_labels(figure)
