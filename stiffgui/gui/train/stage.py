"""Where cards stand: one large in the middle, the others in a column beside it, panels around."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QEvent, QSettings, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar, QTabWidget, QVBoxLayout, QWidget

from stiffgui.gui.plots.card import Card
from stiffgui.gui.theme import Theme

GRIP_HEIGHT = 9
USUAL_WIDTH, COLUMN_WIDTH, PANEL_WIDTH = 1280, 312, 342  # pixels at first
WIDER, MOST_WIDE = 1.7, 0.36  # the column in a lecture room; of the page
PANEL_SHARE = 0.28  # of the page, which the panel on the left takes at most
LEAST_HEIGHT = 155  # pixels that a small card needs to be read, with its grip, in usual text
TABS_HEIGHT = 36  # pixels, of a bar of tabs in usual text
MARGIN, ROOM = 6, 220  # pixels around cards; of height, for one that is to be looked at
LAYOUT_VERSION = 3  # raised with every new place: an older layout does not know it
Area = Qt.DockWidgetArea


@dataclass(frozen=True)
class _Before:
    """The large card, docks that were hidden since, and the sizes of all that were seen."""

    large: Card
    docks: Sequence[QDockWidget]
    sizes: Mapping[QDockWidget, QSize]


class Stage(QMainWindow):
    """A main window used as a widget: a card can change places with the large one, cover the
    page until Escape, or float with a frame.

    `docks`: the dock in which each card or panel stands, by its title; the large one has none.
    Emits `arranged` when cards have changed their places.
    """

    arranged = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setAnimated(False)  # what is seen is known at once
        self.setTabPosition(Area.RightDockWidgetArea, QTabWidget.TabPosition.North)
        self.docks: dict[str, QDockWidget] = {}
        self._areas: dict[str, Area] = {}  # where each dock stands at first
        self.large: Card
        self.places: list[QAction] = []  # what the palette finds of the cards' menus
        self._cards: dict[str, Card] = {}
        self._column: list[QDockWidget] = []
        self._rows = 0  # of the column, 0 until it is known
        self._text_scale = 1.0
        self._widths = _usual_widths()  # as they should be, where there is room
        self._was_shown = False
        self._beside: QDockWidget | None = None  # asked for last
        self.is_restored = False  # as it was when the window was closed
        self._before: _Before | None = None  # a card was spread over the page
        self._unpresented: _Before | None = None  # before a lecture

    # ------------------------------------------------------------------ building

    def set_cards(self, large: Card, column: Sequence[Card], on_demand: Sequence[Card]) -> None:
        """Place cards; those on demand share the last place of the column, once they are shown."""
        self.large = large
        middle = QWidget()
        self._middle = QVBoxLayout(middle)
        self._middle.addWidget(large)
        self._keep_margins()
        self.arranged.connect(self._keep_margins, Qt.ConnectionType.QueuedConnection)
        self.setCentralWidget(middle)
        for card in (large, *column, *on_demand):
            self._cards[card.title] = card
            self._add_actions(card)
        large.set_large(True)
        for card in (*column, *on_demand):
            card.set_large(False)
            self.add_dock(card.title, card, Area.RightDockWidgetArea)
        self._column = [self.docks[card.title] for card in column]
        for card in on_demand:
            dock = self.docks[card.title]
            self.tabifyDockWidget(self._column[-1], dock)
            dock.hide()
            dock.toggleViewAction().triggered.connect(
                lambda shown, dock=dock: dock.raise_() if shown else None
            )
        self.size_docks()

    def add_dock(self, name: str, widget: QWidget, area: Area) -> None:
        """A dock for a card or a panel."""
        dock, grip, holder = QDockWidget(name, self), _Grip(), QWidget()
        dock.setObjectName(name)
        dock.setTitleBarWidget(grip)  # the cards have titles of their own
        dock.topLevelChanged.connect(lambda _: _frame(dock, grip))
        # Once it has its place: only then it is known what is seen.
        dock.visibilityChanged.connect(self.arranged, Qt.ConnectionType.QueuedConnection)
        dock.toggleViewAction().setToolTip(f"Show or hide {name}")
        layout = QVBoxLayout(holder)
        left, right = int(area != Area.RightDockWidgetArea), int(area != Area.LeftDockWidgetArea)
        bottom = int(area == Area.BottomDockWidgetArea)
        layout.setContentsMargins(MARGIN * left, 0, MARGIN * right, MARGIN * bottom)
        layout.addWidget(widget)
        dock.setWidget(holder)
        self.addDockWidget(area, dock)
        self.docks[name], self._areas[name] = dock, area

    def _add_actions(self, card: Card) -> None:
        """Where the card may go: in its menu, its title bar and the palette."""
        entries = (
            ("in the middle", "Let it change places with the large card", self.enlarge),
            ("over the page", "Alone until Esc; or a double click on its title", self.maximise),
            ("in a window", "Let it float in a window of its own", self.let_float),
        )
        first = card.menu.actions()[0]
        for where, tip, call in entries:
            action = QAction(f"{card.title} {where}", card)
            action.setToolTip(tip)
            action.triggered.connect(lambda _=False, call=call: call(card))
            card.menu.insertAction(first, action)
            self.places.append(action)
        card.menu.insertSeparator(first)
        card.title_double_clicked.connect(lambda: self.maximise(card))
        card.enlarge_asked.connect(lambda: self.enlarge(card))

    def _keep_margins(self) -> None:
        """The large card is level with the docks beside it, or with those that would be there."""
        there = {self.dockWidgetArea(dock) for dock in self.docks.values() if dock.isVisible()}
        left, right = Area.LeftDockWidgetArea in there, Area.RightDockWidgetArea in there
        self._middle.setContentsMargins(
            0 if left else MARGIN, GRIP_HEIGHT, 0 if right else MARGIN, 0
        )

    # -------------------------------------------------------------------- places

    def enlarge(self, card: Card) -> None:
        """Let a card change places with the large one."""
        if card is self.large:
            return
        dock, other = self.docks.pop(card.title), self.large
        self.docks[other.title], self.large = dock, card
        self._middle.addWidget(card)
        _put(other, dock)
        for each in (card, other):
            each.set_large(each is card)
        dock.show()
        self.arranged.emit()

    def show_beside(self, card: Card) -> None:
        """Show a card beside the large one, in front of those that share its place."""
        if card is not self.large:
            dock = self._beside = self.docks[card.title]
            dock.show()
            dock.raise_()
            self.resizeDocks([dock], [ROOM], Qt.Orientation.Vertical)

    def maximise(self, card: Card) -> None:
        """Spread a card over the page, the timeline below it; once more, or `restore`: back."""
        if self.restore():
            return
        bottom, large = Area.BottomDockWidgetArea, self.large
        self.enlarge(card)
        self._before = self._put_away(
            [d for d in self.docks.values() if self.dockWidgetArea(d) != bottom], large
        )

    def restore(self) -> bool:
        """Undo `maximise`; whether there was something to undo."""
        if self._before is None:
            return False
        before, self._before = self._before, None
        self._bring_back(before)
        return True

    def let_float(self, card: Card) -> None:
        """Let a card float; where it is the large one, another takes its place."""
        self.restore()
        if card is self.large:
            shown = (dock for dock in self._column if not dock.isFloating())
            other = next(shown, self._column[0])
            self.enlarge(next(c for c in self._cards.values() if self.docks.get(c.title) is other))
        self.docks[card.title].show()
        self.docks[card.title].setFloating(True)

    def set_theme(self, theme: Theme) -> None:
        """Larger text, fewer rows."""
        self._text_scale = theme.text_scale
        QTimer.singleShot(0, self, self._stack)

    def present(self, on: bool) -> None:
        """The panel on the left away, and the column wider; or as before."""
        self.restore()
        if on:
            left, large = Area.LeftDockWidgetArea, self.large
            self._unpresented = self._put_away(
                [d for d in self.docks.values() if self.dockWidgetArea(d) == left], large
            )
            width = min(WIDER * COLUMN_WIDTH, MOST_WIDE * self.width())
            self._resize({self._column[0]: QSize(int(width), 0)})
        elif self._unpresented is not None:
            self._bring_back(self._unpresented)
            self._unpresented = None

    def _put_away(self, docks: Sequence[QDockWidget], large: Card) -> _Before:
        """Hide docks until they are brought back; `large` was the large card."""
        docks = [dock for dock in docks if not (dock.isFloating() or dock.isHidden())]
        fixed = [dock for dock in self.docks.values() if not dock.isFloating()]
        seen = {d: self._with_tabs(d) for d in fixed if not d.visibleRegion().isEmpty()}
        before = _Before(large, docks, seen)
        for dock in docks:
            dock.hide()
        return before

    def _with_tabs(self, dock: QDockWidget) -> QSize:
        """The size of its place, which `resizeDocks` sets: with the bar of tabs, if it has one."""
        bars = [
            bar
            for bar in self.tab_bars()
            if dock.windowTitle() in map(bar.tabText, range(bar.count()))
        ]
        return dock.size() + QSize(0, sum(bar.height() for bar in bars))

    def _bring_back(self, before: _Before) -> None:
        """As it was. (A stored state of the whole window would leave its bars of tabs behind.)"""
        self.enlarge(before.large)
        for dock in before.docks:
            dock.show()
        for dock in before.sizes:
            dock.raise_()
        self._resize(before.sizes)

    def _resize(self, sizes: Mapping[QDockWidget, QSize]) -> None:
        """Now, and once more when the column has as many rows as it can; a height of 0 stays."""
        docks = [dock for dock in sizes if dock.isVisible()]
        high = [dock for dock in docks if sizes[dock].height()]
        widths, heights = [sizes[d].width() for d in docks], [sizes[d].height() for d in high]

        def resize() -> None:
            self.resizeDocks(docks, widths, Qt.Orientation.Horizontal)
            self.resizeDocks(high, heights, Qt.Orientation.Vertical)

        resize()
        QTimer.singleShot(0, self, resize)

    # -------------------------------------------------------------------- layout

    def size_docks(self) -> None:
        """The usual widths, as far as the page has room for them."""
        self._widths = _usual_widths()
        sides = [self.docks[name] for name in ("Experiment",) if name in self.docks]
        widths = [PANEL_WIDTH] * len(sides)
        docks = [*sides, *self._column[:1]]
        self.resizeDocks(docks, [*widths, COLUMN_WIDTH], Qt.Orientation.Horizontal)
        count = len(self._column)
        self.resizeDocks(self._column, [100] * count, Qt.Orientation.Vertical)
        if self._was_shown:
            self._keep_widths(self.width() / USUAL_WIDTH)

    def default_layout(self) -> None:
        """Put every card and panel back in its place."""
        self.restore()
        self._place({dock.objectName(): dock.objectName() for dock in self.docks.values()})
        for name, dock in self.docks.items():
            dock.setFloating(False)
            dock.setVisible(dock in self._column or name not in self._cards)
            self.addDockWidget(self._areas[name], dock)
        self._rows = 0
        self._stack()
        self.size_docks()

    def save_layout(self, settings: QSettings) -> None:
        """Remember it for the next start."""
        self.restore()
        self.present(False)
        settings.setValue("train/docks", self.saveState(LAYOUT_VERSION))
        titles = [f"{dock.objectName()}={title}" for title, dock in self.docks.items()]
        settings.setValue("train/places", titles)

    def restore_layout(self, settings: QSettings) -> None:
        """As it was when the window was closed."""
        titles, state = settings.value("train/places"), settings.value("train/docks")
        if isinstance(titles, list) and isinstance(state, QByteArray):
            self._place({name: t for name, _, t in (str(each).partition("=") for each in titles)})
            self.is_restored = self.restoreState(state, LAYOUT_VERSION)

    def _place(self, titles: dict[str, str]) -> None:
        """Cards into the docks of these names; the one that is left is the large one."""
        docks = {dock.objectName(): dock for dock in self.docks.values()}
        known = {docks[name]: t for name, t in titles.items() if name in docks}
        left = [title for title in self._cards if title not in known.values()]
        if len(left) != 1 or len({*known.values()}) != len(docks):
            return  # of another set of cards
        self.docks = {title: dock for dock, title in known.items()}
        for dock, title in known.items():
            if title in self._cards:
                _put(self._cards[title], dock)
        self.large = self._cards[left[0]]
        self._middle.addWidget(self.large)
        for card in self._cards.values():
            card.set_large(card is self.large)
        self.arranged.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A lower window, fewer rows; a wider one, a wider column."""
        super().resizeEvent(event)
        old, new = event.oldSize().width(), event.size().width()
        if self.isVisible() and self._column and min(old, new) > 0 and old != new:
            self._keep_widths(new / old)
        QTimer.singleShot(0, self, self._stack)

    def _sides(self) -> list[QDockWidget]:
        """The panel on the left, and one of the column, where they are seen."""
        column = (dock for dock in self._column if not dock.isFloating() and dock.isVisible())
        sides = [self.docks.get("Experiment"), next(column, None)]
        return [dock for dock in sides if dock is not None and dock.isVisible()]

    def _see_widths(self) -> None:
        """Somebody has chosen them."""
        if self._before is None and self._unpresented is None:
            self._widths |= {self.dockWidgetArea(d): float(d.width()) for d in self._sides()}

    def _keep_widths(self, factor: float) -> None:
        """The column keeps its share of the width and the panel its width, of a narrow page at
        most `PANEL_SHARE`, whatever smaller windows made of them meanwhile."""
        self._widths[Area.RightDockWidgetArea] *= factor
        if self._before is None and self._unpresented is None:
            docks, most = self._sides(), {Area.LeftDockWidgetArea: int(PANEL_SHARE * self.width())}
            areas = [self.dockWidgetArea(dock) for dock in docks]
            widths = [min(round(self._widths[a]), most.get(a, self.width())) for a in areas]
            self.resizeDocks(docks, widths, Qt.Orientation.Horizontal)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self._shown)

    def _shown(self) -> None:
        """Now it is known how wide it is, and what is seen of it."""
        if not self.isVisible():  # another place is, meanwhile
            return
        self._keep_margins()
        self._stack()  # it may have been hidden since it got its size
        if self._was_shown:
            return
        self._was_shown = True
        if self.is_restored:
            QTimer.singleShot(0, self, self._see_widths)
        else:
            self._keep_widths(self.width() / USUAL_WIDTH)

    def event(self, event: QEvent) -> bool:
        """What separates docks was dragged, maybe."""
        if event.type() == QEvent.Type.MouseButtonRelease:
            QTimer.singleShot(0, self, self._see_widths)
        return super().event(event)

    def _stack(self) -> None:
        """As many rows in the column as can be read; the cards of a row stand behind tabs."""
        column = [
            d for d in self._column if not d.isFloating() and d.toggleViewAction().isChecked()
        ]
        if self._before is not None or not column or not self.isVisible():
            return
        least = int(self._text_scale * LEAST_HEIGHT)
        rows = max(1, min(len(column), self.centralWidget().height() // least))
        if rows == self._rows:
            return
        self._rows = rows
        for bar in self._tab_bars():
            bar.hide()  # Qt leaves some behind, and shows those that are needed
        raised: list[QDockWidget] = []
        for number, dock in enumerate(column):
            row = rows - 1 - (len(column) - 1 - number) * rows // len(column)
            if row == len(raised):
                self.addDockWidget(Area.RightDockWidgetArea, dock)
                raised.append(dock)
            else:
                self.tabifyDockWidget(raised[row], dock)
        for dock in self.docks.values():
            beside = self.dockWidgetArea(dock) == Area.RightDockWidgetArea and not dock.isFloating()
            if beside and dock not in self._column:
                self.tabifyDockWidget(column[-1], dock)
        for dock in (*raised, *([self._beside] if self._beside is not None else ())):
            dock.raise_()
        alone = [len(self.tabifiedDockWidgets(dock)) == 0 for dock in raised]
        tabs = int(self._text_scale * TABS_HEIGHT)
        each = (self.centralWidget().height() - tabs * alone.count(False)) // rows
        heights = [each if one else each + tabs for one in alone]
        self.resizeDocks(raised, heights, Qt.Orientation.Vertical)
        self.arranged.emit()

    def tab_bars(self) -> list[QTabBar]:
        """Of the places that several cards share."""
        bars = self._tab_bars()
        for bar in bars:
            several = bar.count() > 1  # Qt keeps a bar of one tab, which nobody sees
            focus = Qt.FocusPolicy.StrongFocus if several else Qt.FocusPolicy.NoFocus
            bar.setFocusPolicy(focus)
            bar.setAccessibleName("Cards of this place")
            bar.setToolTip("Which of the cards is shown; a higher window shows more of them")
        return [bar for bar in bars if bar.count() > 1]

    def _tab_bars(self) -> list[QTabBar]:
        return self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)


def _usual_widths() -> dict[Area, float]:
    return {Area.LeftDockWidgetArea: PANEL_WIDTH, Area.RightDockWidgetArea: COLUMN_WIDTH}


def _put(card: Card, dock: QDockWidget) -> None:
    layout = dock.widget().layout()
    assert layout is not None
    layout.addWidget(card)
    dock.setWindowTitle(card.title)
    dock.toggleViewAction().setToolTip(f"Show or hide {card.title}")


def _frame(dock: QDockWidget, grip: QWidget, patience: int = 20) -> None:
    """A floating card has a frame with buttons; not while it is being dragged, at most so many
    fifths of a second: a button that was let go elsewhere is not heard of."""
    if dock.isFloating() and QGuiApplication.mouseButtons() and patience:
        QTimer.singleShot(200, dock, lambda: _frame(dock, grip, patience - 1))
    else:
        dock.setTitleBarWidget(None if dock.isFloating() else grip)  # type: ignore[arg-type]


class _Grip(QWidget):
    """A thin bar by which a panel is moved, or let float by a double click."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(GRIP_HEIGHT)
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        self.setToolTip("Drag to move this panel; double-click to let it float")

    def sizeHint(self) -> QSize:
        return QSize(60, GRIP_HEIGHT)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        colour = self.palette().color(QPalette.ColorRole.PlaceholderText)
        for dot in range(-2, 3):
            painter.fillRect(self.width() // 2 + 6 * dot, self.height() // 2 - 1, 2, 2, colour)
