"""Options of a figure that no figure can be drawn with are refused in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from stiffgui.cli import main
from stiffgui.errors import InputError
from stiffgui.figures import Figure, Style, figure
from stiffgui.figures.files import save_table, with_columns
from stiffgui.figures.latex import latex_table

BAD = {  # option -> value, and what the sentence says
    "width": ("10", "width is 10.0; it must be a number from 20 to 1000 mm."),
    "height": ("nan", "height is nan; it must be a number from 20 to 1000 mm."),
    "font": ("-1", "font is -1.0; it must be a number from 3 to 48 pt."),
    "dpi": ("0", "from 30 to 1200 dpi."),
    "epoch": ("-7", "epoch is -7; it must be a whole number at least 0."),
    "layer": ("0", "layer is 0; it must be a whole number at least 1."),
    "trial": ("-1", "trial is -1; it must be a whole number at least 0."),
    "region": ("foo", "choose explicit-euler, rk2, rk4, dopri5 or implicit-euler"),
    "index": ("foo", "choose frobenius, "),
    "quantity": ("test_err", "Did you mean test_error?"),
    "axis": ("steps", "axis is 'steps'; it must be epoch, step or time."),
    "smoothing": ("1", "from 0 to 0.999."),
    "limits": ("1,0,0,1", "give four numbers X0,X1,Y0,Y1 with X0 below X1"),
    "samples": ("few", "--help` shows how"),
}


@pytest.mark.parametrize("name", BAD)
def test_one_sentence_names_the_option(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    value, expected = BAD[name]
    words = ["export", str(tmp_path / "a.stiff"), "-o", str(tmp_path / "a.png")]
    assert main([*words, "--figure", "errors", f"--{name}", value]) == 2
    sentence = capsys.readouterr().err.strip()
    assert name in sentence or name == "index" or name == "quantity"
    assert expected in sentence and "a.stiff" not in sentence and len(sentence.splitlines()) == 1


@pytest.mark.parametrize("value", ["1,2", "a,b,c,d", "nan,1,0,1", "0,inf,0,1", "0,1,2,2", "7"])
def test_limits_that_are_none_are_refused(value: str) -> None:
    with pytest.raises(InputError, match="four numbers X0,X1,Y0,Y1"):
        figure("errors", limits=["0,1,0,1", value])


def test_limits_are_numbers_or_texts() -> None:
    zoomed = figure("errors", limits=["0,100,1e-3,1", ""])
    assert zoomed.limits == ((0, 100, 1e-3, 1), None)
    assert zoomed == figure("errors", limits=((0, 100, 1e-3, 1), None)) == zoomed.changed()
    assert isinstance(zoomed, Figure)


def test_a_folder_is_told_before_the_format(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", str(tmp_path / "a.stiff"), "--figure", "errors", "-o", str(tmp_path)]
    assert main(words) == 2
    assert "is a folder" in capsys.readouterr().err


def test_spectrum_of_a_negative_epoch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spectrum", str(tmp_path / "a.stiff"), "--epoch", "-5", "--layer", "1"]) == 2
    assert "epoch is -5" in capsys.readouterr().err


def test_the_nearest_index_and_the_bounds() -> None:
    with pytest.raises(InputError, match="Did you mean gelfand"):
        figure("layers", indices=("gelfnd",))
    figure("fit", epoch=0)
    Style(width=20, height=1000, font=3, dpi=1200)


def test_latex_escapes_every_sign_that_means_something(tmp_path: Path) -> None:
    table = pd.DataFrame({"a_b": [1.23456789], "signs": ["^ $ { } ~ \\ _ % & #"], "n": [3]})
    table["range"] = "1\u202f000–2\u2009000"
    save_table(table, tmp_path / "t.tex", "latex")
    lines = (tmp_path / "t.tex").read_text("utf-8").splitlines()
    assert lines[:2] == [r"\begin{tabular}{r@{}llrl}", r"\toprule"]
    assert lines[2] == r"\multicolumn{2}{c}{a\_b} & signs & n & range \\"
    signs = r"\textasciicircum{} \$ \{ \} \textasciitilde{} \textbackslash{} \_ \% \& \#"
    assert lines[4] == rf"1 & .235 & {signs} & 3 & 1\,000--2\,000 \\"


def test_latex_aligns_numbers_on_their_points() -> None:
    columns: dict[str, Any] = {
        "p": [-0.25, 1.5e-7, float("nan"), float("inf")],
        "GE": ["12.5 (1.2–17.3)", "–", "0.039", ""],
        "whole": [1.0, 20.0, float("nan"), 3.0],
        "name": ["1.5", "nan", "2.5 m", "x"],
    }
    lines = latex_table(pd.DataFrame(columns)).splitlines()
    assert lines[0] == r"\begin{tabular}{r@{}lr@{}lrl}"
    assert lines[4:8] == [
        r"$-$0 & .25 & 12 & .5 (1.2--17.3) & 1 & 1.5 \\",
        r"1 & .5$\cdot10^{-7}$ & \multicolumn{2}{c}{--} & 20 & nan \\",
        r"\multicolumn{2}{c}{--} & 0 & .039 & -- & 2.5 m \\",
        r"\multicolumn{2}{c}{$\infty$} & \multicolumn{2}{c}{} & 3 & x \\",
    ]


def test_columns_are_chosen_in_their_order() -> None:
    table = pd.DataFrame([[1, 2, 3]], columns=["a", "b, c", "d"])
    for asked, names in (
        ((), ["a", "b, c", "d"]),
        (("d,a",), ["d", "a"]),
        (("b, c", "d"), ["b, c", "d"]),
        (("d", "a , d"), ["d", "a"]),
    ):
        assert list(with_columns(table, asked)) == names
    with pytest.raises(InputError, match="column 'e' is not known; choose a, b, c or d"):
        with_columns(table, ("a,e",))


def test_markdown_is_for_people(tmp_path: Path) -> None:
    columns = {"a|b": [1.23456789, float("nan")], "what": ["  x | y", "1–2"], "n": [3, 4]}
    table = pd.DataFrame(columns)
    save_table(table, tmp_path / "t.md", "markdown")
    lines = (tmp_path / "t.md").read_text("utf-8").splitlines()
    assert lines[:2] == [r"| a\|b | what | n |", "|---|---|---|"]
    assert lines[2:] == [r"| 1.235 | x \| y | 3 |", "| nan | 1–2 | 4 |"]
