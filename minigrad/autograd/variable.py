"""The old name of a tensor that is differentiated."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.tensor import Tensor


class _Kind(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_Kind):
    """The old spelling of a tensor: `Variable(x)` is x without its history, over the same memory.

    Arguments:
        data: a Tensor.
        requires_grad: whether gradients flow to it.
        volatile: accepted; it has had no effect since PyTorch 0.4, and `no_grad` has taken its place.

    >>> import minigrad as torch
    >>> x = torch.autograd.Variable(torch.ones(2), requires_grad=True)
    >>> x, isinstance(x, torch.autograd.Variable)
    (tensor([1., 1.], requires_grad=True), True)
    """

    def __new__(cls, data: Tensor, requires_grad: bool = False, volatile: bool = False) -> Any:
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable takes a Tensor, not {type(data).__name__}")
        return data.detach().requires_grad_(requires_grad)
