"""Reads a file of numbers in columns: what every format has in common is a `Sheet`.

Nothing is judged here but the file itself; text, gaps and constants in it are found later.
"""

from __future__ import annotations

import gzip
import io
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from stiffgui.errors import InputError, nearest, no_reading, one_of
from stiffgui.tasks.table import limits
from stiffgui.tasks.table.sheet import Reading, Sheet, head_of, plain_unit, unreadable
from stiffgui.tasks.table.text import COMMENTS, read_text

MOST_COLUMNS = 1000  # that one variable is unfolded to


def read_sheet(path: Path, how: Reading) -> Sheet:
    """The file as a Sheet. Raises InputError when it cannot be read as what its ending says."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise unreadable(f"{path} is a folder: give the path of a file in it.")
        if not path.is_file():  # a pipe, or a device
            raise unreadable(f"{path} is no file that has an end: save the table in one.")
        if size > limits.MOST_BYTES:
            raise unreadable(f"{path} has {size} bytes, too many to be read: keep what is needed.")
        with path.open("rb"):
            pass
    except OSError as error:
        raise unreadable(str(no_reading(path, error))) from None
    if size == 0:
        raise unreadable(f"{path.name} is empty (0 bytes): save or copy the table again.")
    with path.open("rb") as file:
        sheet = _read(file, path.name, path.name, how)
    if not sheet.names:
        raise unreadable(f"{path.name} holds no columns.")
    limits.check_columns(path.name, len(sheet.names))
    return replace(sheet, notes=tuple(f"{path.name}: {note}" for note in sheet.notes))


def _read(file: IO[bytes], name: str, inner: str, how: Reading) -> Sheet:
    """A file, or what is packed in it and called `inner` there, by the reader of its ending."""
    kind = Path(inner).suffix.lower()
    if kind not in _READERS or (inner != name and kind in PACKED):
        raise unreadable(
            f"{name} is no table that can be read: its name must end in {one_of(_READERS)}."
            if inner == name
            else f"{name} holds {inner!r}, which is no table that can be read: unpack it."
        )
    title, read = _READERS[kind]
    with _as(name, title):
        return read(file, name, how)


@contextmanager
def _as(name: str, format: str) -> Iterator[None]:
    """Whatever a library says against a file becomes one sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except ImportError:
        raise unreadable(
            f"{name}: reading {format} needs a library that is not installed; install it "
            f'with `pip install "stiffgui[tables]"`.'
        ) from None
    except Exception as error:  # each library has its own family of errors
        reason = str(error).strip().split("\n")[0].split(". ")[0].rstrip(".")
        raise unreadable(
            f"{name} cannot be read as {format}: {reason or type(error).__name__}. Save it "
            f"again, or give it the ending of what it is."
        ) from None


# ---------------------------------------------------------------------------- packed


def _read_gzip(file: IO[bytes], name: str, how: Reading) -> Sheet:
    most = limits.most_unpacked(_size(file))
    with gzip.GzipFile(fileobj=file) as packed:
        content = packed.read(most + 1)
    if len(content) > most:
        raise limits.too_much(name, most)
    return _read(io.BytesIO(content), name, Path(name).stem, how)


def _read_zip(file: IO[bytes], name: str, how: Reading) -> Sheet:
    with zipfile.ZipFile(file) as archive:
        limits.check_archive(name, archive, _size(file))
        files = [entry for entry in archive.namelist() if not entry.endswith("/")]
        if len(files) != 1:
            raise unreadable(f"{name} holds {len(files)} files: unpack it and choose one of them.")
        return _read(io.BytesIO(archive.read(files[0])), name, files[0], how)


def _size(file: IO[bytes]) -> int:
    """Bytes of an open file, which is at its beginning."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return size


# ---------------------------------------------------------------------------- binary


def _of_columns(columns: dict[str, Any], units: dict[str, str], **more: Any) -> Sheet:
    import pandas as pd

    frame = pd.DataFrame(columns)
    names = tuple(str(name).strip() for name in frame.columns)
    known = tuple(units.get(str(name), "") for name in frame.columns)
    frame = frame.set_axis(range(len(names)), axis=1)
    return Sheet(names, frame, known if any(known) else (), **more)


def _read_parquet(file: IO[bytes], name: str, how: Reading) -> Sheet:
    import pyarrow.parquet as pq

    size, facts = _size(file), pq.ParquetFile(file).metadata
    limits.check_cells(name, facts.num_rows, facts.num_columns, size)
    table = pq.read_table(file)
    frame = table.rename_columns([str(k) for k in range(table.num_columns)]).to_pandas(
        ignore_metadata=True
    )
    names = tuple(name.strip() for name in table.column_names)
    return Sheet(names, frame.set_axis(range(len(names)), axis=1))


def _read_excel(file: IO[bytes], name: str, how: Reading) -> Sheet:
    import pandas as pd

    limits.check_workbook(file, name, _size(file))
    with pd.ExcelFile(file, engine="openpyxl") as book:
        sheets = tuple(map(str, book.sheet_names))
        wanted = how.sheet or sheets[0]
        _need_choice(name, wanted, sheets, "sheet")
        # The header as data: pandas would rename columns that have the same name.
        cells = book.parse(wanted, header=None).dropna(how="all")
    notes: tuple[str, ...] = ()
    if not how.sheet and len(sheets) > 1:
        others = ", ".join(map(repr, sheets[1:]))
        said = f"sheet {wanted!r} is read, the first of {len(sheets)}; task.sheet names another"
        notes = (f"{said} ({others})",)
    if cells.shape[1] > 1:  # a comment stands alone in its row
        begins = cells[0].astype(str).str.startswith(COMMENTS)
        cells = cells[~(begins & cells.loc[:, 1:].isna().all(axis=1))]
    if cells.empty:
        raise unreadable(f"{name}: its sheet {wanted!r} is empty.")
    rows = [[_text(cell) for cell in row] for row in cells.head(3).itertuples(index=False)]
    head = head_of(rows, how.letter)
    frame = cells.iloc[head.rows :].reset_index(drop=True).infer_objects()
    return Sheet(head.names, frame, head.units, (*notes, *head.notes), sheets)


def _text(cell: Any) -> str:
    import pandas as pd

    return "" if pd.isna(cell) else str(cell).strip()


def _need_choice(file: str, wanted: str, known: tuple[str, ...], what: str) -> None:
    if wanted not in known:
        key = "sheet" if what == "sheet" else "rows_along"
        listed = " and ".join(map(repr, known)) if len(known) < 3 else ", ".join(map(repr, known))
        hint = nearest(wanted, known)
        raise InputError(f"{file} has no {what} {wanted!r}; it has {listed}.{hint}", f"task.{key}")


def _read_npz(file: IO[bytes], name: str, how: Reading) -> Sheet:
    if not zipfile.is_zipfile(file):
        raise unreadable(
            f"{name} is not an NPZ archive: save arrays with np.savez(file, x=x, y=y); "
            f"pickled Python objects are refused because opening them can run code."
        )
    with zipfile.ZipFile(file) as archive:
        limits.check_archive(name, archive, _size(file))
    file.seek(0)
    columns: dict[str, Any] = {}
    lengths: dict[str, int] = {}
    try:
        with np.load(file, allow_pickle=False) as arrays:
            for key in arrays.files:
                array = arrays[key]
                if array.ndim not in (1, 2):
                    raise unreadable(
                        f"{name}: array {key!r} has {array.ndim} axes; a table is made of "
                        f"arrays [rows] or [rows, columns]."
                    )
                lengths[key] = len(array)
                limits.check_columns(name, len(columns) + array[:1].size)
                columns |= _columns(key, array)
    except Exception as error:
        if "allow_pickle" in str(error):
            raise unreadable(
                f"{name} holds pickled Python objects, which are refused because opening "
                f"them can run code: save arrays of numbers, as in np.savez(file, x=x, y=y)."
            ) from None
        raise
    if len(set(lengths.values())) > 1:
        first = next(iter(lengths))
        second = next(key for key in lengths if lengths[key] != lengths[first])
        raise unreadable(
            f"{name}: {first!r} has {lengths[first]} rows and {second!r} {lengths[second]}; "
            f"a table needs equally many."
        )
    return _of_columns(columns, {})


def _read_npy(file: IO[bytes], name: str, how: Reading) -> Sheet:
    array = np.lib.format.read_array(file, allow_pickle=False)
    limits.check_columns(name, array.shape[-1] if array.ndim == 2 else 1)
    if array.dtype.names is not None and array.ndim == 1:
        return _of_columns({column: array[column] for column in array.dtype.names}, {})
    if array.ndim != 2:
        raise unreadable(f"{name} has {array.ndim} axes; a table is an array [rows, columns].")
    return _of_columns({f"{how.letter}{k}": c for k, c in enumerate(array.T, 1)}, {})


def _columns(name: str, array: Any) -> dict[str, Any]:
    """An array [rows, c] as c columns name_1, name_2, ...; one [rows] keeps its name."""
    if array.ndim == 1:
        return {name: array}
    places = np.ndindex(array.shape[1:])
    return {"_".join([name, *(str(k + 1) for k in at)]): array[(..., *at)] for at in places}


def _read_netcdf(file: IO[bytes], name: str, how: Reading) -> Sheet:
    size, magic = _size(file), file.read(3)
    file.seek(0)
    if magic not in (b"CDF", b"\x89HD"):
        raise unreadable(
            f"{name} cannot be read as NetCDF: it is neither NetCDF 3 nor 4. Save it "
            f"again, or give it the ending of what it is."
        )
    import xarray as xr

    columns: dict[str, Any] = {}
    units: dict[str, str] = {}
    left_out: list[str] = []
    source = file if isinstance(file, io.BytesIO) else file.name
    if magic == b"\x89HD":  # NetCDF 4; else xarray would only say that no engine matches
        import h5netcdf  # noqa: F401
        import h5py

        with h5py.File(source, "r") as opened:  # where this fails, h5netcdf leaves half a file,
            opened.attrs.get("_nc3_strict")  # which complains on the terminal when it goes
    with xr.open_dataset(source, decode_times=False) as dataset:
        dimensions = tuple(map(str, dataset.sizes))
        if how.rows_along:
            _need_choice(name, how.rows_along, dimensions, "dimension")
        along, several = how.rows_along or _rows_along(dataset), len(dimensions) > 1
        for key, variable in dataset.data_vars.items():
            rows = dataset.sizes.get(along, 0)
            few = variable.size <= MOST_COLUMNS * rows
            if along not in variable.dims or not few:
                left_out.append(str(key))
                continue
            width = variable.size // max(rows, 1)
            limits.check_cells(name, rows, len(columns) + width, size)
            unfolded = _columns(str(key), variable.transpose(along, ...).to_numpy())
            columns |= unfolded
            units |= dict.fromkeys(unfolded, plain_unit(str(variable.attrs.get("units", ""))))
    if not columns:
        raise unreadable(f"{name} holds no variable with rows of numbers.")
    notes = []
    if several:
        more = "" if how.rows_along else "; task.rows_along names another dimension"
        notes.append(f"rows are counted along {along!r}{more}")
    if left_out:
        notes.append(
            f"variables without that dimension, or with more than {MOST_COLUMNS} values in a row, "
            f"are left out ({', '.join(left_out[:6])}{', ...' if len(left_out) > 6 else ''})"
        )
    return _of_columns(columns, units, notes=tuple(notes), choices=dimensions if several else ())


def _rows_along(dataset: Any) -> str:
    """Of the dimensions that come first the one that most variables have."""
    variables = [variable.dims for variable in dataset.data_vars.values() if variable.dims]
    first = dict.fromkeys(str(dims[0]) for dims in variables)
    return max(first, key=lambda along: sum(along in dims for dims in variables), default="")


_READERS: dict[str, tuple[str, Callable[[IO[bytes], str, Reading], Sheet]]] = {
    ".csv": ("CSV", read_text),
    ".tsv": ("CSV", read_text),
    ".txt": ("CSV", read_text),
    ".dat": ("CSV", read_text),
    ".parquet": ("Parquet", _read_parquet),
    ".xlsx": ("Excel", _read_excel),
    ".xlsm": ("Excel", _read_excel),
    ".npy": ("NPY", _read_npy),
    ".npz": ("NPZ", _read_npz),
    ".nc": ("NetCDF", _read_netcdf),
    ".gz": ("gzip", _read_gzip),
    ".zip": ("ZIP", _read_zip),
}
PACKED = (".gz", ".zip")
WITH_SHEETS = (*(e for e, (_, read) in _READERS.items() if read is _read_excel), *PACKED)
ENDINGS = tuple(_READERS)
TEXT_ENDINGS = (*(e for e, (_, read) in _READERS.items() if read is read_text), *PACKED)
