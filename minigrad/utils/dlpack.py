"""Tensors handed to other libraries and taken from them, without a copy."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.creation import from_dlpack

__all__ = ["from_dlpack", "to_dlpack"]


def to_dlpack(tensor: Tensor) -> Any:
    """A capsule of the tensor's memory, for a library that takes one.

    Arguments:
        tensor: without a gradient.

    Raises:
        BufferError: for a tensor that requires grad.

    >>> import minigrad as torch
    >>> from minigrad.utils.dlpack import to_dlpack
    >>> type(to_dlpack(torch.ones(2))).__name__
    'PyCapsule'
    """
    return tensor.__dlpack__()
