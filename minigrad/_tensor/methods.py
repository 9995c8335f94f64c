"""The methods of Tensor that compute: every op under PyTorch's names, with PyTorch's arguments.

A line like `exp = method("exp")` is the op's record made callable, when it is first used. A method with a
body sorts out the ways in which PyTorch lets the call be written. Several methods share the functions at the
end.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from minigrad.ops.op import REGISTRY
from minigrad.ops.refusal import refuses

from . import compositions as composed
from .calls import CALLS, method
from .convert import as_operand
from .documentation import named
from .dtype import result_type
from .later import Later
from .layout import contiguous_format, in_order, preserve_format
from .methods_convert import Conversions
from .methods_later import methods_composed
from .methods_linalg import Matrices
from .methods_order import Orders
from .methods_reduce import Reductions
from .methods_shape import Shapes
from .older_order import factor_first
from .out import into
from .record import Call, Recorded, history_of

if TYPE_CHECKING:
    from .tensor import Tensor


def _later(make: Callable[[str], Call], name: str) -> Call:
    later: Any = Later(make, name)
    return later


def _swapped(name: str) -> Call:
    call = _floor_divide(name) if name == "floor_divide" else CALLS[name]
    return lambda self, other: call(as_operand(other), self)


def _floor_divide(name: str) -> Call:
    """The op without its gradient of 0: as in PyTorch, only `div(rounding_mode="floor")` has that."""
    call = CALLS[name]

    def floor_divide(input: Any, other: Any, *, out: Any = None) -> Any:
        result: Any = call(input, other, out=out)
        return result if history_of(result) is None else refuses(name, result.detach(), input, other)

    return named(floor_divide, REGISTRY[name])


def _equality(name: str) -> Call:
    """The operator == or !=: tensors are never equal to None, to a string and the like."""
    compare = CALLS[name]
    operands = (Recorded, np.ndarray, np.generic, int, float)
    return lambda self, other: compare(self, other) if isinstance(other, operands) else NotImplemented


def _of_tensors(name: str) -> Call:
    """An op that takes no plain numbers, as PyTorch's does not; arrays count as tensors."""
    call = CALLS[name]

    def method(input: Any, other: Any, *, out: Any = None) -> Tensor:
        if out is not None:
            return into(out, name, method, (input, other), {})
        for x, argument in ((input, "input"), (other, "other")):
            if not isinstance(x, (Recorded, np.ndarray)):
                raise TypeError(f"{name}(): argument '{argument}' must be Tensor, not {type(x).__name__}")
        return call(input, as_operand(other))

    return named(method, REGISTRY[name], numbers=False)


class Operations(Conversions, Reductions, Orders, Shapes, Matrices):
    """The methods that compute. Nothing here changes a tensor."""

    __slots__ = ()

    # --- elementwise ops -------------------------------------------------------------------------

    __neg__ = neg = negative = method("neg")
    __abs__ = abs = absolute = method("abs")
    square = method("square")
    reciprocal = method("reciprocal")
    sign = method("sign")
    floor = method("floor")
    ceil = method("ceil")
    exp = method("exp")
    expm1 = method("expm1")
    log = method("log")
    log2 = method("log2")
    log10 = method("log10")
    log1p = method("log1p")
    sqrt = method("sqrt")
    rsqrt = method("rsqrt")
    sin = method("sin")
    cos = method("cos")
    tan = method("tan")
    asin = arcsin = method("asin")
    acos = arccos = method("acos")
    atan = arctan = method("atan")
    sinh = method("sinh")
    cosh = method("cosh")
    tanh = method("tanh")
    asinh = arcsinh = method("asinh")
    acosh = arccosh = method("acosh")
    atanh = arctanh = method("atanh")
    sigmoid = method("sigmoid")
    erf = method("erf")
    relu = method("relu")

    def clone(self, *, memory_format: Any = preserve_format) -> Tensor:
        """A copy inside the graph: the gradient flows through.

        Arguments:
            input: a tensor of any shape and dtype.
            memory_format: the order of its elements; rows where it is left out.

        >>> import minigrad as torch
        >>> x = torch.ones(2)
        >>> y = torch.clone(x)
        >>> y is x, y
        (False, tensor([1., 1.]))
        """
        if memory_format is not preserve_format:
            ordered: Tensor = in_order("clone", self, memory_format)
            if ordered is not self:
                return ordered
            if memory_format is not contiguous_format:
                return in_order("clone", self.contiguous(), memory_format)
        return CALLS["clone"](self)

    isnan = method("isnan")
    isinf = method("isinf")
    isfinite = method("isfinite")
    __invert__ = bitwise_not = method("bitwise_not")
    logical_not = method("logical_not")

    def __pos__(self) -> Self:
        return self

    def round(self, *, decimals: builtins.int = 0) -> Tensor:
        """The nearest whole numbers, of two equally near ones the even one.

        Arguments:
            input: a tensor of any shape.
            decimals: how many decimals stay; negative ones round to tens and hundreds.

        Derivative: 0.

        >>> import minigrad as torch
        >>> torch.round(torch.tensor([0.5, 1.5, 2.7]))
        tensor([0., 2., 3.])
        """
        return CALLS["round"](self, decimals=decimals)

    def __round__(self, ndigits: builtins.int = 0) -> Tensor:
        return CALLS["round"](self, decimals=ndigits)

    eq, __eq__ = method("eq"), _later(_equality, "eq")  # type: ignore[assignment]  # a tensor, no bool
    ne, __ne__ = method("ne"), _later(_equality, "ne")  # type: ignore[assignment]
    not_equal = ne
    lt = less = __lt__ = method("lt")
    le = less_equal = __le__ = method("le")
    gt = greater = __gt__ = method("gt")
    ge = greater_equal = __ge__ = method("ge")
    logical_and = _later(_of_tensors, "logical_and")
    logical_or = _later(_of_tensors, "logical_or")
    logical_xor = _later(_of_tensors, "logical_xor")
    bitwise_and = __and__ = __rand__ = method("bitwise_and")
    bitwise_or = __or__ = __ror__ = method("bitwise_or")
    bitwise_xor = __xor__ = __rxor__ = method("bitwise_xor")

    __add__ = __radd__ = method("add")
    __sub__ = method("sub")
    __rsub__ = _later(_swapped, "sub")
    __mul__ = __rmul__ = multiply = mul = method("mul")
    __truediv__ = method("div")

    def __rtruediv__(self, other: Any) -> Tensor:
        # As PyTorch computes it: the inverse is saved, so both this tensor and the result may be written.
        return CALLS["mul"](CALLS["reciprocal"](self), other)

    __pow__ = method("pow")
    __rpow__ = _later(_swapped, "pow")
    __mod__ = remainder = method("remainder")
    __rmod__ = _later(_swapped, "remainder")
    __floordiv__ = floor_divide = _later(_floor_divide, "floor_divide")
    __rfloordiv__ = _later(_swapped, "floor_divide")
    __matmul__ = matmul = method("matmul")
    __rmatmul__ = _later(_swapped, "matmul")
    maximum = _later(_of_tensors, "maximum")
    minimum = _later(_of_tensors, "minimum")
    atan2 = arctan2 = _later(_of_tensors, "atan2")
    logaddexp = _later(_of_tensors, "logaddexp")
    xlogy = method("xlogy")

    def add(self, other: Any, *older: Any, alpha: Any = 1) -> Tensor:
        """input + alpha * other.

        Arguments:
            input, other: tensors, or one of them a number. Shapes broadcast, dtypes meet in one.
            older: `other`, where `alpha` stands in its place, as in programs from before PyTorch 1.5.
            alpha: a number; whole for integers.

        Raises:
            RuntimeError: for shapes that do not go together, and for a fraction as `alpha` of integers.

        Derivative: d/d input = 1, d/d other = alpha.

        >>> import minigrad as torch
        >>> torch.add(torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0]), alpha=2)
        tensor([21., 42.])
        """
        if older:
            other, alpha = factor_first("add", "alpha", (other, *older), alpha)
        return CALLS["add"](self, other if alpha == 1 else _scaled(self, other, alpha))

    def sub(self, other: Any, *older: Any, alpha: Any = 1) -> Tensor:
        """input - alpha * other.

        Arguments:
            input, other: tensors, or one of them a number. Shapes broadcast, dtypes meet in one.
            older: `other`, where `alpha` stands in its place, as in programs from before PyTorch 1.5.
            alpha: a number; whole for integers.

        Raises:
            RuntimeError: for shapes that do not go together, booleans, and a fraction as `alpha` of integers.

        Derivative: d/d input = 1, d/d other = -alpha.

        >>> import minigrad as torch
        >>> torch.sub(torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0]))
        tensor([ -9., -18.])
        """
        if older:
            other, alpha = factor_first("sub", "alpha", (other, *older), alpha)
        return CALLS["sub"](self, other if alpha == 1 else _scaled(self, other, alpha))

    subtract = sub

    def div(self, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        """input / other; integers become floats, unless they are rounded.

        Arguments:
            input, other: tensors, or one of them a number. Shapes broadcast, dtypes meet in one.
            rounding_mode: None, "floor" (down) or "trunc" (towards 0).

        Raises:
            RuntimeError: for shapes that do not go together, another mode, and integers divided by 0.

        Derivative: d/d input = 1/other, d/d other = -input/other^2; 0 where the quotient is rounded.

        >>> import minigrad as torch
        >>> torch.div(torch.tensor([-3, 3]), 2), torch.div(torch.tensor([-3, 3]), 2, rounding_mode="trunc")
        (tensor([-1.5000,  1.5000]), tensor([-1,  1]))
        """
        if rounding_mode is None:
            return CALLS["div"](self, other)
        if rounding_mode == "floor":
            return CALLS["floor_divide"](self, other)
        if rounding_mode == "trunc":
            return CALLS["trunc_divide"](self, other)
        raise RuntimeError(f"div: rounding_mode must be None, 'trunc' or 'floor', not {rounding_mode!r}")

    divide = div

    def pow(self, exponent: Any) -> Tensor:
        """The tensor to the power of `exponent`, as `pow(input, exponent)`."""
        return CALLS["pow"](self, exponent)

    def true_divide(self, other: Any) -> Tensor:
        """input / other, as `div` without rounding."""
        return CALLS["div"](self, other)

    clamp = clip = method("clamp")

    def where(self, condition: Any, other: Any) -> Tensor:
        """This tensor where `condition`, else `other`, as `where(condition, input, other)`."""
        composed.mask_of("where", condition)
        return CALLS["where"](condition, self, other)

    addcmul = methods_composed.addcmul
    addcdiv = methods_composed.addcdiv
    lerp = methods_composed.lerp
    masked_fill = methods_composed.masked_fill
    isclose = methods_composed.isclose
    allclose = methods_composed.allclose
    equal = methods_composed.equal
    nonzero = methods_composed.nonzero
    argwhere = methods_composed.argwhere

    # --- products ----------------------------------------------------------------------------------

    mm = methods_composed.mm
    bmm = methods_composed.bmm
    mv = methods_composed.mv
    dot = methods_composed.dot
    outer = methods_composed.outer
    addmm = methods_composed.addmm


def _scaled(x: Any, other: Any, alpha: Any) -> Any:
    """alpha * other, in the dtype that it shares with `x`."""
    common = composed_dtype(x, other)
    if common.kind != "f" and isinstance(alpha, float):
        raise RuntimeError(f"alpha must be an integer for integer tensors, not {alpha}")
    alpha = bool(alpha) if common.kind == "b" else alpha
    return (other.to(common) if isinstance(other, Operations) else other) * alpha


def composed_dtype(a: Any, b: Any) -> Any:
    return result_type([getattr(x, "_array", x) for x in (a, b.item() if isinstance(b, np.generic) else b)])
