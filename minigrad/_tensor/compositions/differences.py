"""Differences and areas along an axis, covariances, distances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.calls import CALLS
from minigrad._tensor.convert import as_spelled, require_tensors
from minigrad._tensor.record import Recorded, wrap
from minigrad.ops.kernels import normalize_dim

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor


def _part(x: T, dim: int, start: int | None, stop: int | None) -> T:
    return x[(slice(None),) * dim + (slice(start, stop),)]


@as_spelled
def diff(input: T, n: int = 1, dim: int = -1, prepend: T | None = None, append: T | None = None) -> T:
    """The differences of neighbours along `dim`, `n` times; of booleans, where they differ.

    Arguments:
        input: a tensor of at least one axis.
        n: how often.
        dim: an axis.
        prepend, append: tensors to join on before.

    Raises:
        RuntimeError: for a 0-d tensor, and for a negative `n`.

    >>> import minigrad as torch
    >>> torch.diff(torch.tensor([1, 3, 6]))
    tensor([2, 3])
    """
    require_tensors("diff", input=input)
    if not input.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    axis = normalize_dim(dim, input.ndim)
    if not n:
        return input.clone()
    joined = [x for x in (prepend, input, append) if x is not None]
    out = CALLS["cat"](tuple(joined), dim=axis) if len(joined) > 1 else input
    for _ in range(min(n, out.shape[axis])):
        after, before = _part(out, axis, 1, None), _part(out, axis, None, -1)
        out = after.logical_xor(before) if out.dtype == np.bool_ else after - before
    return out


def _widths(name: str, y: T, x: T | None, dx: Any, axis: int) -> Any:
    if x is None:
        return dx
    if dx is not None and dx != 1:
        raise RuntimeError(f"{name}: give x or dx, not both")
    if x.ndim == 1:
        if x.shape[0] != y.shape[axis]:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        return diff(x).reshape(-1, *[1] * (y.ndim - 1 - axis))
    if x.ndim > y.ndim:
        raise RuntimeError(f"{name}: x of shape {tuple(x.shape)} has more axes than y, {tuple(y.shape)}")
    return diff(x, dim=axis - y.ndim)


@as_spelled
def trapezoid(y: T, x: T | None = None, *, dx: float = 1, dim: int = -1) -> T:
    """The area under points joined by lines, along `dim`.

    Arguments:
        y: the heights.
        x: where they stand: a vector, or a tensor that broadcasts.
        dx: their distance, where there is no `x`.
        dim: an axis.

    Raises:
        RuntimeError: for an `x` that does not fit.

    >>> import minigrad as torch
    >>> torch.trapezoid(torch.tensor([1.0, 3.0, 2.0]))
    tensor(4.5000)
    """
    require_tensors("trapezoid", y=y)
    axis = normalize_dim(dim, y.ndim)
    if not y.shape[axis]:
        return y.new_zeros(y.shape[:axis] + y.shape[axis + 1 :])
    heights = _part(y, axis, 1, None) + _part(y, axis, None, -1)
    return (heights * _widths("trapezoid", y, x, dx, axis)).sum(axis - y.ndim) / 2


trapz = trapezoid


@as_spelled
def cumulative_trapezoid(y: T, x: T | None = None, *, dx: float = 1, dim: int = -1) -> T:
    """The area so far under points joined by lines, along `dim`.

    Arguments:
        y, x, dx, dim: as in `trapezoid`.

    >>> import minigrad as torch
    >>> torch.cumulative_trapezoid(torch.tensor([1.0, 3.0, 2.0]))
    tensor([2.0000, 4.5000])
    """
    require_tensors("cumulative_trapezoid", y=y)
    axis = normalize_dim(dim, y.ndim)
    heights = _part(y, axis, 1, None) + _part(y, axis, None, -1)
    return (heights * _widths("cumulative_trapezoid", y, x, dx, axis)).cumsum(axis - y.ndim) / 2


def gradient(input: T, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> tuple[T, ...]:
    """The slopes along axes, by differences of second order; a tensor for each axis.

    Arguments:
        input: a floating tensor.
        spacing: the distance of neighbours, a number or one for each axis; or a vector of places for each.
        dim: an axis or a tuple of axes; None takes all.
        edge_order: 1 or 2: the order at the ends.

    Raises:
        RuntimeError: for too few elements, and for spacings that do not fit.

    >>> import minigrad as torch
    >>> torch.gradient(torch.tensor([1.0, 4.0, 9.0]))
    (tensor([3., 4., 5.]),)
    """
    require_tensors("gradient", input=input)
    dims = range(input.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
    axes = [normalize_dim(d, input.ndim) for d in dims]
    spacing = 1 if spacing is None else spacing
    if len(set(axes)) < len(axes):
        raise RuntimeError(f"torch.gradient: a dim appears multiple times in the list of dims {tuple(axes)}")
    steps = list(spacing) if isinstance(spacing, (tuple, list)) else [spacing] * len(axes)
    if len(steps) != len(axes):
        raise RuntimeError(
            f"torch.gradient expected spacing to be unspecified, a scalar, or a list of length {len(axes)}, "
            f"but got a list of length {len(steps)}"
        )
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    return tuple(_slope(input, axis, step, edge_order) for axis, step in zip(axes, steps, strict=True))


def _slope(f: T, axis: int, step: Any, order: int) -> T:
    n = f.shape[axis]
    if n < order + 1:
        raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")
    f = f.movedim(axis, -1)
    h = diff(step) if getattr(step, "ndim", 0) else f.new_ones(n - 1) * step
    slopes = diff(f) / h
    first, last = slopes[..., :1], slopes[..., -1:]
    parts = [first, last]
    if n > 2:
        a, b = h[:-1], h[1:]
        left, right = slopes[..., :-1], slopes[..., 1:]
        middle = (left * b + right * a) / (a + b)
        if not getattr(step, "ndim", 0):  # an inf in the middle leaves its neighbours' difference alone
            middle = (f[..., 2:] - f[..., :-2]) / (2 * step)
        if order == 2:
            first = first + (left[..., :1] - right[..., :1]) * (h[0] / (h[0] + h[1]))
            last = last + (right[..., -1:] - left[..., -1:]) * (h[-1] / (h[-1] + h[-2]))
        parts = [first, middle, last]
    return CALLS["cat"](tuple(parts), dim=-1).movedim(-1, axis).contiguous()


def cov(input: T, *, correction: int = 1, fweights: T | None = None, aweights: T | None = None) -> T:
    """The covariances of the rows.

    Arguments:
        input: a matrix with a variable in each row and an observation in each column; or a vector.
        correction: taken from the number of observations.
        fweights: how often each observation is there, integers.
        aweights: the weight of each observation.

    Raises:
        RuntimeError: for more axes.

    >>> import minigrad as torch
    >>> torch.cov(torch.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    require_tensors("cov", input=input)
    if input.ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got one with {input.ndim}"
        )
    rows = input.reshape(1, -1) if input.ndim < 2 else input
    n = rows.shape[1]
    rows = (
        rows if rows.is_floating_point() else rows.to(np.float64 if rows.dtype == np.float64 else np.float32)
    )
    weights = None
    for each in (fweights, aweights):
        if each is not None:
            weights = each if weights is None else weights * each
    if weights is None:
        centred = rows - rows.mean(1, keepdim=True)
        return (centred.matmul(centred.mT) / max(n - correction, 0)).squeeze()
    total = weights.sum()
    centred = rows - ((rows * weights).sum(1, keepdim=True) / total)
    norm = total - correction
    if aweights is not None and correction:
        norm = total - correction * (weights * aweights).sum() / total
    weighted = centred * weights
    return (weighted.matmul(centred.mT.to(weighted.dtype)) / norm.clamp(min=0)).squeeze()


def corrcoef(input: T) -> T:
    """The correlations of the rows: covariances over the product of the standard deviations.

    Arguments:
        input: a matrix with a variable in each row and an observation in each column; or a vector.

    >>> import minigrad as torch
    >>> torch.corrcoef(torch.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    c = cov(input)
    if not c.ndim:
        return c / c
    spread = c.diagonal().sqrt()
    return (c / spread.unsqueeze(1) / spread).clamp(-1, 1)


def dist(input: T, other: T, p: float = 2) -> T:
    """The p-norm of input - other.

    Arguments:
        input, other: tensors; shapes broadcast.
        p: the order.

    >>> import minigrad as torch
    >>> torch.dist(torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0]))
    tensor(5.)
    """
    require_tensors("dist", input=input, other=other)
    return (input - other).norm(p)


def broadcast_shapes(*shapes: Any) -> Any:
    """The shape in which shapes meet.

    Arguments:
        shapes: tuples of sizes.

    Raises:
        RuntimeError: for shapes that do not go together.

    >>> import minigrad as torch
    >>> torch.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])
    """
    try:
        shape = np.broadcast_shapes(*[(s,) if isinstance(s, int) else tuple(s) for s in shapes])
    except ValueError:
        raise RuntimeError(
            f"Shape mismatch: objects cannot be broadcast to a single shape: {shapes}"
        ) from None
    return wrap(np.empty(shape, np.bool_), None).shape


def broadcast_tensors(*tensors: Any) -> tuple[T, ...]:
    """The tensors in the shape in which theirs meet, as views.

    Arguments:
        tensors: one by one, or in a sequence.

    Raises:
        RuntimeError: for shapes that do not go together.

    >>> import minigrad as torch
    >>> [x.shape for x in torch.broadcast_tensors(torch.ones(2, 1), torch.ones(3))]
    [torch.Size([2, 3]), torch.Size([2, 3])]
    """
    given: Sequence[Any] = (
        tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Recorded) else tensors
    )
    shape = broadcast_shapes(*[tuple(x.shape) for x in given])
    return tuple(x.expand(shape) for x in given)


def vander(x: T, N: int | None = None, increasing: bool = False) -> T:
    """The powers of the elements of a vector, as columns.

    Arguments:
        x: a vector.
        N: how many columns; as many as elements where it is left out.
        increasing: whether the powers grow from left to right.

    >>> import minigrad as torch
    >>> torch.vander(torch.tensor([2, 3]), 3)
    tensor([[4, 2, 1],
            [9, 3, 1]])
    """
    require_tensors("vander", x=x)
    if x.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    n = x.shape[0] if N is None else N
    if n < 0:
        raise RuntimeError("N must be non-negative.")
    x = x if x.is_floating_point() else x.long()
    columns = [x.new_ones(x.shape)]
    for _ in range(n - 1):
        columns.append(columns[-1] * x)
    columns = columns[:n]
    if not columns:
        return x.new_zeros(x.shape[0], 0, dtype=x.dtype)
    return CALLS["stack"](tuple(columns if increasing else columns[::-1]), dim=1)
