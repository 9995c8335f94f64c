"""Train an MLP on handwritten digits, and leave pictures of how it went.

The 1,797 digits of scikit-learn, or with --data a folder with the IDX files of MNIST.

    python examples/mlp_digits.py --hidden 256 128 --activation relu --out out

Every epoch leaves a checkpoint in the output folder. To go on after Ctrl-C, or a power cut:

    python examples/mlp_digits.py --resume out/checkpoint.npz
"""

import argparse
import os
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from command import adder, check_extras, positive
from idx import IdxError
from image_data import DIGITS, Data, hold_out, read_digits, read_idx
from image_pictures import draw_confusion, draw_curves, draw_network, draw_predictions
from image_training import Plan, Training, evaluate

from minigrad.checkpoint import CheckpointError, load

CHECKPOINT = "checkpoint.npz"


def main(argv: Sequence[str] | None = None) -> int:
    parser = make_parser("mlp_digits.py", __doc__ or "")
    option = parser.add_argument
    option("--data", help="folder of MNIST files, instead of scikit-learn's digits", type=Path, metavar="DIR")
    return run(parser, argv, DIGITS)


def run(parser: argparse.ArgumentParser, argv: Sequence[str] | None, names: Sequence[str]) -> int:
    """Train on one kind of images, whose classes have the given names."""
    args = parser.parse_args(argv)
    try:
        check_extras()
        state = take_over(parser, args) if args.resume else {}
        args.out.mkdir(parents=True, exist_ok=True)
        images, test = read_idx(args.data) if args.data else read_digits()
    except (ImportError, CheckpointError, IdxError, OSError, ValueError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    train, validation = hold_out(images, args.validation)
    if not len(train.x) or not len(validation.x):
        parser.exit(2, f"{parser.prog}: --validation leaves nothing on one side of {len(images.x)} images\n")

    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    plan = Plan(
        parser.prog, args.data and str(args.data), *(getattr(args, name) for name in Plan._fields[2:])
    )
    training, checkpoint = Training(plan, train, validation), args.resume or args.out / CHECKPOINT
    print(training.model)
    print(
        f"{len(train.x):,} images to learn from, {len(validation.x):,} held out, {len(test.x):,} to test on"
    )
    if state:
        training.resume(state)
        print(f"going on after epoch {training.epoch} of {plan.epochs}")

    try:
        # Products this small gain nothing from a second thread, and wait for it where the machine is busy.
        with threadpool_limits(1):
            began = time.perf_counter()
            training.run(checkpoint)
            print(f"trained in {time.perf_counter() - began:.1f} s")
            if training.failed():
                parser.exit(1, f"{parser.prog}: the loss is no longer a number; try a smaller --lr\n")
            show(training, test, args.out, names)
    except KeyboardInterrupt:
        if training.saved is not None:
            print(f"\ninterrupted; {checkpoint} holds everything up to epoch {training.saved}. To go on:")
            print(f"    {command('--resume', checkpoint)}")
        return 130
    return 0


def show(training: Training, test: Data, out: Path, names: Sequence[str]) -> None:
    """Take the weights of the best epoch, draw the pictures, and print the accuracy on the test images."""
    if training.stopped_early():
        patience = training.plan.patience
        print(f"stopped early: none of the last {patience} epochs came up to the best accuracy before")
    best, accuracy = training.best["epoch"], training.best["accuracy"]
    print(f"epoch {best} has the best accuracy on the images held out ({accuracy:.3f}; of equals, the last)")
    training.model.load_state_dict(training.best["model"])
    print("wrote", draw_curves(training.history, out / "curves.png", best))
    print("wrote", draw_predictions(training.model, test, out / "predictions.png", names))
    print("wrote", draw_confusion(training.model, test, out / "confusion.png", names))
    print("wrote", draw_network(training.model, training.train, out / "network.svg"))
    print(f"test accuracy: {evaluate(training.model, test)[1]:.3f}")


def command(*arguments: object) -> str:
    """This program with other arguments, in the way it was started: by make, which says how, or by hand."""
    given = shlex.join(map(str, arguments))
    by_hand = f"{shlex.join([sys.orig_argv[0], sys.argv[0]])} {{}}"
    return os.environ.get("STARTED_AS", by_hand).format(given)


def take_over(parser: argparse.ArgumentParser, args: argparse.Namespace) -> dict[str, Any]:
    """Read the checkpoint to go on from, and put the options that it was made with in `args`."""
    options = {name: value for name, value in vars(args).items() if name != "resume"}
    given = [name for name, value in options.items() if value != parser.get_default(name)]
    if given:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        parser.error(f"--resume goes on with the options that the training began with: leave out {named}")
    state = load(args.resume)
    plan = state.get("plan") if isinstance(state, dict) else None
    if not isinstance(plan, dict) or set(plan) != set(Plan._fields) or plan["program"] != parser.prog:
        raise CheckpointError(f"{args.resume} is no checkpoint of {parser.prog}")
    for name, value in plan.items():
        setattr(args, name, value)
    args.data = args.data and Path(args.data)
    args.out = args.resume.parent
    return state


def make_parser(prog: str, about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description=about.splitlines()[0])

    option = adder(parser)
    number, rate = positive(int), positive(float)
    option("--epochs", "times to go through the training images", type=number, default=30, metavar="N")
    option("--hidden", "units of each hidden layer", type=number, nargs="+", default=[256, 128], metavar="N")
    option("--activation", "after each hidden layer", choices=["relu", "sigmoid", "tanh"], default="relu")
    option("--lr", "learning rate at the start; it falls to 0", type=rate, default=0.1)
    option("--batch-size", "images per step", type=number, default=32, metavar="N")
    noise = "spread of the noise added to training pixels, against learning by heart"
    option("--noise", noise, type=positive(float, or_zero=True), default=0.3)
    held = "share of the training images to hold out; the epoch with the best accuracy on them is taken"
    option("--validation", held, type=share, default=0.1, metavar="SHARE")
    option(
        "--patience",
        "epochs in a row below the best until it stops",
        type=number,
        default=10,
        metavar="N",
    )
    option("--seed", "of the first weights, the order of the images and the noise", type=int, default=0)
    option("--out", "folder for pictures and checkpoint", type=Path, default=Path("out"), metavar="DIR")
    option(
        "--resume", "go on from this checkpoint, with its options, in its folder", type=Path, metavar="FILE"
    )
    return parser


def share(text: str) -> float:
    """A number between 0 and 1, for argparse."""
    if not 0 < (number := float(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
