"""The same steps as goals.py, under pytest-benchmark.

pip install -e ".[test,bench]", then `pytest tests/benchmarks/bench_speed.py`. The name keeps it
out of `make test`: figures are for reading, and nothing here fails because a machine is slow.
"""

from __future__ import annotations

from typing import Any

import pytest
from goals import actions

from stiffgui.benchmarks import peer
from stiffgui.benchmarks.problems import PROBLEMS

pytest.importorskip("pytest_benchmark")

ACTIONS = actions()


@pytest.mark.parametrize("name", ACTIONS)
def test_step(name: str, benchmark: Any) -> None:
    step = ACTIONS[name]()
    step()  # imports and buffers
    benchmark.group = name.split(" ")[0]
    benchmark.pedantic(step, rounds=20, iterations=1 if "plain" in name or "x25" in name else 5)


@pytest.mark.skipif(not peer.is_installed(), reason="QUiNN is not installed: pip install uqinn")
@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
def test_quinn(problem: Any, benchmark: Any) -> None:
    benchmark.pedantic(peer.quinn_step_seconds, args=(problem,), rounds=1)
