"""Tensors within lists, tuples and dicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad._tensor.tensor import Tensor


def flat(tree: Any) -> list[Tensor]:
    """The tensors of a structure, in its order."""
    if isinstance(tree, Tensor):
        return [tree]
    parts = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, (list, tuple)) else ()
    return [leaf for part in parts for leaf in flat(part)]


def mapped(function: Callable[[Tensor], Any], tree: Any) -> Any:
    """The structure with function(tensor) for each tensor; all else stays."""
    if isinstance(tree, Tensor):
        return function(tree)
    if isinstance(tree, dict):
        return {key: mapped(function, part) for key, part in tree.items()}
    if isinstance(tree, (list, tuple)):
        parts = [mapped(function, part) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return tree


def refilled(tree: Any, leaves: list[Any]) -> Any:
    """The structure with other leaves, in its order."""
    waiting = iter(leaves)
    return mapped(lambda _: next(waiting), tree)
