"""Functions that rules and engine share: undoing broadcasting, axes, and the storage kernels.

Everything here is written in NumPy functions that other arrays can override. So the same line works on a raw
array (an ordinary backward), on a Tensor (`create_graph=True`) and on another library's array. A *kernel* is
a function of ours that can be overridden too: see `kernel`.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import everything, fold, is_foreign, kin
from .sums import sum_rows, total

ndarray = np.ndarray
Array = Any
Shape = tuple[int, ...]


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let Tensors take over a storage kernel, by the protocol with which they take over NumPy's functions.

    On arrays, of NumPy or of another library, it just runs. If the class of an argument has `takes_kernels`,
    the argument is asked instead: a Tensor then looks up the op that has this kernel as its forward.
    """

    @functools.wraps(function)
    def dispatch(*args: Any, **kwargs: Any) -> Any:
        for arg in args:
            kind = type(arg)
            if kind is not ndarray and hasattr(kind, "takes_kernels"):
                return arg.__array_function__(dispatch, (kind,), args, kwargs)
        return function(*args, **kwargs)

    return dispatch


def check(function: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel that returns None where the values of its arguments are as they must be, else the wrong ones.

    A compiled program makes it again at each call.
    """
    function.checks = True  # type: ignore[attr-defined]
    return kernel(function)


@check
def beyond(x: Array, low: float, high: float) -> Any:
    """(least, largest) of the elements, where one of these is not within [low, high]; else None."""
    x = everything(x)
    if not x.size or (x.min() >= low and x.max() <= high):
        return None
    return x.min(), x.max()


@check
def broken(condition: Array) -> bool | None:
    """True where some element of a condition is False; else None."""
    return None if np.all(condition) else True


def is_tensor(x: Array) -> bool:
    """True for a Tensor, on which a rule runs for a higher derivative; False for every kind of array."""
    return hasattr(type(x), "_call_op")


def product(a: Array, b: Array) -> Array:
    """a @ b for a matrix b of a's kind; of small ones without the 0.4 µs in which np.matmul looks at shapes.

    (Of large ones np.matmul is faster: ndarray.dot first writes zeros.)
    """
    if type(a) is type(b) is ndarray and a.ndim == 2 and a.size < 16384:
        return a.dot(b)
    return np.matmul(a, b)


def unbroadcast(g: Array, shape: Shape) -> Array:
    """Sum `g` over the axes along which an operand of `shape` was repeated."""
    extra = g.ndim - len(shape)
    if extra == 1:
        g = sum_rows(g)
    elif extra > 1:
        g = total(g, tuple(range(extra)))
    elif extra:
        raise ValueError(f"a gradient of shape {tuple(g.shape)} for a value of shape {shape}")
    if g.shape != shape:
        stretched = tuple([i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1])
        g = total(g, stretched, True)
        if g.shape != shape:
            raise ValueError(f"a gradient of shape {tuple(g.shape)} for a value of shape {shape}")
    return g


def normalize_dim(dim: Any, ndim: int) -> int:
    """A non-negative axis. A 0-d array counts as one-dimensional here, as in PyTorch."""
    span = max(ndim, 1)
    try:
        if type(dim) is bool:  # it would be axis 0 or 1
            raise TypeError
        index = operator.index(dim)
    except TypeError:
        raise TypeError(f"dim must be an int, not {type(dim).__name__} ({dim!r})") from None
    if not -span <= index < span:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-span}, {span - 1}], but got {index})"
        )
    return index % span


def normalize_dims(dim: Any, ndim: int) -> tuple[int, ...]:
    """Non-negative axes: of one int, of a sequence, or all of them for None and for an empty sequence."""
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(ndim))
    dims = dim if isinstance(dim, (tuple, list)) else (dim,)
    result = tuple(normalize_dim(d, ndim) for d in dims)
    if len(set(result)) != len(result):
        raise ValueError(f"dim {tuple(dims)} names an axis twice")
    return result if ndim else ()


def spread(g: Array, shape: Shape, dim: Any, keepdim: bool) -> Array:
    """Undo a reduction: repeat `g` along the axes that were reduced, up to `shape`."""
    if not keepdim and dim is not None:  # the sum over all axes broadcasts as it is
        g = keep_dims(g, shape, dim)
    return np.broadcast_to(g, shape)


def keep_dims(reduced: Array, shape: Shape, dim: Any) -> Array:
    """Put back, with length 1, the axes of `shape` that a reduction over `dim` removed."""
    dims = normalize_dims(dim, len(shape))
    return np.reshape(reduced, tuple(1 if i in dims else n for i, n in enumerate(shape)))


def count(shape: Shape, dim: Any) -> int:
    """How many elements a reduction over `dim` folds into one."""
    size = 1
    for axis in normalize_dims(dim, len(shape)):
        size *= shape[axis]
    return size


def average(x: Array, axes: tuple[int, ...]) -> Array:
    """The mean over `axes`, which count from the front and are kept with length 1."""
    return total(x, axes, True) / math.prod([x.shape[axis] for axis in axes])


def average_product(a: Array, b: Array, axes: tuple[int, ...]) -> Array:
    """average(a * b, axes); over a last axis by BLAS, which writes no product down."""
    plain = type(a) is type(b) is ndarray and a.dtype is b.dtype and a.dtype.char in "fd"
    if not plain or axes != (a.ndim - 1,) or not (runs := _runs(a.shape[-1])):
        return average(a * b, axes)
    if runs == 1:
        sums = np.matmul(a[..., None, :], b[..., None])[..., 0]
    else:  # a long axis in runs
        shape = (*a.shape[:-1], runs, -1)
        sums = np.matmul(a.reshape(shape)[..., None, :], b.reshape(shape)[..., None])[..., 0].sum(-2)
    return sums / a.shape[-1]


def _runs(n: int) -> int:
    """Into how many runs of 32 to 2,048 elements an axis is divided; 0 where it cannot be."""
    if n <= 2048:
        return int(n >= 32)
    return n // 1024 if n % 1024 == 0 else 0


def centered(x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """`x` less its mean over `axes`, and the mean.

    It is `average` without its rounding: the mean of equal numbers is that number, so that x - mean is 0.
    """
    mean = average(x, axes)
    rest = x - mean
    mean = mean + average(rest, axes)
    return (np.subtract(x, mean, out=rest) if type(rest) is ndarray else x - mean), mean


def wide(x: Array) -> Array:
    """`x`, but float32 for float16: in between, counts and sums beyond 65504 are no inf."""
    return cast(x, np.float32) if x.dtype.char == "e" else x


class Number(dict[np.dtype[Any], Array]):
    """A number as an array without dimensions, by dtype, not to be written to.

    A Python number costs NumPy 0.2 microseconds more: half of the time of a small call.
    """

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def __missing__(self, dtype: np.dtype[Any]) -> Array:
        if dtype.kind == "b":
            raise ValueError("expected numbers, got bool; convert with .float() or .int()")
        self[dtype] = array = np.array(self.value, dtype)
        array.flags.writeable = False
        return array


ZERO, ONE = Number(0), Number(1)


class _AsksForUfunc:
    """An argument that gets hold of the ufunc behind a method of arrays."""

    def __array_ufunc__(self, ufunc: np.ufunc, *rest: Any, **options: Any) -> np.ufunc:
        return ufunc


# The ufunc behind ndarray.clip, of (x, low, high): NumPy has no public name for it. It takes a quarter of the
# time of np.maximum beside a single number.
bounded: Any = np.zeros(()).clip(_AsksForUfunc(), _AsksForUfunc())  # type: ignore[call-overload]


class _Highest(dict[np.dtype[Any], Array]):
    """The number of a dtype above all others, as an array without dimensions: inf, or the largest integer."""

    def __missing__(self, dtype: np.dtype[Any]) -> Array:
        self[dtype] = array = np.array(np.inf if dtype.kind == "f" else np.iinfo(dtype).max, dtype)
        return array


HIGHEST = _Highest()


def positive_part(x: Array) -> Array:
    """max(x, 0)."""
    if type(x) is ndarray:
        return bounded(x, ZERO[x.dtype], HIGHEST[x.dtype])
    return np.maximum(x, ZERO[x.dtype])


_BITS: dict[int, np.dtype[Any]] = {2: np.dtype(np.int16), 4: np.dtype(np.int32), 8: np.dtype(np.int64)}


def keep(g: Array, mask: Array) -> Array:
    """`g` where `mask` is True, else 0, also for a `g` that is inf or nan there.

    A product of bit patterns with 1 and 0: g * mask would make nan of inf * 0, and np.where takes ten times
    as long on a mixed mask. (NumPy converts a mask faster alone than on the way to a product.)
    """
    if type(g) is not ndarray or type(mask) is not ndarray or mask.shape != g.shape:
        return keep_kernel(g, mask)
    bits = _BITS[g.itemsize]
    kept = mask.astype(bits)
    kept *= g.view(bits)
    return kept.view(g.dtype)


def keep_nonzero(g: Array, out: Array) -> Array:
    """keep(g, out != 0)."""
    return keep(g, out != ZERO[out.dtype])


def keep_or(x: Array, mask: Array, value: float) -> Array:
    """`x` where `mask` is True, elsewhere a number: by bit patterns too."""
    if type(x) is not ndarray or type(mask) is not ndarray or x.dtype.kind != "f":
        return np.where(mask, x, np.array(value, x.dtype, like=kin(x)))
    out, bits = keep(x, mask), _BITS[x.itemsize]
    pattern = x.dtype.type(value).view(bits)
    if pattern:
        others = np.multiply(~mask, pattern, dtype=bits)
        np.bitwise_or(out.view(bits), others, out=out.view(bits))
    return out


def times(own: Array, x: Array) -> Array:
    """own * x, for an intermediate result that nobody else has: in its memory."""
    if type(own) is type(x) is ndarray and own.dtype is x.dtype and own.shape == x.shape:
        own *= x
        return own
    return own * x


@kernel
def keep_kernel(g: Array, mask: Array) -> Array:
    """`keep` for masks that broadcast, for numbers, and for other arrays than NumPy's."""
    if is_foreign(g) or is_foreign(mask):
        return np.where(mask, g, np.zeros((), g.dtype)[()])
    return (g.view(_BITS[g.itemsize]) * mask).view(g.dtype)


def c_order(x: Array) -> Array:
    """`x`, its last axis fastest in memory as in PyTorch: NumPy keeps the order of its operands."""
    if type(x) is not ndarray and (is_foreign(x) or is_tensor(x)):
        return x
    return x if x.flags.c_contiguous else x.copy()


def kept_order(x: Array) -> Any:
    """The order of a copy's memory: that of `x`, unless `x` is expanded and has no order."""
    return "C" if 0 in x.strides else "K"


def copied(x: Array) -> Array:
    """A copy in the memory order of `x`."""
    return x.copy() if is_foreign(x) else x.copy(kept_order(x))


def laid_out(y: Array, x: Array) -> Array:
    """`y`, of the shape of `x`, in the memory order of `x`."""
    if type(x) is not ndarray or x.flags.c_contiguous:
        return y
    out = np.empty_like(x, y.dtype, kept_order(x))
    out[...] = y
    return out


@kernel
def cast(x: Array, dtype: Any) -> Array:
    """`x` as `dtype`."""
    if x.dtype.kind not in "biuf":
        raise TypeError(f"expected numbers, got {x.dtype.name} ({x!r})")
    return x.astype(dtype) if is_foreign(x) else x.astype(dtype, kept_order(x))


@kernel
def softmax(x: Array, dim: int) -> Array:
    """exp(x - max) over its sum along `dim`."""
    dim = normalize_dim(dim, x.ndim)
    x, dtype = wide(c_order(x)), x.dtype
    e = np.exp(x - fold(np.maximum, x, dim, True, initial=-np.inf))
    e /= total(e, dim, True)
    return e.astype(dtype, copy=False)


@kernel
def log_softmax(x: Array, dim: int) -> Array:
    """log(softmax(x)) along `dim`, without leaving the logarithms."""
    dim = normalize_dim(dim, x.ndim)
    x, dtype = wide(c_order(x)), x.dtype
    out = x - fold(np.maximum, x, dim, True, initial=-np.inf)
    out -= np.log(total(np.exp(out), dim, True))
    return out.astype(dtype, copy=False)


@kernel
def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)); exp overflowing to inf gives the right limit, 0."""
    if type(x) is not ndarray or not x.ndim:
        return 1 / (1 + np.exp(-x))
    out = np.negative(x)  # all in one memory: that takes a third less
    np.exp(out, out=out)
    out += ONE[out.dtype]
    return np.reciprocal(out, out=out)


@kernel
def reverse_scan(g: Array, x: Array, dim: int) -> Array:
    """s[i] = g[i] + x[i + 1] s[i + 1] along `dim`: Horner's rule, exact where x has zeros."""
    shape = np.broadcast_shapes(g.shape, x.shape)
    rows = np.moveaxis(np.broadcast_to(g, shape), dim, 0).astype(np.float64, "C")  # each a run of memory
    factors = np.moveaxis(np.broadcast_to(x, shape), dim, 0).astype(np.float64, "C")
    runs = [x.reshape(len(x), x.size // max(len(x), 1))[::-1] for x in (rows, factors)]
    before: Any = 0
    alike = type(rows) is type(factors)
    for row, factor in zip(*runs, strict=True):
        np.add(row, before, row)
        before = np.multiply(row, factor, factor) if alike else row * factor
    if type(rows) is not ndarray:
        return np.moveaxis(rows, 0, dim).astype(g.dtype, "C")
    out = np.empty(shape, g.dtype)
    back = np.moveaxis(out, dim, 0)
    for i in range(0, len(rows), 32):  # a few rows at a time: their places in `out` stay in the cache
        back[i : i + 32] = rows[i : i + 32]
    return out


def shifted(x: Array, dim: int, fill: float) -> Array:
    """`x` moved one place up along `dim`, with `fill` entering at the start."""
    axis = normalize_dim(dim, x.ndim)
    first = tuple(1 if i == axis else n for i, n in enumerate(x.shape))
    head = np.full(first, fill, x.dtype, like=kin(x))
    body = x[(slice(None),) * axis + (slice(0, -1),)]
    return np.concatenate([head, body], axis=axis)
