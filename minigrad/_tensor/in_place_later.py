"""In-place twins of less usual ops, made when they are first used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.ops.refusal import refuses

from .in_place import InPlace, made_in_place
from .later import Later
from .methods_later import HOMES, found
from .record import history_of, wrap

# The methods with an in-place twin in PyTorch: comparisons and the like, ...
_LOGICAL = "logical_and logical_not logical_or logical_xor"
_FLAT = f"eq ne lt le gt ge {_LOGICAL} xlogy"
# ... and those that load later.
_OF_LATER = """
bitwise_left_shift bitwise_right_shift copysign deg2rad fix fmod frac gcd heaviside lcm ldexp nan_to_num
nextafter rad2deg sgn trunc clamp_max clamp_min digamma erfc erfinv exp2 float_power hypot lgamma logit
mvlgamma sinc renorm index_copy index_put index_reduce masked_scatter put scatter_reduce addbmm addmv addr
baddbmm i0 igamma igammac index_fill addmm
"""


_SAME = {"greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le", "not_equal": "ne"}


def _flat(name: str) -> Callable[..., Any]:
    """A comparison written over floats: their history stays behind the result, with gradient 0.

    PyTorch forgets to record the logical ones, and gives the gradient 1: through these backward raises.
    """
    compare: Any = getattr(InPlace, name)

    def compared(input: Any, *other: Any) -> Any:
        result = compare(input, *other)
        if history_of(input) is None:
            return result
        if name in _LOGICAL.split():
            return refuses(f"{name}_", result.to(input.dtype), input)
        return input.masked_fill(wrap(np.ones(input.shape, np.bool_), None), 0) + result

    return compared


def _twin(name: str) -> Any:
    if name == "float_power":
        return made_in_place(name, _wide_power)
    if name in _FLAT.split():
        return made_in_place(name, _flat(name))
    return made_in_place(name, found(name) if name in HOMES else None)


def _wide_power(input: Any, exponent: Any) -> Any:
    result = found("float_power")(input, exponent)
    if input.dtype != result.dtype:
        raise RuntimeError(
            f"float_power_: the base has dtype {input.dtype.name} but the operation's result requires dtype "
            f"{result.dtype.name}. Nothing was written."
        )
    return result


class MoreInPlace(InPlace):
    """More methods that end in an underscore."""

    __slots__ = ()

    if not TYPE_CHECKING:
        for _name in (*_FLAT.split(), *_OF_LATER.split()):
            locals()[f"{_name}_"] = Later(_twin, _name)
        for _name, _of in _SAME.items():
            locals()[f"{_name}_"] = locals()[f"{_of}_"]
        del _of
        del _name
