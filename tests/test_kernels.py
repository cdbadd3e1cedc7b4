"""PartialChunks of a penalty on several threads, and kernels where nothing can be written."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from stiffgui.kernels import threads
from stiffgui.kernels.threads import choose_threads, share
from stiffgui.stiffness.kernels.dominant import dominant


def test_every_part_is_done_once_by_one_thread_at_a_time() -> None:
    done, busy, seen = [], set[int](), set[int]()

    def work(part: int, thread: int) -> None:
        assert thread not in busy
        busy.add(thread)
        seen.add(threading.get_ident())
        time.sleep(0.002)
        done.append(part)
        busy.remove(thread)

    share(range(20), work, 3)
    assert sorted(done) == list(range(20)) and len(seen) == 3


@pytest.mark.parametrize("bad", [0, 7, 19])
def test_an_exception_in_a_part_is_raised(bad: int) -> None:
    def work(part: int, thread: int) -> None:
        time.sleep(0.001)
        if part == bad:
            raise ValueError(part)

    with pytest.raises(ValueError, match=str(bad)):
        share(range(20), work, 2)
    share(range(4), lambda part, thread: None, 2)  # the pool goes on


def test_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_threads(7) == 7
    assert 1 <= choose_threads(0) <= 4
    monkeypatch.setattr(threads, "_most", 4)
    threads.limit(1)
    assert choose_threads(0) == 1 and choose_threads(3) == 3


@pytest.mark.parametrize("width", [2, 3, 20, 50])
def test_dominant_in_double_is_lapacks(width: int) -> None:
    """Value to 1e-12, the gradient against left and right eigenvectors of LAPACK."""
    random = torch.Generator().manual_seed(width)
    matrix = torch.randn(40, width, width, generator=random, dtype=torch.float64)
    start = torch.randn(2, width, generator=random, dtype=torch.float64)
    radius, left, right, trusted = dominant(matrix, start)
    assert trusted.double().mean() > 0.8
    values, vectors = np.linalg.eig(matrix.numpy())
    chosen = np.abs(values).argmax(-1)
    k = np.arange(40)
    v, u = vectors[k, :, chosen], np.linalg.inv(vectors)[k, chosen]
    phase = values[k, chosen].conj() / np.abs(values[k, chosen])
    exact = (phase[:, None, None] * u[:, :, None] * v[:, None, :]).real
    found = np.einsum("kpi,kpj->kij", left.numpy(), right.numpy())
    sure = trusted.numpy()
    np.testing.assert_allclose(radius[sure], np.abs(values).max(-1)[sure], rtol=1e-9)
    np.testing.assert_allclose(found[sure], exact[sure], rtol=1e-3, atol=1e-3)


def test_kernels_run_where_nothing_can_be_written(tmp_path: Path) -> None:
    """No folder for the cache: compiled anew, without a word."""
    nowhere = tmp_path / "nowhere"
    nowhere.write_text("")  # a file where the folder would be
    program = (
        "from numba.core import caching\n"
        "caching.CacheImpl._locator_classes = []\n"
        "from stiffgui.kernels.compiler import compiled\n"
        "print(compiled(lambda x: x + 1)(1))"
    )
    environment = os.environ | {"NUMBA_CACHE_DIR": str(nowhere)}
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert (ran.stdout.strip(), ran.stderr) == ("2", "")
