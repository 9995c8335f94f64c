"""Teach a network the heat equation, and compare it with the known solution.

    python examples/pinn.py --steps 1500 --out out

A rod begins with the temperatures sin(pi x) and is kept at 0 at both ends. The network u(x, t) sees no
solution. Its loss is how far its own derivatives are from u_t = k u_xx, and how far it is from the start and
the ends. So the loss holds second derivatives, and backward goes through them. With --torch the same program
runs on PyTorch, from the same first weights, so that its losses are the same.

Source: Raissi, Perdikaris and Karniadakis, "Physics-informed neural networks" (2019).
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from command import BAR, adder, library, positive, training, usual


def main(argv: Sequence[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    try:
        torch = library(args)
    except ImportError as error:
        sys.stderr.write(f"pinn.py: {error}\n")
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    model = make_model(torch, args)
    print(model)

    with training():
        losses = learn(torch, model, args)
    grid = np.linspace(0, 1, 101, dtype="float32")
    found, known = predict(torch, model, grid), solution(grid, args.k)
    print("wrote", draw(losses, found, known, args.out / "pinn.png"))
    print(f"largest error: {abs(found - known).max():.4f}")
    return 0


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pinn.py", description=(__doc__ or "").splitlines()[0])
    option = adder(parser)
    number, size = positive(int), positive(float)
    option("--steps", "of Adam", type=number, default=1500, metavar="N")
    option("--points", "in the rod and in time, drawn for each step", type=number, default=128, metavar="N")
    option("--hidden", "features of both hidden layers", type=number, default=32, metavar="N")
    option("--k", "how well the rod conducts heat", type=size, default=0.2)
    option("--lr", "learning rate of Adam at the start; it falls to 0", type=size, default=0.01)
    return usual(parser, "of the first weights and the points")


def make_model(torch: ModuleType, args: argparse.Namespace) -> Any:
    """A network from (x, t) to a temperature, smooth so that it has second derivatives."""
    nn = torch.nn
    hidden = args.hidden
    model = nn.Sequential(
        nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 1)
    )
    random = np.random.default_rng(args.seed)
    with torch.no_grad():  # by one generator, for the same numbers in both libraries
        for parameter in model.parameters():
            shape = tuple(parameter.shape)
            drawn = random.normal(size=shape) / np.sqrt(shape[-1]) if len(shape) == 2 else np.zeros(shape)
            parameter.copy_(torch.from_numpy(drawn.astype("float32")))
    return model


def residual(torch: ModuleType, model: Any, x: Any, t: Any, k: float) -> Any:
    """u_t - k u_xx at the points, in a graph of its own, through which backward can go."""
    u = model(torch.cat([x, t], 1))
    u_x, u_t = torch.autograd.grad(u.sum(), (x, t), create_graph=True)
    (u_xx,) = torch.autograd.grad(u_x.sum(), (x,), create_graph=True)
    return u_t - k * u_xx


def learn(torch: ModuleType, model: Any, args: argparse.Namespace) -> list[float]:
    """The loss of each step."""
    from tqdm import tqdm

    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.steps)
    random = np.random.default_rng(args.seed)
    losses: list[float] = []
    with tqdm(desc="steps", total=args.steps, bar_format=BAR) as bar:
        for _ in range(args.steps):
            x, t, edge = (
                torch.from_numpy(drawn) for drawn in random.random((3, args.points, 1), dtype="float32")
            )
            start = model(torch.cat([x, 0 * t], 1)) - torch.sin(np.pi * x)
            ends = model(torch.cat([(edge > 0.5).float(), t], 1))
            inside = residual(torch, model, x.requires_grad_(), t.requires_grad_(), args.k)
            loss = (inside**2).mean() + (start**2).mean() + (ends**2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            bar.set_postfix_str(f"loss {losses[-1]:.5f}", refresh=False)
            bar.update()
    return losses


def predict(torch: ModuleType, model: Any, grid: np.ndarray) -> np.ndarray:
    """The network's temperatures, a row for each time of the grid and a column for each place."""
    t, x = np.meshgrid(grid, grid, indexing="ij")
    with torch.no_grad():
        out = model(torch.from_numpy(np.stack([x.ravel(), t.ravel()], 1)))
    return np.asarray(out.numpy()).reshape(x.shape)


def solution(grid: np.ndarray, k: float) -> np.ndarray:
    """exp(-k pi^2 t) sin(pi x), in the same places."""
    return np.exp(-k * np.pi**2 * grid)[:, None] * np.sin(np.pi * grid)


def draw(losses: list[float], found: np.ndarray, known: np.ndarray, path: Path) -> Path:
    """The network beside the solution, their difference, and the losses."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(9, 6), layout="constrained")
    pictures = [("network", found), ("known solution", known), ("difference", found - known)]
    for axis, (title, values) in zip(axes.flat, pictures, strict=False):
        shown = axis.imshow(values.T, origin="lower", extent=(0, 1, 0, 1), aspect="auto")
        figure.colorbar(shown, ax=axis)
        axis.set(title=title, xlabel="time", ylabel="place")
    axes[1, 1].semilogy(losses)
    axes[1, 1].set(xlabel="step", ylabel="loss")
    figure.savefig(path)
    plt.close(figure)
    return path


if __name__ == "__main__":
    sys.exit(main())
