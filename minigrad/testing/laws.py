"""The laws of backward through any program: statements about the walk, not about one rule.

Each raises an AssertionError where it fails, and takes a `programs.Program`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..autograd import backward, grad, no_grad
from ..creation import from_numpy, tensor
from ..functional import stack
from .check import check_grads
from .engines import check_engines
from .programs import Program

Array = Any
TOLERANCE = 1e-10


def gradients_are_derivatives(program: Program, seed: int = 0) -> None:
    """To the second order, along random directions through all leaves.

    >>> from minigrad.testing import RandomDrawer, laws
    >>> from minigrad.testing.programs import random_program
    >>> laws.gradients_are_derivatives(random_program(RandomDrawer(seed=1)))
    """
    check_grads(program, *program.leaves, order=2, seed=seed, max_entries=0, projections=1, engines=False)


def engines_agree(program: Program, seed: int = 0) -> None:
    """Eager mode, the first engine and the compiled program give the same numbers, to the second order."""

    def run(*leaves: Any) -> tuple[Any, ...]:
        scope = program.run(leaves, hold=False)
        return tuple(scope[name] for name in program.outputs)

    found = check_engines(run, *program.leaves, seed=seed)
    assert not found.program, found


def all_backwards_agree(program: Program) -> None:
    """Repeated, retained, recorded and returned gradients are the same; a freed graph is refused."""
    leaves = _leaves(program)
    loss = _total(program, leaves)
    if loss is None:
        return
    loss.backward(retain_graph=True)
    once = _taken(leaves)
    loss.backward(retain_graph=True)
    assert _equal(_taken(leaves), once, exactly=True), "a second, retained backward differs from the first"
    loss.backward(retain_graph=True)
    loss.backward(retain_graph=True)
    doubled = [None if g is None else 2 * g for g in once]
    assert _equal(_taken(leaves), doubled, exactly=True), "two backwards do not add up in .grad"
    loss.backward(create_graph=True)
    loss.backward(create_graph=True)
    assert _equal(_taken(leaves), doubled), "create_graph=True changes the gradient"
    saves = _saves(loss)
    loss.backward()
    assert _equal(_taken(leaves), once, exactly=True), "a last backward differs from a retained one"
    if saves:
        _refuses(loss.backward, "a graph that was freed is walked again")
    returned = grad(_total(program, leaves), leaves, allow_unused=True)
    assert _equal(list(map(_array, returned)), once, exactly=True), "grad() and backward() differ"


def gradients_add_up(program: Program, *, reverse: bool = False) -> None:
    """Backward from each output by itself, in any order, gives what backward from all at once gives."""
    leaves = _leaves(program)
    outs = [out for out in program(*leaves) if out.requires_grad]
    if not outs:
        return
    for out in reversed(outs) if reverse else outs:
        out.backward(_weights(out), retain_graph=True)
    apart = _taken(leaves)
    backward(outs, [_weights(out) for out in outs], retain_graph=True)
    assert _equal(_taken(leaves), apart), "the gradient of a sum is not the sum of the gradients"
    backward([*outs, *outs], [_weights(out) for out in (*outs, *outs)])
    twice = [None if g is None else 2 * g for g in apart]
    assert _equal(_taken(leaves), twice), "an output given twice does not count twice"


def each_leaf_stands_alone(program: Program) -> None:
    """A leaf's gradient does not depend on which other leaves require one, or are asked for."""
    leaves = _leaves(program)
    loss = _total(program, leaves)
    if loss is None:
        return
    together = grad(loss, leaves, retain_graph=True, allow_unused=True)
    _goals_do_not_disturb_each_other(program)
    for i, x in enumerate(leaves):
        (alone,) = grad(loss, [x], retain_graph=True, allow_unused=True)
        assert _equal([_array(alone)], [_array(together[i])]), f"asking for x{i} alone changes its gradient"
        fewer = _leaves(program)
        fewer = [y if j == i else y.detach() for j, y in enumerate(fewer)]
        less = _total(program, fewer)
        found = None if less is None else grad(less, [fewer[i]], allow_unused=True)[0]
        assert _equal([_array(found)], [_array(together[i])]), (
            f"x{i} alone requiring grad changes its gradient"
        )


def _goals_do_not_disturb_each_other(program: Program) -> None:
    """Gradients of tensors half way are the same whether or not those behind them are asked for too."""
    scope = program.run(_leaves(program))
    loss = _folded([scope[name] for name in program.outputs])
    goals = [name for name in program.names if scope[name].requires_grad]
    found = grad(loss, [scope[name] for name in goals], retain_graph=True, allow_unused=True)
    for name, g in zip(goals, found, strict=True):
        (alone,) = grad(loss, [scope[name]], retain_graph=True, allow_unused=True)
        assert _equal([_array(g)], [_array(alone)]), f"asking for more than {name} changes its gradient"


def gradients_own_their_memory(program: Program) -> None:
    """No leaf's `.grad` shares memory with another's, with a leaf, or with the gradient that was given."""
    for create in (False, True):
        leaves = _leaves(program)
        outs = [out for out in program(*leaves) if out.requires_grad]
        if not outs:
            return
        given = [_weights(out) for out in outs]
        before = [v.numpy().copy() for v in given]
        backward(outs, given, create_graph=create)
        made = [x.grad.detach().numpy() for x in leaves if x.grad is not None]
        others = [v.numpy() for v in given] + [x.detach().numpy() for x in leaves]
        for i, g in enumerate(made):
            for other in (*others, *made[:i]):
                assert not np.shares_memory(g, other), "a gradient shares its memory"
        for x, leaf in zip(leaves, program.leaves, strict=True):
            if x.grad is not None:
                assert (x.grad.shape, x.grad.dtype) == (leaf.shape, leaf.dtype), "a gradient unlike its leaf"
        assert all(np.array_equal(v.numpy(), b) for v, b in zip(given, before, strict=True)), (
            "backward writes into the gradient that it is given"
        )


def recording_changes_no_value(program: Program) -> None:
    """Under no_grad the same values come out, and nothing requires grad."""
    recorded = program(*_leaves(program))
    with no_grad():
        silent = program(*_leaves(program))
    for a, b in zip(recorded, silent, strict=True):
        assert _equal([_array(a)], [_array(b)], exactly=True), "recording changes a value"
        assert b.is_leaf, "no_grad records"


def dtypes_are_kept() -> None:
    """Where dtypes meet, each leaf's gradient comes back in the dtype of the leaf."""
    x = from_numpy(np.ones(2, np.float32)).requires_grad_()
    y = from_numpy(np.full(2, 3.0)).requires_grad_()
    (x * y).sum().backward()
    for leaf in (x, y):
        g = leaf.grad
        assert g is not None
        assert g.dtype == leaf.dtype, "a gradient in another dtype than its leaf"
    for near, far in ((np.float32, np.float64), (np.float64, np.float32)):
        x = from_numpy(np.ones(2, near)).requires_grad_()
        x.to(from_numpy(np.ones(1, far)).dtype).sum().backward()
        assert x.grad is not None
        assert x.grad.dtype == x.dtype, "a gradient in the dtype that its leaf was cast to"


def stale_values_are_caught() -> None:
    """A value that backward needs and that was written since is refused, written directly or by an alias."""
    aliases: tuple[Callable[[Any], Any], ...] = (
        lambda t: t,
        lambda t: t.detach(),
        lambda t: t[:1],
        lambda t: t.detach()[1:],
    )
    for alias in aliases:
        x = from_numpy(np.array([0.3, 0.4])).requires_grad_()
        y = x * 2
        out = y * y
        alias(y).mul_(2)
        try:
            out.sum().backward()
        except RuntimeError:
            continue
        raise AssertionError("a saved value was written, and backward used it")
    memory = np.array([0.3, 0.4, 0.5])
    x, y = from_numpy(memory[:2]), from_numpy(memory[1:])
    out = x * from_numpy(np.ones(2)).requires_grad_()
    y.mul_(2)
    try:
        out.sum().backward()
    except RuntimeError:
        return
    raise AssertionError(
        "a saved value was written through other tensor over its memory, and backward used it"
    )


def one_array_is_kept_once() -> None:
    """Where one array is the gradient of several tensors, each that keeps it gets memory of its own."""
    given = [tensor([0.3, 0.4]) for _ in range(3)]
    before = [_array(g) for g in given]
    a, b, c = (tensor([1.0, 2.0]).requires_grad_() for _ in range(3))
    both = a + b
    more = both + tensor([5.0, 6.0])
    keeping = (a, b, c, both, more)
    for x in keeping:
        x.retain_grad()
    roots = (more, more * 3, c)
    backward(roots, given, retain_graph=True)
    once = [_array(x.grad) for x in keeping]
    owners = [
        x.detach().numpy() for x in (*given, *keeping, *(x.grad for x in keeping if x.grad is not None))
    ]
    for i, x in enumerate(owners):
        for y in owners[:i]:
            assert not np.shares_memory(x, y), "a gradient shares its memory"
    backward(roots, given)
    doubled = [None if g is None else 2 * g for g in once]
    assert _equal([_array(x.grad) for x in keeping], doubled), "gradients do not add up"
    assert _equal([_array(g) for g in given], before), "backward writes into the gradient that it is given"


def a_freed_graph_lets_go() -> None:
    """An array that only the graph holds is gone after backward, though its results live on."""
    x = tensor([1.0, 2.0]).requires_grad_()
    first, second = x.exp(), x.sin()
    results = (first * second, stack([x, x]) * x)
    saved = [weakref.ref(y.detach().numpy()) for y in (first, second)]
    del first, second
    assert all(ref() is not None for ref in saved), "what the derivative needs is gone before backward"
    _folded(results).backward()
    assert all(ref() is None for ref in saved), "a freed graph keeps what it saved"
    for result in results:
        _refuses(result.sum().backward, "a part of a graph that was freed is walked again")


def _saves(output: Any) -> bool:
    """True if an op behind the output saved anything; only then has a backward something to free."""
    waiting, seen = [output.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [parent for parent, _ in node.next_functions]
    return any(node.op is not None and node.op.saves for node in seen)


def _refuses(call: Callable[[], Any], otherwise: str) -> None:
    try:
        call()
    except RuntimeError:
        return
    raise AssertionError(otherwise)


OF_A_PROGRAM = (
    gradients_are_derivatives,
    engines_agree,
    all_backwards_agree,
    gradients_add_up,
    each_leaf_stands_alone,
    gradients_own_their_memory,
    recording_changes_no_value,
)
OF_THE_ENGINE = (dtypes_are_kept, stale_values_are_caught, one_array_is_kept_once, a_freed_graph_lets_go)


def _leaves(program: Program) -> list[Any]:
    return [from_numpy(x.copy()).requires_grad_() for x in program.leaves]


def _weights(out: Any) -> Any:
    return from_numpy(np.cos(1.0 + np.arange(out.numel())).reshape(out.shape))


def _total(program: Program, leaves: Sequence[Any]) -> Any:
    """The outputs as one number, each element with a weight of its own; None if nothing requires grad."""
    return _folded(program(*leaves))


def _folded(outs: Sequence[Any]) -> Any:
    total = None
    for out in outs:
        if out.requires_grad:
            part = (out * _weights(out)).sum()
            total = part if total is None else total + part
    return total


def _array(x: Any) -> Array | None:
    return None if x is None else np.array(x.detach().numpy())


def _taken(leaves: Sequence[Any]) -> list[Array | None]:
    """The gradients, which are then gone from the leaves."""
    found = [_array(x.grad) for x in leaves]
    for x in leaves:
        x.grad = None
    return found


def _equal(found: Sequence[Array | None], wanted: Sequence[Array | None], exactly: bool = False) -> bool:
    for a, b in zip(found, wanted, strict=True):
        if a is None or b is None:
            if a is not b:
                return False
        elif exactly:
            if not np.array_equal(a, b, equal_nan=True):
                return False
        elif not np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True):
            return False
    return True
