"""What a process that trains has imported and set up; children are forked with it (ADR 14).

numba fills its tables when it first compiles or loads something, a quarter of a second.
"""

from __future__ import annotations

from typing import Any

import numba

from stiffgui.training.paths import compiled_path as compiled_path

first: Any = numba.njit("void()")(lambda: None)
