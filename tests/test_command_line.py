"""The command line as people and scripts use it: real files, exit codes, one line for bad input."""

from __future__ import annotations

import ast
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stiffgui import open_run
from stiffgui.cli import main
from stiffgui.study.library import studies

FAST = ["--set", "training.epochs=12", "--set", "training.trials=2"]


@pytest.fixture(scope="module")
def run_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "a.stiff"
    assert main(["train", "alpine02", *FAST, "--out", str(path)]) == 0
    return path


def test_what_a_training_will_be_is_said_before_it_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "alpine02", *FAST, "--set", "training.device=cpu"]
    assert main([*words, "--out", str(tmp_path / "a.stiff")]) == 0
    lines = dict(line.split(": ", 1) for line in capsys.readouterr().err.splitlines())
    assert list(lines)[-5:-1] == ["steps", "measured", "time", "file"]
    assert lines["time"].startswith(("less than a second", "about "))
    words += ["--set", "architecture.integrator=rk2"]
    assert main([*words, "--out", str(tmp_path / "b.stiff")]) == 0
    told = capsys.readouterr().err
    assert "since its layers are steps of rk2" in told and "time: not known beforehand" in told


def test_show(run_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(run_file), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["ending"] == "finished" and facts["epoch"] == 12
    assert 0 < facts["errors"]["train_error"] < 3
    assert facts["indices"]["frobenius"] > facts["indices"]["singular"]


def test_spectrum_formats_agree(run_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["spectrum", str(run_file), "--epoch", "12", "--layer", "3"]
    assert main([*words, "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["eigenvalues"]
    assert main(words) == 0
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) - 1 == len(rows) == 16 * 20


@pytest.mark.parametrize(
    "name", ["errors", "stiffness", "layers", "spectrum", "fit", "slices", "sensitivity", "summary"]
)
@pytest.mark.parametrize(
    ("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("csv", None)]
)
def test_every_figure(
    run_file: Path, tmp_path: Path, name: str, kind: str, start: bytes | None
) -> None:
    out = tmp_path / f"{name}.{kind}"
    assert main(["export", str(run_file), "--figure", name, "-o", str(out)]) == 0
    if start is None:
        assert len(pd.read_csv(out)) > 1
    else:
        assert out.read_bytes().startswith(start) and out.stat().st_size > 2000


@pytest.mark.parametrize("name", ["history", "spectrum", "summary", "predictions"])
@pytest.mark.parametrize("kind", ["csv", "parquet", "npz", "latex"])
def test_every_table(run_file: Path, tmp_path: Path, name: str, kind: str) -> None:
    out = tmp_path / f"t.{kind}"
    assert main(["export", str(run_file), "--table", name, "--format", kind, "-o", str(out)]) == 0
    assert out.stat().st_size > 100


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


def _newer(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()


def _text(path: Path) -> None:
    path.write_text("not a database")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_cut, "cut off"),
        (_newer, "newer"),
        (_text, "not a run file"),
        (Path.unlink, "cannot be read"),
        (_folder, "is a folder"),
    ],
)
def test_bad_run_files(
    run_file: Path,
    tmp_path: Path,
    damage: object,
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "b.stiff"
    shutil.copy(run_file, path)
    damage(path)  # type: ignore[operator]
    assert main(["show", str(path)]) == 2
    _one_line(capsys, told, "b.stiff")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["train", "alpine2"], "Did you mean alpine02?"),
        (["train", "alpine02", "--set", "training.epoch=3"], "Did you mean training.epochs?"),
        (["train", "alpine02", "--set", "training.epochs=0"], "from 1 to"),
        (["train", "alpine02", "--set", "training.epochs=many"], "a whole number"),
        (["train", "alpine02", "--set", "training.batch_size=1000"], "from 1 to 900"),
        (["train", "alpine02", "--device", "tpu"], "auto, cpu or cuda"),
        (["train", "alpine02", "--out", "nowhere/a.stiff"], "does not exist"),
        (["train", "nowhere.toml"], "cannot be read"),
        (["train", "alpine02", "--bad"], "--help"),
        (["trian", "alpine02"], "Did you mean train?"),
        (["export", "nowhere.stiff", "-o", "x.png"], "--figure"),
        (["show", "a" * 300 + ".stiff"], "aa…aa"),
        (["train", "alpine02", "--out", "a" * 300 + ".stiff"], "the name is too long"),
        (["a" * 300 + ".stiff"], "the name is too long"),
    ],
)
def test_bad_words(
    words: list[str],
    told: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    _one_line(capsys, told)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[training\nepochs = 3", "line 1"),
        ("[training]\nepochs = " + "9" * 5000, "thousands of digits"),
        ("[training]\nepochs = 2020-01-01", "is 2020-01-01; it must be a whole number"),
    ],
)
def test_bad_toml(text: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    assert main(["train", str(path)]) == 2
    _one_line(capsys, "x.toml", told)


def test_an_existing_file_is_kept_without_force(
    run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.stiff"
    shutil.copy(run_file, path)
    before = path.read_bytes()
    assert main(["train", "alpine02", *FAST, "--out", str(path)]) == 2
    _one_line(capsys, "--force")
    assert path.read_bytes() == before
    assert main(["train", "alpine02-l2", *FAST, "--out", str(path), "--force"]) == 0


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_interrupt_saves_and_exits_with_3(tmp_path: Path, name: str) -> None:
    path = tmp_path / "d.stiff"
    words = [sys.executable, "-m", "stiffgui", "train", "alpine02", "--out", str(path)]
    number = getattr(signal, name)
    with subprocess.Popen(
        words,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # `nohup make test` ignores one
    ) as process:
        until = time.monotonic() + 60
        while not path.exists() and time.monotonic() < until:
            time.sleep(0.1)
        while "epoch" not in (process.stderr or sys.stderr).readline():
            assert process.poll() is None
        process.send_signal(number)
        process.send_signal(number)  # once more, as one does who waits
        _, told = process.communicate(timeout=60)
    assert process.returncode == 3 and "Traceback" not in told
    with open_run(path) as run:
        assert run.state == "stopped" and run.checkpoint_epoch == run.last().epoch


def _one_line(capsys: pytest.CaptureFixture[str], *told: str) -> None:
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("stiffgui: ")
    for words in told:
        assert words in error


def test_only_declared_packages_are_imported() -> None:
    """What an import brings along by accident (typer once brought click) is not ours to use; and
    what nothing imports (superqt once) is not to be declared."""
    declared = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    extras = declared["optional-dependencies"]
    core = _modules(declared["dependencies"]) - {"pyside6_essentials"} | {"pyside6"}
    names = core | _modules([*extras["cluster"], *extras["lightning"], *extras["tables"]])
    names |= {"distributed", "pydantic_core", "quinn", "salib", "sklearn", "stiffgui"}
    found = set()
    for path in Path("stiffgui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {(alias.name.split(".")[0], path) for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add((node.module.split(".")[0], path))
    outside = {(m, p) for m, p in found if m not in sys.stdlib_module_names}
    assert {m for m, _ in outside} > {"numpy", "torch", "typer"}
    assert not {(m, p) for m, p in outside if m.lower() not in names}
    by_pandas = {"jinja2"}
    assert core - {m.lower() for m, _ in outside} <= by_pandas


def _modules(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!; ]", word)[0].lower().replace("-", "_") for word in requirements}


def test_a_reader_that_leaves_is_no_fault(tmp_path: Path) -> None:
    presets = f"{sys.executable} -m stiffgui presets --toml alpine02"
    command = f"{presets} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0" and not done.stderr


def test_force_replaces_runs_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, posing = tmp_path / "mine.csv", tmp_path / "mine.stiff"
    for path in (table, posing):
        path.write_text("a,b\n1,2\n")
        assert main(["train", "alpine02", "--out", str(path), "--force"]) == 2
        assert path.read_text() == "a,b\n1,2\n"
        assert path.name in capsys.readouterr().err


def test_diverged_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wild = ("training.learning_rate=10", "task.noise=100", "architecture.activation=identity")
    wild += ("architecture.depth=100", "architecture.horizon=100", "training.epochs=40")
    words = [word for setting in wild for word in ("--set", setting)]
    assert main(["train", "alpine02", *words, "--out", str(tmp_path / "w.stiff")]) == 2
    assert "training.learning_rate" in capsys.readouterr().err
    with open_run(tmp_path / "w.stiff") as run:
        assert run.ending == "diverged" and np.isfinite(run.parameters(0)["layers.weight"]).all()


def test_an_empty_toml_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "e.toml").write_text("\n")
    assert main(["train", str(tmp_path / "e.toml")]) == 2
    assert "is empty" in capsys.readouterr().err


def test_what_a_run_does_not_have_is_refused(
    run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "x.csv")
    for words, told in (
        (["export", "--figure", "stiffness", "--index", "condition"], "did not watch condition"),
        (["export", "--figure", "layers", "--index", "condition"], "did not watch condition"),
        (["export", "--figure", "trajectories", "--component", "21"], "no component 21"),
    ):
        assert main([words[0], str(run_file), *words[1:], "-o", out]) == 2
        assert told in capsys.readouterr().err
    assert not Path(out).exists()
    assert main(["train", str(run_file)]) == 2
    assert f"--resume {run_file}" in capsys.readouterr().err
    assert main(["train", "--resume", str(run_file), "--set", "training.epochs=3"]) == 2
    assert "epoch 12 already" in capsys.readouterr().err
    words = ["export", str(run_file), "--figure", "fit", "--epoch", "9999", "-o", out]
    assert main(words) == 0 and "nearest kept epoch: 12" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["export", "--help"], ["presets"]])
def test_words_do_not_wait_for_what_they_do_not_need(words: list[str]) -> None:
    heavy = {"pandas", "matplotlib", "torch", "scipy", "PySide6"}
    heavy |= {"stiffgui.figures", "numpy"} if words == ["--version"] else set()
    heavy |= {"stiffgui.figures"} if words == ["--help"] else set()
    code = "import sys; from stiffgui.cli import main; code = main(sys.argv[1:]); "
    code += f"print(*{heavy!r} & sys.modules.keys()); sys.exit(code)"
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "" and not done.stderr


def test_show_says_what_differs_from_the_nearest_preset(
    run_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(run_file)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert "settings: those of alpine02, but training.epochs = 12; training.trials = 2" in told


def test_show_says_a_setting_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "a.stiff")
    words = ["alpine02-l2", "--set", "training.epochs=2", "--set", "regularizer.weight=0"]
    assert main(["train", *words, "--out", path]) == 0
    assert main(["show", path]) == 0
    told = capsys.readouterr().out
    assert "those of alpine02-l2, but regularizer.weight = 0.0; training.epochs = 2" in told


def test_a_dash_is_standard_output(
    run_file: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    written = tmp_path / "a.csv"
    words = ["export", str(run_file), "--table", "history"]
    assert main([*words, "-o", str(written)]) == 0
    assert main([*words, "--format", "csv", "-o", "-"]) == 0
    assert capfdbinary.readouterr().out == written.read_bytes()
    assert main([*words, "-o", "-"]) == 2
    assert b"give --format" in capfdbinary.readouterr().err
    assert main(["export", str(run_file), "--model", "torch", "-o", "-"]) == 2
    assert not (tmp_path / "-").exists() and not Path("-").exists()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("stiffgui sp", ["spectrum"]),
        ("stiffgui train alpine02-s", ["alpine02-stiff", "alpine02-stiff-talk"]),
        ("stiffgui train --set training.ep", ["training.epochs="]),
        ("stiffgui export --figure tr", ["trajectories"]),
        ("stiffgui lab --ke", ["--keys"]),
    ],
)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_options_presets_and_settings(
    typed: str, offered: list[str], shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "_STIFFGUI_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
        "_TYPER_COMPLETE_ARGS": "" if shell == "bash" else typed,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }.items():
        monkeypatch.setenv(name, value)
    words = [sys.executable, "-m", "stiffgui"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert all(name in told for name in offered)
    assert "presets" not in told.replace("presets,", "")


def test_a_flag_takes_no_value_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["train"], ["show"], ["export"], ["lab"]):
        assert main([*words, "--help"]) == 0
        assert "bool" not in capsys.readouterr().out


def test_help_lists_every_command_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    from stiffgui.commands import COMMANDS

    assert main(["--help"]) == 0
    listed = capsys.readouterr().out
    assert all(re.search(rf"│ {name} +[A-Z]", listed) for name in COMMANDS)
    assert main(["study", "--help"]) == 0
    told = capsys.readouterr().out
    assert all(f"{name}," in told for name in studies)
    assert main(["--version"]) == 0 and capsys.readouterr().out.startswith("stiffgui ")
