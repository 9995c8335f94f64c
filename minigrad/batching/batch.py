"""A batch: an array whose samples are computed together, and which looks like one sample of itself.

It is one more array that speaks NumPy's protocols. So every op runs on it, forward and backward, and to any
order, as on each sample alone. Each of NumPy's functions has a rule, or runs on one sample after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from minigrad.ops.arrays import OF_LAYOUT, WRITING, everything, fold, one_sample

from . import matrices, rules  # noqa: F401 (they fill RULES)
from .axes import RULES, DeclinedError, aligned, front, full, operands
from .indexing import physical

ndarray = np.ndarray

Level = Any  # a call of vmap: see `levels`


class UnbatchableError(TypeError, RuntimeError):
    """A value is asked for that differs from sample to sample; an op then treats one after the other."""

    def __init__(self, level: Level, text: str) -> None:
        super().__init__(f"vmap: {text}")
        self.level = level


_BRANCH = "the value of a tensor decides how to go on, but each sample has its own; use torch.where"
_NUMBER = (
    "item(), float(), int() and their like ask for one number, but each sample has its own; "
    "keep computing with tensors"
)
_WAY_OUT = (
    "the numbers are asked for in one array (by numpy(), tolist(), a function whose result has as many "
    "elements as the values say, or a write into a tensor that is the same for all samples), but each sample "
    "has its own; make the tensor that is written from one of the arguments, as zeros_like does"
)
_SHAPES = "the shape of the result of np.{} depends on values, and would differ from sample to sample"

_OF_ANY_SHAPE = {
    np.nonzero, np.flatnonzero, np.argwhere, np.unique, np.extract, np.compress, np.delete, np.intersect1d,
    np.union1d, np.setdiff1d, np.trim_zeros,
}  # fmt: skip
_MAKERS = {np.zeros, np.empty, np.ones, np.full}  # they make what is written to next: for every sample


def batched(x: Any, level: Level) -> Any:
    """The samples along the first axis of `x` as a batch."""
    if isinstance(x, Batch) and x.level.serial > level.serial:
        return Batch(x.level, batched(np.moveaxis(x.data, 1, 0), level))
    return Batch(level, x)


def unbatched(x: Any, level: Level) -> Any:
    """The samples of a batch along a first axis; of what is the same for all samples, repeated."""
    if isinstance(x, Batch) and x.level.serial > level.serial:
        return Batch(x.level, np.moveaxis(unbatched(x.data, level), 0, 1))
    return full(level, front(level, x))


def lifted(x: Any, level: Level) -> Any:
    """The same for all samples, as a batch."""
    if isinstance(x, Batch):
        if x.level is level:
            return x
        if x.level.serial > level.serial:
            return Batch(x.level, lifted(x.data, level))
    return Batch(level, x[None])


def summed(x: Any, level: Level) -> Any:
    """The sum over the samples."""
    if isinstance(x, Batch):
        if x.level is level:
            data = x.data
            return fold(np.add, data, 0) if data.shape[0] == level.size else data[0] * level.size
        if x.level.serial > level.serial:
            return Batch(x.level, summed(x.data, level))
    return x * x.dtype.type(level.size)


def has_level(x: Any, level: Level) -> bool:
    """True for a batch of the level, also within one of a newer level."""
    while isinstance(x, Batch):
        if x.level is level:
            return True
        x = x.data
    return False


_PLAIN = {int, float, bool, str, ndarray, type(None), type(Ellipsis), type, np.dtype}  # no batch is in these


def level_of(x: Any) -> Level | None:
    """The newest level among nested arguments."""
    kind = type(x)
    if kind is Batch:
        return x.level
    if kind in _PLAIN:
        return None
    if isinstance(x, dict):
        x = x.values()
    elif isinstance(x, slice):
        x = (x.start, x.stop, x.step)
    elif not isinstance(x, (tuple, list)):
        return None
    found = None
    for part in x:
        kind = type(part)
        if kind in _PLAIN:
            continue
        level = part.level if kind is Batch else level_of(part)
        if level is not None and (found is None or level.serial > found.serial):
            found = level
    return found


def levels_in(x: Any) -> set[Level]:
    """All levels among nested arguments."""
    x = getattr(x, "_array", x)
    if isinstance(x, Batch):
        return {x.level, *levels_in(x.data)}
    return {level for part in x for level in levels_in(part)} if isinstance(x, tuple) else set()


def sample(x: Any, level: Level, i: int) -> Any:
    """Sample i of the batches among nested arguments; all else as it is."""
    if isinstance(x, Batch):
        return x.data[(i if x.data.shape[0] > 1 else 0, ...)] if x.level is level else x
    if isinstance(x, (tuple, list)):
        parts = [sample(part, level, i) for part in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    if isinstance(x, dict):
        return {key: sample(part, level, i) for key, part in x.items()}
    return x


def gathered(results: list[Any], level: Level) -> Any:
    """The results of the samples as one batch; of tuples, a tuple of batches."""
    first = results[0]
    if isinstance(first, (tuple, list)):
        parts = [gathered(list(part), level) for part in zip(*results, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    if not hasattr(first, "shape"):
        if all(r is first or r == first for r in results):
            return first
        raise UnbatchableError(level, _BRANCH)
    if any(r.shape != first.shape for r in results):
        raise UnbatchableError(level, "the samples give results of different shapes")
    return Batch(level, np.stack([np.asarray(r) if isinstance(r, np.generic) else r for r in results]))


def by_loop(function: Callable[..., Any], level: Level, args: Any, kwargs: Any) -> Any:
    """A function on one sample after the other."""
    if not level.size:
        raise UnbatchableError(level, f"{function.__name__} of no samples at all")
    each = [function(*sample(args, level, i), **sample(kwargs, level, i)) for i in range(level.size)]
    return gathered(each, level)


def _as_method(function: Any) -> Any:
    """A function of NumPy's as a method."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    return method


class Batch(NDArrayOperatorsMixin):
    """Samples side by side, with the shape of one.

    Attributes:
        level: the call of vmap to which it belongs.
        data: the samples along its first axis, which has length 1 where all are the same.
    """

    __slots__ = ("__weakref__", "data", "level")

    def __init__(self, level: Level, data: Any) -> None:
        self.level, self.data = level, data

    dtype = property(lambda self: self.data.dtype)
    shape = property(lambda self: self.data.shape[1:])
    ndim = property(lambda self: self.data.ndim - 1)
    itemsize = property(lambda self: self.data.itemsize)
    strides = property(lambda self: self.data.strides[1:])
    base = property(lambda self: self.data)  # so that stamps of writes go to the array itself
    flags = property(lambda self: _like_a_sample(self).flags)
    T = property(np.transpose)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        return self.size * int(self.itemsize)

    def __len__(self) -> int:
        return int(self.shape[0])

    def __hash__(self) -> int:
        return id(self)

    # --- NumPy's protocols ----------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(_is_tensor(type(x)) for x in inputs):
            return NotImplemented
        level: Any = level_of((inputs, kwargs))
        out = kwargs.pop("out", None)
        if method == "at":
            return _at(level, ufunc, *inputs)
        if method != "__call__" or (ufunc.signature is not None and ufunc is not np.matmul):
            return by_loop(getattr(ufunc, method), level, inputs, kwargs)
        if out is not None:
            return _into(level, out[0], self.__array_ufunc__(ufunc, method, *inputs, **kwargs))
        if ufunc is np.matmul:
            return Batch(level, RULES[np.matmul](level, *inputs))
        made = ufunc(*operands(level, inputs), **kwargs)
        return tuple(Batch(level, m) for m in made) if isinstance(made, tuple) else Batch(level, made)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if any(map(_is_tensor, types)):
            return NotImplemented
        level = level_of((args, kwargs)) or self.level
        if function in OF_LAYOUT:
            return function(*_like_a_sample(args), **_like_a_sample(kwargs))
        if function in _MAKERS:
            return self._made(function, args, kwargs)
        if level_of((args, kwargs)) is None:  # such as np.arange(3, like=self)
            return Batch(self.level, function(*args, **kwargs)[None])
        if function in _OF_ANY_SHAPE or (function is np.where and len(args) == 1):
            raise UnbatchableError(level, _SHAPES.format(function.__name__))
        out = kwargs.pop("out", None)
        if out is not None:
            return _into(level, out, function(*args, **kwargs))
        if function in WRITING:
            return _write(level, function, args, kwargs)
        rule = RULES.get(function)
        try:
            made = rule(level, *args, **kwargs) if rule is not None else None
        except DeclinedError:
            made = None
        if made is None:
            return by_loop(function, level, args, kwargs)
        if isinstance(made, tuple):
            parts = [Batch(level, m) for m in made]
            return type(made)(*parts) if hasattr(made, "_fields") else tuple(parts)
        return Batch(level, made)

    def _made(self, function: Any, args: Any, kwargs: Any) -> Any:
        """np.zeros and its like, for every sample."""
        shape, *rest = args
        if level_of((rest, kwargs)) is not None:  # np.full of a number that each sample has
            out = self._made(np.empty, (shape, *rest[1:]), kwargs)
            out[...] = rest[0]
            return out
        sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
        kin = None if type(self.data) is ndarray else self.data
        return Batch(self.level, function((self.level.size, *sizes), *rest, **kwargs, like=kin))

    def __getitem__(self, index: Any) -> Any:
        level: Any = level_of((self, index))
        if level is not self.level:
            return lifted(self, level)[index]
        try:
            place, moved = physical(level, self.data, index)
        except DeclinedError:
            return by_loop(lambda x, i: x[i], level, (self, index), {})
        found = self.data[place]
        return Batch(level, found if moved is None else _moved(found, *moved))

    def __setitem__(self, index: Any, value: Any) -> None:
        level: Any = level_of((self, index, value))
        if level is not self.level:
            raise UnbatchableError(level, _WAY_OUT)
        differs = level_of((index, value)) is level
        if differs and self.data.shape[0] != level.size:
            self._repeat()
        try:
            place, moved = physical(level, self.data, index)
        except DeclinedError:
            by_loop(_assign, level, (self, index, value), {})
            return
        selected = self.data[place]
        if moved is not None:
            selected = _moved(selected, *moved)
        if isinstance(value, (bool, int, float, np.generic)):
            self.data[place] = value
            return
        while np.ndim(value) > selected.ndim - 1 and value.shape[0] == 1:
            value = value[0]
        laid = np.broadcast_to(aligned(level, value, selected.ndim - 1), selected.shape)
        self.data[place] = laid if moved is None else _moved(laid, moved[1], moved[0])

    def _repeat(self) -> None:
        """Give each sample memory of its own."""
        if not _owns(self.data):
            raise UnbatchableError(self.level, _WAY_OUT)
        self.data = np.repeat(self.data, self.level.size, 0)

    # --- methods that ops use -----------------------------------------------------------------------------

    # A copy may be written to next, with values that differ: it has memory for every sample.

    def astype(self, dtype: Any, order: Any = "K", copy: bool = True) -> Any:
        if not copy and self.data.dtype == dtype:
            return self
        return Batch(self.level, full(self.level, self.data).astype(dtype, order))

    def copy(self, order: Any = "C") -> Any:
        return Batch(self.level, full(self.level, self.data).copy(order))

    def reshape(self, *shape: Any) -> Any:
        return np.reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Any:
        return np.transpose(self, (axes[0] if len(axes) == 1 else axes) or None)

    def ravel(self, order: str = "C") -> Any:
        return np.reshape(self, -1)

    def alias(self) -> Any:
        return Batch(self.level, self.data)

    def view(self, dtype: Any) -> Any:
        return Batch(self.level, self.data.view(dtype))

    sum, mean, max, min, prod, any, all, argmax, argmin, cumsum, swapaxes, squeeze, clip, round, repeat = map(
        _as_method,
        (np.sum, np.mean, np.max, np.min, np.prod, np.any, np.all, np.argmax, np.argmin, np.cumsum,
         np.swapaxes, np.squeeze, np.clip, np.round, np.repeat),
    )  # fmt: skip
    flatten = ravel

    # --- ways to a value, which there are only where all samples are the same -------------------------------

    def _value(self, text: str) -> Any:
        if self.data.shape[0] == 1 and self.level.size != 1:
            return self.data[0]
        raise UnbatchableError(self.level, text)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self._value(_WAY_OUT), dtype)

    def __bool__(self) -> bool:
        return bool(self._value(_BRANCH))

    def __float__(self) -> float:
        return float(self._value(_NUMBER))

    def __int__(self) -> int:
        return int(self._value(_NUMBER))

    def __index__(self) -> int:
        return self._value(_NUMBER).__index__()

    def item(self) -> Any:
        return self._value(_NUMBER).item()

    def tolist(self) -> Any:
        return self._value(_WAY_OUT).tolist()

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"Batch of {self.level.size}, {self.data!r}"

    def enter(self, tensor: Any) -> Any:
        """A tensor as a batch of the same levels."""
        data: Any = self
        while isinstance(data, Batch):
            tensor, data = data.level.lift(tensor), data.data
        return tensor

    def joined(self, given: Any) -> Any:
        """This batch, but of all levels among nested arguments: for `like`, to make what is written next."""
        made = self
        for level in levels_in(given):
            if not has_level(made, level):
                made = lifted(made, level)
        return made

    # --- an op that was run on it -------------------------------------------------------------------------

    def after(self, op: Any, operands: Any, options: Any) -> Any:
        """How an op must be recorded instead: (op, operands, options), or None where it may stay."""
        return self.level.after(self, op, operands, options)


def _moved(x: Any, source: Any, destination: Any) -> Any:
    return np.moveaxis(x, source, destination)


def _is_tensor(kind: type) -> bool:
    """True for the class of tensors, on which rules run for higher derivatives: they take functions over."""
    return hasattr(kind, "_call_op")


def _owns(data: Any) -> bool:
    while isinstance(data, Batch):
        data = data.data
    return bool(type(data) is ndarray and data.base is None)


def _like_a_sample(x: Any) -> Any:
    """Arguments of functions that look at shapes and dtypes only."""
    if isinstance(x, Batch):
        return one_sample(x) if everything(x).size else np.empty(x.shape, x.dtype)
    if isinstance(x, (tuple, list)):
        return type(x)(map(_like_a_sample, x))
    return {key: _like_a_sample(part) for key, part in x.items()} if isinstance(x, dict) else x


def _into(level: Level, out: Any, made: Any) -> Any:
    """A result written to `out`, which is returned."""
    if not isinstance(out, Batch) or out.level is not level:
        raise UnbatchableError(level, _WAY_OUT)
    out[...] = made
    return out


def _assign(x: Any, index: Any, value: Any) -> None:
    x[index] = value


def _write(level: Level, function: Any, args: Any, kwargs: Any) -> Any:
    target = args[0]
    if not isinstance(target, Batch) or target.level is not level:
        raise UnbatchableError(level, _WAY_OUT)
    if function is np.copyto and set(kwargs) <= {"casting"}:
        target[...] = args[1]
        return None
    if target.data.shape[0] != level.size:
        target._repeat()
    return by_loop(function, level, args, kwargs)


def _at(level: Level, ufunc: Any, target: Any, index: Any, *value: Any) -> None:
    """np.add.at and its like."""
    if not isinstance(target, Batch) or target.level is not level:
        raise UnbatchableError(level, _WAY_OUT)
    if target.data.shape[0] != level.size:
        target._repeat()
    try:
        place, moved = physical(level, target.data, index)
    except DeclinedError:
        by_loop(ufunc.at, level, (target, index, *value), {})
        return
    selected = target.data[place]
    if moved is not None:
        selected = _moved(selected, *moved)
    laid = [np.broadcast_to(aligned(level, v, selected.ndim - 1), selected.shape) for v in value]
    ufunc.at(target.data, place, *[v if moved is None else _moved(v, moved[1], moved[0]) for v in laid])


def _in_place(ufunc: Any) -> Any:
    def method(self: Any, other: Any) -> Any:
        """The result over this one's memory where it fits; a new batch else."""
        made = ufunc(self, other)
        fits = made.level is self.level and made.data.shape == self.data.shape and made.dtype == self.dtype
        if not fits:
            return made
        self.data[...] = made.data
        return self

    return method


for _name, _ufunc in {
    "iadd": np.add, "isub": np.subtract, "imul": np.multiply, "itruediv": np.true_divide,
    "ifloordiv": np.floor_divide, "ipow": np.power, "imod": np.remainder,
    "iand": np.bitwise_and, "ior": np.bitwise_or, "ixor": np.bitwise_xor,
}.items():  # fmt: skip
    setattr(Batch, f"__{_name}__", _in_place(_ufunc))
