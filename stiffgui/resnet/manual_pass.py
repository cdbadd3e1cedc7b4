"""Forward and backward pass of a whole network into reused buffers, without autograd.

Letters for shapes: R trials, B samples, N layers, w width, d inputs, o outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from stiffgui.resnet.activations import ACTIVATIONS
from stiffgui.resnet.architecture import Architecture


class ManualPass:
    """The passes of `ResidualNetwork` for batches of one size, written out by hand.

    With D_n = s'(z_n), a the step size and g_n the gradient with respect to x_n:
    G_n = D_n g_n + (dp/dD_n) s''(z_n) / a, g_{n-1} = g_n + a G_n W_n + dp/dx_{n-1}, where p stands
    for whatever else depends on the slopes D and the states x. The gradients of all W_n are one
    product of the stacked a G and x, [R N] matrices at once.

    `weight` [R, N, w, w] are the layers' own. `parameters` and `gradients` map the names of
    `Architecture.shapes` to contiguous tensors [R, ...]; gradients are overwritten. A tensor
    handed out is valid until the next `forward`.
    """

    def __init__(
        self,
        architecture: Architecture,
        parameters: Mapping[str, Tensor],
        gradients: Mapping[str, Tensor],
        samples: int,
        outputs: int,
    ) -> None:
        self._architecture, self._outputs = architecture, outputs
        self._activation = ACTIVATIONS[architecture.activation]
        self._layers = range(architecture.depth)
        self.weight = weight = parameters["layers.weight"]
        trials, depth, width, _ = weight.shape
        self.states = weight.new_zeros(trials, depth, samples, width)
        self.last = weight.new_zeros(trials, samples, width)
        self.step = architecture.step_size
        self._tanh = architecture.activation == "tanh"
        self._slopes: Tensor | None = None
        self._values = torch.empty_like(self.states)
        # tanh z = 2 sigmoid(2 z) - 1: torch's sigmoid takes a sixth of the time of its tanh. The
        # slope of tanh follows from its value; the others need z.
        self._twice = 2 if self._tanh else 1
        self._inner = self._values if self._tanh else torch.empty_like(self.states)
        self._chain = torch.empty_like(self.states)
        self._steps = weight.new_full((trials * depth, 1, samples), self.step)
        self._gradient = torch.empty_like(self.last)
        self.output = weight.new_empty(trials, samples, outputs)
        self._z = torch.empty_like(self.last)
        # As large as z: a number, or a tensor of one, would be converted at every call.
        self._minus_ones = torch.full_like(self._z, -1)
        self._single = trials == 1
        self._p = {k: self._cut(v) for k, v in parameters.items()}
        self._g = {k: self._cut(v) for k, v in gradients.items()}
        self._weights_t = self._per_layer(weight.transpose(-1, -2))
        self._weights = self._per_layer(weight)
        self._biases = self._per_layer(parameters["layers.bias"].unsqueeze(2))
        self._x = [*self._per_layer(self.states), self._cut(self.last)]
        self._y, self._g_z = self._per_layer(self._values), self._per_layer(self._chain)
        self._z_n = self._per_layer(self._inner)
        self._g_x, self._z, self._out = map(self._cut, (self._gradient, self._z, self.output))
        self._minus_ones = self._cut(self._minus_ones)
        matrices, flat = trials * depth, (trials * depth, samples, width)
        self._states_flat = self.states.view(flat)
        self._chain_t = self._chain.view(flat).transpose(1, 2)
        self._chain_flat = self._chain.view(flat)
        self._weight_gradient = gradients["layers.weight"]
        self._g_weight = self._weight_gradient.view(matrices, width, width)
        self._g_bias = gradients["layers.bias"].view(matrices, 1, width)
        # One trial needs no batch axis, and plain products have less overhead.
        self._multiply_add = torch.addmm if self._single else torch.baddbmm
        self._multiply = torch.mm if self._single else torch.bmm

    def use_step(self, step: float) -> None:
        """Take this step size a from now on."""
        self.step = step
        self._steps.fill_(step)

    def _cut(self, tensor: Tensor) -> Tensor:
        return tensor[0] if self._single else tensor

    def _per_layer(self, tensor: Tensor) -> list[Tensor]:
        return [self._cut(t) for t in tensor.unbind(1)]

    def forward(self, x: Tensor) -> Tensor:
        """y [R, B, o] of x [R, B, d]; fills `states` x_0..x_{N-1} [R, N, B, w] and `last` x_N."""
        step, x_n, y_n, tanh = self.step, self._x, self._y, self._tanh
        multiply_add, z, twice = self._multiply_add, self._z, self._twice
        self._slopes = None
        self._lift(self._cut(x))
        for n in self._layers:
            multiply_add(
                self._biases[n], x_n[n], self._weights_t[n], beta=twice, alpha=twice, out=z
            )
            if tanh:
                torch.add(self._minus_ones, z.sigmoid_(), alpha=2, out=y_n[n])
            else:
                self._z_n[n].copy_(z)
                y_n[n].copy_(self._activation.value(z))
            torch.add(x_n[n], y_n[n], alpha=step, out=x_n[n + 1])
        if self._architecture.readout == "affine":
            self._affine("readout", x_n[-1], self._out)
        else:
            self._out.copy_(x_n[-1][..., : self._outputs])
        return self.output

    @property
    def room(self) -> tuple[Tensor, Tensor]:
        """Gradients that `backward` joins in when it is told so, of what else there is: by the
        slopes times s''(z) / a, [R, N, B, w], and by `weight`, [R, N, w, w]."""
        return self._chain, self._weight_gradient

    @property
    def slopes(self) -> Tensor:
        """s'(z_n) of every layer, [R, N, B, w], of the last forward pass."""
        if self._slopes is None:
            self._slopes = self._activation.slope(self._inner, self._values)
        return self._slopes

    @property
    def curvature(self) -> Tensor:
        """s''(z_n) of every layer, [R, N, B, w], of the last forward pass."""
        return self._activation.curvature(self._inner, self._values, self.slopes)

    def backward(
        self,
        x: Tensor,
        output: Tensor,
        joined: bool = False,
        states: Tensor | None = None,
        last: Tensor | None = None,
    ) -> None:
        """Fill the gradients from that of the output [R, B, o] at the input x of `forward`.

        `joined`: what is in the `room` belongs to the gradient. states [R, N, B, w] and last
        [R, B, w]: gradients of what else depends on those, where something does.
        """
        g_x, step = self._g_x, self.step
        extra = None if states is None else self._per_layer(states)
        self._back_from_output(self._cut(output))
        if last is not None:
            g_x.add_(self._cut(last))
        chain = self._chain_rule(joined)
        for n in reversed(self._layers):
            chain(n)
            self._multiply_add(g_x, self._g_z[n], self._weights[n], alpha=step, out=g_x)
            if extra is not None:
                g_x.add_(extra[n])
        torch.baddbmm(
            self._g_weight,
            self._chain_t,
            self._states_flat,
            beta=int(joined),
            alpha=step,
            out=self._g_weight,
        )
        torch.bmm(self._steps, self._chain_flat, out=self._g_bias)
        self._back_through_lift(self._cut(x))

    def _chain_rule(self, joined: bool) -> Callable[[int], object]:
        """What turns g_n into G_n, one operation a layer."""
        g_x, g_z, y = self._g_x, self._g_z, self._y
        if joined:
            given = self._per_layer(self.slopes)
            return lambda n: g_z[n].addcmul_(g_x, given[n])
        if self._tanh:
            backward = torch.ops.aten.tanh_backward.grad_input
            return lambda n: backward(g_x, y[n], grad_input=g_z[n])
        given = self._per_layer(self.slopes)
        return lambda n: torch.mul(g_x, given[n], out=g_z[n])

    # ------------------------------------------------------------ both ends

    def _lift(self, x: Tensor) -> None:
        kind, first = self._architecture.lift, self._x[0]
        if kind == "affine-tanh":
            z = self._affine("lift", x, self._z).mul_(2).sigmoid_()
            torch.add(self._minus_ones, z, alpha=2, out=first)
        elif kind == "affine":
            first.copy_(self._affine("lift", x, self._z))
        else:  # the rest of the buffer is 0 and stays so
            first[..., : x.shape[-1]].copy_(x)

    def _back_through_lift(self, x: Tensor) -> None:
        if self._architecture.lift == "affine-tanh":
            first = self._x[0]
            self._g_x.addcmul_(self._g_x, first * first, value=-1)
        if self._architecture.lift in ("affine", "affine-tanh"):
            self._back_affine("lift", self._g_x, x)

    def _back_from_output(self, gradient: Tensor) -> None:
        if self._architecture.readout == "affine":
            self._multiply(gradient, self._p["readout.weight"], out=self._g_x)
            self._back_affine("readout", gradient, self._x[-1])
        else:
            self._g_x.zero_()
            self._g_x[..., : self._outputs].copy_(gradient)

    def _affine(self, name: str, x: Tensor, out: Tensor) -> Tensor:
        weight, bias = self._p[f"{name}.weight"], self._p[f"{name}.bias"]
        return self._multiply_add(bias.unsqueeze(-2), x, weight.mT, out=out)

    def _back_affine(self, name: str, gradient: Tensor, x: Tensor) -> None:
        self._multiply(gradient.mT, x, out=self._g[f"{name}.weight"])
        torch.sum(gradient, -2, out=self._g[f"{name}.bias"])
