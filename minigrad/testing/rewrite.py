"""Small mistakes, made in the source of a function: a factor or a term dropped, a wrong function.

`variants(rule)` reads the rule as it stands in its file, and the helpers of the same module that it calls,
and gives copies with one mistake each. The module itself is left alone: a copy has globals of its own.
"""

import ast
import copy
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Function = Callable[..., Any]

# What is easily taken for another.
MISTAKEN = {
    "cos": "sin", "sin": "cos", "cosh": "sinh", "sinh": "cosh", "exp": "expm1", "log": "log1p",
    "sum": "mean", "mean": "sum", "flip": "roll", "tril": "triu", "triu": "tril", "sqrt": "square",
    "floor": "ceil", "cumsum": "cumprod", "zeros_like": "ones_like", "ones_like": "zeros_like",
}  # fmt: skip
TURNED = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.NotEq}


def variants(rule: Function) -> Iterator[tuple[str, Function]]:
    """(description, wrong rule) for each small mistake in the rule or in a helper that it calls.

    >>> from minigrad.ops import elementwise
    >>> from minigrad.testing.rewrite import variants
    >>> for description, _ in variants(elementwise.atan.rules["x"]):
    ...     print(description)
    g, not g / (1 + x * x)
    1, not 1 + x * x
    x * x, not 1 + x * x
    x, not x * x
    """
    module = _Module(rule)
    for name, function in {"": rule, **module.helpers(rule)}.items():
        for description, node in _mistakes(module.node_of(function)):
            wrong = module.compiled(node, name)
            if name:
                yield f"{name}: {description}", module.rebound(rule, name, wrong)
            else:
                yield description, wrong


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


def _mistakes(function: ast.Lambda | ast.FunctionDef) -> Iterator[tuple[str, Any]]:
    """Copies of a function with one expression replaced by a wrong one."""
    places = [node for node in ast.walk(function) if isinstance(node, ast.expr) and node is not function]
    for index, node in enumerate(places):
        for wrong in _wrong_instead(node):
            changed = copy.deepcopy(function)
            target = [n for n in ast.walk(changed) if isinstance(n, ast.expr) and n is not changed][index]
            yield f"{ast.unparse(wrong)}, not {ast.unparse(node)}", _Replace(target, wrong).visit(changed)


class _Replace(ast.NodeTransformer):
    def __init__(self, target: ast.AST, wrong: ast.AST) -> None:
        self.target, self.wrong = target, wrong

    def visit(self, node: ast.AST) -> Any:
        return self.wrong if node is self.target else self.generic_visit(node)


def _wrong_instead(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, (ast.Mult, ast.Add)):
            yield node.left
            if ast.dump(node.right) != ast.dump(node.left):
                yield node.right
        elif isinstance(node.op, (ast.Sub, ast.Div, ast.Pow)):
            yield node.left
        if isinstance(node.op, ast.Sub):
            yield ast.BinOp(node.right, ast.Sub(), node.left)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Invert)):
        yield node.operand
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in TURNED:
        yield ast.Compare(node.left, [TURNED[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "where" and len(node.args) == 3:
            yield ast.Call(node.func, [node.args[0], node.args[2], node.args[1]], [])
        elif node.func.attr in MISTAKEN:
            yield ast.Call(
                ast.Attribute(node.func.value, MISTAKEN[node.func.attr], ast.Load()), node.args, node.keywords
            )
