"""The sum over paths: along each way from an output to a leaf flows a part of the leaf's gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from minigrad._tensor.backward import run_backward
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.engine.mode import mode
from minigrad.engine.node import NO_EDGE, Node
from minigrad.viz._scene import Entry, Operand, Scene

Step = tuple[Entry, Operand]


class Path(NamedTuple):
    """One way from the output to a leaf.

    Attributes:
        steps: the ops on the way, each with the operand through which the way goes on.
        value: what flows along it: all the other ways being shut.
        factors: the derivative of each step where all are single numbers; else nothing.
    """

    steps: tuple[Step, ...]
    value: Any
    factors: tuple[float, ...]


def count_paths(scene: Scene) -> dict[Entry, int]:
    """How many ways lead from the output to each entry."""
    ways = {scene.root: 1}
    for entry in reversed(scene.entries):  # users before what they use
        for operand in entry.operands:
            if operand.edge is not None and operand.source is not None and entry in ways:
                ways[operand.source] = ways.get(operand.source, 0) + ways[entry]
    return ways


def paths_to(scene: Scene, leaf: Entry, gradient: Any, limit: int) -> list[Path]:
    """The first `limit` ways from the output to a leaf, with what flows along each.

    The gradients are those that `backward` itself sends down a graph that consists of this one way.
    """
    return [_followed(steps, gradient) for steps, _ in zip(_ways(scene, leaf), range(limit), strict=False)]


def _ways(scene: Scene, leaf: Entry) -> Iterator[tuple[Step, ...]]:
    leads = _behind(scene, leaf)
    stack: list[tuple[Entry, tuple[Step, ...]]] = [(scene.root, ())]
    while stack:
        entry, steps = stack.pop()
        if entry is leaf:
            yield steps
            continue
        for operand in reversed(entry.operands):
            if operand.edge is not None and operand.source in leads:
                stack.append((operand.source, (*steps, (entry, operand))))


def _behind(scene: Scene, leaf: Entry) -> set[Entry]:
    """The entries from which a leaf can be reached."""
    found = {leaf}
    for entry in scene.entries:
        if any(o.edge is not None and o.source in found for o in entry.operands):
            found.add(entry)
    return found


def _followed(steps: tuple[Step, ...], gradient: Any) -> Path:
    value = _send(steps, gradient)
    factors: tuple[float, ...] = ()
    sizes = [np.prod(entry.shape) for entry, _ in steps] + [
        np.prod(steps[-1][1].edge[0].shape) if steps else 0
    ]
    if all(size == 1 for size in sizes) and value is not None:
        ones = [np.ones(entry.shape, entry.dtype) for entry, _ in steps]
        factors = tuple(
            float(np.reshape(_send((step,), one), ())) for step, one in zip(steps, ones, strict=True)
        )
    return Path(steps, value, factors)


def _send(steps: tuple[Step, ...], gradient: Any) -> Any:
    """The gradient at the end of a chain of these steps."""
    if not steps:
        return gradient
    end = steps[-1][1].edge[0]
    node = Node.make(None, (), end.shape, end.dtype)
    for entry, operand in reversed(steps):
        _, rule, *saved = operand.edge
        edges = [*[NO_EDGE] * operand.place, (node, rule, tuple(saved))]
        node = Node.make(entry.op, edges, entry.shape, entry.dtype)
    top: Tensor = wrap(np.empty(node.shape, node.dtype), node)
    observer, mode.observer = mode.observer, None
    try:
        found, _ = run_backward((top,), (wrap(np.asarray(gradient), None),), retain_graph=True)
    finally:
        mode.observer = observer
    return next(iter(found.values()), None)
