"""Size, kind and folder of the last export; what was damaged since is set aside and said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSettings

from stiffgui.errors import InputError
from stiffgui.figures import FIGURE_FORMATS, TABLE_FORMATS, Style, figure_from
from stiffgui.settings import specs

USUAL_KIND = "png"


@dataclass(frozen=True)
class Remembered:
    """What the last export was like, as far as it can be used; `problems` say what cannot."""

    style: Style
    kind: str
    folder: Path | None
    problems: tuple[str, ...]


def remembered(settings: QSettings, usual: Style) -> Remembered:
    """The last export's choices, each by itself: none can keep the others from being used."""
    values, problems = {}, []
    for spec in specs(usual):
        value = settings.value(f"export/{spec.key}")
        if value is None:
            continue
        try:
            values[spec.key] = getattr(figure_from(Style, {spec.key: str(value)}), spec.key)
        except InputError:
            usually = getattr(usual, spec.key)
            now = f"{usually:g} {spec.unit}" if spec.unit else str(usually)
            problems.append(_problem(spec.title.lower(), value, now))
    style = usual.model_copy(update=values)
    return Remembered(
        style, _kind(settings, problems), _folder(settings, problems), tuple(problems)
    )


def _problem(what: str, value: object, now: str) -> str:
    return f"The remembered {what} {str(value)!r:.40} cannot be used: it is {now} now."


def _folder(settings: QSettings, problems: list[str]) -> Path | None:
    value = settings.value("export/folder")
    if value is None:
        return None
    try:
        folder = Path(str(value))
        if folder.is_absolute() and folder.is_dir():
            return folder
    except (OSError, ValueError):
        pass
    problems.append(f"The folder of the last export, {str(value)!r:.60}, is gone.")
    return None


def _kind(settings: QSettings, problems: list[str]) -> str:
    value = settings.value("export/kind", USUAL_KIND)
    if isinstance(value, str) and value in FIGURE_FORMATS | TABLE_FORMATS:
        return value
    problems.append(_problem("file kind", value, FIGURE_FORMATS[USUAL_KIND]))
    return USUAL_KIND


def remember(settings: QSettings, style: Style, usual: Style, kind: str, path: Path) -> None:
    """Keep the choices of an export for the next one; what is usual for its figure is not kept,
    so that other figures keep what is usual for them."""
    settings.setValue("export/folder", str(path.absolute().parent))
    settings.setValue("export/kind", kind)
    for name, value in style.model_dump(exclude={"page"}).items():
        if value == getattr(usual, name):
            settings.remove(f"export/{name}")
        else:
            settings.setValue(f"export/{name}", value)
