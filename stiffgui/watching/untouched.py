"""Leaves a model, and everything that a training goes on from, as it was found."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel


@contextlib.contextmanager
def untouched(model: object) -> Iterator[None]:
    """Evaluation mode within, without autocast and with attention by its plain formula, which has
    derivatives of every kind. Afterwards, also when an exception passes through: training flags,
    buffers (copies of them stand in within) and generators (torch's of every device, numpy's,
    Python's) are as they were. No parameter, no gradient of one and no device is touched.
    """
    modules = list(model.modules()) if isinstance(model, nn.Module) else []
    flags = [module.training for module in modules]
    buffers = [
        (module, name, buffer)
        for module in modules
        for name, buffer in module._buffers.items()
        if buffer is not None
    ]
    copies = {buffer: buffer.detach().clone() for _, _, buffer in buffers}
    generator, of_numpy, of_python = torch.get_rng_state(), np.random.get_state(), random.getstate()
    started = torch.cuda.is_available() and torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    of_cuda = torch.cuda.get_rng_state_all() if started else []
    try:
        for module in modules:
            module.training = False
        for module, name, buffer in buffers:
            module._buffers[name] = copies[buffer]
        with (
            torch.inference_mode(False),
            torch.no_grad(),
            torch.autocast("cpu", enabled=False),
            torch.autocast("cuda", enabled=False) if started else contextlib.nullcontext(),
            sdpa_kernel(SDPBackend.MATH),
        ):
            yield
    finally:
        for module, flag in zip(modules, flags, strict=True):
            module.training = flag
        for module, name, buffer in buffers:
            module._buffers[name] = buffer
        torch.set_rng_state(generator)
        np.random.set_state(of_numpy)
        random.setstate(of_python)
        if of_cuda:
            torch.cuda.set_rng_state_all(of_cuda)
