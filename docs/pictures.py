"""Make the pictures of README.md and of the first page: `make pictures`.

`eigenvalues.gif`: a layer of the preset alpine02 while it trains. `window.png`: the window on the
runs of its first start, at an epoch of the past; it needs a display. The others are made by
`examples/*.py`, and `study.png` by the command that `finding.md` names.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from PIL import Image

from stiffgui import presets, train
from stiffgui.figures import Style, drawn, export_figure, figure

HERE = Path(__file__).parent
LAYER, EPOCHS, LIMIT, FRAMES = 6, 300, 3.2, 60
MILLISECONDS, LAST = 80, 2000  # that a frame is shown


def eigenvalues(path: Path, folder: Path) -> None:
    """Write the moving eigenvalues."""
    changes = {"training.epochs": EPOCHS, "watch.snapshots": FRAMES}
    run = train(presets["alpine02"].with_settings(changes), out=folder / "a.stiff")
    style, frames = Style(width=120, height=90, font=8, dpi=100), []
    for epoch in run.snapshot_epochs:
        where = (-LIMIT, LIMIT, -0.75 * LIMIT, 0.75 * LIMIT)
        shown = figure("spectrum", epoch=epoch, layer=LAYER, limits=(where,))
        picture = folder / "frame.png"
        export_figure(shown, drawn([run]), picture, "png", style, replace=True)
        with Image.open(picture) as image:
            frames.append(image.convert("P", palette=Image.Palette.ADAPTIVE, colors=32))
    times = [MILLISECONDS] * (len(frames) - 1) + [LAST]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=times, loop=0)


def window(path: Path, folder: Path) -> None:
    """Write what a person sees who has just started, in the middle of the timeline."""
    os.environ |= {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    from stiffgui.gui.application import make_application, make_window
    from stiffgui.gui.train.first_look import SEEN

    application = make_application()
    shell = make_window(application, folder / "runs")
    shell.settings.setValue(SEEN, True)
    shell.choose_theme("light")
    shell.resize(1440, 900)
    shell.show()
    shell.start_children()
    for example in sorted((HERE.parent / "resources" / "examples").glob("*.stiff")):
        shell.open_file(Path(shutil.copy(example, folder)))
    _wait(application, 15.0)
    slider = shell.train.timeline.slider
    slider.setValue(slider.kept[len(slider.kept) // 3])
    _wait(application, 8.0)
    shell.toasts.clear("Train")
    shell.grab().save(str(path))
    shell.close()


def _wait(application: object, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        application.processEvents()  # type: ignore[attr-defined]
        time.sleep(0.01)


def main() -> None:
    """Both, beside this file."""
    with tempfile.TemporaryDirectory() as folder:
        eigenvalues(HERE / "eigenvalues.gif", Path(folder))
        window(HERE / "window.png", Path(folder))


if __name__ == "__main__":
    main()
