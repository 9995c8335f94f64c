"""The way from an array to a view of it, told from their layouts: an index, an order of axes, a shape."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

# A link of the way: the name of a tensor's method, or "getitem", and what it takes.
Links = list[tuple[str, Any]]


def seen(array: Any, links: Links) -> Any:
    """An array, seen by way of links."""
    for name, how in links:
        if name == "getitem":
            array = array[how]
        elif name == "view":
            array = array.reshape(*how)
        elif name == "permute":
            array = array.transpose(*how)
        elif name == "expand":
            array = np.broadcast_to(array, *how)
        else:
            array = np.diagonal(array, *how)
    return array


def is_same(a: Any, b: Any) -> bool:
    """True if two arrays look at the same memory in the same way."""
    steps = [[s for n, s in zip(x.shape, x.strides, strict=True) if n > 1] for x in (a, b)]
    alike = a.shape == b.shape and a.dtype == b.dtype and steps[0] == steps[1]
    return alike and (a.ctypes.data == b.ctypes.data or not a.size)


def links_between(root: Any, view: Any) -> Links | None:
    """The links from a C-contiguous array to a view of it, by their layouts; None where it has none."""
    if is_same(root, view):
        return []
    if not root.flags.c_contiguous or not view.size or view.dtype != root.dtype:
        return None
    offset, rest = divmod(view.ctypes.data - root.ctypes.data, root.itemsize)
    steps = [s // root.itemsize for s in view.strides]
    if rest or any(s % root.itemsize for s in view.strides):
        return None
    ways = [_index(root.shape, offset, view.shape, steps)]
    flat = [("view", ((root.size,),))] if root.ndim != 1 else []
    ways.append((way := _index((root.size,), offset, view.shape, steps)) and [*flat, *way])
    if view.flags.c_contiguous and 0 <= offset <= root.size - view.size:
        ways.append([*flat, ("getitem", slice(offset, offset + view.size)), ("view", (view.shape,))])
    for links in ways:
        if links is not None and is_same(seen(root, links), view):
            return links
    return None


def _index(shape: Any, offset: int, wanted: Any, steps: list[int]) -> Links | None:
    """Links with an index that selects elements at regular steps, and an order of its axes."""
    if not 0 <= offset < math.prod(shape):  # it is memory of another array
        return None
    start = [int(n) for n in np.unravel_index(offset, shape)] if shape else []
    index: list[Any] = list(start)
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    found: list[int | None] = [None] * len(wanted)  # for each axis of the view, that of the array
    for i in sorted(range(len(wanted)), key=lambda i: bool(wanted[i] == 1)):
        n, step = wanted[i], steps[i]
        if n > 1 and not step:
            continue
        for axis, stride in enumerate(strides):
            each = step // stride if n > 1 else 1
            last = start[axis] + (n - 1) * each
            if step == each * stride and each and 0 <= last < shape[axis] and axis not in found:
                break
        else:
            if n > 1:
                return None
            continue
        found[i] = axis
        end = last + (1 if each > 0 else -1)
        index[axis] = slice(start[axis], end if end >= 0 else None, each)
        if n == shape[axis] and each == 1:
            index[axis] = slice(None)
    order = [axis for axis in found if axis is not None]
    while index and index[-1] == slice(None):
        index.pop()
    if not order:
        index.append(...)  # an array without axes, and no number
    links: Links = [("getitem", tuple(index))] if index else []
    if order != sorted(order):
        links.append(("permute", (tuple(sorted(order).index(axis) for axis in order),)))
    if len(order) != len(wanted):
        links.append(("getitem", tuple(None if axis is None else slice(None) for axis in found)))
        if any(n > 1 and not step for n, step in zip(wanted, steps, strict=True)):
            links.append(("expand", (tuple(wanted),)))
    return links


def index_between(root: Any, view: Any) -> Any:
    """The index of ints and slices by which a view selects from an array; None where it takes more."""
    links = links_between(root, view) if type(root) is type(view) is np.ndarray else None
    index = links[0][1] if links and len(links) == 1 and links[0][0] == "getitem" else (None,)
    return index if None not in index else None
