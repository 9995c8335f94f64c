"""Clipping gradients between backward and the optimiser's step, against steps that are too long."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable

from minigrad._tensor.tensor import Tensor
from minigrad._tensor.tracing import put_off_clipping
from minigrad.autograd import no_grad
from minigrad.creation import tensor
from minigrad.functional import stack
from minigrad.linalg import vector_norm


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients in place so that their common norm is at most max_norm; returns the norm before.

    The norm is that of all gradients as one long vector: `norm_type` 1, 2, inf, ... Parameters without a
    gradient are skipped. `foreach`, PyTorch's choice of kernel, changes nothing.

    Arguments:
        parameters: a tensor or an iterable of tensors.

    Raises:
        RuntimeError: when error_if_nonfinite is set and the norm is nan or inf.

    Source: Pascanu et al., "On the difficulty of training recurrent neural networks" (2013),
    algorithm 1.

    >>> import minigrad as torch
    >>> w = torch.zeros(2, requires_grad=True)
    >>> (w * torch.tensor([3.0, 4.0])).sum().backward()
    >>> torch.nn.utils.clip_grad_norm_([w], 1.0), w.grad
    (tensor(5.), tensor([0.6000, 0.8000]))
    """
    members = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    later = put_off_clipping(clip_grad_norm_, members, max_norm, norm_type, error_if_nonfinite)
    if later is not None:
        return later
    grads = _grads(members)
    total = get_total_norm(grads, norm_type, error_if_nonfinite)
    _scale(grads, max_norm, total)
    return total


def clip_grad_norm(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The older name of the same: as `clip_grad_norm_`."""
    warnings.warn("clip_grad_norm is the older name of clip_grad_norm_", FutureWarning, stacklevel=2)
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all tensors as one long vector.

    Arguments:
        tensors: a tensor or an iterable of tensors.
        norm_type: 1, 2, inf, ...
        error_if_nonfinite: whether a norm of nan or inf raises.
        foreach: PyTorch's choice of kernel; changes nothing.

    Raises:
        RuntimeError: when error_if_nonfinite is set and the norm is nan or inf.

    >>> import minigrad as torch
    >>> torch.nn.utils.get_total_norm([torch.tensor([3.0]), torch.tensor([4.0])])
    tensor(5.)
    """
    given = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not given:
        return tensor(0.0)
    with no_grad():
        total = vector_norm(stack([vector_norm(x, norm_type) for x in given]), norm_type)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise RuntimeError(
            f"the norm of order {norm_type} of the gradients is {total.item()}: they cannot be clipped; "
            f"error_if_nonfinite=False scales them all the same"
        )
    return total


def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    total_norm: Tensor,
    foreach: bool | None = None,
) -> None:
    """Scale all gradients in place so that a norm of `total_norm` becomes at most max_norm.

    Arguments:
        parameters: a tensor or an iterable of tensors; those without a gradient are skipped.
        max_norm: the bound.
        total_norm: the norm before, as `get_total_norm` gives it.
        foreach: PyTorch's choice of kernel; changes nothing.

    >>> import minigrad as torch
    >>> w = torch.zeros(2, requires_grad=True)
    >>> (w * torch.tensor([3.0, 4.0])).sum().backward()
    >>> torch.nn.utils.clip_grads_with_norm_([w], 1.0, torch.tensor(10.0))
    >>> w.grad
    tensor([0.3000, 0.4000])
    """
    _scale(_grads(parameters), max_norm, total_norm)


def _scale(grads: list[Tensor], max_norm: float, total: Tensor) -> None:
    with no_grad():
        factor = (max_norm / (total + 1e-6)).clamp(max=1.0)
        for grad in grads:
            grad.mul_(factor)


def clip_grad_value_(
    parameters: Tensor | Iterable[Tensor],
    clip_value: float,
    foreach: bool | None = None,
) -> None:
    """Cut every element of the gradients in place to [-clip_value, clip_value].

    Arguments:
        parameters: a tensor or an iterable of tensors; those without a gradient are skipped.
        clip_value: the bound.
        foreach: PyTorch's choice of kernel; changes nothing.

    >>> import minigrad as torch
    >>> w = torch.zeros(2, requires_grad=True)
    >>> (w * torch.tensor([3.0, -0.5])).sum().backward()
    >>> torch.nn.utils.clip_grad_value_([w], 1.0)
    >>> w.grad
    tensor([ 1.0000, -0.5000])
    """
    bound = float(clip_value)
    members = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if put_off_clipping(clip_grad_value_, members, bound) is not None:
        return
    with no_grad():
        for grad in _grads(members):
            grad.clamp_(-bound, bound)


def _grads(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    for x in given:
        if not isinstance(x, Tensor):
            raise TypeError(
                f"parameters must be Tensors, not {type(x).__name__}; model.parameters() gives them"
            )
    return [parameter.grad for parameter in given if parameter.grad is not None]
