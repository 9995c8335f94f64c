"""Tools on the gradients and values of a module's parameters; `rnn` has those on sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad._tensor.later import loaded_later
from minigrad.nn.utils.clip_grad import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from minigrad.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters

if TYPE_CHECKING:
    from . import parametrizations, parametrize, rnn, stateless
    from .weight_hooks import remove_spectral_norm, remove_weight_norm, spectral_norm, weight_norm
else:
    _LATER = ("parametrizations", "parametrize", "rnn", "stateless")
    _HOOKS = "remove_spectral_norm remove_weight_norm spectral_norm weight_norm"
    _MODULES = dict(zip(_LATER, _LATER, strict=True))
    __getattr__, __dir__ = loaded_later(__name__, {**_MODULES, "weight_hooks": _HOOKS})

__all__ = [
    "clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm",
    "parameters_to_vector", "parametrizations", "parametrize",
    "remove_spectral_norm", "remove_weight_norm", "rnn", "spectral_norm", "stateless", "vector_to_parameters",
    "weight_norm",
]  # fmt: skip
