"""A run's networks for other programs: weights and scaling, and a module that reads them alone."""

from __future__ import annotations

import importlib.util
import json
import logging
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui._resources import resource
from stiffgui.errors import InputError, entry, need_library, no_writing
from stiffgui.resnet.tableaus import EXPLICIT

if TYPE_CHECKING:
    from torch import Tensor

    from stiffgui.runs.surrogate import Surrogate

FORMATS = {
    "safetensors": "weights as safetensors, with a torch module that reads them",
    "torch": "weights as a torch file, with a torch module that reads them",
    "onnx": "one ONNX file with outputs mean and spread, single precision",
}
OPSET = 18


def export_model(
    surrogate: Surrogate,
    folder: str | Path,
    kind: str = "safetensors",
    *,
    about: Mapping[str, Any] = MappingProxyType({}),
    replace: bool = False,
) -> list[Path]:
    """Write a surrogate in one of `FORMATS` into a folder, and return the files.

    model.json holds names, units, the ends of the training rows, what predictions rest on and the
    facts that are given as `about`; model.py is a torch.nn.Module that needs torch alone (and
    safetensors); `load()` in it gives the surrogate in float64, which takes and gives own units.
    Raises InputError when a file exists (unless `replace`) or cannot be written, for an integrator
    that is not explicit, and where a library is missing.
    """
    entry("format of a model", kind, FORMATS)
    place = Path(folder)
    names = {"safetensors": "model.safetensors", "torch": "model.pt", "onnx": "model.onnx"}
    files = [place / names[kind], place / "model.json"]
    files += [] if kind == "onnx" else [place / "model.py"]
    if place.exists() and not place.is_dir():
        raise InputError(f"{place} is a file: name a folder, which will be made.")
    for file in files:
        if file.exists() and not replace:
            raise InputError(f"{file} exists: give another folder, or --force to replace it.")
    facts, arrays = _facts(surrogate) | dict(about), _arrays(surrogate)
    try:
        place.mkdir(parents=True, exist_ok=True)
        _write(kind, files[0], facts, arrays)
        files[1].write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
        if kind != "onnx":
            shutil.copyfile(_module_file(), files[2])
    except OSError as error:
        raise no_writing(place, error) from None
    return files


def _module_file() -> Path:
    return Path(str(resource("models", "model.py")))


def _write(kind: str, file: Path, facts: dict[str, Any], arrays: dict[str, Tensor]) -> None:
    if kind == "safetensors":
        from safetensors.torch import save_file

        save_file(arrays, file)
    elif kind == "torch":
        import torch

        torch.save(arrays, file)
    else:
        _write_onnx(file, facts, arrays)


def _write_onnx(file: Path, facts: dict[str, Any], arrays: dict[str, Tensor]) -> None:
    """By torch's own exporter; any number of rows."""
    import torch

    for library in ("onnx", "onnxscript"):
        need_library(library, "writing ONNX", "onnx")
    module = _module().Surrogate(facts, arrays).float().eval()
    rows = module.input_shift.expand(2, -1).clone()
    with _quiet():
        torch.onnx.export(
            module,
            (rows,),
            file,
            input_names=["rows"],
            output_names=["mean", "spread"],
            dynamic_shapes=({0: torch.export.Dim("samples")},),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what libraries warn of among themselves."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _module() -> ModuleType:
    """The module that is written beside weights."""
    specification = importlib.util.spec_from_file_location("stiffgui_model", _module_file())
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def _facts(surrogate: Surrogate) -> dict[str, Any]:
    """What the module needs besides arrays, and what a person wants to know."""
    data, architecture = surrogate.data, surrogate.snapshot.experiment.architecture
    if architecture.integrator not in EXPLICIT:
        raise InputError(
            f"every layer of this network solves an equation (architecture.integrator is "
            f"{architecture.integrator}): only explicit ones can be taken along."
        )
    tableau = EXPLICIT[architecture.integrator]
    low, high = surrogate.ends
    return {
        "inputs": list(data.input_names),
        "outputs": list(data.output_names),
        "output_units": list(data.output_units),
        "input_units": list(data.input_units),
        "low": low.tolist(),
        "high": high.tolist(),
        "activation": architecture.activation,
        "lift": architecture.lift,
        "readout": architecture.readout,
        "step": architecture.step_size,
        "matrix": [list(row) for row in tableau.matrix],
        "weights": list(tableau.weights),
        "about": surrogate.sentences(),
    }


def _arrays(surrogate: Surrogate) -> dict[str, Tensor]:
    """Weights of the trials in float64, layers expanded, and the scaling."""
    import torch

    data, snapshot = surrogate.data, surrogate.snapshot
    tableau = EXPLICIT[snapshot.experiment.architecture.integrator]
    arrays = dict(snapshot.affine(surrogate.trials))
    for name in ("weight", "bias"):
        stages = [snapshot.layers(name, node)[surrogate.trials] for node in tableau.nodes]
        arrays[f"layers_{name}"] = np.moveaxis(np.stack(stages), 1, 2)  # [stages, N, R, ...]
    d, o = len(data.input_names), len(data.output_names)
    scaling = {
        "input_shift": (data.input_shift, np.zeros(d)),
        "input_scale": (data.input_scale, np.ones(d)),
        "output_shift": (data.output_shift, np.zeros(o)),
        "output_scale": (data.output_scale, np.ones(o)),
    }
    arrays |= {k: own if given is None else given for k, (given, own) in scaling.items()}
    return {
        k: torch.tensor(np.ascontiguousarray(v), dtype=torch.float64) for k, v in arrays.items()
    }
