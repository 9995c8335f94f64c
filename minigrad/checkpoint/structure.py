"""The saved object, taken apart: tensors by name, and a text in JSON that says how they are put together.

    {"epoch": 3, "model": {"0.weight": tensor}}

becomes the array "model.0.weight" and, in the text,

    {"dict": [["epoch", 3], ["model", {"dict": [["0.weight", {"tensor": "model.0.weight", "crc32": ...}]]}]]}

Strings, whole numbers, finite floats, booleans, None and lists stand for themselves; all else is an object
with its kind as the only key, so that a tuple stays a tuple and the key 1 does not become "1".

Tensors that share memory are saved once, as one of them that covers the others or as an array of its own, and
the others as views of it: {"tensor": "a", "view": [offset, shape, strides], "crc32": ...}, in elements.
"""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pickle import UnpicklingError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad._tensor.tensor import Tensor
from minigrad.creation import from_numpy

Arrays = dict[str, NDArray[Any]]
# An array that owns what a tensor's values lie in; and, in elements, where: the offset, shape and strides.
Shared = tuple[NDArray[Any], int, tuple[int, ...], tuple[int, ...]]

FORMAT = "minigrad.checkpoint"
VERSION = 1
DEEPEST = 100
LONGEST_NAME = 1000
LONGEST_TEXT = 2**24  # parsing takes some ten times as much memory
SAVED = "tensors, numbers, strings, None, and dicts, lists and tuples of them"


class CheckpointError(RuntimeError, UnpicklingError):
    """A file is no checkpoint, or a damaged one; the message says which file and what is wrong.

    PyTorch raises a RuntimeError or an UnpicklingError, and this is both.

    >>> import pathlib, tempfile, minigrad as torch
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "weights.npz"
    >>> _ = path.write_bytes(b"no checkpoint")
    >>> torch.load(path)
    Traceback (most recent call last):
    ...
    minigrad.checkpoint.structure.CheckpointError: ...
    """


def pack(value: Any) -> tuple[str, Arrays]:
    """The text and the arrays that a value is saved as.

    Raises:
        TypeError: for something in it that cannot be saved; the message says where.
        ValueError: when it nests too deep, or contains itself.
    """
    arrays: Arrays = {}
    entries: dict[str, dict[str, Any]] = {}
    tree = _encode(value, (), arrays, entries)
    _share(arrays, entries)
    for name, array in arrays.items():
        arrays[name] = np.asarray(array, order="C")
        if name in entries:
            entries[name]["crc32"] = checksum(array)
    top = {"format": FORMAT, "version": VERSION, "tree": tree}
    text = json.dumps(top, allow_nan=False, separators=(",", ":"))
    check_loadable(len(text))
    return text, arrays


def unpack(text: str | None, arrays: Arrays) -> Any:
    """The value that `pack` took apart; without a text, a dict of the tensors.

    Raises:
        CheckpointError: unless text and arrays are exactly what `pack` made.
    """
    if text is None:
        return {name: from_numpy(array) for name, array in arrays.items()}
    check_length(len(text))
    left, viewed = set(arrays), set[str]()
    try:
        top = json.loads(text)
        if top["version"] != VERSION:
            raise CheckpointError(f"its version is {top['version']!r}, and this minigrad reads {VERSION}")
        value = _decode(top["tree"], arrays, left, viewed)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise CheckpointError(f"its description is damaged ({error})") from error
    if unused := left - viewed:
        raise CheckpointError(f"it holds the tensor {min(unused)!r} that its description does not mention")
    return value


def check_loadable(length: int) -> None:
    """Raise ValueError for a description that `check_length` would refuse."""
    if length > LONGEST_TEXT:
        raise ValueError(
            f"cannot save this: all but its tensors takes {length} bytes, and {LONGEST_TEXT} at most are "
            f"loaded; make long lists of numbers tensors"
        )


def check_length(length: int) -> None:
    """Raise CheckpointError for a description that would take too much memory."""
    if length > LONGEST_TEXT:
        raise CheckpointError(f"its description takes {length} bytes; {LONGEST_TEXT} at most are read")


def checksum(array: NDArray[Any]) -> int:
    """CRC-32 of an array's dtype, shape and values."""
    kind = f"{array.dtype.name} {tuple(array.shape)}".encode()
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return zlib.crc32(little.reshape(-1).view(np.uint8).data, zlib.crc32(kind))


def _encode(value: Any, path: tuple[Any, ...], arrays: Arrays, entries: dict[str, dict[str, Any]]) -> Any:
    if isinstance(value, Tensor):
        name = _name(path, arrays)
        arrays[name] = value.detach().numpy()
        entries[name] = {"tensor": name}
        if value.requires_grad:
            entries[name]["requires_grad"] = True
        return entries[name]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": str(value)}
    if len(path) == DEEPEST:
        raise ValueError(f"cannot save this: it nests deeper than {DEEPEST}, or contains itself")
    if isinstance(value, list | tuple):
        parts = [_encode(part, (*path, index), arrays, entries) for index, part in enumerate(value)]
        return parts if isinstance(value, list) else {"tuple": parts}
    if isinstance(value, Mapping):
        pairs = [
            [_key(key, path), _encode(part, (*path, key), arrays, entries)] for key, part in value.items()
        ]
        return {"counter" if isinstance(value, Counter) else "dict": pairs}
    raise TypeError(f"cannot save {_place(path)}, a {type(value).__name__}: {_advice(value)}")


def _decode(entry: Any, arrays: Arrays, left: set[str], viewed: set[str]) -> Any:
    """`left` loses the names of the arrays that are used whole; `viewed` gets those of the others."""
    if not isinstance(entry, dict):
        return [_decode(part, arrays, left, viewed) for part in entry] if isinstance(entry, list) else entry
    if "tensor" in entry:
        return _tensor(entry, arrays, left, viewed)
    ((kind, content),) = entry.items()
    if kind == "float":
        return float(content)
    if not isinstance(content, list):
        raise TypeError(f"at {kind!r}")
    if kind == "tuple":
        return tuple(_decode(part, arrays, left, viewed) for part in content)
    pairs = {key: _decode(part, arrays, left, viewed) for key, part in content}
    if kind not in ("dict", "counter") or len(pairs) < len(content):
        raise ValueError(f"at {kind!r}")
    return pairs if kind == "dict" else Counter(pairs)


def _tensor(entry: dict[str, Any], arrays: Arrays, left: set[str], viewed: set[str]) -> Tensor:
    name, view = entry["tensor"], entry.get("view")
    if name not in (arrays if view else left):
        raise CheckpointError(f"the tensor {name!r} is missing")
    array = arrays[name]
    if view:
        viewed.add(name)
        array = view_of(array, *view)
    else:
        left.discard(name)
    if checksum(array) != entry["crc32"]:
        raise CheckpointError(f"the tensor {name!r} is damaged (its checksum differs)")
    tensor = from_numpy(array)
    return tensor.requires_grad_() if entry.get("requires_grad") else tensor


def view_of(
    whole: NDArray[Any], offset: int, shape: Sequence[int], strides: Sequence[int], expanded: bool = False
) -> NDArray[Any]:
    """A view within an array that owns its memory; ValueError where it would reach beyond.

    One that shows an element many times is refused unless it may be `expanded`.
    """
    if not expanded and math.prod(shape) > whole.size:
        raise ValueError(f"a view of {math.prod(shape)} elements in an array of {whole.size}")
    size = whole.itemsize
    steps = tuple(step * size for step in strides)
    return np.ndarray(tuple(shape), whole.dtype, whole, offset * size, steps)


def _share(arrays: Arrays, entries: dict[str, dict[str, Any]]) -> None:
    """Where tensors share memory, save it once and make their entries views of it."""
    for low, high, names in _clusters(arrays):
        dtype = arrays[names[0]].dtype
        length = (high - low) // dtype.itemsize
        covering = [n for n in names if arrays[n].size == length and arrays[n].flags.c_contiguous]
        holder = covering[0] if covering else _name(("shared", *names[:1]), arrays)
        whole = arrays[holder] if covering else np.zeros(length, dtype)
        for name in names:
            if name != holder:
                array, entry = arrays.pop(name), entries.pop(name)
                offset = (_start(array) - low) // dtype.itemsize
                place: Any = [offset, list(array.shape), [step // dtype.itemsize for step in array.strides]]
                entry.update(tensor=holder, view=place, crc32=checksum(array))
                if not covering:
                    view_of(whole, *place)[...] = array
        arrays[holder] = whole


def shared(arrays: Arrays) -> dict[str, Shared]:
    """Where each array's values are saved, so that those that share memory do so again.

    An expanded array is saved as the few values that it shows many times.
    """
    places: dict[str, Shared] = {}
    spread = {name for name, array in arrays.items() if 0 in array.strides and array.size > 1}
    for low, high, names in _clusters(arrays, spread):
        size = arrays[names[0]].itemsize
        whole = np.zeros((high - low) // size, arrays[names[0]].dtype)
        for name in names:
            array = arrays[name]
            strides = tuple(step // size for step in array.strides)
            places[name] = whole, (_start(array) - low) // size, array.shape, strides
            view_of(*places[name], expanded=True)[...] = array
    for name in arrays.keys() - places.keys():
        array = np.ascontiguousarray(arrays[name]).reshape(arrays[name].shape)
        places[name] = (
            array.reshape(-1),
            0,
            array.shape,
            tuple(step // array.itemsize for step in array.strides),
        )
    return places


def _clusters(arrays: Arrays, alone: Collection[str] = ()) -> list[tuple[int, int, list[str]]]:
    """The stretches of memory that several tensors of one dtype lie in, or one of `alone`, and their names.

    Without `alone` expanded arrays are left out.
    """
    found: list[tuple[int, int, list[str]]] = []
    ends = {name: _ends(array) for name, array in arrays.items() if _sharable(array, name in alone)}
    for name in sorted(ends, key=lambda name: (arrays[name].dtype.char, *ends[name])):
        low, high = ends[name]
        last = found[-1] if found else None
        if last and low < last[1] and arrays[last[2][0]].dtype == arrays[name].dtype:
            found[-1] = (last[0], max(last[1], high), [*last[2], name])
        else:
            found.append((low, high, [name]))
    return [cluster for cluster in found if len(cluster[2]) > 1 or cluster[2][0] in alone]


def _sharable(array: NDArray[Any], expanded: bool) -> bool:
    """True if an array has elements of its own (or may be expanded), whole numbers of them apart."""
    apart = all(step % array.itemsize == 0 for step in array.strides)
    spread = any(step == 0 and length > 1 for step, length in zip(array.strides, array.shape, strict=True))
    return array.size > 0 and apart and (expanded or not spread) and array.flags.aligned


def _start(array: NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])


def _ends(array: NDArray[Any]) -> tuple[int, int]:
    """The addresses between which the elements lie."""
    reach = [step * (length - 1) for step, length in zip(array.strides, array.shape, strict=True)]
    start = _start(array)
    return start + sum(min(r, 0) for r in reach), start + sum(max(r, 0) for r in reach) + array.itemsize


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
