"""The tracing array: one more array that speaks NumPy's protocols, and notes each call that is made with it.

A traced call is an ordinary call. Each `Traced` holds the array that eager mode would hold, so the numbers,
the writes and the draws of the traced call are those of eager mode, whatever becomes of the trace. Where
Python reads a value (`item()`, `bool()`, `np.asarray`), the rest of the call could depend on it: the trace
ends there, and the call goes on.
"""

from __future__ import annotations

import operator
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from minigrad._tensor.layouts import links_between, seen
from minigrad._tensor.record import Recorded, wrap
from minigrad._tensor.tracing import set_trace, trace_of_thread
from minigrad.engine.silence import silently
from minigrad.engine.writes import owner_of
from minigrad.ops.arrays import OF_LAYOUT, WRITING
from minigrad.ops.kernels import is_tensor
from minigrad.ops.sums import total

from .functions import Draw, Ufunc, hold
from .instructions import Step, Value, mapped
from .later import WHY, Agenda
from .looks import sharing_tensors
from .places import is_returned, place, user_line, within_shortcut

ndarray = np.ndarray

# Kernels whose lines are plain NumPy: they are traced through. All others are one step.
_PLAIN = {"sigmoid", "cast", "softmax", "log_softmax"}
# The shape of their result depends on values.
_OF_ANY_SHAPE = {
    np.nonzero, np.flatnonzero, np.argwhere, np.unique, np.extract, np.compress, np.bincount, np.repeat,
    np.delete, np.histogram, np.intersect1d, np.union1d, np.setdiff1d, np.trim_zeros,
}  # fmt: skip


_COMPARED = 2**18  # elements
_WATCHED = 1024  # elements of an input that Python may read


class UntraceableError(TypeError):
    """A forward or a rule reads values: it becomes one step. For a TypeError a shortcut declines."""


class Trace:
    """The steps of one call, as they are made."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.values: list[Value] = []
        self.broken = ""  # why it ended, and where
        self.constants: dict[int, tuple[Any, Value]] = {}  # by the id of the array, which is kept alive
        self.watched: dict[Value, Any] = {}  # inputs that Python has read, and what it found
        self.undo: list[tuple[Any, Any]] = []  # inputs that were written: the array, and a copy of before
        self.states: list[tuple[Any, Any]] = []  # generators that were drawn from, and their states of before
        self.layers: dict[int, str] = {}  # the paths of modules, by their ids
        self.nodes: dict[Any, Any] = {}  # of each node the value, and the place where it was recorded
        self.place: Any = None  # of all steps, where it is given
        self.at: int | None = None  # the node through whose rules the trace goes
        self.made: list[weakref.ref[Traced]] = []
        self.trained = False
        self.agenda = Agenda()
        self.code: Any = None  # of the function
        self.returned: Any = None  # a number that it returns, and the array that `item()` reads it from
        self.makers: dict[Value, Step] = {}
        self._owned: dict[int, Any] = {}  # arrays that the call has made
        self._borrowed: list[weakref.ref[Any]] = []
        self._trials = 0
        self._op = ""

    # --- values ------------------------------------------------------------------------------------------

    def input(self, array: Any, kind: str = "input", name: str = "") -> Traced:
        """A traced array for an array of the caller's."""
        value = self._value(kind, array)
        value.name = name
        return Traced(self, value, array)

    def _value(self, kind: str, array: Any, root: Value | None = None) -> Value:
        value = Value(len(self.values), kind, array, root)
        if kind == "made":
            value.sample = None  # a trace keeps no array longer than eager mode does
        self.values.append(value)
        return value

    def as_value(self, x: Any) -> Any:
        """An argument of a step: a value for an array, anything else as it is."""
        if type(x) is Traced:
            return x.value if x.trace is self else self.as_value(x.array)
        if isinstance(x, ndarray):
            _, known = self.constants.get(id(x), (None, None))
            if known is None or not _is_same(known.sample, x):  # it may have been written since
                known = self._value("constant", _kept(x))
                self.constants[id(x)] = x, known
            return known
        return x

    def end(self, why: str, whole: bool = False) -> None:
        """Note no more: the call goes on eagerly. Within an op the op may do as one step, unless `whole`."""
        if (self._trials or within_shortcut()) and not whole:
            raise UntraceableError(why)
        if not self.broken:
            file, line = user_line() or ("", 0)
            self.broken = f"{why} ({Path(file).name}, line {line})" if file else why
            self.steps.clear()
            if self.agenda.make_all(at_once=True):
                self.trained = True

    def trains(self, why: str) -> None:
        """End: the call reads or changes gradients of leaves, as a training step does."""
        self.trained = True
        self.end(why, whole=True)

    def puts_off(self, owner: Any, name: str, *given: Any) -> bool:
        """Put off a method that changes gradients, parameters or rates; else end, and return False."""
        if not active(self):
            return False
        if self.agenda.takes(owner, name, given, self.nodes):
            return True
        self.trains(WHY[name])
        return False

    def puts_off_clipping(self, clip: Any, tensors: list[Any], *given: Any) -> Any:
        """The same for a function that clips gradients: a tensor that will have its result, or None."""
        if not active(self):
            return None
        norm = np.zeros((), np.result_type(*[x.dtype for x in tensors] or ["f4"]))
        if self.agenda.takes_function(clip, tensors, given, norm):
            made = Traced(self, self._value("later", norm), norm)
            self.made.append(weakref.ref(made))
            return wrap(made, None)
        self.trains("the call reads a gradient")
        return None

    def walks(self) -> None:
        """A walk over the graph is to begin: end if a step is put off, whose writes the walk must see."""
        if active(self) and self.agenda.watches:
            self.trains("gradients are taken after an optimiser's step")

    def _look(self, x: Any) -> None:
        """End before something is read that the calls which are put off are to change."""
        if self.agenda.watches and any(self.agenda.changes(part.value) for part in _traced_in(x)):
            self.trains("it reads a tensor after an optimiser's step")

    def owns(self, array: Any) -> None:
        """Note that the call has made the array, with numbers that are the same at each call."""
        if type(array) is ndarray and active(self):
            self._owned[id(array)] = array

    def borrows(self, array: Any) -> None:
        """Note that the memory of an array may be the user's."""
        self._borrowed.append(weakref.ref(owner_of(array)))

    def is_lent(self, tensors: list[Any], k: int) -> bool:
        """True if somebody else has the borrowed memory of one of the tensors, which are results."""
        owner = owner_of(plain(tensors[k]._array))
        if all(ref() is not owner for ref in self._borrowed):
            return False
        held = [x._array for x in tensors] + [x for x, _ in self.constants.values()]
        views = {id(x) for x in held if x is not owner and owner_of(plain(x)) is owner}
        # A tensor and `held` have it, or the table and `held`; and here two more.
        return sys.getrefcount(owner) > 2 * sum(x is owner for x in held) + len(views) + 2

    def takes(self, tensor: Any, given: Any) -> None:
        """Before a write to a tensor: where the call made its memory, and all views are known, it is traced.

        Arguments:
            given: the arrays with which it is written; where none of them is traced it stays a constant.
        """
        own = getattr(tensor, "_root", tensor)._array
        if id(own) not in self._owned or next(_traced_in(given), None) is None or not active(self):
            return
        constants = [x for x, _ in self.constants.values() if owner_of(x) is own]
        sharing = sharing_tensors(own, tensor, constants)
        ways = [links_between(own, x._array) for x in sharing or ()]
        if sharing is None or None in ways:
            return
        whole = self.note(".copy", (own.copy(),), {}, call=lambda _: own)
        for x, links in zip(sharing, ways, strict=True):
            x._array = seen(whole, links or [])
        for x in constants:
            del self.constants[id(x)]

    def reads(self, x: Traced, how: str) -> bool:
        """Python reads values of `x`: the trace ends there, unless they are settled. True if they are."""
        if not active(self):
            return False
        if self._trials or within_shortcut() or not self.settles(x):
            self.end(how)
            return False
        return True

    def settles(self, x: Traced) -> bool:
        """True if the values of `x` follow from constants, and from a few whole numbers among the inputs.

        The guards compare these inputs from then on, so that the values are the same at each call.
        """
        found, waiting, seen = [], [x.value], set()
        while waiting:
            v = waiting.pop()
            if v in seen or v.kind == "constant":
                continue
            seen.add(v)
            if v.root.written:
                return False
            if v.kind == "input":
                if v.dtype.kind not in "biu" or v.size > _WATCHED:
                    return False
                found.append(v)
                continue
            step = self.makers.get(v)
            if step is None or step.required:
                return False
            waiting += step.reads()
        self.watched |= {v: v.sample.copy() for v in found if v not in self.watched}
        return True

    # --- steps -------------------------------------------------------------------------------------------

    def note(
        self,
        function: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        call: Any = None,
        required: bool = False,
    ) -> Any:
        """Run a call on the arrays, and note it; returns its results as traced arrays."""
        self._look((args, kwargs))
        run = function if call is None else call
        result = run(*plain(args), **plain(kwargs))
        if not active(self):
            return result
        held = [x for x in _traced_in((args, kwargs)) if x.trace is self]
        step = Step(function, mapped(args, self.as_value), mapped(kwargs, self.as_value))
        step.single = type(result) not in (tuple, list)
        step.required, step.op = required, self._op
        self._locate(step)
        made = [self._result(r, step, held) for r in ((result,) if step.single else result)]
        if step.outs or required:
            self.steps.append(step)
        return made[0] if step.single else type(result)(made)

    def _locate(self, step: Step) -> None:
        step.line, step.layer = place() if self.place is None else self.place
        step.node = self.at
        if step.layer is not None:
            step.layer = self.layers.get(id(step.layer))

    def recorded(self, node: Any, operands: Any, out: Any) -> None:
        """Note to which value a node of the graph belongs, and where it was recorded."""
        if type(out) is Traced:
            at = len(self.nodes)
            self.nodes[node] = out.value, place(), at
            for step in reversed(self.steps):
                if step.node is not None:
                    break
                if step.op == node.op.name:
                    step.node = at

    def _result(self, result: Any, step: Step, held: list[Traced]) -> Any:
        for x in held:
            if result is x.array:  # astype(copy=False), asarray: nothing was made
                return x
        if not isinstance(result, (ndarray, np.generic)):
            self.end(f"{step.function} returned {type(result).__name__}") if result is not None else None
            return result
        array = np.asarray(result)
        root = next((x.value for x in held if np.may_share_memory(array, x.array)), None)
        if root is None:
            for constant, value in self.constants.values():
                if array.base is not None and np.may_share_memory(array, constant):
                    root = value
        value = self._value("made", array, root)
        value.scalar = isinstance(result, np.generic)
        self.makers[value] = step
        step.outs.append(value)
        made = Traced(self, value, array)
        self.made.append(weakref.ref(made))
        return made

    def write(self, function: Any, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a call that writes to the array `target`, which is among the arguments, and note it."""
        self._look((target, args, kwargs))
        if not active(self):
            return function(*plain(args), **plain(kwargs))
        if type(target) is not Traced or target.trace is not self:
            self.end("a NumPy array is written with values of the call")
            return function(*plain(args), **plain(kwargs))
        root = target.value.root
        if root.kind == "input" and not any(root.sample is array for array, _ in self.undo):
            self.undo.append((root.sample, root.sample.copy()))
        if root.kind == "constant":
            self.end("an array that the call did not make is written")
        if root in self.watched:
            self.end("a tensor is written whose values the call has read")
        result = function(*plain(args), **plain(kwargs))
        if active(self):
            step = Step(function, mapped(args, self.as_value), mapped(kwargs, self.as_value))
            step.writes, step.op = target.value, self._op
            self._locate(step)
            root.written = True
            self.steps.append(step)
        return target if result is target.array else result

    def attempt(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        forward: bool = False,
    ) -> Any:
        """Trace through a function of minigrad's; where it reads values it becomes one step.

        So it does where it takes another way for other arrays than NumPy's, and ends elsewhere than eager
        mode: at other values, or, of the forward of an op, at another layout, or a view in place of a copy.
        """
        if not active(self):
            return function(*plain(args), **plain(kwargs))
        mark = len(self.steps)
        self._trials += 1
        try:
            # Before, so that the memory of one is free again when the other asks for it.
            wanted = _looks(function(*plain(args), **plain(kwargs)), args)
            found = function(*args, **kwargs)
            if not active(self) or _is_as_eager(found, wanted, args, forward):
                return found
            del self.steps[mark:]
        except Exception:  # it reads values, or uses what a traced array has not: or it is the user's error
            del self.steps[mark:]
        finally:
            self._trials -= 1
        return self.note(function, args, kwargs)

    def run_op(self, op: Any, arrays: Any, options: Any) -> Any:
        """The forward of an op."""
        before, self._op = self._op, op.name
        try:
            nothing = next(_traced_in((tuple(arrays), options)), None) is None
            if nothing or "level" in options or any(hasattr(x, "level") for x in arrays):  # see `batching`
                return op.forward(*arrays, **options)
            return silently(self.attempt, op.forward, tuple(arrays), options, True)
        finally:
            self._op = before

    def stream(self, generator: Any) -> Any:
        """NumPy's stream of a Generator, whose draws are noted."""
        if not active(self):
            return generator.numpy
        if not any(known is generator for known, _ in self.states):
            self.states.append((generator, generator.numpy.bit_generator.state))
        return _Stream(self, generator)

    def __enter__(self) -> Trace:
        self._before = trace_of_thread()
        set_trace(self)
        return self

    def __exit__(self, *exc: object) -> None:
        set_trace(self._before)


class _Stream:
    """NumPy's stream of a Generator while a call is traced: each draw is a step that draws anew."""

    def __init__(self, trace: Trace, generator: Any) -> None:
        self._trace, self._generator = trace, generator

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._generator.numpy, name)
        if not callable(method):
            return method

        def draw(*args: Any, **kwargs: Any) -> Any:
            made = self._trace.note(Draw(self._generator, name), args, kwargs, call=method, required=True)
            return made

        return draw


def active(trace: Trace) -> bool:
    """True if this thread traces with it, and the trace has not ended."""
    return trace_of_thread() is trace and not trace.broken


def _looks(result: Any, args: Any) -> list[Any]:
    """Of each array of a result: its kind, its elements (of a large one some), layout, and what it shares."""
    looks = []
    for x in result if type(result) is tuple else (result,):
        a = np.asarray(plain(x))
        axis = int(np.argmax(a.shape)) if a.ndim else 0
        step = -(-a.size // _COMPARED)
        some = a[(slice(None),) * axis + (slice(None, None, step),)].copy() if step > 1 else a
        held = [bool(np.may_share_memory(a, t.array)) for t in _traced_in(args)]
        strides = [s for n, s in zip(a.shape, a.strides, strict=True) if n > 1]
        looks.append(((a.shape, a.dtype), some, (strides, held)))
    return looks


def _is_as_eager(found: Any, wanted: list[Any], args: Any, forward: bool) -> bool:
    """True if the result of a function on traced arrays looks like that on arrays."""
    for position, ((kind, a, layout), (its, b, wants)) in enumerate(
        zip(_looks(found, args), wanted, strict=True)
    ):
        if kind != its or (forward and position == 0 and layout != wants):
            return False
        if a.dtype.kind == "f":
            close = {2: 1e-2, 4: 1e-4}.get(a.itemsize, 1e-9)
            scale = np.abs(b[np.isfinite(b)]).max(initial=0.0)
            if not np.allclose(a, b, rtol=close, atol=close * float(scale), equal_nan=True):
                return False
        elif not np.array_equal(a, b):
            return False
    return True


def plain(x: Any) -> Any:
    """Nested arguments with arrays in the place of traced ones."""
    return mapped(x, lambda part: part.array if type(part) is Traced else part)


def _traced_in(x: Any) -> Iterator[Traced]:
    kind = type(x)
    if kind is Traced:
        yield x
    elif kind in (tuple, list):
        for part in x:
            yield from _traced_in(part)
    elif kind is dict:
        for part in x.values():
            yield from _traced_in(part)
    elif kind is slice:
        yield from _traced_in((x.start, x.stop, x.step))


def _kept(x: Any) -> Any:
    """A copy of an array, in its layout."""
    whole = [n == 1 or step != 0 for n, step in zip(x.shape, x.strides, strict=True)]
    part = x[(*[slice(None) if every else slice(0, 1) for every in whole], ...)].copy(order="K")
    return part if part.shape == x.shape else np.broadcast_to(part, x.shape)


def _is_same(kept: Any, x: Any) -> bool:
    alike = kept.shape == x.shape and kept.dtype == x.dtype and kept.strides == x.strides
    return alike and kept.tobytes() == x.tobytes()


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

    def __init__(self, trace: Trace, value: Value, array: Any) -> None:
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
            if all(map(trace.settles, _traced_in((args, kwargs)))):
                return function(*plain(args), **plain(kwargs))
            trace.end(f"the shape of np.{function.__name__} depends on values")
        out = kwargs.get("out")
        if out is not None:
            return trace.write(function, out, args, kwargs)
        return trace.note(function, args, kwargs)

    def __getitem__(self, index: Any) -> Any:
        masks = [part for part in _traced_in(index) if part.dtype.kind == "b"]
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
