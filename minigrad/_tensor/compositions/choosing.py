"""Masks and comparisons: elements replaced where a mask is true, found, or compared with a tolerance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.convert import require_tensors
from minigrad._tensor.record import Recorded, wrap
from minigrad.ops.arrays import arrayed

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor


def mask_of(name: str, mask: T) -> None:
    """Raise unless `mask` is a boolean tensor."""
    if not hasattr(mask, "dtype"):
        raise TypeError(f"{name}(): the mask must be a boolean Tensor, not {type(mask).__name__}")
    if mask.dtype.kind != "b":
        raise RuntimeError(
            f"{name}: only boolean masks are supported, but got {mask.dtype.name}; use .bool()"
        )


def masked_fill(input: T, mask: T, value: Any) -> T:
    """`value` where the boolean `mask` is True, `input` elsewhere.

    Arguments:
        input: a tensor of any shape.
        mask: a boolean tensor; the two broadcast.
        value: a number, or a tensor of no axes.

    Raises:
        RuntimeError: for a mask that is not boolean, or a value of more elements.

    Derivative: the gradient where the mask is False, 0 elsewhere; their sum under the mask goes to `value`.

    >>> import minigrad as torch
    >>> torch.masked_fill(torch.ones(2), torch.tensor([True, False]), -1.0)
    tensor([-1.,  1.])
    """
    mask_of("masked_fill", mask)
    if getattr(value, "ndim", 0):
        raise RuntimeError(
            f"masked_fill: value must be a number or a 0-d tensor, not of shape "
            f"{tuple(value.shape)}; use where"
        )
    if not isinstance(value, Recorded):
        value = input.new_full((), value)
    return input.contiguous().where(~mask, value.to(input.dtype))


def isclose(input: T, other: T, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> T:
    """Elementwise |input - other| <= atol + rtol |other|; infinities equal themselves.

    Arguments:
        input, other: tensors of one dtype; shapes broadcast.
        rtol, atol: the relative and the absolute tolerance.
        equal_nan: whether nan is close to nan.

    Returns:
        A boolean tensor.

    Raises:
        RuntimeError: for different dtypes, and for negative tolerances.

    >>> import minigrad as torch
    >>> torch.isclose(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.1]))
    tensor([ True, False])
    """
    require_tensors("isclose", input=input, other=other)
    if rtol < 0 or atol < 0:
        raise RuntimeError(f"isclose: rtol and atol must not be negative, got {rtol} and {atol}")
    if input.dtype != other.dtype:
        raise RuntimeError(
            f"isclose: dtypes differ: {input.dtype.name} and {other.dtype.name}; convert one with .to()"
        )
    a, b = input._array, other._array
    with np.errstate(all="ignore"):
        close = np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)
    return wrap(arrayed(close), None)


def allclose(input: T, other: T, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """True if every element `isclose`.

    Arguments:
        input, other, rtol, atol, equal_nan: as for `isclose`.

    >>> import minigrad as torch
    >>> torch.allclose(torch.ones(2), torch.ones(2) + 1e-9)
    True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan).all())


def argwhere(input: T) -> T:
    """The positions of the non-zero elements, one row each.

    Arguments:
        input: a tensor of any shape.

    Returns:
        An int64 tensor of shape (n, ndim).

    >>> import minigrad as torch
    >>> torch.argwhere(torch.tensor([0, 3, 4]))
    tensor([[1],
            [2]])
    """
    found = np.argwhere(input.detach().numpy())
    return input.new_tensor(found, dtype=found.dtype)


def nonzero(input: T, *, as_tuple: bool = False) -> Any:
    """The positions of the non-zero elements: a row for each, or, as a tuple, a vector for each axis.

    Arguments:
        input: a tensor of any shape.
        as_tuple: whether an int64 vector for each axis is returned, by which a tensor can be indexed.

    >>> import minigrad as torch
    >>> torch.nonzero(torch.tensor([0, 3, 4]), as_tuple=True)
    (tensor([1, 2]),)
    """
    if not as_tuple:
        return argwhere(input)
    return tuple(input.new_tensor(i, dtype=i.dtype) for i in np.atleast_1d(input.detach().numpy()).nonzero())


def equal(input: T, other: T) -> bool:
    """True if shapes and all elements are the same.

    Arguments:
        input, other: tensors of any shapes.

    >>> import minigrad as torch
    >>> torch.equal(torch.ones(2), torch.ones(2))
    True
    """
    return input.shape == other.shape and bool((input == other).all())
