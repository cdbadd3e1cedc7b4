"""One editor per type of setting: shows a value without a signal, reports what a person enters.

What cannot be read as the setting's type is reported as the text itself: the model then says
in words what is wrong, and nothing typed is lost.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from stiffgui.gui.keyboard import without_keys
from stiffgui.settings import AUTO, Spec

STEPS_PER_DECADE = 20
SLIDER_RANGE = {"regularizer.weight": (1e-6, 1e1)}


class Editor(QWidget):
    """Base of all editors. `control` takes the focus; `below`, if any, goes under the row.

    `deferred`: typed text counts only on Enter or when the field is left, so that a training
    never sees the 1 of 1e-3.
    """

    edited = Signal(object)

    def __init__(self, spec: Spec, control: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spec = spec
        self.control = control
        self.below: QWidget | None = None
        self.deferred = False
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(control)
        self.setFocusProxy(control)
        control.setAccessibleName(spec.title)
        control.setAccessibleDescription(help_text(spec))
        control.setToolTip(help_text(spec))
        control.setWhatsThis(help_text(spec))

    def show_value(self, value: Any) -> None:
        """Show a value without emitting `edited`."""
        raise NotImplementedError

    def set_invalid(self, invalid: bool) -> None:
        """Let the style sheet outline the field."""
        if bool(self.control.property("invalid")) != invalid:
            self.control.setProperty("invalid", invalid)
            self.control.style().unpolish(self.control)
            self.control.style().polish(self.control)
            self.control.update()


def help_text(spec: Spec) -> str:
    """Help, bounds and unit, and the name that files and `--set` know, in one text."""
    bounds = "" if spec.choices is not None else spec.bounds
    allowed = " ".join(filter(None, (bounds, spec.unit)))
    sentence = f"{allowed[:1].upper()}{allowed[1:]}." if allowed else ""
    return "\n".join(filter(None, (spec.help, sentence, spec.key)))


class _Line(QLineEdit):
    """A line with the unit inside its right end; arrows step. Undo takes back what was typed and
    not entered yet, which is `isModified`; else it is left to the window."""

    KEYS = (
        "In a field",
        {
            "Enter": "take it over and leave the field, if the value is allowed",
            "Esc": "leave it as it was",
            "↑ ↓": "a step, in proportion where the scale is logarithmic",
            "Page Up, Page Down": "ten steps",
        },
    )
    stepped = Signal(int)
    left = Signal()
    _STEPS: ClassVar[dict[int, int]] = {
        Qt.Key.Key_Up: 1,
        Qt.Key.Key_Down: -1,
        Qt.Key.Key_PageUp: 10,
        Qt.Key.Key_PageDown: -10,
    }

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.setMinimumWidth(60)
        self.unit = QLabel(unit, self)
        self.unit.setObjectName("unit")
        self.unit.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.unit.setVisible(bool(unit))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.unit.text():
            wide = self.unit.sizeHint().width()
            self.setTextMargins(0, 0, wide + 2, 0)
            self.unit.setGeometry(self.width() - wide - 7, 0, wide, self.height())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and _is_undo(event):
            event.setAccepted(self.isModified())
            return self.isModified()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keypad = Qt.KeyboardModifier.KeypadModifier  # macOS sets it on arrows
        leaves = event.key() == Qt.Key.Key_Escape
        if leaves or (_is_undo(event) and self.isModified()):
            self.left.emit()
            event.setAccepted(not leaves)  # the window takes the focus back
        elif _is_undo(event):
            event.ignore()
        elif event.key() in self._STEPS and not (event.modifiers() & ~keypad):
            self.stepped.emit(self._STEPS[event.key()])
        else:
            super().keyPressEvent(event)


def _is_undo(event: QEvent) -> bool:
    keys = QKeySequence.StandardKey
    return isinstance(event, QKeyEvent) and (event.matches(keys.Undo) or event.matches(keys.Redo))


class TextEditor(Editor):
    """A line of text."""

    def __init__(self, spec: Spec, parent: QWidget | None = None) -> None:
        self.line = _Line(spec.unit)
        super().__init__(spec, self.line, parent)
        self._shown: Any = None
        self.line.textEdited.connect(self._typed)
        self.line.editingFinished.connect(self._finished)
        self.line.stepped.connect(self._step)
        self.line.left.connect(self._revert)

    def parse(self, text: str) -> Any:
        """The text as the setting's type, or the text itself."""
        return text

    def format(self, value: Any) -> str:
        """How a value is written."""
        return str(value)

    def show_value(self, value: Any) -> None:
        waiting, self._shown = self.line.isModified() and value == self._shown, value
        if waiting or (self.line.text() and self._reads(self.parse(self.line.text())) == value):
            return  # leave what is being typed, in the notation it was typed in
        self.line.setText(self.format(value))
        self.line.setCursorPosition(0)

    def _reads(self, value: Any) -> Any:
        """What a value is read as: where `auto` is allowed, 0 is how 0.25 begins."""
        return AUTO if self.spec.automatic and value == 0 else value

    def _typed(self) -> None:
        if not self.deferred:
            self._finished()

    def _finished(self) -> None:
        if self.line.isModified():
            self.line.setModified(False)
            self.edited.emit(self._reads(self.parse(self.line.text())))

    def _revert(self) -> None:
        """Forget what was being typed."""
        self.line.setModified(False)
        if self._shown is not None:
            self.line.setText(self.format(self._shown))

    def _step(self, steps: int) -> None:
        value = self.parse(self.line.text())
        if isinstance(value, int | float) and math.isfinite(value):
            value = self.stepped(value, steps)
            low, high = self.spec.lower, self.spec.upper
            under = low is not None and (value <= low if self.spec.open_lower else value < low)
            over = high is not None and (value >= high if self.spec.open_upper else value > high)
            if not under and not over:
                self.line.setText(self.format(value))
                self.edited.emit(value)

    def stepped(self, value: float, steps: int) -> float:
        """The value so many steps further."""
        return value + steps


class IntegerEditor(TextEditor):
    """A whole number; 1e4 and 10 000 are understood."""

    def parse(self, text: str) -> Any:
        plain = text.replace(" ", "").replace("\u202f", "").replace("\u00a0", "")
        try:
            return int(plain)
        except ValueError:
            pass
        try:
            number = float(plain)
        except ValueError:
            return text
        return int(number) if number.is_integer() else number


class NumberEditor(TextEditor):
    """A number, with a logarithmic slider below where the setting asks for one."""

    def __init__(self, spec: Spec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self.slider: QSlider | None = None
        low = max(spec.lower or 0.0, 1e-8)
        high = min(10.0 if spec.upper is None else spec.upper, 10.0)
        low, high = SLIDER_RANGE.get(spec.key, (low, high))
        if spec.logarithmic and low < high:
            self.slider = QSlider(Qt.Orientation.Horizontal)
            scroll_past(self.slider)
            ends = (round(math.log10(end) * STEPS_PER_DECADE) for end in (low, high))
            self.slider.setRange(*ends)
            self.slider.setPageStep(STEPS_PER_DECADE)
            self.slider.setAccessibleName(f"{spec.title}, logarithmic slider")
            self.slider.setToolTip(f"{help_text(spec)}\nSlider: {low:g} to {high:g}, logarithmic.")
            self.slider.valueChanged.connect(self._slid)
            self.below = self.slider

    def parse(self, text: str) -> Any:
        try:
            return float(text.replace(" ", ""))
        except ValueError:
            return text

    def format(self, value: Any) -> str:
        if isinstance(value, int | float):
            short = f"{value:g}"
            return short if float(short) == value else repr(value)
        return str(value)

    def show_value(self, value: Any) -> None:
        super().show_value(value)
        if self.slider is not None and isinstance(value, int | float) and math.isfinite(value):
            at = math.log10(value) * STEPS_PER_DECADE if value > 0 else self.slider.minimum()
            with QSignalBlocker(self.slider):
                self.slider.setValue(round(at))

    def stepped(self, value: float, steps: int) -> float:
        if self.spec.logarithmic and value > 0:
            return float(f"{value * 10 ** (steps / 10):.2g}")
        unit = 10.0 ** (math.floor(math.log10(abs(value))) - 1) if value else 0.1
        return float(f"{value + steps * unit:.6g}")

    def _slid(self, at: int) -> None:
        value = float(f"{10 ** (at / STEPS_PER_DECADE):.2g}")
        self.line.setText(self.format(value))
        self.edited.emit(value)


class _OnlyWithFocus(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        turned = event.type() == QEvent.Type.Wheel
        if turned and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


def scroll_past(widget: QWidget) -> None:
    """The wheel changes a value only where the focus is: else it scrolls the panel."""
    widget.installEventFilter(_OnlyWithFocus(widget))


class _Combo(QComboBox):
    def minimumSizeHint(self) -> QSize:
        # Qt's own grows with the chosen text, and the panel would be cut off at its right edge.
        return QSize(80, super().minimumSizeHint().height())


class ChoiceEditor(Editor):
    """One of several names, each explained by its tooltip."""

    def __init__(self, spec: Spec, parent: QWidget | None = None) -> None:
        self.combo = _Combo()
        scroll_past(self.combo)
        super().__init__(spec, self.combo, parent)
        self.combo.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.combo.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.combo.setMinimumContentsLength(6)
        self.combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.combo.view().setTextElideMode(Qt.TextElideMode.ElideNone)
        self.offer(spec.choices or {})
        self.combo.currentIndexChanged.connect(self._chosen)

    def offer(self, choices: Mapping[str, str]) -> None:
        """Let one choose from these; none of them is chosen yet."""
        with QSignalBlocker(self.combo):
            self.combo.clear()
            for name, line in choices.items():
                self.combo.addItem(name or "first", name)
                tip = f"{name}: {line}" if line else name
                self.combo.setItemData(self.combo.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        view = self.combo.view()
        view.setMinimumWidth(view.sizeHintForColumn(0) + 24)

    def show_value(self, value: Any) -> None:
        with QSignalBlocker(self.combo):
            self.combo.setCurrentIndex(self.combo.findData(value))
            self.combo.setPlaceholderText(str(value))
        line = (self.spec.choices or {}).get(value, "")
        chosen = f"{value}: {line}" if line else ""
        self.combo.setToolTip("\n".join(filter(None, (help_text(self.spec), chosen))))

    def _chosen(self, index: int) -> None:
        if index >= 0:
            self.edited.emit(self.combo.itemData(index))


class _Menu(QMenu):
    """A menu that stays open while its boxes are ticked."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self._toggle():
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ticking = event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if not (ticking and self._toggle()):
            super().keyPressEvent(event)

    def _toggle(self) -> bool:
        action = self.activeAction()
        if action is None or not action.isCheckable():
            return False
        action.trigger()
        return True


class ChoicesEditor(Editor):
    """Several of several names: a button saying how many, and a menu of boxes."""

    def __init__(self, spec: Spec, parent: QWidget | None = None) -> None:
        self.button = QToolButton()
        super().__init__(spec, self.button, parent)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.menu = _Menu(self.button)
        self.menu.setToolTipsVisible(True)
        self.actions_by_name: dict[str, QAction] = {}
        for name, line in (spec.choices or {}).items():
            action = self.menu.addAction(without_keys(name))
            action.setCheckable(True)
            action.setToolTip(line or name)
            action.triggered.connect(self._ticked)
            self.actions_by_name[name] = action
        self.button.setMenu(self.menu)

    def show_value(self, value: Any) -> None:
        names = (value,) if isinstance(value, str) else tuple(value)
        for name, action in self.actions_by_name.items():
            action.setChecked(name in names)
        self.button.setText(f"{len(names)} chosen" if names else "none chosen")
        self.button.setToolTip(f"{help_text(self.spec)}\nChosen: {', '.join(names) or 'none'}.")
        self.button.setAccessibleName(f"{self.spec.title}, {self.button.text()}")

    def _ticked(self) -> None:
        self.edited.emit(tuple(n for n, a in self.actions_by_name.items() if a.isChecked()))


class FlagEditor(Editor):
    """Yes or no."""

    def __init__(self, spec: Spec, parent: QWidget | None = None) -> None:
        self.box = QCheckBox()
        super().__init__(spec, self.box, parent)
        self.box.clicked.connect(self.edited.emit)

    def show_value(self, value: Any) -> None:
        self.box.setChecked(bool(value))


EDITORS: dict[str, type[Editor]] = {
    "integer": IntegerEditor,
    "number": NumberEditor,
    "choice": ChoiceEditor,
    "choices": ChoicesEditor,
    "flag": FlagEditor,
    "text": TextEditor,
}


def editor_for(spec: Spec, parent: QWidget | None = None) -> Editor:
    """The editor of a setting."""
    return EDITORS.get(spec.type, TextEditor)(spec, parent)  # type: ignore[arg-type]
