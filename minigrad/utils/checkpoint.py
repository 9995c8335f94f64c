"""Parts of a network whose values PyTorch computes a second time in the backward, to keep fewer of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = ["checkpoint", "checkpoint_sequential"]


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
    context_fn: Any = None,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """`function(*args, **kwargs)`: the numbers and gradients of PyTorch's, which saves memory; this does not.

    Arguments:
        function: a module, or a function of tensors.
        args, kwargs: its arguments.
        use_reentrant, preserve_rng_state, context_fn, determinism_check, debug, early_stop: accepted; they
            say how the values are computed again, and here they are kept.

    >>> import minigrad as torch
    >>> from minigrad.utils.checkpoint import checkpoint
    >>> x = torch.ones(2, requires_grad=True)
    >>> checkpoint(torch.exp, x, use_reentrant=False).sum().backward()
    >>> x.grad
    tensor([2.7183, 2.7183])
    """
    return function(*args, **kwargs)


def checkpoint_sequential(
    functions: Iterable[Callable[..., Any]],
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
) -> Any:
    """Each of the functions applied to the output of the one before.

    Arguments:
        functions: modules or functions, or a Sequential.
        segments: accepted; the number of parts of which PyTorch keeps only the inputs.
        input: what the first of them gets.
        use_reentrant, preserve_rng_state: accepted.

    >>> import minigrad as torch
    >>> from minigrad.utils.checkpoint import checkpoint_sequential
    >>> checkpoint_sequential([torch.neg, torch.relu], 2, torch.tensor([-1.0]), use_reentrant=False)
    tensor([1.])
    """
    for function in functions:
        input = function(input)
    return input
