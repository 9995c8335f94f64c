"""A program as a text to read: plain NumPy with the names and lines of the user."""

from __future__ import annotations

import ast
import functools
import keyword
import linecache
import math
import re
from typing import Any

import numpy as np

from minigrad.ops.kernels import keep_kernel
from minigrad.ops.op import REGISTRY
from minigrad.ops.places import is_basic, scatter_index
from minigrad.ops.sums import total

from .bundle import Bundle
from .functions import Draw, Ufunc, hold
from .instructions import Step, Value, name_of, values_in
from .looks import Look

_OPERATORS = {
    np.add: ("+", 10), np.subtract: ("-", 10), np.multiply: ("*", 20), np.true_divide: ("/", 20),
    np.matmul: ("@", 20), np.floor_divide: ("//", 20), np.remainder: ("%", 20), np.power: ("**", 40),
    np.greater: (">", 5), np.less: ("<", 5), np.greater_equal: (">=", 5), np.less_equal: ("<=", 5),
    np.equal: ("==", 5), np.not_equal: ("!=", 5), np.bitwise_and: ("&", 8), np.bitwise_or: ("|", 6),
}  # fmt: skip
# Names for values that nobody has named: by the op, if one call does it, or by the call.
_ALONE = {
    "relu", "tanh", "sigmoid", "exp", "log", "sqrt", "abs", "dropout", "softmax", "square", "mul", "matmul"
}  # fmt: skip
_KEPT = {"exp", "log", "sqrt", "tanh", "where", "random", "square", "erf"}
_WORDS = {
    "subtract": "difference", "multiply": "product", "divide": "quotient", "add": "added",
    "add.reduce": "total", "maximum.reduce": "largest", "getitem": "picked", "ravel_multi_index": "places",
    "ravel": "flat", "T": "turned", "not_equal": "mask", "greater": "mask", "astype": "cast",
    "total": "total", "sum": "total", "max": "largest", "copy": "copied", "maximum": "larger",
    "minimum": "smaller", "negative": "negative", "matmul": "product",
}  # fmt: skip
_LONGEST = 72  # of an expression into which others are put
_TAKEN = {"np", "math", "rng", "saved", "forward", "backward", *keyword.kwlist}


# The numbers of lines, from 0: by ("forward" or "backward", which of the recorded nodes), and by
# ("gradient", which of the inputs).
Marks = dict[tuple[str, Any], list[int]]


def source_of(program: Any, title: str) -> tuple[str, Marks]:
    """The text of a program: a function `forward`, and `backward` where something requires grad."""
    made = _Text(program, title)
    return made.text(), made.marks


class _Text:
    def __init__(self, program: Any, title: str) -> None:
        self.program, self.title = program, title
        self.names: dict[Value, str] = {}
        self.inlined: dict[Value, tuple[str, int]] = {}  # the expression of a value, and how tightly it binds
        self.constants: list[str] = []
        self._named: dict[str, str] = {}  # the names of constants, by their texts
        self.marks: Marks = {}
        self._within: dict[Value, set[int]] = {}  # the nodes whose steps an expression has
        self._used = set(_TAKEN)
        self.bundle = Bundle(self._used)
        self._draws = any(isinstance(step.function, Draw) for step in program.forward)
        self._problem = ""
        ops = {step.op for step in program.forward}
        self._lossy = "loss" in title or any("loss" in op or "entropy" in op for op in ops)

    def text(self) -> str:
        p = self.program
        for v in p.inputs:
            self._name(v, v.name or "x")
        self._name_made(p.forward)
        for v in p.seeds:
            self._name(v, f"grad_{self.names.get(p.roots[p.seeds.index(v)], 'out')}")
        self._name_gradients()
        self._name_made(p.backward)
        read = {v for step in p.steps for v in step.reads()} | set(p.saved) | set(p.outputs)
        looks = [place for place in p.places if isinstance(place, Look)]
        read |= {p.inputs[look.source[1]] for look in looks if look.source[0] == "in"}
        inputs = [v for v in p.inputs if v in read]
        given = [self.names[v] for v in inputs]
        forward = self._body(p.forward, [*p.outputs, *p.saved])
        returned = len(p.places) - sum(is_root for _, is_root in p.origins)
        outputs = ", ".join([self._result(k) for k in range(returned)])
        backward = self._body(p.backward, [v for v in p.gradients if v is not None])
        kept = [self._in(v, 0) for v in p.saved]
        names = [self.names[p.inputs[i]] for i in p.parents]
        grads = [
            f"{name!r}: {self._in(v, 0)}" for name, v in zip(names, p.gradients, strict=True) if v is not None
        ]
        lines = [f'"""{self.title}"""', "", "import numpy as np"]
        lines[2:2] = [f"import {module}" for module in sorted(self.bundle.modules)]
        lines += ["", *self.constants] if self.constants else []
        rng = ["rng"] if self._draws else []
        lines += ["", "", f"def forward({', '.join([*given, *rng])}):"]
        notes = [f"    {self.names[v]}: {_shape(v)}" for v in inputs]
        lines += ['    """The result' + (", and the values that backward needs" if p.seeds else "") + "."]
        lines += ["", *notes, '    """'] if notes else ['    """']
        self._move("forward", len(lines))
        lines += forward
        ending = outputs or "()"
        if p.seeds:
            result = ending if returned == 1 or not outputs else f"({ending})"
            kept_text = f"({', '.join(kept)}{',' if len(kept) == 1 else ''})"
            lines += [
                f"    saved = {kept_text}",
                f"    return {result}, saved",
            ]
            seeds = [] if p.later else [self.names[v] for v in p.seeds]
            lines += ["", "", f"def backward({', '.join([*seeds, 'saved'])}):"]
            seeded = {p.outputs[k] for k in p.differentiable}
            parts = [
                f"    That of {self._result(k)}, a view, is part of grad_{self.names[v]}."
                for k in range(returned)
                if (v := self._viewed(k)) in seeded and v in self.names
            ]
            lines += ['    """The gradient of each input, by name.' + ("" if parts else '"""')]
            lines += ["", *parts, '    """'] if parts else []
            if p.saved:
                taken = ", ".join(self._in(v, 0) for v in p.saved)
                lines += [f"    {taken}{',' if len(p.saved) == 1 else ''} = saved"]
            if p.later and any(v in read for v in p.seeds):  # the call itself goes back, from 1
                lines += [f"    {self.names[v]} = {_array_text(np.ones(v.shape, v.dtype))}" for v in p.seeds]
            self._move("backward", len(lines))
            first = len(lines) + len(backward) + 1
            given = [i for i, v in zip(p.parents, p.gradients, strict=True) if v is not None]
            self.marks |= {("gradient", i): [first + n] for n, i in enumerate(given)}
            lines += [*backward, "    return {", *[f"        {g}," for g in grads], "    }"]
        else:
            lines += [f"    return {ending}"]
        if self.bundle.lines:
            lines += ["", "", "# Functions that they call", *self.bundle.lines]
        if self._problem:
            lines.insert(1, f"# Not complete: {self._problem}.")
            self.marks = {key: [n + 1 for n in at] for key, at in self.marks.items()}
        return "\n".join(lines) + "\n"

    # --- names --------------------------------------------------------------------------------------------

    def _name(self, v: Value, wanted: str) -> None:
        if v in self.names:
            return
        name = re.sub(r"\W+", "_", wanted).strip("_") or "x"
        if name[0].isdigit():
            name = f"layer{name}"
        base, n = name, 2
        while name in self._used:
            name, n = f"{base}_{n}", n + 1
        self._used.add(name)
        self.names[v] = name

    def _name_made(self, steps: list[Step]) -> None:
        """Names from the user's lines, and from the layers: those of the last value that each makes."""
        backward = steps is self.program.backward
        if backward:
            return
        ends = {*self.program.outputs, *self.program.roots}
        last_of_line: dict[Any, Value] = {}
        last_of_layer: dict[Any, Value] = {}
        for step in steps:
            v = step.outs[0] if step.outs else step.writes
            if v is None or not step.single:
                continue
            if step.layer:
                last_of_layer[step.layer] = v
            if step.line is not None and last_of_line.get(step.line) not in ends:
                last_of_line[step.line] = v
        for line, v in last_of_line.items():
            target = _target(line)
            if target:
                self._name(v, target)
        for k, v in enumerate(self.program.outputs):
            if v.kind == "made":
                whole = "out" if len(self.program.outputs) == 1 else f"out{k}"
                line = next((s.line for s in steps if v in s.outs), None)
                lossy = not v.shape and (self._lossy or (line is not None and "loss" in _line(line)))
                self._name(v, "loss" if lossy else whole)
        for layer, v in last_of_layer.items():
            self._name(v, layer)

    def _name_gradients(self) -> None:
        p = self.program
        for i, v in zip(p.parents, p.gradients, strict=True):
            if v is not None and v.kind == "made":
                self._name(v, f"grad_{self.names[p.inputs[i]]}")
        for step in p.backward:
            for v in step.outs:
                if v.gradient_of is not None and v.gradient_of in self.names:
                    self._name(v, f"grad_{self.names[v.gradient_of]}")

    def _viewed(self, k: int) -> Value | None:
        """The output at which a result looks that is a view, with a history."""
        place = self.program.places[k]
        if not isinstance(place, Look) or not place.records or place.source[0] == "in":
            return None
        at = self.program.places[place.source[1]]
        return self.program.outputs[at] if isinstance(at, int) else None

    def _result(self, k: int) -> str:
        """The text of a result: an output, or a view."""
        place = self.program.places[k]
        if not isinstance(place, Look):
            return self._in(self.program.outputs[place], 0)
        kind, at = place.source
        text = self.names[self.program.inputs[at]] if kind == "in" else self._result(at)
        for name, how in place.links:
            if name == "getitem":
                text = f"{text}[{self._index(how, bool(place.shape))}]"
            elif name in ("expand", "diagonal"):
                function = "np.broadcast_to" if name == "expand" else "np.diagonal"
                text = f"{function}({', '.join([text, *[self._in(x, 0) for x in how]])})"
            else:
                sizes = self._in(list(how[0]), 0)[1:-1]
                text = f"{text}.{'reshape' if name == 'view' else 'transpose'}({sizes})"
        return text

    # --- lines --------------------------------------------------------------------------------------------

    def _body(self, steps: list[Step], wanted: list[Value]) -> list[str]:
        uses: dict[Value, int] = dict.fromkeys(wanted, 2)
        for step in steps:
            for read in step.reads():
                uses[read] = uses.get(read, 0) + 1
        lines: list[str] = []
        told: Any = None
        phase = "backward" if steps is self.program.backward else "forward"
        for step in steps:
            nodes = set().union(*[self._within.get(v, ()) for v in step.reads()])
            nodes |= set() if step.node is None else {step.node}
            if step.function is scatter_index.__wrapped__:  # type: ignore[attr-defined]
                scattered = self._scattered(step.outs[0], *step.args, **step.kwargs)
                for i in range(len(scattered)):
                    self._mark(phase, nodes, len(lines) + i)
                lines += scattered
                continue
            try:
                text, binding = self._step(step)
            except LookupError as error:
                self._problem = self._problem or str(error)
                text, binding = "NotImplemented", 100
            v = step.outs[0] if step.outs else None
            alone = v is not None and step.single and v not in self.names and uses.get(v, 0) == 1
            calm = v is not None and not v.root.written and not any(r.root.written for r in step.reads())
            if v is not None and alone and calm and not step.required and len(text) <= _LONGEST:
                self.inlined[v] = text, binding
                self._within[v] = nodes
                continue
            if v is not None and step.single and not v.shape and v.root.written and v.root is v:
                text = f"np.array({text})"
            comment = _line(step.line) if step.line is not None and step.line != told else ""
            if comment:
                lines += ["", f"    # {comment}"] if lines else [f"    # {comment}"]
            told = step.line or told
            self._mark(phase, nodes, len(lines))
            if v is None:
                lines.append(f"    {text}")
                continue
            for out in step.outs:
                self._name(out, self._spare(out, step))
            targets = ", ".join(self.names[out] for out in step.outs)
            line = f"    {targets} = {text}"
            shape = f"  # {_shape(v)}" if step.single else ""
            lines.append(f"{line:<56}{shape}".rstrip())
        return lines

    def _mark(self, phase: str, nodes: set[int], line: int) -> None:
        for node in nodes:
            self.marks.setdefault((phase, node), []).append(line)

    def _move(self, phase: str, by: int) -> None:
        """Count the lines of a part from the beginning of the text."""
        self.marks |= {key: [n + by for n in at] for key, at in self.marks.items() if key[0] == phase}

    def _scattered(self, out: Value, g: Any, index: Any, shape: Any) -> list[str]:
        """Zeros with a gradient at an index."""
        self._name(out, f"grad_{self.names[of]}" if (of := out.gradient_of) in self.names else "t")
        name, kind = self.names[out], self._in(out.dtype, 0)
        where = index[0] if type(index) is tuple and len(index) == 1 else index
        added = f"np.add.at({name}, {self._in(where, 0)}, {self._in(g, 0)})"
        if is_basic(index) and not list(values_in(index)):
            added = f"{name}[{self._index(index, True)}] = {self._in(g, 0)}"
        start = f"    {name} = np.zeros({tuple(shape)}, {kind})"
        return [f"{start:<56}  # {_shape(out)}", f"    {added}"]

    def _spare(self, v: Value, step: Step) -> str:
        of = v.gradient_of
        if of in self.names:
            return f"grad_{self.names[of]}"
        name = name_of(step.function).strip("_.<>")
        if step.op in _ALONE and step.outs[-1] is v:
            return step.op
        return _WORDS.get(name, name if name in _KEPT else "t")

    def _step(self, step: Step) -> tuple[str, int]:
        """The text of a call, and how tightly its outermost operator binds (100: not at all looser)."""
        function, args = step.function, step.args
        if isinstance(function, Draw):
            return self._call(f"rng.{function.name}", step), 100
        if isinstance(function, str):
            if function == ".T":
                return f"{self._in(args[0], 90)}.T", 95
            if function == ".copy" and args[0].kind == "constant" and args[0] not in self.names:
                text = self._in(args[0], 0)
                return (text if text.startswith("np.") else f"{text}.copy()"), 95
            return self._call(f"{self._in(args[0], 90)}{function}", step, 1), 95
        if isinstance(function, Ufunc):
            return self._ufunc(step)
        name = name_of(function)
        if name == "getitem" or function is REGISTRY["getitem"].forward:
            index = args[1] if len(args) > 1 else step.kwargs["index"]
            return f"{self._in(args[0], 90)}[{self._index(index, not step.outs[0].root.written)}]", 95
        if name == "setitem":
            return f"{self._in(args[0], 90)}[{self._index(args[1], True)}] = {self._in(args[2], 0)}", 0
        if function is total:
            axis = args[1][0] if type(args[1]) is tuple and len(args[1]) == 1 else args[1]
            inner = [] if axis is None else [f"axis={axis}"]
            inner += ["keepdims=True"] if args[2] else []
            return f"{self._in(args[0], 90)}.sum({', '.join(inner)})", 95
        if function is hold:
            checks = [self._in(x, 0) for x in args[1:]]
            return f"assert {self.bundle.name_of(args[0])}({', '.join(checks)}) is None", 0
        if function is keep_kernel.__wrapped__ and args[0].shape == args[1].shape:  # type: ignore[attr-defined]
            return (
                f"np.where({self._in(args[1], 0)}, {self._in(args[0], 0)}, {args[0].dtype.name}(0))".replace(
                    f"{args[0].dtype.name}(0)", "0"
                ),
                100,
            )
        module = str(getattr(function, "__module__", ""))
        if module.partition(".")[0] == "numpy" or getattr(np, name, None) is function:
            return self._call(_numpy_name(function), step), 100
        hint = f"{step.op}_rule" if step.op else "rule"
        return self._call(self.bundle.name_of(function, hint), step), 100

    def _ufunc(self, step: Step) -> tuple[str, int]:
        ufunc, args = step.function.ufunc, step.args
        target = step.kwargs.get("out")
        rest = {k: v for k, v in step.kwargs.items() if k != "out"}
        if step.function.method != "__call__":
            shortcut = {np.add: "sum", np.maximum: "max", np.minimum: "min", np.multiply: "prod"}.get(ufunc)
            if step.function.method == "reduce" and shortcut and target is None and type(args[0]) is Value:
                rest = {"axis": 0, **{k: v for k, v in rest.items() if k != "initial"}}
                inner = [f"{k}={self._in(v, 0)}" for k, v in rest.items() if v is not None]
                return f"{self._in(args[0], 90)}.{shortcut}({', '.join(inner)})", 95
            return self._call(f"np.{ufunc.__name__}.{step.function.method}", step), 100
        if ufunc in _OPERATORS and not rest:
            sign, level = _OPERATORS[ufunc]
            if target is not None:
                if args[0] is target:
                    return f"{self._in(target, 0)} {sign}= {self._in(args[1], 0, target)}", 0
                return self._call(f"np.{ufunc.__name__}", step), 0
            like = args[0] if type(args[0]) is Value and args[0].kind != "constant" else args[1]
            left, right = self._in(args[0], level, like), self._in(args[1], level + 1, like)
            return f"{left} {sign} {right}", level
        if ufunc is np.negative and target is None:
            return f"-{self._in(args[0], 30)}", 30
        return self._call(f"np.{ufunc.__name__}", step), 0 if target is not None else 100

    def _call(self, name: str, step: Step, first: int = 0) -> str:
        like = next((x for x in step.args if type(x) is Value and x.kind != "constant"), None)
        args = [self._in(x, 0, like) for x in step.args[first:]]
        args += [f"{k}={self._in(x, 0, like)}" for k, x in step.kwargs.items()]
        return f"{name}({', '.join(args)})"

    def _index(self, index: Any, short: bool = False) -> str:
        """An index as text; `short` where an Ellipsis at the end says nothing."""
        if short and type(index) is tuple and len(index) > 1 and index[-1] is ...:
            index = index[:-1]
        if type(index) is tuple and index:
            return ", ".join(map(self._slice, index))
        return self._slice(index)

    def _slice(self, x: Any) -> str:
        if type(x) is slice:
            ends = ["" if e is None else self._in(e, 0) for e in (x.start, x.stop)]
            return ":".join(ends) + ("" if x.step is None else f":{self._in(x.step, 0)}")
        return self._in(x, 0)

    def _in(self, x: Any, level: int, like: Value | None = None) -> str:
        """An argument as text, in brackets where it stands beside an operator that binds more tightly."""
        kind = type(x)
        if kind is Value:
            if x in self.names:
                return self.names[x]
            if x in self.inlined:
                text, binding = self.inlined[x]
                return f"({text})" if binding < level else text
            return self._constant(x, like)
        if isinstance(x, np.generic):
            return f"np.{kind.__name__}({x.item()!r})" if np.isfinite(x) else f"np.{kind.__name__}('{x}')"
        if isinstance(x, tuple):
            return f"({', '.join(self._in(p, 0) for p in x)}{',' if len(x) == 1 else ''})"
        if kind is list:
            return f"[{', '.join(self._in(p, 0) for p in x)}]"
        if kind is float:
            text = repr(x) if math.isfinite(x) else f"np.{'nan' if x != x else 'inf'}"
            text = f"-{text}" if x == -math.inf else text
            return f"({text})" if text[0] == "-" and level > 10 else text
        if kind is int:
            return f"({x})" if x < 0 and level > 10 else repr(x)
        if kind is slice:
            return f"slice({self._in(x.start, 0)}, {self._in(x.stop, 0)}, {self._in(x.step, 0)})"
        if x is ...:
            return "..."
        x = getattr(x, "dtype", x) if kind.__name__ == "dtype" else x  # ours has NumPy's
        if isinstance(x, np.dtype):
            return f"np.{'bool_' if x.kind == 'b' else x.name}"
        if isinstance(x, type) and issubclass(x, np.generic):
            return f"np.{x.__name__}"
        if kind is dict:
            return "{" + ", ".join(f"{k!r}: {self._in(v, 0)}" for k, v in x.items()) + "}"
        if x is None or kind in (str, bool):
            return repr(x)
        raise LookupError(f"an argument is a {kind.__name__}")

    def _constant(self, v: Value, like: Value | None) -> str:
        a = v.sample
        if a is None:
            raise LookupError("a value of forward is not at hand")
        if a.ndim == 0 and like is not None and like.dtype == a.dtype and a.dtype.kind in "fiu":
            number, text = a.item(), ""
            if math.isfinite(number):  # the shortest text that is the same number in its dtype
                text = repr(int(number)) if number == int(number) else str(a[()])
            if text:
                return text if text[0] != "-" else f"({text})"
        text = _array_text(a)
        if len(text) <= 40:
            return text
        if text in self._named:
            self.names[v] = self._named[text]
        else:
            self._name(v, "constant")
            self._named[text] = self.names[v]
            self.constants.append(f"{self.names[v]} = {text}")
        return self.names[v]


def _array_text(a: Any) -> str:
    kind = f"np.{'bool_' if a.dtype.kind == 'b' else a.dtype.name}"
    if a.ndim == 1 and a.size and a.dtype == np.int64 and (a == np.arange(a.size)).all():
        return f"np.arange({a.size})"
    if a.size and (a == a.flat[0]).all() and a.ndim:
        value = a.flat[0]
        if value in (0, 1):
            return f"np.{'ones' if value else 'zeros'}({a.shape}, {kind})"
        return f"np.full({a.shape}, {value.item()!r}, {kind})"
    text = repr(a.tolist()).replace("inf", "np.inf").replace("nan", "np.nan")
    return f"np.array({text}, {kind})"


def _numpy_name(function: Any) -> str:
    name = name_of(function)
    if getattr(np, name, None) is function:
        return f"np.{name}"
    module = (
        str(function.__module__)
        .replace("numpy", "np", 1)
        .replace("._core", "")
        .replace("np.fromnumeric", "np")
    )
    return f"np.{name}" if hasattr(np, name) else f"{module}.{name}"


def _shape(v: Value) -> str:
    return f"{tuple(v.shape)} {v.dtype.name}" if v.shape else v.dtype.name


def _line(place: tuple[str, int]) -> str:
    file, number = place
    text = linecache.getline(file, number).strip()
    return text if len(text) <= 90 else text[:87] + "..."


@functools.lru_cache(maxsize=4096)
def _target(place: tuple[str, int]) -> str:
    """The name to which the statement on a line assigns, or nothing."""
    text = linecache.getline(*place).strip()
    if "lambda" in text:
        return ""
    try:
        statement = ast.parse(text).body[0]
    except (SyntaxError, IndexError):
        match = re.match(r"([A-Za-z_]\w*) = ", text)
        return match[1] if match else ""
    if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        if isinstance(target, ast.Name):
            return target.id
    return ""
