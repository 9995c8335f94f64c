"""From results to tables in the terminal, and the bounds beside what was measured."""

import json
import tomllib
from pathlib import Path
from typing import Any

from processes import PAUSED

HERE = Path(__file__).parent
TARGETS = tomllib.loads((HERE / "targets.toml").read_text(encoding="utf-8"))
NAMES = {"torch": "PyTorch", "numpy": "NumPy by hand", "jax": "JAX (jit)", "mygrad": "MyGrad"}
PARTS_OF_A_STEP = {
    "NumPy, forward": "the ops' forwards, on arrays",
    "calling": "modules, unwrapping operands, wrapping results",
    "recording": "nodes, edges, what they save",
    "NumPy, backward": "the rules, on arrays",
    "undoing broadcasts": "sums to the shape of the operand",
    "accumulating": "adding where gradients meet",
    "walking": "order, look-ups, checks, handing gradients to leaves, freeing",
    "garbage collector": "collections while all this runs",
    "optimiser": "the step of SGD",
}
Results = dict[str, dict[str, Any]]


def load(folder: Path) -> Results:
    """The results of a folder by the name of their part."""
    records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    return {record["part"]: record for record in records if "part" in record}


def called(name: str, versions: dict[str, str], by_hand: bool = True) -> str:
    """A contender as a reader knows it, with its version."""
    if name == "numpy":
        return f"NumPy {versions.get(name, '')} by hand" if by_hand else f"NumPy {versions.get(name, '')}"
    version = "" if name == "minigrad" else versions.get(name, "").split("+")[0]
    return f"{NAMES.get(name, name)} {version}".strip()


def seconds(value: float) -> str:
    """A duration with the unit that suits it, to three digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def size(value: float) -> str:
    """Bytes as MiB."""
    return f"{value / 2**20:,.0f} MiB"


def aligned(rows: list[list[str]]) -> str:
    """Rows in columns: the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in
                 enumerate(zip(row, widths, strict=True))]  # fmt: skip
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines)


def part_as_text(record: dict[str, Any]) -> str:
    """One part as a table for the terminal."""
    if record["part"] == "breakdown":
        return f"\n{record['part']}: {record['title']}\n{aligned(breakdown_rows(record))}"
    versions = record["machine"]["versions"]
    heading = f"\n{record['part']}: {record['title']}"
    contenders = record["contenders"]
    rows: list[list[str]]
    if "by" in record:
        heading += f" ({record['by']} of rounds, threads: {record['threads']})"
        rows = [["", "time", "quartiles", "minimum", "minigrad's / this", "by rounds", "rounds"]]
        for name, row in contenders.items():
            first, median, third = row["quartiles"]
            best = median if record["by"] == "median" else row["minimum"]
            rows.append([
                called(name, versions), seconds(best), f"{seconds(first)} .. {seconds(third)}",
                seconds(row["minimum"]), f"{row['ratio']:.2f}",
                f"{row['paired'][0]:.2f} .. {row['paired'][2]:.2f}", str(row["rounds"]),
            ])  # fmt: skip
    elif record["part"] == "growth":
        sizes = contenders["minigrad"]["sizes"]
        rows = [["ops", *(f"{n:,}" for n in sizes), "growth"]]
        for name, row in contenders.items():
            costs = [seconds(cost) for cost in row["per_op"]]
            rows.append([called(name, versions), *costs, f"{row['growth']:.2f}"])
    elif record["part"] == "lengths":
        rows = [["length", *(f"{n:,}" for n in record["lengths"])]]
        for name, costs in contenders.items():
            rows.append([called(name, versions), *map(seconds, costs)])
    else:
        keys = list(next(iter(contenders.values())))
        rows = [["", *keys]]
        for name, row in contenders.items():
            cells = [(size if key in ("peak", "grown") else seconds)(row[key][1]) for key in keys]
            rows.append([called(name, versions, by_hand=False), *cells])
    absent = [f"  absent: {called(name, {})}: {why}" for name, why in record["absent"].items()]
    return "\n".join([heading, aligned(rows), *absent])


def breakdown_rows(record: dict[str, Any]) -> list[list[str]]:
    """Parts by pieces of work: microseconds per op, and the share of the whole."""
    work = record["work"]
    rows = [["µs per op", *work]]
    for part in next(iter(work.values()))["parts"]:
        cells = []
        for found in work.values():
            spent = found["parts"][part]
            cells.append(f"{spent / found['ops'] * 1e6:.2f} ({spent / found['whole']:.0%})")
        rows.append([part, *cells])
    rows.append(["whole", *(f"{found['whole'] / found['ops'] * 1e6:.2f}" for found in work.values())])
    rows.append(["ops", *(f"{found['ops']}" for found in work.values())])
    return rows


class Target:
    """One bound of targets.toml, and what was measured (None where a contender was absent)."""

    def __init__(self, part: str, what: str, bound: float, measured: float | None) -> None:
        self.part, self.what, self.bound, self.measured = part, what, bound, measured

    @property
    def verdict(self) -> str:
        if self.measured is None:
            return "not measured"
        return "met" if self.measured <= self.bound else "missed"

    @property
    def figure(self) -> str:
        if self.measured is None:
            return "-"
        return f"{self.measured:.0f}" if self.bound >= 10 else f"{self.measured:.2f}"


def targets(results: Results) -> list[Target]:
    """All bounds beside what the results say."""
    found = []
    for part, bounds in TARGETS.items():
        record = results.get(part)
        for key, bound in bounds.items():
            for label, value in _measured(part, key, record):
                found.append(Target(part, label, bound, value))
    return found


def _measured(part: str, key: str, record: dict[str, Any] | None) -> list[tuple[str, float | None]]:
    """What a key of targets.toml stands for, and its figure in a part's results."""
    rows = record["contenders"] if record else {}

    def over(other: str, figure: str, ours: str = "minigrad") -> float | None:
        if other not in rows or ours not in rows:
            return None
        return rows[ours][figure][1] / rows[other][figure][1]

    if key == "growth":
        text = "dearest op / cheapest"
        resting = rows[PAUSED]["growth"] if PAUSED in rows else None
        return [(text, rows["minigrad"]["growth"] if rows else None), (f"{text}, under gc_paused", resting)]
    if key == "beyond_numpy_ms":
        both = [rows[name]["seconds"][1] for name in ("minigrad", "numpy") if name in rows]
        return [("ms beyond NumPy's import", (both[0] - both[1]) * 1e3 if len(both) == 2 else None)]
    if key == "torch_memory":
        return [
            ("peak memory / PyTorch's, whole process", over("torch", "peak")),
            ("peak memory / PyTorch's, beyond the start", over("torch", "grown")),
        ]
    if part == "million":
        resting = over("torch", "seconds", PAUSED)
        return [
            ("time / PyTorch's", over("torch", "seconds")),
            ("time / PyTorch's, under gc_paused", resting),
        ]
    return [(f"time / {NAMES[key]}'s", rows[key]["ratio"] if key in rows else None)]


def targets_as_text(results: Results) -> str:
    """Bounds and measured figures, for the terminal."""
    rows = [["", "", "at most", "measured", ""]]
    for target in targets(results):
        rows.append([target.part, target.what, f"{target.bound:g}", target.figure, target.verdict])
    quick = {name for name, record in results.items() if record["quick"]}
    note = f"\n  (a quick run: {', '.join(sorted(quick))})" if quick else ""
    return f"\ntargets\n{aligned(rows)}{note}"
