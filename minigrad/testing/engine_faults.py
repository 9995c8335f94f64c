"""Faults of the engine: the walk with one thing wrong, to see that the laws of `laws.py` find it out.

Most faults change a line of the source. They look for its words in the function where it should be, then in
the whole file: spaces, comments, line breaks and a move to another function do not matter. A line that is
gone is an error which says so, not a fault that is silently no longer made. The others wrap a function, and
depend on no line.
"""

from __future__ import annotations

import contextlib
import heapq
import inspect
import io
import itertools
import math
import sys
import textwrap
import tokenize
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .. import _array, _backward, _engine
from . import laws
from .draw import RandomDrawer
from .programs import random_program

Function = Callable[..., Any]
FAMILIES = (
    "engine: adding up",
    "engine: edges",
    "engine: gradient aliased",
    "engine: order of nodes",
    "engine: shape and dtype",
    "engine: stale values",
    "engine: freeing",
    "engine: second order",
    "engine: goals",
)
ADDING, EDGES, ALIASED, ORDER, SHAPES, STALE, FREEING, SECOND, GOALS = FAMILIES


class Fault(NamedTuple):
    """A module of the engine in which something is wrong: a line (`old` reads `new`), or a function's result.

    `within` names the function; for a fault that is a line it is where that line is looked for first.
    """

    family: str
    name: str
    module: types.ModuleType
    within: str
    old: str = ""
    new: str = ""
    wrong: Callable[[Function], Function] | None = None

    @property
    def description(self) -> str:
        return self.name

    def __str__(self) -> str:
        return f"{self.module.__name__}.{self.within}: {self.name}"


def _exchanging(every: int) -> Callable[[Function], Function]:
    """`heappop` that, every so many times, gives the second newest node before the newest."""

    def wrong(right: Function) -> Function:
        calls = itertools.count(1)

        def heappop(heap: list[Any]) -> Any:
            first = right(heap)
            if not heap or next(calls) % every:
                return first
            second = right(heap)
            heapq.heappush(heap, first)
            return second

        return heappop

    return wrong


def _mean(right: Function) -> Function:
    def unbroadcast(g: Any, shape: Any) -> Any:
        return right(g, shape) * (math.prod(shape) / max(math.prod(g.shape), 1))

    return unbroadcast


def _nothing(_: Function) -> Function:
    return lambda *_args, **_kwargs: None


def _as_it_is(_: Function) -> Function:
    """A function that hands back its first argument."""
    return lambda first, *_: first


def _as_saved(_: Function) -> Function:
    """The edges of a node as arrays."""

    def with_tensors(node: Any, _wrap: Function) -> Any:
        edges = [(edge[0], edge[1], edge[2:]) if edge else _engine.NO_EDGE for edge in node.edges]
        return _engine.linked(edges)

    return with_tensors


def _line(family: str, name: str, module: types.ModuleType, within: str, old: str, new: str) -> Fault:
    return Fault(family, name, module, within, old, new)


def _function(
    family: str, name: str, module: types.ModuleType, within: str, wrong: Callable[[Function], Function]
) -> Fault:
    return Fault(family, name, module, within, wrong=wrong)


_walk = "backward"
FAULTS = (
    _line(ADDING, "a second arrival overwrites the first", _engine, _walk,
          "= arrived[parent] + d", "= d"),
    _line(ADDING, "a third arrival overwrites the sum", _engine, _walk,
          "arrived[parent] += d", "arrived[parent] = d"),
    _line(ADDING, "a root given twice counts once", _engine, _walk,
          "= arrived[root] + g", "= g"),
    _line(ADDING, "a leaf's gradient is overwritten", _backward, "accumulate",
          "np.add(known._array, g, out=", "np.copyto(src=g, dst="),
    _line(ADDING, "a gradient that nobody has seen is overwritten", _backward, "accumulate",
          "np.add(known, g, out=", "np.copyto(src=g, dst="),
    _line(ADDING, "a recorded gradient is not added", _backward, "accumulate",
          "watch.grad = grad_of(watch) + g", "pass"),
    _line(EDGES, "the first input gets nothing", _engine, _walk,
          "if parent is not None and (", "if parent is not None and parent is not node.a and ("),
    _line(EDGES, "the second input gets nothing", _engine, _walk, "if second is not None:", "if False:"),
    _line(EDGES, "a third input gets nothing", _engine, _walk, "elif more:", "elif False:"),
    _line(EDGES, "the second input gets what is the first's", _engine, _walk,
          "= second, op.rule_b", "= second, op.rule_a"),
    _line(EDGES, "nothing is left of the edges after the third", _engine, "linked",
          "more = (*edge, more)", "more = (*edge, ())"),
    _line(ALIASED, "what is borrowed is added to in place", _engine, _walk, "parent in ours", "not create"),
    _line(ALIASED, "what a rule passed on counts as new", _engine, _walk, "d is g and not create", "False"),
    _line(ALIASED, "a view counts as new", _backward, "owned", "and g.base is None", ""),
    _line(ALIASED, "a leaf keeps the gradient that the user gave", _engine, _walk,
          "arrived[root] = g if create else np.array(g)", "arrived[root] = g"),
    _line(ALIASED, "a kept gradient is the array that goes on", _engine, _walk,
          "kept.append((node, g if create else np.array(g)))", "kept.append((node, g))"),
    _line(ALIASED, "a recorded gradient keeps the array that arrives", _backward, "owned",
          "g._array.copy()", "g._array"),
    _line(ORDER, "oldest first", _engine, _walk, "(-parent.tick, parent)", "(parent.tick, parent)"),
    _line(ORDER, "nodes as they are found", _engine, _walk, "(-parent.tick, parent)", "(-tick(), parent)"),
    _function(ORDER, "two nodes exchanged, always", _engine, "heappop", _exchanging(1)),
    _function(ORDER, "two nodes exchanged, every third time", _engine, "heappop", _exchanging(3)),
    _function(SHAPES, "un-broadcasting left out", _engine, "unbroadcast", _as_it_is),
    _function(SHAPES, "un-broadcasting takes the mean", _engine, "unbroadcast", _mean),
    _line(SHAPES, "un-broadcasting takes the largest", _array, "unbroadcast", "total(", "np.max("),
    _line(SHAPES, "shapes are taken for equal", _engine, _walk, "if not aligned and", "if False and"),
    _function(SHAPES, "a dtype is widened", _engine, "cast", _as_it_is),
    _function(STALE, "stale values are not caught", _engine, "_refuse_stale", _nothing),
    _line(STALE, "a write leaves no mark", _engine, "_Writes.begin",
          "self.latest = now = tick()", "now = tick()"),
    _function(STALE, "a write marks the view only", _engine, "_owner", _as_it_is),
    _line(FREEING, "nothing is freed", _engine, _walk, "if not retain:", "if False:"),
    _line(FREEING, "what is freed keeps its arrays", _engine, _walk,
          "node.a = node.b = node.saved_a = node.saved_b = None", "node.a = node.b = None"),
    _line(FREEING, "the edges after the second are kept", _engine, _walk, "node.more = ()", "pass"),
    _line(FREEING, "a retained graph is freed", _engine, _walk, "if not retain:", "if True:"),
    _line(FREEING, "freed graphs are walked again", _engine, _walk,
          "raise RuntimeError(messages.freed(node))", "continue"),
    _function(SECOND, "nothing is remade as tensors", _engine, "_with_tensors", _as_saved),
    _line(SECOND, "inputs as constants", _engine, "_with_tensors",
          "return wrap(value, edge[0]) if edge else value", "return value"),
    _line(SECOND, "outputs as constants", _engine, "_with_tensors",
          "return wrap(value, node)", "return value"),
    _function(GOALS, "only the oldest goal is reached", _engine, "_leading_to",
              lambda right: lambda goals, roots: right({min(goals, key=lambda n: n.tick)}, roots)),
    _line(GOALS, "a goal cuts the path", _engine, _walk,
          "and node in goals and wanted.isdisjoint(node.parents())", "and node in goals"),
)  # fmt: skip


@contextlib.contextmanager
def at_work(fault: Fault) -> Iterator[None]:
    """The engine with the fault, wherever the right function was known.

    Raises:
        LookupError: where the engine no longer has the function, or the line, that the fault changes.
    """
    right, wrong = _wrong_function(fault)
    holders: list[Any] = [
        module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "minigrad"
    ]
    if fault.wrong is not None and right.__module__ != fault.module.__name__:
        holders = [fault.module]  # a function of another file is wrong for this module only
    holders += [kind for kind in vars(fault.module).values() if isinstance(kind, type)]
    known = [(h, name) for h in holders for name, value in list(vars(h).items()) if value is right]
    for holder, name in known:
        setattr(holder, name, wrong)
    try:
        yield
    finally:
        for holder, name in known:
            setattr(holder, name, right)


def _wrong_function(fault: Fault) -> tuple[Function, Function]:
    """The right function, and the one that takes its place."""
    if fault.wrong is not None:
        right = getattr(fault.module, fault.within, None)
        if right is None:
            raise LookupError(
                f"{fault.module.__name__} no longer has {fault.within}, so that {fault.name!r} means nothing"
            )
        return right, fault.wrong(right)
    functions = dict(_functions(fault.module))
    changed = {name: _changed(function, fault.old, fault.new) for name, function in functions.items()}
    having = [name for name, source in changed.items() if source]
    if fault.within in having:
        having = [fault.within]
    if len(having) != 1:
        found = f"has it in {' and '.join(having)}" if having else "no longer has it"
        raise LookupError(
            f"the fault {fault.name!r} looks for {fault.old!r} in {fault.within}, and "
            f"{fault.module.__name__} {found}, so that it means nothing; mend it in testing/engine_faults.py"
        )
    right = functions[having[0]]
    scope: dict[str, Any] = {}
    code = compile(changed[having[0]], f"<{fault.name}>", "exec", dont_inherit=True)
    exec(code, inspect.unwrap(right).__globals__, scope)
    return right, scope[right.__name__]


def _functions(module: types.ModuleType) -> Iterator[tuple[str, Function]]:
    """The functions that a module defines, also in its classes, by their qualified names."""
    for value in list(vars(module).values()):
        if getattr(value, "__module__", "") != module.__name__:
            continue
        if inspect.isfunction(value):
            yield value.__qualname__, value
        elif isinstance(value, type):
            yield from ((f.__qualname__, f) for f in vars(value).values() if inspect.isfunction(f))


def _changed(function: Function, old: str, new: str) -> str:
    """The source with `new` where the words of `old` first stand; "" where they do not stand."""
    source = textwrap.dedent(inspect.getsource(function))
    words, wanted = _words(source), [text for text, _, _ in _words(old)]
    for i in range(len(words) - len(wanted) + 1):
        if [text for text, _, _ in words[i : i + len(wanted)]] == wanted:
            (row, column), (last, end) = words[i][1], words[i + len(wanted) - 1][2]
            lines = source.splitlines()
            before, after = "\n".join([*lines[: row - 1], lines[row - 1][:column]]), lines[last - 1][end:]
            return "\n".join([before + new + after, *lines[last:]])
    return ""


def _words(source: str) -> list[tuple[str, tuple[int, int], tuple[int, int]]]:
    """(text, start, end) of the tokens that mean something; the source may be a part of a statement."""
    found = []
    with contextlib.suppress(tokenize.TokenError):  # an open bracket at the end of the part
        for kind, text, start, end, _ in tokenize.generate_tokens(io.StringIO(source).readline):
            if text.strip() and kind != tokenize.COMMENT:
                found.append((text, start, end))
    return found


def killer(fault: Fault, samples: int) -> str:
    """The law that found the fault out; "" if none did.

    Raises:
        RuntimeError: where the engine breaks a law without it too, so that a verdict would mean nothing.
    """
    if broken := first_broken_law(samples=1):
        raise RuntimeError(f"the engine breaks a law before {fault.name!r} is put into it: {broken}")
    with at_work(fault):
        return first_broken_law(samples)


def first_broken_law(samples: int) -> str:
    """The law that the engine, as it is now, breaks on one of so many programs; "" if it keeps all.

    >>> from minigrad.testing import engine_faults
    >>> engine_faults.first_broken_law(samples=2)
    ''
    """
    for law in laws.OF_THE_ENGINE:
        if error := _failure(law):
            return error
    for seed in range(samples):
        program = random_program(RandomDrawer(seed))
        for law_of_a_program in laws.OF_A_PROGRAM:
            if error := _failure(law_of_a_program, program):
                return error
    return ""


def _failure(law: Function, *arguments: Any) -> str:
    try:
        law(*arguments)
    except Exception as error:
        return f"{law.__name__}: {type(error).__name__}"
    return ""
