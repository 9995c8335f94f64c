"""The subject of a check: a function of tensors, seen as a function of arrays that has values and gradients.

`Derivative` makes of one subject the next: the function that takes the inputs and the cotangents to the
gradients. Its gradients are second derivatives, so that orders need no code of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from minigrad._tensor.tensor import Tensor

from ..autograd import enable_grad, grad
from ..creation import from_numpy
from ..nn import Module
from .differences import scales
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

    def terms(self) -> Array:
        """The size of the terms that its outputs are sums of, where it is known to be larger than theirs."""
        return np.zeros(1)

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
    """The user's function, at the user's arguments; of a module its parameters too.

    A call of a module gets the parameters that are being checked, and copies of its buffers: these are
    constants, whatever the module writes to them.
    """

    def __init__(self, fn: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.fn, self.arguments = fn, arguments
        tensors = [i for i, x in enumerate(arguments) if isinstance(x, Tensor) and x.requires_grad]
        self.checked = tensors or [i for i, x in enumerate(arguments) if _is_floating(x)]
        own = dict(fn.named_parameters()) if isinstance(fn, Module) else {}
        self.parameters = {name: p for name, p in own.items() if p.requires_grad}
        if not self.checked and not self.parameters:
            raise ValueError(
                "check_grads: nothing to check: no input is a floating tensor or array. Give float64 tensors"
            )
        called = [*parameter_names(fn), *[""] * len(arguments)]
        given = [called[i] if called[i] not in ("input", "self") else "" for i in self.checked]
        self.names = [
            f"input {i} ({name})" if name else f"input {i}"
            for i, name in zip(self.checked, given, strict=True)
        ]
        self.names += [f"parameter {name}" for name in self.parameters]
        values = [*(arguments[i] for i in self.checked), *self.parameters.values()]
        for name, x in zip(self.names, values, strict=True):
            _require_float64(name.partition(" (")[0], x)
        self.arrays = list(map(_array, values))

    def call(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        made = self.everything(tensors)
        return [out for out in made if isinstance(out, Tensor) and out.is_floating_point()]

    def everything(self, tensors: Sequence[Tensor]) -> tuple[Any, ...]:
        arguments = list(self.arguments)
        for i, x in zip(self.checked, tensors, strict=False):
            arguments[i] = x
        with self._parameters_replaced(tensors[len(self.checked) :]):
            made = self.fn(*arguments)
        return tuple(made) if isinstance(made, (tuple, list)) else (made,)

    @contextmanager
    def _parameters_replaced(self, tensors: Sequence[Tensor]) -> Iterator[None]:
        if not isinstance(self.fn, Module):
            yield
            return
        instead = {id(p): x for p, x in zip(self.parameters.values(), tensors, strict=True)}
        tables: list[Any] = [t for m in self.fn.modules() for t in (m._parameters, m._buffers)]
        before = [dict(table) for table in tables]
        copies: dict[int, Tensor] = {}  # one for each buffer, also where two modules share it
        try:
            for module in self.fn.modules():
                for name, p in module._parameters.items():
                    module._parameters[name] = instead.get(id(p), p)  # type: ignore[assignment]
                for name, buffer in module._buffers.items():
                    if buffer is not None:
                        module._buffers[name] = copies.setdefault(id(buffer), buffer.detach().clone())
            yield
        finally:
            for table, kept in zip(tables, before, strict=True):
                table.clear()
                table.update(kept)


class Pair(Subject):
    """A function in NumPy that returns one number, and its gradient in NumPy, as two functions of arrays."""

    def __init__(
        self, fn: Callable[..., Any], gradient: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> None:
        self.fn, self.gradient = fn, gradient
        if not arguments:
            raise ValueError("check_numpy_grads: nothing to check: give the arrays that fn takes")
        called = [*parameter_names(fn), *[""] * len(arguments)]
        self.names = [
            f"input {i} ({n})" if n else f"input {i}" for i, n in enumerate(called[: len(arguments)])
        ]
        self.arrays = [np.asarray(x, float) if isinstance(x, float) else np.asarray(x) for x in arguments]
        for name, x in zip(self.names, self.arrays, strict=True):
            _require_float64(name.partition(" (")[0], x, "check_numpy_grads", ".astype(float)")

    def values(self, arrays: Sequence[Array]) -> list[Array]:
        value = np.array(self.fn(*arrays))
        if value.ndim:
            raise ValueError(
                f"check_numpy_grads: fn must return one number, not an array of shape "
                f"{tuple(value.shape)}. To "
                "check a function of arrays weigh its outputs: lambda x: np.sum(g * f(x)), whose gradient is "
                "that of f for the incoming gradient g"
            )
        return [value]

    def gradients(self, arrays: Sequence[Array], cotangents: Sequence[Array]) -> list[Array | None]:
        found = self.gradient(*arrays)
        parts = found if isinstance(found, (tuple, list)) and len(arrays) > 1 else (found,)
        if len(parts) != len(arrays):
            raise ValueError(
                f"check_numpy_grads: fn takes {len(arrays)} arrays, so gradient must return a tuple of "
                f"as many; it returned {len(parts)}"
            )
        return [None if g is None else np.asarray(float(cotangents[0]) * np.asarray(g)) for g in parts]


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

    def terms(self) -> Array:
        # The gradient of a saturated softmax is p (v - sum v p): it cancels to less than the rounding of v.
        n = len(self.of.arrays)
        outputs = self.of.values(self.arrays[:n])
        with np.errstate(all="ignore"):
            pairs = zip(self.arrays[n:], outputs, strict=True)
            size = np.nan_to_num(sum(float(np.sum(np.abs(v * y))) for v, y in pairs), posinf=0.0)
        return np.concatenate([np.ravel(size / scales(x)) for x in self.arrays[:n]])

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


def _require_float64(name: str, x: Any, checker: str = "check_grads", cure: str = ".double()") -> None:
    if x.dtype != np.float64:
        raise TypeError(
            f"{checker}: {name} is {x.dtype.name}, but finite differences need float64: "
            "float32's rounding is as "
            f"large as the mistakes to be found. Use {cure}"
        )


def _is_floating(x: Any) -> bool:
    return isinstance(x, (Tensor, np.ndarray)) and x.dtype.kind == "f"


def _array(x: Any) -> Array:
    return np.asarray(x.detach().numpy() if isinstance(x, Tensor) else x)
