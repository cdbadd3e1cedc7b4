"""In which order Tab goes: as things stand on the page now.

Qt's own chain of focus is not asked: it is spliced whenever rows of a panel or plots of a card are
made anew, and may end up as a ring that leaves half of the page out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget


def stops(*parts: QWidget) -> list[QWidget]:
    """What Tab reaches in these parts, one after another; inside each as its `tab_stops()` say, or
    as its widgets were made."""
    return list(dict.fromkeys(stop for part in parts for stop in _inside(part)))


def _inside(part: QWidget) -> Iterator[QWidget]:
    if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.focusProxy() is None:
        yield part
    own = getattr(part, "tab_stops", None)
    if own is not None:
        yield from own()
        return
    for child in part.children():
        if isinstance(child, QWidget):
            yield from _inside(child)


def go_on(order: Sequence[QWidget], forwards: bool) -> bool:
    """Give the focus to the next stop, or to the one before; False where it is at none of them."""
    now = QApplication.focusWidget()
    while now is not None and now not in order:
        now = None if now.isWindow() else now.parentWidget()
    if now is None:
        return False
    reach = [w for w in order if w is now or (w.isVisible() and w.isEnabled())]
    reach = [w for w in reach if w.window() is now.window()]
    step, why = (1, "TabFocusReason") if forwards else (-1, "BacktabFocusReason")
    reach[(reach.index(now) + step) % len(reach)].setFocus(Qt.FocusReason[why])
    return True
