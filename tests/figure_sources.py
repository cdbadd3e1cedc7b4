"""What figures are drawn of in tests: small runs, a study, and pages of the laboratory."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

from stiffgui import open_run, open_study, run_study, train
from stiffgui.labs import page
from tests.small import small
from tests.study_files import nested, tiny

QUICK: dict[str, dict[str, Any]] = {
    "convergence": {"doublings": 4},
    "crossing": {"fine_depth": 10, "epochs": 30},
}


class Sources:
    """Two runs, a run of one input and one of three, two studies, and results of pages."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self.folder = folder
        settings = {"training__trials": 2, "training__epochs": 17, "watch__every": 5}
        settings |= {"watch__indices": ("frobenius", "spectral-radius"), "watch__probe": 4}
        for name, more in (
            ("plain", {}),
            ("other", {"training__seed": 3}),
            ("one", {"task__dimension": 1}),
            ("three", {"task__dimension": 3}),
        ):
            train(small(**(settings | more)), folder / f"{name}.stiff").close()
        self.runs = [opened.enter_context(open_run(path)) for path in self.paths]
        self.study_path = folder / "study.stiff"
        run_study(tiny(trials=4), self.study_path).close()
        self.study = opened.enter_context(open_study(self.study_path))
        self.nested_path = folder / "nested.stiff"
        self.nested = opened.enter_context(run_study(nested(), self.nested_path))

    @property
    def paths(self) -> list[Path]:
        return [self.folder / "plain.stiff", self.folder / "other.stiff"]

    def of(self, source: str, name: str) -> Any:
        """What a figure draws."""
        if source == "page":
            return result_of(name)
        if source == "runs":
            return self.runs
        return self.nested if name == "front" else self.study


@cache
def result_of(name: str) -> Any:
    return page(name).with_settings(QUICK.get(name, {})).last()
