"""What the window begins with: two finished runs the first time, later what it showed last."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import as_file
from pathlib import Path
from shutil import copyfile

from PySide6.QtCore import QSettings

from stiffgui._resources import resource
from stiffgui.gui.train.runs.workbench import Workbench

EXAMPLES = ("RES example.stiff", "RES stiff example.stiff")
SEEN, SESSION, SHOWN, LAYER = "welcomed", "train/session", "train/shown", "train/layer"
MOST = 8  # runs of the last session


def is_first(settings: QSettings) -> bool:
    """Whether this person has never opened the window; from now on they have."""
    first = settings.value(SEEN) is None
    settings.setValue(SEEN, True)
    return first


def open_examples(bench: Workbench) -> None:
    """Put the examples into the folder of runs, if they can be, and into the window."""
    for name in EXAMPLES:
        path = bench.workspace / name
        if not path.exists():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with as_file(resource("examples", name)) as shipped:
                    copyfile(shipped, path)
            except OSError:
                return
        bench.open_run(path)


def remember(settings: QSettings, bench: Workbench, layer: int) -> None:
    """Keep which runs are in the window, which of them are drawn and which one is shown, and the
    layer."""
    runs = [run for run in bench.runs if run is bench.shown or run in bench.runs[-MOST:]]
    settings.setValue(SESSION, [f"{int(run.visible)}{run.path.absolute()}" for run in runs])
    settings.setValue(SHOWN, "" if bench.shown is None else str(bench.shown.path.absolute()))
    settings.setValue(LAYER, layer)


def restoring(settings: QSettings, bench: Workbench) -> Iterator[None]:
    """Open them again, those that are still there, one at a step."""
    kept = settings.value(SESSION, [])
    for word in [kept] if isinstance(kept, str) else kept if isinstance(kept, list) else []:
        path = Path(str(word)[1:])
        if path.is_file():
            run = bench.open_run(path)
            if run is not None:
                run.visible = str(word).startswith("1")
        yield
    shown = [run for run in bench.runs if str(run.path) == settings.value(SHOWN)]
    if bench.runs and not bench.busy:
        bench.show(next(iter(shown), bench.runs[-1]))


def layer_of(settings: QSettings) -> int:
    """The layer that was looked at."""
    kept = str(settings.value(LAYER, 1))
    return int(kept) if kept.isdecimal() and len(kept) < 10 else 1
