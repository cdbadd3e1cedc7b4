"""The network's settings, and the shapes that follow from them."""

from __future__ import annotations

from math import prod
from typing import Annotated

from pydantic import BeforeValidator

from stiffgui.errors import InputError
from stiffgui.resnet.activations import ACTIVATIONS
from stiffgui.resnet.tableaus import INTEGRATORS
from stiffgui.resnet.weights import AnyWeights, PerLayer
from stiffgui.settings import Settings, as_kind, setting

LIFTS = {
    "affine-tanh": "tanh(W x + b), trained; reproduces the talk's figures",
    "affine": "W x + b, trained",
    "augment": "the input, padded with zeros to the width",
    "identity": "the input itself; the width is the input dimension",
}
READOUTS = {
    "affine": "W x + b, trained",
    "identity": "the first components of the last state",
}


class Architecture(Settings):
    """Residual network

    x_0 = lift(x);  x_n = x_{n-1} + a s(W_n x_{n-1} + b_n), n = 1..N, a = T/N;  y = read-out(x_N).
    """

    width: int = setting(20, title="Width", help="Number w of components of a state.", ge=1, le=512)
    depth: int = setting(
        10, title="Depth", unit="layers", help="Number N of residual layers.", ge=1, le=512
    )
    activation: str = setting(
        "tanh",
        title="Activation",
        help="The function s of a layer.",
        choices={name: a.help for name, a in ACTIVATIONS.items()},
    )
    horizon: float = setting(
        1.0,
        title="Horizon T",
        help="End time of the underlying ODE: a layer's step size is a = T/N.",
        gt=0,
        le=1000,
    )
    weights: Annotated[AnyWeights, BeforeValidator(as_kind)] = setting(
        PerLayer(),
        title="Weights W(t)",
        help="How weights and biases depend on time, that is on the layer.",
    )
    integrator: str = setting(
        "euler",
        title="Integrator",
        help="The step that a layer takes; all but euler train by plain autograd, slower.",
        choices=INTEGRATORS,
    )
    lift: str = setting(
        "affine-tanh",
        title="Lift",
        help="How the input becomes the first state x_0.",
        choices=LIFTS,
    )
    readout: str = setting(
        "affine", title="Read-out", help="How the last state becomes the output.", choices=READOUTS
    )

    @property
    def step_size(self) -> float:
        """a = T/N."""
        return self.horizon / self.depth

    @property
    def coefficients(self) -> int:
        """K: how many matrices are stored for the layers; N when every layer has its own."""
        return self.weights.count(self.depth)

    def shapes(self, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
        """Every parameter array of one trial: its name and shape, in a fixed order."""
        w, k = self.width, self.coefficients
        shapes: dict[str, tuple[int, ...]] = {}
        if self.lift in ("affine", "affine-tanh"):
            shapes |= {"lift.weight": (w, inputs), "lift.bias": (w,)}
        shapes |= {"layers.weight": (k, w, w), "layers.bias": (k, w)}
        if self.readout == "affine":
            shapes |= {"readout.weight": (outputs, w), "readout.bias": (outputs,)}
        return shapes

    def parameters(self, inputs: int, outputs: int) -> int:
        """Number of trained parameters of one trial."""
        return sum(prod(shape) for shape in self.shapes(inputs, outputs).values())

    def check(self, inputs: int, outputs: int) -> None:
        """Raise InputError when lift or read-out do not fit the task."""
        if self.lift == "identity" and self.width != inputs:
            raise InputError(
                f"architecture.lift identity needs a width equal to the input dimension: set "
                f"architecture.width to {inputs} or choose another lift.",
                "architecture.lift",
            )
        if self.lift == "augment" and self.width < inputs:
            raise InputError(
                f"architecture.lift augment pads {inputs} inputs to the width {self.width}: set "
                f"architecture.width to at least {inputs}.",
                "architecture.lift",
            )
        if self.readout == "identity" and self.width < outputs:
            raise InputError(
                f"architecture.readout identity needs at least {outputs} components: set "
                f"architecture.width to at least {outputs}.",
                "architecture.readout",
            )
