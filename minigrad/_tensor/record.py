"""From an op's record to a call: unwrap the operands, run forward, record what backward will need.

`call_of` makes one Python function per op. Ops of one or two operands without options, the bulk of any
graph, and `linear`, get a closure with nothing in it that they do not use. The others sort out their options
in `_general`, and are recorded by `_leading` where the gradient goes to the first operand only. All else, and
every unusual operand (numbers on both sides, another dtype, a NumPy array), is left to `_record`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from inspect import Parameter
from typing import Any

import numpy as np

from minigrad.engine import messages
from minigrad.engine.mode import current
from minigrad.engine.node import NO_EDGE, Edge, Node, tick
from minigrad.ops.op import Op

from .dtype import as_dtype, get_default_dtype, result_type

ndarray = np.ndarray
new = object.__new__
Call = Callable[..., Any]
Recorder = Callable[[Sequence[Any], dict[str, Any]], tuple[Any, ...]]

# A log of 0 is -inf and an overflow is inf, here as in PyTorch, without a word. NumPy warns; np.errstate
# around every forward would cost more than most forwards. So warnings raised by lines of this package are
# filtered, and where a stricter filter turns them into errors, `forward_again` computes once more in silence.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"minigrad\.")

# PyTorch's and NumPy's keywords for what a record calls by its own names.
_ALIASES = {"axis": "dim", "keepdims": "keepdim"}
_REFUSED = {"out": "write the result with copy_() instead", "dtype": "convert with .to(dtype) instead"}


def bind(op: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Sequence[Any], dict[str, Any]]:
    """Sort a call's arguments into the op's operands and its options."""
    names = op.inputs
    if op.variadic:
        operands, rest = args[0], args[1:]
    else:
        operands, rest = args[: len(names)], args[len(names) :]
    options = dict(op.options)
    if len(rest) > len(options):
        raise TypeError(
            f"{op.name}() takes at most {len(names) + len(options)} arguments ({len(args)} given)"
        )
    options.update(zip(options, rest, strict=False))
    given = dict.fromkeys(names[: len(operands)])
    for key, value in kwargs.items():
        name = _ALIASES.get(key, key)
        if key in ("input", "other") and key not in names:
            name = names[("input", "other").index(key)] if len(names) > ("input", "other").index(key) else key
        if name in given:
            raise TypeError(f"{op.name}() got multiple values for argument {key!r}")
        if name in names and not op.variadic:
            given[name] = value
            operands = (*operands, *(None,) * (names.index(name) - len(operands)), value)
        elif name in options:
            options[name] = value
        elif key in _REFUSED:
            raise TypeError(f"{op.name}() does not take {key}=; {_REFUSED[key]}")
        else:
            known = ", ".join([*names, *options])
            raise TypeError(f"{op.name}() got an unexpected keyword argument {key!r}; it takes {known}")
    for name, value in options.items():
        if value is Parameter.empty:
            raise TypeError(f"{op.name}() missing required argument: {name!r}")
    if not op.variadic and len(operands) < len(names):
        operands = (*operands, *(None,) * (len(names) - len(operands)))
    return operands, options


def unwrap(op: Op, operands: Sequence[Any]) -> tuple[list[Any], list[Node | None], np.dtype[Any]]:
    """The raw arrays (and plain numbers) of an op's operands, their nodes, and the dtype they meet in."""
    arrays: list[Any] = []
    nodes: list[Node | None] = []
    found = False
    for x in operands:
        if type(x) is Result or isinstance(x, Recorded):
            arrays.append(x._array)
            nodes.append(x._node)
            found = True
        else:
            arrays.append(x if type(x) in (float, int) else _constant(op, len(arrays), x))
            nodes.append(None)
    if not found and not any(hasattr(x, "dtype") for x in arrays):
        raise TypeError(messages.operand(op.name, 0, arrays[0] if arrays else None))
    return arrays, nodes, _unify(op, arrays)


def _constant(op: Op, position: int, x: Any) -> Any:
    if type(x) is ndarray:  # the user's: what they write to it later must not reach what the graph saved
        return x.astype(as_dtype(x.dtype))
    if isinstance(x, np.generic):
        # Not a 0-d array: a NumPy scalar is as weak as a Python number, as in PyTorch. Kept as
        # np.float64 it would turn a float32 result into float64.
        return x.item()
    if x is None and not op.variadic and op.inputs[position] in op.optional:
        return None
    if isinstance(x, bool):
        return x
    if isinstance(x, (float, int)):
        return float(x) if isinstance(x, float) else int(x)
    raise TypeError(messages.operand(op.name, position, x))


def _unify(op: Op, arrays: list[Any]) -> np.dtype[Any]:
    """Bring the operands that meet in the result to one dtype (those without a rule are indices or masks)."""
    common = None
    for i in range(len(arrays)) if op.variadic else op.meeting:
        x = arrays[i]
        if x is None:
            continue
        if type(x) is not ndarray or (x.dtype is not common and common is not None):
            break
        common = x.dtype
    else:
        if common is not None and common.kind == "f":  # nearly always
            return common
    meeting = range(len(arrays)) if op.variadic else [i for i in op.meeting if arrays[i] is not None]
    dtypes = [arrays[i].dtype for i in meeting if type(arrays[i]) is ndarray or hasattr(arrays[i], "dtype")]
    alike = all(d is dtypes[0] for d in dtypes)
    if dtypes and alike and len(dtypes) == len(meeting):
        common = dtypes[0]
    elif op.promote or not dtypes:
        common = result_type([arrays[i] for i in meeting])
    elif not alike and any(d != dtypes[0] for d in dtypes):
        raise RuntimeError(messages.mixed_dtypes(op.name, dtypes))
    else:
        common = dtypes[0]
    if common.kind != "f":
        if op.result == "floating":
            raise RuntimeError(
                f"{op.name}: expected a floating tensor, but got {common}. Convert it with .float()"
            )
        if op.result == "float":
            common = get_default_dtype()
    for i in meeting:
        x = arrays[i]
        if hasattr(x, "dtype"):
            if x.dtype is not common:
                arrays[i] = x.astype(common)
        elif not dtypes:
            arrays[i] = np.asarray(x, common)
    return common


def forward_again(op: Op, arrays: Sequence[Any], options: dict[str, Any], error: Exception) -> Any:
    """After a forward failed: once more without warnings if those were errors, else the error with its op."""
    if isinstance(error, (RuntimeWarning, FloatingPointError)):
        with np.errstate(all="ignore"):
            return op.forward(*arrays, **options)
    if not isinstance(error, (ValueError, TypeError, IndexError, OverflowError)):
        raise error
    kind = RuntimeError if isinstance(error, ValueError) else type(error)
    if isinstance(error, TypeError):
        kind = TypeError  # NumPy's own subclasses cannot be made from a message
    raise kind(messages.failed(op.name, [x.shape for x in arrays if hasattr(x, "shape")], error)) from error


class Recorded:
    """What every recorded call takes and makes: storage, and a place in the graph (None for a constant).

    Exactly one subclass says `result=True`: it is the class of the tensors that calls return; and one
    says `view=True`: that of results that may share memory with their first operand.
    """

    __slots__ = ("_array", "_node")
    _array: Any
    _node: Node | None

    def __init_subclass__(cls, *, result: bool = False, view: bool = False) -> None:
        global Result, View  # noqa: PLW0603 (the closures below make tensors, and tensors' methods are the closures)
        if result:
            Result = cls
        if view:
            View = cls


Result: Any = None
View: Any = None


def wrap(array: Any, node: Node | None) -> Any:
    """A tensor over an array, at a place in the graph."""
    tensor = new(Result)
    tensor._array = array
    tensor._node = node
    return tensor


def call_of(op: Op) -> Call:
    """The Python function of an op: takes tensors, records, returns a tensor."""
    bare = not (op.options or op.constants or op.variadic or op.wants_shapes or op.view)
    if bare and not op.optional and op.result != "bool" and op.promote and op.rules:
        if len(op.inputs) == 1:
            return _named(_unary(op), op)
        if len(op.inputs) == 2 and set(op.rules) == set(op.inputs):
            return _named(_binary(op), op)
    # By name: what its rules return has the shapes of its operands, which no record says.
    if op.name == "linear" and op.needs == {"x": ("weight",), "weight": ("x",), "bias": ("bias_shape",)}:
        return _named(_affine(op), op)
    return _named(_general(op), op)


def _named(call: Call, op: Op) -> Call:
    call.__name__ = call.__qualname__ = op.name
    call.__doc__ = op.formula
    return call


def _unary(op: Op) -> Call:
    forward, pick = op.forward, op.picks[op.inputs[0]]
    by_x, by_out = op.needs[op.inputs[0]] == op.inputs, op.needs[op.inputs[0]] == ("out",)
    general = _general(op)

    def call(input: Any) -> Any:
        try:
            x = input._array
            parent = input._node
            out = forward(x)
        except Exception:  # another kind of operand, or an error to be told in full
            return general(input)
        if type(out) is not ndarray:  # NumPy returns scalars where 0-d arrays are meant
            out = np.asarray(out)
        dtype = out.dtype
        if dtype is not x.dtype:  # integers, which have dtypes of their own to become
            return general(input)
        result = new(Result)
        result._array = out
        if parent is None or not (mode := current()).recording:
            result._node = None
            return result
        result._node = node = Node()
        node.tick = tick()
        node.op = op
        node.a = parent
        node.saved_a = out if by_out else x if by_x else pick((x, out))
        node.b = None
        node.more = ()
        node.shape = parent.shape
        node.dtype = dtype
        node.aligned = True
        node.watch = None
        if mode.recorder is not None:
            mode.recorder(node, (input,), out)
        return result

    return call


def _binary(op: Op) -> Call:
    forward = op.forward
    first, second = op.inputs
    pick_a, pick_b = op.picks[first], op.picks[second]
    a_saves, b_saves = bool(op.needs[first]), bool(op.needs[second])
    elementwise = isinstance(forward, np.ufunc) and forward.signature is None
    a_by_b, b_by_a = op.needs[first] == (second,), op.needs[second] == (first,)
    general = _general(op)

    def call(input: Any, other: Any) -> Any:
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
            out = forward(a, b)
        except Exception:
            return general(input, other)
        if type(out) is not ndarray:
            out = np.asarray(out)
        if out.dtype is not dtype:
            return general(input, other)
        result = new(Result)
        result._array = out
        if (parent_a is None and parent_b is None) or not (mode := current()).recording:
            result._node = None
            return result
        result._node = node = Node()
        node.tick = tick()
        node.op = op
        node.a = parent_a
        node.b = parent_b
        if parent_a is not None:
            node.saved_a = b if a_by_b else pick_a((a, b, out)) if a_saves else ()
        if parent_b is not None:
            node.saved_b = a if b_by_a else pick_b((a, b, out)) if b_saves else ()
        node.more = ()
        aligned = True
        # Many nodes share one tuple, a parent's: that spares memory, and asking the array for another.
        if elementwise and parent_a is not None and parent_b is not None and parent_a.shape == parent_b.shape:
            shape = parent_a.shape
        else:
            shape = out.shape
            if parent_a is not None:
                if parent_a.shape == shape:
                    shape = parent_a.shape
                else:
                    aligned = False
            if parent_b is not None and parent_b.shape != shape:
                aligned = False
        node.shape = shape
        node.dtype = dtype
        node.aligned = aligned
        node.watch = None
        if mode.recorder is not None:
            mode.recorder(node, (input, other), out)
        return result

    return call


def _affine(op: Op) -> Call:
    """For `linear`, of which networks are made: three tensors of one floating dtype.

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
            dtype = a.dtype
            if b.dtype is not dtype or c.dtype is not dtype:
                raise TypeError  # to be told in full
            out = forward(a, b, c)
        except Exception:
            return general(input, weight, bias)
        result = new(Result)
        result._array = out
        parent_a = input._node
        parent_b = weight._node
        parent_c = bias._node
        nothing = parent_a is None and parent_b is None and parent_c is None
        if nothing or not (mode := current()).recording:
            result._node = None
            return result
        result._node = node = Node()
        node.tick = tick()
        node.op = op
        node.a = parent_a
        node.saved_a = None if parent_a is None else b
        node.b = parent_b
        node.saved_b = None if parent_b is None else a
        node.more = () if parent_c is None else (parent_c, rule_c, (parent_c.shape,), ())
        node.shape = out.shape
        node.dtype = dtype
        node.aligned = True  # the rule of the bias sums over the rows itself
        node.watch = None
        if mode.recorder is not None:
            mode.recorder(node, (input, weight, bias), out)
        return result

    return call


def _general(op: Op) -> Call:
    record = recorder_of(op)
    options = tuple(op.options)
    operands = -1 if op.variadic else len(op.inputs)
    complete = -1 if Parameter.empty in op.options.values() else operands
    everything = -1 if op.variadic else operands + len(options)

    def call(*args: Any, **kwargs: Any) -> Any:
        if not kwargs:
            if len(args) == complete:
                return record(args, op.options)[0]
            if len(args) == everything:
                return record(args[:operands], dict(zip(options, args[operands:], strict=True)))[0]
        return record(*bind(op, args, kwargs))[0]

    return call


def recorder_of(op: Op) -> Recorder:
    """The function that runs an op's forward on (operands, options) and records it.

    It returns the result, and the constants that forward returned beside it.
    """
    first_only = list(op.rules) == list(op.inputs[:1]) and len(op.inputs) <= 2 and not op.variadic
    return _leading(op) if first_only else partial(_record, op)


def _leading(op: Op) -> Recorder:
    """For a gradient that goes to the first of at most two operands: reductions, reshapes, losses by class.

    The second is a tensor without a gradient, like those classes; anything else is `_record`'s.
    """
    pick = op.picks[op.inputs[0]]
    paired, constant, view = len(op.inputs) == 2, bool(op.constants), op.view
    given, wants_shapes = op.result == "given", op.wants_shapes

    def record(operands: Sequence[Any], options: dict[str, Any]) -> tuple[Any, ...]:
        try:
            x = operands[0]
            array, parent = x._array, x._node
            dtype = array.dtype
            if dtype.kind != "f":
                return _record(op, operands, options)
            arrays = (array, operands[1]._array) if paired else (array,)
            out = op.forward(*arrays, **options)
        except Exception:
            return _record(op, operands, options)
        constants: tuple[Any, ...] = ()
        if constant:
            out, *constants = out
        if type(out) is not ndarray:
            out = np.asarray(out)
        if out.dtype is not dtype and not given:
            out = out.astype(dtype)  # NumPy's promotion inside a forward widened it
        if view and np.may_share_memory(out, array):
            result = new(View)
            result._source = x
        else:
            result = new(Result)
        result._array = out
        if parent is None or not (mode := current()).recording or (given and out.dtype.kind != "f"):
            result._node = None
            return (result, *constants)
        values = (*arrays, out, *constants, *options.values())
        if wants_shapes:
            values = (*values, *[a.shape for a in arrays])
        result._node = node = Node()
        node.tick = tick()
        node.op = op
        node.a = parent
        node.saved_a = pick(values)
        node.b = None
        node.more = ()
        node.shape = out.shape
        node.dtype = out.dtype
        node.aligned = False
        node.watch = None
        if mode.recorder is not None:
            mode.recorder(node, operands, out)
        return (result, *constants)

    return record


def _record(op: Op, operands: Sequence[Any], options: dict[str, Any]) -> tuple[Any, ...]:
    """Run any op on any operands, and record it."""
    arrays, nodes, common = unwrap(op, operands)
    try:
        out = op.forward(*arrays, **options)
    except Exception as error:
        out = forward_again(op, arrays, options, error)
    constants: tuple[Any, ...] = ()
    if op.constants:
        out, *rest = out
        constants = tuple(rest)
    if type(out) is not ndarray and isinstance(out, np.generic):
        out = np.asarray(out)
    if out.dtype is not common and out.dtype.kind == common.kind == "f" and op.result != "given":
        out = out.astype(common)  # NumPy's promotion inside a forward widened it
    if op.view and np.may_share_memory(out, arrays[0]):
        result = new(View)
        result._source = operands[0]
    else:
        result = new(Result)
    result._array = out
    result._node = None
    if not any(nodes) or not op.rules or not (mode := current()).recording or out.dtype.kind != "f":
        return (result, *constants)
    shapes = _shapes(op, arrays) if op.wants_shapes else ()
    inputs = (tuple(arrays),) if op.variadic else arrays
    values = (*inputs, out, *constants, *options.values(), *shapes)
    edges: list[Edge] = []
    reached = False
    for position, parent in enumerate(nodes):
        pull = op.pulls[0 if op.variadic else position]
        if parent is None or pull is None:
            edges.append(NO_EDGE)
        else:
            rule, pick = pull
            if op.variadic:
                others = (*arrays[:position], None, *arrays[position + 1 :]) if op.wants_others else ()
                edges.append((parent, rule, pick((*values, position, others))))
            else:
                edges.append((parent, rule, pick(values)))
            reached = True
    if reached:
        result._node = node = Node.make(op, edges, out.shape, out.dtype)
        if mode.recorder is not None:
            mode.recorder(node, operands, out)
    return (result, *constants)


def _shapes(op: Op, arrays: Sequence[Any]) -> tuple[Any, ...]:
    shapes = tuple(getattr(x, "shape", ()) for x in arrays)
    return (shapes,) if op.variadic else shapes
