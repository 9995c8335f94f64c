"""A training step as one program: forward and backward run, then the calls that the trace has put off."""

from __future__ import annotations

import warnings
from itertools import takewhile
from typing import Any

import numpy as np

from minigrad._tensor.backward import accumulate, adding
from minigrad._tensor.record import wrap
from minigrad.engine.node import FREED, Node, linked, tick
from minigrad.engine.silence import quiet, silently

from .run import MOST_FREE, OP, ChangedError, FailedError, Runner, put_back


class StepRunner(Runner):
    """A program with calls that follow it.

    All gradients are computed before these calls, so that a failure changes nothing. Only those that forget
    gradients come before, so that their memory can be had again: an eager call forgets them too. No graph is
    made: each output that has a history in eager mode gets the node of a graph that a backward has freed.
    """

    def __init__(self, calls: Any, call: Any, key: Any) -> None:
        super().__init__(calls, call, key)
        later = self.program.later
        self._goes_back = any(call.name == "backward" for call in later)
        clearing = [*takewhile(lambda call: call.name == "zero_grad", later)] if self._goes_back else []
        self._clearing = [call.again for call in clearing]
        self._later: list[Any] = [call.again for call in later[len(clearing) :]]  # None for the backward
        if self._goes_back:
            seed = self.program.seeds[0]
            self._one = np.ones(seed.shape, seed.dtype)

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not self._goes_back:
            result = super().__call__(args, kwargs)
            for call in self._later:
                call()
            return result
        leaves = self._parents(args, kwargs)
        for leaf in leaves:
            watch = leaf.watch
            if leaf.op is not None or (watch is not None and (watch.hooks or watch.resized)):
                raise ChangedError
        self.calls += 1
        p, before = self.program, None
        try:
            if self._careful:
                buffers, arrays, saved, before = self._forward_carefully(args, kwargs)
            else:
                buffers, arrays, saved = self._forward(args, kwargs)
            for call in self._clearing:
                call()
            silent = (filters := warnings.filters) and filters[0] is quiet.first
            gradients = (
                buffers[1](self._one, saved, True) if silent else silently(buffers[1], self._one, saved, True)
            )
        except (ChangedError, FailedError):
            raise
        except Exception as error:
            if before is not None:
                put_back(before)
            raise FailedError(f"{type(error).__name__}: {error}") from None
        if len(self.pool) < MOST_FREE:
            self.pool.append(buffers)
        outs = [wrap(array, None) for array in arrays]
        for k in p.spent:
            outs[k]._node = _spent(arrays[k], self.links or _links(leaves))
        for call in self._later:
            if call is None:
                _give(leaves, gradients)
            else:
                call()
        return self._result(outs, args, kwargs)


def _give(leaves: Any, gradients: Any) -> None:
    """Add the gradients, which are nobody else's, to those of the leaves."""
    with adding:
        for leaf, g in zip(leaves, gradients, strict=True):
            watch = leaf.watch
            if g is None:
                continue
            if (
                watch is not None and watch.grad is None and g.base is None and not watch.after
            ):  # nearly always
                watch.grad = g
            else:
                accumulate({leaf: g}, [])


def _spent(array: Any, links: Any) -> Node:
    """The node of an output whose graph is freed."""
    node = Node()
    node.tick, node.op, node.shape, node.dtype = tick(), OP, array.shape, array.dtype
    node.parent_a = node.parent_b = node.saved_b = node.watch = None
    node.saved_a, node.further, node.exact = FREED, links, True
    return node


def _links(leaves: Any) -> Any:
    return linked([(leaf, None, None) for leaf in leaves])
