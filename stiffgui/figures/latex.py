"""Tables as LaTeX: names that obey nothing, numbers aligned on their decimal points.

A column of numbers is two, `r@{}l`: what stands before the point and the rest. That needs no
package but booktabs, and takes cells such as `0.12 (0.1–0.2)`, which siunitx's `S` refuses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui.plain_text import NUMBERS, one_line

if TYPE_CHECKING:
    import pandas as pd

SIGNS = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
        # pdfLaTeX knows no thin spaces, and sets a dash between numbers from two hyphens.
        "\u2009": r"\,",
        "\u202f": r"\,",
        "–": "--",
    }
)
ONE = r"\d[\d\s]*(?:\.\d+)?(?:e[+-]\d+)?"
NUMBER = re.compile(rf"([+-]?\d[\d\s]*)((?:\.\d+)?(?:e[+-]\d+)?(?: \({ONE}–{ONE}\))?)")
NO_TEXT = {"": "", "–": "--"}
NO_NUMBER = NO_TEXT | {"nan": "--", "inf": r"$\infty$", "-inf": r"$-\infty$"}


def latex_table(table: pd.DataFrame) -> str:
    """A table in an environment `tabular`."""
    kinds, heads, columns = "", [], []
    for name, values in table.items():
        head, cells = _text(name), [_shown(value) for value in values]
        numbers = values.dtype.kind in NUMBERS
        gaps = NO_NUMBER if numbers else NO_TEXT
        parts = [None if cell in gaps else NUMBER.fullmatch(cell) for cell in cells]
        aligned = any(part is not None and part[2] for part in parts) and all(
            part is not None or cell in gaps for part, cell in zip(parts, cells, strict=True)
        )
        if aligned:
            kinds, head = f"{kinds}r@{{}}l", _over_two(head)
            cells = [
                _over_two(gaps[cell]) if part is None else _split(part)
                for part, cell in zip(parts, cells, strict=True)
            ]
        else:
            kinds += "r" if numbers else "l"
            cells = [gaps[cell] if cell in gaps else _text(cell) for cell in cells]
        heads.append(head)
        columns.append(cells)
    rows = [_row(row) for row in zip(*columns, strict=True)]
    lines = [rf"\begin{{tabular}}{{{kinds}}}", r"\toprule", _row(heads), r"\midrule", *rows]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _shown(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    return str(one_line(str(value)))


def _text(name: Any) -> str:
    return str(one_line(str(name))).translate(SIGNS)


def _over_two(text: str) -> str:
    return rf"\multicolumn{{2}}{{c}}{{{text}}}"


def _split(number: re.Match[str]) -> str:
    """`-1.2e-05` as two cells, with a power of ten."""
    before, after = (part.translate(SIGNS) for part in number.groups())
    before = re.sub("^-", "$-$", before)
    after = re.sub(r"e\+?(-?)0*(\d+)", r"$\\cdot10^{\1\2}$", after)
    return f"{before} & {after}"


def _row(cells: Any) -> str:
    """A line, which must not begin with what LaTeX takes for an option of the line above."""
    line = " & ".join(cells) + r" \\"
    return f"{{}}{line}" if line.startswith(("[", "*")) else line
