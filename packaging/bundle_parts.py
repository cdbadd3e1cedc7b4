"""How large a bundle is, and what of it: `python packaging/bundle_parts.py dist/stiffgui`.

Ends with 1 where it has more than is promised.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

MOST = (
    600  # MB, a goal that is missed: libtorch alone has 345, LLVM, with which numba compiles, 160
)
FEWEST = 5  # MB of a part that is told


def main(folder: Path) -> int:
    """Tell the parts, the largest first."""
    parts: Counter[str] = Counter()
    inside = folder / "_internal"
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            place = path.relative_to(inside).parts if path.is_relative_to(inside) else ("program",)
            parts[place[0] if len(place) > 1 else "libraries and program"] += path.stat().st_size
    whole = round(sum(parts.values()) / 1e6)
    for name, size in parts.most_common():
        if size >= FEWEST * 1e6:
            print(f"{size / 1e6:6.0f} MB  {name}")
    print(f"{whole:6d} MB  in all, of at most {MOST}")
    return whole > MOST


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
