"""What Run would do with the study on the left, and with the file that is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stiffgui.session.studies import StudyView
from stiffgui.study.declaration import Study


@dataclass(frozen=True)
class Way:
    """Into a new file, or on in the shown one. obstacle: why the shown one cannot go on, if that is
    so; `view` is what it holds, None where none is shown."""

    kind: Literal["new", "goes on", "grows"] = "new"
    obstacle: str = ""
    view: StudyView | None = None

    @property
    def action(self) -> str:
        """What the button is called."""
        return "Grow" if self.kind == "grows" else "Run"

    def tip(self, plain: Callable[[str], str]) -> str:
        """What the button does; `plain` puts keys of settings in words."""
        name = self.view.path.name if self.view is not None else ""
        if self.kind == "grows":
            return f"Let {name} grow (Ctrl+R)"
        tip = "Train the study (Ctrl+R)"
        if self.obstacle:
            return f"{tip} into a new file: {name} cannot grow into it, {plain(self.obstacle)}"
        return f"{tip} once more, into a new file: {name} is finished" if self.again else tip

    @property
    def again(self) -> bool:
        """Whether all that the shown file holds would be trained once more."""
        return self.kind == "new" and self.view is not None and not self.obstacle

    def state(self, view: StudyView, plain: Callable[[str], str]) -> str:
        """How the shown file stands to the study on the left, in words; `plain` as in `tip`."""
        if self.kind == "grows":
            return "which grows: what it has already is not trained again"
        if self.obstacle:
            return (
                f"of other settings than those on the left ({plain(self.obstacle)}): Run makes a "
                f"new file"
            )
        if view.finished:
            return "finished: more trials, variants or epochs let it grow"
        return "not finished: Run goes on with it"


def way_of(study: Study | None, view: StudyView | None, path: Path | None) -> Way:
    """What Run would do with `study` while `view`, of the file `path`, is shown."""
    if study is None or view is None or view.path != path:
        return Way()
    obstacle = view.study.in_the_way(study)
    if obstacle:
        return Way("new", obstacle, view)
    if study.in_the_way(view.study):  # there is more in it than the file holds
        return Way("grows", view=view)
    return Way("new" if view.finished else "goes on", view=view)
