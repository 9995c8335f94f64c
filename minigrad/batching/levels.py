"""The calls of vmap that run: how samples become a batch in the graph, and come out again."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any, NamedTuple

from minigrad._tensor.record import Recorded
from minigrad._tensor.tracing import levels_of_thread, set_levels
from minigrad.ops.op import REAL, REGISTRY, Op

from .batch import (
    UnbatchableError,
    batched,
    by_loop,
    gathered,
    has_level,
    level_of,
    lifted,
    sample,
    summed,
    unbatched,
)

_serial = count()

_DRAWN = "vmap: a random number is drawn; say randomness='same' or randomness='different', or draw it outside"
_SAME = "vmap: with randomness='same' the distribution must be the same for all samples"


class VmapInfo(NamedTuple):
    """The call of vmap, as a Function's `vmap` is told of it."""

    batch_size: int
    randomness: str


class Level:
    """One call of vmap.

    Attributes:
        size: how many samples there are.
        randomness: how they draw random numbers: "error", "different" or "same".
        serial: a newer level has a greater one.
    """

    __slots__ = ("randomness", "serial", "size")

    def __init__(self, size: int, randomness: str = "error") -> None:
        self.size, self.randomness, self.serial = size, randomness, next(_serial)

    def lift(self, x: Any) -> Any:
        """A tensor that is the same for all samples, as one that is a batch."""
        return x if self.holds(x) else LIFT(x, level=self)

    def leave(self, x: Any) -> Any:
        """A tensor with the samples along a first axis."""
        return UNBATCH(self.lift(x), level=self)

    def holds(self, x: Any) -> bool:
        """True for a tensor that is a batch of this level."""
        return has_level(x._array, self)

    def draws(self, stream: Any) -> Any:
        """NumPy's stream of a Generator, as the samples see it."""
        return _Draws(stream, self)

    def each(self, function: Callable[..., Any], args: Any, kwargs: Any, draws: bool) -> Any:
        """A function of tensors on one sample after the other; `draws` tells whether it draws numbers."""
        if draws and self.randomness != "different":
            raise RuntimeError(_DRAWN if self.randomness == "error" else _SAME)
        laid = _unbatched_tensors((args, kwargs), self)
        before = levels_of_thread()
        set_levels(tuple(level for level in before if level is not self))
        try:
            results = []
            for i in range(self.size):
                positional, named = _row(laid, i, self)
                results.append(function(*positional, **named))
        finally:
            set_levels(before)
        if not results:
            raise UnbatchableError(self, f"{function.__name__} of no samples at all")
        return self._stacked(results)

    def _stacked(self, results: list[Any]) -> Any:
        first = results[0]
        if isinstance(first, tuple):
            parts = [self._stacked(list(column)) for column in zip(*results, strict=True)]
            return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)
        if any(x.shape != first.shape for x in results):
            raise UnbatchableError(self, "the samples give results of different shapes")
        return BATCH(REGISTRY["stack"](results, dim=0), level=self)

    def map_function(self, function: Any, args: Any) -> Any:
        """The `vmap` of an autograd.Function, which is told where the axis of the samples is."""
        batched_args = [isinstance(x, Recorded) and has_level(x._array, self) for x in args]
        given = [UNBATCH(x, level=self) if has else x for x, has in zip(args, batched_args, strict=True)]
        info = VmapInfo(self.size, self.randomness)
        before = levels_of_thread()
        set_levels(before[: before.index(self)])
        try:
            made, dims = function.vmap(info, tuple(0 if has else None for has in batched_args), *given)
        finally:
            set_levels(before)
        if not isinstance(made, tuple):
            return self._placed(made, dims)
        where = dims if isinstance(dims, tuple) else (dims,) * len(made)
        return tuple(map(self._placed, made, where))

    def _placed(self, x: Any, dim: int | None) -> Any:
        return x if dim is None else BATCH(x.movedim(dim, 0) if dim else x, level=self)

    def by_samples(self, op: Op) -> Op:
        """The op on one sample after the other."""
        return by_samples(op)

    def after(self, out: Any, op: Op, operands: Any, options: Any) -> Any:
        """See `Batch.after`: an operand outside of the level enters it first.

        So each sample's gradient reaches the operand summed.
        """
        if op is BATCH or op is LIFT or op is ENTER:
            return None
        if op.by_values and not isinstance(op.forward, _BySamples):
            return by_samples(op), operands, options
        entered = [out.enter(x) if isinstance(x, Recorded) else x for x in operands]
        same = all(a is b for a, b in zip(operands, entered, strict=True))
        return None if same else (op, entered, options)


class _Draws:
    """NumPy's stream of a Generator within vmap."""

    def __init__(self, stream: Any, level: Level) -> None:
        self._stream, self._level = stream, level

    def __getattr__(self, name: str) -> Any:
        method, level = getattr(self._stream, name), self._level
        if not callable(method):
            return method

        def draw(*args: Any, **kwargs: Any) -> Any:
            if level.randomness == "error":
                raise RuntimeError(_DRAWN)
            if level.randomness == "different":
                return by_loop(method, level, args, kwargs)
            if level_of((args, kwargs)) is not None:
                raise RuntimeError(_SAME)
            return method(*args, **kwargs)

        return draw


def _outside(level: Level) -> None:
    """Raise where a gradient would leave a level that still runs."""
    if level in levels_of_thread():
        raise RuntimeError(
            "vmap: within the mapped function, backward() and autograd.grad() reach a tensor of outside; use "
            "func.grad, func.vjp or func.jacrev there, which give each sample its own, or call backward "
            "after vmap"
        )


def _leave(g: Any, level: Level) -> Any:
    _outside(level)
    return UNBATCH(g, level=level)


def _leave_summed(g: Any, level: Level) -> Any:
    _outside(level)
    return SUM(g, level=level)


ENTER: Op = Op(
    "vmap", lambda x, *, level: batched(x, level),
    x=_leave,
    formula="the gradients of the samples, side by side", domain=REAL, register=False,
)  # fmt: skip
BATCH: Op = Op(
    "vmap_batch", lambda x, *, level: batched(x, level),
    x=lambda g, level: UNBATCH(g, level=level),
    formula="the gradients of the samples, side by side", domain=REAL, register=False,
)  # fmt: skip
UNBATCH: Op = Op(
    "vmap_output", lambda x, *, level: unbatched(x, level),
    x=lambda g, level: BATCH(g, level=level),
    formula="the gradient of each sample", domain=REAL, register=False,
)  # fmt: skip
LIFT: Op = Op(
    "vmap_shared", lambda x, *, level: lifted(x, level),
    x=_leave_summed,
    formula="the sum of the samples' gradients", domain=REAL, register=False,
)  # fmt: skip
SUM: Op = Op(
    "vmap_sum", lambda x, *, level: summed(x, level),
    x=lambda g, level: LIFT(g, level=level),
    formula="the gradient, for each sample", domain=REAL, register=False,
)  # fmt: skip


class _BySamples:
    """The forward of an op on one sample after the other."""

    def __init__(self, forward: Callable[..., Any]) -> None:
        self.forward, self.__name__ = forward, getattr(forward, "__name__", "forward")

    def __call__(self, *arrays: Any, **options: Any) -> Any:
        level = level_of((arrays, options))
        return self.forward(*arrays, **options) if level is None else by_loop(self, level, arrays, options)


@cache
def by_samples(op: Op) -> Op:
    """The op that treats one sample after the other, forward and backward."""
    if isinstance(op.forward, _BySamples):
        return op
    looped = copy.copy(op)
    looped.forward = _BySamples(op.forward)
    looped.rules = {name: _rule_by_samples(rule) for name, rule in op.rules.items()}
    pairs = zip(op.inputs, op.pulls, strict=True)
    looped.pulls = tuple(None if pull is None else (looped.rules[name], pull[1]) for name, pull in pairs)
    first, second, *_ = (*(() if op.listed else op.inputs), "", "")
    looped.rule_a, looped.rule_b = looped.rules.get(first), looped.rules.get(second)
    looped.ours = looped.exact = looped.view = False
    return looped


def _rule_by_samples(rule: Callable[..., Any]) -> Callable[..., Any]:
    def looped(g: Any, *saved: Any) -> Any:
        given = (g, *saved)
        level = level_of(_storage(given))
        if level is None:
            return rule(*given)
        if not isinstance(g, Recorded):
            return by_loop(looped, level, given, {})
        laid = _unbatched_tensors(given, level)
        parts = [looped(*_row(laid, i, level)) for i in range(level.size)]
        if not any(isinstance(part, Recorded) for part in parts):
            return gathered(parts, level)
        return BATCH(REGISTRY["stack"](parts, dim=0), level=level)

    return looped


def _storage(x: Any) -> Any:
    """Nested arguments with the arrays of tensors in their place."""
    if isinstance(x, tuple):
        return tuple(map(_storage, x))
    return x._array if isinstance(x, Recorded) else x


class _Rows:
    """A tensor of the samples along its first axis."""

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor


def _unbatched_tensors(x: Any, level: Level) -> Any:
    if isinstance(x, tuple):
        return tuple(_unbatched_tensors(part, level) for part in x)
    if isinstance(x, dict):
        return {key: _unbatched_tensors(part, level) for key, part in x.items()}
    if isinstance(x, Recorded) and has_level(x._array, level):
        return _Rows(UNBATCH(x, level=level))
    return x


def _row(x: Any, i: int, level: Level) -> Any:
    if isinstance(x, tuple):
        return tuple(_row(part, i, level) for part in x)
    if isinstance(x, dict):
        return {key: _row(part, i, level) for key, part in x.items()}
    return x.tensor[i] if isinstance(x, _Rows) else sample(x, level, i)
