"""Scaled dot product attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad._tensor.compositions.joining import repeat_interleave
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.ops.arrays import everything, fold
from minigrad.ops.kernels import check

from .checks import check_tensor
from .layers import dropout
from .sizes import check_floating

_NAME = "scaled_dot_product_attention"


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(query keyᵀ scale + mask) value; a query without an unmasked key gets 0.

    Arguments:
        query: (..., L, E).
        key: (..., S, E).
        value: (..., S, Ev); the first sizes of the three broadcast.
        attn_mask: booleans, True where a query may look at a key, or floats that are added to the scores; of
            a shape that broadcasts to (..., L, S).
        dropout_p: the probability with which a weight is dropped, also in evaluation.
        is_causal: query i looks at the keys 0 to i only.
        scale: the factor of the scores, 1/sqrt(E) where it is None.
        enable_gqa: whether each head of key and value serves several heads (axis -3) of the query.

    Returns:
        (..., L, Ev).

    Raises:
        RuntimeError: for shapes and dtypes that do not fit, and for a mask beside `is_causal`.

    Source: Vaswani et al., "Attention is all you need" (2017), equation 1.

    >>> import minigrad as torch
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> torch.nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)[0]
    tensor([1., 0.])
    """
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p}")
    _check_inputs(query, key, value)
    if enable_gqa:
        key, value = _repeated(query, key, value)
    size = query.shape[-1]
    factor = 1 / math.sqrt(max(size, 1)) if scale is None else scale
    scores = (query * factor) @ key.transpose(-2, -1)
    empty = None
    if is_causal:
        if attn_mask is not None:
            raise RuntimeError(f"{_NAME}: attn_mask should not be set when is_causal=True")
        scores = scores + scores.new_tensor(causal_mask(scores.shape, scores.dtype))
    elif attn_mask is not None:
        scores = scores + _additive(attn_mask, scores)
        empty = _empty_rows(scores)
    if empty is not None:  # of them softmax would make nan, also in the gradient
        scores = scores.masked_fill(empty, 0.0)
    weights = scores.softmax(-1)
    if empty is not None:
        weights = weights.masked_fill(empty, 0.0)
    return dropout(weights, dropout_p) @ value


def causal_mask(shape: tuple[int, ...], dtype: Any) -> Any:
    """A matrix of the last two sizes, zeros at and below the diagonal, -inf above."""
    return np.triu(np.full(shape[-2:], -np.inf, dtype), 1)


def additive(mask: Tensor, dtype: Any) -> Tensor:
    """-inf where a mask of booleans is True, 0 elsewhere: to be added to scores."""
    return wrap(np.where(mask._array, dtype.type(-np.inf), dtype.type(0)), None)


def _additive(mask: Tensor, scores: Tensor) -> Tensor:
    """An attn_mask, checked, as a number to add to each score."""
    check_tensor(_NAME, "attn_mask", mask)
    if mask.dtype.kind != "b" and mask.dtype not in (np.float32, scores.dtype):
        raise RuntimeError(
            f"{_NAME}: expected attn_mask of dtype bool, float32 or the query's, "
            f"{scores.dtype.name}, but got {mask.dtype.name}"
        )
    try:
        fits = np.broadcast_shapes(mask.shape, scores.shape) == scores.shape
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(
            f"{_NAME}: attn_mask {tuple(mask.shape)} does not broadcast to the scores, one for each "
            f"query and key: {tuple(scores.shape)}"
        )
    return additive(~mask, scores.dtype) if mask.dtype.kind == "b" else mask.to(scores.dtype)


def _empty_rows(scores: Tensor) -> Tensor | None:
    """The rows of scores that are all -inf, as a mask; None where there are none."""
    empty = _rows_of_nothing(scores._array)
    return None if empty is None else wrap(empty, None)


@check
def _rows_of_nothing(scores: Any) -> Any:
    empty = fold(np.maximum, scores, -1, True, initial=-np.inf) == -np.inf
    return empty if np.any(everything(empty)) else None


def _check_inputs(query: Any, key: Any, value: Any) -> None:
    given = {"query": query, "key": key, "value": value}
    for argument, x in given.items():
        check_tensor(_NAME, argument, x)
        check_floating(_NAME, x)
    if query.ndim < 2 or key.ndim < 2 or value.ndim < 2:
        ranks = ", ".join(f"{argument} has {x.ndim}" for argument, x in given.items())
        raise RuntimeError(f"{_NAME}: expected at least 2 dimensions (..., length, features), but {ranks}")
    if not query.dtype == key.dtype == value.dtype:
        dtypes = ", ".join(f"{argument} {x.dtype.name}" for argument, x in given.items())
        raise RuntimeError(f"{_NAME}: expected query, key and value of one dtype, but got {dtypes}")
    if query.shape[-1] != key.shape[-1]:
        raise RuntimeError(
            f"{_NAME}: query {tuple(query.shape)} and key {tuple(key.shape)} must have the same last size"
        )
    if key.shape[-2] != value.shape[-2]:
        raise RuntimeError(
            f"{_NAME}: key {tuple(key.shape)} and value {tuple(value.shape)} must have the same length, "
            "axis -2"
        )


def _repeated(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Key and value with each head as often as heads of the query share it."""
    if min(query.ndim, key.ndim, value.ndim) < 3:
        raise RuntimeError(f"{_NAME}: enable_gqa needs an axis of heads: (..., heads, length, features)")
    heads, found = query.shape[-3], (key.shape[-3], value.shape[-3])
    if not all(found) or heads % found[0] or heads % found[1]:
        raise RuntimeError(
            f"{_NAME}: the number of heads in key and value, {found[0]} and {found[1]}, must divide "
            f"the number of heads in query, {heads}"
        )
    key, value = (repeat_interleave(x, heads // x.shape[-3], -3) for x in (key, value))
    return key, value
