"""A network, its derivative as a NumPy program, and the time of a training step, eager and compiled.

python examples/compile_mlp.py --out out
"""

import argparse
import inspect
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import minigrad as torch

nn = torch.nn


class Net(nn.Module):
    """Two layers for points in the plane."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(2, width)
        self.fc2 = nn.Linear(width, 2)

    def forward(self, x: Any) -> Any:
        h = torch.tanh(self.fc1(x))
        return self.fc2(h)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="compile_mlp.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the files (default: out)")
    parser.add_argument("--width", type=int, default=16, help="units of the hidden layer (default: 16)")
    parser.add_argument("--batch", type=int, default=32, help="points in a batch (default: 32)")
    parser.add_argument("--rounds", type=int, default=200, help="rounds of timing (default: 200)")
    args = parser.parse_args(argv)
    runs, program = steps(args.width, args.batch)
    seconds = in_turns(runs, args.rounds)
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "mlp_program.py").write_text(program.source, encoding="utf-8")
        draw(seconds, program.source, args.out / "compile_mlp.png")
    except (ImportError, OSError) as error:
        parser.exit(2, f"compile_mlp.py: {error}\n")
    print(program.source)
    print(program)
    print(f"eager, forward:\n{inspect.getsource(Net.forward)}")
    for name, found in seconds.items():
        print(f"{name:13} {median(found) * 1e6:7.1f} µs a step")
    print("wrote", args.out / "mlp_program.py", "and", args.out / "compile_mlp.png")
    return 0


def steps(width: int, batch: int) -> tuple[dict[str, Callable[[], Any]], Any]:
    """A training step, eager, with a compiled loss, and compiled whole; and the compiled loss itself."""
    torch.manual_seed(0)
    x = torch.randn(batch, 2)
    y = (x[:, 0] * x[:, 1] > 0).long()

    def make(compile_loss: bool, compile_step: bool) -> tuple[Callable[[], Any], Any]:
        torch.manual_seed(1)
        net = Net(width)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

        def loss_of(x: Any, y: Any) -> Any:
            return nn.functional.cross_entropy(net(x), y)

        loss = torch.compile(loss_of) if compile_loss else loss_of

        def step(x: Any, y: Any) -> Any:
            optimizer.zero_grad()
            value = loss(x, y)
            value.backward()
            optimizer.step()
            return value

        whole = torch.compile(step) if compile_step else step
        return lambda: whole(x, y), loss

    (eager, _), (by_loss, program), (by_step, _) = make(False, False), make(True, False), make(False, True)
    runs = {"eager": eager, "loss compiled": by_loss, "step compiled": by_step}
    for _ in range(3):
        first, *others = [run().item() for run in runs.values()]
        assert all(abs(first - other) < 1e-5 for other in others)  # the same numbers, or nothing is timed
    return runs, program


def in_turns(runs: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds of single calls, the runs in turns."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            run()  # so that memory and caches are its own
            start = time.perf_counter()
            run()
            found[name].append(time.perf_counter() - start)
    return found


def draw(seconds: dict[str, list[float]], source: str, path: Path) -> None:
    """The program beside the times of all ways."""
    try:
        from matplotlib import pyplot as plt
    except ImportError:
        raise ImportError("pictures need matplotlib: pip install matplotlib") from None
    lines = source.splitlines()
    figure, (text, bars) = plt.subplots(
        1, 2, figsize=(11, max(5.0, 0.165 * len(lines))), width_ratios=(2, 1), layout="constrained"
    )
    text.axis("off")
    text.text(0, 1, source.replace("$", r"\$"), family="monospace", fontsize=8.5, va="top")
    medians = [median(found) * 1e6 for found in seconds.values()]
    drawn = bars.bar(list(seconds), medians, color=("tab:gray", "tab:red", "darkorange"), width=0.6)
    bars.bar_label(drawn, [f"{value:.0f} µs" for value in medians], padding=3)
    bars.set(title="a training step", ylabel="µs")
    bars.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    raise SystemExit(main())
