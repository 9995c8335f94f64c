"""Backward step by step: pages to open in a browser, each a recording of a real walk.

python examples/player.py --out out/player
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import minigrad as torch
from minigrad import viz


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="player.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--out", type=Path, default=Path("out/player"), help="folder for the pages (default: out/player)"
    )
    out = parser.parse_args(argv).out
    try:
        out.mkdir(parents=True, exist_ok=True)
        for play in (sum_of_two, diamond, broadcast, detach, twice, network):
            play(out)
    except OSError as error:
        parser.exit(2, f"player.py: {error}\n")
    for path in sorted(out.glob("*.html")):
        print("wrote", path)
    return 0


def sum_of_two(out: Path) -> None:
    """The sum of x*y and sin(x): two parts of the gradient of x meet."""
    x = torch.tensor(2.0, requires_grad=True)
    y = torch.tensor(3.0, requires_grad=True)
    with viz.watch():
        z = x * y + torch.sin(x)
    viz.player(z, out / "sum-of-two.html", title="z = x*y + sin(x)")


def diamond(out: Path) -> None:
    """A value that goes two ways, and both meet again."""
    x = torch.tensor(0.5, requires_grad=True)
    with viz.watch():
        a = torch.exp(x)
        b = a * 3
        c = torch.tanh(a)
        d = b * c
    viz.player(d, out / "diamond.html", title="A diamond: a is used by b and by c")


def broadcast(out: Path) -> None:
    """A row for many rows: the gradients of its copies are summed."""
    X = torch.arange(6.0).reshape(2, 3)
    bias = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with viz.watch():
        shifted = X + bias
        loss = (shifted * shifted).mean()
    viz.player(loss, out / "broadcast.html", title="A broadcast is summed on the way back")


def detach(out: Path) -> None:
    """Values flow through a detach, gradients do not."""
    x = torch.tensor(3.0, requires_grad=True)
    with viz.watch():
        h = x * x
        cut = h.detach()
        y = h * cut
    viz.player(y, out / "detach.html", title="detach() lets values through, and no gradient")


def twice(out: Path) -> None:
    """A graph that is kept can be walked again: the second gradients are added to the first."""
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    with viz.watch():
        loss = (w * w).sum()
    viz.player(loss, out / "twice-1.html", retain_graph=True, title="The first walk keeps the graph")
    loss.backward(retain_graph=True)
    viz.player(loss, out / "twice-2.html", title="The second walk: .grad adds up")


def network(out: Path) -> None:
    """The tutorial's network, one step of its training."""
    torch.manual_seed(0)
    model = torch.nn.MLP(4, 5, 3, activation="relu")
    X, labels = torch.randn(2, 4), torch.tensor([0, 2])
    with viz.watch(model):
        scores = model(X)
        loss = torch.nn.functional.cross_entropy(scores, labels)
    viz.player(loss, out / "network.html", title="A 4-5-3 network")


if __name__ == "__main__":
    sys.exit(main())
