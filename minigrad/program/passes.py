"""Passes over a program: repeated calls become one, and calls that nobody needs are dropped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .functions import Ufunc
from .instructions import Step, Value, mapped

_PURE = (int, float, str, bool, type(None), type(...), np.dtype, type)


def without_repeats(*parts: list[Step]) -> dict[Value, Value]:
    """Take out of the parts, in their order, each call that was made before; returns what stands for what.

    A call that reads memory which a step writes is left alone, and so is a draw.
    """
    known: dict[Any, Step] = {}
    stands: dict[Value, Value] = {}

    def current(x: Any) -> Any:
        return stands.get(x, x) if type(x) is Value else x

    for part in parts:
        kept = []
        for step in part:
            step.args, step.kwargs = mapped(step.args, current), mapped(step.kwargs, current)
            touched = [*step.reads(), *step.outs]
            if step.writes is None and not step.required and not any(v.root.written for v in touched):
                try:
                    key = (step.function, _key(step.args), _key(step.kwargs))
                    first = known.setdefault(key, step)
                except TypeError:  # an argument that is no key: an index array, say
                    first = step
                if first is not step:
                    first.op = first.op or step.op
                    first.node = step.node if first.node is None else first.node
                    stands.update(zip(step.outs, first.outs, strict=True))
                    continue
            kept.append(step)
        part[:] = kept
    for value in list(stands):
        while stands[value] in stands:
            stands[value] = stands[stands[value]]
    return stands


def without_ones(steps: list[Step], ones: Iterable[Value]) -> dict[Value, Value]:
    """Take out the products with values that are 1; returns what stands for what."""
    ones = set(ones)
    written = {step.writes.root for step in steps if step.writes is not None}
    stands: dict[Value, Value] = {}
    kept = []
    for step in steps:
        step.args = mapped(step.args, lambda x: stands.get(x, x) if type(x) is Value else x)
        step.kwargs = mapped(step.kwargs, lambda x: stands.get(x, x) if type(x) is Value else x)
        others = [x for x in step.args if type(x) is not Value or x not in ones]
        other = others[0] if len(others) == 1 and len(step.args) == 2 else None
        if step.function == _PRODUCT and type(other) is Value and not step.kwargs:
            out = step.outs[0] if step.outs else None
            alike = out is not None and (other.shape, other.dtype) == (out.shape, out.dtype)
            if out is not None and alike and not written.intersection((out.root, other.root)):
                stands[out] = other
                continue
        kept.append(step)
    steps[:] = kept
    return stands


_PRODUCT = Ufunc(np.multiply, "__call__")


def _key(x: Any) -> Any:
    kind = type(x)
    if kind in (tuple, list):
        return (kind, *map(_key, x))
    if kind is dict:
        return (kind, *((k, _key(v)) for k, v in x.items()))
    if kind is slice:
        return (kind, _key(x.start), _key(x.stop), _key(x.step))
    if kind is Value:
        return x
    if isinstance(x, _PURE):
        return (kind, x)
    raise TypeError


def needed(steps: list[Step], wanted: Iterable[Value]) -> set[Value]:
    """Keep the steps that lead to the wanted values, and those that write to inputs or must run.

    Returns:
        The values that the kept steps read, and the wanted ones.
    """
    values = set(wanted)
    roots = {v.root for v in values}
    kept = []
    for step in reversed(steps):
        if step.writes is not None:
            root = step.writes.root
            live = root.kind == "input" or root in roots
        else:
            live = step.required or any(v in values for v in step.outs)
        if live:
            kept.append(step)
            for v in step.reads():
                values.add(v)
                roots.add(v.root)
    steps[:] = kept[::-1]
    return values
