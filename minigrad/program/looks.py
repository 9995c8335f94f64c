"""Views among the results of a call: of an input or of another result, and looked at in the same way anew."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad._tensor.calls import RECORD
from minigrad._tensor.layouts import Links, is_same, links_between, seen
from minigrad._tensor.record import history_of
from minigrad._tensor.tensor import Tensor
from minigrad._tensor.view import View
from minigrad.engine.mode import current, run_user
from minigrad.engine.writes import owner_of

from .instructions import Value, name_of, values_in

_SHAPED = {".reshape", "reshape", ".ravel", "ravel", "expand_dims", "squeeze", ".squeeze"}
_TURNED = {".transpose", "transpose", ".T", "swapaxes", ".swapaxes", "moveaxis"}


class Look:
    """A result that is a view: `look(source)` makes it of the tensor of this call.

    The tensor's own operations do, so its history, its root and its stamps are those of eager mode.

    Attributes:
        source: ("in", position of an input) or ("out", position of an output).
        links: of the way from it.
        shape: of the result.
        cut: "" where the history goes on; else "first" or "last": where `detach()` stands, or "data".
        records: whether it has a history, if the source has.
    """

    def __init__(
        self, source: tuple[str, int], links: Links, shape: tuple[int, ...], cut: str, records: bool
    ) -> None:
        self.source, self.links, self.shape, self.cut, self.records = source, links, shape, cut, records

    def __call__(self, x: Any) -> Any:
        if current().recording is not self.records and history_of(x) is not None:
            return run_user(self._of, x, record=self.records)
        return self._of(x)

    def _of(self, x: Any) -> Any:
        if self.cut == "first":
            x = x.detach()
        for name, how in self.links:
            picks = name == "getitem"
            x = RECORD["getitem"]((x,), {"index": how})[0] if picks else getattr(x, name)(*how)
        if self.cut == "last":
            return x.detach()
        return x.data if self.cut == "data" else x


def placed(places: list[int | Look], outs: list[Any], inputs: Callable[[int], Any]) -> list[Any]:
    """The results of a call: outputs, and those that look at them or at inputs."""
    made = [None if isinstance(place, Look) else outs[place] for place in places]
    for k in range(len(places)):
        _place(k, places, made, inputs)
    return made


def _place(k: int, places: list[int | Look], made: list[Any], inputs: Callable[[int], Any]) -> Any:
    place = places[k]
    if made[k] is None and isinstance(place, Look):
        kind, at = place.source
        made[k] = place(inputs(at) if kind == "in" else _place(at, places, made, inputs))
    return made[k]


def look_at(out: Any, source: tuple[str, int], x: Any, makers: Any) -> Look | None:
    """The way from a tensor to another that shares its memory; None where it cannot be told."""
    its, mine = x._array, out._array
    if hasattr(its, "value") and hasattr(mine, "value"):
        links = _links_of(makers, mine.value, its.value)
        its, mine = its.array, mine.array
    elif type(its) is type(mine) is np.ndarray:
        links = links_between(its, mine)
    else:
        return None
    if links is None or not is_same(seen(its, links), mine):
        return None
    history, root = history_of(out), x._root if isinstance(x, View) else x
    if isinstance(out, View) and out._root is root:
        cut = ""
    elif history is not None:
        return None
    elif isinstance(out, View):
        cut = "first"
    else:
        cut = "last" if owner_of(mine) is owner_of(its) else "data"
    if not links and cut in ("", "first"):
        links = [("view", (mine.shape,))]  # another tensor all the same
    return Look(source, links, mine.shape, cut, history is not None)


def _links_of(makers: Any, value: Value, start: Value) -> Links | None:
    """The links from one value to another that is a view of it, by the steps that made it."""
    links: Links = []
    while value is not start:
        step = makers.get(value)
        if step is None or value.root is not start.root or not step.args or type(step.args[0]) is not Value:
            return None
        link = _link(step, value)
        if link is None:
            return None
        links.append(link)
        value = step.args[0]
    return links[::-1]


def _link(step: Any, out: Value) -> tuple[str, Any] | None:
    name, (x, *rest) = name_of(step.function), step.args
    if any(True for _ in values_in((rest, step.kwargs))):
        return None
    if name == "getitem":
        return "getitem", rest[0]
    if name in _SHAPED:
        return "view", (out.shape,)
    if name in _TURNED:
        axes = np.empty(range(2, len(x.shape) + 2))
        turned = getattr(axes, name[1:]) if isinstance(step.function, str) else None
        if turned is None:
            turned = step.function(axes, *rest, **step.kwargs)
        elif name != ".T":
            turned = turned(*rest, **step.kwargs)
        return "permute", (tuple(n - 2 for n in turned.shape),)
    if name == "broadcast_to":
        return "expand", (out.shape,)
    if name == "diagonal" and not step.kwargs:
        return "diagonal", tuple(rest)
    return None


def looks_among(outs: list[Any], inputs: list[Any], makers: Any) -> tuple[dict[int, Look], str]:
    """The results that are views of inputs, or of other results, by their positions; and why that fails.

    Where views of a tensor that is not returned overlap, or have its layout, that tensor joins the results.
    """
    looks: dict[int, Look] = {}
    arrays = [_plain(x._array) for x in outs]
    for k, out in enumerate(outs):
        root = out._root if isinstance(out, View) else None
        for source, x in () if root is None else [*_numbered("in", inputs), *_numbered("out", outs)]:
            same = (x._root if source[0] == "in" and isinstance(x, View) else x) is root
            if same and (look := look_at(out, source, x, makers)):
                looks[k] = look
                break
    for k, out in enumerate(outs):
        for i, x in enumerate(inputs) if k not in looks else ():
            if overlap(arrays[k], _plain(x._array)):
                if not (look := look_at(out, ("in", i), x, makers)):
                    return {}, "an output shares memory with an input in an unusual way"
                looks[k] = look
                break
    for k, _ in enumerate(outs):  # it grows
        for j in range(k) if k not in looks else ():
            if j in looks or not overlap(arrays[j], arrays[k]):
                continue
            for one, other in ((k, j), (j, k)):
                if look := look_at(outs[one], ("out", other), outs[other], makers):
                    looks[one] = look
                    break
            else:
                if not _look_at_root([k, j], outs, arrays, looks, makers):
                    return {}, "two outputs share memory in an unusual way"
            if k in looks:
                break
        if k not in looks and not arrays[k].flags.c_contiguous:
            _look_at_root([k], outs, arrays, looks, makers)  # else it would get another layout
    return looks, ""


def _look_at_root(at: list[int], outs: list[Any], arrays: list[Any], looks: Any, makers: Any) -> bool:
    """Let views look at their root, which joins the results."""
    views = [outs[k] for k in at]
    if not all(isinstance(x, View) and x._root is views[0]._root for x in views):
        return False
    root = views[0]._root
    place = next((k for k, x in enumerate(outs) if x is root), len(outs))
    found = [look_at(x, ("out", place), root, makers) for x in views]
    if None in found or place in looks:
        return False
    looks.update(zip(at, found, strict=True))
    if place < len(outs):
        return True
    outs.append(root)
    arrays.append(_plain(root._array))
    return True


def _numbered(kind: str, tensors: list[Any]) -> list[tuple[tuple[str, int], Any]]:
    return [((kind, i), x) for i, x in enumerate(tensors)]


def sharing_tensors(own: Any, tensor: Any, constants: list[Any]) -> list[Any] | None:
    """The tensors over the memory of an array; None where something else may have it too.

    Arguments:
        own: an array that a table has, and the caller.
        tensor: one of them.
        constants: arrays over that memory that another table has, and this list.
    """
    if sys.getrefcount(own) == 5 and tensor._array is own:  # nearly always
        return [tensor]
    whole = [x for x in gc.get_referrers(own) if isinstance(x, Tensor)]
    views = [x for x in gc.get_referrers(*whole) if isinstance(x, View) and any(x._root is y for y in whole)]
    looking = [x for x in views if x._array is not own]
    arrays = list({id(x): x for x in [*[y._array for y in looking], *constants] if x is not own}.values())
    # The table, three names, and those that are known.
    if sys.getrefcount(own) != 4 + len(whole) + len(arrays) + 2 * sum(x is own for x in constants):
        return None
    for x in arrays:
        known = sum(y._array is x for y in looking) + 2 * sum(y is x for y in constants)
        if sys.getrefcount(x) != 3 + known:
            return None
    return [*whole, *looking]


def overlap(a: Any, b: Any) -> bool:
    """True if two arrays have an element in common, or it is hard to tell."""
    try:
        work: Any = 10_000  # NumPy's stubs know two bounds only
        return np.shares_memory(a, b, max_work=work)
    except np.exceptions.TooHardError:
        return True


def _plain(array: Any) -> Any:
    return getattr(array, "array", array)
