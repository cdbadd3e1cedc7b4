"""Numbers beside axes: there are some, and they do not crowd."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication

from stiffgui.figures.picture import Axis
from stiffgui.gui.plots.axes import NARROW, PlotAxis


@pytest.mark.usefixtures("qapp")
@given(
    low=st.floats(-6, 6),
    decades=st.floats(1e-4, NARROW, exclude_max=True),
    height=st.integers(60, 600),
)
def test_numbers_of_a_narrow_logarithmic_axis_do_not_touch(
    low: float, decades: float, height: int
) -> None:
    axis = PlotAxis("left")
    axis.show_axis(Axis(label="error", scale="log"))
    axis.setRange(low, low + decades)
    ((_, places),) = axis.tickValues(low, low + decades, height)
    assert places and all(low - 1e-9 <= place <= low + decades + 1e-9 for place in places)
    high = QFontMetricsF(QApplication.font()).height()
    apart = [height * (b - a) / decades for a, b in itertools.pairwise(places)]
    assert min(apart, default=math.inf) >= 0.8 * min(high, height / 5)
    told = axis.tickStrings(places, 1.0, decades)
    assert len(set(told)) == len(told)


@pytest.mark.usefixtures("qapp")
@given(low=st.floats(-6, 6), decades=st.sampled_from([0.0, 1e-300, 1e-17, 1e-15, 1e-13, 1e-11]))
def test_an_axis_of_one_value_is_no_fault(low: float, decades: float) -> None:
    axis = PlotAxis("left")
    axis.show_axis(Axis(label="error", scale="log"))
    axis.setRange(low, low + decades)
    for _, places in axis.tickValues(low, low + decades, 100):
        assert len(axis.tickStrings(places, 1.0, decades)) == len(places)
