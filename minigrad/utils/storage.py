"""Values of tensors whose storage is lazy: arrays of dask, which are computed when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

import numpy as np

from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor


def compute(*tensors: Tensor, gradients_of: Iterable[Tensor] = ()) -> tuple[Tensor, ...]:
    """The values of tensors, and of gradients, as NumPy arrays; all of them in one run of dask.

    A backward over dask's arrays computes nothing: it extends their graph. One call after it runs the whole
    step, so that each chunk is read once.

    Arguments:
        tensors: of any storage, such as the loss.
        gradients_of: parameters; the `.grad` of each becomes an array of NumPy's, for the optimiser.

    Returns:
        For each of `tensors` a constant of its values.

    Raises:
        ImportError: where there are dask's arrays, and dask is missing.

    >>> import minigrad as torch
    >>> from minigrad.utils.storage import compute
    >>> w = torch.ones(2, requires_grad=True)
    >>> loss = (w * w).sum()
    >>> loss.backward()
    >>> compute(loss, gradients_of=[w]), w.grad
    ((tensor(2.),), tensor([2., 2.]))
    """
    parameters = [p for p in gradients_of if p.grad is not None]
    grads: list[Any] = [p.grad for p in parameters]
    arrays = [x._array for x in (*tensors, *grads)]
    if any(hasattr(x, "__dask_graph__") for x in arrays):
        arrays = list(import_module("dask").compute(*arrays))
    arrays = [np.asarray(x) for x in arrays]
    for p, array in zip(parameters, arrays[len(tensors) :], strict=True):
        p.grad = wrap(array, None)
    return tuple([wrap(array, None) for array in arrays[: len(tensors)]])
