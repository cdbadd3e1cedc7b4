"""A surrogate trained with stiffgui, in the units of its data. Needs torch, and safetensors for
weights in that format; nothing of stiffgui.

    from model import load
    surrogate = load()               # from the files beside this one
    mean, spread = surrogate(rows)   # [rows, inputs] -> [rows, outputs] each

`model.json` names inputs, outputs and units in their order, and the ends of the training rows.
"""

import json
from pathlib import Path

import torch
from torch import Tensor, nn

ACTIVATIONS = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "softplus": nn.functional.softplus,
    "elu": nn.functional.elu,
    "gelu": nn.functional.gelu,
    "sin": torch.sin,
    "identity": lambda z: z,
}


class Surrogate(nn.Module):
    """R networks x_n = x_{n-1} + a s(W_n x_{n-1} + b_n), or a Runge-Kutta step of that equation.

    Layer weights are [stages, layers, R, w, w], so that a step's stages have their own.
    """

    def __init__(self, facts: dict, arrays: dict[str, Tensor]) -> None:
        super().__init__()
        self.facts, self.activation = facts, ACTIVATIONS[facts["activation"]]
        for name, values in arrays.items():
            if name.endswith(("shift", "scale")):
                self.register_buffer(name, values)
            else:
                self.register_parameter(name, nn.Parameter(values))

    def each(self, rows: Tensor) -> Tensor:
        """What every network says of rows [B, d]: [R, B, o]."""
        x = (rows - self.input_shift) / self.input_scale
        state = x.expand(self.layers_bias.shape[2], *x.shape)
        if self.facts["lift"].startswith("affine"):
            state = torch.baddbmm(self.lift_bias.unsqueeze(1), state, self.lift_weight.mT)
            state = state.tanh() if self.facts["lift"] == "affine-tanh" else state
        else:
            state = nn.functional.pad(state, (0, self.layers_weight.shape[-1] - x.shape[-1]))
        for layer in range(self.layers_weight.shape[1]):
            slopes: list[Tensor] = []
            for stage, row in enumerate(self.facts["matrix"]):
                bias = self.layers_bias[stage, layer].unsqueeze(1)
                weight = self.layers_weight[stage, layer].mT
                slopes.append(
                    self.activation(torch.baddbmm(bias, self._moved(state, row, slopes), weight))
                )
            state = self._moved(state, self.facts["weights"], slopes)
        if self.facts["readout"] == "affine":
            state = torch.baddbmm(self.readout_bias.unsqueeze(1), state, self.readout_weight.mT)
        return state[..., : len(self.facts["outputs"])] * self.output_scale + self.output_shift

    def _moved(self, state: Tensor, factors: list[float], slopes: list[Tensor]) -> Tensor:
        for factor, slope in zip(factors, slopes, strict=True):
            state = state + self.facts["step"] * factor * slope
        return state

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Mean over the networks and its spread, their standard deviation: [B, o] each."""
        each = self.each(rows)
        mean = each.mean(0)
        return mean, each.std(0) if len(each) > 1 else torch.full_like(mean, float("nan"))


def load(folder: str | Path = Path(__file__).parent) -> Surrogate:
    """The surrogate of a folder that `stiffgui export --model` has written, in float64."""
    folder = Path(folder)
    facts = json.loads((folder / "model.json").read_text("utf-8"))
    if (folder / "model.safetensors").exists():
        from safetensors.torch import load_file

        return Surrogate(facts, load_file(folder / "model.safetensors"))
    return Surrogate(facts, torch.load(folder / "model.pt", weights_only=True))
