"""Embeddings of bags: sums, means or maxima of looked up rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad._tensor.tracing import for_each_sample

from .checks import check_tensor
from .layers import embedding


@for_each_sample
def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, mean or maximum of the rows of `weight` in each bag; 0 for an empty bag.

    Arguments:
        input: integers, a bag in each row of (B, L); or all bags in a row, (L), where `offsets` tells.
        weight: (rows, size).
        offsets: (B), where each bag begins, the first at 0; None for an input of two axes.
        max_norm, norm_type: as `embedding`.
        scale_grad_by_freq, sparse: must be False.
        mode: "sum", "mean" or "max".
        per_sample_weights: a factor for each element of the input, for "sum" only.
        include_last_offset: the last of `offsets` is the end of the last bag.
        padding_idx: a row that counts for nothing.

    Returns:
        (B, size).

    Raises:
        ValueError: for shapes, offsets or a mode that do not fit.

    >>> import minigrad as torch
    >>> table, offsets = torch.eye(3), torch.tensor([0, 2])
    >>> torch.nn.functional.embedding_bag(torch.tensor([0, 1, 2]), table, offsets)
    tensor([[0.5000, 0.5000, 0.0000],
            [0.0000, 0.0000, 1.0000]])
    """
    check_tensor("embedding_bag", "input", input)
    check_tensor("embedding_bag", "weight", weight)
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"embedding_bag: mode has to be one of sum, mean or max, not {mode!r}")
    if sparse:
        raise NotImplementedError("embedding_bag: sparse gradients are not covered")
    if scale_grad_by_freq:
        raise NotImplementedError(
            "embedding_bag: scale_grad_by_freq is not covered, for PyTorch divides some rows by the count of "
            "another row; embedding(..., scale_grad_by_freq=True) divides each by its own"
        )
    factors = per_sample_weights
    if factors is not None:
        if mode != "sum":
            raise NotImplementedError("embedding_bag: per_sample_weights was not None, so mode must be 'sum'")
        if factors.shape != input.shape:
            raise ValueError(
                f"embedding_bag: per_sample_weights {tuple(factors.shape)} must have the input's shape, "
                f"{tuple(input.shape)}"
            )
    if input.ndim == 2 and input.shape[1] and offsets is None and (padding_idx is None or max_norm is None):
        rows = embedding(input, weight, None, max_norm, norm_type)
        gone = None if padding_idx is None else input == padding_idx % weight.shape[0]
        return _of_one_size(rows if factors is None else rows * factors.unsqueeze(2), gone, mode)
    bags, count = _bags(input, offsets, include_last_offset)
    places = input.reshape(-1)
    factors = None if factors is None else factors.reshape(-1)
    gone = None if padding_idx is None else places == padding_idx % weight.shape[0]
    if gone is not None and max_norm is not None:  # a row that counts for nothing is not shortened
        kept = ~gone
        places, bags, gone = places[kept], bags[kept.numpy()], None
        factors = None if factors is None else factors[kept]
    rows = embedding(places, weight, None, max_norm, norm_type)
    if factors is not None:
        rows = rows * factors.unsqueeze(1)
    members = np.bincount(bags, minlength=count)
    if mode == "max":
        return _largest(rows, gone, bags, members)
    rows = rows if gone is None else rows.masked_fill(gone.unsqueeze(1), 0.0)
    to = wrap(bags, None)
    out: Tensor = rows.new_zeros((count, weight.shape[1])).index_add(0, to, rows)
    if mode == "sum":
        return out
    if gone is not None:
        counted = rows.new_zeros(count).index_add(0, to, (~gone).to(rows.dtype))
        return out / counted.clamp(min=1).unsqueeze(1)
    return out / wrap(np.maximum(members, 1).astype(rows.dtype)[:, None], None)


def _of_one_size(rows: Tensor, gone: Tensor | None, mode: str) -> Tensor:
    """The sum, mean or maximum over the rows of each bag, of which all have as many; `gone` do not count."""
    out: Tensor
    if mode == "max":
        if gone is None:
            return rows.max(1)[0]
        out = rows.masked_fill(gone.unsqueeze(2), -np.inf).max(1)[0]
        return out.masked_fill(gone.all(1, keepdim=True), 0.0)
    if gone is None:
        return rows.sum(1) if mode == "sum" else rows.mean(1)
    out = rows.masked_fill(gone.unsqueeze(2), 0.0).sum(1)
    return out if mode == "sum" else out / (~gone).sum(1, keepdim=True).clamp(min=1).to(rows.dtype)


def _bags(input: Tensor, offsets: Tensor | None, include_last: bool) -> tuple[Any, int]:
    """The bag of each place, and the number of bags."""
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError("embedding_bag: if input is 2D, then offsets has to be None")
        return np.repeat(np.arange(input.shape[0]), input.shape[1]), input.shape[0]
    if input.ndim != 1:
        raise ValueError(f"embedding_bag: input has to be a 1D or 2D tensor, but got {input.ndim}D")
    if offsets is None:
        raise ValueError("embedding_bag: offsets has to be a 1D tensor of integers for an input of one axis")
    starts = offsets.numpy()
    if starts.ndim != 1 or starts.dtype.kind not in "iu":
        raise ValueError("embedding_bag: offsets has to be a 1D tensor of integers")
    ends = [*starts[1:], input.numel()]
    if include_last:
        starts, ends = starts[:-1], ends[:-1]
        ends[-1:] = [input.numel()] if len(ends) else []
    lengths = np.asarray(ends, np.int64) - starts
    if (len(starts) and starts[0] != 0) or (lengths < 0).any():
        raise RuntimeError("embedding_bag: offsets must begin with 0, not decrease, and end within the input")
    return np.repeat(np.arange(len(starts)), lengths), len(starts)


def _largest(rows: Tensor, gone: Tensor | None, bags: Any, members: Any) -> Tensor:
    """The maximum of each column over each bag; `gone` do not count."""
    count, longest = len(members), int(members.max(initial=0))
    if not longest:
        return rows.new_zeros((count, rows.shape[1]))
    order = np.arange(len(bags)) - np.repeat(np.cumsum(members) - members, members)
    table = np.zeros((count, longest), np.int64)
    table[bags, order] = np.arange(len(bags))
    absent = wrap(np.arange(longest) >= members[:, None], None)
    places = wrap(table, None)
    absent = absent if gone is None else absent | gone[places]
    spread: Tensor = rows[places].masked_fill(absent.unsqueeze(2), -np.inf)
    return spread.max(1)[0].masked_fill(absent.all(1, keepdim=True), 0.0)
