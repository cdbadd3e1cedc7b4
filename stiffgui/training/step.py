"""Loss and gradient of a batch, without autograd but for what a penalty needs itself."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from stiffgui.regularizers import L2, NoPenalty, Regularizer, Stiffness
from stiffgui.resnet.expansion import ExpandedStack, is_identity
from stiffgui.resnet.manual_pass import ManualPass
from stiffgui.resnet.network import Pass, ResidualNetwork
from stiffgui.stiffness.base import BufferCache, PenaltyBatch, tiny
from stiffgui.training.parameter_buffer import ParameterBuffer


class Gradient:
    """Fills `gradient` with that of `batch_loss` (loss.py, the definition by plain autograd).

    The network's passes are written out (`ManualPass`). A penalty sees the pass as constants of
    which it may use any; autograd differentiates the penalty only, and what it gives for slopes,
    states, output and parameters joins the backward pass. No penalty and L2 need no graph.
    Nothing here waits for the device.
    """

    def __init__(
        self,
        network: ResidualNetwork,
        parameters: ParameterBuffer,
        gradient: ParameterBuffer,
        threads: int = 1,
    ) -> None:
        self._network, self._parameters, self._gradient = network, parameters, gradient
        self._stacks: dict[tuple[int, int], ManualPass] = {}
        self._buffers = BufferCache(threads)

    def __call__(
        self,
        x: Tensor,
        y: Tensor,
        regularizer: Regularizer,
        generators: list[Generator],
        into: Tensor,
    ) -> None:
        """The batch x [R, B, d], y [R, B, o]; loss, mean penalty and share go to `into` [3, R]."""
        stack = self._stack(x.shape[1], y.shape[-1])
        difference = stack.forward(x) - y
        length = torch.linalg.vector_norm(difference.flatten(1), dim=1)  # sqrt(B mean |.|^2)
        run = _Run(stack, x, difference, length, into)
        if isinstance(regularizer, NoPenalty):
            run.without_penalty()
        elif isinstance(regularizer, L2):
            self._with_l2(run, regularizer.weight)
        elif isinstance(regularizer, Stiffness):
            self._with_stiffness(run, regularizer, generators)
        else:
            self._with_penalty(run, regularizer, generators)

    def forward(self, x: Tensor, outputs: int) -> Tensor:
        """y [R, B, o] of x [R, B, d], valid until the next call."""
        return self._stack(x.shape[1], outputs).forward(x)

    def use_step(self, step: float) -> None:
        """Take this step size a from now on."""
        for passes in self._stacks.values():
            passes.use_step(step)

    def _stack(self, samples: int, outputs: int) -> ManualPass:
        """Buffers for batches of this size: whole ones, and the short last one."""
        key = samples, outputs
        if key not in self._stacks:
            architecture = self._network.architecture
            kind = ManualPass if is_identity(architecture) else ExpandedStack
            blocks = self._parameters.blocks, self._gradient.blocks
            self._stacks[key] = kind(architecture, *blocks, samples, outputs)
        return self._stacks[key]

    def _with_l2(self, run: _Run, weight: float) -> None:
        """p = mean norm of the arrays, so dp/dW = W / (|W| arrays)."""
        norms = parameter_norms(self._parameters)
        arrays = sum(n.shape[1] for n in norms.values())
        penalty = torch.cat(list(norms.values()), 1).sum(1) / arrays
        loss = run.record(weight, penalty, penalty.square())
        run.stack.backward(run.x, run.scaled_difference(loss))
        factor = (weight / arrays * penalty / loss).unsqueeze(1)
        for name, norm in norms.items():
            block = self._parameters.blocks[name]
            scale = (factor / norm).view(-1, *[1] * (block.ndim - 1))
            if name.startswith("layers."):  # one number a layer
                scale = (factor / norm).view(*norm.shape, *[1] * (block.ndim - 2))
            self._gradient.blocks[name].addcmul_(block, scale)

    def _with_stiffness(
        self, run: _Run, regularizer: Stiffness, generators: list[Generator]
    ) -> None:
        """p_i = sum_n proxy: the proxy gives the gradient of sum_i p_i^2 / 2 by hand."""
        stack = run.stack
        slopes = regularizer.of_batch(stack.slopes).contiguous()
        grad_slopes, on_weight = stack.room
        whole = slopes.shape == grad_slopes.shape
        into_slopes = grad_slopes if whole else torch.empty_like(slopes)
        p = regularizer.proxy.penalty_gradient(
            PenaltyBatch(slopes, stack.weight, generators, into_slopes, on_weight, self._buffers)
        )
        if not whole:
            regularizer.of_batch(grad_slopes.zero_()).copy_(into_slopes)
        run.join(regularizer.weight, p)
        stack.backward(run.x, run.difference, joined=True)

    def _with_penalty(
        self, run: _Run, regularizer: Regularizer, generators: list[Generator]
    ) -> None:
        stack, weight = run.stack, regularizer.weight
        constants = [stack.output, stack.slopes, stack.states, stack.last]
        output, slopes, states, last = (c.detach().requires_grad_() for c in constants)
        forward = Pass(output, [*states.unbind(1), last], slopes)
        penalties = regularizer.penalty(self._network, forward, generators)
        if penalties is None:
            run.without_penalty()
            return
        p = penalties.detach()
        loss = run.record(weight, p.mean(1), p.square().mean(1))
        on_output, grad_slopes, on_states, on_last, *on_parameters = _gradients(
            penalties,
            [output, slopes, states, last, *self._network.parameters.values()],
            p * (weight / (loss.unsqueeze(1) * p.shape[1])),
        )
        difference = run.scaled_difference(loss)
        if on_output is not None:
            difference.add_(on_output)
        if grad_slopes is not None:
            into_slopes, into_weight = stack.room
            torch.mul(grad_slopes, stack.curvature, out=into_slopes).div_(stack.step)
            into_weight.zero_()
        stack.backward(run.x, difference, grad_slopes is not None, on_states, on_last)
        for block, added in zip(self._gradient.blocks.values(), on_parameters, strict=True):
            if added is not None:
                block.add_(added)


@dataclass(slots=True)  # not frozen: made at every step, it costs a third
class _Run:
    """A batch x [R, B, d] after its forward pass: output minus target [R, B, o], its norms [R].

    Loss, mean penalty and the penalty's share go to `into` [3, R].
    """

    stack: ManualPass
    x: Tensor
    difference: Tensor
    length: Tensor
    into: Tensor

    def without_penalty(self) -> None:
        """Loss and gradient where nothing is added."""
        loss = (self.length * self.x.shape[1] ** -0.5).clamp_min_(tiny(self.length) ** 0.5)
        self.stack.backward(self.x, self.scaled_difference(loss))
        self.into[0] = loss

    def record(self, weight: float, mean: Tensor, square: Tensor) -> Tensor:
        """The loss [R] with the mean penalty and its mean square."""
        added = weight * square
        total = (self.length.square() / self.x.shape[1] + added).clamp_min_(tiny(self.length))
        torch.sqrt(total, out=self.into[0])
        self.into[1] = mean
        torch.div(added, total, out=self.into[2])
        return self.into[0]

    def scaled_difference(self, loss: Tensor) -> Tensor:
        """The gradient of the loss by the output, in the place of `difference`."""
        return self.difference.div_((loss * self.x.shape[1]).view(-1, 1, 1))

    def join(self, weight: float, p: Tensor) -> None:
        """The loss; its gradients replace `difference` and, in the room, those of sum p^2 / 2."""
        stack = self.stack
        grad_slopes, on_weight = stack.room
        loss = self.record(weight, p.mean(1), p.square().mean(1))
        share = (weight / p.shape[1] / loss).view(-1, 1, 1, 1)
        self.scaled_difference(loss)
        on_weight.mul_(share)
        grad_slopes.mul_(stack.curvature).mul_(share / stack.step)


def parameter_norms(parameters: ParameterBuffer) -> dict[str, Tensor]:
    """Norms of the parameter arrays of a network of separate layers: name -> [R, arrays].

    `layers.*` hold an array for every layer. Never 0: at least the root of the smallest number.
    """
    norms = {}
    for name, block in parameters.blocks.items():
        flat = block.flatten(2) if name.startswith("layers.") else block.flatten(1).unsqueeze(1)
        norms[name] = torch.linalg.vector_norm(flat, dim=-1).clamp_min_(tiny(flat) ** 0.5)
    return norms


def _gradients(
    penalties: Tensor, inputs: list[Tensor], weights: Tensor
) -> tuple[Tensor | None, ...]:
    if not penalties.requires_grad:  # a penalty that depends on nothing
        return (None,) * len(inputs)
    return torch.autograd.grad(penalties, inputs, weights, allow_unused=True)
