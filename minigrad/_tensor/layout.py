"""PyTorch's memory formats: the names that a call may give where they change nothing here."""

from __future__ import annotations

from typing import Any


class memory_format:
    """An order of a tensor's elements in memory.

    Arguments:
        name: as PyTorch prints it.

    >>> import minigrad as torch
    >>> torch.contiguous_format
    torch.contiguous_format
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"torch.{self._name}"


contiguous_format, preserve_format = memory_format("contiguous_format"), memory_format("preserve_format")
channels_last, channels_last_3d = memory_format("channels_last"), memory_format("channels_last_3d")


class layout:
    """How the elements of a tensor are kept: always one beside the other, at equal steps.

    >>> import minigrad as torch
    >>> torch.strided
    torch.strided
    """

    def __repr__(self) -> str:
        return "torch.strided"


strided = layout()


def in_rows(name: str, wanted: Any) -> None:
    """Raise unless a format asks for elements in rows, or for none in particular."""
    if wanted is contiguous_format or wanted is preserve_format:
        return
    if isinstance(wanted, memory_format):
        raise NotImplementedError(
            f"{name}: minigrad has no memory format {wanted!r}; its elements lie in rows"
        )
    raise TypeError(f"{name}(): memory_format must be a memory format, not {type(wanted).__name__}")
