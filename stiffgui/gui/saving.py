"""Where exports go: files that nothing overwrites without a question, and the clipboard."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

Purpose = Literal["save", "picture", "data"]


def ask_where(parent: QWidget, title: str, start: Path, kind: str, suffix: str) -> Path | None:
    """A path that ends in `suffix`; None when the person thinks better of it."""
    name, _ = QFileDialog.getSaveFileName(parent, title, str(start), f"{kind} (*{suffix})")
    if not name:
        return None
    path = Path(name)
    if path.suffix == suffix:
        return path  # the dialog has asked already
    path = path.with_name(path.name + suffix)
    yes = QMessageBox.StandardButton.Yes
    replace = f"{path.name} exists already. Replace it?"
    if path.exists() and QMessageBox.question(parent, title, replace) != yes:
        return None
    return path


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
