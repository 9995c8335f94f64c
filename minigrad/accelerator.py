"""PyTorch's questions about an accelerator of any kind: there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minigrad._tensor.device import UnavailableDeviceError, unavailable
from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)


def is_available() -> bool:
    """False: minigrad computes on the CPU.

    >>> import minigrad as torch
    >>> acc = torch.accelerator
    >>> acc.current_accelerator().type if acc.is_available() else "cpu"
    'cpu'
    """
    return False


def device_count() -> int:
    """The number of accelerators: 0.

    >>> import minigrad as torch
    >>> torch.accelerator.device_count()
    0
    """
    return 0


def current_accelerator(check_available: bool = False) -> None:
    """None: there is no accelerator.

    Arguments:
        check_available: accepted; it changes nothing.

    >>> import minigrad as torch
    >>> torch.accelerator.current_accelerator() is None
    True
    """


def _refused(*args: Any, **kwargs: Any) -> Any:
    """Raise: there is no accelerator."""
    raise UnavailableDeviceError(unavailable("accelerator"))


synchronize = set_device_index = current_device_index = current_stream = set_stream = _refused
set_device_idx = current_device_idx = device_index = empty_cache = memory_stats = _refused
memory_allocated = max_memory_allocated = memory_reserved = max_memory_reserved = _refused
reset_peak_memory_stats = reset_accumulated_memory_stats = get_memory_info = _refused
