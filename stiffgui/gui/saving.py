"""Asking where to save: nothing that exists is overwritten without a question."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget


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
