"""What is saved, taken apart: tensors by name, and a text in JSON that says how they are put together.

    {"epoch": 3, "model": {"0.weight": tensor}}

becomes the array "model.0.weight" and, in the text,

    {"dict": [["epoch", 3], ["model", {"dict": [["0.weight", {"tensor": "model.0.weight", "crc32": ...}]]}]]}

Strings, whole numbers, finite floats, booleans, None and lists stand for themselves; all else is an object
with its kind as the only key, so that a tuple stays a tuple and the key 1 does not become "1".
"""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad._tensor.tensor import Tensor
from minigrad.creation import from_numpy

Arrays = dict[str, NDArray[Any]]

FORMAT = "minigrad.checkpoint"
VERSION = 1
DEEPEST = 100
LONGEST_NAME = 1000
SAVED = "tensors, numbers, strings, None, and dicts, lists and tuples of them"


class CheckpointError(RuntimeError):
    """A file is no checkpoint, or a damaged one; the message says which file and what is wrong."""


def pack(value: Any) -> tuple[str, Arrays]:
    """The text and the arrays that a value is saved as.

    Raises:
        TypeError: for something in it that cannot be saved; the message says where.
        ValueError: when it nests too deep, or contains itself.
    """
    arrays: Arrays = {}
    tree = _encode(value, (), arrays)
    top = {"format": FORMAT, "version": VERSION, "tree": tree}
    return json.dumps(top, allow_nan=False, separators=(",", ":")), arrays


def unpack(text: str | None, arrays: Arrays) -> Any:
    """The value that `pack` took apart; without a text, a dict of the tensors.

    Raises:
        CheckpointError: unless text and arrays are exactly what `pack` made.
    """
    if text is None:
        return {name: from_numpy(array) for name, array in arrays.items()}
    left = dict(arrays)
    try:
        top = json.loads(text)
        if top["version"] != VERSION:
            raise CheckpointError(f"its version is {top['version']!r}, and this minigrad reads {VERSION}")
        value = _decode(top["tree"], left)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"its description is damaged ({error})") from error
    if left:
        raise CheckpointError(f"it holds the tensor {min(left)!r} that its description does not mention")
    return value


def checksum(array: NDArray[Any]) -> int:
    """CRC-32 of an array's dtype, shape and values."""
    kind = f"{array.dtype.name} {array.shape}".encode()
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return zlib.crc32(little.reshape(-1).view(np.uint8).data, zlib.crc32(kind))


def _encode(value: Any, path: tuple[Any, ...], arrays: Arrays) -> Any:
    if isinstance(value, Tensor):
        name = _name(path, arrays)
        array = arrays[name] = np.asarray(value.detach().numpy(), order="C")
        entry = {"tensor": name, "crc32": checksum(array)}
        return {**entry, "requires_grad": True} if value.requires_grad else entry
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": str(value)}
    if len(path) == DEEPEST:
        raise ValueError(f"cannot save this: it nests deeper than {DEEPEST}, or contains itself")
    if isinstance(value, list | tuple):
        parts = [_encode(part, (*path, index), arrays) for index, part in enumerate(value)]
        return parts if isinstance(value, list) else {"tuple": parts}
    if isinstance(value, Mapping):
        pairs = [[_key(key, path), _encode(part, (*path, key), arrays)] for key, part in value.items()]
        return {"counter" if isinstance(value, Counter) else "dict": pairs}
    raise TypeError(f"cannot save {_place(path)}, a {type(value).__name__}: {_advice(value)}")


def _decode(entry: Any, left: Arrays) -> Any:
    """`left` loses the arrays that are used."""
    if not isinstance(entry, dict):
        return [_decode(part, left) for part in entry] if isinstance(entry, list) else entry
    if "tensor" in entry:
        return _tensor(entry, left)
    ((kind, content),) = entry.items()
    if kind == "float":
        return float(content)
    if not isinstance(content, list):
        raise TypeError(f"at {kind!r}")
    if kind == "tuple":
        return tuple(_decode(part, left) for part in content)
    pairs = {key: _decode(part, left) for key, part in content}
    if kind not in ("dict", "counter") or len(pairs) < len(content):
        raise ValueError(f"at {kind!r}")
    return pairs if kind == "dict" else Counter(pairs)


def _tensor(entry: dict[str, Any], left: Arrays) -> Tensor:
    name = entry["tensor"]
    array = left.pop(name, None)
    if array is None:
        raise CheckpointError(f"the tensor {name!r} is missing")
    if checksum(array) != entry["crc32"]:
        raise CheckpointError(f"the tensor {name!r} is damaged (its checksum differs)")
    tensor = from_numpy(array)
    return tensor.requires_grad_() if entry.get("requires_grad") else tensor


def _name(path: tuple[Any, ...], taken: Arrays) -> str:
    """The dotted path where it can serve as a name in both formats, else a number."""
    name = ".".join(map(str, path)) or "tensor"
    fit = name.isprintable() and len(name) <= LONGEST_NAME and "\\" not in name and name != "__metadata__"
    number = len(taken)
    while not fit or name in taken:
        name, fit, number = f"tensor {number}", True, number + 1
    return name


def _key(key: Any, path: tuple[Any, ...]) -> str | int:
    plain = key.item() if isinstance(key, np.generic) else key
    if isinstance(plain, str | int):
        return plain
    raise TypeError(f"cannot save the key {key!r} of {_place(path)}: keys must be strings or whole numbers")


def _place(path: tuple[Any, ...]) -> str:
    return "".join(f"[{key!r}]" for key in path) or "this"


def _advice(value: Any) -> str:
    if hasattr(value, "state_dict"):
        return "save what its state_dict() gives"
    if isinstance(value, np.ndarray):
        return "make it a tensor with from_numpy()"
    return f"a checkpoint holds {SAVED}"
