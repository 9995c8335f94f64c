"""The chi-squared distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from . import constraints
from .distribution import together
from .gamma import Gamma


class Chi2(Gamma):
    """The sum of squares of independent standard normal numbers.

    Arguments:
        df: how many numbers, the degrees of freedom.

    >>> import minigrad as torch
    >>> torch.distributions.Chi2(2.0).log_prob(torch.tensor([1.0]))
    tensor([-1.1931])
    """

    _told = ()
    arg_constraints: ClassVar = {"df": constraints.positive}
    _more_parameters = ("concentration", "rate")

    def __init__(self, df: Any, validate_args: bool | None = None) -> None:
        (self.df,) = together(df)
        super().__init__(self.df / 2, 0.5, validate_args)
