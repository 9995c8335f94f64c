"""Derivatives as functions. They nest: a result can be differentiated again, by these and by `backward`.

An inner start is connected to the graph around it, where there is one. The graph of a derivative is recorded
only where something besides these starts would be differentiated.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import autograd
from minigrad._tensor.record import history_of, wrap
from minigrad._tensor.tensor import Tensor
from minigrad._tensor.tracing import levels_of_thread
from minigrad.batching import BATCH, Level, UnbatchableError
from minigrad.functional import cat as _cat

from .structure import flat, mapped, refilled

Function = Callable[..., Any]


def _started(x: Tensor) -> Tensor:
    """A start of differentiation with the value of x; within vmap a start for each sample."""
    if not x.is_floating_point():
        raise RuntimeError(f"func: only floating tensors can be differentiated by, not {x.dtype.name}")
    for level in levels_of_thread():
        x = level.lift(x)
    return x.view_as(x) if x.requires_grad else x.detach().requires_grad_()


def _surrounded(outputs: list[Tensor], starts: list[Tensor]) -> bool:
    """True if the outputs depend on a leaf that is none of these starts."""
    own = {id(history_of(x)) for x in starts}
    waiting = [node for node in map(history_of, outputs) if node is not None]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if id(node) in own:
            if node.op is not None:  # connected to the graph around
                return True
            continue
        if node.op is None:
            return True
        waiting += [parent for parent, _ in node.next_functions if parent is not None]
    return False


def _gradients(
    outputs: list[Tensor], starts: list[Tensor], weights: list[Any], *, record: bool
) -> list[Tensor]:
    pairs = [(y, w) for y, w in zip(outputs, weights, strict=True) if y.requires_grad]
    found: Any = [None] * len(starts)
    if pairs:
        ys, ws = zip(*pairs, strict=True)
        found = autograd.grad(ys, starts, ws, retain_graph=True, create_graph=record, allow_unused=True)
    return [
        wrap(np.zeros(x.shape, x._array.dtype), None) if g is None else g
        for g, x in zip(found, starts, strict=True)
    ]


class _Run:
    """A function run on started arguments."""

    def __init__(
        self, name: str, func: Function, args: Any, argnums: Any, has_aux: bool, kwargs: Any
    ) -> None:
        self.many = isinstance(argnums, tuple)
        places = [n if n >= 0 else n + len(args) for n in (argnums if self.many else (argnums,))]
        if any(not 0 <= n < len(args) for n in places):
            raise RuntimeError(f"{name}: argnums={argnums}, but there are {len(args)} arguments")
        if len(set(places)) < len(places):
            raise RuntimeError(f"{name}: argnums={argnums} names an argument twice")
        given = list(args)
        with autograd.enable_grad():
            for n in places:
                given[n] = mapped(_started, given[n])
            made = func(*given, **kwargs)
        self.aux: Any = None
        if has_aux:
            if not isinstance(made, tuple) or len(made) != 2:
                raise RuntimeError(f"{name}: with has_aux=True the function must return (output, aux)")
            made, self.aux = made
        self.output = made
        chosen = [given[n] for n in places]
        self.inputs = tuple(chosen) if self.many else chosen[0]
        self.starts, self.outputs = flat(self.inputs), flat(made)
        if not self.outputs:
            raise RuntimeError(f"{name}: the function must return tensors, not {type(made).__name__}")
        self.record = _surrounded(self.outputs, self.starts)

    def cut(self, tree: Any) -> Any:
        """Without the history that ends in the starts only."""
        return tree if self.record else mapped(lambda x: x.detach(), tree)


def grad_and_value(func: Function, argnums: Any = 0, has_aux: bool = False) -> Function:
    """The function that returns (gradient, value) of `func`, whose output has one element.

    >>> import minigrad as torch
    >>> torch.func.grad_and_value(lambda x: x**2)(torch.tensor(3.0))
    (tensor(6.), tensor(9.))
    """

    def both(*args: Any, **kwargs: Any) -> Any:
        run = _Run("grad", func, args, argnums, has_aux, kwargs)
        y = run.output
        if not isinstance(y, Tensor) or y.ndim:
            shape = tuple(y.shape) if isinstance(y, Tensor) else type(y).__name__
            raise RuntimeError(f"grad: the function must return a tensor without axes, not {shape}; use vjp")
        found = _gradients([y], run.starts, [None], record=run.record)
        result = refilled(run.inputs, found)
        value = run.cut(y)
        return (result, (value, run.cut(run.aux))) if has_aux else (result, value)

    return both


def grad(func: Function, argnums: Any = 0, has_aux: bool = False) -> Function:
    """The function that returns the gradient of `func`, whose output has one element.

    >>> import minigrad as torch
    >>> slope = torch.func.grad(torch.sin)
    >>> slope(torch.tensor(0.0)), torch.func.grad(slope)(torch.tensor(0.0))
    (tensor(1.), tensor(-0.))
    """
    both = grad_and_value(func, argnums, has_aux)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        result, value = both(*args, **kwargs)
        return (result, value[1]) if has_aux else result

    return gradient


def vjp(func: Function, *primals: Any, has_aux: bool = False) -> Any:
    """(output, function): the function takes v, of the output's form, and returns v^T J for each primal.

    Arguments:
        func: takes the primals.
        primals: tensors, or structures of them.
        has_aux: whether func returns (output, other things); these come third.

    >>> import minigrad as torch
    >>> output, pull = torch.func.vjp(lambda x: x**2, torch.tensor([1.0, 2.0]))
    >>> pull(torch.ones(2))
    (tensor([2., 4.]),)
    """
    run = _Run("vjp", func, primals, tuple(range(len(primals))), has_aux, {})

    def pull(v: Any) -> Any:
        weights = flat(v)
        if [w.shape for w in weights] != [y.shape for y in run.outputs]:
            raise RuntimeError("vjp: v must have the shapes of the output")
        record = run.record or any(w.requires_grad for w in weights)
        return refilled(run.inputs, _gradients(run.outputs, run.starts, weights, record=record))

    output = run.cut(run.output)
    return (output, pull, run.cut(run.aux)) if has_aux else (output, pull)


class _Forward:
    """Products J u by two passes backward: v^T J is linear in v, and its derivative by v is J."""

    def __init__(self, run: _Run) -> None:
        self.run = run
        with autograd.enable_grad():
            self.floats = [y for y in run.outputs if y.is_floating_point()]
            self.v = [_started(wrap(np.zeros(y.shape, y._array.dtype), None)) for y in self.floats]
            self.pulled = _gradients(self.floats, run.starts, self.v, record=True)

    def __call__(self, tangents: list[Tensor]) -> list[Tensor]:
        record = self.run.record or any(t.requires_grad for t in tangents)
        found = iter(_gradients(self.pulled, self.v, tangents, record=record))
        return [
            next(found) if y.is_floating_point() else wrap(np.zeros(y.shape, y._array.dtype), None)
            for y in self.run.outputs
        ]


def jvp(func: Function, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """(output, J u): the derivative in the direction of the tangents, in the output's form.

    Arguments:
        func: takes the primals.
        primals: a tuple of tensors, or of structures of them.
        tangents: a tuple of the same form.
        strict: raise where an output does not depend on the primals, instead of giving zeros.
        has_aux: whether func returns (output, other things); these come third.

    >>> import minigrad as torch
    >>> torch.func.jvp(torch.sin, (torch.tensor(0.0),), (torch.tensor(2.0),))
    (tensor(0.), tensor(2.))
    """
    run = _Run("jvp", func, primals, tuple(range(len(primals))), has_aux, {})
    given = flat(tangents)
    if [t.shape for t in given] != [x.shape for x in run.starts]:
        raise RuntimeError("jvp: the tangents must have the shapes of the primals")
    if strict and not all(y.requires_grad for y in run.outputs):
        raise RuntimeError("jvp: an output does not depend on the primals (strict=True)")
    found = refilled(run.output, _Forward(run)(given))
    output = run.cut(run.output)
    return (output, found, run.cut(run.aux)) if has_aux else (output, found)


def linearize(func: Function, *primals: Any) -> Any:
    """(output, function): the function takes tangents of the primals' form, and returns J u.

    `func` runs once, for any number of tangents.

    Arguments:
        func: takes the primals.
        primals: tensors, or structures of them.

    Raises:
        RuntimeError: for tangents of another form.

    >>> import minigrad as torch
    >>> output, push = torch.func.linearize(torch.sin, torch.tensor(0.0))
    >>> push(torch.tensor(2.0)), push(torch.tensor(3.0))
    (tensor(2.), tensor(3.))
    """
    run = _Run("linearize", func, primals, tuple(range(len(primals))), False, {})
    product = _Forward(run)

    def push(*tangents: Any) -> Any:
        given = flat(tangents)
        if [t.shape for t in given] != [x.shape for x in run.starts]:
            raise RuntimeError("linearize: the tangents must have the shapes of the primals")
        return refilled(run.output, product(given))

    return run.cut(run.output), push


def functionalize(func: Function, *, remove: str = "mutations") -> Function:
    """`func` itself: PyTorch's rewrites in-place operations for its compilers, and gives the same numbers.

    Arguments:
        func: takes and returns tensors.
        remove: "mutations", or "mutations_and_views".

    >>> import minigrad as torch
    >>> torch.func.functionalize(lambda x: x.clone().add_(1))(torch.zeros(1))
    tensor([1.])
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            f"functionalize: remove must be 'mutations' or 'mutations_and_views', not {remove!r}"
        )

    @functools.wraps(func)
    def same(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return same


def _jacobian(
    func: Function, argnums: Any, has_aux: bool, chunk_size: int | None, *, forward: bool
) -> Function:
    name = "jacfwd" if forward else "jacrev"
    if chunk_size is not None and not chunk_size > 0:
        raise ValueError(f"{name}: chunk_size must be None or greater than 0, not {chunk_size}")

    def jacobian(*args: Any, **kwargs: Any) -> Any:
        run = _Run(name, func, args, argnums, has_aux, kwargs)
        if not forward and not all(y.is_floating_point() for y in run.outputs):
            raise RuntimeError(f"{name}: the function must return floating tensors")
        sources, targets = (run.starts, run.outputs) if forward else (run.outputs, run.starts)

        def pulled(weights: list[Tensor]) -> list[Tensor]:
            return _gradients(run.outputs, run.starts, weights, record=run.record)

        product = _Forward(run) if forward else pulled
        table = [_blocks(product, i, sources, targets, chunk_size) for i in range(len(sources))]
        rows = _turned(table, sources, targets) if forward else table
        result = refilled(run.output, [refilled(run.inputs, row) for row in rows])
        return (result, run.cut(run.aux)) if has_aux else result

    return jacobian


def _blocks(
    product: Callable[[list[Tensor]], list[Tensor]],
    i: int,
    sources: list[Tensor],
    targets: list[Tensor],
    chunk_size: int | None,
) -> list[Tensor]:
    """The products with all unit tensors of source i: for each target a tensor (*source, *target)."""
    source = sources[i]
    n = source.numel()
    eye = np.eye(n, dtype=source._array.dtype).reshape(n, *source.shape)
    weights = [wrap(np.zeros(x.shape, x._array.dtype), None) for x in sources]

    def together(start: int, stop: int) -> list[Tensor]:
        level = Level(stop - start)
        weights[i] = BATCH(wrap(eye[start:stop], None), level=level)
        return [level.leave(x) for x in product(weights)]

    def alone(row: int) -> list[Tensor]:
        weights[i] = wrap(eye[row], None)
        return [x.unsqueeze(0) for x in product(weights)]

    if not n:
        return [wrap(np.zeros((*source.shape, *x.shape), x._array.dtype), None) for x in targets]
    step = n if chunk_size is None else chunk_size
    try:
        parts = [together(k, min(k + step, n)) for k in range(0, n, step)] if n > 1 else [alone(0)]
    except UnbatchableError:  # a rule looks at values
        parts = [alone(row) for row in range(n)]
    columns = zip(*parts, strict=True)
    joined = [part[0] if len(part) == 1 else _cat(list(part)) for part in columns]
    return [x.reshape(*source.shape, *t.shape) for x, t in zip(joined, targets, strict=True)]


def _turned(table: list[list[Tensor]], sources: list[Tensor], targets: list[Tensor]) -> list[list[Tensor]]:
    """Blocks (input, output) as blocks (output, input): an output's axes come first."""

    def block(x: Tensor, part: Tensor) -> Tensor:
        return part.movedim(tuple(range(x.ndim)), tuple(range(-x.ndim, 0))) if x.ndim else part

    return [[block(x, row[i]) for x, row in zip(sources, table, strict=True)] for i in range(len(targets))]


def jacrev(
    func: Function, argnums: Any = 0, *, has_aux: bool = False, chunk_size: int | None = None
) -> Function:
    """The function that returns the Jacobian of `func`, by passes backward for all elements of the output.

    Arguments:
        chunk_size: of how many elements at once; None for all.

    >>> import minigrad as torch
    >>> torch.func.jacrev(lambda x: x**2)(torch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    return _jacobian(func, argnums, has_aux, chunk_size, forward=False)


def jacfwd(
    func: Function,
    argnums: Any = 0,
    has_aux: bool = False,
    *,
    randomness: str = "error",
) -> Function:
    """The function that returns the Jacobian of `func`, by products for all elements of the input.

    Arguments:
        randomness: accepted; `func` runs once, so that all products see the same random numbers.

    >>> import minigrad as torch
    >>> torch.func.jacfwd(lambda x: x**2)(torch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    return _jacobian(func, argnums, has_aux, None, forward=True)


def hessian(func: Function, argnums: Any = 0) -> Function:
    """The function that returns the matrix of second derivatives of `func`: jacfwd of jacrev.

    >>> import minigrad as torch
    >>> torch.func.hessian(lambda x: (x**3).sum())(torch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
