"""One layer of a transformer: attention and two linear layers, each with a residual and a norm."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn import functional as F
from minigrad.nn.activation import GELU, ReLU
from minigrad.nn.dropout import Dropout
from minigrad.nn.functional.attention import additive, causal_mask
from minigrad.nn.linear import Linear
from minigrad.nn.module import Module
from minigrad.nn.multihead import MultiheadAttention
from minigrad.nn.normalisation import LayerNorm

Activation = str | Callable[[Tensor], Tensor]


def _activation(given: Activation) -> Callable[[Tensor], Tensor]:
    if not isinstance(given, str):
        return given
    if given not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {given}")
    return F.relu if given == "relu" else F.gelu


def is_causal_mask(mask: Tensor | None, said: bool | None) -> bool:
    """True for a causal mask: as it is said, or, where None is said, as its values tell."""
    if said is not None or mask is None:
        return bool(said)
    values = mask.numpy(force=True)
    causal = causal_mask(values.shape, values.dtype) if values.dtype.kind == "f" else None
    return causal is not None and values.shape == causal.shape and bool((values == causal).all())


def _hidden(mask: Tensor | None) -> Tensor | None:
    """True where a mask, of booleans or floats, hides a place in PyTorch's quick way."""
    return mask if mask is None or mask.dtype.kind == "b" else mask != 0


def _as_float(mask: Tensor | None, like: Tensor) -> Tensor | None:
    return mask if mask is None or mask.dtype.kind != "b" else additive(mask, like.dtype)


class _TransformerLayer(Module):
    """The two linear layers, and the norms and dropouts around each block."""

    def __init__(self, attentions: tuple[str, ...], sizes: tuple[int, int, int], dropout: float,
                 activation: Any, layer_norm_eps: float, batch_first: bool, norm_first: bool, bias: bool,
                 device: Any, dtype: Any) -> None:  # fmt: skip
        super().__init__()
        d_model, nhead, hidden = sizes
        for name in attentions:
            attention = MultiheadAttention(
                d_model, nhead, dropout, bias, batch_first=batch_first, device=device, dtype=dtype
            )
            self.add_module(name, attention)
        self.linear1 = Linear(d_model, hidden, bias, device, dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(hidden, d_model, bias, device, dtype)
        self.norm_first = norm_first
        blocks = len(attentions) + 1
        for i in range(1, blocks + 1):
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype)
            self.add_module(f"norm{i}", norm)
        for i in range(1, blocks + 1):
            self.add_module(f"dropout{i}", Dropout(dropout))
        self.activation = _activation(activation)

    def _block(self, i: int, x: Tensor, block: Callable[[Tensor], Tensor]) -> Tensor:
        """x plus a block of it, the norm first or last."""
        norm, dropout = getattr(self, f"norm{i}"), getattr(self, f"dropout{i}")
        out: Tensor = x + dropout(block(norm(x))) if self.norm_first else norm(x + dropout(block(x)))
        return out

    def _feed_forward(self, x: Tensor, activation: Callable[[Tensor], Tensor] | None = None) -> Tensor:
        out: Tensor = self.linear2(self.dropout((activation or self.activation)(self.linear1(x))))
        return out


class TransformerEncoderLayer(_TransformerLayer):
    """Attention of a sequence to itself, then two linear layers; each with a shortcut and a norm.

    Arguments:
        d_model: the size of the input and of the output.
        nhead: how many heads there are.
        dim_feedforward: the size between the two linear layers.
        dropout: the probability of dropping, in training.
        activation: "relu", "gelu" or a function of a tensor.
        layer_norm_eps: of the norms.
        batch_first: whether the input is (N, S, d_model), else (S, N, d_model).
        norm_first: whether the norm comes before each block instead of after it.
        bias: whether linear layers and norms have one.
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).

    The call takes `src, src_mask=None, src_key_padding_mask=None, is_causal=False`.

    PyTorch has a quick way in evaluation, where no gradient is recorded: for batch first, relu or gelu, a
    bias, an even number of heads, and no forward hook. Its results, which are the results here, differ: a
    mask of floats hides each place that is not 0, whatever its value; a query from which every key is hidden
    has NaN; and `nn.GELU("tanh")` is computed as gelu itself.

    Source: Vaswani et al., "Attention is all you need" (2017), section 3.1.

    >>> import minigrad as torch
    >>> torch.nn.TransformerEncoderLayer(8, 2, 16)(torch.ones(5, 2, 8)).shape
    torch.Size([5, 2, 8])
    """

    self_attn: MultiheadAttention
    norm1: LayerNorm
    norm2: LayerNorm

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            ("self_attn",), (d_model, nhead, dim_feedforward), dropout, activation, layer_norm_eps,
            batch_first, norm_first, bias, device, dtype,
        )  # fmt: skip

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """The layer's output; see the class.

        >>> import minigrad as torch
        >>> torch.nn.TransformerEncoderLayer(8, 2, 16)(torch.ones(5, 8)).shape
        torch.Size([5, 8])
        """
        feed, needed = self._feed_forward, False
        if self._is_quick(src):
            needed = src_mask is not None or src_key_padding_mask is not None  # the softmax that gives NaN
            src_mask, src_key_padding_mask = _hidden(src_mask), _hidden(src_key_padding_mask)
            if isinstance(self.activation, GELU):
                feed = partial(feed, activation=F.gelu)
        else:  # the attention has no quick way for floats
            src_mask, src_key_padding_mask = (_as_float(m, src) for m in (src_mask, src_key_padding_mask))

        def attend(x: Tensor) -> Tensor:
            masks = {"key_padding_mask": src_key_padding_mask, "attn_mask": src_mask}
            return self.self_attn(x, x, x, need_weights=needed, is_causal=is_causal, **masks)[0]

        return self._block(2, self._block(1, src, attend), feed)

    def _is_quick(self, src: Tensor) -> bool:
        """True where PyTorch takes its quick way through this layer."""
        return (
            not self.training
            and self._has_quick_form()
            and self.self_attn._has_quick_way(src, self._own_parameters())
            and not any(m._forward_hooks or m._forward_pre_hooks for m in self.modules())
        )

    def _has_quick_form(self) -> bool:
        activation = self.activation
        known = activation in (F.relu, F.gelu) or isinstance(activation, (ReLU, GELU))
        return known and self.norm1.eps == self.norm2.eps

    def _own_parameters(self) -> list[Tensor | None]:
        modules: tuple[Any, ...] = (self.norm1, self.norm2, self.linear1, self.linear2)
        return [parameter for module in modules for parameter in (module.weight, module.bias)]


class TransformerDecoderLayer(_TransformerLayer):
    """Attention of a sequence to itself and then to a memory, then two linear layers at each place.

    Arguments:
        d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias,
            device, dtype: as `TransformerEncoderLayer`.

    The call takes `tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None,
    memory_key_padding_mask=None, tgt_is_causal=False, memory_is_causal=False`.

    Source: Vaswani et al., "Attention is all you need" (2017), section 3.1.

    >>> import minigrad as torch
    >>> layer = torch.nn.TransformerDecoderLayer(8, 2, 16)
    >>> layer(torch.ones(5, 2, 8), torch.ones(3, 2, 8)).shape
    torch.Size([5, 2, 8])
    """

    self_attn: MultiheadAttention
    multihead_attn: MultiheadAttention

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            ("self_attn", "multihead_attn"), (d_model, nhead, dim_feedforward), dropout, activation,
            layer_norm_eps, batch_first, norm_first, bias, device, dtype,
        )  # fmt: skip

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The layer's output; see the class.

        >>> import minigrad as torch
        >>> layer = torch.nn.TransformerDecoderLayer(8, 2, 16)
        >>> layer(torch.ones(5, 8), torch.ones(3, 8)).shape
        torch.Size([5, 8])
        """

        def attend(x: Tensor) -> Tensor:
            return self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal)[0]

        def remember(x: Tensor) -> Tensor:
            return self.multihead_attn(
                x, memory, memory, memory_key_padding_mask, False, memory_mask, is_causal=memory_is_causal
            )[0]

        x = self._block(2, self._block(1, tgt, attend), remember)
        return self._block(3, x, self._feed_forward)
