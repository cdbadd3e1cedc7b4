"""Between SQLite and the system: kills at chosen writes, lets them fail, keeps what was synced."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
NAME = "stiffgui-shim.so"


def compiler() -> str | None:
    """The C compiler of this machine, if it has one."""
    return shutil.which("cc") or shutil.which("gcc")


def build(folder: Path) -> Path:
    """The library, made from its source."""
    library, found = folder / NAME, compiler()
    assert found is not None
    command = [found, "-O1", "-shared", "-fPIC", "-w", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return library


def environment(library: Path) -> dict[str, str]:
    """Of a process in which the library is preloaded."""
    return os.environ | {"LD_PRELOAD": str(library), "OMP_NUM_THREADS": "1"}


def arm(
    *,
    kill_at: int = 0,
    torn: bool = False,
    fail_at: int = 0,
    fails: int = 1,
    seconds: float = 0.0,
    full: bool = True,
    shadow: Path | None = None,
) -> None:
    """From now on: kill this process at its `kill_at`-th write to a .stiff file (`torn`: half of it
    is done); let `fails` writes fail from the `fail_at`-th on, or all for some `seconds`, with a
    full disk or a broken one; keep in `shadow` what was synced."""
    kept = str(shadow).encode() if shadow else b""
    _library().stiff_arm(
        ctypes.c_long(kill_at),
        ctypes.c_long(torn),
        ctypes.c_long(fail_at),
        ctypes.c_long(fail_at + fails - 1),
        ctypes.c_double(seconds),
        ctypes.c_int(errno.ENOSPC if full else errno.EIO),
        ctypes.c_char_p(kept),
    )


def written() -> int:
    """Writes to .stiff files since `arm`."""
    found: int = _library().stiff_count()
    return found


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(os.environ["LD_PRELOAD"])
    library.stiff_count.restype = ctypes.c_long
    return library
