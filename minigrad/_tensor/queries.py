"""PyTorch's questions about the kind of a tensor. There is one kind here, so each has one answer."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from minigrad.ops.arrays import read

from .device import UnavailableDeviceError, unavailable
from .layout import layout as Layout, strided
from .record import Recorded

if TYPE_CHECKING:
    from .tensor import Tensor


def _never(what: str) -> property:
    return property(lambda _: False, doc=f"False: it is not {what}.")


class Queries(Recorded):
    """Names that mean little where numbers are real and memory is NumPy's, and kinds that no tensor is of.

    >>> import minigrad as torch
    >>> x = torch.ones(2, 2)
    >>> x.layout, x.name, x.output_nr, x.real is x, x.H.shape, x.mH.shape
    (torch.strided, None, 0, True, torch.Size([2, 2]), torch.Size([2, 2]))
    >>> x.is_mps, x.is_xpu, x.is_ipu, x.is_xla, x.is_vulkan, x.is_mtia, x.is_maia, x.is_meta
    (False, False, False, False, False, False, False, False)
    >>> x.is_sparse, x.is_sparse_csr, x.is_mkldnn, x.is_quantized, x.is_nested
    (False, False, False, False, False)
    """

    __slots__ = ()

    is_mps, is_xpu, is_ipu = _never("on an Apple GPU"), _never("on an Intel GPU"), _never("on an IPU")
    is_xla, is_vulkan, is_mtia = _never("on an XLA device"), _never("on a Vulkan device"), _never("on MTIA")
    is_maia, is_meta = _never("on a MAIA device"), _never("without data")
    is_sparse, is_sparse_csr = _never("sparse"), _never("in compressed rows")
    is_mkldnn, is_quantized, is_nested = _never("in MKL-DNN's layout"), _never("quantised"), _never("a list")

    @property
    def layout(self) -> Layout:
        """`torch.strided`: the elements stand in memory at regular steps."""
        return strided

    @property
    def name(self) -> None:
        """None, as PyTorch's tensors of today."""

    @property
    def output_nr(self) -> int:
        """0: the number of this output among those of its op."""
        return 0

    @property
    def real(self: Any) -> Tensor:
        """The tensor itself: its numbers are real."""
        return self

    @property
    def H(self: Any) -> Tensor:
        """The transpose of a matrix: numbers are real."""
        if self._array.ndim not in (0, 2):
            raise RuntimeError(
                f"tensor.H is only supported on matrices (2-D tensors). Got {self._array.ndim}-D tensor."
            )
        return self.t()

    @property
    def mH(self: Any) -> Tensor:
        """The last two axes swapped: numbers are real."""
        return self.mT

    def adjoint(self: Any) -> Tensor:
        """The last two axes swapped, as numbers are real.

        >>> import minigrad as torch
        >>> torch.ones(1, 2).adjoint().shape
        torch.Size([2, 1])
        """
        return self.mT

    def conj(self: Any) -> Tensor:
        """The tensor itself: its numbers are real.

        >>> import minigrad as torch
        >>> torch.ones(1).conj()
        tensor([1.])
        """
        return self

    resolve_conj = resolve_neg = conj_physical = conj

    def is_complex(self) -> bool:
        """False: numbers are real.

        >>> import minigrad as torch
        >>> torch.is_complex(torch.ones(1))
        False
        """
        return False

    is_conj = is_neg = is_distributed = is_complex

    def is_signed(self) -> bool:
        """True if the dtype has negative numbers.

        >>> import minigrad as torch
        >>> torch.is_signed(torch.ones(1).byte())
        False
        """
        return self._array.dtype.kind in "fi"

    def is_nonzero(self: Any) -> bool:
        """True if the one element is not 0.

        Raises:
            RuntimeError: for more elements, or none.

        >>> import minigrad as torch
        >>> torch.is_nonzero(torch.tensor([2.0]))
        True
        """
        return bool(self)

    def is_same_size(self, other: Any) -> bool:
        """True if the shapes are equal.

        Arguments:
            other: a tensor.

        >>> import minigrad as torch
        >>> torch.is_same_size(torch.ones(2), torch.ones(3))
        False
        """
        return self._array.shape == tuple(other.shape)

    def is_set_to(self, tensor: Any) -> bool:
        """True if both are the same elements of the same memory.

        Arguments:
            tensor: another one.

        >>> import minigrad as torch
        >>> x = torch.ones(2)
        >>> x.is_set_to(x.view(2)), x.is_set_to(x.clone())
        (True, False)
        """
        mine, other = read(self._array), read(tensor._array)
        same = mine.__array_interface__["data"][0] == other.__array_interface__["data"][0]
        return bool(same and mine.shape == other.shape and mine.strides == other.strides)

    def is_pinned(self, device: Any = None) -> bool:
        """False: no memory is pinned for a device.

        Arguments:
            device: accepted.

        >>> import minigrad as torch
        >>> torch.ones(1).is_pinned()
        False
        """
        return False

    def pin_memory(self, device: Any = None) -> Any:
        """Raise, as PyTorch does where there is no device for which memory could be pinned.

        Arguments:
            device: accepted.

        Raises:
            RuntimeError: always.

        >>> import minigrad as torch
        >>> torch.ones(1).pin_memory() if torch.cuda.is_available() else torch.ones(1)
        tensor([1.])
        """
        raise UnavailableDeviceError(unavailable("accelerator"))

    def is_shared(self) -> bool:
        """False: the memory belongs to one process.

        >>> import minigrad as torch
        >>> torch.ones(1).is_shared()
        False
        """
        return False

    def share_memory_(self) -> Self:
        """Raise: the memory belongs to one process.

        Raises:
            NotImplementedError: always.

        >>> import minigrad as torch
        >>> torch.ones(1).share_memory_()
        Traceback (most recent call last):
        NotImplementedError: share_memory_: a tensor's memory belongs to one process; use threads
        """
        raise NotImplementedError("share_memory_: a tensor's memory belongs to one process; use threads")

    def storage_offset(self) -> int:
        """The place of the first element in the memory of its tensor.

        >>> import minigrad as torch
        >>> torch.arange(4)[1:].storage_offset()
        1
        """
        root = array = read(self._array)
        while isinstance(root.base, np.ndarray):
            root = root.base
        start = array.__array_interface__["data"][0] - root.__array_interface__["data"][0]
        return int(start // array.itemsize) if array.itemsize else 0

    def storage(self) -> Any:
        """The numbers in the memory of this tensor, which its views share: a `TypedStorage`.

        >>> import minigrad as torch
        >>> torch.arange(4)[1:].storage().tolist()
        [0, 1, 2, 3]
        """
        return import_module("minigrad._tensor.storage").TypedStorage(self._array)

    def untyped_storage(self) -> Any:
        """The same memory as bytes: an `UntypedStorage`.

        >>> import minigrad as torch
        >>> torch.arange(4)[1:].untyped_storage().nbytes()
        32
        """
        return import_module("minigrad._tensor.storage").UntypedStorage(self._array)

    def ndimension(self) -> int:
        """The number of axes, as `ndim`.

        >>> import minigrad as torch
        >>> torch.ones(2, 3).ndimension()
        2
        """
        return self._array.ndim

    def new(self: Any, *data: Any) -> Tensor:
        """A tensor of this dtype from data or sizes, as `Tensor(data)` in this one's dtype.

        Arguments:
            data: a sequence, or the sizes one by one; of these the elements may be anything.

        >>> import minigrad as torch
        >>> torch.ones(1).new([1, 2]), torch.ones(1).new(2, 3).shape
        (tensor([1., 2.]), torch.Size([2, 3]))
        """
        first: Any = data[0] if len(data) == 1 else None
        if isinstance(first, Recorded):
            if first._array.dtype != self._array.dtype:
                raise TypeError(f"new(): expected a tensor of {self.dtype}, got {first._array.dtype}")
            return self.new_tensor(first._array)
        if len(data) == 1 and hasattr(data[0], "__len__") and not hasattr(data[0], "numel"):
            return self.new_tensor(data[0])
        return self.new_empty(*data) if data else self.new_empty(0)
