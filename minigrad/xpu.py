"""PyTorch's questions about an Intel GPU: there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minigrad._tensor.device import UnavailableDeviceError, unavailable
from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)


def is_available() -> bool:
    """False: minigrad computes on the CPU.

    >>> import minigrad as torch
    >>> torch.xpu.is_available()
    False
    """
    return False


def device_count() -> int:
    """The number of devices: 0.

    >>> import minigrad as torch
    >>> torch.xpu.device_count()
    0
    """
    return 0


def manual_seed(seed: int) -> None:
    """Accepts a seed for the device that is not there; `torch.manual_seed` seeds the CPU.

    Arguments:
        seed: an integer.

    >>> import minigrad as torch
    >>> torch.xpu.manual_seed(0)
    """
    int(seed)


def _refused(*args: Any, **kwargs: Any) -> Any:
    """Raise: there is no Intel GPU."""
    raise UnavailableDeviceError(unavailable("Intel GPU"))


synchronize = current_device = set_device = get_device_name = get_device_properties = Event = Stream = (
    _refused
)
