"""The process that runs the window's studies, reads study files, and draws their figures."""

from __future__ import annotations

import queue
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from stiffgui.errors import InputError
from stiffgui.session.messages import Ended, Exported, Failed, Ready, Steer
from stiffgui.session.study_messages import (
    Extracted,
    StudyBegan,
    StudyExport,
    StudyExtract,
    StudyNews,
    StudyOpen,
    StudyStart,
    StudyView,
    VariantView,
)
from stiffgui.study import StudyResults, open_study
from stiffgui.study.declaration import Study
from stiffgui.study.events import ChunkEvent, Trained
from stiffgui.training import Controls
from stiffgui.training.quantities import of_study

NEWS_SECONDS = 0.1
Answer = StudyView | Exported | Extracted | Failed


def study_main(connection: Connection) -> None:
    """Run one study at a time in a thread and answer requests meanwhile, until the pipe closes.

    This process may have children of its own (workers), so it is no daemon: it ends when the
    window's end of the pipe is closed, after the study has been stopped and saved.
    """
    talk = _Talk(connection)
    requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
    running: dict[str, Any] = {"controls": Controls(), "thread": None}

    def listen() -> None:
        while True:
            try:
                message = connection.recv()
            except (EOFError, OSError):
                message = None
            if isinstance(message, StudyStart):
                controls = running["controls"] = Controls()
                thread = running["thread"] = threading.Thread(
                    target=_run, args=(message, controls, talk)
                )
                thread.start()
            elif isinstance(message, Steer):
                running["controls"].stop()
            else:
                requests.put(message)
                if message is None:
                    running["controls"].stop()
                    return

    threading.Thread(target=listen, daemon=True).start()
    talk.say(Ready())
    while (request := requests.get()) is not None:
        talk.say(_answer(request))
    if running["thread"] is not None:
        running["thread"].join()


class _Talk:
    """The pipe, used by two threads; silent when the window is gone."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._lock = connection, threading.Lock()

    def say(self, message: Any) -> None:
        with self._lock:
            try:
                self._connection.send(message)
            except (BrokenPipeError, ConnectionError, OSError):
                return


def _run(start: StudyStart, controls: Controls, talk: _Talk) -> None:
    for message in study_messages(start, controls):
        talk.say(message)


def study_messages(start: StudyStart, controls: Controls) -> Iterator[Any]:
    """Run a study; StudyBegan, then news and views, and in the end Ended or Failed."""
    from stiffgui.study.executors import choose_executor
    from stiffgui.study.recording import StudyRecording

    try:
        study = Study.from_toml(start.study)
        with choose_executor(start.workers, start.dask) as executor:
            recording = StudyRecording(
                study, start.path, controls, executor=executor, replace=start.replace
            )
            with open_study(start.path) as results:
                states = [(c.chunk, c.state, c.epoch) for c in results.chunks]
                yield StudyBegan(start.path, states, executor.slots, executor.describe())
                yield view_of(results)
                yield from _news(recording, results)
                results.refresh()
                yield view_of(results)
            yield Ended(recording.ending)
    except InputError as error:
        yield Failed(str(error))
    except Exception as error:  # whatever it is, the window must hear of it
        yield Failed(f"the study failed: {error}.", traceback.format_exc())


def _news(recording: Any, results: StudyResults) -> Iterator[StudyNews | StudyView]:
    events: list[ChunkEvent] = []
    sent = time.monotonic()
    for event in recording:
        trained = isinstance(event, Trained)
        events.append(replace(event, run=b"") if isinstance(event, Trained) else event)
        if trained or time.monotonic() - sent > NEWS_SECONDS:
            yield StudyNews(events)
            events, sent = [], time.monotonic()
        if trained and event.ending != "stopped":
            results.refresh()
            yield view_of(results)
    yield StudyNews(events)


def _answer(request: StudyOpen | StudyExtract | StudyExport) -> Answer:
    try:
        with open_study(request.path) as results:
            if isinstance(request, StudyOpen):
                return view_of(results, request.number)
            if isinstance(request, StudyExtract):
                out = results.extract(request.variant, request.trial, request.out, replace=True)
                return Extracted(request.number, str(out))
            return _export(results, request)
    except InputError as error:
        return Failed(str(error), number=request.number)
    except Exception as error:  # the window must hear of it
        return Failed(f"this failed: {error}.", traceback.format_exc(), request.number)


def _export(results: StudyResults, request: StudyExport) -> Exported:
    from stiffgui.figures import Options
    from stiffgui.figures.study import export_study_figure, export_study_table

    write = export_study_table if request.table else export_study_figure
    options = Options(**request.options)
    if request.out:
        write(results, request.name, Path(request.out), request.kind, options, replace=True)
        return Exported(request.number, request.out)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{request.name}.{request.kind}"
        write(results, request.name, path, request.kind, options)
        return Exported(request.number, "", path.read_bytes())


def view_of(results: StudyResults, number: int | None = None) -> StudyView:
    """What the window shows of a study, as plain values and arrays."""
    from stiffgui.study.comparison import comparisons_of
    from stiffgui.study.summary import readable

    variants = []
    for variant in results.variants:
        curves = {}
        if variant.trials:
            history = variant.series()
            curves = {c: history.quartiles(q.name) for c, q in of_study("as_panel").items()}
        variants.append(
            VariantView(
                variant.name,
                variant.planned,
                variant.trial_numbers,
                variant.diverged,
                curves,
                variant.last,
            )
        )
    titles, rows = readable(results)
    said = [c.sentence for c in comparisons_of(results) if c.pairs]
    return StudyView(
        number,
        str(results.path),
        results.study.to_toml(),
        results.finished,
        titles,
        rows,
        said,
        variants,
    )
