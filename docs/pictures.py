"""Make the pictures that README shows, into docs/pictures: `make pictures`."""

from pathlib import Path

import matplotlib.pyplot as plt

import minigrad as torch
from minigrad import viz

HERE = Path(__file__).parent / "pictures"


def activations(path: Path) -> None:
    """The tutorial's six plots on one page: relu, sigmoid, tanh above, their derivatives below."""
    figure, axes = plt.subplots(2, 3, figsize=(9, 4.2), sharex=True, layout="constrained")
    for column, name in zip(axes.T, ("relu", "sigmoid", "tanh"), strict=True):
        x = torch.arange(-8.0, 8.0, 0.1, requires_grad=True)
        y = getattr(torch, name)(x)
        y.backward(torch.ones_like(x))
        viz.plot(x.detach(), y.detach(), None, f"{name}(x)", axes=column[0])
        viz.plot(x.detach(), x.grad, "x", f"grad of {name}", fmts=("m-",), axes=column[1])
    figure.savefig(path, dpi=110)
    plt.close(figure)


def network(path: Path) -> None:
    """The graph that one forward of the tutorial's 4-5-3 network records."""
    model = torch.nn.MLP(4, 5, 3, activation="relu")
    scores = model(torch.randn(2, 4))
    loss = torch.nn.functional.cross_entropy(scores, torch.tensor([0, 2]))
    picture = viz.graph(loss, names={"loss": loss}, params=model.named_parameters())
    path.write_bytes(picture.pipe(format="png"))


def main() -> None:
    HERE.mkdir(exist_ok=True)
    for make, name in ((activations, "activations.png"), (network, "network.png")):
        make(HERE / name)
        print(f"wrote {HERE.name}/{name}")


if __name__ == "__main__":
    main()
