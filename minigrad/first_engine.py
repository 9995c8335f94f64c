"""Reverse mode on one page, for a reader who has never seen it: `python -m minigrad.first_engine`.

The table of derivatives (`ops/`) says how to compute each op, and by which rule a gradient goes back through
it. This engine runs an op and notes its inputs. Then it walks from the result back to the start, and asks the
table at every step. `engine/walk.py` is the faster engine, which must give the same gradients.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np

from minigrad.ops import Op, elementwise as table
from minigrad.ops.kernels import unbroadcast

_age = count().__next__


class Value:
    """An array, the op and the inputs that made it, and all values that a rule may ask for by name."""

    def __init__(self, data: Any, op: Any = None, inputs: tuple[Any, ...] = (), known: Any = None) -> None:
        self.data, self.op, self.inputs, self.known = np.asarray(data), op, inputs, known
        self.age = _age()  # inputs are always older than their output


def apply(op: Op, *inputs: Any, **options: Any) -> Value:
    """Run an op on values, or on constants (arrays, numbers), and note all that its rules may ask for."""
    arrays = tuple(x.data if isinstance(x, Value) else x for x in inputs)
    made = op.forward(*arrays, **options)
    out, *constants = made if op.constants else (made,)
    # An op that takes a list of inputs, like cat, knows them under one name.
    given = (arrays,) if op.variadic else arrays
    known = {**op.options, **options, **dict(zip(op.constants, constants, strict=True)), "out": out}
    for name, x in zip(op.inputs, given, strict=False):
        known |= {name: x, f"{name}_shape": tuple(map(np.shape, x)) if op.variadic else np.shape(x)}
    return Value(out, op, inputs, known)


def parts(value: Value, g: Any) -> Iterator[tuple[Value, Any]]:
    """Each input of a value, with the gradient that goes back to it where `g` arrives at the value."""
    for i, x in enumerate(value.inputs):
        name = value.op.inputs[0 if value.op.variadic else i]
        if not isinstance(x, Value) or name not in value.op.rules:
            continue  # a constant, or an index or a mask, through which no gradient flows
        known = {**value.known, "i": i}
        if value.op.variadic:
            known["others"] = [None if k == i else array for k, array in enumerate(known[name])]
        part = value.op.rules[name](g, *[known[need] for need in value.op.needs[name]])
        yield x, unbroadcast(np.asarray(part), x.data.shape)  # an input that was repeated gets the sum


def gradients(output: Value, g: Any = None) -> dict[Value, Any]:
    """The gradients of `output` with respect to every value behind it; `g`, if given, arrives at the output.

    >>> x = Value(3.0)
    >>> float(gradients(apply(table.mul, x, x))[x])
    6.0
    """
    arrived = {output: np.ones_like(output.data) if g is None else g}
    waiting = {output}
    while waiting:
        # The newest: all its users are newer still, and already visited. So its gradient is complete.
        value = max(waiting, key=lambda value: value.age)
        waiting.remove(value)
        for x, part in parts(value, arrived[value]):
            arrived[x] = arrived[x] + part if x in arrived else part  # a value used twice gets both parts
            waiting.add(x)
    return arrived


def main() -> None:
    """Differentiate z = x y + sin(x), and confirm each gradient by a small step."""

    def z(x: Any, y: Any) -> Value:
        return apply(table.add, apply(table.mul, x, y), apply(table.sin, x))

    x, y, step = Value(2.0), Value(3.0), 1e-6
    found = gradients(z(x, y))
    print(f"z = x*y + sin(x) at x = 2, y = 3 is {z(x, y).data:.6f}")
    for name, value, moved in (("x", x, z(2 + step, y)), ("y", y, z(x, 3 + step))):
        slope = f"{(moved.data - z(x, y).data) / step:.6f}"
        print(f"dz/d{name} = {found[value]:.6f}; nudged by {step}, z moves {slope} times as far")


if __name__ == "__main__":
    main()
