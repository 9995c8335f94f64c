"""Modules that hold parameters: ParameterList and ParameterDict."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import index as as_index
from typing import Any, NoReturn, TypeVar

from minigrad._tensor.tensor import Tensor
from minigrad.nn.module import Module
from minigrad.nn.parameter import Parameter, is_lazy

L = TypeVar("L", bound="ParameterList")
D = TypeVar("D", bound="ParameterDict")


class ParameterList(Module):
    """A list whose parameters belong to the module that it is assigned to, under the names "0", "1", ...

    A tensor that is put in becomes a Parameter; anything else is only kept.

    Arguments:
        values: the first contents; None for none.

    >>> import minigrad as torch
    >>> weights = torch.nn.ParameterList([torch.ones(2), torch.ones(3)])
    >>> weights.append(torch.ones(1))[-1]
    Parameter containing:
    tensor([1.], requires_grad=True)
    >>> list(weights.state_dict()), len(weights[:2])
    (['0', '1', '2'], 2)
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _key(self, index: Any) -> str:
        position = as_index(index)
        if not -self._size <= position < self._size:
            raise IndexError(f"index {position} is out of range for ParameterList of {self._size}")
        return str(position % self._size)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return getattr(self, self._key(index))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, self._key(index), _as_parameter(value))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (getattr(self, str(i)) for i in range(self._size))

    def __iadd__(self: L, values: Iterable[Any]) -> L:
        return self.extend(values)

    def append(self: L, value: Any) -> L:
        """Add a value at the end and return the list.

        >>> import minigrad as torch
        >>> len(torch.nn.ParameterList().append(torch.ones(2)))
        1
        """
        setattr(self, str(self._size), _as_parameter(value))
        self._size += 1
        return self

    def extend(self: L, values: Iterable[Any]) -> L:
        """Add several values at the end and return the list.

        Raises:
            TypeError: for a tensor (its rows are not meant), and for an object that is not iterable.

        >>> import minigrad as torch
        >>> len(torch.nn.ParameterList().extend([torch.ones(2), torch.ones(3)]))
        2
        """
        if isinstance(values, Tensor) or not isinstance(values, Iterable):
            raise TypeError(
                f"ParameterList takes an iterable of parameters, not {type(values).__name__}; append() adds "
                "one"
            )
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self) -> str:
        return _lines(enumerate(self), lambda x: str(x.dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError("a ParameterList is no layer and cannot be called; index it")


class ParameterDict(Module):
    """A dict whose parameters belong to the module that it is assigned to, under their keys.

    A tensor that is put in becomes a Parameter; anything else is only kept.

    Arguments:
        parameters: the first contents, a mapping or pairs. Those of a plain dict are sorted by their keys.

    >>> import minigrad as torch
    >>> weights = torch.nn.ParameterDict({"left": torch.ones(2), "down": torch.ones(3)})
    >>> list(weights), weights["left"].requires_grad
    (['down', 'left'], True)

    It has the methods of a dict:

    >>> weights["up"] = torch.ones(1)
    >>> list(weights.keys()), len(list(weights.values())), [key for key, _ in weights.items()]
    (['down', 'left', 'up'], 3, ['down', 'left', 'up'])
    >>> weights.get("right"), weights.setdefault("up").shape
    (None, torch.Size([1]))
    >>> weights.pop("left").shape, weights.popitem()[0]
    (torch.Size([2]), 'up')
    >>> list(weights.copy()), list(weights.fromkeys(["a", "b"]))
    (['down'], ['a', 'b'])
    >>> weights.clear()
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"the keys of a ParameterDict are strings, not {type(key).__name__}")
        setattr(self, key, _as_parameter(value))
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self._keys))

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def keys(self) -> Any:
        """The keys."""
        return self._keys.keys()

    def values(self) -> Iterator[Any]:
        """The values, in the order of the keys."""
        return (self[key] for key in self._keys)

    def items(self) -> Iterator[tuple[str, Any]]:
        """Pairs of a key and its value."""
        return ((key, self[key]) for key in self._keys)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of `key`, or `default` where there is none."""
        return self[key] if key in self else default  # noqa: SIM401 (it would call itself)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of `key`, which is set to `default` where there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str) -> Any:
        """Take the value of `key` out and return it; KeyError where there is none."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Take the latest pair of key and value out and return it; KeyError where there is none."""
        if not self._keys:
            raise KeyError("popitem(): the ParameterDict is empty")
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def clear(self) -> None:
        """Take everything out."""
        for key in list(self._keys):
            del self[key]

    def copy(self) -> ParameterDict:
        """A ParameterDict with the same parameters in the same order."""
        return ParameterDict(OrderedDict(self.items()))

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A ParameterDict with `default` under each of `keys`."""
        return ParameterDict([(key, default) for key in keys])

    def update(self, parameters: Any) -> None:
        """Add or replace values from a mapping or from pairs; those of a plain dict sorted by their keys.

        Raises:
            TypeError: for anything else.

        >>> import minigrad as torch
        >>> weights = torch.nn.ParameterDict()
        >>> weights.update([("w", torch.ones(2))])
        >>> list(weights)
        ['w']
        """
        if not isinstance(parameters, (Iterable, ParameterDict)):
            raise TypeError(
                "ParameterDict takes a mapping or pairs of a key and a value, not "
                f"{type(parameters).__name__}"
            )
        if isinstance(parameters, (OrderedDict, ParameterDict)):
            pairs = list(parameters.items())
        elif isinstance(parameters, Mapping):
            pairs = sorted(parameters.items())
        else:
            pairs = [_pair(i, pair) for i, pair in enumerate(parameters)]
        for key, value in pairs:
            self[key] = value

    def __or__(self, other: ParameterDict) -> ParameterDict:
        joined = self.copy()
        joined.update(other)
        return joined

    def __ror__(self, other: ParameterDict) -> ParameterDict:
        joined = other.copy()
        joined.update(self)
        return joined

    def __ior__(self: D, other: Any) -> D:  # type: ignore[misc]
        self.update(other)
        return self

    def extra_repr(self) -> str:
        return _lines(self.items(), lambda x: str(x.type()))

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError("a ParameterDict is no layer and cannot be called; index it")


def _pair(i: int, pair: Any) -> tuple[str, Any]:
    if not isinstance(pair, Iterable):
        raise TypeError(f"ParameterDict: item {i} must be a pair, not {type(pair).__name__}")
    parts = tuple(pair)
    if len(parts) != 2:
        raise ValueError(f"ParameterDict: item {i} has length {len(parts)}; a pair has 2")
    return parts


def _as_parameter(value: Any) -> Any:
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


def _lines(pairs: Iterable[tuple[Any, Any]], kind: Callable[[Any], str]) -> str:
    """A line for each value: the text of its dtype and its sizes."""

    def told(value: Any) -> str:
        if not isinstance(value, Tensor):
            return f"Object of type: {type(value).__name__}"
        if is_lazy(value):
            return repr(value)
        return f"Parameter containing: [{kind(value)} of size {'x'.join(map(str, value.shape))}]"

    return "\n".join(f"  ({key}): {told(value)}" for key, value in pairs)
