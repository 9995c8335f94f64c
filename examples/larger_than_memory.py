"""Train on more data than fits into memory, in chunks, on a cluster of processes.

    python examples/larger_than_memory.py
    python examples/larger_than_memory.py --rows 8_000_000 --workers 4 --dashboard

Three rings of points in 100 dimensions are drawn chunk by chunk, 0.75 GiB in all, where
each worker may hold 350 MiB. The loop is the usual one: only the batch is an array of dask's.
Backward computes nothing, it extends dask's graph. One call of `compute` then runs the step on all workers.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from command import BAR, positive

import minigrad as torch
from minigrad.utils.storage import compute

NEEDED = "pip install 'dask[array,distributed]' matplotlib tqdm"


def main(argv: Sequence[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    try:
        import dask.array  # noqa: F401
        import distributed  # noqa: F401
        import matplotlib as mpl
        import tqdm  # noqa: F401
    except ImportError as error:
        sys.stderr.write(f"larger_than_memory.py: {error}; {NEEDED}\n")
        return 2
    mpl.use("Agg")
    args.out.mkdir(parents=True, exist_ok=True)
    size = args.rows * args.features * 4 / 2**30
    print(f"{args.rows:,} rows: {size:.2f} GiB, for {args.workers} workers of {args.memory} MiB")
    with cluster(args):
        start = time.perf_counter()
        losses = train(args)
        print(f"{len(losses)} steps in {time.perf_counter() - start:.0f} s")
    draw(losses, args.out / "larger_than_memory.png")
    print(f"loss: {losses[-1]:.3f}, at first {losses[0]:.3f}")
    return 0


@contextmanager
def cluster(args: argparse.Namespace) -> Any:
    """Processes on this machine; a real cluster's address would do as well."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=args.workers,
            threads_per_worker=1,
            memory_limit=f"{args.memory}MiB",
            dashboard_address=":0" if args.dashboard else None,
        ) as made,
        Client(made),
    ):
        if args.dashboard:
            print(f"dask's dashboard: {made.dashboard_link}")
        yield made


def rings(block: np.ndarray, features: int) -> np.ndarray:
    """Points on three spheres, and in the last column on which; `block` has the number of the chunk."""
    number, rows = int(block[0, 0]), len(block)
    random = np.random.default_rng([7, number])
    ring = random.integers(0, 3, rows)
    x = random.standard_normal((rows, features)).astype(np.float32)
    x *= ((1 + ring) / np.linalg.norm(x, axis=1))[:, None].astype(np.float32)
    x += 0.05 * random.standard_normal((rows, features)).astype(np.float32)
    return np.column_stack([x, ring.astype(np.float32)])


def draw_points(rows: int, chunk: int, features: int) -> Any:
    """All points as one array of dask's, each chunk of which is made when it is used."""
    import dask.array as da

    numbers = da.from_array(np.repeat(np.arange(-(-rows // chunk)), chunk)[:rows, None], chunks=(chunk, 1))
    return numbers.map_blocks(
        rings,
        features,
        dtype=np.float32,
        chunks=(numbers.chunks[0], (features + 1,)),
        meta=np.ones((0, 0), "f"),
    )


def train(args: argparse.Namespace) -> list[float]:
    """The losses of all steps; a step sees `--batch` rows, in chunks on all workers."""
    from tqdm import tqdm

    torch.manual_seed(args.seed)
    model = torch.nn.Sequential(
        torch.nn.Linear(args.features, args.hidden), torch.nn.ReLU(), torch.nn.Linear(args.hidden, 3)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    points = draw_points(args.rows, args.chunk, args.features)
    losses: list[float] = []
    starts = range(0, args.rows, args.batch)
    for epoch in range(1, args.epochs + 1):
        with tqdm(desc=f"epoch {epoch:2}/{args.epochs}", total=len(starts), bar_format=BAR) as bar:
            for start in starts:
                batch = points[start : start + args.batch]
                x, ring = torch.as_tensor(batch[:, :-1]), torch.as_tensor(batch[:, -1].astype(np.int64))
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(model(x), ring)
                loss.backward()
                (value,) = compute(loss, gradients_of=model.parameters())
                optimizer.step()
                losses.append(value.item())
                bar.set_postfix(loss=f"{losses[-1]:.3f}")
                bar.update()
    return losses


def draw(losses: list[float], path: Path) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    axes.plot(range(1, len(losses) + 1), losses)
    axes.set(
        xlabel="step", ylabel="cross entropy", title="Three rings that do not fit into memory", ylim=(0, None)
    )
    figure.savefig(path, dpi=120)
    plt.close(figure)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    number, say = positive(int), "(default %(default)s)"
    parser.add_argument("--rows", type=number, default=2_000_000, help=f"points in all {say}")
    parser.add_argument("--features", type=number, default=100, help=f"dimensions {say}")
    parser.add_argument("--chunk", type=number, default=25_000, help=f"rows of a chunk {say}")
    parser.add_argument("--batch", type=number, default=200_000, help=f"rows of a step {say}")
    parser.add_argument("--epochs", type=number, default=2, help=say)
    parser.add_argument("--hidden", type=number, default=64, help=f"units of the layer {say}")
    parser.add_argument("--lr", type=positive(float), default=0.02, help=f"of Adam {say}")
    parser.add_argument("--workers", type=number, default=2, help=f"processes {say}")
    parser.add_argument("--memory", type=number, default=350, help=f"MiB of each worker {say}")
    parser.add_argument("--seed", type=int, default=0, help=f"of the first weights {say}")
    parser.add_argument("--dashboard", action="store_true", help="serve dask's dashboard (needs bokeh)")
    parser.add_argument("--out", type=Path, default=Path("out"), help=f"folder of the picture {say}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
