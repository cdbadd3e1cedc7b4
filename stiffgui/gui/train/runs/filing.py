"""What a person does with the files of runs: names, notes, the wastebasket and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from stiffgui.errors import InputError
from stiffgui.gui.train.runs.files import bring_back, renamed, to_wastebasket
from stiffgui.runs.maintenance import set_note
from stiffgui.session.run_entry import RunEntry


class Runs(Protocol):
    """What it needs of the workbench: its runs, and its signals."""

    runs: list[RunEntry]
    running: RunEntry | None
    said: Any
    noted: Any
    filed: Any
    offered: Any
    runs_changed: Any

    def show(self, run: RunEntry) -> None: ...
    def remove(self, run: RunEntry) -> None: ...
    def open_already(self, path: Path) -> RunEntry | None: ...


class Filing:
    """Of the runs of a workbench, which says what went wrong."""

    def __init__(self, bench: Runs) -> None:
        self._bench = bench

    def rename(self, run: RunEntry, name: str) -> None:
        """Rename a run and its file."""
        name = name.strip()
        if not name or name == run.name:
            return
        path = run.path.parent / f"{name}.stiff"
        if run is self._bench.running:
            problem = "it is being written; stop it first"
        elif run.is_matrices:
            problem = "it is that of the file of its matrices"
        elif any(c in name for c in '<>:"|?*\\/\0') or path.name != f"{name}.stiff":
            problem = "the name has characters that files cannot have; use letters and digits"
        elif path.exists():
            problem = f"{path.name} exists already; choose another name"
        else:
            try:
                run.path, run.name = renamed(run.path, path), name
                self._bench.filed.emit(path)
                self._bench.runs_changed.emit()
                return
            except InputError as error:
                problem = str(error).rstrip(".")
            except OSError as error:
                problem = f"{error.strerror}; choose another name"
        self._bench.said.emit(f"{run.name} keeps its name: {problem}.", "")

    def set_note(self, run: RunEntry, text: str) -> None:
        """Keep a note in the run's file."""
        try:
            set_note(run.path, text.strip())
        except InputError as error:
            self._bench.said.emit(str(error), "")
            return
        run.note = text.strip()
        self._bench.runs_changed.emit()

    def throw_away(self, run: RunEntry) -> None:
        """Take a run out of the window and move its file to a wastebasket."""
        if run is self._bench.running:
            self._bench.remove(run)  # says why not
            return
        if run.is_matrices:
            self._bench.remove(run)
            self._bench.noted.emit(
                f"{run.name} is out of the window; the file of its matrices stays."
            )
            return
        place, kept = self._bench.runs.index(run), run.path
        if run.path.exists():
            thrown = self._thrown_away(run.path)
            if thrown is None:
                return
            kept = thrown
        self._bench.remove(run)
        self._bench.offered.emit(
            f"{run.path.name} was moved to the wastebasket {kept.parent}.",
            "Undo",
            lambda: self._take_back(run, place, kept),
        )

    def delete_file(self, path: Path) -> bool:
        """Delete a run file, whether the window shows it or not; whether it is gone."""
        run = self._bench.open_already(path)
        if run is not None:
            self.throw_away(run)
            return not path.exists()
        kept = self._thrown_away(path)
        if kept is None:
            return False
        self._bench.offered.emit(
            f"{path.name} was moved to the wastebasket {kept.parent}.",
            "Undo",
            lambda: bring_back(kept, path),
        )
        return True

    def _thrown_away(self, path: Path) -> Path | None:
        """Where a file is now; None where it stays, which is said."""
        try:
            return to_wastebasket(path)
        except (InputError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error).rstrip(".")
            self._bench.said.emit(f"{path} cannot be deleted: {why}; it stays.", "")
            return None

    def _take_back(self, run: RunEntry, place: int, kept: Path) -> None:
        """Undo `throw_away`: the file from the wastebasket, the run into its row."""
        if run.path.exists():
            self._bench.said.emit(f"{run.path.name} exists again; the old one stays in {kept}.", "")
            return
        try:
            bring_back(kept, run.path)
        except OSError as error:
            self._bench.said.emit(f"{kept} cannot be brought back: {error.strerror}.", "")
            return
        self._bench.runs.insert(min(place, len(self._bench.runs)), run)
        self._bench.show(run)
