"""The pickle of a value, as PyTorch's files have it: tensors are named by their storages, each a file.

It uses PyTorch's names for tensors, sizes, dtypes and devices, so that PyTorch reads it.
"""

from __future__ import annotations

import struct
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad._tensor.device import device
from minigrad._tensor.named_dtype import dtype
from minigrad._tensor.size import Size
from minigrad._tensor.tensor import Tensor
from minigrad.checkpoint import trusted
from minigrad.checkpoint.storages import NAMES
from minigrad.checkpoint.structure import Arrays, Shared, shared
from minigrad.nn.parameter import Parameter

DEEPEST = 100
_SEQUENCES = (Size, tuple, list, set, frozenset)
_MAPPINGS = (dict, OrderedDict, Counter, defaultdict)
_WORDS: dict[Any, bytes] = {None: b"N", True: b"\x88", False: b"\x89"}
_NO_HOOKS = b"ccollections\nOrderedDict\n)R"


def pack(value: Any) -> tuple[bytes, Arrays]:
    """The pickle and the storages that a value is saved as.

    Raises:
        TypeError: for something in it that cannot be saved; the message says where.
        ValueError: when it nests too deep, or contains itself.
    """
    writer = _Writer(value)
    return b"\x80\x02" + writer.written(value, "") + b".", writer.storages


class _Writer:
    def __init__(self, value: Any) -> None:
        self.storages: Arrays = {}
        self.memo: dict[int, bytes] = {}  # tensors and objects that stand in the pickle already, by id
        self.states: dict[int, Any] = {}  # of objects, each taken once
        tensors = {id(tensor): tensor for tensor in self._tensors(value, 0)}
        kept = {str(key): tensor.detach().numpy() for key, tensor in tensors.items()}
        self.places: dict[str, Shared] = shared(kept)

    def _tensors(self, value: Any, depth: int) -> Iterator[Tensor]:
        if depth > DEEPEST:
            raise ValueError(f"cannot save this: it nests deeper than {DEEPEST}, or contains itself")
        parts: Any = ()
        if isinstance(value, Tensor):
            yield value
        elif type(value) in _MAPPINGS:
            parts = [*value.values(), *getattr(value, "__dict__", {}).values()]
        elif type(value) in _SEQUENCES:
            parts = value
        elif _is_object(value) and id(value) not in self.states:
            parts = _taken_apart(value, "")
            self.states[id(value)] = value, parts
        for part in parts:
            yield from self._tensors(part, depth + 1)

    def written(self, value: Any, place: str) -> bytes:
        if isinstance(value, np.generic):
            value = value.item()
        if id(value) in self.memo:
            return b"j" + self.memo[id(value)]
        if isinstance(value, Tensor):
            return self._noted(value, self._tensor(value))
        if value is None or isinstance(value, bool):
            return _WORDS[value]
        if type(value) is int:
            return _integer(value, place)
        if type(value) is float:
            return b"G" + struct.pack(">d", value)
        if type(value) is str:
            data = value.encode("utf-8", "surrogatepass")
            return b"X" + struct.pack("<I", len(data)) + data
        for kinds, write in (
            (_SEQUENCES, self._sequence),
            (_MAPPINGS, self._mapping),
            ((bytes, bytearray, complex, dtype, device, np.ndarray), self._plain),
        ):
            if type(value) in kinds:
                return write(value, place)
        if isinstance(value, np.dtype):
            return self._plain(value, place)
        if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
            return _name_of(value, place)
        if _is_object(value):
            return self._object(value, place)
        raise TypeError(f"cannot save {place or 'this'}, a {type(value).__name__}")

    def _all(self, pairs: Any, place: str) -> bytes:
        return b"".join(self.written(part, f"{place}[{key!r}]") for key, part in pairs)

    def _sequence(self, value: Any, place: str) -> bytes:
        parts = self._all(enumerate(value), place)
        if type(value) is tuple:
            return b"(" + parts + b"t"
        if type(value) is list:
            return b"](" + parts + b"e"
        if type(value) is Size:
            return b"ctorch\nSize\n(" + parts + b"t\x85R"
        return f"c__builtin__\n{type(value).__name__}\n".encode() + b"](" + parts + b"e\x85R"

    def _mapping(self, value: Any, place: str) -> bytes:
        items = b"(" + b"".join(
            self._key(key, place) + self.written(part, f"{place}[{key!r}]") for key, part in value.items()
        )
        if type(value) is Counter:
            return b"ccollections\nCounter\n}" + items + b"u\x85R"
        if type(value) is dict:
            return b"}" + items + b"u"
        if type(value) is defaultdict:
            factory = self.written(value.default_factory, place)
            return b"ccollections\ndefaultdict\n" + factory + b"\x85R" + items + b"u"
        attributes = self.written(vars(value), place) + b"b" if vars(value) else b""
        return b"ccollections\nOrderedDict\n)R" + items + b"u" + attributes

    def _key(self, key: Any, place: str) -> bytes:
        if isinstance(key, str | int | float | bytes | tuple | None):
            return self.written(key, place)
        raise TypeError(
            f"cannot save the key {key!r} of {place or 'this'}: keys must be strings, numbers or tuples of "
            "them"
        )

    def _plain(self, value: Any, place: str) -> bytes:
        if type(value) is bytes:
            text = self.written(value.decode("latin1"), place)
            return b"c_codecs\nencode\n" + text + self.written("latin1", place) + b"\x86R"
        if type(value) is bytearray:
            return b"c__builtin__\nbytearray\n" + self.written(bytes(value), place) + b"\x85R"
        if type(value) is complex:
            parts = self.written(value.real, place) + self.written(value.imag, place)
            return b"c__builtin__\ncomplex\n" + parts + b"\x86R"
        if type(value) is dtype:
            return f"ctorch\n{value.name}\n".encode()
        if type(value) is device:
            index = b"" if value.index is None else self.written(value.index, place)
            return b"ctorch\ndevice\n(" + self.written(value.type, place) + index + b"tR"
        if isinstance(value, np.ndarray):
            return self._array(value, place)
        if value.kind not in "biuf":
            raise TypeError(f"cannot save {place or 'this'}, a dtype {value.name}")
        code = value.newbyteorder("=").str[1:]
        flags = self.written((3, "<" if value.itemsize > 1 else "|", None, None, None, -1, -1, 0), place)
        return b"cnumpy\ndtype\n" + self.written((code, False, True), place) + b"R" + flags + b"b"

    def _array(self, value: Any, place: str) -> bytes:
        if value.dtype.kind not in "biuf":
            raise TypeError(f"cannot save {place or 'this'}, an array of {value.dtype.name}")
        data = value.astype(value.dtype.newbyteorder("<"), copy=False).tobytes()
        parts = (1, tuple(value.shape), value.dtype, False, data)
        empty = b"(cnumpy\nndarray\n" + self.written((0,), place) + self.written(b"b", place) + b"t"
        return b"cnumpy.core.multiarray\n_reconstruct\n" + empty + b"R" + self.written(parts, place) + b"b"

    def _object(self, value: Any, place: str) -> bytes:
        make, arguments, state, further, pairs = self.states[id(value)][1]
        if make is type(value).__new__:
            start = _name_of(type(value), place) + self.written(arguments, place) + b"\x81"
        elif trusted.may_be_called(make) or trusted.declared(trusted.name_of(make)) is make:
            start = _name_of(make, place) + self.written(arguments, place) + b"R"
        else:
            raise TypeError(
                f"cannot save {place or 'this'}, a {type(value).__name__}: to load it "
                f"{trusted.name_of(make)} would be called; declare that it is safe, with "
                "torch.serialization.add_safe_globals"
            )
        text = self._noted(value, start)
        if further:
            text += b"(" + self._all(enumerate(further), place) + b"e"
        if pairs:
            text += (
                b"("
                + b"".join(self._key(k, place) + self.written(v, f"{place}[{k!r}]") for k, v in pairs)
                + b"u"
            )
        if state is not None:
            inside = f"{place}.__dict__" if place else "__dict__"
            text += self.written(state, inside) + b"b"
        return text

    def _noted(self, value: Any, text: bytes) -> bytes:
        self.memo[id(value)] = number = struct.pack("<I", len(self.memo))
        return text + b"r" + number

    def _tensor(self, tensor: Tensor) -> bytes:
        """A tensor, or a parameter."""
        whole, offset, shape, strides = self.places[str(id(tensor))]
        keys = [key for key, array in self.storages.items() if array is whole]
        key = keys[0] if keys else str(len(self.storages))
        self.storages[key] = whole
        storage = b"(" + self.written("storage", "") + f"ctorch\n{NAMES[whole.dtype.name]}\n".encode()
        storage += b"".join(self.written(part, "") for part in (key, "cpu", whole.size)) + b"tQ"
        needs = _WORDS[tensor.requires_grad]
        parameter = isinstance(tensor, Parameter)
        made = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + self.written(offset, "")
        made += self.written(tuple(shape), "") + self.written(tuple(strides), "")
        made += (b"\x89" if parameter else needs) + _NO_HOOKS + b"tR"
        if not parameter:
            return made
        return b"ctorch._utils\n_rebuild_parameter\n(" + made + needs + _NO_HOOKS + b"tR"


def _integer(value: int, place: str) -> bytes:
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    if len(data) > 255:
        raise ValueError(f"cannot save {place or 'this'}: a number of {len(data)} bytes")
    return b"\x8a" + bytes([len(data)]) + data


def _name_of(x: Any, place: str) -> bytes:
    """The instruction that names a class or a function, if `load` would take it."""
    name = trusted.name_of(x)
    short = getattr(x, "__module__", "") == "builtins" and x in (
        int,
        float,
        str,
        bool,
        list,
        dict,
        set,
        tuple,
    )
    if short:
        return f"c__builtin__\n{x.__name__}\n".encode()
    kind = "class" if isinstance(x, type) else type(x).__name__
    if not (trusted.is_holder(x) or trusted.declared(name) is x or trusted.is_of_program(x)):
        raise TypeError(f"cannot save {place or 'this'}, a {kind}: files do not name {name}")
    if "<" in name:
        raise TypeError(
            f"cannot save {place or 'this'}, a {kind}: {name} would not be found when the file is loaded; "
            "define it at the top of a module"
        )
    home = name.removesuffix(f".{x.__qualname__}")
    return f"c{home}\n{x.__qualname__}\n".encode()


def _is_object(value: Any) -> bool:
    """True for an object of a class that files may name, as a module."""
    kind = type(value)
    return not isinstance(value, type) and (
        trusted.is_holder(kind)
        or trusted.declared(trusted.name_of(kind)) is kind
        or trusted.is_of_program(kind)
    )


def _taken_apart(value: Any, place: str) -> tuple[Any, Any, Any, list[Any], list[Any]]:
    """How an object is made: a class or a function, its arguments, the attributes, and the elements."""
    reduced = value.__reduce_ex__(2)
    if isinstance(reduced, str):
        raise TypeError(f"cannot save {place or 'this'}, a {type(value).__name__}")
    make, arguments, state, further, pairs = (*reduced, None, None, None)[:5]
    if getattr(make, "__name__", "") == "__newobj__":
        make, arguments = type(value).__new__, tuple(arguments[1:])
    return make, arguments, state, list(further or ()), list(pairs or ())
