"""The reader of pickles in PyTorch's files. A pickle is not run.

Its instructions are followed one by one. They are those for plain data, tensors and arrays, and for objects
of the classes that `trusted` takes; all else is refused.
"""

from __future__ import annotations

import io
import math
import pickletools
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minigrad._tensor import named_dtype
from minigrad._tensor.device import device
from minigrad._tensor.size import Size
from minigrad._tensor.tensor import Tensor
from minigrad.checkpoint import trusted
from minigrad.checkpoint.storages import STORAGES, Place
from minigrad.checkpoint.structure import CheckpointError, view_of
from minigrad.creation import from_numpy
from minigrad.nn.parameter import Parameter

LONGEST_ARRAY = 64  # dimensions
DTYPES = ("float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool")

_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_SET": set}
_PLAIN = ["BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINBYTES",
          "SHORT_BINBYTES", "SHORT_BINSTRING", "BINSTRING"]  # fmt: skip
_FACTORIES = {"dict": dict, "list": list, "int": int, "float": float, "set": set, "str": str, "bool": bool,
              "tuple": tuple, "long": int}  # fmt: skip


class Source(NamedTuple):
    """All that a pickle may use.

    Attributes:
        stored: the values of a storage by key, dtype and length.
        place: the check of a location.
        weights_only: False to let it have classes of the program.
    """

    stored: Callable[[str, str, int], NDArray[Any]]
    place: Place
    weights_only: bool


class _Name(str):
    """The name of something that a pickle would import; nothing is."""


class _Class(NamedTuple):
    """A class or a function; `safe` if it was declared so."""

    it: Any
    safe: bool


def unpickled(text: bytes, source: Source) -> Any:
    """The value that the pickle describes."""
    return _Reader(text, source).value()


class _Reader:
    """Follows the instructions of a pickle that are known to be harmless."""

    def __init__(self, text: bytes, source: Source) -> None:
        self.text, self.source = text, source
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
            elif kind in _EMPTY:
                stack.append(_EMPTY[kind]())
            elif kind == "GLOBAL":
                stack.append(self._named(*argument.split(" ", 1)))
            elif kind == "STACK_GLOBAL":
                stack.append(self._named(*self._last(2)))
            elif kind in ("BINPUT", "LONG_BINPUT", "MEMOIZE"):
                memo[len(memo) if kind == "MEMOIZE" else argument] = stack[-1]
            elif kind in ("BINGET", "LONG_BINGET"):
                stack.append(memo[argument])
            elif kind == "MARK":
                self.marks.append(len(stack))
            elif kind == "TUPLE":
                stack.append(tuple(map(_plainly, self._since_mark())))
            elif kind in ("TUPLE1", "TUPLE2", "TUPLE3"):
                stack.append(tuple(map(_plainly, self._last(int(kind[-1])))))
            elif kind in ("APPEND", "APPENDS"):
                parts = self._last(1) if kind == "APPEND" else self._since_mark()
                _extend(stack[-1], parts)
            elif kind in ("SETITEM", "SETITEMS"):
                parts = self._last(2) if kind == "SETITEM" else self._since_mark()
                keys = [_as_key(key) for key in parts[::2]]
                items = dict(zip(keys, map(_plainly, parts[1::2]), strict=True))
                _of_kind(stack[-1], dict)
                dict.update(stack[-1], items) if type(stack[-1]) is dict else _set_items(stack[-1], items)
            elif kind == "ADDITEMS":
                parts = self._since_mark()
                _of_type(stack[-1], set).update(map(_as_key, parts))
            elif kind == "FROZENSET":
                stack.append(frozenset(map(_as_key, self._since_mark())))
            elif kind == "BINPERSID":
                stack.append(self._storage(*stack.pop()))
            elif kind == "REDUCE":
                stack.append(self._made(*self._last(2)))
            elif kind == "NEWOBJ":
                stack.append(self._new(*self._last(2)))
            elif kind == "BUILD":
                self._build(*self._last(1))
            elif kind == "STOP":
                (value,) = stack
                return _plainly(value)
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

    def _named(self, module: str, name: str) -> Any:
        full = f"{module}.{name}".replace("__builtin__.", "builtins.").replace("numpy._core.", "numpy.core.")
        if full.startswith("torch.") and full[6:] in DTYPES:
            return named_dtype.named(np.dtype(full[6:]))
        if full in _MADE or full in _KNOWN:
            return _Name(full)
        safe = trusted.declared(f"{module}.{name}")
        if safe is not None:
            return _Class(safe, True)
        if full.startswith("torch."):
            raise CheckpointError(
                f"its pickle names {full}, a part of PyTorch's that minigrad does not rebuild: save the "
                "state_dict() there, not a whole module"
            )
        if self.source.weights_only:
            raise CheckpointError(
                f"its pickle names {full}, which is not imported: with weights_only=True only tensors, "
                "numbers, strings and plain containers are loaded. Save a state_dict(), not a whole module; "
                "if you trust the file, load it with weights_only=False, or declare what it names with "
                "torch.serialization.add_safe_globals"
            )
        return _Class(trusted.found(module, name), False)

    def _storage(
        self, word: Any, kind: Any, key: str, location: str, size: int, view: Any = None
    ) -> NDArray[Any]:
        name = _of_type(kind, _Name)
        dtype = STORAGES.get(name.removeprefix("torch."))
        if word != "storage" or dtype is None:
            raise CheckpointError(f"its pickle names {name}, which is no storage that minigrad has")
        if (key, name) not in self.storages:
            self.source.place(_of_type(location, str))
            self.storages[key, name] = self.source.stored(key, dtype, _of_type(size, int))
        whole = self.storages[key, name]
        if view is None:
            return whole
        _, offset, length = view
        return view_of(whole, offset, (length,), (1,))

    def _made(self, what: Any, arguments: Any) -> Any:
        _of_type(arguments, tuple)
        if type(what) is _Class:
            return what.it(*arguments) if what.safe else trusted.called(what.it, arguments)
        name = _of_type(what, _Name)
        self._count(arguments)
        try:
            make = _MADE[name]
        except KeyError:
            raise CheckpointError(f"its pickle calls {name} in a way that is not known") from None
        return make(*arguments)

    def _count(self, parts: tuple[Any, ...]) -> None:
        """Refuse a pickle that makes much of little: that copies one part of it again and again.

        An array's bytes are copied twice: from text to bytes, and into the array.
        """
        self.copied += sum(len(part) for part in parts if type(part) in _LONG)
        if self.copied > 2 * len(self.text):
            raise CheckpointError("its pickle copies more than it holds")

    def _new(self, what: Any, arguments: Any) -> Any:
        cls = _of_type(what, _Class)
        _of_type(arguments, tuple)
        return cls.it.__new__(cls.it, *arguments) if cls.safe else trusted.made(cls.it, arguments)

    def _build(self, state: Any) -> None:
        """Give the object on top its attributes; NumPy's dtypes and arrays are replaced by others."""
        x = self.stack[-1]
        if type(x) is OrderedDict:
            vars(x).update({key: part for key, part in _of_type(state, dict).items() if key == "_metadata"})
        elif isinstance(x, np.dtype | np.ndarray) or x is _EMPTY_ARRAY:
            self._count(_of_type(state, tuple))
            self.stack[-1] = made = _array(*state) if not isinstance(x, np.dtype) else _ordered(x, *state)
            for key, known in self.memo.items():
                if known is x:
                    self.memo[key] = made
        elif isinstance(x, Tensor) or type(x) in _UNFILLED:
            raise CheckpointError(f"its pickle gives attributes to a {type(x).__name__}")
        elif hasattr(type(x), "__setstate__") and type(x) in trusted.get_safe_globals():
            x.__setstate__(state)
        else:
            trusted.filled(x, state)


_LONG = (str, bytes, tuple, list, dict, set, OrderedDict)
_EMPTY_ARRAY = object()
_UNFILLED = (dict, list, tuple, set, str, bytes, int, float, bool, type(None), _Name, _Class)


def _tensor(whole: Any, offset: Any, shape: Any, strides: Any, needs_grad: Any = False, *_: Any) -> Tensor:
    _of_type(whole, np.ndarray)
    if len(shape) > LONGEST_ARRAY or len(shape) != len(strides):
        raise ValueError(f"a tensor of {len(shape)} dimensions")
    expanded = any(step == 0 for step in strides)
    array = view_of(whole, offset, shape, strides, expanded)
    if expanded and array.size > whole.size:
        array.flags.writeable = False  # an element that is shown many times
    tensor = from_numpy(array)
    return tensor.requires_grad_() if needs_grad else tensor


def _parameter(data: Any, requires_grad: Any = True, *_: Any) -> Parameter:
    return Parameter(_of_kind(data, Tensor).detach(), requires_grad=bool(requires_grad))


def _parameter_with_state(data: Any, requires_grad: Any, hooks: Any, state: Any) -> Parameter:
    return _with_attributes(_parameter(data, requires_grad), state)


def _of_subclass(make: Any, kind: Any, arguments: Any, state: Any) -> Tensor:
    if kind not in ("torch._tensor.Tensor", "torch.Tensor", "torch.nn.parameter.Parameter"):
        raise CheckpointError(f"its pickle has a tensor of the class {kind}")
    return _with_attributes(_MADE[_of_type(make, _Name)](*arguments), state)


def _with_attributes(tensor: Any, state: Any) -> Any:
    own = state[0] if isinstance(state, tuple) else state
    for name, value in (own or {}).items():
        setattr(tensor, name, value)
    return tensor


def _encoded(text: str, encoding: str = "utf-8") -> bytes:
    return _of_type(text, str).encode(_of_type(encoding, str))


def _dtype(code: Any, *_: Any) -> np.dtype[Any]:
    found = np.dtype(_of_type(code, str))
    if found.kind not in "biuf":
        raise CheckpointError(f"its pickle has an array of {found.name}")
    return found


def _ordered(dtype: np.dtype[Any], version: Any, order: Any, *_: Any) -> np.dtype[Any]:
    return dtype.newbyteorder(order)


def _scalar(dtype: Any, data: Any) -> Any:
    (value,) = np.frombuffer(_of_type(data, bytes), _of_kind(dtype, np.dtype))
    return value


def _array(version: Any, shape: Any, dtype: Any, fortran: Any, data: Any) -> NDArray[Any]:
    values = np.frombuffer(_of_type(data, bytes), _of_kind(dtype, np.dtype))
    if math.prod(shape) != values.size:
        raise ValueError(f"an array of shape {shape} with {values.size} values")
    return values.reshape(shape, order="F" if fortran else "C").astype(dtype.newbyteorder("="))


def _counted(factory: Any = None, *items: Any) -> Any:
    if factory is not None and factory not in _FACTORIES.values():
        raise CheckpointError("its pickle has a defaultdict of something unknown")
    return defaultdict(factory, *items)


_MADE: dict[str, Callable[..., Any]] = {
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter_with_state,
    "torch._tensor._rebuild_from_type_v2": _of_subclass,
    "torch.nn.parameter.Parameter": _parameter,
    "torch.Size": lambda sizes: Size(_of_type(sizes, tuple, list)),
    "torch.device": device,
    "collections.OrderedDict": OrderedDict,
    "collections.Counter": lambda counts: Counter(_of_type(counts, dict)),
    "collections.defaultdict": _counted,
    "collections.deque": deque,
    "_codecs.encode": _encoded,
    "numpy.dtype": _dtype,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy.core.multiarray._reconstruct": lambda *_: _EMPTY_ARRAY,
    "builtins.set": lambda parts=(): set(map(_as_key, parts)),
    "builtins.frozenset": lambda parts=(): frozenset(map(_as_key, parts)),
    "builtins.complex": complex,
    "builtins.bytearray": lambda data=b"", *encoding: bytearray(
        _encoded(data, *encoding) if encoding else _of_type(data, bytes)
    ),
}
_KNOWN = {"torch._tensor.Tensor", "torch.Tensor", "numpy.ndarray", *(f"torch.{name}" for name in STORAGES),
          *(f"builtins.{name}" for name in _FACTORIES)}  # fmt: skip


def _plainly(x: Any) -> Any:
    """A part of a value: names of Python's types, and classes, as themselves."""
    if type(x) is _Class:
        return x.it
    if type(x) is _Name and x.startswith("builtins.") and x[9:] in _FACTORIES:
        return _FACTORIES[x[9:]]
    return x


def _extend(target: Any, parts: list[Any]) -> None:
    parts = list(map(_plainly, parts))
    if type(target) is deque:
        target.extend(parts)
    else:
        list.extend(_of_kind(target, list), parts)


def _set_items(target: Any, items: dict[Any, Any]) -> None:
    for key, part in items.items():
        (OrderedDict if isinstance(target, OrderedDict) else dict).__setitem__(target, key, part)


def _as_key(key: Any) -> Any:
    """A key of a dict, or an element of a set: of a type whose hash is Python's."""
    if type(key) in (tuple, frozenset):
        for part in key:
            _as_key(part)
        return key
    return _of_type(key, str, int, float, bool, bytes, complex, type(None))


def _of_type(value: Any, *kinds: type) -> Any:
    if type(value) not in kinds:
        raise CheckpointError(f"its pickle is damaged, or holds a {type(value).__name__} where none can be")
    return value


def _of_kind(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise CheckpointError(f"its pickle is damaged, or holds a {type(value).__name__} where none can be")
    return value
