"""Settings as text: a command, TOML, a file."""

from __future__ import annotations

import shlex
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from stiffgui._presets import presets
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.gui.settings_model import SettingsModel


class Sharing(QObject):
    """Copies, pastes and saves the settings of a model. Emits `said(sentence)`."""

    said = Signal(str)

    def __init__(self, model: SettingsModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.model, self._parent = model, parent

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
        self.said.emit("The command was copied.")

    def copy_settings(self) -> None:
        """Copy the settings as TOML."""
        if self.model.experiment is not None:
            QApplication.clipboard().setText(self.model.experiment.to_toml())
            self.said.emit("The settings were copied.")

    def paste_settings(self) -> None:
        """Take settings from TOML text on the clipboard."""
        try:
            experiment = Experiment.from_toml(QApplication.clipboard().text(), "The copied text")
        except InputError as error:
            self.said.emit(str(error))
            return
        self.model.load("pasted", experiment)

    def ask_save(self, folder: Path) -> None:
        """Choose a file and save the settings as TOML."""
        experiment = self.model.experiment
        if experiment is None:
            return
        start = folder / f"{self.model.preset_name or 'settings'}.toml"
        name, _ = QFileDialog.getSaveFileName(
            self._parent, "Save settings", str(start), "TOML (*.toml)"
        )
        if not name:
            return
        path = Path(name).with_suffix(".toml")
        try:
            path.write_text(experiment.to_toml(), "utf-8")
            self.said.emit(f"Saved {path}")
        except OSError as error:
            self.said.emit(f"{path} cannot be written: {error.strerror}. Choose another place.")
