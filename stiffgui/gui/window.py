"""The main window: docks around four plots, run controls, timeline."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDockWidget,
    QFileDialog,
    QLabel,
    QMainWindow,
    QMessageBox,
    QSizePolicy,
    QSplitter,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from stiffgui._presets import presets
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.gui import theme as theme_module
from stiffgui.gui.eigenvalues_card import EigenvaluesCard
from stiffgui.gui.experiment_panel import ExperimentPanel
from stiffgui.gui.exports import Exports
from stiffgui.gui.fit_card import FitCard
from stiffgui.gui.history_card import HistoryCard, error_series, stiffness_series
from stiffgui.gui.layers_card import LayersCard
from stiffgui.gui.live_run import LiveRun
from stiffgui.gui.settings_model import SettingsModel
from stiffgui.gui.timeline import Timeline
from stiffgui.gui.training_thread import TrainingThread, ViewThread
from stiffgui.regularizers import NoPenalty
from stiffgui.session.messages import Failed, Look, Start, View

POLL_MILLISECONDS = 60
LOOK_SECONDS = 0.6


class MainWindow(QMainWindow):
    """Train workspace. `workspace` is the folder in which runs are kept."""

    def __init__(self, workspace: Path, settings: QSettings, in_process: bool = False) -> None:
        super().__init__()
        self.setWindowTitle("stiffgui")
        self.workspace, self.settings = workspace, settings
        self.model = SettingsModel()
        self.runs: list[LiveRun] = []
        self.training = TrainingThread(in_process)
        self.views = ViewThread()
        self.paused = False
        self._looked: tuple[Any, ...] = ()
        self._look_number = 0
        self._look_at = 0.0
        self._look_pause = LOOK_SECONDS
        self._rate: tuple[float, int] | None = None
        self._make_views()
        self.exports = Exports(self, self.views.ask, settings, self._shown_options)
        self._make_docks()
        self._make_actions()
        self._make_toolbar()
        self._connect()
        self.resize(1280, 800)
        self._restore()
        self.timer = QTimer(self)
        self.timer.timeout.connect(self.poll)
        self.timer.start(POLL_MILLISECONDS)
        self._update_actions()

    # ------------------------------------------------------------------ building

    def _make_views(self) -> None:
        self.errors = HistoryCard("Errors", "errors", "RMSE", error_series, log=True)
        self.stiffness = HistoryCard(
            "Stiffness", "stiffness", "sum over layers", stiffness_series, log=False
        )
        self.fit, self.layers = FitCard(), LayersCard()
        self.eigenvalues = EigenvaluesCard()
        self.cards = (self.errors, self.stiffness, self.fit, self.layers, self.eigenvalues)
        rows = QSplitter(Qt.Orientation.Vertical)
        for pair in ((self.errors, self.stiffness), (self.fit, self.layers)):
            row = QSplitter(Qt.Orientation.Horizontal)
            for card in pair:
                row.addWidget(card)
                card.setMinimumSize(180, 140)
            row.setSizes([1000, 1000])
            row.setHandleWidth(7)
            rows.addWidget(row)
        rows.setHandleWidth(7)
        self.banner = QLabel("")
        self.banner.setObjectName("banner")
        self.banner.setWordWrap(True)
        self.banner.hide()
        self.empty = QLabel("Press Run (Ctrl+R): the network trains and these plots fill.")
        self.empty.setObjectName("cardNote")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.setSpacing(6)
        layout.addWidget(self.banner)
        layout.addWidget(self.empty)
        layout.addWidget(rows, 1)
        self.setCentralWidget(centre)

    def _make_docks(self) -> None:
        self.panel = ExperimentPanel(self.model)
        self.timeline = Timeline()
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        places: tuple[tuple[str, QWidget, Qt.DockWidgetArea], ...] = (
            ("Experiment", self.panel, left),
            ("Eigenvalues", self.eigenvalues, right),
            ("Timeline", self.timeline, bottom),
        )
        self.docks = {}
        for name, widget, area in places:
            dock = QDockWidget(name, self)
            dock.setObjectName(name)
            dock.setTitleBarWidget(QWidget())  # the cards have titles of their own
            dock.setWidget(widget)
            self.addDockWidget(area, dock)
            self.docks[name] = dock
        self.resizeDocks(
            [self.docks["Experiment"], self.docks["Eigenvalues"]],
            [285, 340],
            Qt.Orientation.Horizontal,
        )

    def _make_actions(self) -> None:
        table = {
            "run": ("Run", "Ctrl+R", "Train the experiment from the start", self.run),
            "pause": ("Pause", "Space", "Pause or resume training", self.pause),
            "step": ("Step", "Right", "Train one epoch, then pause", self.step),
            "stop": ("Stop", "Esc", "Stop training; everything is kept", self.stop),
            "open": ("Open…", "Ctrl+O", "Open a run or settings file", self.ask_open),
            "export": ("Export…", "Ctrl+E", "Export the figure under the pointer", self.ask_export),
            "undo": ("Undo", "Ctrl+Z", "Undo the last edit", self.model.undo.undo),
            "redo": ("Redo", "Ctrl+Shift+Z", "Redo the edit", self.model.undo.redo),
            "quit": ("Quit", "Ctrl+Q", "Close the window", self.close),
        }
        self.acts: dict[str, QAction] = {}
        for name, (text, keys, help_text, call) in table.items():
            action = QAction(text, self)
            action.setShortcut(QKeySequence(keys))
            action.setToolTip(f"{help_text} ({keys})")
            action.triggered.connect(lambda _=False, call=call: call())
            self.addAction(action)
            self.acts[name] = action
        bar = self.menuBar()
        for title, names in (
            ("&File", ("open", "export", "quit")),
            ("&Edit", ("undo", "redo")),
            ("&Run", ("run", "pause", "step", "stop")),
        ):
            menu = bar.addMenu(title)
            for name in names:
                menu.addAction(self.acts[name])

        view = bar.addMenu("&View")
        for choice in ("system", "light", "dark"):
            action = view.addAction(f"Theme: {choice}")
            action.triggered.connect(lambda _=False, c=choice: self.choose_theme(c))

    def _make_toolbar(self) -> None:
        bar = QToolBar("Run")
        bar.setObjectName("Run")
        bar.setMovable(False)
        title = QLabel("  Train")
        title.setObjectName("cardTitle")
        bar.addWidget(title)
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(spacer)
        self.preset = QComboBox()
        self.preset.setAccessibleName("Preset")
        self.preset.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for name in presets:
            self.preset.addItem(presets.title(name), name)
            self.preset.setItemData(
                self.preset.count() - 1, presets.summary(name), Qt.ItemDataRole.ToolTipRole
            )
        caption = QLabel("Preset ")
        caption.setBuddy(self.preset)
        bar.addWidget(caption)
        bar.addWidget(self.preset)
        for name in ("run", "pause", "step", "stop", "export"):
            bar.addAction(self.acts[name])
            bar.widgetForAction(self.acts[name]).setObjectName(name)
        self.addToolBar(bar)

    def _connect(self) -> None:
        self.preset.activated.connect(lambda k: self.load_preset(self.preset.itemData(k)))
        self.model.changed.connect(self._settings_changed)
        self.model.validity_changed.connect(lambda _: self._update_actions())
        self.model.live_changed.connect(self._live_changed)
        self.training.ended.connect(self._ended)
        self.training.failed.connect(self._failed)
        self.views.answered.connect(self._answered)
        self.timeline.moved.connect(lambda _: self._look_soon())
        self.layers.picked.connect(self._picked)
        self.eigenvalues.layer_chosen.connect(lambda _: self._look_soon())
        self.eigenvalues.trial_chosen.connect(lambda _: self._look_soon())
        self.eigenvalues.all_layers.toggled.connect(lambda _: self._look_soon())
        for card in self.cards:
            card.export_asked.connect(self.ask_export)
            card.copy_asked.connect(self.exports.copy)
        self.exports.said.connect(self.say)

    def start_children(self) -> None:
        """Spawn the warm children; called once the window is painted."""
        self.training.start()
        self.views.start()

    # --------------------------------------------------------------- experiment

    def load_preset(self, name: str) -> None:
        """Put a preset into the panel (undoable)."""
        self.model.load(name, presets[name])
        self.preset.setCurrentIndex(self.preset.findData(name))

    def load_file(self, path: Path) -> None:
        """Open a .toml or .stiff file; what is wrong with it is said in place."""
        try:
            if path.suffix == ".toml":
                self.model.load(path.stem, Experiment.read(path))
                return
            run = LiveRun.read(path, len(self.runs))
        except InputError as error:
            self.say(str(error))
            return
        self.runs.append(run)
        self.model.load(path.stem, run.experiment)
        self._show_run(run)

    def _settings_changed(self) -> None:
        self._update_actions()

    def _live_changed(self, changes: dict[str, Any]) -> None:
        if self.training.training:
            self.training.change(changes)

    # ------------------------------------------------------------------ running

    @property
    def run_shown(self) -> LiveRun | None:
        """The run that Fit, Layers and Eigenvalues show: the newest."""
        return self.runs[-1] if self.runs else None

    def run(self) -> None:
        """Train the panel's experiment into a new run file."""
        experiment = self.model.experiment
        if experiment is None or self.training.training:
            return
        self.banner.hide()
        path = self._new_path()
        run = LiveRun(path.stem, experiment, path, len(self.runs))
        run.state = "running"
        self.runs.append(run)
        self.paused = False
        self._rate = None
        self._show_run(run)
        self.timeline.go_live()
        self.training.begin(Start(experiment.to_toml(), str(path)))
        self._update_actions()

    def _new_path(self) -> Path:
        self.workspace.mkdir(parents=True, exist_ok=True)
        stem = f"{self.model.preset_name or 'run'}-{time.strftime('%Y-%m-%d-%H%M%S')}"
        path, number = self.workspace / f"{stem}.stiff", 2
        while path.exists():
            path, number = self.workspace / f"{stem}-{number}.stiff", number + 1
        return path

    def _show_run(self, run: LiveRun) -> None:
        architecture = run.experiment.architecture
        self.eigenvalues.set_network(
            architecture.depth, run.experiment.training.trials, architecture.step_size
        )
        self.empty.hide()
        self._looked = ()
        self._look_soon()

    def pause(self) -> None:
        """Pause, or resume."""
        if self.training.training:
            self.paused = not self.paused
            self.training.steer("pause" if self.paused else "resume")
            self._update_actions()

    def step(self) -> None:
        """One epoch, then pause."""
        if self.training.training:
            self.paused = True
            self.training.steer("step")
            self._update_actions()

    def stop(self) -> None:
        """Stop; everything is kept."""
        if self.training.training:
            self.training.steer("stop")

    def _ended(self, ending: str) -> None:
        run = self.run_shown
        self._take_records()
        if run is not None:
            run.state = ending
            run.version += 1
            for event in run.events:
                if event.kind == "diverged":
                    self.say(event.text)
        self.paused = False
        self._looked = ()
        self._update_actions()

    def _failed(self, sentence: str, details: str) -> None:
        self.say(sentence, details)
        if self.run_shown is not None:
            self.run_shown.state = "interrupted"
        self.paused = False
        self._update_actions()

    def say(self, sentence: str, details: str = "") -> None:
        """A message in place, above the plots."""
        self.banner.setText(sentence)
        self.banner.setToolTip(details)
        self.banner.show()

    def _update_actions(self) -> None:
        training = self.training.training
        self.acts["run"].setEnabled(not training and self.model.experiment is not None)
        for name in ("pause", "step", "stop"):
            self.acts[name].setEnabled(training)
        self.acts["pause"].setText("Resume" if self.paused else "Pause")
        self.acts["export"].setEnabled(bool(self.runs))
        self.panel.set_training(training)

    # ------------------------------------------------------------------ polling

    def poll(self) -> None:
        """Take what has arrived, and paint what is visible and changed."""
        self._take_records()
        runs = self.runs[-1:]
        self.errors.refresh(runs)
        self.stiffness.refresh(runs)
        run = self.run_shown
        if run is None:
            return
        self.layers.refresh(run, self.eigenvalues.layer.value(), self._shown_epoch(run))
        self.timeline.set_range(run.epoch, run.total, run.kept)
        self._say_progress(run)
        self._look(run)
        shares = run.series["penalty_share"].values
        penalised = len(shares) and not isinstance(run.experiment.regularizer, NoPenalty)
        self.panel.show_share(float(shares[-1].mean()) if penalised else None)

    def _shown_epoch(self, run: LiveRun) -> int:
        return run.epoch if self.timeline.live else self.timeline.epoch

    def _take_records(self) -> None:
        run = self.run_shown
        while self.training.inbox and run is not None:
            run.take(self.training.inbox.popleft())

    def _say_progress(self, run: LiveRun) -> None:
        words = [f"epoch {run.epoch:,} / {run.total:,}".replace(",", "\u202f")]
        if run.state == "running" and len(run.seconds.values) > 1:
            taken = float(run.seconds.values[-1]) or 1e-9
            steps = -(-run.experiment.task.training_samples // run.experiment.training.batch_size)
            left = (run.total - run.epoch) * taken / max(run.epoch, 1)
            words.append(f"{run.epoch * steps / taken:,.0f} steps/s".replace(",", "\u202f"))
            words.append(f"{int(left) // 60:02d}:{int(left) % 60:02d} left")
        words.append("paused" if self.paused else run.state)
        self.timeline.say("    ".join(words))

    # -------------------------------------------------------------------- views

    def _look_soon(self) -> None:
        self._look_at = 0.0

    def _picked(self, layer: int, epoch: int) -> None:
        self.timeline.go_to(epoch)
        self.eigenvalues.layer.setValue(layer)

    def _look(self, run: LiveRun) -> None:
        """Ask for the views of the chosen epoch, at a rate that leaves training its core."""
        now = time.monotonic()
        if now < self._look_at:
            return
        live = self.timeline.live and run.newest is not None
        epoch = run.newest[0] if live and run.newest is not None else self.timeline.epoch
        wanted = (
            id(run),
            epoch,
            live,
            run.state,
            self.eigenvalues.layer.value(),
            self.eigenvalues.trial.value(),
            self.eigenvalues.all_layers.isChecked(),
        )
        if wanted == self._looked or (not live and not run.kept):
            return
        self._looked = wanted
        self._look_at = now + self._look_pause
        self._look_number += 1
        parameters = run.newest[1] if live and run.newest is not None else None
        self.views.ask(
            Look(
                self._look_number,
                run.experiment.to_toml(),
                epoch,
                min(self.eigenvalues.trial.value(), run.experiment.training.trials - 1),
                min(self.eigenvalues.layer.value(), run.experiment.architecture.depth),
                str(run.path),
                parameters,
                self.eigenvalues.all_layers.isChecked(),
            )
        )

    def _answered(self, message: Any) -> None:
        if isinstance(message, View):
            self._look_pause = max(LOOK_SECONDS, 10 * message.seconds)
            self.fit.show_view(message)
            self.eigenvalues.show_view(message)
        elif not self.exports.answered(message) and isinstance(message, Failed):
            self.say(message.sentence, message.details)

    # ------------------------------------------------------------------- files

    def ask_open(self) -> None:
        """Choose a file to open."""
        name, _ = QFileDialog.getOpenFileName(
            self, "Open", str(self.workspace), "Runs and settings (*.stiff *.toml)"
        )
        if name:
            self.load_file(Path(name))

    def ask_export(self, figure: str | None = None) -> None:
        """Open the export dialog; without a name, on the figure under the pointer."""
        under = next((c.figure for c in self.cards if c.underMouse()), "errors")
        self.exports.open_dialog(figure or under)

    def export(self, figure: str, path: Path) -> None:
        """Write a figure of the shown run, as it is shown; the file's ending says the format."""
        self.exports.save(figure, path)

    @property
    def exports_pending(self) -> int:
        """Exports and copies that are under way."""
        return len(self.exports.pending)

    def _shown_options(self, figure: str) -> tuple[Path, dict[str, Any]] | None:
        """The run file, and what of it `figure` shows just now."""
        run = self.run_shown
        if run is None:
            return None
        options = {
            "epoch": None if self.timeline.live else self.timeline.epoch,
            "layer": min(self.eigenvalues.layer.value(), run.experiment.architecture.depth),
            "trial": min(self.eigenvalues.trial.value(), run.experiment.training.trials - 1),
        }
        if figure in ("errors", "stiffness"):
            card = self.stiffness if figure == "stiffness" else self.errors
            options["logarithmic"] = card.logarithmic.isChecked()
        for shown in (self.fit, self.layers, self.eigenvalues):
            if shown.figure == figure:
                options |= shown.export_options()
        return run.path, options

    # ------------------------------------------------------------------ closing

    def _restore(self) -> None:
        geometry, state = self.settings.value("geometry"), self.settings.value("docks")
        if geometry is not None:
            self.restoreGeometry(geometry)
        if state is not None:
            self.restoreState(state)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask once while training; then stop, save, and end the children."""
        if self.training.training and not self._may_stop():
            event.ignore()
            return
        self.timer.stop()
        self.settings.setValue("geometry", self.saveGeometry())
        self.settings.setValue("docks", self.saveState())
        self.hide()
        self.training.close()
        self.views.close()
        event.accept()

    def _may_stop(self) -> bool:
        box = QMessageBox(self)
        box.setWindowTitle("Training is running")
        box.setText("Stop training and close? Everything computed is saved.")
        stop = box.addButton("Stop and save", QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        return box.clickedButton() is stop

    def choose_theme(self, choice: str) -> None:
        """system, light or dark; remembered."""
        self.settings.setValue("theme", choice)
        self.apply_theme()

    def apply_theme(self) -> None:
        """Colour the window and every plot."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme = theme_module.apply(application, str(self.settings.value("theme", "system")))
        for card in self.cards:
            card.set_theme(theme)
