"""Size, kind and folder of the last export; what was damaged since is set aside and said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSettings

from stiffgui.errors import InputError
from stiffgui.figures import Style, figure_from
from stiffgui.settings import fields_of


@dataclass(frozen=True)
class Remembered:
    """What the last export was like, as far as it can be used; `problems` say what cannot."""

    style: Style
    kind: str
    folder: Path | None
    problems: tuple[str, ...]


def remembered(settings: QSettings) -> Remembered:
    """The last export's choices, each by itself: none can keep the others from being used."""
    values, problems = {}, []
    for name, field in fields_of(Style).items():
        kept = settings.value(f"export/{name}")
        if kept is None:
            continue
        try:
            values[name] = getattr(figure_from(Style, {name: str(kept)}), name)
        except InputError:
            title = str(field.title).lower()
            problems.append(f"The remembered {title} {str(kept)!r:.40} cannot be used.")
    folder = _folder(settings, problems)
    return Remembered(Style(**values), _kind(settings), folder, tuple(problems))


def _folder(settings: QSettings, problems: list[str]) -> Path | None:
    kept = settings.value("export/folder")
    if kept is None:
        return None
    try:
        if Path(str(kept)).is_dir():
            return Path(str(kept))
    except (OSError, ValueError):
        pass
    problems.append(f"The folder of the last export, {str(kept)!r:.80}, is gone.")
    return None


def _kind(settings: QSettings) -> str:
    return str(settings.value("export/kind", "png"))


def remember(settings: QSettings, style: Style, kind: str, path: Path) -> None:
    """Keep the choices of an export for the next one."""
    settings.setValue("export/folder", str(path.absolute().parent))
    settings.setValue("export/kind", kind)
    for name in fields_of(Style):
        settings.setValue(f"export/{name}", getattr(style, name))
