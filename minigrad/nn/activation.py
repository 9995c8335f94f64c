"""Activations as modules: the nonlinearities between layers, element by element, and the softmaxes."""

from __future__ import annotations

from minigrad._tensor.tensor import Tensor
from minigrad.nn import functional as F
from minigrad.nn.functional.checks import check_tensor
from minigrad.nn.module import Layer


class _Activation(Layer):
    """An activation prints its options, in the order in which it takes them."""

    _options: tuple[str, ...] = ()
    inplace = False

    def extra_repr(self) -> str:
        shown = [f"{name}={getattr(self, name)!r}" for name in self._options]
        if self.inplace:
            shown.append("inplace=True")
        return ", ".join(shown)


class ReLU(_Activation):
    """max(x, 0); its derivative at 0 is 0.

    Arguments:
        inplace: whether the input itself is written.

    >>> import minigrad as torch
    >>> torch.nn.ReLU()(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, inplace=self.inplace)


class LeakyReLU(_Activation):
    """x where positive, negative_slope·x elsewhere.

    Arguments:
        negative_slope: the slope below 0.
        inplace: whether the input itself is written.

    >>> import minigrad as torch
    >>> torch.nn.LeakyReLU(0.5)(torch.tensor([-1.0, 2.0]))
    tensor([-0.5000,  2.0000])
    """

    _options = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, inplace=self.inplace)


class ELU(_Activation):
    """x where positive, alpha·(exp(x) - 1) elsewhere.

    Arguments:
        alpha: minus the limit at -inf.
        inplace: whether the input itself is written.

    Source: Clevert et al., "Fast and accurate deep network learning by exponential linear units" (2016),
    equation 15.

    >>> import minigrad as torch
    >>> torch.nn.ELU()(torch.tensor([0.0, 2.0]))
    tensor([0., 2.])
    """

    _options = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, inplace=self.inplace)


class SELU(_Activation):
    """The ELU scaled so that activations keep mean 0 and variance 1.

    Arguments:
        inplace: whether the input itself is written.

    Source: Klambauer et al., "Self-normalizing neural networks" (2017), eq. 2.

    >>> import minigrad as torch
    >>> torch.nn.SELU()(torch.tensor([1.0]))
    tensor([1.0507])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, inplace=self.inplace)


class GELU(_Activation):
    """x·Φ(x), Φ the normal distribution function; `approximate="tanh"` takes the paper's approximation of it.

    Source: Hendrycks and Gimpel, "Gaussian error linear units" (2016), section 2.

    >>> import minigrad as torch
    >>> torch.nn.GELU()(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8413])
    """

    _options = ("approximate",)

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, approximate=self.approximate)


class SiLU(_Activation):
    """x·sigmoid(x), also called swish.

    Arguments:
        inplace: whether the input itself is written.

    >>> import minigrad as torch
    >>> torch.nn.SiLU()(torch.tensor([0.0]))
    tensor([0.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, inplace=self.inplace)


class Softplus(_Activation):
    """log(1 + exp(beta·x)) / beta, a smooth relu; x itself where beta·x exceeds the threshold.

    >>> import minigrad as torch
    >>> torch.nn.Softplus()(torch.tensor([0.0, 30.0]))
    tensor([ 0.6931, 30.0000])
    """

    _options = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)


class Hardtanh(_Activation):
    """x cut to [min_val, max_val].

    Arguments:
        min_val, max_val: the bounds.
        inplace: whether the input itself is written.

    Raises:
        ValueError: when max_val is not above min_val.

    >>> import minigrad as torch
    >>> torch.nn.Hardtanh()(torch.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """

    _options = ("min_val", "max_val")

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        if max_val <= min_val:
            raise ValueError(f"Hardtanh needs min_val < max_val, not {min_val} and {max_val}")
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, inplace=self.inplace)


class LogSigmoid(_Activation):
    """log(sigmoid(x)), finite for every finite x.

    >>> import minigrad as torch
    >>> torch.nn.LogSigmoid()(torch.tensor([0.0, -1000.0]))
    tensor([-6.9315e-01, -1.0000e+03])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Sigmoid(_Activation):
    """1 / (1 + exp(-x)), into (0, 1).

    >>> import minigrad as torch
    >>> torch.nn.Sigmoid()(torch.tensor([0.0]))
    tensor([0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        try:
            return input.sigmoid()
        except AttributeError:
            check_tensor("Sigmoid", "input", input)
            raise


class Tanh(_Activation):
    """The hyperbolic tangent, into (-1, 1).

    >>> import minigrad as torch
    >>> torch.nn.Tanh()(torch.tensor([0.0]))
    tensor([0.])
    """

    def forward(self, input: Tensor) -> Tensor:
        try:
            return input.tanh()
        except AttributeError:
            check_tensor("Tanh", "input", input)
            raise


class Softmax(_Activation):
    """exp(x) / sum of exp(x) along dim: positive, and summing to one.

    >>> import minigrad as torch
    >>> torch.nn.Softmax(dim=1)(torch.zeros(1, 4))
    tensor([[0.2500, 0.2500, 0.2500, 0.2500]])
    """

    _options = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim)


class Softmax2d(_Activation):
    """`Softmax` over the channels at each pixel of (N, C, H, W) or (C, H, W).

    Raises:
        ValueError: for an input of another rank.

    >>> import minigrad as torch
    >>> torch.nn.Softmax2d()(torch.zeros(4, 1, 2))[0]
    tensor([[0.2500, 0.2500]])
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D instead")
        return F.softmax(input, -3)


class LogSoftmax(_Activation):
    """The logarithm of softmax along dim, computed without underflow.

    >>> import minigrad as torch
    >>> torch.nn.LogSoftmax(dim=1)(torch.zeros(1, 4))
    tensor([[-1.3863, -1.3863, -1.3863, -1.3863]])
    """

    _options = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim)
