"""Learn the law by which a point moves, from the path that it took.

    python examples/neural_ode.py --steps 1500 --out out

A point spirals inwards. A network is told places on its path, and learns the velocity at each place, f(y).
A solver of the equation y' = f(y) (Runge-Kutta, four velocities for each step of time) starts at a place of
the path, and the loss is how far it comes from the places that the point reached. Backward goes through the
solver. The picture shows the path that the learned law makes from the first place alone, and its velocities.
With --torch the same program runs on PyTorch, from the same first weights, so that its losses are the same.

Source: Chen, Rubanova, Bettencourt and Duvenaud, "Neural ordinary differential equations" (2018).
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from command import BAR, adder, library, positive, training, usual

FIRST = np.array([2.0, 0.0])
TURN = np.array([[-0.1, 2.0], [-2.0, -0.1]])


def main(argv: Sequence[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    try:
        torch = library(args)
    except ImportError as error:
        sys.stderr.write(f"neural_ode.py: {error}\n")
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    path, model = make_path(args), make_model(torch, args)
    print(model)

    with training():
        losses = learn(torch, model, path, args)
        found = follow(torch, model, path, args)
    print("wrote", draw(torch, model, losses, found, path, args.out / "neural_ode.png"))
    print(f"mean distance from the path: {np.linalg.norm(found - path, axis=1).mean():.3f}")
    return 0


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="neural_ode.py", description=(__doc__ or "").splitlines()[0])
    option = adder(parser)
    number, size = positive(int), positive(float)
    option("--steps", "of Adam", type=number, default=1500, metavar="N")
    option("--places", "on the path, evenly in time", type=number, default=800, metavar="N")
    option("--span", "steps of time that the solver makes from a place", type=number, default=5, metavar="N")
    option("--batch", "places from which it starts at once", type=number, default=64, metavar="N")
    option("--hidden", "features of the hidden layer", type=number, default=50, metavar="N")
    option("--time", "that the path takes", type=size, default=12.0)
    option("--lr", "learning rate of Adam at the start; it falls to 0", type=size, default=0.02)
    return usual(parser, "of the first weights and the batches")


def law(y: np.ndarray) -> np.ndarray:
    """The velocity at the places `y`, rows of two: the law that is to be found."""
    return np.asarray(y**3 @ TURN.T)


def runge_kutta(velocity: Callable[[Any], Any], y: Any, step: float) -> Any:
    """The place after a step of time; its error is of the order of step^5."""
    a = velocity(y)
    b = velocity(y + 0.5 * step * a)
    c = velocity(y + 0.5 * step * b)
    d = velocity(y + step * c)
    return y + step / 6 * (a + 2 * b + 2 * c + d)


def make_path(args: argparse.Namespace) -> np.ndarray:
    """The places of the point, (places, 2); ten finer steps lie between two of them."""
    fine, step = 10, args.time / (args.places - 1)
    y, found = FIRST[None], [FIRST[None]]
    for _ in range(args.places - 1):
        for _ in range(fine):
            y = runge_kutta(law, y, step / fine)
        found.append(y)
    return np.concatenate(found).astype("float32")


def make_model(torch: ModuleType, args: argparse.Namespace) -> Any:
    """A network from the cubes of the coordinates, which makes it quick to learn, to a velocity."""
    nn = torch.nn
    model = nn.Sequential(nn.Linear(2, args.hidden), nn.Tanh(), nn.Linear(args.hidden, 2))
    random = np.random.default_rng(args.seed)
    with torch.no_grad():  # by one generator, for the same numbers in both libraries
        for parameter in model.parameters():
            shape = tuple(parameter.shape)
            drawn = random.normal(size=shape) * 0.1 if len(shape) == 2 else np.zeros(shape)
            parameter.copy_(torch.from_numpy(drawn.astype("float32")))
    return model


def learn(torch: ModuleType, model: Any, path: np.ndarray, args: argparse.Namespace) -> list[float]:
    """The loss of each step: how far the solver comes from the path."""
    from tqdm import tqdm

    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.steps)
    random = np.random.default_rng(args.seed)
    step = args.time / (args.places - 1)
    losses: list[float] = []
    with tqdm(desc="steps", total=args.steps, bar_format=BAR) as bar:
        for _ in range(args.steps):
            starts = random.integers(0, len(path) - args.span, args.batch)
            y = torch.from_numpy(path[starts])
            made = []
            for _ in range(args.span):
                y = runge_kutta(lambda at: model(at**3), y, step)
                made.append(y)
            reached = torch.from_numpy(np.stack([path[starts + k + 1] for k in range(args.span)]))
            loss = (torch.stack(made) - reached).abs().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            bar.set_postfix_str(f"loss {losses[-1]:.5f}", refresh=False)
            bar.update()
    return losses


def follow(torch: ModuleType, model: Any, path: np.ndarray, args: argparse.Namespace) -> np.ndarray:
    """The path that the learned law makes from the first place."""
    y = torch.from_numpy(path[:1])
    found = [path[:1]]
    with torch.no_grad():
        for _ in range(len(path) - 1):
            y = runge_kutta(lambda at: model(at**3), y, args.time / (args.places - 1))
            found.append(y.numpy())
    return np.concatenate(found)


def draw(
    torch: ModuleType, model: Any, losses: list[float], found: np.ndarray, path: np.ndarray, file: Path
) -> Path:
    """Both paths, the learned velocities, and the losses."""
    import matplotlib.pyplot as plt

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
    left.plot(*path.T, ".", color="tab:red", markersize=3, label="places of the point")
    left.plot(*found.T, label="path by the learned law")
    left.set(xlabel="y1", ylabel="y2", aspect="equal")
    left.legend(loc="center", fontsize=8)
    side = np.linspace(-2, 2, 21, dtype="float32")
    places = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    with torch.no_grad():
        velocities = model(torch.from_numpy(places) ** 3).numpy()
    speed = np.linalg.norm(velocities, axis=1)
    middle.quiver(*places.T, *(velocities.T / (speed + 1e-9)), np.log(speed + 1e-3))
    middle.set(xlabel="y1", title="learned velocities", aspect="equal")
    right.semilogy(losses)
    right.set(xlabel="step", ylabel="loss")
    figure.savefig(file)
    plt.close(figure)
    return file


if __name__ == "__main__":
    sys.exit(main())
