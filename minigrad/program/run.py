"""Running a program: a set of buffers per call, one node for all of it, and its backward."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np

from minigrad._tensor.backward import run_backward
from minigrad._tensor.record import history_of, made, new, wrap
from minigrad._tensor.tensor import Tensor
from minigrad.autograd._context import Bundle, Places
from minigrad.engine.mode import run_user
from minigrad.engine.node import Node
from minigrad.engine.silence import quiet, silently
from minigrad.engine.writes import writes
from minigrad.ops.op import REAL, Op

from .build import Writer
from .source import source_of
from .structure import flatten, rebuilt

_OP = Op("compiled", lambda: None, formula="the program's own backward", domain=REAL, register=False)


class FailedError(Exception):
    """The program raised, and nothing is changed: an eager call can do instead, and tell why."""


class Runner:
    """A program with its guards, its functions, and the sets of buffers that are free."""

    def __init__(self, calls: Any, call: Any, key: Any) -> None:
        self.function, self.backend = calls.function, calls.backend
        self.program, self.check, self.key = call.program, call.check, key
        self.sight = call.sight
        writer = Writer(self.program)
        self.text = writer.text()
        self.bytes = sum(writer.sizes)
        self._scope = writer.scope
        for name, x in zip(self.program.captured_names, self.program.captured, strict=True):
            self._scope[name] = x
        exec(
            compile(self.text, f"<program of {getattr(self.function, '__name__', 'module')}>", "exec"),
            self._scope,
        )
        self.pool: list[Any] = []
        self.calls = self.failures = 0
        p = self.program
        self.rules = [functools.partial(Call.part, position) for position in range(len(p.parents))]
        where = dict(p.argument_places)
        self._places = [where.get(v) for v in p.inputs]
        get = ", ".join(self._place(i) for i in range(len(p.inputs)))
        self._inputs = eval(f"lambda args, kwargs: ({get}{',' if get else ''})", self._scope)

    def _place(self, i: int) -> str:
        found = self._places[i]
        return found or f"t{i}"

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        p = self.program
        self.calls += 1
        if p.draws or p.written:
            return self._careful(args, kwargs)
        try:
            buffers, result = self._forward(args, kwargs)
        except Exception as error:
            raise FailedError(f"{type(error).__name__}: {error}") from None
        return self._recorded(buffers, result, args, kwargs, None)

    def _forward(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            buffers = self.pool.pop()
        except IndexError:
            buffers = self._new_set()
        forward = buffers[0]
        silent = warnings.filters and warnings.filters[0] is quiet.first
        result = forward(args, kwargs) if silent else silently(forward, args, kwargs)
        if result is None:  # a captured tensor has another array
            self.pool = []
            buffers = self._new_set()
            result = silently(buffers[0], args, kwargs)
        return buffers, result

    def _new_set(self) -> Any:
        forward, backward = self._scope["make"](*[x._array for x in self.program.captured])
        return forward, backward, self.pool

    def _careful(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call that draws, or writes to its inputs: all or nothing."""
        p = self.program
        inputs = self._inputs(args, kwargs)
        states = [(g, g.numpy.bit_generator.state) for g in p.draws]
        written = [(inputs[i]._array, inputs[i]._array.copy()) for i in p.written]
        try:
            buffers, result = self._forward(args, kwargs)
        except Exception as error:
            for array, old in written:
                array[...] = old
            for generator, state in states:
                generator.numpy.bit_generator.state = state
            raise FailedError(f"{type(error).__name__}: {error}") from None
        if written:
            writes.stamp(*[array for array, _ in written])
        return self._recorded(buffers, result, args, kwargs, (states, written))

    def _recorded(self, buffers: Any, result: Any, args: Any, kwargs: Any, before: Any) -> Any:
        p = self.program
        arrays, saved = result
        outs = []
        for array in arrays:
            out = new(made.tensor)
            out._array, out._node = array, None
            outs.append(out)
        if p.seeds:
            inputs = self._inputs(args, kwargs)
            call = Call(self, buffers, saved, args, kwargs, before, len(arrays))
            parents = [history_of(inputs[i]) for i in p.parents]
            edges = [(parent, rule, (call, saved)) for parent, rule in zip(parents, self.rules, strict=True)]
            call.parents = parents
            if len(p.differentiable) == 1:
                k = p.differentiable[0]
                outs[k]._node = _node(edges, arrays[k])
            else:
                joint = Node.make(_OP, edges, (), arrays[p.differentiable[0]].dtype)
                for seed, k in enumerate(p.differentiable):
                    outs[k]._node = Places.output(joint, seed, arrays[k].shape, arrays[k].dtype)
        else:
            buffers[2].append(buffers)
        if p.structure[0] == "out":
            return outs[0]
        return rebuilt(p.structure, outs, lambda i: self._inputs(args, kwargs)[i])

    @property
    def source(self) -> str:
        """The program to read."""
        p, name = self.program, getattr(self.function, "__name__", type(self.function).__name__)
        shapes = ", ".join(f"{v.name or 'x'} {tuple(v.shape)}" for v, _ in p.argument_places)
        return source_of(p, f"{name} of {shapes or 'nothing'}, and its derivative: plain NumPy.")

    def __str__(self) -> str:
        p = self.program
        steps = f"{len(p.forward)} calls forward, {len(p.backward)} backward"
        shapes = ", ".join(f"{v.name} {tuple(v.shape)}" for v, _ in p.argument_places)
        times = f"run {self.calls} time{'' if self.calls == 1 else 's'}"
        failed = f", of which {self.failures} raised and ran eagerly" if self.failures else ""
        return f"for {shapes or 'no tensors'}: {steps}, {self.bytes:,} bytes of buffers, {times}{failed}"


def _node(edges: Any, array: Any) -> Node:
    node = Node.make(_OP, edges, array.shape, array.dtype)
    return node


class Call:
    """One call of a program, as the node of its output keeps it: its buffers are free once it is gone."""

    __slots__ = (
        "after",
        "args",
        "before",
        "buffers",
        "kwargs",
        "outputs",
        "parents",
        "runner",
        "saved",
        "visit",
    )

    def __init__(
        self, runner: Runner, buffers: Any, saved: Any, args: Any, kwargs: Any, before: Any, outputs: int
    ) -> None:
        self.runner, self.buffers, self.saved = runner, buffers, saved
        self.args, self.kwargs, self.before, self.outputs = args, kwargs, before, outputs
        self.visit: Any = None
        self.parents: list[Any] = []

    def __del__(self) -> None:
        buffers = self.buffers
        buffers[2].append(buffers)

    @staticmethod
    def part(position: int, g: Any, call: Call, saved: Any) -> Any:
        """The rule of the program's node for one input: its gradient."""
        visit = call.visit
        if visit is None or visit[0] is not g or position <= visit[1]:
            visit = call.visit = [g, position, call._run(g)]
        visit[1] = position
        d = visit[2][position]
        visit[2][position] = None
        if position == len(call.parents) - 1:
            call.visit = None
        return d

    def _run(self, g: Any) -> list[Any]:
        p = self.runner.program
        given = g.parts if type(g) is Bundle else {0: g}
        if any(isinstance(part, Tensor) for part in given.values()):
            return self._again(given)
        if len(given) < len(p.seeds):
            parts = [given.get(k) for k in range(len(p.seeds))]
            filled = [
                np.zeros(v.shape, v.dtype) if part is None else part
                for v, part in zip(p.seeds, parts, strict=True)
            ]
            found = self.buffers[1](*filled, *self.saved)
            return [d if via & given.keys() else None for d, via in zip(found, p.reach, strict=True)]
        return list(self.buffers[1](*[given[k] for k in range(len(p.seeds))], *self.saved))

    def _again(self, given: dict[int, Any]) -> list[Any]:
        """The gradients as tensors with a history: the eager call again, and its gradients recorded."""
        runner, p = self.runner, self.runner.program
        held = self._with_history()
        now = self._go_back()
        try:
            result = (
                run_user(runner.function, *held[0], record=True)
                if not held[1]
                else run_user(lambda: runner.function(*held[0], **held[1]), record=True)
            )
        finally:
            for array, values in now[1]:
                array[...] = values
            for generator, state in now[0]:
                generator.numpy.bit_generator.state = state
        inputs = runner._inputs(*held)
        outs, _ = flatten(result, {id(x): i for i, x in enumerate(inputs)})
        chosen = sorted(given)
        tensors = [outs[p.differentiable[k]] for k in chosen]
        found, kept = run_backward(tensors, [given[k] for k in chosen], None, True, self.parents)
        found = {**found, **dict(kept)}
        return [found.get(node) for node in self.parents]

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
        for generator, state in states:
            generator.numpy.bit_generator.state = state
        for array, old in written:
            array[...] = old
        return now
