"""Machine code is made once for a machine and version: what is missing is known, made and told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from stiffgui import presets
from stiffgui.file_lock import FileLock, Held
from stiffgui.kernels import compiler
from stiffgui.training import ready
from tests.machine_code import unmarked

# Trainings of every kind, samples column by column too: what numba had to compile for them.
COMPILED = """
import sys
from dataclasses import replace
import numpy as np
from numba.core.dispatcher import Dispatcher
from stiffgui._presets import presets
from stiffgui.training import Trainer
from stiffgui.training.ready import NUMBERS, missing

assert missing() == []
quick = {"training.epochs": 1, "training.trials": 2, "training.threads": 2}
large = {"training.batch_size": 60, "training.trials": 1}
for numbers in NUMBERS:
    for name in ("alpine02", "alpine02-stiff", "alpine02-l2", "alpine02-stiff-talk"):
        for more in ({}, large, {"architecture.weights.kind": "linear"}):
            changes = quick | more | {"training.precision": numbers, "task.train_samples": 60}
            experiment = presets[name].with_settings(changes)
            data = experiment.task.data()
            data = replace(data, x_train=np.asfortranarray(data.x_train))
            for _ in Trainer(experiment, data=data):
                pass
modules = [m for name, m in sys.modules.items() if name.startswith("stiffgui.")]
names = {id(d): d for m in modules for d in vars(m).values() if isinstance(d, Dispatcher)}
kernels = [d for d in names.values() if ".kernels." in d.py_func.__module__]
print(sum(d.stats.cache_hits.total() for d in kernels) > 0, {
    d.py_func.__qualname__: [str(s) for s in d.stats.cache_misses]
    for d in kernels if d.stats.cache_misses
})
"""


def python(*words: str, cache: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({} if cache is None else {"NUMBA_CACHE_DIR": str(cache)})
    command = [sys.executable, "-W", "error", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=True)


def test_trainings_find_all_machine_code() -> None:
    ready.prepare()
    ran = python("-c", COMPILED)
    assert ran.stdout.strip() == "True {}"


def test_what_is_missing_is_made_and_known_at_once(tmp_path: Path) -> None:
    place = unmarked(tmp_path)
    made = python("-m", "stiffgui.training.ready", "float64", cache=tmp_path)
    assert made.stdout.startswith("Making machine code for this machine (float64, once)")
    assert "float64: done in" in made.stdout and not made.stderr
    assert {p.stem for p in place.glob("*.ready")} == {"float64"}
    code = (
        "import sys\nfrom stiffgui.training import ready\nprint(ready.missing())\n"
        "print('torch' in sys.modules)"  # nothing that takes long
    )
    assert python("-c", code, cache=tmp_path).stdout.split("\n")[:2] == ["['float32']", "False"]


def test_progress_rests_on_about_as_many_bytes_as_there_are() -> None:
    ready.prepare()
    place = compiler.folder()
    assert place is not None
    size = sum(path.stat().st_size for path in place.rglob("*.nbc"))
    assert 0.4 < size / (len(ready.NUMBERS) * ready.BYTES) < 1.6, size


def test_who_comes_later_waits_and_hears_how_far_the_other_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = unmarked(tmp_path)
    monkeypatch.setattr(compiler, "folder", lambda: place)
    told: list[ready.Readiness] = []
    later = threading.Thread(target=ready.prepare, args=(["float32"], told.append))
    with FileLock(place / "float32.lock"):
        with pytest.raises(Held):
            FileLock(place / "float32.lock")
        later.start()
        later.join(1.0)
        assert later.is_alive() and not list(place.glob("*.ready"))
    later.join(60.0)
    assert (place / "float32.ready").exists()
    assert told == [ready.Readiness(ready.BYTES - 1, ready.BYTES)]  # all is there
    assert told[0].sentence == "making machine code for this machine, 99 %, once"


def test_nothing_is_missing_where_nothing_can_be_kept(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    nowhere.write_text("")  # a file where the folder would be
    ran = python("-m", "stiffgui.training.ready", cache=nowhere)
    assert ran.stdout.startswith(f"{nowhere}{os.sep}machine-code cannot be written, or has less")
    assert "at each start" in ran.stdout and not ran.stderr


def test_another_version_has_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "package" / "floor" / "kernels" / "loops.py"
    source.parent.mkdir(parents=True)
    monkeypatch.setattr(compiler, "PACKAGE", tmp_path / "package")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    folders = []
    for text in ("a = 1", "a = 1", "a = 2"):
        if not source.exists() or source.read_text() != text:
            source.write_text(text)
        folders.append(compiler.folder.__wrapped__())
    monkeypatch.setattr(compiler, "PACKAGE", tmp_path / "moved")
    folders.append(compiler.folder.__wrapped__())
    assert folders[0] == folders[1] and len(set(folders)) == 3
    assert all(place is not None and place.is_dir() for place in folders)


def test_only_trainings_in_compiled_loops_need_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiler, "folder", lambda: tmp_path)  # nothing is there
    plain = presets["alpine02"]
    assert ready.needs([plain]) == ["float32"]
    exact = plain.with_settings({"training.precision": "float64"})
    assert ready.needs([exact, plain]) == ["float32", "float64"]
    assert ready.needs([plain.with_settings({"architecture.integrator": "rk4"})]) == []
    (tmp_path / "float32.ready").touch()
    assert ready.needs([exact, plain]) == ["float64"]


def test_the_command_line_waits_and_can_be_stopped(tmp_path: Path) -> None:
    place, path = unmarked(tmp_path / "cache"), tmp_path / "a.stiff"
    command = [sys.executable, "-W", "error", "-m", "stiffgui", "train", "alpine02", "--out", path]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    with FileLock(place / "float32.lock"):
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        assert process.stderr.readline() == "making machine code for this machine (once) …\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert "stopped before it began" in process.communicate(timeout=60)[1]
    assert process.returncode == 3 and not path.exists()


def test_the_time_that_is_left_is_told_as_it_went_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[ready.Readiness] = []
    monkeypatch.setattr(ready.time, "monotonic", lambda: 100.0)
    tell = partial(ready._tell_once, told.append, [], tmp_path, "float32", began=0.0)
    tell()
    (tmp_path / "one.nbc").write_bytes(bytes(ready.BYTES // 4))
    tell()
    assert told[0].sentence == "making machine code for this machine, 0 %, once"
    assert told[1].left == pytest.approx(300)
    assert told[1].sentence == "making machine code for this machine, 25 %, about 5 min left, once"
