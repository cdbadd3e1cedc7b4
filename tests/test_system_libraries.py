"""The Debian packages that packaging/system-libraries.sh names for what the linker misses."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "packaging" / "system-libraries.sh"

# ldd and apt-cache of a bare system, which this one is not: it has run the window's tests.
LDD = "printf '\\t%s => not found\\n' libglib-2.0.so.0 libX11-xcb.so.1 libdbus-1.so.3 libEGL.so.1"
APT_CACHE = '[ "$2" != {known} ] || echo "Package: $2"'


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="asks apt")
@pytest.mark.parametrize("glib", ["libglib2.0-0", "libglib2.0-0t64"])
def test_packages_of_missing_libraries(glib: str, tmp_path: Path) -> None:
    (tmp_path / ".venv/lib/python3.11/site-packages/PySide6").mkdir(parents=True)
    for name, text in {"ldd": LDD, "apt-cache": APT_CACHE.format(known=glib)}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    result = subprocess.run(
        ["sh", SCRIPT, "window", "--check"],
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    packages = result.stderr.split("--no-install-recommends ")[1].split()
    # a machine without fonts lacks one more
    assert [name for name in packages if name.startswith("lib")] == [
        "libdbus-1-3",
        "libegl1",
        glib,
        "libx11-xcb1",
    ]
