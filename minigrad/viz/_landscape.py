"""`landscape`: the height lines of a loss with two parameters, and the way an optimiser took over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.tensor import Tensor
from minigrad.autograd import no_grad
from minigrad.creation import tensor
from minigrad.ops.kernels import Array
from minigrad.viz._plot import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Limits = tuple[float, float]


def landscape(
    loss: Callable[[Tensor, Tensor], Any],
    path: Any = None,
    xlim: Limits | None = None,
    ylim: Limits | None = None,
    xlabel: str = "a",
    ylabel: str = "b",
    *,
    points: int = 60,
    levels: int = 14,
    figsize: tuple[float, float] = (4.5, 3.5),
    axes: Axes | None = None,
) -> Axes:
    """Draw a loss over its two parameters: bands of equal height, and the steps of a descent.

    The heights of the bands grow geometrically from the lowest point seen, so that the floor of a valley
    shows as well as its walls.

    Arguments:
        loss: a function of two tensors of one element; called once for each of points x points places.
        path: the places that an optimiser visited, in order: pairs of numbers or of tensors, or an array of
            shape (n, 2). The first is drawn as a ring, the last as a dot.
        xlim, ylim: of the picture; left out, what the path covers and a margin, or -2 to 2.
        xlabel, ylabel: the names of the parameters.
        levels: how many bands.

        points: how many along each side.
        figsize: of a new figure, in inches.
        axes: where to draw; left out, a new pyplot figure is made.

    Raises:
        ValueError: for a path that is not pairs, or a loss that is finite nowhere.
        ImportError: where matplotlib is missing.

    >>> import minigrad as torch
    >>> from minigrad import viz
    >>> axes = viz.landscape(lambda a, b: a**2 + 10 * b**2, path=[(1.5, 1.0), (1.2, 0.2), (0.9, 0.04)])
    >>> axes.get_xlabel(), len(axes.lines)
    ('a', 3)
    """
    steps = _steps(path)
    xlim, ylim = xlim or _limits(steps[:, 0]), ylim or _limits(steps[:, 1])
    xs, ys = np.linspace(*xlim, points), np.linspace(*ylim, points)
    with no_grad():
        heights = np.array([[float(loss(tensor(x), tensor(y))) for x in xs.tolist()] for y in ys.tolist()])
    if not np.isfinite(heights).any():
        raise ValueError(f"landscape: the loss is finite nowhere in {xlim} x {ylim}")
    heights = np.where(np.isfinite(heights), heights, np.nan)
    low, high = np.nanmin(heights), np.nanmax(heights)
    bands = low + (high - low) * np.geomspace(1e-3, 1, levels) if high > low else np.array([low, low + 1])
    axes = new_axes("landscape", figsize) if axes is None else axes
    bands = np.concatenate([[low], bands]) if high > low else bands
    axes.contourf(xs, ys, heights, levels=bands, cmap="cividis", norm=_by_band(bands))
    axes.contour(xs, ys, heights, levels=bands, colors="white", linewidths=0.4, alpha=0.5)
    if len(steps):
        edge = _edge()
        axes.plot(
            *steps.T, "o-", color="white", linewidth=1.4, markersize=3, markeredgewidth=0, path_effects=edge
        )
        axes.plot(
            *steps[0], "o", markerfacecolor="none", markeredgecolor="white", markersize=9, path_effects=edge
        )
        axes.plot(*steps[-1], "o", color="#ff9f5c", markeredgecolor="white", markersize=8, path_effects=edge)
    axes.set(xlim=xlim, ylim=ylim, xlabel=xlabel, ylabel=ylabel)
    return axes


def _by_band(bands: Array) -> Any:
    """One shade further for each band, whatever its height."""
    from matplotlib.colors import BoundaryNorm

    return BoundaryNorm(bands, 256)


def _edge() -> list[Any]:
    """A dark edge around what is white, which the bright bands would swallow."""
    from matplotlib.patheffects import Normal, Stroke

    return [Stroke(linewidth=3.2, foreground="#1b232d"), Normal()]


def _steps(path: Any) -> Array:
    if path is None:
        return np.empty((0, 2))
    if isinstance(path, Tensor):
        path = path.detach().numpy()
    if isinstance(path, Sequence):
        path = [[float(x.item() if hasattr(x, "item") else x) for x in pair] for pair in path]
    steps = np.asarray(path, np.float64).reshape(len(path), -1)
    if steps.shape[1:] != (2,):
        raise ValueError(
            f"landscape: a path is pairs of parameters, not {steps.shape[1:]} numbers at each step"
        )
    return steps


def _limits(values: Array) -> Limits:
    if not len(values):
        return -2.0, 2.0
    low, high = float(values.min()), float(values.max())
    margin = 0.25 * (high - low) or 1.0
    return low - margin, high + margin
