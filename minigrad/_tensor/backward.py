"""Running backward: what is checked before the walk, and where its results go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.engine import messages
from minigrad.engine.mode import current, run_user, switch
from minigrad.engine.node import Node, Watch
from minigrad.engine.walk import backward as walk
from minigrad.engine.writes import writes
from minigrad.ops.kernels import ONE, cast

from .record import Recorded, wrap

ndarray = np.ndarray


def run_backward(
    tensors: Sequence[Any],
    gradients: Sequence[Any],
    retain_graph: bool | None,
    create_graph: bool,
    targets: Sequence[Any] | None = None,
    deposit: Callable[[list[tuple[Node, Any]], list[tuple[Node, Any]]], None] | None = None,
) -> None:
    """Check what a backward is asked, and walk; results go to `deposit`, by default to leaves' `.grad`."""
    roots = []
    for position, tensor in enumerate(tensors):
        if not isinstance(tensor, Recorded):
            raise TypeError(f"element {position} of tensors must be a Tensor, not {type(tensor).__name__}")
        node = tensor._node
        if node is None:
            raise RuntimeError(messages.no_graph(f"element {position} of tensors"))
        roots.append((node, _start(tensor, gradients[position], create_graph)))
    retain = create_graph if retain_graph is None else retain_graph
    before = current()
    try:
        if create_graph and not before.recording:
            switch(before.but(recording=True))
        walk(roots, targets, retain, create_graph, deposit or accumulate, wrap)
    finally:
        switch(before)


def target_nodes(inputs: Any) -> list[Node]:
    """The nodes of the tensors to which a backward is confined; those that are no leaves retain theirs."""
    inputs = tuple(inputs) if isinstance(inputs, (list, tuple)) else (inputs,)
    nodes = [x._node if isinstance(x, Recorded) else None for x in inputs]
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
        one = np.ones(array.shape, array.dtype) if array.ndim else ONE[array.dtype].copy()
        return wrap(one, None) if create_graph else one
    if not isinstance(gradient, Recorded):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
    if gradient._array.shape != array.shape:
        raise RuntimeError(messages.gradient_shape(gradient._array.shape, array.shape))
    if gradient._array.dtype != array.dtype:
        gradient = cast(gradient, array.dtype)
    return gradient if create_graph else gradient._array


def accumulate(results: list[tuple[Node, Any]], kept: list[tuple[Node, Any]]) -> None:
    """Add to the gradients of leaves, which own their memory, and to those that are kept."""
    for node, g in kept + results:
        watch = node.watch or node.watched()
        known = watch.grad
        if known is None:
            watch.grad = g if type(g) is ndarray and g.base is None else owned(g)
        elif isinstance(g, Recorded):
            watch.grad = grad_of(watch) + g
        elif type(known) is ndarray:  # nobody has seen it yet
            np.add(known, g, out=known)
        elif known._node is not None or not known._array.flags.writeable:
            watch.grad = wrap(np.asarray(known._array + g), None)
        else:
            np.add(known._array, g, out=known._array)
            writes.stamp(known._array)
        if watch.after:
            for hook in tuple(watch.after.values()):
                run_user(hook, record=isinstance(g, Recorded))


def grad_of(watch: Watch) -> Any:
    """The gradient of a node, as a tensor, which is made when somebody asks for it."""
    grad = watch.grad
    if type(grad) is ndarray:
        grad = watch.grad = wrap(grad, None)
    return grad


def owned(g: Any) -> Any:
    """A gradient that the walk hands out, as a tensor whose memory nobody else holds."""
    if not isinstance(g, Recorded):
        return wrap(g if type(g) is ndarray and g.base is None else np.array(g), None)
    if g._node is not None and g._node.op is None:  # the user's gradient itself, passed on by `add`
        return g.clone()  # type: ignore[attr-defined]
    return wrap(g._array.copy(), g._node)
