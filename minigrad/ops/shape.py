"""Derivatives of operations that only move elements: the gradient moves back the same way."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import is_foreign, kin, ndarray
from .kernels import Array, c_order, keep, kept_order, normalize_dim, normalize_dims, unbroadcast, wide
from .op import REAL, Op
from .places import embed_diagonal as embed_diagonal_kernel, pad as pad_kernel
from .sums import total


def _reshape(x: Array, shape: Any) -> Array:
    if min(shape, default=0) < -1:  # NumPy takes any negative size for the one to be found
        raise ValueError(
            f"reshape: invalid size {min(shape)} in {tuple(shape)}; only -1 stands for the missing size"
        )
    return np.reshape(x, shape)


reshape = Op(
    "reshape",
    lambda x, *, shape: _reshape(x, shape),
    x=lambda g, x_shape: np.reshape(g, x_shape),
    read="g in the old shape",
    formula="the gradient in the old shape",
    domain=lambda d: ((d.values(s := d.shape(), REAL),), {"shape": d.reshaped(s)}),
    view=True,
)
permute = Op(
    "permute",
    lambda x, *, dims: np.transpose(x, _full_permutation(dims, x.ndim)),
    x=lambda g, dims: np.transpose(g, _inverse_permutation(dims, g.ndim)),
    read="g with its axes put back",
    formula="the gradient with its axes put back",
    domain=lambda d: ((d.values(s := d.shape(), REAL),), {"dims": d.permutation(len(s))}),
    view=True,
)
transpose = Op(
    "transpose",
    lambda x, *, dim0, dim1: _transpose(x, normalize_dim(dim0, x.ndim), normalize_dim(dim1, x.ndim)),
    x=lambda g, dim0, dim1: np.swapaxes(g, dim0, dim1) if g.ndim else g,
    read="g with the same two axes swapped",
    formula="the gradient with the same two axes swapped",
    domain=lambda d: ((d.values(s := d.shape(min_dims=1), REAL),), {"dim0": d.dim(s), "dim1": d.dim(s)}),
    view=True,
)


def _transpose(x: Array, dim0: int, dim1: int) -> Array:
    return np.swapaxes(x, dim0, dim1) if x.ndim else x[()]


def _full_permutation(dims: Any, ndim: int) -> tuple[int, ...]:
    if len(dims) != ndim:
        raise ValueError(f"permute: {len(dims)} dims for {ndim} axes; name each axis once")
    dims = tuple(normalize_dim(d, ndim) for d in dims)
    if sorted(dims) != list(range(ndim)):
        raise ValueError(f"permute: dims {dims} is no permutation of the {ndim} axes")
    return dims


def _inverse_permutation(dims: Any, ndim: int) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argsort(_full_permutation(dims, ndim)))


def _squeeze(x: Array, dim: Any) -> Array:
    dims = normalize_dims(dim, x.ndim)
    if isinstance(dim, (tuple, list)) and not dim:
        dims = ()
    gone = tuple(i for i in dims if x.shape[i] == 1)
    return np.squeeze(x, axis=gone) if gone else x[...]


squeeze = Op(
    "squeeze",
    lambda x, *, dim=None: _squeeze(x, dim),
    x=lambda g, x_shape: np.reshape(g, x_shape),
    read="g with the axes of length 1 put back",
    formula="the gradient with the axes of length 1 put back",
    domain=lambda d: ((d.values(s := d.shape(), REAL),), {"dim": d.dims(s)}),
    view=True,
)
unsqueeze = Op(
    "unsqueeze",
    lambda x, *, dim: np.expand_dims(x, normalize_dim(dim, x.ndim + 1)),
    x=lambda g, x_shape: np.reshape(g, x_shape),
    read="g without the axis of length 1",
    formula="the gradient without the axis of length 1",
    domain=lambda d: ((d.values(s := d.shape(), REAL),), {"dim": d.dim((*s, 1))}),
    view=True,
)


def _expanded_shape(old: tuple[int, ...], new: Any) -> tuple[int, ...]:
    new = tuple(int(n) for n in new)
    if len(new) < len(old):
        raise ValueError(f"expand: {new} has fewer axes than the tensor's shape {old}")
    extra = len(new) - len(old)
    if any(n == -1 for n in new[:extra]):
        raise ValueError(f"expand: -1 keeps an old size, but {new} has it at a new leading axis")
    return new[:extra] + tuple(o if n == -1 else n for n, o in zip(new[extra:], old, strict=True))


expand = Op(
    "expand",
    lambda x, *, size: np.broadcast_to(x, _expanded_shape(x.shape, size)),
    x=lambda g, x_shape: unbroadcast(g, x_shape),
    read="g summed over the repeated axes",
    formula="the gradient summed over the repeated axes",
    domain=lambda d: ((d.values((s := d.shapes(2))[0], REAL),), {"size": np.broadcast_shapes(*s)}),
    view=True,
)


def _part(g: Array, place: slice | None, dim: int) -> Array:
    if place is None:
        return np.zeros(0, g.dtype, like=kin(g))
    return g[(slice(None),) * normalize_dim(dim, g.ndim) + (place,)]


def _concatenated(d: Any) -> Any:
    shape = d.shape(min_dims=1)
    dim, n = d.dim(shape), d.integer(1, 3)
    axis = dim % len(shape)
    sides = [d.integer(0, 3) for _ in range(n)]
    return tuple(d.values((*shape[:axis], k, *shape[axis + 1 :]), REAL) for k in sides), {"dim": dim}


def _cat(arrays: Any, dim: int) -> tuple[Array, tuple[slice | None, ...]]:
    """The arrays joined, and where each stands: counted once, not by every part's rule."""
    # A one-dimensional empty array joins anything: tensor([]), the start value of many a loop.
    shaped = [a for a in arrays if a.shape != (0,)] or list(arrays)
    axis = normalize_dim(dim, shaped[0].ndim)
    out = c_order(np.concatenate(shaped, axis=axis))
    places: list[slice | None] = []
    end = 0
    for a in arrays:
        start, end = end, end + (a.shape[axis] if a.ndim == out.ndim else 0)
        places.append(slice(start, end) if a.ndim == out.ndim else None)
    return out, tuple(places)


cat = Op(
    "cat",
    lambda *tensors, dim=0: _cat(tensors, dim),
    tensors=lambda g, i, places, dim: _part(g, places[i], dim),
    constants=("places",),
    read="the slice of g that belongs to it",
    saves=False,
    formula="each part takes its own slice of the gradient",
    domain=_concatenated,
)


def _stacked(d: Any) -> Any:
    shape = d.shape()
    return tuple(d.values(shape, REAL) for _ in range(d.integer(1, 3))), {"dim": d.dim((*shape, 1))}


stack = Op(
    "stack",
    lambda *tensors, dim=0: c_order(np.stack(tensors, axis=normalize_dim(dim, tensors[0].ndim + 1))),
    tensors=lambda g, i, dim: g[(slice(None),) * normalize_dim(dim, g.ndim) + (i,)],
    read="the layer of g that belongs to it",
    formula="each part takes its own layer of the gradient",
    domain=_stacked,
)


def _flipped(x: Array, dims: Any) -> Array:
    out = np.flip(x, normalize_dims(dims, x.ndim) if dims != () else ())
    return out if is_foreign(x) else out.copy(kept_order(x))


flip = Op(
    "flip",
    lambda x, *, dims: _flipped(x, dims),
    x=lambda g, dims: np.flip(g, dims) if g.ndim else g,
    read="g flipped back",
    formula="the gradient flipped back",
    domain=lambda d: ((d.values(s := d.shape(min_dims=1), REAL),), {"dims": (d.dim(s),)}),
)


def _shifts(x: Array, shifts: Any, dims: Any) -> tuple[Any, Any]:
    """NumPy broadcasts shifts against axes; here there is one for each, and without axes only one."""
    count = len(shifts) if isinstance(shifts, (tuple, list)) else 1
    if dims is None or (isinstance(dims, (tuple, list)) and not dims):
        axes = None
    else:
        axes = tuple(normalize_dim(d, x.ndim) for d in (dims if isinstance(dims, (tuple, list)) else (dims,)))
    if count != (1 if axes is None else len(axes)):
        raise ValueError(f"roll: shifts {shifts} and dims {dims} must align: a shift for each of dims")
    return (shifts[0] if axes is None and isinstance(shifts, (tuple, list)) else shifts), axes


def _backwards(shifts: Any) -> Any:
    return tuple(-s for s in shifts) if isinstance(shifts, (tuple, list)) else -shifts


def _rolled(d: Any) -> Any:
    shape = d.shape(min_dims=1)
    dims = d.dims(shape)
    shifts = tuple(d.integer(-3, 3) for _ in dims) if isinstance(dims, tuple) else d.integer(-3, 3)
    return (d.values(shape, REAL),), {"shifts": shifts, "dims": dims}


roll = Op(
    "roll",
    lambda x, *, shifts, dims=None: c_order(np.roll(x, *_shifts(x, shifts, dims))),
    x=lambda g, shifts, dims: np.roll(g, _backwards(shifts), dims),
    read="g rolled back",
    formula="the gradient rolled back",
    domain=_rolled,
)


def _untile(g: Array, shape: tuple[int, ...], reps: Any) -> Array:
    """Sum the copies: split each axis into (copies, length) and sum over the copies."""
    reps = (1,) * (len(shape) - len(reps)) + tuple(reps)
    full = (1,) * (len(reps) - len(shape)) + tuple(shape)
    split = tuple(n for pair in zip(reps, full, strict=True) for n in pair)
    return np.reshape(total(np.reshape(g, split), tuple(range(0, len(split), 2))), shape)


tile = Op(
    "tile",
    lambda x, *, dims: c_order(np.tile(x, dims)),
    x=lambda g, x_shape, dims: _untile(g, x_shape, dims),
    read="g summed over the copies",
    formula="the gradients of all copies, summed",
    domain=lambda d: (
        (d.values(d.shape(), REAL),),
        {"dims": tuple(d.integer(1, 3) for _ in range(d.integer(0, 4)))},
    ),
)


def _each(x: Array, times: int, dim: int) -> Array:
    if type(x) is ndarray:
        return np.repeat(x, times, axis=dim)
    axis, shape = normalize_dim(dim, x.ndim), [*x.shape]
    copies = np.broadcast_to(np.expand_dims(x, axis + 1), (*shape[: axis + 1], times, *shape[axis + 1 :]))
    shape[axis] *= times
    return np.reshape(copies, shape)


def _untimes(g: Array, shape: Any, times: int, dim: int) -> Array:
    axis = normalize_dim(dim, len(shape))
    parts = np.reshape(g, (*shape[: axis + 1], times, *shape[axis + 1 :]))
    if not 0 < times <= 8:
        return total(parts, axis=axis + 1)
    before: Any = (slice(None),) * (axis + 1)  # of few, NumPy's sums take ten times as long
    out = wide(parts[(*before, 0)])
    for i in range(1, times):
        out = out + parts[(*before, i)]
    return out


repeat_each = Op(
    "repeat_each",
    lambda x, *, times, dim: _each(x, times, dim),
    x=lambda g, x_shape, times, dim: _untimes(g, x_shape, times, dim),
    read="g summed over the copies",
    formula="the gradients of all copies, summed",
    domain=lambda d: (
        (d.values(s := d.shape(min_dims=1), REAL),),
        {"times": d.integer(0, 3), "dim": d.dim(s)},
    ),
)


def _triangle(x: Array, k: int, lower: bool) -> Array:
    if x.ndim < 2:
        raise ValueError(f"expected at least 2 dimensions, got shape {tuple(x.shape)}")
    mask = np.tri(x.shape[-2], x.shape[-1], k if lower else k - 1, dtype=np.bool_, like=kin(x))
    mask = mask if lower else ~mask
    if type(x) is ndarray and x.dtype.kind == "f":
        return keep(x, mask)
    return np.where(mask, x, x.dtype.type(0))


def _matrices(d: Any) -> Any:
    return (d.values((*d.shape(max_dims=1), d.integer(1, 4), d.integer(1, 4)), REAL),), {
        "diagonal": d.integer(-2, 2)
    }


tril = Op(
    "tril",
    lambda x, *, diagonal=0: _triangle(x, diagonal, lower=True),
    x=lambda g, diagonal: _triangle(g, diagonal, True) if type(g) is ndarray else np.tril(g, diagonal),
    read="g on and below the diagonal, 0 elsewhere",
    formula="the gradient on and below the diagonal",
    domain=_matrices,
)
triu = Op(
    "triu",
    lambda x, *, diagonal=0: _triangle(x, diagonal, lower=False),
    x=lambda g, diagonal: _triangle(g, diagonal, False) if type(g) is ndarray else np.triu(g, diagonal),
    read="g on and above the diagonal, 0 elsewhere",
    formula="the gradient on and above the diagonal",
    domain=_matrices,
)


pad = Op(
    "pad", pad_kernel, inputs="x",
    x=lambda g, pad: pad_kernel(g, tuple(-p for p in pad)),
    read="g without the border",
    formula="the gradient without the border",
    domain=lambda d: (
        (d.values(s := d.shape(min_dims=1, min_side=2), REAL),),
        {"pad": tuple(d.integer(-1, 2) for _ in range(2 * d.integer(1, len(s)))), "value": 0.5},
    ),
)  # fmt: skip


def _diagonal_domain(d: Any) -> Any:
    shape = (*d.shape(max_dims=1), d.integer(1, 4), d.integer(1, 4))
    dim1, dim2 = d.permutation(len(shape))[:2]
    return (d.values(shape, REAL),), {"offset": d.integer(-1, 1), "dim1": dim1, "dim2": dim2}


def _diagonal(x: Array, offset: int, dim1: int, dim2: int) -> Array:
    view = np.diagonal(x, offset, normalize_dim(dim1, x.ndim), normalize_dim(dim2, x.ndim))
    if type(view) is ndarray:
        view.flags.writeable = (
            x.flags.writeable
        )  # NumPy's is read-only; a write to PyTorch's reaches the tensor
    return view


diagonal = Op(
    "diagonal",
    lambda x, *, offset=0, dim1=0, dim2=1: _diagonal(x, offset, dim1, dim2),
    x=lambda g, x_shape, offset, dim1, dim2: embed_diagonal_kernel(g, x_shape, offset, dim1, dim2),
    read="g on the diagonal, 0 elsewhere",
    formula="the gradient on the diagonal, 0 elsewhere",
    domain=_diagonal_domain,
    view=True,
)


def _embedded(d: Any) -> Any:
    """The reverse of a diagonal: the shape that it came from, and a gradient for it."""
    (x,), options = _diagonal_domain(d)
    diagonal = np.diagonal(x, options["offset"], options["dim1"], options["dim2"])
    return (d.values(diagonal.shape, REAL),), {"shape": x.shape, **options}


embed_diagonal = Op(
    "embed_diagonal", embed_diagonal_kernel, inputs="x",
    x=lambda g, offset, dim1, dim2: np.diagonal(g, offset, dim1, dim2),
    read="the diagonal of g",
    formula="the diagonal of the gradient",
    domain=_embedded,
)  # fmt: skip
