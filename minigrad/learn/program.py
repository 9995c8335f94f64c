"""Small programs on numbers, `a = x * y; z = sin(a)`, whose gradients an exercise asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import minigrad
from minigrad.first_engine import Value, apply
from minigrad.ops import Interval, Op, elementwise as table
from minigrad.testing import Drawer

from .compare import nudge, short

OPS: tuple[Op, ...] = (table.add, table.mul, table.sin, table.sub)
_SIGNS = {"add": "+", "mul": "*", "sub": "-"}
_NUMBERS = Interval(-1.5, 1.5, (0.0,))


@dataclass(frozen=True)
class Program:
    """Lines that each make a number of earlier ones; the last is the result."""

    leaves: tuple[float, ...]
    lines: tuple[tuple[Op, tuple[int, ...]], ...]

    def run(self, leaves: Any, call: Callable[..., Any] | None = None) -> list[Any]:
        """All values, leaves first; `call(op, *inputs)` runs an op, by default on plain numbers."""
        values = list(leaves)
        for op, places in self.lines:
            inputs = [values[place] for place in places]
            values.append(op.forward(*inputs) if call is None else call(op, *inputs))
        return values

    def recorded(self) -> tuple[list[Value], Value]:
        """Its leaves and its result in the first engine."""
        values = self.run([Value(x) for x in self.leaves], apply)
        return values[: len(self.leaves)], values[-1]

    def picture(self) -> tuple[Any, dict[str, Any]]:
        """Its result as a tensor, and its names, for `explain`."""
        leaves = [minigrad.tensor(x, dtype=minigrad.float64, requires_grad=True) for x in self.leaves]
        made = self.run(leaves, lambda op, *inputs: getattr(minigrad, op.name)(*inputs))
        return made[-1], dict(zip(self.names, made, strict=True))

    @property
    def slopes(self) -> Any:
        """The slope that nudging each leaf gives."""
        return nudge(lambda leaves: self.run(leaves)[-1], np.array(self.leaves))

    @property
    def names(self) -> list[str]:
        made = [chr(ord("a") + i) for i in range(len(self.lines) - 1)]
        return ["x", "y", "w"][: len(self.leaves)] + made + ["z"]

    def __str__(self) -> str:
        names = self.names
        said = [f"{name} = {short(x)}" for name, x in zip(names, self.leaves, strict=False)]
        for name, (op, places) in zip(names[len(self.leaves) :], self.lines, strict=True):
            inputs = [names[place] for place in places]
            sign = _SIGNS.get(op.name)
            said.append(f"{name} = {f' {sign} '.join(inputs) if sign else f'{op.name}({inputs[0]})'}")
        return "; ".join(said)


def draw_program(d: Drawer, most: int = 4) -> Program:
    """A program of at most so many lines, each of which uses the line before."""
    leaves = tuple(float(d.values((), _NUMBERS)) for _ in range(d.integer(1, 2)))
    lines: list[tuple[Op, tuple[int, ...]]] = []
    for _ in range(d.integer(1, most)):
        last = len(leaves) + len(lines) - 1
        op = d.choice(OPS)
        # The line before, or else the one before would be made for nothing.
        first = last if lines else d.integer(0, last)
        lines.append((op, (first, d.integer(0, last)) if len(op.inputs) == 2 else (first,)))
    return Program(leaves, tuple(lines))


def program_text(case: dict[str, Any]) -> str:
    """The program of a case, as the report shows it."""
    return str(case["program"])
