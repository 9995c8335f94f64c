"""Learn a two-dimensional spiral once per activation, and leave a film of the decision boundaries.

One arm of the spiral is wound around the next, so that no straight line parts them. The networks differ
in nothing but the activation between their layers; "identity" has none, and its layers are one layer.

    python examples/spiral.py --activations identity sigmoid tanh relu --out out
"""

import argparse
import math
import sys
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import minigrad as torch

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

ACTIVATIONS = ["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus"]
COLOURS = np.array([[0x2A, 0x6F, 0xBB], [0xE0, 0x7B, 0x39], [0x3D, 0x9A, 0x6C]]) / 255  # of the arms
CURVES = ["#8a8a8a", "#7b5ea7", "#c0392b", "#1f6f8b", "#b8860b", "#2e8b57", "#d36ba6", "#444444"]
INK, PAPER = "#333333", "#fbfaf7"
ARMS = len(COLOURS)
EDGE = 1.25  # the pictures reach from -EDGE to EDGE
RESOLUTION = 120  # points along each side at which a network is asked
SHADES = 6  # steps from undecided to certain
PICTURE, REST = 90, 3000  # milliseconds that a picture of the film stays, and the last one


class Run(NamedTuple):
    """One network with its optimiser, and its accuracy at each frame."""

    name: str
    model: torch.nn.Module
    optimizer: torch.optim.Optimizer
    accuracies: list[float]


def main(argv: Sequence[str] | None = None) -> int:
    parser = make_parser()
    args = parser.parse_args(argv)
    try:
        check_extras()
        args.out.mkdir(parents=True, exist_ok=True)
        x, y = make_spiral(args.points, args.turns, args.noise, args.seed)
        runs = [start(name, args) for name in args.activations]
        paths = film(runs, x, y, args)
    except (ImportError, OSError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    for path in paths:
        print("wrote", path)
    for run in runs:
        print(f"{run.name:10} accuracy {run.accuracies[-1]:.3f}")
    return 0


def make_parser() -> argparse.ArgumentParser:
    about = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="spiral.py", description=about)

    def option(flag: str, meaning: str, **how: Any) -> None:
        parser.add_argument(flag, help=f"{meaning} (default: %(default)s)", **how)

    default = ["identity", "sigmoid", "tanh", "relu"]
    option(
        "--activations", "one network each", nargs="+", choices=ACTIVATIONS, default=default, metavar="NAME"
    )
    option("--hidden", "units of each hidden layer", type=count, nargs="+", default=[32, 32], metavar="N")
    option("--points", "points on each arm", type=count, default=150, metavar="N")
    option("--turns", "turns that an arm takes", type=at_least_zero, default=1.2)
    option("--noise", "how far points lie off their arm", type=at_least_zero, default=0.03)
    option("--steps", "training steps", type=count, default=800, metavar="N")
    option("--lr", "learning rate", type=at_least_zero, default=0.01)
    option("--frames", "pictures in the film", type=count, default=64, metavar="N")
    option("--seed", "of the points and the first weights", type=int, default=0)
    option("--out", "folder for the film and its last picture", type=Path, default=Path("out"), metavar="DIR")
    return parser


def count(text: str) -> int:
    """A whole number from 1 on, for argparse."""
    if (number := int(text)) < 1:
        raise ValueError
    return number


def at_least_zero(text: str) -> float:
    """A finite number that is not negative, for argparse."""
    if not 0 <= (number := float(text)) < math.inf:
        raise ValueError
    return number


def check_extras() -> None:
    """Say before the training, not after it, that a package is missing."""
    try:
        import matplotlib as mpl
        import threadpoolctl  # noqa: F401
        import tqdm  # noqa: F401
    except ImportError as error:
        raise ImportError(f"{error}; pip install matplotlib threadpoolctl tqdm") from error
    mpl.use("Agg")  # pictures go to files, no window is opened


# ---------------------------------------------------------------------------------------- training


def make_spiral(points: int, turns: float, noise: float, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Points on the arms of a spiral, shape (ARMS * points, 2), and the number of each one's arm."""
    random = torch.Generator().manual_seed(seed)
    radius = torch.linspace(0.06, 1, points).repeat(ARMS)
    arm = torch.arange(ARMS).unsqueeze(1).expand(ARMS, points).flatten()
    angle = 2 * math.pi * (turns * radius + arm / ARMS)
    x = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
    return x + noise * torch.randn(len(x), 2, generator=random), arm


def start(name: str, args: argparse.Namespace) -> Run:
    """A network that differs from the others in its activation only: the first weights are the same."""
    torch.manual_seed(args.seed)
    model = torch.nn.MLP(2, *args.hidden, ARMS, activation=name)
    return Run(name, model, torch.optim.Adam(model.parameters(), lr=args.lr), [])


def train(run: Run, x: torch.Tensor, y: torch.Tensor, steps: int) -> None:
    for _ in range(steps):
        run.optimizer.zero_grad()
        torch.nn.functional.cross_entropy(run.model(x), y).backward()
        run.optimizer.step()
    with torch.no_grad():
        run.accuracies.append((run.model(x).argmax(1) == y).float().mean().item())


def probabilities(model: torch.nn.Module) -> np.ndarray:
    """The network's probabilities at each point of the picture: shape (RESOLUTION, RESOLUTION, ARMS)."""
    side = torch.linspace(-EDGE, EDGE, RESOLUTION)
    across, up = side.expand(RESOLUTION, RESOLUTION), side.unsqueeze(1).expand(RESOLUTION, RESOLUTION)
    with torch.no_grad():
        outputs = model(torch.stack([across, up], dim=2).reshape(-1, 2))
        return outputs.softmax(1).reshape(RESOLUTION, RESOLUTION, ARMS).numpy()


# -------------------------------------------------------------------------------------------- film


def film(runs: list[Run], x: torch.Tensor, y: torch.Tensor, args: argparse.Namespace) -> list[Path]:
    """Train and take a picture in turns; much happens early, so pictures come often then."""
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    moments = sorted({round(args.steps * (i / args.frames) ** 2) for i in range(args.frames + 1)})
    scene = Scene(runs, x, y, moments)
    pictures, done = [], 0
    # Products this small gain nothing from a second thread, and wait for it where the machine is busy.
    with threadpool_limits(1):
        for moment in tqdm(moments, desc="spiral", unit=" pictures"):
            for run in runs:
                train(run, x, y, moment - done)
            done = moment
            scene.show(done)
            pictures.append(scene.picture())
    durations = [PICTURE] * (len(pictures) - 1) + [REST]
    film, still = args.out / "spiral.gif", args.out / "spiral.png"
    pictures[0].save(film, save_all=True, append_images=pictures[1:], duration=durations, loop=0)
    scene.figure.savefig(still, dpi=160)
    scene.close()
    return [film, still]


class Scene:
    """The figure: a square for each network, and below a curve of its accuracy in the colour of its title."""

    figure: "Figure"

    def __init__(self, runs: list[Run], x: torch.Tensor, y: torch.Tensor, moments: list[int]) -> None:
        import matplotlib.pyplot as plt

        self.runs, self.moments = runs, moments
        width, height = 2.45 * len(runs) + 0.8, 5.1
        self.figure = plt.figure(figsize=(width, height), facecolor=PAPER)
        rows = self.figure.add_gridspec(
            2, len(runs), height_ratios=[2.3, 1.1], hspace=0.24, wspace=0.08,
            left=0.8 / width, right=1 - 0.2 / width, bottom=0.55 / height, top=1 - 0.68 / height,
        )  # fmt: skip
        self.images: list[Any] = []
        self.boundaries: list[list[Any]] = [[] for _ in runs]
        for number, (run, colour) in enumerate(zip(runs, cycle(CURVES))):
            square = self.figure.add_subplot(rows[0, number])
            square.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), xticks=[], yticks=[], aspect="equal")
            square.spines[:].set_visible(False)
            blank, reach = np.ones((RESOLUTION, RESOLUTION, 3)), (-EDGE, EDGE, -EDGE, EDGE)
            self.images.append(square.imshow(blank, extent=reach, origin="lower", interpolation="bilinear"))
            square.scatter(
                *x.numpy().T, s=10, c=COLOURS[y.numpy()], edgecolors="white", linewidths=0.5, zorder=3
            )
            title = "no activation" if run.name == "identity" else run.name
            square.set_title(title, color=colour, fontsize=13, weight="bold")
            square.set_xlabel(" ", color=INK)
        self._add_curves(rows[1, :])
        self.headline = self.figure.text(0.8 / width, 1 - 0.27 / height, "", fontsize=11, color=INK)

    def _add_curves(self, place: Any) -> None:
        below = self.figure.add_subplot(place, facecolor=PAPER)
        below.set(xlim=(0, 1.01), ylim=(0.27, 1.05), ylabel="accuracy")
        below.set_yticks([1 / ARMS, 0.5, 0.75, 1], ["chance", "0.5", "0.75", "1"])
        ticks = sorted({round(self.moments[-1] * (i / 4) ** 2) for i in range(5)})
        below.set_xticks([self._across(tick) for tick in ticks], [f"{tick:,}" for tick in ticks])
        below.set_xlabel("training step")
        below.spines[["top", "right"]].set_visible(False)
        below.grid(axis="y", color="0.9")
        below.tick_params(length=0, colors=INK)
        style = {"linewidth": 2, "solid_capstyle": "round", "marker": "o", "markersize": 5, "clip_on": False}
        self.curves = [below.plot([], [], color=c, **style)[0] for _, c in zip(self.runs, cycle(CURVES))]

    def _across(self, step: int) -> float:
        """Where a step stands from left to right: the first ones, in which most happens, have more room."""
        return math.sqrt(step / self.moments[-1])

    def show(self, step: int) -> None:
        """Bring everything to the state that the networks are in now."""
        self.headline.set_text(f"One network, {len(self.runs)} activations: after {step:,} steps")
        side = np.linspace(-EDGE, EDGE, RESOLUTION)
        for number, run in enumerate(self.runs):
            image, p = self.images[number], probabilities(run.model)
            image.set_data(shaded(p))
            for line in self.boundaries[number]:
                line.remove()
            # Where each arm but the last comes out level with the best of the others: that is every border.
            lead = [p[..., k] - np.delete(p, k, axis=2).max(2) for k in range(ARMS - 1)]
            self.boundaries[number] = [
                image.axes.contour(side, side, ahead, levels=[0], colors="white", linewidths=1.6)
                for ahead in lead
                if ahead.min() < 0 < ahead.max()
            ]
            image.axes.set_xlabel(f"{run.accuracies[-1]:.0%} right")
            seen = len(run.accuracies)
            self.curves[number].set_data([self._across(m) for m in self.moments[:seen]], run.accuracies)
            self.curves[number].set_markevery([seen - 1])

    def picture(self) -> "Image":
        from PIL import Image  # matplotlib brings it

        self.figure.canvas.draw()
        return Image.fromarray(np.asarray(self.figure.canvas.buffer_rgba())[..., :3].copy())

    def close(self) -> None:
        import matplotlib.pyplot as plt

        plt.close(self.figure)


def shaded(p: np.ndarray) -> np.ndarray:
    """The colour of the likeliest arm, paler where the network is less certain; in steps, as on a map."""
    certainty = (p.max(2, keepdims=True) - 1 / ARMS) / (1 - 1 / ARMS)
    strength = 0.12 + 0.5 * np.ceil(certainty * SHADES) / SHADES
    return 1 - strength * (1 - COLOURS[p.argmax(2)])


if __name__ == "__main__":
    sys.exit(main())
