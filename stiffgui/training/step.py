"""Loss and gradient of a batch, without autograd but for what a penalty needs itself."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from stiffgui.regularizers import L2, NoPenalty, Regularizer, Stiffness
from stiffgui.resnet.expansion import stack
from stiffgui.resnet.manual_pass import ManualPass
from stiffgui.resnet.network import Pass, ResidualNetwork
from stiffgui.stiffness import kernels
from stiffgui.stiffness.base import BufferCache, tiny
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
        self._place = BufferCache(threads)

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
        if isinstance(regularizer, NoPenalty):
            self._without_penalty(stack, x, difference, length, into)
        elif isinstance(regularizer, L2):
            self._with_l2(stack, x, difference, length, regularizer.weight, into)
        elif isinstance(regularizer, Stiffness):
            self._with_stiffness(stack, x, difference, length, regularizer, generators, into)
        else:
            self._with_penalty(stack, x, difference, length, regularizer, generators, into)

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
            self._stacks[key] = stack(
                self._network.architecture,
                self._parameters.blocks,
                self._gradient.blocks,
                samples,
                outputs,
            )
        return self._stacks[key]

    def _without_penalty(
        self, stack: ManualPass, x: Tensor, difference: Tensor, length: Tensor, into: Tensor
    ) -> None:
        samples = x.shape[1]
        loss = (length * samples**-0.5).clamp_min_(tiny(length) ** 0.5)
        stack.backward(x, difference.div_((loss * samples).view(-1, 1, 1)))
        into[0] = loss

    def _with_l2(
        self,
        stack: ManualPass,
        x: Tensor,
        difference: Tensor,
        length: Tensor,
        weight: float,
        into: Tensor,
    ) -> None:
        """p = mean norm of the arrays, so dp/dW = W / (|W| arrays)."""
        norms = parameter_norms(self._parameters)
        arrays = sum(n.shape[1] for n in norms.values())
        penalty = torch.cat(list(norms.values()), 1).sum(1) / arrays
        loss = self._record(length, x.shape[1], weight, penalty, penalty.square(), into)
        stack.backward(x, difference.div_((loss * x.shape[1]).view(-1, 1, 1)))
        factor = (weight / arrays * penalty / loss).unsqueeze(1)
        for name, norm in norms.items():
            block = self._parameters.blocks[name]
            scale = (factor / norm).view(-1, *[1] * (block.ndim - 1))
            if name.startswith("layers."):  # one number a layer
                scale = (factor / norm).view(*norm.shape, *[1] * (block.ndim - 2))
            self._gradient.blocks[name].addcmul_(block, scale)

    def _with_stiffness(
        self,
        stack: ManualPass,
        x: Tensor,
        difference: Tensor,
        length: Tensor,
        regularizer: Stiffness,
        generators: list[Generator],
        into: Tensor,
    ) -> None:
        """p_i = sum_n proxy: the proxy gives the gradient of sum_i p_i^2 / 2 by hand."""
        slopes = regularizer.of_batch(stack.slopes).contiguous()
        grad_slopes, on_weight = stack.room
        whole = slopes.shape == grad_slopes.shape
        into_slopes = grad_slopes if whole else torch.empty_like(slopes)
        p = regularizer.proxy.penalty_gradient(
            slopes, stack.weight, generators, into_slopes, on_weight, self._place
        )
        if not whole:
            regularizer.of_batch(grad_slopes.zero_()).copy_(into_slopes)
        self._join(stack, regularizer.weight, p, length, difference, into)
        stack.backward(x, difference, joined=True)

    def _join(
        self,
        stack: ManualPass,
        weight: float,
        p: Tensor,
        length: Tensor,
        difference: Tensor,
        into: Tensor,
    ) -> None:
        """The loss; its gradients replace `difference` and, in the room, those of sum p^2 / 2."""
        grad_slopes, on_weight = stack.room
        if kernels.serve(p):
            from stiffgui.training.loss_kernel import join

            arrays = (difference, grad_slopes, on_weight, stack.curvature, into)
            lengths = length.numpy()
            join(p.numpy(), lengths, weight, tiny(p), stack.step, *(a.numpy() for a in arrays))
            return
        samples = difference.shape[1]
        loss = self._record(length, samples, weight, p.mean(1), p.square().mean(1), into)
        share = (weight / p.shape[1] / loss).view(-1, 1, 1, 1)
        difference.div_((loss * samples).view(-1, 1, 1))
        on_weight.mul_(share)
        grad_slopes.mul_(stack.curvature).mul_(share / stack.step)

    def _with_penalty(
        self,
        stack: ManualPass,
        x: Tensor,
        difference: Tensor,
        length: Tensor,
        regularizer: Regularizer,
        generators: list[Generator],
        into: Tensor,
    ) -> None:
        constants = [stack.output, stack.slopes, stack.states, stack.last]
        output, slopes, states, last = (c.detach().requires_grad_() for c in constants)
        run = Pass(output, [*states.unbind(1), last], slopes)
        penalties = regularizer.penalty(self._network, run, generators)
        if penalties is None:
            return self._without_penalty(stack, x, difference, length, into)
        weight, p = regularizer.weight, penalties.detach()
        loss = self._record(length, x.shape[1], weight, p.mean(1), p.square().mean(1), into)
        samples = loss.unsqueeze(1)
        on_output, grad_slopes, on_states, on_last, *on_parameters = _gradients(
            penalties,
            [output, slopes, states, last, *self._network.parameters.values()],
            p * (weight / (samples * p.shape[1])),
        )
        difference.div_((loss * x.shape[1]).view(-1, 1, 1))
        if on_output is not None:
            difference.add_(on_output)
        joined = grad_slopes is not None
        if grad_slopes is not None:
            into_slopes, into_weight = stack.room
            torch.mul(grad_slopes, stack.curvature, out=into_slopes).div_(stack.step)
            into_weight.zero_()
        stack.backward(x, difference, joined, on_states, on_last)
        for block, added in zip(self._gradient.blocks.values(), on_parameters, strict=True):
            if added is not None:
                block.add_(added)
        return None

    @staticmethod
    def _record(
        length: Tensor, samples: int, weight: float, mean: Tensor, square: Tensor, into: Tensor
    ) -> Tensor:
        """The loss [R] from the norm of the differences, the mean penalty and its mean square."""
        added = weight * square
        total = (length.square() / samples + added).clamp_min_(tiny(length))
        torch.sqrt(total, out=into[0])
        into[1] = mean
        torch.div(added, total, out=into[2])
        return into[0]


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
