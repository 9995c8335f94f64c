"""A rule as it stands in the table of derivatives, with the numbers of a call put in."""

from __future__ import annotations

import linecache
import re
from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np

from minigrad.ops.op import Op, Rule
from minigrad.viz._numbers import array, raw
from minigrad.viz._scene import Entry, Operand, names_of
from minigrad.viz._written import names_in, written

_NOISE = re.compile(r"\bnp\.|(?<![\w.])_(?=[a-zA-Z])|_kernel\b")  # of no interest to a reader

_SIGNS = {" * ": " · ", " - ": " \N{MINUS SIGN} ", "^T": "ᵀ", "<=": "≤", ">=": "≥", "one_hot": "one-hot"}
_CLAUSE = re.compile(
    r"/d([^\W_]+)(?:_\w+)? =|^grad (\w+) ="
)  # of which operand a formula tells the derivative
_NAME = re.compile(r"(?<![\w.])(d?)([^\W\d_]+?(?:_[^\W\d_]{2,})?)(?![^\W_])(?!_[^\W\d_]{2})(?!\()")


def rule_text(rule: Rule) -> str:
    """The expression behind `lambda g, ...:`, read from its source; of another function its name.

    Where the source is not at hand, nothing.

    >>> from minigrad.ops.elementwise import mul, tanh
    >>> rule_text(mul.rules["a"]), rule_text(tanh.rules["x"])
    ('g * b', 'g * (1 - out * out)')
    """
    code = getattr(rule, "__code__", None)
    if code is None:
        return ""
    if code.co_name != "<lambda>":
        return f"{code.co_name.strip('_')}({', '.join(code.co_varnames[: code.co_argcount])})"
    # The positions of a lambda's instructions together cover its expression (0, 0 marks no place).
    places = [p for p in code.co_positions() if None not in p and p[2] != p[3]]
    if not places:
        return ""
    first, start = min((p[0], p[2]) for p in places)
    last, end = max((p[1], p[3]) for p in places)
    lines = [line.encode() for line in linecache.getlines(code.co_filename)[first - 1 : last]]
    if not lines:
        return ""
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    return _NOISE.sub("", " ".join(b"".join(lines).decode().split()))


def formula_of(entry: Entry, only: Operand | None = None) -> str:
    """The derivative of an op in the names of the program; of several clauses those that are asked for.

    Nothing where one tensor stands in two places, for then a name would mean two things.
    """
    op = entry.op
    if op is None or not op.inputs or op.variadic:
        return ""
    sources = [id(o.source) for o in entry.operands if o.source is not None]
    if len(set(sources)) < len(sources):
        return ""
    clauses = op.formula.split(",  ")
    by = [_CLAUSE.search(clause) for clause in clauses]
    wanted = [o.name for o in entry.operands if (o is only if only else o.edge is not None)]
    if all(by):
        clauses = [c for c, of in zip(clauses, by, strict=True) if of and (of[1] or of[2]) in wanted]
    put, names = {o.name for o in entry.operands}, names_of(entry)
    text = _NAME.sub(lambda m: f"{m[1]}{names[m[2]]}" if m[2] in put else m[0], ",  ".join(clauses))
    for sign, better in _SIGNS.items():
        text = text.replace(sign, better)
    return text


def form_of(op: Op, of: str, known: Mapping[str, Any]) -> str:
    """A rule as a reader sees it: the form in the op's record, or else the rule's own source.

    `known` has options and shapes by name, for the forms that depend on them.

    >>> from minigrad.ops.op import REGISTRY
    >>> form_of(REGISTRY["mean"], "x", {}), form_of(REGISTRY["floor"], "x", {})
    ('g / n', '0')
    """
    form = op.read.get(of)
    if form is None:
        return rule_text(op.rules[of]).replace("zeros_like(g)", "0")
    if isinstance(form, str):
        return form
    return form(*(known.get(name, op.options.get(name)) for name in signature(form).parameters))


def is_expression(form: str) -> bool:
    """True if a form is an expression; else it is in words.

    >>> is_expression("g / n"), is_expression("g flipped back")
    (True, False)
    """
    try:
        compile(form, "form", "eval")
    except SyntaxError:
        return False
    return True


def rule_of(op: Op, position: int) -> tuple[str, Rule] | None:
    """The name and the rule of an op's operand; None for an op of the user's own."""
    names = op.inputs
    if not names or not op.rules:
        return None
    name = names[0] if op.variadic else names[position] if position < len(names) else ""
    return (name, op.rules[name]) if name in op.rules else None


def with_numbers(form: str, values: Mapping[str, Any], longest: int = 72) -> str:
    """A form with values in the place of names; nothing where one is unknown, or they would not fit.

    Only arrays of at most four elements are put in, and the whole stays within `longest` characters.

    >>> with_numbers("g * b", {"g": 1.0, "b": -3.0})
    '1 · (−3)'
    """
    put: dict[str, str] = {}
    for name in names_in(form):
        value = raw(values.get(name))
        if name == "pi":
            continue
        if value is None or np.size(value) > 4:
            return ""
        put[name] = array(value, 4)
    done = written(form, put) if put else ""
    return done if len(done) <= longest else ""
