"""The ways from a tensor out to Python and NumPy: numbers, arrays, text, copies."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.engine import messages
from minigrad.engine.mode import current, mode
from minigrad.ops.arrays import is_foreign, read
from minigrad.ops.op import Op

from .convert import copied_within, warn_cut, with_own_dtype
from .dtype import get_default_dtype
from .gradient import Gradient
from .methods_later import found
from .record import history_of, inferred, made, wrap
from .shortcuts import call_of

if TYPE_CHECKING:
    from .tensor import Tensor

_NUMBER: dict[str, Any] = {"b": bool, "i": int, "u": int, "f": float}


class WayOut(Gradient):
    """Conversions to numbers, lists, arrays and text, and copies."""

    __slots__ = ()
    takes_kernels = True  # see minigrad.ops.kernels.kernel

    def item(self) -> Any:
        """The one element, as a Python number; RuntimeError where there are more or none."""
        if self._array.size != 1:
            raise RuntimeError(
                f"a Tensor with {self._array.size} elements cannot be converted to Scalar; use tolist()"
            )
        array = self._array
        return _NUMBER[array.dtype.kind](array) if is_foreign(array) else array.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers; of no axes the number itself."""
        return np.asarray(self._array).tolist()

    def numpy(self, *, force: bool = False) -> Any:
        """The array itself, sharing its memory; where a gradient is recorded only by `force`."""
        if self.requires_grad and not force and mode.recording:
            raise RuntimeError(messages.numpy_of_recorded())
        return np.asarray(self._array)

    def to_numpy(self) -> Any:
        """The array itself, as `numpy()`: Matplotlib and others look for this name.

        >>> import minigrad as torch
        >>> torch.ones(2).to_numpy()
        array([1., 1.], dtype=float32)
        """
        return self.numpy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return (
            np.array(self.numpy(), dtype=dtype, copy=copy) if copy else np.asarray(self.numpy(), dtype=dtype)
        )

    def __dlpack__(self, **kwargs: Any) -> Any:
        if self.requires_grad:
            raise BufferError("can't export a Tensor that requires grad; export tensor.detach()")
        return read(self._array).__dlpack__(**kwargs)

    def __dlpack_device__(self) -> Any:
        return read(self._array).__dlpack_device__()

    @staticmethod
    def _call_op(op: Op, args: Any, options: Any) -> Any:
        """Called by an op that is called with a tensor among its inputs."""
        return call_of(op)(*args, **options)

    def __float__(self) -> float:
        number = float(self.item())
        if self.requires_grad and mode.recording:
            warn_cut("float()", "a function of tensors, like torch.sin(x) for math.sin(x), keeps the graph")
        return number

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self._array.dtype.kind == "f":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __bool__(self) -> bool:
        if self._array.size != 1:
            raise RuntimeError(
                f"Boolean value of Tensor with {self._array.size} elements is ambiguous; use .any() or .all()"
            )
        return bool(self._array)

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self._array)

    def __iter__(self) -> Iterator[Tensor]:
        if not self._array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind())

    def __lshift__(self: Any, other: Any) -> Tensor:
        shifted: Tensor = self.bitwise_left_shift(other)
        return shifted

    def __rshift__(self: Any, other: Any) -> Tensor:
        shifted: Tensor = self.bitwise_right_shift(other)
        return shifted

    def __rlshift__(self: Any, other: Any) -> Tensor:
        shifted: Tensor = found("bitwise_left_shift")(other, self)
        return shifted

    def __rrshift__(self: Any, other: Any) -> Tensor:
        shifted: Tensor = found("bitwise_right_shift")(other, self)
        return shifted

    def __ilshift__(self: Any, other: Any) -> Tensor:
        shifted: Tensor = self.bitwise_left_shift_(other)
        return shifted

    def __irshift__(self: Any, other: Any) -> Tensor:
        shifted: Tensor = self.bitwise_right_shift_(other)
        return shifted

    def __reversed__(self: Any) -> Tensor:
        flipped: Tensor = self.flip(0) if self._array.ndim else self
        return flipped

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())

    def __repr__(self) -> str:
        text = import_module("minigrad._tensor.text")  # few programs print tensors before all else
        return text.tensor_text(
            self._array, default=get_default_dtype(), requires_grad=self.requires_grad,
            grad_fn="" if self.is_leaf else self._made_by(),
        )  # fmt: skip

    def _made_by(self) -> str:
        node: Any = self._node
        return str(node.name())

    def __format__(self, spec: str) -> str:
        return object.__format__(self, spec) if self._array.ndim else format(self.item(), spec)

    def __reduce_ex__(self, protocol: Any) -> Any:
        self._refuse_non_leaf("pickle")
        return _rebuild, (self._kind(), np.array(self._array), self.requires_grad), self.__dict__ or None

    def __copy__(self) -> Tensor:
        """A leaf of its own over the same memory, as in PyTorch."""
        copied = _rebuild(self._kind() if self.is_leaf else made.tensor, self._array, self.requires_grad)
        copied.__dict__.update(self.__dict__)
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        """A copy with its gradient; tensors that share memory share that of their copies."""
        self._refuse_non_leaf("deepcopy")
        array = copied_within(read(self._array), memo)
        copied = _rebuild(self._kind(), array, self.requires_grad)
        memo[id(self)] = copied
        if (grad := self.grad) is not None:
            copied.grad = wrap(np.array(grad._array), None)
        if self.__dict__:
            copied.__dict__.update(import_module("copy").deepcopy(self.__dict__, memo))
        return copied

    def _kind(self) -> type:
        """The class of a copy."""
        return type(self)

    def _refuse_non_leaf(self, what: str) -> None:
        if not self.is_leaf:
            node: Any = history_of(self)
            raise RuntimeError(
                f"only Tensors created explicitly by the user (graph leaves) support {what}; this one was "
                f"produced by {node.op.name}. Use detach(), or clone() for a copy inside the graph."
            )


def _rebuild(kind: type, array: Any, requires_grad: bool) -> Tensor:
    tensor: Tensor = wrap(with_own_dtype(array), None)
    if kind is not made.tensor:
        tensor.__class__ = kind
        if current().inference:
            inferred(tensor)
    tensor.requires_grad_(requires_grad)
    return tensor
