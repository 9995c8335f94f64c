"""A gradient passes by a node to which the user attached something."""

from __future__ import annotations

from typing import Any

from minigrad.engine import messages
from minigrad.engine.mode import run_user
from minigrad.engine.node import Node
from minigrad.ops.arrays import fresh
from minigrad.ops.kernels import cast, unbroadcast

Kept = list[tuple[Node, Any]]  # the nodes that keep their gradient, each with it


def attend(node: Node, g: Any, kept: Kept, wrap: Any, create: bool = False) -> Any:
    """Run the node's hooks on a complete gradient, keep it where that was asked for, and return it.

    Arguments:
        wrap: makes a tensor of (array, node); hooks see tensors.
        create: gradients are tensors, and the hooks' own operations are recorded.
    """
    watch = node.watch
    assert watch is not None
    if watch.resized:
        g = fitted(g, node)
    if watch.hooks:
        # A copy, for a hook may write to it. `g` may be the user's array, or go to another node too: `add`
        # hands one array to both parents.
        seen = wrap(g._array.copy(), g._node) if create else wrap(fresh(g), None)
        for hook in tuple(watch.hooks.values()):
            replaced = run_user(hook, seen, record=create)
            if replaced is None:
                continue
            if (
                not hasattr(replaced, "_array")
                or replaced.shape != node.shape
                or replaced.dtype != node.dtype
            ):
                raise RuntimeError(messages.hook_result(node, replaced))
            seen = replaced
        g = seen if create else seen._array.copy()  # the hook may have held on to it
    if watch.keep:
        kept.append((node, g if create else fresh(g)))
    return g


def fitted(d: Any, parent: Node) -> Any:
    """A gradient in the shape and dtype of the value that it belongs to: un-broadcast and cast."""
    if d.shape != parent.shape:
        d = unbroadcast(d, parent.shape)
    return d if d.dtype == parent.dtype else cast(d, parent.dtype)
