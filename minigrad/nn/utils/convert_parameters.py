"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from minigrad._tensor.tensor import Tensor
from minigrad.functional import cat


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The parameters flattened and joined in their order; gradients flow through.

    >>> import minigrad as torch
    >>> torch.nn.utils.parameters_to_vector(torch.nn.Linear(3, 2).parameters()).shape
    torch.Size([8])
    """
    return cat([parameter.reshape(-1) for parameter in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Give the parameters the values of a vector, in their order; they share its memory from then on.

    Raises:
        TypeError: when vec is not a tensor.
        ValueError: when the vector does not have as many elements as all the parameters.

    >>> import minigrad as torch
    >>> layer = torch.nn.Linear(2, 1)
    >>> torch.nn.utils.vector_to_parameters(torch.arange(3.0), layer.parameters())
    >>> layer.weight.tolist(), layer.bias.tolist()
    ([[0.0, 1.0]], [2.0])
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"vector_to_parameters takes a tensor, not {type(vec).__name__}")
    targets = list(parameters)
    needed = sum(parameter.numel() for parameter in targets)
    if vec.ndim != 1 or vec.numel() != needed:
        raise ValueError(f"the parameters have {needed} elements, the vector has shape {tuple(vec.shape)}")
    start = 0
    for parameter in targets:
        stop = start + parameter.numel()
        parameter.data = vec.data[start:stop].reshape(parameter.shape)
        start = stop
