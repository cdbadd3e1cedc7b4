"""What stands in the toolbar of Study: which study to start from, the run controls, exports."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from stiffgui.study.library import studies


class StudyBar(QWidget):
    """Emits `study_chosen(name)` and `export_chosen(name)` of what the study offers."""

    study_chosen = Signal(str)
    export_chosen = Signal(str)

    def __init__(self, actions: Mapping[str, QAction], offered: Mapping[str, str]) -> None:
        super().__init__()
        self.study = QComboBox()
        self.study.setAccessibleName("Study to start from")
        self.study.setToolTip("A study to start from")
        self.study.setPlaceholderText("a study of your own")
        self.study.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for name in studies:
            self.study.addItem(studies.title(name), name)
            self.study.setItemData(
                self.study.count() - 1, studies.summary(name), Qt.ItemDataRole.ToolTipRole
            )
        self.study.activated.connect(lambda k: self.study_chosen.emit(self.study.itemData(k)))
        caption = QLabel("St&udy")
        caption.setBuddy(self.study)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(caption)
        layout.addWidget(self.study)
        layout.addSpacing(8)
        for name in ("run", "stop"):
            button = QToolButton()
            button.setDefaultAction(actions[name])
            button.setObjectName(name)
            layout.addWidget(button)
        export = QToolButton()
        export.setText("Export ▾")
        export.setToolTip("Figures and tables of the study")
        export.setAccessibleName("Export")
        export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(export)
        for name, title in offered.items():
            action = menu.addAction(f"{title}…")
            action.triggered.connect(lambda _=False, name=name: self.export_chosen.emit(name))
        export.setMenu(menu)
        layout.addWidget(export)

    def show_state(self, name: str, running: bool) -> None:
        """Name the study, if it is one of ours; another cannot be chosen while one runs."""
        self.study.setCurrentIndex(self.study.findData(name))
        self.study.setEnabled(not running)
