"""Learn a curve from a few noisy points by a Gaussian process, and how sure one can be of it.

    python examples/gaussian_process.py --points 40 --out out

The process is a probability of smooth curves. It has three numbers: how far apart two places must be to have
unlike values, how large the values are, and how large the noise is. Learned are those under which the points
are most likely. The logarithm of that likelihood holds a Cholesky factor of the matrix of covariances, and
backward goes through it. The picture shows the mean of the curves and a band of two standard deviations:
it is narrow at the points, and wide in the gap where there are none. With --torch the same program runs on
PyTorch, from the same points, so that its losses are the same.

Source: Rasmussen and Williams, "Gaussian processes for machine learning" (2006), chapters 2 and 5.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from command import BAR, adder, library, positive, training, usual

GAP = (0.5, 0.7)  # of the line from 0 to 1, where no points are


class Points(NamedTuple):
    """Places, and the values measured there."""

    x: np.ndarray
    y: np.ndarray


def main(argv: Sequence[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    try:
        torch = library(args)
    except ImportError as error:
        sys.stderr.write(f"gaussian_process.py: {error}\n")
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    points = make_points(args)

    with training():
        process = GaussianProcess(torch, points)
        losses = learn(torch, process, args)
        grid = np.linspace(-0.1, 1.1, 241)
        mean, deviation = process.predict(grid)
    print("  ".join(f"{name} {value:.3f}" for name, value in process.numbers().items()))
    print("wrote", draw(losses, points, grid, mean, deviation, args.out / "gaussian_process.png"))
    inside = np.abs(truth(grid) - mean) <= 2 * deviation
    print(f"the true curve lies within the band at {inside.mean():.0%} of the places")
    return 0


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gaussian_process.py", description=(__doc__ or "").splitlines()[0])
    option = adder(parser)
    number, size = positive(int), positive(float)
    option("--points", "that are measured", type=number, default=40, metavar="N")
    option("--noise", "standard deviation of the measurements", type=size, default=0.15)
    option("--steps", "of Adam", type=number, default=300, metavar="N")
    option("--lr", "learning rate of Adam", type=size, default=0.05)
    return usual(parser, "of the points and their noise")


def truth(x: np.ndarray) -> np.ndarray:
    """The curve that is measured."""
    return np.sin(9 * x) + 0.5 * np.cos(17 * x)


def make_points(args: argparse.Namespace) -> Points:
    """Measured points, none of them in the gap."""
    random = np.random.default_rng(args.seed)
    x = np.sort(random.uniform(0, 1 - (GAP[1] - GAP[0]), args.points))
    x[x > GAP[0]] += GAP[1] - GAP[0]
    return Points(x, truth(x) + random.normal(0, args.noise, args.points))


class GaussianProcess:
    """Curves whose values at any places are normal, with covariances scale^2 exp(-distance^2 / (2 length^2)).

    Arguments:
        torch: the library.
        points: what was measured.
    """

    def __init__(self, torch: ModuleType, points: Points) -> None:
        self.torch = torch
        self.x, self.y = map(torch.from_numpy, points)
        start = np.log([0.3, 1.0, 0.5])  # logarithms, for the numbers are positive
        self.logs = torch.tensor(start, dtype=torch.float64, requires_grad=True)

    def covariance(self, a: Any, b: Any) -> Any:
        """The covariances of the values at places `a` (rows) with those at places `b`."""
        length, scale, _ = self.logs.exp()
        distance = (a.unsqueeze(1) - b) / length
        return scale**2 * (-0.5 * distance**2).exp()

    def factor(self) -> Any:
        """L with L L^T = the covariances of the measurements, whose noise adds to the diagonal."""
        noise = self.logs.exp()[2]
        eye = self.torch.eye(len(self.x), dtype=self.torch.float64)
        return self.torch.linalg.cholesky(self.covariance(self.x, self.x) + noise**2 * eye)

    def loss(self) -> Any:
        """-log p(y) for each point: from y^T K^-1 y / 2 + log det K / 2 + n log(2 pi) / 2."""
        half = self.factor()
        white = self.solve(half, self.y.unsqueeze(1))
        n = len(self.x)
        logs = half.diagonal().log().sum()
        return (0.5 * (white**2).sum() + logs) / n + 0.5 * float(np.log(2 * np.pi))

    def solve(self, half: Any, columns: Any) -> Any:
        """L^-1 times the columns."""
        return self.torch.linalg.solve_triangular(half, columns, upper=False)

    def predict(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The mean of the curves at some places, and their standard deviation there."""
        with self.torch.no_grad():
            at = self.torch.from_numpy(places)
            half = self.factor()
            seen = self.solve(half, self.covariance(self.x, at))
            mean = seen.T @ self.solve(half, self.y.unsqueeze(1))
            variance = self.logs.exp()[1] ** 2 - (seen**2).sum(0)
            return mean.squeeze(1).numpy(), variance.clamp(min=0.0).sqrt().numpy()

    def numbers(self) -> dict[str, float]:
        """The three numbers by name."""
        return dict(zip(("length", "scale", "noise"), self.logs.detach().exp().tolist(), strict=True))


def learn(torch: ModuleType, process: GaussianProcess, args: argparse.Namespace) -> list[float]:
    """The loss of each step."""
    from tqdm import tqdm

    optimizer = torch.optim.Adam([process.logs], lr=args.lr)
    losses: list[float] = []
    with tqdm(desc="steps", total=args.steps, bar_format=BAR) as bar:
        for _ in range(args.steps):
            optimizer.zero_grad()
            loss = process.loss()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            bar.set_postfix_str(f"loss {losses[-1]:.4f}", refresh=False)
            bar.update()
    return losses


def draw(
    losses: list[float],
    points: Points,
    grid: np.ndarray,
    mean: np.ndarray,
    deviation: np.ndarray,
    path: Path,
) -> Path:
    """The points with the mean and the band, beside the losses."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), width_ratios=(2.4, 1), layout="constrained")
    band = (mean - 2 * deviation, mean + 2 * deviation)
    left.fill_between(grid, *band, alpha=0.25, label="two standard deviations")
    left.plot(grid, mean, label="mean of the curves")
    left.plot(grid, truth(grid), "--", color="black", linewidth=1, label="true curve")
    left.plot(points.x, points.y, "o", color="tab:red", markersize=4, label="measured")
    left.set(xlabel="place", ylabel="value", ylim=(-3.2, 3.2))
    left.legend(loc="lower left", ncols=2, fontsize=8)
    right.plot(losses)
    right.set(xlabel="step", ylabel="-log likelihood for each point")
    figure.savefig(path)
    plt.close(figure)
    return path


if __name__ == "__main__":
    sys.exit(main())
