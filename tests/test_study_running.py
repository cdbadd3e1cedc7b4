"""Studies as they run: the same numbers everywhere, through stops, dead workers and kills."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from stiffgui import InputError, open_run, open_study, run_study
from stiffgui.cli import main
from stiffgui.runs import History
from stiffgui.study import Study, StudyRecording
from stiffgui.study.comparison import comparisons_of
from stiffgui.study.events import Lost, Progress, Started, Trained
from stiffgui.study.executors import WorkerProcesses, choose_executor
from stiffgui.study.partial_chunks import PartialChunks
from stiffgui.study.plan import plan
from stiffgui.study.progress_estimate import ProgressEstimate
from stiffgui.study.results import joined
from stiffgui.study.summary import summary_frame
from stiffgui.training import Controls
from stiffgui.writer_lock import WriterLock
from tests.study_files import numbers, tiny

LONG = {"training__epochs": 1500, "watch__errors_every": 100, "watch__every": 1000}


def long() -> Study:
    """Chunks that take long enough to be interrupted: one variant, about a second each."""
    values = tiny(**LONG).model_dump()
    values["variants"] = values["variants"][:1]
    return Study.of(values)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny study trained in this process."""
    path = tmp_path_factory.mktemp("here") / "study.stiff"
    with run_study(tiny(), path) as results:
        assert results.finished
    return path


@pytest.fixture(scope="module")
def long_here(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The numbers of the long study, trained without interruption."""
    path = tmp_path_factory.mktemp("here") / "long.stiff"
    for _ in StudyRecording(long(), path):
        pass
    return numbers(path)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A real Dask cluster of two worker processes; its address."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0"
    ) as running:
        yield running.scheduler_address


def test_one_plain_file_is_left(here: Path) -> None:
    assert [p.name for p in here.parent.iterdir()] == [here.name]


def test_worker_processes_give_the_same_numbers(here: Path, tmp_path: Path) -> None:
    path = tmp_path / "study.stiff"
    workers = {
        e.worker
        for e in StudyRecording(tiny(), path, executor=WorkerProcesses(2))
        if isinstance(e, Started)
    }
    assert len(workers) == 2
    pd.testing.assert_frame_equal(numbers(path), numbers(here), check_exact=True)


def test_dask_gives_the_same_numbers(here: Path, tmp_path: Path, cluster: str) -> None:
    path = tmp_path / "study.stiff"
    with choose_executor(dask=cluster) as executor:
        assert executor.slots == 2
        events = list(StudyRecording(tiny(), path, executor=executor))
    assert len({e.worker for e in events if isinstance(e, Started)}) == 2
    pd.testing.assert_frame_equal(numbers(path), numbers(here), check_exact=True)
    # Progress travels with its records, unchanged.
    sent = [r for e in events if isinstance(e, Progress) and e.number == 0 for r in e.records]
    with open_study(path) as results:
        series = results.run_of_chunk(0).series()
    assert [r.epoch for r in sent] == series.epochs.tolist()
    np.testing.assert_array_equal(sent[-1].values["train_error"], series.series["train_error"][-1])


def test_a_killed_worker_process_changes_nothing(long_here: pd.DataFrame, tmp_path: Path) -> None:
    path, executor = tmp_path / "study.stiff", WorkerProcesses(2)
    killed = False
    lost = []
    for event in StudyRecording(long(), path, executor=executor):
        lost += [event] if isinstance(event, Lost) else []
        if isinstance(event, Progress) and 0 < event.epoch < event.epochs and not killed:
            executor.workers[0].process.kill()
            killed = True
    assert killed and len(lost) == 1 and "done again" in lost[0].text
    pd.testing.assert_frame_equal(numbers(path), long_here, check_exact=True)


def test_a_killed_dask_worker_changes_nothing(
    long_here: pd.DataFrame, tmp_path: Path, cluster: str
) -> None:
    path = tmp_path / "study.stiff"
    children = psutil.Process().children(recursive=True)
    victims = [p for p in children if "spawn_main" in " ".join(p.cmdline())]
    killed = False
    with choose_executor(dask=cluster) as executor:
        for event in StudyRecording(long(), path, executor=executor):
            if isinstance(event, Started) and not killed:
                victims[0].kill()
                killed = True
    assert killed
    pd.testing.assert_frame_equal(numbers(path), long_here, check_exact=True)


@pytest.mark.parametrize("where", ["workers", "dask"])
def test_a_stopped_study_goes_on(
    long_here: pd.DataFrame, tmp_path: Path, cluster: str, where: str
) -> None:
    path = tmp_path / "study.stiff"
    controls = Controls()
    executor = choose_executor(2) if where == "workers" else choose_executor(dask=cluster)
    with executor:
        recording = StudyRecording(long(), path, controls, executor=executor)
        for event in recording:
            if isinstance(event, Progress) and event.epoch:
                controls.stop()
        assert recording.ending == "stopped"
    with open_study(path) as results:
        stopped = [c for c in results.chunks if c.state == "stopped"]
        assert stopped and 0 < max(c.epoch for c in stopped) < 1500
    again = StudyRecording(None, path, resume=True)
    started = {e.number: e.epoch for e in again if isinstance(e, Started)}
    # Those that had begun go on where they were; others may have been waiting before them.
    assert all(started[c.chunk.number] == c.epoch for c in stopped)
    assert again.ending == "finished"
    pd.testing.assert_frame_equal(numbers(path), long_here, check_exact=True)


def test_a_worker_that_is_ended_alone_is_replaced(long_here: pd.DataFrame, tmp_path: Path) -> None:
    path, executor, ended = tmp_path / "study.stiff", WorkerProcesses(1), False
    recording = StudyRecording(long(), path, executor=executor)
    for event in recording:
        if isinstance(event, Progress) and event.epoch and not ended:
            executor.workers[0].process.terminate()
            ended = True
    assert ended and recording.ending == "finished"
    pd.testing.assert_frame_equal(numbers(path), long_here, check_exact=True)


def test_a_killed_study_goes_on(long_here: pd.DataFrame, tmp_path: Path) -> None:
    path, toml = tmp_path / "study.stiff", tmp_path / "long.toml"
    toml.write_text(long().to_toml(), "utf-8")
    command = [sys.executable, "-m", "stiffgui", "study", str(toml), "--out", str(path)]
    with subprocess.Popen([*command, "--workers", "2"], stderr=subprocess.DEVNULL) as process:
        _wait_for(lambda: any(PartialChunks(path).folder.glob("*.stiff")))
        time.sleep(0.5)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    assert path.exists()
    assert main([*command[3:]]) == 0  # the same words again
    pd.testing.assert_frame_equal(numbers(path), long_here, check_exact=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["long.toml", "study.stiff"]


def test_a_kill_costs_no_more_than_the_last_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "study.stiff"
    study = long().with_settings({"training.epochs": 3000})
    events = iter(StudyRecording(study, path))
    for event in events:
        if isinstance(event, Progress) and event.epoch > 500:
            break
    number, parts = event.number, PartialChunks(path)
    content = next(parts.folder.glob(f"{number}-*.stiff"))
    first = parts.rescued(number)
    assert first is not None and first[0] == 0  # no later checkpoint is due yet
    events.close()  # type: ignore[attr-defined]  # saves one
    rescued = parts.rescued(number)
    assert rescued is not None and rescued[0] >= 500 and content.exists()
    again = iter(StudyRecording(study, path))
    assert next(e.epoch for e in again if isinstance(e, Started)) == rescued[0]
    again.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_saves_and_exits_with_3(tmp_path: Path, number: signal.Signals) -> None:
    path, toml = tmp_path / "study.stiff", tmp_path / "long.toml"
    toml.write_text(long().with_settings({"training.epochs": 10**6}).to_toml(), "utf-8")
    command = [sys.executable, "-m", "stiffgui", "study", str(toml), "--out", str(path)]
    with subprocess.Popen(
        [*command, "--workers", "1", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        _wait_for(lambda: any(PartialChunks(path).folder.glob("*.stiff")))
        time.sleep(1.5)
        os.killpg(process.pid, number)  # as a terminal and `timeout` do: the workers hear it too
        out, told = process.communicate(timeout=60)
    assert process.returncode == 3 and "Traceback" not in told and "died" not in told
    facts = json.loads(out)
    assert facts["finished"] is False and facts["chunks"][0]["state"] == "stopped"
    assert [p.name for p in tmp_path.glob("study*")] == ["study.stiff"]


def test_a_folder_that_goes_is_told_as_what_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "of" / "studies"
    folder.mkdir(parents=True)
    controls = Controls()
    recording = iter(StudyRecording(long(), folder / "study.stiff", controls))
    next(recording)
    shutil.rmtree(folder)
    controls.stop()
    with pytest.raises(InputError, match=r"study\.stiff cannot be written: its folder .* is gone"):
        list(recording)


def test_what_is_stopped_before_it_begins_makes_no_workers(tmp_path: Path) -> None:
    controls, executor = Controls(), WorkerProcesses(2)
    controls.stop()
    recording = StudyRecording(tiny(), tmp_path / "study.stiff", controls, executor=executor)
    assert list(recording) == [] and executor.workers == [] and recording.ending == "stopped"


def test_only_one_process_writes(here: Path, tmp_path: Path) -> None:
    with WriterLock(tmp_path / "study.stiff"), pytest.raises(InputError, match="is being written"):
        StudyRecording(tiny(), tmp_path / "study.stiff")
    assert list(tmp_path.iterdir()) == []


def test_diverged_trials_are_left_out_and_said(tmp_path: Path) -> None:
    path = tmp_path / "study.stiff"
    values = tiny(trials=2, training__epochs=40).model_dump()
    wildness = {
        "training.learning_rate": 10.0,
        "architecture.activation": "identity",
        "architecture.depth": 60,
        "architecture.horizon": 60.0,
    }
    values["variants"] = [
        {"name": "calm"},
        {"name": "wild", "settings": wildness},
    ]
    for _ in StudyRecording(Study.of(values), path):
        pass
    with open_study(path) as results:
        wild = results.variants[1]
        assert wild.diverged.tolist() == [0, 1] and results.chunks[1].state == "diverged"
        sentence = comparisons_of(results)[0].sentence
        assert "no pairs of finished trials" in sentence
        assert "2 pairs with a diverged trial left out" in sentence
        assert np.isnan(summary_frame(results)["test_error"][1])


def test_a_trial_opens_as_a_run(here: Path, tmp_path: Path) -> None:
    with open_study(here) as results:
        alone = results.extract("RES stiff", 6, tmp_path / "t.stiff")
        table = results.history.query("variant == 'RES stiff' and trial == 6")
        with pytest.raises(InputError, match="Did you mean RES"):
            results.extract("RES stif", 6, tmp_path / "u.stiff")
        with pytest.raises(InputError, match="from 0 to 7"):
            results.extract("RES", 8, tmp_path / "u.stiff")
    with open_run(alone) as run:
        assert run.trials == 1 and run.experiment.training.first_trial == 6
        np.testing.assert_array_equal(
            run.history["stiffness_spectral_radius"], table["stiffness_spectral_radius"]
        )
        x = run.experiment.task.data().x_test
        y = run.experiment.task.data().y_test
        error = np.sqrt(np.mean((run.snapshot(6).predict(x)[0] - y) ** 2))
        assert error == pytest.approx(run.series().series["test_error"][-1, 0], rel=1e-5)


def _wait_for(condition: object, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until, "it never came"
        time.sleep(0.05)


def test_a_study_is_read_while_it_is_written(tmp_path: Path) -> None:
    path, seen = tmp_path / "study.stiff", []
    recording = StudyRecording(tiny(), path)
    with open_study(path) as reader:
        for event in recording:
            if isinstance(event, Trained):
                reader.refresh()
                seen.append([v.trials for v in reader.variants])
    assert seen[:3] == [[4, 0, 0], [4, 4, 0], [4, 4, 4]] and seen[-1] == [8, 8, 8]


def test_a_worker_needs_no_files_of_ours(tmp_path: Path) -> None:
    """The samples travel with the chunk: the table may be out of the worker's reach."""
    from stiffgui.study.work import train_chunk

    table = tmp_path / "mine.csv"
    rows = np.random.default_rng(0).normal(size=(40, 3))
    pd.DataFrame(rows, columns=["x_1", "x_2", "y_1"]).to_csv(table, index=False)
    experiment = tiny().experiment.with_settings({"task.kind": "table", "task.path": str(table)})
    values = tiny(trials=2).model_dump()
    study = Study.of(values | {"experiment": experiment})
    recording = StudyRecording(study, tmp_path / "study.stiff")
    task = recording.task(0)
    recording.close()
    table.unlink()
    events = list(train_chunk(task, tmp_path / "part.stiff", Controls(), "elsewhere"))
    assert isinstance(events[-1], Trained) and events[-1].ending == "finished"


def test_a_chunk_that_is_given_up_before_it_begins_lets_its_file_go(tmp_path: Path) -> None:
    from stiffgui.study.work import train_chunk

    recording = StudyRecording(tiny(), tmp_path / "study.stiff")
    task, path = recording.task(0), tmp_path / "part.stiff"
    recording.close()
    events = train_chunk(task, path, Controls(), "elsewhere")
    assert isinstance(next(events), Started)
    assert isinstance(events, Generator)
    with pytest.raises(InputError):  # it is being written
        WriterLock(path)
    events.close()
    WriterLock(path).release()


def test_pace_tells_what_is_left() -> None:
    study = tiny(training__epochs=100)  # two batches of four trials per variant
    now = [0.0]
    pace = ProgressEstimate(study, [(c, "waiting", 0) for c in plan(study)], 1, lambda: now[0])
    assert pace.left is None and {v.state for v in pace.variants()} == {"waiting"}
    pace.hear(Started(0, "w", 0, 100))
    now[0] = 5.0
    pace.hear(Progress(0, 50, 100, 5.0))
    first = pace.variants()[0]
    assert (first.state, first.done, first.total) == ("running", 50, 200)
    assert first.rate == pytest.approx(10) and first.left == pytest.approx(5 + 10)
    assert pace.left is None  # nothing is known of the other variants
    now[0] = 6.0
    pace.hear(Progress(0, 90, 100, 6.0))
    assert pace.variants()[0].rate == pytest.approx(40)  # what came before was starting up
    for number in (1, 2):
        pace.hear(Started(number, "w", 0, 100))
        pace.hear(Progress(number, 1, 100, 0.1))
        now[0] += 1.0
        pace.hear(Progress(number, 10, 100, 1.0))
    assert pace.left is not None and pace.left > first.left
    pace.hear(Lost(0, "gone"))
    assert pace.variants()[0].done == 0
    for number in range(6):
        pace.hear(Trained(number, "finished", 100, 1.0, "w", b""))
    assert pace.left == 0 and all(v.fraction == 1 for v in pace.variants())


def test_histories_of_different_length_are_joined_by_epoch() -> None:
    def history(epochs: list[int], trials: int, value: float) -> History:
        e = np.array(epochs, dtype=np.int64)
        series = {"train_error": np.full((len(e), trials), value) + e[:, None]}
        indices = {"spectral-radius": np.full((1, trials, 2), value)}
        made = History(trials)
        made.extend(e, e / 10, series)
        made.measure(e[:1], indices, {})
        return made

    whole, resumed = history([0, 1, 2, 5, 10], 2, 0.0), history([0, 1, 2, 3, 5, 10], 1, 100.0)
    lost = history([0, 1], 1, 200.0)  # all its trials diverged after epoch 1
    both = joined([whole, resumed, lost])
    assert both.epochs.tolist() == [0, 1, 2, 5, 10]  # 3 was recorded at a stop only
    np.testing.assert_array_equal(both.series["train_error"][3], [5, 5, 105, np.nan])
    np.testing.assert_array_equal(both.series["train_error"][1], [1, 1, 101, 201])
    assert both.seconds.tolist() == pytest.approx([0, 0.3, 0.5, 1.1, 2.1])
    assert both.indices["spectral-radius"].shape == (1, 4, 2)
