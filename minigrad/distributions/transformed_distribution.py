"""The distribution of a function of draws of another."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad._tensor.compositions.differences import broadcast_shapes
from minigrad._tensor.tensor import Tensor
from minigrad.autograd import no_grad

from .distribution import Distribution
from .independent import summed
from .transforms import AffineTransform, Transform


class TransformedDistribution(Distribution):
    """The distribution of the results of functions of draws of another.

    Arguments:
        base_distribution: of the draws.
        transforms: one `Transform` or a list of them, the first of which is applied first.

    >>> import minigrad as torch
    >>> from minigrad.distributions import Normal, TransformedDistribution, transforms
    >>> d = TransformedDistribution(Normal(0.0, 1.0), [transforms.TanhTransform(cache_size=1)])
    >>> d.log_prob(torch.tensor([0.0])), d.cdf(torch.tensor([0.0]))
    (tensor([-0.9189]), tensor([0.5000]))
    """

    arg_constraints: ClassVar = {}

    def __init__(
        self, base_distribution: Distribution, transforms: Any, validate_args: bool | None = None
    ) -> None:
        self.transforms = [transforms] if isinstance(transforms, Transform) else list(transforms)
        for one in self.transforms:
            if not isinstance(one, Transform):
                raise ValueError(f"transforms must be a Transform or a list of them, but has {one!r}")
        batch, event = base_distribution.batch_shape, base_distribution.event_shape
        shape = batch + event
        for one in self.transforms:
            if isinstance(one, AffineTransform):
                own = [x.shape for x in (one.loc, one.scale) if isinstance(x, Tensor)]
                shape = broadcast_shapes(shape, *own)
        dims = len(event)
        self.base_dist = base_distribution.expand(shape[: len(shape) - dims])
        self._event_dims = max([dims, *(one.event_dim for one in self.transforms)])
        cut = len(shape) - self._event_dims
        super().__init__(shape[:cut], shape[cut:], validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """As of the base.

        >>> import minigrad as torch
        >>> torch.distributions.LogNormal(0.0, 1.0).has_rsample
        True
        """
        return self.base_dist.has_rsample

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new = super().expand(batch_shape)
        moved = len(self._event_shape) - len(self.base_dist.event_shape)
        new.base_dist = self.base_dist.expand((*batch_shape, *self._event_shape[:moved]))
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
        for one in reversed(self.transforms):
            x = one.inv(value)
            found = found - summed(one.log_abs_det_jacobian(x, value), self._event_dims - one.event_dim)
            value = x
        base = self.base_dist.log_prob(value)
        return summed(base, self._event_dims - len(self.base_dist.event_shape)) + found

    def _sign(self) -> Any:
        sign: Any = 1
        for one in self.transforms:
            sign = sign * one.sign
        return sign

    def cdf(self, value: Any) -> Any:
        self._check(value)
        for one in reversed(self.transforms):
            value = one.inv(value)
        return self._sign() * (self.base_dist.cdf(value) - 0.5) + 0.5

    def icdf(self, value: Any) -> Any:
        return self._through(self.base_dist.icdf(self._sign() * (value - 0.5) + 0.5))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
