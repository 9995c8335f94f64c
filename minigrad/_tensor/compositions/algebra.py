"""Products of matrices and vectors, sums of products, and the norm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.calls import CALLS
from minigrad._tensor.convert import require_tensors, tensors_in
from minigrad._tensor.older_order import factor_first, factors_first
from minigrad._tensor.record import Recorded

from .choosing import masked_fill

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor


def _product(name: str, a: T, b: T, dims: tuple[int, int]) -> T:
    require_tensors(name, input=a, other=b)
    if (a.ndim, b.ndim) != dims:
        raise RuntimeError(
            f"{name}: expected operands of {dims[0]} and {dims[1]} dimensions, got shapes "
            f"{tuple(a.shape)} and "
            f"{tuple(b.shape)}; matmul takes any"
        )
    return a.matmul(b)


def mm(input: T, mat2: T) -> T:
    """The product of two matrices; no broadcasting.

    Arguments:
        input: a matrix (n, m).
        mat2: a matrix (m, p) of the same dtype.

    Raises:
        RuntimeError: for other shapes, and for different dtypes.

    Derivative: grad input = g @ mat2^T, grad mat2 = input^T @ g.

    >>> import minigrad as torch
    >>> torch.mm(torch.ones(1, 2), torch.ones(2, 1))
    tensor([[2.]])
    """
    return _product("mm", input, mat2, (2, 2))


def bmm(input: T, mat2: T) -> T:
    """The products of two batches of matrices: (b, m, n) and (b, n, p) give (b, m, p).

    Arguments:
        input, mat2: tensors of three axes and of one dtype.

    Raises:
        RuntimeError: for other shapes; `matmul` takes them.

    Derivative: grad input = g @ mat2^T, grad mat2 = input^T @ g.

    >>> import minigrad as torch
    >>> torch.bmm(torch.ones(5, 1, 2), torch.ones(5, 2, 1)).shape
    torch.Size([5, 1, 1])
    """
    require_tensors("bmm", input=input, mat2=mat2)
    if input.ndim == mat2.ndim == 3 and input.shape[0] != mat2.shape[0]:
        raise RuntimeError(
            f"bmm: batches differ: {input.shape[0]} and {mat2.shape[0]}; matmul broadcasts them"
        )
    return _product("bmm", input, mat2, (3, 3))


def mv(input: T, vec: T) -> T:
    """A matrix times a vector.

    Arguments:
        input: a matrix (n, m).
        vec: a vector (m) of the same dtype.

    Raises:
        RuntimeError: for other shapes, and for different dtypes.

    >>> import minigrad as torch
    >>> torch.mv(torch.ones(1, 2), torch.ones(2))
    tensor([2.])
    """
    return _product("mv", input, vec, (2, 1))


def dot(input: T, tensor: T) -> T:
    """The inner product of two vectors.

    Arguments:
        input, tensor: vectors of one length and one dtype.

    Raises:
        RuntimeError: for other shapes, and for different dtypes.

    >>> import minigrad as torch
    >>> torch.dot(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor(11.)
    """
    require_tensors("dot", input=input, tensor=tensor)
    if input.ndim == tensor.ndim == 1 and input.shape != tensor.shape:
        raise RuntimeError(f"dot: expected vectors of one length, got {input.shape[0]} and {tensor.shape[0]}")
    return _product("dot", input, tensor, (1, 1))


def outer(input: T, vec2: T) -> T:
    """The outer product of two vectors: out[i, j] = input[i] vec2[j].

    Arguments:
        input, vec2: vectors, of any lengths.

    Raises:
        RuntimeError: for other shapes.

    >>> import minigrad as torch
    >>> torch.outer(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    require_tensors("outer", input=input, vec2=vec2)
    if input.ndim != 1 or vec2.ndim != 1:
        raise RuntimeError(
            f"outer: expected two vectors, got shapes {tuple(input.shape)} and {tuple(vec2.shape)}"
        )
    return input.unsqueeze(1) * vec2


def addmm(input: T, mat1: T, mat2: T, *older: T, beta: float = 1, alpha: float = 1) -> T:
    """beta * input + alpha * (mat1 @ mat2).

    Arguments:
        input: a tensor that broadcasts to (n, p).
        mat1, mat2: matrices (n, m) and (m, p), all of one dtype.
        older: the last tensors, where beta and alpha stand before, as before PyTorch 1.5.
        beta, alpha: numbers. With beta = 0, nan and inf in `input` count for nothing.

    Raises:
        RuntimeError: for shapes or dtypes that do not go together.

    >>> import minigrad as torch
    >>> torch.addmm(torch.ones(1, 1), torch.ones(1, 2), torch.ones(2, 1), alpha=2)
    tensor([[5.]])
    """
    if older:
        given = (input, mat1, mat2, *older)
        input, mat1, mat2, beta, alpha = factors_first("addmm", given, beta, alpha)
    product = mm(mat1, mat2)
    if input.dtype != product.dtype:
        raise RuntimeError(
            f"addmm: expected operands of the same dtype, got {input.dtype.name} and {product.dtype.name}"
        )
    if product.dtype.kind in "iu":
        alpha, beta = int(alpha), int(beta)  # as PyTorch cuts fractions
    product = product if alpha == 1 else product * alpha
    if beta == 0:  # nan and inf in `input` must not leak through a factor of 0
        return product + masked_fill(input, input.new_ones((), dtype=bool), 0)
    return (input if beta == 1 else input * beta) + product


def addcmul(input: T, tensor1: T, tensor2: T, *older: T, value: float = 1) -> T:
    """input + value * tensor1 * tensor2.

    Arguments:
        input, tensor1, tensor2: tensors; shapes broadcast, dtypes meet in one.
        older: the last tensor, where `value` stands before the two, as before PyTorch 1.5.
        value: a number; whole for integers.

    Raises:
        RuntimeError: for shapes that do not go together, and for a fraction as `value` of integers.

    >>> import minigrad as torch
    >>> torch.addcmul(torch.ones(1), torch.ones(1), torch.ones(1), value=2)
    tensor([3.])
    """
    if older:
        given = (tensor1, tensor2, *older)
        tensor1, tensor2, value = factor_first("addcmul", "value", given, value)
    require_tensors("addcmul", input=input, tensor1=tensor1, tensor2=tensor2)
    if input.dtype == tensor1.dtype == tensor2.dtype == np.float16:  # whose product may overflow
        return addcmul(*(x.float() for x in (input, tensor1, tensor2)), value=value).to(np.float16)
    product = tensor1 * tensor2
    _factor("addcmul", "value", value, input, product)
    return input + (product if value == 1 else product * value)


def _factor(name: str, key: str, value: Any, *operands: T) -> None:
    """PyTorch cuts 0.5 down to 0 where all operands are integers: refused."""
    if isinstance(value, float) and not any(x.is_floating_point() for x in operands):
        raise RuntimeError(f"{name}: {key} must be an integer for integer tensors, not {value}")


def addcdiv(input: T, tensor1: T, tensor2: T, *older: T, value: float = 1) -> T:
    """input + value * tensor1 / tensor2.

    Arguments:
        input, tensor1, tensor2: tensors; shapes broadcast, dtypes meet in one.
        older: the last tensor, where `value` stands before the two, as before PyTorch 1.5.
        value: a number.

    Raises:
        RuntimeError: for shapes that do not go together, and for integers divided by integers.

    >>> import minigrad as torch
    >>> torch.addcdiv(torch.ones(1), torch.ones(1), torch.ones(1), value=2)
    tensor([3.])
    """
    if older:
        given = (tensor1, tensor2, *older)
        tensor1, tensor2, value = factor_first("addcdiv", "value", given, value)
    require_tensors("addcdiv", input=input, tensor1=tensor1, tensor2=tensor2)
    if not any(x.is_floating_point() for x in (tensor1, tensor2)):
        raise RuntimeError("addcdiv: integer division is not supported; convert with .float()")
    if input.dtype == tensor1.dtype == tensor2.dtype == np.float16:
        return addcdiv(*(x.float() for x in (input, tensor1, tensor2)), value=value).to(np.float16)
    return input + (tensor1 if value == 1 else tensor1 * value) / tensor2


def lerp(input: T, end: T, weight: Any) -> T:
    """input + weight * (end - input), from whichever end is nearer.

    Arguments:
        input, end: floating tensors; shapes broadcast.
        weight: a number or a tensor; 0 gives `input`, 1 gives `end`.

    Raises:
        RuntimeError: for tensors that are not floating, and for shapes that do not go together.

    >>> import minigrad as torch
    >>> torch.lerp(torch.zeros(1), torch.ones(1), 0.25)
    tensor([0.2500])
    """
    require_tensors("lerp", input=input, end=end)
    if not input.is_floating_point():
        raise RuntimeError(f"lerp: expected floating tensors, got {input.dtype.name}; convert with .float()")
    if input.dtype != end.dtype:
        raise RuntimeError(
            f"lerp: expected dtype {input.dtype.name} for `end` but got dtype {end.dtype.name}"
        )
    if input.dtype == np.float16:  # the span may overflow
        weight = weight if isinstance(weight, (int, float)) else weight.float()
        return lerp(input.float(), end.float(), weight).to(np.float16)
    return CALLS["lerp"](input, end, weight)


def norm(input: T, p: Any = "fro", dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> T:
    """The vector norm of order `p` over `dim` (all axes by default); "fro" is order 2.

    Arguments:
        input: a floating tensor of any shape.
        p: a number, inf, -inf, or "fro"; or "nuc", the sum of the singular values of matrices.
        dim: an axis, a tuple of axes, or None for all; two for "nuc".
        keepdim: whether these axes stay, with size 1.
        dtype: convert the input to it first.

    Raises:
        RuntimeError: for another order, and for "nuc" of other than two axes.

    `linalg.norm` has the norms of matrices.

    >>> import minigrad as torch
    >>> torch.norm(torch.tensor([3.0, 4.0]))
    tensor(5.)
    """
    if p == "nuc":
        return _nuclear_norm(input if dtype is None else input.to(dtype), dim, keepdim)
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"norm: order {p!r} is not supported; use 'fro', 'nuc' or a number")
    input = input if dtype is None else input.to(dtype)
    return input._vector_norm(ord=2.0 if p in ("fro", None) else float(p), dim=dim, keepdim=keepdim)


def einsum(equation: Any, *operands: Any) -> T:
    """A sum of products by subscripts, as in Einstein's convention.

    Arguments:
        equation: a letter for each axis of each operand, with commas between operands; after "->" the axes
            of the result. "..." stands for axes that broadcast. All other axes are summed.
        operands: as many tensors, of one dtype, or one list of them. Without an equation, the list of its
            axes follows each operand: numbers below 52, and an Ellipsis for the dots. A last list may name
            the axes of the result.

    Raises:
        RuntimeError: for an equation that does not fit the operands.

    Derivative: the gradient contracted with the other operands.

    >>> import minigrad as torch
    >>> torch.einsum("ij,j->i", torch.eye(2), torch.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """
    if isinstance(equation, Recorded):
        equation, operands = _equation((equation, *operands))
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    return CALLS["einsum"](tensors_in("einsum", operands), equation=equation)


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _equation(mixed: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """The equation and the operands of operands that are followed by lists of their axes."""
    operands, axes = mixed[: len(mixed) // 2 * 2 : 2], mixed[1::2]
    output = f"->{_letters(mixed[-1])}" if len(mixed) % 2 else ""
    return ",".join(map(_letters, axes)) + output, operands


def _letters(axes: Any) -> str:
    """The term of an equation for a list of axes."""
    if not isinstance(axes, (list, tuple)):
        raise ValueError("einsum() takes an equation, or after each operand the list of its axes")
    bad = [axis for axis in axes if axis is not Ellipsis and axis not in range(52)]
    if bad:
        kind = ValueError if isinstance(bad[0], int) else TypeError
        raise kind(f"einsum(): an axis is a number from 0 to 51 or an Ellipsis, not {bad[0]!r}")
    return "".join("..." if axis is Ellipsis else _LETTERS[axis] for axis in axes)


def _nuclear_norm(input: T, dim: Any, keepdim: bool) -> T:
    axes = (dim,) if isinstance(dim, int) else tuple(range(input.ndim) if dim is None else dim)
    if len(axes) != 2 or input.ndim < 2:
        raise RuntimeError(f"norm: 'nuc' is a norm of matrices: dim must name two axes, got {dim}")
    found = input.movedim(axes, (-2, -1)).svd().S.sum(-1)
    for axis in sorted(a % input.ndim for a in axes) if keepdim else ():
        found = found.unsqueeze(axis)
    return found
