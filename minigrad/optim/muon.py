"""Muon: the momentum of a matrix, with all its singular values made nearly 1."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.optim.optimizer import Optimizer, require

Array = Any


class Muon(Optimizer):
    """θ = (1 - lr·weight_decay)·θ - lr·s·N(b): b is the mean gradient, N(b) the orthogonal matrix next to it.

    N takes a few steps of Newton and Schulz, x = a·x + (b·xxᵀ + c·(xxᵀ)²)·x, in the 8 binary digits of
    bfloat16, as PyTorch's does. s is √max(1, rows/columns), or 0.2·√max(rows, columns) with
    "match_rms_adamw". Muon is for the matrices of hidden layers; train the rest with another optimiser.

    Arguments:
        params: an iterable of matrices, of (name, matrix) pairs, or of dicts (see `Optimizer`).
        lr: the learning rate.
        weight_decay: as above.
        momentum: how much of the mean stays in a step.
        nesterov: take the mean that the next step would have with the same gradient.
        ns_coefficients: a, b and c.
        eps: the least norm that a gradient is divided by.
        ns_steps: how many steps N takes, below 100.
        adjust_lr_fn: None or "original", or "match_rms_adamw", for s.

    Raises:
        ValueError: for an option out of its range, and a parameter that is no matrix.

    Source: Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024).

    >>> import minigrad as torch
    >>> w = torch.eye(2, requires_grad=True)
    >>> optimizer = torch.optim.Muon([w], lr=0.1, weight_decay=0.0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> bool((w.diagonal() < 0.95).all())
    True
    """

    _shaped = ("momentum_buffer",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)

    def _check(self, group: dict[str, Any]) -> None:
        require(group, lr=0, momentum=0, weight_decay=0)
        if group["adjust_lr_fn"] not in (None, "original", "match_rms_adamw"):
            raise ValueError(
                f"adjust_lr_fn must be None, 'original' or 'match_rms_adamw', not {group['adjust_lr_fn']!r}"
            )
        if group["ns_steps"] >= 100:
            raise ValueError("Number of steps must be less than 100 for computational efficiency")
        if len(group["ns_coefficients"]) != 3:
            raise ValueError("Coefficients must be a tuple of exactly 3 values")
        for p in group["params"]:
            if p.ndim != 2:
                raise ValueError(f"Muon trains matrices, but a parameter has shape {tuple(p.shape)}")

    def _kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        return self._shaped

    def _update(self, param: Array, grad: Array, state: dict[str, Any], group: dict[str, Any]) -> None:
        mean, kind = state["momentum_buffer"]._array, param.dtype.type
        mean += (grad - mean) * kind(1 - group["momentum"])
        ahead = grad + (mean - grad) * kind(group["momentum"]) if group["nesterov"] else mean
        update = _orthogonal(ahead, group["ns_coefficients"], group["ns_steps"], group["eps"])
        rows, columns = param.shape
        scale = math.sqrt(max(1, rows / max(columns, 1)))
        if group["adjust_lr_fn"] == "match_rms_adamw":
            scale = 0.2 * math.sqrt(max(rows, columns))
        lr = float(group["lr"])
        param *= kind(1 - lr * group["weight_decay"])
        param -= kind(lr * scale) * update.astype(param.dtype)


def _orthogonal(x: Array, coefficients: tuple[float, float, float], steps: int, eps: float) -> Array:
    """x with its singular values led towards 1; every product is rounded to bfloat16."""
    a, b, c = (np.float32(v) for v in coefficients)
    tall = x.shape[0] > x.shape[1]
    x = _rounded(x.T if tall else x)
    x = _rounded(x / np.maximum(_rounded(np.linalg.norm(x)), np.float32(eps)))
    for _ in range(steps):
        gram = _rounded(x @ x.T)
        x = _rounded(a * x + _rounded(b * gram + c * (gram @ gram)) @ x)
    return x.T if tall else x


def _rounded(x: Array) -> Array:
    """The nearest numbers of 8 binary digits, of two as near the even one, as float32."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    even = (bits >> np.uint32(16)) & np.uint32(1)
    rounded = (bits + even + np.uint32(0x7FFF)) & np.uint32(0xFFFF0000)
    return np.where(np.isfinite(x), rounded.view(np.float32), np.asarray(x, np.float32))
