"""Vanishing gradients: a deep network of sigmoids beside the same network of relus, layer by layer.

python examples/vanishing.py --out out
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import minigrad as torch
from minigrad import viz

nn = torch.nn
DEPTH, WIDTH, FEATURES = 7, 24, 6


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="vanishing.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--out", type=Path, default=Path("out"), help="folder for the pictures (default: out)"
    )
    parser.add_argument("--steps", type=int, default=80, help="steps of training (default: 80)")
    args = parser.parse_args(argv)
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        seen = {name: train(name, args.steps) for name in ("sigmoid", "relu")}
        draw(seen, args.out / "vanishing.png")
        draw(seen, args.out / "vanishing-activations.png", "activations")
    except (ImportError, OSError) as error:
        parser.exit(2, f"vanishing.py: {error}\n")
    print("Median size of the gradient at each layer's output, in the last step:")
    for name, layers in seen.items():
        sizes = [medians[-1] for medians in layers.medians["gradients"].values()]
        print(f"{name:8}", *(f"{size:8.0e}" for size in sizes))
    print("wrote", args.out / "vanishing.png", "and", args.out / "vanishing-activations.png")
    return 0


def train(activation: str, steps: int) -> viz.layers:
    """Fit whether the product of the first two features is positive; note what the linear layers do."""
    torch.manual_seed(0)
    X = torch.randn(256, FEATURES)
    labels = (X[:, 0] * X[:, 1] > 0).long()
    model = nn.MLP(FEATURES, *[WIDTH] * DEPTH, 2, activation=activation)
    for module in model:
        if isinstance(module, nn.Linear):  # what each activation is usually given to begin with
            start = nn.init.kaiming_normal_ if activation == "relu" else nn.init.xavier_normal_
            start(module.weight)
            nn.init.zeros_(module.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with viz.layers(model, lambda module: isinstance(module, nn.Linear)) as seen:
        for _ in range(steps):
            loss = nn.functional.cross_entropy(model(X), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return seen


def draw(seen: dict[str, viz.layers], path: Path, what: str = "gradients", dpi: int = 110) -> None:
    """A row of histograms for each network."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("this draws with matplotlib: pip install matplotlib") from error
    figure, rows = plt.subplots(2, DEPTH + 1, figsize=(11, 4.6), sharey=True, layout="constrained")
    for row, (name, layers) in zip(rows, seen.items(), strict=True):
        viz.histograms(layers, what, axes=row, title=f"{name}: size of {what}")
    figure.savefig(path, dpi=dpi)
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(main())
