"""The lines of the user's program that asked for an op: whole statements, and the names that they give."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

_LINE = re.compile(r"(?P<file>.+?):(?P<number>\d+)(?:: (?P<code>.*))?", re.DOTALL)
_CELL = re.compile(r"<ipython-input-(\d+)-.*>|.*[/\\]ipykernel_\d+[/\\]\d+\.py")
_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.Assert, ast.Raise, ast.Delete)
LONGEST = 100
Span = tuple[int, int, int, int]  # first and last line, first and last column (in bytes)


class Line(NamedTuple):
    """A statement of the user's program: where it begins, what it says, and over how many more lines."""

    file: str
    number: int
    code: str
    more: int = 0

    @property
    def place(self) -> str:
        """The name of the file, or of the cell of a notebook."""
        cell = _CELL.fullmatch(self.file)
        if cell is None:
            return Path(self.file).name
        return f"cell {cell[1]}" if cell[1] else "notebook cell"

    @property
    def short(self) -> str:
        return self.code if len(self.code) <= LONGEST else self.code[:LONGEST] + "\N{HORIZONTAL ELLIPSIS}"

    def __str__(self) -> str:
        return f"{self.place}:{self.number}"


def line_of(text: str) -> Line | None:
    """The text of `Watch.line`, taken apart; of a statement over several lines the whole.

    >>> line_of("/home/me/fit.py:12: loss = f(x)")
    Line(file='/home/me/fit.py', number=12, code='loss = f(x)', more=0)
    """
    found = _LINE.fullmatch(text)
    if found is None:
        return None
    line = Line(found["file"], int(found["number"]), found["code"] or "")
    source = linecache.getlines(line.file)
    if line.number > len(source) or source[line.number - 1].strip() != line.code:
        return line  # the file has changed since, or there is none
    for first, last, code in _long_statements("".join(source)):
        if first <= line.number <= last:
            return Line(line.file, first, code, last - first)
    return line


@lru_cache(maxsize=16)
def _long_statements(source: str) -> tuple[tuple[int, int, str], ...]:
    """First line, last line and text of each statement over several lines that holds no other."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with the magic of a notebook
        return ()
    nodes: Iterable[Any] = (node for node in ast.walk(tree) if isinstance(node, _SIMPLE))
    return tuple(
        (node.lineno, node.end_lineno, ast.unparse(node)) for node in nodes if node.end_lineno > node.lineno
    )


def assigned(code: str) -> str:
    """The name that a line of source gives to what it computes; empty where it gives none, or several.

    >>> assigned("loss = (y - t) ** 2"), assigned("a, b = f(x)"), assigned("return x * x")
    ('loss', '', '')
    """
    try:
        body = ast.parse(code).body
    except SyntaxError:  # a part of a longer statement
        return ""
    match body:
        case [ast.Assign(targets=[ast.Name(id=name)])]:
            return name
        case [ast.AugAssign(target=ast.Name(id=name)) | ast.AnnAssign(target=ast.Name(id=name))]:
            return name
    return ""


def assigned_at(file: str, span: Span) -> str:
    """The name that a statement gives to what exactly this part of it computes; empty where it gives none."""
    return _assignments("".join(linecache.getlines(file))).get(span, "")


@lru_cache(maxsize=16)
def _assignments(source: str) -> dict[Span, str]:
    """The names that statements give, by the places of what they compute."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with the magic of a notebook
        return {}
    found = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=made):
                found[_span(made)] = name
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as made):
                found[_span(made)] = name
            case ast.AugAssign(target=ast.Name(id=name)):
                found[_span(node)] = name
    return found


def made_at(file: str, before: int, name: str) -> Line | None:
    """The last statement before a line, in its function or outside of all, that assigns a name."""
    source = "".join(linecache.getlines(file))
    found = [made for made in _targets(source).get(name, ()) if made[0] < before and _sees(made, before)]
    if not found:
        return None
    first, last, code = max(found)[:3]
    return Line(file, first, code, last - first)


def _sees(made: tuple[int, int, str, int, int], line: int) -> bool:
    return made[3] <= line <= made[4]


@lru_cache(maxsize=16)
def _targets(source: str) -> dict[str, list[tuple[int, int, str, int, int]]]:
    """Of each name its assignments: first and last line, text, and the lines of the function around."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with the magic of a notebook
        return {}
    found: dict[str, list[tuple[int, int, str, int, int]]] = {}

    def walk(node: Any, first: int, last: int) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first, last = node.lineno, node.end_lineno or node.lineno
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for part in (part for target in targets for part in ast.walk(target)):
                if isinstance(part, ast.Name):
                    end = node.end_lineno or node.lineno
                    found.setdefault(part.id, []).append((node.lineno, end, ast.unparse(node), first, last))
        for child in ast.iter_child_nodes(node):
            walk(child, first, last)

    walk(tree, 0, 10**9)
    return found


def _span(node: Any) -> Span:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def excerpts(
    lines: Iterable[Line], before: Iterable[Line] = ()
) -> tuple[list[dict[str, Any]], dict[Line, tuple[int, int]]]:
    """The source around some lines as rows for a page, and the first and last row of each of the lines.

    Of the lines `before`, which made what the others use, nothing around is shown.
    """
    alone = set(before)
    asked: dict[str, list[Line]] = {}
    for line in dict.fromkeys([*lines, *alone]):
        asked.setdefault(line.file, []).append(line)
    rows: list[dict[str, Any]] = []
    place: dict[tuple[str, int], int] = {}
    for file, found in asked.items():
        source = linecache.getlines(file)
        numbers = {n for line in found for n in range(line.number, line.number + line.more + 1)}
        used = {
            n for line in found if line not in alone for n in range(line.number, line.number + line.more + 1)
        }
        around = numbers | {n + d for n in used for d in (-1, 0, 1)}
        if used and max(used) - min(used) <= 30:
            around |= set(range(min(used), max(used)))
        kept = sorted(n for n in around if 1 <= n <= len(source))
        text = dedent("".join(source[n - 1].rstrip("\n") + "\n" for n in kept)).split("\n")
        for n, code in zip(kept, text, strict=False):
            if n in numbers or code.strip():
                place[file, n] = len(rows)
                rows.append({"file": found[0].place, "number": n, "code": code})
    ends = {
        line: (place[line.file, line.number], place[line.file, line.number + line.more])
        for found in asked.values()
        for line in found
        if (line.file, line.number) in place and (line.file, line.number + line.more) in place
    }
    return rows, ends
