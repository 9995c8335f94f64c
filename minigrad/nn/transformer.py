"""The transformer: a stack of encoder layers, a stack of decoder layers, and both together."""

from __future__ import annotations

import copy
from typing import Any

from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.creation import arange, empty
from minigrad.nn import functional as F, init
from minigrad.nn.containers import ModuleList
from minigrad.nn.functional.attention import causal_mask
from minigrad.nn.module import Module
from minigrad.nn.normalisation import LayerNorm
from minigrad.nn.transformer_layers import (
    Activation,
    TransformerDecoderLayer,
    TransformerEncoderLayer,
    is_causal_mask,
)
from minigrad.ops.kernels import broken


class TransformerEncoder(Module):
    """A stack of encoder layers, copies of one.

    The last layer gives 0 at padded places where PyTorch's quick way does. That way needs evaluation mode, no
    recording, batch first, a padding mask with the padding at the ends, and no other mask. Its layers have
    the norm last, relu or gelu, a bias and an even number of heads.

    Arguments:
        encoder_layer: the layer; the stack holds copies of it.
        num_layers: how many.
        norm: a last module, or None.
        enable_nested_tensor: False keeps the numbers at padded places.
        mask_check: False takes the padding for as many places at the end of each row, wherever it stands.

    The call takes `src, mask=None, src_key_padding_mask=None, is_causal=None`.

    >>> import minigrad as torch
    >>> layer = torch.nn.TransformerEncoderLayer(8, 2, 16)
    >>> torch.nn.TransformerEncoder(layer, 3)(torch.ones(5, 2, 8)).shape
    torch.Size([5, 2, 8])
    """

    def __init__(
        self,
        encoder_layer: TransformerEncoderLayer,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(encoder_layer) for _ in range(num_layers)])
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        given: Any = encoder_layer  # it may be any module
        self.use_nested_tensor = (
            enable_nested_tensor
            and isinstance(given, TransformerEncoderLayer)
            and not encoder_layer.norm_first
            and encoder_layer._has_quick_form()
        )
        self.mask_check = mask_check

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """The output of the last layer; see the class.

        >>> import minigrad as torch
        >>> layer = torch.nn.TransformerEncoderLayer(8, 2, 16)
        >>> torch.nn.TransformerEncoder(layer, 1, torch.nn.LayerNorm(8))(torch.ones(5, 8)).shape
        torch.Size([5, 8])
        """
        causal = is_causal_mask(mask, is_causal)
        ends = self._padded_ends(src, src_key_padding_mask) if mask is None else None
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask if ends is None else ends, causal)
        if ends is not None:
            src = src.masked_fill(ends.unsqueeze(2), 0.0)
        return src if self.norm is None else self.norm(src)

    def _padded_ends(self, src: Tensor, padding: Tensor | None) -> Tensor | None:
        """True at the padded ends of the rows, where the quick way leaves 0; None for the ordinary way."""
        if padding is None or not self.use_nested_tensor or not self.layers:
            return None
        first: Any = self.layers[0]
        if first.training or not first.self_attn._has_quick_way(src, first._own_parameters()):
            return None
        hidden = padding.detach() != 0
        n = hidden.shape[-1]
        ends: Tensor = arange(n) >= n - hidden.sum(-1, keepdim=True)
        return ends if not self.mask_check or broken((ends == hidden)._array) is None else None


class TransformerDecoder(Module):
    """A stack of decoder layers, copies of one.

    Arguments:
        decoder_layer: the layer; the stack holds copies of it.
        num_layers: how many.
        norm: a last module, or None.

    The call takes the arguments of the layer; `tgt_is_causal` may be None, so that the mask is looked at.

    >>> import minigrad as torch
    >>> stack = torch.nn.TransformerDecoder(torch.nn.TransformerDecoderLayer(8, 2, 16), 2)
    >>> stack(torch.ones(5, 2, 8), torch.ones(3, 2, 8)).shape
    torch.Size([5, 2, 8])
    """

    def __init__(
        self, decoder_layer: TransformerDecoderLayer, num_layers: int, norm: Module | None = None
    ) -> None:
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(decoder_layer) for _ in range(num_layers)])
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The output of the last layer; see the class.

        >>> import minigrad as torch
        >>> stack = torch.nn.TransformerDecoder(torch.nn.TransformerDecoderLayer(8, 2, 16), 1)
        >>> stack(torch.ones(5, 8), torch.ones(3, 8)).shape
        torch.Size([5, 8])
        """
        causal = is_causal_mask(tgt_mask, tgt_is_causal)
        for layer in self.layers:
            tgt = layer(
                tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask, causal,
                memory_is_causal,
            )  # fmt: skip
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder of one sequence, and a decoder of another that looks at the first.

    Arguments:
        d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias,
            device, dtype: as `TransformerEncoderLayer`.
        num_encoder_layers, num_decoder_layers: how many layers there are.
        custom_encoder, custom_decoder: modules in place of these stacks, or None.

    The call takes `src, tgt, src_mask=None, tgt_mask=None, memory_mask=None, src_key_padding_mask=None,
    tgt_key_padding_mask=None, memory_key_padding_mask=None, src_is_causal=None, tgt_is_causal=None,
    memory_is_causal=False`.

    Raises:
        RuntimeError: in the call, where batch or features of the sequences differ.

    Source: Vaswani et al., "Attention is all you need" (2017).

    >>> import minigrad as torch
    >>> net = torch.nn.Transformer(8, 2, 1, 1, 16)
    >>> net(torch.ones(5, 3, 8), torch.ones(4, 3, 8)).shape
    torch.Size([4, 3, 8])
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Any = None,
        custom_decoder: Any = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        options = (dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)
        new: dict[str, Any] = {"device": device, "dtype": dtype}

        def norm() -> LayerNorm:
            return LayerNorm(d_model, layer_norm_eps, bias=bias, **new)

        self.encoder = custom_encoder
        if custom_encoder is None:
            encoder_layer = TransformerEncoderLayer(d_model, nhead, *options, **new)
            self.encoder = TransformerEncoder(encoder_layer, num_encoder_layers, norm())
        self.decoder = custom_decoder
        if custom_decoder is None:
            decoder_layer = TransformerDecoderLayer(d_model, nhead, *options, **new)
            self.decoder = TransformerDecoder(decoder_layer, num_decoder_layers, norm())
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The decoder's output; see the class.

        >>> import minigrad as torch
        >>> torch.nn.Transformer(8, 2, 1, 1, 16)(torch.ones(5, 8), torch.ones(4, 8)).shape
        torch.Size([4, 8])
        """
        batch = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[batch] != tgt.shape[batch]:
            raise RuntimeError(
                "the batch number of src and tgt must be equal, not "
                f"{src.shape[batch]} and {tgt.shape[batch]}"
            )
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError(
                "the feature number of src and tgt must be equal to d_model: src has "
                f"{src.shape[-1]}, tgt {tgt.shape[-1]}, d_model is {self.d_model}"
            )
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        out: Tensor = self.decoder(
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask,
            tgt_is_causal, memory_is_causal,
        )  # fmt: skip
        return out

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """A matrix of `sz` rows, -inf above the diagonal and 0 elsewhere, for `attn_mask`.

        Arguments:
            sz: how many rows and columns.
            device: the CPU or None.
            dtype: a floating dtype, the default one where it is None.

        >>> import minigrad as torch
        >>> torch.nn.Transformer.generate_square_subsequent_mask(2)
        tensor([[0., -inf],
                [0., 0.]])
        """
        like = empty(0, device=device, dtype=dtype)
        return wrap(causal_mask((sz, sz), like.dtype), None)
