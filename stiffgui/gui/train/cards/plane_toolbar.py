"""The slim toolbar of the plane: what is drawn, how it moves, and what it is compared with."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QPushButton, QWidget

from stiffgui.figures.comparison import Comparison
from stiffgui.figures.plane import B
from stiffgui.figures.spectrum import Spectrum
from stiffgui.gui.plots.axes import grouped
from stiffgui.gui.plots.folding_bar import FoldingBar
from stiffgui.settings import Spec, specs

# The last one is chosen at first: the plane has all the room.
PAGES = (
    ("indices", "Exact indices next to the proxies of the spectral radius, or of A and of B"),
    ("eigenvalues", "Every one, in a table that can be sorted and copied"),
    ("time scales", "Histogram of 1/|Re λ|"),
    ("no table", "The plane alone"),
)
OF_ONE = (1, 2)  # pages on one network alone
FRAMES = {
    "lock": ("lock", "Axes stay as they are while this run is shown"),
    "points": ("fit points", "Axes show the eigenvalues of every layer, whatever they are"),
    "region": ("fit region", "Axes show the whole stability region, and the eigenvalues"),
}
ONE_LAYER = "Contours are drawn of one layer: leave all layers, or unpin A, to see them"
OF_A_AND_B = "While A is pinned, colours are those of A and B, of one layer each"
NO_PLANE = "A difference is of layers and samples: another layout shows the plane"
STILL = (
    "What is drawn now stands still: moving is one layer without contours, or A | B in one plane"
)
PIN, UNPIN = "Pin as A", "Unpin A"
PACES = (0, 10, 30, 100, 300, 1000)  # epochs a second; 0: as it trains


class PlaneToolbar(FoldingBar):
    """Emits `setting_chosen(name, value)` for a setting of the figure, `frame_chosen`,
    `trails_toggled`, `page_chosen(place in PAGES)`, `pin_toggled` and `layout_chosen`."""

    setting_chosen = Signal(str, object)
    frame_chosen = Signal()
    trails_toggled = Signal()
    page_chosen = Signal(int)
    pin_toggled = Signal(bool)
    layout_chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        own = {spec.key: spec for spec in specs(Spectrum())}
        self.region, self.colour, self.axes = QComboBox(), QComboBox(), QComboBox()
        self.all_layers, self.contours = QCheckBox("&all layers"), QCheckBox("&contours")
        self.frame, self.below, self.pace = QComboBox(), QComboBox(), QComboBox()
        self.trails = QCheckBox("&trails")
        self.pin, self.layout_ = QPushButton(PIN), QComboBox(self)
        self._make_choosers(own)
        self._make_frame()
        self._make_motion()
        self._make_comparison()
        choosers = (self.region, self.colour, self.axes, self.frame, self.pin, self.layout_)
        checks = (self.all_layers, self.contours, self.trails, self.pace, self.below)
        self.controls, self.absent = (*choosers, *checks), {self.layout_}
        self._tips = {widget: widget.toolTip() for widget in self.controls}
        self._ticked = {w: w.isChecked() for w in self.controls if isinstance(w, QCheckBox)}
        self._offer()
        self.arrange()

    def _make_choosers(self, own: dict[str, Spec]) -> None:
        for name, title in (own["region"].choices or {}).items():
            self.region.addItem(f"▒ {title}", name)
        for name in own["colour_by"].choices or {}:
            self.colour.addItem(name, name)
        for text, scaled in (("λ", False), ("aλ", True)):
            self.axes.addItem(text, scaled)
        names = ("region", "colour_by", "scaled")
        for chooser, name in zip((self.region, self.colour, self.axes), names, strict=True):
            chooser.setAccessibleName(own[name].title)
            chooser.setToolTip(own[name].help)
            chooser.currentIndexChanged.connect(
                lambda _, c=chooser, n=name: self.setting_chosen.emit(n, c.currentData())
            )
        self.contours.setToolTip(own["contours"].help)
        self.contours.toggled.connect(self._contours_toggled)
        self.all_layers.setToolTip("A small plane of every layer")
        self.all_layers.toggled.connect(self._all_layers_toggled)
        for text, tip in PAGES:
            _add(self.below, text, text, tip)
        self.below.setCurrentIndex(len(PAGES) - 1)
        self.below.setAccessibleName("Shown below the plane")
        self.below.setToolTip("Indices, every eigenvalue, or their time scales")
        self.below.currentIndexChanged.connect(self.page_chosen)

    def _make_frame(self) -> None:
        for name, (text, tip) in FRAMES.items():
            _add(self.frame, text, name, tip)
        self.frame.setAccessibleName("What the axes show")
        self.frame.setToolTip("Whether the axes stay, or fit the points or the region")
        self.frame.currentIndexChanged.connect(lambda _: self.frame_chosen.emit())

    def _make_motion(self) -> None:
        self.trails.setChecked(True)
        self.trails.setToolTip("Where each eigenvalue has come from, while a run trains")
        self.trails.toggled.connect(self._trails_toggled)
        for pace in PACES:
            self.pace.addItem(f"{grouped(pace)} epochs/s" if pace else "as it trains", pace)
        self.pace.setAccessibleName("Pace")
        self.pace.setToolTip(
            "How fast the eigenvalues move while a run trains: with it, or so many epochs a "
            "second, however fast it trains"
        )

    def _make_comparison(self) -> None:
        layout = next(spec for spec in specs(Comparison()) if spec.key == "layout")
        for name in layout.choices or {}:
            self.layout_.addItem(name, name)
        self.layout_.setAccessibleName(f"{layout.title} of A and B")
        self.layout_.setToolTip(layout.help)
        self.layout_.currentIndexChanged.connect(self._layout_chosen)
        self.layout_.hide()
        self.pin.setCheckable(True)
        self.pin.setObjectName("quiet")
        self.pin.setToolTip(
            "Keep what is shown (run, epoch, layer, trial) as A, and compare with it as B whatever "
            "is shown from now on"
        )
        self.pin.toggled.connect(self._pinned)
        self.pin.setText(UNPIN)
        self.pin.setMinimumWidth(self.pin.sizeHint().width())  # the longer text fits
        self.pin.setText(PIN)

    def _pinned(self, on: bool) -> None:
        self.pin.setText(UNPIN if on else PIN)
        for page in OF_ONE:  # the others tell both, or nothing
            self.below.setItemText(page, f"{PAGES[page][0]} of {B}" if on else PAGES[page][0])
        self.layout_.setVisible(on)
        self.absent = set() if on else {self.layout_}
        self._offer()
        self.arrange()
        self.pin_toggled.emit(on)

    def _layout_chosen(self) -> None:
        self._offer()
        self.layout_chosen.emit()

    def _all_layers_toggled(self, on: bool) -> None:
        self._ticked[self.all_layers] = on
        self.colour.setCurrentIndex(self.colour.findData("layer" if on else "sample"))
        self._offer()
        self.setting_chosen.emit("all_layers", on)

    def _contours_toggled(self, on: bool) -> None:
        self._ticked[self.contours] = on
        self._offer()
        self.setting_chosen.emit("contours", on)

    def _trails_toggled(self, on: bool) -> None:
        self._ticked[self.trails] = on
        self.trails_toggled.emit()

    def _offer(self) -> None:
        """What would change nothing is grey, without a tick, and says why."""
        pinned, layout = self.pin.isChecked(), self.layout_.currentIndex()
        one = not (pinned or self._ticked[self.all_layers])
        plane = not (pinned and self.layout_.currentData() == "difference")
        moves = layout == 0 if pinned else one and not self._ticked[self.contours]
        for widgets, on, why in (
            ((self.colour, self.all_layers), not pinned, OF_A_AND_B),
            ((self.contours,), one, ONE_LAYER),
            ((self.region, self.axes, self.frame), plane, NO_PLANE),
            ((self.trails, self.pace), moves, STILL),
        ):
            for widget in widgets:
                widget.setEnabled(on)
                widget.setToolTip(self._tips[widget] if on else why)
                if isinstance(widget, QCheckBox):
                    with QSignalBlocker(widget):
                        widget.setChecked(on and self._ticked[widget])


def _add(chooser: QComboBox, text: str, data: object, tip: str) -> None:
    chooser.addItem(text, data)
    chooser.setItemData(chooser.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)


def row(*widgets: QWidget | tuple[QWidget, int]) -> QWidget:
    """Widgets side by side, those with a number stretched."""
    out = QWidget()
    layout = QHBoxLayout(out)
    layout.setContentsMargins(0, 0, 0, 0)
    for each in widgets:
        widget, stretch = each if isinstance(each, tuple) else (each, 0)
        layout.addWidget(widget, stretch)
    return out
