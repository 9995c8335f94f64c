"""PyTorch's `.pt`: a zip archive with one file per storage, and a pickle that says how they are put together.

The pickle is not run. Its instructions are followed one by one in `_Reader`, which knows those for plain
data and a table of harmless names, and refuses all else. PyTorch reads the files with `weights_only=True`.
"""

from __future__ import annotations

import io
import pickletools
import struct
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from minigrad._tensor.size import Size
from minigrad._tensor.tensor import Tensor
from minigrad.checkpoint.npz_file import checked_entries
from minigrad.checkpoint.structure import (
    Arrays,
    CheckpointError,
    Shared,
    check_length,
    check_loadable,
    shared,
    view_of,
)
from minigrad.creation import from_numpy
from minigrad.nn.parameter import Parameter

DEEPEST = 100
LONGEST_ARRAY = 64  # dimensions
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


def pack(value: Any) -> tuple[bytes, Arrays]:
    """The pickle and the storages that a value is saved as.

    Raises:
        TypeError: for something in it that cannot be saved; the message says where.
        ValueError: when it nests too deep, or contains itself.
    """
    tensors: dict[int, Tensor] = {}
    for tensor in _tensors(value, 0):
        tensors[id(tensor)] = tensor
    places = shared({str(key): tensor.detach().numpy() for key, tensor in tensors.items()})
    storages: Arrays = {}
    text = b"\x80\x02" + _written(value, "", places, storages) + b"."
    check_loadable(len(text))
    return text, storages


def write(file: BinaryIO, text: bytes, arrays: Arrays) -> None:
    """Write an archive; the same contents give the same bytes."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("archive/data.pkl"), text)
        archive.writestr(zipfile.ZipInfo("archive/byteorder"), "little")
        for key, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"archive/data/{key}"), "w", force_zip64=True) as entry:
                entry.write(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
        archive.writestr(zipfile.ZipInfo("archive/version"), "3\n")


def read(file: BinaryIO) -> tuple[bytes, Callable[[str], bytes]]:
    """The pickle, and the bytes of a storage by its key."""
    if not zipfile.is_zipfile(file):
        raise CheckpointError(
            "it is no zip archive, or a truncated one (PyTorch before 1.6 wrote another format: load and "
            "save the file again with a newer PyTorch)"
        )
    with zipfile.ZipFile(file) as archive:
        entries = checked_entries(archive)
        found = [name for name in entries if name.endswith("/data.pkl")]
        if len(found) != 1:
            raise CheckpointError("this zip archive was not written by torch.save: it has not one data.pkl")
        folder = found[0].removesuffix("data.pkl")
        if folder + "byteorder" in entries and archive.read(folder + "byteorder") != b"little":
            raise CheckpointError("its values are not little-endian")
        check_length(entries[found[0]].file_size)
        contents = {name: archive.read(name) for name in entries}
    return contents[found[0]], lambda key: contents[f"{folder}data/{key}"]


def unpack(text: bytes, stored: Callable[[str], bytes]) -> Any:
    """The value that the pickle describes."""
    return _Reader(text, stored).value()


def _tensors(value: Any, depth: int) -> Iterator[Tensor]:
    if depth > DEEPEST:
        raise ValueError(f"cannot save this: it nests deeper than {DEEPEST}, or contains itself")
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _tensors(part, depth + 1)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _tensors(part, depth + 1)


def _written(value: Any, place: str, places: Mapping[str, Shared], storages: Arrays) -> bytes:
    def parts(values: Any) -> bytes:
        return b"".join(_written(v, f"{place}[{k!r}]", places, storages) for k, v in values)

    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Tensor):
        return _tensor(value, places[str(id(value))], storages)
    if value is None or isinstance(value, bool):
        return {None: b"N", True: b"\x88", False: b"\x89"}[value]
    if isinstance(value, int):
        if -(2**31) <= value < 2**31:
            return b"J" + struct.pack("<i", value)
        data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        if len(data) > 255:
            raise ValueError(f"cannot save {place or 'this'}: a number of {len(data)} bytes")
        return b"\x8a" + bytes([len(data)]) + data
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogatepass")
        return b"X" + struct.pack("<I", len(data)) + data
    if type(value) is Size:
        return b"ctorch\nSize\n(" + parts(enumerate(value)) + b"t\x85R"
    if type(value) is tuple:
        return b"(" + parts(enumerate(value)) + b"t"
    if type(value) is list:
        return b"](" + parts(enumerate(value)) + b"e"
    if type(value) in (dict, OrderedDict, Counter):
        items = b"(" + b"".join(
            _key(k, place) + _written(v, f"{place}[{k!r}]", places, storages) for k, v in value.items()
        )
        if type(value) is Counter:
            return b"ccollections\nCounter\n}" + items + b"u\x85R"
        return (b"}" if type(value) is dict else b"ccollections\nOrderedDict\n)R") + items + b"u"
    advice = ": save what its state_dict() gives" if hasattr(value, "state_dict") else ""
    raise TypeError(f"cannot save {place or 'this'}, a {type(value).__name__}{advice}")


def _key(key: Any, place: str) -> bytes:
    if isinstance(key, str | int):
        return _written(key, place, {}, {})
    raise TypeError(
        f"cannot save the key {key!r} of {place or 'this'}: keys must be strings or whole numbers"
    )


def _tensor(tensor: Tensor, where: Shared, storages: Arrays) -> bytes:
    whole, offset, shape, strides = where
    keys = [key for key, array in storages.items() if array is whole]
    key = keys[0] if keys else str(len(storages))
    storages[key] = whole

    def tuple_of(*parts: Any) -> bytes:
        return b"(" + b"".join(_written(part, "", {}, {}) for part in parts) + b"t"

    kind = NAMES[whole.dtype.name]
    storage = (
        b"(" + _written("storage", "", {}, {}) + f"ctorch\n{kind}\n".encode()
        + _written(key, "", {}, {}) + _written("cpu", "", {}, {}) + _written(whole.size, "", {}, {}) + b"tQ"
    )  # fmt: skip
    hooks, needs = b"ccollections\nOrderedDict\n)R", b"\x88" if tensor.requires_grad else b"\x89"
    parameter = isinstance(tensor, Parameter)
    made = (
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + _written(offset, "", {}, {})
        + tuple_of(*shape) + tuple_of(*strides) + (b"\x89" if parameter else needs) + hooks + b"tR"
    )  # fmt: skip
    return b"ctorch._utils\n_rebuild_parameter\n(" + made + needs + hooks + b"tR" if parameter else made


class _Reader:
    """Follows the instructions of a pickle that are known to be harmless."""

    def __init__(self, text: bytes, stored: Callable[[str], bytes]) -> None:
        self.text, self.stored = text, stored
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.storages: dict[tuple[str, str], NDArray[Any]] = {}
        self.copied = 0

    def value(self) -> Any:
        stack, memo = self.stack, self.memo
        argument: Any
        for opcode, argument, _ in pickletools.genops(io.BytesIO(self.text)):
            kind = opcode.name
            if kind in _CONSTANTS:
                stack.append(_CONSTANTS[kind])
            elif kind in _PLAIN:
                stack.append(argument)
            elif kind in ("EMPTY_DICT", "EMPTY_LIST"):
                stack.append({} if kind == "EMPTY_DICT" else [])
            elif kind == "GLOBAL":
                stack.append(_named(argument.replace(" ", ".")))
            elif kind == "STACK_GLOBAL":
                stack.append(_named(".".join(self._last(2))))
            elif kind in ("BINPUT", "LONG_BINPUT", "MEMOIZE"):
                memo[len(memo) if kind == "MEMOIZE" else argument] = stack[-1]
            elif kind in ("BINGET", "LONG_BINGET"):
                stack.append(memo[argument])
            elif kind == "MARK":
                self.marks.append(len(stack))
            elif kind == "TUPLE":
                stack.append(tuple(self._since_mark()))
            elif kind in ("TUPLE1", "TUPLE2", "TUPLE3"):
                stack.append(tuple(self._last(int(kind[-1]))))
            elif kind in ("APPEND", "APPENDS"):
                parts = self._last(1) if kind == "APPEND" else self._since_mark()
                _of_type(stack[-1], list).extend(parts)
            elif kind in ("SETITEM", "SETITEMS"):
                parts = self._last(2) if kind == "SETITEM" else self._since_mark()
                keys = [_of_type(key, str, int, float, bool, type(None)) for key in parts[::2]]
                _of_type(stack[-1], dict, OrderedDict).update(zip(keys, parts[1::2], strict=True))
            elif kind == "BINPERSID":
                stack.append(self._storage(*stack.pop()))
            elif kind == "REDUCE":
                name, arguments = self._last(2)
                stack.append(self._made(_of_type(name, _Name), arguments))
            elif kind == "BUILD":  # the _metadata of a state dict, which load_state_dict does without
                stack.pop()
                _of_type(stack[-1], OrderedDict)
            elif kind == "STOP":
                (value,) = stack
                return value
            elif kind not in ("PROTO", "FRAME"):
                raise CheckpointError(f"its pickle has the instruction {kind}, which is not followed")
        raise CheckpointError("its pickle has no end")

    def _last(self, count: int) -> list[Any]:
        if len(self.stack) < count:
            raise ValueError("its pickle takes more than it has")
        taken = self.stack[-count:]
        del self.stack[-count:]
        return taken

    def _since_mark(self) -> list[Any]:
        start = self.marks.pop()
        taken = self.stack[start:]
        del self.stack[start:]
        return taken

    def _storage(self, word: Any, kind: Any, key: str, device: Any, size: int) -> NDArray[Any]:
        name = _of_type(kind, _Name)
        if word != "storage" or name.removeprefix("torch.") not in STORAGES:
            raise CheckpointError(f"its pickle names {name}, which is no storage that minigrad has")
        if (key, name) not in self.storages:
            dtype = STORAGES[name.removeprefix("torch.")]
            small = np.dtype("<u2") if dtype == "bfloat16" else np.dtype(dtype).newbyteorder("<")
            data = self.stored(key)
            if len(data) != size * small.itemsize:
                raise CheckpointError(
                    f"the storage {key!r} has {len(data)} bytes, not {size} values of {dtype}"
                )
            array = np.frombuffer(data, small)
            if dtype == "bfloat16":  # the first half of a float32
                array = (array.astype(np.uint32) << 16).view(np.float32)
            elif dtype == "bool" and (array.view(np.uint8) > 1).any():
                raise CheckpointError(f"the storage {key!r} has booleans that are neither 0 nor 1")
            self.storages[key, name] = array.astype(array.dtype.newbyteorder("="))
        return self.storages[key, name]

    def _made(self, name: str, arguments: tuple[Any, ...]) -> Any:
        if name == "torch._utils._rebuild_tensor_v2":
            whole, offset, shape, strides, needs_grad = arguments[:5]
            _of_type(whole, np.ndarray)
            if len(shape) > LONGEST_ARRAY or len(shape) != len(strides):
                raise ValueError(f"a tensor of {len(shape)} dimensions")
            tensor = from_numpy(view_of(whole, offset, shape, strides))
            return tensor.requires_grad_() if needs_grad else tensor
        if name in ("torch._utils._rebuild_parameter", "torch.nn.parameter.Parameter"):
            return Parameter(_of_type(arguments[0], Tensor).detach(), requires_grad=bool(arguments[1]))
        if name == "collections.OrderedDict" and not arguments:
            return OrderedDict()
        self.copied += sum(map(len, arguments))
        if self.copied > len(self.text):
            raise CheckpointError("its pickle copies more than it holds")
        if name == "torch.Size":
            return Size(_of_type(arguments[0], tuple))
        if name == "collections.Counter":
            return Counter(_of_type(arguments[0], dict))
        raise CheckpointError(f"its pickle calls {name} in a way that is not known")


class _Name(str):
    """The name of something that a pickle would import; nothing is."""


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_PLAIN = ["BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE"]


_MADE = """torch._utils._rebuild_tensor_v2 torch._utils._rebuild_parameter torch.nn.parameter.Parameter
collections.OrderedDict collections.Counter torch.Size"""
_KNOWN = {*_MADE.split(), *(f"torch.{name}" for name in STORAGES)}


def _named(name: str) -> _Name:
    if name not in _KNOWN:
        raise CheckpointError(
            f"its pickle names {name}, which is not imported: only tensors, numbers, strings and plain "
            "containers are loaded, so save a state_dict(), not a whole module"
        )
    return _Name(name)


def _of_type(value: Any, *kinds: type) -> Any:
    if type(value) not in kinds and not (Tensor in kinds and isinstance(value, Tensor)):
        raise CheckpointError(f"its pickle is damaged, or holds a {type(value).__name__} where none can be")
    return value
