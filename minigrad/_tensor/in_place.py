"""Writing in place: right, recorded and stamped, or refused before anything is written."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from minigrad.engine import messages
from minigrad.engine.mode import mode
from minigrad.engine.node import Node
from minigrad.engine.silence import silently
from minigrad.engine.writes import writes
from minigrad.ops.arrays import is_foreign
from minigrad.ops.op import REGISTRY

from . import compositions as composed
from .calls import CALLS
from .convert import as_array, number_as
from .documentation import like
from .dtype import category
from .index import normalize as normalize_index
from .later import Later
from .methods import Operations
from .record import Call, Recorded, cast, history_of, made, wrap
from .tracing import trace_of_thread

if TYPE_CHECKING:
    from .tensor import Tensor

_DOCSTRING = """As `{0}`, written over this tensor, which is returned; the gradient flows as it would there.

Raises:
    RuntimeError: for a leaf that requires grad, outside `no_grad`; for a result of another shape, or of a
        dtype that this one does not hold. Nothing is written then.
"""


def made_in_place(name: str, call: Callable[..., Any] | None = None, operator: bool = False) -> Call:
    """The in-place twin of an op: the recorded result, written over the first operand.

    As an operator it declines NumPy's arrays: as in PyTorch, `x += array` makes another tensor.
    """
    compute: Callable[..., Any] = call or getattr(Operations, name)
    ufunc = (
        REGISTRY[name].forward if name in REGISTRY and isinstance(REGISTRY[name].forward, np.ufunc) else None
    )

    def method(self: Any, *args: Any, **kwargs: Any) -> Tensor:
        return self._replace(f"{name}_", compute, ufunc, args, kwargs)

    def by_operator(self: Any, other: Any) -> Tensor:
        if type(other) is np.ndarray:
            return NotImplemented
        return self._replace(f"{name}_", compute, ufunc, (other,), {})

    if operator:
        return by_operator
    method.__name__ = method.__qualname__ = f"{name}_"
    method.__doc__ = _DOCSTRING.format(name)
    return like(method, compute, "self")


def _in_its_dtype(call: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose result must have the dtype of the tensor over which it is written."""

    @functools.wraps(call)
    def compute(input: Any, *args: Any, **kwargs: Any) -> Any:
        result = call(input, *args, **kwargs)
        if kwargs.get("dtype") is not None and result.dtype != input.dtype:
            raise RuntimeError(
                f"{call.__name__}_: Bad in-place call: input tensor dtype {input.dtype.name} and output "
                f"tensor dtype {result.dtype.name} should match. Nothing was written."
            )
        return result

    return compute


def _in_place(name: str, call: Callable[..., Any] | None = None, operator: bool = False) -> Call:
    """The twin, made when it is first used."""
    later: Any = Later(made_in_place, name, call, operator)
    return later


def _with_operator(name: str, call: Callable[..., Any] | None = None) -> tuple[Call, Call]:
    """The in-place twin of an op, and the operator in place."""
    return _in_place(name, call), _in_place(name, call, operator=True)


class InPlace(Operations):
    """The methods that end in an underscore, and assignment by index."""

    __slots__ = ()

    def __setitem__(self, index: Any, value: Any) -> None:
        place = normalize_index(index, self._array.shape)
        self._put("assignment by index", place, self._assigned(place, value))

    def _assigned(self, place: Any, value: Any) -> Any:
        """A value to be put at an index. Numbers and views' tensors are cast, as PyTorch does; others not."""
        own = self._array.dtype
        if isinstance(value, (list, tuple, np.ndarray)) and np.ndim(value):
            value = wrap(np.array(as_array(value)), None)
            if category(value._array.dtype) > category(own):
                raise RuntimeError(messages.index_dtype(value._array.dtype, own))
            return value
        if not isinstance(value, Recorded):
            return wrap(number_as(value, own), None)
        arrays = [p for p in place if isinstance(p, np.ndarray)] if isinstance(place, tuple) else []
        if arrays and value._array.dtype != own:
            one_mask = len(arrays) == 1 and arrays[0].dtype.kind == "b" and value._array.ndim < 2
            if not (one_mask and value._array.size == 1):
                raise RuntimeError(messages.index_dtype(value._array.dtype, own))
        return value

    def _put(self, name: str, index: Any, value: Any) -> Self:
        if value._array.dtype != self._array.dtype:
            value = value.to(self._array.dtype)
        try:
            return self._replace(name, CALLS["index_put"], None, (value,), {"index": index})
        except (ValueError, TypeError, RuntimeError) as error:
            cause = error if not isinstance(error, RuntimeError) else error.__context__
            if not isinstance(cause, (ValueError, TypeError)):
                raise
            selected = np.empty(self._array.shape, np.bool_)[index].shape
            raise RuntimeError(messages.assignment(name, value._array.shape, selected)) from cause

    # --- in place --------------------------------------------------------------------------------

    add_ = _in_place(
        "add", lambda self, other, *older, alpha=1: Operations.add(self, other, *older, alpha=alpha)
    )
    __iadd__ = _in_place("add", Operations.add, operator=True)
    sub_ = _in_place(
        "sub", lambda self, other, *older, alpha=1: Operations.sub(self, other, *older, alpha=alpha)
    )
    __isub__ = _in_place("sub", Operations.sub, operator=True)
    subtract_ = sub_
    mul_, __imul__ = _with_operator("mul")
    multiply_ = mul_
    div_, __itruediv__ = _with_operator("div")
    divide_ = true_divide_ = div_
    pow_, __ipow__ = _with_operator("pow")
    remainder_, __imod__ = _with_operator("remainder")
    floor_divide_, __ifloordiv__ = _with_operator("floor_divide")
    neg_ = negative_ = _in_place("neg")
    abs_ = absolute_ = _in_place("abs")
    square_ = _in_place("square")
    reciprocal_ = _in_place("reciprocal")
    sign_ = _in_place("sign")
    floor_ = _in_place("floor")
    ceil_ = _in_place("ceil")
    round_ = _in_place("round")
    exp_ = _in_place("exp")
    expm1_ = _in_place("expm1")
    log_ = _in_place("log")
    log2_ = _in_place("log2")
    log10_ = _in_place("log10")
    log1p_ = _in_place("log1p")
    sqrt_ = _in_place("sqrt")
    rsqrt_ = _in_place("rsqrt")
    sin_ = _in_place("sin")
    cos_ = _in_place("cos")
    tan_ = _in_place("tan")
    asin_ = arcsin_ = _in_place("asin")
    acos_ = arccos_ = _in_place("acos")
    atan_ = arctan_ = _in_place("atan")
    atan2_ = arctan2_ = _in_place("atan2")
    sinh_ = _in_place("sinh")
    cosh_ = _in_place("cosh")
    tanh_ = _in_place("tanh")
    asinh_ = arcsinh_ = _in_place("asinh")
    acosh_ = arccosh_ = _in_place("acosh")
    atanh_ = arctanh_ = _in_place("atanh")
    sigmoid_ = _in_place("sigmoid")
    erf_ = _in_place("erf")
    relu_ = _in_place("relu")
    clamp_ = clip_ = _in_place("clamp")
    bitwise_not_ = _in_place("bitwise_not")
    bitwise_and_, __iand__ = _with_operator("bitwise_and")
    bitwise_or_, __ior__ = _with_operator("bitwise_or")
    bitwise_xor_, __ixor__ = _with_operator("bitwise_xor")
    tril_ = _in_place("tril")
    triu_ = _in_place("triu")
    cumsum_ = _in_place("cumsum", _in_its_dtype(Operations.cumsum))
    cumprod_ = _in_place("cumprod", _in_its_dtype(Operations.cumprod))
    addcmul_ = _in_place("addcmul")
    addcdiv_ = _in_place("addcdiv")
    lerp_ = _in_place("lerp")
    masked_fill_ = _in_place("masked_fill")
    index_add_ = _in_place("index_add")
    scatter_ = _in_place("scatter")
    scatter_add_ = _in_place("scatter_add")

    def copy_(self, src: Any, non_blocking: bool = False) -> Self:
        """Write the values of `src`, broadcast and converted; its gradient flows through.

        Arguments:
            src: a tensor.
            non_blocking: accepted; changes nothing.

        Raises:
            RuntimeError: where `src` does not broadcast to this shape.

        >>> import minigrad as torch
        >>> torch.zeros(2).copy_(torch.tensor([1, 2]))
        tensor([1., 2.])
        """
        src = src if isinstance(src, Recorded) else wrap(np.array(as_array(src)), None)
        mine, its = self._array.shape, src._array.shape
        if its != mine and (
            len(its) > len(mine) or any(n not in (1, m) for n, m in zip(its[::-1], mine[::-1], strict=False))
        ):
            raise RuntimeError(messages.assignment("copy_", its, mine))
        return self._put("copy_", (Ellipsis,), src)

    def fill_(self, value: Any) -> Self:
        """Write one number, `value`, everywhere; a tensor of no axes will do.

        >>> import minigrad as torch
        >>> torch.zeros(2).fill_(3)
        tensor([3., 3.])
        """
        if getattr(value, "ndim", 0):
            raise RuntimeError(
                f"fill_ takes a number or a 0-d tensor, not one of shape {tuple(value.shape)}; use copy_"
            )
        value = value if isinstance(value, Recorded) else wrap(number_as(value, self._array.dtype), None)
        return self._put("fill_", (Ellipsis,), value)

    def zero_(self) -> Self:
        """Write 0 everywhere.

        >>> import minigrad as torch
        >>> torch.ones(2).zero_()
        tensor([0., 0.])
        """
        return self._put("zero_", (Ellipsis,), wrap(np.zeros((), self._array.dtype), None))

    def _written(self) -> None:
        """To be called after raw writes to the storage: stamp it, so that graphs that saved it notice."""
        writes.stamp(self._array)

    def _replace(self, name: str, compute: Callable[..., Any], ufunc: Any, args: Any, kwargs: Any) -> Self:
        """Write compute(self, *args) over this tensor, and record that where gradients are recorded."""
        if (trace := trace_of_thread()) is not None:
            trace.takes(self, [getattr(x, "_array", x) for x in (*args, *kwargs.values())])
        recording = mode.recording
        if recording or self._stays_out:
            self._refuse_history(name)
        node = history_of(self)
        others = [*args, *kwargs.values()]
        recorded = recording and (
            node is not None or any(isinstance(x, Recorded) and history_of(x) is not None for x in others)
        )
        if not is_foreign(self._array) and not self._array.flags.writeable:
            self._unlock(name, recorded)
        if not recorded:
            self._overwrite(name, compute, ufunc, args, kwargs)
            return self
        # The op may save this tensor's old values, which are about to be overwritten: it gets a copy.
        before = wrap(self._array.copy(), node)
        args = [before if x is self else x for x in args]
        kwargs = {key: before if x is self else x for key, x in kwargs.items()}
        result = compute(before, *args, **kwargs)
        if is_foreign(self._array):
            self._swap(name, result)
        else:
            self._check_fits(name, result)
            silently(np.copyto, self._array, result._array, casting="unsafe")
            self._written()
        self._rebase(result if result.dtype == self._array.dtype else result.to(self._array.dtype))
        return self

    def _unlock(self, name: str, recorded: bool) -> None:
        """Let an expanded view be written, where PyTorch does so; raise elsewhere."""
        array, root = self._array, getattr(self, "_root", None)
        if root is None or not root._array.flags.writeable:
            raise RuntimeError(messages.not_writable(name))
        overlaps = any(n > 1 and not step for n, step in zip(array.shape, array.strides, strict=True))
        if overlaps and array.size and (recorded or name not in _SAME_EVERYWHERE):
            raise RuntimeError(messages.overlapping(name))
        array.flags.writeable = True

    def _refuse_history(self, name: str) -> None:
        """Raise where a recorded write to this tensor could not be given a right history."""
        node = history_of(self)
        if node is not None and node.op is None:
            raise RuntimeError(messages.leaf_in_place(name, self._array.shape))

    def _overwrite(self, name: str, compute: Callable[..., Any], ufunc: Any, args: Any, kwargs: Any) -> None:
        """An in-place op that nothing records."""
        array = self._array
        floating = array.dtype.kind == "f"
        if is_foreign(array):
            self._swap(name, compute(self, *args, **kwargs))
            return
        plain = ufunc is not None and floating and not kwargs and len(args) < ufunc.nin
        if plain and all(_fits(array, x) for x in args):
            silently(ufunc, array, *[getattr(x, "_array", x) for x in args], out=array)
        elif compute is CALLS["index_put"]:
            array[kwargs["index"]] = args[0]._array
        elif compute is composed.masked_fill and 0 in array.strides and len(args) == 2:  # expanded
            result = compute(self, *args)
            self._check_fits(name, result)
            marked = np.broadcast_to(args[0]._array, array.shape)
            array[marked] = result._array[marked]
        else:
            result = compute(self, *args, **kwargs)
            self._check_fits(name, result)
            silently(np.copyto, array, result._array, casting="unsafe")
        self._written()

    def _swap(self, name: str, result: Any) -> None:
        """Take a new array, where the storage is another library's, which may not be written."""
        self._check_fits(name, result)
        if hasattr(self, "_root") or type(self) is made.foreign_alias:
            if not hasattr(self._array, "level"):
                raise RuntimeError(messages.foreign_view(name, self._array))
            self._array[...] = result._array  # a view within a batch of `func.vmap`
            self._written()
            return
        self._array = cast(result._array, self._array.dtype)

    def _check_fits(self, name: str, result: Any) -> None:
        if result.shape != self._array.shape:
            raise RuntimeError(
                f"{name}: output with shape {self._array.shape} doesn't match the broadcast shape "
                f"{tuple(result.shape)}; an in-place op cannot grow its tensor. Nothing was written."
            )
        if category(result._array.dtype) > category(self._array.dtype):
            raise RuntimeError(messages.narrower(name, result.dtype, self._array.dtype))

    def _rebase(self, result: Any) -> None:
        carry_retain(history_of(self), result._node)
        self._node = result._node


# PyTorch lets these write to expanded tensors: all elements at one place get the same value.
_SAME_EVERYWHERE = ("fill_", "zero_", "masked_fill_", "assignment by index", "index_fill_")


def carry_retain(old: Node | None, new: Node | None) -> None:
    """A tensor that retains its gradient does so after a write too: then it is the new value's."""
    if old is not None and new is not None and old.op is not None and old.watch and old.watch.keep:
        old.watch.keep = False
        new.watched().keep = True


def _fits(array: Any, x: Any) -> bool:
    """True if a ufunc may write its result on `array`, of floats, and `x` straight into `array`."""
    if type(x) is float:
        return True
    other = getattr(x, "_array", None)
    if other is None or other.dtype != array.dtype:
        return False
    mine, its = array.shape, other.shape
    return its == mine or (
        len(its) <= len(mine)
        and all(n in (1, m) for n, m in zip(its, mine[len(mine) - len(its) :], strict=True))
    )
