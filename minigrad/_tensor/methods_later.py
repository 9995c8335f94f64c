"""The methods of Tensor that load when they are first used: each a function of `compositions`.

`minigrad/_later.py` offers the same functions by name.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from .record import Recorded

if TYPE_CHECKING:
    from .tensor import Tensor

# The functions of each module that are methods too.
METHODS = {
    "rounding": (
        "bitwise_left_shift bitwise_right_shift copysign deg2rad fix fmod frac frexp gcd heaviside "
        "isneginf isposinf isreal lcm ldexp nan_to_num nextafter positive rad2deg sgn signbit trunc"
    ),
    "powers": (
        "clamp_max clamp_min digamma erfc erfinv exp2 float_power fmax fmin hypot lgamma logaddexp2 "
        "logit mvlgamma sinc"
    ),
    "ranks": (
        "aminmax count_nonzero kthvalue mode msort nanmedian nanquantile quantile renorm unique_consecutive"
    ),
    "running": "cummax cummin logcumsumexp",
    "differences": "corrcoef cov diff dist",
    "parts": (
        "as_strided dsplit fliplr flipud hsplit ravel rot90 select split_with_sizes sum_to_size "
        "tensor_split unflatten unfold vsplit"
    ),
    "putting": "diag_embed diagflat diagonal_scatter select_scatter slice_scatter",
    "placing": ("index_copy index_put index_reduce masked_scatter masked_select put scatter_reduce take"),
    "draws": "bernoulli multinomial",
    "thresholds": "hardshrink prelu",
    "integrals": "i0 igamma igammac",
    "products": "addbmm addmv addr baddbmm ger inner vdot",
}
# And those that are functions only.
FUNCTIONS = {
    "powers": "polygamma rsub",
    "ranks": "isin",
    "differences": (
        "broadcast_shapes broadcast_tensors cumulative_trapezoid gradient trapezoid trapz vander"
    ),
    "parts": "combinations unravel_index",
    "putting": "block_diag",
    "draws": "binomial poisson",
    "products": "chain_matmul",
}
HOMES = {
    name: f"_tensor.compositions.{module}"
    for table in (METHODS, FUNCTIONS)
    for module, names in table.items()
    for name in names.split()
}


def found(name: str) -> Callable[..., Any]:
    """Load the module of a function, and return the function."""
    function: Callable[..., Any] = getattr(import_module(f"minigrad.{HOMES[name]}"), name)
    return function


class Later:
    """An attribute of a class that is made when it is first asked for, and then stands in its own place."""

    __slots__ = ("_home", "_make", "_name")

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._home, self._name = owner, name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        made = self._make()
        home = self._home
        setattr(home, self._name, made)
        return made.__get__(instance, owner)


if TYPE_CHECKING:
    One = Callable[..., Tensor]
    Several = Callable[..., Any]

    class MoreMethods(Recorded):
        """The methods, for a type checker."""

        addbmm: ClassVar[One]
        addmv: ClassVar[One]
        addr: ClassVar[One]
        aminmax: ClassVar[Several]
        as_strided: ClassVar[One]
        baddbmm: ClassVar[One]
        bernoulli: ClassVar[One]
        bitwise_left_shift: ClassVar[One]
        bitwise_right_shift: ClassVar[One]
        clamp_max: ClassVar[One]
        clamp_min: ClassVar[One]
        copysign: ClassVar[One]
        corrcoef: ClassVar[One]
        count_nonzero: ClassVar[One]
        cov: ClassVar[One]
        cummax: ClassVar[Several]
        cummin: ClassVar[Several]
        deg2rad: ClassVar[One]
        diag_embed: ClassVar[One]
        diagflat: ClassVar[One]
        diagonal_scatter: ClassVar[One]
        diff: ClassVar[One]
        digamma: ClassVar[One]
        dist: ClassVar[One]
        dsplit: ClassVar[Several]
        erfc: ClassVar[One]
        erfinv: ClassVar[One]
        exp2: ClassVar[One]
        fix: ClassVar[One]
        fliplr: ClassVar[One]
        flipud: ClassVar[One]
        float_power: ClassVar[One]
        fmax: ClassVar[One]
        fmin: ClassVar[One]
        fmod: ClassVar[One]
        frac: ClassVar[One]
        frexp: ClassVar[Several]
        gcd: ClassVar[One]
        ger: ClassVar[One]
        heaviside: ClassVar[One]
        hsplit: ClassVar[Several]
        hardshrink: ClassVar[One]
        hypot: ClassVar[One]
        i0: ClassVar[One]
        igamma: ClassVar[One]
        igammac: ClassVar[One]
        index_copy: ClassVar[One]
        index_put: ClassVar[One]
        index_reduce: ClassVar[One]
        inner: ClassVar[One]
        isneginf: ClassVar[One]
        isposinf: ClassVar[One]
        isreal: ClassVar[One]
        kthvalue: ClassVar[Several]
        lcm: ClassVar[One]
        ldexp: ClassVar[One]
        lgamma: ClassVar[One]
        logaddexp2: ClassVar[One]
        logcumsumexp: ClassVar[One]
        logit: ClassVar[One]
        masked_scatter: ClassVar[One]
        masked_select: ClassVar[One]
        mode: ClassVar[Several]
        msort: ClassVar[One]
        multinomial: ClassVar[One]
        mvlgamma: ClassVar[One]
        nan_to_num: ClassVar[One]
        nanmedian: ClassVar[Several]
        nanquantile: ClassVar[One]
        nextafter: ClassVar[One]
        positive: ClassVar[One]
        prelu: ClassVar[One]
        put: ClassVar[One]
        quantile: ClassVar[One]
        rad2deg: ClassVar[One]
        ravel: ClassVar[One]
        renorm: ClassVar[One]
        rot90: ClassVar[One]
        scatter_reduce: ClassVar[One]
        select: ClassVar[One]
        select_scatter: ClassVar[One]
        sgn: ClassVar[One]
        signbit: ClassVar[One]
        sinc: ClassVar[One]
        slice_scatter: ClassVar[One]
        split_with_sizes: ClassVar[Several]
        sum_to_size: ClassVar[One]
        take: ClassVar[One]
        tensor_split: ClassVar[Several]
        trunc: ClassVar[One]
        unflatten: ClassVar[One]
        unfold: ClassVar[One]
        unique_consecutive: ClassVar[Several]
        vdot: ClassVar[One]
        vsplit: ClassVar[Several]

else:
    MoreMethods = type(
        "MoreMethods",
        (Recorded,),
        {
            "__slots__": (),
            "__module__": __name__,
            "__doc__": "Methods that load when they are first used.",
            **{
                name: Later(lambda name=name: found(name))
                for names in METHODS.values()
                for name in names.split()
            },
        },
    )
