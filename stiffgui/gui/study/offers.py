"""What can be exported of a study: its figures, and its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stiffgui.figures import FIGURES, TABLES, Figure
from stiffgui.figures.study import StudySummary
from stiffgui.gui.export.offers import Offer
from stiffgui.gui.study.plots import StudyCard
from stiffgui.session.sources import StudySource

EVOLUTION = "evolution"  # the summary's upper half, as the window shows it


def named() -> Iterator[tuple[str, str, Figure | None, str]]:
    """Name, title, figure and table of everything that a study offers."""
    yield EVOLUTION, "Evolution", StudySummary(boxes=False), ""
    for name, kind in FIGURES["study"].items():
        yield name, kind.title(), kind(), ""
    for name in TABLES["study"]:
        yield f"{name}-table", f"{name.capitalize()} table", None, name


def titles() -> dict[str, str]:
    """Name -> title of what a study offers."""
    return {name: title for name, title, _, _ in named()}


def offers(path: Path, cards: dict[str, StudyCard], judged: Mapping[str, Any]) -> list[Offer]:
    """What the study in a file offers; `cards` show some of it, by name; `judged` as in
    `OpenStudy`."""
    source, made = StudySource(path, judged), []
    for name, title, shown, table in named():
        card, picture = cards.get(name), None
        if card is not None:
            shown, picture = card.figure, card.picture
        offer = Offer(
            name=name, title=title, source=source, shown=shown, table=table, picture=picture
        )
        made.append(offer)
    return made
