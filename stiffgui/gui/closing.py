"""The one question asked when the window is closed while a network trains."""

from __future__ import annotations

from enum import Enum

from PySide6.QtWidgets import QMessageBox, QWidget


class Choice(Enum):
    """What becomes of the training."""

    STOP = "stop and save"
    BACKGROUND = "keep training without a window, then end"
    CANCEL = "do not close"


def ask_how_to_close(parent: QWidget) -> Choice:
    """Ask; Escape means cancel."""
    box = QMessageBox(parent)
    box.setWindowTitle("Training is running")
    box.setText("A network is being trained. What should become of it?")
    box.setInformativeText(
        "Kept in the background, it trains to its last epoch and saves itself; "
        "open its run file to see it again."
    )
    stop = box.addButton("Stop and save", QMessageBox.ButtonRole.AcceptRole)
    background = box.addButton("Keep training", QMessageBox.ButtonRole.ActionRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(stop)
    box.exec()
    clicked = box.clickedButton()
    box.deleteLater()
    if clicked is stop:
        return Choice.STOP
    return Choice.BACKGROUND if clicked is background else Choice.CANCEL
