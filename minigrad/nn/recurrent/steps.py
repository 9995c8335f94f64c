"""The steps of recurrent networks, and walking through a sequence with them.

The products with the inputs do not depend on the state: they are made for all steps at once. A step is left
with the products with the state, and its gates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minigrad._tensor.calls import CALLS
from minigrad._tensor.tensor import Tensor
from minigrad.functional import cat
from minigrad.nn.functional import linear
from minigrad.ops import recurrence  # noqa: F401 (its record)

State = tuple[Tensor, ...]  # the hidden state, and that of the cell where there is one
Step = Callable[..., State]  # the inputs' share in the gates of a step, then the state: the next state
Weights = dict[str, Any]  # weight_ih, weight_hh, bias_ih, bias_hh, weight_hr; a missing one is None


def simple(x: Tensor, w: Weights, relu: bool) -> tuple[list[Tensor], Step]:
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu of it (Elman 1990)."""
    weight = w["weight_hh"]

    def step(part: Tensor, h: Tensor) -> State:
        total = linear(h, weight, part)
        return (total.relu() if relu else total.tanh(),)

    return [linear(x, w["weight_ih"], _sum(w["bias_ih"], w["bias_hh"]))], step


def lstm(x: Tensor, w: Weights) -> tuple[list[Tensor], Step]:
    """c' = f c + i g, h' = o tanh(c'), with gates i, f, o and candidate g (Hochreiter and Schmidhuber 1997).

    With `weight_hr`, h' is projected (Sak et al. 2014).
    """
    weight, projection = w["weight_hh"], w["weight_hr"]

    def step(part: Tensor, h: Tensor, c: Tensor) -> State:
        i, f, g, o = linear(h, weight, part).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        return (h if projection is None else linear(h, projection)), c

    return [linear(x, w["weight_ih"], _sum(w["bias_ih"], w["bias_hh"]))], step


def gru(x: Tensor, w: Weights) -> tuple[list[Tensor], Step]:
    """h' = (1 - z) n + z h, with gates r and z, and n = tanh(W_in x + b_in + r (W_hn h + b_hn)).

    Cho et al. 2014. There the reset gate r stands before the product with h, here behind it, as in PyTorch.
    """
    size = 2 * w["weight_hh"].shape[1]
    bias_ih, bias_hh = w["bias_ih"], w["bias_hh"]
    weight, weight_n = w["weight_hh"][:size], w["weight_hh"][size:]
    bias = bias_n = bias_hn = None
    if bias_ih is not None:
        bias, bias_n, bias_hn = bias_ih[:size] + bias_hh[:size], bias_ih[size:], bias_hh[size:]

    def step(part: Tensor, part_n: Tensor, h: Tensor) -> State:
        r, z = linear(h, weight, part).sigmoid().chunk(2, 1)
        n = (part_n + r * linear(h, weight_n, bias_hn)).tanh()
        return (n + z * (h - n),)

    return [linear(x, w["weight_ih"][:size], bias), linear(x, w["weight_ih"][size:], bias_n)], step


def walk(
    parts: list[Tensor], step: Step, sizes: Sequence[int], state: State, backwards: bool
) -> tuple[Tensor, State]:
    """The hidden states of all steps, packed as the parts are, and the state behind the last.

    Arguments:
        parts: the inputs' shares in the gates, rows of all steps in turn.
        step: takes a part of each and the state.
        sizes: how many rows each step has, falling: a sequence that ends leaves the batch.
        state: the first, a row for each sequence.
        backwards: from the last step to the first; then the sequences enter one by one.
    """
    shares: list[tuple[Tensor, ...]] = list(zip(*(_by_step(x, sizes) for x in parts), strict=True))
    hidden: list[Tensor] = []
    ended: list[State] = []
    first, rows = state, sizes[0]
    if backwards:
        rows = sizes[-1]
        state = tuple([x[:rows] for x in state])
    for share, size in zip(*((shares[::-1], sizes[::-1]) if backwards else (shares, sizes)), strict=True):
        if size > rows:
            state = tuple([cat([x, start[rows:size]]) for x, start in zip(state, first, strict=True)])
        elif size < rows:
            ended.append(tuple([x[size:] for x in state]))
            state = tuple([x[:size] for x in state])
        rows = size
        state = step(*share, *state)
        hidden.append(state[0])
    if ended:
        state = tuple([cat(list(pieces)) for pieces in zip(state, *reversed(ended), strict=True)])
    return cat(hidden[::-1] if backwards else hidden), state


def whole_lstm(x: Tensor, w: Weights, steps: int, state: State, backwards: bool) -> tuple[Tensor, State]:
    """The same as `walk` with `lstm`, for sequences of one length and without a projection, as one op.

    On small states the steps of `walk` take much longer than their arithmetic.
    """
    h, c = state
    batch, hidden = h.shape
    share = linear(x, w["weight_ih"], _sum(w["bias_ih"], w["bias_hh"]))
    packed = cat([part.reshape(-1) for part in (share, w["weight_hh"], h, c)])
    row = CALLS["lstm"](packed, steps=steps, batch=batch, hidden=hidden, reverse=backwards)
    out, c = row.reshape(steps + 1, batch, hidden).split([steps, 1])
    return out.reshape(steps * batch, hidden), (out[0 if backwards else -1], c.squeeze(0))


def _by_step(x: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    """The rows of each step, by halves and halves of halves.

    A gradient of a slice has the size of the whole: of all slices of one tensor they would take time as the
    square of the steps, and so it is a few times the whole.
    """
    if len(sizes) == 1:
        return [x]
    middle = len(sizes) // 2
    rows = sum(sizes[:middle])
    return [*_by_step(x[:rows], sizes[:middle]), *_by_step(x[rows:], sizes[middle:])]


def _sum(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    return b if a is None else a if b is None else a + b
