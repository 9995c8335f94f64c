"""`out=`: the result of a function written into a tensor that is there already.

The result is computed and copied: no memory is saved, but programs that say `out=` run. As in PyTorch it goes
with no gradient. Functions that find keywords among their arguments call `into`; `taking_out` gives `out=` to
the others.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from minigrad.engine.mode import mode

from .documentation import passing_on
from .dtype import category
from .record import Recorded, history_of

Result = TypeVar("Result")

# PyTorch's functions that take out=, by the dtypes that it may have. The dtype of the result alone:
_SAME = """abs absolute addbmm addmm addmv all amax amin aminmax any argmax argmin baddbmm bitwise_not bmm
bucketize ceil chain_matmul clamp clip conj_physical cross cummax cummin diag dot fix floor frac
frexp gather heaviside histc histogram index_add index_copy index_reduce index_select inner
inverse isin isneginf isposinf kthvalue log_softmax logcumsumexp masked_select matmul
matrix_power max median min mm mode msort multinomial mv nan_to_num nanmedian nanquantile neg
negative nonzero norm qr quantile renorm round scatter scatter_add scatter_reduce searchsorted
sgn sign signbit slogdet softmax sort svd take take_along_dim tensordot topk triangular_solve
tril triu trunc vdot where linalg.cholesky linalg.cholesky_ex linalg.cross linalg.det
linalg.eigh linalg.eigvalsh linalg.inv linalg.inv_ex linalg.matmul linalg.matrix_norm
linalg.matrix_power linalg.multi_dot linalg.norm linalg.qr linalg.slogdet linalg.solve
linalg.solve_ex linalg.solve_triangular linalg.svd linalg.svdvals linalg.vecdot
linalg.vector_norm linalg.lu linalg.lu_factor linalg.lu_factor_ex linalg.lu_solve lu_solve
lu_unpack linalg.ldl_factor linalg.ldl_factor_ex linalg.ldl_solve ormqr"""
# Any to which it can be cast: float32 to float16, but not to integers.
_CAST = """acos acosh add addcdiv addcmul addr arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin
asinh atan atan2 atanh cat cholesky cholesky_inverse cholesky_solve clamp_max clamp_min
column_stack concat concatenate copysign cos cosh deg2rad diff digamma div divide dstack erf
erfc erfinv exp exp2 expm1 float_power floor_divide fmax fmin fmod ger hstack hypot i0 igamma
igammac kron ldexp lerp lgamma log log10 log1p log2 logaddexp logaddexp2 logit logsumexp maximum
mean minimum mul multiply mvlgamma nanmean nansum nextafter normal outer polygamma pow rad2deg
rand randint randn randperm reciprocal remainder row_stack rsqrt sigmoid sin sinc sinh sqrt
square stack std sub subtract tan tanh true_divide var vstack xlogy entr erfcx i0e i1 i1e
log_ndtr ndtr ndtri xlog1py linalg.cond linalg.pinv linalg.tensorinv linalg.tensorsolve
linalg.householder_product orgqr geqrf zeta bessel_j0 bessel_j1 bessel_y0 bessel_y1
modified_bessel_i0 modified_bessel_i1 modified_bessel_k0 modified_bessel_k1
scaled_modified_bessel_k0 scaled_modified_bessel_k1 spherical_bessel_j0 airy_ai
chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w
shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v
shifted_chebyshev_polynomial_w hermite_polynomial_h hermite_polynomial_he laguerre_polynomial_l
legendre_polynomial_p"""
_ANY = """bernoulli bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor eq gcd ge
greater greater_equal gt lcm le less less_equal logical_and logical_not logical_or logical_xor
lt ne not_equal linalg.matrix_rank"""
# Any, and the result is computed in it.
_COMPUTED = "arange cumprod cumsum empty eye full linspace logspace ones prod range sum zeros"
_RULES = {
    name: rule
    for rule, names in (("same", _SAME), ("cast", _CAST), ("any", _ANY), ("computed", _COMPUTED))
    for name in names.split()
}


def taking_out(function: Callable[..., Result], name: str = "") -> Callable[..., Result]:
    """Let a function take `out=`, as PyTorch's function of this name does (by default, of its own name)."""
    name = name or function.__name__

    @functools.wraps(function)
    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        return function(*args, **kwargs) if out is None else into(out, name, function, args, kwargs)

    return passing_on(call, function)


def taking_out_if_known(name: str, function: Any) -> Any:
    """The function with `out=` if PyTorch's has it, and it has none yet; else as it is."""
    takes = "out" in (getattr(function, "__kwdefaults__", None) or ())
    return taking_out(function, name) if name in _RULES and not takes else function


def into(
    out: Any, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """`out`, one tensor or several, with the values of a call, and in their shapes."""
    if out is None:
        return function(*args, **kwargs)
    rule = _RULES.get(name)
    if rule is None:
        raise TypeError(f"{name}() got an unexpected keyword argument 'out'")
    if rule == "computed" and isinstance(out, Recorded) and kwargs.get("dtype") is None:
        kwargs = {**kwargs, "dtype": out._array.dtype}
    result = function(*args, **kwargs)
    if isinstance(result, tuple):
        targets = tuple(out) if isinstance(out, (tuple, list)) else ()
        if len(targets) != len(result):
            raise TypeError(
                f"{name}(): argument 'out' must be a tuple of {len(result)} Tensors, not {_kind(out)}"
            )
        for part, target in zip(result, targets, strict=True):
            _check(name, part, target, rule)
        for part, target in zip(result, targets, strict=True):
            _write(part, target)
        return type(result)(*targets) if hasattr(result, "_fields") else targets
    if name in ("max", "min"):  # of all elements, or of two tensors
        rule = "cast"
    _check(name, result, out, rule)
    return _write(result, out)


def _kind(out: Any) -> str:
    return f"{len(out)}" if isinstance(out, (tuple, list)) else type(out).__name__


def _check(name: str, result: Any, out: Any, rule: str) -> None:
    """Raise an error unless the result may be written there."""
    if not isinstance(out, Recorded):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if mode.recording and (history_of(result) is not None or history_of(out) is not None):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of "
            "the arguments requires grad."
        )
    mine, its = out._array.dtype, result._array.dtype
    if rule == "same" and mine != its:
        raise RuntimeError(f"{name}(): expected out tensor to have dtype {its}, but got {mine} instead")
    if rule == "cast" and category(its) > category(mine):
        raise RuntimeError(f"{name}(): result type {its} can't be cast to the desired output type {mine}")


def _write(result: Any, out: Any) -> Any:
    if out._array.shape != result._array.shape:
        if out._array.size:
            warnings.warn(
                f"An output with one or more elements was resized since it had shape "
                f"{list(out._array.shape)}, which does not match the required output shape "
                f"{list(result._array.shape)}.",
                UserWarning,
                stacklevel=4,
            )
        out.resize_(result._array.shape)
    return out.copy_(result.detach())
