"""Reads a file of numbers in columns: what every format has in common is a `Sheet`.

Nothing is judged here but the file itself; text, gaps and constants in it are found later.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui.errors import InputError, one_of

if TYPE_CHECKING:
    import pandas as pd

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


@dataclass(frozen=True)
class Sheet:
    """Columns as they are named in the file (a name may stand twice) and their values.

    `frame` has the columns by position, 0, 1, ...
    """

    names: tuple[str, ...]
    frame: pd.DataFrame


def unreadable(sentence: str) -> InputError:
    """Why a file is no table that can be used."""
    return InputError(sentence, "task.path")


def read_sheet(path: Path, delimiter: str) -> Sheet:
    """The file as a Sheet. Raises InputError when it cannot be read as what its ending says."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise unreadable(f"{path} is a folder: give the path of a file in it.")
        with path.open("rb"):
            pass
    except OSError as error:
        raise unreadable(f"{path} cannot be read: {error.strerror}. Check the path.") from None
    kind = path.suffix.lower()
    if kind not in _READERS:
        raise unreadable(
            f"{path.name} is no table that can be read: its name must end in {one_of(_READERS)}."
        )
    if size == 0:
        raise unreadable(f"{path.name} is empty (0 bytes): save or copy the table again.")
    sheet = _READERS[kind](path, delimiter)
    if not sheet.names:
        raise unreadable(f"{path.name} holds no columns.")
    return sheet


@contextmanager
def _as(path: Path, format: str) -> Iterator[None]:
    """Whatever a library says against a file becomes one sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except ImportError:
        raise unreadable(
            f"{path.name}: reading {format} needs a library that is not installed; install it "
            f'with `pip install "stiffgui[tables]"`.'
        ) from None
    except Exception as error:  # each library has its own family of errors
        reason = str(error).strip().split("\n")[0].split(". ")[0].rstrip(".")
        raise unreadable(
            f"{path.name} cannot be read as {format}: {reason or type(error).__name__}. Save it "
            f"again, or give it the ending of what it is."
        ) from None


# ------------------------------------------------------------------------------ text


def _read_text(path: Path, delimiter: str) -> Sheet:
    import pandas as pd

    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise unreadable(
            f"{path.name} is not UTF-8 text: save it as CSV with the encoding UTF-8."
        ) from None
    lines = [line for line in text.splitlines()[: 4 * SNIFFED_LINES] if line.strip()]
    if not lines:
        raise unreadable(f"{path.name} holds nothing but blank lines.")
    sign = _sniffed(lines[:SNIFFED_LINES]) if delimiter == "auto" else _SIGNS[delimiter]
    names = _fields(lines[0], sign)
    _check_head(path, lines, names, sign)
    decimal = "," if sign != "," and _has_decimal_commas(lines[1:SNIFFED_LINES], sign) else "."
    try:
        with _as(path, "CSV"):
            # A line with too many fields is only warned of, and would lose numbers.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.StringIO(text),
                sep=r"\s+" if sign == " " else sign,
                decimal=decimal,
                header=None,
                skiprows=_lines_before_data(text),
                names=range(len(names)),
                index_col=False,
                skipinitialspace=True,
                low_memory=False,
                float_precision="round_trip",
            )
    except InputError:
        _check_lengths(path, text.splitlines(), len(names), sign)  # says which row, if any
        raise
    return Sheet(names, frame)


def _lines_before_data(text: str) -> int:
    """Blank lines at the top and the header."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            return number
    return 0


def _fields(line: str, sign: str) -> tuple[str, ...]:
    if sign == " ":
        return tuple(line.split())
    row = next(csv.reader([line], delimiter=sign, skipinitialspace=True), [])
    return tuple(field.strip() for field in row)


def _sniffed(lines: list[str]) -> str:
    """The sign that splits all lines into equally many fields, the most there are."""
    best, most = ",", 1
    for sign in _SIGNS.values():
        counts = {len(_fields(line, sign)) for line in lines}
        if len(counts) == 1 and (count := counts.pop()) > most:
            best, most = sign, count
    if most == 1:  # lines of different lengths: the header decides, the reader names the line
        best = max(_SIGNS.values(), key=lambda sign: len(_fields(lines[0], sign)))
    return best


def _check_head(path: Path, lines: list[str], names: tuple[str, ...], sign: str) -> None:
    called = next(name for name, s in _SIGNS.items() if s == sign)
    other = [n for n, s in _SIGNS.items() if s != sign and len(_fields(lines[0], s)) > len(names)]
    if len(names) == 1 and other and called != "space":
        raise InputError(
            f"{path.name} has only one column, {names[0][:40]!r}, when split at the {called}: "
            f"choose another delimiter, such as {other[0]}.",
            "task.delimiter",
        )
    if all(_is_number(name) for name in names):
        raise unreadable(
            f"{path.name} has no header: its first line must name the columns, but holds the "
            f"numbers {', '.join(names[:3])}{', ...' if len(names) > 3 else ''}."
        )
    _check_lengths(path, lines, len(names), sign)


def _check_lengths(path: Path, lines: list[str], columns: int, sign: str) -> None:
    rows = (line for line in lines if line.strip())
    for number, line in enumerate(rows):
        count = len(_fields(line, sign))
        if count > columns:
            raise InputError(
                f"{path.name}: row {number} has {count} fields and the header {columns}; make "
                f"them equal, or choose another delimiter.",
                "task.delimiter",
            )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _has_decimal_commas(lines: list[str], sign: str) -> bool:
    fields = [field for line in lines for field in _fields(line, sign)]
    return any(re.fullmatch(r"[-+]?\d+,\d+([eE][-+]?\d+)?", field) for field in fields)


# ---------------------------------------------------------------------------- binary


def _of_frame(frame: pd.DataFrame) -> Sheet:
    names = tuple(str(name).strip() for name in frame.columns)
    return Sheet(names, frame.set_axis(range(len(names)), axis=1).reset_index(drop=True))


def _read_parquet(path: Path, _: str) -> Sheet:
    import pyarrow.parquet as pq

    with _as(path, "Parquet"), path.open("rb") as file:
        table = pq.read_table(file)
        frame = table.rename_columns([str(k) for k in range(table.num_columns)]).to_pandas(
            ignore_metadata=True
        )
        names = tuple(name.strip() for name in table.column_names)
    return Sheet(names, frame.set_axis(range(len(names)), axis=1))


def _read_excel(path: Path, _: str) -> Sheet:
    import pandas as pd

    with _as(path, "Excel"), path.open("rb") as file:
        # The header as data: pandas would rename columns that have the same name.
        frame = pd.read_excel(file, header=None, engine="openpyxl")
        if frame.empty:
            raise unreadable(f"{path.name}: its first sheet is empty.")
        names = tuple("" if pd.isna(name) else str(name).strip() for name in frame.iloc[0])
        return Sheet(names, frame.iloc[1:].reset_index(drop=True).infer_objects())


def _read_npz(path: Path, _: str) -> Sheet:
    import pandas as pd

    if not zipfile.is_zipfile(path):
        raise unreadable(
            f"{path.name} is not an NPZ archive: save arrays with np.savez(file, x=x, y=y); "
            f"pickled Python objects are refused because opening them can run code."
        )
    columns: dict[str, Any] = {}
    lengths: dict[str, int] = {}
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            for name in arrays.files:
                array = arrays[name]
                if array.ndim not in (1, 2):
                    raise unreadable(
                        f"{path.name}: array {name!r} has {array.ndim} axes; a table is made of "
                        f"arrays [rows] or [rows, columns]."
                    )
                lengths[name] = len(array)
                columns |= _columns(name, array)
    except InputError:
        raise
    except Exception as error:
        if "allow_pickle" in str(error):
            raise unreadable(
                f"{path.name} holds pickled Python objects, which are refused because opening "
                f"them can run code: save arrays of numbers, as in np.savez(file, x=x, y=y)."
            ) from None
        with _as(path, "NPZ"):
            raise
    _same_length(path, lengths)
    return _of_frame(pd.DataFrame(columns))


def _columns(name: str, array: Any) -> dict[str, Any]:
    """An array [rows, c] as c columns name_1, name_2, ...; one [rows] keeps its name."""
    if array.ndim == 1:
        return {name: array}
    return {f"{name}_{k + 1}": array[:, k] for k in range(array.shape[1])}


def _same_length(path: Path, lengths: dict[str, int]) -> None:
    if len(set(lengths.values())) > 1:
        first = next(iter(lengths))
        second = next(name for name in lengths if lengths[name] != lengths[first])
        raise unreadable(
            f"{path.name}: {first!r} has {lengths[first]} rows and {second!r} {lengths[second]}; "
            f"a table needs equally many."
        )


def _read_netcdf(path: Path, _: str) -> Sheet:
    import pandas as pd

    columns: dict[str, Any] = {}
    lengths: dict[str, int] = {}
    with path.open("rb") as file:
        magic = file.read(3)
        if magic not in (b"CDF", b"\x89HD"):
            raise unreadable(
                f"{path.name} cannot be read as NetCDF: it is neither NetCDF 3 nor 4. Save it "
                f"again, or give it the ending of what it is."
            )
    with _as(path, "NetCDF"):
        import xarray as xr

        if magic == b"\x89HD":  # NetCDF 4; else xarray would only say that no engine matches
            import h5netcdf  # noqa: F401

        with xr.open_dataset(path, decode_times=False) as dataset:
            for name, variable in dataset.data_vars.items():
                if variable.ndim in (1, 2):  # the first dimension counts the rows
                    lengths[str(name)] = variable.shape[0]
                    columns |= _columns(str(name), variable.to_numpy())
    if not columns:
        raise unreadable(f"{path.name} holds no variable with one or two dimensions.")
    _same_length(path, lengths)
    return _of_frame(pd.DataFrame(columns))


_READERS: dict[str, Callable[[Path, str], Sheet]] = {
    ".csv": _read_text,
    ".tsv": _read_text,
    ".txt": _read_text,
    ".dat": _read_text,
    ".parquet": _read_parquet,
    ".xlsx": _read_excel,
    ".xlsm": _read_excel,
    ".npz": _read_npz,
    ".nc": _read_netcdf,
}
ENDINGS = tuple(_READERS)
TEXT_ENDINGS = tuple(ending for ending, read in _READERS.items() if read is _read_text)
