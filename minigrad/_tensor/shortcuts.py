"""Faster ways to record the common calls. Skip this file at first: `record` is the complete way.

A network's step is made of few kinds of calls: one or two tensors and no options; a layer, `linear`; an op
with a gradient for its first operand only. Each kind gets a closure that asks only its own questions, and
hands anything unusual (a NumPy array, another dtype, an error) to the complete way. A law holds that each
shortcut gives the same result and the same node as `record`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import cache, partial
from inspect import Parameter
from typing import Any

import numpy as np

from minigrad.engine.mode import current
from minigrad.engine.node import Node, tick
from minigrad.engine.silence import quiet, silently
from minigrad.ops.op import Op

from .documentation import named
from .out import into
from .record import Call, bind, cast, inferred, made, new, record

ndarray = np.ndarray
Recorder = Callable[[Sequence[Any], dict[str, Any]], tuple[Any, ...]]
# The errors with which a shortcut says: not this way. All others, such as MemoryError, are the caller's.
DECLINED = (AttributeError, TypeError, ValueError, IndexError, KeyError, OverflowError, FloatingPointError)


@cache
def call_of(op: Op) -> Call:
    """The Python function of an op: takes tensors, records, returns a tensor."""
    for fits, make in WAYS:
        if op.ours and fits(op):
            return named(make(op), op)
    return named(_general(op), op)


@cache
def recorder_of(op: Op) -> Recorder:
    """A function of (operands, options) that runs an op and records it, as `record` does."""
    if op.ours and not op.rules and op.result in ("bool", "int") and len(op.inputs) == 1 and _unbound(op):
        return _ruleless(op)
    first_only = op.ours and list(op.rules) == list(op.inputs[:1]) and len(op.inputs) <= 2 and not op.variadic
    return _leading(op) if first_only else partial(record, op)


def _general(op: Op) -> Call:
    """For calls with options: nothing has to be bound where all arguments stand in their places."""
    run = recorder_of(op)
    options = tuple(op.options)
    operands = -1 if op.variadic else len(op.inputs)
    complete = -1 if Parameter.empty in op.options.values() else operands
    everything = -1 if op.variadic else operands + len(options)
    flag = operands + options.index("keepdim") if "keepdim" in options else 0  # 0: an operand, no flag

    def call(*args: Any, **kwargs: Any) -> Any:
        if not kwargs:
            if len(args) == complete:
                return run(args, op.options)[0]
            if len(args) == everything and (not flag or type(args[flag]) is bool):
                return run(args[:operands], dict(zip(options, args[operands:], strict=True)))[0]
            flagged = len(args) > flag > 0
            if 0 <= complete < len(args) < everything and (not flagged or type(args[flag]) is bool):
                return run(args[:operands], {**op.options, **dict(zip(options, args[operands:]))})[0]  # noqa: B905
        elif "out" in kwargs:
            return into(kwargs.pop("out"), op.name, call, args, kwargs)
        return run(*bind(op, args, kwargs))[0]

    return call


def _fits_unary(op: Op) -> bool:
    # By its domain an op says that it is elementwise: the result has the operand's shape.
    return _plain(op) and len(op.inputs) == 1 and not callable(op.domain)


def _unary(op: Op) -> Call:
    forward, pick = op.forward, op.picks[op.inputs[0]]
    by_x, by_out = op.needs[op.inputs[0]] == op.inputs, op.needs[op.inputs[0]] == ("out",)
    general = _general(op)

    def call(input: Any, *, out: Any = None) -> Any:
        if out is not None:
            return into(out, op.name, call, (input,), {})
        try:
            x = input._array
            parent = input._node
            out = forward(x) if warnings.filters[0] is quiet.first else silently(forward, x)
        except DECLINED:
            pass
        else:
            if type(out) is not ndarray:  # NumPy returns scalars where 0-d arrays are meant
                if type(x) is not ndarray:
                    return general(input)
                out = np.asarray(out)
            dtype = out.dtype
            if dtype is not x.dtype:  # integers: the general path promotes them
                return general(input)
            result = new(made.tensor)
            result._array = out
            mode = current()
            if parent is None or not mode.recording:
                result._node = None
                return inferred(result) if mode.inference else result
            result._node = node = Node()
            node.tick = tick()
            node.op = op
            node.parent_a = parent
            node.saved_a = out if by_out else x if by_x else pick((x, out))
            node.parent_b = None
            node.further = ()
            node.shape = parent.shape
            node.dtype = dtype
            node.exact = True
            node.watch = None
            if mode.recorder is not None:
                mode.recorder(node, (input,), out)
            return result
        return general(input)

    return call


def _fits_constant(op: Op) -> bool:
    return _bare(op) and not op.rules


def _constant(op: Op) -> Call:
    """For functions without a derivative: nothing is recorded."""
    forward, count = op.forward, len(op.inputs)
    general = _general(op)

    def call(*given: Any, out: Any = None, **named: Any) -> Any:
        if out is not None:
            return into(out, op.name, call, given, named)
        if named or len(given) != count:
            return general(*given, **named)
        try:
            first, *others = given
            arrays = [first._array]
            dtype = arrays[0].dtype
            for x in others:
                number = type(x) is int or type(x) is float
                arrays.append(x if number else x._array)
                if not number and x._array.dtype is not dtype:
                    return general(*given)
            out = forward(*arrays) if warnings.filters[0] is quiet.first else silently(forward, *arrays)
        except DECLINED:
            pass
        else:
            if type(out) is ndarray and out.dtype is dtype:
                result = new(made.tensor)
                result._array = out
                result._node = None
                return inferred(result) if current().inference else result
        return general(*given)

    return call


def _fits_binary(op: Op) -> bool:
    return _plain(op) and len(op.inputs) == 2 and set(op.rules) == set(op.inputs)


def _binary(op: Op) -> Call:
    forward = op.forward
    first, second = op.inputs
    pick_a, pick_b = op.picks[first], op.picks[second]
    a_saves, b_saves = bool(op.needs[first]), bool(op.needs[second])
    elementwise = isinstance(forward, np.ufunc) and forward.signature is None
    a_by_b, b_by_a = op.needs[first] == (second,), op.needs[second] == (first,)
    general = _general(op)

    def call(input: Any, other: Any, *, out: Any = None) -> Any:
        if out is not None:
            return into(out, op.name, call, (input, other), {})
        try:
            a = input._array
            parent_a = input._node
            dtype = a.dtype
            kind = type(other)
            if kind is float or kind is int:
                b, parent_b = other, None
            else:
                b = other._array
                parent_b = other._node
                if b.dtype is not dtype:
                    return general(input, other)
            out = forward(a, b) if warnings.filters[0] is quiet.first else silently(forward, a, b)
        except DECLINED:
            pass
        else:
            if type(out) is not ndarray:
                if not isinstance(out, np.generic):
                    return general(input, other)
                out = np.asarray(out)
            if out.dtype is not dtype:
                return general(input, other)
            result = new(made.tensor)
            result._array = out
            mode = current()
            if (parent_a is None and parent_b is None) or not mode.recording:
                result._node = None
                return inferred(result) if mode.inference else result
            result._node = node = Node()
            node.tick = tick()
            node.op = op
            node.parent_a = parent_a
            node.parent_b = parent_b
            node.saved_a = (
                None if parent_a is None else b if a_by_b else pick_a((a, b, out)) if a_saves else ()
            )
            node.saved_b = (
                None if parent_b is None else a if b_by_a else pick_b((a, b, out)) if b_saves else ()
            )
            node.further = ()
            exact = True
            # Many nodes share one tuple, a parent's: that spares memory, and asking the array for another.
            if (
                elementwise
                and parent_a is not None
                and parent_b is not None
                and parent_a.shape == parent_b.shape
            ):
                shape = parent_a.shape
            else:
                shape = out.shape
                if parent_a is not None:
                    if parent_a.shape == shape:
                        shape = parent_a.shape
                    else:
                        exact = False
                if parent_b is not None and parent_b.shape != shape:
                    exact = False
            node.shape = shape
            node.dtype = dtype
            node.exact = exact
            node.watch = None
            if mode.recorder is not None:
                mode.recorder(node, (input, other), out)
            return result
        return general(input, other)

    return call


def _plain(op: Op) -> bool:
    """True if an op takes tensors of one dtype, all of them, and nothing else."""
    return _bare(op) and bool(op.rules)


def _bare(op: Op) -> bool:
    bare = not (op.options or op.constants or op.variadic or op.wants_shapes or op.view or op.optional)
    return bare and op.result != "bool" and op.promote


def _fits_affine(op: Op) -> bool:
    saves = {"x": ("weight",), "weight": ("x",), "bias": ("bias_shape",)}
    return op.exact and op.needs == saves and not (op.options or op.constants or op.view or op.promote)


def _affine(op: Op) -> Call:
    """For layers: three tensors of one floating dtype.

    The first two save each other, the third its shape.
    """
    forward = op.forward
    rule_c = op.rules["bias"]
    general = _general(op)

    def call(input: Any, weight: Any, bias: Any = None) -> Any:
        try:
            a = input._array
            b = weight._array
            c = bias._array
            parent_a = input._node
            parent_b = weight._node
            parent_c = bias._node
            dtype = a.dtype
            if b.dtype is not dtype or c.dtype is not dtype:
                return general(input, weight, bias)
            out = forward(a, b, c) if warnings.filters[0] is quiet.first else silently(forward, a, b, c)
        except DECLINED:
            pass
        else:
            if type(out) is not ndarray:
                return general(input, weight, bias)
            result = new(made.tensor)
            result._array = out
            mode = current()
            if not mode.recording or (parent_a is None and parent_b is None and parent_c is None):
                result._node = None
                return inferred(result) if mode.inference else result
            result._node = node = Node()
            node.tick = tick()
            node.op = op
            node.parent_a = parent_a
            node.saved_a = None if parent_a is None else b
            node.parent_b = parent_b
            node.saved_b = None if parent_b is None else a
            node.further = () if parent_c is None else (parent_c, rule_c, (parent_c.shape,), ())
            node.shape = out.shape
            node.dtype = dtype
            node.exact = True
            node.watch = None
            if mode.recorder is not None:
                mode.recorder(node, (input, weight, bias), out)
            return result
        return general(input, weight, bias)

    return call


def _leading(op: Op) -> Recorder:
    """For a gradient that goes to the first of at most two operands: reductions, reshapes, losses by class.

    The second is a tensor without a gradient, like those classes.
    """
    pick = op.picks[op.inputs[0]]
    paired, constant, view = len(op.inputs) == 2, bool(op.constants), op.view
    given, wants_shapes = op.result == "given", op.wants_shapes

    def run(operands: Sequence[Any], options: dict[str, Any]) -> tuple[Any, ...]:
        try:
            x = operands[0]
            array, parent = x._array, x._node
            dtype = array.dtype
            if dtype.kind != "f" or type(array) is not ndarray:
                return record(op, operands, options)
            arrays = (array, operands[1]._array) if paired else (array,)
            out = (
                op.forward(*arrays, **options)
                if warnings.filters[0] is quiet.first
                else silently(op.forward, *arrays, **options)
            )
        except DECLINED:
            pass
        else:
            constants: tuple[Any, ...] = ()
            if constant:
                out, *constants = out
            if type(out) is not ndarray:
                if not isinstance(out, np.generic):
                    return record(op, operands, options)
                out = np.asarray(out)
            if out.dtype is not dtype and not given:
                out = cast(out, dtype)  # NumPy's promotion inside a forward widened it
            if view and np.may_share_memory(out, array):
                result = new(made.view)
                result._source = x
            else:
                result = new(made.tensor)
            result._array = out
            mode = current()
            if parent is None or not mode.recording or (given and out.dtype.kind != "f"):
                result._node = None
                return (inferred(result) if mode.inference else result, *constants)
            values = (*arrays, out, *constants, *options.values())
            if wants_shapes:
                values = (*values, *[a.shape for a in arrays])
            result._node = node = Node()
            node.tick = tick()
            node.op = op
            node.parent_a = parent
            node.saved_a = pick(values)
            node.parent_b = None
            node.further = ()
            node.shape = out.shape
            node.dtype = out.dtype
            node.exact = False
            node.watch = None
            if mode.recorder is not None:
                mode.recorder(node, operands, out)
            return (result, *constants)
        return record(op, operands, options)

    return run


def _unbound(op: Op) -> bool:
    return not (op.constants or op.variadic or op.view or op.bools)


def _ruleless(op: Op) -> Recorder:
    """For answers about one tensor, truths and places, that have no derivative."""
    forward = op.forward

    def run(operands: Sequence[Any], options: dict[str, Any]) -> tuple[Any, ...]:
        try:
            (x,) = operands
            array = x._array
            if type(array) is not ndarray:
                return record(op, operands, options)
            if warnings.filters[0] is quiet.first:
                out = forward(array, **options)
            else:
                out = silently(forward, array, **options)
        except DECLINED:
            pass
        else:
            if type(out) is ndarray:
                result = new(made.tensor)
                result._array = out
                result._node = None
                return (inferred(result) if current().inference else result,)
        return record(op, operands, options)

    return run


# Which ops each shortcut is for; the first that fits is taken.
WAYS: tuple[tuple[Callable[[Op], bool], Callable[[Op], Call]], ...] = (
    (_fits_unary, _unary),
    (_fits_constant, _constant),
    (_fits_binary, _binary),
    (_fits_affine, _affine),
)
