"""Write the results into Markdown, between markers: `make bench-tables`.

    python benchmarks/tables.py benchmarks/README.md README.md

rewrites what stands between `<!-- measured: NAME -->` and `<!-- end -->`; the names are those of TABLES.
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from report import PARTS_OF_A_STEP, Results, breakdown_rows, called, load, seconds, size, targets

HERE = Path(__file__).parent
BLOCK = re.compile(r"<!-- measured: (\S+) -->\n.*?<!-- end -->", re.DOTALL)
IN_TURNS = ("chain", "scalar", "mlp-2", "mlp-64", "mlp-784", "mlp-1024")
Rows = list[list[str]]


def markdown(rows: Rows) -> str:
    """A table whose first column is text and whose others are figures."""
    rule = ["---", *["---:"] * (len(rows[0]) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))


def with_bounds(results: Results) -> str:
    """Every bound, what was measured, and whether it is met."""
    rows = [["work", "measure", "at most", "measured", ""]]
    for t in targets(results):
        title = results[t.part]["title"] if t.part in results else t.part
        rows.append([title, t.what, f"{t.bound:g}", t.figure, t.verdict])
    return markdown(rows)


def short(results: Results) -> str:
    """One line for each piece of work: minigrad's time over PyTorch's and over NumPy's."""
    rows = [["forward, backward, SGD step", "minigrad", "of PyTorch's time", "of NumPy's by hand"]]
    for part in IN_TURNS:
        record = results.get(part)
        if record is None or part == "scalar":
            continue
        found = record["contenders"]
        ratios = [f"{found[name]['ratio']:.2f}" if name in found else "-" for name in ("torch", "numpy")]
        rows.append([record["title"], seconds(_best(record, "minigrad")), *ratios])
    return markdown(rows)


def _best(record: dict[str, Any], name: str) -> float:
    row = record["contenders"][name]
    return row["quartiles"][1] if record["by"] == "median" else row["minimum"]


def peers(results: Results) -> str:
    """Times of all contenders."""
    records = [results[part] for part in IN_TURNS if part in results]
    if not records:
        return "Nothing measured yet."
    versions = records[0]["machine"]["versions"]
    names = list(dict.fromkeys(name for record in records for name in record["contenders"]))
    rows = [["work", *(called(name, versions) for name in names)]]
    for record in records:
        cells = [seconds(_best(record, n)) if n in record["contenders"] else "-" for n in names]
        rows.append([record["title"], *cells])
    return markdown(rows)


def memory(results: Results) -> str:
    """Peaks of the two measures of memory: of the process, and beyond what it had at the start."""
    rows = [["work", "", "peak of the process", "beyond its start", "time"]]
    for part in ("million", "deep"):
        for name, row in results.get(part, {"contenders": {}})["contenders"].items():
            title, versions = results[part]["title"], results[part]["machine"]["versions"]
            figures = [size(row["peak"][1]), size(row["grown"][1]), seconds(row["seconds"][1])]
            rows.append([title, called(name, versions), *figures])
    return markdown(rows)


def growth(results: Results) -> str:
    """Cost per op by the size of the graph."""
    if "growth" not in results:
        return "Nothing measured yet."
    record = results["growth"]
    sizes = record["contenders"]["minigrad"]["sizes"]
    rows = [["ops", *(f"{n:,}" for n in sizes), "dearest / cheapest"]]
    for name, row in record["contenders"].items():
        label = called(name, record["machine"]["versions"])
        rows.append([label, *map(seconds, row["per_op"]), f"{row['growth']:.2f}"])
    return markdown(rows)


def breakdown(results: Results) -> str:
    """Where the time of a step goes, by part."""
    if "breakdown" not in results:
        return "Nothing measured yet."
    rows = breakdown_rows(results["breakdown"])
    for row in rows:
        if row[0] in PARTS_OF_A_STEP:
            row[0] += f": {PARTS_OF_A_STEP[row[0]]}"
    return markdown(rows)


def about(results: Results) -> str:
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
    return "\n".join(lines) or "Nothing measured yet."


TABLES: dict[str, Callable[[Results], str]] = {
    "bounds": with_bounds,
    "short": short,
    "peers": peers,
    "memory": memory,
    "growth": growth,
    "breakdown": breakdown,
    "about": about,
}


def rewritten(text: str, results: Results) -> str:
    """The text with every marked block as the results have it.

    Raises:
        KeyError: for a block of a name that is not known.
    """

    def block(found: re.Match[str]) -> str:
        name = found[1]
        if name not in TABLES:
            raise KeyError(f"no table is called {name!r}; there are {', '.join(TABLES)}")
        return f"<!-- measured: {name} -->\n{TABLES[name](results)}\n<!-- end -->"

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
