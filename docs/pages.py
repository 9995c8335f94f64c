"""The pages are run: each Python block of a page, one after the other, as a reader would.

The printed output is compared with the block that follows:

* a `python` block runs in the scope of its page, and a `text` block after it is its output (`...` stands for
  anything);
* an image or a `player` block after it is filled with the picture that its last line shows;
* a `try` block is a cell that a reader edits: it runs in a scope of its own, and must not fail;
* an `sh` block whose lines begin with `python -m minigrad` is run in a folder of the page's own.

`python docs/pages.py docs/lessons/00_nudge.md` runs one page; with `--write`
it puts what is printed into the page.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cell import Shown, run, told

from minigrad.ops import REGISTRY

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
MADE = DOCS / "made"  # all that is made when the site is built
PIECE = re.compile(
    r"^(?P<fence>`{3,})(?P<kind>[^\n`]*)\n(?P<body>.*?)^(?P=fence)[ ]*$"
    r"|^!\[[^\]]*\]\((?P<image>[^)]+)\)[ ]*$",
    re.DOTALL | re.MULTILINE,
)


class PageError(Exception):
    """A page whose code does not run, or does not print what the page says."""


@dataclass
class Piece:
    """A block of code, or an image, in the order of the page."""

    kind: str
    body: str
    line: int
    start: int = 0  # of the body, in the text of the page
    follows: bool = False  # nothing stands between it and the piece before


def pages() -> list[Path]:
    """All pages that are written by hand."""
    made = {"made", "_build", "api", "benchmarks.md"}
    return sorted(
        path for path in DOCS.rglob("*.md") if not made & set(path.relative_to(DOCS).parts) and runs(path)
    )


def runs(path: Path) -> bool:
    """Whether a page has code to run."""
    return bool(re.search(r"^`{3,}(python|\{try\}|sh)\s*$", path.read_text(encoding="utf-8"), re.MULTILINE))


def pieces(text: str) -> Iterator[Piece]:
    """The blocks of a page, and the images that stand alone in a line."""
    end = 0
    for place in PIECE.finditer(text):
        follows, end = not text[end : place.start()].strip(), place.end()
        line = text.count("\n", 0, place.start()) + 1
        if place["image"]:
            yield Piece("image", place["image"], line)
        else:
            kind, _, argument = place["kind"].strip().partition(" ")
            yield Piece(kind, argument or place["body"], line + 1, place.start("body"), follows)


def check(path: Path, folder: Path, *, rewrite: bool = False) -> dict[str, Shown]:
    """Run a page, with shell commands in `folder`; gives its pictures by name.

    With `rewrite`, outputs that differ are put into the page.

    Raises:
        PageError: where a block fails, or prints something else.
    """
    known = set(REGISTRY)
    try:
        return _check(path, folder, rewrite)
    finally:
        for name in set(REGISTRY) - known:  # a page may define an op, and may be run again
            del REGISTRY[name]
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")


def _check(path: Path, folder: Path, rewrite: bool) -> dict[str, Shown]:
    scope: dict[str, Any] = {}
    text = path.read_text(encoding="utf-8")
    outputs: list[tuple[Piece, str]] = []  # that differ
    shown: dict[str, Shown] = {}
    printed, picture = None, None  # of the block before
    for piece in pieces(text):
        where = f"{path.relative_to(ROOT)}:{piece.line}"
        if piece.kind == "python":
            if printed:
                raise PageError(f"{where}: the block before printed what the page does not show:\n{printed}")
            try:
                result = run(piece.body, path.name, scope, piece.line)
            except Exception as error:
                raise PageError(f"{where}: {type(error).__name__}: {error}") from error
            printed, picture = result.printed, result.shown
        elif piece.kind == "sh" and all(line.startswith("python -m ") for line in piece.body.splitlines()):
            printed, picture = _shell(piece.body, folder), None
        elif piece.kind == "text" and (printed or (printed is not None and piece.follows)):
            if not doctest.OutputChecker().check_output(piece.body, printed, doctest.ELLIPSIS):
                outputs.append((piece, printed))
                if not rewrite:
                    raise PageError(f"{where}: the page says\n{piece.body}\nand the code prints\n{printed}")
            printed = None
        elif piece.kind in ("image", "{player}") and "/made/" in piece.body:
            if picture is None:
                raise PageError(f"{where}: the block before this picture shows none")
            shown[Path(piece.body.strip()).name] = picture
            picture = None
        elif piece.kind == "{try}" and (error := told(piece.body, f"{path.stem}.py")["error"]):
            raise PageError(f"{where}: the cell fails: {error}")
    if printed:
        raise PageError(f"{path.name}: the last block prints what the page does not show:\n{printed}")
    for piece, new in reversed(outputs):
        text = text[: piece.start] + new + text[piece.start + len(piece.body) :]
    if outputs:
        path.write_text(text, encoding="utf-8")
    return shown


def _shell(commands: str, folder: Path) -> str:
    """What the commands print, errors included."""
    printed = ""
    for command in commands.splitlines():
        words = [sys.executable, *command.split()[1:]]
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        done = subprocess.run(
            words,
            cwd=folder,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
        )
        printed += done.stdout
    return printed


def write(shown: dict[str, Shown]) -> None:
    """Write the pictures of a page to where the site takes them from."""
    for name, picture in shown.items():
        place = MADE / ("pictures" if picture.kind == "svg" else "static/players") / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(picture.text, encoding="utf-8")


def notebook(path: Path) -> list[tuple[str, str]]:
    """The cells of a notebook: "markdown" or "code", and the source."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [(cell["cell_type"], "".join(cell["source"])) for cell in cells]


def main() -> None:
    import tempfile

    names = [name for name in sys.argv[1:] if name != "--write"]
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            write(check(Path(name).resolve(), Path(folder), rewrite=len(names) < len(sys.argv) - 1))


if __name__ == "__main__":
    main()
