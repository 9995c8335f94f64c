"""Faults of the engine: the walk with one line changed, to see that the laws of `laws.py` find it out."""

import contextlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .. import _array, _backward, _engine
from . import laws
from .draw import RandomDrawer
from .programs import random_program

Function = Callable[..., Any]
FAMILY = "the engine"


class Fault(NamedTuple):
    """A function of the engine in which `old` reads `new`."""

    name: str
    function: Function
    old: str
    new: str

    @property
    def family(self) -> str:
        return FAMILY

    @property
    def description(self) -> str:
        return self.name

    def __str__(self) -> str:
        return f"{self.function.__module__}.{self.function.__name__}: {self.name}"


walk, reachable, leading = _engine.backward, _engine._reachable, _engine._leading_to
stamp, remade = _engine._Writes.stamp, _engine._with_tensors
sums, adds, owns = _array.unbroadcast, _backward.accumulate, _backward.owned
FAULTS = (
    # Adding up.
    Fault("a second arrival overwrites the first", walk, "total = total + d", "total = d"),
    Fault("a third arrival overwrites the sum", walk, "total += d", "total = d"),
    Fault("what is borrowed is added to in place", walk, "elif parent in ours:", "elif not create:"),
    Fault("what a rule passed on counts as new", walk, "and d is not g and", "and"),
    Fault("a view counts as new", walk, "and d.base is None", ""),
    Fault("a root given twice counts once", walk, "arrived[root] + gradient if root in arrived else", ""),
    Fault("a leaf's gradient is overwritten", adds, "np.add(known._array, g, out=", "np.copyto(src=g, dst="),
    Fault("a recorded gradient is not added", adds, "watch.grad = known + g", "pass"),
    Fault(
        "a leaf keeps the array that arrives", owns, "np.asarray(g) if ours else np.array(g)", "np.asarray(g)"
    ),
    # The order.
    Fault("nodes in the order in which they were found", reachable, "sorted(found)", "found"),
    Fault("the newest two nodes exchanged", reachable, "sorted(found)]", "sorted(found)][::-1][1::-1][::-1]"),
    Fault("newest last", reachable, "sorted(found)", "sorted(found, reverse=True)"),
    # Shapes and dtypes.
    Fault("un-broadcasting left out", walk, "d = unbroadcast(d, parent.shape)", "pass"),
    Fault("un-broadcasting takes the mean", sums, "np.sum(g", "np.mean(g"),
    Fault("un-broadcasting takes the largest", sums, "np.sum(g", "np.max(g"),
    Fault("a dtype is widened", walk, "d = cast(d, parent.dtype)", "pass"),
    # Writing and freeing.
    Fault("stale values are not caught", walk, "_refuse_stale(node)", "pass"),
    Fault("a write leaves no mark", stamp, "self.latest = now = tick()", "now = tick()"),
    Fault("a write marks the view only", stamp, "owner = _owner(array)", "owner = array"),
    Fault("nothing is freed", walk, "if not retain:", "if False:"),
    Fault("a retained graph is freed", walk, "if not retain:", "if True:"),
    Fault("freed graphs are walked again", reachable, "raise RuntimeError(messages.freed(node))", "continue"),
    # The second order, and goals.
    Fault(
        "nothing is remade as tensors", walk, "_with_tensors(node, edges, wrap) if create else edges", "edges"
    ),
    Fault("inputs as constants", remade, "return wrap(value, edge[0]) if edge else value", "return value"),
    Fault("outputs as constants", remade, "return wrap(value, node)", "return value"),
    Fault(
        "only the oldest goal is reached",
        leading,
        "node in goals",
        "node is min(goals, key=lambda n: n.tick)",
    ),
    Fault("a goal cuts the path", walk, "if not edges or (", "if not edges or node in (goals or ()) or ("),
)


@contextlib.contextmanager
def at_work(fault: Fault) -> Iterator[None]:
    """The engine with the fault, wherever the right function was known."""
    right = fault.function
    source = textwrap.dedent(inspect.getsource(right))
    if source.count(fault.old) < 1:
        raise LookupError(
            f"{right.__name__} no longer has the line {fault.old!r}, so that {fault.name!r} means nothing"
        )
    scope: dict[str, Any] = {}
    code = compile(source.replace(fault.old, fault.new, 1), f"<{fault.name}>", "exec", dont_inherit=True)
    exec(code, right.__globals__, scope)
    wrong = scope[right.__name__]
    holders = [
        vars(m) for n, m in list(sys.modules.items()) if n.partition(".")[0] == "minigrad" and m is not None
    ]
    known = [(holder, name) for holder in holders for name, value in holder.items() if value is right]
    for holder, name in known:
        holder[name] = wrong
    owner = getattr(_engine, right.__qualname__.partition(".")[0]) if "." in right.__qualname__ else None
    if owner is not None:
        setattr(owner, right.__name__, wrong)
    try:
        yield
    finally:
        for holder, name in known:
            holder[name] = right
        if owner is not None:
            setattr(owner, right.__name__, right)


def killer(fault: Fault, samples: int) -> str:
    """The law that found the fault out; "" if none did."""
    programs = [random_program(RandomDrawer(seed)) for seed in range(samples)]
    with at_work(fault):
        for law in laws.OF_THE_ENGINE:
            if error := _failure(law):
                return error
        for program in programs:
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
