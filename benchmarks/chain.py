"""The cost of an op: the chain y = tanh(y * w + b), 200 links of vectors of length 8, forward and backward.

Contenders take turns in one process, so that a machine whose speed drifts is the same machine for all;
medians of the rounds are printed. Run it with `make bench`; PyTorch joins where it is installed.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad

LINKS, LENGTH = 200, 8
OPS = 3 * LINKS + 1  # mul, add, tanh per link, and the sum


def framework_chain(torch: Any) -> Callable[[], tuple[float, float]]:
    """The chain in PyTorch's interface: seconds of forward and of backward."""
    torch.manual_seed(0)
    start = torch.randn(LENGTH)
    w = torch.randn(LENGTH, requires_grad=True)
    b = torch.randn(LENGTH, requires_grad=True)

    def run() -> tuple[float, float]:
        w.grad = b.grad = None
        began = time.perf_counter()
        y = start
        for _ in range(LINKS):
            y = torch.tanh(y * w + b)
        loss = y.sum()
        middle = time.perf_counter()
        loss.backward()
        return middle - began, time.perf_counter() - middle

    return run


def numpy_chain() -> Callable[[], tuple[float, float]]:
    """The same by hand: the least that NumPy can do it with."""
    draw = np.random.default_rng(0)
    start, w, b = draw.standard_normal((3, LENGTH), np.float32)

    def run() -> tuple[float, float]:
        began = time.perf_counter()
        y, tape = start, []
        for _ in range(LINKS):
            out = np.tanh(y * w + b)
            tape.append((y, out))
            y = out
        y.sum()
        middle = time.perf_counter()
        g = np.ones(LENGTH, np.float32)
        grad_w, grad_b = np.zeros_like(w), np.zeros_like(b)
        for y, out in reversed(tape):
            g = g * (1 - out * out)
            grad_b += g
            grad_w += g * y
            g = g * w
        return middle - began, time.perf_counter() - middle

    return run


def contenders() -> dict[str, Callable[[], tuple[float, float]]]:
    found = {"minigrad": framework_chain(minigrad), "NumPy by hand": numpy_chain()}
    try:
        import torch
    except ImportError:
        print("PyTorch is not installed here; `make parity` installs it, and then it takes part.")
    else:
        found[f"PyTorch {torch.__version__}"] = framework_chain(torch)
    return found


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rounds", type=int, default=300, help="timed rounds of each contender (default 300)"
    )
    rounds = parser.parse_args(argv).rounds
    runs = contenders()
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for number in range(rounds + max(10, rounds // 10)):
        for name, run in runs.items():
            seconds = run()
            if number >= max(10, rounds // 10):  # the first rounds warm up
                times[name].append(seconds)
    print(f"y = tanh(y * w + b): {LINKS} links, length {LENGTH}, float32")
    print(f"median of {rounds} rounds, µs per op\n")
    print(f"{'':24s}{'forward':>10s}{'backward':>10s}{'both':>10s}{'ratio':>10s}")
    total = {name: statistics.median(f + b for f, b in rows) for name, rows in times.items()}
    for name, rows in times.items():
        forward, backward = (statistics.median(column) / OPS * 1e6 for column in zip(*rows, strict=True))
        ratio = total["minigrad"] / total[name]
        print(f"{name:24s}{forward:10.2f}{backward:10.2f}{total[name] / OPS * 1e6:10.2f}{ratio:10.2f}")
    print("\nratio: minigrad's time over this contender's")


if __name__ == "__main__":
    main()
