"""Attention of several heads as a layer."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.autograd import is_grad_enabled
from minigrad.nn import init
from minigrad.nn.functional import multihead as F
from minigrad.nn.linear import Linear
from minigrad.nn.module import Module
from minigrad.nn.parameter import Parameter, check_sizes, new_parameter


class NonDynamicallyQuantizableLinear(Linear):
    """A `Linear` under the name with which PyTorch prints the last projection of attention."""


class MultiheadAttention(Module):
    """Attention of `num_heads` heads, each on its share of the features, between two projections.

    With equal sizes the three first projections are one `in_proj_weight`, (3E, E), else `q_proj_weight`,
    `k_proj_weight` and `v_proj_weight`. Names, order and first values are PyTorch's.

    Arguments:
        embed_dim: E, the size of the query and of the output.
        num_heads: how many heads share it.
        dropout: the probability with which a weight is dropped in training.
        bias: whether the projections have one.
        add_bias_kv: whether a learned key and its value are added to every sample.
        add_zero_attn: whether a key of zeros is added.
        kdim, vdim: the sizes of key and value; E where they are None.
        batch_first: whether the inputs are (N, L, E), else (L, N, E).
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).

    The call takes `query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None,
    average_attn_weights=True, is_causal=False`, as `F.multi_head_attention_forward` tells. It returns the
    output and the weights, which are None without `need_weights`.

    A query from which a mask hides every key has a row of NaN with `need_weights`, and of zeros before the
    last projection without. PyTorch's quick way gives NaN in both cases, and so does this layer where
    PyTorch takes that way: in evaluation, no gradient recorded, batch first, one tensor as query, key and
    value, masks of booleans, a bias, an even number of heads.

    Raises:
        AssertionError: where num_heads does not divide embed_dim; in the call, for inputs that do not fit.

    Source: Vaswani et al., "Attention is all you need" (2017), section 3.2.2.

    >>> import minigrad as torch
    >>> x = torch.ones(5, 2, 8)
    >>> out, weights = torch.nn.MultiheadAttention(8, 2)(x, x, x)
    >>> out.shape, weights.shape
    (torch.Size([5, 2, 8]), torch.Size([2, 5, 5]))
    """

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_sizes("MultiheadAttention", embed_dim=embed_dim, num_heads=num_heads)
        if not embed_dim or not num_heads:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and "
                f"num_heads={num_heads} instead"
            )
        if embed_dim % num_heads:
            raise AssertionError(
                f"embed_dim must be divisible by num_heads, and they are {embed_dim} and {num_heads}"
            )
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        self.add_zero_attn = add_zero_attn
        new = partial(new_parameter, device=device, dtype=dtype)
        together = self.kdim == self.vdim == embed_dim
        self.register_parameter("in_proj_weight", new(3 * embed_dim, embed_dim) if together else None)
        self.register_parameter("q_proj_weight", None if together else new(embed_dim, embed_dim))
        self.register_parameter("k_proj_weight", None if together else new(embed_dim, self.kdim))
        self.register_parameter("v_proj_weight", None if together else new(embed_dim, self.vdim))
        self.register_parameter("in_proj_bias", new(3 * embed_dim) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype)
        self.register_parameter("bias_k", new(1, 1, embed_dim) if add_bias_kv else None)
        self.register_parameter("bias_v", new(1, 1, embed_dim) if add_bias_kv else None)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for added in (self.bias_k, self.bias_v):
            if added is not None:
                init.xavier_normal_(added)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The output and the weights; see the class.

        >>> import minigrad as torch
        >>> x = torch.ones(5, 8)
        >>> torch.nn.MultiheadAttention(8, 2)(x, x, x, need_weights=False)[1] is None
        True
        """
        turned = self.batch_first and getattr(query, "ndim", 0) == 3
        one = query is key is value
        masks = [mask for mask in (key_padding_mask, attn_mask) if mask is not None]
        hides = one and bool(masks) and all(mask.dtype.kind == "b" for mask in masks)
        quick = hides and not self.training and self._has_quick_way(query)
        if turned:
            query = query.transpose(0, 1)
            key, value = (query, query) if one else (key.transpose(0, 1), value.transpose(0, 1))
        out, weights = F.multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias,
            self.bias_k, self.bias_v, self.add_zero_attn, self.dropout, self.out_proj.weight,
            self.out_proj.bias, self.training, key_padding_mask, need_weights or quick, attn_mask,
            self.in_proj_weight is None, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight,
            average_attn_weights=average_attn_weights, is_causal=is_causal,
        )  # fmt: skip
        return (out.transpose(0, 1) if turned else out), weights if need_weights else None

    def _has_quick_way(self, x: Tensor, more: Iterable[Tensor | None] = ()) -> bool:
        """True where PyTorch has a quick way for x that attends to itself, with no gradient recorded."""
        if not self.batch_first or x.ndim != 3 or self.num_heads % 2:
            return False
        if self.in_proj_weight is None or self.in_proj_bias is None or x.dtype != self.in_proj_weight.dtype:
            return False
        if self.bias_k is not None or self.bias_v is not None or self.add_zero_attn:
            return False
        if not is_grad_enabled():
            return True
        leaves = (x, self.in_proj_weight, self.in_proj_bias, self.out_proj.weight, self.out_proj.bias, *more)
        return not any(leaf is not None and leaf.requires_grad for leaf in leaves)
