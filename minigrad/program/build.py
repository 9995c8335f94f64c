"""From a program to Python functions that run it: buffers laid out once, every call writing into its own.

The text of `make` is executed once per program. Calling `make(...)` allocates a set of buffers and all views
of them, and returns the forward and the backward that use this set.
"""

from __future__ import annotations

import inspect
import operator
from typing import Any

import numpy as np

from minigrad.ops.kernels import keep_kernel
from minigrad.ops.sums import total

from .batches import Stacks
from .instructions import Step, Value
from .numba_backend import Loop, njit
from .traced import WRITABLE, Draw, Ufunc

_KEEP: Any = inspect.unwrap(keep_kernel)

_VIEWS = {
    ".T", ".reshape", ".transpose", ".swapaxes", ".view", ".squeeze", ".ravel", "getitem", "reshape",
    "transpose", "swapaxes", "expand_dims", "squeeze", "moveaxis", "broadcast_to", "diagonal", "ravel",
}  # fmt: skip


class Writer:
    """The text of a program's functions."""

    def __init__(self, program: Any, backend: str = "numpy") -> None:
        self.program = program
        self._njit: Any = njit() if backend == "numba" else None
        self.scope: dict[str, Any] = {
            "__name__": "minigrad.program.text",
            "empty": np.empty,
            "copyto": np.copyto,
        }
        self._names: dict[int, str] = {}  # of functions and odd arguments, by id
        self._laid: set[Value] = set()  # values that exist once a set is made
        self._made: list[str] = []  # the lines of make() before its functions
        self._free: list[tuple[int, int]] = []  # buffers of nobody now: (bytes, number)
        self._homes: dict[Value, tuple[int, int]] = {}  # the buffer of a root
        self.sizes: list[int] = []  # of the buffers, in bytes
        self.steps: tuple[list[Step], list[Step]] = ([], [])  # those that run
        self._rows: set[Value] = set()
        self.loops: list[str] = []  # the functions of a backend

    def text(self) -> str:
        p = self.program
        stacks = Stacks(p, _can_write)
        self.steps = stacks.forward, stacks.backward
        self._lay_out(stacks)
        fresh = {v.root for v in (*p.outputs, *p.gradients) if v is not None}
        saved_roots = {v.root for v in p.saved}
        for tensor_value, bound in zip(p.captured_values, p.captured_names, strict=True):
            self._laid.add(tensor_value)
            self.scope[bound] = None  # filled in by the program
        self._laid |= set(p.constants)
        for v in p.constants:
            self.scope[f"v{v.number}"] = v.sample
        last = _last_uses(*self.steps)
        forward = self._lines(stacks.forward, fresh, saved_roots, last, 0)
        # A saved value outlives the backward: the graph may be kept for another.
        backward = self._lines(stacks.backward, fresh, saved_roots, last, len(stacks.forward))
        carried = [v for v in p.saved if v not in self._laid or v.root.kind == "input"]
        p.carried = carried
        fetch = [f"v{v.number} = {where}._array" for v, where in p.argument_places]
        moved = " or ".join(
            f"{name}._array is not v{v.number}"
            for v, name in zip(p.captured_values, p.captured_names, strict=True)
        )
        outs = _tuple(self._all_given(p.outputs, set()))
        keep = _tuple([f"v{v.number}" for v in carried])
        takes = ", ".join([f"v{v.number}" for v in (*p.seeds, *carried)])
        earlier = {v.root for step in p.forward for v in step.outs}
        grads = _tuple(self._all_given(p.gradients, earlier))
        captured = ", ".join(f"v{v.number}" for v in p.captured_values)
        lines = [
            f"def make({captured}):",
            *_indented(self._made, 1),
            "    def forward(args, kwargs):",
            *_indented(["if " + moved + ":", "    return None"] if moved else [], 2),
            *_indented([*fetch, *forward, f"return {outs}, {keep}"], 2),
            f"    def backward({takes}):",
            *_indented([*backward, f"return {grads}"], 2),
            "    return forward, backward",
        ]
        return "\n".join(lines) + "\n"

    def _all_given(self, values: list[Any], earlier: set[Value]) -> list[str]:
        """Arrays that are handed out, each with memory of its own; `earlier` has the roots of others'."""
        given = []
        for v in values:
            if v is None:
                given.append("None")
                continue
            given.append(f"v{v.number}.copy()" if v.root in earlier else self._given(v))
            earlier.add(v.root)
        return given

    def _given(self, v: Value) -> str:
        """An array that is handed out: it must be nobody else's."""
        text = f"v{v.number}"
        if v.kind != "made" or v in self._laid:
            return f"{text}.copy()"
        return f"asarray({text})" if v.scalar else text

    def _lines(
        self, steps: list[Step], fresh: set[Value], saved: set[Value], last: dict[Value, int], start: int
    ) -> list[str]:
        lines: list[str] = []
        self.scope["asarray"] = np.asarray
        dying: dict[int, list[Value]] = {}
        for root, at in last.items():
            dying.setdefault(at, []).append(root)
        until = start  # up to where a loop has taken the steps
        for position, step in enumerate(steps, start):
            if position < until:
                continue
            if self._njit is not None:
                loop = self._loop(steps[position - start :], fresh)
                if len(loop.steps) > 1:
                    until = position + len(loop.steps)
                    ends = [r for at in range(position, until) for r in dying.get(at, ())]
                    lines.append(self._looped(loop, ends, saved))
                    continue
            reads = list(step.reads())
            if _lays_out(step) and all(v in self._laid for v in reads):
                self._made.append(self._assign(step))
                self._laid.update(step.outs)
                continue
            out = step.outs[0] if len(step.outs) == 1 and step.single else None
            if out is not None and out in self._rows:
                lines += self._written(step, out)
                self._release([r for r in dying.get(position, ()) if r in self._homes and r not in saved])
                continue
            free_now = [r for r in dying.get(position, ()) if r in self._homes and r not in saved]
            if step.writes is not None or out is None or not _can_write(step, out) or out in fresh:
                lines.append(self._in_place(step) if step.writes is not None else self._assign(step))
                self._release(free_now)
                continue
            elementwise = type(step.function) is Ufunc and step.function.method == "__call__"
            elementwise = elementwise and step.function.ufunc.signature is None
            if elementwise:  # it may write over an operand that nobody reads again
                self._release([r for r in free_now if r.nbytes == out.nbytes and r.dtype == out.dtype])
            self._house(out)
            lines += self._written(step, out)
            self._release([r for r in free_now if r in self._homes])
        return lines

    def _loop(self, steps: list[Step], fresh: set[Value]) -> Loop:
        """The loop that takes as many of the steps as it can."""
        first = steps[0].outs[0] if steps[0].outs else steps[0].writes
        loop = Loop(first.shape if first is not None else (), self._places)
        for step in steps:
            if any(v.root in fresh for v in step.outs) or step.required:
                break
            if step.writes is not None and step.writes.root in fresh:
                break
            if not loop.take(step, self._is_array):
                break
        return loop

    def _is_array(self, v: Value) -> bool:
        if v.kind == "seed":
            return False  # it may come in any layout, as an expanded number does
        return v in self._laid or v.kind != "made" or not (v.scalar or not v.shape)

    def _looped(self, loop: Loop, ends: list[Value], saved: set[Value]) -> str:
        """A loop as one call; the values that others use get buffers."""
        inside = {id(step) for step in loop.steps}
        used = {
            v for step in self._all_steps if id(step) not in inside for v in (*step.reads(), *_roots(step))
        }
        used |= self._wanted
        # A row is also used where its whole stack is.
        kept = [v for v in loop.made if v in used or self._places.get(v, (v, 0))[0] in used]
        over = [r for r in ends if r in self._homes and r not in saved]
        self._release([r for r in over if any(r.nbytes == v.nbytes and r.dtype == v.dtype for v in kept)])
        for v in kept:
            if v not in self._rows:
                self._house(v)
        self._release([r for r in ends if r in self._homes and r not in saved])
        name = f"loop{len(self.scope)}"
        # A value that is written here and not read again may have lost its buffer to one that is kept.
        changed = [v for v in loop.changed if v.kind != "made" or v not in ends]
        text, call = loop.text(name, [*changed, *kept])
        self.loops.append(text)
        scope = {"np": np, "f4": np.float32, "f8": np.float64}
        exec(compile(text, f"<{name}>", "exec"), scope)
        self.scope[name] = self._njit(scope[name])
        return call

    def _lay_out(self, stacks: Stacks) -> None:
        """Memory for the stacks, and their rows as views of it."""
        self._rows = stacks.rows
        self._places = {v: (stack, i) for stack, rows in stacks.all.items() for i, v in enumerate(rows)}
        self._all_steps = [*stacks.forward, *stacks.backward]
        p = self.program
        given = [v for v in (*p.outputs, *p.gradients) if v is not None]
        self._wanted = {*given, *p.saved}
        for stack, rows in stacks.all.items():
            self.sizes.append(stack.nbytes)
            self._made.append(f"v{stack.number} = empty({stack.shape}, {self._bound(stack.dtype, 'd')})")
            self._made += [f"v{v.number} = v{stack.number}[{i}]" for i, v in enumerate(rows)]
            # Of rows without axes an element would be a number.
            if not rows[0].shape:
                self._made[-len(rows) :] = [
                    f"v{v.number} = v{stack.number}[{i}, ...]" for i, v in enumerate(rows)
                ]
            self._laid |= {stack, *rows}

    # --- buffers -----------------------------------------------------------------------------------------

    def _house(self, v: Value) -> None:
        """Give a value a buffer: the smallest free one that is large enough, or a new one."""
        need = max(v.nbytes, 1)
        fitting = [b for b in self._free if need <= b[0] <= max(2 * need, 256)]
        if fitting:
            home = min(fitting)
            self._free.remove(home)
        else:
            home = (-(-need // 64) * 64, len(self.sizes))
            self.sizes.append(home[0])
            self._made.append(f"b{home[1]} = empty({home[0]}, 'u1')")
        self._homes[v] = home
        kind = self._bound(v.dtype, "d")
        self._made.append(f"v{v.number} = b{home[1]}[:{v.nbytes}].view({kind}).reshape({v.shape})")
        self._laid.add(v)

    def _release(self, roots: list[Value]) -> None:
        for root in roots:
            self._free.append(self._homes.pop(root))

    # --- text ---------------------------------------------------------------------------------------------

    def _bound(self, x: Any, kind: str = "c") -> str:
        if isinstance(x, Ufunc):
            known = f"np_{x.__name__.replace('.', '_')}"
            self.scope[known] = x.call
            return known
        name = self._names.get(id(x))
        if name is None:
            self._names[id(x)] = name = f"{kind}{len(self.scope)}"
            self.scope[name] = x
        return name

    def spelled(self, x: Any) -> str:
        kind = type(x)
        if kind is Value:
            return f"v{x.number}"
        if x is None or x is ... or kind in (int, bool, str):
            return repr(x)
        if kind is tuple:
            return f"({', '.join(map(self.spelled, x))}{',' if len(x) == 1 else ''})"
        if kind is list:
            return f"[{', '.join(map(self.spelled, x))}]"
        if kind is slice:
            return f"slice({self.spelled(x.start)}, {self.spelled(x.stop)}, {self.spelled(x.step)})"
        if kind is dict:
            return "{" + ", ".join(f"{self.spelled(k)}: {self.spelled(v)}" for k, v in x.items()) + "}"
        return self._bound(x)

    def _call(self, step: Step) -> str:
        args = [self.spelled(x) for x in step.args]
        named = [f"{key}={self.spelled(x)}" for key, x in step.kwargs.items()]
        function = step.function
        if isinstance(function, str):
            if function == ".T":
                return f"{args[0]}.T"
            return f"{args[0]}{function}({', '.join([*args[1:], *named])})"
        if getattr(function, "__name__", "") == "getitem":
            return f"{args[0]}[{args[1]}]"
        if function is total and _by_ones(*step.args):
            return f"{self._bound(_ones(step.args[0].shape[0], step.args[0].dtype), 'ones')}.dot({args[0]})"
        if type(function) is Ufunc and function.ufunc is np.matmul and _by_dot(step):
            return f"{args[0]}.dot({args[1]})"
        return f"{self._bound(function, 'f')}({', '.join([*args, *named])})"

    def _assign(self, step: Step) -> str:
        call = self._call(step)
        if not _of_known_shape(step):
            self.scope["same_shapes"] = same_shapes
            shapes = [v.shape for v in step.outs]
            call = f"same_shapes({call}, {self._bound(shapes[0] if step.single else shapes)}, {step.single})"
        if not step.outs:
            return call
        if step.single:
            v = step.outs[0]
            # A NumPy number cannot be written to.
            call = f"asarray({call})" if not v.shape and v.root is v and v.written else call
            return f"v{v.number} = {call}"
        return f"{_tuple([f'v{v.number}' for v in step.outs])} = {call}"

    def _in_place(self, step: Step) -> str:
        if getattr(step.function, "__name__", "") == "setitem":
            target, index, value = map(self.spelled, step.args)
            return f"{target}[{index}] = {value}"
        if (
            type(step.function) is Ufunc
            and step.function.method == "__call__"
            and set(step.kwargs) == {"out"}
        ):
            args = [*map(self.spelled, step.args), _out(step, self.spelled(step.kwargs["out"]))]
            return f"{self._bound(step.function)}({', '.join(args)})"
        return self._call(step)

    def _written(self, step: Step, out: Value) -> list[str]:
        """A step whose result goes into the buffer of `out`."""
        name, function = f"v{out.number}", step.function
        args = [self.spelled(x) for x in step.args]
        if function is total:
            x, axis, keepdims = step.args
            if _by_ones(x, axis, keepdims):
                ones = self._bound(_ones(x.shape[0], x.dtype), "ones")
                self.scope["dot"] = np.dot
                return [f"dot({ones}, {args[0]}, {name})"]
            self.scope["add_reduce"] = np.add.reduce
            return [f"add_reduce({args[0]}, {args[1]}, None, {name}, {keepdims})"]
        if function is _KEEP:  # as `keep` has it, the mask as integers in a buffer for this line
            g, mask = step.args
            bits = np.dtype(f"i{out.dtype.itemsize}")
            whole = Value(len(self.scope) + 10**6, "made", np.empty(out.shape, bits))
            self._house(whole)
            self._release([whole])
            self.scope["np_multiply"] = np.multiply
            kind, mine = self._bound(bits, "d"), f"{name}_bits"
            self._made.append(f"{mine} = {name}.view({kind})")
            its = f"{self.spelled(g)}.view({kind})"
            if g in self._laid:
                self._made.append(f"{mine}_of = {its}")
                its = f"{mine}_of"
            ints = f"v{whole.number}"
            return [f"copyto({ints}, {self.spelled(mask)})", f"np_multiply({ints}, {its}, {mine})"]
        if function == ".copy":
            return [f"copyto({name}, {args[0]})"]
        if function == ".astype":
            return [f"copyto({name}, {args[0]}, 'unsafe')"]
        bound = self._bound(function, "f")
        if function.method == "reduce":
            options = {"axis": 0, "keepdims": False, **step.kwargs}
            axis, keepdims = self.spelled(options["axis"]), options["keepdims"]
            more = [f", {self.spelled(step.kwargs['initial'])}"] if "initial" in step.kwargs else []
            return [f"{bound}({args[0]}, {axis}, None, {name}, {keepdims}{''.join(more)})"]
        if function.ufunc is np.matmul and _by_dot(step):
            self.scope["dot"] = np.dot
            return [f"dot({', '.join([*args, name])})"]
        named = [f"{key}={self.spelled(x)}" for key, x in step.kwargs.items()]
        return [f"{bound}({', '.join([*args, _out(step, name), *named])})"]


# Their results have the same shape whatever the values are, if the operands have.
_KNOWN = {
    np.where, np.concatenate, np.stack, np.expand_dims, np.squeeze, np.broadcast_to, np.reshape,
    np.transpose, np.swapaxes, np.moveaxis, np.flip, np.roll, np.tile, np.tril, np.triu, np.diagonal, np.sum,
    np.mean, np.max, np.min, np.amax, np.amin, np.prod, np.argmax, np.argmin, np.argsort, np.sort, np.cumsum,
    np.cumprod, np.take, np.take_along_axis, np.clip, np.round, np.dot, np.einsum, np.copy, np.any, np.all,
    np.ascontiguousarray, np.ravel_multi_index, np.var, np.std, np.ravel, np.full_like, np.partition,
    np.tensordot, np.outer, total, operator.getitem,
    *WRITABLE.values(),
}  # fmt: skip


def _of_known_shape(step: Step) -> bool:
    function = step.function
    if function is _KEEP:
        return True
    return not step.outs or isinstance(function, (str, Ufunc, Draw)) or function in _KNOWN


def same_shapes(result: Any, shapes: Any, single: bool) -> Any:
    """The result of a call, if it has the shapes of the traced call's."""
    if single:
        same = getattr(result, "shape", None) == shapes
    else:
        same = [r.shape for r in result if hasattr(r, "shape")] == shapes
    if not same:
        raise ValueError("a result has another shape than in the traced call")
    return result


def _roots(step: Step) -> list[Value]:
    """The values of whose memory a step's values are views."""
    return [v.root for v in (*step.reads(), *step.outs) if v.root is not v]


def _out(step: Step, name: str) -> str:
    """The argument for a ufunc's output: by keyword where NumPy wants it so."""
    return f"out={name}" if step.function.ufunc in (np.maximum, np.minimum) else name


_known_ones: dict[tuple[int, str], Any] = {}


def _ones(n: int, dtype: Any) -> Any:
    return _known_ones.setdefault((n, dtype.char), np.ones(n, dtype))


def _by_dot(step: Step) -> bool:
    """As `product` has it: small matrices are multiplied by dot."""
    a, b = step.args
    small = type(a) is Value and type(b) is Value and len(a.shape) == len(b.shape) == 2 and a.dtype == b.dtype
    return small and not step.kwargs and a.shape[0] * a.shape[1] < 16384 and a.dtype.kind == "f"


def _by_ones(x: Value, axis: Any, keepdims: bool) -> bool:
    axis = axis[0] if type(axis) is tuple and len(axis) == 1 else axis
    return len(x.shape) == 2 and axis == 0 and not keepdims and x.dtype.char in "fd" and 0 < x.shape[0] <= 512


def _plainly_summed(x: Value, axis: Any) -> bool:
    """`total` adds so few numbers with np.add.reduce itself."""
    size = x.nbytes // x.dtype.itemsize
    return x.dtype.char in "fd" and size <= 128


def _can_write(step: Step, out: Value) -> bool:
    """True if the step has a form that writes into a given array, C-contiguous and of its own memory."""
    if out.root is not out or not out.contiguous or step.required or out.nbytes == 0:
        return False
    function = step.function
    if function is total:
        x, axis, keepdims = step.args
        return not out.written and (_by_ones(x, axis, keepdims) or _plainly_summed(x, axis))
    if function is _KEEP:
        g, mask = step.args
        alike = type(g) is type(mask) is Value and g.shape == mask.shape == out.shape and g.dtype == out.dtype
        return alike and mask.dtype.kind == "b" and out.dtype.itemsize > 2
    if function == ".copy":
        return len(step.args) == 1 and not step.kwargs
    if function == ".astype":
        x = step.args[0]
        return x.contiguous and set(step.kwargs) <= {"copy"} and len(step.args) <= 3
    if type(function) is not Ufunc or function.ufunc.nout != 1:
        return False
    if function.method == "__call__":
        return len(step.args) == function.ufunc.nin and set(step.kwargs) <= {"dtype"}
    return (
        function.method == "reduce"
        and set(step.kwargs) <= {"axis", "keepdims", "initial"}
        and len(step.args) == 1
    )


def _lays_out(step: Step) -> bool:
    """True if the step only looks at memory in another way, whatever is in it."""
    name = step.function if isinstance(step.function, str) else getattr(step.function, "__name__", "")
    looks = bool(step.outs) and step.outs[0].root is not step.outs[0]
    return looks and name in _VIEWS and step.writes is None and not step.required


def _last_uses(forward: list[Step], backward: list[Step]) -> dict[Value, int]:
    """For each root the position of the last step that touches its memory."""
    last: dict[Value, int] = {}
    for position, step in enumerate([*forward, *backward]):
        for v in (*step.reads(), *step.outs):
            last[v.root] = position
    return last


def _tuple(parts: list[str]) -> str:
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _indented(lines: list[str], depth: int) -> list[str]:
    return [("    " * depth) + line for line in lines]
