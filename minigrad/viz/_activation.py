"""`activation`: a function of one variable and its first two derivatives in one picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from minigrad import functional
from minigrad._tensor.tensor import Tensor
from minigrad.autograd import enable_grad, grad
from minigrad.creation import linspace, zeros_like
from minigrad.nn import LogSoftmax, Softmax, functional as nn_functional
from minigrad.ops.kernels import Array
from minigrad.viz._plot import new_axes, plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Function = Callable[[Tensor], Tensor]

# Of two elements the second is held at 0.
RIVALS: dict[str, Function] = {
    "softmax": lambda x: nn_functional.softmax(functional.stack([x, zeros_like(x)]), 0)[0],
    "log_softmax": lambda x: nn_functional.log_softmax(functional.stack([x, zeros_like(x)]), 0)[0],
}


def activation(
    fn: Function | str,
    xlim: tuple[float, float] = (-5.0, 5.0),
    *,
    points: int = 400,
    figsize: tuple[float, float] = (5, 3),
    axes: Axes | None = None,
) -> Axes:
    """Draw a function that acts on each element alone, and its first and second derivative.

    The derivatives are those that backward gives, so what is drawn at a kink is the convention that
    training uses. Where a curve jumps it is broken. Of a softmax, whose elements depend on each other, the
    share of x beside a rival that stays at 0 is drawn.

    Arguments:
        fn: a function, a module, or a name in `minigrad` or `nn.functional`.
        xlim: the interval.
        points: how many points are computed.
        figsize: of a new figure, in inches.
        axes: where to draw; left out, a new pyplot figure is made.

    Raises:
        ValueError: where an element of the result depends on others and it is not known how to hold them.
        ImportError: where matplotlib is missing.

    >>> import minigrad as torch
    >>> from minigrad import viz
    >>> axes = viz.activation(torch.nn.Tanh())
    >>> [line.get_label() for line in axes.lines]
    ['Tanh()', 'first derivative', 'second derivative']
    """
    function, label = _function(fn)
    x, *curves = _derivatives(function, label, xlim, points)
    broken = [_broken(x, y) for y in curves]
    axes = new_axes("activation", figsize) if axes is None else axes
    legend = [label, "first derivative", "second derivative"]
    xs, ys = zip(*broken, strict=True)
    plot(list(xs), list(ys), "x", legend=legend, xlim=xlim, fmts=("C0-", "C1--", "C2-."), axes=axes)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.35 * (high - low))  # three curves leave no corner free: room for the words
    axes.legend(frameon=False, loc="upper left", labelspacing=0.3)
    return axes


def _function(fn: Function | str) -> tuple[Function, str]:
    """The function, and what to call it."""
    softmaxes = {"softmax": Softmax, "log_softmax": LogSoftmax}
    known = next((name for name, kind in softmaxes.items() if fn == name or isinstance(fn, kind)), None)
    if known:
        return RIVALS[known], f"{known}([x, 0])[0]"
    if not isinstance(fn, str):
        if not callable(fn):
            raise TypeError(f"activation: takes a function, a module or a name, not a {type(fn).__name__}")
        name = getattr(fn, "__name__", None) or repr(fn)
        return fn, "the function" if name == "<lambda>" else name
    for place in (functional, nn_functional):
        if fn in getattr(place, "__all__", vars(place)) and callable(getattr(place, fn)):
            return getattr(place, fn), fn
    raise ValueError(f"activation: there is no function {fn!r} in minigrad or in nn.functional")


def _derivatives(fn: Function, label: str, xlim: tuple[float, float], points: int) -> list[Array]:
    """The points, the values, the first and the second derivative."""
    x = linspace(*xlim, points, dtype=np.float64).requires_grad_()
    with enable_grad():
        y: object = fn(x)
        if not isinstance(y, Tensor) or y.shape != x.shape:
            got = f"shape {tuple(y.shape)}" if isinstance(y, Tensor) else f"a {type(y).__name__}"
            raise ValueError(
                f"activation: {label} must give one number per element, {tuple(x.shape)}; it gave {got}"
            )
        half = fn(x.detach()[: points // 2])
        if not np.allclose(half.detach().numpy(), y.detach().numpy()[: points // 2], equal_nan=True):
            raise ValueError(
                f"activation: an element of {label} depends on its neighbours: it has no single derivative. "
                "Fix all elements but one: lambda x: softmax(stack([x, zeros_like(x)]), 0)[0]"
            )
        first = _slope(y, x)
        second = _slope(first, x)
    return [t.detach().numpy() for t in (x, y, first, second)]


def _slope(y: Tensor, x: Tensor) -> Tensor:
    if not y.requires_grad:  # a constant
        return y.new_zeros(y.shape)
    (slope,) = grad(y, x, y.new_ones(y.shape), create_graph=True, materialize_grads=True)
    return slope


def _broken(x: Array, y: Array) -> tuple[Array, Array]:
    """The curve, with a gap wherever it rises by far more than beside that: there it jumps."""
    rise = np.abs(np.diff(y))
    beside = np.maximum(np.append(rise[1:], rise[-1:]), np.insert(rise[:-1], 0, rise[:1]))
    jumps = np.flatnonzero(rise > 3 * beside + 0.02 * np.ptp(y)) + 1
    return np.insert(x, jumps, np.nan), np.insert(y, jumps, np.nan)
