"""`check_engines`: three ways to one gradient, the first engine, eager mode and the compiled program."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad._tensor.tensor import Tensor

from ..autograd import enable_grad, grad
from ..creation import from_numpy
from ..nn import Module
from ..program.compiled import compile
from ..program.structure import flatten
from ..random import get_rng_state, set_rng_state
from .by_first_engine import UnknownError, first_gradients
from .disagreement import EAGER, FIRST, PROGRAM, Numbers, require_same
from .report import Place
from .reproduction import described, parameter_names

Array = Any
MOVED = 0.01  # of each entry, from call to call: a sign, a zero and an order mostly stay


@dataclass(repr=False)
class Engines:
    """The outcome of `check_engines`: which engines agreed, and why one was left out.

    Attributes:
        name: of the function.
        calls: how many calls were compared; the first is the one that is traced.
        order: of the highest derivative that was compared.
        program: "" where the compiled program was compared, else why it was not.
        first: "" where the first engine was compared, else why it was not.
        gap: the largest difference between two engines, as a part of the largest entry.
        compiled: the compiled function; None where it could not be traced.

    >>> import minigrad as torch
    >>> from minigrad.testing import check_engines
    >>> check_engines(torch.sin, torch.tensor([0.3, 0.7]), calls=2).program
    ''
    """

    name: str
    calls: int
    order: int
    program: str = ""
    first: str = ""
    gap: float = 0.0
    compiled: Any = None

    def __repr__(self) -> str:
        others = [name for name, why in ((FIRST, self.first), (PROGRAM, self.program)) if not why]
        told = ", values" if self.order == 0 else f", values and gradients to order {self.order}"
        calls = f"{self.calls} call{'s' * (self.calls > 1)}"
        lines = [f"{self.name}: {' = '.join([EAGER, *others])}, within {self.gap:.0e} ({calls}{told})"]
        for name, why in ((FIRST, self.first), (PROGRAM, self.program)):
            lines += [f"  {name} not compared: {why}"] * bool(why)
        return "\n".join(lines)


def check_engines(
    fn: Callable[..., Any],
    *inputs: Any,
    calls: int = 3,
    order: int = 2,
    seed: int = 0,
    rtol: float | None = None,
    fullgraph: bool = False,
) -> Engines:
    """Raise unless eager mode, the first engine and the compiled program of `fn` give the same numbers.

    `fn` is called eagerly, and compiled, with the same data and the same random stream, several times with
    fresh data: each float moves a little from call to call. The check compares values, shapes, dtypes, the
    need of a gradient, the gradients for random cotangents, and at order 2 their own gradients. Of a module
    it also compares the parameters and buffers after the call. The first engine walks the recorded graph.
    The three have one table of derivatives: a wrong rule is found by `check_grads`, not here.

    Arguments:
        fn: takes tensors, returns tensors in tuples, lists and dicts. Of a module the parameters count as
            inputs; module and random stream are as before when it ends.
        inputs: its arguments. Those that require grad, or, if none does, all floating tensors and arrays,
            are differentiated.
        calls: how many; the first is the one that is traced, so that 2 is the least.
        order: 0 compares values, 1 gradients, 2 their gradients too.
        seed: of data and cotangents.
        rtol: how far entries may be apart, as a part of the largest; left out, 1e-9 for float64, 1e-4 for
            float32, 1e-2 for float16.
        fullgraph: raise where `fn` cannot be traced.

    Returns:
        An `Engines`, which prints what was compared, and why an engine was left out.

    Raises:
        GradientError: says which engine disagrees, where and by how much.
        RuntimeError: with `fullgraph`, for what ended the trace.

    >>> import minigrad as torch
    >>> from minigrad.testing import check_engines
    >>> x = torch.tensor([0.3, 0.7], dtype=torch.float64)
    >>> check_engines(torch.softmax, x, 0).first
    ''
    """
    __tracebackhide__ = True
    defaults = {"calls": 3, "order": 2, "seed": 0, "rtol": None, "fullgraph": False}
    given: dict[str, Any] = {
        "calls": calls,
        "order": order,
        "seed": seed,
        "rtol": rtol,
        "fullgraph": fullgraph,
    }
    if not callable(fn):
        raise TypeError(f"check_engines: fn must be a function of the inputs; it is a {type(fn).__name__}")
    for name, least in (("calls", 2), ("order", 0), ("seed", 0)):
        value = given[name]
        if not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"check_engines: {name} must be an integer of at least {least}, not {value!r}")
    place = Place("check_engines", (fn,), inputs, {k: v for k, v in given.items() if v != defaults[k]})
    found = Engines(described(fn).partition(" (")[0], calls, min(order, 2))
    with _kept(fn) as restore:
        compared = _Comparison(fn, inputs, found, restore, seed)
        compared.run(fullgraph, lambda sides, when: require_same(sides, when, place, found, rtol))
    return found


class _Comparison:
    """Calls of a function by all engines, each call with data of its own."""

    def __init__(
        self, fn: Any, inputs: tuple[Any, ...], found: Engines, restore: Callable[[], None], seed: int
    ) -> None:
        self.fn, self.inputs, self.found, self.restore, self.seed = fn, inputs, found, restore, seed
        recorded = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
        self.chosen = recorded or [i for i, x in enumerate(inputs) if _is_floating(x)]
        called = [*parameter_names(fn), *[""] * len(inputs)]
        self.names = [f"input {i}" + f" ({called[i]})" * bool(called[i]) for i in self.chosen]
        own = dict(fn.named_parameters()) if isinstance(fn, Module) else {}
        self.parameters = [p for p in own.values() if p.requires_grad]
        self.names += [f"parameter {name}" for name, p in own.items() if p.requires_grad]

    def run(self, fullgraph: bool, require_same: Callable[[dict[str, Numbers], str], None]) -> None:
        found = self.found
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # found.program tells what the warning tells
            found.compiled = compiled = compile(self.fn, fullgraph=fullgraph)
            calls = compiled._calls
            for turn in range(found.calls):
                sides = self._sides(compiled, turn)
                alone = bool(calls.why_eager) or not calls.runners
                if turn == 0 and not alone:
                    sides[FIRST] = {}  # the traced call is an eager one, and would vote for eager mode
                require_same(sides, f"in call {turn + 1} of {found.calls}")
                if alone:
                    break
        failed = sum(runner.failures for runner in calls.runners)
        if calls.why_eager or not calls.runners:
            found.program = calls.why_eager or "it has hooks, or is compiled itself"
            found.calls, found.compiled = 1, None
        elif failed:
            found.program = f"it raised in {failed} of {found.calls - 1} runs, and eager mode stood in"

    def _sides(self, compiled: Any, turn: int) -> dict[str, Numbers]:
        draw = np.random.default_rng([self.seed, turn])
        data = [_moved(x, draw if turn else None) for x in self.inputs]
        by_first: Numbers = {}
        state = get_rng_state()
        eager = self._called(self.fn, data, turn, by_first)
        set_rng_state(state)
        program = self._called(compiled, data, turn, None)
        return {EAGER: eager, FIRST: by_first, PROGRAM: program}

    def _called(self, fn: Any, data: list[Any], turn: int, by_first: Numbers | None) -> Numbers:
        """The numbers of one call, and those of the first engine where they are asked for."""
        self.restore()
        arguments = [_fresh(x) for x in data]
        leaves = [arguments[i].requires_grad_() for i in self.chosen] + self.parameters
        with enable_grad():
            outs, _ = flatten(fn(*arguments), {})
        numbers: Numbers = {f"output {k}": _array(out) for k, out in enumerate(outs)}
        if isinstance(self.fn, Module):
            numbers |= {f"buffer {name} after the call": _array(b) for name, b in self.fn.named_buffers()}
        recorded = [out for out in outs if out.requires_grad]
        numbers["number of outputs that require grad"] = np.array(len(recorded))
        for order in range(1, self.found.order + 1):
            if not recorded:
                break
            cotangents = [self._cotangent(out, turn, order, k) for k, out in enumerate(recorded)]
            told = [f"{'second-order ' * (order > 1)}gradient of {name}" for name in self.names]
            if by_first is not None and not self.found.first:
                self._walk(by_first, recorded, cotangents, leaves, told)
            starts = list(map(from_numpy, cotangents))
            gs = grad(recorded, leaves, starts, retain_graph=True, allow_unused=True)
            numbers |= {name: _array(g) for name, g in zip(told, gs, strict=True)}
            if order < self.found.order:
                try:
                    gs = grad(recorded, leaves, starts, create_graph=True, allow_unused=True)
                except NotImplementedError:  # an op that is differentiable once, and says so
                    break
                numbers |= {f"recorded {name}": _array(g) for name, g in zip(told, gs, strict=True)}
                recorded = [g for g in gs if g is not None and g.requires_grad]
        return numbers

    def _walk(self, by_first: Numbers, recorded: Any, cotangents: Any, leaves: Any, told: list[str]) -> None:
        try:
            with np.errstate(all="ignore"):
                by_first |= zip(told, first_gradients(recorded, cotangents, leaves), strict=True)
        except UnknownError as error:
            self.found.first = str(error)

    def _cotangent(self, out: Any, turn: int, order: int, k: int) -> Array:
        draw = np.random.default_rng([self.seed, turn, order, k])
        shape = tuple(out.shape)
        values = draw.uniform(0.5, 1.5, shape) * draw.choice((-1.0, 1.0), shape)
        return np.asarray(values, out.detach().numpy().dtype)


# --- small parts ------------------------------------------------------------------------------------------


@contextmanager
def _kept(fn: Any) -> Iterator[Callable[[], None]]:
    """A function that puts parameters, buffers and their gradients back; at the end all is as before."""
    tensors = [*fn.parameters(), *fn.buffers()] if isinstance(fn, Module) else []
    before = [(x, x.grad, x.detach().numpy(), x.detach().numpy().copy()) for x in tensors]
    state = get_rng_state()

    def restore() -> None:
        for _, _, array, values in before:
            array[...] = values

    try:
        yield restore
    finally:
        restore()
        set_rng_state(state)


def _moved(x: Any, draw: np.random.Generator | None) -> Any:
    """The array of a floating argument, a little to the side of it; any other argument as it is."""
    if not _is_floating(x):
        return x
    array = x.detach().numpy() if isinstance(x, Tensor) else x
    if draw is None:
        return array.copy(order="K")
    moved = np.empty_like(array)  # of the same layout
    moved[...] = array * (1 + MOVED * draw.standard_normal(array.shape))
    return moved


def _fresh(x: Any) -> Any:
    return from_numpy(x.copy(order="K")) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


def _is_floating(x: Any) -> bool:
    return isinstance(x, Tensor | np.ndarray) and x.dtype.kind == "f"


def _array(x: Any) -> Array | None:
    return None if x is None else np.array(x.detach().numpy())
