"""Several distributions of a batch as one of a vector."""

from __future__ import annotations

from typing import Any, ClassVar

from . import constraints
from .distribution import Distribution


def summed(x: Any, dims: int) -> Any:
    """The sum over the last dimensions."""
    return x.sum(tuple(range(-dims, 0))) if dims else x


class Independent(Distribution):
    """The last dimensions of a batch taken as dimensions of one draw.

    Arguments:
        base_distribution: the batch.
        reinterpreted_batch_ndims: how many of its dimensions.

    >>> import minigrad as torch
    >>> base = torch.distributions.Normal(torch.zeros(2, 3), 1.0)
    >>> d = torch.distributions.Independent(base, 1)
    >>> d.batch_shape, d.event_shape, d.log_prob(torch.zeros(2, 3))
    (torch.Size([2]), torch.Size([3]), tensor([-2.7568, -2.7568]))
    >>> d.has_rsample, d.has_enumerate_support
    (True, False)
    """

    arg_constraints: ClassVar = {}

    def __init__(
        self,
        base_distribution: Distribution,
        reinterpreted_batch_ndims: int,
        validate_args: bool | None = None,
    ) -> None:
        batch, dims = base_distribution.batch_shape, reinterpreted_batch_ndims
        if dims > len(batch):
            raise ValueError(
                f"Independent: reinterpreted_batch_ndims must be at most {len(batch)}, the number of "
                f"dimensions of the batch, but is {dims}"
            )
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, dims
        cut = len(batch) - dims
        super().__init__(batch[:cut], batch[cut:] + base_distribution.event_shape, validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """As of the base."""
        return self.base_dist.has_rsample

    @property
    def has_enumerate_support(self) -> bool:  # type: ignore[override]
        """As of the base, where no dimension is taken as one of a draw."""
        return not self.reinterpreted_batch_ndims and self.base_dist.has_enumerate_support

    @property
    def support(self) -> Any:
        """The base's, several at once."""
        return self._support(self.base_dist.support, self.reinterpreted_batch_ndims)

    @staticmethod
    def _support(of_base: Any, dims: int) -> Any:
        return constraints.independent(of_base, dims) if dims and of_base is not None else of_base

    @property
    def mean(self) -> Any:
        return self.base_dist.mean

    @property
    def mode(self) -> Any:
        return self.base_dist.mode

    @property
    def variance(self) -> Any:
        return self.base_dist.variance

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        inner = (*batch_shape, *self._event_shape[: self.reinterpreted_batch_ndims])
        return Independent(
            self.base_dist.expand(inner), self.reinterpreted_batch_ndims, validate_args=self._validate_args
        )

    def sample(self, sample_shape: Any = ()) -> Any:
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Any) -> Any:
        return summed(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Any:
        return summed(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def enumerate_support(self, expand: bool = True) -> Any:
        if self.reinterpreted_batch_ndims:
            raise NotImplementedError("Independent: the values of a vector are not enumerated")
        return self.base_dist.enumerate_support(expand)

    def __repr__(self) -> str:
        return f"Independent({self.base_dist}, {self.reinterpreted_batch_ndims})"
