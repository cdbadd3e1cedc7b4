"""The one exception a person sees: a sentence that says what, where and how to mend it."""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

Entry = TypeVar("Entry")
LONGEST = 120  # letters of a path in a sentence


class InputError(ValueError):
    """Bad input, told in one sentence.

    The command line prints it on one line and exits with code 2; the window shows it in
    place. `key` is the dotted name of the setting at fault, where there is one.
    """

    def __init__(self, sentence: str, key: str | None = None) -> None:
        super().__init__(sentence)
        self.key = key


def no_reading(path: Path, error: OSError) -> InputError:
    """The sentence for a file that the system does not let us read."""
    return InputError(f"{in_short(path)} cannot be read: {error.strerror}. Check the path.")


def no_writing(path: Path, error: OSError) -> InputError:
    """The sentence for a file that the system does not let us write."""
    return InputError(
        f"{in_short(path)} cannot be written: {error.strerror or error}. Choose a place where you "
        f"may write."
    )


def in_short(path: Path | str, most: int = LONGEST) -> str:
    """A path whose middle is left out where it has more than so many letters."""
    text = str(path)
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-most // 2 :]}"


def need_folder(path: Path) -> None:
    """Raise InputError when the folder of a file that is to be written does not exist."""
    if not path.absolute().parent.is_dir():
        raise InputError(
            f"{path} cannot be written: the folder {path.parent} does not exist. Create it or "
            f"choose another place."
        )


def need_library(module: str, what: str, extra: str, package: str = "") -> None:
    """Raise InputError where a module that `what` needs is not installed: `extra` brings it.
    `package` is what it is called, where not as the module."""
    if importlib.util.find_spec(module) is None:
        raise InputError(
            f"{what} needs {package or module}, which is not installed: install it with "
            f'`pip install "stiffgui[{extra}]"`.'
        )


def one_of(names: Iterable[str]) -> str:
    """Names as they are listed in a sentence: `a, b or c`."""
    listed = list(names)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} or {listed[-1]}"


def entry(kind: str, name: str, table: Mapping[str, Entry]) -> Entry:
    """table[name]. Raises InputError, `there is no KIND NAME; choose ...`, when it is not there."""
    if name not in table:
        raise InputError(
            f"there is no {kind} {name!r}; choose {one_of(table)}.{nearest(name, table)}"
        )
    return table[name]


def matching(no_such: str, patterns: Sequence[str], names: Sequence[str]) -> set[str]:
    """The names that patterns such as `layers.*` match. Raises InputError, `NO_SUCH is called
    PATTERN`, where one of them matches none."""
    matched: set[str] = set()
    for pattern in patterns:
        found = {name for name in names if fnmatchcase(name, pattern)}
        if not found:
            raise InputError(f"{no_such} is called {pattern!r}.{nearest(pattern, names)}")
        matched |= found
    return matched


def nearest(name: str, names: Iterable[str]) -> str:
    """` Did you mean X?` when a known name lies close, whatever its case, else an empty string."""
    known = list(names)
    folded = {k.casefold(): k for k in reversed(known)}
    matches = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    close = [folded[match] for match in matches]
    if not close:  # a bare field name for a dotted key
        close = [k for k in known if k.rsplit(".", 1)[-1] == name][:1]
    return f" Did you mean {close[0]}?" if close else ""
