"""How large a file will be is said beforehand, and holds within a tenth."""

from __future__ import annotations

from pathlib import Path

import pytest

from stiffgui import presets, train
from stiffgui.cli import main
from stiffgui.runs import recording
from stiffgui.runs.file_size import file_size, told
from stiffgui.training.decisions import decide


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("alpine02", {"training.epochs": 300, "training.trials": 1}),
        ("alpine02", {"training.epochs": 400, "training.trials": 8, "watch.snapshots": 20}),
        ("alpine02-stiff", {"training.epochs": 150, "training.precision": "float64"}),
        ("climate", {"training.epochs": 12, "training.trials": 2}),
    ],
)
def test_the_file_is_as_large_as_was_said(
    tmp_path: Path, name: str, settings: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a long training: many checkpoints, whose networks do not stay.
    monkeypatch.setattr(recording, "CHECKPOINT_SECONDS", 0.05)
    experiment = presets[name].with_settings(settings)
    said = file_size(experiment, decide(experiment, "cpu"))
    run = train(experiment, tmp_path / "run.stiff")
    assert (tmp_path / "run.stiff").stat().st_size == pytest.approx(said, rel=0.1)
    assert len(run.snapshot_epochs) <= experiment.watch.snapshots + 1
    run.close()


def test_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(1.234e6) == "about 1.2 MB" and told(5e10) == "about 50 GB"
    words = ["train", "alpine02", "--set", "training.epochs=3", "--out", str(tmp_path / "a.stiff")]
    assert main(words) == 0 and "file: about 0." in capsys.readouterr().err
