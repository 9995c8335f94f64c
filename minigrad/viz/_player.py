"""`player`: a backward that really happened, as a page to step through."""

from __future__ import annotations

import html
import json
import os
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from minigrad._tensor.backward import run_backward
from minigrad._tensor.tensor import Tensor
from minigrad.nn import Module
from minigrad.viz._boxes import Fold, boxes_data, boxes_of, folded
from minigrad.viz._compiled import Listing
from minigrad.viz._graph import read
from minigrad.viz._names import Named
from minigrad.viz._numbers import raw
from minigrad.viz._recording import Recorder
from minigrad.viz._story import Story

_PAGE = files("minigrad.viz") / "page"
_SCRIPTS = (
    "layout.js", "folding.js", "places.js", "graph.js", "legend.js", "view.js", "predict.js", "player.js",
)  # fmt: skip


class Page:
    """A page that plays a backward; a notebook shows it in place.

    Attributes:
        html: the whole page.
        path: where it was written; None where it was not.
    """

    def __init__(self, text: str, path: Path | None) -> None:
        self.html, self.path = text, path

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" title="backward, step by step" '
            'style="width:100%;height:720px;border:0"></iframe>'
        )

    def __repr__(self) -> str:
        where = f" in {self.path}" if self.path is not None else ""
        return f"<Page of {len(self.html) // 1024 + 1} KiB{where}>"


def player(
    tensor: Tensor,
    path: str | os.PathLike[str] | None = None,
    gradient: Tensor | None = None,
    retain_graph: bool = False,
    *,
    names: Named | None = None,
    params: Named | Module | None = None,
    title: str | None = None,
    max_nodes: int = 100,
    fold: Fold = False,
    program: Any = None,
) -> Page:
    """A page that plays what `tensor.backward(gradient, retain_graph)` does, one step at a time.

    The steps are those of a real walk, which keeps the graph and touches no `.grad`, so a page can be made
    again, and backward can still be called; hooks on the way run, as in any. The page is one file that needs
    nothing else: no network, no programs. It plays forward and then backward: the gradient that arrives, the
    rule of each operation with its numbers, the part for each operand, where parts add up, what backward
    frees and what it adds to `.grad`; with buttons, a slider and the arrow keys. In its predict mode
    each number is asked for before it is shown. Operations inside `watch()` have their lines lit beside them,
    and all values; otherwise the values that the derivatives keep. A module of a model can be folded into one
    card and unfolded again; while it is folded, it is one step.

    Arguments:
        tensor: where backward starts.
        path: the file to write; left out, nothing is written, and a notebook shows the page in place.
        gradient: as for `backward`; needed unless the tensor has one element.
        retain_graph: play a backward that keeps the graph.
        names: names of tensors, a dict or pairs. Left out, the variables of your program are asked.
        params: a model, or names and parameters. Left out, your variables are asked too.
        title: of the page.
        max_nodes: of a larger graph only the newest part is shown, and the page says so.
        fold: which modules are folded when the page opens, as in `graph`.
        program: a compiled function or module of which this is a call: the page shows the program too, with
            the lines of each step lit. Call it once, then again within `watch()`, which runs it eagerly.

    Raises:
        RuntimeError: as `backward` raises; nothing is written then.
        ValueError: for a module to fold that is not there, and for a program of something else.
        FileNotFoundError: where the folder of `path` is missing.

    >>> import minigrad as torch
    >>> from minigrad import viz
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> page = viz.player(x * x)
    >>> page.html[:15], x.grad
    ('<!doctype html>', None)
    """
    scene = read("player", tensor, names, params, max_nodes=max_nodes)
    if path is not None and not Path(path).parent.is_dir():  # before a backward that cannot be taken back
        raise FileNotFoundError(
            f"player: there is no folder {Path(path).parent} to write {Path(path).name} into"
        )
    listing = None if program is None else Listing(program, scene)
    boxes = boxes_of(scene)
    closed = folded("player", boxes, fold)
    before = {e: raw(e.grad) for e in scene.entries if e.node is not None and (e.op is None or e.retained)}
    visits = Recorder(scene).run(lambda: run_backward((tensor,), (gradient,), retain_graph=True))
    for visit in visits:
        visit.freed = not retain_graph and visit.entry.op is not None
    arrived = {visit.entry: visit.g for visit in visits}
    grads = {
        e: (old, arrived[e] if old is None else old + arrived[e]) for e, old in before.items() if e in arrived
    }
    title = title or f"Backward from {scene.root.label}"
    data = Story(scene, visits, grads, retain_graph, listing).data(title) | boxes_data(scene, boxes, closed)
    data["legend"] = legend_of(data)
    text = _page(title, data)
    if path is None:
        return Page(text, None)
    path = Path(path)
    path.write_text(text, encoding="utf-8")
    return Page(text, path)


# Each sign of the page with its meaning; no sign has two, and no meaning has two signs.
_SIGNS = {
    "leaf": "leaf", "parameter": "parameter", "op": "result", "constant": "constant",
    "module": "module", "now": "this step", "forward": "value", "backward": "gradient",
    "dashes": "no gradient", "gradient": "gradient so far", "bars": "above, below 0",
    "freed": "freed", "far": "farther away",
}  # fmt: skip


def legend_of(data: dict[str, Any]) -> list[dict[str, str]]:
    """The signs that a page has, each with its meaning."""
    kinds = {"constant" if node["kind"] == "operand" else node["kind"] for node in data["nodes"]}
    values = [value for node in data["nodes"] for value in (node.get("value"), node.get("grad"))]
    values += [value for step in data["steps"] for value in (step.get("part"), *(step.get("g") or [])[1:2])]
    has = kinds | {"now", "forward", "backward", "gradient"}
    has |= {"module"} if data["boxes"] else set()
    has |= {"dashes"} if not all(edge["flows"] for edge in data["edges"]) else set()
    has |= {"bars"} if any(value and value["strip"] for value in values) else set()
    has |= {"freed"} if any("freed" in step for step in data["steps"]) else set()
    has |= {"far"} if len(data["nodes"]) > 12 else set()
    return [{"sign": sign, "text": text} for sign, text in _SIGNS.items() if sign in has]


def _page(title: str, data: dict[str, Any]) -> str:
    """The template with style, scripts and data put in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    parts = {
        "<!--title-->": html.escape(title),
        "/*style*/": _read("page.css"),
        "/*script*/": "\n".join(_bare(_read(name)) for name in _SCRIPTS),
        "<!--data-->": text.replace("<", "\\u003c"),  # no </script> inside a script
    }
    return re.sub("|".join(map(re.escape, parts)), lambda place: parts[place[0]], _read("page.html"))


def _read(name: str) -> str:
    return _PAGE.joinpath(name).read_text(encoding="utf-8")


def _bare(script: str) -> str:
    """Without indentation and the lines that are only comments: they stay here, where they are read."""
    lines = (line.strip() for line in script.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))
