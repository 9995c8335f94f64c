"""The index between the brackets of `x[...]`: from tensors, lists and slices to the forms that NumPy takes.

PyTorch and NumPy differ in two places. An all-int index is a view in PyTorch and a scalar in NumPy: a
trailing Ellipsis makes it a view. And beside an index array NumPy treats an int as an array too, which
moves axes when a slice stands between; PyTorch selects with the ints first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.arrays import is_array, is_foreign, kin
from minigrad.ops.places import is_basic

from .convert import warn_user
from .record import Recorded


def normalize(index: Any, shape: tuple[int, ...]) -> Any:
    """An index for an ndarray of `shape`.

    Raises:
        IndexError: for floats, and for one number or an array of uint8 (a mask in old PyTorch code, a
            position in NumPy); a tensor of uint8 is a mask.
    """
    if type(index) is int:
        return (index, Ellipsis)
    if type(index) is slice:
        return (_forwards(index), Ellipsis)
    parts = [_part(p) for p in (index if isinstance(index, tuple) else (index,))]
    if is_basic(tuple(parts)):
        return tuple(parts) if any(p is Ellipsis for p in parts) else (*parts, Ellipsis)
    if any(isinstance(p, int) and not isinstance(p, bool) for p in parts):
        return _ints_first(parts, shape)
    return tuple(parts)


def _part(part: Any) -> Any:
    # A copy of the user's own array: they may write to it before backward uses it again.
    array = part.copy() if isinstance(part, np.ndarray) else getattr(part, "_array", part)
    if isinstance(array, slice):
        return _forwards(array)
    if isinstance(array, str):
        raise TypeError(
            f"an index must be an integer, a slice, a tensor, None or ..., not the text {array!r}"
        )
    if isinstance(array, (list, tuple, range)):
        if any(not isinstance(p, (int, float, np.number, np.bool_)) for p in array):
            raise IndexError(
                "a list of lists or tensors between the brackets is one index for NumPy and one per axis for "
                "PyTorch: write x[tensor(...)] or x[a, b]"
            )
        array = np.asarray(array)
        if array.size == 0:
            array = array.astype(np.int64)
    if isinstance(array, np.generic):
        array = np.asarray(array)
    if is_array(array):
        if array.dtype == np.uint8 and isinstance(part, Recorded) and array.ndim:
            warn_user(
                "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead"
            )
            return array != 0
        if array.dtype == np.uint8:
            raise IndexError(
                "an index of dtype uint8 is a mask in old PyTorch code; say which: .bool() or .long()"
            )
        if array.dtype not in (np.int64, np.int32, np.bool_):
            raise IndexError(
                f"tensors used as indices must be int64, int32 or bool, not {array.dtype.name}; use .long()"
            )
        # (The one integer of a batch is another one for each sample.)
        alone = array.ndim == 0 and array.dtype.kind != "b" and not hasattr(array, "level")
        return int(array) if alone else array
    if isinstance(array, float):
        raise IndexError(
            f"an index must be an integer, a slice, a tensor, None or ..., not the float {array}"
        )
    return array


def _forwards(part: slice) -> slice:
    if part.step is not None and part.step <= 0:
        raise ValueError(
            f"a slice's step must be greater than zero, not {part.step}; flip() turns an axis round"
        )
    return part


def _ints_first(parts: list[Any], shape: tuple[int, ...]) -> Any:
    """Select with the ints, then with the arrays: side by side as NumPy does, else by flat positions."""
    placed = [i for i, p in enumerate(parts) if is_array(p) or isinstance(p, int)]
    side_by_side = placed[-1] - placed[0] == len(placed) - 1
    if side_by_side and all(_is_plain(p) for p in parts):
        return tuple([np.asarray(p) if isinstance(p, int) else p for p in parts])
    consumed = sum(p.ndim if is_array(p) and p.dtype.kind == "b" else p is not None for p in parts)
    consumed -= sum(p is Ellipsis for p in parts)
    spelled: list[Any] = []
    for p in parts:
        spelled.extend([slice(None)] * (len(shape) - consumed) if p is Ellipsis else [p])
    ints: list[Any] = []
    rest: list[Any] = []
    for p in spelled:
        if isinstance(p, int) and not isinstance(p, bool):
            ints.append(p)
        elif is_array(p):
            width = p.ndim if p.dtype.kind == "b" else 1
            ints.extend([slice(None)] * width)
            rest.append(p)
        else:
            ints.append(p)
            rest.append(slice(None))
    size = int(np.prod(shape, dtype=np.int64))
    flat = np.arange(size, like=kin(*rest)).reshape(shape)[tuple(ints)]
    arrays = [i for i, p in enumerate(rest) if is_array(p)]
    if len(arrays) == 1 and _is_plain(rest[arrays[0]]) and rest[arrays[0]].dtype.kind != "b":
        return np.unravel_index(np.take(flat, rest[arrays[0]], arrays[0]), shape)
    return np.unravel_index(flat[tuple(rest)], shape)


def _is_plain(part: Any) -> bool:
    """True for what NumPy takes as it is: no truth alone, and no array of another library or a batch."""
    if is_array(part):
        return part.ndim > 0 and not is_foreign(part) and not hasattr(part, "level")
    return not isinstance(part, bool)
