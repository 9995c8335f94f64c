"""Each layer over training: histograms of activations and of their gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from minigrad._tensor.tensor import Tensor
from minigrad.nn import Module
from minigrad.ops.kernels import Array
from minigrad.viz._plot import pyplot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Magnitudes are counted by powers of ten, half a power to a bin; exact zeros apart.
POWERS = np.arange(-12.0, 3.01, 0.5)
WHAT = ("activations", "gradients")


class layers:
    """Inside, every call of a model notes how large each layer's outputs are, and their gradients.

    A layer is a module that holds no other, or one that `choose` accepts. For each call it keeps a histogram
    of the magnitudes, and nothing else; `histograms` draws them.

    Attributes:
        counts: counts[what][name] holds for each call the share of the elements in each bin: first the
            exact zeros, then half powers of ten from 1e-12 to 1e3.
        medians: medians[what][name] holds for each call the median magnitude of those that are not 0.

    >>> import minigrad as torch
    >>> from minigrad import viz
    >>> model = torch.nn.MLP(2, 3, 1)
    >>> with viz.layers(model) as seen:
    ...     model(torch.ones(4, 2)).sum().backward()
    >>> list(seen.medians["gradients"])
    ['0 Linear', '1 ReLU', '2 Linear']
    """

    def __init__(self, model: Module, choose: Callable[[Module], bool] | None = None) -> None:
        self._modules = {
            f"{path} {type(module).__name__}".strip(): module
            for path, module in model.named_modules()
            if (choose(module) if choose is not None else not any(module.children()))
        }
        self._handles: list[Any] = []
        self.counts: dict[str, dict[str, list[Array]]] = {what: {} for what in WHAT}
        self.medians: dict[str, dict[str, list[float]]] = {what: {} for what in WHAT}
        for name in self._modules:
            for what in WHAT:
                self.counts[what][name], self.medians[what][name] = [], []

    def __enter__(self) -> Self:
        for name, module in self._modules.items():
            self._handles.append(module.register_forward_hook(self._watcher(name)))
        return self

    def __exit__(self, *exc: object) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _watcher(self, name: str) -> Callable[[Module, Any, Any], None]:
        def note(_module: Module, _inputs: Any, output: Any) -> None:
            if not isinstance(output, Tensor) or not output.requires_grad:
                return  # nothing to learn from here
            self._count("activations", name, output)
            output.register_hook(lambda g: self._count("gradients", name, g))

        return note

    def _count(self, what: str, name: str, tensor: Tensor) -> None:
        sizes = np.abs(tensor.detach().numpy().ravel())
        some = sizes[sizes > 0]
        self.counts[what][name].append(histogram(sizes))
        self.medians[what][name].append(float(np.median(some)) if some.size else 0.0)


def histogram(sizes: Array) -> Array:
    """The share of zeros, then of each half power of ten; what lies outside counts in the outermost.

    >>> histogram(np.array([0.0, 1.0, 1.1, 1e-30]))[[0, 1, 25]].tolist()
    [0.25, 0.25, 0.5]
    """
    some = sizes[sizes > 0]
    powers = np.clip(np.log10(some), POWERS[0], POWERS[-1] - 1e-9)
    counts, _ = np.histogram(powers, POWERS)
    return np.concatenate([[sizes.size - some.size], counts]) / max(sizes.size, 1)


def histograms(
    seen: layers,
    what: str = "gradients",
    *,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    axes: Any = None,
) -> Figure:
    """Draw, layer by layer, how the magnitudes noted by `layers` are spread, call after call.

    Each column of a panel is the histogram of one call, on a scale of powers of ten; the row below the
    scale holds the exact zeros; the line is the median of the rest. Where gradients vanish, the line of the
    first layers lies many powers below that of the last.

    Arguments:
        seen: what was noted.
        what: "gradients" (of the layers' outputs) or "activations" (the outputs).
        title: of the picture; at the left of the row.
        figsize: of a new figure, in inches.
        axes: a row of matplotlib axes, one per layer; left out, a new figure is made.

    Raises:
        ValueError: where nothing was noted.
        ImportError: where matplotlib is missing.

    >>> import minigrad as torch
    >>> from minigrad import viz
    >>> model = torch.nn.MLP(2, 3, 1)
    >>> with viz.layers(model) as seen:
    ...     for _ in range(5):
    ...         model(torch.ones(4, 2)).sum().backward()
    >>> len(viz.histograms(seen).axes)
    3
    """
    if what not in WHAT:
        raise ValueError(f"histograms: draws {' or '.join(WHAT)}, not {what!r}")
    noted = {name: np.array(counts) for name, counts in seen.counts[what].items() if counts}
    if not noted:
        raise ValueError(
            f"histograms: no {what} were noted; run forward and backward inside `with viz.layers(model)`"
        )
    plt = pyplot("histograms")
    if axes is None:
        size = figsize or (1.0 + 1.35 * len(noted), 2.4)
        _, axes = plt.subplots(1, len(noted), figsize=size, sharey=True, squeeze=False, layout="constrained")
    panels = np.ravel(axes)
    zero = POWERS[0] - 1.0
    edges = np.concatenate([[zero], POWERS])
    for panel, (name, counts) in zip(panels, noted.items(), strict=False):
        calls = np.arange(len(counts) + 1)
        panel.pcolormesh(calls, edges, np.sqrt(counts.T), cmap="Blues", vmin=0, vmax=1, rasterized=True)
        medians = np.array(seen.medians[what][name])
        with np.errstate(divide="ignore"):
            panel.plot(
                calls[:-1] + 0.5, np.maximum(np.log10(medians), zero + 0.5), color="#b04600", linewidth=1.6
            )
        panel.set_title(name, fontsize=8.5)
        panel.set_xlabel("call", fontsize=8)
        panel.set_ylim(zero, POWERS[-1])
        panel.tick_params(labelsize=8)
        panel.set_yticks([zero + 0.5, *range(-10, 3, 2)], ["0", *(f"$10^{{{p}}}$" for p in range(-10, 3, 2))])
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel(title or f"size of {what}", fontsize=9)
    return panels[0].figure
