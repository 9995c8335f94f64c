"""A program as data: values, and the NumPy calls that make them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

ndarray = np.ndarray


class Value:
    """One array of a program.

    Attributes:
        kind: "input" (read from a tensor at each call), "constant", "seed" (a gradient that arrives), or
            "made" by a step.
        root: the value whose memory this one looks at; itself, where its memory is its own.
        sample: the array of the traced call; dropped later, but for constants.
        scalar: NumPy returned a number in place of an array without axes.
        name: as a reader would call it, or "".
        gradient_of: the value of which it is the gradient, or None.
        written: a step writes to its memory (noted at the root).
    """

    root: Value
    __slots__ = (
        "contiguous",
        "dtype",
        "gradient_of",
        "kind",
        "name",
        "number",
        "root",
        "sample",
        "scalar",
        "shape",
        "written",
    )

    def __init__(self, number: int, kind: str, sample: Any, root: Value | None = None) -> None:
        self.number, self.kind, self.sample = number, kind, sample
        self.shape, self.dtype = sample.shape, sample.dtype
        self.contiguous = bool(sample.flags.c_contiguous)
        self.root = self if root is None else root.root
        self.scalar, self.name, self.written = False, "", False
        self.gradient_of: Value | None = None

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def __repr__(self) -> str:
        return f"{self.name or 'v'}{self.number}: {self.dtype.name}{list(self.shape)}"


class Step:
    """One call: `outs = function(*args, **kwargs)`; a function given as text is a method (or `.T`).

    Attributes:
        writes: the value that is written in place, or None.
        required: it must run even where nobody uses its result (a random draw, a check of the data).
        line: the user's line: (file, number).
        layer: the path of the layer of minigrad's that makes the call, or None.
        node: which of the nodes that the call recorded it belongs to, forward or backward, or None.
    """

    __slots__ = (
        "args", "function", "kwargs", "layer", "line", "node", "op", "outs", "required", "single", "writes"
    )  # fmt: skip

    def __init__(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        self.outs: list[Value] = []
        self.single = True
        self.writes: Value | None = None
        self.required = False
        self.line: tuple[str, int] | None = None
        self.op = ""
        self.layer: Any = None
        self.node: int | None = None

    def reads(self) -> Iterator[Value]:
        """The values among the arguments."""
        yield from values_in(self.args)
        yield from values_in(self.kwargs)

    def __repr__(self) -> str:
        return f"{self.outs} = {name_of(self.function)}{self.args}{self.kwargs or ''}"


def name_of(function: Any) -> str:
    """The name of a step's function."""
    return function if isinstance(function, str) else getattr(function, "__name__", type(function).__name__)


def values_in(x: Any) -> Iterator[Value]:
    """The values in nested tuples, lists, dicts and slices."""
    kind = type(x)
    if kind is Value:
        yield x
    elif kind in (tuple, list):
        for part in x:
            yield from values_in(part)
    elif kind is dict:
        for part in x.values():
            yield from values_in(part)
    elif kind is slice:
        yield from values_in((x.start, x.stop, x.step))


def mapped(x: Any, change: Callable[[Any], Any]) -> Any:
    """Nested tuples, lists, dicts and slices with every other thing in them changed."""
    kind = type(x)
    if kind is tuple:
        return tuple([mapped(part, change) for part in x])
    if kind is list:
        return [mapped(part, change) for part in x]
    if kind is dict:
        return {key: mapped(part, change) for key, part in x.items()}
    if kind is slice:
        return slice(mapped(x.start, change), mapped(x.stop, change), mapped(x.step, change))
    return change(x)
