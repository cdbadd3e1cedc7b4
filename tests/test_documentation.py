"""The documentation: what it says runs, what there is has its place, and no link leads nowhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from stiffgui import open_run
from stiffgui.cli import main
from stiffgui.commands import COMMANDS
from stiffgui.experiment import all_keys
from stiffgui.figures import FIGURES, TABLES
from stiffgui.labs import PAGES as LAB_PAGES
from stiffgui.stiffness import PROXIES, WATCHABLE
from stiffgui.tasks import TASKS
from stiffgui.training.quantities import QUANTITIES

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs" / "start").glob("*.md"))
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.M | re.S)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, made with every warning an error: a link that leads nowhere is one."""
    out = tmp_path_factory.mktemp("site")
    words = ["-q", "-W", "--keep-going", "-d", str(out / "trees"), str(ROOT / "docs"), str(out)]
    done = subprocess.run([sys.executable, "-m", "sphinx", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out


def test_everything_that_is_declared_has_its_place(site: Path) -> None:
    wanted = {
        "settings": all_keys(),
        "quantities": [*QUANTITIES, *WATCHABLE],
        "proxies": PROXIES,
        "tasks": TASKS,
        "figures": [name for kinds in (*FIGURES.values(), *TABLES.values()) for name in kinds],
        "laboratory": LAB_PAGES,
        "commands": [f"stiffgui {name}" for name in COMMANDS],
    }
    for page, names in wanted.items():
        text = (ROOT / "docs" / "reference" / f"{page}.md").read_text("utf-8")
        absent = [n for n in names if f"`{n}`" not in text and f"`--table {n}`" not in text]
        assert not absent, page
        assert (site / "reference" / f"{page}.html").exists()


def test_the_glossary_is_the_windows(site: Path) -> None:
    from stiffgui.gui.train.explanation import glossary

    page = " ".join(unescape((site / "glossary.html").read_text("utf-8")).replace("’", "'").split())
    assert len(glossary()) > 20 and not set(glossary()) & {i.title for i in WATCHABLE.values()}
    for term, text in glossary().items():
        assert f"<dt>{term}<" in page and len(text) > 20 and f"{text}<" in page, term


def _links(path: Path) -> Iterator[str]:
    text = re.sub(r"^```.*?^```$|^    .*?$", "", path.read_text("utf-8"), flags=re.M | re.S)
    yield from (link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "examples/README.md"])
def test_links_of_pages_outside_the_site_lead_somewhere(name: str) -> None:
    path = ROOT / name
    assert [link for link in _links(path) if not (path.parent / link).exists()] == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) < 150


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_says_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command and every snippet, in their order, in one folder."""
    monkeypatch.chdir(tmp_path)
    found = BLOCK.findall(page.read_text("utf-8"))
    assert found
    for kind, text in found:
        if kind == "python":
            exec(compile(text, str(page), "exec"), {"__name__": page.stem})
        else:
            for line in text.splitlines():
                program, *words = shlex.split(line)
                assert (program, main(words)) == ("stiffgui", 0), capsys.readouterr().err
    if page.stem == "own-network":
        with open_run(tmp_path / "mine.stiff") as run:
            assert run.network is not None and run.network.names == ("1", "2")
            assert run.series().known("anything") and len(run.series().index_epochs) > 1
