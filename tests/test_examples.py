"""The examples run, and their last pictures have something in them."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from stiffgui import open_run

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.py")))
def test_an_example_runs(name: str, tmp_path: Path) -> None:
    if name == "resnet":
        pytest.importorskip("sklearn")
    main = runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]
    picture = main(epochs=2, out=tmp_path / f"{name}.stiff")
    assert picture.stat().st_size > 10_000
    with open_run(tmp_path / f"{name}.stiff") as run:
        history = run.series()
        assert run.ending == "finished" and len(history.epochs) == 2
        assert len(history.index_epochs) and run.network is not None
