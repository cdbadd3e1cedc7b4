"""Finds the residual blocks of a torch model, and what goes into them on a probe.

A block is a module whose output is one tensor of the shape of its input. Where nobody names them,
they are the outermost such modules, but for the model itself and for layers of torch.nn on their
own (linear, convolution, norm, activation, dropout); a module that holds a Sequential or ModuleList
with two blocks or more stands for these. A module that is called several times is as many layers.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from stiffgui.errors import InputError, matching

Hook = Callable[..., None]
PLAIN = "torch.nn.modules."  # where layers of torch.nn come from


@dataclass(frozen=True)
class Seen:
    """A call of a module on the probe: the shapes of its first tensor and of its output, which is
    empty where that is no single tensor; `problem` says what is wrong with it as a block."""

    name: str
    module: nn.Module
    problem: str


@dataclass(frozen=True)
class Call:
    """A call of a block, to be made again: with its input in the place of `where`."""

    name: str
    module: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    where: int | str
    x: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """The block's output at another input; the input may be changed in place."""
        if isinstance(self.where, int):
            args = (*self.args[: self.where], x.clone(), *self.args[self.where + 1 :])
            return self.module(*args, **self.kwargs)  # type: ignore[no-any-return]
        return self.module(*self.args, **(self.kwargs | {self.where: x.clone()}))  # type: ignore[no-any-return]

    def at(self, rows: slice) -> Call:
        """The same on some samples: of what comes with the input, tensors of as many samples
        follow it."""
        count = len(self.x)

        def of(given: Any) -> Any:
            follows = isinstance(given, Tensor) and given.ndim > 1 and len(given) == count
            return given[rows] if follows else given

        kwargs = {name: of(given) for name, given in self.kwargs.items()}
        args = tuple(of(given) for given in self.args)
        return Call(self.name, self.module, args, kwargs, self.where, self.x[rows])


def find(model: nn.Module, probe: Any, blocks: str | Sequence[str] | None) -> list[str]:
    """Names of the blocks in the order in which they are called: those that patterns such as
    `layers.*` match, the outermost of them, or where there are none those of this file's rule.

    Raises InputError when there is none, or what is named is none.
    """
    seen = _survey(model, probe)
    problems = {call.name: call.problem for call in seen}
    if blocks is None:
        fit = {name for name, problem in problems.items() if not problem}
        chosen = _outermost(model, "", fit)
        if not chosen:
            raise InputError(
                "no module of the model gives back one tensor of the shape of its input, so that "
                'there are no residual blocks: name them, as in blocks="layers.*", with '
                "branch=True where they are F and not x + F."
            )
    else:
        chosen = _named(model, problems, [blocks] if isinstance(blocks, str) else list(blocks))
    return [name for name in dict.fromkeys(call.name for call in seen) if name in chosen]


def _named(model: nn.Module, problems: dict[str, str], patterns: list[str]) -> set[str]:
    names = [name for name, _ in model.named_modules() if name]
    matched = matching("blocks: no module", patterns, names)
    outer = {n for n in matched if not any(n.startswith(f"{other}.") for other in matched)}
    for name in sorted(outer):
        if problems.get(name, "is not called on the probe"):
            problem = problems.get(name, "is not called on the probe")
            raise InputError(f"blocks: {name} is no residual block: it {problem}.")
    return outer


def _outermost(model: nn.Module, prefix: str, fit: set[str]) -> set[str]:
    """Names of the blocks within a module."""
    found: set[str] = set()
    for name, child in model.named_children():
        whole = f"{prefix}{name}"
        plain = type(child).__module__.startswith(PLAIN) and not _has_children(child)
        if whole in fit and not plain and not _holds_blocks(child, whole, fit):
            found.add(whole)
        else:
            found |= _outermost(child, f"{whole}.", fit)
    return found


def _holds_blocks(module: nn.Module, name: str, fit: set[str]) -> bool:
    """Whether there is a list of two blocks or more in it."""
    for within, child in module.named_modules():
        if isinstance(child, nn.Sequential | nn.ModuleList):
            place = f"{name}.{within}." if within else f"{name}."
            members = [
                f"{place}{number}" in fit
                and (_has_children(each) or not type(each).__module__.startswith(PLAIN))
                for number, each in child.named_children()
            ]
            if sum(members) > 1:
                return True
    return False


def _has_children(module: nn.Module) -> bool:
    return next(module.children(), None) is not None


def _survey(model: nn.Module, probe: Any) -> list[Seen]:
    """Every call of a module within the model, in order."""
    seen: list[Seen] = []
    open_: list[tuple[str, Any]] = []
    names = {module: name for name, module in model.named_modules() if name}

    def before(module: nn.Module, args: Any, kwargs: Any) -> None:
        found = _tensor_in(args, kwargs)
        shape = None if found is None else found[1].shape
        seen.append(Seen(names[module], module, ""))
        open_.append((str(len(seen) - 1), shape))

    def after(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        place, shape = open_.pop()
        problem = _problem(shape, output)
        seen[int(place)] = Seen(names[module], module, problem)

    with _hooked(names, before, after):
        evaluate(model, probe)
    return seen


def catch(model: nn.Module, probe: Any, names: Sequence[str]) -> list[Call]:
    """The calls of blocks on the probe, in order."""
    calls: list[Call] = []
    chosen = {module: name for name, module in model.named_modules() if name in set(names)}

    def before(module: nn.Module, args: Any, kwargs: Any) -> None:
        found = _tensor_in(args, kwargs)
        assert found is not None
        where, x = found
        # What the model may change in place later is kept as it is now.
        calls.append(Call(chosen[module], module, args, kwargs, where, x.detach().clone()))

    with _hooked(chosen, before, None):
        evaluate(model, probe)
    return calls


def evaluate(model: Any, probe: Any) -> Any:
    """The model's output on the probe, which stays as it is. Raises InputError when that fails."""
    probe = _copied(probe)
    try:
        if isinstance(probe, dict):
            return model(**probe)
        return model(*probe) if isinstance(probe, tuple) else model(probe)
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as error:
        raise InputError(
            f"probe: the model cannot be evaluated on it ({in_a_line(error)}); give a batch as the "
            f"model takes it."
        ) from None


def _copied(probe: Any) -> Any:
    if isinstance(probe, dict):
        return {name: _copied(given) for name, given in probe.items()}
    if isinstance(probe, tuple):
        return tuple(_copied(given) for given in probe)
    return probe.clone() if isinstance(probe, Tensor) else probe


def in_a_line(error: Exception) -> str:
    """The beginning of an error's own words."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")[:160]


@contextlib.contextmanager
def _hooked(modules: Any, before: Hook, after: Hook | None) -> Iterator[None]:
    handles = []
    try:
        for module in modules:
            handles.append(module.register_forward_pre_hook(before, with_kwargs=True))
            if after is not None:
                handles.append(module.register_forward_hook(after, with_kwargs=True))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _tensor_in(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Tensor] | None:
    """The first tensor of numbers: its place or its name, and itself."""
    for key, given in (*enumerate(args), *kwargs.items()):
        if isinstance(given, Tensor) and (given.is_floating_point() or given.is_complex()):
            return key, given
    return None


def _problem(shape: torch.Size | None, output: Any) -> str:
    if shape is None:
        return "takes no tensor of numbers"
    if isinstance(output, tuple | list | dict) or not isinstance(output, Tensor):
        return "has several outputs or none; name one that gives back a single tensor"
    if output.is_complex():
        return "works with complex numbers"
    if output.shape != shape:
        return f"takes the shape {list(shape)} and gives back {list(output.shape)}"
    return "takes numbers without a shape" if len(shape) < 2 else ""
