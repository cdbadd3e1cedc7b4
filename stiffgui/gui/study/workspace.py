"""Study: variants x trials; the table fills and the curves grow while batches are trained."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QSplitter, QTabWidget, QWidget

from stiffgui.errors import no_writing
from stiffgui.gui.bar import WorkspaceBar
from stiffgui.gui.child_thread import ChildThread
from stiffgui.gui.export.offers import Offer
from stiffgui.gui.export.requests import Exports
from stiffgui.gui.plots.card import CALL
from stiffgui.gui.requests import Requests
from stiffgui.gui.saving import ask_where
from stiffgui.gui.study import offers
from stiffgui.gui.study.model import ALL, StudyModel
from stiffgui.gui.study.panel import AUTOMATIC, StudyPanel
from stiffgui.gui.study.plots import BoxCard, EvolutionCard, FrontCard, StudyCard
from stiffgui.gui.study.progress import StudyProgress
from stiffgui.gui.study.results import NOTHING_YET, ResultsCard, TrialsCard
from stiffgui.gui.study.sweep_dialog import SweepDialog
from stiffgui.gui.study.way import Way, way_of
from stiffgui.gui.theme import Theme
from stiffgui.gui.workspace import Surroundings, Workspace
from stiffgui.session.duration import AskStudy
from stiffgui.session.reading import SECONDS, ReadSettings, seconds_for
from stiffgui.session.service import Failure
from stiffgui.session.sources import StudySource
from stiffgui.session.studies import ExtractTrial, OpenStudy, RunStudy, StudyBegan, StudyView
from stiffgui.study.declaration import JUDGED, Study
from stiffgui.study.events import ChunkEvent
from stiffgui.study.library import studies
from stiffgui.training.ready import Readiness

POLL_MILLISECONDS = 50
FIRST_BATCH = "Waiting for the first batch of trials …"


class StudyWorkspace(Workspace):
    """The study left; results above curves, boxes and trials right."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__()
        self.folder, self.settings = surroundings.folder, surroundings.settings
        self._actions, self._experiment = surroundings.actions, surroundings.experiment
        self.model = StudyModel(next(iter(studies)), self)
        # One child runs studies and has workers of its own; another one reads their files.
        self.running = Requests(ChildThread("The study's process", saves=True, daemon=False))
        self.reading = Requests(ChildThread("The process that reads studies"))
        self._number: int | None = None  # of the study that runs
        self.path: Path | None = None
        self.view: StudyView | None = None
        self.progress = StudyProgress()
        self._way = Way()
        self._extracted: dict[tuple[str, str, int], Path] = {}
        self.dialog: SweepDialog | None = None
        self._make_views()
        self._make_bar()
        self.exports = Exports(self, self.reading, self.settings, self._offers)
        self._connect()
        self._bar.show_name(self.model.draft.name)
        self._offer_against()
        self.timer = QTimer(self)
        self.timer.timeout.connect(self.poll)
        self.timer.start(POLL_MILLISECONDS)

    # ------------------------------------------------------------------ building

    def _make_views(self) -> None:
        self.panel = StudyPanel(self.model, self.settings)
        self.results = ResultsCard()
        self.evolution, self.boxes, self.trials = EvolutionCard(), BoxCard(), TrialsCard()
        self.front = FrontCard()
        self._cards: dict[str, StudyCard] = {
            offers.EVOLUTION: self.evolution,
            "boxes": self.boxes,
            "front": self.front,
        }
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.setAccessibleName("Curves, last values and trials")
        for card, title in (
            (self.evolution, "&Evolution"),
            (self.boxes, "&Last values"),
            (self.front, "Fr&ont"),
            (self.trials, "&Trials"),
        ):
            self.tabs.addTab(card, title)
        self.tabs.setTabVisible(self.tabs.indexOf(self.front), False)
        right = QSplitter(Qt.Orientation.Vertical)
        right.addWidget(self.results)
        right.addWidget(self.tabs)
        right.setSizes([310, 410])
        right.setStretchFactor(0, 0)  # more room is for the plots
        right.setStretchFactor(1, 1)
        right.setHandleWidth(7)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.panel)
        self.split.addWidget(right)
        self.split.setSizes([330, 930])
        self.split.setStretchFactor(0, 0)
        self.split.setStretchFactor(1, 1)
        self.split.setHandleWidth(7)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 6)
        layout.addWidget(self.split)

    def _make_bar(self) -> None:
        self._bar = WorkspaceBar(studies, "St&udy", "Study to start from", "A study to start from")
        self._bar.add_actions(self._actions, "run", "stop")
        menu = QMenu(self)
        for name, title in offers.titles().items():
            action = menu.addAction(f"{title}…")
            action.triggered.connect(lambda _=False, name=name: self.exports.open_dialog(name))
        self._bar.add_menu("Export", "Figures and tables of the study", menu)

    def _connect(self) -> None:
        self.model.changed.connect(self._edited)
        self._bar.chosen.connect(lambda name: self.model.load(name, studies[name]))
        self.panel.train_asked.connect(self._take_from_train)
        self.panel.sweep_asked.connect(self.ask_sweep)
        self.panel.where_changed.connect(self._foretell)
        self.results.against_chosen.connect(lambda names: self.model.edit("against", names))
        self.trials.chosen.connect(self.open_trial)
        self.exports.said.connect(self.say)
        self.exports.noted.connect(self.noted)
        for name, card in self._cards.items():
            card.export_asked.connect(lambda name=name: self.exports.open_dialog(name))
            card.copy_asked.connect(lambda what, name=name: self.exports.copy(what, name))

    # ------------------------------------------------------------- for the shell

    @property
    def busy(self) -> bool:
        return self._number is not None

    @property
    def bar(self) -> QWidget:
        return self._bar

    def calls(self) -> Mapping[str, Callable[[], object]]:
        return {
            "open": self.ask_open,
            "save": self.ask_save,
            "export": lambda: self.exports.open_dialog(offers.EVOLUTION),
            "report": self._report,
            "undo": self.model.undo.undo,
            "redo": self.model.undo.redo,
            "copy_toml": self._copy_toml,
            "run": self.run,
            "stop": self.stop,
        }

    def enabled(self, name: str) -> bool:
        valid = self.model.study is not None
        if name == "run":
            return valid and not self.busy
        if name == "stop":
            return self.busy
        if name in ("export", "report"):
            return self.view is not None
        if name in ("save", "copy_toml"):
            return valid
        return not self.busy  # open, undo, redo

    def main_view(self) -> QWidget:
        return self.evolution.plot or self

    def start(self) -> None:
        for requests in (self.running, self.reading):
            requests.thread_.start()

    def open_file(self, path: Path) -> None:
        """Open a study: its TOML to be edited, its file to be looked at or gone on with."""
        if self.busy:
            self.say(f"{path.name} is not opened while a study runs: stop it first.")
        elif path.suffix == ".toml":
            taken = partial(self.model.load, path.stem)
            self.reading.ask(ReadSettings(path, Study), taken, self._not_read, seconds=SECONDS)
        else:
            self.reading.ask(
                OpenStudy(path), self._opened, self._not_read, seconds=seconds_for(path)
            )

    def set_folder(self, folder: Path) -> None:
        self.folder = folder

    def set_theme(self, theme: Theme) -> None:
        self.panel.set_theme(theme)
        self.results.set_theme(theme)
        for card in self._cards.values():
            card.set_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:
        """What a training has taught meanwhile is said of the study, too."""
        super().showEvent(event)
        self._foretell()
        self._update_actions()

    def hideEvent(self, event: QHideEvent) -> None:
        """Run is called so elsewhere."""
        super().hideEvent(event)
        self._actions["run"].setText("Run")

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop the study, save, and end its process."""
        self.timer.stop()
        for requests in (self.running, self.reading):
            requests.close()
        event.accept()

    def say(self, sentence: str, details: str = "") -> None:
        """Let the shell show a sentence."""
        self.said.emit(sentence, details, None)

    # ------------------------------------------------------------------- running

    def run(self) -> None:
        """Train the study into a new file, or go on with the one that is shown, or let it grow."""
        study = self.model.study
        if study is None or self.busy:
            return
        self.began.emit()
        if self._way.kind == "new":
            self.folder.mkdir(parents=True, exist_ok=True)
            self.path = _free(self.folder, self.model.draft.name)
        assert self.path is not None
        self.progress.start(study)
        work = RunStudy(study, self.path, *self._where_asked())
        self._number = self.running.ask(work, self._ended, self._failed, self._take)
        self.results.say("starting …")
        self.panel.foretell({})
        self._update_actions()

    def stop(self) -> None:
        """Stop the study; what the chunks in progress have got to is kept."""
        if self._number is not None:
            self.running.thread_.control(self._number, "stop")

    def _see_way(self) -> None:
        self._way = way_of(self.model.study, self.view, self.path)

    def _judged(self) -> dict[str, Any]:
        """With what the shown study is compared, and within which margin."""
        return {name: getattr(self.view.study, name) for name in JUDGED} if self.view else {}

    def _judge(self) -> None:
        """Ask for the sentences again where other ones are wanted of the shown study."""
        study, view = self.model.study, self.view
        if study is None or view is None or self._way.obstacle or self.busy:
            return
        wanted = {name: getattr(study, name) for name in JUDGED}
        names = [variant.name for variant in view.study.all_variants]
        if wanted != self._judged() and set(study.against) <= set(names):
            work = OpenStudy(view.path, wanted)
            self.reading.ask(work, self._judged_anew, self._not_read, newest=True)

    def _judged_anew(self, view: StudyView) -> None:
        if view.path == self.path and not self.busy:
            self._show(view)

    def _where_asked(self) -> tuple[int | None, str | None]:
        """Worker processes, and Dask's address."""
        workers, dask = self.panel.workers.value(), self.panel.dask.text().strip()
        return None if dask not in ("", "local") or workers == AUTOMATIC else workers, dask or None

    def _foretell(self) -> None:
        """Ask what would be said of the study before it is trained; not of one that goes on."""
        if self.model.study is None:
            self.panel.foretell({})
        elif not self.busy:
            path = None if self._way.kind == "new" else self.path
            work = AskStudy(self.model.study, path, *self._where_asked())
            self.running.ask(work, self._foretold, lambda _: self._foretold({}), newest=True)

    def _foretold(self, sentences: dict[str, str]) -> None:
        if not self.busy:
            again = {"Run": "all of it once more, into a new file"} if self._way.again else {}
            self.panel.foretell(again | sentences)

    def _edited(self) -> None:
        self._see_way()
        if self.view is not None and not self.busy and self.view.path == self.path:
            self._say_state()
            self._judge()
        self._offer_against()
        self._update_actions()
        self._foretell()

    def _update_actions(self) -> None:
        running = self.busy
        self.panel.set_running(running)
        for card in self._cards.values():
            card.expect(FIRST_BATCH if running else CALL)
        self._bar.show_name(self.model.draft.name)
        self._bar.chooser.setEnabled(not running)
        if self.isVisible():
            tip = self._way.tip(self.panel.settings.plain_words)
            self._actions["run"].setText(self._way.action)
            self._actions["run"].setToolTip(self.model.problem or tip)
        self.changed.emit()

    # ------------------------------------------------------------------- polling

    def poll(self) -> None:
        """Take what has arrived."""
        self.running.poll()
        if self.progress.take_live():
            self.evolution.show_live(self.progress.live)
        if self.busy and self.progress.sentence:
            self._show_bars()
            self.results.say(self.progress.sentence)

    def _take(self, news: StudyBegan | Readiness | StudyView | list[ChunkEvent]) -> None:
        if isinstance(news, StudyView):
            self._show(news)
            return
        for sentence in self.progress.hear(news):
            self.say(sentence)

    def _show_bars(self) -> None:
        for k, pace in enumerate(self.progress.variants()):
            self.results.show_pace(k, pace)

    def _opened(self, view: StudyView) -> None:
        self.view, self.path = view, view.path
        self.progress.start(None)
        self.model.load(view.path.stem, view.study)
        self._show(view)

    def _show(self, view: StudyView) -> None:
        self.view = view
        self.results.show_view(view)
        view.live[:] = self.progress.live.values()
        chooses = any(variant.weights for variant in view.study.all_variants)
        self.tabs.setTabVisible(self.tabs.indexOf(self.front), chooses)
        for card in self._cards.values():
            card.show_study(view)
        self.trials.show_variants(view.variants)
        self._see_way()
        if not self.busy:
            self._say_state()
        self._update_actions()

    def _offer_against(self) -> None:
        spec = next(spec for spec in self.model.specs() if spec.key == "against")
        self.results.offer_against(spec, self.model.value("against"))

    def _say_state(self) -> None:
        assert self.view is not None and self.path is not None
        state = self._way.state(self.view, self.panel.settings.plain_words)
        self.results.say(f"{self.path.name}, {state}; {self.view.caption}")

    def _ended(self, ending: str) -> None:
        assert self.path is not None
        self._number = None
        self.progress.interrupt()
        self._show_bars()
        self._see_way()
        self._say_state()
        self._update_actions()
        self._foretell()
        if ending == "stopped":
            self.noted.emit(
                f"Stopped; everything is kept in {self.path.name}. Run goes on with it."
            )

    def _not_read(self, failure: Failure) -> None:
        self.say(failure.sentence, failure.details)

    def _failed(self, failure: Failure) -> None:
        self._number = None
        self.progress.interrupt()
        self._show_bars()
        self._see_way()
        if self.view is not None and self.path is not None and self.view.path == self.path:
            self._say_state()
        else:
            self.results.say(NOTHING_YET)
        self._update_actions()
        more = " What was computed is kept; press Run to go on." if failure.lost else ""
        self.say(f"{failure.sentence}{more}", failure.details)

    # --------------------------------------------------------------------- doing

    def _take_from_train(self, what: str) -> None:
        experiment = self._experiment()
        if experiment is None:
            self.say("The settings in Train are not allowed yet: mend them there first.")
        elif what == "base":
            self.model.take_experiment(experiment)
        else:
            self.model.add_experiment(experiment)

    def ask_sweep(self) -> None:
        """Open the sweep editor."""
        draft, row = self.model.draft, self.model.chosen
        name, settings = ALL, {}
        if row >= 0:
            name, settings = draft.names[row], draft.variants[row]["settings"]
        dialog = SweepDialog(self, draft.experiment, name, settings)
        dialog.chosen.connect(self.model.add)
        dialog.finished.connect(lambda _: self._closed(dialog))
        self.dialog = dialog
        dialog.open()

    def _closed(self, dialog: SweepDialog) -> None:
        self.dialog = None
        dialog.deleteLater()

    def open_trial(self, variant: str, trial: int) -> None:
        """Write a trial as a run file and open it in Train."""
        if self.path is None:
            return
        key = (str(self.path), variant, trial)
        known = self._extracted.get(key)
        if known is not None and known.exists():
            self.asked_to_open.emit(known)
            return
        name = re.sub(r"[^\w.+-]+", "-", f"{self.path.stem}-{variant}-trial-{trial}")
        out = self._extracted[key] = _free(self.folder, name)
        self.folder.mkdir(parents=True, exist_ok=True)
        work = ExtractTrial(self.path, variant, trial, out)
        self.reading.ask(work, self.asked_to_open.emit, self._not_read)

    def ask_open(self) -> None:
        """Choose a study to open."""
        name, _ = QFileDialog.getOpenFileName(
            self, "Open", str(self.folder), "Studies, runs and settings (*.stiff *.toml)"
        )
        if name:
            self.asked_to_open.emit(Path(name))

    def ask_save(self) -> None:
        """Save the study's declaration as TOML."""
        if self.model.study is None:
            return
        start = self.folder / f"{self.model.draft.name}.toml"
        path = ask_where(self, "Save study", start, Study=".toml")
        if path is not None:
            try:
                path.write_text(self.model.study.to_toml(), "utf-8")
                self.noted.emit(f"Saved {path}.")
            except OSError as error:
                self.say(str(no_writing(path, error)))

    def _copy_toml(self) -> None:
        if self.model.study is not None:
            QGuiApplication.clipboard().setText(self.model.study.to_toml())
            self.noted.emit("Copied the study as TOML.")

    def _report(self) -> None:
        if self.view is not None and self.path is not None:
            self.exports.ask_report(StudySource(self.path, self._judged()), {})

    def _offers(self) -> list[Offer]:
        """What can be exported of the shown study."""
        if self.view is None or self.path is None:
            return []
        return offers.offers(self.path, self._cards, self._judged())


def _free(folder: Path, stem: str) -> Path:
    """A file name in the folder that is not taken."""
    path, number = folder / f"{stem}.stiff", 2
    while path.exists():
        path, number = folder / f"{stem}-{number}.stiff", number + 1
    return path
