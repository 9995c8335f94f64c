"""Gradients where there is no derivative: at kinks, ties and poles a convention decides; here they are.

Finite differences cannot see conventions, so they are data: an op, a point, and the gradient there of the sum
of the output. They are PyTorch's, but where it has nan or inf and there is more to say: the second gradient
where a pole was given a first one, the extreme of values with a nan among them, the target of the clamped
binary_cross_entropy.
"""

from __future__ import annotations

from math import inf, nan
from typing import Any, NamedTuple

import numpy as np

from minigrad.autograd import grad
from minigrad.creation import from_numpy
from minigrad.ops.op import Op
from minigrad.testing.properties import as_function, differentiable_positions


class Edge(NamedTuple):
    """A point where a convention decides: inputs (None: left out), and a gradient for each that has one.

    `second`, where it is given, are the gradients of the sum of all those gradients, the k-th entry of each
    taken k times (of a variance, say, the plain sum is 0 everywhere).
    """

    op: str
    inputs: tuple[Any, ...]
    gradients: tuple[Any, ...]
    options: dict[str, Any] = {}  # noqa: RUF012 (never written)
    second: tuple[Any, ...] = ()


SMALL = float(np.float32(1e-12))  # what binary_cross_entropy divides by at least, as PyTorch does
EDGES = (
    # A kink: one side is chosen.
    Edge("relu", ([0.0, -0.0, 1.0, nan],), ([0, 0, 1, 1],)),
    Edge("abs", ([0.0, -0.0, -2.0],), ([0, 0, -1],)),
    Edge("leaky_relu", ([0.0, 1.0],), ([0.25, 1],), {"negative_slope": 0.25}),
    Edge("elu", ([0.0, 1.0],), ([0.5, 1],), {"alpha": 0.5}),
    Edge("selu", ([0.0, 1.0],), ([1.0507009873554805 * 1.6732632423543772, 1.0507009873554805],)),
    Edge("hardtanh", ([-1.0, 1.0, 0.5],), ([0, 0, 1],)),
    Edge("celu", ([0.0, 0.5],), ([1, 1],), {"alpha": 0.5}),
    Edge("prelu", ([0.0, -1.0], [0.25, 0.25]), ([0.25, 0.25], [0, -1])),
    Edge("hardshrink", ([0.5, -0.5, 0.2, 1.0],), ([0, 0, 0, 1],)),
    Edge("softshrink", ([0.5, -0.5, 0.2, 1.0],), ([0, 0, 0, 1],)),
    Edge("hardswish", ([-3.0, 3.0, 0.0],), ([0, 1, 0.5],), {}, ([0, 0, 1],)),
    Edge("threshold", ([0.5, 1.0],), ([0, 1],), {"threshold": 0.5, "value": 0}),
    Edge("hardsigmoid", ([-3.0, 3.0, 0.0],), ([0, 0, 1 / 6],)),
    Edge("huber", ([-1.0, 1.0, 1.0],), ([-1, 1, 1],)),
    Edge("clamp", ([0.0, 1.0, 0.5, -1.0, 2.0], 0.0, 1.0), ([1, 1, 1, 0, 0],)),
    Edge("clamp", ([0.0, 1.0], 0.0, None), ([1, 1],)),
    Edge("clamp", ([0.0, -1.0], None, 0.0), ([1, 1],)),
    Edge("clamp", ([0.0, 3.0], [0.0, 2.0], [2.0, 2.0]), ([1, 0], [0, 0], [0, 1])),
    # x at the bound, at both bounds at once, below both, above both; a max below the min, at it, beside it.
    Edge("clamp", ([0.0, -1.0], [0.0, 0.0], None), ([1, 0], [0, 1])),
    Edge("clamp", ([0.0, 1.0], None, [0.0, 0.0]), ([1, 0], [0, 1])),
    Edge("clamp", ([2.0, 0.0, 3.0], [2.0] * 3, [2.0] * 3), ([1, 0, 0], [0, 0, 0], [0, 0, 1])),
    Edge("clamp", ([1.0, 2.0, 1.5], [2.0] * 3, [1.0] * 3), ([0, 0, 0], [0, 0, 0], [1, 1, 1])),
    Edge("logit", ([-0.5, 0.0, 0.5, 1.0, 1.5],), ([nan, inf, 4, inf, nan],)),
    Edge("sinc", ([0.0, 1.0, -1.0],), ([0, -1, 1],)),
    Edge("copysign", ([0.0, 1.0, -2.0], [-1.0, -1.0, -1.0]), ([0, -1, 1], [0, 0, 0])),
    Edge("softplus", ([20.0],), ([1 / (1 + np.exp(-20.0))],)),
    # A determinant of 0: the cofactors.
    Edge("det", ([[1.0, 2.0], [2.0, 4.0]],), ([[4, -2], [-2, 1]],)),
    Edge("det", ([[1.0, -2.0], [2.0, -4.0]],), ([[-4, -2], [2, 1]],)),  # det(U V^T) is -1
    Edge(
        "det",
        ([[0.0, 2.0, 1.0], [2.0, 4.0, 3.0], [2.0, 8.0, 5.0]],),
        ([[-4, -4, 8], [-2, -2, 4], [2, 2, -4]],),
    ),
    Edge(
        "det",
        ([[[1.0, 2.0], [2.0, 4.0]], [[2.0, 1.0], [1.0, 3.0]]],),
        ([[[4, -2], [-2, 1]], [[3, -1], [-1, 2]]],),
    ),
    # A tie: shared evenly where the question was symmetric.
    Edge("maximum", ([1.0, 2.0, 0.0], [1.0, 0.0, 2.0]), ([0.5, 1, 0], [0.5, 0, 1])),
    Edge("minimum", ([1.0, 2.0, 0.0], [1.0, 0.0, 2.0]), ([0.5, 0, 1], [0.5, 1, 0])),
    Edge("amax", ([1.0, 3.0, 3.0],), ([0, 0.5, 0.5],)),
    Edge("amin", ([1.0, 1.0, 3.0],), ([0.5, 0.5, 0],)),
    Edge("amax", ([[1.0, nan, nan], [3.0, 2.0, 1.0]],), ([[nan, nan, nan], [1, 0, 0]],), {"dim": 1}),
    Edge("amin", ([[1.0, nan, nan], [3.0, 2.0, 1.0]],), ([[nan, nan, nan], [0, 0, 1]],), {"dim": 1}),
    Edge("max", ([1.0, 3.0, 3.0],), ([0, 0.5, 0.5],)),
    Edge("min", ([1.0, 1.0, 3.0],), ([0.5, 0.5, 0],)),
    Edge("max", ([1.0, nan, nan],), ([0, 0.5, 0.5],)),
    Edge("min", ([1.0, nan, nan],), ([0, 0.5, 0.5],)),
    Edge("amax", ([[2.0, 2.0], [3.0, 1.0]],), ([[0.5, 0.5], [1, 0]],), {"dim": 1}),
    Edge("max_dim", ([1.0, 3.0, 3.0],), ([0, 1, 0],), {"dim": 0}),
    Edge("min_dim", ([1.0, 1.0, 3.0],), ([1, 0, 0],), {"dim": 0}),
    Edge("vector_norm", ([3.0, -3.0, 1.0],), ([0.5, -0.5, 0],), {"ord": inf}),
    Edge("vector_norm", ([3.0, -1.0, 1.0],), ([0, -0.5, 0.5],), {"ord": -inf}),
    Edge("vector_norm", ([0.0, 0.0],), ([0, 0],), {"ord": inf}),
    Edge("vector_norm", ([1.0, nan],), ([0, 0],), {"ord": inf}),
    # A pole, or 0 / 0: the limit, where there is one.
    Edge("sqrt", ([0.0, 4.0],), ([inf, 0.25],)),
    Edge("log", ([0.0, 1.0],), ([inf, 1],)),
    Edge("vector_norm", ([0.0, 0.0],), ([0, 0],), {"ord": 2.0}, ([0, 0],)),
    Edge("vector_norm", ([0.0, 0.0],), ([0, 0],), {"ord": 3.0}, ([0, 0],)),
    Edge("vector_norm", ([0.6, 0.8],), ([0.6, 0.8],), {"ord": 2.0}),  # 1 is no 0
    Edge("vector_norm", ([1.0, 2.0],), (np.array([1.0, 4.0]) / 9 ** (2 / 3),), {"ord": 3.0}),
    Edge("vector_norm", ([0.0, 2.0],), ([0, 1],), {"ord": 3.0}),
    Edge("vector_norm", ([0.0, 2.0],), ([0, 1],), {"ord": 1.5}, ([0, 0],)),
    Edge("vector_norm", ([0.0, 2.0],), ([0, 1],), {"ord": 1.0}),
    Edge("vector_norm", ([0.0, 2.0],), ([0, 0],), {"ord": 0.0}),
    Edge("std", ([2.0, 2.0],), ([0, 0],), {}, ([0, 0],)),
    Edge("std", ([0.0, 2.0],), ([-0.5, 0.5],), {"correction": 0}),  # 1 is no 0
    Edge("std", ([1.0, 3.0],), ([-0.5, 0.5],), {"correction": 0}),  # std = 1 is no 0
    Edge("std", ([2.0],), ([nan],)),
    Edge("var", ([2.0],), ([nan],)),
    Edge("var", ([2.0],), ([0],), {"correction": 0}),
    Edge("pow", ([0.0, 0.0, 0.0, 2.0], [0.0, 1.0, 2.0, 0.0]), ([0, 1, 0, 0], [0, 0, 0, np.log(2.0)])),
    Edge("pow", ([0.0, 2.0, inf], 0), ([0, 0, 0],)),
    # 0, but not its derivative by b: at b = 0, d(b a^(b-1))/db = 1/a.
    Edge("pow", ([2.0], [0.0]), ([0], [np.log(2.0)]), {}, ([0.5], [0.5 + np.log(2.0) ** 2])),
    Edge("atan2", ([0.0, 0.0], [0.0, 1.0]), ([0, 1], [0, 0]), {}, ([0, -2], [0, -2])),
    Edge("pow", ([0.0, 2.0], 0.5), ([inf, 0.5 / 2**0.5],)),
    Edge("pow", ([-2.0, -2.0], 3), ([12, 12],)),
    Edge("pow", ([0.0], [-1.0]), ([-inf], [-inf])),
    Edge("pow", (0.0, [2.0, 0.0, -1.0]), ([0, 0, -inf],)),
    Edge(
        "xlogy", ([0.0, 0.0, 2.0, 2.0], [0.0, 2.0, 1.0, 0.0]), ([0, np.log(2.0), 0, -inf], [nan, 0, 2, inf])
    ),
    Edge("xlogy", ([0.0, 0.0], [0.5, 1.0]), ([np.log(0.5), 0], [0, 0])),
    Edge("xlogy", ([-1.0, 0.0], [-1.0, -1.0]), ([nan, 0], [1, 0])),
    Edge("binary_cross_entropy", ([0.0, 1.0], [1.0, 0.0]), ([-1 / SMALL, 1 / SMALL], [100, -100])),
    Edge("cat", ([], [[1.0, 2.0]]), ([], [[1, 1]]), {"dim": 1}),
    Edge("prod", ([],), ([],)),
    Edge("prod", ([[], []],), ([[], []],), {"dim": 0}),
    Edge("einsum", ([[], []],), ([[], []],), {"equation": "ij->"}),
    Edge("prod", ([2.0, 0.0, 3.0],), ([0, 6, 0],)),
    Edge("prod", ([0.0, 0.0, 3.0],), ([0, 0, 0],)),
    Edge("cumprod", ([2.0, 0.0, 3.0],), ([1, 8, 0],), {"dim": 0}),
    # Far out: no overflow on the way to a finite number.
    Edge("sigmoid", ([-1000.0, 1000.0],), ([0, 0],)),
    Edge("softplus", ([-1000.0, 1000.0],), ([0, 1],)),
    Edge("logsigmoid", ([-1000.0, 1000.0],), ([1, 0],)),
    Edge("elu", ([-1000.0, 1000.0],), ([0, 1],)),
    Edge("silu", ([-1000.0, 1000.0],), ([0, 1],)),
    Edge("gelu", ([-1000.0, 1000.0],), ([0, 1],)),
    Edge("logaddexp", ([-1000.0, 1000.0], [0.0, 0.0]), ([0, 1], [1, 0])),
    Edge("logsumexp", ([1000.0, -1000.0],), ([1, 0],), {"dim": 0}),
    Edge("logsumexp", ([-inf, 0.0],), ([0, 1],), {"dim": 0}),
    Edge("where", ([True, False], [1.0, inf], [nan, 2.0]), ([1, 0], [0, 1])),
    Edge("keep", ([inf, 2.0], [False, True]), ([0, 1],)),
)


def conventions_hold(op: Op) -> None:
    """At each of its edges an op has the gradients that the table says, to the last digits."""
    for edge in [e for e in EDGES if e.op == op.name]:
        first, second = _gradients(op, edge)
        for which, found, told in (("", first, edge.gradients), ("second ", second, edge.second)):
            for position, (g, wanted) in enumerate(zip(found, told, strict=True)):
                name = op.inputs[0 if op.variadic else position]
                assert np.allclose(g, wanted, rtol=1e-12, atol=0, equal_nan=True), (
                    f"op {op.name} at {edge.inputs}: the {which}gradient of {name} is {g.tolist()}, "
                    f"not {wanted}"
                )
                assert np.shape(g) == np.shape(wanted)


def _gradients(op: Op, edge: Edge) -> tuple[list[Any], list[Any]]:
    """The gradients, and (where the edge tells them) those of their sum."""
    inputs = [np.array(x) if isinstance(x, list) else x for x in edge.inputs]
    xs = [from_numpy(inputs[i]).requires_grad_() for i in differentiable_positions(op, inputs)]
    out = as_function(op, inputs, {**op.options, **edge.options})(*xs)
    # Thrice the sum, and a third of what comes back: a gradient of ones hides a rule that takes 1 for g.
    first = grad(out, xs, from_numpy(np.full(out.shape, 3.0)), create_graph=bool(edge.second))
    weights = [from_numpy(1.0 + np.arange(g.numel()).reshape(g.shape)) for g in first]
    second = grad(first, xs, weights) if edge.second else ()
    return [g.detach().numpy() / 3 for g in first], [g.numpy() / 3 for g in second]
