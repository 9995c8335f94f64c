"""Filling tensors with first values: the schemes that keep a deep network's signal from growing or fading.

Every function writes its tensor in place, without recording, and returns it. `generator` takes a

Every function fills its argument `tensor`, of any floating dtype, in place, unrecorded, and returns it.
`generator` is the Generator to draw from; None takes the default one.

`minigrad.Generator`; without it the default one draws.
"""

from __future__ import annotations

import functools
import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.tensor import Tensor
from minigrad.autograd import no_grad
from minigrad.creation import empty, from_numpy
from minigrad.nn.functional.checks import check_tensor
from minigrad.pytorch_names import answers_for

# The names before those with "_", which still work, with PyTorch's warning.
_OLD = (
    *("uniform", "normal", "constant", "eye", "dirac", "xavier_uniform", "xavier_normal", "kaiming_uniform"),
    *("kaiming_normal", "orthogonal", "sparse"),
)

_GAINS = {
    **dict.fromkeys(("linear", "conv1d", "conv2d", "conv3d", "sigmoid"), 1.0),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), 1.0),
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "leaky_relu": math.nan,  # depends on the slope
    "selu": 3 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which an activation wants the standard deviation of its weights enlarged.

    `param` is leaky_relu's negative slope, 0.01 when not given.

    Arguments:
        nonlinearity: the name of a function of `minigrad.nn.functional`, or "linear".
        param: as above.

    Raises:
        ValueError: for an activation without a known gain; the message lists those that have one.

    >>> import minigrad as torch
    >>> torch.nn.init.calculate_gain("tanh")
    1.6666666666666667
    >>> torch.nn.init.calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity not in _GAINS:
        raise ValueError(f"no gain is known for {nonlinearity!r}; known are {', '.join(_GAINS)}")
    if nonlinearity != "leaky_relu":
        return _GAINS[nonlinearity]
    slope = 0.01 if param is None else param
    if isinstance(slope, bool) or not isinstance(slope, int | float):
        raise ValueError(f"leaky_relu's negative slope must be a number, not {slope!r}")
    return math.sqrt(2 / (1 + slope**2))


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """How many inputs an output of a weight (out, in, ...) sums over; how many outputs an input reaches."""
    if tensor.ndim < 2:
        raise ValueError(
            f"fan in and fan out need a weight of two or more dimensions, not {tuple(tensor.shape)}"
        )
    receptive = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive, tensor.shape[0] * receptive


def _fan(tensor: Tensor, mode: str) -> int:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode must be 'fan_in' or 'fan_out', not {mode!r}")
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return fan_in if mode == "fan_in" else fan_out


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Fill with values drawn uniformly from [a, b).

    Raises:
        ValueError: where a > b.

    >>> import minigrad as torch
    >>> bool((torch.nn.init.uniform_(torch.empty(9), 2.0, 3.0) >= 2).all())
    True
    """
    check_tensor("uniform_", "tensor", tensor)
    if a > b:
        raise ValueError(f"uniform_: needs a <= b, not a={a} and b={b}")
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Fill with values drawn from the normal distribution.

    Arguments:
        mean, std: the mean and the standard deviation.

    Raises:
        ValueError: for a negative std.

    >>> import minigrad as torch
    >>> torch.nn.init.normal_(torch.empty(3), mean=1.0, std=0.0)
    tensor([1., 1., 1.])
    """
    check_tensor("normal_", "tensor", tensor)
    if std < 0:
        raise ValueError(f"normal_: std must not be negative, and it is {std}")
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value, the number `val`.

    >>> import minigrad as torch
    >>> torch.nn.init.constant_(torch.empty(2), 0.5)
    tensor([0.5000, 0.5000])
    """
    check_tensor("constant_", "tensor", tensor)
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones.

    >>> import minigrad as torch
    >>> torch.nn.init.ones_(torch.empty(2))
    tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros.

    >>> import minigrad as torch
    >>> torch.nn.init.zeros_(torch.empty(2))
    tensor([0., 0.])
    """
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with ones on its diagonal, so that a linear layer passes its input on.

    Raises:
        ValueError: when the tensor is not two-dimensional.

    >>> import minigrad as torch
    >>> torch.nn.init.eye_(torch.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    if tensor.ndim != 2:
        raise ValueError(f"eye_ fills a matrix, not a tensor of shape {tuple(tensor.shape)}")
    rows, columns = tensor.shape
    return _write(tensor, np.eye(rows, columns))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform in ±gain·sqrt(6 / (fan_in + fan_out)).

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks"
    (2010), equation 16.

    >>> import minigrad as torch
    >>> bool((torch.nn.init.xavier_uniform_(torch.empty(3, 3)).abs() <= 1).all())
    True
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    bound = gain * math.sqrt(6 / max(1, fan_in + fan_out))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Normal with standard deviation gain·sqrt(2 / (fan_in + fan_out)).

    Source: Glorot and Bengio (2010), equation 12.

    >>> import minigrad as torch
    >>> torch.nn.init.xavier_normal_(torch.empty(3, 5)).shape
    torch.Size([3, 5])
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2 / max(1, fan_in + fan_out)), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    """Uniform in ±gain·sqrt(3 / fan); `a` is the negative slope of the leaky_relu that follows.

    `mode` takes for the fan the "fan_in" or the "fan_out" of the weight; the gain is that of `nonlinearity`
    (see `calculate_gain`).

    Source: He et al., "Delving deep into rectifiers" (2015), equations 10 and 14.

    >>> import minigrad as torch
    >>> bool((torch.nn.init.kaiming_uniform_(torch.empty(5, 6), nonlinearity="relu").abs() <= 1).all())
    True
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -math.sqrt(3) * std, math.sqrt(3) * std, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    """Normal with standard deviation gain / sqrt(fan); `a` is as in kaiming_uniform_.

    `mode` takes for the fan the "fan_in" or the "fan_out" of the weight; the gain is that of `nonlinearity`
    (see `calculate_gain`).

    Source: He et al. (2015), equations 10 and 14.

    >>> import minigrad as torch
    >>> torch.nn.init.kaiming_normal_(torch.empty(5, 6), mode="fan_out", nonlinearity="relu").shape
    torch.Size([5, 6])
    """
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if tensor.numel() == 0:
        warnings.warn("a tensor without elements has nothing to initialise", UserWarning, stacklevel=3)
        return 0.0
    return calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode))


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Any = None,
) -> Tensor:
    """Fill from the normal distribution, keeping only values inside [a, b] (absolute bounds).

    Arguments:
        mean, std: of the distribution before it is cut.
        a, b: the bounds.

    Raises:
        ValueError: when the bounds are the wrong way round.

    >>> import minigrad as torch
    >>> bool((torch.nn.init.trunc_normal_(torch.empty(100), a=0.0, b=0.5) >= 0).all())
    True
    """
    if a > b:
        raise ValueError(f"trunc_normal_ needs a <= b, not a={a} and b={b}")
    if std <= 0:
        raise ValueError(f"trunc_normal_: std must be positive, and it is {std}")
    if not mean - 2 * std <= b or not a <= mean + 2 * std:
        warnings.warn(
            f"the mean {mean} is more than two standard deviations outside [{a}, {b}]",
            UserWarning,
            stacklevel=2,
        )
    values = np.empty(tensor.numel())
    todo = np.arange(values.size)
    low, high = (a - mean) / std, (b - mean) / std
    while todo.size:
        # Draw until every value is inside: each round keeps the share that the distribution accepts.
        drawn, accepted = _propose(todo.size, low, high, generator)
        values[todo[accepted]] = drawn[accepted]
        todo = todo[~accepted]
    return _write(tensor, np.clip(mean + std * values, a, b).reshape(tensor.shape))


def _propose(size: int, low: float, high: float, generator: Any) -> tuple[Any, Any]:
    """Candidates for a standard normal cut to [low, high], and which of them to accept."""
    inside = 0.5 * (math.erf(high / math.sqrt(2)) - math.erf(low / math.sqrt(2)))
    if inside > 0.1:
        drawn = empty(size, dtype=np.float64).normal_(0.0, 1.0, generator=generator).numpy()
        return drawn, (drawn >= low) & (drawn <= high)
    # A tail or a narrow slit: draw uniformly, accept by the density relative to its highest point. Beyond 37
    # times its decay length a tail holds less than rounding.
    peak = min(max(0.0, low), high)
    reach = 37 / max(abs(peak), 1.0)
    low, high = max(low, peak - reach), min(high, peak + reach)
    drawn = empty(size, dtype=np.float64).uniform_(low, high, generator=generator).numpy()
    height = empty(size, dtype=np.float64).uniform_(0.0, 1.0, generator=generator).numpy()
    return drawn, height <= np.exp(0.5 * (peak * peak - drawn * drawn))


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """Fill with gain times a random matrix. Its rows or its columns, the fewer of them, are orthonormal.

    Dimensions after the first are taken as one.

    Raises:
        ValueError: for fewer than two dimensions.

    Source: Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks" (2014).

    >>> import minigrad as torch
    >>> w = torch.nn.init.orthogonal_(torch.empty(2, 3))
    >>> torch.allclose(w @ w.T, torch.eye(2), atol=1e-6)
    True
    """
    if tensor.ndim < 2:
        raise ValueError(f"orthogonal_ needs two or more dimensions, not {tuple(tensor.shape)}")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    shape = (max(rows, columns), min(rows, columns))
    drawn = empty(shape, dtype=np.float64).normal_(0.0, 1.0, generator=generator).numpy()
    q, r = np.linalg.qr(drawn)
    # Without the signs of R's diagonal the result is not uniform over the orthogonal matrices.
    q = q * np.sign(np.diagonal(r))
    return _write(tensor, gain * (q.T if rows < columns else q).reshape(tensor.shape))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill a convolution's weight so that it passes on as many channels as it can, as they are.

    Arguments:
        tensor: of shape (out, in, *kernel) with one to three axes of the kernel.
        groups: of the channels; the same in each.

    Raises:
        ValueError: for another number of dimensions, or where the groups do not divide the first.

    >>> import minigrad as torch
    >>> torch.nn.init.dirac_(torch.empty(1, 1, 3))
    tensor([[[0., 1., 0.]]])
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError(f"dirac_ fills a tensor of 3, 4 or 5 dimensions, not {tuple(tensor.shape)}")
    if tensor.shape[0] % groups:
        raise ValueError(f"dirac_: the {tensor.shape[0]} channels are not divided by {groups} groups")
    values = np.zeros(tensor.shape)
    each = tensor.shape[0] // groups
    middle = [size // 2 for size in tensor.shape[2:]]
    for channel in range(min(each, tensor.shape[1])):
        values[(slice(channel, None, each), channel, *middle)] = 1
    return _write(tensor, values)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """Normal with mean 0, but the fraction `sparsity` of each column of a matrix, rounded up, is 0.

    Arguments:
        tensor: a matrix.
        sparsity: the fraction of zeros.
        std: the standard deviation of the others.

    Raises:
        ValueError: for another number of dimensions.

    Source: Martens, "Deep learning via Hessian-free optimization" (2010).

    >>> import minigrad as torch
    >>> (torch.nn.init.sparse_(torch.empty(4, 3), sparsity=0.5) == 0).sum(0)
    tensor([2, 2, 2])
    """
    if tensor.ndim != 2:
        raise ValueError(f"sparse_ fills a matrix, not a tensor of shape {tuple(tensor.shape)}")
    normal_(tensor, 0, std, generator)
    ranks = empty(tensor.shape, dtype=np.float64).uniform_(0.0, 1.0, generator=generator).numpy()
    gone = ranks.argsort(0).argsort(0) < math.ceil(sparsity * tensor.shape[0])
    return _write(tensor, np.where(gone, 0, tensor.detach().numpy()))


def _write(tensor: Tensor, values: Any) -> Tensor:
    with no_grad():
        return tensor.copy_(from_numpy(values))


if not TYPE_CHECKING:
    _absent = answers_for(__name__)

    def __getattr__(name: str) -> Any:
        if name not in _OLD:
            return _absent(name)
        new = globals()[f"{name}_"]

        @functools.wraps(new)
        def old(*args: Any, **kwargs: Any) -> Tensor:
            said = f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`."
            warnings.warn(said, FutureWarning, stacklevel=2)
            return new(*args, **kwargs)

        return old
