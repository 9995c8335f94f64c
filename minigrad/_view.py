"""Views: tensors that share memory with another, and keep a right history when either is written."""

from typing import Any

import numpy as np

from . import _messages as messages
from ._engine import Node
from ._op import REGISTRY
from ._operations import CALLS
from ._record import record, wrap
from ._tensor import Tensor


class View(Tensor, view=True):
    """A result that shares memory with the tensor it was taken from, its source.

    A recorded in-place op on any member of such a family changes the history of all of them. The root of
    the family is the one place where that is noted: a view whose root has got another node since it was
    made computes its own anew, as the same selection from the root's new history.
    """

    __slots__ = ("_own", "_root", "_root_node")
    _alias = True
    _own: Node | None
    _root: Tensor
    _root_node: Node | None

    @property
    def _node(self) -> Node | None:
        root = self._root
        now = root._node
        if now is not self._root_node and now is not None and now.op is not None:
            self._root_node = now
            self._own = _select(root, _positions(root, self._array))._node
        return self._own

    @_node.setter
    def _node(self, node: Node | None) -> None:
        self._own = node

    @property
    def _source(self) -> Tensor:
        return self._root

    @_source.setter
    def _source(self, source: Tensor) -> None:
        self._root = source._root if isinstance(source, View) else source
        self._root_node = self._root._node

    def detach_(self) -> Tensor:
        raise RuntimeError("detach_: views cannot be detached in place; use detach()")

    def _rebase(self, result: Tensor) -> None:
        root = self._root
        if root._node is not None and root._node.op is None:
            raise RuntimeError(messages.leaf_in_place("an in-place op on a view", root.shape))
        flat = CALLS["reshape"](wrap(root._array, root._node), shape=(-1,))
        where = _positions(root, self._array)
        flat = record(REGISTRY["index_put"], (flat, result), {"index": (where,)})[0]
        root._node = self._root_node = CALLS["reshape"](flat, shape=root.shape)._node
        self._own = _select(root, where)._node


def _positions(root: Tensor, view: Any) -> Any:
    """Where the elements of a view stand in its flattened root."""
    array = root._array
    if not array.flags.c_contiguous:
        raise RuntimeError(
            "an in-place op on a view of a tensor that is not contiguous in memory cannot be recorded; "
            "clone() the tensor first, or write x = torch.where(...) out of place"
        )
    start = (view.__array_interface__["data"][0] - array.__array_interface__["data"][0]) // array.itemsize
    where = np.full(view.shape, start)
    for axis, (n, stride) in enumerate(zip(view.shape, view.strides, strict=True)):
        steps = np.arange(n) * (stride // array.itemsize)
        where += steps.reshape([-1 if i == axis else 1 for i in range(view.ndim)])
    return where


def _select(root: Tensor, where: Any) -> Tensor:
    with_history = CALLS["reshape"](wrap(root._array, root._node), shape=(-1,))
    return record(REGISTRY["getitem"], (with_history,), {"index": (where,)})[0]
