"""Running a program: a set of buffers per call, one node for all of it, and its backward."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import numpy as np

from minigrad._tensor.backward import retaining, run_backward
from minigrad._tensor.record import history_of, made, new, wrap
from minigrad._tensor.tensor import Tensor
from minigrad.autograd._context import Bundle, Places
from minigrad.engine.mode import run_user
from minigrad.engine.node import FREED, Node, linked, tick
from minigrad.engine.silence import quiet, silently
from minigrad.engine.writes import refuse_stale, writes
from minigrad.ops.op import REAL, Op

from .build import Writer
from .looks import Look, placed
from .source import Marks, source_of
from .structure import flatten, rebuilt

OP = Op("CompiledFunction", lambda: None, formula="the program's own backward", domain=REAL, register=False)


MOST_FREE = 8  # sets of buffers that wait for a call


class FailedError(Exception):
    """The program raised, and nothing is changed: an eager call can do instead, and tell why."""


class ChangedError(Exception):
    """A tensor that the program uses has an array of another dtype or layout: the program does not fit."""


class Runner:
    """A program with its guards, its functions, and the sets of buffers that are free."""

    def __init__(self, calls: Any, call: Any, key: Any) -> None:
        self.function, self.backend = calls.function, calls.backend
        self.program, self.check, self.fits, self.key = call.program, call.check, call.fits, key
        self.pool: list[Any] = []
        self.calls = self.failures = 0
        p = self.program
        writer = Writer(p, self.backend)
        self.text = writer.text()
        self.bytes = sum(writer.sizes)
        self.loops = writer.loops
        self._calls = [len(steps) for steps in writer.steps]
        self._scope = scope = writer.scope
        scope |= dict(zip(p.captured_names, p.captured, strict=True))
        name = getattr(self.function, "__name__", "module")
        exec(compile(self.text, f"<program of {name}>", "exec"), scope)
        where = dict(p.argument_places)
        places = [where.get(v) or f"t{i}" for i, v in enumerate(p.inputs)]
        self._inputs = eval(f"lambda args, kwargs: {_tuple(places)}", scope)
        self._careful = bool(p.draws or p.written)
        self._looks = any(isinstance(place, Look) for place in p.places)
        self._single = len(p.outputs) == len(p.seeds) == 1 and p.structure[0] == "out" and p.places == [0]
        # A captured tensor has the node that it had, or the guards would not let the call through.
        nodes = []
        for k, i in enumerate(p.parents):
            scope[f"rule{k}"], scope[f"node{k}"] = _rule(k, len(p.parents)), None
            nodes.append(f"node{k}")
            if p.inputs[i] in where:
                nodes[-1] = f"history_of({places[i]})"
            else:
                scope[f"node{k}"] = history_of(scope[places[i]])
        scope["history_of"] = history_of
        self._parents = eval(f"lambda args, kwargs: {_tuple(nodes)}", scope)
        if not any("(" in node for node in nodes):
            constant = self._parents((), {})
            self._parents = lambda *_: constant
        chain = "()"
        for k in reversed(range(len(nodes))):
            chain = f"(nodes[{k}], rule{k}, pair, {chain})"
        self._chain = eval(f"lambda nodes, pair: {chain}", scope)
        # Its inputs that require grad, where they are leaves, each another; None where the walk has to see.
        own = None if any("(" in node for node in nodes) else self._parents((), {})
        alone = (
            own is not None and len(p.seeds) == 1 and len(set(own)) == len(own) and None not in p.gradients
        )
        self.leaves = own if alone and own and all(node.op is None for node in own) else None
        self.links = linked([(node, None, None) for node in own or ()])

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self.calls += 1
        if self._careful:
            return self._call_carefully(args, kwargs)
        try:
            buffers, arrays, saved = self._forward(args, kwargs)
        except ChangedError:
            raise
        except Exception as error:
            raise FailedError(f"{type(error).__name__}: {error}") from None
        if not self._single:
            return self._recorded(buffers, arrays, saved, args, kwargs, None)
        array = arrays[0]
        out = new(made.tensor)
        out._array = array
        out._node = self._node(array.shape, array.dtype, self._call(buffers, saved, args, kwargs, None))
        return out

    def _forward(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            buffers = self.pool.pop()
        except IndexError:
            buffers = self._new_set()
        filters = warnings.filters
        silent = filters and filters[0] is quiet.first
        result = buffers[0](args, kwargs) if silent else silently(buffers[0], args, kwargs)
        if result is None:  # a captured tensor has another array
            if not self.fits(args, kwargs):
                buffers[2].append(buffers)
                raise ChangedError
            self.pool = []
            buffers = self._new_set()
            result = silently(buffers[0], args, kwargs)
        return buffers, *result

    def _new_set(self) -> Any:
        forward, backward = self._scope["make"](*[x._array for x in self.program.captured])
        # Two threads may go back through one graph that is retained: the lock is for them.
        return forward, backward, self.pool, threading.Lock()

    def _call_carefully(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call that draws, or writes to its inputs: all or nothing."""
        buffers, arrays, saved, before = self._forward_carefully(args, kwargs)
        return self._recorded(buffers, arrays, saved, args, kwargs, before)

    def _forward_carefully(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The forward, and what it changed: states of generators, and arrays, as they were."""
        p = self.program
        inputs = self._inputs(args, kwargs)
        states = [(g, g.numpy.bit_generator.state) for g in p.draws]
        self._refuse_sharing(inputs)
        written = [(inputs[i]._array, inputs[i]._array.copy()) for i in p.written]
        try:
            buffers, arrays, saved = self._forward(args, kwargs)
        except ChangedError:
            raise
        except Exception as error:
            put_back((states, written))
            raise FailedError(f"{type(error).__name__}: {error}") from None
        if written:
            writes.stamp(*[array for array, _ in written])
        return buffers, arrays, saved, (states, written)

    def _refuse_sharing(self, inputs: tuple[Any, ...]) -> None:
        """Raise where an argument shares memory with an input that is written: the traced ones did not."""
        arguments = {v for v, _ in self.program.argument_places}
        for i in self.program.written:
            for k, v in enumerate(self.program.inputs):
                either = v in arguments or self.program.inputs[i] in arguments
                if k != i and either and np.may_share_memory(inputs[i]._array, inputs[k]._array):
                    raise FailedError("two of its tensors share memory, and one of them is written")

    def _call(self, buffers: Any, saved: Any, args: Any, kwargs: Any, before: Any) -> Call:
        call = new(Call)
        call.runner, call.buffers, call.saved, call.before = self, buffers, saved, before
        call.args, call.kwargs, call.visit = args, kwargs, None
        call.parents = self._parents(args, kwargs)
        return call

    def _node(self, shape: Any, dtype: Any, call: Call) -> Node:
        node = Node()
        node.tick = call.tick = tick()
        node.op, node.shape, node.dtype = OP, shape, dtype
        node.parent_a = node.parent_b = node.saved_a = node.saved_b = node.watch = None
        node.further = self._chain(call.parents, (call, call.saved))
        node.exact = True  # the gradients were fitted when they were traced
        return node

    def _recorded(self, buffers: Any, arrays: Any, saved: Any, args: Any, kwargs: Any, before: Any) -> Any:
        p = self.program
        outs = [wrap(array, None) for array in arrays]
        if p.seeds:
            call = self._call(buffers, saved, args, kwargs, before)
            if len(p.seeds) == 1:
                out = outs[p.differentiable[0]]
                out._node = self._node(out._array.shape, out._array.dtype, call)
            else:
                joint = self._node((), arrays[p.differentiable[0]].dtype, call)
                for seed, k in enumerate(p.differentiable):
                    outs[k]._node = Places.output(joint, seed, arrays[k].shape, arrays[k].dtype)
        else:
            buffers[2].append(buffers)
        return self._result(outs, args, kwargs)

    def _result(self, outs: list[Any], args: Any, kwargs: Any) -> Any:
        """The call's result, of the program's outputs."""
        p = self.program
        if p.structure[0] == "out" and p.places == [0]:
            return outs[0]

        def inputs(i: int) -> Any:
            return self._inputs(args, kwargs)[i]

        return rebuilt(p.structure, placed(p.places, outs, inputs) if self._looks else outs, inputs)

    @property
    def source(self) -> str:
        """The program to read."""
        return self.listing()[0]

    def listing(self) -> tuple[str, Marks]:
        """The program to read, and the lines of each node that the traced call recorded."""
        p, name = self.program, getattr(self.function, "__name__", type(self.function).__name__)
        shapes = ", ".join(f"{v.name or 'x'} {tuple(v.shape)}" for v, _ in p.argument_places)
        later = f". Then: {', '.join(map(str, p.later))}" if p.later else ""
        return source_of(p, f"{name} of {shapes or 'nothing'}, and its derivative: plain NumPy{later}.")

    def __str__(self) -> str:
        p = self.program
        steps = "{} calls forward, {} backward".format(*self._calls)
        shapes = ", ".join(f"{v.name} {tuple(v.shape)}" for v, _ in p.argument_places)
        later = f", then {', '.join(map(str, p.later))}" if p.later else ""
        times = f"run {self.calls} time{'' if self.calls == 1 else 's'}"
        failed = f", of which {self.failures} raised and ran eagerly" if self.failures else ""
        room = f"{self.bytes:,} bytes of buffers"
        return f"for {shapes or 'no tensors'}: {steps}{later}, {room}, {times}{failed}"


def _straight(node: Node, g: Any, retain: bool | None) -> dict[Node, Any] | None:
    """The gradients of the inputs of a program of which all are leaves, without a walk.

    Returns None where somebody else has a say: an input that is no leaf, a hook, another output.
    """
    if (
        node.freed or not node.further or node.watch is not None or not node.further[2]
    ):  # one of several outputs
        return None
    call, _ = node.further[2]
    leaves = call.runner.leaves
    if leaves is None:
        return None
    for leaf in leaves:
        watch = leaf.watch
        if watch is not None and (watch.hooks or watch.resized):
            return None
    if node.tick < writes.latest:
        refuse_stale(node)
    try:
        with call.buffers[3]:
            gradients = call.buffers[1](g, call.saved, not retain)
    except Exception:  # a check of the program failed
        gradients = call._run(g)
    if not retain:
        node.saved_a, node.further = FREED, call.runner.links
    return dict(zip(leaves, gradients, strict=True))


OP.straight = _straight


def _tuple(parts: list[str]) -> str:
    return f"({', '.join(parts)}{',' if parts else ''})"


def _rule(position: int, of: int) -> Any:
    """The rule of the program's node for one of its inputs.

    A visit of the walk asks in ascending order; the first that is asked runs the backward for all.
    """
    last = of - 1

    def rule(g: Any, call: Call, saved: Any) -> Any:
        visit = call.visit
        if visit is None or visit[0] is not g or visit[1] >= position:
            visit = call.visit = [g, position, call._run(g)]
        else:
            visit[1] = position
        if position == last:
            call.visit = None
        found = visit[2]
        d = found[position]
        found[position] = None  # it belongs to the one who asked
        return d

    return rule


class Call:
    """One call of a program, as the node of its output keeps it: its buffers are free once it is gone."""

    __slots__ = ("args", "before", "buffers", "kwargs", "parents", "runner", "saved", "tick", "visit")
    args: Any
    kwargs: Any
    runner: Runner
    buffers: Any
    saved: Any
    before: Any  # the states of generators and the arrays that the call changed, as they were
    parents: tuple[Any, ...]
    tick: int  # of the node
    visit: Any  # the gradient that came, the latest input that asked, and the gradients

    def __del__(self, most: int = MOST_FREE) -> None:  # names of the module may be gone at exit
        buffers = self.buffers
        if len(buffers[2]) < most:
            buffers[2].append(buffers)

    def _run(self, g: Any) -> list[Any]:
        p = self.runner.program
        given = g.parts if type(g) is Bundle else {0: g}
        if any(isinstance(part, Tensor) for part in given.values()):
            return self._again(given)
        seeds = [given.get(k) for k in range(len(p.seeds))]
        if len(given) < len(seeds):
            seeds = [
                np.zeros(v.shape, v.dtype) if g is None else g for v, g in zip(p.seeds, seeds, strict=True)
            ]
        try:
            with self.buffers[3]:
                found = self.buffers[1](*seeds, self.saved, not retaining())
        except Exception:  # a check of the program failed: the values led elsewhere than in the traced call
            recorded = self._again({k: wrap(np.array(g), None) for k, g in given.items()})
            found = [None if d is None else np.array(d._array) for d in recorded]
        if len(given) == len(p.seeds):
            return list(found)
        return [d if via & given.keys() else None for d, via in zip(found, p.reach, strict=True)]

    def _again(self, given: dict[int, Any]) -> list[Any]:
        """The gradients as tensors with a history: the eager call again, and its gradients recorded."""
        runner, p = self.runner, self.runner.program
        self._refuse_changes()
        held = self._with_history()
        now = self._go_back()
        try:
            result = (
                run_user(runner.function, *held[0], record=True)
                if not held[1]
                else run_user(lambda: runner.function(*held[0], **held[1]), record=True)
            )
        finally:
            put_back(now)
        inputs = runner._inputs(*held)
        outs, _ = flatten(result, {id(x): i for i, x in enumerate(inputs)}, p.seen)
        chosen = sorted(given)
        origins = [p.origins[p.differentiable[k]] for k in chosen]
        tensors = [outs[at]._root if is_root else outs[at] for at, is_root in origins]
        found, kept = run_backward(tensors, [given[k] for k in chosen], None, True, self.parents)
        found = {**found, **dict(kept)}
        return [found.get(node) for node in self.parents]

    def _refuse_changes(self) -> None:
        """Raise where the eager call would not see what the compiled call saw."""
        runner = self.runner
        written = {id(array) for array, _ in self.before[1]} if self.before else set()
        for x in runner._inputs(self.args, self.kwargs):
            if id(x._array) not in written and writes.of(x._array) > self.tick:
                raise RuntimeError(
                    f"a tensor of shape {tuple(x.shape)}, an input of a compiled call, has been modified by "
                    "an inplace operation since: its derivative cannot be recorded. Call backward with "
                    "create_graph=True first, or leave that call eager"
                )
        if not runner.check(self.args, self.kwargs):
            raise RuntimeError(
                "a compiled call is to be run again, to record its derivative, and it would see other "
                "values (a flag, a closure variable) than it saw. Change them after backward, or leave that "
                "call eager"
            )

    def _with_history(self) -> tuple[Any, Any]:
        """The arguments, with the history that they had when the call was made."""
        runner = self.runner
        inputs = runner._inputs(self.args, self.kwargs)
        nodes = {id(inputs[i]): node for i, node in zip(runner.program.parents, self.parents, strict=True)}

        def change(x: Any) -> Any:
            if isinstance(x, Tensor):
                node = nodes.get(id(x))
                return x if node is None or history_of(x) is node else wrap(x._array, node)
            if type(x) in (tuple, list):
                return type(x)(map(change, x))
            if type(x) is dict:
                return {key: change(part) for key, part in x.items()}
            return x

        return change(self.args), change(self.kwargs)

    def _go_back(self) -> tuple[Any, Any]:
        """Put back what the call drew from and wrote to; returns how it is now."""
        if self.before is None:
            return (), ()
        states, written = self.before
        now = [(g, g.numpy.bit_generator.state) for g, _ in states], [(a, a.copy()) for a, _ in written]
        put_back(self.before)
        return now


def put_back(before: Any) -> None:
    """Set generators and arrays to what they were."""
    states, written = before
    for generator, state in states:
        generator.numpy.bit_generator.state = state
    for array, old in written:
        array[...] = old
