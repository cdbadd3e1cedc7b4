"""Numbers as pictures and the window write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiffgui.figures.numerals import minus


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("-1.5", "−1.5"),
        ("Re λ (1/time) -0.25", "Re λ (1/time) −0.25"),
        ("1e-05", "1e−05"),
        ("-3e-05 to -2", "−3e−05 to −2"),
        ("alpine02-stiff-1 · layer 3", "alpine02-stiff-1 · layer 3"),
        ("x-1 -1", "x-1 −1"),
        ("|λ| -inf", "|λ| −inf"),
        ("(-2, 2)", "(−2, 2)"),
    ],
)
def test_names_keep_their_hyphens(text: str, written: str) -> None:
    assert minus(text) == written


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_is_changed_but_for_its_sign(value: float) -> None:
    written = minus(f"{value:.4g}")
    assert "-" not in written and float(written.replace("−", "-")) == float(f"{value:.4g}")
