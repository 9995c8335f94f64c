"""One cell: a piece of Python is run, and gives what it prints and shows. Pages, tests and browsers use it.

A cell shows the value of its last line, as a notebook does: a picture or a page where the value has one,
its text elsewhere.
"""

from __future__ import annotations

import ast
import contextlib
import io
import linecache
import traceback
import warnings
from dataclasses import dataclass
from typing import Any


@dataclass
class Shown:
    """A picture or a page: `kind` is "svg" or "html"."""

    kind: str
    text: str


@dataclass
class Result:
    """All that a cell gives back."""

    printed: str
    shown: Shown | None = None


def run(source: str, name: str, scope: dict[str, Any], first_line: int = 1) -> Result:
    """Run a cell in `scope`; errors come out as they are.

    `name` stands for a file in tracebacks and in `linecache`, from which views of minigrad read a program.
    """
    with contextlib.redirect_stdout(io.StringIO()) as said:
        shown = _run("\n" * (first_line - 1) + source, name, scope)
    return Result(said.getvalue(), shown)


def _run(source: str, name: str, scope: dict[str, Any]) -> Shown | None:
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    scope.setdefault("__name__", "__main__")
    scope.setdefault("__file__", name)
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), scope)
    value = eval(compile(ast.Expression(last.value), name, "eval"), scope) if last else None
    shown = picture(value)
    if value is not None and shown is None:
        print(repr(value))
    return shown


def picture(value: Any) -> Shown | None:
    """The rich form of a value; None where it has only text."""
    figure = getattr(value, "figure", value)  # of axes, the figure
    if hasattr(figure, "savefig"):
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
        text = file.getvalue()
        return Shown("svg", text[text.index("<svg") :])
    if hasattr(value, "_repr_mimebundle_"):
        bundle = value._repr_mimebundle_()
        bundle = bundle[0] if isinstance(bundle, tuple) else bundle
        if "image/svg+xml" in bundle:
            text = bundle["image/svg+xml"]
            return Shown("svg", text[text.index("<svg") :])
        return None
    for kind in ("svg", "html"):
        form = getattr(value, f"_repr_{kind}_", None)
        if form is not None and (text := form()):
            return Shown(kind, text)
    return None


def told(source: str, name: str = "cell.py") -> dict[str, str]:
    """As `run`, in a scope of its own, for a page in a browser: an error is text too."""
    given = {"printed": "", "error": "", "svg": "", "html": ""}
    with contextlib.redirect_stdout(io.StringIO()) as said, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            shown = _run(source, name, {})
        except BaseException as error:  # exit() must not end the page's Python
            lines = [
                frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == name
            ]
            lines += [error.lineno] if isinstance(error, SyntaxError) else []
            where = f"line {lines[-1]}: " if lines else ""
            given["error"] = f"{where}{type(error).__name__}: {error}"
        else:
            if shown is not None:
                given[shown.kind] = shown.text
    return given | {"printed": said.getvalue()}
