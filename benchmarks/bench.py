"""minigrad against PyTorch, NumPy by hand and others: `make bench`.

    make bench                                  everything, some ten minutes; results and picture are written
    make bench ARGS="--quick"                   a few rounds of everything, to out/benchmarks
    make bench ARGS="--only chain mlp-64"       some parts

benchmarks/README.md describes the parts, and how they are measured.
"""

import argparse
import datetime
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import chain as chain_work
import machine
import plots
import processes
import report
from chain import Chain
from processes import PAUSED
from turns import compare, take_turns
from work import WORK, Work, line_up

HERE = Path(__file__).parent
LENGTHS = (1, 8, 64, 512, 4096, 32_768, 262_144)
RESULTS = HERE / "results"
QUICK_RESULTS = HERE.parent / "out" / "benchmarks"


def before(deadline: float, rounds: Iterable[int]) -> Iterator[int]:
    """The rounds that begin before the deadline, and the first in any case."""
    for number in rounds:
        if number and time.perf_counter() > deadline:
            return
        yield number


def in_one_process(
    name: str, rounds: int, seconds: float, threads: int | None, peers: bool
) -> dict[str, Any]:
    """A piece of work whose contenders take turns here."""
    from tqdm import tqdm

    work = WORK[name]
    threads = threads or work.threads or machine.cores()
    with machine.limit_threads(threads):
        contenders, absent = line_up(work, peers)
        progress = tqdm(range(rounds), desc=name, leave=False, mininterval=0.5)
        found = take_turns(
            contenders,
            before(time.perf_counter() + seconds, progress),
            calls=work.calls,
            settle=work.settle if threads > 1 else 0.0,
            clock=time.perf_counter if threads > 1 else time.process_time,
        )
    return {
        "title": work.title,
        "by": work.by,
        "threads": threads,
        "ops": getattr(work.spec, "ops", None),
        "contenders": compare(found, "minigrad", work.by),
        "absent": absent,
    }


def in_children(
    what: str, title: str, libraries: list[str], size: int, rounds: int, label: str = ""
) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """A measure that needs fresh processes, the libraries in turns."""
    from tqdm import tqdm

    here = [
        library
        for library in libraries
        if library in ("minigrad", "numpy", *processes.WAYS) or library in installed()
    ]
    absent = {library: "not installed" for library in libraries if library not in here}
    with tqdm(total=rounds * len(here), desc=label or what, leave=False) as bar:
        found = processes.in_turns(what, here, size, rounds, bar.update)
    record = {"title": title, "size": size, "rounds": rounds, "absent": absent, "threads": machine.cores()}
    return record, found


def installed() -> dict[str, str]:
    return machine.versions()


def million(quick: bool) -> dict[str, Any]:
    size = 100_000 if quick else 1_000_000
    title = f"chain of {size:,} ops: build, backward, free"
    libraries = ["minigrad", PAUSED, "torch"]
    record, found = in_children("million", title, libraries, size, 1 if quick else 3, "million")
    return {**record, "contenders": processes.summary(found)}


def deep(quick: bool) -> dict[str, Any]:
    size = 1024 if quick else 8192
    title = f"8 x (Linear 1024, tanh), batch {size:,}, three steps"
    libraries = ["minigrad", processes.COMPILED, "torch"]
    record, found = in_children("deep", title, libraries, size, 1 if quick else 2, "deep")
    return {**record, "contenders": processes.summary(found)}


def trace(quick: bool) -> dict[str, Any]:
    title = "first call of a compiled net of ten layers"
    record, found = in_children("trace", title, ["minigrad"], 10, 1 if quick else 3)
    return {**record, "contenders": processes.summary(found)}


def imports(quick: bool) -> dict[str, Any]:
    libraries = ["numpy", "minigrad", "torch", "autograd", "mygrad", "jax"]
    for library in libraries[:2]:
        processes.run_child("import", library, 0)  # compiles what has to be compiled
    record, found = in_children("import", "import, in a fresh process", libraries, 0, 3 if quick else 15)
    return {**record, "contenders": processes.summary(found)}


def growth(quick: bool) -> dict[str, Any]:
    size = 100_000 if quick else 1_000_000
    title = f"cost per op, graphs of 1,000 to {size:,} ops"
    record, found = in_children("growth", title, ["minigrad", PAUSED, "torch"], size, 1)
    contenders = {library: processes.per_op(rows) for library, rows in found.items()}
    return {**record, "contenders": contenders}


def lengths(quick: bool) -> dict[str, Any]:
    """The chain on longer and longer vectors: where the engine's cost gives way to arithmetic's."""
    from tqdm import tqdm

    sizes = LENGTHS[:4] if quick else LENGTHS
    found: dict[str, list[float]] = {}
    with machine.limit_threads(1):
        for length in tqdm(sizes, desc="lengths", leave=False):
            chain = Chain(links=50, length=length)
            contenders, absent = line_up(Work("", chain_work, chain, 0, 0), peers=False)
            rounds = max(5, min(10 if quick else 100, 1_000_000 // length))
            for name, row in compare(
                take_turns(contenders, range(rounds), clock=time.process_time), "minigrad", "median"
            ).items():
                found.setdefault(name, []).append(row["quartiles"][1] / chain.ops)
    title = "the chain on longer vectors: seconds per op, forward and backward"
    return {"title": title, "lengths": sizes, "absent": absent, "contenders": found}


def breakdown(quick: bool) -> dict[str, Any]:
    from breakdown import measure
    from tqdm import tqdm

    names = ("chain", "mlp-2", "mlp-64", "mlp-784")
    found = {}
    for name in names:
        rounds = WORK[name].quick if quick else WORK[name].rounds
        found[name] = measure(name, tqdm(range(rounds), desc=f"breakdown {name}", leave=False))
    return {"title": "where the time of a step goes", "work": found}


def every_op(quick: bool) -> dict[str, Any]:
    import ops

    return ops.run(quick)


OTHERS = {
    "million": million,
    "growth": growth,
    "lengths": lengths,
    "deep": deep,
    "trace": trace,
    "import": imports,
    "breakdown": breakdown,
    "ops": every_op,
}
PARTS = (*WORK, *OTHERS)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a few rounds and smaller graphs")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART",
                        help=f"some of: {', '.join(PARTS)}")  # fmt: skip
    parser.add_argument("--rounds", type=int, help="rounds of each piece of work that is timed in turns")
    parser.add_argument(
        "--seconds", type=float, default=60, help="begin no round later than this in each (default 60)"
    )
    parser.add_argument(
        "--threads", type=int, help="for all (default: 1 for small work, all cores for large)"
    )
    parser.add_argument("--no-peers", action="store_true", help="only minigrad, PyTorch and NumPy")
    parser.add_argument(
        "--out", type=Path, help="where results go (default: benchmarks/results; --quick: out/benchmarks)"
    )
    args = parser.parse_args(argv)
    out = args.out or (QUICK_RESULTS if args.quick else RESULTS)
    out.mkdir(parents=True, exist_ok=True)
    for complaint in machine.complaints():
        print(f"note: {complaint}", file=sys.stderr)
    about = {"date": datetime.date.today().isoformat(), "machine": machine.describe(), "quick": args.quick}
    results = report.load(out)
    for name in args.only:
        if name in WORK:
            rounds = args.rounds or (WORK[name].quick if args.quick else WORK[name].rounds)
            found = in_one_process(name, rounds, args.seconds, args.threads, not args.no_peers)
        else:
            found = OTHERS[name](args.quick)
        results[name] = {**found, **about}
        report.store(results, out)
        print(report.part_as_text(name, results[name]), flush=True)
    print(report.targets_as_text(results))
    pictures = [plots.draw(results, out / "benchmarks.png")]
    if "ops" in args.only:
        pictures.append(plots.draw_ops(results["ops"], out / "ops.png"))
    drawn = "".join(f" and {picture.name}" for picture in pictures if picture)
    print(f"wrote {len(args.only)} results{drawn} to {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
