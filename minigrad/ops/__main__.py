"""`python -m minigrad.ops`: the table of derivatives as Markdown, read off the records.

`python -m minigrad.ops tanh softmax` shows single ops.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from .op import REGISTRY, Op
from .tables import FAMILIES


def table() -> str:
    """All ops with a derivative, by family: signature, derivative, values kept for backward."""
    lines = [
        "# The table of derivatives",
        "",
        "`python -m minigrad.ops` writes this page from the records in `minigrad/ops`. For backward a call",
        "keeps the values in the last column: those that the rules of its inputs name, where the input needs",
        "a gradient.",
    ]
    for family in FAMILIES:
        title = family.__name__.rpartition(".")[2]
        lines += ["", f"## {title}", "", "| op | derivative | kept for backward |", "|---|---|---|"]
        records = dict.fromkeys(op for op in vars(family).values() if isinstance(op, Op))
        lines += [_row(op) for op in records if op.rules]
    return "\n".join(lines) + "\n"


def one(op: Op) -> str:
    """An op for the terminal: its derivative, the values that it keeps, and its record in the source."""
    if not op.rules:
        return f"{_call(op)}\n  {op.formula}\n"
    lines = [_call(op), f"  derivative         {op.formula}", f"  kept for backward  {_kept(op)}"]
    return "\n".join([*lines, "", *_source(op)]) + "\n"


def _source(op: Op) -> list[str]:
    """The record's lines in its file, below the file's name."""
    # The rules of a user's own op are at home in another module.
    homes = {getattr(rule, "__module__", None) for rule in op.rules.values()}
    for home in (*FAMILIES, *(sys.modules[name] for name in homes if name in sys.modules)):
        file = getattr(home, "__file__", None)
        for name, value in vars(home).items():
            if value is not op or file is None:
                continue
            lines = inspect.getsource(home).splitlines()
            if f"{name} = Op(" in lines:
                start = lines.index(f"{name} = Op(")
                end = next(i for i in range(start, len(lines)) if lines[i].startswith(")"))
                shown = [*lines[start:end], ")"]
                where = f"{home.__name__.replace('.', '/')}.py" if home in FAMILIES else Path(file).name
                return [f"  {where}", *(f"    {line}" for line in shown)]
    return []


def _call(op: Op) -> str:
    inputs = ", ".join(f"*{n}" if op.variadic else n for n in op.inputs)
    options = "".join(f", {n}" for n in op.options)
    return f"{op.name}({inputs}{options})"


def _row(op: Op) -> str:
    formula = op.formula.replace("|", "\\|")
    return f"| `{_call(op)}` | {formula} | {_kept(op)} |"


def _kept(op: Op) -> str:
    arrays = {*op.inputs, "out", *op.constants}
    kept = {name: [n for n in needs if n in arrays] for name, needs in op.needs.items()}
    if len(kept) == 1:
        return ", ".join(*kept.values()) or "nothing"
    parts = [f"{', '.join(needs)} (for {name})" for name, needs in kept.items() if needs]
    return "; ".join(parts) or "nothing"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table, or the named ops."""
    parser = argparse.ArgumentParser("python -m minigrad.ops", description="The table of derivatives.")
    parser.add_argument("names", nargs="*", metavar="OP", help="show these ops only; none: the whole table")
    names = parser.parse_args(argv).names
    for name in names:
        if name not in REGISTRY:
            near = get_close_matches(name, REGISTRY, 3)
            hint = f"do you mean {' or '.join(near)}?" if near else "the table without a name lists all"
            parser.error(f"there is no op called {name!r}; {hint}")
    sys.stdout.write("\n".join(one(REGISTRY[name]) for name in names) or table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
