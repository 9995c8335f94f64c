"""Random programs: graphs with sharing, broadcasting, views, several outputs, in-place steps and detach.

A program is text, the Python that a user would write, so that what a failing test prints is what it ran.
`random_program(drawer)` draws one; `program_lines.py` has the kinds of lines.

    program(*leaves)                       run it; a tuple of outputs
    program.run(leaves)                    run it; every name with its last value
    program.run(leaves, call=executor)     run it by another executor

An executor is a function `executor(name, *arguments, **options)` that is called for every operation of the
text in order, whether it was written as a function, a method, an operator or an index: `a * b` is
executor("mul", a, b), `a.sum(dim=1)` is executor("sum", a, dim=1), `a[0]` is executor("getitem", a, 0),
`a[0] = b` is executor("setitem", a, 0, b), `a.mul_(2)` is executor("mul_", a, 2). The values may be of any
kind that the executor makes; `leaves` are handed on as they are. `eager` is the executor that calls
minigrad. An executor that knows the ops of the registry alone can run the programs whose `program.calls`
are all in it, which `random_program(drawer, kinds=PLAIN)` draws often. So a law that two ways to record
agree runs the same program by two executors, and compares outputs and gradients; a law that two ways to
walk agree runs it once and walks twice.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import minigrad as torch
from minigrad.ops.op import REAL, REGISTRY

from .draw import Drawer
from .program_lines import KINDS, PLAIN, Kind, Line
from .reproduction import spelled

__all__ = ["KINDS", "PLAIN", "Program", "eager", "random_program"]

Array = Any
Executor = Callable[..., Any]

LARGEST = 20.0  # values beyond are not computed with further
MOST = 64  # elements


class _Ops:
    """The ops of the registry as attributes."""

    def __getattr__(self, name: str) -> Any:
        return REGISTRY[name]


class Program:
    """A program over leaves x0, x1, ..., and the names of its outputs: all that it made and did not use.

    Called with a tensor per leaf it runs and returns the outputs. `detach()` gives the same constants
    whatever the leaves are, as a difference quotient must have it.
    """

    def __init__(self, leaves: Sequence[Array], lines: Sequence[Line]) -> None:
        self.leaves = list(leaves)
        self.lines = list(lines)
        self._code = [compile(_text(line), "<program>", "exec") for line in self.lines]
        self._held: dict[str, Array] = {}
        self.scope = self.run([torch.from_numpy(x.copy()) for x in self.leaves])

    def run(self, leaves: Sequence[Any], call: Executor | None = None, hold: bool = True) -> dict[str, Any]:
        """All names of the program after its last line, by minigrad, or by an executor.

        Unless `hold`, `detach()` gives what its operand has, as it does in a user's program.
        """
        scope: dict[str, Any] = {"torch": torch, "F": torch.nn.functional, "ops": _Ops(), "np": np}
        scope["_call"] = call
        scope |= {f"x{i}": x for i, x in enumerate(leaves)}
        codes = self._code if call is None else [_by_calls(_text(line)) for line in self.lines]
        for (name, made), code in zip(self.lines, codes, strict=True):
            exec(code, scope)
            if hold and made.endswith(".detach()") and isinstance(scope[name], torch.Tensor):
                held = self._held.setdefault(name, scope[name].numpy().copy())
                if not np.array_equal(scope[name].numpy(), held):
                    scope[name] = torch.from_numpy(held.copy())
        return scope

    def __call__(self, *leaves: Any) -> tuple[Any, ...]:
        scope = self.run(leaves)
        return tuple(scope[name] for name in self.outputs)

    @property
    def names(self) -> list[str]:
        """Of the leaves and of everything that is made, in this order."""
        made = [name for names, _ in self.lines if names for name in names.split(", ")]
        return [*(f"x{i}" for i in range(len(self.leaves))), *made]

    @property
    def outputs(self) -> list[str]:
        made = [name for name in self.names if name[0] == "y"]
        used = {name for name in made if any(_mentions(text, name) for names, text in self.lines if names)}
        written = {_target(text) for names, text in self.lines if not names}
        return [name for name in made if name in written or name not in used] or ["x0"]

    @property
    def calls(self) -> set[str]:
        """The names that an executor is called with."""
        calls: set[str] = set()
        for line in self.lines:
            for node in ast.walk(_Calls().visit(ast.parse(_text(line)))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "_call":
                    calls.add(ast.literal_eval(node.args[0]))
        return calls

    def __str__(self) -> str:
        body = "\n".join([*map(_text, self.lines), *self.outputs])
        made = [
            f"x{i} = {spelled(x)}.requires_grad_()"
            for i, x in enumerate(self.leaves)
            if _mentions(body, f"x{i}")
        ]
        return "\n".join([*made, *map(_text, self.lines), f"outputs = {', '.join(self.outputs)}"])

    def __repr__(self) -> str:
        return "Program:\n" + "\n".join("    " + line for line in str(self).splitlines())


def random_program(
    d: Drawer, max_steps: int = 8, max_leaves: int = 3, kinds: Sequence[Kind] = KINDS
) -> Program:
    """A program drawn with `d`; `kinds=PLAIN` leaves out what writes, detaches or has several outputs.

    >>> from minigrad.testing import RandomDrawer
    >>> from minigrad.testing.programs import random_program
    >>> program = random_program(RandomDrawer(seed=0))
    >>> len(program.lines) <= 8, len(program.outputs) > 0
    (True, True)
    """
    leaves = [d.values(s, REAL) for s in d.shapes(d.integer(1, max_leaves), max_dims=3)]
    program = Program(leaves, [])
    for _ in range(d.integer(1, max_steps)):
        names = [name for name in program.names if program.scope[name].dtype.kind == "f"]
        a, b = (names[len(names) - 1 - d.integer(0, len(names) - 1)] for _ in range(2))
        line = d.choice(kinds)(d, program.scope, a, b, _after(program))
        if line is not None:
            program = _runs(leaves, [*program.lines, line]) or program
    return program


def _after(program: Program) -> list[str]:
    """The next names that are free."""
    n = len(program.names) - len(program.leaves)
    return [f"y{n + i}" for i in range(4)]


def _runs(leaves: Sequence[Array], lines: Sequence[Line]) -> Program | None:
    """The program, if its values stay finite and small, and its writes are allowed."""
    writes = not lines[-1][0]
    try:
        with np.errstate(all="ignore"):
            program = Program(leaves, lines)
        if writes:
            _require_allowed(program, lines[-1][1])
    except (RuntimeError, ValueError):
        if writes:  # a write of another shape, to a saved value, to an expanded tensor
            return None
        raise
    for name in program.names[len(leaves) :]:
        values = program.scope[name].numpy()
        if values.size > MOST or not (np.abs(values) <= LARGEST).all():
            return None
    return program


def _require_allowed(program: Program, write: str) -> None:
    """Raise where the last line writes to a leaf or to a detached value, or to what backward needs."""
    target = program.scope[_target(write)].numpy()
    kept = [f"x{i}" for i in range(len(program.leaves))]
    kept += [name for name, made in program.lines if made.endswith(".detach()")]
    if any(np.shares_memory(target, program.scope[name].numpy()) for name in kept):
        raise ValueError("a leaf, or a constant, would change")
    outs = program(*(torch.from_numpy(x.copy()).requires_grad_() for x in program.leaves))
    recorded = [out.sum() for out in outs if out.requires_grad]
    torch.autograd.backward(recorded) if recorded else None


def _text(line: Line) -> str:
    name, made = line
    return f"{name} = {made}" if name else made


def _target(write: str) -> str:
    """The name of what an in-place step writes to."""
    return write.partition("[")[0].partition(".")[0]


def _mentions(text: str, name: str) -> bool:
    return any(part == name for part in "".join(c if c.isalnum() else " " for c in text).split())


# --- other executors --------------------------------------------------------------------------------------

_OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.MatMult: "matmul"}
_OWN: dict[str, Executor] = {
    "getitem": operator.getitem, "setitem": operator.setitem, "neg": operator.neg, "gt": operator.gt
}  # fmt: skip


def eager(name: str, *arguments: Any, **options: Any) -> Any:
    """The executor that runs a program by minigrad."""
    if name in _OWN:
        return _OWN[name](*arguments)
    for place in (torch, torch.nn.functional):
        if hasattr(place, name):
            return getattr(place, name)(*arguments, **options)
    if not hasattr(arguments[0], name):  # an op of the user's own
        return REGISTRY[name](*arguments, **options)
    found = getattr(arguments[0], name)
    return found(*arguments[1:], **options) if callable(found) else found


def _by_calls(text: str) -> Any:
    return compile(ast.fix_missing_locations(_Calls().visit(ast.parse(text))), "<program by calls>", "exec")


def _called(name: str, *arguments: ast.expr, keywords: Sequence[ast.keyword] = ()) -> ast.Call:
    return ast.Call(ast.Name("_call", ast.Load()), [ast.Constant(name), *arguments], list(keywords))


class _Calls(ast.NodeTransformer):
    """Turns every operation of a line into a call of `_call`."""

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        return _called(_OPERATORS[type(node.op)], self.visit(node.left), self.visit(node.right))

    def visit_Compare(self, node: ast.Compare) -> Any:
        return _called("gt", self.visit(node.left), self.visit(node.comparators[0]))

    def visit_Call(self, node: ast.Call) -> Any:
        made: Any = self.generic_visit(node)
        function = node.func
        if isinstance(function, ast.Call):  # a method, of which visit_Attribute has made a call
            return ast.Call(function.func, [*function.args, *made.args], made.keywords)
        return made

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        owner = node.value
        if isinstance(owner, ast.Name) and owner.id in ("torch", "F", "ops"):
            constant = node.attr in ("tensor", "int64", "bool", "float64")
            return node if constant else _called(node.attr)
        return _called(node.attr, self.visit(owner))

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        return _called("getitem", self.visit(node.value), _index(node))

    def visit_Assign(self, node: ast.Assign) -> Any:
        target, value = node.targets[0], self.visit(node.value)
        if isinstance(target, ast.Subscript):
            return ast.Expr(_called("setitem", target.value, _index(target), value))
        return ast.Assign(node.targets, value)


def _index(node: ast.Subscript) -> ast.expr:
    """An index as a value: slices are written `slice(...)`."""

    def part(p: ast.expr) -> ast.expr:
        if isinstance(p, ast.Slice):
            ends = [ast.Constant(None) if e is None else e for e in (p.lower, p.upper, p.step)]
            return ast.Call(ast.Name("slice", ast.Load()), ends, [])
        return p

    index = node.slice
    return (
        ast.Tuple([part(p) for p in index.elts], ast.Load()) if isinstance(index, ast.Tuple) else part(index)
    )
