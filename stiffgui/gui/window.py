"""The main window: docks around four plots, run controls, timeline, runs."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

from platformdirs import user_log_path
from PySide6.QtCore import QByteArray, QEvent, QSettings, Qt, QTimer, QUrl
from PySide6.QtGui import QCloseEvent, QDesktopServices, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
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
    QToolButton,
    QVBoxLayout,
    QWidget,
)

import stiffgui
from stiffgui._presets import presets
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.gui import theme as theme_module
from stiffgui.gui.actions import make_actions
from stiffgui.gui.banner import Banner
from stiffgui.gui.closing import Choice, ask_how_to_close
from stiffgui.gui.eigenvalues_card import EigenvaluesCard
from stiffgui.gui.experiment_panel import ExperimentPanel
from stiffgui.gui.exports import Exports
from stiffgui.gui.fit_card import FitCard
from stiffgui.gui.history_card import HistoryCard, error_series, stiffness_series
from stiffgui.gui.history_view import HistoryView
from stiffgui.gui.layers_card import LayersCard
from stiffgui.gui.live_run import LiveRun
from stiffgui.gui.looking import Looking
from stiffgui.gui.palette import Palette
from stiffgui.gui.runs_bar import RunsBar
from stiffgui.gui.timeline import Timeline
from stiffgui.gui.workbench import Workbench
from stiffgui.regularizers import NoPenalty
from stiffgui.session.messages import Failed, View

# One task of `poll` at a time: no pause of the window is longer than the slowest of them.
POLL_MILLISECONDS = 25


class MainWindow(QMainWindow):
    """Train workspace. `workspace` is the folder in which runs are kept."""

    def __init__(self, workspace: Path, settings: QSettings, in_process: bool = False) -> None:
        super().__init__()
        self.setWindowTitle("stiffgui")
        self.settings = settings
        self.bench = Workbench(workspace, in_process)
        self.model = self.bench.model
        self.looking = Looking()
        self._make_views()
        self.exports = Exports(self, self.looking.thread_.ask, settings, self._shown_options)
        self._make_docks()
        calls: dict[str, Callable[[], object]] = {
            "open": self.ask_open,
            "save": self.ask_save,
            "export": self.ask_export,
            "workspace": self.ask_workspace,
            "quit": self.close,
            "undo": self.bench.undo,
            "redo": self.bench.redo,
            "copy_command": self.copy_command,
            "copy_settings": self.copy_settings,
            "paste_settings": self.paste_settings,
            "run": self.run,
            "pause": self.bench.pause,
            "step": self.bench.step,
            "stop": self.bench.stop,
            "live": self.timeline.go_live,
            "layout": self.default_layout,
            "theme_system": lambda: self.choose_theme("system"),
            "theme_light": lambda: self.choose_theme("light"),
            "theme_dark": lambda: self.choose_theme("dark"),
            "palette": lambda: Palette(self.acts.values(), self).open(),
            "log": self.open_log,
            "about": self.about,
        }
        self.acts = make_actions(self, calls)
        self._make_toolbar()
        self._connect()
        self.resize(1280, 800)
        self._default_state = self.saveState()
        self._restore()
        self._tasks = cycle(
            (self._draw_errors, self._draw_stiffness, self._draw_layers, self._tell)
        )
        self.timer = QTimer(self)
        self.timer.timeout.connect(self.poll)
        self.timer.start(POLL_MILLISECONDS)
        self._update_actions()

    # ------------------------------------------------------------------ building

    def _make_views(self) -> None:
        self.history_view = HistoryView()
        view = self.history_view
        self.errors = HistoryCard(
            "Errors",
            "errors",
            "Training and test error of every epoch.",
            "RMSE",
            error_series,
            view,
            log=True,
        )
        self.stiffness = HistoryCard(
            "Stiffness",
            "stiffness",
            "The watched stiffness indices, summed over the layers.",
            "sum over layers",
            stiffness_series,
            view,
            log=False,
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
        self.banner = Banner()
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.banner)
        layout.addWidget(rows, 1)
        self.setCentralWidget(centre)

    def _make_docks(self) -> None:
        self.panel = ExperimentPanel(self.model)
        self.timeline = Timeline()
        self.runs_bar = RunsBar(self.bench)
        below = QWidget()
        layout = QVBoxLayout(below)
        layout.setContentsMargins(6, 0, 6, 6)
        layout.setSpacing(6)
        layout.addWidget(self.timeline)
        layout.addWidget(self.runs_bar)
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        places: tuple[tuple[str, QWidget, Qt.DockWidgetArea], ...] = (
            ("Experiment", self.panel, left),
            ("Eigenvalues", self.eigenvalues, right),
            ("Timeline", below, bottom),
        )
        self.docks = {}
        for name, widget, area in places:
            dock = QDockWidget(name, self)
            dock.setObjectName(name)
            dock.setTitleBarWidget(QWidget())  # the cards have titles of their own
            dock.setWidget(_with_margins(widget, name))
            self.addDockWidget(area, dock)
            self.docks[name] = dock
        self._size_docks()

    def _size_docks(self) -> None:
        sides = [self.docks["Experiment"], self.docks["Eigenvalues"]]
        self.resizeDocks(sides, [312, 330], Qt.Orientation.Horizontal)

    def default_layout(self) -> None:
        """Put every panel back in its place."""
        self.restoreState(self._default_state)
        self._size_docks()

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
        curves = QToolButton()
        curves.setText("Curves ▾")
        curves.setToolTip("Axis, smoothing and outliers of Errors and Stiffness")
        curves.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = self.menuBar().addMenu("&Curves")
        self.menuBar().insertMenu(self.menuBar().actions()[-2], menu)
        self.history_view.fill(menu)
        curves.setMenu(menu)
        bar.addWidget(curves)
        self.addToolBar(bar)

    def _connect(self) -> None:
        bench, looking = self.bench, self.looking
        self.preset.activated.connect(lambda k: self.load_preset(self.preset.itemData(k)))
        self.model.changed.connect(self._update_actions)
        bench.runs_changed.connect(self._runs_changed)
        bench.training_changed.connect(self._training_changed)
        bench.said.connect(self.banner.say)
        looking.viewed.connect(self._show_view)
        looking.answered.connect(self._answered)
        self.exports.said.connect(self.banner.say)
        self.timeline.moved.connect(lambda _: looking.soon())
        self.layers.picked.connect(self._picked)
        self.eigenvalues.layer_chosen.connect(lambda _: looking.soon())
        self.eigenvalues.trial_chosen.connect(lambda _: looking.soon())
        self.runs_bar.export_asked.connect(lambda: self.ask_export("summary"))
        for history in (self.errors, self.stiffness):
            history.pointed.connect(self._point)
        self.eigenvalues.all_layers.toggled.connect(lambda _: looking.soon())
        for card in self.cards:
            card.export_asked.connect(self.ask_export)
            card.copy_asked.connect(self.exports.copy)

    def start_children(self) -> None:
        """Spawn the warm children, and look for interrupted runs; once the window is painted."""
        self.bench.training.start()
        self.looking.thread_.start()
        interrupted = self.bench.interrupted()
        if interrupted:
            newest = interrupted[-1]
            self.banner.say(
                f"The training of {newest.stem} was interrupted; what was computed is kept.",
                offer=("Go on training", lambda: self.bench.resume(newest)),
            )

    # --------------------------------------------------------------- experiment

    def load_preset(self, name: str) -> None:
        """Put a preset into the panel (undoable)."""
        self.model.load(name, presets[name])
        self.preset.setCurrentIndex(self.preset.findData(name))

    def copy_command(self) -> None:
        """Copy the command that trains these settings."""
        experiment = self.model.experiment
        if experiment is None:
            return
        name = self.model.preset_name if self.model.preset_name in presets else next(iter(presets))
        words = ["stiffgui", "train", name]
        for key, (mine, _) in experiment.differences(presets[name]).items():
            if mine is not None:
                text = ",".join(map(str, mine)) if isinstance(mine, tuple | list) else str(mine)
                words += ["--set", f"{key}={text}"]
        QApplication.clipboard().setText(shlex.join(words))
        self.banner.say("The command was copied.")

    def copy_settings(self) -> None:
        """Copy the settings as TOML."""
        if self.model.experiment is not None:
            QApplication.clipboard().setText(self.model.experiment.to_toml())
            self.banner.say("The settings were copied.")

    def paste_settings(self) -> None:
        """Take settings from TOML text on the clipboard."""
        try:
            experiment = Experiment.from_toml(QApplication.clipboard().text(), "The copied text")
        except InputError as error:
            self.banner.say(str(error))
            return
        self.model.load("pasted", experiment)

    # ------------------------------------------------------------------ running

    def run(self) -> None:
        """Train the panel's experiment into a new run file."""
        self.banner.hide()
        self.timeline.go_live()
        self.bench.run()

    def _runs_changed(self) -> None:
        run = self.bench.shown
        if run is not None:
            architecture = run.experiment.architecture
            self.eigenvalues.set_network(
                architecture.depth, run.experiment.training.trials, architecture.step_size
            )
        self.looking.soon(anew=True)
        self._update_actions()

    def _training_changed(self) -> None:
        self.looking.soon(anew=True)
        self._update_actions()
        if not self.bench.busy and self.isHidden() and self._left_in_background:
            self.close()

    _left_in_background = False

    def _update_actions(self) -> None:
        training = self.bench.busy
        self.acts["run"].setEnabled(not training and self.model.experiment is not None)
        wrong = next(iter(self.model.problems.values()), "")
        self.acts["run"].setToolTip(wrong or "Train the experiment from the start (Ctrl+R)")
        for name in ("pause", "step", "stop"):
            self.acts[name].setEnabled(training)
        self.acts["pause"].setText("Resume" if self.bench.paused else "Pause")
        self.acts["export"].setEnabled(self.bench.shown is not None)
        for widget in (self.preset, self.acts["open"], self.acts["paste_settings"]):
            widget.setEnabled(not training)
        valid = self.model.experiment is not None
        for name in ("save", "copy_command", "copy_settings"):
            self.acts[name].setEnabled(valid)
        self.panel.set_training(training)

    # ------------------------------------------------------------------ polling

    def poll(self) -> None:
        """Take what has arrived, and do one of the tasks: paint only what changed."""
        self.bench.take()
        if self.isVisible():
            next(self._tasks)()

    def refresh(self) -> None:
        """Do every task now."""
        self.bench.take()
        for _ in range(4):
            next(self._tasks)()

    def _draw_errors(self) -> None:
        self.errors.refresh(self.bench.visible())

    def _draw_stiffness(self) -> None:
        self.stiffness.refresh(self.bench.visible())

    def _draw_layers(self) -> None:
        run = self.bench.shown
        if run is not None:
            epoch = run.epoch if self.timeline.live else self.timeline.epoch
            self.layers.refresh(run, self.eigenvalues.layer.value(), epoch)

    def _tell(self) -> None:
        """Progress, the penalty's share, and the views of the chosen epoch."""
        run = self.bench.shown
        if run is None:
            return
        self.timeline.set_range(run.epoch, run.total, run.kept)
        self.timeline.say(self._progress(run))
        self.looking.look(
            run,
            None if self.timeline.live else self.timeline.epoch,
            self.eigenvalues.layer.value(),
            self.eigenvalues.trial.value(),
            self.eigenvalues.all_layers.isChecked(),
        )
        shares = run.series["penalty_share"].values
        penalised = len(shares) and not isinstance(run.experiment.regularizer, NoPenalty)
        self.panel.show_share(float(shares[-1].mean()) if penalised else None)

    def _progress(self, run: LiveRun) -> str:
        words = [f"epoch {run.epoch:,} / {run.total:,}"]
        if run is self.bench.running and len(run.seconds.values) > 1:
            taken = float(run.seconds.values[-1]) or 1e-9
            left = (run.total - run.epoch) * taken / max(run.epoch, 1)
            words.append(f"{run.epoch * run.steps_per_epoch / taken:,.0f} steps/s")
            words.append(f"{int(left) // 60:02d}:{int(left) % 60:02d} left")
        paused = run is self.bench.running and self.bench.paused
        words.append("paused" if paused else run.state)
        return "    ".join(words).replace(",", "\u202f")

    # -------------------------------------------------------------------- views

    def _picked(self, layer: int, epoch: int) -> None:
        self.timeline.go_to(epoch)
        self.eigenvalues.layer.setValue(layer)

    def _point(self, x: float | None) -> None:
        for card in (self.errors, self.stiffness):
            card.point_at(x)

    def _show_view(self, view: View) -> None:
        self.fit.show_view(view)
        self.eigenvalues.show_view(view)

    def _answered(self, message: Any) -> None:
        if not self.exports.answered(message) and isinstance(message, Failed):
            self.banner.say(message.sentence, message.details)

    # ------------------------------------------------------------------- files

    def ask_open(self) -> None:
        """Choose a file to open."""
        name, _ = QFileDialog.getOpenFileName(
            self, "Open", str(self.bench.workspace), "Runs and settings (*.stiff *.toml)"
        )
        if name:
            self.bench.open_file(Path(name))

    def ask_save(self) -> None:
        """Choose a file and save the settings as TOML."""
        experiment = self.model.experiment
        if experiment is None:
            return
        folder = self.bench.workspace / f"{self.model.preset_name or 'settings'}.toml"
        name, _ = QFileDialog.getSaveFileName(self, "Save settings", str(folder), "TOML (*.toml)")
        if not name:
            return
        path = Path(name).with_suffix(".toml")
        try:
            path.write_text(experiment.to_toml(), "utf-8")
            self.banner.say(f"Saved {path}")
        except OSError as error:
            self.banner.say(f"{path} cannot be written: {error.strerror}. Choose another place.")

    def ask_workspace(self) -> None:
        """Choose the folder in which runs are kept; remembered."""
        start = str(self.bench.workspace)
        name = QFileDialog.getExistingDirectory(self, "Folder that keeps the runs", start)
        if name:
            self.bench.workspace = Path(name)
            self.settings.setValue("workspace", name)

    def ask_export(self, figure: str | None = None) -> None:
        """Open the export dialog; without a name, on the figure under the pointer."""
        under = next((c.figure for c in self.cards if c.underMouse()), "errors")
        self.exports.open_dialog(figure or under)

    def export(self, figure: str, path: Path) -> None:
        """Write a figure as it is shown; the file's ending says the format."""
        self.exports.save(figure, path)

    def _shown_options(self, figure: str) -> tuple[list[Path], dict[str, Any]] | None:
        """The run files that `figure` draws, and what of them it shows just now."""
        run = self.bench.shown
        if run is None:
            return None
        options: dict[str, Any] = {
            "epoch": None if self.timeline.live else self.timeline.epoch,
            "layer": min(self.eigenvalues.layer.value(), run.experiment.architecture.depth),
            "trial": min(self.eigenvalues.trial.value(), run.experiment.training.trials - 1),
        }
        for card in self.cards:
            if card.figure == figure:
                options |= card.export_options()
        several = figure in ("errors", "stiffness", "summary")
        return [r.path for r in (self.bench.visible() if several else [run])], options

    # --------------------------------------------------------------------- help

    def open_log(self) -> None:
        """Show the folder with the log in the system's file viewer."""
        folder = user_log_path("stiffgui", appauthor=False)
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.banner.say(f"The log is in {folder}.")

    def about(self) -> None:
        """Version, licence, source."""
        QMessageBox.about(
            self,
            "About stiffgui",
            f"<b>stiffgui {stiffgui.__version__}</b><p>Numerical stiffness of residual networks: "
            "measured, penalised and compared, live.</p><p>BSD 3-Clause licence. The method is "
            "that of Hudson, D'Elia, Najm and Sargsyan, J. Mach. Learn. Model. Comput. 4(2), "
            f"2023.</p><p>Runs are kept in {self.bench.workspace}.</p>",
        )

    # ------------------------------------------------------------------ closing

    def _restore(self) -> None:
        geometry, state = self.settings.value("geometry"), self.settings.value("docks")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        if isinstance(state, QByteArray):
            self.restoreState(state)

    def ask_how_to_close(self) -> Choice:
        """What to do with the training that is running."""
        return ask_how_to_close(self)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask once while training; then stop, save, and end the children."""
        if self.bench.busy and self.isVisible():
            choice = self.ask_how_to_close()
            if choice is not Choice.STOP:
                event.ignore()
                if choice is Choice.BACKGROUND:
                    self._left_in_background = True
                    self.hide()
                return
        self.timer.stop()
        self.settings.setValue("geometry", self.saveGeometry())
        self.settings.setValue("docks", self.saveState())
        self.hide()
        self.bench.training.close()
        self.looking.thread_.close()
        event.accept()
        if self._left_in_background:
            QApplication.quit()  # the last window was hidden before: nothing else ends the loop

    def event(self, event: QEvent) -> bool:
        """Space and the arrow keys belong to the control that has the focus, if it uses them."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            focus = self.focusWidget()
            slides = event.key() == Qt.Key.Key_Right and isinstance(focus, QAbstractSlider)
            presses = event.key() == Qt.Key.Key_Space and isinstance(
                focus, QAbstractButton | QComboBox
            )
            if slides or presses:
                event.accept()
                return True
        return super().event(event)

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
        self.runs_bar.set_theme(theme)


def _with_margins(widget: QWidget, name: str) -> QWidget:
    """Room between a card and the window's edge."""
    if name == "Timeline":
        return widget
    holder = QWidget()
    layout = QVBoxLayout(holder)
    left, right = (6, 0) if name == "Experiment" else (0, 6)
    layout.setContentsMargins(left, 0, right, 0)
    layout.addWidget(widget)
    return holder
