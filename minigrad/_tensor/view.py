"""Views: tensors that share memory with another, and keep a right history when either is written."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import messages
from minigrad.engine.mode import mode
from minigrad.engine.node import Node

from .in_place import carry_retain
from .methods import CALLS, RECORD
from .record import wrap
from .tensor import Tensor


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
            renewed = _select(root, _positions(root._array, self._array))._node
            carry_retain(self._own, renewed)
            self._root_node, self._own = now, renewed
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

    @property
    def data(self) -> Tensor:
        """The values without history, for writing past the engine."""
        return super().data

    @data.setter
    def data(self, value: Tensor) -> None:
        raise RuntimeError(
            "data of a view cannot be replaced, it belongs to another tensor; clone() it first"
        )

    def detach_(self) -> Tensor:
        raise RuntimeError("detach_: views cannot be detached in place; use detach()")

    def _written(self) -> None:
        self._root._written()  # which for a view of `.data` leaves no stamp

    def _refuse_history(self, name: str) -> None:
        super()._refuse_history(name)
        root = self._root
        if root._node is None:
            return
        if root._node.op is None:
            raise RuntimeError(messages.leaf_in_place(name, root.shape, view=True))
        if self._node is None:
            raise RuntimeError(messages.unrecorded_view(name, root._node))
        _positions(root._array, self._array)  # raises where they cannot be told

    def _rebase(self, result: Tensor) -> None:
        root, old = self._root, self._own
        flat = CALLS["reshape"](wrap(root._array, root._node), shape=(-1,))
        where = _positions(root._array, self._array)
        flat = RECORD["index_put"]((flat, result), {"index": (where,)})[0]
        renewed = CALLS["reshape"](flat, shape=root.shape)._node
        carry_retain(root._node, renewed)
        root._node = self._root_node = renewed
        self._own = _select(root, where)._node
        carry_retain(old, self._own)


def _positions(root: Any, view: Any) -> Any:
    """Where the elements of a view stand in its flattened root."""
    if any(stride % root.itemsize for stride in (*root.strides, *view.strides)):
        raise RuntimeError(messages.odd_layout())
    if root.flags.c_contiguous:
        return _places(view, _address(root))
    # A transposed root, or one with gaps: number the places in its memory by its own order first.
    low, high = np.lib.array_utils.byte_bounds(root)
    numbers = np.empty((high - low) // root.itemsize, np.int64)
    numbers[_places(root, low)] = np.arange(root.size).reshape(root.shape)
    return numbers[_places(view, low)]


def _address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def _places(array: Any, low: int) -> Any:
    """For each element, how many elements' worth of memory lies between the address `low` and it."""
    places = np.full(array.shape, (_address(array) - low) // array.itemsize)
    for axis, (n, stride) in enumerate(zip(array.shape, array.strides, strict=True)):
        steps = np.arange(n) * (stride // array.itemsize)
        places += steps.reshape([-1 if i == axis else 1 for i in range(array.ndim)])
    return places


def _select(root: Tensor, where: Any) -> Tensor:
    """The elements of `root` at flat positions, with a history also where nothing is being recorded."""
    before = mode.recording
    mode.recording = True
    try:
        with_history = CALLS["reshape"](wrap(root._array, root._node), shape=(-1,))
        return RECORD["getitem"]((with_history,), {"index": (where,)})[0]
    finally:
        mode.recording = before
