"""Activations that bend or jump at some points, as modules."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn import init as first_values
from minigrad.nn.activation import Hardtanh, _Activation
from minigrad.nn.functional import piecewise as F
from minigrad.nn.parameter import Parameter, check_sizes, new_parameter


class ReLU6(Hardtanh):
    """min(max(x, 0), 6); the gradient at 0 and at 6 is 0.

    Arguments:
        inplace: whether the input itself is written.

    >>> import minigrad as torch
    >>> torch.nn.ReLU6()(torch.tensor([-1.0, 2.0, 7.0]))
    tensor([0., 2., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Hardsigmoid(_Activation):
    """min(max(x + 3, 0), 6) / 6, a sigmoid of three straight lines.

    Arguments:
        inplace: whether the input itself is written.

    Source: Howard et al., "Searching for MobileNetV3" (2019), section 5.2.

    >>> import minigrad as torch
    >>> torch.nn.Hardsigmoid()(torch.tensor([-4.0, 0.0, 4.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)

    def extra_repr(self) -> str:
        return ""


class Hardswish(Hardsigmoid):
    """x hardsigmoid(x).

    Arguments:
        inplace: whether the input itself is written.

    Source: Howard et al., "Searching for MobileNetV3" (2019), section 5.2.

    >>> import minigrad as torch
    >>> torch.nn.Hardswish()(torch.tensor([-4.0, 3.0]))
    tensor([-0., 3.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)


class Hardshrink(_Activation):
    """x where |x| > lambd, 0 elsewhere.

    Arguments:
        lambd: half the width of the gap.

    >>> import minigrad as torch
    >>> torch.nn.Hardshrink()(torch.tensor([-1.0, 0.2, 2.0]))
    tensor([-1.,  0.,  2.])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Softshrink(Hardshrink):
    """x moved towards 0 by lambd, and 0 where |x| <= lambd.

    Arguments:
        lambd: half the width of the gap, not negative.

    Raises:
        RuntimeError: in the call, for a negative lambd.

    >>> import minigrad as torch
    >>> torch.nn.Softshrink()(torch.tensor([-1.0, 0.2, 2.0]))
    tensor([-0.5000,  0.0000,  1.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)


class Threshold(_Activation):
    """x where x > threshold, `value` elsewhere.

    Arguments:
        threshold: the bound.
        value: of the elements that do not exceed it.
        inplace: whether the input itself is written.

    >>> import minigrad as torch
    >>> torch.nn.Threshold(1.0, -1.0)(torch.tensor([0.5, 2.0]))
    tensor([-1.,  2.])
    """

    _options = ("threshold", "value")

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)


class CELU(_Activation):
    """x where positive, alpha·(exp(x / alpha) - 1) elsewhere: smooth at 0 for every alpha.

    Arguments:
        alpha: minus the limit at -inf; not 0.
        inplace: whether the input itself is written.

    Source: Barron, "Continuously differentiable exponential linear units" (2017).

    >>> import minigrad as torch
    >>> torch.nn.CELU()(torch.tensor([0.0, 2.0]))
    tensor([0., 2.])
    """

    _options = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)


class PReLU(_Activation):
    """x where positive, weight·x elsewhere; `weight` is learned, one for all channels or one for each.

    Arguments:
        num_parameters: 1, or how many channels there are (axis 1).
        init: the first value of all of them.
        device, dtype: of the weight: the CPU, and a floating dtype (the default one where it is None).

    Source: He et al., "Delving deep into rectifiers" (2015).

    >>> import minigrad as torch
    >>> torch.nn.PReLU()(torch.tensor([-2.0, 2.0])).detach()
    tensor([-0.5000,  2.0000])
    """

    _options = ("num_parameters",)
    weight: Parameter

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        check_sizes("PReLU", num_parameters=num_parameters)
        self.num_parameters = num_parameters
        self.init = init
        self.weight = new_parameter(num_parameters, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the first values again.

        >>> import minigrad as torch
        >>> torch.nn.PReLU().reset_parameters()
        """
        first_values.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)


class RReLU(_Activation):
    """x where positive, a·x elsewhere: in training each a is drawn from [lower, upper], else their middle.

    Arguments:
        lower, upper: the bounds of the slope.
        inplace: whether the input itself is written.

    Raises:
        RuntimeError: in the call, where lower > upper.

    Source: Xu et al., "Empirical evaluation of rectified activations in convolutional network" (2015).

    >>> import minigrad as torch
    >>> torch.nn.RReLU(0.25, 0.75).eval()(torch.tensor([-1.0, 2.0]))
    tensor([-0.5000,  2.0000])
    """

    _options = ("lower", "upper")

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)
