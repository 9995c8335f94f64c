"""Many small calls as one: values that lie side by side in a stack are computed, or added up, together.

A loop of Python leaves the same few calls for every turn. Two kinds of them in the backward need not wait for
each other: those that read only what the forward saved (the `1 - out * out` of each tanh), and the additions
that collect the gradient of a parameter that every turn uses. The first become one call over a stack of the
saved values, the second one sum. With long vectors nothing would be gained, so they are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.ops.sums import total

from .calls import is_elementwise
from .functions import Ufunc
from .instructions import Step, Value

_LARGEST = 4096  # bytes of a row
_FEWEST = 4  # rows of a sum


class Stacks:
    """The steps of a program as they run, and the stacks in which some of their values lie.

    Attributes:
        forward, backward: the steps.
        all: each stack, with its rows in their order.
        rows: the values that are rows.
    """

    def __init__(self, program: Any, can_write: Any, opened: Any) -> None:
        self.forward: list[Step] = list(program.forward)
        self.backward: list[Step] = []
        for step in program.backward:
            self.backward += opened(step) or [step]
        self.all: dict[Value, list[Value]] = {}
        self.rows: set[Value] = set()
        self._can_write = can_write
        steps = [*self.forward, *self.backward]
        given = [v for v in (*program.outputs, *program.gradients, *program.seeds) if v is not None]
        self._barred = {v.root for v in given}  # they get memory of their own, or have it
        for step in steps:
            for v in (*step.reads(), *step.outs):
                if v.root is not v:
                    self._barred.add(v.root)  # a view of it must stay one
        self._uses: dict[Value, int] = {}
        for step in steps:
            for v in step.reads():
                self._uses[v] = self._uses.get(v, 0) + 1
        for v in given:
            self._uses[v] = self._uses.get(v, 0) + 1
        self._makers = {step.outs[0]: step for step in steps if len(step.outs) == 1 and step.single}
        self._forward_made = {v for step in self.forward for v in step.outs}
        self._number = 2 * 10**6
        self._share_calls()
        self._share_sums()

    def _stackable(self, v: Any) -> bool:
        if type(v) is not Value or v.kind != "made" or v in self._barred or v.root.written:
            return False
        maker = self._makers.get(v)
        return maker is not None and v.nbytes <= _LARGEST and v.contiguous and self._can_write(maker, v)

    def _stack(self, rows: Iterable[Value]) -> Value | None:
        """The stack in which exactly these lie, in this order; a new one where they lie in none yet."""
        rows = list(rows)
        if rows[0] in self.rows:
            return next((s for s, known in self.all.items() if known == rows), None)
        if any(v in self.rows for v in rows) or len(set(rows)) < len(rows):
            return None
        like = np.broadcast_to(np.empty((), rows[0].dtype), (len(rows), *rows[0].shape))
        self._number += 1
        stack = Value(self._number, "made", like)
        stack.contiguous = True
        self.all[stack] = rows
        self.rows |= {*rows, stack}
        for v in rows:
            v.root = stack
        return stack

    # --- the same call on each of many saved values ---------------------------------------------------

    def _share_calls(self) -> None:
        shared: list[Step] = []
        while True:
            groups: dict[Any, list[tuple[Value, Step]]] = {}
            for step in self.backward:
                key, moving = self._kind(step)
                if moving is not None:
                    groups.setdefault(key, []).append((moving, step))
            taken: set[int] = set()
            for members in groups.values():
                if len(members) < 2:
                    continue
                source = self._stack([v for v, _ in members])
                if source is None:
                    continue
                steps = [step for _, step in members]
                differing = {id(v) for v, _ in members}
                args = tuple([source if id(x) in differing else x for x in steps[0].args])
                whole = Step(steps[0].function, args, {})
                made = self._stack([step.outs[0] for step in steps])
                if made is None:
                    continue
                whole.outs, whole.op, whole.line = [made], steps[0].op, steps[0].line
                shared.append(whole)
                taken |= {id(step) for step in steps}
            if not taken:
                break
            self.backward = [step for step in self.backward if id(step) not in taken]
        self.backward = [*shared, *self.backward]

    def _kind(self, step: Step) -> tuple[Any, Value | None]:
        """The kind of a call of which all can be made at once, and the one value in which they differ."""
        function = step.function
        if not (is_elementwise(step) or function == ".astype") or step.kwargs:
            return None, None
        if len(step.outs) != 1 or step.writes is not None or not self._stackable(step.outs[0]):
            return None, None
        out = step.outs[0]
        moving: Value | None = None
        pattern: list[Any] = []
        for x in step.args:
            if type(x) is not Value:
                if type(x) not in (int, float, bool) and not isinstance(x, np.dtype):
                    return None, None
                pattern.append((type(x), x))
            elif x.kind in ("input", "constant") and not x.root.written:
                pattern.append(x)
            elif (
                x in self.rows or (x in self._forward_made and self._stackable(x))
            ) and x.shape == out.shape:
                if moving is not None and x is not moving:
                    return None, None
                moving = x
                pattern.append(x.dtype)
            else:
                return None, None
        if moving is None:
            return None, None
        of = moving.root if moving in self.rows else None
        return (function, tuple(pattern), out.shape, out.dtype, of), moving

    # --- sums of many gradients --------------------------------------------------------------------------

    def _share_sums(self) -> None:
        replaced: dict[int, list[Step]] = {}
        gone: set[int] = set()
        inner: set[Value] = set()
        for step in reversed(self.backward):
            if not _is_add(step) or step.outs[0] in inner:
                continue
            chain, leaves = [step], [step.args[1]]
            first = step.args[0]
            while True:
                maker = self._makers.get(first)
                alone = self._uses.get(first) == 1 and first not in self._barred
                if maker is None or not alone or not _is_add(maker) or first.shape != step.outs[0].shape:
                    break
                inner.add(first)
                chain.append(maker)
                leaves.append(maker.args[1])
                first = maker.args[0]
            leaves = [first, *leaves[::-1]]
            mine = [v for v in leaves if self._is_leaf(v, step)]
            if len(mine) < _FEWEST or len(set(mine)) < len(mine):
                continue
            stack = self._stack(mine)
            if stack is None:
                continue
            others = [v for v in leaves if v not in mine]  # among them rows of other stacks
            gone |= {id(part) for part in chain}
            replaced[id(step)] = self._sum(stack, others, step)
        steps: list[Step] = []
        for step in self.backward:
            if id(step) in replaced:
                steps += replaced[id(step)]
            elif id(step) not in gone:
                steps.append(step)
        self.backward = steps

    def _is_leaf(self, v: Any, step: Step) -> bool:
        out = step.outs[0]
        fits = self._stackable(v) and v not in self.rows and v not in self._forward_made
        return fits and v.shape == out.shape and v.dtype == out.dtype

    def _sum(self, stack: Value, others: list[Value], step: Step) -> list[Step]:
        """The sum over a stack, and those that lie in none added to it."""
        steps = [Step(total, (stack, 0, False), {})]
        for v in others:
            self._number += 1
            partial = Value(self._number, "made", np.empty(step.outs[0].shape, step.outs[0].dtype))
            steps[-1].outs = [partial]
            steps.append(Step(step.function, (partial, v), {}))
        steps[-1].outs = step.outs
        for one in steps:
            one.line, one.op = step.line, step.op
        return steps


def _is_add(step: Step) -> bool:
    function = step.function
    plain = type(function) is Ufunc and function.ufunc is np.add and function.method == "__call__"
    if not plain or step.kwargs or len(step.outs) != 1 or step.outs[0].root.written:
        return False
    a, b = step.args
    return type(a) is Value and type(b) is Value and a.shape == b.shape == step.outs[0].shape
