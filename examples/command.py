"""The command line that the examples share: their options, the packages they need, the time they take."""

import argparse
import importlib
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

BAR = "{desc} {bar:8} {n_fmt}/{total_fmt}{postfix}"


def adder(parser: argparse.ArgumentParser) -> Callable[..., None]:
    """A function that adds an option to the parser, with its default behind its meaning."""

    def option(flag: str, meaning: str, **how: Any) -> None:
        shown = " (default: %(default)s)" if "default" in how else ""
        parser.add_argument(flag, help=meaning + shown, **how)

    return option


def positive(kind: type, or_zero: bool = False) -> Callable[[str], Any]:
    """A reader of finite positive numbers, for argparse."""

    def read(text: str) -> Any:
        number = kind(text)
        if not 0 < number < math.inf and not (or_zero and number == 0):
            raise argparse.ArgumentTypeError(f"{text} is not a positive number")
        return number

    read.__name__ = kind.__name__  # argparse names it where the text is no number
    return read


def usual(parser: argparse.ArgumentParser, seed: str) -> argparse.ArgumentParser:
    """The parser, with the options that all programs have; `seed` says where chance comes in."""
    option = adder(parser)
    option("--seed", seed, type=int, default=0)
    option("--out", "folder for the picture", type=Path, default=Path("out"), metavar="DIR")
    parser.add_argument("--torch", action="store_true", help="run on PyTorch, where it is installed")
    return parser


def library(args: argparse.Namespace) -> ModuleType:
    """The library on which to run: minigrad, or PyTorch where that was asked for."""
    check_extras()
    return importlib.import_module("torch" if args.torch else "minigrad")


@contextmanager
def training() -> Iterator[None]:
    """Train on one thread, for products this small gain nothing from a second; then say how long it took."""
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    began = time.perf_counter()
    with threadpool_limits(1):
        yield
    print(f"trained in {time.perf_counter() - began:.1f} s")


def check_extras() -> None:
    """Say before the training, not after it, that a package is missing."""
    try:
        import graphviz  # noqa: F401
        import matplotlib as mpl
        import sklearn  # noqa: F401
        import tqdm  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"{error}; pip install graphviz matplotlib scikit-learn threadpoolctl tqdm"
        ) from error
    mpl.use("Agg")  # pictures go to files, no window is opened
