"""A live graph under arbitrary use: hypothesis builds, writes, differentiates and frees; a model judges.

The model knows nothing of graphs. It carries the Jacobians of every tensor forward, beside the values, and
for every tensor the steps behind it with the buffers that they saved: enough to say what each backward must
add to each leaf, and which must refuse.
"""

from dataclasses import dataclass, field
from itertools import count

import numpy as np
import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

import minigrad as torch

numbers = st.integers(-8, 8).map(lambda n: n / 4)


@dataclass
class Buffer:
    """Memory that tensors may share, and how often it was written."""

    version: int = 0


@dataclass
class Step:
    """What backward will visit."""

    saved: list = field(default_factory=list)  # (buffer, version)
    saves: bool = True  # only what saved something is freed
    freed: bool = False

    def stale(self):
        return any(buffer.version != version for buffer, version in self.saved)


@dataclass
class Traced:
    """A tensor and what the model knows of it."""

    tensor: object
    jacobians: dict  # leaf: array of shape out.shape + leaf.shape
    buffer: Buffer
    steps: list = field(default_factory=list)
    has_alias: bool = False

    @property
    def values(self):
        return self.tensor.detach().numpy()

    @property
    def is_leaf(self):
        return not self.steps


def weighted(values, jacobian):
    """diag(values) J, values broadcast over the rows."""
    extra = jacobian.ndim - values.ndim
    return values.reshape(values.shape + (1,) * extra) * jacobian


def added(*terms):
    out = {}
    for jacobians in terms:
        for leaf, jacobian in jacobians.items():
            out[leaf] = out[leaf] + jacobian if leaf in out else jacobian
    return out


class Graph(RuleBasedStateMachine):
    made = Bundle("made")

    def __init__(self):
        super().__init__()
        self.leaves = {}
        self.due = {}
        self.names = count()

    # --- building ------------------------------------------------------------------------------------

    @rule(target=made, values=st.tuples(numbers, numbers), requires_grad=st.booleans())
    def leaf(self, values, requires_grad):
        x = torch.tensor(values, dtype=torch.float64, requires_grad=requires_grad)
        if not requires_grad:
            return Traced(x, {}, Buffer())
        name = next(self.names)
        self.leaves[name], self.due[name] = x, None
        return Traced(x, {name: np.eye(2)}, Buffer())

    def step(self, tensor, jacobians, operands, saved, buffer=None):
        """What an op makes: one more step behind it, where anything requires grad."""
        needed = [a for a in operands if a.jacobians]
        steps = [s for a in needed for s in a.steps]
        assert tensor.requires_grad is bool(needed)
        if needed:
            kept = [(a.buffer, a.buffer.version) for a in saved]
            steps = list({id(s): s for s in [*steps, Step(kept, saves=bool(kept))]}.values())
        return Traced(tensor, jacobians, buffer or Buffer(), steps)

    @rule(target=made, a=made, b=made)
    def add(self, a, b):
        made = a.tensor + b.tensor
        return self.step(made, added(self.lifted(a, made), self.lifted(b, made)), (a, b), ())

    @rule(target=made, a=made, b=made)
    def mul(self, a, b):
        made = a.tensor * b.tensor
        left = {
            k: weighted(np.broadcast_to(b.values, made.shape), j) for k, j in self.lifted(a, made).items()
        }
        right = {
            k: weighted(np.broadcast_to(a.values, made.shape), j) for k, j in self.lifted(b, made).items()
        }
        saved = [b] * bool(a.jacobians) + [a] * bool(b.jacobians)
        return self.step(made, added(left, right), (a, b), saved)

    def lifted(self, x, out):
        """The Jacobians of an operand that broadcasts to the shape of `out`."""
        n = len(x.tensor.shape)
        return {k: np.broadcast_to(j, out.shape + j.shape[n:]) for k, j in x.jacobians.items()}

    @rule(target=made, a=made)
    def sin(self, a):
        jacobians = {k: weighted(np.cos(a.values), j) for k, j in a.jacobians.items()}
        return self.step(torch.sin(a.tensor), jacobians, (a,), (a,))

    @rule(target=made, a=made)
    def total(self, a):
        jacobians = {k: j.sum(axis=tuple(range(a.tensor.ndim))) for k, j in a.jacobians.items()}
        return self.step(a.tensor.sum(), jacobians, (a,), ())

    @rule(target=made, a=made)
    def clone(self, a):
        return self.step(a.tensor.clone(), dict(a.jacobians), (a,), ())

    @rule(target=made, a=made)
    def view(self, a):
        if a.tensor.shape != (2,):
            return multiple()
        a.has_alias = True
        made = self.step(a.tensor[1:], {k: j[1:] for k, j in a.jacobians.items()}, (a,), (), a.buffer)
        made.has_alias = True
        return made

    @rule(target=made, a=made)
    def detach(self, a):
        return Traced(a.tensor.detach(), {}, a.buffer, has_alias=a.has_alias)

    @rule(target=made, a=made)
    def unrecorded(self, a):
        with torch.no_grad():
            return Traced(torch.sin(a.tensor), {}, Buffer())

    # --- writing -------------------------------------------------------------------------------------

    @rule(a=made, factor=st.sampled_from([2.0, -0.5]))
    def write(self, a, factor):
        if a.is_leaf and a.jacobians:
            before = a.values.copy()
            with pytest.raises(RuntimeError, match="leaf"):
                a.tensor.mul_(factor)
            np.testing.assert_array_equal(a.values, before)
        elif not a.has_alias:
            a.tensor.mul_(factor)
            a.buffer.version += 1
            a.jacobians = {k: factor * j for k, j in a.jacobians.items()}
            if a.jacobians:
                a.steps = [*a.steps, Step()]

    # --- differentiating -----------------------------------------------------------------------------

    def gradient_for(self, a):
        return np.cos(np.arange(a.values.size)).reshape(a.values.shape)

    def refuses(self, a):
        return not a.jacobians or any(s.freed or s.stale() for s in a.steps)

    @rule(a=made, retain=st.booleans())
    def backward(self, a, retain):
        v = self.gradient_for(a)
        if self.refuses(a):
            with pytest.raises(RuntimeError):
                a.tensor.backward(torch.from_numpy(v), retain_graph=True)
            return
        a.tensor.backward(torch.from_numpy(v), retain_graph=retain)
        for leaf, jacobian in a.jacobians.items():
            more = np.tensordot(v, jacobian, v.ndim)
            self.due[leaf] = more if self.due[leaf] is None else self.due[leaf] + more
        if not retain:
            for step in a.steps:
                step.freed = step.saves

    @rule(a=made)
    def grad(self, a):
        if self.refuses(a):
            return
        v = self.gradient_for(a)
        names = list(self.leaves)
        found = torch.autograd.grad(
            a.tensor,
            [self.leaves[n] for n in names],
            torch.from_numpy(v),
            retain_graph=True,
            allow_unused=True,
        )
        for name, g in zip(names, found, strict=True):
            if name not in a.jacobians:
                assert g is None
            else:
                np.testing.assert_allclose(g.numpy(), np.tensordot(v, a.jacobians[name], v.ndim), atol=1e-9)

    @rule(a=consumes(made))
    def forget(self, a):
        """Dropping a tensor changes nothing for those computed from it."""

    @rule()
    def zero_grads(self):
        for name, x in self.leaves.items():
            x.grad = None
            self.due[name] = None

    @invariant()
    def every_leaf_has_the_gradient_that_is_due(self):
        for name, x in self.leaves.items():
            if self.due[name] is None:
                assert x.grad is None
            else:
                np.testing.assert_allclose(x.grad.numpy(), self.due[name], rtol=1e-9, atol=1e-9)
                assert x.grad.shape == x.shape and x.grad.dtype == x.dtype


TestGraph = Graph.TestCase
TestGraph.settings = settings(stateful_step_count=30, deadline=None)
