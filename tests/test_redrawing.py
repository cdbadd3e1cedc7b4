"""Commands and scripts that redraw a figure write the same file; any style exports, or a sentence
says why not."""

from __future__ import annotations

import re
import runpy
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from stiffgui.cli import main
from stiffgui.figures import FIGURES, Style, drawn, export_figure, figure
from stiffgui.figures.script import export_command, page_script, runs_script, study_script
from stiffgui.labs import PAGES, page
from stiffgui.settings import flag_of, specs
from tests.figure_sources import QUICK, Sources, result_of


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    with ExitStack() as opened:
        yield Sources(tmp_path_factory.mktemp("pictures"), opened)


# ------------------------------------------------------------------------- commands, scripts

LOOKS: dict[str, tuple[str, dict[str, Any]]] = {
    "zoomed": ("errors", {"limits": ((1.0, 9.5, 0.01, 3.25),), "logarithmic": False}),
    "time": ("errors", {"axis": "time", "smoothing": 0.5, "robust": True}),
    "numbers": ("errors", {"quantities": ("l2_norm", "learning_rate")}),
    "indices": ("stiffness", {"indices": ("spectral-radius",), "axis": "step"}),
    "layers": ("layers", {"logarithmic": True, "indices": ("frobenius",)}),
    "contours": ("spectrum", {"contours": True, "region": "rk2", "layer": 3, "trial": 1}),
    "all layers": ("spectrum", {"all_layers": True, "epoch": 17, "limits": ((-1, 1, -2, 2),)}),
    "second panel": ("fit", {"limits": (None, (0.5, 2.0, 0.25, 1.0))}),
}
STYLE = Style(width=120, height=82.5, font=8, dpi=60)


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("kind", ["csv", "png"])
def test_a_command_writes_the_same_file(
    sources: Sources, tmp_path: Path, name: str, kind: str
) -> None:
    shown = figure(LOOKS[name][0], **LOOKS[name][1])
    colours = [4, 2]
    one, other = tmp_path / f"one.{kind}", tmp_path / f"other.{kind}"
    export_figure(shown, drawn(sources.runs, colours), one, kind, STYLE)
    command = export_command(sources.paths, shown, STYLE, other, colours=colours)
    words = shlex.split(command)
    assert words[0] == "stiffgui" and main(words[1:]) == 0
    assert one.read_bytes() == other.read_bytes() and one.stat().st_size > 100
    assert main(words[1:]) == 2
    again = export_command(sources.paths, shown, STYLE, other, colours=colours, replace=True)
    assert main(shlex.split(again)[1:]) == 0


@pytest.mark.parametrize("name", FIGURES["study"])
@pytest.mark.parametrize("kind", ["csv", "png"])
def test_a_command_writes_the_same_file_of_a_study(
    sources: Sources, tmp_path: Path, name: str, kind: str
) -> None:
    shown = figure(name, "study", logarithmic=False)
    one, other = tmp_path / f"one.{kind}", tmp_path / f"other.{kind}"
    study = sources.of("study", name)
    export_figure(shown, study, one, kind, STYLE)
    command = export_command([study.path], shown, STYLE, other)
    assert main(shlex.split(command)[1:]) == 0
    assert one.read_bytes() == other.read_bytes()


def run_script(text: str, folder: Path) -> None:
    script = folder / "redraw.py"
    script.write_text(text, "utf-8")
    runpy.run_path(str(script))


@pytest.mark.parametrize("name", LOOKS)
def test_a_script_draws_the_same_picture(sources: Sources, tmp_path: Path, name: str) -> None:
    shown = figure(LOOKS[name][0], **LOOKS[name][1])
    one, other = tmp_path / "one.png", tmp_path / "other.png"
    export_figure(shown, drawn(sources.runs, [4, 2]), one, "png", STYLE)
    runs = list(zip(sources.paths, [4, 2], strict=True))
    run_script(runs_script(runs, shown, STYLE, other), tmp_path)
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("name", FIGURES["study"])
def test_a_script_draws_a_study(sources: Sources, tmp_path: Path, name: str) -> None:
    shown = figure(name, "study")
    style = shown.usual_style()
    one, other = tmp_path / "one.png", tmp_path / "other.png"
    study = sources.of("study", name)
    export_figure(shown, study, one, "png", style)
    run_script(study_script(study.path, shown, style, other), tmp_path)
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("name", PAGES)
def test_a_script_draws_a_page(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, shown = page(name).with_settings(QUICK.get(name, {})), figure(name, "page")
    one, other = tmp_path / "one.png", tmp_path / "other.png"
    export_figure(shown, result_of(name), one, "png", STYLE)
    run_script(page_script(asked, shown, STYLE, other), tmp_path)
    assert one.read_bytes() == other.read_bytes()
    assert "problem" in capsys.readouterr().out


def test_flags_mean_one_thing() -> None:
    """A flag belongs to one setting, and a setting of several figures has one flag and type."""
    for group in (("runs", "study"), ("page",)):
        kinds = [*(kind for source in group for kind in FIGURES[source].values()), Style]
        known: dict[str, tuple[str, str]] = {}
        for kind in kinds:
            for spec in specs(kind()):
                flag = flag_of(spec.key, kind.model_fields[spec.key])
                assert known.setdefault(spec.key, (flag, spec.type)) == (flag, spec.type)
        flags = [flag for flag, _ in known.values()]
        assert len(set(flags)) == len(flags)


# ------------------------------------------------------------------------- bounds of the style


@pytest.mark.parametrize("name", FIGURES["runs"])
@pytest.mark.parametrize(("font", "width"), [(3, 20), (3, 1000), (48, 20), (48, 1000)])
def test_any_style_exports_or_says_why_not(
    sources: Sources,
    tmp_path: Path,
    name: str,
    font: int,
    width: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "x.png"
    words = ["export", str(sources.paths[0]), "--figure", name, "-o", str(out), "--dpi", "30"]
    code = main([*words, "--font", str(font), "--width", str(width)])
    sentence = capsys.readouterr().err
    if code == 0:
        assert out.read_bytes().startswith(b"\x89PNG") and not sentence
    else:
        assert code == 2 and (font, width) != (3, 1000) and sentence.count("\n") == 1
        height = FIGURES["runs"][name].usual_style().height
        size = f"{width} x {height:g} mm"
        assert f"texts of {font} pt leave no room for the axes in {size}" in sentence
        assert re.search("choose a smaller font or a (larger figure|figure of [0-9.]+ x)", sentence)


def test_a_png_that_is_too_large_is_refused(
    sources: Sources, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", str(sources.paths[0]), "--figure", "errors", "-o", str(tmp_path / "x.png")]
    assert main([*words, "--width", "1000", "--height", "1000", "--dpi", "1200"]) == 2
    sentence = capsys.readouterr().err
    assert "47244 x 47244 pixels: choose a lower resolution or a smaller figure" in sentence
    assert sentence.count("\n") == 1
