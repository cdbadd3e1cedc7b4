"""Networks that other code trains: what `watch` measures of them, and that it leaves them alone."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from stiffgui import InputError, Recorder, open_run, presets, train, watch
from stiffgui.cli import main
from stiffgui.figures import figure
from stiffgui.figures.picture import Curve, Image
from stiffgui.figures.report import write_report
from stiffgui.runs.extract import extract_trial
from stiffgui.stiffness import WATCHABLE, layer_indices
from stiffgui.watching.inputs import usable
from stiffgui.watching.maps import LayerMap
from stiffgui.watching.matrix_free import eigenvalues, frobenius, singular_values
from tests.small import small


class Block(nn.Module):
    """x + tanh of a linear map, with what makes a mode matter."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, width)
        self.norm = nn.BatchNorm1d(width)
        self.drop = nn.Dropout(0.3)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.drop(torch.tanh(self.norm(self.linear(x))))


class Network(nn.Module):
    """Three blocks between a lift and a read-out."""

    def __init__(self, width: int = 6, blocks: int = 3) -> None:
        super().__init__()
        self.lift = nn.Linear(2, width)
        self.layers = nn.Sequential(*(Block(width) for _ in range(blocks)))
        self.out = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.layers(self.lift(x)))


@pytest.fixture
def network() -> Network:
    torch.manual_seed(1)
    return Network().double()


@pytest.fixture
def probe() -> Tensor:
    return torch.randn(9, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


def stored(path: Path, epoch: int = 0) -> list[np.ndarray]:
    """The Jacobians of every layer."""
    with open_run(path) as run:
        return [
            run.spectrum(epoch, layer)["jacobians"] for e, layer, _ in run.spectra if e == epoch
        ]


# ------------------------------------------------------------------------------- values


def test_jacobians_are_those_of_finite_differences(
    network: Network, probe: Tensor, tmp_path: Path
) -> None:
    network.train()
    network(probe)  # running means that are not those of a new network
    with watch(network, probe, tmp_path / "a.stiff", step=0.5) as recorder:
        recorder.record(0)
    found = stored(tmp_path / "a.stiff")
    network.eval()
    with torch.no_grad():
        x = network.lift(probe)
        for jacobians, block in zip(found, network.layers, strict=True):
            for column in range(6):
                expected = _difference(block, x, column) / 0.5
                expected[:, column] -= 1 / 0.5
                np.testing.assert_allclose(jacobians[:, :, column], expected, atol=1e-10, rtol=0)
            x = block(x)


def _difference(block: nn.Module, x: Tensor, column: int) -> np.ndarray:
    """d block/dx_column by central differences of order six."""
    step = torch.zeros(x.shape[1], dtype=x.dtype)
    step[column] = 1e-2
    each = [block(x + k * step) - block(x - k * step) for k in (1, 2, 3)]
    weights = (3 / 4, -3 / 20, 1 / 60)
    total = sum(w * e for w, e in zip(weights, each, strict=True))
    return (total / 1e-2).numpy()  # type: ignore[union-attr]


class Step(nn.Module):
    """A layer of ours in plain torch."""

    def __init__(self, weight: np.ndarray, bias: np.ndarray, step: float, branch: bool) -> None:
        super().__init__()
        self.weight, self.bias = (nn.Parameter(torch.tensor(a)) for a in (weight, bias))
        self.step, self.branch = step, branch

    def forward(self, x: Tensor) -> Tensor:
        slope = torch.tanh(x @ self.weight.T + self.bias)
        return slope if self.branch else x + self.step * slope


class Twin(nn.Module):
    """A network of ours in plain torch."""

    def __init__(self, layers: list[Step]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = x + layer.step * layer(x) if layer.branch else layer(x)  # type: ignore[operator,union-attr]
        return x


@pytest.mark.parametrize("branch", [False, True])
def test_an_identical_network_has_the_numbers_of_our_own_training(
    branch: bool, tmp_path: Path
) -> None:
    names = tuple(WATCHABLE)
    experiment = presets["alpine02"].with_settings(
        {
            "task.train_samples": 60,
            "architecture.width": 4,
            "architecture.depth": 4,
            "architecture.activation": "tanh",
            "training.epochs": 5,
            "training.precision": "float64",
            "watch.indices": names,
        }
    )
    with train(experiment, tmp_path / "own.stiff") as own:
        snapshot, probe = own.snapshot(5), own.probe_samples()
        step = experiment.architecture.step_size
        weights = zip(snapshot.layers("weight")[0], snapshot.layers("bias")[0], strict=True)
        twin = Twin([Step(w, b, step, branch) for w, b in weights])
        lifted = torch.tensor(snapshot.lift(probe)[0])
        expected = snapshot.jacobians(probe)[0]
        history = own.series()
        recorded = {name: values[-1, 0] for name, values in history.indices.items()}
    out = tmp_path / "twin.stiff"
    with watch(twin, lifted, out, step=step, branch=branch, indices=names) as recorder:
        recorder.record(5)
    np.testing.assert_allclose(stored(out, 5), expected, atol=1e-10, rtol=0)
    with open_run(out) as run:
        assert run.network is not None and run.depth == 4
        for name, values in run.series().indices.items():
            np.testing.assert_allclose(values[0, 0], recorded[name], rtol=1e-6, err_msg=name)


class Given:
    """Products with matrices at hand, as `matrix_free` takes them."""

    def __init__(self, matrices: np.ndarray) -> None:
        self.matrices = matrices
        self.shape = matrices.shape[:2]

    def times(self, vectors: np.ndarray) -> np.ndarray:
        return np.einsum("bij,bj->bi", self.matrices, vectors)

    def transposed(self, vectors: np.ndarray) -> np.ndarray:
        return np.einsum("bij,bi->bj", self.matrices, vectors)

    def some(self, rows: slice) -> Given:
        return Given(self.matrices[rows])


def _spectra(kind: str) -> np.ndarray:
    """Two matrices of width 256."""
    rng, width = np.random.default_rng(5), 256
    out = []
    for _ in range(2):
        q, _ = np.linalg.qr(rng.normal(size=(width, width)))
        if kind == "normal":
            out.append(q @ np.diag(rng.normal(size=width)) @ q.T)
        elif kind == "non-normal":
            upper = np.triu(rng.normal(size=(width, width)), 1)
            out.append(q @ (np.diag(np.linspace(1, 3, width)) + upper) @ q.T)
        else:
            clustered = np.concatenate([5 + 1e-6 * rng.normal(size=8), rng.normal(size=width - 8)])
            out.append(q @ np.diag(clustered) @ q.T)
    return np.stack(out)


@pytest.mark.parametrize("kind", ["normal", "non-normal", "clustered"])
def test_products_alone_tell_the_truth_within_the_residual_that_is_shown(kind: str) -> None:
    matrices = _spectra(kind)
    for matrix in matrices:
        one = Given(matrix[None])
        size = np.linalg.norm(matrix, 2)
        rounding = 1e-12 * size
        found = eigenvalues(one, 1e-10)
        assert np.isfinite(found.values).any()
        for value, residual in zip(found.values, found.residuals, strict=True):
            if np.isfinite(residual):  # an eigenvalue of a matrix that is as near as that
                shifted = matrix - value * np.eye(256)
                assert np.linalg.svd(shifted, compute_uv=False)[-1] <= residual + rounding
        exact = np.linalg.eigvals(matrix)
        if kind != "non-normal":
            nearest = np.abs(found.values[:, None] - exact).min(1)
            assert (nearest <= found.residuals + rounding).all()
            assert abs(found.values[0]) == pytest.approx(np.abs(exact).max(), rel=1e-5)
        singular = singular_values(one, 1e-10)
        largest = np.linalg.svd(matrix, compute_uv=False)
        for value, residual in zip(singular.values, singular.residuals, strict=True):
            assert np.abs(largest - value).min() <= residual + rounding
        assert singular.values[0] == pytest.approx(largest[0], rel=1e-6)
    norms, errors = frobenius(Given(matrices), 200)
    exact_norms = np.linalg.norm(matrices, axis=(1, 2))
    assert (np.abs(norms - exact_norms) < 4 * errors).all() and (errors < 0.1 * norms).all()


def test_a_wide_layer_is_measured_by_products_and_says_so(
    network: Network, probe: Tensor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(3)
    wide = Network(56, 2).double()
    indices = ("frobenius", "singular", "spectral-radius", "mean-modulus")
    for name, dense in (("free", 10), ("dense", 100)):
        out = tmp_path / f"{name}.stiff"
        with watch(wide, probe, out, samples=4, dense=dense, indices=indices) as recorder:
            recorder.record(0)
    with open_run(tmp_path / "free.stiff") as free, open_run(tmp_path / "dense.stiff") as dense_:
        assert free.network is not None and free.network.how == ("matrix-free",) * 2
        assert free.network.sentence == "Network: 2 layers of width 56, 2 of them matrix-free"
        one, other = free.series(), dense_.series()
        assert set(one.errors) == {"frobenius", "singular", "spectral-radius"} and not other.errors
        for name, errors in one.errors.items():
            apart = np.abs(one.indices[name] - other.indices[name])
            assert (apart <= 4 * errors + 1e-12).all() and (errors >= 0).all(), name
        assert np.isnan(one.indices["mean-modulus"]).all()
        assert (one.flagged["mean-modulus"] == 1).all()
        why = "not known of 2 of 2 layers, too wide for their matrices"
        assert free.network.unknown("mean-modulus") == why and not free.network.unknown("singular")
        [panel] = figure("stiffness").picture([free]).panels
        labels = [curve.label for curve in panel.of(Curve)]
        assert sum(", undefined" in label for label in labels) == 1
        assert "mean modulus, undefined" in " ".join(labels)
        heat = figure("layers", indices=["mean-modulus"]).picture([free])
        assert heat.note == why and "undefined" in next(heat.panels[0].of(Image)).colours.label
        ticks = [text for _, text in figure("summary").picture([free]).panels[1].x.ticks]
        assert ticks.count("Mean modulus, undefined") == 1
        numbers = figure("spectrum").picture([free]).numbers
        assert numbers["leading"] == 1 and numbers["error frobenius"] > 0
        write_report([free], tmp_path / "report.html")
        report = (tmp_path / "report.html").read_text()
        assert free.network.sentence in report and "stiffgui train" not in report
        assert main(["show", str(tmp_path / "free.stiff"), "--json"]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert facts["undefined"] == {"mean-modulus": why}
        assert facts["indices"]["mean-modulus"] is None and "" not in facts["notes"]
        assert main(["show", str(tmp_path / "free.stiff")]) == 0
        assert f"undefined    summed over layers; {why}" in capsys.readouterr().out
        kept = free.spectrum(0, 1)
        assert kept["real"].shape == kept["residuals"].shape == (4, 6)
        exact = np.linalg.eigvals(dense_.spectrum(0, 1)["jacobians"][0])
        leading = kept["real"][0, 0] + 1j * kept["imag"][0, 0]
        assert np.abs(exact - leading).min() < 1e-6
        copy = extract_trial(free, 0, tmp_path / "copy.stiff")
        with open_run(copy) as copied:
            assert (
                copied.network == free.network
                and copied.series().errors.keys() == one.errors.keys()
            )
            assert one.until(0).errors.keys() == one.of_trial(0).errors.keys() == one.errors.keys()


class Custom(torch.autograd.Function):
    """A derivative that knows neither vmap nor forward mode."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(x.clone())
        return x**2

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        (x,) = ctx.saved_tensors
        return 2 * x * gradient


class Odd(nn.Module):
    """A block of it, changed in place."""

    def forward(self, x: Tensor) -> Tensor:
        y = Custom.apply(x)
        x += y  # type: ignore[operator]
        return x


def test_functions_of_ones_own_and_changes_in_place(tmp_path: Path) -> None:
    model, x = nn.Sequential(Odd(), Odd()), torch.rand(3, 4, dtype=torch.float64)
    with watch(model, x.clone(), tmp_path / "a.stiff") as recorder:
        recorder.record(0)
    first, second = stored(tmp_path / "a.stiff")
    for jacobians, at in ((first, x), (second, x + x**2)):
        np.testing.assert_allclose(jacobians, torch.diag_embed(2 * at).numpy(), rtol=1e-14)
    layer = LayerMap("odd", lambda x: Odd()(x.clone()), x)
    v = np.random.default_rng(0).normal(size=(3, 4))
    np.testing.assert_allclose(layer.times(v), 2 * x.numpy() * v, rtol=1e-12)
    np.testing.assert_allclose(layer.transposed(v), 2 * x.numpy() * v, rtol=1e-12)


# ------------------------------------------------------------------------------- blocks


class Encoder(nn.Module):
    """Blocks of torch's own in a module of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(7, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, tokens: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(tokens.shape[1])
        return self.encoder(self.embed(tokens), mask=mask)


class Repeated(nn.Module):
    """One block, called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.block = Block(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.block(self.block(x)).sum(1)


def test_blocks_are_found_or_named(network: Network, probe: Tensor, tmp_path: Path) -> None:
    def names(model: nn.Module, given: Any, **options: Any) -> tuple[str, ...]:
        with watch(model, given, tmp_path / "a.stiff", force=True, **options) as recorder:
            recorder.record(0)
        with open_run(tmp_path / "a.stiff") as run:
            assert run.network is not None
            return run.network.names

    every = ("layers.0", "layers.1", "layers.2")
    assert names(network, probe) == every
    assert names(network, probe, blocks="layers.*") == every  # the outermost that match
    assert names(network, probe, blocks=["layers.2", "layers.0"]) == ("layers.0", "layers.2")
    tokens = torch.randint(0, 7, (5, 3), generator=torch.Generator().manual_seed(0))
    assert names(Encoder(), tokens) == ("encoder.layers.0", "encoder.layers.1")
    assert names(Repeated(), probe.float()) == ("block (1)", "block (2)")
    assert names(network, (probe,)) == names(network, {"x": probe}) == every


# ------------------------------------------------------------------------ left as it was


def _everything(model: nn.Module) -> dict[str, Any]:
    """All that may not change, as bytes and identities."""
    tensors = dict(model.named_parameters()) | dict(model.named_buffers())
    return {
        "values": {name: t.detach().numpy().tobytes() for name, t in tensors.items()},
        "objects": {name: (id(t), t._version, t.requires_grad) for name, t in tensors.items()},
        "gradients": {
            n: None if p.grad is None else (id(p.grad), p.grad.numpy().tobytes())
            for n, p in model.named_parameters()
        },
        "flags": [module.training for module in model.modules()],
        "hooks": [
            (len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks))
            for m in model.modules()
        ],
        "generators": (
            torch.get_rng_state().numpy().tobytes(),
            np.random.get_state()[1].tobytes(),  # type: ignore[index,union-attr]
            random.getstate(),
        ),
        "grad mode": torch.is_grad_enabled(),
    }


class Failing(nn.Module):
    """A block that draws numbers, counts its calls, and then fails where it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.weight = nn.Parameter(torch.ones(()))
        self.fails = False

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1  # type: ignore[operator]
        torch.rand(3), np.random.rand(), random.random()
        if self.fails:
            raise RuntimeError("told to fail")
        return x + torch.sin(self.weight * x)


def test_the_model_and_the_generators_are_left_as_they_were(
    network: Network, probe: Tensor, tmp_path: Path
) -> None:
    failing = Failing()
    network.layers.append(failing)
    network(probe).sum().backward()
    network.layers[1].eval()  # frozen by its owner
    network.layers[0].register_forward_hook(lambda *_: None)
    graph = network(probe).sum()  # of a step that goes on after the record
    before = _everything(network)
    with watch(network, probe, tmp_path / "a.stiff") as recorder:
        assert _everything(network) == before
        recorder.record(0)
        assert _everything(network) == before
        failing.fails = True
        with pytest.raises(InputError, match=r"told to fail"):
            recorder.every = 1
            recorder.record(1)
        failing.fails = False
        assert _everything(network) == before
    assert _everything(network) == before
    graph.backward()


# ----------------------------------------------------------------------------- bad input


class Growing(nn.Module):
    """Changes the shape."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


class Several(nn.Module):
    """Two outputs."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x


class Holder(nn.Module):
    """A model around one block."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Any:
        return self.block(x)


class Rotating(nn.Module):
    """A complex parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2, dtype=torch.complex64))

    def forward(self, x: Tensor) -> Tensor:
        return (x * self.weight).real


class Mixing(nn.Module):
    """A sample's output depends on the others."""

    def forward(self, x: Tensor) -> Tensor:
        return x + x.mean(0)


class Wrong(nn.Module):
    """No derivative at all."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.tensor(x.detach().numpy().copy())


def _compiled() -> Any:
    network = Network()
    network.compile(backend="eager")
    return network


BAD: dict[str, tuple[Callable[[], tuple[Any, Any, dict[str, Any]]], str]] = {
    "no blocks": (lambda: (Holder(Growing()), torch.ones(3, 2), {}), "no residual blocks"),
    "probe": (lambda: (Network(), torch.ones(3, 5), {}), "cannot be evaluated on it"),
    "empty": (lambda: (Network(), torch.ones(0, 2), {}), "holds no numbers"),
    "probe meta": (lambda: (Network(), torch.ones(3, 2).to("meta"), {}), "holds no numbers"),
    "probe NaN": (lambda: (Network(), torch.full((3, 2), float("nan")), {}), "holds NaN"),
    "shape": (
        lambda: (Holder(Growing()), torch.ones(3, 2), {"blocks": "block"}),
        r"takes the shape \[3, 2\] and gives back \[3, 3\]",
    ),
    "outputs": (
        lambda: (Holder(Several()), torch.ones(3, 2), {"blocks": "block"}),
        "several outputs",
    ),
    "name": (
        lambda: (Network(), torch.ones(3, 2), {"blocks": "layrs.0"}),
        "no module is called 'layrs.0'. Did you mean layers.0",
    ),
    "not called": (
        lambda: (Network(), torch.ones(3, 2), {"blocks": "layers.0.nothing"}),
        "no module is called",
    ),
    "complex": (lambda: (Holder(Rotating()), torch.ones(3, 2), {}), "weight is complex"),
    "compiled": (lambda: (_compiled(), torch.ones(3, 2), {}), "before torch.compile"),
    "meta": (lambda: (Network().to("meta"), torch.ones(3, 2), {}), "no numbers yet"),
    "mixing": (lambda: (Holder(Mixing()), torch.rand(3, 2), {}), "first axis must count samples"),
    "no derivative": (lambda: (Holder(Wrong()), torch.rand(3, 2), {}), "has no derivative"),
    "no module": (lambda: (torch.sin, torch.ones(3, 2), {}), "no torch.nn.Module"),
    "steps": (lambda: (Network(), torch.ones(3, 2), {"step": [1.0, 2.0]}), "do not fit 3 layers"),
    "step": (lambda: (Network(), torch.ones(3, 2), {"step": -1.0}), "no step size"),
    "share": (lambda: (Network(), torch.ones(3, 2), {"share": 0.0}), "no share"),
    "index": (lambda: (Network(), torch.ones(3, 2), {"indices": ["radius"]}), "no index 'radius'"),
    "argument": (lambda: (Network(), torch.ones(3, 2), {"rtol": 1}), "no such argument"),
    "times": (lambda: (torch.sin, torch.ones(3, 2), {"times": [0.0]}), "two or more"),
    "field": (
        lambda: (lambda t, x: x.sum(), torch.ones(3, 2), {"times": [0, 1]}),
        "the shape of x",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence(case: str, tmp_path: Path) -> None:
    given, said = BAD[case]
    model, x, options = given()
    with (
        pytest.raises(InputError, match=said) as caught,
        watch(model, x, tmp_path / "a.stiff", **options) as recorder,
    ):
        recorder.record(0)
    assert "\n" not in str(caught.value) and str(caught.value).endswith((".", "?"))
    begun = case in ("mixing", "no derivative")  # what only the first measurement finds
    assert (tmp_path / "a.stiff").exists() == begun


def test_a_device_that_is_not_there_is_said() -> None:
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="there is none: move it to the CPU"):
            usable(torch.device("cuda"))


# ------------------------------------------------------------------------------ recorder


def test_jacobians_from_anywhere_need_no_torch(tmp_path: Path) -> None:
    out = tmp_path / "a.stiff"
    code = (
        "import sys, numpy as np\n"
        "from stiffgui import Recorder, open_run\n"
        f"with Recorder({str(out)!r}, step=0.5, title='mine', names=['a', 'b']) as recorder:\n"
        "    for epoch in range(3):\n"
        "        j = -np.eye(3) * np.arange(1, 3)[:, None, None, None] * np.ones((2, 4, 1, 1))\n"
        "        recorder.record(epoch, jacobians=j, train_error=1.0 / (1 + epoch), loss=epoch)\n"
        f"run = open_run({str(out)!r})\n"
        "assert run.series().indices['spectral-radius'].tolist() == [[[1, 2]]] * 3\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    with open_run(out) as run:
        assert run.foreign and run.network is not None and run.ending == "finished"
        assert (run.network.names, run.network.steps) == (("a", "b"), (0.5, 0.5))
        assert (run.network.samples, run.network.widths, run.depth) == (4, (3, 3), 2)
        assert run.probe_count == 4 and run.nearest_epoch(1) == 1
        assert run.quantities["loss"].title == "Loss"
        assert run.series().series["loss"][:, 0].tolist() == [0, 1, 2]
        assert run.provenance["watching"]["measurements"] == 3
        assert run.stored_layers(2) is not None


def test_layers_of_different_widths_and_steps(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    layers = [rng.normal(size=(2, w, w)) for w in (3, 5, 3)]
    steps, names = (0.1, 0.2, 0.3), ("spectral-radius", "unstable", "step-norm", "propagator")
    with Recorder(tmp_path / "a.stiff", step=steps, indices=names) as recorder:
        recorder.record(0, jacobians=layers)
    with open_run(tmp_path / "a.stiff") as run:
        found = run.series().indices
        assert run.network is not None and run.network.widths == (3, 5, 3)
    for place, (layer, step) in enumerate(zip(layers, steps, strict=True)):
        expected, _ = layer_indices(layer[None, None], names[:3], WATCHABLE, step)
        for name, values in expected.items():
            np.testing.assert_allclose(found[name][0, 0, place], values[0, 0], rtol=1e-12)
    assert np.isnan(found["propagator"]).all()  # there is no product of such layers


def test_a_product_takes_every_layers_own_step(tmp_path: Path) -> None:
    layers = np.random.default_rng(4).normal(size=(3, 1, 4, 4))
    steps, names = [0.1, 0.4, 0.2], ("propagator", "lyapunov")
    with Recorder(tmp_path / "a.stiff", step=steps, indices=names) as recorder:
        recorder.record(0, jacobians=layers)
    product, grown = np.eye(4), []
    for layer, step in zip(layers[:, 0], steps, strict=True):
        product = (np.eye(4) + step * layer) @ product
        grown.append(np.log(np.linalg.norm(product, 2)))
    with open_run(tmp_path / "a.stiff") as run:
        found = run.series().indices
    np.testing.assert_allclose(found["propagator"][0, 0], np.array(grown) / np.log(10), rtol=1e-10)
    np.testing.assert_allclose(found["lyapunov"][0, 0], grown / np.cumsum(steps), rtol=1e-10)


def test_what_is_recorded_late_or_wrongly_is_told(tmp_path: Path) -> None:
    with Recorder(tmp_path / "a.stiff") as recorder:
        recorder.record(0, loss=torch.tensor(2.0, requires_grad=True))
        recorder.record(3, loss=np.float32(1), later=4, train_error=float("nan"))
        bad: list[tuple[dict[str, Any], str]] = [
            ({"epoch": 3}, "after epoch 3"),
            ({"epoch": -1}, "whole number from 0"),
            ({"epoch": 4, "loss": "much"}, "is no number"),
            ({"epoch": 4, "seconds": 1}, "meaning of its own"),
            ({"epoch": 4, "frobenius": 1}, "meaning of its own"),
            ({"epoch": 4, "Loss": 1}, "there is loss already"),
            ({"epoch": 4, "jacobians": np.ones(3)}, "holds no layers"),
            ({"epoch": 4, "jacobians": np.ones((2, 3))}, "no square matrices"),
            ({"epoch": 4, "jacobians": np.full((2, 2), np.inf)}, "NaN or infinity"),
            ({"epoch": 4, "jacobians": 1j * np.eye(2)}, "complex"),
        ]
        for given, said in bad:
            with pytest.raises(InputError, match=said):
                recorder.record(**given)
        recorder.record(5, jacobians=np.eye(2))
        with pytest.raises(InputError, match="a file of its own"):
            recorder.record(6, jacobians=np.eye(3))
    with open_run(tmp_path / "a.stiff") as run:
        series = run.series().series
        np.testing.assert_array_equal(series["later"][:, 0], [np.nan, 4, np.nan])
        assert run.series().epochs.tolist() == [0, 3, 5]
    with pytest.raises(InputError, match="exists"):
        Recorder(tmp_path / "a.stiff")


@pytest.mark.parametrize("dense", [10, 100])
def test_a_network_that_diverges_is_recorded_as_undefined(dense: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model, x = Network(44, 2), torch.rand(4, 2)
    with watch(model, x, tmp_path / "a.stiff", dense=dense, every=1) as recorder:
        recorder.record(0)
        with torch.no_grad():
            model.layers[1].linear.weight[:] = np.nan
        recorder.record(1)
    with open_run(tmp_path / "a.stiff") as run:
        values = run.series().indices
        for name in ("frobenius", "singular", "spectral-radius"):
            assert np.isfinite(values[name][0]).all() and np.isfinite(values[name][1, 0, 0])
            assert np.isnan(values[name][1, 0, 1]), name
        assert figure("spectrum", layer=1).picture([run]).panels


def test_a_training_that_fails_leaves_what_was_recorded(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Recorder(tmp_path / "a.stiff") as recorder:
        recorder.record(0, loss=1)
        raise KeyboardInterrupt
    with open_run(tmp_path / "a.stiff") as run:
        assert run.ending == "stopped" and run.series().epochs.tolist() == [0]


def test_spectra_of_some_epochs_and_of_the_newest_stay(tmp_path: Path) -> None:
    with Recorder(tmp_path / "a.stiff") as recorder:
        for epoch in range(200):
            recorder.record(epoch, jacobians=np.eye(2) * epoch)
    with open_run(tmp_path / "a.stiff") as run:
        kept = sorted({epoch for epoch, _, _ in run.spectra})
        assert kept[:10] == list(range(10)) and kept[-1] == run.last_snapshot_epoch == 199
        assert len(kept) < 50 and len(run.series().index_epochs) == 200


# --------------------------------------------------------------- shown as a run of ours is

FIGURES = ("errors", "stiffness", "layers", "spectrum", "time-scales", "stable-steps", "summary")


def ragged(path: Path) -> Path:
    """A file with layers of three kinds."""
    torch.manual_seed(0)
    model = nn.Sequential(Block(6), nn.Linear(6, 48), Block(48), Block(48)).double()
    x = torch.randn(5, 6, dtype=torch.float64)
    with watch(model, x, path, dense=10, step=[0.5, 0.25, 1.0]) as recorder:
        recorder.record(0, loss=2.0, accuracy=0.5)
    return path


def test_the_command_line_shows_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = ragged(tmp_path / "a.stiff")
    assert main(["show", str(path)]) == 0
    said = capsys.readouterr().out
    assert "Sequential: 3 layers of width 6 to 48, 2 of them matrix-free" in said
    assert "loss" in said and " ± " in said and "watching took" in said
    assert "no scores of outputs" not in said
    assert main(["show", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["errors"] == {"loss": 2.0, "accuracy": 0.5}
    assert facts["errors_of"]["frobenius"] > 0
    for layer, count in ((1, 4 * 6), (2, 4 * 6), (3, 4 * 6)):  # all, or the six that lead
        assert main(["spectrum", str(path), "--epoch", "0", "--layer", str(layer)]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 1 + count
    assert main(["spectrum", str(path), "--epoch", "0", "--layer", "4"]) == 2
    assert "has no layer 4: choose one from 1 to 3" in capsys.readouterr().err
    for name in FIGURES:
        assert (
            main(["export", str(path), "--figure", name, "-o", str(tmp_path / f"{name}.svg")]) == 0
        )
    out = str(tmp_path / "all.svg")
    assert main(["export", str(path), "--figure", "spectrum", "--all-layers", "-o", out]) == 0
    for table in ("history", "spectrum", "summary"):
        out = str(tmp_path / f"{table}.csv")
        assert main(["export", str(path), "--table", table, "-o", out]) == 0


def test_figures_say_what_is_not_exact(tmp_path: Path) -> None:
    with open_run(ragged(tmp_path / "a.stiff")) as run:
        picture = figure("spectrum", layer=2).picture([run])
        assert "leading eigenvalues only" in picture.title
        assert picture.numbers["spectral-radius"] > 0
        assert "leading" not in figure("spectrum", layer=1).picture([run]).title
        with pytest.raises(InputError, match="too wide for its matrices to be formed"):
            figure("spectrum", layer=2, contours=True).picture([run])
        assert "estimated for some" in figure("stiffness").picture([run]).note
        assert figure("layers").picture([run]).note == "mean over 4 probe samples"
        series = figure("errors").table([run])
        assert set(series.series) == {"loss", "accuracy"}  # whatever was recorded
        steps = figure("stable-steps").table([run])
        assert steps.taken.tolist() == [0.5, 0.25, 1.0]
        per_time = figure("stiffness", over="unit-time", indices=["singular"]).table([run])
        whole = run.series().network("singular")[0, 0]
        assert per_time["median"][0] == pytest.approx(whole / 3)
        # Layers of unequal steps: each eigenvalue against its own layer's disc.
        values = run.stored_layers(0)
        assert values is not None
        amplified = [
            np.abs(1 + layer.step * found) > 1
            for layer, found in (
                (
                    layer,
                    layer.leading.eigenvalues
                    if layer.leading
                    else np.linalg.eigvals(layer.jacobians),
                )
                for layer in values
            )
        ]
        share = np.concatenate([each.ravel() for each in amplified]).mean()
        assert f"{share:.0%}".replace("%", " % of all layers'") in picture.headline


def test_a_run_of_ours_and_a_foreign_one_are_compared(tmp_path: Path) -> None:
    with (
        train(small(training__epochs=2), tmp_path / "own.stiff") as own,
        open_run(ragged(tmp_path / "a.stiff")) as foreign,
    ):
        for runs in ([own, foreign], [foreign, own]):
            picture = figure("comparison").picture(runs)
            assert "A: " in picture.title
            assert set(figure("comparison").table(runs).side) == {"A", "B"}
        assert figure("stiffness").picture([own, foreign]).panels
        steps = figure("stable-steps").table([own])
        assert steps.taken.tolist() == [own.experiment.architecture.step_size] * own.depth


# ------------------------------------------------------------------------------- cadence


def test_measuring_keeps_to_its_share(network: Network, probe: Tensor, tmp_path: Path) -> None:
    import time

    with watch(network, probe, tmp_path / "a.stiff", share=0.05) as recorder:
        for epoch in range(400):
            time.sleep(0.005)
            recorder.record(epoch)
        spent, expected, seconds = recorder.spent, recorder._expected, recorder.seconds
        assert spent <= 0.05 * seconds + 0.5 + expected + 0.3  # and what 400 rows take
    with open_run(tmp_path / "a.stiff") as run:
        measured = run.series().index_epochs
        assert measured[0] == 0 and measured[-1] == 399
        assert run.series().known("loss") is False
        cost = run.provenance["watching"]
        assert cost["share"] == 0.05 and 0 < cost["seconds"] < cost["training_seconds"]
    with watch(network, probe, tmp_path / "b.stiff", every=3) as recorder:
        for epoch in range(8):
            recorder.record(epoch)
    with open_run(tmp_path / "b.stiff") as run:
        assert run.series().index_epochs.tolist() == [0, 3, 6, 7]


# ---------------------------------------------------------------------------- neural ODEs


class Decay(nn.Module):
    """x' = A x, of known eigenvalues."""

    def __init__(self, *rates: float) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.diag(torch.tensor(rates, dtype=torch.float64)))

    def forward(self, t: Tensor, x: Tensor) -> Tensor:
        assert isinstance(t, Tensor)
        return x @ self.matrix.T


def test_a_neural_ode_is_watched_along_its_trajectories(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    field, start = Decay(-1.0, -100.0), torch.ones(3, 2, dtype=torch.float64)
    times = [0.0, 0.1, 1.0]
    with watch(field, start, tmp_path / "a.stiff", times=times, rtol=1e-5, atol=1e-6) as recorder:
        recorder.record(0, loss=1.0)
    with open_run(tmp_path / "a.stiff") as run:
        history = run.series()
        assert run.network is not None and run.network.times == (0.0, 0.1, 1.0)
        assert run.network.solver == "dopri5"
        layers = {name: values[0, 0] for name, values in history.indices.items()}
        np.testing.assert_allclose(layers["spectral-radius"], 100)
        np.testing.assert_allclose(layers["abscissa"], -1)
        np.testing.assert_allclose(layers["ratio-real"], 2)
        np.testing.assert_allclose(layers["stable-step-explicit-euler"], 2 / 100)
        np.testing.assert_allclose(layers["stable-step-rk4"], 2.785293563405282 / 100)
        np.testing.assert_allclose(layers["stable-step-dopri5"], 3.306567892634946 / 100)
        assert history.network("stable-step-rk2")[0, 0] == pytest.approx(0.02)
        # Past the transient it steps along the edge of its region.
        assert 0.3 < layers["solver-step"][2] / layers["stable-step-dopri5"][2] < 2
        steps = figure("stable-steps").table([run])
        assert steps.place.tolist() == [0.0, 0.1, 1.0]
        np.testing.assert_allclose(steps.taken, layers["solver-step"])
        np.testing.assert_allclose(steps.dopri5, layers["stable-step-dopri5"])
        drawn = set(figure("stiffness").table([run]).series)
        assert drawn == {"spectral-radius", "abscissa", "ratio-real"}  # steps are no indices
        assert main(["show", str(run.path)]) == 0
        assert "so that it limits them and not accuracy" in capsys.readouterr().out
        last = {name: float(values[-1, 0]) for name, values in history.series.items()}
        assert last["evaluations"] > 100 and last["solver_steps"] > 20


def test_a_solver_that_gives_up_is_said(tmp_path: Path) -> None:
    def explodes(t: Tensor, x: Tensor) -> Tensor:
        return x**2

    start = torch.ones(2, 1, dtype=torch.float64)
    with watch(explodes, start, tmp_path / "a.stiff", times=[0.0, 0.5, 2.0]) as recorder:
        recorder.record(0)
    with open_run(tmp_path / "a.stiff") as run:
        [event] = run.events
        assert event["kind"] == "gave-up" and "dopri5 gave up at t = 1" in event["text"]
        values = run.series().indices["spectral-radius"][0, 0]
        assert values[0] == pytest.approx(2) and values[1] > 2 and np.isnan(values[2])
        assert figure("spectrum", layer=2).picture([run]).headline.startswith("layer 2 (t = 0.5)")
        with pytest.raises(InputError, match="not every Jacobian that is asked for is finite"):
            figure("spectrum", layer=3).picture([run])


def test_a_neural_ode_is_left_as_it_was(tmp_path: Path) -> None:
    field = Decay(-1.0, -2.0)
    field(torch.tensor(0.0), torch.ones(1, 2, dtype=torch.float64)).sum().backward()
    before = _everything(field)
    start = torch.ones(3, 2, dtype=torch.float64)
    with watch(field, start, tmp_path / "a.stiff", times=[0.0, 1.0]) as recorder:
        recorder.record(0)
    assert _everything(field) == before
