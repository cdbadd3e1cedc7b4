"""Numbers as pictures and the window write them."""

from __future__ import annotations

import re

_NEGATIVE = re.compile(r"(?<![\w.)])-(?=[\d.∞]|inf\b)|(?<=\de)-(?=\d)")


def minus(text: str) -> str:
    """With a minus sign before negative numbers and exponents; hyphens of names stay."""
    return _NEGATIVE.sub("−", text)
