"""A folder with all machine code of this version that does not know it yet: nothing is compiled."""

from __future__ import annotations

import shutil
from pathlib import Path

from stiffgui.kernels.compiler import folder
from stiffgui.training.ready import prepare


def unmarked(at: Path) -> Path:
    """Copy it below `at`, which is to be NUMBA_CACHE_DIR; the folder of this version."""
    prepare()  # a minute or two where `make test` has not done it
    kept = folder()
    assert kept is not None
    ignored = shutil.ignore_patterns("*.ready", "*.lock", "*.tmp.*")
    return Path(shutil.copytree(kept, at / "machine-code" / kept.name, ignore=ignored))
