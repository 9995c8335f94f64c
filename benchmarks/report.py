"""From results to tables, for the terminal and in Markdown: `make bench-tables`.

    python benchmarks/report.py benchmarks/README.md README.md

rewrites the text between `<!-- measured: NAME -->` and `<!-- end -->`; the names are those of TABLES.
"""

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from processes import PAUSED
from work import COMPILED, NUMBA, STEP

HERE = Path(__file__).parent
TARGETS = tomllib.loads((HERE / "targets.toml").read_text(encoding="utf-8"))
WAYS = {"compiled": COMPILED, "step": STEP, "numba": NUMBA}  # ways of minigrad that have bounds of their own
NAMES = {
    "torch": "PyTorch",
    "torch, compiled": "PyTorch, compiled",
    "numpy": "NumPy by hand",
    "jax": "JAX (jit)",
    "mygrad": "MyGrad",
}
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
FILE = "results.json"
BLOCK = re.compile(r"<!-- measured: (\S+) -->\n.*?<!-- end -->", re.DOTALL)
IN_TURNS = ("chain", "scalar", "mlp-2", "mlp-64", "mlp-784", "mlp-1024")
NOTHING = [["Nothing measured yet."]]
Rows = list[list[str]]
Results = dict[str, dict[str, Any]]  # by the name of the part


def load(folder: Path) -> Results:
    """The results of a folder."""
    path = folder / FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def store(results: Results, folder: Path) -> None:
    """Write the results, each part on a line."""
    lines = [f'"{part}": {json.dumps(found, ensure_ascii=False)}' for part, found in results.items()]
    (folder / FILE).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


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


def aligned(rows: Rows) -> str:
    """Rows in columns: the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in
                 enumerate(zip(row, widths, strict=True))]  # fmt: skip
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines)


def markdown(rows: Rows) -> str:
    """A table whose first column is text and whose others are figures."""
    if len(rows) == 1:
        return rows[0][0]
    rule = ["---", *["---:"] * (len(rows[0]) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))


def part_as_text(part: str, record: dict[str, Any]) -> str:
    """One part as a table for the terminal."""
    how = f" ({record['by']} of rounds, threads: {record['threads']})" if "by" in record else ""
    special = {"breakdown": breakdown_rows, "growth": growth_rows, "lengths": lengths_rows, "ops": slow_ops}
    rows = special.get(part) or (rounds_rows if "by" in record else figures_rows)
    absent = [f"  absent: {called(name, {})}: {why}" for name, why in record.get("absent", {}).items()]
    return "\n".join([f"\n{part}: {record['title']}{how}", aligned(rows(record)), *absent])


def rounds_rows(record: dict[str, Any]) -> Rows:
    """The times of contenders that took turns, and how far they scatter."""
    rows = [["", "time", "quartiles", "minimum", "minigrad's / this", "by rounds", "rounds"]]
    for name, row in record["contenders"].items():
        first, _, third = row["quartiles"]
        rows.append([
            called(name, record["machine"]["versions"]), seconds(_best(record, name)),
            f"{seconds(first)} .. {seconds(third)}", seconds(row["minimum"]), f"{row['ratio']:.3f}",
            f"{row['paired'][0]:.2f} .. {row['paired'][2]:.2f}", str(row["rounds"]),
        ])  # fmt: skip
    return rows


def _best(record: dict[str, Any], name: str) -> float:
    row = record["contenders"][name]
    return row["quartiles"][1] if record["by"] == "median" else row["minimum"]


def of_size(size: tuple[int, int]) -> str:
    """The name of a column."""
    return f"{size[0]} x {size[1]}"


def slowest(row: dict[str, Any]) -> float:
    """Of an op: the largest of minigrad's times over PyTorch's, 0 where there is none."""
    return max(found.get("ratio", 0.0) for found in row.values())


def ops_rows(rows: dict[str, Any], beyond: float = 0.0) -> Rows:
    """Times of ops beside PyTorch's, the slowest first; "!" marks the ratios that exceed the bound."""
    sizes = next(iter(rows.values()))
    bound = TARGETS["ops"]["slowest"]
    table = [["", *(cell for size in sizes for cell in (size, "PyTorch's", "ratio"))]]
    for name, row in sorted(rows.items(), key=lambda item: -slowest(item[1])):
        if slowest(row) < beyond:
            continue
        cells = [name]
        for found in row.values():
            ratio = (
                f"{found['ratio']:.2f}{'!' if found['ratio'] > bound else ' '}" if "ratio" in found else "- "
            )
            cells += [seconds(found["minigrad"]), seconds(found["torch"]) if "torch" in found else "-", ratio]
        table.append(cells)
    return table


def slow_ops(record: dict[str, Any]) -> Rows:
    """The ops that take more than twice PyTorch's time."""
    return ops_rows(record["rows"], beyond=2.0)


def growth_rows(record: dict[str, Any]) -> Rows:
    """Cost per op by the size of the graph."""
    rows = [["ops", *(f"{n:,}" for n in record["contenders"]["minigrad"]["sizes"]), "dearest / cheapest"]]
    for name, row in record["contenders"].items():
        label = called(name, record["machine"]["versions"])
        rows.append([label, *map(seconds, row["per_op"]), f"{row['growth']:.2f}"])
    return rows


def lengths_rows(record: dict[str, Any]) -> Rows:
    """Cost per op by the length of the vectors."""
    versions = record["machine"]["versions"]
    costs = [[called(name, versions), *map(seconds, row)] for name, row in record["contenders"].items()]
    return [["length", *(f"{n:,}" for n in record["lengths"])], *costs]


def figures_rows(record: dict[str, Any]) -> Rows:
    """The medians of all figures that children reported."""
    keys = list(next(iter(record["contenders"].values())))
    rows = [["", *keys]]
    for name, row in record["contenders"].items():
        cells = [(size if key in ("peak", "grown") else seconds)(row[key][1]) for key in keys]
        rows.append([called(name, record["machine"]["versions"], by_hand=False), *cells])
    return rows


def breakdown_rows(record: dict[str, Any]) -> Rows:
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
        figures = [f"{self.measured:.{digits}f}" for digits in range(0 if self.bound >= 10 else 2, 7)]
        # The shortest that shows on which side of the bound it is.
        return next((figure for figure in figures if float(figure) != self.bound), figures[0])


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
    """The meaning of a key of targets.toml, and its figure in a part's results."""
    if key == "slowest":
        found = [slowest(row) for row in record["rows"].values()] if record else []
        return [("slowest op, time / PyTorch's", max(found, default=0.0) or None)]
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
    if key == "at_most_ms":
        return [("ms, tracing and program", rows["minigrad"]["seconds"][1] * 1e3 if rows else None)]
    if key == "compiled_memory":
        return [("compiled: peak memory / eager, beyond the start", over("minigrad", "grown", COMPILED))]
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
    way, _, other = key.partition("_")
    if way in WAYS:
        found = WAYS[way] in rows and other in rows
        value = rows[other]["ratio"] / rows[WAYS[way]]["ratio"] if found else None
        said = "step compiled" if way == "step" else way
        return [(f"{said}: time / {NAMES[other]}'s", value)]
    return [(f"time / {NAMES[key]}'s", rows[key]["ratio"] if key in rows else None)]


def targets_as_text(results: Results) -> str:
    """Bounds and measured figures, for the terminal."""
    rows = [["", "", "at most", "measured", ""]]
    for target in targets(results):
        rows.append([target.part, target.what, f"{target.bound:g}", target.figure, target.verdict])
    quick = {name for name, record in results.items() if record["quick"]}
    note = f"\n  (a quick run: {', '.join(sorted(quick))})" if quick else ""
    return f"\ntargets\n{aligned(rows)}{note}"


def with_bounds(results: Results) -> Rows:
    """Every bound, the figure, and whether it is met."""
    rows = [["work", "measure", "at most", "measured", ""]]
    for t in targets(results):
        title = results[t.part]["title"] if t.part in results else t.part
        rows.append([title, t.what, f"{t.bound:g}", t.figure, t.verdict])
    return rows


def short(results: Results) -> Rows:
    """One line for each piece of work: minigrad's time over PyTorch's and over NumPy's."""
    rows = [["forward, backward, SGD step", "minigrad", "of PyTorch's time", "of NumPy's by hand"]]
    for part in IN_TURNS:
        record = results.get(part)
        if record is None or part == "scalar":
            continue
        found = record["contenders"]
        ratios = [f"{found[name]['ratio']:.2f}" if name in found else "-" for name in ("torch", "numpy")]
        rows.append([record["title"], seconds(_best(record, "minigrad")), *ratios])
    return rows


def peers(results: Results) -> Rows:
    """Times of all contenders."""
    records = [results[part] for part in IN_TURNS if part in results]
    if not records:
        return NOTHING
    versions = records[0]["machine"]["versions"]
    names = list(dict.fromkeys(name for record in records for name in record["contenders"]))
    rows = [["work", *(called(name, versions) for name in names)]]
    for record in records:
        cells = [seconds(_best(record, n)) if n in record["contenders"] else "-" for n in names]
        rows.append([record["title"], *cells])
    return rows


def memory(results: Results) -> Rows:
    """Peaks of the two measures of memory: of the process, and beyond what it had at the start."""
    rows = [["work", "", "peak of the process", "beyond its start", "time"]]
    for part in ("million", "deep"):
        for name, row in results.get(part, {"contenders": {}})["contenders"].items():
            title, versions = results[part]["title"], results[part]["machine"]["versions"]
            figures = [size(row["peak"][1]), size(row["grown"][1]), seconds(row["seconds"][1])]
            rows.append([title, called(name, versions), *figures])
    return rows


def ops(results: Results) -> Rows:
    """The ops that take more than twice PyTorch's time."""
    return slow_ops(results["ops"]) if "ops" in results else NOTHING


def growth(results: Results) -> Rows:
    """Cost per op by the size of the graph."""
    return growth_rows(results["growth"]) if "growth" in results else NOTHING


def breakdown(results: Results) -> Rows:
    """Where the time of a step goes, by part."""
    rows = breakdown_rows(results["breakdown"]) if "breakdown" in results else NOTHING
    told = {part: f"{part}: {meaning}" for part, meaning in PARTS_OF_A_STEP.items()}
    return [[told.get(row[0], row[0]), *row[1:]] for row in rows]


def about(results: Results) -> Rows:
    """The machine, the versions and the dates of what is measured; more than one if they differ."""
    found = {}
    for record in results.values():
        m = record["machine"]
        versions = ", ".join(called(name, m["versions"]) for name in m["versions"] if name != "numpy")
        line = (
            f"{m['processor']}, {m['cores']} cores, {m['system']}, Python {m['python']}, "
            f"NumPy {m['versions']['numpy']} with {m['blas']}, {versions}"
        )
        found.setdefault(line, []).append(record["date"])
    lines = []
    for line, dates in found.items():
        first, last = min(dates), max(dates)
        lines.append(f"Measured {first if first == last else f'{first} to {last}'}: {line}.")
    return [["\n".join(lines)]] if lines else NOTHING


TABLES: dict[str, Callable[[Results], Rows]] = {
    "bounds": with_bounds,
    "short": short,
    "peers": peers,
    "memory": memory,
    "growth": growth,
    "ops": ops,
    "breakdown": breakdown,
    "about": about,
}


def rewritten(text: str, results: Results) -> str:
    """The text with every marked block rewritten from the results.

    Raises:
        KeyError: for a block of a name that is not known.
    """

    def block(found: re.Match[str]) -> str:
        name = found[1]
        if name not in TABLES:
            raise KeyError(f"no table is called {name!r}; there are {', '.join(TABLES)}")
        return f"<!-- measured: {name} -->\n{markdown(TABLES[name](results))}\n<!-- end -->"

    return BLOCK.sub(block, text)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path, help="Markdown files with marked blocks")
    parser.add_argument("--results", type=Path, default=HERE / "results", help="the folder of results")
    args = parser.parse_args(argv)
    results = load(args.results)
    quick = [part for part, record in results.items() if record["quick"]]
    if quick:
        print(f"note: of a quick run: {', '.join(quick)}", file=sys.stderr)
    for path in args.files:
        before = path.read_text(encoding="utf-8")
        after = rewritten(before, results)
        path.write_text(after, encoding="utf-8")
        print(f"{path}: {'rewritten' if after != before else 'as it was'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
