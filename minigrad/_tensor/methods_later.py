"""The methods of Tensor that load when they are first used: each a function of `compositions`.

`minigrad/_later.py` offers the same functions by name.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from . import compositions
from .later import Later
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
    "counting": "bincount histc histogram median nanmean nansum unique",
    "joining": "cross index_fill kron repeat_interleave",
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
    "counting": "bucketize searchsorted std_mean var_mean",
    "joining": (
        "atleast_1d atleast_2d atleast_3d cartesian_prod cdist column_stack dstack hstack meshgrid row_stack "
        "tensordot vstack"
    ),
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


# The methods of classes whose modules load when one of them is first used.
LENT = {
    "numpy_protocols.NumpyProtocols": "__array_ufunc__ __array_function__",
    "in_place_draws.Draws": (
        "uniform_ normal_ random_ bernoulli_ exponential_ geometric_ cauchy_ log_normal_ _floating _drawn "
        "_continuous"
    ),
    "in_place_rewritten.Rewritten": (
        "unsqueeze_ squeeze_ t_ transpose_ swapaxes_ swapdims_ resize_ resize_as_ fill_diagonal_ apply_ map_ "
        "_turned"
    ),
}


def lent(home: str) -> type:
    """A base class of Tensor that takes its methods from another class, when they are first used."""
    module, _, cls = home.partition(".")

    def take(name: str) -> Any:
        return getattr(getattr(import_module(f"minigrad._tensor.{module}"), cls), name)

    return type(cls, (Recorded,), {"__slots__": (), **{n: Later(take, n) for n in LENT[home].split()}})


if TYPE_CHECKING:
    methods_composed = compositions
else:

    class _Methods:
        """Stands for `compositions` in the body of a class: its functions load when they are first used."""

        def __getattr__(self, name: str) -> Later:
            return Later(getattr, compositions, name)

    methods_composed = _Methods()


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
        bincount: ClassVar[One]
        bitwise_left_shift: ClassVar[One]
        bitwise_right_shift: ClassVar[One]
        clamp_max: ClassVar[One]
        clamp_min: ClassVar[One]
        copysign: ClassVar[One]
        corrcoef: ClassVar[One]
        count_nonzero: ClassVar[One]
        cov: ClassVar[One]
        cross: ClassVar[One]
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
        hardshrink: ClassVar[One]
        heaviside: ClassVar[One]
        histc: ClassVar[One]
        histogram: ClassVar[Several]
        hsplit: ClassVar[Several]
        hypot: ClassVar[One]
        i0: ClassVar[One]
        igamma: ClassVar[One]
        igammac: ClassVar[One]
        index_copy: ClassVar[One]
        index_fill: ClassVar[One]
        index_put: ClassVar[One]
        index_reduce: ClassVar[One]
        inner: ClassVar[One]
        isneginf: ClassVar[One]
        isposinf: ClassVar[One]
        isreal: ClassVar[One]
        kron: ClassVar[One]
        kthvalue: ClassVar[Several]
        lcm: ClassVar[One]
        ldexp: ClassVar[One]
        lgamma: ClassVar[One]
        logaddexp2: ClassVar[One]
        logcumsumexp: ClassVar[One]
        logit: ClassVar[One]
        masked_scatter: ClassVar[One]
        masked_select: ClassVar[One]
        median: ClassVar[Several]
        mode: ClassVar[Several]
        msort: ClassVar[One]
        multinomial: ClassVar[One]
        mvlgamma: ClassVar[One]
        nan_to_num: ClassVar[One]
        nanmean: ClassVar[One]
        nanmedian: ClassVar[Several]
        nanquantile: ClassVar[One]
        nansum: ClassVar[One]
        nextafter: ClassVar[One]
        positive: ClassVar[One]
        prelu: ClassVar[One]
        put: ClassVar[One]
        quantile: ClassVar[One]
        rad2deg: ClassVar[One]
        ravel: ClassVar[One]
        renorm: ClassVar[One]
        repeat_interleave: ClassVar[One]
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
        unique: ClassVar[Several]
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
            **{name: Later(found, name) for names in METHODS.values() for name in names.split()},
        },
    )
