"""The derivative of an LSTM's walk through a sequence.

Loaded when a recurrent layer is first used.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .kernels import Array, is_tensor, kernel, ndarray, product, sigmoid, wide
from .op import REAL, Op


def _parts(packed: Array, steps: int, batch: int, hidden: int) -> tuple[Array, ...]:
    """The inputs' share in the gates (steps, batch, 4 hidden), the weight, the first h and the first c."""
    shapes = (steps, batch, 4 * hidden), (4 * hidden, hidden), (batch, hidden), (batch, hidden)
    parts, start = [], 0
    for shape in shapes:
        size = math.prod(shape)
        parts.append(packed[start : start + size].reshape(shape))
        start += size
    return tuple(parts)


def _in_turn(packed: Array, steps: int, batch: int, hidden: int, reverse: bool) -> list[tuple[Array, ...]]:
    """For each step, as it is taken: its place, h and c before it, i, f, g, o, and c and tanh(c) after it."""
    x, weight, h, c = _parts(packed, steps, batch, hidden)
    weight, taken = np.swapaxes(weight, 0, 1), []
    for t in reversed(range(steps)) if reverse else range(steps):
        total = x[t] + np.matmul(h, weight)
        i, f, g, o = [total[:, k * hidden : (k + 1) * hidden] for k in range(4)]
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        after = f * c + i * g
        tanh = np.tanh(after)
        taken.append((t, h, c, i, f, g, o, after, tanh))
        h, c = o * tanh, after
    return taken


def _slope_in_turn(g: Array, packed: Array, steps: int, batch: int, hidden: int, reverse: bool) -> Array:
    """The gradient of `packed`, in operations that arrays of any kind have, and tensors."""
    _, weight, _, _ = _parts(packed, steps, batch, hidden)
    size = batch * hidden
    of_h = g[: steps * size].reshape((steps, batch, hidden))
    of_c: Array = g[steps * size :].reshape((batch, hidden))
    back: Any = None
    deltas, befores = [], []
    for t, h, c, i, f, n, o, _, tanh in reversed(_in_turn(packed, steps, batch, hidden, reverse)):
        dh = of_h[t] if back is None else of_h[t] + back
        dc = of_c + dh * o * (1 - tanh * tanh)
        parts = [dc * n * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - n * n), dh * tanh * o * (1 - o)]
        deltas.append(np.concatenate(parts, 1))
        befores.append(h)
        back, of_c = np.matmul(deltas[-1], weight), dc * f
    of_weight = np.matmul(np.swapaxes(np.concatenate(deltas), 0, 1), np.concatenate(befores))
    of_x = np.concatenate(deltas if reverse else deltas[::-1])
    return np.concatenate([part.reshape((-1,)) for part in (of_x, of_weight, back, of_c)])


# With a column for each sequence the rows of a gate lie in one piece, and so do those of three gates. They
# stand in the order o, i, f, g: forwards o, i and f take a sigmoid, backwards i, f and g share the gradient.


@kernel
def _walk(packed: Array, steps: int, batch: int, hidden: int, reverse: bool) -> tuple[Array, Array, Array]:
    """The hidden states of all steps and the last c in one row; the gates; c before and after all."""
    if type(packed) is not ndarray:
        taken = _in_turn(packed, steps, batch, hidden, reverse)
        outs = [o * tanh for _, _, _, _, _, _, o, _, tanh in (taken[::-1] if reverse else taken)]
        row = np.concatenate([part.reshape((-1,)) for part in (*outs, taken[-1][7])])
        return row, row, row  # a gradient takes the steps again
    x, weight, h, c = _parts(wide(packed), steps, batch, hidden)
    given = x.reshape((steps, batch, 4, hidden))[:: -1 if reverse else 1].transpose((0, 2, 3, 1))
    gates = np.empty(given.shape, x.dtype)
    gates[:, 0], gates[:, 1:] = given[:, 3], given[:, :3]
    weight = np.concatenate([weight[3 * hidden :], weight[: 3 * hidden]])
    rows = 3 * hidden
    np.negative(gates[:, :3], gates[:, :3])  # a sigmoid is 1 / (1 + exp(-x))
    np.negative(weight[:rows], weight[:rows])
    cells = np.empty((steps + 1, hidden, batch), x.dtype)
    states = np.empty_like(cells)
    cells[0], states[0] = c.T, h.T
    total, share = np.empty((4 * hidden, batch), x.dtype), np.empty((hidden, batch), x.dtype)
    flat = gates.reshape((steps, 4 * hidden, batch))
    for gate, three, o, i, f, g, c, after, h, out in zip(
        flat, flat[:, :rows], gates[:, 0], gates[:, 1], gates[:, 2], gates[:, 3],
        cells, cells[1:], states, states[1:], strict=False,
    ):  # fmt: skip
        np.dot(weight, h, total)
        np.add(gate, total, gate)
        np.exp(three, three)
        np.add(three, 1, three)
        np.reciprocal(three, three)
        np.tanh(g, g)
        np.multiply(f, c, after)
        np.multiply(i, g, share)
        np.add(after, share, after)
        np.tanh(after, out)
        np.multiply(out, o, out)
    row = np.empty((steps + 1) * batch * hidden, packed.dtype)
    whole = row.reshape((steps + 1, batch, hidden))
    whole[:-1] = states[1:][:: -1 if reverse else 1].transpose((0, 2, 1))
    whole[-1] = cells[-1].T
    return row, gates, cells


@kernel
def _slope(
    g: Array, packed: Array, gates: Array, cells: Array, steps: int, batch: int, hidden: int, reverse: bool
) -> Array:
    """The gradient of `packed`: back through time (Werbos 1990)."""
    if type(g) is not ndarray:
        return _slope_in_turn(g, packed, steps, batch, hidden, reverse)
    _, weight, first, _ = _parts(wide(packed), steps, batch, hidden)
    way = -1 if reverse else 1
    given = wide(g).reshape((steps + 1, batch, hidden))
    of_h = given[:-1][::way].transpose((0, 2, 1)).copy()
    of_c = given[-1].T.copy()
    o, i, f, n = (gates[:, k] for k in range(4))
    tanh = np.tanh(cells[1:])
    through = o * (1 - tanh * tanh)
    deltas = 1 - gates
    deltas[:, :3] *= gates[:, :3]
    deltas[:, 0] *= tanh
    deltas[:, 1] *= n
    deltas[:, 2] *= cells[:-1]
    deltas[:, 3] *= (1 + n) * i
    back = np.concatenate([weight[3 * hidden :], weight[: 3 * hidden]]).T.copy()
    flat = deltas.reshape((steps, 4 * hidden, batch))
    share, before = np.empty_like(of_c), np.zeros_like(of_c)
    for dh, part, delta, output, rest, forget in zip(
        of_h[::-1], through[::-1], flat[::-1], deltas[::-1, 0], deltas[::-1, 1:], f[::-1], strict=True
    ):
        np.add(dh, before, dh)
        np.multiply(dh, part, share)
        np.add(of_c, share, of_c)
        np.multiply(output, dh, output)
        np.multiply(rest, of_c, rest)
        np.multiply(of_c, forget, of_c)
        np.dot(back, delta, before)
    found = np.empty(packed.shape, of_c.dtype)
    of_x, of_weight, of_first, of_cell = _parts(found, steps, batch, hidden)
    by_gate = of_x.reshape((steps, batch, 4, hidden))[::way].transpose((0, 2, 3, 1))
    by_gate[:, :3], by_gate[:, 3] = deltas[:, 1:], deltas[:, 0]
    befores = np.empty((steps, batch, hidden), of_c.dtype)
    befores[0], befores[1:] = first, (o * tanh)[:-1].transpose((0, 2, 1))
    rows = steps * batch
    of_weight[...] = product(
        of_x.reshape((rows, 4 * hidden)).T, np.ascontiguousarray(befores[::way]).reshape((rows, hidden))
    )
    of_first[...], of_cell[...] = before.T, of_c.T
    return found


def _rule(
    g: Array, packed: Array, gates: Array, cells: Array, steps: int, batch: int, hidden: int, reverse: bool
) -> Array:
    if is_tensor(packed):
        return _slope_in_turn(g, packed, steps, batch, hidden, reverse)
    return _slope(g, packed, gates, cells, steps, batch, hidden, reverse)


def _domain(d: Any) -> Any:
    steps, batch, hidden = d.integer(1, 3), d.integer(1, 2), d.integer(1, 2)
    size = 4 * hidden * (steps * batch + hidden) + 2 * batch * hidden
    options = {"steps": steps, "batch": batch, "hidden": hidden, "reverse": d.choice((False, True))}
    return (d.values((size,), REAL),), options


# Hochreiter and Schmidhuber, "Long short-term memory" (1997). All that it takes stands in one row, and all
# that it gives, so that a single walk back through time finds all gradients.
lstm = Op(
    "lstm",
    lambda packed, *, steps, batch, hidden, reverse: _walk(packed, steps, batch, hidden, reverse),
    packed=_rule,
    constants=("gates", "cells"),
    read="back through time, from the last step to the first",
    formula="c' = f c + i g, h' = o tanh(c'): d/dc = d/dc' f, d/do = d/dh' tanh(c'), step by step back",
    domain=_domain,
    result="floating",
)
