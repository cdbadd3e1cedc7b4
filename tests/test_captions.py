"""What stands beside a figure: what is seen, of what, and how it was made; and equal files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from stiffgui.cli import main
from stiffgui.experiment import Experiment
from stiffgui.figures import FIGURES, Picture, figure_from, what_is_drawn
from stiffgui.figures.caption import BOXES, text_beside
from stiffgui.figures.picture import Box
from stiffgui.study.method import method
from tests.figure_sources import Sources


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    with ExitStack() as opened:
        yield Sources(tmp_path_factory.mktemp("captions"), opened)


CASES = [(source, name) for source in ("runs", "study") for name in FIGURES[source]]


@pytest.mark.parametrize(("source", "name"), CASES)
def test_a_caption_says_what_is_seen_and_of_what(source: str, name: str, sources: Sources) -> None:
    kind = FIGURES[source][name]
    settings = {"sobol_samples": 4} if name == "sensitivity" else {}
    shown, of = figure_from(kind, settings), sources.of(source, name)
    picture: Picture = shown.picture(what_is_drawn(shown, of))
    text = text_beside(shown, picture, of)
    caption, _, methods = text.partition("\n\n")
    for part in (kind.title(), picture.headline, *picture.title.split(" · ")):
        assert part[:1].upper() + part[1:] in caption or part in caption, part
    assert ("quartiles" in caption) or not any(any(p.of(Box)) for p in picture.panels)
    assert (BOXES in caption) == any(any(p.of(Box)) for p in picture.panels)
    of_names = [of.path.stem] if source == "study" else [run.name for run in of]
    for each in of_names[-1 if kind.one_run else 0 :]:
        assert each in caption.rpartition("Of ")[2]
    assert "stiffgui" in methods and "torch" in methods
    if source == "study":
        assert method(of.study) in methods and all(v.name in methods for v in of.variants)


def test_methods_are_those_of_the_file(sources: Sources) -> None:
    """Each setting that people see, and of the second run what differs."""
    shown = figure_from(FIGURES["runs"]["errors"], {})
    text = text_beside(shown, shown.picture(sources.runs), sources.runs)
    experiment: Experiment = sources.runs[0].experiment
    seen = [s for s in experiment.specs() if not s.advanced and s.group == "architecture"]
    assert len(seen) > 3
    for spec in seen:
        assert f"{spec.title} {experiment.flat()[spec.key]}" in text
    assert "2 trials. " in text and "Seed 0" in text and "trial's number, 0 to 1" in text
    assert sources.runs[0].decided.cadence.sentence in text
    assert "Methods, other. As plain, but for: Training: Seed 3." in text


def test_files_beside_a_figure(
    sources: Sources, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, out = str(sources.paths[0]), tmp_path / "f.pdf"
    words = ["export", run, "--figure", "spectrum", "--layer", "3", "--caption"]
    assert main([*words, "-o", str(out)]) == 0
    assert "layer 3; epoch 17" in (tmp_path / "f.txt").read_text("utf-8").lower()
    out.unlink()
    assert main([*words, "-o", str(out)]) == 2 and not out.exists()
    assert "f.txt exists" in capsys.readouterr().err
    for target in ("-", str(tmp_path / "f.csv")):
        assert main([*words, "-o", target]) == 2
    words = ["export", str(sources.study_path), "--figure", "errors", "--caption"]
    assert main([*words, "-o", str(tmp_path / "s.png")]) == 0  # of its variants, as of runs
    assert "Of the study study" in (tmp_path / "s.txt").read_text("utf-8")
    words = ["lab", "gradients", "--set", "width=3", "--caption"]
    assert main(words) == 2
    assert main([*words, "-o", str(tmp_path / "lab.svg")]) == 0
    text = (tmp_path / "lab.txt").read_text("utf-8")
    assert "stiffgui lab gradients --set width=3" in text and "Sources: " in text


@pytest.mark.parametrize("journal", ["one-column", "two-columns"])
@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_the_same_figure_twice_is_the_same_file(
    kind: str, journal: str, sources: Sources, tmp_path: Path
) -> None:
    written = []
    for name in "ab":
        out = tmp_path / f"{name}.{kind}"
        words = ["export", str(sources.study_path), "--figure", "boxes", "--journal", journal]
        assert main([*words, "-o", str(out)]) == 0
        written.append(out.read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize("family", ["DejaVu Sans", "STIXGeneral"])
def test_a_pdf_holds_its_font_as_truetype(family: str, sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "f.pdf"
    words = ["export", str(sources.study_path), "--figure", "boxes", "--journal", "one-column"]
    assert main([*words, "--family", family, "-o", str(out)]) == 0
    content = out.read_bytes()
    name = family.replace(" ", "").encode()
    assert b"/FontFile2" in content and b"/Subtype /Type3" not in content
    fonts = content.count(b"/Type /FontDescriptor")
    assert fonts and content.count(b"/FontFile2") == fonts and name in content
