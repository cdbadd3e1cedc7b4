"""The command that compares penalties: one short comparison, then continued from its lines."""

from __future__ import annotations

import sys
from pathlib import Path

import penalties
import pytest

from stiffgui.stiffness import PROXIES


def test_a_table_is_printed_and_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = tmp_path / "lines.jsonl"
    names = ["none", "gelfand-sketch k=4"]
    arguments = ["--epochs", "1", "--trials", "2", "--lines", str(lines), "--only", *names]
    monkeypatch.setattr(sys, "argv", ["penalties.py", *arguments])
    penalties.main()
    first = capsys.readouterr().out
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in first.splitlines()]
    assert [row[0] for row in rows[2:]] == names
    assert {len(row) for row in rows} == {8}
    for row in rows[2:]:
        radius, singular, frobenius = (float(cell) for cell in row[1:4])
        assert 0 < radius < singular < frobenius
    assert len(lines.read_text("utf-8").splitlines()) == 2
    monkeypatch.setattr(penalties, "measure", lambda _: pytest.fail("trained again"))
    penalties.main()
    assert capsys.readouterr().out == first


def test_every_proxy_is_compared() -> None:
    words = {name.split()[0] for name in penalties.cases(1e-3)}
    assert words >= set(PROXIES) - {"analytic"}  # which exists up to width 4 only
