"""Numbers as pictures and the window write them."""

from __future__ import annotations

import re

_NEGATIVE = re.compile(r"(?<![\w.)])-(?=[\d.∞]|inf\b)|(?<=\de)-(?=\d)")

_TOGETHER = re.compile(r"(?<=\d) (?=%)|(?<=\b(?:epoch|layer|trial)) (?=\d)")
_MODULUS = re.compile(r"(?:\d/)?\|[^|\n]{1,20}\|")
_JOINS = {ord(" "): "\N{NO-BREAK SPACE}"} | {ord(c): f"{c}\N{WORD JOINER}" for c in "/|"}


def minus(text: str) -> str:
    """With a minus sign before negative numbers and exponents; hyphens of names stay."""
    return _NEGATIVE.sub("−", text)


def unbroken(text: str) -> str:
    """For lines that wrap: a number stays with its sign of per cent and with what it counts, and a
    modulus is whole."""
    text = _MODULUS.sub(lambda found: found[0][:-1].translate(_JOINS) + "|", text)
    return _TOGETHER.sub("\N{NO-BREAK SPACE}", text)
