"""From a program to Python functions that run it: buffers laid out once, every call writing into its own.

The text of `make` is executed once per program. Calling `make(...)` allocates a set of buffers and all views
of them, and returns the forward and the backward that use this set. Large values have no buffers: each call
makes them and drops them after their last use, for memory would cost more than the time to ask for it.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .batches import Stacks
from .calls import Spelling, can_write, is_elementwise, joined, keeps_by_bits
from .instructions import Step, Value
from .numba_backend import Loop, njit

_VIEWS = {
    ".T", ".reshape", ".transpose", ".swapaxes", ".view", ".squeeze", ".ravel", "getitem", "reshape",
    "transpose", "swapaxes", "expand_dims", "squeeze", "moveaxis", "broadcast_to", "diagonal", "ravel",
}  # fmt: skip

LARGE = 2**21  # bytes


class Writer(Spelling):
    """The text of a program's functions."""

    def __init__(self, program: Any, backend: str = "numpy") -> None:
        super().__init__()
        self.program = program
        self._njit: Any = njit() if backend == "numba" else None
        self._free: list[tuple[int, int]] = []  # buffers of nobody now: (bytes, number)
        self._homes: dict[Value, tuple[int, int]] = {}  # the buffer of a root
        self._given_up: list[Value] = []  # large values whose memory the next one may take
        self._body: list[str] = []  # the lines of the function that is written
        self.sizes: list[int] = []  # of the buffers, in bytes
        self.steps: tuple[list[Step], list[Step]] = ([], [])  # those that run
        self._rows: set[Value] = set()
        self._held: list[Value] = []  # the scratch of a step
        self._scratches = 0
        self._large_scratch: set[str] = set()
        self.loops: list[str] = []  # the functions of a backend

    def text(self) -> str:
        p = self.program
        stacks = Stacks(p, can_write, keeps_by_bits if self._njit is None else lambda _: None)
        self.steps = stacks.forward, stacks.backward
        self._lay_out(stacks)
        fresh = {v.root for v in (*p.outputs, *p.gradients) if v is not None}
        saved_roots = {v.root for v in p.saved}
        for tensor_value, bound in zip(p.captured_values, p.captured_names, strict=True):
            self.laid.add(tensor_value)
            self.scope[bound] = None  # filled in by the program
        self.laid |= set(p.constants)
        for v in p.constants:
            self.scope[f"v{v.number}"] = v.sample
        last = _last_uses(*self.steps)
        forward = self._lines(stacks.forward, fresh, saved_roots, last, 0)
        # A saved value outlives the backward: the graph may be kept for another.
        backward = self._lines(stacks.backward, fresh, saved_roots, last, len(stacks.forward))
        carried = [v for v in p.saved if v not in self.laid or v.root.kind == "input"]
        p.carried = carried
        fetch = [f"v{v.number} = {where}._array" for v, where in p.argument_places]
        moved = " or ".join(
            f"{name}._array is not v{v.number}"
            for v, name in zip(p.captured_values, p.captured_names, strict=True)
        )
        outs = joined(self._all_given(p.outputs, set()))
        keep = f"[{', '.join([f'v{v.number}' for v in carried])}]"
        values = {v for steps in self.steps for step in steps for v in (*step.reads(), *step.outs)}
        large = {f"v{v.number}" for v in values if _is_large(v) and v not in self.laid} | self._large_scratch
        takes = "".join([f"v{v.number}, " for v in p.seeds])
        unpack = [f"{joined([f'v{v.number}' for v in carried])} = saved"] if carried else []
        if any(map(_is_large, carried)):
            unpack += ["if last:", "    saved.clear()"]
        earlier = {v.root for step in p.forward for v in step.outs}
        grads = joined(self._all_given(p.gradients, earlier))
        captured = ", ".join(f"v{v.number}" for v in p.captured_values)
        lines = [
            f"def make({captured}):",
            *_indented(self.made, 1),
            "    def forward(args, kwargs):",
            *_indented(["if " + moved + ":", "    return None"] if moved else [], 2),
            *_indented(_with_drops([*fetch, *forward, f"return {outs}, {keep}"], large), 2),
            f"    def backward({takes}saved, last):",
            *_indented([*unpack, *_with_drops([*backward, f"return {grads}"], large)], 2),
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
            given.append(self._copied(v) if v.root in earlier else self._given(v))
            earlier.add(v.root)
        return given

    def _given(self, v: Value) -> str:
        """An array that is handed out: it must be nobody else's."""
        text = f"v{v.number}"
        if v.kind != "made" or v in self.laid:
            return self._copied(v)
        return f"asarray({text})" if v.scalar else text

    def _copied(self, v: Value) -> str:
        text = f"v{v.number}.copy({'' if v.contiguous else repr('K')})"
        return text if v.shape else f"asarray({text})"  # the copy of a number is a number

    def _lines(
        self, steps: list[Step], fresh: set[Value], saved: set[Value], last: dict[Value, int], start: int
    ) -> list[str]:
        lines = self._body = []
        self._given_up.clear()
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
            if _lays_out(step) and all(v in self.laid for v in reads):
                self.made.append(self.assigned(step))
                self.laid.update(step.outs)
                continue
            out = step.outs[0] if len(step.outs) == 1 and step.single else None
            if out is not None and out in self._rows:
                lines += self.written(step, out)
                self._release([r for r in dying.get(position, ()) if r in self._homes and r not in saved])
                continue
            free_now = [r for r in dying.get(position, ()) if r in self._homes and r not in saved]
            if step.writes is not None:
                lines += self.in_place(step)
            elif out is None or out in fresh or not can_write(step, out):
                lines.append(self.assigned(step))
            elif is_elementwise(step):
                text = self.written(step, out)
                # It may write over an operand that nobody reads again.
                self._release([r for r in free_now if r.nbytes == out.nbytes and r.dtype == out.dtype])
                self._house(out)
                lines += text
            else:
                self._house(out)
                lines += self.written(step, out)
            self._release([r for r in free_now if r in self._homes])
        return lines

    def beside(self, v: Value, line: str) -> None:
        (self._body if _is_large(v) else self.made).append(line)

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> str:
        self._scratches += 1
        v = Value(10**6 + self._scratches, "made", np.broadcast_to(np.empty((), dtype), shape))
        self._house(v)
        self._held.append(v)
        if _is_large(v):
            self._large_scratch.add(self.spelled(v))
        return self.spelled(v)

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
        return v in self.laid or v.kind != "made" or not (v.scalar or not v.shape)

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
            self.made.append(f"v{stack.number} = empty({stack.shape}, {self.bound(stack.dtype, 'd')})")
            self.made += [f"v{v.number} = v{stack.number}[{i}]" for i, v in enumerate(rows)]
            # Of rows without axes an element would be a number.
            if not rows[0].shape:
                self.made[-len(rows) :] = [
                    f"v{v.number} = v{stack.number}[{i}, ...]" for i, v in enumerate(rows)
                ]
            self.laid |= {stack, *rows}

    # --- buffers -----------------------------------------------------------------------------------------

    def _house(self, v: Value) -> None:
        """Give a value a buffer: the smallest free one that is large enough, or a new one."""
        if _is_large(v):
            like = [x for x in self._given_up if x.shape == v.shape and x.dtype == v.dtype]
            new = f"empty({v.shape}, {self.bound(v.dtype, 'd')})"
            self._body.append(f"v{v.number} = {self.spelled(like[-1]) if like else new}")
            self._given_up.clear()
            self._homes[v] = 0, -1
            return
        need = max(v.nbytes, 1)
        fitting = [b for b in self._free if need <= b[0] <= max(2 * need, 256)]
        if fitting:
            home = min(fitting)
            self._free.remove(home)
        else:
            home = (-(-need // 64) * 64, len(self.sizes))
            self.sizes.append(home[0])
            self.made.append(f"b{home[1]} = empty({home[0]}, 'u1')")
        self._homes[v] = home
        kind = self.bound(v.dtype, "d")
        self.made.append(f"v{v.number} = b{home[1]}[:{v.nbytes}].view({kind}).reshape({v.shape})")
        self.laid.add(v)

    def _release(self, roots: list[Value]) -> None:
        """Give back the memory of values that nobody reads again, and that of the step's scratch."""
        for root in (*roots, *self._held):
            home = self._homes.pop(root)
            if _is_large(root):
                self._given_up.append(root)
            else:
                self._free.append(home)
        self._held.clear()


def _is_large(v: Value) -> bool:
    """True if each call makes it, and drops it."""
    return v.root.kind == "made" and v.root.nbytes >= LARGE


def _with_drops(lines: list[str], names: set[str]) -> list[str]:
    """The lines, in which each of these names is dropped after its last use, if it is not returned."""
    last: dict[str, int] = {}
    for i, line in enumerate(lines):
        found = re.finditer(r"\b(v\d+)(_bits)?\b", line)
        last |= {m[0]: i for m in found if m[1] in names}
    after: list[list[str]] = [[] for _ in lines]
    for name, i in last.items():
        after[i].append(name)
    after[-1].clear()
    return [
        part
        for line, done in zip(lines, after, strict=True)
        for part in ([line, f"del {', '.join(done)}"] if done else [line])
    ]


def _roots(step: Step) -> list[Value]:
    """The values of whose memory a step's values are views."""
    return [v.root for v in (*step.reads(), *step.outs) if v.root is not v]


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


def _indented(lines: list[str], depth: int) -> list[str]:
    return [("    " * depth) + line for line in lines]
