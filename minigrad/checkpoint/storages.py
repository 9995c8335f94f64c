"""The storages of PyTorch's files: rows of values, which tensors are views of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad._tensor.device import device, unavailable
from minigrad.checkpoint.structure import CheckpointError

STORAGES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}
NAMES = {dtype: name for name, dtype in STORAGES.items()}
Place = Callable[[str], None]  # of a location in a file: raises unless its values may come to the CPU


def width(dtype: str) -> int:
    """The bytes of a value."""
    return 2 if dtype == "bfloat16" else np.dtype(dtype).itemsize


def values(data: bytes, dtype: str, key: str) -> NDArray[Any]:
    """The values that bytes stand for; bfloat16 as float32.

    Raises:
        CheckpointError: for a boolean that is neither 0 nor 1.
    """
    if dtype == "bfloat16":  # the first half of a float32
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    array = np.frombuffer(data, np.dtype(dtype).newbyteorder("<"))
    if dtype == "bool" and (array.view(np.uint8) > 1).any():
        raise CheckpointError(f"the storage {key!r} has booleans that are neither 0 nor 1")
    return array.astype(array.dtype.newbyteorder("="))


class OtherPlaceError(RuntimeError):
    """A map_location asks for another device than the CPU."""


class Storage:
    """The argument of a `map_location` that is a function: it can stay on the CPU, and go nowhere else."""

    device = device("cpu")

    def cpu(self) -> Storage:
        """The storage itself."""
        return self

    def __getattr__(self, name: str) -> Any:
        if name in ("cuda", "mps", "xpu", "to"):
            raise OtherPlaceError(unavailable(f"a storage of map_location's on {name}"))
        raise AttributeError(f"map_location is given a storage that has only .cpu(), not .{name}")


def placing(map_location: Any) -> Place:
    """The check of each location in a file.

    Arguments:
        map_location: None, a device, its name, a dict of names by name, or a function of a storage and
            its location; as PyTorch has it. A value that was saved on another device always comes to the CPU.

    Raises:
        RuntimeError: for another device than the CPU.
        TypeError: for anything else.
    """
    if map_location is None:
        map_location = "cpu"
    if isinstance(map_location, str | device):
        _check(map_location)
        map_location = {}
    if isinstance(map_location, Mapping):
        return lambda location: _check(map_location.get(location, "cpu"))
    if callable(map_location):
        return lambda location: _check_result(map_location(Storage(), location))
    raise TypeError(
        "map_location is a device, its name, a dict of them, or a function of a storage and its location, "
        f"not {type(map_location).__name__}"
    )


def _check(target: Any) -> None:
    if device(target).type != "cpu":
        raise OtherPlaceError(f"minigrad computes on the CPU only; map_location cannot be {target!r}")


def _check_result(result: Any) -> None:
    if result is not None and not isinstance(result, Storage):
        raise OtherPlaceError(
            f"map_location returned a {type(result).__name__}; it returns the storage that it was given, or "
            "None"
        )
