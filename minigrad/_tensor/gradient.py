"""The gradient of a tensor: asking for one, reading it, keeping it, and hooks on it."""

from __future__ import annotations

import opcode
import sys
import warnings
import weakref
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

from minigrad.engine import messages
from minigrad.engine.node import Node
from minigrad.engine.writes import alias_of
from minigrad.ops.arrays import is_foreign

from .handle import RemovableHandle
from .later import Later
from .properties import Properties
from .record import Recorded, aliased, grad_of, history_of, wrap
from .tracing import trace_of_thread

if TYPE_CHECKING:
    from .backward import backward
    from .tensor import Tensor


def overwrite(tensor: Any, values: Any) -> None:
    """Give a tensor other values that no graph hears of; storage that cannot be written is replaced."""
    if is_foreign(tensor._array):
        tensor._array = values._array
    else:
        tensor.data.copy_(values)


class Gradient(Properties):
    """The attributes and methods that concern the gradient and the history."""

    __slots__ = ("_frozen", "_grad")
    _grad: Tensor | None  # of a constant
    _frozen: Node  # where gradients went before requires_grad was set to False

    @property
    def requires_grad(self) -> bool:
        """True if gradients flow to this tensor."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    @property
    def is_leaf(self) -> bool:
        """True if the user made it: a constant, or a start of the graph."""
        return self._node is None or self._node.op is None

    @property
    def grad_fn(self) -> Node | None:
        """The node that computed it; None for a leaf."""
        return None if self.is_leaf else history_of(self)

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient: None before the first backward, and of a non-leaf that retains none."""
        if (trace := trace_of_thread()) is not None:
            trace.trains("the call reads a gradient")
        node = history_of(self)
        if node is None:
            return getattr(self, "_grad", None)
        watch = node.watch
        if node.op is None:
            return None if watch is None else grad_of(watch)
        if watch is None or not (watch.keep or watch.grad is not None):
            if _asked_for_by_name():
                warnings.warn(messages.non_leaf_grad(node), UserWarning, stacklevel=2)
            return None
        return grad_of(watch)

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if (trace := trace_of_thread()) is not None:
            trace.trains("the call sets a gradient")
        node = history_of(self)
        if value is None:
            if node is None:
                self._grad = None
            elif node.watch is not None:
                node.watch.grad = None
        else:
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad; give a clone() of it")
            if not isinstance(value, Recorded):
                raise TypeError(f"assigned grad must be a Tensor or None, not {type(value).__name__}")
            if value.shape != self.shape:
                raise RuntimeError(
                    f"assigned grad has shape {tuple(value.shape)}, the tensor {tuple(self.shape)}"
                )
            if value.dtype != self.dtype:
                raise RuntimeError(
                    f"assigned grad has dtype {value.dtype.name}, the tensor {self.dtype.name}"
                )
            if node is None:
                self._grad = value
            else:
                node.watched().grad = value

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Start recording at this leaf, or stop it. Returns this tensor.

        Arguments:
            requires_grad: whether gradients flow to it.

        Raises:
            RuntimeError: for an integer or boolean tensor, and for False on a non-leaf.

        >>> import minigrad as torch
        >>> torch.ones(1).requires_grad_()
        tensor([1.], requires_grad=True)
        """
        known = history_of(self)
        if requires_grad and known is None:
            if self._array.dtype.kind != "f":
                raise RuntimeError(messages.integer_leaf(self._array.dtype))
            # The same node as before, if there was one: graphs that end in it are still this leaf's.
            node = getattr(self, "_frozen", None) or Node.make(None, (), self._array.shape, self._array.dtype)
            node.saved_a = weakref.ref(self)
            node.resize(self._array.shape, self._array.dtype)
            node.watched().grad = getattr(self, "_grad", None)  # where backward puts its gradient
            self._node = node
        elif not requires_grad and known is not None:
            if known.op is not None:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables; this one was produced by "
                    f"{known.op.name}. Use detach() for a tensor without its history."
                )
            self._grad = self.grad
            self.grad = None  # an older graph may still add a gradient: it goes nowhere, as in PyTorch
            self._frozen, self._node = known, None
        return self

    if TYPE_CHECKING:
        backward = backward
    else:
        backward = Later(lambda: import_module("minigrad._tensor.backward").backward)

    def detach(self) -> Tensor:
        """A tensor that shares the memory of `input` and has no history.

        >>> import minigrad as torch
        >>> x = torch.ones(2, requires_grad=True)
        >>> (x * 2).detach().requires_grad
        False
        """
        alias: Tensor = aliased(self._array)
        return alias

    def detach_(self) -> Self:
        """Take the history away from this tensor itself.

        >>> import minigrad as torch
        >>> (torch.ones(1, requires_grad=True) * 2).detach_().requires_grad
        False
        """
        if self.is_leaf:
            return self.requires_grad_(False)
        self._node = None
        return self

    @property
    def data(self) -> Tensor:
        """The values without history, for writing past the engine: graphs do not see the write.

        >>> import minigrad as torch
        >>> w = torch.ones(1, requires_grad=True)
        >>> _ = w.data.mul_(3)
        >>> w
        tensor([3.], requires_grad=True)
        """
        array = self._array
        alias: Tensor = aliased(array if is_foreign(array) else alias_of(array))
        return alias

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Recorded):
            raise TypeError(f"data must be a Tensor, not {type(value).__name__}")
        node = history_of(self)
        if node is not None:
            if node.op is not None:
                raise RuntimeError(
                    "data of a non-leaf cannot be replaced; it was produced by " + node.op.name
                )
            if value._array.dtype.kind != "f":
                raise RuntimeError(messages.integer_leaf(value._array.dtype))
            node.resize(value._array.shape, value._array.dtype)
        self._array = value._array

    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf in `.grad` during backward.

        Raises:
            RuntimeError: for a tensor that requires no gradient.

        >>> import minigrad as torch
        >>> y = torch.ones(1, requires_grad=True) * 2
        >>> y.retain_grad()
        >>> (3 * y).backward()
        >>> y.retains_grad, y.grad
        (True, tensor([3.]))
        """
        node = history_of(self)
        if node is None:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if node.op is not None:
            node.watched().keep = True

    @property
    def retains_grad(self) -> bool:
        """True if backward keeps the gradient of this non-leaf, as `retain_grad` asks for."""
        node = history_of(self)
        return node is not None and node.op is not None and node.watch is not None and node.watch.keep

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call hook(gradient) when the gradient of this tensor is complete; its result replaces the gradient.

        Arguments:
            hook: takes a tensor of this one's shape; returns another, or None to leave it.

        Returns:
            A handle with the method `remove()`, which takes the hook away.

        Raises:
            RuntimeError: for a tensor that requires no gradient.

        >>> import minigrad as torch
        >>> x = torch.ones(1, requires_grad=True)
        >>> handle = x.register_hook(lambda g: 10 * g)
        >>> (2 * x).backward()
        >>> x.grad
        tensor([20.])
        """
        node = history_of(self)
        if node is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return RemovableHandle(node.watched().hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Call hook(tensor) after a backward has added to this leaf's `.grad`.

        Arguments:
            hook: takes this tensor; the result is ignored.

        Returns:
            A handle with the method `remove()`, which takes the hook away.

        Raises:
            RuntimeError: for a tensor that is no leaf, or requires no gradient.

        >>> import minigrad as torch
        >>> x = torch.ones(1, requires_grad=True)
        >>> handle = x.register_post_accumulate_grad_hook(lambda t: print("has", t.grad))
        >>> (2 * x).backward()
        has tensor([2.])
        """
        node = history_of(self)
        if node is None or node.op is not None:
            raise RuntimeError(
                "post accumulate grad hooks can only be registered on leaf tensors that require grad"
            )
        if not callable(hook):
            raise TypeError(f"a hook must be a function, not {type(hook).__name__}")
        # Held weakly: the node holds the hook, so holding the tensor would close a cycle.
        me = weakref.ref(self)
        array, place = self._array, weakref.ref(node)

        def after() -> None:
            tensor = me()
            hook(wrap(array, place()) if tensor is None else tensor)  # type: ignore[arg-type]

        return RemovableHandle(node.watched().after, after)


def _asked_for_by_name() -> bool:
    """True if code says `x.grad`; hasattr(), getattr() and printers look at every attribute."""
    try:
        frame = sys._getframe(2)
    except ValueError:  # a thread of C code asks, which has no frames
        return False
    return opcode.opname[frame.f_code.co_code[frame.f_lasti]].startswith("LOAD_")
