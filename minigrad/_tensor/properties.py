"""Facts of a tensor: its shape, dtype, device and layout."""

from __future__ import annotations

import math
from typing import Any

from minigrad.ops.arrays import read
from minigrad.ops.kernels import normalize_dim

from .device import CPU, device as Device
from .in_place import InPlace
from .layout import checked, contiguous_format, has_order
from .named_dtype import dtype as Dtype, named
from .record import made
from .size import Size

new_size = tuple.__new__


class Properties(InPlace):
    """The attributes that say how the storage is made."""

    __slots__ = ()

    @property
    def shape(self) -> Size:
        """The sizes of the axes: a tuple."""
        return new_size(Size, self._array.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    @property
    def dtype(self) -> Dtype:
        """The type of the elements, such as `torch.float32`."""
        return named(self._array.dtype)

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self._array.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._array.nbytes

    @property
    def device(self) -> Device:
        """Where the elements are: the CPU always."""
        return CPU

    def dim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    def numel(self) -> int:
        """The number of elements of `input`.

        >>> import minigrad as torch
        >>> torch.numel(torch.zeros(2, 3))
        6
        """
        return self._array.size

    nelement = numel

    def element_size(self) -> int:
        """Bytes per element."""
        return self._array.itemsize

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of the axis `dim`."""
        return self.shape if dim is None else self._array.shape[normalize_dim(dim, self.ndim)]

    def stride(self) -> tuple[int, ...]:
        """How many elements of memory lie between neighbours along each axis."""
        array = self._array
        if type(self) is not made.view and array.flags.c_contiguous:  # NumPy's of sides of 1 and 0 may be any
            sides = [max(n, 1) for n in array.shape[1:]]
            return tuple(math.prod(sides[axis:]) for axis in range(array.ndim))
        return tuple(s // array.itemsize for s in array.strides)

    def is_contiguous(self, memory_format: Any = contiguous_format) -> bool:
        """True if the elements lie one after the other: in rows, or in the order of `memory_format`."""
        return has_order(self._array, checked("is_contiguous", memory_format))

    def data_ptr(self) -> int:
        """The address of the first element."""
        return int(read(self._array).__array_interface__["data"][0])

    def is_floating_point(self) -> bool:
        """True if the dtype is floating."""
        return self._array.dtype.kind == "f"

    def is_inference(self) -> bool:
        """True if `input` was made in `inference_mode`, and so stays out of every later graph.

        >>> import minigrad as torch
        >>> torch.ones(2).is_inference()
        False
        """
        return self._stays_out

    def get_device(self) -> int:
        """-1: the CPU."""
        return -1

    @property
    def is_cuda(self) -> bool:
        """False: it is on no CUDA device.

        >>> import minigrad as torch
        >>> torch.ones(1).is_cuda
        False
        """
        return False

    @property
    def is_cpu(self) -> bool:
        """True: it is on the CPU.

        >>> import minigrad as torch
        >>> torch.ones(1).is_cpu
        True
        """
        return True
