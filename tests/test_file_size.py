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


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_of_eight_hours_of_25_trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # alpine02 has 65 000 records, 13 000 measurements and 2 880 checkpoints in eight hours of 45
    # epochs a second: here as many, in minutes.
    monkeypatch.setattr(recording, "CHECKPOINT_SECONDS", 0.05)
    settings = {"training.trials": 25, "training.epochs": 65_000, "training.batch_size": 60}
    settings |= {"task.train_samples": 60, "task.test_samples": 20, "architecture.width": 6}
    experiment = presets["alpine02"].with_settings(
        settings | {"watch.errors_every": 1, "watch.every": 5, "watch.share": 1.0}
    )
    said = file_size(experiment, decide(experiment, "cpu"))
    train(experiment, tmp_path / "run.stiff").close()
    size = (tmp_path / "run.stiff").stat().st_size
    print(f"said {told(said)}, is {told(size)}: {size / said:.3f}")
    assert size == pytest.approx(said, rel=0.1)
