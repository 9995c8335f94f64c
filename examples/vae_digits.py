"""Train a variational autoencoder on handwritten digits, and let it draw digits of its own.

    python examples/vae_digits.py --epochs 150 --out out

An encoder gives each image a normal distribution on a plane; a decoder gives each point of the plane an
image. The loss is the cross-entropy of the pixels plus the divergence from a standard normal distribution.
The picture shows the plane with the test images in it, the digits of the decoder on a grid of points, images
with their reconstructions, and the loss. With --torch the same program runs on PyTorch, from the same first
weights, batches and noise, so that its losses are the same.

Source: Kingma and Welling, "Auto-encoding variational Bayes" (2014).
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from command import BAR, adder, library, positive, training, usual
from lenet_digits import Digits, read_digits


def main(argv: Sequence[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    try:
        torch = library(args)
    except ImportError as error:
        sys.stderr.write(f"vae_digits.py: {error}\n")
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    train, test = read_digits(args.images)
    model = make_model(torch, args)
    print(model)
    print(f"{len(train.x):,} images to learn from, {len(test.x):,} to test on")

    with training():
        losses = learn(torch, model, train, args)
        found = loss_on(torch, model, test, args.seed)
    print("wrote", draw(torch, model, test, losses, args.out / "vae.png"))
    print(f"test loss per image: {found:.2f}")
    return 0


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vae_digits.py", description=(__doc__ or "").splitlines()[0])
    option = adder(parser)
    number = positive(int)
    option("--epochs", "times to go through the training images", type=number, default=150, metavar="N")
    option("--batch-size", "images per step", type=number, default=32, metavar="N")
    option("--hidden", "features of the hidden layers", type=number, default=128, metavar="N")
    option("--lr", "learning rate of Adam", type=positive(float), default=0.002)
    option("--images", "learn from so many images only", type=number, metavar="N")
    return usual(parser, "of the first weights, the order of the images and the noise")


def make_model(torch: ModuleType, args: argparse.Namespace) -> Any:
    """An encoder to the mean and the log-variance of a point of the plane, and a decoder to pixels."""
    nn = torch.nn
    model = nn.ModuleDict(
        {
            "encoder": nn.Sequential(
                nn.Linear(64, args.hidden), nn.Tanh(), nn.Linear(args.hidden, args.hidden), nn.Tanh(),
                nn.Linear(args.hidden, 4),
            ),
            "decoder": nn.Sequential(
                nn.Linear(2, args.hidden), nn.Tanh(), nn.Linear(args.hidden, args.hidden), nn.Tanh(),
                nn.Linear(args.hidden, 64),
            ),
        }
    )  # fmt: skip
    random = np.random.default_rng(args.seed)
    with torch.no_grad():  # as both libraries draw them, but by one generator, for the same numbers
        for name, parameter in model.named_parameters():
            shape = tuple(parameter.shape)
            if name.endswith("weight"):
                bound = shape[1] ** -0.5
            parameter.copy_(torch.from_numpy(random.uniform(-bound, bound, shape).astype("float32")))
    return model


def encode(torch: ModuleType, model: Any, x: Any) -> Any:
    """The distribution of the points of images (n, 64)."""
    mean, log_variance = model["encoder"](x).chunk(2, dim=-1)
    return torch.distributions.Normal(mean, (0.5 * log_variance).exp())


def loss_of(torch: ModuleType, model: Any, x: Any, noise: Any) -> Any:
    """The mean over images of the negative of the bound on the log-probability."""
    points = encode(torch, model, x)
    z = points.loc + points.scale * noise  # rsample, of noise that both libraries share
    pixels = torch.nn.functional.binary_cross_entropy_with_logits(model["decoder"](z), x, reduction="sum")
    standard = torch.distributions.Normal(torch.zeros(2), torch.ones(2))
    return (pixels + torch.distributions.kl_divergence(points, standard).sum()) / len(x)


def learn(torch: ModuleType, model: Any, train: Digits, args: argparse.Namespace) -> list[float]:
    """The mean loss of each epoch."""
    from tqdm import tqdm

    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    random = np.random.default_rng(args.seed)
    images = train.x.reshape(-1, 64)
    losses: list[float] = []
    for epoch in range(1, args.epochs + 1):
        order, total = random.permutation(len(images)), 0.0
        starts = range(0, len(images), args.batch_size)
        with tqdm(desc=f"epoch {epoch:3}/{args.epochs}", total=len(starts), bar_format=BAR) as bar:
            for start in starts:
                x = images[order[start : start + args.batch_size]]
                noise = random.standard_normal((len(x), 2)).astype("float32")
                loss = loss_of(torch, model, torch.from_numpy(x), torch.from_numpy(noise))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.item() * len(x)
                bar.update()
            losses.append(total / len(images))
            bar.set_postfix_str(f"loss {losses[-1]:.2f}")
    return losses


def loss_on(torch: ModuleType, model: Any, test: Digits, seed: int) -> float:
    """The loss per image of the test."""
    noise = np.random.default_rng(seed).standard_normal((len(test.x), 2)).astype("float32")
    with torch.no_grad():
        x = torch.from_numpy(test.x.reshape(-1, 64))
        return float(loss_of(torch, model, x, torch.from_numpy(noise)).item())


def grid_of_digits(torch: ModuleType, model: Any, side: int) -> np.ndarray:
    """One picture of the digits at side x side points, spaced as the standard normal distribution is."""
    chance = torch.linspace(0.05, 0.95, side)
    places = torch.distributions.Normal(0.0, 1.0).icdf(chance)
    with torch.no_grad():
        z = torch.stack([places.repeat(side), places.flip(0).repeat_interleave(side)], -1)
        pixels = torch.sigmoid(model["decoder"](z)).numpy()
    return tiled(pixels.reshape(side, side, 8, 8))


def tiled(images: np.ndarray) -> np.ndarray:
    """Rows of images (rows, columns, height, width) as one picture, each with a white border."""
    framed = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rows, columns, height, width = framed.shape
    return framed.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)


def draw(torch: ModuleType, model: Any, test: Digits, losses: list[float], path: Path) -> Path:
    """The plane, digits drawn from it, images beside their reconstructions, and the losses."""
    import matplotlib.pyplot as plt

    with torch.no_grad():
        points = encode(torch, model, torch.from_numpy(test.x.reshape(-1, 64))).loc
        again = torch.sigmoid(model["decoder"](points[:10])).numpy().reshape(10, 8, 8)
    z = points.numpy()
    figure, axes = plt.subplots(2, 2, figsize=(10, 8), height_ratios=[3, 1], layout="constrained")
    (plane, grid), (pairs, curve) = axes
    for digit in range(10):
        own = z[test.y == digit]
        plane.scatter(own[:, 0], own[:, 1], s=12, color=f"C{digit}", label=str(digit))
    plane.legend(ncols=2, fontsize=8)
    plane.set_title("the test images in the plane")
    grid.imshow(grid_of_digits(torch, model, 12), cmap="gray_r")
    grid.set_title("digits that the decoder draws")
    pairs.imshow(tiled(np.stack([test.x[:10].reshape(10, 8, 8), again])), cmap="gray_r")
    pairs.set_title("images, and below them their reconstructions", fontsize=9)
    for axis in (grid, pairs):
        axis.set_axis_off()
    curve.plot(range(1, len(losses) + 1), losses)
    curve.set_xlabel("epoch")
    curve.set_ylabel("loss per image")
    figure.savefig(path)
    plt.close(figure)
    return path


if __name__ == "__main__":
    sys.exit(main())
