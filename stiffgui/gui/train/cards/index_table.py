"""Exact indices of one layer next to the proxies of the spectral radius; copyable."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from stiffgui.figures.numerals import minus
from stiffgui.figures.palette import ABOUT
from stiffgui.figures.plane import A, B
from stiffgui.figures.spectrum import LEADING, SAMPLES
from stiffgui.gui.read_table import RIGHT, make_readable, row_height
from stiffgui.stiffness import PROXIES
from stiffgui.stiffness.indices import ILL_CONDITIONED, INDICES
from stiffgui.training.cadence import probe_samples

# Index: what the row is called.
ROWS = {
    "spectral-radius": "spectral radius",
    "singular": "singular value",
    "frobenius": "Frobenius norm",
    "abscissa": "abscissa",
    "log-norm": "log norm",
    "log-norm-lower": "lower log norm",
    "stiffness-indicator": "indicator",
    "step-norm": "‖I + aJ‖₂",
    "unstable": "unstable",
    "departure": "non-normality",
    "mean-modulus": "mean modulus",
    "ratio-real": "log₁₀ Re λ ratio",
    "ratio-modulus": "log₁₀ |λ| ratio",
}
RADIUS, CHANGE = "spectral-radius", "change"
HELP = {
    "unstable": "Share of eigenvalues outside the stability region",
    "departure": "Henrici's departure from normality, sqrt(||J||_F² − sum |λ|²)",
}
# Proxy of the spectral radius: heading, what it is.
PROXY_COLUMNS = {
    "gelfand": ("Gelfand", "||J^k||_F^(1/k), k = 2^10, of the spectral radius"),
    "gelfand-sketch": ("sketch", "gelfand-sketch with its usual k: one random vector per sample"),
    "power": ("power", "Power method"),
}
ROW_HEIGHT, VISIBLE = 22, 8.5  # rows; half a row says that there are more, below
DOUBT = "?"  # beside a value that has not converged
NOTHING, WIDEST = "undefined", f"0.0000{DOUBT}"
APART = 60  # pixels between columns beside what they need, at most
UNCONVERGED = 1e-3  # mean residual of the power method


class IndexTable(QTableWidget):
    """A row per index: its exact value, and each proxy of it. Ctrl+C copies what is selected."""

    def __init__(self) -> None:
        self.proxies = [name for name in PROXY_COLUMNS if name in PROXIES]
        super().__init__(len(ROWS), 1 + len(self.proxies))
        self._heads = ["exact", *(PROXY_COLUMNS[name][0] for name in self.proxies)]
        for row, (name, title) in enumerate(ROWS.items()):
            head = QTableWidgetItem(title)
            head.setToolTip(f"{HELP.get(name) or _what(name)}.")
            self.setVerticalHeaderItem(row, head)
        tips = ["", *(PROXY_COLUMNS[name][1] for name in self.proxies)]
        for column, (title, tip) in enumerate(zip(self._heads, tips, strict=True)):
            head = QTableWidgetItem(title)
            head.setToolTip(tip)
            head.setTextAlignment(RIGHT)
            self.setHorizontalHeaderItem(column, head)
        self._cells = [[QTableWidgetItem("") for _ in self._heads] for _ in ROWS]
        for row, cells in enumerate(self._cells):
            for column, cell in enumerate(cells):
                cell.setTextAlignment(RIGHT)
                self.setItem(row, column, cell)
        self._make_calm()

    def _make_calm(self) -> None:
        self.setObjectName("indexTable")
        make_readable(self, "Indices of the chosen layer", ROW_HEIGHT)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.setToolTip("Exact indices and proxies; Ctrl+C copies")
        self.setCornerButtonEnabled(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        across, down = self.horizontalHeader(), self.verticalHeader()
        across.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        across.setMinimumSectionSize(30)
        self._fit()
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        down.setHighlightSections(False)
        down.show()

    def _fit(self) -> None:
        """Columns and rows as the font needs them."""
        self._fit_columns()
        height = row_height(self, ROW_HEIGHT)
        self.horizontalHeader().setFixedHeight(height)
        self.usual_height = int(height * (1 + VISIBLE)) + 2

    def _fit_columns(self) -> None:
        """Wide enough for what they say, and apart from each other where there is room."""
        shown = [c for c in range(self.columnCount()) if not self.isColumnHidden(c)]
        advance, widths = self.fontMetrics().horizontalAdvance, []
        for column in shown:
            head = self.horizontalHeaderItem(column)
            widest = WIDEST if column else NOTHING
            widths.append(max(map(advance, (widest, head.text() if head else ""))) + 7)
        spare = max(0, self.viewport().width() - sum(widths)) // len(shown)
        for column, width in zip(shown, widths, strict=True):
            self.setColumnWidth(column, width + min(spare, APART))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def name_at(self, place: QPoint) -> str:
        """The index whose row is there, else that of the current row."""
        row = self.rowAt(self.viewport().mapFromGlobal(place).y())
        return list(ROWS)[row if row >= 0 else max(self.currentRow(), 0)]

    def show_values(self, numbers: Mapping[str, float]) -> None:
        """Write the numbers of a picture of eigenvalues; a missing or undefined one reads so.

        A power method with a mean residual above a thousandth is marked: it has not converged. So
        is an exact value that rounding may move.
        """
        compared, leading = f"{A} {RADIUS}" in numbers, LEADING in numbers
        first = "estimate" if leading else self._heads[0]
        self._write_heads([A, B, CHANGE] if compared else [first, *self._heads[1:]])
        if compared:
            self._compare(numbers)
            return
        head = self.horizontalHeaderItem(0)
        assert head is not None
        head.setToolTip("Products with J alone" if leading else "LAPACK, float64")
        wide = "The layer is too wide for its matrix: products with J tell only what leads in it"
        why = wide if leading else "Undefined for every probe sample"
        by = "" if leading else " by rounding"
        residual = numbers.get("power residual", 0.0)
        if SAMPLES in numbers:
            self.setToolTip(
                f"Exact indices and proxies, mean over {probe_samples(int(numbers[SAMPLES]))}; "
                f"Ctrl+C copies"
            )
        for row, name in enumerate(ROWS):
            value = numbers.get(name, math.nan)
            error = numbers.get(f"error {name}", 0.0)
            doubtful = error > ILL_CONDITIONED
            text = number(value, 2 if doubtful else 4)
            if name == "unstable" and math.isfinite(value):
                text = f"{100 * value:.1f} %"
            self._write(row, 0, f"{ABOUT}{text}" if doubtful else text)
            told = f"{value:.9g}; relative error{by}: up to {error:.0e}"
            self._cells[row][0].setToolTip(told if math.isfinite(value) else why)
        radius = list(ROWS).index(RADIUS)
        for column, name in enumerate(self.proxies, 1):
            text = number(numbers.get(f"proxy {name}", math.nan))
            if text == NOTHING:
                self._cells[radius][column].setToolTip(why)
            elif name == "power":
                doubtful = residual > UNCONVERGED
                text += DOUBT if doubtful else ""
                says = "not converged for all samples" if doubtful else "converged"
                self._cells[radius][column].setToolTip(f"Residual {residual:.1e}: {says}")
            self._write(radius, column, text)

    def _write_heads(self, heads: Sequence[str]) -> None:
        """Columns: exact and proxies, or A, B and change."""
        for column in range(self.columnCount()):
            self.setColumnHidden(column, column >= len(heads))
            head = self.horizontalHeaderItem(column)
            if head is not None and column < len(heads) and head.text() != heads[column]:
                head.setText(heads[column])
                for row in range(self.rowCount()):
                    self._write(row, column, "")
                self._fit_columns()

    def _compare(self, numbers: Mapping[str, float]) -> None:
        for row, name in enumerate(ROWS):
            before, after = (numbers.get(f"{side} {name}", math.nan) for side in (A, B))
            share = name == "unstable"
            texts = [
                f"{100 * v:.1f} %" if share and math.isfinite(v) else number(v)
                for v in (before, after)
            ]
            change = "–"
            if share and math.isfinite(after - before):
                change = f"{round(100 * (after - before)):+d} pp"
            elif not share and before and math.isfinite(after - before):
                change = f"{round(100 * (after - before) / abs(before)):+d} %"
            for column, text in enumerate((*texts, minus(change))):
                self._write(row, column, text)
                self._cells[row][column].setToolTip("")

    def _write(self, row: int, column: int, text: str) -> None:
        if self._cells[row][column].text() != text:
            self._cells[row][column].setText(text)


def _what(name: str) -> str:
    return f"{INDICES[name].title}: {INDICES[name].help}"


def number(value: float, digits: int = 4) -> str:
    """At most four significant digits in six letters, of a negative number one less; or
    `undefined`."""
    if value < 0:
        digits = min(digits, 3)
    if not math.isfinite(value):
        return NOTHING
    if value and not 1e-3 <= abs(value) < 1e5:
        mantissa, exponent = f"{value:.{int(digits > 3)}e}".split("e")
        return minus(f"{mantissa}e{int(exponent)}")
    text = f"{value:#.{digits}g}" if abs(value) >= 0.1 else f"{value:.{digits}f}"
    return minus(text.rstrip("."))
