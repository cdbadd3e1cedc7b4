"""Files of every kind that somebody made to do harm, each read by a process of its own.

`python -m tests.soak.strangers COUNT [SEED]` makes so many of runs, tables, settings and texts,
and counts: read, refused with a sentence, and whatever else: another exception, a signal, more than
five seconds, more than 500 MB beside what the program has anyway.
"""

from __future__ import annotations

import collections
import contextlib
import gzip
import io
import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stiffgui import presets, train
from stiffgui._presets import from_short_text, of_table, short_text
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.gui.saving import MOST_PASTED
from stiffgui.study import Study, studies
from stiffgui.study.plan import usual_workers
from stiffgui.tasks.table import inspect
from tests.soak import hostile

SECONDS, MEGABYTES = 5.0, 500
WAITED = 6  # times as long, on a machine that does other things, too
READ, REFUSED, WRONG, SLOW = 0, 2, 1, 4  # how a process ends
SHEET = "xl/worksheets/sheet1.xml"
WORDS = ("", "nan", "1e999", "-1", "9" * 5000, "=cmd|'/C calc'!A0", "\x1b[2J", "a" * 200_000, '"')
Maker = Callable[[Path, random.Random], Path]


def run_file(folder: Path, drawn: random.Random) -> Path:
    """A run, spoiled."""
    path = Path(shutil.copy(folder / "whole.stiff", folder / "x.stiff"))
    with contextlib.suppress(Exception):  # what SQLite does not let be spoiled
        drawn.choice(hostile.HARMS)(path, drawn)
    return path


def pipe(folder: Path, drawn: random.Random) -> Path:
    """What has no end, with an ending that is known."""
    path = folder / f"x{drawn.choice(('.stiff', '.csv', '.xlsx', '.npz', '.gz', '.toml'))}"
    what = drawn.randrange(4)
    if what == 0:
        os.mkfifo(path)
    elif what == 1:
        path.symlink_to("/dev/zero")
    elif what == 2:
        path.mkdir()
    else:
        with path.open("wb") as file:
            file.truncate(drawn.choice((10**9, 10**11)))
    return path


def text_table(folder: Path, drawn: random.Random) -> Path:
    """Lines that are no table, or too much of one."""
    rows, columns = drawn.choice(((3, 100_000), (200_000, 3), (40, 5), (40, 2), (1, 1), (20, 6000)))
    lines = [",".join([*(f"x_{k}" for k in range(1, columns)), "y_1"])]
    numbers = [",".join(f"{drawn.random():.3f}" for _ in range(columns)) for _ in range(40)]
    lines += [numbers[row % 40] for row in range(rows)]
    for _ in range(drawn.choice((0, 1, 3))):
        at = drawn.randrange(len(lines))
        fields = lines[at].split(",")
        fields[drawn.randrange(len(fields))] = drawn.choice(WORDS)
        lines[at] = ",".join(fields)
    joined = drawn.choice(("\n", "\n", "\r", "", "\n\n\n")).join(lines)
    path = folder / f"x{drawn.choice(('.csv', '.tsv', '.txt', '.dat'))}"
    path.write_bytes(_spoiled(joined.encode(drawn.choice(("utf-8", "utf-16", "utf-32"))), drawn))
    return path


def packed(folder: Path, drawn: random.Random) -> Path:
    """Little that unpacks to much."""
    one = b"x_1,y_1\n" + b"1,2\n" * drawn.choice((10, 10_000, 25_000_000))
    if drawn.random() < 0.5:
        path = folder / "x.csv.gz"
        path.write_bytes(_spoiled(gzip.compress(one, 1), drawn))
        return path
    path = folder / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(drawn.choice(("a.csv", "../../a.csv", "a.zip", "a.npy")), one)
        if drawn.random() < 0.2:
            archive.writestr("b.csv", "")
    content = bytearray(path.read_bytes())
    if drawn.random() < 0.3:  # it says that it holds less
        at = content.rindex(b"PK\1\2")
        content[at + 24 : at + 28] = (100).to_bytes(4, "little")
    path.write_bytes(_spoiled(bytes(content), drawn))
    return path


def workbook(folder: Path, drawn: random.Random) -> Path:
    """A workbook with cells far away, entities, much that is packed, or another encoding."""
    path = folder / "x.xlsx"
    parts = {}
    with zipfile.ZipFile(folder / "whole.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts[SHEET].decode()
    what = drawn.randrange(7)
    if what == 0:
        place = drawn.choice(("XFD1048576", "XFD1", "A1048576", "ZZZ99999999", "A0", ""))
        sheet = sheet.replace('r="B2"', f'r="{place}"')
    elif what == 1:
        sheet = sheet.replace("</sheetData>", '<row r="9"><c r="A9"><v>1</v></c></row>' * 2_000_000)
    elif what == 2:
        entities = "".join(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10}">' for k in range(1, 12))
        head = f'<!DOCTYPE x [<!ENTITY e0 "1">{entities}]>'
        sheet = head + re.sub("<v>[^<]*</v>", "<v>&e11;</v>", sheet).partition("?>")[2]
    elif what == 3:
        sheet = sheet.replace("A1:B31", "A1:XFD1048576")
    elif what == 4:
        parts["xl/sharedStrings.xml"] = b"<sst>" + b"<si><t>a</t></si>" * 3_000_000
    elif what == 5:
        parts.pop(drawn.choice(sorted(parts)))
    parts[SHEET] = sheet.encode("utf-16" if what == 6 else "utf-8")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    path.write_bytes(_spoiled(path.read_bytes(), drawn))
    return path


def binary(folder: Path, drawn: random.Random) -> Path:
    """Arrays that say they are larger than they are, or hold what can run."""
    path = folder / f"x{drawn.choice(('.npy', '.npz', '.parquet', '.nc'))}"
    content = (folder / f"whole{path.suffix}").read_bytes()
    if path.suffix in (".npy", ".npz") and drawn.random() < 0.7:
        shape = drawn.choice(((10**9, 4), (0, 10**9), (3, 10**6), (30, 2), (2**62, 2**62)))
        kind = drawn.choice(("<f8", "|O", "<U1000", "[('a', '<f8')]"))
        head = f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}\n"
        array = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + b"\0" * 480
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.npy", array)
        content = array if path.suffix == ".npy" else packed.getvalue()
    elif path.suffix == ".parquet" and drawn.random() < 0.3:
        pd.DataFrame({"x_1": np.ones(20_000_000, "i1"), "y_1": 1}).to_parquet(path)
        content = path.read_bytes()
    path.write_bytes(_spoiled(content, drawn))
    return path


def settings_file(folder: Path, drawn: random.Random) -> Path:
    """TOML of an experiment or a study with what nobody means."""
    path = folder / "x.toml"
    text = drawn.choice((presets["alpine02"], studies[next(iter(studies))])).to_toml()
    lines = text.splitlines()
    for _ in range(drawn.choice((1, 2, 5))):
        at = drawn.randrange(len(lines))
        key = lines[at].partition(" = ")[0]
        lines[at] = drawn.choice((
            *(f"{key} = {value}" for value in (-1, 3, 10**18, "nan", "inf", "[]", "{}", "true")),
            *(f"{key} = {value}" for value in ("9" * 5000, "[" * 5000, "1e999", "'''\x1b[2J'''")),
            ".".join("a" * 100_000) + " = 1",
            "[sweep]\n'architecture.width' = [" + "5, " * 50_000 + "5]",
            "[[variants]]\nname = 'a'\n" * 5000,
            "trials = 1000000000",
            "a" * 3_000_000,
            "[" + ".".join("a" * 900) + "]",
        ))  # fmt: skip
    path.write_bytes(_spoiled("\n".join(lines).encode(), drawn))
    return path


def pasted_text(folder: Path, drawn: random.Random) -> Path:
    """What somebody pastes; kept in a file."""
    path = folder / "x.pasted"
    text = drawn.choice((short_text(presets["alpine02"], "alpine02"), "alpine02 training.epochs=7"))
    text = drawn.choice((
        text * drawn.choice((1, 50, 5000)),
        text.replace("=", drawn.choice(WORDS)),
        text + f" architecture.width={drawn.choice(WORDS)}",
        "\n".join([text] * 1000),
        "a=" * 10_000,
        "stiffgui train " + "--set " * 3000,
        "'" * 19_999,
    ))  # fmt: skip
    path.write_bytes(_spoiled(text.encode(), drawn))
    return path


MAKERS: tuple[Maker, ...] = (
    run_file,
    run_file,
    pipe,
    text_table,
    packed,
    workbook,
    binary,
    settings_file,
    pasted_text,
)


def read(path: Path) -> None:
    """What the program reads of such a file. Raises InputError where it is refused."""
    if path.suffix == ".stiff":
        hostile.read(path)
    elif path.suffix == ".toml":
        try:
            Experiment.read(path)
        except InputError:
            usual_workers(Study.read(path))
    elif path.suffix == ".pasted":
        text = path.read_bytes().decode("utf-8", "replace")[:MOST_PASTED].strip()
        if "\n" in text:
            Experiment.from_toml(text, "The copied text")
        else:
            from_short_text(text)
    else:
        inspect(path)
        of_table(path, {})


def prepare(folder: Path) -> None:
    """Sound files, of which the others are made."""
    settings = {"training.epochs": 12, "training.trials": 2, "watch.every": 4}
    train(presets["alpine02"].with_settings(settings), folder / "whole.stiff").close()
    values = np.random.default_rng(0).normal(size=(30, 2))
    frame = pd.DataFrame(values, columns=["x_1", "y_1"])
    frame.to_excel(folder / "whole.xlsx", index=False)
    frame.to_parquet(folder / "whole.parquet")
    frame.to_xarray().to_netcdf(folder / "whole.nc", engine="h5netcdf")
    np.save(folder / "whole.npy", values)
    np.savez(folder / "whole.npz", x_1=values[:, 0], y_1=values[:, 1])


class Tried(NamedTuple):
    """What came of a file: READ, REFUSED, WRONG, SLOW, or minus a signal; seconds of the processor;
    what was said."""

    code: int
    megabytes: int
    seconds: float
    said: str


def tried(path: Path, base: int = 0) -> Tried:
    """Read a file in a process of its own; `base`: megabytes that one has that reads nothing."""
    ours, theirs = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if not child:
        _read_here(path, theirs)
    os.close(theirs)
    while True:
        done, status, used = os.wait4(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() - began > WAITED * SECONDS:
            os.kill(child, signal.SIGKILL)
            _, status, used = os.wait4(child, 0)
            break
        time.sleep(0.002)
    seconds = used.ru_utime + used.ru_stime
    with os.fdopen(ours, "rb") as file:
        said = file.read().decode("utf-8", "replace")
    code = os.waitstatus_to_exitcode(status)
    code = SLOW if seconds > SECONDS or code == -signal.SIGKILL else code
    return Tried(code, used.ru_maxrss // 1024 - base, seconds, said)


def _read_here(path: Path, pipe: int) -> None:
    code, said = READ, ""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        most = taken + 4 * MEGABYTES * 1_000_000  # so that the machine stays well
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        if path.name:
            read(path)
    except InputError as error:
        code, said = REFUSED, str(error)
    except BaseException as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        code, said = WRONG, f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})"
    os.write(pipe, said.encode("utf-8", "replace")[:500])
    os._exit(code)


def verdict(found: Tried) -> str:
    """In words, the same for all that went alike."""
    if found.megabytes > MEGABYTES:
        return f"WRONG: more than {MEGABYTES} MB"
    if found.code == REFUSED and (not found.said.strip() or "\n" in found.said):
        return "WRONG: no sentence"
    known = {READ: "read", REFUSED: "refused", SLOW: f"WRONG: more than {SECONDS:.0f} s"}
    return known.get(found.code, f"WRONG: {found.code}")


def main(count: int, seed: int) -> int:
    """Try so many, and tell; how many went wrong."""
    told: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    slowest, largest = 0.0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        sound = [path for path in folder.iterdir() if path.stem == "whole"]
        for path in sound:  # what reading them imports is not counted
            with contextlib.suppress(InputError):
                read(path)
        base = tried(Path()).megabytes
        for number in range(count):
            drawn = random.Random(1_000_003 * seed + number)
            maker = drawn.choice(MAKERS)
            path = maker(folder, drawn)
            found = tried(path, base)
            said = verdict(found)
            told[maker.__name__][said] += 1
            slowest, largest = max(slowest, found.seconds), max(largest, found.megabytes)
            if said.startswith("WRONG"):
                print(f"{number} {maker.__name__} {path.suffix}: {said}: {found}", file=sys.stderr)
            for left in folder.iterdir():
                if left.is_dir() and not left.is_symlink():
                    left.rmdir()
                elif left not in sound:
                    left.unlink()
    print(json.dumps(told, indent=1), f"slowest {slowest:.1f} s, largest {largest} MB", sep="\n")
    return sum(n for each in told.values() for said, n in each.items() if said.startswith("WRONG"))


def _spoiled(content: bytes, drawn: random.Random) -> bytes:
    """Half the time as it is, else with other bytes, or cut."""
    changed: Any = bytearray(content)
    if drawn.random() < 0.3 and content:
        for _ in range(drawn.choice((1, 5, 100))):
            changed[drawn.randrange(len(changed))] = drawn.randrange(256)
    if drawn.random() < 0.1:
        del changed[drawn.randrange(len(changed) + 1) :]
    return bytes(changed)


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)))
