"""From Python's data to arrays, and from the ways a call may be written to one of them."""

from __future__ import annotations

import functools
import operator
import sys
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from minigrad.engine.messages import cut_by_conversion, cut_by_copy
from minigrad.engine.silence import silently
from minigrad.ops.arrays import fresh, is_array

from .documentation import like
from .dtype import as_dtype, bool_, get_default_dtype, int64, promote_types, result_type
from .out import into
from .record import SPELLINGS, Recorded, wrap


def sizes_of(sizes: tuple[Any, ...], named: Any = None) -> tuple[int, ...]:
    """f(2, 3), f((2, 3)) and f(shape=(2, 3)) mean the same."""
    if named is not None:
        sizes = (*sizes, named)
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = tuple(sizes[0])
    try:
        return tuple(map(operator.index, sizes))
    except TypeError:
        raise TypeError(f"sizes and dims must be integers, not {sizes!r}") from None


Result = TypeVar("Result")


def as_spelled(function: Callable[..., Result]) -> Callable[..., Result]:
    """Let a function take NumPy's axis and keepdims, and its tensor as `input=`, as PyTorch's do."""

    @functools.wraps(function)
    def respelled(*args: Any, **kwargs: Any) -> Result:
        if kwargs:
            if "out" in kwargs:
                return into(kwargs.pop("out"), function.__name__, respelled, args, kwargs)
            if not args and "input" in kwargs:
                args = (kwargs.pop("input"),)
            named = {SPELLINGS.get(key, key): value for key, value in kwargs.items()}
            if len(named) < len(kwargs):
                raise TypeError(
                    f"{function.__name__}() got both spellings of one argument: {', '.join(kwargs)}"
                )
            kwargs = named
        return function(*args, **kwargs)

    return like(respelled, function)


def as_operand(x: Any) -> Any:
    """A copy of an array as a tensor: later writes of the user must not reach the saved values."""
    return wrap(x.astype(as_dtype(x.dtype)), None) if is_array(x) and not isinstance(x, Recorded) else x


def as_constant(array: Any) -> Any:
    """A tensor of no history, with a copy of an array of any kind or of a NumPy scalar."""
    return wrap(fresh(array), None)


def as_array(data: Any, dtype: Any = None) -> Any:
    """Nested lists, numbers, arrays or tensors as an ndarray of a supported dtype.

    Without `dtype`, Python floats become the default dtype; arrays, tensors and NumPy scalars keep their
    own, and promote as PyTorch's. Inside a sequence a tensor of one element counts as a number.

    Raises:
        ValueError: for sequences of unequal lengths, tensors of many elements in them, too large integers.
        RuntimeError: for data that is no number, and numbers that do not fit into an integer `dtype`.
    """
    if isinstance(data, Recorded):
        return data._array if dtype is None else _as(data._array, as_dtype(dtype))
    if isinstance(data, np.ndarray):
        return _as(data, as_dtype(data.dtype if dtype is None else dtype))
    if is_array(data):  # another library's array stays such an array
        wanted = as_dtype(data.dtype if dtype is None else dtype)
        return data if data.dtype is wanted else data.astype(wanted)
    kinds: set[Any] = set()
    plain = _plain(data, kinds)
    wanted = _meeting(kinds) if dtype is None else as_dtype(dtype)
    try:
        array = np.array(plain, np.float64 if wanted.kind == "f" else None)
    except ValueError as error:
        raise ValueError(
            "expected nested sequences of equal lengths at each level, like [[1, 2], [3, 4]]"
        ) from error
    if wanted.kind in "iu" and array.size:
        if array.dtype.kind not in "biuf" or array.dtype == np.uint64:
            raise ValueError("an integer is too large for int64; write it as a float")
        refuse_overflow(array, wanted)
    return _as(array, wanted)


def number_as(value: Any, dtype: Any) -> Any:
    """A Python or NumPy number as a 0-d array of `dtype`.

    Raises:
        RuntimeError: where it does not fit.
    """
    if isinstance(value, complex):
        raise RuntimeError(f"{value} is complex, and minigrad has real numbers only")
    if not isinstance(value, (bool, int, float, np.number, np.bool_, np.ndarray)) or np.ndim(value):
        raise TypeError(f"expected a number, not {type(value).__name__} ({value!r})")
    number = np.array(value)
    refuse_overflow(number, dtype)
    if dtype.kind == "f" and float(np.finfo(dtype).max) < abs(float(number)) < np.inf:
        raise RuntimeError(_OVERFLOW.format(number, dtype))
    return _as(number, dtype)


_OVERFLOW = "value {} cannot be converted to type {} without overflow"


def refuse_overflow(numbers: Any, dtype: Any) -> None:
    """Raise where numbers do not fit into an integer dtype; negative integers count from the end of uint8."""
    if dtype.kind not in "iu":
        return
    info = np.iinfo(dtype)
    low = -info.max if dtype.kind == "u" and numbers.dtype.kind != "f" else info.min
    # The largest int64 is no float: beside floats it becomes 2.0 ** 63, which is too large.
    too_large = numbers >= 2.0**63 if numbers.dtype.kind == "f" and info.max > 2**53 else numbers > info.max
    fits = np.logical_not((numbers != numbers) | too_large | (numbers < low))
    if not np.all(fits):
        raise RuntimeError(_OVERFLOW.format(np.extract(np.logical_not(fits), numbers)[0], dtype))


def _as(array: Any, dtype: Any) -> Any:
    # A number that does not fit becomes inf, as in PyTorch, without a word.
    return with_own_dtype(silently(array.astype, dtype, copy=False))


def with_own_dtype(array: Any) -> Any:
    """The array over the dtype object that all tensors share, by which fast calls compare.

    An array out of a pickle has a dtype object of its own.
    """
    own = as_dtype(array.dtype)
    return array if array.dtype is own else array.view(own)


def copied_within(array: Any, memo: dict[int, Any]) -> Any:
    """A copy for `copy.deepcopy`: arrays that share memory become views of one copy, kept in `memo`."""
    root = array
    while isinstance(root.base, np.ndarray):
        root = root.base
    if root is array or root.base is not None or not (root.flags.c_contiguous or root.flags.f_contiguous):
        root = array
    if id(root) not in memo:
        memo[id(root)] = root.copy(order="K")
    copied = memo[id(root)]
    if root is array:
        return copied
    offset = array.__array_interface__["data"][0] - root.__array_interface__["data"][0]
    flat = copied.reshape(-1, order="A").view(np.uint8)
    return np.ndarray(array.shape, array.dtype, flat, offset, array.strides)


_NUMBERS = {bool, int, float}


def _plain(data: Any, kinds: set[Any]) -> Any:
    """Nested sequences of plain numbers; `kinds` gets the types and dtypes that were met."""
    if isinstance(data, (list, tuple)):
        types = {*map(type, data)}
        if types <= _NUMBERS:
            kinds |= types
            return data
        return [_plain(x, kinds) for x in data]
    if isinstance(data, Recorded):
        if data._array.size != 1:
            raise ValueError(
                f"only one element tensors can be converted to Python scalars, not one of shape "
                f"{data._array.shape}; stack() or cat() join tensors"
            )
        if data._node is not None:
            warn_cut("tensor()", "stack() joins tensors and keeps the graph")
        kinds.add(data._array.dtype)
        return data._array.item()
    if isinstance(data, (np.ndarray, np.generic)):
        kinds.add(data.dtype)
        return data
    if isinstance(data, (bool, int, float)):
        kinds.add(next(t for t in (bool, int, float) if isinstance(data, t)))
        return data
    if hasattr(data, "__array__"):
        return _plain(np.asarray(data), kinds)
    if isinstance(data, (str, bytes, complex)):
        raise TypeError(f"expected numbers, not {type(data).__name__} ({data!r})")
    if hasattr(data, "__len__") and hasattr(data, "__getitem__") and not isinstance(data, dict):
        return _plain(list(data), kinds)
    raise RuntimeError(
        f"could not infer dtype of {type(data).__name__}; expected numbers, sequences or arrays"
    )


def warn_cut(name: str, instead: str, copied: bool = False) -> None:
    """Warn, at the user's line, that values taken out of a recorded tensor carry no gradient."""
    warn_user((cut_by_copy if copied else cut_by_conversion)(name, instead))


def warn_user(text: str) -> None:
    """Warn at the line outside of this package that led here."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("minigrad."):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, UserWarning, stacklevel=level)


def _meeting(kinds: set[Any]) -> np.dtype[Any]:
    """The dtype in which numbers of these types and dtypes meet."""
    if not kinds:
        return get_default_dtype()
    own = {bool: bool_, int: int64, float: get_default_dtype()}
    return functools.reduce(promote_types, [own.get(k) or as_dtype(k) for k in kinds])


def tensors_in(name: str, tensors: Any, if_none: type[Exception] = RuntimeError) -> tuple[Any, ...]:
    """The tensors of a sequence, which must hold some, and nothing else."""
    if isinstance(tensors, Recorded):
        raise TypeError(f"{name}(): expected a list or tuple of tensors, not one Tensor")
    tensors = tuple(tensors)
    if not tensors:
        raise if_none(f"{name}(): expected a non-empty list of Tensors")
    for i, x in enumerate(tensors):
        if not isinstance(x, Recorded):
            raise TypeError(f"{name}(): expected Tensor as element {i}, but got {type(x).__name__}")
    return tensors


def require_tensors(function: str, **operands: Any) -> None:
    """Raise TypeError for an operand, named by its keyword, that is not a tensor."""
    for key, x in operands.items():
        if not isinstance(x, Recorded):
            raise TypeError(f"{function}(): argument '{key}' must be Tensor, not {type(x).__name__}")


def in_one_dtype(*operands: Any) -> Any:
    """Tensors in the dtype in which they meet, numbers as they are."""
    arrays = [getattr(x, "_array", x) for x in operands]
    common = result_type(arrays)
    return [
        x if getattr(a, "dtype", common) == common else x.to(common)
        for x, a in zip(operands, arrays, strict=True)
    ]


def require_one_dtype(name: str, a: Any, b: Any) -> None:
    """Raise unless two tensors have one dtype."""
    if a.dtype != b.dtype:
        raise RuntimeError(f"{name}: expected one dtype, but got {a.dtype.name} and {b.dtype.name}")
