"""Train an MLP on handwritten digits, and leave pictures of how it went.

The 1,797 digits of scikit-learn, or with --data a folder with the IDX files of MNIST or Fashion-MNIST.

    python examples/mlp_digits.py --hidden 256 128 --activation relu --out out
"""

import argparse
import math
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from idx import IdxError, read_folder

import minigrad as torch
from minigrad.viz import graph, plot

BAR = "{desc} {bar:8} {n_fmt}/{total_fmt}{postfix}"
RED, GREY = "#d5452b", "#666666"


class Data(NamedTuple):
    """Images as float32 rows with pixels from 0 to 1, shape (n, height * width); their labels, shape (n,)."""

    x: torch.Tensor
    y: torch.Tensor
    shape: tuple[int, int]


def main(argv: Sequence[str] | None = None) -> int:
    parser = make_parser()
    args = parser.parse_args(argv)
    try:
        check_extras()
        args.out.mkdir(parents=True, exist_ok=True)
        train, test = read_idx(args.data) if args.data else read_digits()
    except (ImportError, IdxError, OSError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")

    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    torch.manual_seed(args.seed)
    model = torch.nn.MLP(train.x.shape[1], *args.hidden, 10, activation=args.activation)
    print(model)
    print(f"{len(train.x):,} images to learn from, {len(test.x):,} to test on")

    began = time.perf_counter()
    # Products this small gain nothing from a second thread, and wait for it where the machine is busy.
    with threadpool_limits(1):
        history = fit(model, train, test, args)
    print(f"trained in {time.perf_counter() - began:.1f} s")
    if not math.isfinite(history["train loss"][-1]):
        parser.exit(1, f"{parser.prog}: the loss is no longer a number; try a smaller --lr\n")

    print("wrote", draw_curves(history, args.out / "curves.png"))
    print("wrote", draw_predictions(model, test, args.out / "predictions.png"))
    print("wrote", draw_network(model, train, args.out / "network.svg"))
    print(f"test accuracy: {history['test accuracy'][-1]:.3f}")
    return 0


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mlp_digits.py", description=(__doc__ or "").splitlines()[0])

    def option(flag: str, meaning: str, **how: Any) -> None:
        shown = " (default: %(default)s)" if "default" in how else ""
        parser.add_argument(flag, help=meaning + shown, **how)

    number, rate = positive(int), positive(float)
    option("--epochs", "times to go through the training images", type=number, default=30, metavar="N")
    option("--hidden", "units of each hidden layer", type=number, nargs="+", default=[256, 128], metavar="N")
    option("--activation", "after each hidden layer", choices=["relu", "sigmoid", "tanh"], default="relu")
    option("--lr", "learning rate at the start; it falls to 0", type=rate, default=0.1)
    option("--batch-size", "images per step", type=number, default=32, metavar="N")
    option(
        "--noise",
        "spread of the noise added to training pixels, against learning by heart",
        type=positive(float, or_zero=True),
        default=0.2,
    )
    option("--seed", "of the first weights, the order of the images and the noise", type=int, default=0)
    option("--out", "folder for the pictures", type=Path, default=Path("out"), metavar="DIR")
    option(
        "--data",
        "folder of MNIST or Fashion-MNIST files, instead of scikit-learn's digits",
        type=Path,
        metavar="DIR",
    )
    return parser


def positive(kind: type, or_zero: bool = False) -> Callable[[str], Any]:
    """A reader of finite positive numbers, for argparse."""

    def read(text: str) -> Any:
        number = kind(text)
        if not 0 < number < math.inf and not (or_zero and number == 0):
            raise argparse.ArgumentTypeError(f"{text} is not a positive number")
        return number

    read.__name__ = kind.__name__  # argparse names it where the text is no number
    return read


def check_extras() -> None:
    """Miss what is missing before the training, not after it."""
    try:
        import graphviz  # noqa: F401
        import matplotlib as mpl
        import sklearn  # noqa: F401
        import tqdm  # noqa: F401
    except ImportError as error:
        raise ImportError(f'{error}; for the examples: pip install "minigrad[examples,viz]"') from error
    mpl.use("Agg")  # pictures go to files, no window is opened


# --------------------------------------------------------------------------------------------- data


def read_digits() -> tuple[Data, Data]:
    """A fifth of the digits is kept for the test, each class in proportion, always the same ones."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    pixels = (images / 16).astype("float32")
    x, x_test, y, y_test = train_test_split(pixels, labels, test_size=0.2, stratify=labels, random_state=0)
    return Data(torch.tensor(x), torch.tensor(y), (8, 8)), Data(
        torch.tensor(x_test), torch.tensor(y_test), (8, 8)
    )


def read_idx(folder: Path) -> tuple[Data, Data]:
    parts = []
    for images, labels in read_folder(folder):
        n, height, width = images.shape
        pixels = images.reshape(n, height * width).astype("float32") / 255
        parts.append(Data(torch.from_numpy(pixels), torch.tensor(labels.astype("int64")), (height, width)))
    return parts[0], parts[1]


# ----------------------------------------------------------------------------------------- training


def fit(model: torch.nn.Module, train: Data, test: Data, args: argparse.Namespace) -> dict[str, list[float]]:
    """Minibatch SGD with momentum; returns a number per epoch for each of four curves."""
    from tqdm import tqdm

    loss_of = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
    history: dict[str, list[float]] = defaultdict(list)
    for epoch in range(args.epochs):
        total = right = 0.0
        batches = torch.randperm(len(train.x)).split(args.batch_size)
        with tqdm(desc=f"epoch {epoch + 1:3}/{args.epochs}", total=len(batches), bar_format=BAR) as bar:
            for rows in batches:
                x, y = train.x[rows], train.y[rows]
                outputs = model(x + args.noise * torch.randn_like(x))
                loss = loss_of(outputs, y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.item() * len(y)
                right += (outputs.argmax(1) == y).sum().item()
                bar.update()
            test_loss, test_accuracy = evaluate(model, test)
            numbers = {
                "train loss": total / len(train.x),
                "test loss": test_loss,
                "train accuracy": right / len(train.x),
                "test accuracy": test_accuracy,
            }
            bar.set_postfix_str(
                "loss {train loss:.3f} test {test loss:.3f}, "
                "accuracy {train accuracy:.3f} test {test accuracy:.3f}".format_map(numbers)
            )
        for name, number in numbers.items():
            history[name].append(number)
        schedule.step()
        if not math.isfinite(total):
            break
    return history


def evaluate(model: torch.nn.Module, data: Data) -> tuple[float, float]:
    with torch.no_grad():
        outputs = model(data.x)
        loss = torch.nn.functional.cross_entropy(outputs, data.y)
        return loss.item(), (outputs.argmax(1) == data.y).sum().item() / len(data.y)


# ----------------------------------------------------------------------------------------- pictures


def draw_curves(history: dict[str, list[float]], path: Path) -> Path:
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    epochs = torch.arange(1, len(history["train loss"]) + 1)
    for axes, what in ((left, "loss"), (right, "accuracy")):
        curves = [history[f"{part} {what}"] for part in ("train", "test")]
        legend = ["while training", "test"]
        plot(epochs, curves, "epoch", what, legend, fmts=("C0-", "C1--"), axes=axes)
    left.set_ylim(bottom=0)
    right.set_ylim(top=1)
    figure.savefig(path, dpi=160)
    plt.close(figure)
    return path


def draw_predictions(
    model: torch.nn.Module, test: Data, path: Path, rows: int = 6, columns: int = 12
) -> Path:
    """A page of test images, each with what the network takes it for; its mistakes come first."""
    import matplotlib.pyplot as plt
    from matplotlib.patches import Rectangle

    with torch.no_grad():
        predicted = model(test.x).argmax(1).tolist()
    truth = test.y.tolist()
    mistakes = sum(p != t for p, t in zip(predicted, truth, strict=True))
    order = sorted(range(len(truth)), key=lambda i: predicted[i] == truth[i])[: rows * columns]

    figure, axes = plt.subplots(figsize=(columns * 0.8, rows * 0.98 + 0.4), layout="constrained")
    axes.set_title(
        f"{len(truth) - mistakes:,} of {len(truth):,} recognised; the mistakes come first", color=GREY
    )
    for place, i in enumerate(order):
        row, column = divmod(place, columns)
        left, top = column * 1.15, row * 1.4  # an image is 1 x 1, its answer stands above it
        wrong = predicted[i] != truth[i]
        pixels = test.x[i].numpy().reshape(test.shape)
        axes.imshow(pixels, cmap="gray_r", vmin=0, vmax=1, extent=(left, left + 1, top + 1, top))
        edge, width = (RED, 2.0) if wrong else ("0.85", 0.8)
        axes.add_patch(Rectangle((left, top), 1, 1, fill=False, edgecolor=edge, linewidth=width))
        answer = f"{predicted[i]}, not {truth[i]}" if wrong else str(predicted[i])
        colour, weight = (RED, "bold") if wrong else (GREY, "normal")
        axes.text(left + 0.5, top - 0.06, answer, ha="center", fontsize=9, color=colour, weight=weight)
    axes.set(xlim=(-0.1, columns * 1.15 - 0.05), ylim=(rows * 1.4 - 0.3, -0.4))
    axes.set_axis_off()
    figure.savefig(path, dpi=160)
    plt.close(figure)
    return path


def draw_network(model: torch.nn.Module, train: Data, path: Path) -> str:
    """The graph that the first training step recorded; where dot is missing, its source."""
    import graphviz

    loss = torch.nn.functional.cross_entropy(model(train.x[:32]), train.y[:32])
    picture = graph(loss, names={"loss": loss}, params=model.named_parameters())
    try:
        return picture.render(outfile=path, cleanup=True)
    except graphviz.ExecutableNotFound:
        source = path.with_suffix(".dot")
        source.write_text(picture.source, encoding="utf-8")
        return f"{source} (for an SVG: apt install graphviz, or brew install graphviz)"


if __name__ == "__main__":
    sys.exit(main())
