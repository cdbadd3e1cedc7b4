"""What an export or a view is drawn of: files and networks, as they cross to a child."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from stiffgui.figures import Drawn, Figure, Style
from stiffgui.figures.script import (
    export_command,
    page_command,
    page_script,
    runs_script,
    study_script,
)
from stiffgui.labs import Page, Result

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class RunFile:
    """A run as the window draws it."""

    path: Path
    colour: int
    name: str
    edition: int = 0  # of what is in the file, so that looks at two of them differ
    named: Path | None = None  # after which exports are named, where it is another
    given: tuple[str, ...] = ()  # see `ForeignNetwork`


@dataclass(frozen=True)
class RunSource:
    """Run files, the shown one last; `network` (epoch, parameters) is its newest, if that is
    what is seen."""

    files: tuple[RunFile, ...]
    network: tuple[int, Arrays] | None = field(default=None, compare=False)

    @property
    def path(self) -> Path:
        """The file of the shown run."""
        return self.files[-1].path

    @property
    def named(self) -> Path:
        """The file after which an export is named."""
        return self.files[-1].named or self.path

    @property
    def words(self) -> list[str]:
        """The files as a command takes them."""
        if len(self.files) == 1 and self.files[0].given:
            return [*self.files[0].given]
        return [f.given[0] if len(f.given) == 1 else str(f.path) for f in self.files]

    @contextmanager
    def opened(self) -> Iterator[Sequence[Drawn]]:
        """What a figure draws. Raises InputError where a file cannot be read."""
        from stiffgui.runs import open_run

        with ExitStack() as stack:
            runs = [stack.enter_context(open_run(file.path)) for file in self.files]
            drawn = [
                Drawn(run, file.colour, file.name)
                for run, file in zip(runs, self.files, strict=True)
            ]
            last = drawn[-1]
            yield [*drawn[:-1], Drawn(last.run, last.colour, last.name, network=self.network)]

    def script(self, shown: Figure, style: Style) -> str:
        """A Python script that draws a figure of it."""
        files = self._drawn(shown).files
        return runs_script([(f.path.resolve(), f.colour) for f in files], shown, style)

    def command(self, shown: Figure, style: Style, out: Path, replace: bool) -> str:
        """The command that writes a figure of it."""
        drawn = self._drawn(shown)
        colours = [file.colour for file in drawn.files]
        return export_command(drawn.words, shown, style, out, colours=colours, replace=replace)

    def _drawn(self, shown: Figure) -> RunSource:
        """Those of its files that the figure shows."""
        return replace(self, files=self.files[-1:]) if shown.one_run else self


@dataclass(frozen=True)
class StudySource:
    """A study file; `judged` as in `OpenStudy`."""

    path: Path
    judged: Mapping[str, Any] = field(default_factory=dict)

    @property
    def named(self) -> Path:
        """The file after which an export is named."""
        return self.path

    @property
    def words(self) -> list[str]:
        """The file as a command takes it."""
        return [str(self.path)]

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """The study. Raises InputError where the file cannot be read."""
        from stiffgui.study import open_study

        with open_study(self.path) as results:
            results.judge(**self.judged)
            yield results

    def script(self, shown: Figure, style: Style) -> str:
        """A Python script that draws a figure of it."""
        return study_script(self.path.resolve(), shown, style)

    def command(self, shown: Figure, style: Style, out: Path, replace: bool) -> str:
        """The command that writes a figure of it."""
        return export_command(self.words, shown, style, out, replace=replace)


@dataclass(frozen=True)
class PageSource:
    """A page of the laboratory with its result."""

    page: Page
    result: Result = field(compare=False)

    @property
    def named(self) -> Path:
        """After which an export is named."""
        return Path.home() / self.page.name()

    @contextmanager
    def opened(self) -> Iterator[Result]:
        """The result."""
        yield self.result

    def script(self, shown: Figure, style: Style) -> str:
        """A Python script that computes the page and draws its figure."""
        return page_script(self.page, shown, style)

    def command(self, shown: Figure, style: Style, out: Path, replace: bool) -> str:
        """The command that computes the page and writes its figure."""
        return page_command(self.page, shown, style, out, replace=replace)


Source = RunSource | StudySource | PageSource
