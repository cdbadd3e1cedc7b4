"""What stands in the toolbar of Train: the preset, the run controls, how curves are drawn."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from stiffgui._presets import presets


class TrainBar(QWidget):
    """Emits `preset_chosen(name)`."""

    preset_chosen = Signal(str)

    def __init__(self, actions: Mapping[str, QAction], curves: QMenu) -> None:
        super().__init__()
        self.preset = QComboBox()
        self.preset.setAccessibleName("Preset")
        self.preset.setToolTip("Settings to start from")
        self.preset.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for name in presets:
            self.preset.addItem(presets.title(name), name)
            self.preset.setItemData(
                self.preset.count() - 1, presets.summary(name), Qt.ItemDataRole.ToolTipRole
            )
        self.preset.activated.connect(lambda k: self.preset_chosen.emit(self.preset.itemData(k)))
        caption = QLabel("&Preset")
        caption.setBuddy(self.preset)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(caption)
        layout.addWidget(self.preset)
        layout.addSpacing(8)
        for name in ("run", "pause", "step", "stop", "export"):
            button = QToolButton()
            button.setDefaultAction(actions[name])
            button.setObjectName(name)
            layout.addWidget(button)
        more = QToolButton()
        more.setText("Curves ▾")
        more.setToolTip("Axis, smoothing and outliers of Errors and Stiffness")
        more.setAccessibleName("Curves")
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        more.setMenu(curves)
        layout.addWidget(more)

    def show_preset(self, name: str) -> None:
        """Name the preset without loading it; whatever else is loaded is named by its own name."""
        row = self.preset.findData(name)
        if row < 0:
            self.preset.setPlaceholderText(name)
        self.preset.setCurrentIndex(row)
