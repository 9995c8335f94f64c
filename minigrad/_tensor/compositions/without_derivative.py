"""Bessel's and Airy's functions, and orthogonal polynomials: a backward that reaches them raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minigrad._tensor.calls import CALLS
from minigrad._tensor.convert import require_tensors
from minigrad._tensor.out import into
from minigrad._tensor.record import Recorded
from minigrad.ops import bessel, cylinder, polynomials  # noqa: F401 (their records enter the registry)
from minigrad.ops.refusal import refuses

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

_OF_ONE = """{about}

    Arguments:
        input: a floating tensor; integers become floats first.

    Raises:
        NotImplementedError: in a backward that reaches `input`; PyTorch has no derivative either, and gives
            no gradient.

    >>> import minigrad as torch
    >>> torch.special.{name}(torch.tensor([{at}]))
    tensor([{value}])
    """

_OF_DEGREE = """{about}

    Arguments:
        input: a floating tensor; integers become floats first.
        n: the degree, a number or a tensor; shapes broadcast. A fraction is cut down, and a degree below 0
            gives 0.

    Raises:
        NotImplementedError: in a backward that reaches `input`; PyTorch has no derivative either, and gives
            no gradient.

    >>> import minigrad as torch
    >>> torch.special.{name}(torch.tensor([0.5]), 2)
    tensor([{value}])
    """


def _of_one(name: str, about: str, value: str, op: str = "", at: str = "1.0") -> Callable[[Tensor], Tensor]:
    call, refused = CALLS[op or name], f"special.{name}"

    def function(input: Any, *, out: Any = None) -> Tensor:
        if out is not None:
            return into(out, name, function, (input,), {})
        if not isinstance(input, Recorded):
            require_tensors(refused, input=input)
        found: Tensor = call(input)
        return refuses(refused, found, input) if input.requires_grad else found

    function.__name__ = function.__qualname__ = name
    function.__doc__ = _OF_ONE.format(name=name, about=about, value=value, at=at)
    return function


def _of_degree(name: str, about: str, value: str) -> Callable[[Any, Any], Tensor]:
    call, refused = CALLS[name], f"special.{name}"

    def function(input: Any, n: Any, *, out: Any = None) -> Tensor:
        if out is not None:
            return into(out, name, function, (input, n), {})
        if isinstance(input, (int, float)):
            require_tensors(refused, n=n)
            input = (n if n.is_floating_point() else n.float()).new_tensor(input)
        if isinstance(n, (int, float)):
            require_tensors(refused, input=input)
            return refuses(refused, call(input, n), input)
        require_tensors(refused, input=input, n=n)
        return refuses(refused, call(input, n), input, n)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = _OF_DEGREE.format(name=name, about=about, value=value)
    return function


bessel_j0 = _of_one("bessel_j0", "Bessel's function of the first kind, of order 0.", "0.7652")
bessel_j1 = _of_one("bessel_j1", "Bessel's function of the first kind, of order 1.", "0.4401")
bessel_y0 = _of_one("bessel_y0", "Bessel's function of the second kind, of order 0; nan below 0.", "0.0883")
bessel_y1 = _of_one("bessel_y1", "Bessel's function of the second kind, of order 1; nan below 0.", "-0.7812")
modified_bessel_i0 = _of_one(
    "modified_bessel_i0",
    "The modified Bessel function of the first kind, as `i0`.",
    "1.2661",
    "i0",
)
modified_bessel_i1 = _of_one(
    "modified_bessel_i1",
    "The modified Bessel function of the first kind, as `i1`.",
    "0.5652",
    "i1",
)
modified_bessel_k0 = _of_one(
    "modified_bessel_k0",
    "The modified Bessel function of the second kind, of order 0.",
    "0.4210",
)
modified_bessel_k1 = _of_one(
    "modified_bessel_k1",
    "The modified Bessel function of the second kind, of order 1.",
    "0.6019",
)
scaled_modified_bessel_k0 = _of_one(
    "scaled_modified_bessel_k0", "exp(x) times `modified_bessel_k0`, which does not underflow.", "1.1445"
)
scaled_modified_bessel_k1 = _of_one(
    "scaled_modified_bessel_k1", "exp(x) times `modified_bessel_k1`, which does not underflow.", "1.6362"
)
spherical_bessel_j0 = _of_one("spherical_bessel_j0", "sin(x) / x, 1 at 0.", "0.8415")
airy_ai = _of_one("airy_ai", "Airy's function Ai.", "0.1353")

chebyshev_polynomial_t = _of_degree(
    "chebyshev_polynomial_t", "Chebyshev's polynomial of the first kind, cos(n arccos x).", "-0.5000"
)
chebyshev_polynomial_u = _of_degree(
    "chebyshev_polynomial_u", "Chebyshev's polynomial of the second kind.", "0."
)
chebyshev_polynomial_v = _of_degree(
    "chebyshev_polynomial_v", "Chebyshev's polynomial of the third kind.", "-1."
)
chebyshev_polynomial_w = _of_degree(
    "chebyshev_polynomial_w", "Chebyshev's polynomial of the fourth kind.", "1."
)
shifted_chebyshev_polynomial_t = _of_degree(
    "shifted_chebyshev_polynomial_t", "`chebyshev_polynomial_t` at 2x - 1.", "-1."
)
shifted_chebyshev_polynomial_u = _of_degree(
    "shifted_chebyshev_polynomial_u", "`chebyshev_polynomial_u` at 2x - 1.", "-1."
)
shifted_chebyshev_polynomial_v = _of_degree(
    "shifted_chebyshev_polynomial_v", "`chebyshev_polynomial_v` at 2x - 1.", "-1."
)
shifted_chebyshev_polynomial_w = _of_degree(
    "shifted_chebyshev_polynomial_w", "`chebyshev_polynomial_w` at 2x - 1.", "-1."
)
hermite_polynomial_h = _of_degree(
    "hermite_polynomial_h", "Hermite's polynomial as in physics, orthogonal under exp(-x^2).", "-1."
)
hermite_polynomial_he = _of_degree(
    "hermite_polynomial_he",
    "Hermite's polynomial in statistics, orthogonal under exp(-x^2 / 2).",
    "-0.7500",
)
laguerre_polynomial_l = _of_degree(
    "laguerre_polynomial_l", "Laguerre's polynomial, orthogonal from 0 on under exp(-x).", "0.1250"
)
legendre_polynomial_p = _of_degree(
    "legendre_polynomial_p", "Legendre's polynomial, orthogonal from -1 to 1.", "-0.1250"
)
