"""PyTorch's memory formats: the order in which the elements of a tensor lie."""

from __future__ import annotations

from typing import Any

from minigrad.ops.arrays import is_foreign


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


_LAST = {channels_last: (0, 2, 3, 1), channels_last_3d: (0, 2, 3, 4, 1)}


def checked(name: str, wanted: Any) -> Any:
    """The format; TypeError for anything else."""
    if not isinstance(wanted, memory_format):
        raise TypeError(f"{name}(): memory_format must be a memory format, not {type(wanted).__name__}")
    return wanted


def has_order(array: Any, wanted: Any) -> bool:
    """True if the elements of an array lie in the order of a format, without gaps."""
    axes = _LAST.get(wanted)
    if axes is None:
        return bool(array.flags.c_contiguous)
    return array.ndim == len(axes) and bool(array.transpose(axes).flags.c_contiguous)


def in_order(name: str, x: Any, wanted: Any) -> Any:
    """A tensor with its elements in the order of a format; itself where they are.

    Raises:
        RuntimeError: for a tensor that has not the number of axes of which the format tells.
    """
    axes = _LAST.get(checked(name, wanted))
    if axes is None:
        return x if wanted is preserve_format else x.contiguous()
    if x.ndim != len(axes):
        raise RuntimeError(
            f"{name}: required rank {len(axes)} tensor to use {wanted!r} format, got shape {tuple(x.shape)}"
        )
    if is_foreign(x._array) or has_order(x._array, wanted):
        return x
    back = sorted(range(len(axes)), key=axes.__getitem__)
    return x.permute(axes).contiguous().permute(back)
