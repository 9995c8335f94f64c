"""`player`: a backward that really happened, as a page to step through."""

from __future__ import annotations

import html
import json
import os
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn import Module
from minigrad.viz._boxes import Fold, boxes_data, boxes_of, folded
from minigrad.viz._graph import read
from minigrad.viz._names import Named
from minigrad.viz._numbers import raw
from minigrad.viz._recording import Recorder
from minigrad.viz._scene import Entry
from minigrad.viz._story import Story

_PAGE = files("minigrad.viz") / "page"
_SCRIPTS = ("layout.js", "folding.js", "graph.js", "player.js")


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
    path: str | os.PathLike[str] | None = "backward.html",
    gradient: Tensor | None = None,
    retain_graph: bool = False,
    *,
    names: Named | None = None,
    params: Named | Module | None = None,
    title: str | None = None,
    max_nodes: int = 100,
    fold: Fold = False,
) -> Page:
    """Run `tensor.backward(gradient, retain_graph)` and write a page that plays what it did.

    It is a real backward, with all that it does: gradients are added to `.grad`, hooks run, and the graph
    is freed unless it is retained. The page is one file that needs nothing else: no network, no programs.
    It plays forward and then backward one step at a time: the gradient that arrives, the rule from the
    table of derivatives with its numbers, what goes to each operand, where parts add up, what is freed;
    with buttons, a slider and the arrow keys. What was computed inside `watch()` has its lines lit beside
    it, and all values; otherwise those that the derivatives keep. A module of a model can be folded into
    one card and unfolded again; while it is folded, what happens inside it is one step.

    Arguments:
        tensor: where backward starts.
        path: the file to write; None writes none.
        gradient: as for `backward`; needed unless the tensor has one element.
        retain_graph: keep the graph for another backward.
        names: names of tensors, a dict or pairs. Left out, the variables of your program are asked.
        params: a model, or names and parameters. Left out, your variables are asked too.
        title: of the page.
        max_nodes: of a larger graph only the newest part is shown, and the page says so.
        fold: which modules are folded when the page opens, as in `graph`.

    Raises:
        RuntimeError: as `backward` raises; nothing is written then.
        ValueError: for a module to fold that is not there.
        FileNotFoundError: where the folder of `path` is missing; backward has not run then.

    >>> import minigrad as torch
    >>> from minigrad import viz
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> page = viz.player(x * x, path=None)
    >>> x.grad
    tensor(4.)
    >>> page.html[:15]
    '<!doctype html>'
    """
    scene = read("player", tensor, names, params, max_nodes=max_nodes)
    if path is not None and not Path(path).parent.is_dir():  # before a backward that cannot be taken back
        raise FileNotFoundError(
            f"player: there is no folder {Path(path).parent} to write {Path(path).name} into"
        )
    boxes = boxes_of(scene)
    closed = folded("player", boxes, fold)
    kept = {e: raw(e.grad) for e in scene.entries if e.node is not None and (e.op is None or e.retained)}
    before = {entry: None if grad is None else grad.copy() for entry, grad in kept.items()}
    visits = Recorder(scene).run(lambda: tensor.backward(gradient, retain_graph=retain_graph))
    reached = {visit.entry for visit in visits}
    grads = {entry: (before[entry], _grad(entry)) for entry in before if entry in reached}
    title = title or f"Backward from {scene.root.label}"
    data = Story(scene, visits, grads, retain_graph).data(title) | boxes_data(scene, boxes, closed)
    text = _page(title, data)
    if path is None:
        return Page(text, None)
    path = Path(path)
    path.write_text(text, encoding="utf-8")
    return Page(text, path)


def _grad(entry: Entry) -> Any:
    watch = entry.node.watch if entry.node is not None else None
    return None if watch is None else raw(watch.grad)


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
