"""Reads files of matrices: what every format has in common is a list of arrays, whose shapes are
known before one of them is loaded. Nothing in a file is run: pickled objects are refused.

Letters for shapes: N layers, B samples, n width.
"""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError, matching, no_reading, one_of
from stiffgui.matrices import ENDINGS
from stiffgui.runs.foreign import Array

MOST_WIDTH = 4096
MOST_BYTES = 2**31  # of what is read, as double numbers


class NoMatrices(InputError):
    """What can be read holds arrays, but no square ones."""


@dataclass(frozen=True)
class Stack:
    """Matrices [B, n, n] of each layer, with the names of the layers."""

    names: tuple[str, ...]
    layers: tuple[Array, ...]


@dataclass(frozen=True)
class Found:
    """An array in a file: its name there, empty where it is the only one, its shape, and how it is
    loaded."""

    name: str
    shape: tuple[int, ...]
    load: Callable[[], Any]

    @property
    def is_square(self) -> bool:
        """Whether it is a matrix, or a stack of them."""
        return (
            2 <= len(self.shape) <= 4 and self.shape[-1] == self.shape[-2] and 0 not in self.shape
        )


def read(path: Path, patterns: Sequence[str] = ()) -> Stack:
    """The matrices of a file: one array [n, n], [N, n, n] or [N, B, n, n], or of several arrays
    the square ones [n, n]; `patterns` such as `blocks.*.weight` choose by name.

    Raises NoMatrices where it holds no square array, and InputError where it cannot be read, or
    holds what is not measured.
    """
    _check_file(path)
    with ExitStack() as opened, _as_input_errors(path):
        found = _READERS[path.suffix.lower()](path, opened)
        chosen = _chosen(path, found, patterns)
        _check_size(path, chosen)
        arrays = [(each, _numbers(path, each)) for each in chosen]
    names: list[str] = []
    layers: list[Array] = []
    for each, array in arrays:
        stack = array if array.ndim > 2 else array[None]
        for number, layer in enumerate(stack, 1):
            layers.append(layer if layer.ndim == 3 else layer[None])
            base = each.name or "layer"
            names.append(base if each.name and len(stack) == 1 else f"{base} {number}")
    return Stack(tuple(names), tuple(layers))


def _check_file(path: Path) -> None:
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"{path} is no file of matrices: its name must end in {one_of(ENDINGS)}.")
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):  # opening a FIFO would wait for ever
            raise InputError(f"{path} is no regular file: give the path of a file of matrices.")
        with path.open("rb"):
            pass
    except OSError as error:
        raise no_reading(path, error) from None
    if facts.st_size == 0:
        raise InputError(f"{path} is empty (0 bytes): save the matrices again.")


@contextmanager
def _as_input_errors(path: Path) -> Iterator[None]:
    """Whatever is wrong with a file is told in a sentence."""
    try:
        yield
    except InputError:
        raise
    except MemoryError:
        raise InputError(f"{path} is too large for the memory.") from None
    except Exception as error:  # each library has its own family of errors
        if "pickle" in str(error) or "Python objects" in str(error):
            raise InputError(
                f"{path} holds pickled Python objects, which are refused because opening them can "
                f"run code: save arrays of numbers."
            ) from None
        reason = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
        raise InputError(
            f"{path} cannot be read as {path.suffix}: {reason.rstrip('.')[:160]}. Save it again, "
            f"or give it the ending of what it is."
        ) from None


def _chosen(path: Path, found: list[Found], patterns: Sequence[str]) -> list[Found]:
    """Of several arrays the square ones [n, n], else one stack; or what patterns match."""
    if patterns:
        names = matching("layers: no array", patterns, [each.name for each in found])
        chosen = [each for each in found if each.name in names]
        wrong = next((each for each in chosen if not each.is_square), None)
        if wrong is not None:
            raise NoMatrices(
                f"layers: {wrong.name} in {path.name} has the shape {list(wrong.shape)}, which is "
                f"not square: choose others."
            )
        return chosen
    square = [each for each in found if each.is_square]
    flat = [each for each in square if len(each.shape) == 2]
    stacks = [each for each in square if len(each.shape) > 2]
    if len(found) > 1 and (flat or len(stacks) != 1):
        square = flat
    if not square:
        shapes = ", ".join(f"{each.name} {list(each.shape)}".strip() for each in found[:4])
        more = ", ..." if len(found) > 4 else ""
        raise NoMatrices(
            f"{path} holds no square matrices ({shapes or 'no arrays'}{more}): give [n, n], "
            f"[layers, n, n] or [layers, samples, n, n]."
        )
    return square


def _in_order(found: Found) -> list[tuple[int, str]]:
    """Numbers in names as numbers: layers.2 comes before layers.10."""
    parts = re.split(r"(\d+)", found.name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _check_size(path: Path, chosen: Sequence[Found]) -> None:
    widest = max(chosen, key=lambda each: each.shape[-1])
    if widest.shape[-1] > MOST_WIDTH:
        name = f"{widest.name} in {path}" if widest.name else f"{path}"
        raise InputError(
            f"{name} has the width {widest.shape[-1]}, and matrices are measured up to "
            f"{MOST_WIDTH}: choose others by name, or give a part of it."
        )
    size = sum(8 * int(np.prod(each.shape)) for each in chosen)
    if size > MOST_BYTES:
        raise InputError(
            f"{path} holds {size / 2**30:.1f} GiB of square matrices, and {MOST_BYTES / 2**30:.0f} "
            f"GiB are read at most: choose some of them by name (--layers), or save fewer."
        )


def _numbers(path: Path, found: Found) -> Array:
    what = f"{found.name} in {path}" if found.name else f"{path}"
    given = np.asarray(found.load())
    if np.iscomplexobj(given):
        raise InputError(f"{what} is complex, and only real matrices are measured: save its parts.")
    if given.dtype.kind not in "fiub":
        raise InputError(f"{what} holds no numbers (its type is {given.dtype}): save numbers.")
    array = np.asarray(given, np.float64)
    if not np.isfinite(array).all():
        raise InputError(f"{what} holds NaN or infinity: save finite matrices.")
    return array


def _read_npy(path: Path, opened: ExitStack) -> list[Found]:
    with path.open("rb") as file:
        if not file.read(8).startswith(np.lib.format.MAGIC_PREFIX):
            raise ValueError("it is no array that numpy saved")  # numpy takes it for a pickle
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    return [Found("", array.shape, lambda: array)]


def _read_npz(path: Path, opened: ExitStack) -> list[Found]:
    archive = opened.enter_context(zipfile.ZipFile(path))
    names = [name.removesuffix(".npy") for name in archive.namelist()]
    if {"format", "shape", "data"} <= set(names):  # as scipy.sparse.save_npz writes it
        import scipy.sparse

        matrix = scipy.sparse.load_npz(path)
        return [_of_sparse("", tuple(matrix.shape), int(matrix.nnz), lambda: matrix)]
    whole = opened.enter_context(np.load(path, allow_pickle=False))
    found = []
    for name, member in zip(names, archive.namelist(), strict=True):
        if member.endswith(".npy"):
            with archive.open(member) as file:
                shape = _shape_in(file)
            found.append(Found(name, shape, partial(whole.__getitem__, name)))
    return found


def _shape_in(file: IO[bytes]) -> tuple[int, ...]:
    """By the header of an array, without the array."""
    version = np.lib.format.read_magic(file)
    header = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, _, kind = header(file)
    if kind.hasobject:
        raise ValueError("pickled objects")
    return tuple(shape)


def _read_safetensors(path: Path, opened: ExitStack) -> list[Found]:
    from safetensors import safe_open

    weights = opened.enter_context(safe_open(path, framework="np"))
    found = []
    for name in weights.keys():  # noqa: SIM118 - it is no mapping
        part = weights.get_slice(name)
        load = partial(weights.get_tensor, name)
        if part.get_dtype() == "BF16":
            load = partial(_bfloat16, path, name)
        found.append(Found(name, tuple(part.get_shape()), load))
    return sorted(found, key=_in_order)


def _bfloat16(path: Path, name: str) -> NDArray[Any]:
    """numpy has no such numbers."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as weights:
        return np.asarray(weights.get_tensor(name).double().numpy())


def _read_mtx(path: Path, opened: ExitStack) -> list[Found]:
    from scipy.io import mminfo, mmread

    lines = _lines_of(path)
    rows, columns, entries, kind, field, symmetry = mminfo(path)
    if field == "complex":
        raise InputError(f"{path} is complex, and only real matrices are measured.")
    shape = (int(rows), int(columns))
    if kind == "coordinate":
        return [_of_sparse("", shape, int(entries), lambda: mmread(path, spmatrix=False))]
    half = rows * (rows + (-1 if symmetry == "skew-symmetric" else 1)) // 2
    if lines < (rows * columns if symmetry == "general" else half):
        raise ValueError("it is cut off")  # it would be read as zeros
    return [Found("", shape, lambda: mmread(path, spmatrix=False))]


def _read_mat(path: Path, opened: ExitStack) -> list[Found]:
    from scipy.io import whosmat

    try:
        listed = whosmat(path)
    except NotImplementedError:
        raise InputError(
            f"{path} is a MAT file of version 7.3 (HDF5), which is not read: save it with -v7."
        ) from None
    found = []
    for name, shape, kind in listed:
        load = partial(_of_mat, path, name)
        if kind == "sparse":
            found.append(_of_sparse(name, tuple(shape), 0, load))
        elif kind not in ("char", "cell", "struct", "object", "function", "opaque"):
            found.append(Found(name, tuple(shape), load))
    return found


def _lines_of(path: Path) -> int:
    """How many lines of it are numbers. Raises ValueError where it is no text: reading that ends
    the process."""
    count = 0
    with path.open("rb") as file:
        for line in file:
            if b"\0" in line:
                raise ValueError("it is no text")
            count += not (line.startswith(b"%") or line.isspace())
    return count - 1


def _of_mat(path: Path, name: str) -> Any:
    from scipy.io import loadmat

    return loadmat(path, variable_names=[name], spmatrix=False)[name]


def _of_sparse(name: str, shape: tuple[int, ...], entries: int, load: Callable[[], Any]) -> Found:
    """Sparse matrices are measured as full ones."""
    if max(shape, default=0) > MOST_WIDTH:
        many = f" with {entries} entries" if entries else ""
        raise InputError(
            f"{name or 'the matrix'} is sparse of shape {list(shape)}{many}, and sparse matrices "
            f"are measured as full ones up to width {MOST_WIDTH}: give a part of it."
        )
    return Found(name, shape, lambda: load().toarray())


_READERS: dict[str, Callable[[Path, ExitStack], list[Found]]] = {
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".safetensors": _read_safetensors,
    ".mtx": _read_mtx,
    ".mat": _read_mat,
}
