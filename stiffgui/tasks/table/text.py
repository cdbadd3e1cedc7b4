"""Reads text: its encoding, comments, delimiter and head; pandas reads the numbers."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
import warnings
from typing import IO

from stiffgui.errors import InputError
from stiffgui.tasks.table.limits import check_columns, check_lines
from stiffgui.tasks.table.sheet import Reading, Sheet, head_of, is_number, unreadable

DELIMITERS = {
    "auto": "the one that splits every line into equally many fields",
    "comma": "a,b",
    "semicolon": "a;b",
    "tab": "a⇥b",
    "pipe": "a|b",
    "space": "a b",
}
_SIGNS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
SNIFFED_LINES = 50
COMMENTS = ("#", "%")
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+([eE][-+]?\d+)?")
# Marks at the start of a file, the longer of two that begin alike first.
MARKS = {
    codecs.BOM_UTF8: ("utf-8-sig", "UTF-8 with a byte order mark"),
    codecs.BOM_UTF32_LE: ("utf-32", "UTF-32"),
    codecs.BOM_UTF32_BE: ("utf-32", "UTF-32"),
    codecs.BOM_UTF16_LE: ("utf-16", "UTF-16"),
    codecs.BOM_UTF16_BE: ("utf-16", "UTF-16"),
}


def read_text(file: IO[bytes], name: str, how: Reading) -> Sheet:
    """Raises InputError saying which row or which setting is at fault."""
    import pandas as pd

    begins = file.read(4)
    if begins == bytes(4):  # as a file of holes alone: it may be any size
        raise unreadable(f"{name} is no text: its first bytes are zeros.")
    text, notes = _decoded(begins + file.read(), name)
    text, above, comments = _without_comments(text)
    notes += comments
    lines = [line for line in text.splitlines()[: 4 * SNIFFED_LINES] if line.strip()]
    if not lines:
        raise unreadable(f"{name} holds nothing but blank lines.")
    check_lines(name, lines)
    auto = how.delimiter == "auto"
    sign = _sniffed(lines[:SNIFFED_LINES]) if auto else _SIGNS[how.delimiter]
    head = head_of([_fields(line, sign) for line in lines[:3]], how.letter, _fields(above, sign))
    names = head.names
    check_columns(name, len(names))
    _check_head(name, lines, names, sign, head.rows)
    decimal = "," if sign != "," and _has_decimal_commas(lines[head.rows : 50], sign) else "."
    try:
        with warnings.catch_warnings():
            # A line with too many fields is only warned of, and would lose numbers.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.StringIO(text),
                sep=r"\s+" if sign == " " else sign,
                decimal=decimal,
                header=None,
                skiprows=_lines_before_data(text, head.rows),
                names=range(len(names)),
                index_col=False,
                skipinitialspace=True,
                low_memory=False,
                float_precision="round_trip",
            )
    except pd.errors.EmptyDataError:
        frame = pd.DataFrame(columns=range(len(names)))
    except Exception:
        # Says which row, if any.
        _check_lengths(name, text.splitlines(), len(names), sign, head.rows)
        raise
    return Sheet(names, frame, head.units, (*notes, *head.notes))


def _decoded(content: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """Text, and a note on its encoding where that is not plain UTF-8."""
    found = next((MARKS[mark] for mark in MARKS if content.startswith(mark)), None)
    if found is None and b"\0" in content[:200]:  # every other byte of plain text in UTF-16
        found = ("utf-16-le" if b"\0" in content[1:200:2] else "utf-16-be", "UTF-16")
    tried = [found] if found is not None else [("utf-8", ""), ("cp1252", "Windows-1252 (Latin-1)")]
    text, called = content.decode("latin-1"), "Latin-1"  # which reads anything
    for encoding, title in tried:
        with contextlib.suppress(UnicodeDecodeError):
            text, called = content.decode(encoding), title
            break
    if re.search(r"[\x00-\x08\x0e-\x1f]", text[:10_000]):
        raise unreadable(
            f"{name} is no text: save it as CSV with the encoding UTF-8, or give it the ending of "
            f"what it is."
        )
    note = f"its encoding is taken for {called}"
    return text.replace("\r\n", "\n").replace("\r", "\n"), (note,) if called else ()


def _without_comments(text: str) -> tuple[str, str, tuple[str, ...]]:
    """Text without lines that begin with # or %, the last of those above the others, and a note.

    A table of which no two other lines would be left has no comments: its fields begin so.
    """
    if not any(sign in text for sign in COMMENTS):
        return text, "", ()
    lines = [line for line in text.split("\n") if line.strip()]
    plain = [line for line in lines if not _is_comment(line)]
    count = len(lines) - len(plain)
    if not count or len(plain) < 2:
        return text, "", ()
    first = lines.index(plain[0])
    above = lines[first - 1].lstrip() if first else ""
    left_out = f"{count} comment line{'' if count == 1 else 's'} left out"
    # `#` may itself be the name of the first column.
    inner = above.lstrip("#%").strip()
    return "\n".join(plain), above if inner[:1] in tuple(_SIGNS.values()) else inner, (left_out,)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(COMMENTS)


def _lines_before_data(text: str, rows: int) -> int:
    """Blank lines at the top and the head, which has so many rows."""
    if rows:
        for number, line in enumerate(text.splitlines(), start=1):
            rows -= bool(line.strip())
            if not rows:
                return number
    return 0


def _fields(line: str, sign: str) -> tuple[str, ...]:
    if sign == " ":
        return tuple(line.split())
    row = next(csv.reader([line], delimiter=sign, skipinitialspace=True), [])
    return tuple(field.strip() for field in row)


def _sniffed(lines: list[str]) -> str:
    """The sign that splits all lines into equally many fields, the most there are.

    A comma within numbers, where there are no names, is none.
    """
    best, most = ",", 1
    bare = [sign for sign in _SIGNS.values() if sign != "," and _is_bare(_fields(lines[0], sign))]
    for sign in bare or _SIGNS.values():
        counts = {len(_fields(line, sign)) for line in lines}
        if len(counts) == 1 and (count := counts.pop()) > most:
            best, most = sign, count
    if most == 1:  # lines of different lengths: the header decides, the reader names the line
        best = max(_SIGNS.values(), key=lambda sign: len(_fields(lines[0], sign)))
    return best


def _check_head(file: str, lines: list[str], names: tuple[str, ...], sign: str, rows: int) -> None:
    called = next(name for name, s in _SIGNS.items() if s == sign)
    other = [n for n, s in _SIGNS.items() if s != sign and len(_fields(lines[0], s)) > len(names)]
    if len(names) == 1 and other and called != "space":
        raise InputError(
            f"{file} has only one column, {names[0][:40]!r}, when split at the {called}: "
            f"choose another delimiter, such as {other[0]}.",
            "task.delimiter",
        )
    _check_lengths(file, lines, len(names), sign, rows)


def _check_lengths(file: str, lines: list[str], columns: int, sign: str, head: int) -> None:
    rows = (line for line in lines if line.strip())
    for number, line in enumerate(rows, start=1 - head):
        count = len(_fields(line, sign))
        if count > columns:
            raise InputError(
                f"{file}: row {number} has {count} fields and the header {columns}; make "
                f"them equal, or choose another delimiter.",
                "task.delimiter",
            )


def _is_bare(fields: tuple[str, ...]) -> bool:
    """Whether a line holds several numbers, some with a decimal comma, and nothing else."""
    commas = any(DECIMAL_COMMA.fullmatch(field) for field in fields)
    whole = all(is_number(field) and not field.endswith(",") for field in fields)
    return len(fields) > 1 and commas and whole


def _has_decimal_commas(lines: list[str], sign: str) -> bool:
    return any(DECIMAL_COMMA.fullmatch(field) for line in lines for field in _fields(line, sign))
