"""Functions made of functions: gradients, Jacobians, and products with them.

Arguments of many functions:
    func: takes tensors, or lists, tuples and dicts of them; returns a tensor, or several in the same way.
    argnums: the place of the argument to differentiate by, or a tuple of places.
    has_aux: whether func returns (output, other things), which are then returned beside the result.
"""

from __future__ import annotations

from minigrad.nn.utils.stateless import functional_call

from .transforms import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, vjp

__all__ = ["functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "vjp"]
