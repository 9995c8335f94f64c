"""The source of functions, with all that they use, as text that stands alone beside `import numpy as np`."""

from __future__ import annotations

import ast
import inspect
import textwrap
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from minigrad.ops.kernels import Number, product
from minigrad.ops.sums import add_at, sum_rows, total


def _total(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims)


def _add_at(shape: Any, index: Any, g: Any) -> Any:
    out = np.zeros(shape, g.dtype)
    np.add.at(out, index, g)
    return out


def _product(a: Any, b: Any) -> Any:
    return a @ b


# In the text these say the same in a line: minigrad's own are quicker, and exact over millions of rows.
_PLAINER: dict[Any, Any] = {
    total: _total,
    add_at: _add_at,
    product: _product,
    sum_rows: lambda g: np.sum(g, axis=0),
}


class Bundle:
    """Definitions that a text needs, by name, in an order in which they can be read."""

    def __init__(self, used: set[str]) -> None:
        self.lines: list[str] = []
        self.modules: set[str] = set()  # of Python's, that they use
        self._names: dict[int, str] = {}
        self._used = used  # names that mean something already

    def name_of(self, function: Any, hint: str = "") -> str:
        """The name under which a function is defined.

        Raises:
            LookupError: its source cannot stand alone.
        """
        body = inspect.unwrap(function)
        if id(body) in self._names:
            return self._names[id(body)]
        if not isinstance(body, FunctionType) or body.__closure__:
            raise LookupError(f"{hint or getattr(function, '__name__', function)} has no source of its own")
        plainer = _PLAINER.get(body, body)
        tree = _Bare().visit(_tree_of(plainer))
        tree = _OnArrays(plainer, tree).visit(tree)
        plain = body.__name__ if body.__name__ != "<lambda>" else hint
        name = self._free(plain or "function")
        self._names[id(body)] = name
        used = _globals_of(plainer, tree)
        renamed = {old: new for old in used if (new := self._global(plainer, old)) != old}
        tree = _Renamed(renamed).visit(tree)
        if isinstance(tree, ast.Lambda):
            arguments = ast.unparse(tree.args)
            text = f"def {name}({arguments}):\n    return {ast.unparse(tree.body)}"
        else:
            tree.name = name
            text = ast.unparse(ast.fix_missing_locations(tree))
        self.lines += ["", "", text]
        return name

    def _free(self, name: str) -> str:
        while name in self._used:
            name += "_"
        self._used.add(name)
        return name

    def _global(self, function: FunctionType, name: str) -> str:
        """The name of something that a function uses."""
        if name not in function.__globals__:
            return name  # of Python
        x = function.__globals__[name]
        if x is np:
            return "np"
        if isinstance(x, ModuleType) and x.__name__ in ("math", "itertools", "functools", "operator"):
            self.modules.add(x.__name__)
            return x.__name__
        if isinstance(x, ModuleType) and x.__name__.startswith("numpy."):
            return f"np.{x.__name__[6:]}"
        if x is np.ndarray:
            return "np.ndarray"
        if id(x) in self._names:
            return self._names[id(x)]
        if isinstance(getattr(x, "__wrapped__", x), FunctionType):
            return self.name_of(x, name)
        if isinstance(x, (int, float, str, bool, type(None))):
            return repr(x)
        if isinstance(x, ModuleType):
            raise LookupError(f"{function.__name__} uses the module {x.__name__}")
        for known in ("add",):
            if x == getattr(np, known).reduce:
                return f"np.{known}.reduce"
        if isinstance(x, (dict, tuple, np.ndarray)):
            text = _table(x)
            if text:
                own = self._free(name)
                self._names[id(x)] = own
                self.lines += ["", f"{own} = {text}"]
                return own
        raise LookupError(f"{function.__name__} uses {name}, a {type(x).__name__}")


def _table(x: Any) -> str:
    """A table of numbers, dtypes and short arrays as text; nothing where it holds other things."""
    if isinstance(x, Number):
        kinds = "float16 float32 float64 int64 int32 int16 int8 uint8"
        return f"{{np.dtype(t): np.full((), {x.value}, t) for t in {kinds!r}.split()}}"
    if isinstance(x, dict):
        parts = [(_table(k), _table(v)) for k, v in x.items()]
        return "{" + ", ".join(f"{k}: {v}" for k, v in parts) + "}" if all(k and v for k, v in parts) else ""
    if isinstance(x, tuple):
        inner = [_table(v) for v in x]
        return f"({', '.join(inner)},)" if all(inner) else ""
    if isinstance(x, np.generic):
        return f"np.{type(x).__name__}({x.item()!r})"
    if isinstance(x, np.dtype):
        return f"np.dtype({x.name!r})"
    if isinstance(x, type) and issubclass(x, np.generic):
        return f"np.{x.__name__}"
    if isinstance(x, np.ndarray) and x.size < 10000 and x.dtype.kind in "biuf":
        if x.size and (x == 1).all():
            return f"np.ones({x.shape}, {x.dtype.name!r})"
        return f"np.array({x.tolist()!r}, {x.dtype.name!r})" if np.isfinite(x).all() else ""
    return repr(x) if isinstance(x, (int, float, str, bool, type(None))) and x == x else ""


def _globals_of(function: FunctionType, tree: ast.AST) -> list[str]:
    """The names in a function's tree that are global."""
    names: list[str] = []
    waiting = [function.__code__]
    while waiting:
        code = waiting.pop()
        names += code.co_names
        waiting += [c for c in code.co_consts if inspect.iscode(c)]
    loaded = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return [n for n in dict.fromkeys(names) if n in loaded and n in function.__globals__]


def _tree_of(function: FunctionType) -> Any:
    """The definition of a function; of a lambda the expression, found by the place of its instructions."""
    code = function.__code__
    try:
        if code.co_name != "<lambda>":
            return ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        lines, _ = inspect.findsource(function)
    except (OSError, TypeError) as error:
        raise LookupError(f"the source of {code.co_name} is not at hand") from error
    places = [p for p in code.co_positions() if None not in p and p[2] != p[3]]
    first = min((p[0], p[2]) for p in places)
    for node in ast.walk(ast.parse("".join(lines))):
        if (
            isinstance(node, ast.Lambda)
            and (node.body.lineno, node.body.col_offset)
            <= first
            <= (
                node.body.end_lineno or 0,
                node.body.end_col_offset or 0,
            )
            and node.args.args[:1]
            and [a.arg for a in node.args.args] == list(code.co_varnames[: code.co_argcount])
        ):
            return node
    raise LookupError("the source of a lambda is not at hand")


class _Bare(ast.NodeTransformer):
    """Takes annotations, decorators and docstrings away."""

    def visit_arg(self, node: ast.arg) -> Any:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        self.generic_visit(node)
        if node.value is None:
            return None
        return ast.fix_missing_locations(ast.Assign([node.target], node.value, lineno=node.lineno))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        self.generic_visit(node)
        node.returns, node.decorator_list = None, []
        if node.body and isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant):
            node.body = node.body[1:]
        return node


_ABOUT_KINDS = {"is_foreign": False, "is_tensor": False, "kin": None}


class _OnArrays(ast.NodeTransformer):
    """Leaves of a function what it does with NumPy's arrays, for the text has no others.

    Questions about the kind of an array are answered, and branches that are never taken are gone.
    """

    def __init__(self, function: FunctionType, tree: Any) -> None:
        text = ast.unparse(tree)
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        self._arrays = {f"type({n})" for n in names if f"type({n}) is tuple" not in text}

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in _ABOUT_KINDS:
            return ast.Constant(_ABOUT_KINDS[node.func.id])
        node.keywords = [k for k in node.keywords if not (k.arg == "like" and _known(k.value))]
        return node

    def visit_Compare(self, node: ast.Compare) -> Any:
        self.generic_visit(node)
        *asked, kind = [ast.unparse(part) for part in (node.left, *node.comparators)]
        if kind in ("ndarray", "np.ndarray") and set(asked) <= self._arrays:
            return ast.Constant(isinstance(node.ops[-1], ast.Is))
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        self.generic_visit(node)
        turned = isinstance(node.op, ast.Not) and _known(node.operand)
        return ast.Constant(not node.operand.value) if turned else node  # type: ignore[attr-defined]

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        self.generic_visit(node)
        decides = isinstance(node.op, ast.Or)  # the value that settles it
        left = []
        for value in node.values:
            if not _known(value):
                left.append(value)
            elif bool(value.value) is decides:  # type: ignore[attr-defined]
                left.append(ast.Constant(decides))
                break
        if not left:
            return ast.Constant(not decides)
        if _known(left[-1]) and len(left) > 1:  # the others only ask
            return left[-1]
        node.values = left
        return left[0] if len(left) == 1 else node

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        self.generic_visit(node)
        if not _known(node.test):
            return node
        return node.body if node.test.value else node.orelse  # type: ignore[attr-defined]

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        if not _known(node.test):
            node.body, node.orelse = _reached(node.body), _reached(node.orelse)
            return node
        return node.body if node.test.value else node.orelse  # type: ignore[attr-defined]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        self.generic_visit(node)
        node.body = _reached(node.body)
        return node


def _known(node: Any) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))


def _reached(body: list[Any]) -> list[Any]:
    """The statements up to the first that leaves."""
    for i, statement in enumerate(body):
        if isinstance(statement, (ast.Return, ast.Raise)):
            return body[: i + 1]
    return body


class _Renamed(ast.NodeTransformer):
    """Gives global names their names in the text."""

    def __init__(self, renamed: dict[str, str]) -> None:
        self.renamed = renamed

    def visit_Name(self, node: ast.Name) -> Any:
        new = self.renamed.get(node.id)
        return node if new is None else ast.parse(new, mode="eval").body
