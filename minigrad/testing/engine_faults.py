"""Faults of the engine: the walk with one thing wrong, to see that the laws of `laws.py` find it out.

Most faults change a line of the source. They look for its words in the function where it should be, then in
the whole file: spaces, comments, line breaks and a move to another function do not matter. A line that is
gone is an error which says so, not a fault that is silently no longer made. The others wrap a function, and
depend on no line.
"""

import contextlib
import functools
import inspect
import io
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
    "engine: gradient aliased",
    "engine: order of nodes",
    "engine: shape and dtype",
    "engine: stale values",
    "engine: freeing",
    "engine: second order",
    "engine: goals",
)
ADDING, ALIASED, ORDER, SHAPES, STALE, FREEING, SECOND, GOALS = FAMILIES


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


def _order(change: Callable[[list[Any]], list[Any]]) -> Callable[[Function], Function]:
    """`_reachable` with its result, the nodes from the oldest on, brought into another order."""

    def wrong(right: Function) -> Function:
        return functools.wraps(right)(lambda *args, **kwargs: change(right(*args, **kwargs)))

    return wrong


def _exchanged(nodes: list[Any], place: int) -> list[Any]:
    """Two neighbours, counted from the newest, in each other's place."""
    if place + 1 < len(nodes):
        i, j = -1 - place, -2 - place
        nodes[i], nodes[j] = nodes[j], nodes[i]
    return nodes


def _nothing(_: Function) -> Function:
    return lambda *_args, **_kwargs: None


def _as_it_is(_: Function) -> Function:
    """A function that hands back its first argument."""
    return lambda first, *_: first


FAULTS = (
    Fault(
        ADDING, "a second arrival overwrites the first", _engine, "backward", "total = total + d", "total = d"
    ),
    Fault(ADDING, "a third arrival overwrites the sum", _engine, "backward", "total += d", "total = d"),
    Fault(
        ADDING,
        "a root given twice counts once",
        _engine,
        "backward",
        "arrived[root] + gradient if root in arrived else",
        "",
    ),
    Fault(
        ADDING,
        "a leaf's gradient is overwritten",
        _backward,
        "accumulate",
        "np.add(known._array, g, out=",
        "np.copyto(src=g, dst=",
    ),
    Fault(
        ADDING, "a recorded gradient is not added", _backward, "accumulate", "watch.grad = known + g", "pass"
    ),
    Fault(
        ALIASED, "what is borrowed is added to in place", _engine, "backward", "parent in ours", "not create"
    ),
    Fault(ALIASED, "what a rule passed on counts as new", _engine, "backward", "and d is not g", ""),
    Fault(ALIASED, "a view counts as new", _engine, "backward", "and d.base is None", ""),
    Fault(
        ALIASED,
        "a leaf keeps the array that arrives",
        _backward,
        "owned",
        "np.asarray(g) if ours else np.array(g)",
        "np.asarray(g)",
    ),
    Fault(
        ALIASED,
        "a recorded gradient keeps the array that arrives",
        _backward,
        "owned",
        "g._array.copy()",
        "g._array",
    ),
    Fault(ORDER, "newest last", _engine, "_reachable", wrong=_order(lambda nodes: nodes[::-1])),
    Fault(
        ORDER,
        "nodes in the order in which they were found",
        _engine,
        "_reachable",
        "sorted(found)",
        "found",
    ),
    Fault(ORDER, "the newest two exchanged", _engine, "_reachable", wrong=_order(lambda n: _exchanged(n, 0))),
    Fault(
        ORDER,
        "the second and third newest exchanged",
        _engine,
        "_reachable",
        wrong=_order(lambda n: _exchanged(n, 1)),
    ),
    Fault(
        ORDER,
        "two in the middle exchanged",
        _engine,
        "_reachable",
        wrong=_order(lambda n: _exchanged(n, len(n) // 2)),
    ),
    Fault(
        ORDER,
        "the oldest two ops exchanged",
        _engine,
        "_reachable",
        wrong=_order(lambda n: _exchanged(n, sum(node.op is not None for node in n) - 2)),
    ),
    Fault(SHAPES, "un-broadcasting left out", _engine, "unbroadcast", wrong=_as_it_is),
    Fault(SHAPES, "un-broadcasting takes the mean", _array, "unbroadcast", "np.sum(g", "np.mean(g"),
    Fault(SHAPES, "un-broadcasting takes the largest", _array, "unbroadcast", "np.sum(g", "np.max(g"),
    Fault(SHAPES, "a dtype is widened", _engine, "cast", wrong=_as_it_is),
    Fault(STALE, "stale values are not caught", _engine, "_refuse_stale", wrong=_nothing),
    Fault(
        STALE,
        "a write leaves no mark",
        _engine,
        "_Writes.stamp",
        "self.latest = now = tick()",
        "now = tick()",
    ),
    Fault(STALE, "a write marks the view only", _engine, "_owner", wrong=_as_it_is),
    Fault(FREEING, "nothing is freed", _engine, "backward", "if not retain:", "if False:"),
    Fault(FREEING, "a retained graph is freed", _engine, "backward", "if not retain:", "if True:"),
    Fault(
        FREEING,
        "freed graphs are walked again",
        _engine,
        "_reachable",
        "raise RuntimeError(messages.freed(node))",
        "continue",
    ),
    Fault(
        SECOND,
        "nothing is remade as tensors",
        _engine,
        "_with_tensors",
        wrong=lambda _: lambda _node, edges, _wrap: edges,
    ),
    Fault(
        SECOND,
        "inputs as constants",
        _engine,
        "_with_tensors",
        "return wrap(value, edge[0]) if edge else value",
        "return value",
    ),
    Fault(
        SECOND, "outputs as constants", _engine, "_with_tensors", "return wrap(value, node)", "return value"
    ),
    Fault(
        GOALS,
        "only the oldest goal is reached",
        _engine,
        "_leading_to",
        wrong=lambda right: lambda goals, order: right({min(goals, key=lambda n: n.tick)}, order),
    ),
    Fault(
        GOALS,
        "a goal cuts the path",
        _engine,
        "backward",
        "if not edges or",
        "if not edges or node in (goals or ()) or",
    ),
)


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
    exec(code, right.__globals__, scope)
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
    """The law that found the fault out; "" if none did."""
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
