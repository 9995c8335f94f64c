"""Attention of several heads: projections, attention, projection."""

from __future__ import annotations

import math
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.functional import cat

from .attention import additive, scaled_dot_product_attention
from .checks import check_tensor
from .layers import dropout, linear, pad

Triple = tuple[Tensor, Tensor, Tensor]


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """The layer `MultiheadAttention` as a function of its inputs, parameters and options.

    Arguments:
        query: (L, N, E), or (L, E) for one sample.
        key: (S, N, kdim); value: (S, N, vdim); without N for one sample.
        embed_dim_to_check: E.
        num_heads: how many heads share E.
        in_proj_weight: (3E, E), the projections of query, key and value one above the other; see below.
        in_proj_bias: (3E), or None.
        bias_k, bias_v: (1, 1, E): one more key and its value for every sample, or None.
        add_zero_attn: add a key of zeros with a value of zeros.
        dropout_p: the probability with which a weight is dropped in training.
        out_proj_weight, out_proj_bias: of the last projection, (E, E) and (E), or None.
        training: whether weights are dropped.
        key_padding_mask: (N, S), or (S) for one sample: True for a key that nobody looks at; or floats, which
            are added to the scores.
        need_weights: whether to return the weights.
        attn_mask: (L, S) or (N num_heads, L, S): True where a query may not look at a key; or floats.
        use_separate_proj_weight: project by the three weights below.
        q_proj_weight, k_proj_weight, v_proj_weight: (E, E), (E, kdim), (E, vdim).
        static_k, static_v: (N num_heads, S, E / num_heads), which replace the projected key and value.
        average_attn_weights: whether the weights are averaged over the heads.
        is_causal: a hint that `attn_mask` is causal, which must be given.

    Returns:
        The output, (L, N, E), and the weights, (N, L, S) or for each head (N, num_heads, L, S), or None.

    Raises:
        AssertionError, RuntimeError: for shapes and dtypes that do not fit, as in PyTorch.

    >>> import minigrad as torch
    >>> x, w = torch.ones(2, 1, 4), torch.ones(12, 4)
    >>> none = dict.fromkeys(["in_proj_bias", "bias_k", "bias_v", "out_proj_bias"])
    >>> more = {"add_zero_attn": False, "dropout_p": 0.0, "out_proj_weight": torch.eye(4)}
    >>> out, weights = torch.nn.functional.multi_head_attention_forward(x, x, x, 4, 2, w, **none, **more)
    >>> out.shape, weights[0]
    (torch.Size([2, 1, 4]), tensor([[0.5000, 0.5000],
            [0.5000, 0.5000]]))
    """
    batched = _check_ranks(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query, key, value = (x.unsqueeze(1) for x in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, samples, size = query.shape
    head = size // num_heads
    padding = _as_float("key_padding_mask", key_padding_mask, query)
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "multi_head_attention_forward: is_causal=True is a hint that attn_mask is causal, but attn_mask "
            "is missing; nn.Transformer.generate_square_subsequent_mask makes it"
        )
    causal = is_causal and padding is None and not need_weights
    mask = None if causal else _as_float("attn_mask", attn_mask, query)
    _expect(
        size == embed_dim_to_check,
        f"was expecting embedding dimension of {embed_dim_to_check}, but got {size}",
    )
    _expect(head * num_heads == size, f"embed_dim {size} not divisible by num_heads {num_heads}")
    apart = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None
    _check_pairs(key, value, apart is not None)
    q, k, v = _projected(query, key, value, in_proj_weight, apart, in_proj_bias)
    if mask is not None:
        mask = _mask_of_heads(mask, samples, num_heads, length, k.shape[0])
    added = 0
    if bias_k is not None and bias_v is not None:
        _expect(static_k is None and static_v is None, "bias cannot be added to static key or value")
        k, v = (cat([x, b.expand(1, samples, size)]) for x, b in ((k, bias_k), (v, bias_v)))
        added = 1
    else:
        _expect(bias_k is None and bias_v is None, "bias_k and bias_v must both be given, or neither")
    q = q.reshape(length, samples, num_heads, head).permute(1, 2, 0, 3)
    k = _heads(k, static_k, "static_k", samples, num_heads, head)
    v = _heads(v, static_v, "static_v", samples, num_heads, head)
    if add_zero_attn:
        k, v = (pad(x, (0, 0, 0, 1)) for x in (k, v))
        added += 1
    if padding is not None:
        found, expected = tuple(padding.shape), (samples, k.shape[2] - added)
        _expect(found == expected, f"expected key_padding_mask of shape {expected}, but got {found}")
        padding = padding.reshape(samples, 1, 1, -1)
        mask = padding if mask is None else mask + padding
    if mask is not None and added:
        mask = pad(mask, (0, added))
    dropped = dropout_p if training else 0.0
    weights = None
    if need_weights:
        scores = (q * math.sqrt(1.0 / head)) @ k.transpose(-2, -1)
        weights = (scores if mask is None else scores + mask).softmax(-1)
        weights = dropout(weights, dropped)
        heads = weights @ v
        weights = weights.mean(1) if average_attn_weights else weights
    else:
        heads = scaled_dot_product_attention(q, k, v, mask, dropped, causal)
    joined = heads.permute(2, 0, 1, 3).reshape(length, samples, size)
    out = linear(joined, out_proj_weight, out_proj_bias)
    if batched:
        return out, weights
    return out.squeeze(1), None if weights is None else weights.squeeze(0)


def _projected(
    query: Tensor, key: Tensor, value: Tensor, weight: Any, apart: Any, bias: Tensor | None
) -> Triple:
    """Query, key and value, each through its projection."""
    if apart is None:
        _expect(weight is not None, "use_separate_proj_weight is False but in_proj_weight is None")
        if query is key and key is value:
            q, k, v = linear(query, weight, bias).chunk(3, -1)
            return q, k, v
        apart = weight.chunk(3)
    else:
        for name, w in zip("qkv", apart, strict=True):
            _expect(w is not None, f"use_separate_proj_weight is True but {name}_proj_weight is None")
        size = query.shape[-1]
        for name, x, w in zip(("query", "key", "value"), (query, key, value), apart, strict=True):
            expected = (size, x.shape[-1])
            _expect(
                tuple(w.shape) == expected,
                f"expecting {name} weights shape of {expected}, but got {tuple(w.shape)}",
            )
    biases = (None, None, None) if bias is None else bias.chunk(3)
    q, k, v = (linear(*part) for part in zip((query, key, value), apart, biases, strict=True))
    return q, k, v


def _heads(x: Tensor, static: Tensor | None, name: str, samples: int, heads: int, head: int) -> Tensor:
    """(S, N, heads * head) as (N, heads, S, head)."""
    if static is None:
        return x.reshape(x.shape[0], samples, heads, head).permute(1, 2, 0, 3)
    found, expected = (static.shape[0], static.shape[2]), (samples * heads, head)
    _expect(
        found == expected,
        f"expecting {name} of shape {expected[0]}, S, {head}, but got {tuple(static.shape)}",
    )
    return static.reshape(samples, heads, -1, head)


def _as_float(name: str, mask: Tensor | None, query: Tensor) -> Tensor | None:
    """A mask as floats to be added to scores."""
    if mask is None:
        return None
    _expect(mask.dtype.kind in "bf", f"only bool and floating types of {name} are supported")
    return additive(mask, query.dtype) if mask.dtype.kind == "b" else mask


def _mask_of_heads(mask: Tensor, samples: int, heads: int, rows: int, columns: int) -> Tensor:
    """An attn_mask of two or three axes as one that broadcasts to (N, heads, L, S)."""
    expected = (rows, columns) if mask.ndim == 2 else (samples * heads, rows, columns)
    if tuple(mask.shape) != expected:
        raise RuntimeError(
            f"The shape of the {mask.ndim}D attn_mask is {tuple(mask.shape)}, but should be {expected}."
        )
    return mask if mask.ndim == 2 else mask.reshape(samples, heads, rows, columns)


def _expect(held: bool, message: str) -> None:
    if not held:
        raise AssertionError(message)


def _check_pairs(key: Tensor, value: Tensor, apart: bool) -> None:
    upto = 2 if apart else 3
    if tuple(key.shape[:upto]) != tuple(value.shape[:upto]):
        what = "key's sequence and batch dims" if apart else "key shape"
        raise AssertionError(
            f"{what} {tuple(key.shape[:upto])} does not match value {tuple(value.shape[:upto])}"
        )


def _check_ranks(query: Any, key: Any, value: Any, padding: Any, mask: Any, heads: int) -> bool:
    """True where there is an axis of samples; raise where the inputs do not agree about it."""
    for argument, x in (("query", query), ("key", key), ("value", value)):
        check_tensor("multi_head_attention_forward", argument, x)
    for argument, x in (("key_padding_mask", padding), ("attn_mask", mask)):
        if x is not None:
            check_tensor("multi_head_attention_forward", argument, x)
    rank = query.ndim
    if rank not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {rank}-D query tensor"
        )
    form = f"For {'batched (3-D)' if rank == 3 else 'unbatched (2-D)'} `query`, expected"
    _expect(
        key.ndim == rank and value.ndim == rank,
        f"{form} `key` and `value` to be {rank}-D but found {key.ndim}-D and {value.ndim}-D",
    )
    if padding is not None:
        _expect(
            padding.ndim == rank - 1,
            f"{form} `key_padding_mask` to be `None` or {rank - 1}-D but found {padding.ndim}-D",
        )
    if mask is not None:
        _expect(mask.ndim in (2, 3), f"{form} `attn_mask` to be `None`, 2-D or 3-D but found {mask.ndim}-D")
        if rank == 2 and mask.ndim == 3:
            expected = (heads, query.shape[0], key.shape[0])
            _expect(
                tuple(mask.shape) == expected,
                f"expected `attn_mask` shape to be {expected} but got {tuple(mask.shape)}",
            )
    return bool(rank == 3)
