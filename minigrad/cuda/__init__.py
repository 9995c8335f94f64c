"""PyTorch's questions about CUDA, answered calmly: there is none, and every program may go on without it.

Questions, seeds and cleaning up are answered. The rest needs a device, and raises the
sentence that says what to do.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from minigrad._tensor.device import (
    OutOfMemoryError as OutOfMemoryError,
    UnavailableDeviceError,
    unavailable,
)
from minigrad.cuda import amp as amp
from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)


def is_available() -> bool:
    """False: minigrad computes on the CPU.

    >>> import minigrad as torch
    >>> torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device(type='cpu')
    """
    return False


def is_initialized() -> bool:
    """False.

    >>> import minigrad as torch
    >>> torch.cuda.is_initialized()
    False
    """
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False.

    Arguments:
        including_emulation: accepted; it changes nothing.

    >>> import minigrad as torch
    >>> torch.cuda.is_bf16_supported()
    False
    """
    return False


def device_count() -> int:
    """The number of devices: 0.

    >>> import minigrad as torch
    >>> [torch.device(f"cuda:{i}") for i in range(torch.cuda.device_count())]
    []
    """
    return 0


def manual_seed(seed: int) -> None:
    """Accepts a seed for the device that is not there; `torch.manual_seed` seeds the CPU.

    Arguments:
        seed: an integer.

    >>> import minigrad as torch
    >>> torch.cuda.manual_seed(0)
    """
    int(seed)


def manual_seed_all(seed: int) -> None:
    """Accepts a seed for all of no devices.

    Arguments:
        seed: an integer.

    >>> import minigrad as torch
    >>> torch.cuda.manual_seed_all(0)
    """
    int(seed)


def seed() -> None:
    """Does nothing."""


def seed_all() -> None:
    """Does nothing."""


def empty_cache() -> None:
    """Does nothing: there is no cache of device memory."""


def ipc_collect() -> None:
    """Does nothing."""


def memory_allocated(device: Any = None) -> int:
    """Bytes in use on the device: 0.

    >>> import minigrad as torch
    >>> torch.cuda.memory_allocated()
    0
    """
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated
memory_cached = max_memory_cached = memory_allocated


def memory_stats(device: Any = None) -> dict[str, Any]:
    """Numbers about the memory of the device: none.

    >>> import minigrad as torch
    >>> torch.cuda.memory_stats()
    OrderedDict()
    """
    return OrderedDict()


def get_arch_list() -> list[str]:
    """The kinds of devices for which there is code: none.

    >>> import minigrad as torch
    >>> torch.cuda.get_arch_list()
    []
    """
    return []


def is_current_stream_capturing() -> bool:
    """False.

    >>> import minigrad as torch
    >>> torch.cuda.is_current_stream_capturing()
    False
    """
    return False


def reset_peak_memory_stats(device: Any = None) -> None:
    """Does nothing."""


def _refused(*args: Any, **kwargs: Any) -> Any:
    """Raise: there is no CUDA device."""
    raise UnavailableDeviceError(unavailable("CUDA device"))


current_device = set_device = get_device_name = get_device_properties = get_device_capability = _refused
device = stream = synchronize = init = mem_get_info = current_stream = default_stream = _refused
memory_summary = initial_seed = set_stream = utilization = set_per_process_memory_fraction = _refused
get_rng_state = get_rng_state_all = set_rng_state = set_rng_state_all = Stream = Event = _refused
FloatTensor = DoubleTensor = HalfTensor = LongTensor = IntTensor = ShortTensor = _refused
CharTensor = ByteTensor = BoolTensor = _refused
