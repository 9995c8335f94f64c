"""Gradients of outputs with respect to chosen inputs, returned instead of accumulated."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Iterator, Set, ValuesView
from typing import Any

import numpy as np

from minigrad import batching
from minigrad._tensor.backward import accumulate, owned, run_backward, target_nodes
from minigrad._tensor.record import history_of, wrap
from minigrad._tensor.tensor import Tensor
from minigrad._tensor.tracing import trace_of_thread
from minigrad.engine import messages
from minigrad.functional import stack


def _tuple(x: Any) -> tuple[Any, ...]:
    """One thing or several, such as the parameters() of a module or a dict's values(), as a tuple."""
    return tuple(x) if isinstance(x, (list, tuple, Iterator, ValuesView, Set, deque)) else (x,)


def _gradients(given: Any, n: int) -> tuple[Any, ...]:
    gradients = (None,) * n if given is None else _tuple(given)
    if len(gradients) != n:
        raise RuntimeError(f"got {n} tensors and {len(gradients)} gradients; give one for each (or None)")
    return gradients


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Add the gradients of all `tensors`, weighted by `grad_tensors`, to the `.grad` of the leaves.

    Arguments:
        tensors: one or several; those of more than one element need a gradient.
        grad_tensors: a gradient for each, of its shape, or None. (`grad_variables` is the old name.)
        retain_graph, create_graph, inputs: as for `Tensor.backward`.

    Raises:
        RuntimeError: as `Tensor.backward`; or the numbers of tensors and gradients differ.

    >>> import minigrad as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> torch.autograd.backward([x.sum(), (x * x).sum()])
    >>> x.grad
    tensor([3., 3.])
    """
    if grad_variables is not None:
        warnings.warn("grad_variables is deprecated; use grad_tensors", FutureWarning, stacklevel=2)
        if grad_tensors is not None:
            raise RuntimeError("backward: give grad_tensors or grad_variables, its old name, not both")
        grad_tensors = grad_variables
    if (trace := trace_of_thread()) is not None:
        trace.trains("backward runs within the call")
    tensors = _tuple(tensors)
    targets = None if inputs is None else target_nodes(_tuple(inputs))
    given = _gradients(grad_tensors, len(tensors))
    accumulate(*run_backward(tensors, given, retain_graph, create_graph, targets))


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The sums of gradients of `outputs` with respect to each of `inputs`.

    No `.grad` is touched, but of tensors on the way that `retain_grad()`. The hooks of an input are applied
    to its gradient. (PyTorch leaves them out where another of the inputs lies behind it.)

    Arguments:
        outputs, inputs: a tensor, or several in a list, tuple or iterator; the inputs need not be leaves,
            and may stand in a dict, for which a dict of the gradients is returned.
        grad_outputs: the gradient of each output; None for outputs of one element.
        retain_graph: keep the graph for another backward (default: `create_graph`).
        create_graph: record the gradients' own computation, for higher derivatives.
        only_inputs: accepted; the old False is ignored with a warning, as in PyTorch.
        allow_unused: None for an input without a path to the outputs, instead of an error.
        is_grads_batched: the first axis of each of grad_outputs is that of several gradients, each of
            which gives a result; they are stacked.
        materialize_grads: zeros for such an input.

    Raises:
        RuntimeError: no input, or an unused one; as `Tensor.backward` otherwise.

    >>> import minigrad as torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> (first,) = torch.autograd.grad(x**3, x, create_graph=True)
    >>> first, torch.autograd.grad(first, x)
    (tensor(27., grad_fn=<MulBackward0>), (tensor(18.),))
    """
    if isinstance(inputs, dict):
        values = tuple(inputs.values())
        made = grad(
            outputs, values, grad_outputs, retain_graph, create_graph, only_inputs, allow_unused,
            is_grads_batched, materialize_grads,
        )  # fmt: skip
        return dict(zip(inputs, made, strict=True))
    if not only_inputs:
        warnings.warn("grad: only_inputs=False is deprecated and ignored", FutureWarning, stacklevel=2)
    outputs, inputs = _tuple(outputs), _tuple(inputs)
    if is_grads_batched:
        rest = (create_graph, only_inputs, allow_unused, False, materialize_grads)
        return _batched(outputs, inputs, grad_outputs, rest)
    if not inputs:
        raise RuntimeError(
            "`inputs` argument to `grad()` cannot be empty: give the tensors to differentiate by"
        )
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "materialize_grads makes zeros of unused inputs; it goes with allow_unused=True or None"
        )
    for i, x in enumerate(inputs):
        if not isinstance(x, Tensor):
            raise TypeError(f"grad: input {i} must be a Tensor, not {type(x).__name__}")
        if history_of(x) is None:
            raise RuntimeError(f"One of the differentiated Tensors does not require grad: input {i}")

    if (trace := trace_of_thread()) is not None:
        trace.walks()
    nodes: list[Any] = [history_of(x) for x in inputs]
    gradients = _gradients(grad_outputs, len(outputs))
    found, kept = run_backward(outputs, gradients, retain_graph, create_graph, nodes)
    found = {node: owned(g) for node, g in found.items()}
    found |= {node: owned(g if create_graph else g.copy()) for node, g in kept}
    if kept and trace is not None:
        trace.trains("backward runs within the call")
    accumulate({}, kept)
    results = []
    for i, (x, node) in enumerate(zip(inputs, nodes, strict=True)):
        result = found.get(node)
        if result is None and materialize_grads:
            result = wrap(np.zeros(x.shape, x.dtype), None)
        elif result is None and not allow_unused:
            raise RuntimeError(messages.unused(i))
        results.append(result)
    return tuple(results)


def _batched(outputs: Any, inputs: Any, gradients: Any, rest: tuple[Any, ...]) -> Any:
    """`grad` for several gradients of the outputs at once, along their first axis; the graph is kept."""
    given = _gradients(gradients, len(outputs))
    if any(not isinstance(g, Tensor) or not g.ndim for g in given):
        raise RuntimeError("grad: is_grads_batched=True needs an axis of gradients for each output")
    sizes = {len(g) for g in given}
    if len(sizes) > 1:
        raise RuntimeError(f"grad: the tensors of gradients have different lengths: {sorted(sizes)}")
    level = batching.Level(sizes.pop())
    try:
        weights = [batching.BATCH(g, level=level) for g in given]
        found = grad(outputs, inputs, weights, True, *rest)
        results = tuple(None if x is None else level.leave(x) for x in found)
    except batching.UnbatchableError:  # a rule looks at the gradient's values
        rows = [grad(outputs, inputs, row, True, *rest) for row in zip(*given, strict=True)]
        columns = zip(*rows, strict=True)
        results = tuple(None if c[0] is None else stack(c) for c in columns)
    return results
