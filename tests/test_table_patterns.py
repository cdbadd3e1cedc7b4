"""Text that chooses columns: patterns for a choice, and the choice for patterns, are inverse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiffgui.errors import InputError
from stiffgui.tasks.table.columns import as_patterns, chosen

NAMES = st.lists(
    st.text('abAB_x1,;"?*[]!- \n', min_size=1, max_size=6).map(str.strip).filter(bool),
    min_size=1,
    max_size=8,
    unique=True,
)


@given(NAMES, st.data())
def test_a_choice_comes_back_from_its_text(names: list[str], data: st.DataObject) -> None:
    wanted = data.draw(st.lists(st.sampled_from(names), unique=True))
    try:
        text = as_patterns(wanted, names)
    except InputError as error:
        # Only names with what a list in one line cannot hold.
        assert any(sign in name for name in wanted for sign in '\n"'), error
        return
    again = chosen("f", names, text, "") if text else ()
    assert again == tuple(name for name in names if name in wanted)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ((), ""),
        (("x_1", "x_2"), "x_*"),
        (("x_1",), "x_1"),
        (("x_1", "y_1"), "x_1, y_1"),
        (("out_a", "out_b"), "out_*"),
        (("par_soil_1", "par_soil_2"), "par_soil_*"),
        (("a,b", "x_2"), 'x_2, "a,b"'),
        (("two\nlines", "x_1"), "x_1, two?lines"),
    ],
)
def test_the_text_is_short(wanted: tuple[str, ...], text: str) -> None:
    names = ["x_1", "x_2", "y_1", "out_a", "out_b", "par_soil_1", "par_soil_2", "par_air", "a,b"]
    assert as_patterns(wanted, [*names, "two\nlines"]) == text
