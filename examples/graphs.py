"""Recorded graphs as pictures: a network, a diamond, a broadcast, a detach, two walks, a freed graph.

python examples/graphs.py --out out/graphs
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import minigrad as torch
from minigrad import viz

Picture = tuple[str, Any]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="graphs.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--out", type=Path, default=Path("out/graphs"), help="folder for the pictures (default: out/graphs)"
    )
    parser.add_argument("--format", default="svg", choices=("svg", "png", "dot"), help="default: svg")
    args = parser.parse_args(argv)
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        for draw in (network, diamond, broadcast, detach, twice, freed):
            for name, picture in draw():
                save(picture, args.out / f"{name}.{args.format}")
    except (ImportError, OSError, RuntimeError) as error:
        parser.exit(2, f"graphs.py: {error}\n")
    return 0


def network() -> Iterator[Picture]:
    """Four inputs, five hidden units, three classes: as it is, folded, with gradients, and backwards."""
    torch.manual_seed(0)
    model = torch.nn.MLP(4, 5, 3, activation="relu")
    X, labels = torch.randn(2, 4), torch.tensor([0, 2])
    with viz.watch(model):
        scores = model(X)
        loss = torch.nn.functional.cross_entropy(scores, labels)
    yield "network", viz.graph(loss)
    yield "network-folded", viz.graph(loss, fold=True)
    loss.backward(retain_graph=True)
    yield "network-with-gradients", viz.graph(loss, theme="dark")
    yield "network-backward", viz.graph(loss, direction="backward")


def diamond() -> Iterator[Picture]:
    """Two ways from x to y: what flows back along both is added up."""
    x = torch.tensor(2.0, requires_grad=True)
    with viz.watch():
        a = x * x
        b = torch.sin(x)
        y = a * b
    yield "diamond", viz.graph(y, direction="backward")


def broadcast() -> Iterator[Picture]:
    """A row is added to each row of a matrix; its gradient is the sum over the copies."""
    matrix = torch.arange(6.0).reshape(2, 3)
    row = torch.tensor([10.0, 20.0, 30.0], requires_grad=True)
    with viz.watch():
        total = ((matrix + row) * matrix).sum()
    total.backward(retain_graph=True)
    yield "broadcast", viz.graph(total)


def detach() -> Iterator[Picture]:
    """The same number twice, once cut off from its history: no gradient flows that way."""
    x = torch.tensor(3.0, requires_grad=True)
    with viz.watch():
        h = x * x
        cut = h.detach()
        y = h * cut
    y.backward(retain_graph=True)
    yield "detach", viz.graph(y)


def twice() -> Iterator[Picture]:
    """A graph that is kept can be walked again: gradients add up, and what it kept is still there."""
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    with viz.watch():
        loss = (w * w).sum()
    yield "walked-never", viz.graph(loss)
    loss.backward(retain_graph=True)
    yield "walked-once", viz.graph(loss)
    loss.backward(retain_graph=True)
    yield "walked-twice", viz.graph(loss)


def freed() -> Iterator[Picture]:
    """The saved values of a graph, before and after a backward has freed it."""
    x = torch.linspace(-2, 2, 40).requires_grad_()
    with viz.watch():
        y = torch.tanh(x).sum()
    yield "kept", viz.graph(y)
    y.backward()
    yield "freed", viz.graph(y)


def save(picture: Any, path: Path) -> None:
    """Write a picture; its source alone where the program dot is not installed."""
    if path.suffix != ".dot" and not run_dot(lambda: picture.render(outfile=path, cleanup=True)):
        path = path.with_suffix(".dot")
    if path.suffix == ".dot":
        path.write_text(picture.source, encoding="utf-8")
    print("wrote", path)


def run_dot(render: Callable[[], Any]) -> bool:
    import graphviz

    try:
        render()
    except graphviz.ExecutableNotFound as error:
        print(error, file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
