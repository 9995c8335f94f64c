"""Distributions: draws, densities, entropies and divergences, with gradients.

Arguments of all distributions:
    validate_args: whether parameters and values are checked; unless told, as
        `Distribution.set_default_validate_args` says, and that is True at first.

Parameters are tensors or numbers, and their shapes broadcast to the `batch_shape`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.pytorch_names import answers_for

from . import constraints as constraints
from .bernoulli import Bernoulli
from .categorical import Categorical
from .distribution import Distribution
from .independent import Independent
from .kl import kl_divergence, register_kl
from .multivariate_normal import MultivariateNormal
from .normal import Normal
from .uniform import Uniform

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = [
    "Bernoulli",
    "Categorical",
    "Distribution",
    "Independent",
    "MultivariateNormal",
    "Normal",
    "Uniform",
    "kl_divergence",
    "register_kl",
]
