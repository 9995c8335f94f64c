"""Parameter: a tensor that a module trains; and parameters and buffers whose shape is not known yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NoReturn, TypeVar

import numpy as np

from minigrad._tensor.inference import Inference
from minigrad._tensor.record import Recorded, aliased, inferred, made
from minigrad._tensor.tensor import Tensor
from minigrad.creation import empty

Self = TypeVar("Self", bound="Uninitialized")


class Buffer(Tensor):
    """A tensor that becomes one of a module's buffers when assigned to it, as `register_buffer` does.

    Arguments:
        data: a tensor, and the parameter shares its memory; None for an empty one.
        persistent: whether it belongs to the state dict.

    >>> import minigrad as torch
    >>> counter = torch.nn.Module()
    >>> counter.seen = torch.nn.Buffer(torch.tensor(0))
    >>> counter.state_dict()["seen"]
    tensor(0)
    """

    __slots__ = ("persistent",)

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        data = empty(0) if data is None else data
        self._array = data.detach()._array
        self._node = None
        self.persistent = persistent
        if data._stays_out:
            inferred(self)

    def _kind(self) -> type:
        return Tensor


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
        if data._stays_out:
            inferred(self)
        if requires_grad:
            self.requires_grad_()

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        """A copy with memory of its own and without the gradient, as in PyTorch."""
        memo[id(self)] = copied = self._kind()(self.detach().clone(), self.requires_grad)
        return copied

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class InferenceBuffer(Inference, Buffer):
    """A buffer over memory of a tensor of inference mode."""

    __slots__ = ()

    def _kind(self) -> type:
        return Tensor


class InferenceParameter(Inference, Parameter):
    """A parameter over memory of a tensor of inference mode: no graph that is recorded later can save it."""

    __slots__ = ()

    def _kind(self) -> type:
        return Parameter


made.kinds_of_inference.update({Buffer: InferenceBuffer, Parameter: InferenceParameter})

_STORED: Any = Recorded.__dict__[
    "_array"
]  # the slot behind the property below: an empty array with the dtype


class Uninitialized(Tensor):
    """A tensor without a shape: it can be stored and converted, in place; all else raises an error."""

    __slots__ = ()
    cls_to_become: ClassVar[type[Tensor]] = Tensor

    def __init__(self, requires_grad: bool = False, device: Any = None, dtype: Any = None) -> None:
        self._node = None
        self.data = empty(0, dtype=dtype).to(device=device)
        if requires_grad:
            self._node = self.data.requires_grad_()._node

    # Every operation reads or sets `_array`.
    def _refuse(self, *_: Any) -> NoReturn:
        raise ValueError(
            f"an {type(self).__name__} has no values yet: it belongs to a lazy module, which gets its shapes "
            "from its first input. Call the module with a batch first"
        )

    _array: Any = property(_refuse, _refuse)

    @property
    def shape(self) -> NoReturn:
        raise RuntimeError(
            f"the shape of an {type(self).__name__} is not known yet: it belongs to a lazy module. Call the "
            "module with a batch first (before its state is loaded into an initialized one)"
        )

    @property
    def dtype(self) -> Any:
        return self.data.dtype

    @property
    def data(self) -> Tensor:
        found: Tensor = aliased(_STORED.__get__(self))
        return found

    @data.setter
    def data(self, value: Tensor) -> None:
        _STORED.__set__(self, value._array)

    def materialize(self, shape: Sequence[int], device: Any = None, dtype: Any = None) -> None:
        """Become a tensor of this shape; its values are still to be written.

        Arguments:
            shape: a tuple of sizes.
            device, dtype: those of the tensor; as they are, where None.

        >>> import minigrad as torch
        >>> weight = torch.nn.UninitializedParameter()
        >>> weight.materialize((2, 3))
        >>> type(weight).__name__, weight.shape
        ('Parameter', torch.Size([2, 3]))
        """
        fresh = empty(*shape, dtype=self.dtype if dtype is None else dtype).to(device=device)
        self.__class__ = self.cls_to_become  # type: ignore[assignment]
        self.data = fresh

    def to(self: Self, *args: Any, **kwargs: Any) -> Self:
        self.data = self.data.to(*args, **kwargs)
        return self

    def float(self: Self) -> Self:  # type: ignore[override]
        return self.to(self.data.float().dtype)

    def double(self: Self) -> Self:  # type: ignore[override]
        return self.to(self.data.double().dtype)

    def half(self: Self) -> Self:  # type: ignore[override]
        return self.to(self.data.half().dtype)

    def is_floating_point(self) -> bool:
        return self.data.is_floating_point()

    def __deepcopy__(self: Self, memo: dict[int, Any]) -> Self:
        memo[id(self)] = copied = type(self)(self.requires_grad, dtype=self.dtype)
        return copied

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.requires_grad, None, np.dtype(self.dtype))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(Uninitialized, Parameter):
    """A parameter whose shape is not known yet: a lazy module has it before its first call.

    `materialize(shape)` makes a Parameter of it, the same object. It can be given to an optimiser, saved and
    loaded; everything that needs its values raises an error.

    Arguments:
        requires_grad: whether gradients will flow to it.
        device, dtype: those that it will have; None for the CPU and the default dtype.

    >>> import minigrad as torch
    >>> torch.nn.LazyLinear(3).weight
    <UninitializedParameter>
    """

    __slots__ = ()
    cls_to_become = Parameter

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> None:
        Uninitialized.__init__(self, requires_grad, device, dtype)


class UninitializedBuffer(Uninitialized):
    """A buffer whose shape is not known yet: a lazy module has it before its first call.

    Arguments:
        requires_grad: whether gradients will flow to it.
        device, dtype: those that it will have; None for the CPU and the default dtype.

    >>> import minigrad as torch
    >>> torch.nn.LazyBatchNorm1d().running_mean
    <UninitializedBuffer>
    """

    __slots__ = ()


def is_lazy(param: Any) -> bool:
    """True for a parameter or buffer whose shape is not known yet.

    >>> import minigrad as torch
    >>> torch.nn.parameter.is_lazy(torch.nn.LazyLinear(3).weight)
    True
    """
    return isinstance(param, Uninitialized)


def new_parameter(*size: int, device: Any = None, dtype: Any = None) -> Parameter:
    """A parameter without values yet."""
    return Parameter(empty(size, dtype=dtype).to(device=device))


def check_sizes(layer: str, **sizes: Any) -> None:
    """Raise if a size given to a layer is no integer, or is negative."""
    for name, size in sizes.items():
        if isinstance(size, bool) or not hasattr(size, "__index__"):
            raise TypeError(f"{layer}: {name} must be an integer, not {type(size).__name__} ({size!r})")
        if size < 0:
            raise RuntimeError(f"{layer}: {name} must not be negative, and it is {size}")
