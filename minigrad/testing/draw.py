"""Drawers: what an op's domain is written against.

A domain says where an op is smooth: an Interval, a tuple of Intervals (an elementwise op), or a function
`domain(d)` that asks a drawer `d` for shapes, values and indices and returns (inputs, options). Everything
a drawer offers comes down to drawing integers, so a drawer is one method: `RandomDrawer` has a NumPy
generator behind it, the one in `minigrad.testing.strategies` has hypothesis, which shrinks what it drew.

Integers are chosen so that smaller means simpler: fewer axes, equal shapes, values nearer to zero.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from minigrad.ops.op import Interval, Op

from .draw_index import draw_index

Array = Any
Shape = tuple[int, ...]
Item = TypeVar("Item")

# How far values keep from a kink or a pole: finite differences must not step across it.
MARGIN = 0.2


class Drawer:
    """Shapes, values and indices, made of the integers that a subclass draws.

    Attributes:
        equal_shapes: shapes that should broadcast together are drawn equal: what a rule returns then
            must have the shape of its input as it stands, with no un-broadcasting to hide behind.

    A drawer is what a domain is a function of: see `RandomDrawer`.

    >>> from minigrad.testing import Interval, RandomDrawer
    >>> d = RandomDrawer(seed=0)
    >>> d.values(d.shape(min_dims=2, max_dims=2, min_side=1), Interval(1.0, 2.0)).ndim
    2
    >>> a, b = d.shapes(2, max_dims=1)
    >>> x = d.distinct((2, 3)), d.signs((3,)), d.bools((3,)), d.ints((3,), 0, 9)
    >>> [y.dtype.kind for y in x]
    ['f', 'f', 'b', 'i']
    >>> d.integer(1, 1), d.choice("a"), sorted(d.permutation(3)), d.reshaped((0,)).count(0)
    (1, 'a', [0, 1, 2], 1)
    >>> d.dim((2,)) in (0, -1), d.dims(()) in (None, 0, -1), d.flag() in (True, False)
    (True, True, True)
    >>> d.rarely() in (True, False), len(d.apart((2,), (3,)))
    (True, 2)
    >>> d.layout(x[0]).shape, x[0][d.index((2, 3))].ndim <= 9
    ((2, 3), True)
    """

    equal_shapes = False

    def ints(self, shape: Shape, low: int, high: int) -> Array:
        """An int64 array of the given `shape`, of low <= n <= high."""
        raise NotImplementedError

    def integer(self, low: int, high: int) -> int:
        """A number of low <= n <= high."""
        raise NotImplementedError

    def choice(self, items: Sequence[Item]) -> Item:
        """One of `items`; the first is the simplest."""
        return items[self.integer(0, len(items) - 1)]

    def flag(self) -> bool:
        """True or False."""
        return bool(self.integer(0, 1))

    def rarely(self) -> bool:
        """True once in twelve times."""
        return self.integer(0, 11) == 11

    # --- shapes and axes ---------------------------------------------------------------------------

    def shape(self, min_dims: int = 0, max_dims: int = 3, min_side: int = 0, max_side: int = 4) -> Shape:
        """A shape; where `min_side` is 0 it is rarely one of size 0.

        Arguments:
            min_dims, max_dims: bounds of the number of axes.
            min_side, max_side: bounds of each size.
        """
        ndim = self.integer(min_dims, max_dims)
        sides = [self.integer(max(min_side, 1), max_side) for _ in range(ndim)]
        if ndim and min_side == 0 and self.rarely():
            sides[self.integer(0, ndim - 1)] = 0
        return tuple(sides)

    def shapes(self, n: int, max_dims: int = 3) -> tuple[Shape, ...]:
        """`n` shapes that broadcast together: leading axes left out, sides of 1; at most `max_dims` axes."""
        full = self.shape(max_dims=max_dims)
        return (full,) * n if self.equal_shapes else tuple(self._stretchable(full) for _ in range(n))

    def _stretchable(self, full: Shape) -> Shape:
        if not full or self.flag():
            return full
        kept = full[self.integer(0, len(full)) :]
        return tuple(1 if self.integer(0, 2) == 2 else side for side in kept)

    def dim(self, shape: Shape) -> int:
        """An axis of an array of `shape`, also counted from the end; a 0-d array has the axis 0."""
        span = max(len(shape), 1)
        dim = self.integer(0, span - 1)
        return dim - span if self.flag() else dim

    def dims(self, shape: Shape) -> int | tuple[int, ...] | None:
        """The axes of a reduction over `shape`: all (None), one, or a tuple of different ones."""
        kind = self.integer(0, 3)
        if kind == 0:
            return None
        if kind == 1 or not shape:
            return self.dim(shape)
        chosen = self.permutation(len(shape))[: self.integer(1, len(shape))]
        return tuple(i - len(shape) if self.flag() else i for i in chosen)

    def permutation(self, n: int) -> tuple[int, ...]:
        """The numbers 0 to n - 1 in some order."""
        return tuple(int(i) for i in np.argsort(self.ints((n,), 0, 999), kind="stable"))

    def reshaped(self, shape: Shape) -> Shape:
        """Another shape of the same size, perhaps with one side left to be inferred (-1)."""
        size = math.prod(shape)
        if size == 0:
            sides = [0, *(self.integer(1, 3) for _ in range(self.integer(0, 2)))]
            return tuple(sides[i] for i in self.permutation(len(sides)))
        sides = [1] * self.integer(0 if size == 1 else 1, 4)
        for factor in _prime_factors(size):
            sides[self.integer(0, len(sides) - 1)] *= factor
        if sides and self.flag():
            sides[self.integer(0, len(sides) - 1)] = -1
        return tuple(sides)

    def index(self, shape: Shape, repeats: bool = True) -> Any:
        """Anything NumPy indexes an array of `shape` by; without `repeats`, no place is met twice."""
        return draw_index(self, shape, repeats)

    # --- values ------------------------------------------------------------------------------------

    def values(self, shape: Shape, interval: Interval) -> Array:
        """Floats of the interval in an array of `shape`, a margin away from its `avoid`.

        They are decimals of three or four digits.
        """
        known = _simplest_first(interval)
        return np.asarray(known[self.ints(shape, 0, len(known) - 1)])

    def distinct(self, shape: Shape) -> Array:
        """Floats of both signs in an array of `shape`: no ties, also among |x|.

        No two are of nearly the same size, and none is near 0.
        """
        n = math.prod(shape)
        gap = min(300, 3000 // max(n, 1))  # in thousandths
        raw = self.ints((n,), 0, 9999)
        rank = np.argsort(np.argsort(raw, kind="stable"), kind="stable")
        size = (200 + rank * gap + raw % max(gap // 3, 1)) / 1000
        return np.asarray(np.reshape(size, shape) * self.signs(shape))

    def apart(self, *shapes: Shape) -> tuple[Array, ...]:
        """An array for each of the `shapes`; elements of different arrays are never nearly equal."""
        step = 400
        offsets = [step * i // len(shapes) for i in range(len(shapes))]
        return tuple(
            np.asarray((self.ints(s, -7, 7) * step + o + self.ints(s, 0, 40)) / 1000)
            for s, o in zip(shapes, offsets, strict=True)
        )

    def signs(self, shape: Shape) -> Array:
        """+1.0 and -1.0 in an array of `shape`."""
        return np.asarray(1.0 - 2.0 * self.ints(shape, 0, 1))

    def bools(self, shape: Shape) -> Array:
        """True and False in an array of `shape`."""
        return np.asarray(self.ints(shape, 0, 1) == 1)

    def layout(self, x: Array) -> Array:
        """The values of `x`, now and then in memory that is not contiguous."""
        kind = self.integer(0, 5)
        if not isinstance(x, np.ndarray) or x.ndim == 0 or kind < 3:
            return x
        if kind == 3:
            return np.asfortranarray(x)
        if kind == 4:
            return np.flip(np.flip(x, -1).copy(), -1)
        return np.repeat(x, 2, axis=-1)[..., ::2]


class RandomDrawer(Drawer):
    """A drawer over a NumPy generator: needs nothing but NumPy, and repeats itself for the same seed.

    Arguments:
        seed: an integer, or a NumPy generator.
        equal_shapes: draw shapes that should broadcast together equal.

    >>> from minigrad.testing import Interval, RandomDrawer
    >>> d = RandomDrawer(seed=1)
    >>> x = d.values((2, 3), Interval(1.0, 2.0))
    >>> x.shape, bool(x.min() >= 1)
    ((2, 3), True)
    """

    def __init__(self, seed: int | np.random.Generator = 0, *, equal_shapes: bool = False) -> None:
        self._random = np.random.default_rng(seed)
        self.equal_shapes = equal_shapes

    def ints(self, shape: Shape, low: int, high: int) -> Array:
        return np.asarray(self._random.integers(low, high + 1, size=shape))

    def integer(self, low: int, high: int) -> int:
        return int(self._random.integers(low, high + 1))


def draw_sample(op: Op, d: Drawer) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Inputs and options of one call, from the op's domain.

    Arguments:
        op: an `Op`.
        d: the drawer that is asked.

    Returns:
        The tuple of inputs, arrays and numbers, and the dict of options.

    >>> from minigrad.testing import RandomDrawer, draw_sample
    >>> from minigrad.ops import elementwise
    >>> (x,), options = draw_sample(elementwise.log, RandomDrawer(seed=3))
    >>> bool((x > 0).all()), options
    (True, {})
    """
    domain = op.domain
    if isinstance(domain, Interval):
        return (d.values(d.shape(), domain),), {}
    if not callable(domain):
        shapes = d.shapes(len(domain))
        return tuple(d.values(s, interval) for s, interval in zip(shapes, domain, strict=True)), {}
    inputs, options = domain(d)
    return tuple(map(_as_array, inputs)), {k: _as_array(v) for k, v in options.items()}


def _as_array(x: Any) -> Any:
    """Arithmetic on 0-d arrays gives scalars; a domain means arrays."""
    return np.asarray(x) if isinstance(x, np.generic) else x


def _prime_factors(n: int) -> list[int]:
    factors, divisor = [], 2
    while n > 1:
        while n % divisor == 0:
            factors.append(divisor)
            n //= divisor
        divisor += 1
    return factors


@functools.cache
def _simplest_first(interval: Interval) -> Array:
    """The values that are drawn: whole numbers first, then one decimal and so on, the small ones first."""
    low, high, avoid = interval
    per_unit = 10 ** max(3 - math.floor(math.log10(max(high - low, 1e-9))), 0)
    numbers = np.arange(math.ceil(low * per_unit), math.floor(high * per_unit) + 1)
    marks = sorted({low, high, *avoid})
    margin = min([MARGIN, *((b - a) / 4 for a, b in itertools.pairwise(marks))])
    for point in avoid:
        numbers = numbers[np.abs(numbers / per_unit - point) >= margin]
    if not numbers.size:
        raise ValueError(f"no value is left in {interval}")
    decimals = np.zeros(len(numbers), np.int64)
    unit = per_unit
    while unit > 1:
        decimals += numbers % unit != 0
        unit //= 10
    order = np.lexsort((numbers < 0, np.abs(numbers), decimals))
    return numbers[order] / per_unit
