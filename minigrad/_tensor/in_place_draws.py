"""In-place methods that draw: they load when one of them is first used."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from minigrad.engine.silence import silently

from .convert import number_as
from .in_place import InPlace
from .random import as_drawn, generator_of, uniform
from .record import wrap


class Draws(InPlace):
    """The methods that write random numbers."""

    __slots__ = ()

    def uniform_(self, a: float = 0.0, b: float = 1.0, *, generator: Any = None) -> Self:
        """Write draws from the uniform distribution on [a, b).

        Arguments:
            a, b: the bounds.
            generator: the Generator to draw from; None takes the default one.

        Raises:
            RuntimeError: for a > b, and bounds that the dtype does not hold.
            NotImplementedError: for a tensor that is not floating.

        >>> import minigrad as torch
        >>> bool((torch.empty(9).uniform_(2, 3) >= 2).all())
        True
        """
        dtype = self._floating("uniform_")
        low, high = number_as(a, dtype), number_as(b, dtype)
        if not (np.isfinite(low) and np.isfinite(high) and np.isfinite(high - low)):
            raise RuntimeError(f"uniform_: from {a} to {b} is out of bounds for {dtype}")
        if low > high:
            raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}")
        draws = uniform(generator_of(generator), a, b, self._array.shape, dtype)
        return self._put("uniform_", (Ellipsis,), wrap(draws, None))

    def normal_(self, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Self:
        """Write draws from the normal distribution.

        Arguments:
            mean, std: the mean and the standard deviation.
            generator: the Generator to draw from; None takes the default one.

        Raises:
            RuntimeError: for a negative `std`.
            NotImplementedError: for a tensor that is not floating.

        >>> import minigrad as torch
        >>> torch.empty(2).normal_(1.0, 0.0)
        tensor([1., 1.])
        """
        self._floating("normal_")
        if not std >= 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
        draws = mean + std * generator_of(generator).standard_normal(self._array.shape)
        return self._put("normal_", (Ellipsis,), wrap(draws, None))

    def _floating(self, name: str) -> Any:
        dtype = self._array.dtype
        if dtype.kind != "f":
            raise NotImplementedError(f"{name}: random floats cannot be drawn as {dtype}")
        return dtype

    def _drawn(self, name: str, draw: Callable[[], Any]) -> Self:
        draws = silently(lambda: as_drawn(draw(), self._array.dtype))
        return self._put(name, (Ellipsis,), wrap(draws, None))

    def random_(self, *args: Any, generator: Any = None, **ends: Any) -> Self:
        """Write whole numbers: below `to`, between `from` and `to`, or those that the dtype holds exactly.

        Arguments:
            args: `to`, which is not drawn; or `from` and `to`.
            ends: the same by name.
            generator: the Generator to draw from; None takes the default one.

        Raises:
            RuntimeError: for no number between, and ends that the dtype does not hold.

        >>> import minigrad as torch
        >>> bool((torch.empty(9).random_(2, 5) >= 2).all())
        True
        """
        if unknown := {*ends} - {"from", "to"}:
            raise TypeError(f"random_() got an unexpected keyword argument {min(unknown)!r}")
        own = self._array.dtype
        low, high = (0, *args)[-2:] if args else (0, None)
        low, high = ends.get("from", low), ends.get("to", high)
        if high is None:
            most = {"f": 2 ** (np.finfo(own).nmant + 1) if own.kind == "f" else 0, "b": 1}
            high = most.get(own.kind, np.iinfo(own).max if own.kind in "iu" else 0)
            high = high + 1 if own.kind != "i" or own.itemsize < 8 else high
        if low >= high:
            raise RuntimeError(
                f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
            )
        number_as(low, own), number_as(high - 1, own)
        return self._drawn("random_", lambda: generator_of(generator).integers(low, high, self._array.shape))

    def bernoulli_(self, p: Any = 0.5, *, generator: Any = None) -> Self:
        """Write 1 with probability `p`, else 0.

        Arguments:
            p: a number, or a tensor that broadcasts.
            generator: the Generator to draw from; None takes the default one.

        Raises:
            RuntimeError: for a number outside [0, 1].

        >>> import minigrad as torch
        >>> torch.zeros(2).bernoulli_(1.0)
        tensor([1., 1.])
        """
        chance = getattr(p, "_array", p)
        if not np.all((np.asarray(chance) >= 0) & (np.asarray(chance) <= 1)):
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
        return self._drawn("bernoulli_", lambda: generator_of(generator).random(self._array.shape) < chance)

    def _continuous(self, name: str, kind: str) -> None:
        if self._array.dtype.kind != "f":
            raise RuntimeError(
                f"{name}: the {kind} distribution is continuous, so the dtype must be floating, not "
                f"{self._array.dtype}"
            )

    def exponential_(self, lambd: float = 1.0, *, generator: Any = None) -> Self:
        """Write draws from the exponential distribution with rate `lambd`.

        Arguments:
            lambd: the rate, above 0.
            generator: the Generator to draw from; None takes the default one.

        Raises:
            RuntimeError: for another rate, and a tensor that is not floating.

        >>> import minigrad as torch
        >>> bool((torch.empty(9).exponential_() >= 0).all())
        True
        """
        self._continuous("exponential_", "exponential")
        if not lambd > 0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
        draws = generator_of(generator).standard_exponential(self._array.shape)
        return self._drawn("exponential_", lambda: draws / lambd)

    def geometric_(self, p: float, *, generator: Any = None) -> Self:
        """Write how many trials it takes until one with probability `p` succeeds.

        Arguments:
            p: between 0 and 1.
            generator: the Generator to draw from; None takes the default one.

        Raises:
            RuntimeError: for another `p`.

        >>> import minigrad as torch
        >>> bool((torch.empty(9).geometric_(0.5) >= 1).all())
        True
        """
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
        draws = 1 - generator_of(generator).random(self._array.shape)  # never 0
        return self._drawn("geometric_", lambda: np.maximum(np.ceil(np.log(draws) / math.log1p(-p)), 1))

    def cauchy_(self, median: float = 0.0, sigma: float = 1.0, *, generator: Any = None) -> Self:
        """Write draws from the Cauchy distribution.

        Arguments:
            median, sigma: its middle, and half of its width at half of its height, above 0.
            generator: the Generator to draw from; None takes the default one.

        Raises:
            RuntimeError: for another `sigma`, and a tensor that is not floating.

        >>> import minigrad as torch
        >>> torch.empty(2).cauchy_().shape
        torch.Size([2])
        """
        self._continuous("cauchy_", "Cauchy")
        if not sigma > 0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
        turn = generator_of(generator).random(self._array.shape) - 0.5
        return self._drawn("cauchy_", lambda: median + sigma * np.tan(math.pi * turn))

    def log_normal_(self, mean: float = 1.0, std: float = 2.0, *, generator: Any = None) -> Self:
        """Write draws from the log-normal distribution.

        Arguments:
            mean, std: those of the logarithm.
            generator: the Generator to draw from; None takes the default one.

        Raises:
            RuntimeError: for a `std` that is not above 0.
            NotImplementedError: for a tensor that is not floating.

        >>> import minigrad as torch
        >>> bool((torch.empty(9).log_normal_() > 0).all())
        True
        """
        self._floating("log_normal_")
        if not std > 0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std}")
        draws = generator_of(generator).standard_normal(self._array.shape)
        return self._drawn("log_normal_", lambda: np.exp(mean + std * draws))
