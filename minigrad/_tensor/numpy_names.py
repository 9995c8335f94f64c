"""NumPy's functions on Tensors, and the op for each.

`np.sum(t, axis=0)` reaches `Tensor.__array_function__`, which looks up `np.sum` here. An entry has the
signature of the NumPy function, as far as we cover it, and returns (op name, inputs, options). Nothing is
computed silently outside the graph: if a tensor among the arguments is recorded, a TypeError refuses further
arguments (`out=`, `where=`, `dtype=`) and functions that are not listed. Without a recorded tensor NumPy
computes these on the arrays (see `numpy_outside.py`).

The rules of derivatives are written in these functions. Therefore they run on Tensors as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.ops.arrays import kin

Call = tuple[str, tuple[Any, ...], dict[str, Any]]


def _reduction(name: str) -> Callable[..., Call]:
    return lambda a, axis=None, *, keepdims=False: (name, (a,), {"dim": axis, "keepdim": keepdims})


def _spread(name: str) -> Callable[..., Call]:
    # NumPy divides by n, PyTorch by n - 1: `ddof` is given here always.
    return lambda a, axis=None, *, ddof=0, keepdims=False: (
        name, (a,), {"dim": axis, "correction": ddof, "keepdim": keepdims},
    )  # fmt: skip


def _scan(name: str) -> Callable[..., Call]:
    def scan(a: Any, axis: int | None = None) -> Call:
        if axis is None:
            a, axis = a.reshape(-1), 0
        return name, (a,), {"dim": axis}

    return scan


def _expand_dims(a: Any, axis: int) -> Call:
    return "unsqueeze", (a,), {"dim": axis}


def _flip(m: Any, axis: Any = None) -> Call:
    dims = tuple(range(m.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return "flip", (m,), {"dims": dims}


def _moveaxis(a: Any, source: int, destination: int) -> Call:
    order = [i for i in range(a.ndim) if i != source % a.ndim]
    order.insert(destination % a.ndim, source % a.ndim)
    return "permute", (a,), {"dims": tuple(order)}


def _transpose(a: Any, axes: Any = None) -> Call:
    return "permute", (a,), {"dims": tuple(reversed(range(a.ndim))) if axes is None else tuple(axes)}


def _dot(a: Any, b: Any) -> Call:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return "mul", (a, b), {}
    if np.ndim(b) > 2:
        raise TypeError("beyond matrices np.dot pairs axes unlike matmul; say which with einsum")
    return "matmul", (a, b), {}


def _shape(shape: Any) -> tuple[int, ...]:
    return (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(shape)


CALLS: dict[Callable[..., Any], Callable[..., Call]] = {
    np.sum: _reduction("sum"),
    np.mean: _reduction("mean"),
    np.prod: _reduction("prod"),
    np.max: _reduction("amax"),
    np.amax: _reduction("amax"),
    np.min: _reduction("amin"),
    np.amin: _reduction("amin"),
    np.argmax: _reduction("argmax"),
    np.argmin: _reduction("argmin"),
    np.all: _reduction("all"),
    np.any: _reduction("any"),
    np.var: _spread("var"),
    np.std: _spread("std"),
    np.cumsum: _scan("cumsum"),
    np.cumprod: _scan("cumprod"),
    np.reshape: lambda a, shape: ("reshape", (a,), {"shape": _shape(shape)}),
    np.ravel: lambda a: ("reshape", (a,), {"shape": (-1,)}),
    np.transpose: _transpose,
    np.swapaxes: lambda a, axis1, axis2: ("transpose", (a,), {"dim0": axis1, "dim1": axis2}),
    np.moveaxis: _moveaxis,
    np.expand_dims: _expand_dims,
    np.squeeze: lambda a, axis=None: ("squeeze", (a,), {"dim": axis}),
    np.broadcast_to: lambda array, shape: ("expand", (array,), {"size": _shape(shape)}),
    np.concatenate: lambda arrays, axis=0: ("cat", tuple(arrays), {"dim": axis}),
    np.stack: lambda arrays, axis=0: ("stack", tuple(arrays), {"dim": axis}),
    np.flip: _flip,
    np.roll: lambda a, shift, axis=None: ("roll", (a,), {"shifts": shift, "dims": axis}),
    np.tile: lambda A, reps: ("tile", (A,), {"dims": _shape(reps)}),
    np.tril: lambda m, k=0: ("tril", (m,), {"diagonal": k}),
    np.triu: lambda m, k=0: ("triu", (m,), {"diagonal": k}),
    np.trace: lambda a: ("trace", (a,), {}),
    np.diagonal: lambda a, offset=0, axis1=0, axis2=1: (
        "diagonal", (a,), {"offset": offset, "dim1": axis1, "dim2": axis2}),
    np.where: lambda condition, x, y: ("where", (condition, x, y), {}),
    np.clip: lambda a, a_min=None, a_max=None: ("clamp", (a, a_min, a_max), {}),
    np.round: lambda a, decimals=0: ("round", (a,), {"decimals": decimals}),
    np.dot: _dot,
    np.einsum: lambda equation, *operands: ("einsum", operands, {"equation": equation}),
}  # fmt: skip

# NumPy's functions of elements that ops stand for which load later.
LATER_UFUNCS = {np.exp2, np.hypot, np.trunc, np.fmod, np.copysign}
# Functions that need no op: they read the shape, or make a constant of the same one.
CONSTANTS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a: a.numel(),
    np.nonzero: lambda a: a.nonzero(),  # NumPy asks the tensor, whose places are rows
    np.argwhere: lambda a: a.nonzero().t(),  # as NumPy transposes them, they are columns with PyTorch too
    np.zeros_like: lambda a: np.zeros(a.shape, a.dtype, like=kin(a)),
    np.ones_like: lambda a: np.ones(a.shape, a.dtype, like=kin(a)),
    np.full_like: lambda a, fill_value: np.full(a.shape, fill_value, a.dtype, like=kin(a)),
}
