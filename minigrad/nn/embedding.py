"""Embedding: a table of vectors, looked up by index."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.autograd import no_grad
from minigrad.nn import functional as F, init
from minigrad.nn.module import Layer
from minigrad.nn.parameter import Parameter, check_sizes, new_parameter


class Embedding(Layer):
    """Integer indices of any shape (...) to (..., embedding_dim): row i of `weight` for index i.

    The row `padding_idx` starts at zero and receives no gradient. `weight` starts standard normal. With
    `max_norm` a row whose norm (of order `norm_type`) is greater is scaled to it, in place, whenever it is
    looked up. `scale_grad_by_freq` divides the gradient of each row by how often the input names it.

    Arguments:
        num_embeddings, embedding_dim: how many rows the table has, and their length.
        padding_idx, max_norm, norm_type, scale_grad_by_freq: as above.
        sparse: must be False.
        device, dtype: of the table: the CPU, and a floating dtype (the default one where it is None).

    Raises:
        ValueError: when padding_idx is not a row.
        NotImplementedError: for sparse gradients, which minigrad does not have.

    >>> import minigrad as torch
    >>> torch.nn.Embedding(10, 3)(torch.tensor([[1, 2], [4, 9]])).shape
    torch.Size([2, 2, 3])
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_sizes("Embedding", num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        if sparse:
            raise NotImplementedError("minigrad's Embedding has no sparse gradient")
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(f"padding_idx={padding_idx} is not one of the {num_embeddings} rows")
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        if _weight is None:
            self.weight = new_parameter(num_embeddings, embedding_dim, device=device, dtype=dtype)
            self.weight.requires_grad_(not _freeze)
            self.reset_parameters()
        elif tuple(_weight.shape) != (num_embeddings, embedding_dim):
            raise ValueError(
                f"the table must be ({num_embeddings}, {embedding_dim}), not {tuple(_weight.shape)}"
            )
        else:
            self.weight = Parameter(_weight, requires_grad=not _freeze)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """An embedding with the given matrix as its table, in the same memory; frozen by default.

        Arguments:
            embeddings: the table, of shape (num_embeddings, embedding_dim).
            freeze: whether the table is kept from training.
            padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse: as for the class.

        Raises:
            ValueError: for a table that is not two-dimensional.

        >>> import minigrad as torch
        >>> torch.nn.Embedding.from_pretrained(torch.eye(2))(torch.tensor([1]))
        tensor([[0., 1.]])
        """
        if embeddings.ndim != 2:
            raise ValueError(f"a table of vectors is two-dimensional, not {tuple(embeddings.shape)}")
        rows, columns = embeddings.shape
        options = (padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
        return cls(rows, columns, *options, _weight=embeddings, _freeze=freeze)

    def reset_parameters(self) -> None:
        """Draw a new table.

        >>> import minigrad as torch
        >>> torch.nn.Embedding(3, 2).reset_parameters()
        """
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0.0

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq
        )

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        for name, default in (
            ("padding_idx", None), ("max_norm", None), ("norm_type", 2), ("scale_grad_by_freq", False)
        ):  # fmt: skip
            if (value := getattr(self, name)) != default:
                text += f", {name}={value}"
        return text
