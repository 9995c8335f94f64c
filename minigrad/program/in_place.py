"""A pass over the forward: writes in place lose the copies around them.

Eager mode computes the new values of a tensor beside the old ones, and copies them over: that is right
whatever happens in between. In a program all that happens is known. The three forms, in their order:

    c = r.copy(); ... f(c)                      becomes f(r), where nobody writes r before its last reader
    t = r.copy(); t[i] = v; copyto(r, t)        becomes r[i] = v
    m = np.add(r, s); copyto(r, m)              becomes np.add(r, s, out=r)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .functions import Ufunc
from .instructions import Step, Value, mapped, name_of, values_in


def without_copies(steps: list[Step], kept: Iterable[Value]) -> None:
    """Take needless copies out of the steps; the values `kept` are read later."""
    _Pass(steps, kept).run()


class _Pass:
    def __init__(self, steps: list[Step], kept: Iterable[Value]) -> None:
        self.steps: list[Any] = [*steps]  # None for one that is gone
        self.target = steps
        self.values = set(kept)
        self.kept = {v.root for v in self.values}
        self.touches: dict[Value, list[int]] = {}  # the steps that read, write or look at a root's memory
        for at, step in enumerate(steps):
            for root in {v.root for v in (*step.reads(), *step.outs)}:
                self.touches.setdefault(root, []).append(at)

    def run(self) -> None:
        """Make all three passes."""
        for form in (
            self._seen_as_it_is,
            self._read_itself,
            self._written_itself,
            self._written_by_ufunc,
            self._put_onto_itself,
        ):
            for at, step in enumerate(self.steps):
                if step is not None:
                    form(at, step)
        self.target[:] = [step for step in self.steps if step is not None]

    def _seen_as_it_is(self, at: int, step: Step) -> None:
        """A reshape to the shape that it has says nothing."""
        if name_of(step.function) not in (".reshape", "reshape") or not step.single or not step.outs:
            return
        x, out = step.args[0], step.outs[0]
        if type(x) is not Value or out.root is not x.root or out.shape != x.shape or out in self.values:
            return
        for n in self._of(x.root):
            reader = self.steps[n]
            reader.args = mapped(reader.args, lambda y: x if y is out else y)
            reader.kwargs = mapped(reader.kwargs, lambda y: x if y is out else y)
            reader.writes = x if reader.writes is out else reader.writes
        self.steps[at] = None

    def _read_itself(self, at: int, step: Step) -> None:
        copied = self._copied(step)
        if copied is None:
            return
        c, r = copied
        last = self._of(c.root)[-1]
        if c.written or self._writes(r.root, at + 1, last):
            return
        if not r.contiguous and any(self.steps[n].function != ".copy" for n in self._of(c)[1:]):
            return  # in another order a sum would be another, and a view might be none
        for position in self._of(c.root)[1:]:
            reader = self.steps[position]
            assert reader is not None
            reader.args = mapped(reader.args, lambda x: r if x is c else x)
            reader.kwargs = mapped(reader.kwargs, lambda x: r if x is c else x)
            for v in reader.outs:
                if v.root is c:
                    v.root = r.root
        self.touches[r.root] = sorted({*self._of(r.root), *self._of(c)} - {at})
        self.steps[at] = None

    def _written_itself(self, at: int, step: Step) -> None:
        copied = self._copied(step)
        if copied is None:
            return
        t, r = copied
        *within, last = self._of(t)[1:] or [at]
        end = self.steps[last]
        u = end.args[1] if _copies_whole(end, r) else None
        if type(u) is not Value or u.root is not t:
            return
        looks = [n for n in within if _looks(self.steps[n], t)]
        writes = [n for n in within if n not in looks]
        if len(writes) != 1 or (looks and not (r.contiguous and t.contiguous and u.contiguous)):
            return
        write = self.steps[writes[0]]
        if write.writes is None or write.writes.root is not t or name_of(write.function) != "setitem":
            return
        if any(n not in within for n in self._of(r.root) if at < n < last):
            return
        for n in within:
            step = self.steps[n]
            step.args = mapped(step.args, lambda x: r if x is t else x)
            step.writes = r if step.writes is t else step.writes
            for v in step.outs:
                v.root = r.root
            if u in step.outs and u not in write.reads():  # only `end` has read it
                self.steps[n] = None
        self.steps[at] = self.steps[last] = None
        self.touches[r.root] = sorted({*self._of(r.root), *within} - {at, last})

    def _written_by_ufunc(self, at: int, step: Step) -> None:
        if type(step.function) is not Ufunc or step.function.method != "__call__" or step.kwargs:
            return
        if not step.single or step.function.ufunc.signature is not None or step.function.ufunc.nout != 1:
            return
        m = step.outs[0] if step.outs else None
        if m is None or m.root is not m or m in self.kept or len(self._of(m)) != 2:
            return
        last = self._of(m)[1]
        end = self.steps[last]
        r = end.writes if end is not None else None
        if end is None or r is None or not _copies_whole(end, r) or end.args[1] is not m:
            return
        if any(at < n < last for n in self._of(r.root)):
            return
        if any(v.root is r.root and v is not r for v in step.reads()):  # it would read what it has written
            return
        step.kwargs, step.writes, step.outs = {"out": r}, r, []
        self.steps[last] = None
        self.touches[r.root] = sorted({*self._of(r.root), at} - {last})

    def _put_onto_itself(self, at: int, step: Step) -> None:
        """`r[i] += s` puts r[i] back to its place, where it is already."""
        if step.writes is None or name_of(step.function) != "setitem" or step.args[0] is not step.writes:
            return
        r, index, v = step.args
        if type(v) is Value and v.root is r.root and not any(True for _ in values_in(index)):
            maker = next((s for s in self.steps if s is not None and v in s.outs), None)
            if maker is None or name_of(maker.function) != "getitem" or maker.args[0] is not r:
                return
            if _short(maker.args[1]) == _short(index):
                self.steps[at] = None

    def _copied(self, step: Step) -> tuple[Value, Value] | None:
        """(copy, of what) for a step that copies, where nobody wants the copy later."""
        if step.function != ".copy" or len(step.args) != 1 or step.kwargs or type(step.args[0]) is not Value:
            return None
        c, r = step.outs[0], step.args[0]
        return None if c.root is not c or c in self.kept or len(self._of(c)) < 2 else (c, r)

    def _of(self, root: Value) -> list[int]:
        return [n for n in self.touches.get(root, ()) if self.steps[n] is not None]

    def _writes(self, root: Value, first: int, last: int) -> bool:
        """True if a step writes to the memory of a root, from one position up to before another."""
        for n in self._of(root):
            step: Any = self.steps[n]
            if first <= n < last and step.writes is not None and step.writes.root is root:
                return True
        return False


def _short(index: Any) -> Any:
    """An index without the Ellipsis at its end."""
    return index[:-1] if type(index) is tuple and index[-1:] == (...,) else index


def _looks(step: Step, root: Value) -> bool:
    """True for a step that only looks at the memory of a root in another way."""
    return step.writes is None and len(step.outs) == 1 and step.outs[0].root is root


def _copies_whole(step: Step, r: Value) -> bool:
    """True for np.copyto(r, u), whole over whole."""
    u = step.args[1] if step.function is np.copyto and step.writes is r and step.args[0] is r else None
    return type(u) is Value and (r.shape, r.dtype) == (u.shape, u.dtype)
