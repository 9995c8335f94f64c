"""The layer that looks up bags of embeddings."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn.embedding import Embedding
from minigrad.nn.functional import bags
from minigrad.nn.module import Module
from minigrad.nn.parameter import Parameter


class EmbeddingBag(Module):
    """Bags of integer indices to the sum, mean or maximum of their rows of `weight`.

    The call takes `input, offsets=None, per_sample_weights=None`, as `F.embedding_bag` tells.

    Arguments:
        num_embeddings, embedding_dim: how many rows the table has, and their length.
        max_norm, norm_type: as for `Embedding`.
        mode: "sum", "mean" or "max".
        scale_grad_by_freq, sparse: must be False.
        include_last_offset: the last offset is the end of the last bag.
        padding_idx: a row that counts for nothing.
        device, dtype: of the table: the CPU, and a floating dtype (the default one where it is None).

    >>> import minigrad as torch
    >>> torch.nn.EmbeddingBag(10, 3)(torch.tensor([[1, 2], [4, 9]])).shape
    torch.Size([2, 3])
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        table = Embedding(
            num_embeddings,
            embedding_dim,
            padding_idx,
            sparse=sparse,
            _weight=_weight,
            device=device,
            dtype=dtype,
        )
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset
        self.padding_idx = table.padding_idx
        self.weight = table.weight

    def forward(
        self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None
    ) -> Tensor:
        """The row of each bag; see the class.

        >>> import minigrad as torch
        >>> torch.nn.EmbeddingBag(10, 3)(torch.tensor([1, 2, 4]), torch.tensor([0, 2])).shape
        torch.Size([2, 3])
        """
        return bags.embedding_bag(
            input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode,
            self.sparse, per_sample_weights, self.include_last_offset, self.padding_idx,
        )  # fmt: skip

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        text += f", max_norm={self.max_norm}" if self.max_norm is not None else ""
        text += f", norm_type={self.norm_type}" if self.norm_type != 2 else ""
        text += f", scale_grad_by_freq={self.scale_grad_by_freq}" if self.scale_grad_by_freq else ""
        text += f", mode={self.mode!r}"
        return text + (f", padding_idx={self.padding_idx}" if self.padding_idx is not None else "")
