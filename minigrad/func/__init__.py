"""Functions made of functions: gradients, Jacobians, and products with them.

Arguments of many functions:
    func: takes tensors, or lists, tuples and dicts of them; returns a tensor, or several in the same way.
    argnums: the place of the argument to differentiate by, or a tuple of places.
    has_aux: whether func returns (output, other things), which are then returned beside the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.nn.utils.stateless import functional_call
from minigrad.pytorch_names import answers_for

from .modules import replace_all_batch_norm_modules_, stack_module_state
from .transforms import (
    functionalize,
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    linearize,
    vjp,
)
from .vmapping import debug_unwrap, vmap

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = [
    "debug_unwrap", "functional_call", "functionalize", "grad", "grad_and_value", "hessian", "jacfwd",
    "jacrev", "jvp", "linearize", "replace_all_batch_norm_modules_", "stack_module_state", "vjp", "vmap",
]  # fmt: skip
