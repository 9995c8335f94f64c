"""A form as text: an expression in a reader's signs, with names or numbers put in; words as they are."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache

from minigrad.viz._numbers import MINUS, number

_SIGNS: dict[type, tuple[str, int]] = {
    ast.BitOr: (" or ", 1), ast.BitAnd: (" and ", 2), ast.Add: (" + ", 4), ast.Sub: (f" {MINUS} ", 4),
    ast.Mult: (" · ", 5), ast.Div: (" / ", 5), ast.MatMult: (" @ ", 5), ast.Pow: ("^", 7),
}  # fmt: skip
_COMPARED: dict[type, str] = {
    ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥", ast.Eq: "=", ast.NotEq: "≠",
}  # fmt: skip
_WHOLE, _CONDITION, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = 0, 3, 4, 5, 6, 7, 8


def written(form: str, put: Mapping[str, str]) -> str:
    """An expression with texts in the place of names; other names stay, and so do words.

    >>> written("g * b * a**(b - 1)", {"a": "x", "b": "2"})
    'g · 2 · x^(2 − 1)'
    >>> written("-g * where(x > 0, g, 0)", {"g": "−1", "x": "0.weight"})
    '−(−1) · (−1 where 0.weight > 0, else 0)'
    >>> written("g flipped back", {"g": "1"})
    'g flipped back'
    """
    tree = _parsed(form)
    return form if tree is None else _text(tree, put, _WHOLE)


def names_in(form: str) -> list[str]:
    """The names in an expression that stand for values, each once.

    >>> names_in("g * cos(x)"), names_in("g flipped back")
    (['g', 'x'], [])
    """
    tree = _parsed(form)
    if tree is None:
        return []
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called]
    return list(dict.fromkeys(node.id for node in sorted(found, key=lambda node: node.col_offset)))


@lru_cache(maxsize=512)
def _parsed(form: str) -> ast.expr | None:
    try:
        return ast.parse(form, mode="eval").body
    except SyntaxError:  # words
        return None


def _text(node: ast.AST, put: Mapping[str, str], around: int) -> str:
    """A node as text, in parentheses where what is around it binds closer."""
    text, binds = _bare(node, put)
    return f"({text})" if binds < around else text


def _bare(node: ast.AST, put: Mapping[str, str]) -> tuple[str, int]:
    """A node as text, and how close its parts hold together."""
    match node:
        case ast.Name(id="pi"):
            return "π", _ATOM
        case ast.Name(id=name):
            text = put.get(name, name)
            return text, _SIGN - 2 if text.startswith(MINUS) else _ATOM
        case ast.Constant(value=value):
            return number(value) if isinstance(value, (int, float)) else str(value), _ATOM
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"{MINUS}{_text(operand, put, _SIGN)}", _PRODUCT
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
            sign, binds = _SIGNS[type(op)]
            tight = isinstance(op, (ast.Sub, ast.Div, ast.Pow))
            first = _text(left, put, binds + isinstance(op, ast.Pow))
            return f"{first}{sign}{_text(right, put, binds + tight)}", binds
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARED:
            return f"{_text(left, put, _SUM)} {_COMPARED[type(op)]} {_text(right, put, _SUM)}", _CONDITION
        case ast.Call(func=ast.Name(id="where"), args=[when, this, other]):
            rest = _text(other, put, _WHOLE)
            chained = isinstance(other, ast.Call) and " where " in rest
            text = f"{_text(this, put, 1)} where {_text(when, put, 1)}"
            return f"{text}, {rest}" if chained else f"{text}, else {rest}", _WHOLE
        case ast.Call(func=ast.Name(id="abs"), args=[x]):
            return f"|{_text(x, put, _WHOLE)}|", _ATOM
        case ast.Call(func=ast.Name(id=name), args=args):
            spoken = name.replace("_", "-")
            return f"{spoken}({', '.join(_text(x, put, _WHOLE) for x in args)})", _ATOM
        case ast.Attribute(value=x, attr="T"):
            return f"{_text(x, put, _ATOM)}ᵀ", _ATOM
    return ast.unparse(node), _WHOLE
