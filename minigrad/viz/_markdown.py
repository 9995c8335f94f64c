"""An account as Markdown with LaTeX, for a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.viz._latex import latex, name as latex_name
from minigrad.viz._numbers import array, described, number
from minigrad.viz._paths import Path
from minigrad.viz._recording import Part
from minigrad.viz._rules import formula_of
from minigrad.viz._scene import Entry, index_text
from minigrad.viz._words import FREED, about, headline, many

if TYPE_CHECKING:
    from minigrad.viz._explain import Account, Sum


def markdown_of(account: Account) -> str:
    """The whole account: forward, backward, leaves."""
    scene = account.scene
    blocks = [f"### {_escaped(headline(scene))}", "**Forward:** the operations that were recorded"]
    blocks += _forward(account)
    if account.refusal:
        return "\n\n".join([*blocks, FREED])
    blocks.append("**Backward:** the newest operation first; $g$ is the gradient that has arrived at it")
    blocks += _backward(account)
    if account.sums is None:
        blocks.append(f"The paths to the leaves lead through {scene.left_out:,} more.")
    else:
        blocks.append("**Leaves:** a gradient is the sum over all paths to the leaf")
        blocks += (_sum(account, one) for one in account.sums)
    return "\n\n".join(blocks)


def _forward(account: Account) -> Iterator[str]:
    scene = account.scene
    if scene.left_out:
        yield f"*and {scene.left_out:,} more*"
    line = None
    for entry in scene.entries:
        if entry.line is not None and entry.line != line:
            yield f"`{entry.line}` `{entry.line.short}`" if entry.line.code else f"`{entry.line}`"
            line = entry.line
        steps = [latex_name(entry.label)]
        if entry.op is not None:
            steps.append(_call(entry))
        if entry.value is not None:
            steps.append(_value(entry.value))
        yield f"- ${' = '.join(steps)}$ &ensp; *{_escaped(about(entry))}*"


def _call(entry: Entry) -> str:
    """The call that made an entry, its tensors by their names."""
    op = entry.op
    assert op is not None
    parts = [latex_name(o.source.label) if o.source is not None else latex(o.text) for o in entry.operands]
    infix = {"add": " + ", "sub": " - ", "mul": r" \cdot ", "matmul": r"\, "}
    if len(parts) == 2 and op.name in infix:
        return infix[op.name].join(parts)
    if len(parts) == 2 and op.name == "div":
        return rf"\frac{{{parts[0]}}}{{{parts[1]}}}"
    if len(parts) == 2 and op.name == "pow":
        return f"{parts[0]}^{{{parts[1]}}}"
    if op.name == "getitem" and parts:
        return rf"{parts[0]}[\text{{{index_text(entry.options.get('index', '...'))}}}]"
    parts += [f"{latex_name(name)}={_option(name, value)}" for name, value in entry.options.items()]
    return f"{latex(op.name + '(')}{', '.join(parts)})"


def _option(name: str, value: Any) -> str:
    return rf"[\text{{{index_text(value)}}}]" if name == "index" else latex(str(value))


def _backward(account: Account) -> Iterator[str]:
    for visit in account.visits:
        entry = visit.entry
        if entry.op is None:
            continue
        arrived = _value(visit.g) if visit.g is not None else r"\ldots"
        made = f"{latex_name(entry.label)} = {_call(entry)}"
        head = f"- ${made}$ with $g = {arrived}$"
        if formula := formula_of(entry):
            head += f" and ${latex(formula)}$"
        parts = [f"  - to ${latex_name(part.operand.text)}$: {_sent(part)}" for part in visit.parts]
        yield "\n".join([head, *parts])


def _sent(part: Part) -> str:
    """A rule as it stands in the table, then its numbers and its result."""
    steps = [latex(part.numbers)] if part.numbers else []
    steps += [_value(part.value)] if part.value is not None else []
    text = " = ".join(dict.fromkeys(steps))
    whole = (
        f"`{part.rule}` $= {text}$" if part.rule and text else f"`{part.rule}`" if part.rule else f"${text}$"
    )
    return whole if part.first or part.total is None else f"{whole}, which makes ${_value(part.total)}$"


def _sum(account: Account, one: Sum) -> str:
    """The gradient of a leaf as the sum of what flows along its paths."""
    output, leaf = latex_name(account.scene.root.label), latex_name(one.leaf.label)
    left = rf"\frac{{\partial {output}}}{{\partial {leaf}}}"
    if account.scene.root.shape or one.leaf.shape:
        left = rf"\nabla_{{{leaf}}}"
    terms = [rf"\underbrace{{{_product(path)}}}_{{{_route(path)}}}" for path in one.paths]
    if one.count > len(one.paths):
        terms.append(rf"\underbrace{{\cdots}}_{{\text{{{many(one.count - len(one.paths))} more paths}}}}")
    total = (
        ""
        if one.total is None or (one.count == 1 and not one.paths[0].factors[1:])
        else f" = {_value(one.total)}"
    )
    return f"$${left} = {' + '.join(terms)}{total}$$"


def _product(path: Path) -> str:
    if len(path.factors) < 2:
        return _value(path.value) if path.value is not None else r"\ldots"
    factors = [latex(number(f)) for f in path.factors]
    return r" \cdot ".join(f"({f})" if f.startswith("-") else f for f in factors)


def _route(path: Path) -> str:
    labels = [path.steps[0][0].label, *(operand.text for _, operand in path.steps)] if path.steps else []
    return r" \to ".join(map(latex_name, labels))


def _value(value: Any) -> str:
    """Numbers, a small matrix, or the shape and range in words."""
    value = np.asarray(value)
    if value.size == 1 and not value.ndim:
        return latex(number(value[()]))
    if value.ndim <= 2 and 0 < value.size <= 9:
        rows = value.reshape(-1, value.shape[-1])
        body = r" \\ ".join(" & ".join(latex(number(x)) for x in row) for row in rows)
        return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"
    if 0 < value.size <= 6:
        return latex(array(value))
    return rf"\text{{{described(value)}}}".replace("\N{MINUS SIGN}", "-")


def _escaped(text: str) -> str:
    return "".join("\\" + c if c in "\\`*_[]<>#$" else c for c in text)
