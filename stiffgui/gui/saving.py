"""Where exports go: files that nothing overwrites without a question, and the clipboard."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from stiffgui.errors import InputError, in_short

Purpose = Literal["save", "picture", "data"]
LONGEST = 60  # characters of a path that a sentence repeats
NAMELESS = "There is no file name: type one, or press Browse."
MOST_PASTED = 20_000  # characters: settings or a row have fewer


def pasted() -> str:
    """The text on the clipboard. Raises InputError where it is longer than what can be meant."""
    text = QGuiApplication.clipboard().text().strip()
    if len(text) > MOST_PASTED:
        raise InputError(
            f"The copied text has {len(text)} characters, more than {MOST_PASTED}: nothing was "
            f"pasted. Open it as a file."
        )
    return text


def ask_where(parent: QWidget, title: str, start: Path, **kinds: str) -> Path | None:
    """A path with the suffix of one of the kinds, e.g. `PDF=".pdf"`; None when the person thinks
    better of it."""
    filters = {f"{kind} (*{suffix})": suffix for kind, suffix in kinds.items()}
    name, chosen = QFileDialog.getSaveFileName(parent, title, str(start), ";;".join(filters))
    if not name:
        return None
    path = Path(name)
    if path.suffix in filters.values():
        return path  # the dialog has asked already
    path = path.with_name(path.name + filters.get(chosen, next(iter(kinds.values()))))
    yes = QMessageBox.StandardButton.Yes
    replace = f"{path.name} exists already. Replace it?"
    if path.exists() and QMessageBox.question(parent, title, replace) != yes:
        return None
    return path


def check_file(path: Path, ending: str) -> None:
    """Raise InputError when `path` is no place for a file with that ending."""
    name, folder = _short(path.name), _short(path.parent)
    if path.name in ("", ".."):
        raise InputError(NAMELESS)
    if os.path.isdir(path):
        raise InputError(f"{_short(path)} is a folder: name a file in it.")
    if path.suffix.lower() != ending:
        raise InputError(
            f"{name} does not end in {ending}: change its ending, or choose another kind."
        )
    if "\0" in str(path):
        raise InputError(
            "This file name cannot be used: it holds a null character. Choose another."
        )
    try:
        has_folder = path.parent.is_dir()
        allowed = os.access(path if path.exists() else path.parent, os.W_OK)
    except (OSError, ValueError) as error:  # a name that is too long, or no text of this system
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"This file name cannot be used: {reason}. Choose another.") from None
    if not has_folder:
        raise InputError(f"The folder {folder} does not exist: make it, or choose another.")
    if not allowed:
        raise InputError(f"{_short(path)} cannot be written: choose a place where you may write.")


def _short(path: Path | str) -> str:
    return in_short(path, LONGEST)


def deliver(purpose: Purpose, export: Path | bytes) -> str:
    """Put an export where it is wanted (a file is there already); the sentence that says so."""
    clipboard = QGuiApplication.clipboard()
    if isinstance(export, Path):
        return f"Saved {export}"
    if purpose == "picture":
        clipboard.setImage(QImage.fromData(export))
        return "Copied the picture."
    clipboard.setText(export.decode())
    return "Copied the data as CSV."
