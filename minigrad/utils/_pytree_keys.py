"""The steps of a path from the root of a tree of containers to one of its leaves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SequenceKey:
    """A step into a list, a tuple or a deque: a place.

    >>> from minigrad.utils._pytree import SequenceKey
    >>> str(SequenceKey(1)), SequenceKey(1).get("abc")
    ('[1]', 'b')
    """

    idx: int

    def __str__(self) -> str:
        return f"[{self.idx!r}]"

    def get(self, sequence: Any) -> Any:
        """The part of `sequence` there."""
        return sequence[self.idx]


@dataclass(frozen=True)
class MappingKey:
    """A step into a dict: a key.

    >>> from minigrad.utils._pytree import MappingKey
    >>> str(MappingKey("a")), MappingKey("a").get({"a": 1})
    ("['a']", 1)
    """

    key: Any

    def __str__(self) -> str:
        return f"[{self.key!r}]"

    def get(self, mapping: Any) -> Any:
        """The part of `mapping` there."""
        return mapping[self.key]


@dataclass(frozen=True)
class GetAttrKey:
    """A step into a named tuple or an object: an attribute's name.

    >>> from minigrad.utils._pytree import GetAttrKey
    >>> str(GetAttrKey("real")), GetAttrKey("real").get(2)
    ('.real', 2)
    """

    name: str

    def __str__(self) -> str:
        return f".{self.name}"

    def get(self, obj: Any) -> Any:
        """The part of `obj` there."""
        return getattr(obj, self.name)


def keystr(kp: Iterable[Any]) -> str:
    """A path `kp` as Python would write it.

    >>> from minigrad.utils._pytree import MappingKey, SequenceKey, keystr
    >>> keystr((MappingKey("a"), SequenceKey(0)))
    "['a'][0]"
    """
    return "".join(map(str, kp))


def key_get(obj: Any, kp: Iterable[Any]) -> Any:
    """The part of a tree to which a path leads.

    Arguments:
        obj: any nesting of containers.
        kp: a path.

    >>> from minigrad.utils._pytree import MappingKey, SequenceKey, key_get
    >>> key_get({"a": [5, 6]}, (MappingKey("a"), SequenceKey(1)))
    6
    """
    for step in kp:
        obj = step.get(obj)
    return obj
