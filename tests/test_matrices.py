"""Files of matrices: every format, what is wrong with them, and what is said of the matrices,
against LAPACK."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
import scipy.linalg
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.numpy import save_file

import stiffgui
from stiffgui import open_run
from stiffgui.cli import main
from stiffgui.commands.matrix_files import run_file
from stiffgui.errors import InputError
from stiffgui.figures import figure
from stiffgui.figures.report import write_report
from stiffgui.matrices import file, measuring, reading
from stiffgui.matrices.file import measured
from stiffgui.matrices.measuring import LARGE, LEADING, first_look, whole
from stiffgui.matrices.reading import NoMatrices, read
from stiffgui.runs.foreign import Leading
from stiffgui.session.sources import RunFile, RunSource
from stiffgui.stiffness import pseudospectrum, schur, spectrum
from stiffgui.stiffness.eigen import EPS, eigen
from stiffgui.stiffness.pseudospectrum import (
    pseudospectrum_of_factor,
    smallest_singular_values,
)

Array = np.ndarray[Any, Any]
NUMBERS = st.floats(-1e6, 1e6, width=32)


def grcar(width: int) -> Array:
    """Far from normal, with ones on the diagonal and three above, -1 below."""
    above = sum(np.diag(np.ones(width - k), k) for k in range(4))
    return np.asarray(above - np.diag(np.ones(width - 1), -1))


def families(width: int) -> dict[str, Array]:
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(width, width)) / np.sqrt(width)
    turn, _ = np.linalg.qr(drawn)
    clustered = np.concatenate(
        [np.full(width // 2, 1.0), np.linspace(1, 1.001, width - width // 2)]
    )
    query = torch.nn.MultiheadAttention(width, 1).out_proj.weight.detach().double().numpy()
    return {
        "random": drawn,
        "normal": turn,
        "non-normal": np.triu(drawn, 1) * 3 + np.diag(np.linspace(-1, 0, width)),
        "clustered": turn @ np.diag(clustered) @ turn.T + 1e-9 * drawn,
        "grcar": grcar(width),
        "toeplitz": scipy.linalg.toeplitz(np.r_[2.0, -1.0, np.zeros(width - 2)]),
        "transformer": np.asarray(query),
    }


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


WRITERS: dict[str, Callable[[Path, Array], object]] = {
    ".npy": np.save,
    ".npz": lambda path, array: np.savez(path, J=array, times=np.arange(3)),
    ".safetensors": lambda path, array: save_file({"J": np.ascontiguousarray(array)}, path),
    ".mat": lambda path, array: scipy.io.savemat(path, {"J": array}),
    ".mtx": lambda path, array: scipy.io.mmwrite(
        path, array.astype(array.dtype if np.iscomplexobj(array) else float), precision=17
    ),
}


@pytest.mark.parametrize("ending", WRITERS)
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_what_is_written_is_read(ending: str, data: st.DataObject) -> None:
    width = data.draw(st.integers(1, 5))
    before = [] if ending == ".mtx" else data.draw(st.lists(st.integers(1, 3), max_size=2))
    kind = data.draw(st.sampled_from([np.float64, np.float32, np.int32]))
    elements = st.integers(-9, 9) if kind is np.int32 else NUMBERS
    array = data.draw(arrays(kind, (*before, width, width), elements=elements))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{ending}"
        WRITERS[ending](path, array)
        found = read(path)
    expected = array.reshape((*before, *[1] * (2 - len(before)), width, width)).astype(float)
    assert len(found.layers) == (before[0] if before else 1) == len(found.names)
    np.testing.assert_array_equal(np.stack(found.layers), expected)


def test_of_several_arrays_the_square_ones_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    weights = {f"blocks.{k}.weight": np.full((3, 3), float(k), np.float32) for k in range(12)}
    save_file(weights | {"head": np.ones((2, 3), np.float32), "b": np.ones(3, np.float32)}, path)
    found = read(path)
    assert found.names == tuple(f"blocks.{k}.weight" for k in range(12))  # 10 after 9
    some = read(path, ["blocks.1*.weight"])
    assert some.names == ("blocks.1.weight", "blocks.10.weight", "blocks.11.weight")
    with pytest.raises(InputError, match=r"no array is called 'blocks.1.weigt'. Did you"):
        read(path, ["blocks.1.weigt"])
    with pytest.raises(NoMatrices, match=r"head .* \[2, 3\], which is not square"):
        read(path, ["head"])


def test_bfloat16_is_read(tmp_path: Path) -> None:
    from safetensors.torch import save_file as save

    path = tmp_path / "half.safetensors"
    save({"a": torch.eye(3, dtype=torch.bfloat16), "b": torch.ones(3)}, path)
    np.testing.assert_array_equal(read(path).layers[0], np.eye(3)[None])


def test_sparse_ones_are_measured_as_full_ones(tmp_path: Path) -> None:
    matrix = scipy.sparse.random(9, 9, 0.3, random_state=0, format="csr")
    scipy.io.mmwrite(tmp_path / "a.mtx", matrix)
    scipy.io.savemat(tmp_path / "a.mat", {"a": matrix})
    scipy.sparse.save_npz(tmp_path / "a.npz", matrix)
    for name in ("a.mtx", "a.mat", "a.npz"):
        np.testing.assert_allclose(read(tmp_path / name).layers[0][0], matrix.toarray(), rtol=1e-14)


def bad_files(folder: Path) -> dict[str, str]:
    """Name of a file -> what is said of it."""
    said = {}
    for ending, write in WRITERS.items():
        cases: dict[str, tuple[Array, str]] = {
            "rectangular": (np.ones((2, 3)), "no square matrices"),
            "infinite": (np.diag([1.0, np.nan]), "NaN or infinity"),
            "complex": (1j * np.eye(2), "is complex"),
        }
        if ending == ".safetensors":
            del cases["complex"]  # numpy writes none there
        for name, (array, sentence) in cases.items():
            write(folder / f"{name}{ending}", array)
            said[f"{name}{ending}"] = sentence
        (folder / f"nothing{ending}").touch()
        said[f"nothing{ending}"] = r"is empty \(0 bytes\)"
        (folder / f"torn{ending}").write_bytes(b"no matrices at all, but some text\n" * 9)
        said[f"torn{ending}"] = f"cannot be read as {ending}"
        said[f"missing{ending}"] = "No such file"
    np.save(folder / "objects.npy", np.array([[object()]]), allow_pickle=True)
    np.savez(folder / "objects.npz", a=np.array([[{}]]))
    said |= dict.fromkeys(("objects.npy", "objects.npz"), "pickled Python objects")
    np.save(folder / "words.npy", np.array([["a"]]))
    said["words.npy"] = "holds no numbers"
    np.save(folder / "five.npy", np.ones((1, 1, 1, 2, 2)))
    said["five.npy"] = "no square matrices"
    scipy.io.mmwrite(folder / "wide.mtx", scipy.sparse.coo_array((9999, 9999)))
    said["wide.mtx"] = r"sparse of shape \[9999, 9999\]"
    np.lib.format.open_memmap(folder / "wide.npy", "w+", np.uint8, (4097, 4097)).flush()
    said["wide.npy"] = "has the width 4097"
    header = b"%%MatrixMarket matrix array real symmetric\n%\n2 2\n"
    for name, rest, sentence in (
        ("nul", b"1.0\0\n0\n1\n", "no text"),
        ("cut", b"1\n0\n", "cut off"),
    ):
        (folder / f"{name}.mtx").write_bytes(header + rest)
        said[f"{name}.mtx"] = f"cannot be read as .mtx: it is {sentence}"
    (folder / "new.mat").write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    said["new.mat"] = "version 7.3"
    lying = json.dumps({"J": {"dtype": "F64", "shape": [9, 9], "data_offsets": [0, 8]}}).encode()
    for name, size in (("lying", len(lying)), ("endless", 2**40)):
        content = size.to_bytes(8, "little") + lying + bytes(8)
        (folder / f"{name}.safetensors").write_bytes(content)
        said[f"{name}.safetensors"] = "cannot be read as .safetensors"
    np.savez(folder / "whole.npz", J=np.random.default_rng(0).normal(size=(40, 40)))
    for name, content in (("cut", (folder / "whole.npz").read_bytes()[:4000]), ("turned", None)):
        content = content or (folder / "whole.npz").read_bytes().replace(b"\x3f", b"\x40")
        (folder / f"{name}.npz").write_bytes(content)
        said[f"{name}.npz"] = "cannot be read as .npz"
    for ending in (".npy", ".npz", ".safetensors", ".mat"):
        WRITERS[ending](folder / f"zero{ending}", np.zeros((0, 0)))
        said[f"zero{ending}"] = "no square matrices"
    (folder / "folder.npy").mkdir()
    said["folder.npy"] = "no regular file"
    os.mkfifo(folder / "pipe.npy")
    said["pipe.npy"] = "no regular file"
    return said


def test_bad_files_are_told_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, sentence in bad_files(tmp_path).items():
        with pytest.raises(InputError, match=sentence) as told:
            read(tmp_path / name)
        assert str(told.value).count("\n") == 0 and str(told.value).endswith("."), name
        assert main(["spectrum", str(tmp_path / name)]) == 2
        printed = capsys.readouterr()
        assert printed.err.splitlines()[-1] == f"stiffgui: {told.value}" and not printed.out
    np.save(tmp_path / "one.npy", np.array([[-2.0]]))
    assert main(["spectrum", str(tmp_path / "one.npy")]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("0,-2.0,0.0")


def test_what_is_read_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "a.npy", np.ones((4, 50, 50)))
    monkeypatch.setattr(reading, "MOST_BYTES", 8 * 3 * 50 * 50)
    with pytest.raises(InputError, match="GiB are read at most"):
        read(tmp_path / "a.npy")


@pytest.mark.parametrize("name", families(8))
def test_a_schur_form_says_what_lapack_says(name: str) -> None:
    matrix = families(90)[name]
    form = schur.schur_form(matrix)
    values, sensitive = eigen(matrix)
    if form.ndim == 1:
        np.testing.assert_allclose(np.sort(form), np.sort(values.real), atol=1e-13)
        return
    triangle = schur.triangle(form)
    assert not np.tril(triangle, -1).any()
    error = 100 * np.minimum(sensitive, 1e12).max() * EPS * np.linalg.norm(matrix)
    nearest = np.abs(triangle.diagonal()[:, None] - values).min(1)
    assert nearest.max() < max(error, 1e-12)
    if name in ("random", "grcar", "transformer", "normal"):
        mine = np.sort(schur.conditions(triangle))
        np.testing.assert_allclose(mine, np.sort(sensitive), rtol=1e-3)
    z = np.array([[0.3 + 0.4j, 2 - 1j], [-1 + 0.5j, 0.1j]])
    exact = smallest_singular_values(matrix, z)
    np.testing.assert_allclose(schur.smallest_by_triangle(triangle, z), exact, rtol=0.02)


def all_of(matrix: Array, step: float = 0.5) -> tuple[Leading, dict[str, Array]]:
    *stages, done = whole(matrix[None], step)
    assert len(stages) == 5 and not isinstance(done, str)
    layer, factor = done
    assert layer.leading is not None and layer.leading.whole
    return layer.leading, factor


@pytest.mark.parametrize("name", ["random", "normal", "toeplitz", "transformer"])
def test_indices_of_the_whole_are_those_of_small_matrices(name: str) -> None:
    matrix = families(LARGE + 20)[name]
    found, _ = all_of(matrix)
    exact = spectrum(matrix, 0.5)
    known = found.indices(0.5)
    assert known.keys() == exact.indices.keys()
    for index, value in exact.indices.items():
        np.testing.assert_allclose(known[index][0][0], value, rtol=1e-6, atol=1e-9, err_msg=index)
    np.testing.assert_allclose(found.conditions[0], exact.conditions, rtol=1e-2)  # type: ignore[index]


@pytest.mark.parametrize("name", families(8))
def test_leading_values_are_right_within_their_residuals(name: str) -> None:
    width = 300
    matrix = families(width)[name]
    layer, factor = first_look(matrix[None], 1.0)
    leading = layer.leading
    assert leading is not None
    size = np.linalg.norm(matrix, 2)
    for value, residual in zip(leading.eigenvalues[0], leading.residuals[0], strict=True):
        smallest = smallest_singular_values(matrix, np.array([value]))[0]
        assert smallest <= residual + 1e-12 * size  # an eigenvalue of a matrix that far away
    np.testing.assert_allclose(leading.singular[0, 0], size, rtol=1e-4)
    assert len(leading.eigenvalues[0]) == (width if name == "toeplitz" else LEADING)
    if name in ("random", "normal", "transformer"):
        assert leading.residuals.max() < 1e-6 * size
        radius = np.abs(np.linalg.eigvals(matrix)).max()
        assert abs(leading.eigenvalues[0, 0]) == pytest.approx(radius, rel=1e-6)
    assert factor.keys() == ({"schur"} if name == "toeplitz" else {"projected"})


@pytest.mark.slow
def test_pseudospectra_of_factors() -> None:
    matrix = grcar(240)
    box = (0.0, 2.0, -1.5, 2.5)
    exact = pseudospectrum(matrix, 28, box)
    _, factor = all_of(matrix)
    found = pseudospectrum_of_factor(factor, box)
    assert found.part and not found.vectors
    np.testing.assert_allclose(found.real, exact.real)
    known = exact.smallest > 1e-9  # below it rounding alone is seen
    np.testing.assert_allclose(found.smallest[known], exact.smallest[known], rtol=0.02)
    _, projected = first_look(matrix[None], 1.0)
    bound = pseudospectrum_of_factor(projected, box)
    assert bound.vectors == 100
    assert (bound.smallest >= exact.smallest * (1 - 1e-9)).all()
    kept = {"real": found.real, "imag": found.imag, "smallest": found.smallest}
    again = pseudospectrum_of_factor(factor | kept)
    np.testing.assert_array_equal(again.smallest, found.smallest)
    symmetric = families(240)["toeplitz"]
    _, factor = all_of(symmetric)
    found = pseudospectrum_of_factor(factor, (1.0, 3.0, -0.5, 0.5))
    exact = pseudospectrum(symmetric, 28, (1.0, 3.0, -0.5, 0.5))
    np.testing.assert_allclose(found.smallest, exact.smallest, atol=1e-12)


def test_the_pseudospectrum_of_the_largest_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "SLOW", LARGE)
    *stages, done = whole(grcar(LARGE + 20)[None], 1.0)
    assert stages[-1] == "pseudospectrum" and not isinstance(done, str)
    found = pseudospectrum_of_factor(done[1])
    z = found.real[None] + 1j * found.imag[:, None]
    exact = smallest_singular_values(grcar(LARGE + 20), z)
    known = exact > 1e-9
    np.testing.assert_allclose(found.smallest[known], exact[known], rtol=0.02)


def test_the_file_is_whole_at_the_first_look_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "two.npz"
    rng = np.random.default_rng(0)
    np.savez(path, a=rng.normal(size=(4, 4)), b=rng.normal(size=(LARGE + 40, LARGE + 40)))
    going = measured(path)
    first = next(progress for progress in going if progress.news)
    with open_run(first.path) as run:
        assert run.ending == "finished" and run.network is not None
        assert run.network.names == ("a", "b") and run.network.widths == (4, LARGE + 40)
        small, large = run.stored_layers(0) or []
        assert small.jacobians is not None and large.leading is not None
        assert not large.leading.whole and "errors" not in run.provenance
        errors = run.series().errors["spectral-radius"][-1]
        assert np.isfinite(errors[0, 1]) and np.isnan(errors[0, 0])
    *stages, last = going
    assert stages[0].what.endswith("layer 2 of 2, eigenvalues")
    assert stages[0].seconds > stages[-1].seconds >= 0
    with open_run(last.path) as run:
        _, large = run.stored_layers(0) or []
        assert large.leading is not None and large.leading.whole
        assert np.isnan(run.series().errors["spectral-radius"][-1]).all()
        assert "matrix-free" not in run.network.sentence  # type: ignore[union-attr]
    again = list(measured(path))
    assert [(each.news, each.path) for each in again] == [(True, last.path)]
    np.savez(path, a=np.eye(3))
    *_, other = measured(path)
    assert other.path != last.path


def test_two_windows_do_not_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "j.npy"
    np.save(path, np.diag([-1.0, -2.0, -3.0]))
    going = measured(path)
    first = next(progress for progress in going if progress.news)  # and it goes on
    *_, second = measured(path)
    assert second.path != first.path and second.path.name == first.path.name
    with open_run(second.path) as run, open_run(first.path) as other:
        assert run.series().medians() == other.series().medians()
    *_, last = [first, *going]
    assert last.path == first.path
    for number in range(file.MOST_KEPT + 5):
        np.save(path, np.eye(3) * number)
        *_, last = measured(path)
    assert len(list(last.path.parents[1].iterdir())) <= file.MOST_KEPT + 1


def test_many_large_layers_are_seen_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "OFTEN_SECONDS", 0.0)
    path = tmp_path / "many.npy"
    np.save(path, np.random.default_rng(0).normal(size=(3, LARGE + 1, LARGE + 1)))
    going = measured(path)
    first = next(progress for progress in going if progress.news)
    with open_run(first.path) as run:
        assert run.ending == "finished" and run.depth == 3
        radii = run.series().indices["spectral-radius"][0, 0]
        assert np.isfinite(radii).tolist() == [True, False, False]
        for layer in (1, 3):
            table = figure("spectrum", layer=layer).table([run])
            assert np.isfinite(table["modulus"]).all() == (layer == 1)
            picture = figure("spectrum", layer=layer, contours=layer == 1).picture([run])
            assert "layer 1 has the largest" in picture.headline and "known" in picture.headline
    *_, last = going
    with open_run(last.path) as run:
        assert np.isfinite(run.series().indices["spectral-radius"]).all()


def test_the_commands_take_matrices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "j.npy"
    stack = np.random.default_rng(0).normal(size=(3, 2, 5, 5))
    np.save(path, stack)
    assert main(["spectrum", str(path), "--layer", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = [row["real"] + 1j * row["imag"] for row in told["eigenvalues"]]
    expected = np.linalg.eigvals(stack[1]).ravel()
    np.testing.assert_allclose(np.sort_complex(found), np.sort_complex(expected), atol=1e-12)
    assert told["layer"] == 2 and told["step_size"] == 1.0
    assert main(["spectrum", str(path), "--step", "0.1"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].startswith("layer,sample,real") and len(rows) == 1 + stack.size // 5
    assert main(["show", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    norms = np.linalg.norm(stack, axis=(-2, -1)).mean(1).sum()
    assert facts["indices"]["frobenius"] == pytest.approx(norms)
    assert facts["indices"]["condition"] is not None
    with open_run(run_file(path, None, None)) as run:
        source = RunSource((RunFile(run.path, 0, run.name, 0, run.named, run.given),))
        write_report([run], tmp_path / "report.html")
    assert (source.named, source.words) == (path, [str(path)])
    report = (tmp_path / "report.html").read_text()
    assert "j.npy: 3 layers of 2 matrices of width 5" in report and "of training" not in report
    assert main(["export", str(path), "--figure", "fit", "-o", str(tmp_path / "fit.png")]) == 2
    assert "j.npy holds matrices and no network" in capsys.readouterr().err
    out = tmp_path / "plane.png"
    options = ["--figure", "spectrum", "--contours", "-o", str(out)]
    assert main(["export", str(path), *options]) == 0 and out.stat().st_size > 1000
    assert main(["show", str(tmp_path / "run.stiff"), "--layers", "a*"]) == 2
    assert "--layers and --step are of files of matrices" in capsys.readouterr().err
    assert main([str(path), "--layers"]) == 2  # of the window
    assert "--layers: name the arrays" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (np.ones((2, 3)), r"matrices: layer 1 has the shape \[2, 3\], which are no square"),
        (np.ones(3), "holds no layers"),
        (1j * np.eye(2), "complex matrices are not measured"),
        (np.diag([np.inf]), "layer 1 holds NaN or infinity"),
        ([[1, "a"]], "give an array of numbers"),
        ([], "there is no layer"),
        (torch.ones(2, 3), r"\[2, 3\], which are no square"),
    ],
)
def test_arrays_that_cannot_be_shown(bad: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        stiffgui.show(bad)


def test_without_a_display_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InputError, match="there is no display"):
        stiffgui.show(torch.eye(3, requires_grad=True))
    with pytest.raises(InputError, match="2 names do not fit"):
        stiffgui.show(np.eye(3), names=["a", "b"])
