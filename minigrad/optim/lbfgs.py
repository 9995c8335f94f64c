"""L-BFGS: steps along a direction that remembers how the gradient has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from minigrad._tensor.tensor import Tensor
from minigrad.autograd import enable_grad, no_grad
from minigrad.functional import cat
from minigrad.optim.optimizer import Optimizer, require

DECREASE, CURVATURE = 1e-4, 0.9  # of the Wolfe conditions
NARROWEST = 1e-9  # a bracket is not searched further when its ends are this near
LEAST_CURVATURE = 1e-10


class LBFGS(Optimizer):
    """Each step takes up to `max_iter` iterations along -H·g, where H is built of the last changes of g.

    The closure is called many times in a step: it clears the gradients, computes the loss, calls backward
    and returns the loss. It must be the same function each time: no new batch, no dropout.

    Arguments:
        params: tensors, or one dict of them: there can only be one group.
        lr: the length of a step; with a line search the first one that is tried.
        max_iter: iterations of a step.
        max_eval: calls of the closure in a step; None is a quarter more than `max_iter`.
        tolerance_grad: the step ends where no gradient is larger.
        tolerance_change: it ends where neither the loss nor a parameter changes more.
        history_size: how many changes are remembered.
        line_search_fn: None, or "strong_wolfe" to look for a length that meets the strong Wolfe conditions.

    Raises:
        ValueError: for several groups, a negative option, or another line search.
        TypeError: for a step without a closure.

    Source: Nocedal and Wright, "Numerical optimization" (2006), algorithms 7.4 and 3.5.

    >>> import minigrad as torch
    >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = torch.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - 3) ** 4).sum()
    ...     loss.backward()
    ...     return loss
    >>> first = optimizer.step(closure)
    >>> first.item(), closure().item() < 1e-6
    (17.0, True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)

    def _check(self, group: dict[str, Any]) -> None:
        if self.param_groups and group["params"] is not self.param_groups[0]["params"]:
            raise ValueError("LBFGS has one group of parameters: options cannot differ between them")
        require(group, lr=0)
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(
                f"line_search_fn must be None or 'strong_wolfe', not {group['line_search_fn']!r}"
            )

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Go up to `max_iter` iterations; returns the loss from before the first.

        Arguments:
            closure: clears the gradients, computes the loss, calls backward, and returns the loss.
        """
        if closure is None:
            raise TypeError("LBFGS computes the loss again and again: call step(closure)")
        self._steps += 1
        with no_grad():
            return self._iterate(enable_grad()(closure))

    def _iterate(self, closure: Callable[[], Any]) -> Any:
        group = self.param_groups[0]
        state = self.state[group["params"][0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first = closure()
        loss, grad, calls = _number(first), self._gradient(), 1
        state["func_evals"] += 1
        if grad.abs().max() <= group["tolerance_grad"]:
            return first
        kept: dict[str, Any] = dict.fromkeys(
            ("d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "prev_loss")
        )
        kept.update((name, state[name]) for name in kept if name in state)
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                d = -grad
                kept.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
                t: Any = (1 / grad.abs().sum()).clamp(max=1.0) * group["lr"]
            else:
                _remember(kept, grad, group["history_size"])
                d = _direction(kept, grad)
                t = group["lr"]
            kept.update(d=d, t=t, prev_flat_grad=grad, prev_loss=loss)
            slope = grad.dot(d)
            if slope > -group["tolerance_change"]:
                break
            tried = 0
            if group["line_search_fn"] is None:
                self._move(t, d)
                if iteration < group["max_iter"]:
                    loss, grad, tried = _number(closure()), self._gradient(), 1
            else:
                here = _Point(0.0, loss, grad, slope)
                found, tried = self._search(closure, here, t, d, group["max_eval"] - calls)
                t, loss, grad, _ = found
                kept["t"] = t
                self._move(t, d)
            calls += tried
            state["func_evals"] += tried
            if (
                calls >= group["max_eval"]
                or grad.abs().max() <= group["tolerance_grad"]
                or (d * t).abs().max() <= group["tolerance_change"]
                or abs(loss - kept["prev_loss"]) < group["tolerance_change"]
            ):
                break
        state.update(kept)
        return first

    def _gradient(self) -> Tensor:
        """All gradients in one row; zeros where there is none."""
        params = self.param_groups[0]["params"]
        return cat([(p.detach() * 0 if p.grad is None else p.grad.detach()).reshape(-1) for p in params])

    def _move(self, t: Any, d: Tensor) -> None:
        """Add t·d to the parameters."""
        begin = 0
        for p in self.param_groups[0]["params"]:
            p.add_((d[begin : begin + p.numel()] * t).reshape(p.shape))
            begin += p.numel()

    def _search(
        self, closure: Callable[[], Any], here: _Point, t: Any, d: Tensor, most: int
    ) -> tuple[_Point, int]:
        """A point along d that meets the strong Wolfe conditions, or the best tried, and how many were."""
        params = self.param_groups[0]["params"]
        begin = [p.detach().clone() for p in params]

        def at(t: Any) -> _Point:
            try:
                self._move(t, d)
                loss, grad = _number(closure()), self._gradient()
            finally:
                for p, old in zip(params, begin, strict=True):
                    p.copy_(old)
            return _Point(t, loss, grad, grad.dot(d))

        return _strong_wolfe(at, here, t, d.abs().max(), most)


def _number(loss: Any) -> float:
    return float(loss.detach() if isinstance(loss, Tensor) else loss)


class _Point(NamedTuple):
    """A place along the direction: how far, the loss and the gradient there, and the slope along it."""

    t: Any
    loss: float
    grad: Tensor
    slope: Any


def _remember(kept: dict[str, Any], grad: Tensor, most: int) -> None:
    """Add the last step and the change of the gradient in it, if the loss curves upwards there."""
    change, moved = grad - kept["prev_flat_grad"], kept["d"] * kept["t"]
    curve = change.dot(moved)
    if curve <= LEAST_CURVATURE:
        return
    rows = kept["old_dirs"], kept["old_stps"], kept["ro"]
    for row, new in zip(rows, (change, moved, 1 / curve), strict=True):
        if len(row) == most:
            row.pop(0)
        row.append(new)
    kept["H_diag"] = curve / change.dot(change)


def _direction(kept: dict[str, Any], grad: Tensor) -> Tensor:
    """-H·grad, by two passes over what is remembered: back, then forth."""
    remembered = list(zip(kept["old_dirs"], kept["old_stps"], kept["ro"], strict=True))
    q, shares = -grad, []
    for change, moved, inverse in reversed(remembered):
        shares.append(moved.dot(q) * inverse)
        q = q - shares[-1] * change
    r = q * kept["H_diag"]
    for (change, moved, inverse), share in zip(remembered, reversed(shares), strict=True):
        r = r + moved * (share - change.dot(r) * inverse)
    return r


def _strong_wolfe(
    at: Callable[[Any], _Point], here: _Point, t: Any, size: Any, most: int
) -> tuple[_Point, int]:
    """Bracket a point that meets the conditions, then narrow the bracket."""

    def too_high(point: _Point) -> bool:
        return bool(point.loss > here.loss + DECREASE * point.t * here.slope)

    def is_flat(point: _Point) -> bool:
        return bool(abs(point.slope) <= -CURVATURE * here.slope)

    before, now, rounds, calls = here, at(t), 0, 1
    ends = None
    while rounds < most and ends is None:
        if too_high(now) or (rounds > 1 and now.loss >= before.loss):
            ends = [before, now]
        elif is_flat(now):
            return now, calls
        elif now.slope >= 0:
            ends = [before, now]
        else:
            t = _cubic(before, now, now.t + 0.01 * (now.t - before.t), now.t * 10)
            before, now = now, at(t)
            calls, rounds = calls + 1, rounds + 1
    if ends is None:
        ends = [here, now]
    low, high = (0, 1) if ends[0].loss <= ends[1].loss else (1, 0)
    stuck = False
    while rounds < most and abs(ends[1].t - ends[0].t) * size >= NARROWEST:
        left, right = sorted(end.t for end in ends)
        t, margin = _cubic(ends[0], ends[1], left, right), 0.1 * (right - left)
        near = min(right - t, t - left) < margin
        if near and (stuck or t >= right or t <= left):  # away from the end, or nothing would be gained
            t, near = (right - margin if abs(t - right) < abs(t - left) else left + margin), False
        stuck = near
        now = at(t)
        calls, rounds = calls + 1, rounds + 1
        if too_high(now) or now.loss >= ends[low].loss:
            ends[high] = now
            low, high = (0, 1) if ends[0].loss <= ends[1].loss else (1, 0)
            continue
        if is_flat(now):
            return now, calls
        if now.slope * (ends[high].t - ends[low].t) >= 0:
            ends[high] = ends[low]
        ends[low] = now
    return ends[low], calls


def _cubic(a: _Point, b: _Point, least: Any, most: Any) -> Any:
    """The minimum between the bounds of the cubic through two points with their slopes; else the middle.

    Source: Nocedal and Wright, equation 3.59.
    """
    first = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = first**2 - a.slope * b.slope
    if not square >= 0:
        return (least + most) / 2
    root = square.sqrt()
    if a.t > b.t:
        a, b = b, a
    lowest = b.t - (b.t - a.t) * ((b.slope + root - first) / (b.slope - a.slope + 2 * root))
    return min(max(lowest, least), most)
