"""Random graphs with hooks, retained gradients, Functions and several roots: the same gradients as PyTorch.

Both libraries grow the same graph and do the same with it, from the same random numbers, so every gradient in
`.grad`, returned by `grad` or seen by a hook must be the same.
"""

import random

import numpy as np
import pytest

import minigrad

SHAPES = [(), (3,), (2, 3), (2, 1), (1, 3)]


def functions(torch):
    """Two Functions, whose backward returns one array twice, and several outputs' gradients as one."""

    class Sum(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, g):
            return g, g

    class Pair(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2, a + 1

        @staticmethod
        def backward(ctx, g, h):
            return g * 2 + h

    return Sum, Pair


class Program:
    """A graph of one library, and what was found in it."""

    def __init__(self, torch, seed):
        self.torch, self.choose, self.draw = torch, random.Random(seed), np.random.default_rng(seed)
        self.sum, self.pair = functions(torch)
        self.found, self.seen, self.hooked = [], [], set()
        self.leaves = [self.constant(self.choose.choice(SHAPES)) for _ in range(self.choose.randint(2, 4))]
        for leaf in self.leaves:
            leaf.requires_grad_()
        self.tensors = list(self.leaves)
        for _ in range(self.choose.randint(1, 10)):
            self.tensors.append(self.grown())

    def constant(self, shape):
        return self.torch.from_numpy(self.draw.standard_normal(shape))

    def grown(self):
        a, b = self.choose.choice(self.tensors), self.choose.choice(self.tensors)
        pair = self.pair.apply(a)
        c = self.choose.choice([
            lambda: a + b, lambda: a * b, lambda: a - b, lambda: a + a, a.tanh, a.sum,
            lambda: self.torch.relu(a), lambda: a.expand(2, 3), lambda: pair[0] * pair[1], lambda: pair[1],
            lambda: self.sum.apply(a, b) if a.shape == b.shape else a * b,
        ])()  # fmt: skip
        if self.choose.random() < 0.3:
            c.retain_grad()
        self.hook(c)
        return c

    def hook(self, tensor):
        hook = self.choose.choice(
            [lambda g: g * 2, lambda g: self.seen.append(self.copy(g)), lambda _: None, *[None] * 9]
        )
        if hook is not None:
            self.hooked.add(id(tensor))
            tensor.register_hook(hook)

    def copy(self, tensor):
        return None if tensor is None else tensor.detach().numpy().copy()

    def walk(self):
        """One backward or grad.

        Left out is what PyTorch does in one way now and then in another: an input of grad with hooks (it gets
        the gradient before or after them), and a root that leads to no input (its hooks run if it is alone).
        """
        roots = [self.choose.choice(self.tensors) for _ in range(self.choose.choice([1, 1, 2, 3]))]
        starts = [self.constant(tuple(root.shape)) for root in roots]
        options = {"retain_graph": True, "create_graph": self.choose.random() < 0.2}
        if self.choose.random() < 0.6:
            self.torch.autograd.backward(roots, starts, **options)
            return
        free = [t for t in self.tensors if id(t) not in self.hooked]
        inputs = self.choose.sample(free, min(len(free), self.choose.choice([1, 2, 3])))
        reached = (
            self.torch.autograd.grad(roots, inputs, starts, allow_unused=True, **options) if inputs else []
        )
        if len(roots) == 1 and all(g is None for g in reached):
            self.seen.clear()
            for tensor in self.tensors:
                tensor.grad = None
        self.found += [self.copy(g) for g in reached]

    def collect(self):
        for tensor in self.tensors:
            if (tensor.is_leaf or tensor.retains_grad) and tensor.grad is not None:
                self.found.append(self.copy(tensor.grad))
                fate = self.choose.random()
                if fate < 0.3:
                    with self.torch.no_grad():
                        tensor.grad.mul_(-1.5)  # must be seen in no other gradient
                elif fate < 0.6:
                    tensor.grad = None

    def results(self):
        for _ in range(self.choose.randint(1, 3)):
            self.walk()
            self.collect()
        order = sorted(self.seen, key=lambda g: (g.shape, round(float(g.sum()), 9)))
        return self.found + order


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True")
@pytest.mark.parametrize("start", range(0, 400, 50))
def test_gradients_of_random_graphs(pytorch, start):
    for seed in range(start, start + 50):
        found, wanted = (Program(library, seed).results() for library in (minigrad, pytorch))
        assert len(found) == len(wanted), seed
        for a, b in zip(found, wanted, strict=True):
            if a is None or b is None:
                assert a is b, seed
                continue
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12, err_msg=f"seed {seed}")
