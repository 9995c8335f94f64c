"""The tracing array: one more array that speaks NumPy's protocols, and notes each call that is made with it.

A traced call is an ordinary call. Each `Traced` holds the array that eager mode would hold, so the numbers,
the writes and the draws of the traced call are those of eager mode, whatever becomes of the trace. Where
Python reads a value (`item()`, `bool()`, `np.asarray`), the rest of the call could depend on it: the trace
ends there, and the call goes on.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from minigrad._tensor.record import Recorded
from minigrad._tensor.tracing import trace_of_thread
from minigrad.ops.arrays import OF_LAYOUT, WRITING
from minigrad.ops.kernels import is_tensor
from minigrad.ops.sums import total

from .functions import Ufunc, hold
from .instructions import Value, mapped
from .places import is_returned

ndarray = np.ndarray

# Kernels whose lines are plain NumPy: they are traced through. All others are one step.
_PLAIN = {"sigmoid", "cast", "softmax", "log_softmax"}
# The shape of their result depends on values.
_OF_ANY_SHAPE = {
    np.nonzero, np.flatnonzero, np.argwhere, np.unique, np.extract, np.compress, np.bincount, np.repeat,
    np.delete, np.histogram, np.intersect1d, np.union1d, np.setdiff1d, np.trim_zeros,
}  # fmt: skip


def active(trace: Any) -> bool:
    """True if this thread traces with it, and the trace has not ended."""
    return trace_of_thread() is trace and not trace.broken


def plain(x: Any) -> Any:
    """Nested arguments with arrays in the place of traced ones."""
    return mapped(x, lambda part: part.array if type(part) is Traced else part)


def traced_in(x: Any) -> Iterator[Traced]:
    """The traced arrays in nested arguments."""
    kind = type(x)
    if kind is Traced:
        yield x
    elif kind in (tuple, list):
        for part in x:
            yield from traced_in(part)
    elif kind is dict:
        for part in x.values():
            yield from traced_in(part)
    elif kind is slice:
        yield from traced_in((x.start, x.stop, x.step))


def _read(name: str, get: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        self.trace.reads(self, f"{name} reads a value")
        return get(self.array, *args, **kwargs)

    return method


def _noted(name: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self.trace.note(
            f".{name}", (self, *args), kwargs, call=lambda x, *rest, **named: getattr(x, name)(*rest, **named)
        )

    return method


class Traced(NDArrayOperatorsMixin):
    """An array of a traced call: the array itself, and the value that stands for it in the program."""

    __slots__ = ("__weakref__", "array", "trace", "value")

    def __init__(self, trace: Any, value: Value, array: Any) -> None:
        self.trace, self.value, self.array = trace, value, array

    # --- its layout, which is the same at every call --------------------------------------------------

    shape = property(lambda self: self.array.shape)
    dtype = property(lambda self: self.array.dtype)
    ndim = property(lambda self: self.array.ndim)
    size = property(lambda self: self.array.size)
    itemsize = property(lambda self: self.array.itemsize)
    nbytes = property(lambda self: self.array.nbytes)
    strides = property(lambda self: self.array.strides)
    flags = property(lambda self: self.array.flags)
    ctypes = property(lambda self: self.array.ctypes)
    takes_kernels = True
    base = property(lambda self: self.array)  # so that stamps of writes go to the array itself

    def __len__(self) -> int:
        return len(self.array)

    def __hash__(self) -> int:
        return id(self)

    # --- calls that are noted -----------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(hasattr(x, "level") or is_tensor(x) for x in inputs):
            return NotImplemented  # a batch, or a tensor in a rule, takes it over
        call = ufunc if method == "__call__" else getattr(ufunc, method)
        out = kwargs.get("out")
        if method == "at":
            return self.trace.write(call, inputs[0], inputs, kwargs)
        if out is not None and any(x is not None for x in out):
            if len(out) > 1:
                self.trace.end(f"np.{ufunc.__name__} writes to several arrays")
            target = out[0]
            made = self.trace.write(Ufunc(ufunc, method), target, inputs, {**kwargs, "out": target})
            return made if type(made) is not ndarray else target
        kwargs.pop("out", None)
        return self.trace.note(Ufunc(ufunc, method), inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        trace = self.trace
        if any(hasattr(kind, "level") or issubclass(kind, Recorded) for kind in types):
            return NotImplemented
        if function in OF_LAYOUT:
            return function(*plain(args), **plain(kwargs))
        if function in WRITING:
            return trace.write(function, args[0], args, kwargs)
        if str(getattr(function, "__module__", "")).startswith("minigrad."):
            body = function.__wrapped__
            if hasattr(body, "checks"):
                found = body(*plain(args))
                if found is None and active(trace):
                    trace.note(hold, (body, *args), {}, required=True)
                elif active(trace):
                    trace.end("a value is not as it must be")
                return found
            if body.__name__ in _PLAIN and active(trace):
                return body(*args, **kwargs)
            return trace.note(body, args, kwargs)
        if function is np.sum and set(kwargs) <= {"axis", "keepdims"} and args[0].dtype.kind == "f":
            axis = args[1] if len(args) > 1 else kwargs.get("axis")
            return trace.note(total, (args[0], axis, bool(kwargs.get("keepdims", False))), {})
        if function in (np.zeros_like, np.ones_like, np.full_like):
            return function(*plain(args), **plain(kwargs))  # a constant
        if active(trace) and (function in _OF_ANY_SHAPE or (function is np.where and len(args) == 1)):
            if all(map(trace.settles, traced_in((args, kwargs)))):
                return function(*plain(args), **plain(kwargs))
            trace.end(f"the shape of np.{function.__name__} depends on values")
        out = kwargs.get("out")
        if out is not None:
            return trace.write(function, out, args, kwargs)
        return trace.note(function, args, kwargs)

    def __getitem__(self, index: Any) -> Any:
        masks = [part for part in traced_in(index) if part.dtype.kind == "b"]
        if masks and active(self.trace):
            if not all(map(self.trace.settles, masks)):
                whole = self.trace._op == "getitem"
                self.trace.end("the shape of what a mask selects depends on values", whole)
            index = mapped(index, lambda part: part.array if any(part is m for m in masks) else part)
        return self.trace.note(operator.getitem, (self, index), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        self.trace.write(operator.setitem, self, (self, index, value), {})

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self.array)))

    def alias(self) -> Traced:
        """The same memory and value, over an array with stamps of its own."""
        return Traced(self.trace, self.value, np.asarray(self.array.data))

    astype, reshape, transpose, copy, view = map(_noted, ("astype", "reshape", "transpose", "copy", "view"))
    ravel, swapaxes, squeeze, take, repeat = map(_noted, ("ravel", "swapaxes", "squeeze", "take", "repeat"))
    sum, mean, max, min, prod, any, all, argmax, argmin, dot, clip, round, cumsum, flatten = map(
        _noted,
        ("sum", "mean", "max", "min", "prod", "any", "all", "argmax", "argmin", "dot", "clip", "round",
         "cumsum", "flatten"),
    )  # fmt: skip

    @property
    def T(self) -> Any:
        return self.trace.note(".T", (self,), {}, call=lambda x: x.T)

    # --- reads, which end the trace -----------------------------------------------------------------------

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        array = self.array
        if self.trace.reads(self, "NumPy reads the array itself"):
            array = array.view()
            array.flags.writeable = False  # the trace would not see it
        return np.array(array, dtype, copy=copy) if copy else np.asarray(array, dtype)

    def read(self) -> Any:
        """The array itself, for its address or a text."""
        if active(self.trace):
            self.trace.end("its memory is read")
        return self.array

    def item(self, *args: Any) -> Any:
        trace, number = self.trace, self.array.item(*args)
        once = active(trace) and trace.returned is None and not args
        if once and not trace.agenda.changes(self.value) and is_returned(trace.code):
            trace.returned = number, self
            return number
        trace.reads(self, "item() reads a value")
        return self.array.item(*args)

    tolist, tobytes = (_read(f"{n}()", getattr(ndarray, n)) for n in ("tolist", "tobytes"))
    __bool__, __float__ = _read("bool()", bool), _read("float()", float)
    __int__, __index__ = _read("int()", int), _read("an index", operator.index)
    __repr__, __str__, __format__ = _read("print()", repr), _read("print()", str), _read("format()", format)
    __contains__ = _read("in", operator.contains)

    @property
    def flat(self) -> Any:
        return _read("flat", lambda array: array.flat)(self)


def _in_place(name: str) -> Callable[..., Any]:
    apply = getattr(NDArrayOperatorsMixin, f"__{name}__")
    plainly = getattr(NDArrayOperatorsMixin, f"__{name[1:]}__")

    def method(self: Any, other: Any) -> Any:
        # A NumPy scalar is no array: `s += 1` makes another.
        return plainly(self, other) if self.value.scalar else apply(self, other)

    return method


for _name in ("iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow", "iand", "ior", "ixor"):
    setattr(Traced, f"__{_name}__", _in_place(_name))
