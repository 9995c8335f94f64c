"""What is checked: a function of tensors, seen as a function of arrays that has values and gradients.

`Derivative` makes of one subject the next: the function that takes the inputs and the cotangents to the
gradients. Its gradients are second derivatives, so that orders need no code of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad._tensor.tensor import Tensor

from ..autograd import enable_grad, grad
from ..creation import from_numpy
from .reproduction import parameter_names

Array = Any


class Subject:
    """A function of the checked inputs alone: the other arguments are bound.

    Attributes:
        names: what a message calls each input.
        arrays: where it is checked; float64.
        order: of the derivative that its gradients are.
    """

    order = 1
    names: list[str]
    arrays: list[Array]

    def call(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Its floating outputs, recorded."""
        raise NotImplementedError

    def values(self, arrays: Sequence[Array]) -> list[Array]:
        """Its floating outputs as arrays."""
        return [np.array(out.detach().numpy()) for out in self.call(leaves(arrays))]

    def gradients(self, arrays: Sequence[Array], cotangents: Sequence[Array]) -> list[Array | None]:
        """The gradient for each input; None where there is no path."""
        tensors = leaves(arrays)
        return [None if g is None else g.detach().numpy() for g in self.vjp(tensors, cotangents)]

    def vjp(self, tensors: Sequence[Tensor], cotangents: Sequence[Any], create_graph: bool = False) -> Any:
        with enable_grad():
            outputs = self.call(tensors)
        starts = [c if isinstance(c, Tensor) else from_numpy(c) for c in cotangents]
        recorded = [(out, v) for out, v in zip(outputs, starts, strict=True) if out.requires_grad]
        if not recorded:
            return (None,) * len(tensors)
        outs, vs = zip(*recorded, strict=True)
        return grad(outs, list(tensors), vs, create_graph=create_graph, allow_unused=True)


class Given(Subject):
    """The user's function, at the user's arguments."""

    def __init__(self, fn: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.fn, self.arguments = fn, arguments
        tensors = [i for i, x in enumerate(arguments) if isinstance(x, Tensor) and x.requires_grad]
        self.checked = tensors or [i for i, x in enumerate(arguments) if _is_floating(x)]
        if not self.checked:
            raise ValueError(
                "check_grads: nothing to check: no input is a floating tensor or array. Give float64 tensors"
            )
        for i in self.checked:
            if arguments[i].dtype != np.float64:
                raise TypeError(
                    f"check_grads: input {i} is {arguments[i].dtype}, but finite differences need float64: "
                    "float32's rounding is as large as the mistakes to be found. Use .double()"
                )
        called = [*parameter_names(fn), *[""] * len(arguments)]
        self.names = [
            f"input {i}" if called[i] in ("", "input", "self") else f"input {i} ({called[i]})"
            for i in self.checked
        ]
        self.arrays = [_array(arguments[i]) for i in self.checked]

    def call(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        made = self.everything(tensors)
        return [out for out in made if isinstance(out, Tensor) and out.is_floating_point()]

    def everything(self, tensors: Sequence[Tensor]) -> tuple[Any, ...]:
        arguments = list(self.arguments)
        for i, x in zip(self.checked, tensors, strict=True):
            arguments[i] = x
        made = self.fn(*arguments)
        return tuple(made) if isinstance(made, (tuple, list)) else (made,)


class Derivative(Subject):
    """The gradients of a subject, as a function of its inputs and of the cotangents of its outputs."""

    def __init__(self, of: Subject, cotangents: Sequence[Array]) -> None:
        self.of, self.order = of, of.order + 1
        self.arrays = [*of.arrays, *cotangents]
        self.names = [*of.names, *(f"the cotangent of output {k}" for k in range(len(cotangents)))]

    def call(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        n = len(self.of.arrays)
        found = self.of.vjp(tensors[:n], tensors[n:], create_graph=True)
        return [
            from_numpy(np.zeros(x.shape)) if g is None else g for g, x in zip(found, tensors[:n], strict=True)
        ]

    def values(self, arrays: Sequence[Array]) -> list[Array]:
        # Not through `call`: this way rules on raw arrays are held against rules on tensors.
        n = len(self.of.arrays)
        found = self.of.gradients(arrays[:n], arrays[n:])
        return [
            np.zeros(x.shape) if g is None else np.array(g) for g, x in zip(found, arrays[:n], strict=True)
        ]


def leaves(arrays: Sequence[Array]) -> list[Tensor]:
    """Tensors that require grad, sharing the arrays' memory."""
    return [from_numpy(x).requires_grad_() for x in arrays]


def _is_floating(x: Any) -> bool:
    return isinstance(x, (Tensor, np.ndarray)) and x.dtype.kind == "f"


def _array(x: Any) -> Array:
    return np.asarray(x.detach().numpy() if isinstance(x, Tensor) else x)
