"""What an index, a setting or a card is: beside the page, in the words of its declaration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, partial
from html import escape
from inspect import cleandoc

from PySide6.QtCore import QEvent, QObject, QUrl
from PySide6.QtGui import QCursor, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from stiffgui._resources import resource
from stiffgui.experiment import kinds_of
from stiffgui.gui.palette import Found
from stiffgui.gui.plots.figure_card import FigureCard
from stiffgui.gui.settings.rows import LIVE, SettingRow, quiet_button
from stiffgui.gui.train.cards.index_table import IndexTable
from stiffgui.settings import Settings, Spec, specs
from stiffgui.stiffness import PROXIES, WATCHABLE
from stiffgui.stiffness.indices import OVER

WIDTH = 300


class Explanation(QFrame):
    """A side panel with one explanation; while it is open it follows the focus inside `panel`.
    It stands beside `page` where there is room for both, else over its right end."""

    def __init__(self, panel: QWidget, page: QWidget, around: QWidget) -> None:
        super().__init__(around)
        self._panel, self._page, self._around = panel, page, around
        page.installEventFilter(self)
        self.setObjectName("explanation")
        self.setFixedWidth(WIDTH)
        self.text = QTextBrowser()
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setOpenLinks(False)
        self.text.setAccessibleName("Explanation")
        self.text.anchorClicked.connect(lambda link: self.show_index(QUrl(link).path()))
        self.away = quiet_button("✕", "moreButton")
        self.away.setAccessibleName("Close the explanation")
        self.away.setToolTip("Close the explanation (Esc)")
        self.away.clicked.connect(self.hide)
        head = QHBoxLayout()
        head.addStretch(1)
        head.addWidget(self.away)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 14, 14, 14)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.text)
        self.hide()
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)

    def place(self) -> None:
        """Take room from the page where it has that much."""
        around, layout = self._around, self._around.layout()
        fits = around.width() - self.width() >= self._page.minimumSizeHint().width()
        if layout is not None:
            layout.setContentsMargins(0, 0, self.width() if fits and self.isVisible() else 0, 0)
        top = 0 if fits else self._page.y()
        self.setGeometry(around.width() - self.width(), top, self.width(), around.height() - top)
        self.raise_()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.place()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The page has another size or place."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self.place()
        return super().eventFilter(watched, event)

    def _focus_moved(self, _: QWidget | None, now: QWidget | None) -> None:
        if self.isVisible() and now is not None and self._panel.isAncestorOf(now):
            self.explain(now)

    def explain_first(self, *widgets: QWidget | None) -> None:
        """Explain the first of the widgets that belongs to something."""
        for widget in widgets:
            if self.explain(widget):
                return

    def explain(self, widget: QWidget | None) -> bool:
        """Explain what a widget belongs to; whether there was something to explain."""
        while widget is not None:
            if isinstance(widget, SettingRow):
                return self._show(of_setting(widget.spec, widget.model.value(widget.spec.key)))
            if isinstance(widget, IndexTable):
                return self.show_index(widget.name_at(QCursor.pos()))
            if isinstance(widget, FigureCard):
                return self._show(of_card(widget))
            widget = widget.parentWidget()
        return False

    def show_index(self, name: str) -> bool:
        """Explain an index, or a word of the glossary; whether it is known."""
        if name in glossary():
            return self._show(_page(name, _row("", glossary()[name])))
        return name in WATCHABLE and self._show(of_index(name))

    def look_up(self, words: Sequence[str]) -> list[Found]:
        """The indices and words that a palette finds by these words, to be explained."""
        titles = {name: index.title for name, index in WATCHABLE.items()}
        return [
            Found(f"Explain {title}", name, then=partial(self.show_index, name))
            for name, title in (titles | {term: term for term in glossary()}).items()
            if all(word in f"explain {title} {name}".lower() for word in words)
        ]

    def _show(self, html: str) -> bool:
        self.text.setHtml(html)
        self.show()
        return True


@cache
def glossary() -> dict[str, str]:
    """Term -> what it means: words that no declaration explains, in the documentation's file."""
    entries = resource("glossary.md").read_text("utf-8").split("\n\n")
    parts = (entry.partition("\n: ") for entry in entries)
    return {term.strip(): " ".join(text.split()) for term, _, text in parts}


def of_index(name: str) -> str:
    """Formula, unit, how to read it, source, and how a file names it."""
    index = WATCHABLE[name]
    return _page(
        index.title,
        _row("Formula", index.help),
        _row("Unit", index.unit),
        _row("Of the network", OVER[index.over]),
        _row("How to read it", index.reading),
        _row("Marked", index.flag),
        _row("Source", index.source),
        _docs("As a proxy", PROXIES.get(name)),
        _row("In a file", f'watch.indices = ["{name}"]', code=True),
    )


def of_setting(spec: Spec, value: object) -> str:
    """Help, what is allowed, what the chosen kind is, and the name in a file."""
    return _page(
        spec.title,
        _row("", spec.help),
        _row("Allowed", "" if spec.choices else f"{spec.bounds} {spec.unit}".strip()),
        _row("Usual", f"{spec.default}", code=True),
        _row("In a file, after --set", spec.key, code=True),
        _row("While training", LIVE if spec.live else ""),
        _docs(f"Chosen: {value}", kinds_of(spec.key).get(str(value))),
        _choices(spec),
    )


def of_card(card: FigureCard) -> str:
    """What is seen, and its settings."""
    kind = type(card.settings)
    settings = "".join(
        _row(spec.title, f"{spec.help}") + _choices(spec) for spec in specs(card.settings)
    )
    return _page(kind.title(), _docs("", kind), settings)


def _page(title: str, *parts: str) -> str:
    return f"<h3>{escape(title)}</h3>{''.join(parts)}{_words(title, ' '.join(parts))}"


def _words(title: str, text: str) -> str:
    """The words of the glossary that are used, to be explained, too."""
    used = [
        term
        for term in glossary()
        for word in term.split(", ")
        if term != title and re.search(rf"\b{word}s?\b", text, 0 if word.isupper() else re.I)
    ]
    links = ", ".join(f"<a href='{escape(term)}'>{escape(term)}</a>" for term in used)
    return f"<p><b>Words</b><br>{links}</p>" if links else ""


def _row(name: str, text: str, code: bool = False) -> str:
    if not text:
        return ""
    shown = f"<code>{escape(text)}</code>" if code else escape(f"{text[:1].upper()}{text[1:]}")
    return f"<p><b>{escape(name)}</b><br>{shown}</p>" if name else f"<p>{shown}</p>"


def _docs(name: str, kind: type[Settings] | None) -> str:
    """The docstring of a group; of a card without its title, which stands above."""
    paragraphs = cleandoc(kind.__doc__ or "").split("\n\n") if kind is not None else []
    texts = paragraphs if name else paragraphs[1:]
    return "".join(_row(name if k == 0 else "", text) for k, text in enumerate(texts))


def _choices(spec: Spec) -> str:
    lines: Iterable[tuple[str, str]] = (spec.choices or {}).items()
    items = "".join(f"<li>{_linked(name)}{_what(name, line)}</li>" for name, line in lines)
    return f"<ul style='margin-left: -24px'>{items}</ul>" if items else ""


def _linked(name: str) -> str:
    return f"<a href='{name}'>{escape(name)}</a>" if name in WATCHABLE else f"<b>{escape(name)}</b>"


def _what(name: str, line: str) -> str:
    return f": {escape(line)}" if line and line != name else ""
