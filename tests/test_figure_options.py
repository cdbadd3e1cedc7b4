"""Options of a figure that no figure can be drawn with are refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from stiffgui.cli import main
from stiffgui.errors import InputError
from stiffgui.figures import Options, table_to_file

BAD = {
    "width": "-5",
    "height": "nan",
    "font": "-1",
    "dpi": "0",
    "epoch": "-7",
    "layer": "0",
    "trial": "-1",
    "region": "foo",
    "index": "foo",
}


@pytest.mark.parametrize("name", BAD)
def test_one_sentence_names_the_option(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", str(tmp_path / "a.stiff"), "-o", str(tmp_path / "a.png")]
    assert main([*words, "--figure", "errors", f"--{name}", BAD[name]]) == 2
    said = capsys.readouterr().err.strip()
    assert name in said and "a.stiff" not in said and len(said.splitlines()) == 1


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
        Options(indices=("gelfnd",))
    Options(width=20, height=1000, font=4, dpi=1200, epoch=0)


def test_latex_escapes_every_sign_that_means_something(tmp_path: Path) -> None:
    table = pd.DataFrame({"a_b": [1.23456789], "signs": ["^ $ { } ~ \\ _ % & #"], "n": [3]})
    table["range"] = "1\u202f000–2\u2009000"
    table_to_file(lambda: table, tmp_path / "t.tex", "latex", False)
    lines = (tmp_path / "t.tex").read_text("utf-8").splitlines()
    assert lines[:2] == [r"\begin{tabular}{rlrl}", r"\toprule"]
    assert lines[2] == r"a\_b & signs & n & range \\"
    signs = (
        r"\textasciicircum \space \$ \{ \} \textasciitilde \space \textbackslash \space \_ \% \& \#"
    )
    assert lines[4] == rf"1.235 & {signs} & 3 & 1\,000--2\,000 \\"
