"""Training steps of multilayer perceptrons: forward, cross entropy, backward, SGD."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from turns import Contender, Pieces

LR = 0.01


class Net(NamedTuple):
    """Layer sizes and the size of the batch; relu between the layers."""

    sizes: tuple[int, ...]
    batch: int

    def arrays(self) -> tuple[Any, Any, list[Any]]:
        """Inputs, classes, and of each layer weight (out, in) and bias, as PyTorch has them."""
        draw = np.random.default_rng(0)
        x = draw.standard_normal((self.batch, self.sizes[0]), np.float32)
        target = draw.integers(0, self.sizes[-1], self.batch)
        params = []
        for before, after in pairwise(self.sizes):
            bound = 1 / np.sqrt(before)
            params.append(draw.uniform(-bound, bound, (after, before)).astype(np.float32))
            params.append(draw.uniform(-bound, bound, after).astype(np.float32))
        return x, target, params


def parts(torch: Any, net: Net) -> tuple[Any, Any, Any, Any]:
    """The model, its optimiser, the inputs and the classes, in PyTorch's interface."""
    x, target, params = net.arrays()
    layers: list[Any] = []
    for before, after in pairwise(net.sizes):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), params, strict=True):
            parameter.copy_(torch.from_numpy(array))
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    return model, optimizer, torch.from_numpy(x), torch.from_numpy(target)


def pieces(torch: Any, net: Net, loss: Any = None) -> Pieces:
    """The step in PyTorch's interface, as everyone writes it; `loss` is another loss(model, x, target)."""
    model, optimizer, x, target = parts(torch, net)
    cross_entropy = torch.nn.functional.cross_entropy
    return Pieces(
        optimizer.zero_grad,
        lambda: cross_entropy(model(x), target) if loss is None else loss(model, x, target),
        optimizer.step,
        lambda: [p.detach().numpy() for p in model.parameters()],
    )


def compiled(torch: Any, net: Net, backend: str = "numpy") -> Pieces:
    """The same step with a compiled loss function."""

    def loss(model: Any, x: Any, target: Any) -> Any:
        return torch.nn.functional.cross_entropy(model(x), target)

    return pieces(torch, net, torch.compile(loss, fullgraph=True, backend=backend))


def compiled_step(torch: Any, net: Net, backend: str = "numpy") -> Contender:
    """The same step as one compiled function, its update included."""
    model, optimizer, x, target = parts(torch, net)
    cross_entropy = torch.nn.functional.cross_entropy

    @torch.compile(fullgraph=True, backend=backend)
    def step(x: Any, target: Any) -> Any:
        optimizer.zero_grad()
        loss = cross_entropy(model(x), target)
        loss.backward()
        optimizer.step()
        return loss

    return Contender(lambda: step(x, target), lambda: [p.detach().numpy() for p in model.parameters()])


def by_hand(net: Net) -> Contender:
    """The same in NumPy with the derivatives written out; in place where that is as natural."""
    x, target, params = net.arrays()
    weights = [w.T.copy() for w in params[::2]]  # (in, out): x @ w, as one writes it by hand
    biases = [b.copy() for b in params[1::2]]
    last = len(weights) - 1
    rows = np.arange(net.batch)

    def step() -> float:
        h, inputs = x, []
        for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
            inputs.append(h)
            h = h @ w
            h += b
            if layer < last:
                np.maximum(h, 0, out=h)
        h -= h.max(axis=1, keepdims=True)
        exp = np.exp(h)
        total = exp.sum(axis=1, keepdims=True)
        loss = float((np.log(total[:, 0]) - h[rows, target]).mean())
        g = exp
        g /= total
        g[rows, target] -= 1
        g /= net.batch
        for layer in range(last, -1, -1):
            w, b, h = weights[layer], biases[layer], inputs[layer]
            grad_w, grad_b = h.T @ g, g.sum(axis=0)
            if layer:
                g = g @ w.T
                g *= h > 0
            grad_w *= LR
            w -= grad_w
            grad_b *= LR
            b -= grad_b
        return loss

    return Contender(step, lambda: [p for w, b in zip(weights, biases, strict=True) for p in (w.T, b)])


def hips(net: Net) -> Contender:
    """The same in HIPS autograd."""
    import autograd
    import autograd.numpy as anp

    x, target, params = net.arrays()
    params = [p.copy() for p in params]
    rows = np.arange(net.batch)

    def loss(params: list[Any]) -> Any:
        h = x
        for w, b in zip(params[::2], params[1::2], strict=True):
            h = anp.dot(anp.maximum(h, 0) if h is not x else h, w.T) + b
        h = h - anp.max(h, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(h), axis=1)) - h[rows, target])

    gradient = autograd.value_and_grad(loss)

    def step() -> None:
        _, grads = gradient(params)
        for i, g in enumerate(grads):
            params[i] -= LR * g

    return Contender(step, lambda: params)


def mygrad(net: Net) -> Contender:
    """The same in MyGrad, with its own layers' functions and its own cross entropy."""
    import mygrad as mg
    from mygrad.nnet.activations import relu
    from mygrad.nnet.losses import softmax_crossentropy

    x, target, params = net.arrays()
    params = [mg.tensor(p) for p in params]

    def step() -> None:
        h = x
        for w, b in zip(params[::2], params[1::2], strict=True):
            h = mg.matmul(relu(h) if h is not x else h, w.T) + b
        softmax_crossentropy(h, target).backward()
        for p in params:
            p.data -= LR * p.grad

    return Contender(step, lambda: [p.data for p in params])


def jax(net: Net) -> Contender:
    """The same in JAX: the whole step, update included, compiled as one."""
    import jax as xla
    import jax.numpy as jnp

    x, target, params = net.arrays()
    x, target = jnp.asarray(x), jnp.asarray(target)
    now = [jnp.asarray(p) for p in params]
    rows = jnp.arange(net.batch)

    def loss(params: list[Any]) -> Any:
        h = x
        for w, b in zip(params[::2], params[1::2], strict=True):
            h = (xla.nn.relu(h) if h is not x else h) @ w.T + b
        return -jnp.mean(xla.nn.log_softmax(h)[rows, target])

    def update(params: list[Any]) -> tuple[Any, list[Any]]:
        value, grads = xla.value_and_grad(loss)(params)
        return value, [p - LR * g for p, g in zip(params, grads, strict=True)]

    compiled = xla.jit(update, donate_argnums=0)

    def step() -> None:
        now[:] = xla.block_until_ready(compiled(now))[1]

    return Contender(step, lambda: now)


PEERS = {"autograd": hips, "mygrad": mygrad, "jax": jax}
