"""Three activation functions and their derivatives: the tutorial's code, and its six pictures.

python examples/activations.py --out out
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import minigrad as torch
from minigrad.viz import plot


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="activations.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--out", type=Path, default=Path("out"), help="folder for the pictures (default: out)"
    )
    out = parser.parse_args(argv).out
    try:
        out.mkdir(parents=True, exist_ok=True)
        draw(out)
    except (ImportError, OSError) as error:
        parser.exit(2, f"activations.py: {error}\n")
    return 0


def draw(out: Path) -> None:
    """The tutorial's lines, word for word; after each plot its picture is written."""
    # fmt: off
    x = torch.arange(-8.0, 8.0, 0.1, requires_grad=True)
    y = torch.relu(x)
    plot(x.detach(), y.detach(), 'x', 'relu(x)', figsize=(5, 2.5))
    save(out / "relu.png")
    y.backward(torch.ones_like(x), retain_graph=True)
    plot(x.detach(), x.grad, 'x', 'grad of relu', figsize=(5, 2.5))
    save(out / "grad-of-relu.png")

    x.grad.data.zero_()                                    # clear the old gradient
    y = torch.sigmoid(x)
    plot(x.detach(), y.detach(), 'x', 'sigmoid(x)', figsize=(5, 2.5))
    save(out / "sigmoid.png")
    y.backward(torch.ones_like(x), retain_graph=True)
    plot(x.detach(), x.grad, 'x', 'grad of sigmoid', figsize=(5, 2.5))
    save(out / "grad-of-sigmoid.png")

    x.grad.data.zero_()
    y = torch.tanh(x)
    plot(x.detach(), y.detach(), 'x', 'tanh(x)', figsize=(5, 2.5))
    save(out / "tanh.png")
    y.backward(torch.ones_like(x), retain_graph=True)
    plot(x.detach(), x.grad, 'x', 'grad of tanh', figsize=(5, 2.5))
    save(out / "grad-of-tanh.png")
    # fmt: on


def save(path: Path) -> None:
    """Write the picture that was just drawn, and close it."""
    import matplotlib.pyplot as plt

    plt.savefig(path, dpi=200)
    plt.close()
    print("wrote", path)


if __name__ == "__main__":
    sys.exit(main())
