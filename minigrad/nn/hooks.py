"""Hooks of modules: how they are kept, and the gates at which a backward meets a module's full hooks."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from minigrad._tensor.tensor import Tensor
from minigrad.autograd.function import Function


class Hook(NamedTuple):
    """A registered function, and whether it wants the keyword arguments too."""

    function: Callable[..., Any]
    with_kwargs: bool

    def __call__(self, module: Any, args: Any, kwargs: Any, *output: Any) -> Any:
        if self.with_kwargs:
            return self.function(module, args, kwargs, *output)
        return self.function(module, args, *output)


# The hooks of all modules: see `every_module.py`.
EVERY_BEFORE: dict[int, Hook] = {}
EVERY_AFTER: dict[int, Hook] = {}
EVERY_BACKWARD: dict[int, Callable[..., Any]] = {}
EVERY_BACKWARD_BEFORE: dict[int, Callable[..., Any]] = {}


def checked(hook: Any) -> Any:
    """`hook` itself, if it is a function."""
    if not callable(hook):
        raise TypeError(f"a hook must be a function, not {type(hook).__name__}")
    return hook


class BackwardCall:
    """One call of a module with full backward hooks: gates before and behind it see the gradients.

    The gradients of the outputs arrive first: the pre-hooks may replace them. Those of the inputs arrive
    last: the hooks see both, and may replace the latter.
    """

    def __init__(self, module: Any, before: Iterable[Any], after: Iterable[Any]) -> None:
        self.module, self.before, self.after = module, tuple(before), tuple(after)
        self.grad_output: tuple[Any, ...] = ()
        self.inputs = 0
        self.gated = False  # whether an input requires grad

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, those that require grad behind a gate."""
        self.inputs = len(args)
        if not self.after:
            return args
        places = [i for i, x in enumerate(args) if isinstance(x, Tensor) and x.requires_grad]
        gated = list(args)
        for i, x in zip(places, _gate(self._inputs_arrive, places, args), strict=True):
            gated[i] = x
        self.gated = bool(places)
        return tuple(gated)

    def leave(self, output: Any) -> Any:
        """The output, its tensors that require grad behind a gate."""
        several = isinstance(output, (tuple, list))
        outputs = list(output) if several else [output]
        places = [i for i, x in enumerate(outputs) if isinstance(x, Tensor) and x.requires_grad]
        for i, x in zip(places, _gate(self._outputs_arrive, places, outputs), strict=True):
            outputs[i] = x
        if not several:
            return outputs[0]
        if hasattr(output, "_fields"):  # a named tuple
            return type(output)(*outputs)
        return type(output)(outputs)

    def _outputs_arrive(self, places: list[int], size: int, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        grad_output = _spread(places, size, grads)
        for hook in self.before:
            changed = hook(self.module, grad_output)
            if changed is not None:
                grad_output = _matching("full_backward_pre_hook", changed, grad_output)
        self.grad_output = grad_output
        if self.after and not self.gated:
            warnings.warn(
                f"no input of {type(self.module).__name__} requires grad: its full backward hook runs when "
                "the gradients of its outputs are known, and its grad_input is all None",
                UserWarning,
                stacklevel=2,
            )
            none = (None,) * self.inputs
            for hook in self.after:
                changed = hook(self.module, none, grad_output)
                if changed is not None and any(x is not None for x in _tuple(changed)):
                    raise RuntimeError(
                        f"a full backward hook of {type(self.module).__name__} returned a gradient, but no "
                        "input of the module requires grad; return None"
                    )
        return tuple(grad_output[i] for i in places)

    def _inputs_arrive(self, places: list[int], size: int, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        grad_input = _spread(places, size, grads)
        for hook in self.after:
            changed = hook(self.module, grad_input, self.grad_output)
            if changed is not None:
                grad_input = _matching("full_backward_hook", changed, grad_input)
        return tuple(grad_input[i] for i in places)


class _Gate(Function):
    """Passes tensors on; its backward asks `arrive` for the gradients to pass back."""

    @staticmethod
    def forward(ctx: Any, arrive: Any, places: Any, size: Any, *tensors: Tensor) -> Any:
        ctx.set_materialize_grads(False)
        ctx.arrive, ctx.places, ctx.size = arrive, places, size
        return tensors

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return None, None, None, *ctx.arrive(ctx.places, ctx.size, grads)


def _gate(arrive: Any, places: list[int], values: Any) -> tuple[Tensor, ...]:
    if not places:
        return ()
    passed: tuple[Tensor, ...] = _Gate.apply(arrive, places, len(values), *[values[i] for i in places])
    return passed


def _spread(places: list[int], size: int, grads: tuple[Any, ...]) -> tuple[Any, ...]:
    known = dict(zip(places, grads, strict=True))
    return tuple(known.get(i) for i in range(size))


def _tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _matching(name: str, changed: Any, grads: tuple[Any, ...]) -> tuple[Any, ...]:
    given = _tuple(changed)
    if len(given) != len(grads):
        raise RuntimeError(
            f"a {name} must return None or one gradient for each of the {len(grads)}, not {len(given)}"
        )
    return given
