"""The picture of the results: cost against size on logarithmic axes, and bars beside the peers."""

from pathlib import Path
from typing import Any

from report import IN_TURNS, Results, called

COLOURS = {
    "minigrad": "tab:red",
    "minigrad, compiled": "darkorange",
    "minigrad, step compiled": "sandybrown",
    "minigrad, numba": "gold",
    "minigrad, gc_paused": "lightcoral",
    "torch": "tab:blue",
    "torch, compiled": "tab:cyan",
    "numpy": "black",
    "autograd": "tab:green",
    "mygrad": "tab:purple",
    "micrograd": "tab:brown",
    "jax": "tab:olive",
}
BAR_LABELS = {
    "chain": "chain of 601 ops\non vectors of 8",
    "scalar": "chain of 601 ops\non single numbers",
    "mlp-2": "MLP 2-16-16-2\nbatch 32",
    "mlp-64": "MLP 64-64-10\nbatch 64",
    "mlp-784": "MLP 784-256-10\nbatch 256",
    "mlp-1024": "MLP 784-1024-1024-10\nbatch 256",
}


def draw(results: Results, path: Path) -> Path | None:
    """Draw what the results have of it; None, and no picture, when they have nothing that is drawn."""
    from matplotlib import pyplot as plt

    bars = [part for part in IN_TURNS if part in results and "torch" in results[part]["contenders"]]
    curves = [part for part in ("growth", "lengths") if part in results]
    if not bars and not curves:
        return None
    figure = plt.figure(figsize=(11, 8.5), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=(4, 5)) if bars and curves else (figure, figure)
    if curves:
        for axes, part in zip(upper.subplots(1, len(curves), squeeze=False)[0], curves, strict=True):
            _curves(axes, part, results[part])
    if bars:
        _bars(lower.subplots(), {part: results[part] for part in bars})
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return path


def _curves(axes: Any, part: str, record: dict[str, Any]) -> None:
    """Cost per op of each contender, against the number of ops or the length of the vectors."""
    versions = record["machine"]["versions"]
    for name, row in record["contenders"].items():
        xs, ys = (row["sizes"], row["per_op"]) if isinstance(row, dict) else (record["lengths"], row)
        axes.plot(xs, [y * 1e6 for y in ys], "o-", color=COLOURS[name], label=called(name, versions))
    axes.set(xscale="log", yscale="log", ylabel="µs per op, forward and backward")
    if part == "growth":
        axes.set(xlabel="ops in the graph", title="the graph grows (vectors of 8)")
        axes.set_ylim(1, 100)
    else:
        axes.set(xlabel="length of the vectors", title="the vectors grow (151 ops)")
    axes.grid(alpha=0.3, which="both")
    axes.legend(frameon=False)


def _bars(axes: Any, parts: Results) -> None:
    """Time over PyTorch's time, piece of work by piece of work."""
    records = list(parts.values())
    names = [name for name in COLOURS if any(name in record["contenders"] for record in records)]
    width = 0.8 / len(names)
    for place, name in enumerate(names):
        xs, ys = [], []
        for number, record in enumerate(records):
            rows = record["contenders"]
            if name in rows:  # each row's ratio is minigrad's time over its own
                xs.append(number + (place - (len(names) - 1) / 2) * width)
                ys.append(rows["torch"]["ratio"] / rows[name]["ratio"])
        label = called(name, records[0]["machine"]["versions"])
        drawn = axes.bar(xs, ys, width, color=COLOURS[name], label=label)
        axes.bar_label(drawn, [f"{y:.2g}" for y in ys], fontsize=7, padding=2, rotation=90)
    axes.axhline(1, color=COLOURS["torch"], linewidth=0.8)
    axes.set_xticks(range(len(records)), [BAR_LABELS[part] for part in parts], fontsize=8)
    axes.set(yscale="log", ylabel="time / PyTorch's (lower is faster)")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * 2)  # room for the numbers
    axes.spines[["top", "right"]].set_visible(False)
    columns = -(-len(names) // 2)
    axes.legend(frameon=False, fontsize=8, ncols=columns, loc="lower center", bbox_to_anchor=(0.5, 1))


# The colour of an op by minigrad's time over PyTorch's, up to a bound.
SHADES = {1.0: "tab:green", 2.0: "silver", 3.0: "orange", float("inf"): "tab:red"}
COLUMNS = 4  # of bars: one below the other they would be a strip


def draw_ops(record: dict[str, Any], path: Path) -> Path | None:
    """A bar per op, minigrad's time over PyTorch's on the large matrices, and a dot on the small ones."""
    from matplotlib import pyplot as plt

    rows = {name: [size["ratio"] for size in row.values() if "ratio" in size]
            for name, row in record["rows"].items()}  # fmt: skip
    order = sorted((name for name in rows if rows[name]), key=lambda name: -rows[name][0])
    if not order:
        return None
    deep = -(-len(order) // COLUMNS)
    figure, columns = plt.subplots(
        1, COLUMNS, figsize=(16, 1.2 + 0.19 * deep), layout="constrained", sharex=True
    )
    for axes, start in zip(columns, range(0, COLUMNS * deep, deep), strict=True):
        names = order[start : start + deep]
        ratios = [rows[name][0] for name in names]
        colours = [next(SHADES[bound] for bound in SHADES if ratio <= bound) for ratio in ratios]
        axes.barh(range(len(names)), ratios, color=colours)
        axes.plot([rows[name][-1] for name in names], range(len(names)), "o", color="black", markersize=2.5)
        numbers = [f"{ratio:.0f}" if ratio >= 10 else f"{ratio:#.2g}" for ratio in ratios]
        labels = [f"{name}   {number}" for name, number in zip(names, numbers, strict=True)]
        axes.set_yticks(range(len(names)), labels, fontsize=7.5)
        axes.set(xscale="log", ylim=(deep - 0.4, -0.6))
        axes.set_xticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
        for bound in SHADES:
            if bound < float("inf"):
                axes.axvline(bound, color="black", linewidth=0.5, alpha=0.4)
        axes.spines[["top", "right"]].set_visible(False)
    large, small = list(next(iter(record["rows"].values())))
    figure.supxlabel(
        f"time / PyTorch's, forward and backward, one thread: bars {large}, dots {small}", fontsize=10
    )
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return path
