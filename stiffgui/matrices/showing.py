"""Shows arrays in the window, from a Python session."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import numpy as np

from stiffgui.errors import InputError
from stiffgui.matrices import SHOWN
from stiffgui.watching.measured import given_layers


def show(matrices: Any, names: Sequence[str] = ()) -> None:
    """Open the window on square matrices, and wait until it is closed.

    `matrices`: an array (numpy, torch, or what numpy takes) [n, n], [layers, n, n] or [layers,
    samples, n, n], or a list of the layers' own, [n, n] or [samples, n, n]; `names`: of the layers.

    Raises InputError when that are no real, finite, square matrices, and where no window can open.
    """
    if isinstance(matrices, list | tuple):
        matrices = [_plain(each) for each in matrices]
    layers = given_layers(_plain(matrices), (1.0,), "matrices")
    if names and len(names) != len(layers):
        raise InputError(f"names: {len(names)} names do not fit {len(layers)} layers.")
    called = names or [f"layer {number}" for number in range(1, len(layers) + 1)]
    with TemporaryDirectory(prefix=SHOWN) as folder:
        path = Path(folder) / "matrices.npz"
        with ZipFile(path, "w") as archive:
            for name, layer in zip(called, layers, strict=True):
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, np.asarray(layer.jacobians)[None])
        # A process of its own: it needs neither a main module that can be imported again, nor an
        # event loop that nobody else runs.
        window = subprocess.run(
            [sys.executable, "-m", "stiffgui", str(path), "--layers", "*"],
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    if window.returncode:
        raise InputError(window.stderr.strip().removeprefix("stiffgui: ") or "the window failed.")


def _plain(matrices: Any) -> Any:
    """A torch tensor as numpy takes it, from wherever it is."""
    return matrices.detach().cpu() if hasattr(matrices, "detach") else matrices
