"""The outputs of a Function: which are constants, which share memory, and which are its inputs."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.inference import Inference
from minigrad._tensor.record import inferred, wrap
from minigrad._tensor.tensor import Tensor
from minigrad._tensor.view import View
from minigrad.engine.node import Node

from ._context import FunctionCtx


def check_dirty(name: str, ctx: FunctionCtx, outputs: tuple[Any, ...], recorded: bool) -> None:
    for x in ctx._dirty:
        if not any(x is y for y in outputs):
            raise RuntimeError(
                f"{name}.forward marked an input dirty that it did not return. All inputs that it writes in "
                "place must be outputs"
            )
        root = x._root if isinstance(x, View) else x
        if recorded and root._node is not None and root._node.op is None:
            raise RuntimeError(
                f"a leaf Variable that requires grad has been used in an in-place operation: {name}.forward "
                f"marked dirty {'a view of ' if root is not x else ''}a leaf of shape "
                f"{tuple(root.shape)}, which it "
                "has written already. Give it a clone()"
            )
        x._written()


def is_one_of(x: Any, those: Any) -> bool:
    return any(x is y for y in those)


def plain(ctx: FunctionCtx, args: Any, outputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Outputs of a call that is not recorded: constants. An input that is returned is a view of itself."""
    return tuple(
        x
        if not isinstance(x, Tensor) or is_one_of(x, ctx._dirty)
        else shared(View, x._array, x)
        if is_one_of(x, args)
        else x.detach()
        if x.requires_grad
        else x
        for x in outputs
    )


def shared(kind: Any, array: Any, source: Tensor) -> Any:
    """A tensor over memory that is another's too, without a place in the graph as yet."""
    if isinstance(source, Inference):
        return inferred(wrap(array, None))
    made = object.__new__(kind)
    made._array, made._source, made._node = array, source, None
    return made


class Output(View):
    """An output that shares memory with an input or with another output.

    The backward that the user wrote knows nothing of writes to that memory, so writes are refused where
    they would be recorded.
    """

    __slots__ = ()

    def _renew(self) -> Node | None:
        raise RuntimeError(
            "an output of a Function shares memory with a tensor that was modified in place afterwards, "
            "which the Function's backward does not know of. Let forward return a clone()"
        )

    def _refuse_history(self, name: str) -> None:
        if self.requires_grad or self._root.requires_grad:
            raise RuntimeError(
                f"{name}: this tensor is an output of a Function that shares memory with an input or with "
                "another output and is being modified inplace, which the Function's backward would not know "
                "of. Nothing was written. Use the out-of-place form, or let forward return a clone()"
            )
