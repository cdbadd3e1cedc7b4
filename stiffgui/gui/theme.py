"""Colours, style sheet and fonts; light and dark follow the system."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import as_file
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QProxyStyle

from stiffgui._resources import resource
from stiffgui.figures import palette

USUAL_SIZE = "usual size"  # of the system's font, in points


@dataclass(frozen=True)
class Theme:
    """The colours of one scheme; those of the series are the same as in files (`palette`).

    `text_scale`: by how much text and symbols are larger than usual, for a lecture room; `lines`:
    a line of width 1 is so many pixels of the screen wide.
    """

    window: str
    card: str
    border: str
    text: str
    faint: str
    accent: str
    on_accent: str
    check: str
    grid: str
    bad: str
    good: str
    disc: str
    series: tuple[str, ...]
    text_scale: float = 1.0
    lines: float = 1.0


LIGHT = Theme(
    window="#f3f4f6",
    card="#ffffff",
    border="#dcdfe5",
    text="#1c2230",
    faint=palette.FAINT,
    accent=palette.ACCENT,
    on_accent="#ffffff",
    check="check-light.svg",
    grid="#e8eaee",
    bad="#b3261e",
    good="#00805a",
    disc="#e3f4ee",
    series=palette.LIGHT,
)
DARK = Theme(
    window="#181b20",
    card="#20242b",
    border="#343a44",
    text="#e8eaee",
    faint="#a4acb9",
    accent="#5aa4ff",
    on_accent="#0c1420",
    check="check-dark.svg",
    grid="#2d323b",
    bad="#ff8a80",
    good="#2fcf9c",
    disc="#1f3833",
    series=palette.DARK,
)


class PlainStyle(QProxyStyle):
    """A style in whose labels, tooltips and questions (labels, all of them) a text is never taken
    for HTML because it looks like it: what is to be HTML says so (`setTextFormat`)."""

    def polish(self, what: Any) -> Any:
        if isinstance(what, QLabel) and what.textFormat() == Qt.TextFormat.AutoText:
            what.setTextFormat(Qt.TextFormat.PlainText)
        return super().polish(what)


def of(palette: QPalette) -> Theme:
    """The theme whose colours a palette has; for items that are drawn by a model."""
    return DARK if palette.color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def apply(
    application: QApplication, choice: str = "system", scale: float = 1.0, pixels: float = 1.0
) -> Theme:
    """Fusion, palette and style sheet; `choice` is system, light or dark. Text and lines are
    `scale` times as large as usual; `pixels` of the screen make one of the window."""
    dark = application.styleHints().colorScheme() == Qt.ColorScheme.Dark
    theme = {"light": LIGHT, "dark": DARK}.get(choice, DARK if dark else LIGHT)
    theme = replace(theme, text_scale=scale, lines=scale * pixels)
    sheet = _sheet(theme)
    if points := _scaled_text(application, scale):
        sheet += f"QWidget {{ font-size: {points:g}pt; }}"
    if application.styleSheet() == sheet:  # Qt would style every widget there is again
        return theme
    if not application.styleSheet():  # Qt styles every widget anew with each of these calls
        application.setStyle(PlainStyle("Fusion"))
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.window,
        QPalette.ColorRole.Base: theme.card,
        QPalette.ColorRole.AlternateBase: theme.window,
        QPalette.ColorRole.Button: theme.card,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.ToolTipBase: theme.card,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.faint,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.Mid: theme.border,
        QPalette.ColorRole.Link: theme.accent,
        QPalette.ColorRole.LinkVisited: theme.accent,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.faint))
    application.setPalette(palette)
    application.setStyleSheet(sheet)
    return theme


def _scaled_text(application: QApplication, scale: float) -> float:
    """Scale the font; its size in points where it is not the system's own. What a style sheet
    colours does not follow the application's font: it has to say the size, too."""
    usual = application.property(USUAL_SIZE)
    if usual is None:
        usual = application.font().pointSizeF()
        application.setProperty(USUAL_SIZE, usual)
    font = application.font()
    if font.pointSizeF() != scale * float(usual):
        font.setPointSizeF(scale * float(usual))
        application.setFont(font)
    return font.pointSizeF() if scale != 1 else 0.0


def _icon(name: str) -> str:
    with as_file(resource("icons", name)) as path:
        return path.as_posix()


def _seen_through(colour: str) -> str:
    seen = QColor(colour)
    return f"rgba({seen.red()}, {seen.green()}, {seen.blue()}, 160)"


def _sheet(t: Theme) -> str:
    return f"""
    QMainWindow, QMainWindow::separator {{ background: {t.window}; }}
    QMainWindow::separator {{ width: 6px; height: 6px; }}
    QToolBar {{ background: {t.window}; border: none; spacing: 6px; padding: 4px 8px; }}
    QToolBar QToolButton {{ border: 1px solid {t.border}; border-radius: 5px;
        background: {t.card}; padding: 4px 10px; color: {t.text}; }}
    QToolBar QToolButton:hover {{ border-color: {t.accent}; }}
    QToolBar QToolButton:disabled {{ color: {t.faint}; background: {t.window}; }}
    QToolBar QToolButton#run {{ background: {t.accent}; color: {t.on_accent};
        border-color: {t.accent}; font-weight: 600; }}
    QToolBar QToolButton#run:disabled {{ background: {t.border}; color: {t.faint};
        border-color: {t.border}; }}
    QToolBar QToolButton#switch {{ border: none; border-bottom: 2px solid transparent;
        border-radius: 0; background: transparent; padding: 5px 12px; color: {t.faint}; }}
    QToolBar QToolButton#switch:hover {{ color: {t.text}; }}
    QToolBar QToolButton#switch:checked {{ color: {t.accent}; font-weight: 600;
        border-bottom-color: {t.accent}; }}
    QToolBar QToolButton:focus {{ border-color: {t.accent}; }}
    QPushButton#live, #quiet {{ border: 1px solid {t.border}; border-radius: 5px;
        background: {t.card}; padding: 3px 12px; color: {t.text}; }}
    QPushButton#live:checked {{ border-color: {t.faint}; font-weight: 600; }}
    QPushButton#live[growing="true"]:checked {{ background: {t.good}; color: {t.on_accent};
        border-color: {t.good}; font-weight: 600; }}
    QPushButton#live:hover, #quiet:hover, QPushButton#live:focus, #quiet:focus {{
        border-color: {t.accent}; }}
    #exercise {{ border: 1px solid {t.border}; border-radius: 5px; background: {t.card};
        padding: 3px 8px; color: {t.text}; text-align: left; }}
    #exercise:hover, #exercise:focus {{ border-color: {t.accent}; }}
    #exercise:checked {{ border-color: {t.accent}; color: {t.accent}; }}
    #see {{ color: {t.accent}; }}
    #quiet:disabled {{ color: {t.faint}; background: {t.window}; border-color: {t.grid}; }}
    QCheckBox::indicator, QTableView::indicator {{ width: 14px; height: 14px;
        border: 1px solid {t.faint}; border-radius: 3px; background: {t.card}; }}
    QCheckBox::indicator:checked, QTableView::indicator:checked {{ background: {t.accent};
        border-color: {t.accent}; image: url("{_icon(t.check)}"); }}
    QCheckBox::indicator:disabled {{ border-color: {t.border}; }}
    QCheckBox:focus {{ color: {t.accent}; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    #card, #explanation {{ background: {t.card}; border: 1px solid {t.border};
        border-radius: 7px; }}
    #explanation {{ margin: 9px 6px 6px 0; }}
    #veil {{ background: {_seen_through(t.card)}; color: {t.text}; font-weight: 600; }}
    #cardTitle {{ font-weight: 600; color: {t.text}; }}
    #cardTitle:disabled, #cardNote:disabled {{ color: {t.border}; }}
    #cardNote, #unit, #share, #panelSubtitle, #note {{ color: {t.faint}; }}
    #toast {{ background: {t.card}; border: 1px solid {t.faint}; border-left: 4px solid {t.accent};
        border-radius: 7px; color: {t.text}; }}
    #toast:focus {{ border-color: {t.accent}; }}
    #toastClose {{ border: none; background: transparent; color: {t.faint}; }}
    #toastClose:hover, #toastClose:focus {{ color: {t.accent}; font-weight: 600; }}
    QLabel[problem="true"], QToolButton[problem="true"] {{ color: {t.bad}; }}
    *[invalid="true"] {{ border: 1px solid {t.bad}; border-radius: 3px; }}
    #importForm QLineEdit {{ border: 1px solid {t.border}; border-radius: 3px; padding: 2px 4px;
        background: {t.card}; }}
    #importForm QLineEdit:focus {{ border-color: {t.accent}; }}
    #importForm QLineEdit[invalid="true"] {{ border-color: {t.bad}; }}
    #liveDot {{ color: {t.good}; }}
    #resetButton, #resetAll, #moreButton, #groupHeader {{ border: none; background: transparent; }}
    #groupHeader {{ font-weight: 600; }}
    QScrollArea, QScrollArea > QWidget > QWidget {{ background: {t.card}; border: none; }}
    QHeaderView {{ background: {t.card}; }}
    QTableView {{ border: none; background: {t.card}; gridline-color: {t.grid}; }}
    QHeaderView::section {{ background: {t.card}; color: {t.faint}; border: none;
        border-bottom: 1px solid {t.border}; padding: 3px; }}
    #runsTable {{ border: 1px solid transparent; border-radius: 5px;
        selection-background-color: {t.grid}; selection-color: {t.text}; }}
    #runsTable:focus {{ border-color: {t.accent}; }}
    #runsTable::item {{ padding: 0 6px; }}
    #runsTable QHeaderView::section {{ padding: 1px 6px 1px 9px; }}
    #runsTable QHeaderView::up-arrow, #runsTable QHeaderView::down-arrow,
    #eigenvalueTable QHeaderView::up-arrow, #eigenvalueTable QHeaderView::down-arrow {{
        image: none; width: 0; height: 0; }}
    QProgressBar {{ border: 1px solid {t.border}; border-radius: 4px; background: {t.window};
        color: {t.text}; text-align: center; margin: 2px 4px; }}
    QProgressBar::chunk {{ background: {t.disc}; border-radius: 3px; }}
    QTabWidget::pane {{ border: none; }}
    QTabBar {{ background: {t.window}; qproperty-drawBase: 0; }}
    QTabBar::tab {{ background: transparent; border: none; border-bottom: 2px solid transparent;
        padding: 5px 12px; color: {t.faint}; }}
    QTabBar::tab:hover, QTabBar::tab:focus {{ color: {t.text}; }}
    QTabBar::tab:selected {{ color: {t.accent}; border-bottom-color: {t.accent}; }}
    QToolButton#quiet::menu-indicator {{ image: none; width: 0; }}
    QSplitter::handle {{ background: {t.window}; }}
    #indexTable QHeaderView::section {{ border: none; padding: 0 3px; }}
    #indexTable QHeaderView {{ background: {t.card}; }}
    #indexTable QTableCornerButton::section {{ background: {t.card}; border: none; }}
    #moreButton {{ color: {t.faint}; font-weight: 600; padding: 0 2px; }}
    #moreButton:hover, #moreButton:focus {{ color: {t.accent}; }}
    QScrollBar:vertical {{ background: transparent; width: 9px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 9px; margin: 0; }}
    QScrollBar::handle {{ background: {t.border}; border-radius: 4px; min-width: 24px;
        min-height: 24px; }}
    QScrollBar::handle:hover {{ background: {t.faint}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QToolBar QToolButton::menu-indicator {{ image: none; width: 0; }}
    QTabBar#pages::tab {{ border: 1px solid {t.border}; border-radius: 5px; background: {t.card};
        color: {t.faint}; padding: 5px 14px; margin-right: 5px; }}
    QTabBar#pages::tab:selected {{ color: {t.accent}; border-color: {t.accent}; }}
    QTabBar#pages::tab:hover, QTabBar#pages:focus::tab:selected {{ color: {t.text};
        border-color: {t.accent}; }}
    QProgressBar#thin {{ border: none; border-radius: 2px; background: {t.grid}; }}
    QProgressBar#thin::chunk {{ border-radius: 2px; background: {t.accent}; }}
    QToolTip, #valueTip {{ background: {t.card}; color: {t.text};
        border: 1px solid {t.border}; }}
    #valueTip {{ padding: 2px 4px; }}
    """
