"""Small mistakes, made in the source of a function: a term dropped, a wrong operator, number or function.

`variants(rule)` reads the rule as it stands in its file, and the helpers of the same module that it calls,
and gives copies with one mistake each. The module itself is left alone: a copy has globals of its own.
"""

from __future__ import annotations

import ast
import copy
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Function = Callable[..., Any]

# Names that are easily taken for another.
MISTAKEN = {
    "cos": "sin", "sin": "cos", "cosh": "sinh", "sinh": "cosh", "exp": "expm1", "log": "log1p",
    "sum": "mean", "mean": "sum", "flip": "roll", "tril": "triu", "triu": "tril", "sqrt": "square",
    "floor": "ceil", "cumsum": "cumprod", "zeros_like": "ones_like", "ones_like": "zeros_like",
    "maximum": "minimum", "minimum": "maximum",
}  # fmt: skip
TURNED = {
    ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
EDGED = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
OPPOSITE = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
DROPPED, MISTOOK, CHANGED, EDGE = FAMILIES = (
    "a factor or term dropped",
    "an operator or function mistaken",
    "a number or flag changed",
    "a comparison's edge moved",
)


def variants(rule: Function) -> Iterator[tuple[str, str, Function]]:
    """(family, description, wrong rule) for each small mistake in the rule or in a helper that it calls.

    >>> from minigrad.ops import elementwise
    >>> from rewrite import variants
    >>> for family, description, _ in variants(elementwise.square.rules["x"]):
    ...     print(f"{family}: {description}")
    a factor or term dropped: g * 2, not g * 2 * x
    a factor or term dropped: x, not g * 2 * x
    an operator or function mistaken: g * 2 / x, not g * 2 * x
    a factor or term dropped: g, not g * 2
    a factor or term dropped: 2, not g * 2
    an operator or function mistaken: g / 2, not g * 2
    a number or flag changed: g * 3, not g * 2
    """
    module = _Module(rule)
    for name, function in {"": rule, **module.helpers(rule)}.items():
        for family, description, node in _mistakes(module.node_of(function)):
            wrong = module.compiled(node, name)
            if name:
                yield family, f"{name}: {description}", module.rebound(rule, name, wrong)
            else:
                yield family, description, wrong


class _Module:
    """The source around a rule."""

    def __init__(self, rule: Function) -> None:
        self.globals = rule.__globals__
        self.path = rule.__code__.co_filename
        self.tree = ast.parse(Path(self.path).read_text(encoding="utf-8"))

    def node_of(self, function: Function) -> ast.Lambda | ast.FunctionDef:
        code = function.__code__
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        found = [
            node
            for node in ast.walk(self.tree)
            if isinstance(node, (ast.Lambda, ast.FunctionDef))
            and node.lineno == code.co_firstlineno + len(getattr(node, "decorator_list", ()))
            and tuple(a.arg for a in [*node.args.args, *node.args.kwonlyargs]) == names
        ]
        if len(found) != 1:
            raise LookupError(f"{len(found)} functions like {function} at {self.path}:{code.co_firstlineno}")
        return found[0]

    def helpers(self, function: Function, known: tuple[str, ...] = ()) -> dict[str, Function]:
        """The functions of this file that a function calls, and those that they call."""
        found: dict[str, Function] = {}
        for name in function.__code__.co_names:
            helper = self.globals.get(name)
            if not isinstance(helper, types.FunctionType) or name in (*known, *found):
                continue
            if helper.__code__.co_filename == self.path:
                found[name] = helper
                found |= self.helpers(helper, (*known, *found))
        return found

    def compiled(self, node: ast.Lambda | ast.FunctionDef, name: str) -> Function:
        scope: dict[str, Any] = {**self.globals}
        if isinstance(node, ast.Lambda):
            expression = ast.fix_missing_locations(ast.Expression(node))
            return eval(compile(expression, f"<mutant of {self.path}>", "eval"), scope)
        module = ast.fix_missing_locations(ast.Module([node], []))
        exec(compile(module, f"<mutant of {self.path}>", "exec"), scope)
        return scope[name or node.name]

    def rebound(self, rule: Function, name: str, wrong: Function) -> Function:
        """The rule in a world in which the helper `name` is wrong, also for the other helpers."""
        scope = {**self.globals, name: None}
        for other, function in self.helpers(rule).items():
            scope[other] = _in_scope(function, scope)
        scope[name] = _in_scope(wrong, scope)
        return _in_scope(rule, scope)


def _in_scope(function: Function, scope: dict[str, Any]) -> Function:
    assert isinstance(function, types.FunctionType)
    made = types.FunctionType(
        function.__code__, scope, function.__name__, function.__defaults__, function.__closure__
    )
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _mistakes(function: ast.Lambda | ast.FunctionDef) -> Iterator[tuple[str, str, Any]]:
    """Copies of a function with one expression of its body replaced by a wrong one."""
    places = _expressions(function)
    around = {child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
    for index, node in enumerate(places):
        for family, wrong in _wrong_instead(node):
            changed = copy.deepcopy(function)
            target = _expressions(changed)[index]
            shown: ast.AST = node
            if isinstance(node, ast.Constant):  # a number alone says little: show what it is part of
                shown = around[node]
                shown = around[shown] if isinstance(shown, ast.UnaryOp) else shown
            description = f"{ast.unparse(_replaced(shown, node, wrong))}, not {ast.unparse(shown)}"
            yield family, description, _Replace(target, wrong).visit(changed)


def _replaced(whole: ast.AST, part: ast.AST, wrong: ast.AST) -> ast.AST:
    place = list(ast.walk(whole)).index(part)
    changed = copy.deepcopy(whole)
    return _Replace(list(ast.walk(changed))[place], copy.deepcopy(wrong)).visit(changed)


def _expressions(function: ast.Lambda | ast.FunctionDef) -> list[ast.expr]:
    """Those of the body, but for zip's `strict`, which only asserts."""
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    nodes = [node for part in body for node in ast.walk(part)]
    strict = [n.value for n in nodes if isinstance(n, ast.keyword) and n.arg == "strict"]
    return [node for node in nodes if isinstance(node, ast.expr) and node not in strict]


class _Replace(ast.NodeTransformer):
    def __init__(self, target: ast.AST, wrong: ast.AST) -> None:
        self.target, self.wrong = target, wrong

    def visit(self, node: ast.AST) -> Any:
        return self.wrong if node is self.target else self.generic_visit(node)


def _wrong_instead(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.BinOp):
        yield from _wrong_operation(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Invert, ast.Not)):
        if not isinstance(node.operand, ast.Constant):  # -1 is a number: see below
            yield DROPPED, node.operand
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for family, table in ((MISTOOK, TURNED), (EDGE, EDGED)):
            if type(node.ops[0]) in table:
                yield family, ast.Compare(node.left, [table[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield MISTOOK, ast.BoolOp(other, node.values)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "where" and len(node.args) == 3:
            yield MISTOOK, ast.Call(node.func, [node.args[0], node.args[2], node.args[1]], [])
        elif node.func.attr in MISTAKEN:
            other_name = ast.Attribute(node.func.value, MISTAKEN[node.func.attr], ast.Load())
            yield MISTOOK, ast.Call(other_name, node.args, node.keywords)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield CHANGED, ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        by_little = isinstance(node.value, float) and node.value != 0
        yield CHANGED, ast.Constant(node.value * 1.0001 if by_little else node.value + 1)


def _wrong_operation(node: ast.BinOp) -> Iterator[tuple[str, ast.expr]]:
    left, right = node.left, node.right
    yield DROPPED, left
    if isinstance(node.op, (ast.Mult, ast.Add, ast.BitAnd, ast.BitOr)):
        if ast.dump(right) != ast.dump(left):
            yield DROPPED, right
    elif isinstance(node.op, ast.Sub):
        yield DROPPED, ast.UnaryOp(ast.USub(), right)
        yield MISTOOK, ast.BinOp(right, ast.Sub(), left)
    elif isinstance(node.op, ast.Div) and not isinstance(left, ast.Constant):
        yield DROPPED, ast.BinOp(ast.Constant(1), ast.Div(), right)
    if type(node.op) in OPPOSITE:
        yield MISTOOK, ast.BinOp(left, OPPOSITE[type(node.op)](), right)
    elif isinstance(node.op, (ast.BitAnd, ast.BitOr)):
        other = ast.BitOr() if isinstance(node.op, ast.BitAnd) else ast.BitAnd()
        yield MISTOOK, ast.BinOp(left, other, right)
