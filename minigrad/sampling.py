"""Draws from distributions whose parameters are tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad._tensor.dtype import as_dtype, get_default_dtype
from minigrad._tensor.random import Generator, generator_of
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.engine.silence import silently


def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Draws from normal distributions, without a gradient.

    Arguments:
        mean, std: tensors of shapes that broadcast, or numbers.
        size: the shape, where both are numbers.
        generator: where the random numbers come from.
        dtype: where both are numbers, the default dtype unless told.
        requires_grad: whether gradients flow to the result.

    Raises:
        RuntimeError: for a negative `std`.
        TypeError: for numbers without a size.

    >>> import minigrad as torch
    >>> torch.normal(0.0, 1.0, size=(2, 3)).shape, torch.normal(torch.zeros(4), 0.0)
    (torch.Size([2, 3]), tensor([0., 0., 0., 0.]))
    """
    arrays = [x._array for x in (mean, std) if isinstance(x, Tensor)]
    if not arrays and size is None:
        raise TypeError("normal(): say size=, or give a tensor as mean or std")
    if arrays and size is not None:
        raise TypeError("normal(): size= goes with numbers as mean and std; a tensor has its own")
    own = arrays[0].dtype if arrays else get_default_dtype() if dtype is None else as_dtype(dtype)
    low, scale = (x._array if isinstance(x, Tensor) else x for x in (mean, std))
    if (np.asarray(scale) < 0).any():
        raise RuntimeError("normal expects all elements of std >= 0.0")
    shape = tuple(size) if size is not None else np.broadcast_shapes(np.shape(low), np.shape(scale))
    draws = generator_of(generator).standard_normal(shape)
    made: Tensor = wrap(silently(lambda: np.asarray(low + scale * draws, own)), None)
    return made.requires_grad_(requires_grad)
