"""PyTorch's questions about the CPU as a device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)


def is_available() -> bool:
    """True.

    >>> import minigrad as torch
    >>> torch.cpu.is_available()
    True
    """
    return True


def device_count() -> int:
    """The number of CPUs that PyTorch counts: 1.

    >>> import minigrad as torch
    >>> torch.cpu.device_count()
    1
    """
    return 1


def current_device() -> str:
    """The name of the device.

    >>> import minigrad as torch
    >>> torch.cpu.current_device()
    'cpu'
    """
    return "cpu"


def synchronize(device: Any = None) -> None:
    """Does nothing: a result is there when its call returns.

    Arguments:
        device: accepted.

    >>> import minigrad as torch
    >>> torch.cpu.synchronize()
    """
