"""Signs, steps and bits of each element: parts of a number, rounding, remainders, shifts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from minigrad._tensor.calls import CALLS
from minigrad._tensor.convert import as_constant, as_operand, in_one_dtype, number_as, require_tensors
from minigrad._tensor.named_results import written_as
from minigrad._tensor.record import Recorded
from minigrad.ops import gamma  # noqa: F401 (its records)
from minigrad.ops.refusal import without_derivative

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor


@written_as("frexp")
class Parts(NamedTuple):
    """A number taken apart: mantissa * 2^exponent."""

    mantissa: Any
    exponent: Any


def trunc(input: T) -> T:
    """Without the decimals: rounded towards 0.

    Arguments:
        input: a tensor of any shape.

    Derivative: 0.

    >>> import minigrad as torch
    >>> torch.trunc(torch.tensor([1.7, -1.7]))
    tensor([ 1., -1.])
    """
    require_tensors("trunc", input=input)
    return CALLS["trunc"](input) if input.is_floating_point() else input.clone()


fix = trunc


def frac(input: T) -> T:
    """The decimals, with the sign of the number: input - trunc(input).

    Arguments:
        input: a floating tensor.

    Derivative: 1.

    >>> import minigrad as torch
    >>> torch.frac(torch.tensor([1.75, -1.75]))
    tensor([ 0.7500, -0.7500])
    """
    require_tensors("frac", input=input)
    if not input.is_floating_point():
        raise NotImplementedError(f"frac: expected a floating tensor, got {input.dtype.name}")
    return input - trunc(input.detach())


def fmod(input: T, other: Any) -> T:
    """The remainder of input / other, with the sign of `input`.

    Arguments:
        input: a tensor.
        other: a tensor or a number; shapes broadcast, dtypes meet in one.

    Raises:
        RuntimeError: for an integer divided by 0.

    Derivative: d/d input = 1, d/d other = -trunc(input / other).

    >>> import minigrad as torch
    >>> torch.fmod(torch.tensor([-3.0, 5.0]), 2)
    tensor([-1.,  1.])
    """
    require_tensors("fmod", input=input)
    return CALLS["fmod"](input, as_operand(other))


def copysign(input: T, other: Any) -> T:
    """The size of `input` with the sign of `other`.

    Arguments:
        input: a tensor.
        other: a tensor or a number; shapes broadcast.

    Derivative: d/d input = 1 or -1, 0 at input = 0; d/d other = 0.

    >>> import minigrad as torch
    >>> torch.copysign(torch.tensor([1.0, -2.0]), -1)
    tensor([-1., -2.])
    """
    require_tensors("copysign", input=input)
    return CALLS["copysign"](input, as_operand(other))


def sgn(input: T) -> T:
    """The sign of each element, as `sign(input)`."""
    return CALLS["sign"](input)


def positive(input: T) -> T:
    """The tensor itself, as +input.

    Raises:
        RuntimeError: for booleans.

    >>> import minigrad as torch
    >>> torch.positive(torch.tensor([-1.0]))
    tensor([-1.])
    """
    if input.dtype == np.bool_:
        raise RuntimeError("the `+` operator, on a bool tensor is not supported")
    return input


def signbit(input: T) -> T:
    """True where the sign is minus, of -0.0 too; without a gradient.

    Arguments:
        input: a tensor of any shape.

    >>> import minigrad as torch
    >>> torch.signbit(torch.tensor([1.0, -0.0]))
    tensor([False,  True])
    """
    array = input._array
    return as_constant(np.signbit(array) if array.dtype.kind == "f" else array < 0)


def isposinf(input: T) -> T:
    """True where an element is inf.

    Arguments:
        input: a tensor of any shape.

    >>> import minigrad as torch
    >>> torch.isposinf(torch.tensor([float("inf"), float("-inf")]))
    tensor([ True, False])
    """
    return as_constant(input._array == math.inf)


def isneginf(input: T) -> T:
    """True where an element is -inf.

    Arguments:
        input: a tensor of any shape.

    >>> import minigrad as torch
    >>> torch.isneginf(torch.tensor([float("inf"), float("-inf")]))
    tensor([False,  True])
    """
    return as_constant(input._array == -math.inf)


def isreal(input: T) -> T:
    """True everywhere: numbers are real.

    Arguments:
        input: a tensor of any shape.

    >>> import minigrad as torch
    >>> torch.isreal(torch.tensor([1.0, float("nan")]))
    tensor([True, True])
    """
    return as_constant(np.ones(input.shape, np.bool_))


def nan_to_num(
    input: T, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> T:
    """Numbers in the place of nan and of infinities.

    Arguments:
        input: a tensor of any shape.
        nan: 0 where it is left out.
        posinf, neginf: the largest and the smallest number of the dtype where they are left out.

    Derivative: 1 where a number was, 0 elsewhere.

    >>> import minigrad as torch
    >>> torch.nan_to_num(torch.tensor([float("nan"), float("inf"), 1.0]), posinf=9.0)
    tensor([0., 9., 1.])
    """
    array = input._array
    if array.dtype.kind != "f":
        return input.clone()
    limits = np.finfo(array.dtype)
    given = (nan if nan is not None else 0.0, posinf, neginf)
    zero, high, low = (
        number_as(number, array.dtype) if number is not None else limit
        for number, limit in zip(given, (0.0, limits.max, limits.min), strict=True)
    )
    instead = np.where(np.isnan(array), zero, np.where(array > 0, high, low)).astype(array.dtype)
    return input.where(as_constant(np.isfinite(array)), as_constant(instead))


@without_derivative
def heaviside(input: T, values: T) -> T:
    """0 below 0, 1 above, and `values` at 0; a backward that reaches them raises.

    Arguments:
        input, values: tensors of one dtype; shapes broadcast.

    Raises:
        RuntimeError: for different dtypes.

    >>> import minigrad as torch
    >>> torch.heaviside(torch.tensor([-1.0, 0.0, 2.0]), torch.tensor(0.5))
    tensor([0.0000, 0.5000, 1.0000])
    """
    require_tensors("heaviside", input=input, values=values)
    if input.dtype != values.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    a, b = input._array, values._array
    return as_constant(np.where(a == 0, b, (a > 0).astype(a.dtype)))


def nextafter(input: T, other: T) -> T:
    """The next number of the dtype from `input` towards `other`.

    Arguments:
        input, other: floating tensors of one dtype; shapes broadcast.

    Derivative: that of `input`.

    >>> import minigrad as torch
    >>> torch.nextafter(torch.tensor(1.0), torch.tensor(2.0)).item() - 1
    1.1920928955078125e-07
    """
    require_tensors("nextafter", input=input, other=other)
    input, other = in_one_dtype(input, other)
    if not input.is_floating_point():
        raise NotImplementedError("nextafter: expected floating tensors")
    out: T = CALLS["nextafter"](input, other)
    return out


def frexp(input: T) -> Parts:
    """(mantissa, exponent) with input = mantissa * 2^exponent and 1/2 <= |mantissa| < 1.

    Arguments:
        input: a floating tensor.

    Derivative: that of the mantissa is 2^-exponent.

    >>> import minigrad as torch
    >>> torch.frexp(torch.tensor([6.0]))
    torch.return_types.frexp(
    mantissa=tensor([0.7500]),
    exponent=tensor([3], dtype=torch.int32))
    """
    require_tensors("frexp", input=input)
    if not input.is_floating_point():
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    exponent = np.frexp(input._array)[1].astype(np.int32)
    half = exponent // 2  # 2^-exponent itself may be too small or too large
    scaled = input
    for part in (half, exponent - half):
        scaled = scaled * as_constant(np.ldexp(input._array.dtype.type(1), -part))
    return Parts(scaled, as_constant(exponent))


def ldexp(input: T, other: T) -> T:
    """input * 2^other.

    Arguments:
        input, other: tensors; shapes broadcast.

    >>> import minigrad as torch
    >>> torch.ldexp(torch.tensor([1.0]), torch.tensor([3]))
    tensor([8.])
    """
    require_tensors("ldexp", input=input, other=other)
    if input.is_floating_point():
        input, other = in_one_dtype(input, other)
    return input * CALLS["pow"](2.0, other)


def rad2deg(input: T) -> T:
    """Angles in degrees, from radians: input * 180 / pi.

    Arguments:
        input: a tensor; integers become floats.

    >>> import minigrad as torch
    >>> torch.rad2deg(torch.tensor([torch.pi]))
    tensor([180.])
    """
    return input * 57.29577951308232


def deg2rad(input: T) -> T:
    """Angles in radians, from degrees: input * pi / 180.

    Arguments:
        input: a tensor; integers become floats.

    >>> import minigrad as torch
    >>> torch.deg2rad(torch.tensor([180.0]))
    tensor([3.1416])
    """
    return input * 0.017453292519943295


def _integers(name: str, ufunc: np.ufunc, a: Any, b: Any) -> T:
    tensors: list[Any] = [x for x in (a, b) if isinstance(x, Recorded)]
    numbers = [x for x in (a, b) if not isinstance(x, Recorded)]
    if any(isinstance(x, bool) or not hasattr(x, "__index__") for x in numbers):
        raise TypeError(f"{name}: expected tensors of integers, or an integer, not {numbers[0]!r}")
    if not tensors or any(x.is_floating_point() or x.dtype == np.bool_ for x in tensors):
        raise NotImplementedError(f"{name}: expected tensors of integers")
    a, b = in_one_dtype(a, b)
    return as_constant(ufunc(*(x._array if isinstance(x, Recorded) else x for x in (a, b))))


def gcd(input: T, other: T) -> T:
    """The greatest common divisor.

    Arguments:
        input, other: tensors of integers; shapes broadcast.

    >>> import minigrad as torch
    >>> torch.gcd(torch.tensor([12, 7]), torch.tensor([18, 0]))
    tensor([6, 7])
    """
    return _integers("gcd", np.gcd, input, other)


def lcm(input: T, other: T) -> T:
    """The least common multiple.

    Arguments:
        input, other: tensors of integers; shapes broadcast.

    >>> import minigrad as torch
    >>> torch.lcm(torch.tensor([4, 7]), torch.tensor([6, 0]))
    tensor([12,  0])
    """
    return _integers("lcm", np.lcm, input, other)


def bitwise_left_shift(input: Any, other: Any) -> T:
    """The bits moved up by `other` places: input * 2^other.

    Arguments:
        input, other: tensors of integers, or one of them an integer; shapes broadcast.

    >>> import minigrad as torch
    >>> torch.bitwise_left_shift(torch.tensor([1, 3]), 2)
    tensor([ 4, 12])
    """
    return _integers("bitwise_left_shift", np.left_shift, input, other)


def bitwise_right_shift(input: Any, other: Any) -> T:
    """The bits moved down by `other` places: input / 2^other, rounded down.

    Arguments:
        input, other: tensors of integers, or one of them an integer; shapes broadcast.

    >>> import minigrad as torch
    >>> torch.bitwise_right_shift(torch.tensor([4, 13]), 2)
    tensor([1, 3])
    """
    return _integers("bitwise_right_shift", np.right_shift, input, other)
