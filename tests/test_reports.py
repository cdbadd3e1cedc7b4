"""Reports of a run and of a study: whole, and written again by the command that they name."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiffgui import presets, run_study, train
from stiffgui.cli import main
from stiffgui.figures.report_pdf import COLUMNS, KEPT, LINES, pages_of_lines, table_lines
from tests.study_files import tiny


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    folder = tmp_path_factory.mktemp("reported")
    found = {kind: folder / f"{kind}.stiff" for kind in ("run", "study")}
    changed = {"training.epochs": 4, "training.trials": 2, "watch.every": 1}
    train(presets["alpine02"].with_settings(changed), found["run"]).close()
    run_study(tiny(trials=2), found["study"]).close()
    yield found


ASKED = {  # what is asked for -> what the page then says
    "run": (["--layer", "3", "--epoch", "2", "--colour", "4"], "layer 3; epoch 2"),
    "study": (["--against", "RES L2", "--margin", "7"], "within 7 %"),
}


@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize("kind", ["run", "study"])
def test_the_command_in_a_report_writes_it_again(
    kind: str, asks: bool, files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words, said = ASKED[kind]
    words = words if asks else []
    assert main(["export", str(files[kind]), *words, "--report", "-o", "r.html"]) == 0
    page = unescape(first := Path("r.html").read_text("utf-8"))
    pictures = page.count("base64,")
    assert (said in page) == asks
    assert pictures >= 2 - (kind == "study")
    for word in ("training.epochs", "Train it again: ", "Provenance", "data:image/svg+xml"):
        assert word in page, word
    assert "http" not in page  # nothing outside the file
    [command] = re.findall(r"<code>(stiffgui export .*?)</code>", page)
    program, *again = shlex.split(command)
    assert program == "stiffgui" and main([*again, "--force"]) == 0
    assert Path("r.html").read_text("utf-8") == first
    [script] = re.findall(r"<pre>(from pathlib .*?)</pre>", page, re.DOTALL)
    Path("r.html").unlink()
    exec(compile(script, "again.py", "exec"), {})
    assert Path("r.html").read_text("utf-8") == first


def test_a_report_refuses_what_it_does_not_take(
    files: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for kind, words, said in (
        ("run", ["--width", "100"], "has no setting 'width'"),
        ("study", ["--layer", "2"], "has no setting 'layer'"),
        ("run", ["--caption"], "figures and tables of its own"),
        ("run", ["--margin", "3"], "leave them out for runs"),
    ):
        assert main(["export", str(files[kind]), *words, "--report", "-o", "n.html"]) == 2
        assert said in capsys.readouterr().err


@pytest.mark.parametrize("columns", [1, 2, 9, 40])
def test_a_table_fits_a_page_of_a_pdf_and_loses_nothing(columns: int) -> None:
    heads = [f"head{k}" for k in range(columns)]
    rows = [[f"r{r}c{k} {'word ' * k}end" for k in range(columns)] for r in range(3)]
    lines = list(table_lines(heads, rows))
    assert max(map(len, lines)) <= COLUMNS
    text = " ".join(lines).split()
    for word in (*heads[1:], *(f"r{r}c{k}" for r in range(3) for k in range(1, columns))):
        assert text.count(word) == 1
    assert text.count("word") == 3 * sum(range(columns))
    for k in range(1, columns):  # a column begins at one place
        starts = {line.find(w) for line in lines for w in (f"head{k} ", f"r0c{k} ") if w in line}
        assert len(starts) <= 1


@given(st.lists(st.integers(1, 3 * KEPT), max_size=40))
def test_pages_part_no_short_paragraph(sizes: list[int]) -> None:
    lines = [line for k, size in enumerate(sizes) for line in (*[f"{k}"] * size, "")]
    pages = [*pages_of_lines(lines)]
    assert [line for page in pages for line in page] == [*lines, ""]
    assert all(len([*page]) <= LINES + 1 for page in pages)
    for k, size in enumerate(sizes):
        assert size >= KEPT or sum(str(k) in page for page in pages) == 1


@pytest.mark.parametrize("kind", ["run", "study"])
def test_a_report_is_a_pdf_where_its_name_ends_so(
    kind: str, files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.pdf"
    assert main(["export", str(files[kind]), "--report", "-o", str(path)]) == 0
    content = path.read_bytes()
    assert content.startswith(b"%PDF") and content.count(b"/Type /Page ") >= 3
    assert b"/Subtype /Type3" not in content  # letters are letters: TrueType is embedded
    boxes = set(re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", content))
    assert {tuple(round(float(side)) for side in box) for box in boxes} == {(595, 842)}  # A4
    assert main(["export", str(files[kind]), "--report", "-o", str(path)]) == 2
    assert "exists: choose another name" in capsys.readouterr().err
    assert main(["export", str(files[kind]), "--report", "-o", str(tmp_path / "r.doc")]) == 2
    nowhere = tmp_path / "no" / "r.html"
    assert main(["export", str(files[kind]), "--report", "-o", str(nowhere)]) == 2
    assert str(nowhere) in capsys.readouterr().err
