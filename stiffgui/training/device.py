"""Which device a training uses."""

from __future__ import annotations

import torch

from stiffgui.errors import InputError


def choose_device(name: str) -> torch.device:
    """`auto`, `cpu` or `cuda` as a device. Raises InputError for cuda where none is."""
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise InputError(
            "training.device is cuda, but this machine has no usable CUDA device: "
            "choose auto or cpu.",
            "training.device",
        )
    return torch.device("cuda" if name != "cpu" and available else "cpu")


def check_graph(wanted: bool, device: torch.device) -> None:
    """Raise InputError where a CUDA graph is wanted and the device is none of CUDA's."""
    if wanted and device.type != "cuda":
        raise InputError(
            f"training.cuda_graph needs a CUDA device, and this training uses {device.type}: set "
            f"training.cuda_graph to false, or train where there is one with training.device cuda.",
            "training.cuda_graph",
        )
