"""Learn to balance a pole on a cart, by REINFORCE: push left or right, and see how long it stands.

    python examples/reinforce.py --out out

A small network says how likely it pushes right. After each round, pushes that were followed by a longer
balance than usual become more likely. The picture shows how long the pole stands from round to round. With
--torch the same program runs on PyTorch, from the same first weights, with the same curve.

Source: Williams, "Simple statistical gradient-following algorithms" (1992); Barto, Sutton and Anderson,
"Neuronlike adaptive elements that can solve difficult learning control problems" (1983), for the cart.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from command import adder, library, positive, usual

BAR = "{desc} {bar:20} {n_fmt}/{total_fmt}{postfix}"
GRAVITY, CART, POLE, HALF, FORCE, SECONDS = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
EDGE, TILT = 2.4, np.deg2rad(12)


def main(argv: Sequence[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    try:
        torch = library(args)
    except ImportError as error:
        sys.stderr.write(f"reinforce.py: {error}\n")
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    model = make_model(torch, args)
    print(model)
    began = time.perf_counter()
    lengths = learn(torch, model, args)
    print(f"trained in {time.perf_counter() - began:.1f} s")
    print("wrote", draw(lengths, args.steps, args.out / "reinforce.png"))
    print(f"the pole stands {lengths[-1]:.1f} of {args.steps} steps")
    return 0


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="reinforce.py", description=(__doc__ or "").splitlines()[0])
    option = adder(parser)
    number, size = positive(int), positive(float)
    option("--rounds", "of playing and learning", type=number, default=60, metavar="N")
    option("--carts", "that play side by side", type=number, default=32, metavar="N")
    option("--steps", "at most in a round", type=number, default=200, metavar="N")
    option("--hidden", "units of the network", type=number, default=32, metavar="N")
    option("--lr", "learning rate of Adam", type=size, default=0.02)
    option("--gamma", "weight of a reward one step later", type=size, default=0.98)
    return usual(parser, "of the first weights and the play")


def make_model(torch: ModuleType, args: argparse.Namespace) -> Any:
    """From the cart's place and speed and the pole's angle and speed to a number: above 0 it pushes right."""
    nn = torch.nn
    model = nn.Sequential(nn.Linear(4, args.hidden), nn.Tanh(), nn.Linear(args.hidden, 1)).double()
    random = np.random.default_rng(args.seed)
    with torch.no_grad():  # by one generator, for the same numbers in both libraries
        for parameter in model.parameters():
            shape = tuple(parameter.shape)
            parameter.copy_(torch.from_numpy(random.uniform(-0.5, 0.5, shape)))
    return model


def move(state: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The carts (4, n) after a push of a fiftieth of a second."""
    _, speed, angle, turning = state
    sin, cos, mass = np.sin(angle), np.cos(angle), CART + POLE
    pushed = (np.where(right, FORCE, -FORCE) + POLE * HALF * turning**2 * sin) / mass
    faster_turn = (GRAVITY * sin - cos * pushed) / (HALF * (4 / 3 - POLE * cos**2 / mass))
    faster = pushed - POLE * HALF * faster_turn * cos / mass
    return state + SECONDS * np.stack([speed, faster, turning, faster_turn])


def play(torch: ModuleType, model: Any, random: np.random.Generator, args: argparse.Namespace) -> Any:
    """One round: the states (steps, n, 4), the pushes, and where the pole still stood."""
    state = random.uniform(-0.05, 0.05, (4, args.carts))
    stands = np.ones(args.carts, bool)
    states, pushes, standing = [], [], []
    with torch.no_grad():
        while stands.any() and len(states) < args.steps:
            chance = torch.sigmoid(model(torch.from_numpy(state.T.copy()))[:, 0]).numpy()
            right = random.random(args.carts) < chance
            states.append(state.T.copy())
            pushes.append(right)
            standing.append(stands)
            state = np.where(stands, move(state, right), state)
            stands = stands & (abs(state[0]) < EDGE) & (abs(state[2]) < TILT)
    return np.stack(states), np.stack(pushes), np.stack(standing)


def advantages(standing: np.ndarray, gamma: float) -> np.ndarray:
    """How much longer than usual the pole stood after each push; 0 after its fall."""
    returns, following = np.zeros(standing.shape), np.zeros(standing.shape[1])
    for step in reversed(range(len(standing))):
        returns[step] = following = standing[step] * (1 + gamma * following)
    known = returns[standing]
    return np.where(standing, (returns - known.mean()) / (known.std() + 1e-8), 0.0)


def learn(torch: ModuleType, model: Any, args: argparse.Namespace) -> list[float]:
    """The mean number of steps that the poles stood in each round."""
    from tqdm import tqdm

    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    random = np.random.default_rng(args.seed + 1)
    lengths: list[float] = []
    with tqdm(desc="rounds", total=args.rounds, bar_format=BAR) as bar:
        for _ in range(args.rounds):
            states, pushes, standing = play(torch, model, random, args)
            sign = torch.from_numpy(np.where(pushes, 1.0, -1.0))
            weight = torch.from_numpy(advantages(standing, args.gamma))
            scores = model(torch.from_numpy(states))[..., 0]
            loss = -(torch.nn.functional.logsigmoid(sign * scores) * weight).sum() / float(standing.sum())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            lengths.append(float(standing.sum(0).mean()))
            bar.set_postfix_str(f"{lengths[-1]:.1f} steps")
            bar.update()
    return lengths


def draw(lengths: list[float], most: int, path: Path) -> Path:
    """How long the poles stood, from round to round."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(layout="constrained")
    axes.plot(range(1, len(lengths) + 1), lengths)
    axes.axhline(most, color="gray", linestyle=":")
    axes.set_xlabel("round")
    axes.set_ylabel("steps that the pole stands")
    figure.savefig(path)
    plt.close(figure)
    return path


if __name__ == "__main__":
    sys.exit(main())
