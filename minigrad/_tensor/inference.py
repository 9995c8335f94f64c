"""Tensors made in inference mode: they stay out of every graph that is recorded later."""

from __future__ import annotations

from typing import Any, Self

from minigrad.engine import messages
from minigrad.engine.mode import mode
from minigrad.engine.node import Node

from .record import OutdatedError, Recorded, inferred, made
from .tensor import Tensor

_slot: Any = Recorded.__dict__["_node"]


class Inference(Tensor):
    """A result of inference mode.

    A shortcut that asks for its node is sent to the complete way, which knows of such operands. So ordinary
    tensors pay nothing for the question.
    """

    __slots__ = ()
    _stays_out = True

    @property
    def _node(self) -> Node | None:
        raise OutdatedError

    @_node.setter
    def _node(self, node: Node | None) -> None:
        _slot.__set__(self, node)

    def _renew(self) -> Node | None:
        node: Node | None = _slot.__get__(self)
        return node

    @property
    def requires_grad(self) -> bool:
        """True if gradients flow to this tensor."""
        return self._renew() is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    @property
    def is_leaf(self) -> bool:
        """True: nothing that led to it is recorded."""
        return True

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        if requires_grad and not mode.inference:
            raise RuntimeError(
                "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed; "
                "use its clone()"
            )
        return super().requires_grad_(requires_grad)

    def detach(self) -> Tensor:
        return inferred(super().detach())

    @property
    def data(self) -> Tensor:
        """The values without history: of inference mode too."""
        return inferred(super().data)

    @data.setter
    def data(self, value: Tensor) -> None:
        Tensor.data.__set__(self, value)  # type: ignore[attr-defined]
        if not value._stays_out:
            self.__class__ = self._kind()

    def _kind(self) -> type:
        return Tensor

    def _refuse_history(self, name: str) -> None:
        if not mode.inference:
            raise RuntimeError(messages.written_inference(name, self._array.shape))


made.by(inference=Inference)
made.kinds_of_inference[Tensor] = Inference
