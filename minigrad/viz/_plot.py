"""`plot`: curves, with the parameters that readers know from the chapter."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, cycle, repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.tensor import Tensor

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot(
    X: Any,
    Y: Any = None,
    xlabel: str | None = None,
    ylabel: str | None = None,
    legend: Sequence[str] = [],
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    xscale: str = "linear",
    yscale: str = "linear",
    fmts: Sequence[str] = ("-", "m--", "g-.", "r:"),
    figsize: tuple[float, float] = (3.5, 2.5),
    axes: Axes | None = None,
) -> Axes:
    """Draw curves of Y over X and return the matplotlib axes.

    X and Y are each a tensor or an array of shape (n,), or a list of them, one per curve; a matrix
    counts as the list of its rows. One X serves every Y, and with no Y the values of X are drawn over
    0, 1, 2, ... Any real dtype. Curves take the formats `fmts` in turn.

    Without `axes` a new pyplot figure of `figsize` inches is made; with `axes` the curves are added to
    what is there.

    Arguments:
        X, Y, fmts, figsize, axes: as above.
        xlabel, ylabel: names of the axes.
        legend: a name for each curve.
        xlim, ylim: the (lowest, highest) of the picture; left out, matplotlib chooses.
        xscale, yscale: "linear" or "log".

    Raises:
        RuntimeError: for a tensor that requires grad: draw `x.detach()`.
        ValueError: where the numbers of curves, or of points, or of legend entries do not fit.
        ImportError: where matplotlib is missing.

    >>> import minigrad as torch
    >>> from minigrad.viz import plot
    >>> x = torch.arange(-8.0, 8.0, 0.1)
    >>> axes = plot(x, [torch.sigmoid(x), torch.tanh(x)], "x", "y", legend=["sigmoid", "tanh"])
    >>> len(axes.lines), axes.get_xlabel()
    (2, 'x')
    """
    xs, ys = _curves(X, "X"), _curves(Y, "Y")
    if Y is None:
        xs, ys = [np.arange(len(values)) for values in xs], xs
    elif len(xs) == 1:
        xs = xs * len(ys)
    if len(xs) != len(ys):
        raise ValueError(f"plot: X has {len(xs)} curves and Y has {len(ys)}; give one X, or one for each Y")
    for number, (x, y) in enumerate(zip(xs, ys, strict=True)):
        if len(x) != len(y):
            raise ValueError(f"plot: in curve {number}, X has {len(x)} points and Y has {len(y)}")
    if len(legend) > len(ys):
        raise ValueError(f"plot: {len(legend)} legend entries for {len(ys)} curves")
    if axes is None:
        axes = new_axes("plot", figsize)
    for x, y, fmt, label in zip(xs, ys, cycle(fmts), chain(legend, repeat(None)), strict=False):
        axes.plot(x, y, fmt, label=label)
    axes.set(xscale=xscale, yscale=yscale)
    if xlabel is not None:
        axes.set_xlabel(xlabel)
    if ylabel is not None:
        axes.set_ylabel(ylabel)
    if xlim is not None:
        axes.set_xlim(xlim)
    if ylim is not None:
        axes.set_ylim(ylim)
    if legend:
        axes.legend(frameon=False)
    axes.grid(True, color="0.9")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def pyplot(what: str) -> Any:
    """matplotlib.pyplot, or an error that says what gives it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(f"{what} draws with matplotlib: pip install matplotlib") from error
    return plt


def new_axes(what: str, figsize: tuple[float, float]) -> Axes:
    """The axes of a new pyplot figure."""
    axes: Axes = pyplot(what).subplots(figsize=figsize, layout="constrained")[1]
    return axes


def _curves(values: Any, name: str) -> list[np.ndarray]:
    """The curves that an argument of `plot` stands for, each an array of shape (n,)."""
    if values is None:
        return []
    if isinstance(values, list | tuple) and any(np.ndim(v) for v in values):
        curves = [_array(v, f"{name}[{i}]") for i, v in enumerate(values)]
    elif isinstance(values, list | tuple):
        curves = [np.array([_array(v, f"{name}[{i}]") for i, v in enumerate(values)])]
    else:
        array = _array(values, name)
        curves = list(array) if array.ndim == 2 else [array]
    for curve in curves:
        if curve.ndim != 1:
            raise ValueError(
                f"plot: {name} has a curve of shape {tuple(curve.shape)}; each curve has shape (n,)"
            )
    return curves


def _array(values: Any, name: str) -> np.ndarray:
    if isinstance(values, Tensor) and values.requires_grad:
        raise RuntimeError(
            f"plot: {name} is a tensor that requires grad, and a picture is no part of the graph. "
            "Draw its values: plot(x.detach(), y.detach())."
        )
    return np.asarray(values)
