"""Shows arrays in the window, from a Python session."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from stiffgui.errors import InputError
from stiffgui.watching.measured import given_layers


def show(matrices: Any, names: Sequence[str] = ()) -> None:
    """Open the window on square matrices, and wait until it is closed.

    `matrices`: an array (numpy, torch, or what numpy takes) [n, n], [layers, n, n] or [layers,
    samples, n, n], or a list of the layers' own, [n, n] or [samples, n, n]; `names`: of the layers.

    Raises InputError when that are no real, finite, square matrices, and where no window can open.
    """
    if isinstance(matrices, list | tuple):
        matrices = [_plain(each) for each in matrices]
    layers = given_layers(_plain(matrices), (1.0,))
    if names and len(names) != len(layers):
        raise InputError(f"names: {len(names)} names do not fit {len(layers)} layers.")
    each = [layer.jacobians for layer in layers]
    with TemporaryDirectory(prefix="stiffgui-") as folder:
        path, known = Path(folder) / "matrices.npy", [one for one in each if one is not None]
        if names or len({one.shape for one in known}) > 1:
            path = path.with_suffix(".npz")
            called = names or [f"layer {number}" for number in range(1, len(known) + 1)]
            stacks = {name: one[0] for name, one in zip(called, known, strict=True)}
            np.savez(path, **stacks)
        else:
            np.save(path, np.stack(known))
        # A process of its own: it needs neither a main module that can be imported again, nor an
        # event loop that nobody else runs.
        window = subprocess.run(
            [sys.executable, "-m", "stiffgui", str(path)],
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    if window.returncode:
        raise InputError(window.stderr.strip().removeprefix("stiffgui: ") or "the window failed.")


def _plain(matrices: Any) -> Any:
    """A torch tensor as numpy takes it, from wherever it is."""
    return matrices.detach().cpu() if hasattr(matrices, "detach") else matrices
