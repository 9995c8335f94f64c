"""Draws of the gamma and Dirichlet distributions that know how they move with their concentrations."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad._tensor.record import wrap
from minigrad.autograd.function import Function, once_differentiable
from minigrad.ops.incomplete import beta_slope, gamma_slope

from .distribution import drawn


class _StandardGamma(Function):
    @staticmethod
    def forward(ctx: Any, concentration: Any, draws: Any) -> Any:
        ctx.save_for_backward(concentration, draws)
        return draws.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Any) -> Any:
        concentration, draws = ctx.saved_tensors
        slope = gamma_slope(concentration._array, draws._array)
        return grad * wrap(slope.astype(draws._array.dtype), None), None


def standard_gamma(concentration: Any, shape: Any) -> Any:
    """Draws of rate 1, none of them 0, with the gradient of their implicit function.

    Source: Figurnov et al., "Implicit reparameterization gradients" (2018).
    """
    a = concentration.detach()._array
    tiny = float(np.finfo(a.dtype).tiny)
    draws = drawn(lambda random: random.standard_gamma(a.astype(np.float64), shape), concentration).clamp(
        min=tiny
    )
    if not concentration.requires_grad:
        return draws
    return _StandardGamma.apply(concentration.expand(shape), draws)


class _Dirichlet(Function):
    @staticmethod
    def forward(ctx: Any, concentration: Any, draws: Any) -> Any:
        ctx.save_for_backward(concentration, draws)
        return draws.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Any) -> Any:
        """One coordinate moves as a beta draw does, the others give way in proportion."""
        concentration, draws = ctx.saved_tensors
        a, x = concentration._array, draws._array
        slope = wrap(beta_slope(a, a.sum(-1, keepdims=True) - a, x).astype(x.dtype), None)
        return slope * (grad - (draws * grad).sum(-1, keepdim=True)), None


def dirichlet(concentration: Any, shape: Any) -> Any:
    """Draws that sum to 1, with the gradient of their implicit function."""
    a = concentration.detach()._array.astype(np.float64)
    tiny = float(np.finfo(np.float64).tiny)  # where all of a vector round to 0

    def draw(random: Any) -> Any:
        found = np.maximum(random.standard_gamma(a, shape), tiny)
        return found / found.sum(-1, keepdims=True)

    draws = drawn(draw, concentration)
    if not concentration.requires_grad:
        return draws
    return _Dirichlet.apply(concentration.expand(shape), draws)
