"""Learn to learn sine curves: MAML, whose gradient goes through steps of gradient descent.

    python examples/maml.py --steps 2000 --out out

Each task is a sine curve of its own height and phase, of which a network sees a few points. MAML looks for
first weights from which a step or two on these points lead to the whole curve. The derivative of the loss
after the steps, with regard to the weights before them, goes through the steps. With --torch the same program
runs on PyTorch, from the same first weights, so that its losses are the same.

Source: Finn, Abbeel and Levine, "Model-agnostic meta-learning for fast adaptation of deep networks" (2017).
"""

import argparse
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from command import BAR, adder, library, positive, training, usual


class Tasks(NamedTuple):
    """Sine curves, one a row: points to learn from, and others to be right at."""

    x: np.ndarray
    y: np.ndarray
    other_x: np.ndarray
    other_y: np.ndarray


def main(argv: Sequence[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    try:
        torch = library(args)
    except ImportError as error:
        sys.stderr.write(f"maml.py: {error}\n")
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    weights = make_weights(torch, args)

    with training():
        losses = learn(torch, weights, args)
        tasks = draw_tasks(np.random.default_rng(args.seed + 1), 100, args.shots, grid=True)
        curves = adapt_on(torch, weights, tasks, args)
    print("wrote", draw(losses, tasks, curves, args.out / "maml.png"))
    errors = [float(((curve - tasks.other_y) ** 2).mean()) for curve in curves]
    print(f"error on new curves: {errors[0]:.3f} before, {errors[-1]:.3f} after {args.inner_steps} steps")
    return 0


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="maml.py", description=(__doc__ or "").splitlines()[0])
    option = adder(parser)
    number, size = positive(int), positive(float)
    option("--steps", "of Adam", type=number, default=2000, metavar="N")
    option("--tasks", "curves in a step", type=number, default=25, metavar="N")
    option("--shots", "points of a curve to learn from", type=number, default=10, metavar="N")
    option("--inner-steps", "of gradient descent on a curve", type=number, default=2, metavar="N")
    option("--inner-lr", "learning rate of these steps", type=size, default=0.02)
    option("--hidden", "features of both hidden layers", type=number, default=40, metavar="N")
    option("--lr", "learning rate of Adam at the start; it falls to 0", type=size, default=0.003)
    return usual(parser, "of the first weights and the curves")


def make_weights(torch: ModuleType, args: argparse.Namespace) -> list[Any]:
    """A matrix and a row of biases for each of three layers."""
    random = np.random.default_rng(args.seed)
    sizes = [1, args.hidden, args.hidden, 1]
    drawn = []
    for inputs, outputs in pairwise(sizes):
        drawn.append(random.normal(size=(inputs, outputs)) * np.sqrt(2 / (inputs + outputs)))
        drawn.append(np.zeros((1, outputs)))
    return [torch.from_numpy(array.astype("float32")).requires_grad_() for array in drawn]


def run(torch: ModuleType, weights: Sequence[Any], x: Any) -> Any:
    """The network's curves; weights of shape (tasks, inputs, outputs) are a network for each row of `x`."""
    w1, b1, w2, b2, w3, b3 = weights
    hidden = torch.tanh(x.unsqueeze(-1) @ w1 + b1)
    return (torch.tanh(hidden @ w2 + b2) @ w3 + b3).squeeze(-1)


def adapt(torch: ModuleType, weights: Sequence[Any], x: Any, y: Any, rate: float, steps: int) -> list[Any]:
    """Weights for each task after steps of gradient descent on its points, in a graph from the first ones.

    The sum of the tasks' losses has for each task's weights the gradient of its own loss.
    """
    own = [w.expand(x.shape[0], *w.shape) for w in weights]
    for _ in range(steps):
        loss = ((run(torch, own, x) - y) ** 2).mean(1).sum()
        grads = torch.autograd.grad(loss, own, create_graph=True)
        own = [w - rate * grad for w, grad in zip(own, grads, strict=True)]
    return own


def draw_tasks(random: np.random.Generator, count: int, shots: int, grid: bool = False) -> Tasks:
    """Sine curves of heights from 0.1 to 5; with `grid` the other points are evenly spaced."""
    height, phase = random.uniform(0.1, 5, (count, 1)), random.uniform(0, np.pi, (count, 1))
    x = random.uniform(-5, 5, (count, shots))
    other = np.tile(np.linspace(-5, 5, 101), (count, 1)) if grid else random.uniform(-5, 5, (count, shots))
    arrays = (x, height * np.sin(x - phase), other, height * np.sin(other - phase))
    return Tasks(*(array.astype("float32") for array in arrays))


def learn(torch: ModuleType, weights: list[Any], args: argparse.Namespace) -> list[float]:
    """The mean loss of each step's curves, after their steps of gradient descent."""
    from tqdm import tqdm

    optimizer = torch.optim.Adam(weights, lr=args.lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.steps)
    random = np.random.default_rng(args.seed)
    losses: list[float] = []
    with tqdm(desc="steps", total=args.steps, bar_format=BAR) as bar:
        for _ in range(args.steps):
            tasks = draw_tasks(random, args.tasks, args.shots)
            x, y, other_x, other_y = (torch.from_numpy(array) for array in tasks)
            own = adapt(torch, weights, x, y, args.inner_lr, args.inner_steps)
            loss = ((run(torch, own, other_x) - other_y) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            bar.set_postfix_str(f"loss {losses[-1]:.3f}", refresh=False)
            bar.update()
    return losses


def adapt_on(
    torch: ModuleType, weights: list[Any], tasks: Tasks, args: argparse.Namespace
) -> list[np.ndarray]:
    """The curves that the network draws before the steps and after each of them."""
    x, y, other_x, _ = (torch.from_numpy(array) for array in tasks)
    curves = []
    for steps in range(args.inner_steps + 1):
        own = adapt(torch, weights, x, y, args.inner_lr, steps)
        curves.append(run(torch, own, other_x).detach().numpy())
    return curves


def draw(losses: list[float], tasks: Tasks, curves: list[np.ndarray], path: Path) -> Path:
    """Three curves with the network's steps towards them, and the losses."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(9, 6), layout="constrained")
    for i, axis in enumerate(axes.flat[:3]):
        axis.plot(tasks.other_x[i], tasks.other_y[i], color="black", label="curve")
        axis.plot(tasks.x[i], tasks.y[i], "o", color="black", label="points to learn from")
        for steps, curve in enumerate(curves):
            axis.plot(tasks.other_x[i], curve[i], "--" if steps == 0 else "-", label=f"after {steps} steps")
    axes[0, 0].legend(fontsize=7)
    axes[1, 1].semilogy(losses)
    axes[1, 1].set(xlabel="step", ylabel="loss after the steps on each curve")
    figure.savefig(path)
    plt.close(figure)
    return path


if __name__ == "__main__":
    sys.exit(main())
