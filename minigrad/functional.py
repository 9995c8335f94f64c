"""The functions of the package: Tensor's methods by another spelling, and those of several tensors."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor import compositions as composed
from minigrad._tensor.calls import CALLS
from minigrad._tensor.convert import as_spelled, tensors_in
from minigrad._tensor.documentation import like
from minigrad._tensor.out import into, taking_out
from minigrad._tensor.tensor import Tensor
from minigrad.pytorch_names import absent

__all__ = [
    "abs", "absolute", "acos", "acosh", "add", "addcdiv", "addcmul", "addmm", "adjoint", "all",
    "allclose", "amax", "amin", "any", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2",
    "arctanh", "argmax", "argmin", "argsort", "argwhere", "asin", "asinh", "atan", "atan2", "atanh",
    "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "bmm", "broadcast_to", "cat", "ceil",
    "chunk", "clamp", "clip", "clone", "concat", "concatenate", "conj", "conj_physical", "cos", "cosh",
    "cumprod", "cumsum", "detach", "diag", "diagonal", "div", "divide", "dot", "einsum", "eq", "equal",
    "erf", "exp", "expm1", "flatten", "flip", "floor", "floor_divide", "gather", "ge", "greater",
    "greater_equal", "gt", "index_add", "index_select", "is_complex", "is_conj", "is_distributed",
    "is_floating_point", "is_inference", "is_neg", "is_nonzero", "is_same_size", "is_signed", "is_tensor",
    "isclose", "isfinite", "isinf", "isnan", "le", "lerp", "less", "less_equal", "log", "log10", "log1p",
    "log2", "log_softmax", "logaddexp", "logical_and", "logical_not", "logical_or", "logical_xor",
    "logsumexp", "lt", "masked_fill", "matmul", "max", "maximum", "mean", "min", "minimum", "mm",
    "moveaxis", "movedim", "mul", "multiply", "mv", "narrow", "ne", "neg", "negative", "nonzero", "norm",
    "not_equal", "numel", "outer", "permute", "pow", "prod", "reciprocal", "relu", "remainder", "reshape",
    "resolve_conj", "resolve_neg", "roll", "round", "rsqrt", "scatter", "scatter_add", "sigmoid", "sign",
    "sin", "sinh", "softmax", "sort", "split", "sqrt", "square", "squeeze", "stack", "std", "sub",
    "subtract", "sum", "swapaxes", "swapdims", "t", "take_along_dim", "tan", "tanh", "tile", "topk",
    "trace", "transpose", "tril", "triu", "true_divide", "unbind", "unsqueeze", "var", "where", "xlogy",
]  # fmt: skip

if TYPE_CHECKING:  # methods of Tensor under the same name, for `__getattr__` to find
    # One element at a time.
    abs = absolute = Tensor.abs
    acos = arccos = Tensor.acos
    asin = arcsin = Tensor.asin
    atan = arctan = Tensor.atan
    atan2 = arctan2 = Tensor.atan2
    clamp = clip = Tensor.clamp
    neg = negative = Tensor.neg
    acosh = Tensor.acosh
    asinh = Tensor.asinh
    atanh = Tensor.atanh
    bitwise_and, bitwise_not = Tensor.bitwise_and, Tensor.bitwise_not
    bitwise_or, bitwise_xor = Tensor.bitwise_or, Tensor.bitwise_xor
    ceil = Tensor.ceil
    cos = Tensor.cos
    cosh = Tensor.cosh
    erf = Tensor.erf
    exp = Tensor.exp
    expm1 = Tensor.expm1
    floor = Tensor.floor
    isfinite, isinf, isnan = Tensor.isfinite, Tensor.isinf, Tensor.isnan
    log, log10, log1p, log2 = Tensor.log, Tensor.log10, Tensor.log1p, Tensor.log2
    logaddexp = Tensor.logaddexp
    logical_and, logical_not = Tensor.logical_and, Tensor.logical_not
    logical_or, logical_xor = Tensor.logical_or, Tensor.logical_xor
    maximum, minimum = Tensor.maximum, Tensor.minimum
    reciprocal = Tensor.reciprocal
    relu = Tensor.relu
    rsqrt = Tensor.rsqrt
    sigmoid = Tensor.sigmoid
    sign = Tensor.sign
    sin = Tensor.sin
    sinh = Tensor.sinh
    sqrt = Tensor.sqrt
    square = Tensor.square
    tan = Tensor.tan
    tanh = Tensor.tanh
    xlogy = Tensor.xlogy

    # Reductions and scans.
    all, any = Tensor.all, Tensor.any
    amax, amin = Tensor.amax, Tensor.amin
    argmax, argmin, argsort = Tensor.argmax, Tensor.argmin, Tensor.argsort
    cumprod, cumsum = Tensor.cumprod, Tensor.cumsum
    logsumexp = Tensor.logsumexp
    max, min = Tensor.max, Tensor.min
    mean = Tensor.mean
    prod = Tensor.prod
    sort = Tensor.sort
    std = Tensor.std
    sum = Tensor.sum
    topk = Tensor.topk
    trace = Tensor.trace
    var = Tensor.var

    # Shapes.
    swapaxes = swapdims = transpose = Tensor.transpose
    squeeze = Tensor.squeeze
    tril, triu = Tensor.tril, Tensor.triu
    unsqueeze = Tensor.unsqueeze

    # Picking and placing, products.
    softmax, log_softmax = Tensor.softmax, Tensor.log_softmax

    # Answers of tensors to which every tensor gives the same, and other names.
    adjoint, conj = Tensor.adjoint, Tensor.conj
    resolve_conj, resolve_neg = Tensor.resolve_conj, Tensor.resolve_neg
    is_complex, is_conj, is_neg, is_signed = (
        Tensor.is_complex,
        Tensor.is_conj,
        Tensor.is_neg,
        Tensor.is_signed,
    )
    is_distributed, is_nonzero, is_same_size = Tensor.is_distributed, Tensor.is_nonzero, Tensor.is_same_size
    arccosh, arcsinh, arctanh = acosh, asinh, atanh
else:

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise absent(__name__, name)
        return vars(sys.modules[__name__]).setdefault(name, getattr(Tensor, name))


# One tensor.
clone = as_spelled(Tensor.clone)
detach = as_spelled(Tensor.detach)
round = as_spelled(Tensor.round)
norm = taking_out(composed.norm)
broadcast_to = as_spelled(Tensor.broadcast_to)
chunk = composed.chunk
diag = taking_out(composed.diag)
diagonal = as_spelled(Tensor.diagonal)
flatten = composed.flatten
movedim = moveaxis = composed.movedim
narrow = composed.narrow
numel = as_spelled(Tensor.numel)
t = composed.t
unbind = composed.unbind

# Picking and placing, products.
addcdiv, addcmul = taking_out(composed.addcdiv), taking_out(composed.addcmul)
lerp = taking_out(composed.lerp)
addmm = taking_out(composed.addmm)
allclose, equal, isclose = composed.allclose, composed.equal, composed.isclose
argwhere, nonzero = composed.argwhere, taking_out(composed.nonzero)
einsum = composed.einsum
bmm, mm = taking_out(composed.bmm), taking_out(composed.mm)
dot, mv = taking_out(composed.dot), taking_out(composed.mv)
gather = taking_out(composed.gather)
index_add, index_select = taking_out(composed.index_add), taking_out(composed.index_select)
masked_fill = composed.masked_fill
matmul = taking_out(Tensor.matmul)
outer = taking_out(composed.outer)
scatter, scatter_add = taking_out(composed.scatter), taking_out(composed.scatter_add)
take_along_dim = taking_out(composed.take_along_dim)
conj_physical = taking_out(Tensor.conj_physical, "conj_physical")


def _named(name: str, accepts: tuple[type, ...] = (Tensor,)) -> Callable[..., Tensor]:
    """A method as a function. The first argument may have the name `input`; `accepts` are its types."""
    method = getattr(Tensor, name)

    @functools.wraps(method)
    def function(input: Any, *args: Any, out: Any = None, **options: Any) -> Tensor:
        if out is not None:
            written: Tensor = into(out, name, function, (input, *args), options)
            return written
        other = options.get("other", args[0] if args else None)
        if not isinstance(input, Tensor) and not (isinstance(input, accepts) and isinstance(other, Tensor)):
            raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(input).__name__}")
        return method(input, *args, **options)

    function.__name__ = function.__qualname__ = name
    return like(function, method)


# The first operand may be a number too, as in torch.add(2, x).
_OPERANDS = (Tensor, np.ndarray, np.number, np.bool_, bool, int, float)
add = _named("add", _OPERANDS)
sub = subtract = _named("sub", _OPERANDS)
mul = multiply = _named("mul", _OPERANDS)
div = divide = _named("div", _OPERANDS)
true_divide = CALLS["div"]
remainder = _named("remainder", _OPERANDS)
floor_divide = _named("floor_divide", _OPERANDS)
# But not of these.
eq, ne, lt, le, gt, ge = map(_named, ("eq", "ne", "lt", "le", "gt", "ge"))
not_equal, less, less_equal, greater, greater_equal = ne, lt, le, gt, ge


@taking_out
def pow(input: Any, exponent: Any) -> Tensor:
    """`input` to the power of `exponent`.

    Arguments:
        input, exponent: tensors, or one of them a number. Shapes broadcast, dtypes meet in one.

    Raises:
        RuntimeError: for shapes that do not go together, and for integers to a negative number.

    Derivative: d/d input = exponent * input^(exponent - 1), d/d exponent = input^exponent * log(input).

    >>> import minigrad as torch
    >>> torch.pow(2, torch.arange(3))
    tensor([1, 2, 4])
    """
    return CALLS["pow"](input, exponent)


@taking_out
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """`input` where `condition`, else `other`; either may be a number. With the condition alone, its indices.

    Arguments:
        condition: a boolean tensor.
        input, other: tensors or numbers. All three broadcast, and the dtypes of these meet in one.

    Returns:
        A tensor; with the condition alone a tuple of index vectors, as `nonzero(condition, as_tuple=True)`.

    Raises:
        RuntimeError: for a condition that is not boolean, and for shapes that do not go together.

    Derivative: each gradient goes where its element came from.

    >>> import minigrad as torch
    >>> torch.where(torch.tensor([True, False]), 1.0, torch.zeros(2))
    tensor([1., 0.])
    """
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    composed.mask_of("where", condition)
    return CALLS["where"](condition, input, other)


def reshape(input: Tensor, shape: Any) -> Tensor:
    """The elements of `input` in another shape: a view where the memory allows, else a copy.

    Arguments:
        input: a tensor of any shape.
        shape: a tuple of sizes; one may be -1, which stands for the size that is left.

    Raises:
        RuntimeError: for a shape of another size.

    Derivative: the gradient in the old shape.

    >>> import minigrad as torch
    >>> torch.reshape(torch.arange(4), (2, -1))
    tensor([[0, 1],
            [2, 3]])
    """
    return input.reshape(shape)


def permute(input: Tensor, dims: Any) -> Tensor:
    """The axes in another order: a view.

    Arguments:
        input: a tensor of any shape.
        dims: a tuple that names each axis once.

    Raises:
        RuntimeError: unless each axis is named once.
        IndexError: for an axis that is not there.

    Derivative: the gradient with its axes put back.

    >>> import minigrad as torch
    >>> torch.permute(torch.zeros(2, 3, 4), (2, 0, 1)).shape
    torch.Size([4, 2, 3])
    """
    return input.permute(dims)


def tile(input: Tensor, dims: Any) -> Tensor:
    """`input` repeated `dims` times along its axes.

    Arguments:
        input: a tensor of any shape.
        dims: a tuple of numbers for the last axes; more than there are axes add axes in front.

    Derivative: the sum of the gradient over the copies.

    >>> import minigrad as torch
    >>> torch.tile(torch.tensor([1, 2]), (2,))
    tensor([1, 2, 1, 2])
    """
    return input.tile(dims)


def flip(input: Tensor, dims: Any) -> Tensor:
    """The order reversed along the axes `dims`.

    Arguments:
        input: a tensor of any shape.
        dims: an axis or a tuple of axes.

    Raises:
        IndexError: for an axis that is not there.

    Derivative: the gradient, flipped back.

    >>> import minigrad as torch
    >>> torch.flip(torch.arange(3), (0,))
    tensor([2, 1, 0])
    """
    return input.flip(dims)


def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """The elements shifted along `dims`, re-entering at the other end.

    Arguments:
        input: a tensor of any shape.
        shifts: an integer, or a tuple of them, one for each axis.
        dims: an axis, or a tuple of axes; None shifts the flattened tensor.

    Derivative: the gradient, shifted back.

    >>> import minigrad as torch
    >>> torch.roll(torch.arange(3), 1)
    tensor([2, 0, 1])
    """
    return input.roll(shifts, dims)


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Consecutive parts along `dim`: views.

    Arguments:
        tensor: a tensor of at least one axis.
        split_size_or_sections: the size of the parts (the last one may be smaller), or a list of sizes.
        dim: an axis.

    Raises:
        RuntimeError: for sizes that do not add up to that of the axis.

    >>> import minigrad as torch
    >>> torch.split(torch.arange(5), [1, 4])
    (tensor([0]), tensor([1, 2, 3, 4]))
    """
    return composed.split(tensor, split_size_or_sections, dim)


@taking_out
@as_spelled
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors joined along an axis that they have.

    Arguments:
        tensors: a list or tuple of tensors. Their shapes differ along `dim` only; dtypes meet in one.
        dim: an axis.

    Raises:
        ValueError: for no tensors.
        RuntimeError: for shapes that do not go together.

    Derivative: to each tensor its part of the gradient.

    >>> import minigrad as torch
    >>> torch.cat([torch.zeros(1), torch.ones(2)])
    tensor([0., 1., 1.])
    """
    return CALLS["cat"](tensors_in("cat", tensors, ValueError), dim=dim)


concat = concatenate = cat


@taking_out
@as_spelled
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors, of one shape, joined along a new axis.

    Arguments:
        tensors: a list or tuple of tensors of one shape; dtypes meet in one.
        dim: the place of the new axis.

    Raises:
        RuntimeError: for no tensors, and for shapes that differ.

    Derivative: to each tensor its part of the gradient.

    >>> import minigrad as torch
    >>> torch.stack([torch.zeros(2), torch.ones(2)])
    tensor([[0., 0.],
            [1., 1.]])
    """
    tensors = tensors_in("stack", tensors)
    first = tensors[0].shape
    for i, other in enumerate(tensors):
        if other.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {tuple(first)} at entry 0 and "
                f"{tuple(other.shape)} "
                f"at entry {i}"
            )
    return CALLS["stack"](tensors, dim=dim)


def is_tensor(obj: Any) -> bool:
    """True if `obj` is a Tensor.

    Arguments:
        obj: anything.

    >>> import minigrad as torch
    >>> torch.is_tensor([1.0])
    False
    """
    return isinstance(obj, Tensor)


def is_inference(input: Tensor) -> bool:
    """True if `input` was made in `inference_mode`, and so stays out of every later graph.

    >>> import minigrad as torch
    >>> torch.is_inference(torch.ones(2))
    False
    """
    return input.is_inference()


def is_floating_point(input: Tensor) -> bool:
    """True if the dtype of `input` is floating.

    >>> import minigrad as torch
    >>> torch.is_floating_point(torch.arange(3))
    False
    """
    return input.dtype.is_floating_point
