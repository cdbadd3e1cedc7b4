"""What the window begins with: two finished runs the first time, later what it showed last."""

from __future__ import annotations

import filecmp
from collections.abc import Callable
from functools import partial
from importlib.resources import as_file
from pathlib import Path
from shutil import copyfile

from PySide6.QtCore import QSettings

from stiffgui._resources import resource
from stiffgui.errors import InputError
from stiffgui.gui.train.runs.workbench import Workbench
from stiffgui.session.run_entry import RunEntry

EXAMPLES = ("RES example.stiff", "RES stiff example.stiff")
SEEN, SESSION, SHOWN, LAYER = "welcomed", "train/session", "train/shown", "train/layer"
MOST = 8  # runs of the last session


def is_first(settings: QSettings) -> bool:
    """Whether this person has never opened the window; from now on they have."""
    first = settings.value(SEEN) is None
    settings.setValue(SEEN, True)
    return first


def open_examples(bench: Workbench) -> None:
    """Put the examples into the folder of runs, if they can be, and into the window.

    They are ours and read here, at once; a file that has such a name already is left alone.
    """
    for name in EXAMPLES:
        path = bench.workspace / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with as_file(resource("examples", name)) as shipped:
                if not path.exists():
                    copyfile(shipped, path)
                if filecmp.cmp(shipped, path, shallow=False):
                    bench.add(RunEntry.read(path))
        except (OSError, InputError):
            return


def remember(settings: QSettings, bench: Workbench, layer: int) -> None:
    """Keep which runs are in the window, which of them are drawn and which one is shown, and the
    layer; not while runs are still being opened."""
    if bench.opening:
        return
    runs = [run for run in bench.runs if run is bench.shown or run in bench.runs[-MOST:]]
    settings.setValue(SESSION, [f"{int(run.visible)}{run.path.absolute()}" for run in runs])
    settings.setValue(SHOWN, "" if bench.shown is None else str(bench.shown.path.absolute()))
    settings.setValue(LAYER, layer)


def restore(settings: QSettings, bench: Workbench, after: Callable[[], object]) -> None:
    """Open them again, those that are still there, one after the other; what has been begun or
    chosen meanwhile stays on the screen."""
    kept = settings.value(SESSION, [])
    words = iter([kept] if isinstance(kept, str) else kept if isinstance(kept, list) else [])
    restored: list[RunEntry] = []

    def take(run: RunEntry, visible: bool) -> None:
        run.visible = visible
        restored.append(run)

    def step() -> None:
        for word in map(str, words):
            if (path := Path(word[1:])).is_file():
                bench.open_run(path, partial(take, visible=word[0] == "1"), step, aside=True)
                return
        if restored and bench.shown is restored[0] and not bench.busy:
            shown = [run for run in restored if str(run.path) == settings.value(SHOWN)]
            bench.show(next(iter(shown), restored[-1]))
        after()

    step()


def layer_of(settings: QSettings) -> int:
    """The layer that was looked at."""
    kept = str(settings.value(LAYER, 1))
    return int(kept) if kept.isdecimal() and len(kept) < 10 else 1
