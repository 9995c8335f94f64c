"""Random programs: graphs with sharing, broadcasting, reductions, views, detach and in-place steps.

A program is text, the Python that a user would write, so that what a failing test prints is what it ran.
Each line is chosen for the values that the lines before it have made: inside the domain of its op, away
from kinks, and of a size that differences can be taken of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import minigrad as torch
from minigrad.ops.op import REAL, REGISTRY, Interval

from .draw import Drawer
from .reproduction import spelled

Array = Any
Line = tuple[str, str]  # the name of what it makes, the expression; ("", statement) for an in-place step

LARGEST = 20.0  # values beyond are not computed with further
MOST = 64  # elements


class Program:
    """A program over leaves x0, x1, ..., and the names of its outputs: what it made and did not use.

    Called with a tensor per leaf it runs and returns the outputs. `detach()` gives the same constants
    whatever the leaves are, as a difference quotient must have it.
    """

    def __init__(self, leaves: Sequence[Array], lines: Sequence[Line]) -> None:
        self.leaves = list(leaves)
        self.lines = list(lines)
        self._code = [compile(_text(line), "<program>", "exec") for line in self.lines]
        self._held: dict[str, Array] = {}
        self.scope = self.run([torch.from_numpy(x.copy()) for x in self.leaves])
        self._held = {
            name: np.array(self.scope[name].numpy())
            for name, made in self.lines
            if made.endswith(".detach()")
        }

    def run(self, leaves: Sequence[Any]) -> dict[str, Any]:
        """All names of the program, after its last line."""
        scope: dict[str, Any] = {"torch": torch, "F": torch.nn.functional, "np": np}
        scope |= {f"x{i}": x for i, x in enumerate(leaves)}
        for (name, _), code in zip(self.lines, self._code, strict=True):
            exec(code, scope)
            if name in self._held and not np.array_equal(scope[name].numpy(), self._held[name]):
                scope[name] = torch.from_numpy(self._held[name].copy())
        return scope

    def __call__(self, *leaves: Any) -> tuple[Any, ...]:
        scope = self.run(leaves)
        return tuple(scope[name] for name in self.outputs)

    @property
    def outputs(self) -> list[str]:
        used = " ".join(made for _, made in self.lines)
        unused = [name for name, _ in self.lines if name and not _mentions(used, name)]
        return unused or [name for name, _ in self.lines if name][-1:] or ["x0"]

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


def random_program(d: Drawer, max_steps: int = 8, max_leaves: int = 3) -> Program:
    """A program drawn with `d`.

    >>> from minigrad.testing import RandomDrawer
    >>> from minigrad.testing.programs import random_program
    >>> program = random_program(RandomDrawer(seed=0))
    >>> len(program.lines) <= 8, len(program.outputs) > 0
    (True, True)
    """
    leaves = [d.values(s, REAL) for s in d.shapes(d.integer(1, max_leaves), max_dims=3)]
    program = Program(leaves, [])
    for _ in range(d.integer(1, max_steps)):
        line = _next_line(d, program)
        if line is not None:
            longer = _runs(leaves, [*program.lines, line])
            program = longer or program
    return program


def _runs(leaves: Sequence[Array], lines: Sequence[Line]) -> Program | None:
    """The program, if its values stay finite and small."""
    with np.errstate(all="ignore"):
        program = Program(leaves, lines)
    for name, _ in program.lines:
        if name:
            values = program.scope[name].numpy()
            if values.size > MOST or not (np.abs(values) <= LARGEST).all():
                return None
    return program


def _text(line: Line) -> str:
    name, made = line
    return f"{name} = {made}" if name else made


def _mentions(text: str, name: str) -> bool:
    return any(part == name for part in "".join(c if c.isalnum() else " " for c in text).split())


# --- the next line --------------------------------------------------------------------------------------


def _next_line(d: Drawer, program: Program) -> Line | None:
    """A line that may follow, or None where the draw does not fit the values."""
    names = [f"x{i}" for i in range(len(program.leaves))] + [name for name, _ in program.lines if name]
    a = names[len(names) - 1 - d.integer(0, len(names) - 1)]
    b = names[len(names) - 1 - d.integer(0, len(names) - 1)]
    new = f"y{sum(bool(name) for name, _ in program.lines)}"
    kind = d.choice(
        (_unary, _binary, _reduction, _view, _pair, _shared, _in_place, _unary, _binary, _detached)
    )
    return kind(d, program, a, b, new)


def _value(program: Program, name: str) -> Array:
    return program.scope[name].numpy()


def _fits(x: Array, interval: Interval) -> bool:
    low, high, avoid = interval
    return bool(((x >= low) & (x <= high)).all() and all((np.abs(x - p) > 0.05).all() for p in avoid))


def _public(name: str) -> str:
    """How a user calls an op; "" for one without a public function of the same name and arguments."""
    if hasattr(torch, name):
        return f"torch.{name}"
    return f"F.{name}" if hasattr(torch.nn.functional, name) else ""


_UNARY = {op.name: op.domain for op in REGISTRY.values() if op.rules and isinstance(op.domain, Interval)}
_BINARY = {
    op.name: op.domain
    for op in REGISTRY.values()
    if op.rules
    and isinstance(op.domain, tuple)
    and not isinstance(op.domain, Interval)
    and len(op.domain) == 2
}


def _unary(d: Drawer, program: Program, a: str, _b: str, new: str) -> Line | None:
    fitting = [n for n, domain in _UNARY.items() if _public(n) and _fits(_value(program, a), domain)]
    return (new, f"{_public(d.choice(fitting))}({a})") if fitting else None


def _binary(d: Drawer, program: Program, a: str, b: str, new: str) -> Line | None:
    left, right = _value(program, a), _value(program, b)
    try:
        np.broadcast_shapes(left.shape, right.shape)
    except ValueError:
        return None
    signs = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
    fitting = [n for n, (i, j) in _BINARY.items() if _public(n) and _fits(left, i) and _fits(right, j)]
    if (np.abs(left - right) > 0.05).all():
        fitting += ["maximum", "minimum"]
    if not fitting:
        return None
    name = d.choice(fitting)
    return new, f"{a} {signs[name]} {b}" if name in signs else f"{_public(name)}({a}, {b})"


def _shared(d: Drawer, program: Program, a: str, _b: str, new: str) -> Line | None:
    """One tensor at several places of one expression."""
    return new, d.choice(
        (f"{a} * {a}", f"{a} + {a} + {a}", f"{a} / ({a} * {a} + 1)", f"torch.sin({a}) * {a}")
    )


def _reduction(d: Drawer, program: Program, a: str, _b: str, new: str) -> Line | None:
    x = _value(program, a)
    if x.size == 0:
        return None
    dim, keepdim = d.dims(x.shape), d.flag()
    options = f"dim={dim}, keepdim={keepdim}"
    kinds = [f"{a}.sum({options})", f"{a}.mean({options})", f"torch.logsumexp({a}, {options})"]
    if x.ndim:
        axis = d.dim(x.shape)
        kinds += [f"{a}.cumsum({axis})", f"torch.softmax({a}, {axis})", f"torch.log_softmax({a}, {axis})"]
        gaps = np.diff(np.sort(x, axis=axis), axis=axis)
        if (np.abs(gaps) > 0.05).all():
            kinds += [f"torch.max({a}, {axis})[0]", f"torch.sort({a}, {axis})[0]", f"{a}.amin({axis})"]
    made = d.choice(kinds)
    return new, made.replace("dim=None", "dim=" + repr(tuple(range(x.ndim)))) if "logsumexp" in made else made


def _view(d: Drawer, program: Program, a: str, _b: str, new: str) -> Line | None:
    x = _value(program, a)
    shape = x.shape
    kinds = [f"{a}.reshape({d.reshaped(shape)})", f"{a}.permute({d.permutation(len(shape))})"]
    kinds += [f"{a}.unsqueeze({d.dim((*shape, 1))})", f"{a}.expand({(2, *shape)})", f"{a}.squeeze()"]
    if shape and 0 not in shape:
        kinds += [
            f"{a}[{_spelled(d.index(shape))}]",
            f"{a}.flip({d.dim(shape)})",
            f"{a}.roll(1, {d.dim(shape)})",
        ]
    return new, d.choice(kinds)


def _spelled(index: Any) -> str:
    """An index as one writes it between brackets."""
    parts = index if isinstance(index, tuple) else (index,)
    if not parts:
        return "()"

    def part(p: Any) -> str:
        if isinstance(p, slice):
            ends = ["" if v is None else str(v) for v in (p.start, p.stop)]
            return ":".join(ends) + ("" if p.step is None else f":{p.step}")
        if p is Ellipsis:
            return "..."
        return f"torch.tensor({p.tolist()}, dtype=torch.{p.dtype})" if isinstance(p, np.ndarray) else repr(p)

    return ", ".join(map(part, parts))


def _pair(d: Drawer, program: Program, a: str, b: str, new: str) -> Line | None:
    x, y = _value(program, a), _value(program, b)
    kinds = []
    fits = bool(x.ndim and y.ndim) and x.shape[-1] == y.shape[-2 if y.ndim > 1 else 0]
    if fits and (x.ndim < 3 or y.ndim < 3 or x.shape[:-2] == y.shape[:-2]):
        kinds.append(f"{a} @ {b}")
    if x.ndim >= 2:
        kinds.append(f"{a} @ {a}.mT")
    if x.shape == y.shape:
        kinds.append(f"torch.stack(({a}, {b}), {d.dim((*x.shape, 1))})")
        if x.ndim:
            kinds.append(f"torch.cat(({a}, {b}), {d.dim(x.shape)})")
    return (new, d.choice(kinds)) if kinds else None


def _detached(_d: Drawer, _program: Program, a: str, _b: str, new: str) -> Line | None:
    return new, f"{a}.detach()"


def _in_place(d: Drawer, program: Program, a: str, b: str, new: str) -> Line | None:
    """A clone to write to, or a step that writes to a clone of which nothing was computed yet."""
    clones = [name for name, made in program.lines if made.endswith(".clone()")]
    used = " ".join(made for name, made in program.lines if name)
    fresh = [name for name in clones if not _mentions(used, name)]
    if not fresh:
        return new, f"{a}.clone()"
    target = d.choice(fresh)
    x, y = _value(program, target), _value(program, b)
    kinds = [f"{target}.mul_(2)", f"{target}.sin_()"]
    if b != target and _broadcasts(y, x):
        kinds += [f"{target}.add_({b})", f"{target}.mul_({b})", f"{target}.copy_({b})"]
    if x.ndim and x.shape[0] > 1:
        kinds += [
            f"{target}[0] *= 3",
            f"{target}[1:] = {target}[:-1] * 2",
            f"{target}[0].add_({target}[1].sum())",
        ]
    return "", d.choice(kinds)


def _broadcasts(y: Array, x: Array) -> bool:
    try:
        return np.broadcast_shapes(x.shape, y.shape) == x.shape
    except ValueError:
        return False
