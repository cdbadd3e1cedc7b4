"""How Sphinx makes the documentation: `make docs`. Nothing is fetched from a network."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from stiffgui._version import __version__  # noqa: E402

project = "stiffgui"
author = "the stiffgui developers"
copyright = f"2026, {author}"
release = version = __version__
extensions = ["myst_parser", "reference"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]
html_theme = "furo"
html_title = f"stiffgui {release}"
html_copy_source = False
html_show_sphinx = False
exclude_patterns = ["_build"]
nitpicky = True
