"""Train LeNet, a convolutional network, on handwritten digits, and draw its filters and its predictions.

    python examples/lenet_digits.py --epochs 25 --out out

The 1,797 digits of scikit-learn, 8 x 8 pixels, are drawn at 16 x 16 by bilinear interpolation, and in
training moved by half a pixel at random, against learning by heart. With --torch the same program runs on
PyTorch, from the same first weights and batches, so that its losses are the same.

The test digits judge the finished settings, once. With --held-out the network learns without a fifth of the
training digits, and is judged on these. So the settings were chosen: of 15 and 25 epochs, batches of 16 and
32, and rates of 0.01, 0.02 and 0.05, the defaults were the best there (0.985, the mean over four seeds).

Source: LeCun et al., "Gradient-based learning applied to document recognition" (1998).
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from command import BAR, adder, library, positive, training, usual


class Digits(NamedTuple):
    """Images as float32 (n, 1, 8, 8) with pixels from 0 to 1, and their labels (n,)."""

    x: np.ndarray
    y: np.ndarray


def main(argv: Sequence[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    try:
        torch = library(args)
    except ImportError as error:
        sys.stderr.write(f"lenet_digits.py: {error}\n")
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    train, test = read_digits(args.images, args.held_out)
    judged = "held-out" if args.held_out else "test"
    model = make_model(torch, args.seed)
    print(model)
    print(f"{len(train.x):,} images to learn from, {len(test.x):,} {judged} images")

    with training():
        losses = learn(torch, model, train, args)
        found = predict(torch, model, test.x)
    print("wrote", draw(model, test, found, losses, args.out / "lenet.png"))
    print(f"{judged} accuracy: {(found == test.y).mean():.3f}")
    return 0


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lenet_digits.py", description=(__doc__ or "").splitlines()[0])
    option = adder(parser)
    number = positive(int)
    option("--epochs", "times to go through the training images", type=number, default=25, metavar="N")
    option("--batch-size", "images per step", type=number, default=16, metavar="N")
    option("--lr", "learning rate at the start; it falls to 0", type=positive(float), default=0.02)
    option("--images", "learn from so many images only", type=number, metavar="N")
    parser.add_argument(
        "--held-out", action="store_true", help="judge on a fifth of the training images: to choose settings"
    )
    return usual(parser, "of the first weights and the order of the images")


def read_digits(limit: int | None = None, held_out: bool = False) -> tuple[Digits, Digits]:
    """A fifth of the digits is kept for the test, each class in proportion, always the same ones.

    With `held_out` that fifth is left alone, and a fifth of the rest takes its place.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    pixels = (images / 16).astype("float32").reshape(-1, 1, 8, 8)
    x, x_test, y, y_test = train_test_split(pixels, labels, test_size=0.2, stratify=labels, random_state=0)
    if held_out:
        x, x_test, y, y_test = train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)
    return Digits(x[:limit], y[:limit]), Digits(x_test, y_test)


def make_model(torch: ModuleType, seed: int) -> Any:
    """LeNet for images of 16 x 16, with rectifiers and maxima in the place of its sigmoids and means."""
    nn = torch.nn
    model = nn.Sequential(
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 4 * 4, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )
    random = np.random.default_rng(seed)
    with torch.no_grad():  # uniform as both libraries draw them, but by one generator, for the same numbers
        for name, parameter in model.named_parameters():
            if name.endswith("weight"):
                bound = 1 / np.prod(parameter.shape[1:]) ** 0.5
            values = random.uniform(-bound, bound, tuple(parameter.shape)).astype("float32")
            parameter.copy_(torch.from_numpy(values))
    return model


def learn(torch: ModuleType, model: Any, train: Digits, args: argparse.Namespace) -> list[float]:
    """Minibatch SGD with momentum; the mean loss of each epoch."""
    from tqdm import tqdm

    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
    random = np.random.default_rng(args.seed)
    choices = moved(train.x)
    losses: list[float] = []
    for epoch in range(args.epochs):
        order = random.permutation(len(train.x))
        batches = [order[i : i + args.batch_size] for i in range(0, len(order), args.batch_size)]
        total = 0.0
        with tqdm(desc=f"epoch {epoch + 1:3}/{args.epochs}", total=len(batches), bar_format=BAR) as bar:
            for rows in batches:
                x = torch.from_numpy(choices[random.integers(len(choices), size=len(rows)), rows])
                y = torch.from_numpy(train.y[rows])
                loss = torch.nn.functional.cross_entropy(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.item() * len(rows)
                bar.update()
            losses.append(total / len(order))
            bar.set_postfix_str(f"loss {losses[-1]:.4f}")
        schedule.step()
    return losses


def moved(x: np.ndarray) -> np.ndarray:
    """The images as they are, and moved by half a pixel up, down, left and right."""
    return np.stack([x, *((x + np.roll(x, by, axis)) / 2 for axis in (2, 3) for by in (-1, 1))])


def predict(torch: ModuleType, model: Any, x: np.ndarray) -> np.ndarray:
    """The class that the network gives to each image."""
    with torch.no_grad():
        return model(torch.from_numpy(x)).argmax(1).numpy()


def draw(model: Any, test: Digits, found: np.ndarray, losses: list[float], path: Path) -> Path:
    """The filters of the first convolution, some predictions, the wrong ones first, and the losses."""
    import matplotlib.pyplot as plt

    filters = model[1].weight.detach().numpy()[:, 0]
    wrong_first = np.argsort(found == test.y, kind="stable")[:18]
    figure = plt.figure(figsize=(9, 6), layout="constrained")
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=[1, 2, 2])
    top.suptitle("filters of the first convolution")
    limit = np.abs(filters).max()
    for axes, values in zip(top.subplots(1, len(filters)), filters, strict=True):
        axes.imshow(values, cmap="RdBu", vmin=-limit, vmax=limit)
        axes.set_axis_off()
    middle.suptitle("predictions on the test images, the wrong ones first")
    for axes, k in zip(middle.subplots(2, 9).flat, wrong_first, strict=True):
        axes.imshow(test.x[k, 0], cmap="gray_r")
        right = found[k] == test.y[k]
        axes.set_title(
            f"{found[k]}" if right else f"{found[k]}, not {test.y[k]}", color="k" if right else "C3"
        )
        axes.set_axis_off()
    axes = bottom.subplots()
    axes.semilogy(range(1, len(losses) + 1), losses, marker=".")
    axes.set_xlabel("epoch")
    axes.set_ylabel("training loss")
    figure.savefig(path)
    plt.close(figure)
    return path


if __name__ == "__main__":
    sys.exit(main())
