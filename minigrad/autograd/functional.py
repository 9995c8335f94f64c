"""Derivatives of functions: Jacobians, Hessians, and products with them.

Arguments of every function:
    func: takes the inputs, returns a tensor, or a tuple of tensors.
    inputs: a tensor, or a tuple of tensors, floating.
    create_graph: record the computation of the result, so that it can be differentiated.
    strict: raise a RuntimeError where an output does not depend on an input, instead of giving zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.calls import CALLS
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad._tensor.tracing import levels_of_thread
from minigrad.pytorch_names import answers_for

from ._grad import _tuple, grad
from ._mode import enable_grad

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)


def _inputs(inputs: Any, create_graph: bool) -> tuple[Tensor, ...]:
    """Fresh starts for differentiation: connected to the caller's graph only where it asked for that."""
    made = []
    for i, x in enumerate(_tuple(inputs)):
        if not isinstance(x, Tensor):
            raise TypeError(f"input {i} must be a Tensor, not {type(x).__name__}")
        own = reduce(lambda y, level: level.lift(y), levels_of_thread(), x)  # within vmap for each sample
        connected = create_graph and x.requires_grad
        made.append(own.view_as(own) if connected else own.detach().clone().requires_grad_())
    return tuple(made)


def _outputs(name: str, outputs: Any) -> tuple[Tensor, ...]:
    outputs = _tuple(outputs)
    for i, x in enumerate(outputs):
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}: output {i} of the function must be a Tensor, not {type(x).__name__}")
    return outputs


def _like(x: Any, as_tuple: bool) -> Any:
    return tuple(x) if as_tuple else x[0]


def _finish(x: Tensor, create_graph: bool) -> Tensor:
    return x if create_graph else x.detach()


def _vectors(name: str, v: Any, tensors: tuple[Tensor, ...], what: str) -> tuple[Tensor, ...]:
    if v is None:
        if len(tensors) != 1 or tensors[0].numel() != 1:
            raise RuntimeError(f"{name}: v may be left out only where the {what} is a single element")
        return (wrap(np.ones(tensors[0].shape, tensors[0].dtype), None),)
    v = _tuple(v)
    if len(v) != len(tensors):
        raise RuntimeError(f"{name}: v has {len(v)} tensors, the {what} {len(tensors)}")
    for a, b in zip(v, tensors, strict=True):
        if a.shape != b.shape:
            raise RuntimeError(
                f"{name}: v has shape {tuple(a.shape)}, the {what} {tuple(b.shape)}; they must be equal"
            )
    return tuple(v)


def _checked(name: str, gradients: Any, inputs: tuple[Tensor, ...], strict: bool) -> list[Tensor]:
    results = []
    for i, (g, x) in enumerate(zip(gradients, inputs, strict=True)):
        if g is None and strict:
            raise RuntimeError(f"{name}: the output does not depend on input {i} (strict=True)")
        results.append(wrap(np.zeros(x.shape, x.dtype), None) if g is None else g)
    return results


def _grad(
    name: str, outputs: Any, inputs: tuple[Tensor, ...], weights: Any, create_graph: bool, strict: bool
) -> list[Tensor]:
    """Gradients where an output that depends on nothing gives zeros, or an error if strict."""
    pairs = [(o, w) for o, w in zip(outputs, weights, strict=True) if o.requires_grad]
    if not pairs:
        return _checked(name, [None] * len(inputs), inputs, strict)
    chosen = [o for o, _ in pairs]
    found = grad(
        chosen, inputs, [w for _, w in pairs], retain_graph=True, create_graph=create_graph, allow_unused=True
    )
    if strict and create_graph:
        _refuse_constant(name, found)
    return _checked(name, found, inputs, strict)


def _refuse_constant(name: str, derivatives: Any) -> None:
    """With strict=True, a derivative that was to be differentiated must depend on something."""
    for i, d in enumerate(derivatives):
        if d is not None and not d.requires_grad:
            raise RuntimeError(f"{name}: derivative {i} does not depend on the inputs (strict=True)")


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """(func(inputs), v^T J): the product of a vector of the outputs' shape with the Jacobian.

    Arguments:
        func: takes the inputs, returns a tensor or a tuple of tensors.
        inputs: a floating tensor or a tuple of them.
        v: a tensor (or a tuple) of the outputs' shapes; may be left out for one output of one element.
        create_graph: record the computation, so that the result can be differentiated.
        strict: raise where the outputs do not depend on an input, instead of giving zeros.

    Returns:
        The outputs, and a gradient for each input, in its shape.

    Raises:
        RuntimeError: for a `v` of another shape; with `strict`, for an input without a path to the outputs.

    >>> import minigrad as torch
    >>> torch.autograd.functional.vjp(lambda x: x**2, torch.tensor([1.0, 2.0]), torch.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    with enable_grad():
        xs = _inputs(inputs, create_graph)
        made = func(*xs)
        outputs = _outputs("vjp", made)
        v = _vectors("vjp", v, outputs, "output")
        found = _grad("vjp", outputs, xs, v, create_graph, strict)
    several, many = isinstance(made, (list, tuple)), isinstance(inputs, (list, tuple))
    results = [_finish(o, create_graph) for o in outputs]
    return _like(results, several), _like([_finish(g, create_graph) for g in found], many)


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """(func(inputs), J v): the derivative in the direction `v`, of the inputs' shape.

    Computed by two backward passes: u^T J is linear in u, and its derivative with respect to u is J.

    Arguments:
        func: takes the inputs, returns a tensor or a tuple of tensors.
        inputs: a floating tensor or a tuple of them.
        v: a tensor (or a tuple) of the inputs' shapes; may be left out for one input of one element.
        create_graph: record the computation, so that the result can be differentiated.
        strict: raise where the outputs do not depend on an input, instead of giving zeros.

    Returns:
        The outputs, and the derivative of each, in its shape.

    Raises:
        RuntimeError: for a `v` of another shape; with `strict`, for an input without a path to the outputs.

    >>> import minigrad as torch
    >>> torch.autograd.functional.jvp(lambda x: x**2, torch.tensor([1.0, 2.0]), torch.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    with enable_grad():
        xs = _inputs(inputs, create_graph)
        v = _vectors("jvp", v, xs, "input")
        made = func(*xs)
        outputs = _outputs("jvp", made)
        dummies = _inputs([wrap(np.zeros(o.shape, o.dtype), None) for o in outputs], False)
        pulled = _grad("jvp", outputs, xs, dummies, True, strict)
        pushed = _grad("jvp", pulled, dummies, v, create_graph, False)
        if strict and create_graph:
            _refuse_constant("jvp", pushed)
    several = isinstance(made, (list, tuple))
    return (
        _like([_finish(o, create_graph) for o in outputs], several),
        _like([_finish(g, create_graph) for g in pushed], several),
    )


def _refuse(name: str, strict: bool, vectorize: bool, strategy: str) -> None:
    if strategy not in ("reverse-mode", "forward-mode"):
        raise ValueError(f"{name}: the strategy must be 'reverse-mode' or 'forward-mode', not {strategy!r}")
    if strategy == "forward-mode" and not vectorize:
        raise NotImplementedError(f"{name}: the strategy 'forward-mode' goes with vectorize=True")
    if strict and vectorize:
        raise RuntimeError(f"{name}: strict=True and vectorize=True are not supported together")


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """D output / d input, of shape (*output.shape, *input.shape); a tuple of (tuples of) them for several.

    Arguments:
        func: takes the inputs, returns a tensor or a tuple of tensors.
        inputs: a tensor or a tuple of tensors.
        create_graph: record the computation, so that the result can be differentiated.
        strict: an output that does not depend on an input is an error, instead of zeros.
        vectorize: compute all rows at once, in the memory of all.
        strategy: "reverse-mode", or with vectorize "forward-mode": the same here, in reverse mode.

    >>> import minigrad as torch
    >>> torch.autograd.functional.jacobian(lambda x: x**2, torch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    _refuse("jacobian", strict, vectorize, strategy)
    with enable_grad():
        xs = _inputs(inputs, create_graph)
        made = func(*xs)
        outputs = _outputs("jacobian", made)
        table = []
        for o in outputs:
            if vectorize and o.requires_grad and o.numel():
                table.append(_all_rows(o, xs, create_graph))
                continue
            rows: list[list[Tensor]] = []
            for k in range(o.numel()):
                unit = np.zeros(o.numel(), o.dtype)
                unit[k] = 1
                rows.append(
                    _grad("jacobian", (o,), xs, (wrap(unit.reshape(o.shape), None),), create_graph, strict)
                )
            table.append([_stacked(rows, i, o, x, create_graph) for i, x in enumerate(xs)])
    many = isinstance(inputs, (list, tuple))
    return _like([_like(row, many) for row in table], isinstance(made, (list, tuple)))


def _all_rows(output: Tensor, xs: tuple[Tensor, ...], create_graph: bool) -> list[Tensor]:
    n = output.numel()
    basis = wrap(np.eye(n, dtype=output.dtype).reshape(n, *output.shape), None)
    found = grad(
        output,
        xs,
        basis,
        True,
        create_graph,
        is_grads_batched=True,
        allow_unused=True,
        materialize_grads=True,
    )
    return [_finish(g.reshape(output.shape + x.shape), create_graph) for g, x in zip(found, xs, strict=True)]


def _stacked(rows: list[list[Tensor]], i: int, output: Tensor, x: Tensor, create_graph: bool) -> Tensor:
    if not rows:
        return wrap(np.zeros(output.shape + x.shape, x.dtype), None)
    if not create_graph:
        return wrap(np.stack([r[i]._array for r in rows]).reshape(output.shape + x.shape), None)
    stacked: Any = CALLS["stack"](tuple(r[i] for r in rows))
    return stacked.reshape(output.shape + x.shape)


def _scalar(func: Callable[..., Any], name: str) -> Callable[..., Any]:
    def checked(*xs: Tensor) -> Tensor:
        out = func(*xs)
        if not isinstance(out, Tensor) or out.numel() != 1:
            got = f"shape {tuple(out.shape)}" if isinstance(out, Tensor) else type(out).__name__
            raise RuntimeError(f"{name}: the function must return a Tensor with a single element, got {got}")
        return out.reshape(())

    return checked


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The matrix of second derivatives of a scalar function, of shape (*input.shape, *input.shape).

    Arguments:
        func: takes the inputs, returns a tensor of one element.
        inputs: a floating tensor or a tuple of them.
        create_graph: record the computation, so that the result can be differentiated.
        strict: raise where the output does not depend on an input, instead of giving zeros.
        vectorize, outer_jacobian_strategy: as `vectorize` and `strategy` of `jacobian`.

    Returns:
        A tensor of shape (*input, *input); for a tuple of inputs a tuple of tuples.

    >>> import minigrad as torch
    >>> torch.autograd.functional.hessian(lambda x: (x**3).sum(), torch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    _refuse("hessian", strict, vectorize, outer_jacobian_strategy)
    many = isinstance(inputs, (list, tuple))
    scalar = _scalar(func, "hessian")

    def gradient(*xs: Tensor) -> tuple[Tensor, ...]:
        return tuple(_grad("hessian", (scalar(*xs),), xs, (None,), True, strict))

    table = jacobian(gradient, tuple(inputs) if many else (inputs,), create_graph, strict, vectorize)
    return table if many else table[0][0]


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """(func(inputs), v^T H): the product of a vector with the Hessian of a scalar function.

    Arguments:
        func: takes the inputs, returns a tensor of one element.
        inputs: a floating tensor or a tuple of them.
        v: a tensor (or a tuple) of the inputs' shapes; may be left out for one input of one element.
        create_graph: record the computation, so that the result can be differentiated.
        strict: raise where the output does not depend on an input, instead of giving zeros.

    Returns:
        The output, and for each input a tensor of its shape.

    Raises:
        RuntimeError: for a `v` of another shape; with `strict`, for an input without a path to the output.

    >>> import minigrad as torch
    >>> torch.autograd.functional.vhp(lambda x: (x**3).sum(), torch.tensor([1.0, 2.0]), torch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _product("vhp", func, inputs, v, create_graph, strict)


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """(func(inputs), H v). The Hessian is symmetric, so this is `vhp`, which needs fewer steps.

    Arguments:
        func: takes the inputs, returns a tensor of one element.
        inputs: a floating tensor or a tuple of them.
        v: a tensor (or a tuple) of the inputs' shapes; may be left out for one input of one element.
        create_graph: record the computation, so that the result can be differentiated.
        strict: raise where the output does not depend on an input, instead of giving zeros.

    Returns:
        The output, and for each input a tensor of its shape.

    >>> import minigrad as torch
    >>> torch.autograd.functional.hvp(lambda x: (x**3).sum(), torch.tensor([1.0, 2.0]), torch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _product("hvp", func, inputs, v, create_graph, strict)


def _product(
    name: str, func: Callable[..., Any], inputs: Any, v: Any, create_graph: bool, strict: bool
) -> Any:
    many = isinstance(inputs, (list, tuple))
    scalar = _scalar(func, name)
    with enable_grad():
        xs = _inputs(inputs, create_graph)
        v = _vectors(name, v, xs, "input")
        out = scalar(*xs)
        first = _grad(name, (out,), xs, (None,), True, strict)
        second = _grad(name, first, xs, v, create_graph, strict)
    return _finish(out, create_graph), _like([_finish(g, create_graph) for g in second], many)
