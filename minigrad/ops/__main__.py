"""`python -m minigrad.ops`: the table of derivatives, as Markdown, read off the records."""

from __future__ import annotations

import sys

from . import activations, elementwise, index, linalg, losses, normalisation, reduce, shape
from .op import Op

FAMILIES = (elementwise, reduce, shape, index, linalg, activations, normalisation, losses)


def table() -> str:
    """All ops with a derivative, by family: signature, derivative, what each rule keeps for backward."""
    lines = [
        "# The table of derivatives",
        "",
        "Written by `python -m minigrad.ops` from the records in `minigrad/ops`. The last column is what a",
        "recorded call keeps: what the rule of each input names, for those inputs that need a gradient.",
    ]
    for family in FAMILIES:
        title = family.__name__.rpartition(".")[2]
        lines += ["", f"## {title}", "", "| op | derivative | kept for backward |", "|---|---|---|"]
        records = dict.fromkeys(op for op in vars(family).values() if isinstance(op, Op))
        lines += [_row(op) for op in records if op.rules]
    return "\n".join(lines) + "\n"


def _row(op: Op) -> str:
    inputs = ", ".join(f"*{n}" if op.variadic else n for n in op.inputs)
    options = "".join(f", {n}" for n in op.options)
    formula = op.formula.replace("|", "\\|")
    return f"| `{op.name}({inputs}{options})` | {formula} | {_kept(op)} |"


def _kept(op: Op) -> str:
    arrays = {*op.inputs, "out", *op.constants}
    kept = {name: [n for n in needs if n in arrays] for name, needs in op.needs.items()}
    if len(kept) == 1:
        return ", ".join(*kept.values()) or "nothing"
    parts = [f"{', '.join(needs)} (for {name})" for name, needs in kept.items() if needs]
    return "; ".join(parts) or "nothing"


if __name__ == "__main__":
    sys.stdout.write(table())
