"""The one device, the CPU, and the names of those that minigrad does not compute on."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from .documentation import passing_on
from .layout import in_order, preserve_format, strided

Result = TypeVar("Result")
_KNOWN = ("cpu", "cuda", "ipu", "xpu", "mps", "meta", "hpu", "mtia", "xla", "hip", "privateuseone")


class OutOfMemoryError(RuntimeError):
    """PyTorch's error of a device that is full, for programs that catch it; nothing here raises it.

    >>> import minigrad as torch
    >>> try:
    ...     x = torch.ones(2)
    ... except torch.OutOfMemoryError:
    ...     print("a smaller batch might do")
    """


class UnavailableDeviceError(AssertionError, RuntimeError):
    """Something is asked of a device other than the CPU. PyTorch raises the one kind or the other."""


class device:
    """The name of a device: `torch.device("cpu")`. Other names can be written and compared, but not used.

    Arguments:
        type: "cpu", "cuda", "cuda:1", "mps" and the like, or a device.
        index: the number of the device of that type.

    Raises:
        RuntimeError: for a name that PyTorch does not know either, and for an integer.

    >>> import minigrad as torch
    >>> torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device(type='cpu')
    >>> torch.zeros(2).device.type, str(torch.device("cuda", 1))
    ('cpu', 'cuda:1')
    """

    __slots__ = ("_index", "_type")
    _type: str
    _index: int | None

    def __init__(self, type: Any, index: int | None = None) -> None:
        if isinstance(type, device):
            self._type, self._index = type._type, type._index
            return
        if isinstance(type, int) and not isinstance(type, bool):
            raise UnavailableDeviceError(unavailable(f"device {type}"))
        if not isinstance(type, str):
            raise TypeError(f"device() takes a name like 'cpu', not {type.__class__.__name__} ({type!r})")
        kind, colon, number = type.partition(":")
        if kind not in _KNOWN:
            raise RuntimeError(f"expected one of {', '.join(_KNOWN)} at the start of a device, not {type!r}")
        if colon and (not number.isdecimal() or (len(number) > 1 and number[0] == "0")):
            raise RuntimeError(f"invalid device string: {type!r}; it would be like '{kind}:0'")
        if colon and index is not None:
            raise RuntimeError(f"{type!r} has an index already, and index={index} names another")
        self._type = kind
        self._index = int(number) if colon else index

    @property
    def type(self) -> str:
        """The kind of device: 'cpu'."""
        return self._type

    @property
    def index(self) -> int | None:
        """Its number, where one was given.

        >>> import minigrad as torch
        >>> torch.device("cuda:1").index
        1
        """
        return self._index

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, device):
            return NotImplemented
        return self._type == other._type and self._index == other._index

    def __hash__(self) -> int:
        return hash((self._type, self._index))

    def __str__(self) -> str:
        return self._type if self._index is None else f"{self._type}:{self._index}"

    def __repr__(self) -> str:
        return f"device(type={self._type!r}{'' if self._index is None else f', index={self._index}'})"

    def __reduce__(self) -> Any:
        return device, (self._type, self._index)

    def __enter__(self) -> device:
        on_cpu(self)
        return self

    def __exit__(self, *exc: object) -> None:
        pass


CPU = device("cpu")


def unavailable(what: str) -> str:
    """The sentence for a device that is asked for and is not there."""
    return (
        f"minigrad is not compiled with CUDA, nor for any other accelerator: there is no {what}. It computes "
        'on the CPU: use device="cpu", and torch.cuda.is_available() to choose between the two'
    )


def on_cpu(wanted: Any) -> None:
    """Raise unless `device=` asks for the CPU, or for no device in particular."""
    if wanted is None or wanted == "cpu" or wanted is CPU:
        return
    named = wanted if isinstance(wanted, device) else device(wanted)
    if named._type != "cpu":
        raise UnavailableDeviceError(unavailable(f"device {str(named)!r}"))


def on_cpu_only(make: Callable[..., Result]) -> Callable[..., Result]:
    """Let a function take `device`, `layout` and the like, as PyTorch's do."""

    @functools.wraps(make)
    def made(
        *args: Any,
        device: Any = None,
        layout: Any = strided,
        pin_memory: bool = False,
        memory_format: Any = preserve_format,
        **kwargs: Any,
    ) -> Result:
        if device is not None:
            on_cpu(device)
        if layout is not strided or pin_memory:
            raise NotImplementedError(f"{make.__name__}: minigrad has no other layout and no pinned memory")
        result: Any = make(*args, **kwargs)
        if memory_format is not preserve_format:
            result._array = in_order(make.__name__, result.detach(), memory_format)._array
        return result

    return passing_on(made, make)


def get_default_device() -> device:
    """The device of tensors that are made without `device=`: the CPU.

    >>> import minigrad as torch
    >>> torch.get_default_device()
    device(type='cpu')
    """
    return CPU


def set_default_device(device: Any) -> None:
    """Accepts the CPU, which is the default device always.

    Arguments:
        device: "cpu", `torch.device("cpu")` or None.

    Raises:
        RuntimeError: for any other device.

    >>> import minigrad as torch
    >>> torch.set_default_device("cpu")
    """
    on_cpu(device)
