"""The laboratory's child process: it computes pages, the newest request first, and exports them."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stiffgui.child import send
from stiffgui.errors import InputError
from stiffgui.session.messages import Exported, Failed, Ready

if TYPE_CHECKING:
    from stiffgui.labs import Page, Result


@dataclass(frozen=True)
class Compute:
    """Compute the page of that name; it replaces whatever was being computed."""

    number: int
    page: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Cancel:
    """Stop what is being computed; the last result stays."""


@dataclass(frozen=True)
class ExportPage:
    """Write the picture of a page to a file; without a path its content comes back instead."""

    number: int
    page: str
    settings: dict[str, Any]
    path: str
    kind: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Computed:
    """A result of request `number`, on the way (its progress below 1) or complete."""

    number: int
    result: Result


def lab_main(connection: Connection) -> None:
    """Answer requests until the pipe closes. Between two results of a page, messages are read."""
    import torch

    torch.set_num_threads(1)
    send(connection, Ready())
    laboratory = Laboratory()
    try:
        while True:
            while not laboratory.waiting and (not laboratory.computing or connection.poll()):
                laboratory.take(connection.recv())
            answer = laboratory.work()
            if answer is not None and not send(connection, answer):
                return
    except (EOFError, OSError):
        return


class Laboratory:
    """What the child does, apart from its pipe."""

    def __init__(self) -> None:
        self.waiting: list[ExportPage] = []
        self._running: tuple[int, Page, Iterator[Result]] | None = None
        self._last: tuple[Page, Result] | None = None

    @property
    def computing(self) -> bool:
        """Whether a page is being computed."""
        return self._running is not None

    def take(self, message: Any) -> None:
        """A request: computing starts anew or ends, exports wait for their turn."""
        if isinstance(message, ExportPage):
            self.waiting.append(message)
        elif isinstance(message, Compute):
            from stiffgui.labs import page

            chosen = page(message.page).with_settings(message.settings)
            self._running = message.number, chosen, chosen.results()
        else:
            self._running = None

    def work(self) -> Computed | Exported | Failed | None:
        """One export, or one more result of the page."""
        if self.waiting:
            return self._export(self.waiting.pop(0))
        if self._running is None:
            return None
        number, chosen, results = self._running
        try:
            result = next(results, None)
        except InputError as error:
            self._running = None
            return Failed(str(error), number=number)
        except Exception as error:  # the window must hear of it
            self._running = None
            return Failed(f"this page failed: {error}.", traceback.format_exc(), number)
        if result is None:
            self._running = None
            return None
        self._last = chosen, result
        return Computed(number, result)

    def _export(self, request: ExportPage) -> Exported | Failed:
        import tempfile

        try:
            if request.path:
                self._write(request, Path(request.path))
                return Exported(request.number, request.path)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / f"page.{request.kind}"
                self._write(request, path)
                return Exported(request.number, "", path.read_bytes())
        except InputError as error:
            return Failed(str(error), number=request.number)
        except Exception as error:
            return Failed(
                f"this export failed: {error}.", traceback.format_exc(), number=request.number
            )

    def _write(self, request: ExportPage, path: Path) -> None:
        from stiffgui.figures import Options
        from stiffgui.figures.lab import export_lab
        from stiffgui.labs import page

        chosen = page(request.page).with_settings(request.settings)
        if self._last is None or self._last[0] != chosen:
            self._last = chosen, chosen.last()
        options = Options(**request.options)
        export_lab(chosen, self._last[1], path, request.kind, options, replace=True)
