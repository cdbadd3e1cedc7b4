"""What a GPU needs of the step, tested without one: no waiting, no eig, a capturable gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.regularizers import L2, NoPenalty, Regularizer, Stiffness
from stiffgui.resnet.network import ResidualNetwork
from stiffgui.stiffness import PROXIES, kernels, proxy
from stiffgui.stiffness.dominant import by_lapack, without_waiting
from stiffgui.training import Controls, Record, Trainer
from stiffgui.training.graph import WARM_UP, CapturedGradient
from stiffgui.training.parameter_buffer import ParameterBuffer
from stiffgui.training.paths.torch_path import TorchPath
from stiffgui.training.step import Gradient
from tests.small import along, small

PENALTIES: dict[str, Regularizer] = {
    "none": NoPenalty(),
    "l2": L2(),
    "sketch": Stiffness(),
    "sketch, two vectors": Stiffness(proxy=proxy("gelfand-sketch", vectors=2)),
    "sketch of a part": Stiffness(fraction=0.3),
    "sketch every second step": Stiffness(every=2),
    "gelfand": Stiffness(proxy=proxy("gelfand", squarings=3)),
    "frobenius": Stiffness(proxy=proxy("frobenius")),
    "power": Stiffness(proxy=proxy("power", iterations=4)),
    "analytic": Stiffness(proxy=proxy("analytic")),
    "spectral-radius": Stiffness(proxy=proxy("spectral-radius")),
}


class NoWaiting(TorchDispatchMode):
    """Raises at what makes the host wait for a device, and at LAPACK, which does too."""

    FORBIDDEN = (
        "_local_scalar_dense", "item", "equal", "is_nonzero", "nonzero", "masked_select",
        "_unique2", "unique_dim", "unique_consecutive", "repeat_interleave", "bincount",
        "linalg_eig", "_linalg_eigvals", "linalg_eigvals", "_linalg_eigh", "_linalg_svd",
        "linalg_inv_ex", "linalg_solve_ex", "_linalg_solve_ex", "linalg_lu_factor_ex",
    )  # fmt: skip

    def __torch_dispatch__(
        self, function: Any, types: Any, arguments: Any = (), options: Any = None
    ) -> Any:
        name = function.overloadpacket.__name__
        options = options or {}
        target = options.get("device")  # given, with the present one, where a type changes back
        moves = name == "_to_copy" and target is not None and target != arguments[0].device
        masks = name in ("index", "index_put_", "index_put") and any(
            i is not None and i.dtype in (torch.bool, torch.uint8) for i in arguments[1]
        )  # a mask's true entries have to be counted
        if name in self.FORBIDDEN or moves or masks:
            raise AssertionError(f"the step calls {name}")
        return function(*arguments, **options)


def penalised(penalty: Regularizer, **training: Any) -> Experiment:
    """Alpine02 of width 4 with batches of 20, 20 and 7."""
    experiment = small(
        architecture__width=4,
        architecture__depth=3,
        task__train_samples=47,
        **{
            f"training__{key}": value
            for key, value in (
                {"batch_size": 20, "trials": 2, "epochs": 3, "device": "cpu"} | training
            ).items()
        },
    )
    return experiment.model_copy(update={"regularizer": penalty})


def as_torch(experiment: Experiment) -> Trainer:
    """A trainer whose steps are torch's operations, as on a device."""
    return Trainer(experiment, decided=along("operations", experiment))


@pytest.fixture
def as_on_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels are for the processor."""
    monkeypatch.setattr(kernels, "serve", lambda tensor: False)


WAITING: dict[str, Callable[[torch.Tensor], Any]] = {
    "item": lambda v: v[0].item(),
    "bool": lambda v: bool(v[0] > 0),
    "to": lambda v: v.to("meta"),
    "mask": lambda v: v[v > 0],
    "assignment by mask": lambda v: v.__setitem__(v > 0, 0.0),
    "nonzero": lambda v: (v > 0).nonzero(),
    "eig": lambda v: torch.linalg.eigvals(v.outer(v)),
    "svd": lambda v: torch.linalg.svd(v.outer(v)),
}


@pytest.mark.parametrize("name", WAITING)
def test_the_watchman_sees_what_waits(name: str) -> None:
    with pytest.raises(AssertionError, match="the step calls"), NoWaiting():
        WAITING[name](torch.ones(2))


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.usefixtures("as_on_a_device")
def test_no_step_waits_for_the_device(name: str) -> None:
    path = as_torch(penalised(PENALTIES[name])).steps
    assert isinstance(path, TorchPath)
    path.adam.set_rates(np.array([1e-3, 2e-3]), np.ones(2, dtype=bool))
    x, y = path.ordered(0)
    into = torch.zeros(3, 2)
    with NoWaiting():
        for step, (x_batch, y_batch) in enumerate(zip(x.split(20, 1), y.split(20, 1), strict=True)):
            penalty = path.experiment.regularizer.at_step(step)
            path.gradient(x_batch, y_batch, penalty, path.generators, into)
            path.adam.step()
    assert torch.isfinite(into).all() and (into[0] > 0).all()


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.usefixtures("as_on_a_device")
def test_a_proxy_that_waits_says_so(name: str) -> None:
    path = as_torch(penalised(Stiffness(proxy=proxy(name)))).steps
    assert isinstance(path, TorchPath)
    batch = [values[:, :20] for values in path.ordered(0)]
    waits = PROXIES[name].waits
    try:
        with NoWaiting():
            path.gradient(*batch, path.experiment.regularizer, path.generators, torch.zeros(3, 2))
    except AssertionError:
        assert waits
    else:
        assert not waits


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.usefixtures("as_on_a_device")
def test_the_gradient_needs_no_values(name: str) -> None:
    """On the meta device there are none: a copy to the host or a decision would raise."""
    architecture = penalised(NoPenalty()).architecture
    device = torch.device("meta")
    parameters = ParameterBuffer(architecture.shapes(2, 1), 2, torch.float32, device)
    gradient = parameters.like()
    leaves = {k: v.detach().requires_grad_() for k, v in parameters.blocks.items()}
    network = ResidualNetwork(architecture, leaves)
    compute = Gradient(network, parameters, gradient)
    x, y = torch.empty(2, 20, 2, device=device), torch.empty(2, 20, 1, device=device)
    generators = [torch.Generator() for _ in range(2)]
    into = torch.empty(3, 2, device=device)
    compute(x, y, PENALTIES[name], generators, into)
    with pytest.raises(RuntimeError):  # what the above did not do
        bool(into[0, 0] > 0)


@pytest.mark.parametrize("name", PENALTIES)
def test_the_processors_training_is_the_devices(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled loops and torch code from the same start, with the same random numbers."""
    experiment = penalised(PENALTIES[name], precision="float64")
    ours = Trainer(experiment)
    monkeypatch.setattr(kernels, "serve", lambda tensor: False)
    theirs = as_torch(experiment)
    for _ in range(3):
        ours.run_epoch()
        theirs.run_epoch()
        np.testing.assert_allclose(
            ours.steps.losses(), theirs.steps.losses(), rtol=1e-6, atol=1e-12
        )


# --- random numbers --------------------------------------------------------------------------


@pytest.mark.parametrize("penalty", [Stiffness(), Stiffness(proxy=proxy("power", iterations=4))])
def test_random_numbers_come_from_the_processor(
    penalty: Stiffness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the device: the meta device, on which nothing could be drawn, asks for the same."""
    assert {g.device.type for g in as_torch(penalised(penalty)).steps.generators} == {"cpu"}
    moved: list[list[torch.Tensor]] = []
    to = torch.Tensor.to

    def watched(numbers: torch.Tensor, *place: Any, **options: Any) -> torch.Tensor:
        if place == (torch.device("meta"),):
            moved[-1].append(numbers)
        return to(numbers, *place, **options)

    monkeypatch.setattr(torch.Tensor, "to", watched)
    states = []
    for device in ("cpu", "meta"):
        moved.append([])
        generators = [torch.Generator().manual_seed(r) for r in range(2)]
        slopes = torch.ones(2, 3, 5, 4, device=device)
        weight = torch.ones(2, 3, 4, 4, device=device)
        penalty.proxy.of_layers(slopes, weight, generators)
        states.append([g.get_state() for g in generators])
    for ours, theirs in zip(*states, strict=True):
        assert torch.equal(ours, theirs)
    [numbers] = moved[1]
    assert numbers.device.type == "cpu" and len(numbers) == 2
    again = torch.Generator().manual_seed(1)
    expected = torch.empty_like(numbers[1])
    if numbers.dtype == torch.int64:
        expected.random_(-(2**63), None, generator=again)
    else:
        expected.normal_(generator=again)
    assert torch.equal(numbers[1], expected)


# --- the exact radius without LAPACK ---------------------------------------------------------


def _apart(random: np.random.Generator, gap: float) -> Any:
    """Real eigenvalues, the two largest moduli this far apart, of ordinary eigenvectors."""
    values = random.uniform(-0.8, 0.8, 20)
    values[:2] = 1, random.choice([-1, 1]) * (1 - gap)
    basis = random.standard_normal((20, 20))
    return basis @ np.diag(values) @ np.linalg.inv(basis)


def _nearly_nilpotent(random: np.random.Generator, size: float) -> Any:
    strict = np.triu(random.standard_normal((20, 20)), 1)
    return strict + size * random.standard_normal((20, 20))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("family", "size"),
    [(_apart, g) for g in (0.1, 1e-2, 1e-3, 1e-4)] + [(_nearly_nilpotent, g) for g in (1e-2, 1e-6)],
)
def test_a_devices_radius_is_lapacks_or_says_that_it_is_not(
    family: Callable[..., Any], size: float, dtype: torch.dtype
) -> None:
    random = np.random.default_rng(5)
    matrices = torch.tensor(np.array([family(random, size) for _ in range(100)]), dtype=dtype)
    found, exact = without_waiting(matrices), by_lapack(matrices.double())
    assert found.radius.dtype == found.left.dtype == dtype
    assert found.trusted.double().mean() >= 0.95
    off = (found.radius.double() / exact.radius - 1).abs()
    ours, theirs = (p.left.double().mT @ p.right.double() for p in (found, exact))
    change = (ours - theirs).flatten(1).norm(dim=1) / theirs.flatten(1).norm(dim=1)
    assert off[found.trusted].max() < 1e-6 and change[found.trusted].max() < 5e-3
    assert off.max() < 1e-3


# --- CUDA graphs -----------------------------------------------------------------------------


class Replaying:
    """Stands in for the device: warms up, then runs the same function on the static tensors."""

    def __init__(self) -> None:
        self.captures = 0

    def __call__(self, run: Callable[[], Any]) -> Any:
        self.captures += 1
        for _ in range(WARM_UP):
            run()
        return run


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.usefixtures("as_on_a_device")
def test_a_captured_training_is_the_plain_one(name: str) -> None:
    experiment = penalised(PENALTIES[name])
    plain, captured, device = as_torch(experiment), as_torch(experiment), Replaying()
    assert isinstance(captured.steps, TorchPath)
    compute = captured.steps.gradient
    assert isinstance(compute, Gradient)
    captured.steps.gradient = CapturedGradient(compute, device)
    for ours, theirs in zip(captured, plain, strict=True):
        if isinstance(ours, Record):
            assert isinstance(theirs, Record)
            np.testing.assert_array_equal(ours.values["train_error"], theirs.values["train_error"])
            np.testing.assert_array_equal(ours.values["penalty"], theirs.values["penalty"])
    for key, value in captured.parameters().items():
        np.testing.assert_array_equal(value, plain.parameters()[key])
    # A graph for whole batches, one for the short one; twice that where steps differ.
    assert device.captures == (4 if experiment.regularizer.at_step(1) != PENALTIES[name] else 2)


def test_a_live_weight_is_captured_anew() -> None:
    controls, device = Controls(), Replaying()
    experiment = penalised(Stiffness())
    trainer = Trainer(experiment, controls, decided=along("operations", experiment))
    assert isinstance(trainer.steps, TorchPath)
    compute = trainer.steps.gradient
    assert isinstance(compute, Gradient)
    trainer.steps.gradient = CapturedGradient(compute, device)
    for item in trainer:
        if isinstance(item, Record) and item.epoch == 1:
            shares = item.values["penalty_share"]
            controls.change({"regularizer.weight": 1.0})
    assert isinstance(item, Record)
    assert device.captures == 4 and (item.values["penalty_share"] > 10 * shares).all()


def test_a_graph_without_a_device_is_refused() -> None:
    with pytest.raises(InputError, match="needs a CUDA device") as caught:
        Trainer(penalised(NoPenalty(), cuda_graph=True, device="cpu"))
    assert caught.value.key == "training.cuda_graph"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", PENALTIES)
def test_cuda_with_and_without_graph(name: str) -> None:
    losses = []
    for graph in (False, True):
        trainer = Trainer(penalised(PENALTIES[name], cuda_graph=graph, device="cuda"))
        for _ in range(3):
            trainer.run_epoch()
            losses.append(trainer.steps.losses())
    np.testing.assert_allclose(losses[:3], losses[3:], rtol=1e-4)
