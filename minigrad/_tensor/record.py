"""From an op's record to a recorded call: unwrap the operands, run forward, save the values for backward.

This is the complete way, right for every op and every operand. `shortcuts` has faster ways for the common
cases. Each of them must do the same, and falls back to this one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from inspect import Parameter
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minigrad.engine import messages
from minigrad.engine.mode import current
from minigrad.engine.node import NO_EDGE, Edge, Node
from minigrad.engine.silence import quiet, silently
from minigrad.ops.arrays import arrayed, is_foreign
from minigrad.ops.op import Op

from .documentation import named
from .dtype import as_dtype, bool_, get_default_dtype, result_type
from .tracing import trace_of_thread

if TYPE_CHECKING:
    from .tensor import Tensor

ndarray, bool_scalar = np.ndarray, np.bool_
new = object.__new__
Call = Callable[..., "Tensor"]


class Recorded:
    """The base of tensors: storage, and a place in the graph (None for a constant)."""

    __slots__ = ("_array", "_node")
    _array: Any
    _node: Node | None
    _stays_out = False  # of every graph: it was made in inference mode


class OutdatedError(AttributeError):
    """The node of a view is asked for after a write gave its memory another history; see `history_of`."""


def history_of(x: Any) -> Node | None:
    """The node of a tensor. A view gets a new node after a write that changed the history of its memory."""
    try:
        return x._node
    except OutdatedError:
        return x._renew()


class _Made:
    """The classes of the tensors that calls return. `tensor.py` and `view.py` name theirs, once each."""

    tensor: Any = None
    view: Any = None  # for a result that may share memory with the first operand
    foreign_view: Any = None  # the same, where the storage is another library's
    foreign_alias: Any = None  # for such a tensor without its history
    inference: Any = None  # for results of inference mode
    kinds_of_inference: ClassVar[dict[type, type]] = {}  # the class there of each class of tensors

    def by(self, **classes: type) -> None:
        for name, cls in classes.items():
            if getattr(self, name) is not None:
                raise TypeError(f"the class of a {name} is {getattr(self, name).__name__} already")
            setattr(self, name, cls)


made = _Made()


def wrap(array: Any, node: Node | None) -> Any:
    """A tensor over an array of its own, at a place in the graph; of the inference mode where that is on."""
    tensor = new(made.inference if node is None and current().inference else made.tensor)
    tensor._array = array
    tensor._node = node
    return tensor


def aliased(array: Any) -> Any:
    """A constant over the memory of an ordinary tensor: one itself, in inference mode too."""
    tensor = new(made.foreign_alias if type(array) is not ndarray and is_foreign(array) else made.tensor)
    tensor._array = array
    tensor._node = None
    return tensor


def grad_of(watch: Any) -> Any:
    """The gradient of a node, as a tensor, which is made when somebody asks for it."""
    grad = watch.grad
    if type(grad) is ndarray:
        grad = watch.grad = aliased(grad)
    return grad


def inferred(tensor: Any) -> Any:
    """A tensor that was made in inference mode, as one that stays out of graphs.

    A view of an ordinary tensor remains one: a write through it must be known to that tensor's graph.
    """
    if (kind := made.kinds_of_inference.get(type(tensor))) is not None:
        tensor.__class__ = kind
    return tensor


def call_of(op: Op) -> Call:
    """The Python function of an op: takes tensors, records, returns a tensor."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return record(op, *bind(op, args, kwargs))[0]

    return named(call, op)


def cast(array: Any, dtype: Any) -> Any:
    """An array in another dtype; values too large for it become inf without a warning.

    NumPy would lay an expanded array down in columns; here as in PyTorch it comes in rows.
    """
    if type(array) is ndarray and 0 in array.strides:
        return silently(array.astype, dtype, "C")
    return silently(array.astype, dtype)


def record(op: Op, operands: Sequence[Any], options: dict[str, Any]) -> tuple[Any, ...]:
    """Run an op on operands, and record it; returns the result and the constants that forward gave beside it.

    Raises:
        TypeError, RuntimeError, IndexError: the operands do not fit; the message names the op and the shapes.
    """
    arrays, nodes, inference, common = unwrap(op, operands)
    try:
        out, *constants = run(op, arrays, options)
    except TypeError as error:
        level = getattr(error, "level", None)
        if level is None or (looped := level.by_samples(op)) is op:
            raise
        return record(looped, operands, options)
    if out.dtype is not common and out.dtype.kind == common.kind == "f" and op.result != "given":
        out = cast(out, common)  # NumPy's promotion inside a forward widened it
    if op.view and (is_foreign(out) or np.may_share_memory(out, arrays[0])):
        if inference:
            result = new(made.inference)
        else:
            result = new(made.foreign_view if is_foreign(out) else made.view)
            result._source = operands[0]
    else:
        result = new(made.tensor)
    result._array = out
    result._node = None
    mode = current()
    if not mode.recording or not any(nodes) or not op.rules or out.dtype.kind != "f":
        return (inferred(result) if mode.inference else result, *constants)
    if type(out) is not ndarray and hasattr(out, "after") and (other := out.after(op, operands, options)):
        return record(*other)
    # All that a rule may name, in the order of the record's `picks`.
    inputs = (tuple(arrays),) if op.variadic else arrays
    shapes = tuple([getattr(x, "shape", ()) for x in arrays])
    values = (*inputs, out, *constants, *options.values(), *((shapes,) if op.variadic else shapes))
    edges: list[Edge] = []
    linked = False
    for position, parent in enumerate(nodes):
        pull = op.pulls[0 if op.variadic else position]
        if parent is None or pull is None:
            edges.append(NO_EDGE)
        else:
            rule, pick = pull
            linked = True
            if op.variadic:
                others = (*arrays[:position], None, *arrays[position + 1 :]) if op.wants_others else ()
                edges.append((parent, rule, pick((*values, position, others))))
            else:
                edges.append((parent, rule, pick(values)))
    if linked:
        result._node = node = Node.make(op, edges, out.shape, out.dtype)
        if inference:
            _refuse_saved(node, edges, inference)
        if mode.recorder is not None:
            mode.recorder(node, operands, out)
    return (result, *constants)


def _refuse_saved(node: Node, edges: list[Edge], inference: list[Any]) -> None:
    saved = [x for _, _, s in edges for x in (s if type(s) is tuple else (s,))]
    for array in inference:
        if any(x is array for x in saved):
            raise RuntimeError(messages.saved_inference(node, array))


def run(op: Op, arrays: Sequence[Any], options: dict[str, Any]) -> tuple[Any, ...]:
    """An op's output on raw arrays, an array itself, and the constants beside it."""
    try:
        if (trace := trace_of_thread()) is not None:
            out = trace.run_op(op, arrays, options)
        elif op.ours and warnings.filters and warnings.filters[0] is quiet.first:  # as in the shortcuts
            try:
                out = op.forward(*arrays, **options)
            except FloatingPointError:  # the user lets NumPy raise them
                out = silently(op.forward, *arrays, **options)
        else:
            out = silently(op.forward, *arrays, **options)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        if hasattr(error, "level"):  # of a batch of `func.vmap`
            raise
        given = [x for x in arrays if hasattr(x, "shape")]
        text = messages.failed(op.name, [x.shape for x in given], error)
        raise _kind(error)(text + messages.mixed_storage(given)) from None
    out, *constants = out if op.constants else (out,)
    return (arrayed(out), *constants)


def _kind(error: Exception) -> type[Exception]:
    """The kind of error that PyTorch raises in its place."""
    for kind in (IndexError, TypeError, OverflowError):
        if isinstance(error, kind):
            return kind
    return RuntimeError


# NumPy's keywords, and PyTorch's for them.
SPELLINGS = {"axis": "dim", "keepdims": "keepdim"}
_REFUSED = {"dtype": "convert with .to(dtype) instead"}


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
    taken = (*names[: len(operands)], *tuple(options)[: len(rest)])
    given: set[str] = set()
    for key, value in kwargs.items():
        name = SPELLINGS.get(key, key)
        if key in ("input", "other") and key not in names:
            name = names[("input", "other").index(key)] if len(names) > ("input", "other").index(key) else key
        if name in taken or name in given:
            raise TypeError(f"{op.name}() got multiple values for argument {key!r}")
        if name in names and not op.variadic:
            operands = (*operands, *(None,) * (names.index(name) - len(operands)), value)
        elif name in options:
            options[name] = value
        elif key in _REFUSED:
            raise TypeError(f"{op.name}() does not take {key}=; {_REFUSED[key]}")
        else:
            known = ", ".join([*names, *options])
            raise TypeError(f"{op.name}() got an unexpected keyword argument {key!r}; it takes {known}")
        given.add(name)
    for name, value in options.items():
        if value is Parameter.empty:
            raise TypeError(f"{op.name}() missing required argument: {name!r}")
    if "keepdim" in options:
        check_flag(op.name, options["keepdim"])
    if not op.variadic and len(operands) < len(names):
        operands = (*operands, *(None,) * (len(names) - len(operands)))
    return operands, options


def check_flag(name: str, keepdim: Any) -> None:
    """Raise unless `keepdim` is True or False: x.sum(0, 1) may mean two axes."""
    if not isinstance(keepdim, bool):
        raise TypeError(f"{name}(): keepdim must be True or False, not {keepdim!r}; axes go in a tuple")


def unwrap(op: Op, operands: Sequence[Any]) -> tuple[list[Any], list[Node | None], list[Any], np.dtype[Any]]:
    """The raw arrays (and plain numbers) of operands, their nodes, those of inference mode, and a dtype."""
    arrays: list[Any] = []
    nodes: list[Node | None] = []
    inference: list[Any] = []
    found = given = False
    for x in operands:
        if isinstance(x, Recorded):
            arrays.append(x._array)
            try:  # history_of(x), without its call where it is not needed
                nodes.append(x._node)
            except OutdatedError:
                nodes.append(history_of(x))
                if x._stays_out:
                    inference.append(x._array)
            found = True
        else:
            arrays.append(x if type(x) in (float, int) else _constant(op, len(arrays), x))
            nodes.append(None)
            given = given or type(x) is ndarray
    if not found and not any(hasattr(x, "dtype") for x in arrays):
        raise TypeError(messages.operand(op.name, 0, arrays[0] if arrays else None))
    if inference and len(inference) == sum(isinstance(x, Recorded) for x in operands):
        nodes = [None] * len(nodes)  # alone they are not recorded
    if given and len(op.meeting) == len(arrays) == 2 and not (op.options or any(nodes) or current().deriving):
        _meet_as_arrays(op, arrays)
    return arrays, nodes, inference, _unify(op, arrays)


def _check_range(op: Op, x: int, dtype: np.dtype[Any]) -> None:
    try:
        dtype.type(x)
    except OverflowError:
        raise OverflowError(
            f"{op.name}: {x} is out of bounds for {dtype.name}, and PyTorch would wrap it around; convert "
            "the tensor first, with .long()"
        ) from None


def _constant(op: Op, position: int, x: Any) -> Any:
    if type(x) is ndarray:  # the user's: a later write must not reach the graph's saved values
        return x.astype(as_dtype(x.dtype))
    if is_foreign(x) or hasattr(
        type(x), "takes_kernels"
    ):  # another library's, or traced: nothing writes to it
        return x
    if isinstance(x, np.generic):
        # Not a 0-d array: a NumPy scalar is as weak as a Python number, as in PyTorch. Kept as
        # np.float64 it would turn a float32 result into float64. PyTorch takes np.bool_ for a float.
        number = type(x) is bool_scalar and op.rules and position in op.meeting
        return float(x) if number else x.item()
    if x is None and not op.variadic and op.inputs[position] in op.optional:
        return None
    if isinstance(x, bool):
        return x
    if isinstance(x, (float, int)):
        return float(x) if isinstance(x, float) else int(x)
    raise TypeError(messages.operand(op.name, position, x))


def _meet_as_arrays(op: Op, arrays: list[Any]) -> None:
    """Cast a tensor and a user's array to the dtype in which NumPy lets them meet.

    As in PyTorch, where the array computes: float32 and int64 are float64, and a 0-d array is no weaker.
    """
    if all(type(x) is ndarray for x in arrays) and any(x.dtype.kind != "b" for x in arrays):
        common = np.result_type(*arrays)
        if common.kind != "f" and op.result == "float":
            common = np.dtype(np.float64)
        arrays[:] = [cast(x, common) for x in arrays]


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
    if op.bools and any(isinstance(x, bool) or getattr(x, "dtype", None) is bool_ for x in arrays):
        raise RuntimeError(f"{op.name}: boolean tensors are not supported; {op.bools}")
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
                arrays[i] = cast(x, common)
        elif op.result == "bool" and type(x) is int and common.kind in "iu":
            _check_range(op, x, common)
        elif not dtypes:
            arrays[i] = np.asarray(x, common)
    return common
