"""`watch`: what stiffgui shows of networks, of a torch model that is trained by other code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from stiffgui.errors import InputError
from stiffgui.training_settings import Watch
from stiffgui.watching.field import FieldRecorder
from stiffgui.watching.inputs import check_model
from stiffgui.watching.network import NetworkRecorder
from stiffgui.watching.paced import PacedRecorder
from stiffgui.watching.recorder import USUAL

SHARE, SAMPLES = Watch().share, Watch().probe


def watch(
    model: nn.Module | Callable[..., Tensor],
    probe: Any,
    out: str | Path,
    *,
    blocks: str | Sequence[str] | None = None,
    branch: bool = False,
    step: float | Sequence[float] = 1.0,
    times: Sequence[float] | None = None,
    indices: Sequence[str] | None = None,
    samples: int = SAMPLES,
    share: float = SHARE,
    every: int | None = None,
    dense: int | None = None,
    force: bool = False,
    **solver: Any,
) -> PacedRecorder:
    """A recorder of what the residual blocks of `model` do to the first `samples` of `probe`, while
    other code trains it: `with watch(model, probe, "mine.stiff") as recorder`, and in the loop
    `recorder.record(epoch, train_error=..., anything=...)`.

    probe: what the model takes, a batch (or a tuple or dict of its arguments). blocks: names or
    patterns such as `layers.*`; by default they are found (`stiffgui.watching.blocks` says how).
    A block is x + a F(x) with the step size a, `step`, of all or of each; with `branch` it is F
    itself. Measured are J = dF/dx of each sample: eigenvalues, norms and `indices`, in evaluation
    mode, so that dropout is off and batch norm has its running means. Layers up to a width that
    time allows are exact; wider ones (`dense` sets from where) are told by products with J, each
    number with its residual or standard error. Measuring takes at most a `share` of the
    training's time after the first measurement; or it happens `every` so many epochs. The model,
    its gradients, generators and hooks are left as they were. Forward hooks of others see the
    probe pass.

    With `times` the model is the right-hand side f(t, x) of a neural ODE, and `probe` its initial
    states [B, ...]: torchdiffeq solves it (`method`, `rtol`, `atol`, as for its odeint), and J is
    taken along the trajectories at these times.

    Raises InputError, a sentence, where the model, the probe or an argument does not fit.
    """
    common: dict[str, Any] = {
        "samples": samples,
        "share": share,
        "every": every,
        "dense": dense,
        "force": force,
    }
    check_model(model)
    if times is not None:
        if blocks is not None or branch or step != 1.0:
            raise InputError(
                "times: a neural ODE has no blocks, branch or step; leave those out, or times."
            )
        return FieldRecorder(model, probe, out, times=times, indices=indices, **solver, **common)
    if solver:
        raise InputError(f"{next(iter(solver))}: watch has no such argument without times.")
    if not isinstance(model, nn.Module):
        raise InputError(
            f"model: a {type(model).__name__} is no torch.nn.Module; a right-hand side f(t, x) "
            f"needs times=[...]."
        )
    used = USUAL if indices is None else indices
    return NetworkRecorder(model, probe, out, blocks, branch, step=step, indices=used, **common)
