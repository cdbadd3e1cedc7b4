"""What a run file says of a network that stiffgui did not train.

Letters for shapes: N layers.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from stiffgui.errors import InputError

# Of a neural ODE, numbers of layers: the solver's step, and the largest stable one of a method.
STEP, STABLE_STEP = "solver-step", "stable-step-"
How = Literal["dense", "matrix-free", "given"]


def without_settings(path: object) -> InputError:
    """What to say where the settings of a foreign network are asked for."""
    return InputError(
        f"{path} is of a network that stiffgui did not train, so it has no settings, task or "
        f"networks of its own: its history and indices can be shown."
    )


class ForeignNetwork(BaseModel):
    """Layers as the file numbers them, from 1 on: name, width w, step size a and how its Jacobians
    came about, [N] each; `samples` of the probe they are taken at, at most. `times`: of a neural
    ODE, whose layers are its right-hand side along its trajectories, with a solver's name."""

    model_config = ConfigDict(frozen=True)

    title: str = ""
    names: tuple[str, ...]
    widths: tuple[int, ...]
    steps: tuple[float, ...]
    how: tuple[How, ...]
    samples: int
    times: tuple[float, ...] = ()
    solver: str = ""

    @property
    def depth(self) -> int:
        """N."""
        return len(self.names)

    @property
    def sentence(self) -> str:
        """In words: whose layers, of which widths, and which are not exact."""
        widths = sorted(set(self.widths))
        ends = f"{widths[0]}" if len(widths) == 1 else f"{widths[0]} to {widths[-1]}"
        free = sum(how == "matrix-free" for how in self.how)
        how = f", {free} of them matrix-free" if free else ""
        return f"{self.title or 'network'}: {self.depth} layers of width {ends}{how}"
