"""From Python's data to arrays, and from the ways a call may be written to one of them."""

from typing import Any

import numpy as np

from ._dtype import as_dtype, get_default_dtype
from ._record import Recorded, wrap


def sizes_of(sizes: tuple[Any, ...]) -> tuple[int, ...]:
    """f(2, 3) and f((2, 3)) mean the same."""
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = tuple(sizes[0])
    return tuple(int(n) for n in sizes)


def as_operand(x: Any) -> Any:
    return wrap(x, None) if isinstance(x, np.ndarray) else x


def as_array(data: Any, dtype: Any = None) -> Any:
    """Nested lists, numbers, arrays or tensors as an ndarray of a supported dtype.

    Without `dtype`, Python floats become the default dtype; arrays and NumPy scalars keep their own.
    """
    if isinstance(data, Recorded):
        return data._array if dtype is None else data._array.astype(as_dtype(dtype), copy=False)
    if isinstance(data, np.ndarray):
        return data.astype(as_dtype(data.dtype if dtype is None else dtype), copy=False)
    tensors = isinstance(data, (list, tuple)) and any(isinstance(x, Recorded) for x in data)
    try:
        array = np.array(
            [x._array.tolist() if isinstance(x, Recorded) else x for x in data] if tensors else data
        )
    except ValueError as error:
        raise ValueError(f"expected nested sequences of equal lengths at each level: {error}") from None
    if dtype is not None:
        return array.astype(as_dtype(dtype), copy=False)
    if array.size == 0 and not isinstance(data, np.generic):
        return array.astype(get_default_dtype())
    if array.dtype.kind == "f" and not isinstance(data, np.generic) and array.dtype == np.float64:
        return array.astype(get_default_dtype())
    return array.astype(as_dtype(array.dtype), copy=False)
