"""Views: tensors that share memory with another, and keep a right history when either is written."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from minigrad.engine import messages
from minigrad.engine.mode import run_user
from minigrad.engine.node import Node
from minigrad.ops.arrays import one_sample

from .calls import CALLS, RECORD
from .in_place import carry_retain
from .layouts import index_between
from .record import OutdatedError, Recorded, made, wrap
from .tensor import Tensor


class View(Tensor):
    """A result that shares memory with another tensor.

    The rule of views: the views of one tensor, the *root*, share its memory. A recorded in-place op on any
    of these tensors changes the history of all, and is noted in one place, as the root's new node. Older
    views are then outdated: the node of such a view tells the history of the old values. Nothing happens to
    it until an operation (or `grad_fn`, or backward) needs its history: then `history_of` gives it a new
    node, the same selection from the root's new history. Looking at `_node`, `requires_grad` or the text of
    a view changes nothing.
    """

    __slots__ = ("_own", "_root", "_root_node")
    _own: Node | None
    _root: Tensor
    _root_node: Node | None  # the root's node when `_own` was made

    @property
    def _node(self) -> Node | None:
        if self._outdated():
            raise OutdatedError
        return self._own

    @_node.setter
    def _node(self, node: Node | None) -> None:
        self._own = node

    def _outdated(self) -> bool:
        now = self._root._node
        return now is not self._root_node and now is not None and now.op is not None

    def _renew(self) -> Node | None:
        """Give the view its place in the root's new history."""
        root = self._root
        where = _index(root._array, self._array)
        renewed = _select(root, _positions(root._array, self._array) if where is None else where)._node
        carry_retain(self._own, renewed)
        self._root_node, self._own = root._node, renewed
        return renewed

    @property
    def _base(self) -> Tensor:  # type: ignore[override]
        return self._root

    @property
    def _source(self) -> Tensor:
        return self._root

    @_source.setter
    def _source(self, source: Tensor) -> None:
        self._root = source._root if isinstance(source, View) else source
        self._root_node = self._root._node

    @property
    def requires_grad(self) -> bool:
        """True if gradients flow to this tensor."""
        return self._outdated() or self._own is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    @property
    def is_leaf(self) -> bool:
        """True if the user made it: a constant, or a start of the graph."""
        return not self._outdated() and super().is_leaf

    def _made_by(self) -> str:
        return "AsStridedBackward0" if self._outdated() else super()._made_by()

    def _kind(self) -> type:
        return Tensor

    @property
    def data(self) -> Tensor:
        """The values without history, for writing past the engine."""
        return super().data

    @data.setter
    def data(self, value: Tensor) -> None:
        raise RuntimeError(
            "data of a view cannot be replaced, it belongs to another tensor; clone() it first"
        )

    def detach_(self) -> Self:
        raise RuntimeError("detach_: views cannot be detached in place; use detach()")

    def _refuse_history(self, name: str) -> None:
        super()._refuse_history(name)
        root = self._root
        if root._node is None:
            return
        if root._node.op is None:
            raise RuntimeError(messages.leaf_in_place(name, root.shape, view=True))
        if not self.requires_grad:
            raise RuntimeError(messages.unrecorded_view(name, root._node))
        _positions(root._array, self._array)  # raises where they cannot be told

    def _rebase(self, result: Tensor) -> None:
        root, old = self._root, self._own
        whole = wrap(root._array, root._node)
        where = _index(root._array, self._array)
        if where is not None:
            renewed = RECORD["index_put"]((whole, result), {"index": where})[0]._node
        else:
            where = _positions(root._array, self._array)
            flat = CALLS["reshape"](whole, shape=(-1,))
            flat = RECORD["index_put"]((flat, result), {"index": (where,)})[0]
            renewed = CALLS["reshape"](flat, shape=root.shape)._node
        carry_retain(root._node, renewed)
        root._node = self._root_node = renewed
        self._own = _select(root, where)._node
        carry_retain(old, self._own)


_slot: Any = Recorded.__dict__["_array"]


class ForeignView(View):
    """A view with another library's storage; it is lost when a write replaces the root's array."""

    __slots__ = ("_seen",)
    _seen: Any  # the root's array when this view was made

    @property
    def _array(self) -> Any:
        if self._root._array is not self._seen:
            raise RuntimeError(messages.replaced(self._seen))
        return _slot.__get__(self)

    @_array.setter
    def _array(self, array: Any) -> None:
        _slot.__set__(self, array)

    @property
    def _source(self) -> Tensor:
        return self._root

    @_source.setter
    def _source(self, source: Tensor) -> None:
        View._source.__set__(self, source)  # type: ignore[attr-defined]
        self._seen = self._root._array


class ForeignAlias(Tensor):
    """`x.detach()` or `x.data`, where the storage is another library's: a write to it would not reach x."""

    __slots__ = ()


made.by(view=View, foreign_view=ForeignView, foreign_alias=ForeignAlias)


def _index(root: Any, view: Any) -> Any:
    """The index of ints and slices that selects a view from its root, or None."""
    arrays = [getattr(x, "array", x) for x in (root, view)]  # of traced arrays
    return index_between(*arrays)


def _positions(root: Any, view: Any) -> Any:
    """Where the elements of a view stand in its flattened root; of a batch in that of each sample."""
    root, view = one_sample(root), one_sample(view)
    if any(stride % root.itemsize for stride in (*root.strides, *view.strides)):
        raise RuntimeError(messages.odd_layout())
    if root.flags.c_contiguous:
        return _places(view, _address(root))
    # A transposed root, or one with gaps: number the places in its memory by its own order first.
    low, high = _ends(root)
    numbers = np.empty((high - low) // root.itemsize, np.int64)
    numbers[_places(root, low)] = np.arange(root.size).reshape(root.shape)
    return numbers[_places(view, low)]


def _ends(array: Any) -> tuple[int, int]:
    """The addresses between which the elements lie; as NumPy's `byte_bounds`, also of a traced array."""
    reach = [stride * (n - 1) for n, stride in zip(array.shape, array.strides, strict=True)]
    low = _address(array) + sum(min(r, 0) for r in reach)
    return low, low + sum(map(abs, reach)) + int(array.itemsize)


def _address(array: Any) -> int:
    return int(array.ctypes.data)


def _places(array: Any, low: int) -> Any:
    """For each element, how many elements' worth of memory lies between the address `low` and it."""
    places = np.full(array.shape, (_address(array) - low) // array.itemsize)
    for axis, (n, stride) in enumerate(zip(array.shape, array.strides, strict=True)):
        steps = np.arange(n) * (stride // array.itemsize)
        places += steps.reshape([-1 if i == axis else 1 for i in range(array.ndim)])
    return places


def _select(root: Tensor, where: Any) -> Tensor:
    """Elements of `root`, at an index or flat positions, with a history also where nothing is recorded."""

    def select() -> Tensor:
        with_history = wrap(root._array, root._node)
        if type(where) is tuple:
            return RECORD["getitem"]((with_history,), {"index": where})[0]
        return RECORD["getitem"]((CALLS["reshape"](with_history, shape=(-1,)),), {"index": (where,)})[0]

    return run_user(select, record=True)
