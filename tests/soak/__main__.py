"""`python -m tests.soak KILLS RANDOM FAILURES LOSSES`, see `trials`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.soak import shim

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.soak.trials", *sys.argv[1:], folder]
        environment = shim.environment(shim.build(Path(folder)))
        sys.exit(subprocess.run(command, env=environment).returncode)
