"""The model and the probe that a person gives: judged, and brought together."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from stiffgui.errors import InputError


def check_model(model: Any) -> None:
    """Raise InputError for a model that cannot be looked into."""
    modules = list(model.modules()) if isinstance(model, nn.Module) else []
    for module in modules:
        compiled = getattr(module, "_compiled_call_impl", None) is not None
        if compiled or type(module).__module__.startswith("torch._dynamo"):
            raise InputError(
                "model: a compiled module cannot be looked into; give watch the model as it was "
                "before torch.compile, whose parameters are the same."
            )
        if isinstance(module, torch.jit.ScriptModule):
            raise InputError("model: a scripted module cannot be looked into; give the original.")
    for name, tensor in _tensors(model):
        if tensor.is_complex():
            raise InputError(f"model: {name} is complex; only real networks are measured.")
        usable(tensor.device)


def _tensors(model: Any) -> list[tuple[str, Tensor]]:
    if not isinstance(model, nn.Module):
        return []
    return [*model.named_parameters(), *model.named_buffers()]


def usable(device: torch.device) -> None:
    """Raise InputError for a device that holds no numbers here."""
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InputError("model: it lies on a CUDA device, and there is none: move it to the CPU.")
    if device.type == "meta":
        raise InputError("model: its parameters have no numbers yet: load or initialise them.")


def device_of(model: Any) -> torch.device:
    """Where its parameters lie; the CPU of one without any."""
    return next((tensor.device for _, tensor in _tensors(model)), torch.device("cpu"))


def placed(probe: Any, device: torch.device) -> Any:
    """The probe where the model lies. Raises InputError for one without samples or numbers."""
    if isinstance(probe, Tensor):
        if probe.device.type == "meta" or not probe.numel():
            raise InputError("probe: it holds no numbers; give a batch of one sample at least.")
        if probe.is_floating_point() and not probe.isfinite().all():
            raise InputError("probe: it holds NaN or infinity; give finite numbers.")
        return probe.detach().to(device)
    if isinstance(probe, dict):
        return {name: placed(given, device) for name, given in probe.items()}
    if isinstance(probe, tuple | list):
        return tuple(placed(given, device) for given in probe)
    return probe
