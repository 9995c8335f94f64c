"""Work that needs a process of its own, because its memory, or its import, is what is measured.

    python benchmarks/child.py million minigrad 1000000

prints one line of JSON. `bench.py` starts these in turns.
"""

import argparse
import functools
import gc
import importlib
import json
import mmap
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
LENGTH = 8


def peak() -> int:
    """The most memory this process has had, in bytes."""
    # Not ru_maxrss where there is better: on Linux it starts, after exec, from the parent's.
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        pass
    import resource  # where there is no /proc: macOS; Windows has neither

    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes if sys.platform == "darwin" else kilobytes * 1024


def now_resident() -> int:
    """The memory that the process has now; where the system does not tell, its peak."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return peak()
    return pages * mmap.PAGESIZE


def build_and_free(torch: Any, ops: int) -> dict[str, float]:
    """A chain y = tanh(y * w + b) of so many ops: seconds to build, to differentiate and to free it.

    Seconds of this process: the work needs one core, and waiting for that on a busy machine is not its cost.
    """
    w = torch.full((LENGTH,), 0.9, requires_grad=True)
    b = torch.full((LENGTH,), 0.1, requires_grad=True)
    y = torch.full((LENGTH,), 0.5)
    tanh = torch.tanh
    began = time.process_time()
    for _ in range(ops // 3):
        y = tanh(y * w + b)
    y = y.sum()
    built = time.process_time()
    y.backward()
    walked = time.process_time()
    del y
    freed = time.process_time()
    return {"build": built - began, "backward": walked - built, "free": freed - walked}


def million(torch: Any, ops: int) -> dict[str, float]:
    """One long chain: times, and how much memory the process took for it."""
    build_and_free(torch, 3_000)
    before = now_resident()
    found = build_and_free(torch, ops)
    return {**found, "seconds": sum(found.values()), "peak": peak(), "grown": peak() - before}


def growth(torch: Any, largest: int, turns: int = 2, least: int = 100_000) -> dict[str, Any]:
    """Seconds per op of chains of more and more ops, the sizes in turns.

    Smaller sizes are repeated within a turn, up to 20 times, until they come to `least` ops.
    """
    sizes = [size for size in SIZES if size <= largest]
    seconds: dict[int, list[float]] = {size: [] for size in sizes}
    build_and_free(torch, 3_000)
    for _ in range(turns):
        for size in sizes:
            for _ in range(max(1, min(20, least // size))):
                gc.collect()
                found = build_and_free(torch, size)
                seconds[size].append(sum(found.values()) / (size // 3 * 3 + 1))
    return {"sizes": sizes, "per_op": [statistics.median(seconds[size]) for size in sizes]}


def paused(measure: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """The same under `autograd.gc_paused`, as what the collector costs grows with the graph."""

    def measured(torch: Any, size: int) -> dict[str, Any]:
        with torch.autograd.gc_paused():
            return measure(torch, size)

    return measured


def deep(
    torch: Any, batch: int, width: int = 1024, layers: int = 8, steps: int = 3, compiled: bool = False
) -> dict[str, float]:
    """Training steps of 8 x (Linear, tanh) on a large batch: the most memory, and seconds."""

    def train(width: int, batch: int, steps: int) -> None:
        nn = torch.nn
        model = nn.Sequential(*[m for _ in range(layers) for m in (nn.Linear(width, width), nn.Tanh())])
        model = torch.compile(model) if compiled else model
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        x = torch.randn(batch, width)
        for _ in range(steps):
            optimizer.zero_grad()
            y = model(x)
            loss = (y * y).mean()
            loss.backward()
            optimizer.step()

    train(8, 8, 1)  # what a library loads at first use is not the batch's
    before = now_resident()
    began = time.perf_counter()
    train(width, batch, steps)
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "peak": peak(), "grown": peak() - before}


def trace(torch: Any, layers: int, turns: int = 15) -> dict[str, float]:
    """Seconds of the first call of a compiled net, and of a call of the net itself."""
    nn = torch.nn
    x = torch.randn(32, 64)
    first, eager = [], []
    for _ in range(turns + 1):
        model = nn.Sequential(*[m for _ in range(layers) for m in (nn.Linear(64, 64), nn.ReLU())])
        compiled = torch.compile(model)
        for call, seconds in ((model, eager), (compiled, first)):
            began = time.process_time()
            call(x)
            seconds.append(time.process_time() - began)
    # The first turn loads what both need.
    return {"seconds": statistics.median(first[1:]), "eager": statistics.median(eager[1:])}


MEASURES = {
    "million": million,
    "million-paused": paused(million),
    "growth": growth,
    "growth-paused": paused(growth),
    "deep": deep,
    "deep-compiled": functools.partial(deep, compiled=True),
    "trace": trace,
}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=(*MEASURES, "import"))
    parser.add_argument("library", help="minigrad, torch, numpy, ...")
    parser.add_argument(
        "size", type=int, nargs="?", default=0, help="number of ops, or the size of the batch"
    )
    args = parser.parse_args(argv)
    began = time.thread_time()  # not the process's: BLAS threads spin during the rest of the import
    library = importlib.import_module(args.library)
    found: dict[str, Any] = {"seconds": time.thread_time() - began}
    if args.what != "import":
        found = MEASURES[args.what](library, args.size)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
