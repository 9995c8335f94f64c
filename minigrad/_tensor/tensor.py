"""`Tensor`: an array with a place in the graph, and PyTorch's manners.

A tensor is two slots. `_array` is the storage. `_node` is the place in the graph, to which gradients go (None
for a constant). The methods come in layers, each in its file: `methods` compute, `in_place` writes, then come
`properties`, `gradient`, and in `way_out` the ways to Python and NumPy. `queries`, `methods_later` and
`in_place_later` hold the rarer methods, many of which load when they are first used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.engine.mode import current
from minigrad.engine.silence import silently
from minigrad.engine.writes import writes
from minigrad.ops.kernels import ndarray
from minigrad.pytorch_names import absent_methods

from .convert import as_array, sizes_of
from .dtype import as_dtype, get_default_dtype
from .in_place_later import MoreInPlace
from .methods_later import MoreMethods, lent
from .queries import Queries
from .record import inferred, made
from .size import Size
from .tracing import trace_of_thread
from .way_out import WayOut

if TYPE_CHECKING:
    from .in_place_draws import Draws
    from .in_place_rewritten import Rewritten
    from .numpy_protocols import NumpyProtocols

    Absent = object
else:
    NumpyProtocols = lent("numpy_protocols.NumpyProtocols")
    Draws, Rewritten = lent("in_place_draws.Draws"), lent("in_place_rewritten.Rewritten")
    Absent = absent_methods("Tensor", WayOut, MoreInPlace, Draws, Rewritten, MoreMethods, Queries)


class Tensor(WayOut, NumpyProtocols, MoreInPlace, Draws, Rewritten, MoreMethods, Queries, Absent):
    """An n-dimensional array that remembers how it was computed.

    Made by `minigrad.tensor` and its like; `Tensor([1, 2])` makes one of the default dtype, and
    `Tensor(2, 3)` an uninitialised one of those sizes.

    Arguments:
        data: numbers, nested sequences, an array, a tensor; or integers, the sizes.
        dtype: the default dtype where it is left out.

    >>> import minigrad as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])

    A tensor says of itself:

    >>> y = torch.zeros(2, 3)
    >>> y.shape, y.size(), y.size(1), y.ndim, y.dim(), y.numel()
    (torch.Size([2, 3]), torch.Size([2, 3]), 3, 2, 2, 6)
    >>> y.dtype, y.itemsize, y.element_size(), y.nbytes
    (torch.float32, 4, 4, 24)
    >>> y.device, y.get_device(), y.stride(), y.is_contiguous(), y.is_floating_point()
    (device(type='cpu'), -1, (3, 1), True, True)
    >>> y.data_ptr() == y.view(6).data_ptr()
    True
    >>> x.requires_grad, x.is_leaf, x.grad_fn, (x * x).is_leaf
    (True, True, None, False)
    >>> x.sum().item(), x.tolist(), y.numpy().shape
    (3.0, [1.0, 2.0], (2, 3))
    """

    __slots__ = ("__dict__", "__weakref__")
    __hash__ = object.__hash__
    _base: Tensor | None = None  # the tensor of which it is a view

    def _is_view(self) -> bool:
        return self._base is not None

    def __init__(self, *data: Any, dtype: Any = None) -> None:
        kind = get_default_dtype() if dtype is None else as_dtype(dtype)
        if len(data) == 1 and isinstance(data[0], Size):
            data = data[0]
        if len(data) == 1 and isinstance(data[0], Tensor) and dtype is None:
            self._array = data[0]._array  # in its own dtype, and the same memory, as in PyTorch
            self._node = None
            if data[0]._stays_out:
                inferred(self)
            return
        elif len(data) == 1 and hasattr(data[0], "__len__") and not isinstance(data[0], (str, bytes)):
            self._array = np.array(as_array(data[0], kind))
        elif any(isinstance(n, bool) or not hasattr(n, "__index__") for n in data):
            given = ", ".join(type(n).__name__ for n in data)
            raise TypeError(
                f"Tensor(): data must be a sequence, or sizes integers (got {given}); use tensor(...)"
            )
        elif any(n < 0 for n in data):
            raise RuntimeError(f"Tensor(): a size cannot be negative: {data}")
        else:
            self._array = np.empty(sizes_of(data) if data else (0,), kind)
        self._node = None
        if current().inference:
            inferred(self)

    def __dir__(self) -> list[str]:
        return sorted({*getattr(self, "__dict__", ()), *_names_of(type(self))})


made.by(tensor=Tensor)


def _names_of(kind: type) -> set[str]:
    """The attributes of a class of tensors, without those of Absent, which answers for missing names."""
    return {name for base in kind.__mro__ if base is not Absent for name in vars(base)}


def with_gradient(tensors: Iterable[Tensor]) -> list[tuple[Tensor, Any]]:
    """The tensors that have a gradient, each with its gradient's array."""
    if (trace := trace_of_thread()) is not None:
        trace.trains("an optimiser steps within the call")
    found = []
    for tensor in tensors:
        try:
            node: Any = tensor._node
            grad = node.watch.grad
        except AttributeError:  # no leaf, of inference mode, or without a gradient yet
            grad = tensor.grad
        if grad is not None:
            found.append((tensor, grad if type(grad) is ndarray else grad._array))
    return found


def forget_gradients(tensors: Iterable[Tensor]) -> None:
    """Set the `.grad` of every tensor to None."""
    if (trace := trace_of_thread()) is not None:
        trace.trains("the call forgets gradients")
    for tensor in tensors:
        try:
            node: Any = tensor._node
            node.watch.grad = None
        except AttributeError:  # as above
            tensor.grad = None


quietly = silently  # for an optimiser's step: in two thirds of the time of np.errstate


# To be called after raw writes to arrays that are storage: graphs that saved it will notice.
stamp_arrays = writes.stamp


def stamp(ready: list[tuple[Tensor, Any]]) -> None:
    """The same for the storage of tensors."""
    writes.stamp(*[tensor._array for tensor, _ in ready])
