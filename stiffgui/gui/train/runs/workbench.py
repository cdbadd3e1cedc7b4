"""What the window works on: the settings being edited, the runs, and the training."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from stiffgui.errors import no_writing
from stiffgui.experiment import Experiment
from stiffgui.gui.child_thread import ChildThread
from stiffgui.gui.requests import Requests
from stiffgui.gui.settings.model import SettingsModel
from stiffgui.gui.train.runs.files import newest_first
from stiffgui.gui.train.runs.filing import Filing
from stiffgui.runs.warm_start import WarmStart
from stiffgui.session.duration import AskTraining
from stiffgui.session.following import News
from stiffgui.session.reading import SECONDS, CanGoOn, ReadRun, ReadSettings
from stiffgui.session.ready import MakeReady
from stiffgui.session.run_entry import RunEntry
from stiffgui.session.service import Action, Failure
from stiffgui.session.training import Bundle, Train
from stiffgui.training.controls import Watched
from stiffgui.training.ready import Readiness
from stiffgui.training.records import Event
from stiffgui.writer_lock import Writer, held

GO_ON = "Go on training"
NEWEST = 40  # files of the workspace that are looked at for interrupted runs


class Workbench(QObject):
    """Settings, runs and one training at a time; `workspace` is the folder that keeps runs.

    Files are read by `reading`: what is opened is there later. Nothing of a file is believed.

    Signals: `runs_changed` (list, names, what is shown), `training_changed` (started, paused,
    ended), `foretold` (what is known of the settings' training beforehand), `filed(path)` (a run
    whose training has ended, or that has a new name), `said(sentence, details)`, `noted(sentence)`,
    `reads(sentence)` (which file is being read; empty: it has been) and `offered(sentence, text,
    call)`: a button.
    """

    runs_changed = Signal()
    training_changed = Signal()
    foretold = Signal()
    filed = Signal(object)
    said = Signal(str, str)
    noted = Signal(str)
    reads = Signal(str)
    offered = Signal(str, str, object)

    def __init__(self, workspace: Path, reading: Requests) -> None:
        super().__init__()
        self.workspace, self.reading = workspace, reading
        self.filing = Filing(self)
        self._opening = 0
        self.model = SettingsModel()
        # It has children of its own: those that make machine code.
        self.training = ChildThread("The training process", saves=True, daemon=False)
        self._requests = Requests(self.training)
        self._number = 0  # of the request whose work is steered
        self.runs: list[RunEntry] = []
        self.shown: RunEntry | None = None
        self.running: RunEntry | None = None
        self.paused = self.stopping = False
        self.preparing: Readiness | None = None  # machine code, while it is being made
        self.beforehand: dict[str, str] = {}  # what -> sentence: how steps are taken, the time
        self._next: WarmStart | None = None  # a branch that waits for the end of this training
        self._complaint = ""  # why it is not kept, until that is said
        self._colours = 0
        self._undo_floor = self._undo_top = 0
        self.model.live_changed.connect(self._live_changed)
        self.model.changed.connect(self._foretell)

    # ------------------------------------------------------------------ training

    def start(self) -> None:
        """Spawn the child, and let it make the machine code that is missing."""
        self.training.start()
        self._requests.ask(
            MakeReady(), self._prepared, lambda _: self._prepared(), self._prepare, newest=True
        )

    def _prepare(self, readiness: Readiness) -> None:
        self.preparing = readiness

    def _prepared(self, complaint: str = "") -> None:
        self.preparing, self._complaint = None, complaint
        self._foretell()

    def _foretell(self) -> None:
        """Ask what would be said of training the present settings; not of one that goes on."""
        if self.model.experiment is None:
            self._foretold({})
        elif not self.busy:
            work = AskTraining(self.model.experiment)
            self._requests.ask(work, self._foretold, lambda _: self._foretold({}), newest=True)

    def _foretold(self, sentences: dict[str, str]) -> None:
        self.beforehand = sentences
        self.foretold.emit()

    @property
    def busy(self) -> bool:
        """Whether a training has begun and its end has not been taken note of."""
        return self.running is not None

    def state_of(self, run: RunEntry) -> str:
        """What a run is doing, or what has become of it."""
        if run is not self.running:
            return run.state
        if self.stopping:
            return "stopping"
        if self.paused:
            return "paused"
        return "waiting" if self.preparing is not None else run.state

    def awaited(self, run: RunEntry) -> str:
        """Why there is nothing of a run to be seen yet."""
        if run is self.running and self.stopping:
            return f"{run.name} is being stopped before its first epoch"
        if run is self.running and self.preparing is not None:
            return f"{run.name} is waiting: {self.preparing.sentence}"
        if run is self.running and self.paused:
            return f"{run.name} is paused before its first epoch: Resume, or Step"
        if run.state != "running":
            return f"{run.name} keeps nothing that can be looked at here"
        return f"Waiting for the first epoch of {run.name} …"

    def branch(self, epoch: int) -> None:
        """Train the settings into a new run file, from the shown run's network of an epoch; what
        trains now is stopped before, and kept."""
        if self.shown is None or not self.shown.snapshot_epochs:
            return
        start = WarmStart(self.shown.path, epoch)
        if self.running is None:
            self.run(start)
        else:
            self._next = start
            self.noted.emit(f"{self.running.name} is stopped and kept: the branch begins then.")
            self.stop()

    def run(self, warm_start: WarmStart | None = None) -> None:
        """Train the settings into a new run file; `warm_start`: from a network of another run."""
        experiment = self.model.experiment
        if experiment is None or self.busy:
            return
        try:
            path = self._new_path()
        except OSError as error:
            self.said.emit(str(no_writing(self.workspace, error)), "")
            return
        run = RunEntry(path.stem, experiment, path)
        self._begin(run, Train(experiment, path, warm_start=warm_start))

    def resume(self, path: Path) -> None:
        """Go on with an interrupted or stopped run, with its own settings."""
        if not self.busy:
            self._read(ReadRun(path, resuming=True), self._resumed)

    def _resumed(self, run: RunEntry) -> None:
        if self.busy:
            return
        if run.writer is not None and run.writer.alive:
            self.said.emit(str(held(run.path, run.writer)), "")
            return
        run.writer, other = None, self.open_already(run.path)
        if other is not None:
            run.colour, self.runs[self.runs.index(other)] = other.colour, run
        self._begin(run, Train(run.experiment, run.path, resume=True))

    def _read(
        self,
        work: ReadRun | ReadSettings,
        then: Callable[[Any], object],
        after: Callable[[], object] = lambda: None,
    ) -> None:
        """Have a file read; `after`: also where it cannot be, which is said."""

        def over() -> None:
            self._opening -= 1
            self.reads.emit("")
            after()

        def read(found: Any) -> None:
            then(found)
            over()

        def failed(failure: Failure) -> None:
            self.said.emit(failure.about(work.path), failure.details)
            over()

        self._opening += 1
        self.reads.emit(f"Reading {work.path.name} …")
        self.reading.ask(work, read, failed, seconds=SECONDS)

    @property
    def opening(self) -> bool:
        """Whether a file is being read."""
        return self._opening > 0

    def open_already(self, path: Path) -> RunEntry | None:
        """The run of a file, where the window has it."""
        return next((r for r in self.runs if r.path.resolve() == path.resolve()), None)

    def _begin(self, run: RunEntry, work: Train) -> None:
        if self._complaint:
            self.said.emit(self._complaint, "")
            self._complaint = ""
        run.state = "running"
        if run not in self.runs:
            self._add(run)
        self.running, self.paused, self.stopping = run, False, False
        self._undo_floor = self._undo_top = self.model.undo.index()
        self._number = self._requests.ask(
            work, self._ended, self._failed, lambda news: self._take(run, news)
        )
        self.show(run)
        self.training_changed.emit()

    def _take(self, run: RunEntry, news: Readiness | Bundle) -> None:
        self.preparing = news if isinstance(news, Readiness) else None
        if isinstance(news, Bundle):
            before = run.path
            run.take(news)
            for item in news.items:
                if isinstance(item, Event) and item.kind in ("held", "moved"):
                    self.said.emit(item.text, "")
            if run.path != before:
                self.runs_changed.emit()

    def _new_path(self) -> Path:
        """The first free of alpine02-1.stiff, alpine02-2.stiff, ..."""
        self.workspace.mkdir(parents=True, exist_ok=True)
        stem = self.model.preset_name or "run"
        paths = (self.workspace / f"{stem}-{number}.stiff" for number in count(1))
        return next(path for path in paths if not path.exists())

    def pause(self) -> None:
        """Pause, or resume."""
        if self.busy:
            self.paused = not self.paused
            self._steer("pause" if self.paused else "resume")
            self.training_changed.emit()

    def step(self) -> None:
        """One epoch, then pause."""
        if self.busy:
            self.paused = True
            self._steer("step")
            self.training_changed.emit()

    def stop(self) -> None:
        """Stop; everything is kept."""
        if self.busy:
            self.stopping = True
            self._steer("stop")
            self.training_changed.emit()

    def watch(self, watched: Watched | None) -> None:
        """Let the training send eigenvalues of this as they move; None: no longer."""
        if self.busy:
            self.training.control(self._number, "watch", watched=watched)

    def close(self) -> None:
        """Stop training, save, and end the child."""
        self._requests.close()
        if self.running is not None and self.running.path.exists():
            self.filed.emit(self.running.path)

    def _steer(self, action: Action, settings: dict[str, Any] | None = None) -> None:
        self.training.control(self._number, action, settings)

    def take(self) -> bool:
        """Append what training has sent since the last call; whether there was something."""
        return self._requests.poll()

    def _live_changed(self, changes: dict[str, Any]) -> None:
        if self.busy:
            self._undo_top = max(self._undo_top, self.model.undo.index())
            self._steer("change", changes)

    def _ended(self, ending: str) -> None:
        if self.running is not None:
            for event in self.running.events:
                if event.kind == "diverged":
                    self.said.emit(event.text, "")
        if ending == "stopped" and self.running is not None and self._next is None:
            self.noted.emit(f"{self.running.name} is stopped and kept; {GO_ON} is in its menu.")
        self._over(ending)
        start, self._next = self._next, None
        if start is not None:
            self.run(start)

    def _failed(self, failure: Failure) -> None:
        run = self.running
        self._over("interrupted")
        if not failure.lost:
            self.said.emit(failure.sentence, failure.details)
            return
        sentence = f"{failure.sentence} What was computed is kept in the run file."
        if run is None:
            self.said.emit(f"{sentence} Press Run to start again.", "")
        else:
            self._offer_to_go_on(run, sentence, " Press Run to start again.")

    def _offer_to_go_on(self, run: RunEntry, sentence: str, otherwise: str = "") -> None:
        """Say it with a button where the run left a state to go on from."""

        def say(can: bool) -> None:
            if can:
                self.offered.emit(sentence, GO_ON, lambda: self.resume(run.path))
            else:
                self.said.emit(sentence + otherwise, "")

        self.reading.ask(CanGoOn(run.path), say, lambda _: say(False), seconds=SECONDS)

    def _over(self, state: str) -> None:
        run, self.running, self.preparing = self.running, None, None
        self.paused = self.stopping = False
        if run is not None:
            run.state = state
            run.version += 1
            if not len(run.history.epochs):  # it never began: there is nothing to keep a row for
                self.remove(run)
            else:
                self.filed.emit(run.path)
        self.runs_changed.emit()
        self.training_changed.emit()
        self._foretell()

    # --------------------------------------------------------------- undo, redo

    def undo(self) -> None:
        """Undo an edit; while training, only edits made since it began."""
        if not self.busy or self.model.undo.index() > self._undo_floor:
            self.model.undo.undo()

    def redo(self) -> None:
        """Redo an edit; while training, only edits made since it began."""
        if not self.busy or self.model.undo.index() < self._undo_top:
            self.model.undo.redo()

    # --------------------------------------------------------------------- runs

    def open_file(self, path: Path) -> None:
        """Open a .toml or .stiff file; what is wrong with it is said."""
        if path.suffix == ".toml":
            self._read(
                ReadSettings(path, Experiment), lambda settings: self.load(path.stem, settings)
            )
        else:
            self.open_run(path, lambda run: None if run.foreign else self.use_settings(run))

    def open_run(
        self,
        path: Path,
        then: Callable[[RunEntry], object] = lambda _: None,
        after: Callable[[], object] = lambda: None,
        aside: bool = False,
    ) -> None:
        """Put a stored run into the list, show it (`aside`: where nothing else is shown) and call
        `then`; `after`: whatever came of it."""

        def opened(run: RunEntry) -> None:
            then(self.add(run, show=self.shown is None or not aside))

        if (run := self.open_already(path)) is not None:
            opened(run)
            after()
        else:
            self._read(ReadRun(path), opened, after)

    def add(self, run: RunEntry, show: bool = True) -> RunEntry:
        """Put a run that was read into the list, unless it is there, and show it."""
        if (already := self.open_already(run.path)) is not None:
            run = already
        else:
            self._add(run)
            if run.state == "running" and run.writer is not None:
                self.noted.emit(_who_writes(run, run.writer))
        if show:
            self.show(run)
        else:
            self.runs_changed.emit()
        return run

    def read_on(self, run: RunEntry, news: News) -> None:
        """Take what the process that writes a run has written; say so when it has died."""
        run.read_on(news)
        writer, died = run.writer, news.state == "interrupted"
        run.writer = news.writer if news.state == "running" else None
        if news.state == run.state:
            return
        run.state = news.state
        if news.complaint:
            self.said.emit(news.complaint, "")
        elif died and not run.foreign:
            self._offer_to_go_on(run, f"{run.name}: {writer} has died; what it wrote is kept.")
        elif died:
            self.said.emit(f"{run.name}: {writer} has died; what it wrote is kept.", "")
        self.runs_changed.emit()

    def read_again(self, path: Path) -> None:
        """Take over what has been added to the file of a run, where there is one."""
        run = self.open_already(path)
        if run is None:
            return

        def take(fresh: RunEntry) -> None:
            run.history, run.network = fresh.history, fresh.network
            run.snapshot_epochs, run.state = fresh.snapshot_epochs, fresh.state
            run.edition, run.version = run.edition + 1, run.version + 1
            self.runs_changed.emit()

        self._read(ReadRun(path), take)

    def use_settings(self, run: RunEntry) -> None:
        """Put a run's settings into the panel (undoable)."""
        self.load(run.name, run.experiment)

    def load(self, name: str, experiment: Experiment) -> None:
        """Put settings into the panel (undoable), unless a training is using it."""
        if self.busy:
            self.said.emit("Settings can be loaded when training has ended: press Stop first.", "")
        else:
            self.model.load(name, experiment)

    def _add(self, run: RunEntry) -> None:
        run.colour, self._colours = self._colours, self._colours + 1
        self.runs.append(run)

    def show(self, run: RunEntry) -> None:
        """Let Fit, Layers and Eigenvalues show this run."""
        self.shown = run
        run.visible = True
        self.runs_changed.emit()

    def visible(self) -> list[RunEntry]:
        """The runs drawn in Errors and Stiffness; the shown one last."""
        return [r for r in self.runs if r.visible and r is not self.shown] + (
            [self.shown] if self.shown is not None else []
        )

    def set_visible(self, run: RunEntry, visible: bool) -> None:
        """Draw a run in Errors and Stiffness, or not. The shown run stays drawn."""
        run.visible = visible or run is self.shown
        self.runs_changed.emit()

    def remove(self, run: RunEntry) -> None:
        """Take a run out of the window; its file stays."""
        if run is self.running:
            self.said.emit("The run is being trained: stop it first.", "")
            return
        self.runs.remove(run)
        if self.shown is run:
            self.shown = self.runs[-1] if self.runs else None
        self.runs_changed.emit()

    def find_interrupted(self, found: Callable[[Path], object]) -> None:
        """Look for the newest file of the workspace whose training never ended and which nobody
        is writing now."""
        files = iter(newest_first(self.workspace)[:NEWEST])

        def look() -> None:
            if (path := next(files, None)) is not None:
                self.reading.ask(
                    CanGoOn(path),
                    lambda can: found(path) if can else look(),
                    lambda _: look(),
                    seconds=SECONDS,
                )

        look()


def _who_writes(run: RunEntry, writer: Writer) -> str:
    """Who writes a run that is opened, and what is seen of it."""
    if writer.is_here:
        return f"{run.name} is followed while {writer} writes it."
    return (
        f"{run.name} is written by {writer}. What another host writes can be opened, not followed: "
        f"this is how it was just now."
    )
