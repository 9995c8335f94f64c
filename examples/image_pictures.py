"""A part of mlp_digits.py and fashion_mnist.py: pictures of a training.

Its curves, the classes that the network gives to images, its mistakes, its graph.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from image_data import DIGITS, Data

import minigrad as torch
from minigrad.viz import graph, plot

RED, GREY = "#d5452b", "#666666"


def draw_curves(history: dict[str, list[float]], path: Path, best: int) -> Path:
    """Loss and accuracy over the epochs, with a line at the best one."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    epochs = torch.arange(1, len(history["train loss"]) + 1)
    for axes, what in ((left, "loss"), (right, "accuracy")):
        axes.axvline(best, color="0.75", linewidth=1, linestyle=(0, (2, 2)))
        curves = [history[f"{part} {what}"] for part in ("train", "validation")]
        legend = ["while training", "on images held out"]
        plot(epochs, curves, "epoch", what, legend, fmts=("C0-", "C1--"), axes=axes)
    left.set_ylim(bottom=0)
    right.set_ylim(top=1)
    right.text(
        best, right.get_ylim()[0], f" best accuracy: epoch {best}", color=GREY, fontsize=9, va="bottom"
    )
    figure.savefig(path, dpi=160)
    plt.close(figure)
    return path


def draw_predictions(
    model: torch.nn.Module,
    test: Data,
    path: Path,
    names: Sequence[str] = DIGITS,
    rows: int = 6,
    columns: int = 12,
) -> Path:
    """A page of test images, each with what the network takes it for; its mistakes come first."""
    import matplotlib.pyplot as plt
    from matplotlib.patches import Rectangle

    predicted, truth = classify(model, test), test.y.tolist()
    mistakes = sum(p != t for p, t in zip(predicted, truth, strict=True))
    order = sorted(range(len(truth)), key=lambda i: predicted[i] == truth[i])[: rows * columns]
    words = max(map(len, names)) > 2  # words take two lines, in smaller type
    high = 1.55 if words else 1.4

    figure, axes = plt.subplots(figsize=(columns * 0.8, rows * 0.7 * high + 0.4), layout="constrained")
    axes.set_title(
        f"{len(truth) - mistakes:,} of {len(truth):,} recognised; the mistakes come first", color=GREY
    )
    for place, i in enumerate(order):
        row, column = divmod(place, columns)
        left, top = column * 1.15, row * high  # an image is 1 x 1, its answer stands above it
        wrong = predicted[i] != truth[i]
        pixels = test.x[i].numpy().reshape(test.shape)
        axes.imshow(pixels, cmap="gray_r", vmin=0, vmax=1, extent=(left, left + 1, top + 1, top))
        edge, width = (RED, 2.0) if wrong else ("0.85", 0.8)
        axes.add_patch(Rectangle((left, top), 1, 1, fill=False, edgecolor=edge, linewidth=width))
        gap = "\n" if words else " "
        answer = names[predicted[i]] + (f",{gap}not {names[truth[i]]}" if wrong else "")
        colour, weight = (RED, "bold") if wrong else (GREY, "normal")
        size = 6 if words else 9
        axes.text(left + 0.5, top - 0.06, answer, ha="center", fontsize=size, color=colour, weight=weight)
    axes.set(xlim=(-0.1, columns * 1.15 - 0.05), ylim=(rows * high - 0.3, 0.6 - 0.72 * high))
    axes.set_axis_off()
    figure.savefig(path, dpi=160)
    plt.close(figure)
    return path


def draw_confusion(model: torch.nn.Module, test: Data, path: Path, names: Sequence[str] = DIGITS) -> Path:
    """How often each class (down) is taken for each (across); the more often, the deeper the red."""
    import matplotlib.pyplot as plt
    from matplotlib.colors import LinearSegmentedColormap

    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (test.y.tolist(), classify(model, test)), 1)
    mistakes = counts * (1 - np.eye(len(names), dtype=int))

    words = max(map(len, names)) > 2
    figure, axes = plt.subplots(figsize=(6.4, 6.2) if words else (5.4, 5.4), layout="constrained")
    reds = LinearSegmentedColormap.from_list("mistakes", ["white", RED])
    axes.imshow(mistakes, cmap=reds, vmin=0, vmax=max(1, mistakes.max()) * 1.15)
    for i, row in enumerate(counts):
        for j, count in enumerate(row):
            if i == j:
                axes.add_patch(plt.Rectangle((j - 0.5, i - 0.5), 1, 1, color="0.93", zorder=1))
            if count or i == j:
                dark = i != j and mistakes[i, j] > 0.6 * mistakes.max()
                colour = "white" if dark else GREY if i == j else "black"
                axes.text(j, i, f"{count:,}", ha="center", va="center", fontsize=9, color=colour, zorder=2)
    axes.set_xticks(range(len(names)), names, rotation=40 if words else 0, ha="right" if words else "center")
    axes.set_yticks(range(len(names)), names)
    axes.set_xticks(np.arange(len(names) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(names) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="0.88", linewidth=0.8)
    axes.tick_params(which="both", length=0, colors=GREY)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("is taken for", color=GREY)
    axes.set_ylabel("is", color=GREY)
    axes.set_title(f"{mistakes.sum():,} mistakes in {counts.sum():,} test images", color=GREY)
    figure.savefig(path, dpi=160)
    plt.close(figure)
    return path


def classify(model: torch.nn.Module, data: Data) -> list[int]:
    """The class that the network gives each image."""
    with torch.no_grad():
        return model(data.x).argmax(1).tolist()


def draw_network(model: torch.nn.Module, train: Data, path: Path) -> str:
    """The graph that the first training step recorded; where dot is missing, its source."""
    import graphviz

    loss = torch.nn.functional.cross_entropy(model(train.x[:32]), train.y[:32])
    picture = graph(loss, names={"loss": loss}, params=model.named_parameters())
    source = path.with_suffix(".dot")
    try:
        return picture.render(filename=source, outfile=path, cleanup=True)
    except graphviz.ExecutableNotFound:
        return f"{source} (for an SVG: apt install graphviz, or brew install graphviz)"


if __name__ == "__main__":
    raise SystemExit("image_pictures.py is a part of mlp_digits.py: run python examples/mlp_digits.py")
