"""The derivative of a sum over all paths through a trellis: the heart of the CTC loss.

Loaded when the loss is first used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import kin
from .kernels import Array, kernel, shifted
from .op import REAL, Op


def _entering(a: Array, skips: Array) -> Array:
    """The log of the sum over the states before each: itself, the one before, and one more by a skip."""
    one = shifted(a, -1, -np.inf)
    both = np.logaddexp(a, one)
    return np.logaddexp(both, np.where(skips, shifted(one, -1, -np.inf), -np.inf))


@kernel
def _paths(x: Array, skips: Array, ends: Array, lengths: Array) -> tuple[Array, Array]:
    """The loss of each sample, and the sums over all beginnings of paths, by time and state."""
    steps, samples, states = x.shape
    start = np.where(np.arange(states, like=kin(x)) < 2, 0.0, -np.inf).astype(x.dtype)
    rows: list[Array] = []
    for t in range(steps):
        rows.append((_entering(rows[-1], skips) if t else start) + x[t])
    begun = np.stack(rows) if rows else x
    last = begun[np.maximum(lengths - 1, 0), np.arange(samples, like=kin(x))] if rows else start
    last = np.where((lengths == 0)[:, None], start, last)
    last = np.where(ends, last, -np.inf).astype(x.dtype)
    most = np.max(last, -1)
    most = np.where(np.isinf(most), 0, most).astype(x.dtype)
    return -(np.log(np.sum(np.exp(last - most[:, None]), -1)) + most), begun


@kernel
def _slope(g: Array, x: Array, skips: Array, ends: Array, lengths: Array, begun: Array, out: Array) -> Array:
    """-g times the probability of each state at each time, over all paths: Rabiner (1989), (19) to (27).

    It is nan for a sample without any path, if its loss counts.
    """
    steps = x.shape[0]
    without = np.isinf(out) & (out > 0)
    blocked = without & (g != 0)
    cost = np.where(without, 0, out)[:, None]
    ahead, rows = np.full(x.shape[1:], -np.inf, x.dtype, like=kin(x)), []
    jumps = np.flip(skips, -1)
    for t in range(steps - 1, -1, -1):
        if t < steps - 1:
            later = np.flip(ahead + x[t + 1], -1)
            one = shifted(later, -1, -np.inf)
            jump = shifted(shifted(np.where(jumps, later, -np.inf), -1, -np.inf), -1, -np.inf)
            ahead = np.flip(np.logaddexp(np.logaddexp(later, one), jump), -1)
        ahead = np.where((lengths == t + 1)[:, None] & ends, 0.0, ahead).astype(x.dtype)
        share = np.exp(begun[t] + ahead + cost)
        rows.append(np.where((blocked & (lengths > t))[:, None], np.nan, share))
    return -np.stack(rows[::-1]).astype(x.dtype) * g[:, None] if rows else x


def _domain(d: Any) -> Any:
    samples, labels = d.integer(1, 2), d.integer(1, 2)
    states, steps = 2 * labels + 1, d.integer(2 * labels, 2 * labels + 2)
    skips = np.zeros((samples, states), np.bool_)
    skips[:, 3::2] = d.bools((samples, labels - 1))
    ends = np.zeros((samples, states), np.bool_)
    ends[:, -2:] = True
    lengths = d.ints((samples,), 2 * labels, steps)
    return (d.values((steps, samples, states), REAL), skips, ends, lengths), {}


# Graves et al., "Connectionist temporal classification" (2006).
trellis_loss = Op(
    "trellis_loss", _paths,
    x=lambda g, x, skips, ends, lengths, begun, out: _slope(g, x, skips, ends, lengths, begun, out),
    constants=("begun",),
    read="minus g times the probability of the state at that time, over all paths",
    formula="d(-log sum over paths of exp(sum of x on the path))/dx = -P(state at that time)",
    domain=_domain,
    result="floating",
    promote=False,
    once="the loss over paths has no second derivative, as in PyTorch",
)  # fmt: skip
