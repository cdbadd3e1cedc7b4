"""Files that are dropped anywhere onto a window, whatever lies under the pointer."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget


class FileDrop(QObject):
    """Emits `dropped(list of paths)`; what is no local file comes as the path of its address.

    The native window is watched rather than the widgets: a plot or a line of text would
    otherwise take the files for itself.
    """

    dropped = Signal(list)

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)  # the native window is there from its first Show on

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take drags of files; everything else goes on as it was."""
        kind = event.type()
        if watched is self._widget:
            handle = self._widget.windowHandle()
            if kind == QEvent.Type.Show and handle is not None:
                handle.removeEventFilter(self)
                handle.installEventFilter(self)
            return False
        kinds = (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop)
        if kind not in kinds or not isinstance(event, QDropEvent):
            return False
        if not event.mimeData().hasUrls():
            return False
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if kind == QEvent.Type.Drop:
            urls = event.mimeData().urls()
            self.dropped.emit([Path(url.toLocalFile() or url.toString()) for url in urls])
        return True
