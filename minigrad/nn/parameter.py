"""Parameter: a tensor that a module trains."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.creation import empty


class Parameter(Tensor):
    """A leaf tensor that becomes one of a module's parameters when assigned to it.

    It shares memory with `data` (any shape; only floating dtypes can require a gradient) and has no history.

    Raises:
        TypeError: when data is not a tensor.

    >>> import minigrad as torch
    >>> torch.nn.Parameter(torch.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Tensor, requires_grad: bool = True) -> None:
        if not isinstance(data, Tensor):
            raise TypeError(
                f"a Parameter is made of a Tensor, not of {type(data).__name__}: use torch.tensor(...)"
            )
        self._array = data.detach()._array
        self._node = None
        if requires_grad:
            self.requires_grad_()

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        """A copy with memory of its own and without the gradient, as in PyTorch."""
        memo[id(self)] = copied = type(self)(self.detach().clone(), self.requires_grad)
        return copied

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


def new_parameter(*size: int, device: Any = None, dtype: Any = None) -> Parameter:
    """A parameter whose values are still to be written."""
    return Parameter(empty(size, dtype=dtype).to(device=device))


def check_sizes(layer: str, **sizes: Any) -> None:
    """Raise if a size given to a layer is no integer, or is negative."""
    for name, size in sizes.items():
        if isinstance(size, bool) or not hasattr(size, "__index__"):
            raise TypeError(f"{layer}: {name} must be an integer, not {type(size).__name__} ({size!r})")
        if size < 0:
            raise RuntimeError(f"{layer}: {name} must not be negative, and it is {size}")
