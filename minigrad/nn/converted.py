"""Converted: a module whose parameters and buffers take another dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from minigrad._tensor.device import UnavailableDeviceError, unavailable
from minigrad._tensor.layout import checked as checked_format, preserve_format
from minigrad._tensor.tensor import Tensor
from minigrad.creation import empty
from minigrad.nn.registry import M
from minigrad.nn.saved import Saved

Self = TypeVar("Self", bound="Converted[Any]")


class Converted(Saved[M]):
    """A saved registry that `to` and its kin convert in place."""

    def to(
        self: Self,
        *args: Any,
        dtype: Any = None,
        device: Any = None,
        non_blocking: bool = False,
        memory_format: Any = preserve_format,
    ) -> Self:
        """Convert all floating parameters and buffers in place, by the arguments of `Tensor.to`.

        Parameters stay the same objects, so an optimiser that holds them stays valid.

        Arguments:
            args: a dtype, a device ("cpu"), or a tensor that gives the dtype.
            dtype, device: the same by name.
            non_blocking, memory_format: accepted; they change nothing, and the parameters stay in rows.

        Raises:
            TypeError: for a dtype that is not floating.
            RuntimeError: for a device other than the CPU.

        >>> import minigrad as torch
        >>> torch.nn.Linear(2, 1).to(torch.float64).weight.dtype
        torch.float64
        """
        checked_format("Module.to", memory_format)
        wanted = {"dtype": dtype, "device": device}
        target = empty(()).to(*args, **wanted)
        if target.dtype.kind != "f":
            raise TypeError(f"a module's parameters are floating: cannot convert them to {target.dtype.name}")
        return self._convert(lambda tensor: tensor.to(*args, **wanted))

    def float(self: Self) -> Self:
        """Convert floating parameters and buffers to float32.

        >>> import minigrad as torch
        >>> torch.nn.Linear(2, 1).float().weight.dtype
        torch.float32
        """
        return self._convert(lambda tensor: tensor.float())

    def double(self: Self) -> Self:
        """Convert floating parameters and buffers to float64.

        >>> import minigrad as torch
        >>> torch.nn.Linear(2, 1).double().weight.dtype
        torch.float64
        """
        return self._convert(lambda tensor: tensor.double())

    def half(self: Self) -> Self:
        """Convert floating parameters and buffers to float16.

        >>> import minigrad as torch
        >>> torch.nn.Linear(2, 1).half().weight.dtype
        torch.float16
        """
        return self._convert(lambda tensor: tensor.half())

    def type(self: Self, dst_type: Any) -> Self:
        """Convert floating parameters and buffers to a floating dtype, `dst_type`, as `Module.to` does.

        >>> import minigrad as torch
        >>> torch.nn.Linear(2, 1).type(torch.float64).weight.dtype
        torch.float64
        """
        return self.to(dst_type)

    def cpu(self: Self) -> Self:
        """This module: everything is on the CPU.

        >>> import minigrad as torch
        >>> torch.nn.ReLU().cpu()
        ReLU()
        """
        return self

    def cuda(self: Self, device: Any = None) -> Self:
        """Raise: there is no CUDA device. `to(device)` with the CPU works everywhere.

        Raises:
            RuntimeError: always.

        >>> import minigrad as torch
        >>> torch.nn.ReLU().to(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
        ReLU()
        """
        raise UnavailableDeviceError(unavailable("CUDA device"))

    def _convert(self: Self, fn: Callable[[Tensor], Tensor]) -> Self:
        for module in self.modules():
            for parameter in module._parameters.values():
                if parameter is None or parameter.dtype.kind != "f":
                    continue
                grad, parameter.grad = parameter.grad, None
                parameter.data = fn(parameter.data)
                if grad is not None:
                    parameter.grad = fn(grad.detach())
            for name, buffer in module._buffers.items():
                if buffer is not None and buffer.dtype.kind == "f":
                    module._buffers[name] = fn(buffer)
        return self
