"""Dtypes as the user sees them: PyTorch's names and text, equal to NumPy's dtypes and taken by NumPy.

The engine computes with NumPy's own dtypes and compares them by identity; `dtype.py` turns these into those.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import dtype as storage


class dtype:
    """The type of a tensor's elements, such as `torch.float32`; equal to NumPy's dtype of that name.

    Arguments:
        numpy_dtype: the dtype of NumPy that it stands for.

    >>> import numpy as np, minigrad as torch
    >>> x = torch.ones(2)
    >>> x.dtype, x.dtype == np.float32, np.zeros(2, x.dtype).dtype
    (torch.float32, True, dtype('float32'))
    >>> isinstance(x.dtype, torch.dtype), x.dtype.itemsize, x.dtype.is_floating_point
    (True, 4, True)
    """

    __slots__ = (
        "_hash",
        "char",
        "dtype",
        "is_floating_point",
        "is_signed",
        "itemsize",
        "kind",
        "name",
        "type",
    )
    is_complex = False

    def __init__(self, numpy_dtype: np.dtype[Any]) -> None:
        self.dtype = numpy_dtype  # by this attribute NumPy takes the object for a dtype
        self.name, self.kind = numpy_dtype.name, numpy_dtype.kind
        self.char = numpy_dtype.char
        self.type, self.itemsize = numpy_dtype.type, numpy_dtype.itemsize
        self.is_floating_point, self.is_signed = self.kind == "f", self.kind in "if"
        self._hash = hash(numpy_dtype)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, dtype):
            return False
        return self.dtype == other if isinstance(other, (np.dtype, type)) else NotImplemented

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> Any:
        return named, (self.dtype,)


_NAMED = {d: dtype(d) for d in storage.SUPPORTED}


def named(numpy_dtype: Any) -> dtype:
    """The user's object for one of NumPy's dtypes."""
    return _NAMED[numpy_dtype]


float16, float32, float64 = map(named, (storage.float16, storage.float32, storage.float64))
int8, int16, int32, int64 = map(named, (storage.int8, storage.int16, storage.int32, storage.int64))
uint8, bool_ = named(storage.uint8), named(storage.bool_)
double, float_, half, long, int_, short = float64, float32, float16, int64, int32, int16


class _Name(dtype):
    """A dtype that a program may name and compare; there are no tensors of it, as NumPy lacks it."""

    __slots__ = ()
    is_floating_point = is_signed = True

    def __init__(self, name: str, itemsize: int) -> None:
        self.name, self.itemsize = name, itemsize

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self) -> str:
        return self.name


bfloat16 = _Name("bfloat16", 2)


def get_default_dtype() -> dtype:
    """The dtype of tensors made from Python floats, and of integers that an op turns into floats.

    >>> import minigrad as torch
    >>> torch.get_default_dtype()
    torch.float32
    """
    return _NAMED[storage.get_default_dtype()]


def promote_types(type1: Any, type2: Any) -> dtype:
    """The dtype that holds both, PyTorch's way: float32 with int64 is float32.

    Arguments:
        type1, type2: dtypes.

    >>> import minigrad as torch
    >>> torch.promote_types(torch.float32, torch.int64)
    torch.float32
    """
    return _NAMED[storage.promote_types(storage.as_dtype(type1), storage.as_dtype(type2))]


def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The dtype in which an op on two tensors or numbers computes.

    Arguments:
        tensor1, tensor2: tensors or numbers.

    >>> import minigrad as torch
    >>> torch.result_type(torch.arange(2), 1.0)
    torch.float32
    """
    return _NAMED[storage.result_type([getattr(x, "_array", x) for x in (tensor1, tensor2)])]


def can_cast(from_: Any, to: Any) -> bool:
    """True where values may be converted without falling to a lower kind (bool < integer < float).

    Arguments:
        from_, to: dtypes.

    >>> import minigrad as torch
    >>> torch.can_cast(torch.float32, torch.int64), torch.can_cast(torch.int64, torch.float16)
    (False, True)
    """
    a, b = storage.as_dtype(from_), storage.as_dtype(to)
    return storage.category(a) <= storage.category(b) and not (a.kind == "i" and b.kind == "u")


class finfo:
    """The limits of a floating dtype: eps, max, min, tiny, smallest_normal, resolution, bits, dtype.

    Arguments:
        type: a floating dtype; the default dtype where it is None.

    Raises:
        TypeError: for a dtype that is not floating.

    >>> import minigrad as torch
    >>> torch.finfo(torch.float32).eps, torch.finfo(torch.float64).max
    (1.1920928955078125e-07, 1.7976931348623157e+308)
    """

    def __init__(self, type: Any = None) -> None:
        own = storage.get_default_dtype() if type is None else storage.as_dtype(type)
        if own.kind != "f":
            raise TypeError(f"torch.finfo() requires a floating dtype, not {named(own)}; see torch.iinfo")
        found = np.finfo(own)
        self.bits, self.dtype = found.bits, own.name
        self.eps, self.max, self.min = float(found.eps), float(found.max), float(found.min)
        self.tiny = self.smallest_normal = float(found.tiny)
        self.resolution = float(found.resolution)

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        numbers = ", ".join(f"{name}={getattr(self, name):g}" for name in names)
        return f"finfo({numbers}, dtype={self.dtype})"


class iinfo:
    """The limits of an integer dtype: max, min, bits, dtype.

    Arguments:
        type: an integer dtype.

    Raises:
        TypeError: for any other dtype.

    >>> import minigrad as torch
    >>> torch.iinfo(torch.int8).max
    127
    """

    def __init__(self, type: Any) -> None:
        own = storage.as_dtype(type)
        if own.kind not in "iu":
            raise TypeError(f"torch.iinfo() requires an integer dtype, not {named(own)}; see torch.finfo")
        found = np.iinfo(own)
        self.bits, self.dtype = found.bits, own.name
        self.max, self.min = int(found.max), int(found.min)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
