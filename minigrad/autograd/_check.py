"""PyTorch's gradcheck and gradgradcheck: every entry of the Jacobian against central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor

from ._grad import _tuple, grad


class GradcheckError(RuntimeError):
    """A gradient that differs from its finite difference."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """True if backward agrees with finite differences for every input that requires grad.

    Arguments:
        func: takes the inputs, returns a tensor or a tuple of tensors.
        inputs: a tensor or a tuple of arguments; those checked should be float64.
        eps: the step of the central difference.
        atol, rtol: an entry agrees if |a - n| <= atol + rtol |n|.
        raise_exception: raise GradcheckError at the first disagreement instead of returning False.
        nondet_tol: by how much two backward passes may differ.
        check_undefined_grad, check_grad_dtypes, fast_mode, masked: accepted; the full check is always made.
        check_batched_grad, check_batched_forward_grad, check_forward_ad: refused; only backward is checked.
        check_backward_ad: False is refused.

    Raises:
        GradcheckError: at a disagreement (a RuntimeError).
        ValueError: no input requires grad, or one that does is not float64.

    `minigrad.testing.check_grads` is the stronger tool.

    >>> import minigrad as torch
    >>> x = torch.tensor([0.3, 0.7], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradcheck(torch.sin, (x,))
    True
    """
    _refuse(
        "gradcheck",
        check_batched_grad=check_batched_grad,
        check_batched_forward_grad=check_batched_forward_grad,
        check_forward_ad=check_forward_ad,
    )
    if not check_backward_ad:
        raise NotImplementedError("gradcheck: check_backward_ad=False leaves nothing to check here")
    try:
        _check(func, _tuple(inputs), eps, atol, rtol, nondet_tol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _refuse(name: str, **asked: bool) -> None:
    for option, value in asked.items():
        if value:
            raise NotImplementedError(f"{name}: {option}=True is not covered; only backward is checked")


def _check(
    func: Callable[..., Any], inputs: tuple[Any, ...], eps: float, atol: float, rtol: float, nondet_tol: float
) -> None:
    chosen = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not chosen:
        raise ValueError("gradcheck expects at least one input tensor to require gradient")
    for i in chosen:
        if inputs[i].dtype != np.float64:
            raise ValueError(
                f"gradcheck: input {i} is {inputs[i].dtype.name}; finite differences need "
                f"float64: use .double()"
            )
    outputs = [o for o in _tuple(func(*inputs)) if isinstance(o, Tensor) and o.is_floating_point()]
    leaves = [inputs[i] for i in chosen]
    for k, output in enumerate(outputs):
        analytic = _analytic(output, leaves)
        again = _analytic(output, leaves)
        for i, x, a, b in zip(chosen, leaves, analytic, again, strict=True):
            if a.size and np.max(np.abs(a - b)) > nondet_tol:
                raise GradcheckError(f"backward is not reentrant: two runs differ for output {k}, input {i}")
            n = _numeric(func, inputs, i, k, eps, a.shape)
            wrong = ~(np.abs(a - n) <= atol + rtol * np.abs(n))
            if wrong.any():
                row, column = (int(v) for v in np.argwhere(wrong)[0])
                where = tuple(int(v) for v in np.unravel_index(column, x.shape))
                raise GradcheckError(
                    f"Jacobian mismatch for output {k} with respect to input {i}: "
                    f"d output[{row}]/d input{list(where)} is {a[row, column]:.8g} by backward "
                    f"and {n[row, column]:.8g} by central "
                    f"differences ({int(wrong.sum())} of {wrong.size} entries differ)"
                )


def _analytic(output: Tensor, leaves: list[Tensor]) -> list[Any]:
    tables = [np.zeros((output.numel(), x.numel())) for x in leaves]
    if not output.requires_grad:
        return tables
    for row in range(output.numel()):
        unit = np.zeros(output.numel(), output.dtype)
        unit[row] = 1
        start = wrap(unit.reshape(output.shape), None)
        found = grad(output, leaves, start, retain_graph=True, allow_unused=True)
        for table, g in zip(tables, found, strict=True):
            if g is not None:
                table[row] = g.detach().numpy().ravel()
    return tables


def _numeric(
    func: Callable[..., Any], inputs: tuple[Any, ...], i: int, k: int, eps: float, shape: tuple[int, ...]
) -> Any:
    table = np.zeros(shape)
    base = inputs[i].detach().numpy()

    def at(values: Any) -> Any:
        moved = list(inputs)
        moved[i] = wrap(values, None).requires_grad_()
        outputs = [o for o in _tuple(func(*moved)) if isinstance(o, Tensor) and o.is_floating_point()]
        return outputs[k].detach().numpy().astype(np.float64).ravel()

    for column in range(base.size):
        up, down = base.copy(), base.copy()
        up.flat[column] += eps
        down.flat[column] -= eps
        table[:, column] = (at(up) - at(down)) / (2 * eps)
    return table


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """True if the second derivatives agree with finite differences of the first ones.

    Arguments as `gradcheck`; `grad_outputs` are random (seeded) where not given.

    Arguments:
        func, inputs, eps, atol, rtol, raise_exception, nondet_tol: as for `gradcheck`.
        grad_outputs: a gradient for each output; random (seeded) where they are left out.
        gen_non_contig_grad_outputs, check_undefined_grad, check_grad_dtypes, fast_mode, masked: accepted; the
            full check is always made.
        check_batched_grad, check_fwd_over_rev: refused; only backward is checked.
        check_rev_over_rev: False is refused.

    Raises:
        GradcheckError: at a disagreement (a RuntimeError).

    >>> import minigrad as torch
    >>> x = torch.tensor([0.3, 0.7], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradgradcheck(torch.sin, (x,))
    True
    """
    _refuse("gradgradcheck", check_batched_grad=check_batched_grad, check_fwd_over_rev=check_fwd_over_rev)
    if not check_rev_over_rev:
        raise NotImplementedError("gradgradcheck: check_rev_over_rev=False leaves nothing to check here")
    inputs = _tuple(inputs)
    outputs = [o for o in _tuple(func(*inputs)) if isinstance(o, Tensor) and o.is_floating_point()]
    if grad_outputs is None:
        draw = np.random.default_rng(0)
        grad_outputs = [wrap(draw.standard_normal(o.shape), None).requires_grad_() for o in outputs]
    grad_outputs = _tuple(grad_outputs)
    n = len(inputs)

    def first(*arguments: Any) -> tuple[Tensor, ...]:
        xs, weights = arguments[:n], arguments[n:]
        made = [o for o in _tuple(func(*xs)) if isinstance(o, Tensor) and o.is_floating_point()]
        chosen = [x for x in xs if isinstance(x, Tensor) and x.requires_grad]
        found = grad(made, chosen, weights, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(
        first,
        (*inputs, *grad_outputs),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
    )
