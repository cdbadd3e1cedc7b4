"""A card that shows a figure: its settings, and the picture that they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QMenu, QWidget

from stiffgui.errors import InputError
from stiffgui.figures import Figure
from stiffgui.figures.picture import Picture
from stiffgui.gui.editors import editor_for
from stiffgui.gui.plots.card import Card
from stiffgui.gui.plots.folding_bar import FoldingBar
from stiffgui.gui.plots.picture_view import PictureView
from stiffgui.gui.theme import Theme
from stiffgui.settings import Spec, specs

PLACE = ("epoch", "layer", "trial")  # settings that the view state decides


class FigureCard(Card):
    """Shows pictures of `settings`, a figure; `figure` is that figure as it is looked at.

    `changed`: the settings are others, so that another picture is wanted.
    """

    changed = Signal()

    def __init__(
        self,
        settings: Figure,
        title: str = "",
        empty: str = "",
        view: PictureView | None = None,
    ) -> None:
        kind = type(settings)
        super().__init__(title or kind.title(), empty or promise(kind))
        self.settings = settings
        self.view = view or PictureView()
        self.view.veil.turned.connect(self._fade)
        self.add(self.view)

    @property
    def picture(self) -> Picture | None:
        """What is shown, with the limits of what was zoomed."""
        return self.view.shown()

    @property
    def plot(self) -> QWidget | None:
        """The first of the plots that are seen."""
        return next((view for view in self.view.views if view.isVisible()), None)

    @property
    def is_stale(self) -> bool:
        """Whether something else than what is asked for is shown, dimmed."""
        return not self.view.veil.isHidden()

    def words(self) -> Sequence[QWidget]:
        """What tells of the picture beside it."""
        return (self.note,)

    def _fade(self, stale: bool) -> None:
        """What stands beside a picture that is dimmed is of that picture, too."""
        for label in self.words():
            label.setEnabled(not stale)

    @property
    def asked(self) -> Figure:
        """The figure whose picture is wanted."""
        return self.settings

    @property
    def figure(self) -> Figure:
        """The figure that draws what is shown, zoom included."""
        limits = [view.view_limits() for view in self.view.views]
        return self.asked.changed(limits=tuple(limits) if any(limits) else ())

    def set(self, **settings: Any) -> None:
        """Change settings."""
        before, self.settings = self.settings, self.settings.changed(**settings)
        if self.settings != before:
            self.changed.emit()

    def place(self, **where: Any) -> None:
        """Take over epoch, layer and trial, those of them that the figure has."""
        known = {k: v for k, v in where.items() if k in type(self.settings).model_fields}
        self.settings = self.settings.changed(**known)

    def show_picture(self, picture: Picture) -> None:
        """Draw a picture."""
        self.fill()
        self.view.show_picture(picture)
        self.say(picture.note or picture.title)

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self.view.set_theme(theme)

    def reset_view(self) -> None:
        """Show everything again."""
        self.view.reset_view()

    # ------------------------------------------------------------------ controls

    def spec(self, name: str) -> Spec:
        """The declaration of a setting."""
        return next(spec for spec in specs(self.settings) if spec.key == name)

    def add_check_box(self, name: str, text: str = "") -> QCheckBox:
        """A box for a setting that is true or false, beside the title."""
        spec = self.spec(name)
        box = QCheckBox(text or spec.title)
        box.setChecked(bool(getattr(self.settings, name)))
        box.setToolTip(spec.help)
        box.setAccessibleName(f"{spec.title} of {self.title}")
        box.toggled.connect(lambda on: self.set(**{name: on}))
        self.add_control(box)
        return box

    def add_choices_menu(self, name: str) -> QMenu:
        """A submenu of the card's menu with a box for each choice of a setting, or a circle where
        it takes one of them."""
        spec = self.spec(name)
        menu = QMenu(spec.title, self.menu)
        menu.setToolTip(spec.help)
        menu.setToolTipsVisible(True)
        group = QActionGroup(menu) if spec.type == "choice" else None
        for choice, text in (spec.choices or {}).items():
            action = menu.addAction(text or choice)
            action.setData(choice)
            action.setCheckable(True)
            if group is not None:
                group.addAction(action)
                action.setChecked(choice == getattr(self.settings, name))
            else:
                action.setChecked(choice in getattr(self.settings, name))
            action.triggered.connect(lambda: self._choose(name, menu))
        self.menu.insertMenu(self.menu.actions()[0], menu)
        return menu

    def _choose(self, name: str, menu: QMenu) -> None:
        chosen = tuple(str(a.data()) for a in menu.actions() if a.isChecked())
        self.set(**{name: chosen[0] if self.spec(name).type == "choice" else chosen})

    def add_editors(self) -> None:
        """A row of editors of every setting but the place, for a figure without own controls."""
        bar, editors = FoldingBar(), list[QWidget]()
        for spec in specs(self.settings):
            if spec.key not in PLACE:
                editors.append(self._editor(spec))
        if editors:
            bar.controls = editors
            bar.set_room(0)  # a line
            self.add(bar, 0)
            self.show_where_wide(bar)

    def _editor(self, spec: Spec) -> QWidget:
        """An editor with its name before it; empty where the figure chooses by itself."""
        both, caption, editor = QWidget(), QLabel(spec.title), editor_for(spec)
        value = getattr(self.settings, spec.key)
        editor.show_value("" if value is None else value)
        editor.edited.connect(lambda value: self._edited(spec, value))
        caption.setBuddy(editor)
        layout = QHBoxLayout(both)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(caption)
        layout.addWidget(editor)
        return both

    def _edited(self, spec: Spec, value: Any) -> None:
        try:
            self.set(**{spec.key: spec.default if value == "" else value})
        except InputError as error:
            self.say(str(error))


def promise(kind: type[Figure]) -> str:
    """What will be seen: the first sentence after the title of the figure's docstring."""
    paragraphs = (kind.__doc__ or "").strip().split("\n\n")
    sentences = " ".join(paragraphs[1].split()) if len(paragraphs) > 1 else ""
    first, more, _ = sentences.partition(". ")
    return f"{first}." if more else first


def offer(chooser: QComboBox, choices: list[tuple[str, Any]]) -> None:
    """Offer texts and what they stand for; a chooser of one is not seen."""
    if [chooser.itemData(k) for k in range(chooser.count())] != [data for _, data in choices]:
        chosen = chooser.currentData()
        chooser.blockSignals(True)
        chooser.clear()
        for text, data in choices:
            chooser.addItem(text, data)
        chooser.setCurrentIndex(max(0, chooser.findData(chosen)))
        chooser.blockSignals(False)
    chooser.setVisible(len(choices) > 1)
