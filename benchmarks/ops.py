"""Every op beside PyTorch's: seconds forward and backward on one thread, in turns, on matrices of two sizes.

python benchmarks/bench.py --only ops
python benchmarks/ops.py gelu "x**3" layer_norm     single ones, to the terminal; none: those of the registry
"""

import argparse
import importlib
import sys
import time
from collections.abc import Iterable
from typing import Any

import machine
import numpy as np
import report
from samples import COMPOSED, SIZES, Sample, of_registry, without_sample
from turns import Contender, check_same, compare, take_turns

LEAST = 2e-3  # seconds of a turn: a short call is made many times
MOST = 100  # calls in a turn


def contender(t: Any, sample: Sample, rows: int, columns: int) -> Contender:
    """A forward, and a backward where there is one, by a library in PyTorch's interface."""
    inputs, leaves = [], []
    for place, array in enumerate(sample.arrays(rows, columns)):
        x = t.tensor(array)
        if array.dtype.kind == "f" and place not in sample.constants:
            leaves.append(x.requires_grad_())
        inputs.append(x)
    call, out = sample.call, sample.call(t, *inputs)
    differentiable = out.requires_grad
    if differentiable:
        values = np.random.default_rng(1).standard_normal(tuple(out.shape))
        g = t.tensor(values).to(out.dtype)

    def step() -> None:
        for leaf in leaves:
            leaf.grad = None
        y = call(t, *inputs)
        if differentiable:
            y.backward(g)

    def read() -> list[Any]:
        grads = [leaf.grad for leaf in leaves if leaf.grad is not None]
        return [call(t, *inputs).detach().numpy(), *(grad.numpy() for grad in grads)]

    return Contender(step, read)


def measure(sample: Sample, size: tuple[int, int], libraries: Iterable[str], rounds: int) -> dict[str, Any]:
    """Seconds of each library at one size, and minigrad's over PyTorch's where both are there.

    Raises:
        ValueError: the two computed different values.
    """
    contenders = {
        name: contender(importlib.import_module(name), sample, *size) for name in reversed([*libraries])
    }
    if sample.same:
        check_same(contenders, steps=1)
    began = time.perf_counter()
    for each in contenders.values():
        each.step()
    taken = (time.perf_counter() - began) / len(contenders)
    calls = min(MOST, max(1, int(LEAST / taken)))
    found = compare(
        take_turns(contenders, range(rounds), calls=calls, slow=None, clock=time.process_time),
        "minigrad",
        "median",
    )
    row: dict[str, Any] = {name: found[name]["quartiles"][1] for name in found}
    if "torch" in found:
        row |= {"ratio": found["torch"]["ratio"], "paired": found["torch"]["paired"]}
    return row


def samples() -> dict[str, Sample]:
    """All that is timed, by name.

    Raises:
        LookupError: an op of the registry has no sample.
    """
    if missing := without_sample():
        raise LookupError(f"samples.py has no sample of {', '.join(missing)}")
    return {**of_registry(), **COMPOSED}


def keep_memory() -> None:
    """Let the C library keep freed memory, as it does in a program that has freed something large.

    Until then it gives memory back after most calls here. To get it again takes longer than the op.
    """
    np.ones(30 * 2**20 // 8)


def run(quick: bool, names: Iterable[str] = ()) -> dict[str, Any]:
    """The record of all samples, or of some."""
    from tqdm import tqdm

    chosen = {name: sample for name, sample in samples().items() if not names or name in names}
    libraries = [name for name in ("minigrad", "torch") if name == "minigrad" or name in machine.versions()]
    rows: dict[str, Any] = {}
    keep_memory()
    with machine.limit_threads(1):
        for name in tqdm(chosen, desc="ops", leave=False):
            rows[name] = {
                report.of_size(size): measure(chosen[name], size, libraries, 3 if quick else 9)
                for size in SIZES
            }
    return {
        "title": f"{len(rows)} ops and functions, forward and backward",
        "by": "median",
        "threads": 1,
        "absent": {} if "torch" in libraries else {"torch": "not installed"},
        "rows": rows,
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="of samples.py")
    parser.add_argument("--quick", action="store_true", help="a few rounds")
    args = parser.parse_args(argv)
    if unknown := set(args.names) - set(samples()):
        parser.error(f"no sample is called {', '.join(sorted(unknown))}")
    found = run(args.quick, args.names or of_registry())
    print(report.aligned(report.ops_rows(found["rows"])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
