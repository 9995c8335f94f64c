"""The trace of one call: the steps that its arrays note, what has to be watched, and what is put off."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from minigrad._tensor.layouts import links_between, seen
from minigrad._tensor.record import wrap
from minigrad._tensor.tracing import set_trace, trace_of_thread
from minigrad.engine.silence import silently
from minigrad.engine.writes import owner_of

from .functions import Draw
from .instructions import Step, Value, mapped
from .later import WHY, Agenda
from .looks import sharing_tensors
from .places import place, user_line, within_shortcut
from .traced import Traced, active, plain, traced_in

ndarray = np.ndarray

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
        if self.agenda.watches and any(self.agenda.changes(part.value) for part in traced_in(x)):
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
        if id(own) not in self._owned or next(traced_in(given), None) is None or not active(self):
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
        held = [x for x in traced_in((args, kwargs)) if x.trace is self]
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
            nothing = next(traced_in((tuple(arrays), options)), None) is None
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


def _looks(result: Any, args: Any) -> list[Any]:
    """Of each array of a result: its kind, its elements (of a large one some), layout, and what it shares."""
    looks = []
    for x in result if type(result) is tuple else (result,):
        a = np.asarray(plain(x))
        axis = int(np.argmax(a.shape)) if a.ndim else 0
        step = -(-a.size // _COMPARED)
        some = a[(slice(None),) * axis + (slice(None, None, step),)].copy() if step > 1 else a
        held = [bool(np.may_share_memory(a, t.array)) for t in traced_in(args)]
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


def _kept(x: Any) -> Any:
    """A copy of an array, in its layout."""
    whole = [n == 1 or step != 0 for n, step in zip(x.shape, x.strides, strict=True)]
    part = x[(*[slice(None) if every else slice(0, 1) for every in whole], ...)].copy(order="K")
    return part if part.shape == x.shape else np.broadcast_to(part, x.shape)


def _is_same(kept: Any, x: Any) -> bool:
    alike = kept.shape == x.shape and kept.dtype == x.dtype and kept.strides == x.strides
    return alike and kept.tobytes() == x.tobytes()
