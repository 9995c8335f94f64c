"""Dropout: in training, elements are dropped at random."""

from __future__ import annotations

from minigrad._tensor.tensor import Tensor
from minigrad.nn import functional as F
from minigrad.nn.module import Layer


class Dropout(Layer):
    """In training zeroes elements with probability p and scales the others by 1/(1-p).

    In evaluation it returns its input.

    Arguments:
        p: the probability, within [0, 1].
        inplace: whether the input itself is written.

    Raises:
        ValueError: when p is outside [0, 1].

    Source: Srivastava et al., "Dropout" (2014), section 4.

    >>> import minigrad as torch
    >>> torch.nn.Dropout(0.5).eval()(torch.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"the probability of dropping must be between 0 and 1, not {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"
