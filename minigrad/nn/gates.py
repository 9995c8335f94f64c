"""Smooth activations that are a few ops each, and the gated linear unit, as modules."""

from __future__ import annotations

from minigrad._tensor.tensor import Tensor
from minigrad.nn.activation import Softmax, _Activation
from minigrad.nn.functional import gates as F


class Mish(_Activation):
    """x·tanh(log(1 + exp(x))).

    Arguments:
        inplace: whether the input itself is written.

    Source: Misra, "Mish: a self regularized non-monotonic activation function" (2020), equation 1.

    >>> import minigrad as torch
    >>> torch.nn.Mish()(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8651])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)


class Softsign(_Activation):
    """x / (1 + |x|), into (-1, 1).

    >>> import minigrad as torch
    >>> torch.nn.Softsign()(torch.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


class Tanhshrink(_Activation):
    """x - tanh(x).

    >>> import minigrad as torch
    >>> torch.nn.Tanhshrink()(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.2384])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class Softmin(Softmax):
    """softmax(-x) along dim: the smallest gets the largest share.

    >>> import minigrad as torch
    >>> torch.nn.Softmin(dim=1)(torch.zeros(1, 4))
    tensor([[0.2500, 0.2500, 0.2500, 0.2500]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim)


class GLU(_Activation):
    """a·sigmoid(b), a and b being the two halves of the input along dim.

    Arguments:
        dim: an axis of even size.

    Raises:
        RuntimeError: in the call, for an odd size.

    Source: Dauphin et al., "Language modeling with gated convolutional networks" (2017).

    >>> import minigrad as torch
    >>> torch.nn.GLU()(torch.tensor([2.0, 0.0]))
    tensor([1.])
    """

    _options = ("dim",)

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)
