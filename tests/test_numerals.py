"""Numbers as pictures and the window write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiffgui.figures.numerals import minus, unbroken


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


def test_what_belongs_together_stays_in_one_line() -> None:
    text = "|x| is small at layer 3: 52 % grow by 1/|1 - dt λ| or by |1 + dt λ|"
    joined = unbroken(text).replace("\N{WORD JOINER}", "")
    assert joined.replace("\N{NO-BREAK SPACE}", " ") == text
    assert joined.split(" ")[4:7] == ["layer\xa03:", "52\xa0%", "grow"]
    assert "1/|1\xa0-\xa0dt\xa0λ|" in joined.split(" ") and "|x|" in joined.split(" ")
    assert unbroken("a | b, and no end of it | here") == "a | b, and no end of it | here"
