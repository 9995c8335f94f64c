"""Tools on the gradients and values of a module's parameters; `rnn` has those on sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.nn.later import loaded_later
from minigrad.nn.utils.clip_grad import clip_grad_norm_, clip_grad_value_
from minigrad.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters

if TYPE_CHECKING:
    from . import rnn
else:
    __getattr__, __dir__ = loaded_later(__name__, {"rnn": "rnn"})

__all__ = ["clip_grad_norm_", "clip_grad_value_", "parameters_to_vector", "rnn", "vector_to_parameters"]
