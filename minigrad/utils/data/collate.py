"""Batches from lists of samples."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from copy import copy
from typing import Any

import numpy as np

from minigrad._tensor.tensor import Tensor
from minigrad.creation import from_numpy, tensor
from minigrad.functional import stack


def default_collate(batch: Sequence[Any]) -> Any:
    """Make one batch of a list of samples, with the structure of a sample and tensors at its leaves.

    Tensors and arrays are stacked. Numbers become a tensor (floats float64, as in PyTorch). Tuples and lists
    become lists of batches. Mappings, named tuples and sequences of a class of their own keep their class.
    Strings stay as they are.

    Raises:
        TypeError: for a leaf of another type, and for sequences of different lengths.

    >>> import minigrad as torch
    >>> torch.utils.data.default_collate([{"x": 1, "name": "a"}, {"x": 2, "name": "b"}])
    {'x': tensor([1, 2]), 'name': ['a', 'b']}
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch))
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, np.ndarray | np.generic):
        return from_numpy(np.stack([np.asarray(sample) for sample in batch]))
    if isinstance(first, bool | int):
        return tensor(list(batch))
    if isinstance(first, float):
        return tensor(list(batch), dtype=np.float64)
    if isinstance(first, Mapping):
        return _as_mapping(first, {key: default_collate([sample[key] for sample in batch]) for key in first})
    if isinstance(first, Sequence):
        if len({len(sample) for sample in batch}) > 1:
            raise TypeError(
                "samples of one batch must be sequences of one length; give a collate_fn that pads them"
            )
        columns = [default_collate(column) for column in zip(*batch, strict=True)]
        return _as_sequence(first, columns)
    raise TypeError(
        f"default_collate makes batches of tensors, arrays, numbers, strings, mappings and sequences, "
        f"not of {type(first).__name__}; give the DataLoader a collate_fn"
    )


def default_convert(data: Any) -> Any:
    """A sample with its arrays made tensors, which share their memory; all else stays as it is.

    >>> import numpy as np, minigrad as torch
    >>> torch.utils.data.default_convert((np.ones(1), 2))
    [tensor([1.], dtype=torch.float64), 2]
    """
    if isinstance(data, np.ndarray):
        return from_numpy(data)
    if isinstance(data, np.generic):
        return tensor(data)
    if isinstance(data, Mapping):
        return _as_mapping(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _as_sequence(data, [default_convert(part) for part in data])
    return data


def _as_mapping(like: Any, made: dict[Any, Any]) -> Any:
    """The dict as a mapping of the class of `like`; as it is where that class takes no dict."""
    if type(like) is dict:
        return made
    try:
        if isinstance(like, MutableMapping):
            clone = copy(like)  # it may have attributes of its own
            clone.update(made)
            return clone
        return type(like)(made)
    except TypeError:
        return made


def _as_sequence(like: Any, made: list[Any]) -> Any:
    """The list as a named tuple, or another sequence of the class of `like`; a tuple becomes a list."""
    if hasattr(like, "_fields"):
        return type(like)(*made)
    if isinstance(like, tuple) or type(like) in (list, range):
        return made
    try:
        if isinstance(like, MutableSequence):
            clone = copy(like)
            for i, part in enumerate(made):
                clone[i] = part
            return clone
        return type(like)(made)
    except TypeError:
        return made
