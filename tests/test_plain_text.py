"""Names of others are text in whatever is written: nothing in them is obeyed."""

from __future__ import annotations

import csv
import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stiffgui
from stiffgui.cli import main
from stiffgui.figures.files import paint_into, write_table
from stiffgui.figures.picture import Axis, Curve, Panel, Picture
from stiffgui.figures.report import write_report
from stiffgui.figures.style import Style
from stiffgui.plain_text import FORMULA, UNSEEN, cell, csv_text, visible
from stiffgui.runs import open_run
from stiffgui.runs.maintenance import set_note

NASTY = (
    r"\input{/etc/passwd}",
    r"\write18{touch /tmp/x}",
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "+1+1",
    "-x",
    "\t=1",
    "\r=1",
    "\x1b[2J\x1b]0;title\x07",
    "\x9b31m",
    "\u202egpj.exe",
    '<img src="file:///etc/hostname">',
    "<b>bold</b>",
    "<script>alert(1)</script>",
    r"$\foo{$",
    "_hidden",
    "[31m",
    "*",
    "a|b&c_d%e#f~g^h",
    "two\nlines",
    "a,b\"c'd",
)
TAGS = re.compile("html|head|meta|title|style|body|h[123]|p|table|t[rhd]|fig.*|img|code|pre")
NAMES = st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=30))
WRITABLE = NAMES.filter(lambda name: not re.search("[\ud800-\udfff]", name))


def is_number(text: str) -> bool:
    try:
        return float(text) is not None
    except ValueError:
        return False


def written(table: pd.DataFrame, kind: str) -> str:
    file = io.BytesIO()
    write_table(table, file, kind)
    return file.getvalue().decode()


@given(WRITABLE, WRITABLE)
def test_no_cell_of_a_csv_is_a_formula_and_numbers_stay(name: str, heading: str) -> None:
    table = pd.DataFrame(
        {heading: [name, "-0.5"], "value": [-0.5, 1.0]}, columns=[heading, "value"]
    )
    text = written(table, "csv")
    assert text == csv_text(table)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    for one in (rows[0][0], rows[1][0]):
        assert not one.startswith(FORMULA) or is_number(one)
        assert not UNSEEN.search(one)
    assert [row[1] for row in rows[1:]] == ["-0.5", "1.0"]
    assert rows[2][0] == "-0.5"


@given(WRITABLE, WRITABLE)
def test_latex_obeys_nothing_in_a_name(name: str, heading: str) -> None:
    text = written(pd.DataFrame({heading: [name], "x": [1.5]}, columns=[heading, "x"]), "latex")
    commands = set(re.findall(r"\\[A-Za-z]+", text))
    ours = r"\begin \end \toprule \midrule \bottomrule \multicolumn \textbackslash \textasciitilde"
    assert commands <= {*ours.split(), r"\textasciicircum"}
    lines = text.splitlines()
    assert len(lines) == 7 and not any(line.startswith(("[", "*")) for line in lines)
    plain = re.sub(r"\\[&%$#_{}]", "", text)
    assert not re.search("[%$#_~^]", plain)


@given(WRITABLE)
def test_markdown_has_neither_html_nor_more_columns(name: str) -> None:
    text = written(pd.DataFrame({"name": [name], "x": [1.5]}), "markdown")
    assert len(text.splitlines()) == 3
    assert not re.search(r"(?<!\\)(<|\[|`)", text.splitlines()[2])
    assert len(re.findall(r"(?<!\\)\|", text.splitlines()[2])) == 3


@given(NAMES)
def test_what_is_visible_moves_no_cursor(name: str) -> None:
    assert not UNSEEN.search(visible(name))
    assert visible("a\x1b[2J\n") == "a\\x1b[2J\n"
    assert cell("=1") == "'=1" and cell("-1e-3") == "-1e-3" and cell(-2.0) == -2.0


@settings(max_examples=40, deadline=None)
@given(name=NAMES)
def test_a_figure_draws_every_name_as_it_is_written(name: str) -> None:
    x = np.arange(1.0, 20.0)
    curve = Curve(x=x, y=10 ** (x / 5 - 3), label=name)
    named = Axis(label=name, ticks=((5.0, name),))
    axis = Axis(label=name, scale="log")
    picture = Picture(rows=((Panel(x=named, y=axis, items=(curve,), title=name),),), title=name)
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paint_into(file, picture, "svg", Style(width=600, height=400))
    drawn = "".join(ET.fromstring(file.getvalue()).itertext())
    if name.isprintable() and name.strip() == name and "  " not in name:
        assert drawn.count(name) >= 5  # title, heading, both labels, tick, legend
    assert "mathdefault" not in drawn and "10⁻" in drawn


class Page(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs).get("src") or ""))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run whose name, note and event say what others obey."""
    path = tmp_path_factory.mktemp("hostile") / "=a<img src=x onerror=1>$\\foo{$\x1b[2J.stiff"
    small = {"training.epochs": 2, "training.trials": 1}
    stiffgui.train(stiffgui.presets["alpine02"].with_settings(small), out=path)
    set_note(path, '<img src="file:///etc/hostname">\x1b[2J')
    yield path


def test_a_report_is_a_page_of_ours_whatever_a_run_is_called(hostile: Path, tmp_path: Path) -> None:
    with open_run(hostile) as run:
        write_report([run], tmp_path / "r.html")
        note = run.note
    page = Page((tmp_path / "r.html").read_text("utf-8"))
    assert all(TAGS.fullmatch(tag) for tag, _ in page.found)
    assert all(src.startswith("data:image/svg+xml") for tag, src in page.found if tag == "img")
    assert visible(note) in page.text and "<img src=x onerror=1>" in page.text


def test_a_terminal_shows_escape_sequences_and_obeys_none(
    hostile: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(hostile)]) == 0
    assert main(["show", str(hostile.with_name("\x1b[31m.stiff"))]) == 2
    assert main(["export", str(hostile), "--table", "\x1b[31m", "-o", "x.csv"]) == 2
    out, err = capfd.readouterr()
    assert "\x1b" not in out + err
    assert r"\x1b[2J" in out and r"\x1b[31m" in err


def test_dask_opens_its_pages_for_this_machine_only() -> None:
    pytest.importorskip("distributed")
    from stiffgui.study.executors.dask_cluster import DaskCluster

    with DaskCluster("local", 1) as cluster:
        sockets = cluster._cluster.scheduler.http_server._sockets.values()
        assert {one.getsockname()[0] for one in sockets} == {"127.0.0.1"}
