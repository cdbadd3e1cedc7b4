"""Colours that are safe for colour blindness, and dashes: one list for files and the window."""

from __future__ import annotations

# From Okabe & Ito's palette, changed until every two are told apart with normal sight, without red
# and without green cones, and until a thin line is seen on white (tests/test_palette.py); the
# second list has the same hues on a dark ground. A curve's number chooses its colour and its dash.
LIGHT = ("#0072B2", "#D55E00", "#169F6F", "#BA5F92", "#854500", "#0090EF", "#525252")
DARK = ("#56B4E9", "#FF9149", "#2DCF9A", "#C181AA", "#FFD049", "#9FDAFF", "#C4C8D0")
FAINT, ACCENT = "#5d6675", "#1f6bd6"
MAPS = {  # of colour scales; the neutral middle of `diverging` is the ground's
    "sequential": "viridis",
    "diverging": ("#3b6fb6", "#f7f7f7", "#c8553d"),
    "signed": (LIGHT[1], "#8a93a3", LIGHT[0]),
}
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))  # as matplotlib has them
STROKES = ("——", "– –", "–·–", "····", "–··")  # the same as text, for legends
SYMBOLS = {"o": "●", "s": "■", "x": "×", "triangle": "▲"}
HOLLOW = {"o": "○", "s": "□", "x": "×", "triangle": "△"}  # symbols that are not filled
ABOUT = "≈"  # before a value that is not exact: rounding may move it by a millionth of it or more
