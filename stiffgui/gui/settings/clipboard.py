"""Settings as text: a command, TOML, a file."""

from __future__ import annotations

import shlex
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from stiffgui._presets import changed_words, from_short_text, presets, short_text
from stiffgui.errors import InputError, no_writing
from stiffgui.experiment import Experiment
from stiffgui.gui.saving import ask_where, pasted
from stiffgui.gui.settings.model import SettingsModel


class SettingsClipboard(QObject):
    """Copies, pastes and saves the settings of a model. Emits `said(sentence)` of what is
    wrong and `noted(sentence)` of what is done."""

    said = Signal(str)
    noted = Signal(str)

    def __init__(self, model: SettingsModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.model, self._parent = model, parent

    def copy_command(self) -> None:
        """Copy the command that trains these settings."""
        experiment = self.model.experiment
        if experiment is None:
            return
        words = ["stiffgui", "train", self._preset]
        for word in changed_words(experiment, presets[self._preset]):
            words += ["--set", word]
        QApplication.clipboard().setText(shlex.join(words))
        self.noted.emit("The command was copied.")

    @property
    def _preset(self) -> str:
        """The preset that the settings began with."""
        name = self.model.preset_name
        return name if name in presets else next(iter(presets))

    def copy_settings(self) -> None:
        """Copy the settings as one short line."""
        if self.model.experiment is not None:
            text = short_text(self.model.experiment, self._preset)
            QApplication.clipboard().setText(text)
            self.noted.emit(
                f"Copied: {text}   Paste it into this window, or after `stiffgui train` in quotes."
            )

    def copy_toml(self) -> None:
        """Copy the settings as TOML."""
        if self.model.experiment is not None:
            QApplication.clipboard().setText(self.model.experiment.to_toml())
            self.noted.emit("All settings were copied as TOML.")

    def paste_settings(self) -> None:
        """Take settings from the clipboard: a short line, a command, or TOML."""
        try:
            text = pasted()
            if "\n" in text or text.startswith("["):
                experiment = Experiment.from_toml(text, "The copied text")
            else:
                experiment = from_short_text(text)
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
        path = ask_where(self._parent, "Save settings", start, TOML=".toml")
        if path is None:
            return
        try:
            path.write_text(experiment.to_toml(), "utf-8")
            self.noted.emit(f"Saved {path}")
        except OSError as error:
            self.said.emit(str(no_writing(path, error)))
