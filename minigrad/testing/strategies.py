"""Hypothesis strategies: what property tests of derivatives draw from.

    from hypothesis import given
    from minigrad.testing import check_grads, strategies as some

    @given(some.tensors(low=0.1, high=3.0))
    def test_my_op(x):
        check_grads(my_op, x, order=2)

A failure shrinks: to fewer axes and smaller ones, to equal shapes, to whole numbers near zero. Hypothesis
then prints tensors as the code that makes them, and `torch.rand` draws the same in every repetition.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad._tensor.random import default_generator
from minigrad._tensor.tensor import Tensor
from minigrad.ops.op import Interval, Op

from ..creation import from_numpy
from .draw import Drawer, draw_sample
from .programs import Program, random_program
from .reproduction import spelled

try:
    from hypothesis import register_random, strategies as st
    from hypothesis.vendor import pretty
except ImportError as error:
    raise ImportError(
        "minigrad.testing.strategies draws with hypothesis, which is not installed: "
        "pip install hypothesis. check_grads and RandomDrawer work without it."
    ) from error

Array = Any
Shape = tuple[int, ...]
Draw = Callable[[Any], Any]


class _Stream:
    """minigrad's default generator, as hypothesis asks for a generator to seed and restore."""

    def seed(self, seed: int) -> None:
        default_generator.manual_seed(seed)

    def getstate(self) -> Any:
        return default_generator.get_state()

    def setstate(self, state: Any) -> None:
        default_generator.set_state(state)


_STREAM = _Stream()  # hypothesis holds it weakly
register_random(_STREAM)


def _print_as_code(x: Tensor, printer: Any, _cycle: bool) -> None:
    printer.text(spelled(x))


pretty.for_type_by_name(Tensor.__module__, Tensor.__name__, _print_as_code)


class HypothesisDrawer(Drawer):
    """A drawer over the `draw` of a composite strategy: its draws shrink. The methods are those of `Drawer`.

    Arguments:
        draw: the first argument of a function under `st.composite`.
        equal_shapes: draw shapes that should broadcast together equal.

    >>> from hypothesis import find, strategies as st
    >>> from minigrad.testing.strategies import HypothesisDrawer
    >>> @st.composite
    ... def axes(draw):
    ...     return HypothesisDrawer(draw).dim((2, 3))
    >>> find(axes(), lambda axis: axis < 0)
    -2
    """

    def __init__(self, draw: Draw, *, equal_shapes: bool = False) -> None:
        self._draw = draw
        self.equal_shapes = equal_shapes

    def integer(self, low: int, high: int) -> int:
        return int(self._draw(st.integers(low, high)))

    def ints(self, shape: Shape, low: int, high: int) -> Array:
        n = int(np.prod(shape, dtype=np.int64))
        drawn = self._draw(st.lists(st.integers(low, high), min_size=n, max_size=n))
        return np.array(drawn, dtype=np.int64).reshape(shape)


def _tensor(d: Drawer, array: Array, dtype: Any, requires_grad: bool | None) -> Tensor:
    made = from_numpy(d.layout(array.astype(dtype)))
    wanted = made.is_floating_point() and (d.flag() if requires_grad is None else requires_grad)
    return made.requires_grad_() if wanted else made


@st.composite
def shapes(draw: Draw, min_dims: int = 0, max_dims: int = 3, min_side: int = 0, max_side: int = 4) -> Shape:
    """The shape of a tensor; where `min_side` is 0, rarely one without elements.

    Arguments:
        min_dims, max_dims: bounds of the number of axes.
        min_side, max_side: bounds of each size.

    >>> from hypothesis import find
    >>> from minigrad.testing import strategies as some
    >>> len(find(some.shapes(), lambda shape: len(shape) == 2))
    2
    """
    return HypothesisDrawer(draw).shape(min_dims, max_dims, min_side, max_side)


@st.composite
def tensors(
    draw: Draw,
    shape: Shape | st.SearchStrategy[Shape] | None = None,
    *,
    low: float = -3.0,
    high: float = 3.0,
    avoid: tuple[float, ...] = (),
    dtype: Any = np.float64,
    requires_grad: bool | None = True,
    distinct: bool = False,
) -> Tensor:
    """A tensor, now and then with memory that is not contiguous.

    Arguments:
        shape: a shape, or a strategy such as `shapes()`; up to three axes, also none and empty ones, unless
            told.
        low, high: the smallest and largest value.
        avoid: kinks and poles; values keep a margin from them, so that differences can be taken.
        dtype: of the elements.
        requires_grad: None draws it.
        distinct: no two elements nearly equal, also in size, and none near 0: for what sorts or compares.

    >>> from hypothesis import find
    >>> from minigrad.testing import strategies as some
    >>> x = find(some.tensors(low=0.5), lambda x: x.numel() == 2)
    >>> x.numel(), bool((x >= 0.5).all())
    (2, True)
    """
    d = HypothesisDrawer(draw)
    shape = d.shape() if shape is None else draw(shape) if isinstance(shape, st.SearchStrategy) else shape
    values = d.distinct(shape) if distinct else d.values(shape, Interval(low, high, avoid))
    return _tensor(d, values, dtype, requires_grad)


@st.composite
def broadcastable(
    draw: Draw, n: int = 2, *, low: float = -3.0, high: float = 3.0, avoid: tuple[float, ...] = ()
) -> tuple[Tensor, ...]:
    """`n` float64 tensors that require grad, of shapes that broadcast together.

    Arguments:
        n: how many.
        low, high: the smallest and largest value.
        avoid: kinks and poles, from which values keep a margin.

    >>> from hypothesis import find
    >>> from minigrad.testing import strategies as some
    >>> x, y = find(some.broadcastable(), lambda pair: pair[0].ndim == 2 and pair[1].ndim == 1)
    >>> (x + y).ndim, x.requires_grad, y.requires_grad
    (2, True, True)
    """
    d = HypothesisDrawer(draw)
    interval = Interval(low, high, avoid)
    return tuple(_tensor(d, d.values(s, interval), np.float64, True) for s in d.shapes(n))


@st.composite
def overlapping(draw: Draw, n: int = 2) -> tuple[Tensor, ...]:
    """`n` float64 leaves of one shape that share memory, fully or in part.

    >>> from hypothesis import find
    >>> from minigrad.testing import strategies as some
    >>> x, y = find(some.overlapping(), lambda pair: pair[0].data_ptr() == pair[1].data_ptr())
    >>> x.shape == y.shape
    True
    """
    d = HypothesisDrawer(draw)
    size = d.integer(1, 4)
    base = d.values((size + n,), Interval(-3.0, 3.0))
    return tuple(
        from_numpy(base[start : start + size]).requires_grad_()
        for start in (d.integer(0, n) for _ in range(n))
    )


@st.composite
def matmul_pairs(draw: Draw) -> tuple[Tensor, Tensor]:
    """Two float64 tensors that can be multiplied as matrices: vectors, matrices, batches that broadcast.

    >>> from hypothesis import find
    >>> from minigrad.testing import strategies as some
    >>> a, b = find(some.matmul_pairs(), lambda pair: pair[0].ndim == pair[1].ndim == 2)
    >>> (a @ b).shape == (a.shape[0], b.shape[1])
    True
    """
    d = HypothesisDrawer(draw)
    m, k, n = d.integer(1, 3), d.integer(1, 3), d.integer(1, 3)
    left, right = d.shapes(2, max_dims=2)
    real = Interval(-3.0, 3.0)
    a = d.values(d.choice(((k,), (m, k), (*left, m, k))), real)
    b = d.values(d.choice(((k,), (k, n), (*right, k, n))), real)
    return _tensor(d, a, np.float64, True), _tensor(d, b, np.float64, True)


@st.composite
def indices(draw: Draw, shape: Shape, *, repeats: bool = True) -> Any:
    """Anything that indexes a tensor of `shape`: ints, slices, None, Ellipsis, integer arrays, a mask.

    Without `repeats` no place is met twice, as an assignment has it.

    >>> from hypothesis import find
    >>> from minigrad.testing import strategies as some
    >>> index = find(some.indices((2, 3)), lambda index: isinstance(index, tuple))
    >>> len(index) <= 4  # an axis, an axis, None, Ellipsis
    True
    """
    return HypothesisDrawer(draw).index(shape, repeats)


@st.composite
def samples(draw: Draw, op: Op, *, equal_shapes: bool = False) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """(inputs, options) of one call of `op`, from its domain, some of the arrays not contiguous.

    Arguments:
        op: an `Op`.
        equal_shapes: draw shapes that should broadcast together equal.

    >>> from hypothesis import find
    >>> from minigrad.ops import elementwise
    >>> from minigrad.testing import strategies as some
    >>> (x,), options = find(some.samples(elementwise.log), lambda sample: sample[0][0].size == 1)
    >>> x.size, options
    (1, {})
    """
    d = HypothesisDrawer(draw, equal_shapes=equal_shapes)
    inputs, options = draw_sample(op, d)
    return tuple(d.layout(x) for x in inputs), options


@st.composite
def programs(draw: Draw, max_steps: int = 6, max_leaves: int = 3) -> Program:
    """A random program over the ops of the registry; prints as the code a user would write.

    Arguments:
        max_steps: how many calls it makes at most.
        max_leaves: how many tensors it starts from at most.

    >>> from hypothesis import find
    >>> from minigrad.testing import strategies as some
    >>> type(find(some.programs(max_steps=1), lambda program: True)).__name__
    'Program'
    """
    return random_program(HypothesisDrawer(draw), max_steps, max_leaves)
