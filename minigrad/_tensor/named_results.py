"""The text of results with named parts, as PyTorch writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def written_as(name: str) -> Callable[[type], Any]:
    """Decorate a class of named parts: a result is written `torch.return_types.<name>(`, then its parts."""

    def text(self: Any) -> str:
        parts = zip(self._fields, self, strict=True)
        return (
            f"torch.return_types.{name}(\n" + ",\n".join(f"{part}={value!r}" for part, value in parts) + ")"
        )

    def decorate(cls: type) -> type:
        cls.__repr__ = text  # type: ignore[method-assign, assignment]
        return cls

    return decorate


def variant(parts: type, name: str) -> Any:
    """The class of the same parts for the results of another function."""
    return written_as(name)(type(name, (parts,), {"__slots__": ()}))
