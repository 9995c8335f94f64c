"""Tracing one call: forward by the user's function, backward by the rules in the order of the walk."""

from __future__ import annotations

import inspect
import random
import sys
from contextlib import redirect_stdout
from heapq import heappop, heappush
from typing import Any

import numpy as np

from minigrad._tensor.dtype import get_default_dtype
from minigrad._tensor.random import default_generator
from minigrad._tensor.record import history_of, wrap
from minigrad.autograd.function import function_of
from minigrad.engine.hooks import fitted
from minigrad.engine.mode import current, switch
from minigrad.engine.node import Node
from minigrad.engine.silence import silently
from minigrad.engine.writes import writes
from minigrad.ops.arrays import arrayed

from .functions import WRITABLE
from .guards import Sight, is_within_library
from .held import Held
from .in_place import without_copies
from .instructions import Step, Value
from .later import Later
from .looks import Look, looks_among
from .passes import needed, without_ones, without_repeats
from .plain import bring_back, plain_grad, strip
from .structure import flatten
from .traced import Traced, active, plain
from .tracing import Trace

ndarray = np.ndarray


class Program:
    """A traced call: its inputs, the steps of forward and backward, its outputs, and the gradients.

    Attributes:
        argument_places: the inputs among the arguments, each with the expression that finds its tensor.
        captured: the tensors that are inputs and no arguments; `captured_values` and `captured_names` go
            with them.
        structure: how the outputs are put together: see `structure`.
        seen: the ids of the things that the call saw, which may be in it.
        outputs: the values of the tensors that are returned. An input that is returned itself is none, and
            no view of an input, or of another output.
        places: for each tensor of the structure its position among the outputs, or how it looks at another
            tensor; and further ones at which only these look.
        origins: for each output its position among the results, and whether it is that one's root.
        differentiable: the positions of the outputs that require grad; a seed each.
        seeds: the gradients that arrive, each at one of the `roots`.
        parents: the inputs that require grad, as positions among all inputs; a gradient (or None) each.
        reach: for each parent, the seeds whose gradient reaches it.
        saved: the values of the forward that the backward reads.
        draws: the generators from which it draws.
        recorded: the line of the user's and the op of each node that the call recorded, in their order.
    """

    def __init__(self) -> None:
        self.forward: list[Step] = []
        self.backward: list[Step] = []
        self.inputs: list[Value] = []
        self.argument_places: list[tuple[Value, str]] = []
        self.captured: list[Any] = []
        self.captured_values: list[Value] = []
        self.captured_names: list[str] = []
        self.structure: Any = None
        self.seen: Any = ()
        self.outputs: list[Value] = []
        self.places: list[int | Look] = []
        self.origins: list[tuple[int, bool]] = []
        self.differentiable: list[int] = []
        self.seeds: list[Value] = []
        self.roots: list[Value] = []
        self.parents: list[int] = []
        self.gradients: list[Value | None] = []
        self.reach: list[frozenset[int]] = []
        self.saved: list[Value] = []
        self.carried: list[Value] = []
        self.constants: list[Value] = []
        self.draws: list[Any] = []
        self.written: list[int] = []  # positions of the inputs that it writes
        self.locals: dict[tuple[str, int], str] = {}
        self.recorded: list[tuple[Any, str]] = []
        self.later: list[Later] = []  # calls to be made after the steps, among them a backward
        self.spent: list[int] = []  # outputs of a graph that such a backward frees

    @property
    def steps(self) -> list[Step]:
        return [*self.forward, *self.backward]


class _Told:
    """Standard output within a trace, which ends where the call prints: a program would print nothing."""

    def __init__(self, trace: Trace) -> None:
        self._trace, self._out = trace, sys.stdout

    def write(self, text: str) -> int:
        if active(self._trace):
            self._trace.end("print() writes at each call")
        return self._out.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._out, name)


class TracedCall:
    """One call that is traced while it runs: the result is that of eager mode in any case."""

    def __init__(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        self.sight = Sight(function, args, kwargs, parameter_names(function))
        self.program: Program | None = None
        self.why_not = ""
        self.trains = False  # it reads or changes gradients
        self.recorded = False  # it records ops
        self.acts = False  # calls were put off, and are made
        self.trace = Trace()

    def run(self) -> Any:
        """The result of the call; `program` is set if it could be traced, else `why_not`."""
        result = self._run()
        self.acts = bool(self.trace.agenda.calls)
        self.trace.agenda.make_all()
        return result

    def _run(self) -> Any:
        """The same, but for the calls that the trace has put off."""
        sight, trace = self.sight, self.trace
        trace.code = getattr(getattr(self.function, "__func__", self.function), "__code__", None)
        program = Program()
        default_generator.numpy  # noqa: B018 (a stream that is there can be seen to be replaced)
        streams = [(g, g._stream) for g in (default_generator, *sight.generators)]
        mode, chance = current(), _chance(sight.streams)
        default = get_default_dtype()
        tensors: list[Any] = []
        traced: list[Traced] = []
        places: dict[int, int] = {}
        taken: list[tuple[Any, str]] = [(x, name) for x, _, name in sight.arguments]
        known = {id(x) for x, _ in taken}
        taken += [(x, name) for x, name in sight.tensors if id(x) not in known]
        arrays = [x._array for x, _ in taken]
        nodes = [history_of(x) for x, _ in taken]
        grads = [None if n is None or n.watch is None else n.watch.grad for n in nodes]
        for (x, name), array in zip(taken, arrays, strict=True):
            places[id(x)] = len(tensors)
            tensors.append(x)
            traced.append(trace.input(array, name=name))
        check, held = sight.check(), Held(sight.libraries)

        def restore() -> None:
            for x, t, array in zip(tensors, traced, arrays, strict=True):
                if x._array is t:
                    x._array = array

        asked = {id(x) for x, _, _ in sight.arguments}
        changing = [
            t.value
            for x, t, n in zip(tensors, traced, nodes, strict=True)
            if n is not None or id(x) not in asked
        ]
        trace.agenda.begin(sight.only_steps(), sight.known(), changing, restore)
        trace.layers = {id(module): name for module, name in sight.modules.values()}
        result = None
        try:
            with trace, redirect_stdout(_Told(trace)):
                switch(mode.but(recorder=trace.recorded))
                for x, t in zip(tensors, traced, strict=True):
                    x._array = t
                try:
                    result = self.function(*self.args, **self.kwargs)
                except Exception as error:  # the user's, or one that tracing has caused: eager mode will tell
                    self.why_not = f"{type(error).__name__}: {error}"
                    if not is_within_library(error) and trace.agenda.make_all(at_once=True):
                        trace.trained = True
                    raise
                trace.agenda.returned()
                if not trace.broken:
                    for x, t, n, g in zip(tensors, traced, nodes, grads, strict=True):
                        now = history_of(x)
                        if x._array is not t or now is not n:
                            trace.end("a tensor that the call was given got other storage or another history")
                        elif n is not None and (None if n.watch is None else n.watch.grad) is not g:
                            trace.end("backward runs within the call")
                    if any(g._stream is not stream for g, stream in streams):
                        trace.end("a generator is seeded")
                    if get_default_dtype() != default or current().recording is not mode.recording:
                        trace.end("the grad mode or the default dtype is changed")
                switch(mode)
                if not trace.broken:
                    self._backward(trace, program, result, tensors, traced, nodes)
        except BaseException:
            self.trains = trace.trained
            if not trace.trained:  # the call is made again
                for array, old in trace.undo:
                    array[...] = old
                for generator, state in trace.states:
                    generator.numpy.bit_generator.state = state
            raise
        finally:
            switch(mode)
            restore()
            for n in nodes:
                if n is not None and n.watch is not None:
                    n.watch.grad = plain_grad(n.watch.grad)
            strip((result, trace.agenda.root), {id(n) for n in nodes})
        self.recorded = bool(trace.nodes)
        program.recorded = [(place[0], node.op.name) for node, (_, place, _) in trace.nodes.items()]
        trace.nodes.clear()
        if bring_back(trace) and not trace.broken:
            trace.broken = "a tensor that the call made is kept elsewhere"
        if not trace.broken and _chance(sight.streams) != chance:
            trace.broken = "the call draws random numbers that are not minigrad's"
        if not trace.broken and held.changed():
            trace.trains("the call changes an object of a library")
        if not trace.broken and not check(self.args, self.kwargs):
            trace.broken = "the call changed something of Python's that it sees"
        self.trains = trace.trained
        if trace.broken:
            self.trains = trace.trained or bool(trace.agenda.calls)
            self.why_not = trace.broken
            return result
        program.later = [*trace.agenda.calls]
        self._finish(trace, program, tensors, traced)
        for x, t in zip(tensors, traced, strict=True):
            if t.value in trace.watched:
                sight.watch(x, trace.watched[t.value])
        self.check = sight.check(bool(program.later)) if program.later or trace.watched else check
        self.fits = sight.fits()
        return result

    def _backward(
        self,
        trace: Trace,
        program: Program,
        result: Any,
        tensors: list[Any],
        traced: list[Traced],
        nodes: list[Any],
    ) -> None:
        """Note the outputs, and the gradients of the inputs."""
        positions = {id(x): i for i, x in enumerate(tensors)}
        program.seen = self.sight.known()
        if trace.returned is not None:
            number, array = trace.returned
            trace.returned = None
            if result is not number:
                trace.end("item() reads a value")
                return
            outs, program.structure = [wrap(array, None)], ("number", 0)
            del array
        else:
            outs, program.structure = flatten(result, positions, program.seen)
        if program.structure is None:
            trace.end("it returns something that is neither a tensor nor a plain value")
            return
        program.parents = [i for i, n in enumerate(nodes) if n is not None]
        mine = {id(nodes[i]): k for k, i in enumerate(program.parents)}
        returned = len(outs)
        if any(trace.is_lent(outs, k) for k in range(returned)):
            trace.end("an output shares memory with an array that the call did not make")
            return
        looks, why = looks_among(outs, tensors, trace.makers)
        if why:
            trace.end(why)
            return
        seeds: list[tuple[Any, Traced]] = []
        start = trace.agenda.root
        if start is not None:
            if any(nodes[i].op is not None for i in program.parents):
                trace.end("backward runs within the call, and goes on beyond it")
                return
            seeds.append((history_of(start), _seed(trace, program, start._array)))
        for k, out in enumerate(outs):
            if k in looks:
                program.places.append(looks[k])
                continue
            array = out._array
            if type(array) is not ndarray and (type(array) is not Traced or array.trace is not trace):
                trace.end("an output does not come from the call's tensors")
                return
            if type(array) is Traced and array.value.root.kind == "later":
                trace.end("it returns the norm of the gradients, which is known after its steps")
                return
            looking = [k] if k < returned else [i for i in looks if getattr(outs[i], "_root", None) is out]
            program.origins.append((looking[0], k >= returned))
            program.places.append(len(program.outputs))
            program.outputs.append(trace.as_value(array))
            node = history_of(out)
            if node is not None and type(array) is ndarray:
                trace.end("an output has a history that the call did not make")
                return
            if node is not None and start is not None:
                program.spent.append(len(program.outputs) - 1)
            elif node is not None:
                program.differentiable.append(len(program.outputs) - 1)
                seeds.append((node, _seed(trace, program, array)))
        program.gradients = [None] * len(program.parents)
        mark = len(trace.steps)
        if seeds:
            reach: list[set[int]] = [set() for _ in program.parents]
            found = _gradients(trace, seeds, mine)
            trace.place = None
            for k, (g, via) in found.items():
                program.gradients[k] = value = trace.as_value(g)
                value.gradient_of = value.gradient_of or traced[program.parents[k]].value
                reach[k] = via
            program.reach = [frozenset(via) for via in reach]
        program.forward, program.backward = trace.steps[:mark], trace.steps[mark:]

    def _finish(self, trace: Trace, program: Program, tensors: list[Any], traced: list[Traced]) -> None:
        stands = without_repeats(program.forward, program.backward)
        if trace.agenda.root is not None:
            stands |= without_ones(program.backward, program.seeds)
            stands = {value: _last(stands, value) for value in stands}
        for value in trace.values:
            if value.root in stands:
                value.root = stands[value.root].root
        program.outputs = [stands.get(v, v) for v in program.outputs]
        program.roots = [stands.get(v, v) for v in program.roots]
        program.gradients = [stands.get(v, v) if v is not None else None for v in program.gradients]
        reads = needed(program.backward, [v for v in program.gradients if v is not None])
        made = {v for step in program.backward for v in step.outs}
        seeds = set(program.seeds)
        saved = [v for v in reads if v not in made and v not in seeds and v.kind != "constant"]
        program.saved = sorted(saved, key=lambda v: v.number)
        reads |= needed(program.forward, [*program.outputs, *program.saved])
        without_copies(program.forward, [*program.outputs, *program.saved, *program.roots])
        program.constants = [v for v in trace.values if v.kind == "constant"]
        where = {id(x): text for x, text, _ in self.sight.arguments}
        for i, (x, t) in enumerate(zip(tensors, traced, strict=True)):
            program.inputs.append(t.value)
            if any(step.writes is not None and step.writes.root is t.value for step in program.forward):
                program.written.append(i)
            if id(x) in where:
                program.argument_places.append((t.value, where[id(x)]))
            else:
                program.captured.append(x)
                program.captured_values.append(t.value)
                program.captured_names.append(f"t{i}")
        if program.written:
            for i in program.written:
                others = [t.array for k, t in enumerate(traced) if k != i]
                if any(np.may_share_memory(traced[i].array, other) for other in others):
                    self.why_not = "it writes to memory that two of its tensors share"
                    return
        for step in program.steps:
            if step.outs and step.outs[0].root.written:
                step.function = WRITABLE.get(step.function, step.function)
        program.draws = [generator for generator, _ in trace.states]
        for value in trace.values:
            if value.gradient_of is not None:
                value.gradient_of = stands.get(value.gradient_of, value.gradient_of)
            if value.kind != "constant":
                value.sample = None
        self.program = program


def _seed(trace: Trace, program: Program, array: Any) -> Traced:
    """The gradient that will arrive at an array of the call's."""
    seed = trace.input(np.ones(array.shape, array.dtype), "seed", "")
    seed.value.contiguous, seed.value.sample = True, None
    program.seeds.append(seed.value)
    program.roots.append(array.value)
    return seed


def _last(stands: dict[Value, Value], value: Value) -> Value:
    while value in stands:
        value = stands[value]
    return value


def _gradients(
    trace: Trace, seeds: list[tuple[Node, Any]], mine: dict[int, int]
) -> dict[int, tuple[Any, set[int]]]:
    """The gradients of the inputs: the walk of the engine over the same nodes and rules, on traced arrays.

    Arguments:
        mine: the positions of the inputs' nodes, by id.

    Returns:
        For each input that is reached, its gradient and the seeds that reach it.
    """
    arrived: dict[Node, Any] = {}
    via: dict[Node, set[int]] = {}
    waiting: list[tuple[int, Node]] = []
    for k in range(len(seeds)):
        node, seed = seeds.pop(0)  # it is kept no longer than its turn
        if node in arrived:
            arrived[node] = arrived[node] + seed
            via[node].add(k)
        else:
            arrived[node], via[node] = seed, {k}
            heappush(waiting, (-node.tick, node))
        del seed
    found: dict[int, tuple[Any, set[int]]] = {}
    while waiting:
        node = heappop(waiting)[1]
        g = arrived.pop(node)
        of, trace.place, trace.at = trace.nodes.get(node, (None, (None, None), None))
        if of is not None and type(g) is Traced and g.value.gradient_of is None:
            g.value.gradient_of = of
        if id(node) in mine:
            found[mine[id(node)]] = g, via[node]
            continue
        op: Any = node.op
        if op is None:
            watch = node.watch
            if node.variable is None and not (watch and (watch.hooks or watch.after)):
                continue  # a leaf that the call has made, and that nobody has any more
            trace.end("a tensor that requires grad comes from where the trace does not see it")
            return {}
        own = None if op.needs else function_of(op)
        if not op.needs and not getattr(own, "traceable", False):
            trace.end(f"{op.name} is an autograd.Function, whose backward is Python of its own")
            return {}
        if node.watch is not None and (node.watch.hooks or node.watch.keep):
            trace.end("a tensor within the call has a hook, or retains its gradient")
            return {}
        trace._op = op.name
        edges = node.edges
        if edges is None:
            trace.end("backward runs within the call")
            return {}
        for edge in edges:
            if edge is None:
                continue
            parent, rule, *saved = edge
            if _is_stale(saved, node.tick):
                trace.end(f"a value that the derivative of {op.name} needs is written within the call")
                return {}
            # The gradients of several outputs come in a bundle, which a single step cannot have.
            d = silently(trace.attempt, rule, (g, *saved), {}) if own is None else silently(rule, g, *saved)
            if d is None:
                continue
            if d.shape != parent.shape or d.dtype != parent.dtype:
                d = silently(trace.attempt, fitted, (d, _Kind(parent)), {})
            d = arrayed(d)
            if parent in arrived:
                arrived[parent] = arrived[parent] + d
                via[parent] |= via[node]
            else:
                arrived[parent], via[parent] = d, set(via[node])
                heappush(waiting, (-parent.tick, parent))
    return found


def _is_stale(saved: Any, since: int) -> bool:
    """True if an array that a node has saved was written after that: backward would refuse it."""
    if type(saved) in (tuple, list):
        return any(_is_stale(part, since) for part in saved)
    return writes.of(plain(saved)) > since if isinstance(saved, (Traced, ndarray)) else False


class _Kind:
    """The shape and dtype to which a gradient is fitted, without the node that has them."""

    def __init__(self, node: Node) -> None:
        self.shape, self.dtype = node.shape, node.dtype


def parameter_names(function: Any) -> list[str]:
    """The names of a function's positional parameters."""
    function = getattr(function, "forward", function)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _chance(streams: list[Any]) -> Any:
    """How Python's and NumPy's own random numbers stand."""
    state: Any = np.random.get_state()  # noqa: NPY002 (the user's stream is looked at, not used)
    return random.getstate(), bytes(state[1]), state[2:], [str(s.bit_generator.state) for s in streams]
