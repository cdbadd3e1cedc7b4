"""Train: a large card among others, timeline, runs; a network trains and everything follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QCursor, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from stiffgui._presets import presets
from stiffgui.experiment import Experiment
from stiffgui.figures.steps import StableSteps
from stiffgui.gui.bar import WorkspaceBar
from stiffgui.gui.child_thread import ChildThread
from stiffgui.gui.export.requests import Exports
from stiffgui.gui.palette import Found
from stiffgui.gui.plots.axes import grouped
from stiffgui.gui.plots.card import CALL, COMPUTING
from stiffgui.gui.requests import Requests
from stiffgui.gui.settings.clipboard import SettingsClipboard
from stiffgui.gui.settings.finding import find_settings
from stiffgui.gui.tables.importing import Importing
from stiffgui.gui.theme import Theme
from stiffgui.gui.train import first_look
from stiffgui.gui.train.cards.curves_menu import CurvesMenu
from stiffgui.gui.train.explanation import Explanation
from stiffgui.gui.train.guide import FIRST, WELCOME, Guide, GuideBar
from stiffgui.gui.train.live_plane import LivePlane
from stiffgui.gui.train.looking import Looking
from stiffgui.gui.train.matrices import MatrixFiles
from stiffgui.gui.train.paint_queue import PaintQueue
from stiffgui.gui.train.predicting import Predicting
from stiffgui.gui.train.runs.following import Following
from stiffgui.gui.train.runs.unwatched import Unwatched
from stiffgui.gui.train.runs.workbench import GO_ON, Workbench
from stiffgui.gui.train.view_requests import ViewRequests
from stiffgui.gui.train.view_state import ViewState
from stiffgui.gui.train.views import TrainViews
from stiffgui.gui.workspace import Surroundings, Workspace
from stiffgui.matrices import ENDINGS as MATRICES
from stiffgui.session.reading import ReadKind
from stiffgui.session.run_entry import RunEntry
from stiffgui.tasks.table import ENDINGS

# One task of `poll` at a time: no pause of the window is longer than the slowest of them.
POLL_MILLISECONDS = 50
RESUME = "Resume"  # instead of Pause
KEPT_MILLISECONDS = 2000  # after a change of runs, until the session is kept


class TrainWorkspace(Workspace):
    """Settings left, the plane in the middle, other cards right, timeline and runs below."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__()
        self.settings, self._actions = surroundings.settings, surroundings.actions
        self.reading = Requests(ChildThread("The process that reads files"))
        self.bench = Workbench(surroundings.folder, self.reading)
        self.model = self.bench.model
        self.requests = Requests(ChildThread("The process that draws"))
        self.view_requests = ViewRequests(self.requests, lambda: self.bench.busy)
        self.importing = Importing(self, self.reading, self.settings)
        self.matrices = MatrixFiles(self.bench, self.importing.open, self)
        self.sharing = SettingsClipboard(self.model, self)
        self.state = ViewState(self.bench)
        views = self.views = TrainViews(self.bench, self.state, self._actions)
        self.predicting = Predicting(
            views.predict, self.state, self.requests, lambda: self.bench.busy
        )
        self.drawing = PaintQueue(views, self.bench, self.state)
        self.looking = Looking(views, self.view_requests, self.drawing, self.bench)
        self.cards, self.docks = views.cards, views.docks
        self.errors, self.stiffness, self.fit = views.errors, views.stiffness, views.fit
        self.layers, self.eigenvalues = views.layers, views.eigenvalues
        self.trajectories = views.trajectories
        self.panel, self.timeline, self.runs = views.panel, views.timeline, views.runs
        self.guide = GuideBar(self._guided)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.setSpacing(0)
        around.addWidget(self.guide)
        around.addWidget(views, 1)
        self.explanation = Explanation(self.panel, views, self)
        self.exports = Exports(self, self.requests, self.settings, views.offers)
        self.curves_menu = CurvesMenu((self.errors, self.stiffness), self)
        self.panels_menu = QMenu("&Panels", self)
        for dock in views.docks.values():
            self.panels_menu.addAction(dock.toggleViewAction())
        self._bar = WorkspaceBar(presets, "&Preset", "Preset", "Settings to start from")
        self._bar.add_actions(self._actions, "run", "pause", "step", "stop", "export")
        self._bar.keep_room("pause", RESUME)
        self.preset = self._bar.chooser
        self.unwatched = Unwatched(self.bench, self.requests, self.view_requests.pending)
        self.following = Following(self.bench, self.requests)
        self.plane = LivePlane(self.bench, self.state, self.eigenvalues, self._take)
        self._shown: RunEntry | None = None
        self._begins = False  # the first runs are being opened
        self._kept = QTimer(self, singleShot=True, interval=KEPT_MILLISECONDS)
        self._kept.timeout.connect(self._remember)
        self._connect()
        views.restore_layout(self.settings)
        self._has_news = False  # of training, that only the moving plane has drawn
        self.timer = QTimer(self)
        self.timer.timeout.connect(self.poll)
        self.timer.start(POLL_MILLISECONDS)
        self.load_preset(next(iter(presets)))
        self.model.undo.clear()

    def _connect(self) -> None:
        bench = self.bench
        self._bar.chosen.connect(self.load_preset)
        self.model.changed.connect(self._update_actions)
        bench.runs_changed.connect(self._runs_changed)
        bench.runs_changed.connect(self._kept.start)
        self.timeline.play.toggled.connect(self.changed)
        bench.training_changed.connect(self._training_changed)
        bench.foretold.connect(self._update_actions)
        bench.said.connect(self.say)
        bench.noted.connect(self.noted)
        bench.reads.connect(self._reads)
        self.following.read.connect(self._read_on)
        bench.filed.connect(self.filed)
        bench.offered.connect(lambda said, text, call: self.said.emit(said, "", (text, call)))
        self.sharing.said.connect(self.say)
        self.sharing.noted.connect(self.noted)
        self.state.noted.connect(self.noted)
        self.view_requests.viewed.connect(lambda *_: self.unwatched.wait())
        self.view_requests.failed.connect(lambda why: self.say(why.sentence, why.details))
        self.predicting.said.connect(self.say)
        self.predicting.noted.connect(self.noted)
        self.importing.imported.connect(self._imported)
        self.matrices.said.connect(self.say)
        self.matrices.noted.connect(self.noted)
        self.exports.said.connect(self.say)
        self.exports.noted.connect(self.noted)
        self.views.changed.connect(self._look)
        # Once they are where they go: only then they are seen.
        self.views.arranged.connect(self._arranged, Qt.ConnectionType.QueuedConnection)
        self.runs.export_asked.connect(lambda: self.ask_export("summary"))
        for card in self.cards:
            card.offer_help()
            card.explain_asked.connect(lambda card=card: self.explain(card))
            card.export_asked.connect(lambda card=card: self.ask_export(card.figure.name()))
            card.copy_asked.connect(
                lambda what, card=card: self.exports.copy(what, card.figure.name())
            )

    # ------------------------------------------------------------ for the shell

    @property
    def busy(self) -> bool:
        return self.bench.busy

    @property
    def bar(self) -> QWidget:
        return self._bar

    def calls(self) -> Mapping[str, Callable[[], object]]:
        bench, sharing = self.bench, self.sharing
        return {
            "open": self.ask_open,
            "library": self.open_library,
            "save": lambda: sharing.ask_save(bench.workspace),
            "export": self.ask_export,
            "report": self.ask_report,
            "explain": self.explain,
            "undo": bench.undo,
            "redo": bench.redo,
            "copy_command": sharing.copy_command,
            "copy_settings": sharing.copy_settings,
            "copy_toml": sharing.copy_toml,
            "paste_settings": sharing.paste_settings,
            "run": self.run,
            "pause": self.pause,
            "step": bench.step,
            "stop": bench.stop,
            "branch": self.branch,
            "live": self.timeline.go_live,
            "layer_back": lambda: self.views.show_layer(self.state.layer - 1),
            "layer_on": lambda: self.views.show_layer(self.state.layer + 1),
            "layer_largest": self.views.show_largest,
            "epoch_back": lambda: self.timeline.slider.step(-1),
            "epoch_on": lambda: self.timeline.slider.step(1),
            "epoch_first": lambda: self.timeline.slider.step(-len(self.timeline.slider.kept)),
            "play": self.timeline.play.toggle,
            "pin": self.eigenvalues.tools.pin.click,
            "layout": self.views.default_layout,
            "guide": self.guide.begin,
        }

    def enabled(self, name: str) -> bool:
        training, valid = self.bench.busy, self.model.experiment is not None
        if name == "pause" and self.timeline.play.isChecked():
            return True
        if name in ("pause", "step", "stop"):
            return training
        if name == "run":
            return valid and not training
        if name == "branch":
            shown = self.bench.shown
            return valid and shown is not None and not shown.foreign and bool(shown.snapshot_epochs)
        if name in ("save", "copy_command", "copy_settings", "copy_toml"):
            return valid
        if name in ("export", "report", "pin", "play") or name.startswith(("layer_", "epoch_")):
            return self.bench.shown is not None
        return not training if name in ("open", "paste_settings") else True

    def menus(self) -> list[QMenu]:
        return [self.curves_menu, self.panels_menu]

    def found(self) -> list[QAction]:
        return [*super().found(), *self.views.places]

    def start(self) -> None:
        """Spawn the warm children, and look for interrupted runs."""
        self.bench.start()
        self.requests.thread_.start()
        self.reading.thread_.start()
        self.bench.find_interrupted(self._offer_to_go_on)
        self._show_first()

    def _show_first(self) -> None:
        """Show what there is to look at first, unless a run was named."""
        if self.reading.waits_for(ReadKind):
            QTimer.singleShot(POLL_MILLISECONDS, self, self._show_first)
            return
        if self.bench.runs or self.bench.opening:
            return
        if first_look.is_first(self.settings):
            self._begins = True  # what is looked at first is the first epoch, as the file has it
            first_look.open_examples(self.bench)
            if self.bench.runs:
                self.bench.show(self.bench.runs[0])
                self.views.show_largest()
                self.guide.begin(WELCOME)
                self.timeline.play_from_start()
            self._begins = False
            self._look()
        else:
            self._prepare()
            first_look.restore(self.settings, self.bench, self._restored)

    def _offer_to_go_on(self, path: Path) -> None:
        self.said.emit(
            f"The training of {path.stem} was interrupted; what was computed is kept.",
            "",
            (GO_ON, lambda: self.bench.resume(path)),
        )

    def _prepare(self) -> None:
        """Make plots, one at a time while nothing is asked of the window: training that begins is
        seen at once."""
        fits = [(self.fit, panels) for panels in (1, 2, 3)]
        for card, panels in (*((card, 1) for card in self.cards[:4]), *fits):
            QTimer.singleShot(0, self, partial(card.view.prepare, panels))

    def _restored(self) -> None:
        if self.bench.runs and not self.bench.busy:
            self.views.show_layer(first_look.layer_of(self.settings))

    def open_file(self, path: Path) -> None:
        if path.suffix.lower() in MATRICES:
            self.matrices.open(path)
        elif path.suffix.lower() in ENDINGS:
            self.importing.open(path)
        else:
            self.bench.open_file(path)

    def minimumSizeHint(self) -> QSize:
        """Room that an explanation takes is given back where there is none left."""
        return QSize(self.views.minimumSizeHint().width(), super().minimumSizeHint().height())

    def set_folder(self, folder: Path) -> None:
        self.bench.workspace = folder

    def present(self, on: bool) -> None:
        self.views.present(on)

    def set_theme(self, theme: Theme) -> None:
        self.views.set_theme(theme)
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look()

    def _arranged(self) -> None:
        if self.hasFocus():  # since a card that had it has changed its place
            self.main_view().setFocus()

    def look_up(self, words: Sequence[str]) -> Sequence[Found]:
        return [*find_settings(self.panel, words), *self.explanation.look_up(words)]

    def parts(self) -> Sequence[QWidget]:
        large = self.views.large
        others = [card for card in self.cards if card is not large]
        stage = (large, *self.views.tab_bars(), *others)
        parts = (self._bar, self.panel, *stage, self.timeline, self.runs, self.explanation)
        behind = [card for card in self.cards if not card.is_seen]  # a tab, with its controls
        return [part for part in parts if part.isVisible() and part not in behind]

    def main_view(self) -> QWidget:
        return self.views.large.plot or self

    def escape(self) -> bool:
        if self.explanation.isVisible():
            self.explanation.hide()
            return True
        return self.views.restore()

    def pause(self) -> None:
        """Pause or resume what moves: training, else the epochs that are played."""
        if self.bench.busy or not self.timeline.play.isChecked():
            self.bench.pause()
        else:
            self.timeline.play.toggle()

    def _remember(self) -> None:
        """Also a window that ends without being closed is found again."""
        first_look.remember(self.settings, self.bench, self.state.layer)

    def explain(self, widget: QWidget | None = None) -> None:
        """Explain a widget; without one what has the focus or, while the plane has it, what is
        under the pointer."""
        focus, under = QApplication.focusWidget(), QApplication.widgetAt(QCursor.pos())
        first = under if focus is self.main_view() else focus
        self.explanation.explain_first(widget, first, under, self.views.large)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop training, save, and end the children."""
        self.importing.close()
        self.matrices.close()
        self._kept.stop()
        self.timer.stop()
        self.looking.close()
        self.plane.close()
        self.following.close()
        first_look.remember(self.settings, self.bench, self.state.layer)
        self.views.save_layout(self.settings)
        self.bench.close()
        for requests in (self.requests, self.reading):
            requests.close()
        event.accept()

    def say(self, sentence: str, details: str = "") -> None:
        """Let the shell show a sentence."""
        self.said.emit(sentence, details, None)

    # ------------------------------------------------------------------ running

    def load_preset(self, name: str) -> None:
        """Put a preset into the panel (undoable); epochs that were set by hand stay."""
        model, key = self.model, "training.epochs"
        if not model.differs(key) or key in model.problems:
            model.load(name, presets[name])
            return
        kept = model.value(key)
        model.undo.beginMacro(f"Load {name}")
        model.load(name, presets[name])
        model.edit(key, kept)
        model.undo.endMacro()
        if model.differs(key):
            usual = grouped(presets[name].training.epochs)
            sentence = f"Epochs stay {grouped(kept)}, as you had set them; {name} has {usual}."
            self.said.emit(sentence, "", ("Undo", lambda: model.reset(key)))

    def _guided(self, guide: Guide) -> None:
        """Do a guided experiment."""
        before = self.views.large
        self.views.enlarge(next(c for c in self.cards if c.title == guide.card))
        if not guide.preset:
            self.views.show_beside(before)
        else:
            self.load_preset(guide.preset)
            self.run()
            if self.bench.preparing is not None:
                self.guide.say(f"{guide.look} {FIRST}")
        if guide.setting:
            self.panel.show_setting(guide.setting)

    def run(self) -> None:
        """Train the panel's experiment into a new run file."""
        self.began.emit()
        self.timeline.go_live()
        self.bench.run()

    def branch(self) -> None:
        """Train the panel's settings from the network that the timeline shows."""
        run = self.bench.shown
        if run is None:
            return
        epoch = self.state.epoch_shown
        self.began.emit()
        self.timeline.go_live()
        self.bench.branch(epoch)

    def _runs_changed(self) -> None:
        run = self.bench.shown
        for card in self.cards:
            if run is None:
                card.expect()
                card.clear()
            elif run is not self._shown:
                card.expect(COMPUTING)
        if run is not None:
            self.eigenvalues.set_network(max(1, run.depth), run.trials)
            if not run.foreign:
                self.trajectories.set_width(run.experiment.architecture.width)
            elif run is not self._shown and run.network is not None and run.network.times:
                self.views.show_beside(self.views.others[StableSteps.name()])
        self._shown = run
        self._follow()
        self._update_actions()

    def _reads(self, sentence: str) -> None:
        """Where nothing is shown yet, what is being read is said."""
        if self.bench.shown is None:
            for card in self.cards:
                card.expect(sentence or CALL)

    def _training_changed(self) -> None:
        self.importing.set_busy(self.bench.busy)
        self.guide.set_training(self.bench.busy)
        self.unwatched.wait()
        self._follow()
        self._update_actions()

    def _update_actions(self) -> None:
        self._bar.show_name(self.model.preset_name)
        wrong = next(iter(self.model.problems.values()), "")
        how = [f"{what}: {sentence}" for what, sentence in self.bench.beforehand.items()]
        tip = "\n".join(["Train the experiment from the start (Ctrl+R)", *how])
        self._actions["run"].setToolTip(wrong or tip)
        self._actions["pause"].setText(RESUME if self.bench.paused else "Pause")
        self.preset.setEnabled(not self.bench.busy)
        self.panel.set_training(self.bench.busy)
        self.changed.emit()

    # ------------------------------------------------------------------ polling

    def poll(self) -> None:
        """Take what has arrived, and draw one of the parts."""
        self._take()
        self.matrices.poll()
        if self._has_news:
            self._follow()
        if self.isVisible():
            self.drawing.next_part()

    def _take(self) -> None:
        self._has_news |= self.bench.take()

    def _read_on(self, run: RunEntry) -> None:
        """Another process has gone on with a run."""
        self.runs.tell(run)
        if run is self.bench.shown:
            self.eigenvalues.set_network(max(1, run.depth), run.trials)
        self._has_news = True

    def refresh(self) -> None:
        """Draw every part now."""
        self._take()
        self._follow()
        self.drawing.every_part()

    # -------------------------------------------------------------------- views

    def _follow(self) -> None:
        """The shown run has gone on, or is another one."""
        self._has_news = False
        run = self.bench.shown
        if run is None:
            self.timeline.set_range(0, 0, [])
            self.timeline.set_growing(False)
        else:
            self.timeline.set_range(run.epoch, run.total or run.epoch, run.snapshot_epochs)
            self.timeline.set_growing(run is self.bench.running or run.is_followed)
        self._look()

    def _look(self, *_: object) -> None:
        """Want to see what is chosen."""
        self.plane.follow()
        if self.isVisible() and not self._begins:
            self.looking.look()
            self.predicting.follow()

    # ------------------------------------------------------------------- files

    def ask_open(self) -> None:
        """Choose a file to open; a study opens in its own workspace."""
        others = " ".join(f"*{ending}" for ending in dict.fromkeys((*MATRICES, *ENDINGS)))
        kinds = f"Runs, settings, matrices and tables (*.stiff *.toml {others})"
        name, _ = QFileDialog.getOpenFileName(self, "Open", str(self.bench.workspace), kinds)
        if name:
            self.asked_to_open.emit(Path(name))

    def _imported(self, name: str, experiment: Experiment) -> None:
        self.bench.load(name, experiment)
        self.said.emit(f"{name} is ready to be learnt: press Run.", "", ("Run", self.run))

    def open_library(self) -> None:
        """Show every run of the folder in a table."""
        from stiffgui.gui.train.runs.library import Library

        Library(self.bench, self).open()

    def ask_export(self, figure: str | None = None) -> None:
        """Open the export dialog; without a name, on the figure under the pointer."""
        self.exports.open_dialog(figure or self.views.figure_under_pointer())

    def ask_report(self) -> None:
        """Choose a file for the report of the drawn runs."""
        source = self.state.source(together=True)
        if source is not None:
            place = {k: v for k, v in self.state.place.items() if v is not None}
            self.exports.ask_report(source, place)

    def export(self, figure: str, path: Path) -> None:
        """Write a figure as it is shown; the file's ending says the format."""
        self.exports.save(figure, path)
