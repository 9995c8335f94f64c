"""Running backward: the checks before the walk, and the places for its results."""

from __future__ import annotations

from _thread import RLock  # threading takes 1 ms to load
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from minigrad.engine import messages
from minigrad.engine.attended_walk import attended_walk
from minigrad.engine.hooks import Kept
from minigrad.engine.mode import current, run_user, switch
from minigrad.engine.node import Node, Watch
from minigrad.engine.silence import SILENT, errors, set_errors
from minigrad.engine.walk import walk
from minigrad.engine.writes import writes
from minigrad.ops.arrays import arrayed, fresh, is_writable
from minigrad.ops.kernels import ONE, cast

from .record import OutdatedError, Recorded, grad_of, history_of, wrap
from .tracing import trace_of_thread

ndarray = np.ndarray
# True within a backward that keeps the graph: a rule that is asked for the last time may drop what was saved.
_retaining: ContextVar[bool] = ContextVar("retaining", default=False)
retaining, set_retaining = _retaining.get, _retaining.set
adding = RLock()  # threads may share a leaf; a finaliser may add while it is held


def run_backward(
    tensors: Sequence[Any],
    gradients: Sequence[Any],
    retain_graph: bool | None = None,
    create_graph: bool = False,
    targets: Sequence[Node] | None = None,
) -> tuple[dict[Node, Any], Kept]:
    """Check the tensors and gradients of a backward, walk, and return the gradients that it found.

    They are those of the leaves (of the targets, where there are any), and of the nodes that keep theirs.
    """
    roots = []
    for position, tensor in enumerate(tensors):
        if not isinstance(tensor, Recorded):
            raise TypeError(f"element {position} of tensors must be a Tensor, not {type(tensor).__name__}")
        try:  # history_of(tensor), without its call where it is not needed
            node = tensor._node
        except OutdatedError:
            node = history_of(tensor)
        if node is None:
            raise RuntimeError(messages.no_graph(f"element {position} of tensors", tensor._array.dtype))
        roots.append((node, _start(tensor, gradients[position], create_graph)))
    retain = create_graph if retain_graph is None else retain_graph
    mode, before, outer = current(), errors(), retaining()
    try:
        set_errors(SILENT)
        if retain or outer:
            set_retaining(bool(retain))
        if not create_graph and targets is None and mode.observer is None:
            op = roots[0][0].op
            if op is not None and op.straight is not None and len(roots) == 1:
                found = op.straight(*roots[0], retain)
                if found is not None:
                    return found, []
            return walk(roots, retain, wrap)
        if create_graph:
            switch(mode.but(recording=True, deriving=True))
        return attended_walk(roots, retain, wrap, create_graph, targets, mode.observer)
    finally:
        set_errors(before)
        switch(mode)
        if retain or outer:
            set_retaining(outer)


def backward(
    self: Any,
    gradient: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add d(self)/d(leaf), weighted by `gradient`, to the `.grad` of every leaf behind this tensor.

    Arguments:
        gradient: a tensor of this tensor's shape; needed unless it has one element.
        retain_graph: keep the saved values for another backward (default: `create_graph`).
        create_graph: record the computation of the gradients, for higher derivatives.
        inputs: a tensor or a sequence of tensors; accumulate into these only.

    Raises:
        RuntimeError: nothing behind it requires grad; the output is not scalar and no gradient was given;
            its shape differs; the graph was freed; a saved value was written in place.

    >>> import minigrad as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """
    if (trace := trace_of_thread()) is not None and trace.puts_off(
        self, "backward", gradient, retain_graph, create_graph, inputs
    ):
        return
    targets = None if inputs is None else target_nodes(inputs)
    accumulate(*run_backward((self,), (gradient,), retain_graph, create_graph, targets))


def target_nodes(inputs: Any) -> list[Node]:
    """The nodes of the tensors to which a backward is confined; those that are no leaves retain theirs."""
    inputs = tuple(inputs) if isinstance(inputs, (list, tuple)) else (inputs,)
    nodes = [history_of(x) if isinstance(x, Recorded) else None for x in inputs]
    if not nodes or None in nodes:
        raise RuntimeError("backward: inputs must be tensors that require grad, at least one")
    for x in inputs:
        x.retain_grad()
    return nodes  # type: ignore[return-value]


def _start(tensor: Any, gradient: Any, create_graph: bool) -> Any:
    array = tensor._array
    if gradient is None:
        if array.size != 1:
            raise RuntimeError(messages.not_scalar(array.shape))
        if type(array) is not ndarray:
            one = np.ones_like(array)
        else:
            one = np.ones(array.shape, array.dtype) if array.ndim else ONE[array.dtype].copy()
        return wrap(one, None) if create_graph else one
    if not isinstance(gradient, Recorded):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
    if gradient._array.shape != array.shape:
        raise RuntimeError(messages.gradient_shape(gradient._array.shape, array.shape))
    if gradient._array.dtype != array.dtype:
        gradient = cast(gradient, array.dtype)
    if type(array) is not ndarray and hasattr(array, "enter"):  # a batch of `func.vmap`
        gradient = array.enter(gradient)
    return gradient if create_graph else gradient._array


def accumulate(results: dict[Node, Any], kept: Kept) -> None:
    """Add to the gradients of leaves, which own their memory, and to those that nodes keep."""
    hooked = []
    with adding:  # threads may share a leaf
        for node, g in (*kept, *results.items()):
            watch = node.watch or node.watched()
            if watch.grad is None and type(g) is ndarray and g.base is None:  # nearly always
                watch.grad = g
            else:
                _add(watch, g)
            if watch.after:
                hooked.append((watch, isinstance(g, Recorded)))
    for watch, record in hooked:
        for hook in tuple(watch.after.values()):
            run_user(hook, record=record)


def _add(watch: Watch, g: Any) -> None:
    if isinstance(g, np.generic):  # NumPy's operators make them of arrays without axes
        g = np.asarray(g)
    known = watch.grad
    if known is None:
        watch.grad = g if type(g) is ndarray and g.base is None else owned(g)
    elif isinstance(g, Recorded):
        watch.grad = grad_of(watch) + g
    elif type(known) is ndarray and type(g) is ndarray:  # nobody has asked for it yet
        np.add(known, g, out=known)
    elif type(known) is ndarray:
        watch.grad = wrap(known + g, None)
    elif known._node is not None or not is_writable(known._array) or type(g) is not ndarray:
        watch.grad = wrap(arrayed(known._array + g), None)
    else:
        np.add(known._array, g, out=known._array)
        writes.stamp(known._array)


def owned(g: Any) -> Any:
    """A gradient from the walk, as a tensor with memory of its own."""
    if not isinstance(g, Recorded):
        if type(g) is not ndarray or g.base is not None:
            g = np.array(g) if isinstance(g, (ndarray, np.generic)) else fresh(g)
        return wrap(g, None)
    if g._node is not None and g._node.op is None:  # the user's gradient itself, passed on by `add`
        return g.clone()  # type: ignore[attr-defined]
    return wrap(g._array.copy(), g._node)
