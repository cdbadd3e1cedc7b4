"""One identity, for desktops, package indices and those who cite, that their tools understand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from stiffgui._version import __version__
from stiffgui.runs.schema import RUN, STUDY

ROOT = Path(__file__).parents[1]
PACKAGING = ROOT / "packaging"
ID = "io.github.stiffgui.stiffgui"


@pytest.mark.parametrize(
    "words",
    [
        ["desktop-file-validate", f"{ID}.desktop"],
        ["appstreamcli", "validate", "--no-net", f"{ID}.metainfo.xml"],
    ],
    ids=lambda words: words[0],
)
def test_desktops_understand_it(words: list[str]) -> None:
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run(words, cwd=PACKAGING, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_one_identity_everywhere() -> None:
    text = "".join(p.read_text("utf-8") for p in (ROOT / "stiffgui" / "gui").glob("*.py"))
    assert f'setDesktopFileName("{ID}")' in text
    desktop = (PACKAGING / f"{ID}.desktop").read_text("utf-8")
    about = (PACKAGING / f"{ID}.metainfo.xml").read_text("utf-8")
    assert f"StartupWMClass={ID}\n" in desktop and f"<id>{ID}</id>" in about
    assert f'"desktop-id">{ID}.desktop<' in about


def test_a_run_and_a_study_are_known_by_their_content(tmp_path: Path) -> None:
    if shutil.which("update-mime-database") is None:
        pytest.skip("update-mime-database is not installed")
    packages = tmp_path / "mime" / "packages"
    packages.mkdir(parents=True)
    for path in (PACKAGING / f"{ID}.xml", Path("/usr/share/mime/packages/freedesktop.org.xml")):
        if path.exists():
            shutil.copy(path, packages)
    subprocess.run(["update-mime-database", str(tmp_path / "mime")], check=True)
    named = {}
    for kind in (RUN, STUDY):
        path = tmp_path / f"{kind.name}.of-any-name"
        head = b"SQLite format 3\0".ljust(68, b"\0") + kind.application.to_bytes(4, "big")
        path.write_bytes(head.ljust(100, b"\0"))
        named[kind.name] = str(path)
    code = (
        "import sys; from PySide6.QtCore import QMimeDatabase, QMimeDatabase as D; "
        "print(*(D().mimeTypeForFile(p, D.MatchMode.MatchContent).name() for p in sys.argv[1:]))"
    )
    words = [sys.executable, "-c", code, named["run"], named["study"]]
    surroundings = os.environ | {"XDG_DATA_DIRS": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    told = subprocess.run(words, env=surroundings, capture_output=True, text=True, check=True)
    wanted = "application/vnd.stiffgui.run+sqlite3 application/vnd.stiffgui.study+sqlite3"
    assert told.stdout.strip() == wanted


def test_who_cites_it_cites_this_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert cited["version"] == __version__ and cited["license"] == project["license"]
    assert [a["name"] for a in cited["authors"]] == [a["name"] for a in project["authors"]]


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda p: p.stem)
def test_workflows_call_what_there_is(path: Path) -> None:
    flow = yaml.safe_load(path.read_text("utf-8"))
    steps = [step for job in flow["jobs"].values() for step in job["steps"]]
    targets = {line.partition(":")[0] for line in (ROOT / "Makefile").read_text().splitlines()}
    for step in steps:
        for line in str(step.get("run", "")).splitlines():
            words = line.split()
            assert words[0] != "make" or words[1] in targets
