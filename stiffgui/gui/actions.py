"""Every action, declared once: menus, shortcuts, the toolbar and the palette come from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QMenuBar


@dataclass(frozen=True)
class Entry:
    """One action: the menu it stands in, its words, its keys, and what it does."""

    name: str
    menu: str
    text: str
    keys: str
    help: str


TABLE = (
    Entry("open", "&File", "Open…", "Ctrl+O", "Open a run or a settings file"),
    Entry("library", "&File", "Library…", "Ctrl+Shift+O", "Every run of the folder in a table"),
    Entry("save", "&File", "Save settings…", "Ctrl+S", "Save the settings as a TOML file"),
    Entry(
        "import_table",
        "&File",
        "Import table…",
        "Ctrl+I",
        "Learn a table of your own: CSV, Parquet, Excel, NPZ or NetCDF",
    ),
    Entry(
        "export",
        "&File",
        "Export…",
        "Ctrl+E",
        "Export the figure under the pointer, else the large one",
    ),
    Entry(
        "report",
        "&File",
        "Report…",
        "Ctrl+Shift+E",
        "Settings, figures, tables and provenance of what is drawn, as one HTML file or a PDF",
    ),
    Entry("workspace", "&File", "Folder of runs…", "", "Choose the folder that keeps the runs"),
    Entry("quit", "&File", "Quit", "Ctrl+Q", "Close the window"),
    Entry("undo", "&Edit", "Undo", "Ctrl+Z", "Undo the last edit"),
    Entry("redo", "&Edit", "Redo", "Ctrl+Shift+Z", "Redo the edit"),
    Entry("copy_command", "&Edit", "Copy as command", "", "Copy the `stiffgui train` command"),
    Entry(
        "copy_settings",
        "&Edit",
        "Copy settings as text",
        "Ctrl+Shift+C",
        "One short line that pastes back here, or after `stiffgui train` in quotes",
    ),
    Entry("copy_toml", "&Edit", "Copy settings as TOML", "", "Every setting, as in a file"),
    Entry(
        "paste_settings",
        "&Edit",
        "Paste settings",
        "Ctrl+Shift+V",
        "Take settings from the clipboard: a copied line, a command, or TOML",
    ),
    Entry("run", "&Run", "Run", "Ctrl+R", "Train the experiment from the start"),
    Entry("pause", "&Run", "Pause", "Space", "Pause or resume training"),
    Entry("step", "&Run", "Step", "Right", "Train one epoch, then pause"),
    Entry(
        "stop",
        "&Run",
        "Stop",
        "Esc",
        "Stop training; everything is kept. Esc first closes a message",
    ),
    Entry(
        "branch",
        "&Run",
        "Branch from this epoch",
        "Ctrl+B",
        "Train a new run with the present settings, from the network that the timeline shows; "
        "a training that goes on is stopped before, and kept",
    ),
    Entry("layer_back", "&View", "Previous layer", "[", "The layer before the shown one"),
    Entry("layer_on", "&View", "Next layer", "]", "The layer after the shown one"),
    Entry("layer_largest", "&View", "Largest layer", "L", "Where the spectral radius is largest"),
    Entry(
        "epoch_back", "&View", "Stored epoch before", ",", "The stored epoch before the shown one"
    ),
    Entry("epoch_on", "&View", "Stored epoch after", ".", "The stored epoch after the shown one"),
    Entry("epoch_first", "&View", "First stored epoch", "<", "The network as it began"),
    Entry("play", "&View", "Play", "Shift+Space", "Play the stored epochs, or pause"),
    Entry(
        "pin", "&View", "Pin as A", "P", "Compare what is shown from now on with this; or no more"
    ),
    Entry("live", "&View", "Live", "Ctrl+L", "Show the newest epoch"),
    Entry("message", "&View", "Go to the message", "F6", "The newest message; Esc closes it"),
    Entry("layout", "&View", "Default layout", "", "Put every panel back in its place"),
    Entry(
        "presenter",
        "&View",
        "Presenter mode",
        "F11",
        "Text and lines twice as large and no settings panel, for a lecture room; again: as before",
    ),
    Entry("theme_system", "&View", "Theme: as the system", "", "Light or dark as the system is"),
    Entry("theme_light", "&View", "Theme: light", "", "Light colours"),
    Entry("theme_dark", "&View", "Theme: dark", "", "Dark colours"),
    Entry(
        "guide",
        "&Help",
        "Guided experiments",
        "",
        "Three experiments that show what stiffness is, with what to look at",
    ),
    Entry(
        "palette",
        "&Help",
        "Find an action or a setting…",
        "Ctrl+Shift+P",
        "Find every action by its name, go to a setting, or set it: weight 0.01",
    ),
    Entry(
        "explain",
        "&Help",
        "Explain this",
        "F1",
        "What the setting, index or card is that has the focus or is under the pointer",
    ),
    Entry("documentation", "&Help", "Documentation", "", "The pages of the documentation, offline"),
    Entry("shortcuts", "&Help", "Keyboard shortcuts", "?", "Every key, in a list"),
    Entry("log", "&Help", "Open the log folder", "", "Where faults are written down"),
    Entry("about", "&Help", "About stiffgui", "", "Version, licence and source of the method"),
)


def make_actions(window: QMainWindow, do: Callable[[str], object]) -> dict[str, QAction]:
    """The actions of TABLE, with their keys; each calls `do` with its name."""
    made: dict[str, QAction] = {}
    for entry in TABLE:
        action = QAction(entry.text, window)
        action.setToolTip(f"{entry.help} ({entry.keys})" if entry.keys else entry.help)
        if entry.keys:
            action.setShortcut(QKeySequence(entry.keys))
        action.triggered.connect(lambda _=False, name=entry.name: do(name))
        window.addAction(action)
        made[entry.name] = action
    return made


def fill_menus(bar: QMenuBar, actions: dict[str, QAction]) -> dict[str, QMenu]:
    """Put every action into its menu; the menus by their titles."""
    menus: dict[str, QMenu] = {}
    for entry in TABLE:
        if entry.menu not in menus:
            menus[entry.menu] = bar.addMenu(entry.menu)
        menus[entry.menu].addAction(actions[entry.name])
    return menus
