"""The source of functions, with all that they use, as text that stands alone beside `import numpy as np`."""

from __future__ import annotations

import ast
import inspect
import textwrap
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from minigrad.ops.kernels import Number


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
        tree = _tree_of(body)
        plain = body.__name__ if body.__name__ != "<lambda>" else hint
        name = self._free(plain or "function")
        self._names[id(body)] = name
        renamed = {old: new for old in _globals_of(body) if (new := self._global(body, old)) != old}
        tree = _Plain(renamed).visit(tree)
        if isinstance(tree, ast.Lambda):
            arguments = ast.unparse(tree.args)
            text = f"def {name}({arguments}):\n    return {ast.unparse(tree.body)}"
        else:
            tree.name, tree.decorator_list, tree.returns = name, [], None
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


def _globals_of(function: FunctionType) -> list[str]:
    names: list[str] = []
    waiting = [function.__code__]
    while waiting:
        code = waiting.pop()
        names += code.co_names
        waiting += [c for c in code.co_consts if inspect.iscode(c)]
    attributes = [n for n in dict.fromkeys(names) if n in function.__globals__]
    return [n for n in attributes if n in _loaded(function)]


def _loaded(function: FunctionType) -> set[str]:
    return {node.id for node in ast.walk(_tree_of(function)) if isinstance(node, ast.Name)}


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


class _Plain(ast.NodeTransformer):
    """Takes annotations and docstrings away, and renames."""

    def __init__(self, renamed: dict[str, str]) -> None:
        self.renamed = renamed

    def visit_Name(self, node: ast.Name) -> Any:
        new = self.renamed.get(node.id)
        return node if new is None else ast.parse(new, mode="eval").body

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
        node.returns = None
        if node.body and isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant):
            node.body = node.body[1:]
        return node
