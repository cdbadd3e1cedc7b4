"""What the shell asks of a workspace (Train, Study, Lab), and where a workspace finds itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSettings, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from stiffgui.experiment import Experiment
from stiffgui.gui.palette import Found
from stiffgui.gui.theme import Theme


@dataclass(frozen=True)
class Surroundings:
    """What the shell gives to a workspace: the folder of runs, the person's settings, the
    actions of the menus by name. `experiment` gives the settings of the Train panel; None while
    they are not allowed.
    """

    folder: Path
    settings: QSettings
    actions: Mapping[str, QAction]
    experiment: Callable[[], Experiment | None] = lambda: None


class Workspace(QWidget):
    """A page of the window. Closing the widget ends its children and threads.

    Signals: `said(sentence, details, offer)`, shown until it is closed; offer is None, or the text
    of a button and what it does. `noted(sentence)`: plain information, which goes by itself.
    `began`: what was said is over. `changed`: what is enabled or busy may have changed.
    `asked_to_open(path)`: a file that the workspace which knows its kind shall open.
    `filed(path)`: a file that has come to be, and can be opened again.
    """

    said = Signal(str, str, object)
    noted = Signal(str)
    began = Signal()
    changed = Signal()
    asked_to_open = Signal(object)
    filed = Signal(object)

    @property
    def busy(self) -> bool:
        """Whether something is being computed that a closing window would stop."""
        return False

    @property
    def bar(self) -> QWidget | None:
        """What stands right in the toolbar while the workspace is shown."""
        return None

    def calls(self) -> Mapping[str, Callable[[], object]]:
        """What the actions of `actions.TABLE` do here, by name; the others are disabled."""
        return {}

    def enabled(self, name: str) -> bool:
        """Whether an action of `calls` can be used now."""
        return True

    def menus(self) -> list[QMenu]:
        """Menus of its own, seen while the workspace is shown."""
        return []

    def found(self) -> list[QAction]:
        """Actions of its own that the palette finds."""
        menus = [menu.actions() for menu in self.menus()]
        return [a for actions in menus for a in actions if a.text() and not a.isSeparator()]

    def main_view(self) -> QWidget:
        """What has the focus while nothing else needs it: the plot of the main card."""
        return self

    def look_up(self, words: Sequence[str]) -> Sequence[Found]:
        """What the palette finds here beside actions."""
        return ()

    def parts(self) -> Sequence[QWidget]:
        """What Tab goes through, one after another."""
        return [*filter(None, [self.bar]), self]

    def escape(self) -> bool:
        """What Escape does before it stops anything; whether there was something to do."""
        return False

    def start(self) -> None:
        """Spawn children; called once, after the window has been painted."""

    def open_file(self, path: Path) -> None:
        """Open a file of one of the place's `suffixes`; what is wrong with it is said."""

    def set_folder(self, folder: Path) -> None:
        """Keep new runs in another folder."""

    def present(self, on: bool) -> None:
        """In a lecture room only what is looked at is seen; or as before."""

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""


@dataclass(frozen=True)
class Place:
    """A workspace that can be shown: built when it is first needed.

    `kind`: which files of its suffixes it takes (see `ReadKind`), where others know them, too.
    """

    title: str
    make: Callable[[Surroundings], Workspace]
    suffixes: tuple[str, ...] = ()
    kind: str = ""
