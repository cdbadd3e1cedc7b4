"""Run files made to do harm: a sentence, soon, and nothing else (more in tests/soak/hostile.py)."""

from __future__ import annotations

import os
import random
import shutil
import sys
from pathlib import Path

import pytest

from stiffgui import open_run, presets, train
from stiffgui.cli import main
from stiffgui.errors import InputError
from tests.soak.hostile import HARMS, go_on, read


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "run.stiff"
    settings = {"training.epochs": 6, "training.trials": 2, "watch.every": 2}
    train(presets["alpine02"].with_settings(settings), path).close()
    return path


@pytest.mark.parametrize("harm", HARMS)
def test_it_is_read_or_refused_with_a_sentence(harm: object, whole: Path, tmp_path: Path) -> None:
    path, refused = tmp_path / "run.stiff", 0
    for seed in range(8):
        shutil.copy(whole, path)
        try:
            harm(path, random.Random(seed))  # type: ignore[operator]
        except Exception as error:  # what SQLite does not let be spoiled
            assert "sqlite3" in type(error).__module__
        for what in (read, go_on):
            try:
                what(path)
            except InputError as error:
                refused += 1
                assert str(path) in str(error)
        for left in tmp_path.iterdir():
            left.unlink()
    assert refused or harm.__name__ in ("value_changed", "meta_changed")  # type: ignore[attr-defined]


@pytest.mark.skipif(sys.platform == "win32", reason="FIFOs")
def test_a_pipe_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pipe.stiff"
    os.mkfifo(path)
    for command in (
        ["show"],
        ["spectrum"],
        ["train", "--resume"],
        ["export", "--figure", "errors", "--out", str(tmp_path / "a.png")],
    ):
        assert main([*command, str(path)]) == 2
        assert "is not a run file" in capsys.readouterr().err
    with pytest.raises(InputError, match="is not a run file"):
        open_run(path)
