"""The chain y = f(y * w + b), link after link: many small ops, where an engine's own cost shows.

With f = tanh on vectors of 8 it is the measure of the cost per op; as a chain of single numbers with
f = relu it is work that micrograd, which has scalars and no tanh, can do too.
"""

from typing import Any, NamedTuple

import numpy as np
from turns import Contender, Pieces


class Chain(NamedTuple):
    """How many links, how long the vectors are (0: single numbers), and what f is."""

    links: int = 200
    length: int = 8
    f: str = "tanh"

    @property
    def ops(self) -> int:
        """Recorded operations: mul, add and f of each link, and the sum."""
        return 3 * self.links + 1

    def arrays(self) -> tuple[Any, Any, Any]:
        """Start, w and b; the same for all contenders."""
        draw = np.random.default_rng(0)
        shape = (self.length,) if self.length else ()
        start, w, b = (np.asarray(draw.uniform(0.2, 0.9, shape), np.float32) for _ in range(3))
        return start, w, b


def pieces(torch: Any, chain: Chain, backend: str = "") -> Pieces:
    """The chain in PyTorch's interface."""
    start, w, b = (torch.from_numpy(array.copy()) for array in chain.arrays())
    w.requires_grad_()
    b.requires_grad_()
    f = getattr(torch, chain.f)

    def forward() -> Any:
        y = start
        for _ in range(chain.links):
            y = f(y * w + b)
        return y.sum()

    def clear() -> None:
        w.grad = b.grad = None

    forward = torch.compile(forward, fullgraph=True, backend=backend) if backend else forward
    return Pieces(clear, forward, None, lambda: [w.grad.numpy(), b.grad.numpy()])


def compiled(torch: Any, chain: Chain, backend: str = "numpy") -> Pieces:
    """The same, compiled."""
    return pieces(torch, chain, backend)


def by_hand(chain: Chain) -> Contender:
    """The same in NumPy, with the derivative written out."""
    start, w, b = chain.arrays()
    found: list[Any] = []

    def step() -> None:
        y, tape = start, []
        for _ in range(chain.links):
            out = np.tanh(y * w + b)
            tape.append((y, out))
            y = out
        y.sum()
        g = np.ones_like(y)
        grad_w, grad_b = np.zeros_like(w), np.zeros_like(b)
        for y, out in reversed(tape):
            g = g * (1 - out * out)
            grad_b += g
            grad_w += g * y
            g = g * w
        found[:] = grad_w, grad_b

    def step_relu() -> None:
        y, tape = start, []
        for _ in range(chain.links):
            out = np.maximum(y * w + b, 0)
            tape.append((y, out))
            y = out
        g = np.ones_like(y)
        grad_w, grad_b = np.zeros_like(w), np.zeros_like(b)
        for y, out in reversed(tape):
            g = g * (out > 0)
            grad_b += g
            grad_w += g * y
            g = g * w
        found[:] = grad_w, grad_b

    return Contender({"tanh": step, "relu": step_relu}[chain.f], lambda: found)


def hips(chain: Chain) -> Contender:
    """The same in HIPS autograd."""
    import autograd
    import autograd.numpy as anp

    start, w, b = chain.arrays()
    f = {"tanh": anp.tanh, "relu": lambda x: anp.maximum(x, 0)}[chain.f]
    found: list[Any] = []

    def loss(both: Any) -> Any:
        w, b = both
        y = start
        for _ in range(chain.links):
            y = f(y * w + b)
        return anp.sum(y)

    gradient = autograd.value_and_grad(loss)

    def step() -> None:
        found[:] = gradient((w, b))[1]

    return Contender(step, lambda: found)


def mygrad(chain: Chain) -> Contender:
    """The same in MyGrad."""
    import mygrad as mg

    start, w, b = (mg.tensor(array, constant=constant) for array, constant in
                   zip(chain.arrays(), (True, False, False), strict=True))  # fmt: skip
    f = {"tanh": mg.tanh, "relu": lambda x: mg.maximum(x, 0)}[chain.f]

    def step() -> None:
        y = start
        for _ in range(chain.links):
            y = f(y * w + b)
        y.sum().backward()

    return Contender(step, lambda: [w.grad, b.grad])


def jax(chain: Chain) -> Contender:
    """The same in JAX, compiled: every link is unrolled, and XLA fuses what it likes."""
    import jax as xla
    import jax.numpy as jnp

    start, w, b = (jnp.asarray(array) for array in chain.arrays())
    f = {"tanh": jnp.tanh, "relu": xla.nn.relu}[chain.f]
    found: list[Any] = []

    def loss(w: Any, b: Any) -> Any:
        y = start
        for _ in range(chain.links):
            y = f(y * w + b)
        return jnp.sum(y)

    gradient = xla.jit(xla.value_and_grad(loss, argnums=(0, 1)))

    def step() -> None:
        found[:] = xla.block_until_ready(gradient(w, b))[1]

    return Contender(step, lambda: found)


def micrograd(chain: Chain) -> Contender:
    """The same in micrograd: single numbers only."""
    from micrograd.engine import Value

    if chain.length or chain.f != "relu":
        raise NotImplementedError("micrograd has single numbers, and no tanh, exp or log")
    start, w, b = (Value(float(array)) for array in chain.arrays())

    def step() -> None:
        w.grad = b.grad = 0.0
        y = start
        for _ in range(chain.links):
            y = (y * w + b).relu()
        y.backward()

    return Contender(step, lambda: [w.grad, b.grad])


PEERS = {"autograd": hips, "mygrad": mygrad, "jax": jax, "micrograd": micrograd}
