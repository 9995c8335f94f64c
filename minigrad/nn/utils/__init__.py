"""Tools on the gradients and values of a module's parameters; `rnn` has those on sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.nn.later import loaded_later
from minigrad.nn.utils.clip_grad import clip_grad_norm_, clip_grad_value_
from minigrad.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters

if TYPE_CHECKING:
    from . import parametrizations, parametrize, rnn, stateless
else:
    _LATER = ("parametrizations", "parametrize", "rnn", "stateless")
    __getattr__, __dir__ = loaded_later(__name__, dict(zip(_LATER, _LATER, strict=True)))

__all__ = [
    "clip_grad_norm_", "clip_grad_value_", "parameters_to_vector", "parametrizations", "parametrize", "rnn",
    "stateless", "vector_to_parameters",
]  # fmt: skip
