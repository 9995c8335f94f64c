"""The distribution of a function of draws of another."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad._tensor.size import Size
from minigrad.autograd import no_grad

from .composed_transforms import ComposeTransform
from .distribution import Distribution
from .independent import Independent, summed
from .transform import Transform


class TransformedDistribution(Distribution):
    """The distribution of the results of functions of draws of another.

    Arguments:
        base_distribution: of the draws.
        transforms: one `Transform` or a list of them, the first of which is applied first.

    Raises:
        ValueError: for something else than transforms, and draws of too few dimensions for them.

    >>> import minigrad as torch
    >>> from minigrad.distributions import Normal, TransformedDistribution, transforms
    >>> d = TransformedDistribution(Normal(0.0, 1.0), [transforms.TanhTransform(cache_size=1)])
    >>> d.log_prob(torch.tensor([0.0])), d.cdf(torch.tensor([0.0]))
    (tensor([-0.9189]), tensor([0.5000]))
    >>> d.support
    Interval(lower_bound=-1.0, upper_bound=1.0)
    """

    _told: ClassVar[tuple[str, ...] | None] = ()
    arg_constraints: ClassVar = {}

    def __init__(
        self, base_distribution: Distribution, transforms: Any, validate_args: bool | None = None
    ) -> None:
        self.transforms = [transforms] if isinstance(transforms, Transform) else list(transforms)
        for one in self.transforms:
            if not isinstance(one, Transform):
                raise ValueError(f"transforms must be a Transform or a list of them, but has {one!r}")
        whole = ComposeTransform(self.transforms)
        own = base_distribution.batch_shape + base_distribution.event_shape
        needed, given = whole.domain.event_dim, len(base_distribution.event_shape)
        if len(own) < needed:
            raise ValueError(
                f"the base distribution needs to have shape with size at least {needed}, but got {tuple(own)}"
            )
        shape = Size(whole.forward_shape(own))
        spread = Size(whole.inverse_shape(shape))
        base = base_distribution
        if spread != own:
            base = base.expand(spread[: len(spread) - given])
        self.base_dist: Any = Independent(base, needed - given) if needed > given else base
        self._event_dims = whole.codomain.event_dim + max(given - needed, 0)
        cut = len(shape) - self._event_dims
        super().__init__(shape[:cut], shape[cut:], validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """As of the base.

        >>> import minigrad as torch
        >>> torch.distributions.LogNormal(0.0, 1.0).has_rsample
        True
        """
        return bool(self.base_dist.has_rsample)

    @property
    def support(self) -> Any:
        """The set to which the last transform leads; that of the base where there is none."""
        if not self.transforms:
            return self.base_dist.support
        found = self.transforms[-1].codomain
        more = len(self._event_shape) - found.event_dim
        return Independent._support(found, more)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new = super().expand(batch_shape)
        shape = ComposeTransform(self.transforms).inverse_shape((*batch_shape, *self._event_shape))
        new.base_dist = self.base_dist.expand(shape[: len(shape) - len(self.base_dist.event_shape)])
        return new

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return self._through(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self._through(self.base_dist.rsample(sample_shape))

    def _through(self, x: Any) -> Any:
        for one in self.transforms:
            x = one(x)
        return x

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        found: Any = 0.0
        dims = len(self._event_shape)
        for one in reversed(self.transforms):
            x = one.inv(value)
            dims += one.domain.event_dim - one.codomain.event_dim
            found = found - summed(one.log_abs_det_jacobian(x, value), dims - one.domain.event_dim)
            value = x
        return summed(self.base_dist.log_prob(value), dims - len(self.base_dist.event_shape)) + found

    def _sign(self) -> Any:
        return ComposeTransform(self.transforms).sign

    def cdf(self, value: Any) -> Any:
        self._check(value)
        for one in reversed(self.transforms):
            value = one.inv(value)
        return self._sign() * (self.base_dist.cdf(value) - 0.5) + 0.5

    def icdf(self, value: Any) -> Any:
        return self._through(self.base_dist.icdf(self._sign() * (value - 0.5) + 0.5))
