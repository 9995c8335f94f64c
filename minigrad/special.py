"""PyTorch's other place of special functions, under SciPy's names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minigrad import functional
from minigrad._tensor.calls import CALLS
from minigrad._tensor.compositions import integrals, powers, without_derivative as _none
from minigrad._tensor.convert import in_one_dtype, require_tensors
from minigrad._tensor.out import taking_out
from minigrad._tensor.tensor import Tensor
from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

expit, exp2, expm1, log1p = functional.sigmoid, powers.exp2, functional.expm1, functional.log1p
erf, erfc, erfinv = functional.erf, powers.erfc, powers.erfinv
gammaln, digamma, psi, polygamma = powers.lgamma, powers.digamma, powers.digamma, taking_out(powers.polygamma)
multigammaln, logit = taking_out(powers.mvlgamma), taking_out(powers.logit)
sinc, round = powers.sinc, functional.round
logsumexp, softmax, log_softmax = functional.logsumexp, functional.softmax, functional.log_softmax
xlogy = functional.xlogy
gammainc, gammaincc = taking_out(integrals.igamma), taking_out(integrals.igammac)
erfcx, ndtri = CALLS["erfcx"], CALLS["ndtri"]
zeta = taking_out(integrals.zeta)
bessel_j0 = _none.bessel_j0
bessel_j1 = _none.bessel_j1
bessel_y0 = _none.bessel_y0
bessel_y1 = _none.bessel_y1
modified_bessel_i0 = _none.modified_bessel_i0
modified_bessel_i1 = _none.modified_bessel_i1
modified_bessel_k0 = _none.modified_bessel_k0
modified_bessel_k1 = _none.modified_bessel_k1
scaled_modified_bessel_k0 = _none.scaled_modified_bessel_k0
scaled_modified_bessel_k1 = _none.scaled_modified_bessel_k1
spherical_bessel_j0 = _none.spherical_bessel_j0
airy_ai = _none.airy_ai
chebyshev_polynomial_t = _none.chebyshev_polynomial_t
chebyshev_polynomial_u = _none.chebyshev_polynomial_u
chebyshev_polynomial_v = _none.chebyshev_polynomial_v
chebyshev_polynomial_w = _none.chebyshev_polynomial_w
shifted_chebyshev_polynomial_t = _none.shifted_chebyshev_polynomial_t
shifted_chebyshev_polynomial_u = _none.shifted_chebyshev_polynomial_u
shifted_chebyshev_polynomial_v = _none.shifted_chebyshev_polynomial_v
shifted_chebyshev_polynomial_w = _none.shifted_chebyshev_polynomial_w
hermite_polynomial_h = _none.hermite_polynomial_h
hermite_polynomial_he = _none.hermite_polynomial_he
laguerre_polynomial_l = _none.laguerre_polynomial_l
legendre_polynomial_p = _none.legendre_polynomial_p
i0, i0e, i1, i1e = (CALLS[name] for name in ("i0", "i0e", "i1", "i1e"))


@taking_out
def xlog1py(input: Any, other: Any) -> Tensor:
    """input * log(1 + other), 0 where `input` is 0.

    Arguments:
        input, other: tensors, or one of them a number; shapes broadcast.

    >>> import minigrad as torch
    >>> torch.special.xlog1py(torch.tensor([0.0, 1.0]), torch.tensor([-1.0, 0.0]))
    tensor([0., 0.])
    """
    if not isinstance(other, Tensor):
        require_tensors("special.xlog1py", input=input)
        return input * math.log1p(other) if -1 < other < math.inf else xlogy(input, 1 + other)
    input, other = in_one_dtype(input, other) if isinstance(input, Tensor) else (input, other)
    values = other.detach()
    ends = functional.logical_or(values <= -1, values == math.inf)
    gone = functional.logical_and(ends, ends * input == 0)
    return log1p(other.masked_fill(gone, 0)) * input


@taking_out
def entr(input: Tensor) -> Tensor:
    """-x log x, 0 at 0 and -inf below.

    Arguments:
        input: a floating tensor.

    >>> import minigrad as torch
    >>> torch.special.entr(torch.tensor([0.5, -1.0]))
    tensor([0.3466,   -inf])
    """
    require_tensors("special.entr", input=input)
    return CALLS["entr"](input)


@taking_out
def ndtr(input: Tensor) -> Tensor:
    """The area under the standard normal density up to each element.

    Arguments:
        input: a floating tensor.

    >>> import minigrad as torch
    >>> torch.special.ndtr(torch.tensor([0.0, 1.0]))
    tensor([0.5000, 0.8413])
    """
    return erfc(input * -math.sqrt(0.5)) * 0.5


@taking_out
def log_ndtr(input: Tensor) -> Tensor:
    """The logarithm of `ndtr`, exact also where that is too small for a number.

    Arguments:
        input: a floating tensor.

    >>> import minigrad as torch
    >>> torch.special.log_ndtr(torch.tensor([0.0, -100.0]))
    tensor([-6.9315e-01, -5.0055e+03])
    """
    low = input.detach() < -1
    below, above = functional.where(low, input, -1.0), functional.where(low, 0.0, input)
    far = (erfcx(below * -math.sqrt(0.5)) / 2).log() - below * below / 2
    return functional.where(low, far, log1p(-erfc(above * math.sqrt(0.5)) / 2))
