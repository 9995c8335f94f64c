"""Which ops a place in `minigrad/ops` has a say in, read off the sources.

python mutation/affected.py minigrad/ops/neural.py 120
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

Place = tuple[Path, str]  # a name at the top of a file


def ops_of_line(file: Path, line: int) -> list[str]:
    """The names of the ops whose record, or a function or constant behind it, stands on a line of `file`."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(file.parent.glob("*.py"))}
    touched = {s for s in trees[file].body if _first(s) <= line <= (s.end_lineno or 0)}
    reached: set[Place] = {(file, name) for s in touched for name in _defined(s)}
    known = -1
    while known != len(reached):
        known = len(reached)
        for path, tree in trees.items():
            for statement in tree.body:
                if isinstance(statement, ast.ImportFrom):
                    module = path.parent / f"{statement.module}.py"
                    names = [a for a in statement.names if (module, a.name) in reached]
                    reached |= {(path, a.asname or a.name) for a in names}
                elif statement not in touched and _mentions(statement, path, reached):
                    touched.add(statement)
                    reached |= {(path, name) for name in _defined(statement)}
    return [op for tree in trees.values() for s in tree.body if s in touched for op in _ops_in(s)]


def not_code(file: Path) -> set[tuple[int, int]]:
    """(line, column) of what is no code under test: what a domain draws, and types.

    A domain is where the tests draw from: a mutant of it is another test, not another derivative.
    """
    tree = ast.parse(file.read_text(encoding="utf-8"))
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    parts: list[ast.AST] = [k.value for call in calls for k in call.keywords if k.arg == "domain"]
    parts += [s for s in tree.body if isinstance(s, ast.FunctionDef) and _draws(s)]
    parts += [s for s in tree.body if isinstance(s, ast.Assign) and _calls(s.value, "Interval")]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            annotated = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            parts += [a.annotation for a in annotated if a.annotation] + (
                [node.returns] if node.returns else []
            )
        elif isinstance(node, ast.AnnAssign):
            parts.append(node.annotation)
    return {place for part in parts for place in _places(part)}


def compared_names(file: Path) -> set[tuple[int, int]]:
    """(line, column) between the two sides of each comparison with a string.

    `reduction == "mean"` asks which of a few names it is; how names are ordered means nothing.
    """
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.comparators[0], ast.Constant):
            right = node.comparators[0]
            if isinstance(right.value, str):
                found |= {(right.lineno, c) for c in range(node.left.end_col_offset or 0, right.col_offset)}
    return found


def _draws(function: ast.FunctionDef) -> bool:
    """Whether it takes a drawer, d, or makes a function that does."""
    return any(isinstance(n, ast.arg) and n.arg == "d" for n in ast.walk(function))


def _places(node: ast.AST) -> Iterator[tuple[int, int]]:
    """Every line and column that a node covers."""
    first, last = node.lineno, node.end_lineno  # type: ignore[attr-defined]
    for line in range(first, last + 1):
        start = node.col_offset if line == first else 0  # type: ignore[attr-defined]
        end = node.end_col_offset if line == last else 200  # type: ignore[attr-defined]
        yield from ((line, column) for column in range(start, end))


def _calls(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _first(statement: ast.stmt) -> int:
    return min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])


def _defined(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        yield from (n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name))


def _mentions(statement: ast.stmt, path: Path, reached: set[Place]) -> bool:
    return any(isinstance(n, ast.Name) and (path, n.id) in reached for n in ast.walk(statement))


def _ops_in(statement: ast.stmt) -> Iterator[str]:
    """Names of the records that a statement makes; a loop makes one of each row of its table."""
    calls = [n for n in ast.walk(statement) if _calls(n, "Op")]
    for call in calls:
        assert isinstance(call, ast.Call)
        name = call.args[0]
        if isinstance(name, ast.Constant):
            yield str(name.value)
        elif isinstance(statement, ast.For) and isinstance(statement.iter, ast.Tuple):
            yield from (row.elts[0].value for row in statement.iter.elts)  # type: ignore[attr-defined]


if __name__ == "__main__":
    print(*ops_of_line(Path(sys.argv[1]), int(sys.argv[2])))
