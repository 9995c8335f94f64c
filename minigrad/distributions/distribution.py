"""The base of all distributions, and of those that are given as probabilities or as their logarithms."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from minigrad import creation, functional
from minigrad._tensor.compositions.differences import broadcast_tensors
from minigrad._tensor.named_dtype import get_default_dtype
from minigrad._tensor.random import as_drawn, generator_of
from minigrad._tensor.record import wrap
from minigrad._tensor.size import Size
from minigrad._tensor.tensor import Tensor
from minigrad.autograd import no_grad
from minigrad.ops.arrays import everything
from minigrad.ops.kernels import broken

from . import constraints
from .constraints import Constraint


def together(*values: Any) -> Any:
    """Parameters as tensors of one shape and dtype, of which some may be numbers."""
    dtypes = [x.dtype for x in values if isinstance(x, Tensor)]
    for x in values:
        if not isinstance(x, Tensor | int | float | np.number):
            raise ValueError(f"a parameter must be a number or a tensor, but got {type(x).__name__}")
    dtype = dtypes[0] if dtypes else get_default_dtype()
    made = [x if isinstance(x, Tensor) else creation.tensor(x, dtype=dtype) for x in values]
    return broadcast_tensors(*made)


def drawn(draw: Callable[[Any], Any], like: Tensor) -> Any:
    """A tensor of the numbers that NumPy's generator draws, of the dtype of another."""
    return wrap(as_drawn(draw(generator_of(None)), like._array.dtype), None)


def uniform(shape: Any, like: Tensor) -> Any:
    """Uniform numbers between 0 and 1, neither of which occurs."""
    tiny = float(np.finfo(like._array.dtype).tiny)
    almost = float(1 - np.finfo(like._array.dtype).epsneg)
    return drawn(lambda random: random.random(shape), like).clamp(tiny, almost)


class Distribution:
    """The base of all distributions: a batch of independent ones of the same kind.

    Arguments:
        batch_shape: the shape of the batch.
        event_shape: the shape of one draw of one of them.

    A parameter that makes no distribution raises a ValueError, and so does a value outside the support.

    >>> import minigrad as torch
    >>> d = torch.distributions.Normal(torch.zeros(2), 2.0)
    >>> d.batch_shape, d.event_shape, d.support, d.arg_constraints["scale"]
    (torch.Size([2]), torch.Size([]), Real(), GreaterThan(lower_bound=0.0))
    >>> d.mean, d.mode, d.variance, d.stddev
    (tensor([0., 0.]), tensor([0., 0.]), tensor([4., 4.]), tensor([2., 2.]))
    >>> d.sample((3,)).shape, d.rsample().shape, d.expand((5, 2)).batch_shape
    (torch.Size([3, 2]), torch.Size([2]), torch.Size([5, 2]))
    >>> d.log_prob(torch.tensor(0.0)), d.entropy()
    (tensor([-1.6121, -1.6121]), tensor([2.1121, 2.1121]))
    >>> d.cdf(torch.tensor(0.0)), d.icdf(torch.tensor(0.5)), d.perplexity()
    (tensor([0.5000, 0.5000]), tensor([0., 0.]), tensor([8.2655, 8.2655]))
    """

    has_rsample = False
    has_enumerate_support = False
    arg_constraints: ClassVar[dict[str, Constraint]] = {}
    support: Any = None
    _validate_args = True
    _more_parameters: ClassVar[tuple[str, ...]] = ()
    _told: ClassVar[tuple[str, ...] | None] = None  # the parameters that its text names

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None):
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Say whether distributions to come check their parameters and values.

        Arguments:
            value: True or False.

        >>> import minigrad as torch
        >>> torch.distributions.Distribution.set_default_validate_args(True)
        """
        if value not in (True, False):
            raise ValueError(f"set_default_validate_args takes True or False, but got {value!r}")
        Distribution._validate_args = value

    @property
    def batch_shape(self) -> Size:
        """The shape of the batch of distributions."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one draw of one of them."""
        return self._event_shape

    @property
    def mean(self) -> Any:
        """The mean of each."""
        raise self._without("mean")

    @property
    def mode(self) -> Any:
        """The most probable value of each."""
        raise self._without("mode")

    @property
    def variance(self) -> Any:
        """The variance of each."""
        raise self._without("variance")

    @property
    def stddev(self) -> Any:
        """The root of the variance."""
        return self.variance.sqrt()

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distributions as a batch of another shape, to which the batch's broadcasts.

        Arguments:
            batch_shape: the new shape.
        """
        batch = Size(batch_shape)
        new = copy.copy(self)
        for name in (*self.arg_constraints, *self._more_parameters):
            if isinstance(x := vars(self).get(name), Tensor):
                setattr(new, name, x.expand(*batch, *x.shape[len(self._batch_shape) :]))
        new._batch_shape = batch
        return new

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draws without a gradient, of shape sample_shape + batch_shape + event_shape.

        Arguments:
            sample_shape: how many draws, as a shape.
        """
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draws with a gradient: they are functions of the parameters and of noise.

        Arguments:
            sample_shape: how many draws, as a shape.

        Raises:
            NotImplementedError: for distributions whose draws are no such function.

        Source: Kingma and Welling, "Auto-encoding variational Bayes" (2014).
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no rsample: its draws are no differentiable function of its "
            f"parameters; sample() draws without a gradient"
        )

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density, or of the probability, at a value.

        Arguments:
            value: a tensor whose shape broadcasts with batch_shape + event_shape.
        """
        raise self._without("log_prob")

    def cdf(self, value: Any) -> Any:
        """The probability of at most a value.

        Arguments:
            value: as for `log_prob`.
        """
        raise self._without("cdf")

    def icdf(self, value: Any) -> Any:
        """The number below which a draw lies with a probability: the inverse of `cdf`.

        Arguments:
            value: probabilities.
        """
        raise self._without("icdf")

    def entropy(self) -> Any:
        """The entropy of each, in nats.

        >>> import minigrad as torch
        >>> torch.distributions.Bernoulli(torch.tensor(0.5)).entropy()
        tensor(0.6931)
        """
        raise self._without("entropy")

    def perplexity(self) -> Any:
        """The exponential of the entropy.

        >>> import minigrad as torch
        >>> torch.distributions.Bernoulli(torch.tensor(0.5)).perplexity()
        tensor(2.)
        """
        return self.entropy().exp()

    def enumerate_support(self, expand: bool = True) -> Any:
        """All values that a discrete distribution has, along the first dimension.

        Arguments:
            expand: whether they are repeated for the whole batch.

        >>> import minigrad as torch
        >>> torch.distributions.Categorical(torch.ones(3)).enumerate_support()
        tensor([0, 1, 2])
        """
        raise self._without("enumerate_support")

    def _along(self, values: Tensor, expand: bool) -> Any:
        values = values.reshape(-1, *[1] * len(self._batch_shape))
        return values.expand(-1, *self._batch_shape) if expand else values

    def _shape(self, sample_shape: Any) -> Size:
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def _without(self, name: str) -> NotImplementedError:
        return NotImplementedError(f"{type(self).__name__} has no {name} in closed form")

    def _check_parameters(self) -> None:
        for name, constraint in self.arg_constraints.items():
            value = vars(self).get(name)
            if constraint.belongs is None or not isinstance(value, Tensor):
                continue
            good = constraint.check(value.detach())
            if broken(everything(good._array)):
                raise ValueError(
                    f"{type(self).__name__}: {name} of shape {tuple(value.shape)} must satisfy {constraint}, "
                    f"but is {value.detach()}"
                )

    def _check(self, value: Any) -> None:
        """Refuse a value that no draw can have."""
        if not self._validate_args:
            return
        kind = type(self).__name__
        if not isinstance(value, Tensor):
            raise ValueError(f"{kind}: the value must be a tensor, but got {type(value).__name__}")
        own, shape = self._batch_shape + self._event_shape, tuple(value.shape)
        event = self._event_shape
        if event and shape[-len(event) :] != tuple(event):
            raise ValueError(
                f"{kind}: the value must end in the event_shape {tuple(event)}, but has shape {shape}"
            )
        for mine, its in zip(reversed(own), reversed(shape), strict=False):
            if mine != its and 1 not in (mine, its):
                raise ValueError(
                    f"{kind}: a value of shape {shape} does not broadcast with batch_shape + event_shape "
                    f"{tuple(own)}"
                )
        support = self.support
        if support is None or support.belongs is None:
            return
        if broken(everything(support.check(value.detach())._array)):
            raise ValueError(
                f"{kind}: the value must lie within the support {support}, but is {value.detach()}"
            )

    def __repr__(self) -> str:
        names = [n for n in self.arg_constraints if n in vars(self)] if self._told is None else self._told
        told = (f"{n}: {_short(getattr(self, n))}" for n in names)
        return f"{type(self).__name__}({', '.join(told)})"


def _short(x: Any) -> str:
    return f"{x if x.numel() == 1 else x.size()}" if isinstance(x, Tensor) else str(x)


class Derived:
    """An attribute that is computed where the instance has none of its name."""

    def __init__(self, compute: Callable[[Any], Any]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else self.compute(instance)


def inside(probs: Any) -> Any:
    """Probabilities that are neither 0 nor 1."""
    eps = float(np.finfo(probs._array.dtype).eps)
    return probs.clamp(eps, 1 - eps)


class OfTrials(Distribution):
    """Of trials that succeed with `probs`, or with the logarithm of the odds, `logits`."""

    def _take(self, probs: Any, logits: Any, *others: Any) -> None:
        given, name = one_of(probs, logits)
        first, *rest = together(given, *others)
        setattr(self, name, first)
        self._others = rest
        self._own = first

    @Derived
    def probs(self) -> Any:
        """The probability of a success."""
        return self.logits.sigmoid()

    @Derived
    def logits(self) -> Any:
        """The logarithm of the odds."""
        probs = inside(self.probs)
        return probs.log() - (-probs).log1p()


class OfPlaces(Distribution):
    """Of places that are drawn with `probs`, along the last dimension, or with their logarithms, `logits`."""

    def _take(self, probs: Any, logits: Any) -> None:
        given, name = one_of(probs, logits)
        if given.ndim < 1:
            raise ValueError(f"{type(self).__name__}: {name} must have a dimension at least")
        if name == "probs":
            self.probs = given / given.sum(-1, keepdim=True)
        else:
            self.logits = given - given.logsumexp(-1, keepdim=True)
        self._own = given

    @Derived
    def probs(self) -> Any:
        """The probability of each place."""
        return functional.softmax(self.logits, -1)

    @Derived
    def logits(self) -> Any:
        """The logarithm of each probability."""
        return inside(self.probs).log()

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter.

        >>> import minigrad as torch
        >>> torch.distributions.Categorical(torch.ones(3)).param_shape
        torch.Size([3])
        """
        return self._own.shape


def one_of(probs: Any, logits: Any) -> tuple[Any, str]:
    """The one that was given, and its name."""
    if (probs is None) == (logits is None):
        raise ValueError("give either probs or logits, and not both")
    return (probs, "probs") if logits is None else (logits, "logits")


class LocationScale(Distribution):
    """The base of distributions over all numbers that `loc`, the mode, moves and `scale` stretches."""

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = together(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mode(self) -> Any:
        return self.loc
