"""The methods of Tensor that convert it to a dtype, a place or an order, or make new tensors in its dtype."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.ops.arrays import is_foreign, kin

from .calls import CALLS
from .convert import as_array, number_as, sizes_of
from .device import UnavailableDeviceError, device as Device, on_cpu, on_cpu_only, unavailable
from .dtype import as_dtype, bool_, float16, float32, float64, int8, int16, int32, int64, uint8
from .layout import contiguous_format, in_order, preserve_format
from .record import Recorded, wrap
from .tracing import trace_of_thread

if TYPE_CHECKING:
    from .tensor import Tensor

_TYPES = {"float16": "Half", "float32": "Float", "float64": "Double", "int8": "Char", "int16": "Short"}
_TYPES |= {"int32": "Int", "int64": "Long", "uint8": "Byte", "bool": "Bool"}
_BY_TYPE = {f"torch.{kind}Tensor": name for name, kind in _TYPES.items()}


class Conversions(Recorded):
    """The methods that convert a tensor, or make a new one in its dtype."""

    __slots__ = ()

    def to(
        self: Any,  # for a type checker the result is a Tensor, also where it is this one
        *args: Any,
        dtype: Any = None,
        device: Any = None,
        copy: bool = False,
        non_blocking: bool = False,
        memory_format: Any = preserve_format,
    ) -> Tensor:
        """The tensor in another dtype; itself where nothing changes, unless `copy`.

        Arguments:
            args: a dtype, a device ("cpu"), or a tensor that gives the dtype; then non_blocking and copy.
            dtype, device: the same by name.
            copy: whether it is a new tensor in any case.
            non_blocking: accepted; it changes nothing.
            memory_format: the order of the elements in memory; the values are the same.

        Raises:
            RuntimeError: for a device other than the CPU, and a format of another number of axes.

        Derivative: the gradient, converted back.

        >>> import minigrad as torch
        >>> torch.tensor([1.5, -1.5]).to(torch.int64)
        tensor([ 1, -1])
        """
        for arg in args:
            if isinstance(arg, Recorded):
                dtype = arg._array.dtype
            elif isinstance(arg, (str, Device)) or type(arg) is int:
                device = arg
            elif arg is not None and not isinstance(arg, bool):
                dtype = arg
        flags = [arg for arg in args if isinstance(arg, bool)]  # non_blocking and copy
        copy = copy or flags[1:] == [True]
        on_cpu(device)
        wanted = self._array.dtype if dtype is None else as_dtype(dtype)
        changed = self if wanted == self._array.dtype else CALLS["cast"](self, wanted)
        if memory_format is not preserve_format:
            changed = in_order("to", changed, memory_format)
        return self.clone(memory_format=memory_format) if copy and changed is self else changed

    def type(self, dtype: Any = None) -> Any:
        """The tensor in another dtype, as `to(dtype)`; without a `dtype` the name of its own.

        >>> import minigrad as torch
        >>> torch.ones(2).type()
        'torch.FloatTensor'
        """
        if dtype is None:
            return f"torch.{_TYPES[str(self._array.dtype)]}Tensor"
        if isinstance(dtype, str):
            if dtype not in _BY_TYPE:
                raise ValueError(f"type(): there is no {dtype!r}; it would be one of {', '.join(_BY_TYPE)}")
            dtype = _BY_TYPE[dtype]
        return self.to(dtype=dtype)

    def type_as(self, other: Any) -> Tensor:
        """The tensor in the dtype of another one, `other`, as `to(other)`.

        >>> import minigrad as torch
        >>> torch.ones(1).type_as(torch.arange(2))
        tensor([1])
        """
        return self.to(other.dtype)

    def float(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as float32, as `to(torch.float32)`."""
        return self.to(float32, memory_format=memory_format)

    def double(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as float64, as `to(torch.float64)`."""
        return self.to(float64, memory_format=memory_format)

    def half(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as float16, as `to(torch.float16)`."""
        return self.to(float16, memory_format=memory_format)

    def long(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as int64, as `to(torch.int64)`."""
        return self.to(int64, memory_format=memory_format)

    def int(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as int32, as `to(torch.int32)`."""
        return self.to(int32, memory_format=memory_format)

    def short(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as int16, as `to(torch.int16)`."""
        return self.to(int16, memory_format=memory_format)

    def char(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as int8, as `to(torch.int8)`."""
        return self.to(int8, memory_format=memory_format)

    def byte(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as uint8, as `to(torch.uint8)`."""
        return self.to(uint8, memory_format=memory_format)

    def bool(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as booleans, True where it is not 0, as `to(torch.bool)`."""
        return self.to(bool_, memory_format=memory_format)

    def cpu(self: Any, memory_format: Any = preserve_format) -> Tensor:
        """This tensor: everything is on the CPU.

        >>> import minigrad as torch
        >>> torch.ones(1).cpu()
        tensor([1.])
        """
        return self.to(memory_format=memory_format)

    def contiguous(self: Any, memory_format: Any = contiguous_format) -> Tensor:
        """The tensor with its elements in rows, or in the order of `memory_format`; itself where they are.

        Derivative: the gradient as it is.

        >>> import minigrad as torch
        >>> torch.zeros(2, 3).T.contiguous().stride()
        (2, 1)
        """
        if memory_format is not contiguous_format:
            return in_order("contiguous", self, memory_format)
        array = self._array
        if type(array) is not np.ndarray and is_foreign(array):
            return self
        return self if array.flags.c_contiguous else CALLS["contiguous"](self)

    def cuda(self, device: Any = None, non_blocking: builtins.bool = False) -> Any:
        """Raise: there is no CUDA device. `to(device)` with the CPU works everywhere.

        Arguments:
            device, non_blocking: accepted, as PyTorch's.

        Raises:
            RuntimeError: always.

        >>> import minigrad as torch
        >>> torch.ones(1).to(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
        tensor([1.])
        """
        raise UnavailableDeviceError(unavailable("CUDA device"))

    @on_cpu_only
    def new_tensor(self, data: Any, *, dtype: Any = None, requires_grad: builtins.bool = False) -> Tensor:
        """A tensor with a copy of `data`, in the dtype of this one, as `tensor(data, dtype=self.dtype)`.

        >>> import minigrad as torch
        >>> torch.ones(1).new_tensor([1, 2])
        tensor([1., 2.])
        """
        array = as_array(data, dtype or self._array.dtype)
        made = wrap(np.array(array, like=kin(self, array)), None)
        return made.requires_grad_(requires_grad)

    @on_cpu_only
    def new_full(
        self, size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: builtins.bool = False
    ) -> Tensor:
        """`fill_value` everywhere, in this tensor's dtype, as `full(size, fill_value, dtype=self.dtype)`."""
        dtype = self._array.dtype if dtype is None else as_dtype(dtype)
        made = wrap(np.full(sizes_of((size,)), number_as(fill_value, dtype), like=kin(self)), None)
        if (trace := trace_of_thread()) is not None:
            trace.owns(made._array)
        return made.requires_grad_(requires_grad)

    @on_cpu_only
    def new_empty(self, *size: Any, dtype: Any = None, requires_grad: builtins.bool = False) -> Tensor:
        """A tensor of the given `size`, in this one's dtype, as `empty(size, dtype=self.dtype)`."""
        return self.new_full(sizes_of(size), 0, dtype=dtype, requires_grad=requires_grad)

    @on_cpu_only
    def new_zeros(self, *size: Any, dtype: Any = None, requires_grad: builtins.bool = False) -> Tensor:
        """Zeros in the dtype of this tensor, as `zeros(size, dtype=self.dtype)`."""
        return self.new_full(sizes_of(size), 0, dtype=dtype, requires_grad=requires_grad)

    @on_cpu_only
    def new_ones(self, *size: Any, dtype: Any = None, requires_grad: builtins.bool = False) -> Tensor:
        """Ones in the dtype of this tensor, as `ones(size, dtype=self.dtype)`."""
        return self.new_full(sizes_of(size), 1, dtype=dtype, requires_grad=requires_grad)
