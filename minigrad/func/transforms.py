"""Derivatives as functions. They nest: a result can be differentiated again, by these and by `backward`.

An inner start is connected to the graph around it, where there is one. The graph of a derivative is recorded
only where something besides these starts would be differentiated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import autograd
from minigrad._tensor.record import history_of, wrap
from minigrad._tensor.tensor import Tensor
from minigrad.functional import cat as _cat

from .structure import flat, mapped, refilled

Function = Callable[..., Any]


def _started(x: Tensor) -> Tensor:
    """A start of differentiation with the value of x."""
    if not x.is_floating_point():
        raise RuntimeError(f"func: only floating tensors can be differentiated by, not {x.dtype.name}")
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
            self.v = [wrap(np.zeros(y.shape, y._array.dtype), None).requires_grad_() for y in run.outputs]
            self.pulled = _gradients(run.outputs, run.starts, self.v, record=True)

    def __call__(self, tangents: list[Tensor]) -> list[Tensor]:
        record = self.run.record or any(t.requires_grad for t in tangents)
        return _gradients(self.pulled, self.v, tangents, record=record)


def jvp(func: Function, primals: Any, tangents: Any, *, has_aux: bool = False) -> Any:
    """(output, J u): the derivative in the direction of the tangents, in the output's form.

    Arguments:
        func: takes the primals.
        primals: a tuple of tensors, or of structures of them.
        tangents: a tuple of the same form.
        has_aux: whether func returns (output, other things); these come third.

    >>> import minigrad as torch
    >>> torch.func.jvp(torch.sin, (torch.tensor(0.0),), (torch.tensor(2.0),))
    (tensor(0.), tensor(2.))
    """
    run = _Run("jvp", func, primals, tuple(range(len(primals))), has_aux, {})
    given = flat(tangents)
    if [t.shape for t in given] != [x.shape for x in run.starts]:
        raise RuntimeError("jvp: the tangents must have the shapes of the primals")
    found = refilled(run.output, _Forward(run)(given))
    output = run.cut(run.output)
    return (output, found, run.cut(run.aux)) if has_aux else (output, found)


def _basis(x: Tensor) -> list[Tensor]:
    """A tensor of x's shape for each element, with 1 there."""
    eye = np.eye(x.numel(), dtype=x._array.dtype)
    return [wrap(row.reshape(x.shape), None) for row in eye]


def _zeros(xs: list[Tensor]) -> list[Tensor]:
    return [wrap(np.zeros(x.shape, x._array.dtype), None) for x in xs]


def _jacobian(func: Function, argnums: Any, has_aux: bool, *, forward: bool) -> Function:
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        run = _Run("jacfwd" if forward else "jacrev", func, args, argnums, has_aux, kwargs)
        sources, targets = (run.starts, run.outputs) if forward else (run.outputs, run.starts)
        product = _Forward(run) if forward else None
        table: list[list[Tensor]] = []
        for i, source in enumerate(sources):
            columns: list[list[Tensor]] = [[] for _ in targets]
            for one in _basis(source):
                weights = _zeros(sources)
                weights[i] = one
                found = (
                    product(weights)
                    if product is not None
                    else _gradients(run.outputs, run.starts, weights, record=run.record)
                )
                for column, part in zip(columns, found, strict=True):
                    column.append(part)
            table.append([_stacked(c, source, t) for c, t in zip(columns, targets, strict=True)])
        rows = _turned(table, sources, targets) if forward else table
        result = refilled(run.output, [refilled(run.inputs, row) for row in rows])
        return (result, run.cut(run.aux)) if has_aux else result

    return jacobian


def _turned(table: list[list[Tensor]], sources: list[Tensor], targets: list[Tensor]) -> list[list[Tensor]]:
    """Blocks (input, output) as blocks (output, input): an output's axes come first."""

    def block(x: Tensor, part: Tensor) -> Tensor:
        return part.movedim(tuple(range(x.ndim)), tuple(range(-x.ndim, 0))) if x.ndim else part

    return [[block(x, row[i]) for x, row in zip(sources, table, strict=True)] for i in range(len(targets))]


def _stacked(parts: list[Tensor], source: Tensor, target: Tensor) -> Tensor:
    shape = (*source.shape, *target.shape)
    if not parts:
        return wrap(np.zeros(shape, target._array.dtype), None)
    flatly = [part.reshape(1, *target.shape) for part in parts]
    joined = flatly[0] if len(flatly) == 1 else _cat(flatly)
    return joined.reshape(shape)


def jacrev(func: Function, argnums: Any = 0, has_aux: bool = False) -> Function:
    """The function that returns the Jacobian of `func`, by one pass backward for each element of the output.

    >>> import minigrad as torch
    >>> torch.func.jacrev(lambda x: x**2)(torch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    return _jacobian(func, argnums, has_aux, forward=False)


def jacfwd(func: Function, argnums: Any = 0, has_aux: bool = False) -> Function:
    """The function that returns the Jacobian of `func`, by one product for each element of the input.

    >>> import minigrad as torch
    >>> torch.func.jacfwd(lambda x: x**2)(torch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    return _jacobian(func, argnums, has_aux, forward=True)


def hessian(func: Function, argnums: Any = 0) -> Function:
    """The function that returns the matrix of second derivatives of `func`: jacfwd of jacrev.

    >>> import minigrad as torch
    >>> torch.func.hessian(lambda x: (x**3).sum())(torch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
