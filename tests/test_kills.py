"""A training that is killed at a write, or whose writes fail: some of what `make soak` tries."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.soak import shim


@pytest.mark.skipif(
    sys.platform != "linux" or shim.compiler() is None,
    reason="the shim that kills at writes needs Linux and a C compiler",
)
def test_every_file_opens_goes_on_alike_and_lacks_nothing(tmp_path: Path) -> None:
    library = shim.build(tmp_path)
    command = [sys.executable, "-m", "tests.soak.trials", "2", "1", "1", "0", str(tmp_path)]
    done = subprocess.run(
        command, env=shim.environment(library), capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["kills"] == 3 and told["failures"] == 1 and told["wrong"] == []
