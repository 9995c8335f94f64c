"""The text of one call: the form in which NumPy makes it soonest.

The numbers are the same in every form. Measured, for 32 x 16 float32 on one core, in microseconds:

    np.add(x, row, out)            0.84     wide[...] = row; np.add(x, wide, out)    0.46
    np.maximum(x, 0, out=out)      0.43     clip(x, 0, inf, out)                     0.27
    np.dot(x, w, out)              0.62     x.dot(w, out)                            0.46
    np.add.reduce(x, 0, out=out)   0.63     ones.dot(x, out)                         0.27
"""

from __future__ import annotations

import inspect
import operator
from typing import Any

import numpy as np

from minigrad.ops.kernels import HIGHEST, bounded, keep_kernel
from minigrad.ops.sums import total

from .functions import WRITABLE, Draw, Ufunc
from .instructions import Step, Value

KEEP: Any = inspect.unwrap(keep_kernel)
KEEP_BY_BITS = "keep"  # of a gradient, and a mask as integers of its size
_WIDEST = 8192  # elements up to which an operand is repeated before a call, not within it
_SHORT = 128  # numbers of a run that BLAS may add


class Spelling:
    """Calls as text, and the scope in which the text means them.

    Attributes:
        scope: of the program's functions.
        made: lines that run once, before any call.
        laid: the values that exist before any call.
    """

    def __init__(self) -> None:
        self.scope: dict[str, Any] = {
            "__name__": "minigrad.program.text",
            "empty": np.empty,
            "copyto": np.copyto,
            "asarray": np.asarray,
        }
        self.made: list[str] = []
        self.laid: set[Value] = set()
        self._names: dict[int, str] = {}  # of functions and odd arguments, by id

    def beside(self, v: Value, line: str) -> None:
        """Have a line run as often as the memory of a value is made."""
        raise NotImplementedError

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> str:
        """The name of memory for the lines of one step."""
        raise NotImplementedError

    def bound(self, x: Any, kind: str = "c") -> str:
        """A name for anything."""
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
        """An argument: values by their names, containers part by part."""
        kind = type(x)
        if kind is Value:
            return f"v{x.number}"
        if x is None or x is ... or kind in (int, bool, str):
            return repr(x)
        if kind is tuple:
            return joined(map(self.spelled, x))
        if kind is list:
            return f"[{', '.join(map(self.spelled, x))}]"
        if kind is slice:
            return f"slice({self.spelled(x.start)}, {self.spelled(x.stop)}, {self.spelled(x.step)})"
        if kind is dict:
            return "{" + ", ".join(f"{self.spelled(k)}: {self.spelled(v)}" for k, v in x.items()) + "}"
        return self.bound(x)

    def assigned(self, step: Step) -> str:
        """A step that gives its results new memory."""
        call = self._call(step)
        if not _of_known_shape(step):
            self.scope["same_shapes"] = same_shapes
            shapes = [v.shape for v in step.outs]
            call = f"same_shapes({call}, {self.bound(shapes[0] if step.single else shapes)}, {step.single})"
        if not step.outs:
            return call
        if step.single:
            v = step.outs[0]
            # A NumPy number cannot be written to.
            call = f"asarray({call})" if not v.shape and v.root is v and v.written else call
            return f"v{v.number} = {call}"
        return f"{joined([f'v{v.number}' for v in step.outs])} = {call}"

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
        if _by_ones(step):
            return f"{self._ones(step.args[0])}.dot({args[0]})"
        if _by_dot(step):
            return f"{args[0]}.dot({args[1]})"
        if step.single and step.outs and is_elementwise(step) and (bound := _bound_of(step, step.outs[0])):
            return f"{self._clip(bound)})"
        return f"{self.bound(function, 'f')}({', '.join([*args, *named])})"

    def in_place(self, step: Step) -> list[str]:
        """A step that writes to memory which is there."""
        if getattr(step.function, "__name__", "") == "setitem":
            target, index, value = map(self.spelled, step.args)
            return [f"{target}[{index}] = {value}"]
        if is_elementwise(step) and set(step.kwargs) == {"out"}:
            return self._elementwise(step, step.kwargs["out"])
        return [self._call(step)]

    def written(self, step: Step, out: Value) -> list[str]:
        """A step whose result goes into memory that is there for it: `can_write` is true."""
        name, function = self.spelled(out), step.function
        args = [self.spelled(x) for x in step.args]
        if _by_ones(step):
            return [f"{self._ones(step.args[0])}.dot({args[0]}, {name})"]
        if function is total:
            self.scope["add_reduce"] = np.add.reduce
            return [f"add_reduce({args[0]}, {args[1]}, None, {name}, {step.args[2]})"]
        if function is KEEP:
            return self._kept(step, out)
        if function is KEEP_BY_BITS:
            self.scope["np_multiply"] = np.multiply
            return [f"np_multiply({args[1]}, {', '.join(self._as_bits(step.args[0], out))})"]
        if function == ".copy":
            return [f"copyto({name}, {args[0]})"]
        if function == ".astype":
            return [f"copyto({name}, {args[0]}, 'unsafe')"]
        if _of_two(step):
            rows = [self._row(step.args[0], i) for i in (0, 1)]
            return [f"{self.bound(Ufunc(function.ufunc, '__call__'))}({', '.join(rows)}, out={name})"]
        if function.method == "reduce":
            options = {"axis": 0, "keepdims": False, **step.kwargs}
            axis, keepdims = self.spelled(options["axis"]), options["keepdims"]
            more = [f", {self.spelled(step.kwargs['initial'])}"] if "initial" in step.kwargs else []
            return [f"{self.bound(function)}({args[0]}, {axis}, None, {name}, {keepdims}{''.join(more)})"]
        if _by_dot(step):
            return [f"{args[0]}.dot({args[1]}, {name})"]
        if is_elementwise(step):
            return self._elementwise(step, out)
        named = [f", {key}={self.spelled(x)}" for key, x in step.kwargs.items()]
        return [f"{self.bound(function)}({', '.join([*args, name])}{''.join(named)})"]

    def _elementwise(self, step: Step, out: Value) -> list[str]:
        ufunc, name = step.function.ufunc, self.spelled(out)
        bound = _bound_of(step, out)
        if bound is not None:
            return [f"{self._clip(bound)}, {name})"]
        lines, args = [], []
        for x in step.args:
            args.append(self.spelled(x))
            if type(x) is Value and _is_repeated(x, out):
                if x.kind == "constant":
                    args[-1] = self.bound(np.broadcast_to(x.sample, out.shape).copy())
                else:
                    args[-1] = self.scratch(out.shape, x.dtype)
                    lines.append(f"{args[-1]}[...] = {self.spelled(x)}")
        # By position, but for two ufuncs of which NumPy says that a third operand may come.
        args.append(f"out={name}" if ufunc in (np.maximum, np.minimum) else name)
        args += [f"{key}={self.spelled(x)}" for key, x in step.kwargs.items() if key != "out"]
        return [*lines, f"{self.bound(step.function)}({', '.join(args)})"]

    def _clip(self, bound: tuple[Value, Any, Any]) -> str:
        self.scope["clip"] = bounded
        return f"clip({', '.join(map(self.spelled, bound))}"

    def _kept(self, step: Step, out: Value) -> list[str]:
        """As `keep` has it, the mask as integers in memory for these lines."""
        g, mask = step.args
        ints = self.scratch(out.shape, bits_of(out))
        self.scope["np_multiply"] = np.multiply
        its, mine = self._as_bits(g, out)
        return [f"copyto({ints}, {self.spelled(mask)})", f"np_multiply({ints}, {its}, {mine})"]

    def _as_bits(self, g: Value, out: Value) -> tuple[str, str]:
        """The memory of g and of the result as integers."""
        kind, mine = self.bound(bits_of(out), "d"), f"{self.spelled(out)}_bits"
        self.beside(out, f"{mine} = {self.spelled(out)}.view({kind})")
        its = f"{self.spelled(g)}.view({kind})"
        if g in self.laid:
            self.made.append(f"{mine}_of = {its}")
            its = f"{mine}_of"
        return its, mine

    def _row(self, x: Value, i: int) -> str:
        if x not in self.laid:
            return f"{self.spelled(x)}[{i}]"
        name = f"{self.spelled(x)}_{i}"
        self.made.append(f"{name} = {self.spelled(x)}[{i}]")
        return name

    def _ones(self, x: Value) -> str:
        n = x.shape[0]
        return self.bound(_known_ones.setdefault((n, x.dtype.char), np.ones(n, x.dtype)), "ones")


_known_ones: dict[tuple[int, str], Any] = {}

# Their results have the same shape whatever the values are, if the operands have.
_KNOWN = {
    np.where, np.concatenate, np.stack, np.expand_dims, np.squeeze, np.broadcast_to, np.reshape,
    np.transpose, np.swapaxes, np.moveaxis, np.flip, np.roll, np.tile, np.tril, np.triu, np.diagonal, np.sum,
    np.mean, np.max, np.min, np.amax, np.amin, np.prod, np.argmax, np.argmin, np.argsort, np.sort, np.cumsum,
    np.cumprod, np.take, np.take_along_axis, np.clip, np.round, np.dot, np.einsum, np.copy, np.any, np.all,
    np.ascontiguousarray, np.ravel_multi_index, np.var, np.std, np.ravel, np.full_like, np.partition,
    np.tensordot, np.outer, total, operator.getitem, *WRITABLE.values(),
}  # fmt: skip


def _of_known_shape(step: Step) -> bool:
    function = step.function
    if function is KEEP:
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


def is_elementwise(step: Step) -> bool:
    """True if each element of the result comes from those at its place in the operands."""
    function = step.function
    return type(function) is Ufunc and function.method == "__call__" and function.ufunc.signature is None


def _is_repeated(x: Value, out: Value) -> bool:
    """True if an operand is a row, say, that a small call repeats: a copy is quicker at that than a ufunc."""
    return bool(x.shape) and x.shape != out.shape and out.size <= _WIDEST


def _bound_of(step: Step, out: Value) -> tuple[Value, Any, Any] | None:
    """(x, low, high) for the larger, or the smaller, of x and a constant number."""
    ufunc = step.function.ufunc
    if ufunc not in (np.maximum, np.minimum) or not set(step.kwargs) <= {"out"}:
        return None
    x, c = step.args
    if type(x) is not Value or x.dtype != out.dtype or x.dtype.kind != "f" or x.shape != out.shape:
        return None
    if type(c) is Value and c.kind == "constant" and not c.shape and c.dtype == x.dtype:
        c = c.sample
    elif type(c) not in (int, float):
        return None
    limit, top = np.array(c, x.dtype), HIGHEST[x.dtype]
    return (x, limit, top) if ufunc is np.maximum else (x, -top, limit)


def _by_dot(step: Step) -> bool:
    """As `product` has it: small matrices are multiplied by dot."""
    if type(step.function) is not Ufunc or step.function.ufunc is not np.matmul:
        return False
    a, b = step.args
    small = type(a) is Value and type(b) is Value and len(a.shape) == len(b.shape) == 2 and a.dtype == b.dtype
    return small and not step.kwargs and a.shape[0] * a.shape[1] < 16384 and a.dtype.kind == "f"


def _by_ones(step: Step) -> bool:
    """True for a sum over the first axis of a matrix, or of a short run, which BLAS can make."""
    function = step.function
    if function is total:
        x, axis, keepdims = step.args
    elif type(function) is Ufunc and function.ufunc is np.add and function.method == "reduce":
        x, axis, keepdims = step.args[0], step.kwargs.get("axis", 0), step.kwargs.get("keepdims", False)
        if len(step.args) > 1 or not set(step.kwargs) <= {"axis", "keepdims"}:
            return False
    else:
        return False
    if type(x) is not Value or keepdims or x.dtype.char not in "fd" or not x.size:
        return False
    axis = axis[0] if type(axis) is tuple and len(axis) == 1 else axis
    if len(x.shape) == 2:
        return axis == 0 and x.shape[0] <= 512
    return len(x.shape) == 1 and axis in (0, None) and x.size <= _SHORT


def _of_two(step: Step) -> bool:
    """True for the larger, or the smaller, of two rows: a reduction takes twice as long as a call on both."""
    function = step.function
    if function.method != "reduce" or function.ufunc not in (np.maximum, np.minimum) or len(step.args) > 1:
        return False
    options = {"axis": 0, "keepdims": False, **step.kwargs}
    x = step.args[0]
    plain = set(options) == {"axis", "keepdims"} and options["axis"] in (0, (0,)) and not options["keepdims"]
    return plain and type(x) is Value and len(x.shape) == 2 and x.shape[0] == 2


def keeps_by_bits(step: Step) -> tuple[Step, Step] | None:
    """A step that keeps a gradient under a mask, as two: the mask as integers, and the product."""
    if step.function is not KEEP or not can_write(step, step.outs[0]):
        return None
    (g, mask), out = step.args, step.outs[0]
    kind = bits_of(out)
    ints = Value(out.number + 3 * 10**6, "made", np.broadcast_to(np.empty((), kind), out.shape))
    ints.contiguous = True
    first, second = Step(".astype", (mask, kind), {}), Step(KEEP_BY_BITS, (g, ints), {})
    first.outs, second.outs = [ints], [out]
    for one in (first, second):
        one.op, one.line, one.layer, one.node = step.op, step.line, step.layer, step.node
    return first, second


def bits_of(x: Value) -> np.dtype[Any]:
    """The integers of the size of its elements."""
    return np.dtype(f"i{x.dtype.itemsize}")


def can_write(step: Step, out: Value) -> bool:
    """True if the step has a form that writes into a given array, C-contiguous and of its own memory."""
    if out.root is not out or not out.contiguous or step.required or out.nbytes == 0:
        return False
    function = step.function
    if function is total:
        x = step.args[0]
        short = x.dtype.char in "fd" and x.size <= _SHORT  # `total` adds so few with np.add.reduce itself
        return not out.written and (_by_ones(step) or short)
    if function is KEEP_BY_BITS:
        return True
    if function is KEEP:
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


def joined(parts: Any) -> str:
    """The text of a tuple with these parts."""
    parts = list(parts)
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
