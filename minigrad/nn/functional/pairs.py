"""Functions of pairs of rows: a bilinear form, and the distances of all pairs."""

from __future__ import annotations

import numpy as np

from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.functional import einsum

from .checks import check_tensor
from .sizes import check_floating


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x₁ᵀ A x₂ + b for each pair of rows and each matrix A of `weight`.

    Arguments:
        input1: (..., in1).
        input2: (..., in2), alike in all but the last axis.
        weight: (out, in1, in2).
        bias: (out), or None.

    Returns:
        (..., out).

    Raises:
        RuntimeError: for shapes that do not fit.

    >>> import minigrad as torch
    >>> x = torch.tensor([[1.0, 2.0]])
    >>> torch.nn.functional.bilinear(x, x, torch.eye(2).unsqueeze(0))
    tensor([[5.]])
    """
    for argument, x in (("input1", input1), ("input2", input2), ("weight", weight)):
        check_tensor("bilinear", argument, x)
    if weight.ndim != 3 or input1.shape[:-1] != input2.shape[:-1]:
        raise RuntimeError(
            "bilinear needs inputs alike in all but the last axis and a weight of three axes, not "
            f"{tuple(input1.shape)}, {tuple(input2.shape)} and {tuple(weight.shape)}"
        )
    for argument, x, size in (("input1", input1, weight.shape[1]), ("input2", input2, weight.shape[2])):
        if not x.ndim or x.shape[-1] != size:
            raise RuntimeError(
                f"bilinear: {argument} {tuple(x.shape)} should end in the weight's size {size}"
            )
    rows1, rows2 = (x.reshape(-1, x.shape[-1]) for x in (input1, input2))
    out: Tensor = einsum("nij,nj->ni", einsum("ni,oij->noj", rows1, weight), rows2)
    if bias is not None:
        out = out + bias
    return out.reshape(*input1.shape[:-1], weight.shape[0])


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The distances of all pairs of different rows, in the order of the upper triangle of `cdist`.

    Arguments:
        input: (n, d), of a floating dtype.
        p: the order of the norm of the differences, not negative.

    Returns:
        n(n − 1)/2 distances.

    Raises:
        RuntimeError: for another rank or dtype, and for a negative p.

    >>> import minigrad as torch
    >>> torch.nn.functional.pdist(torch.tensor([[0.0, 0.0], [3.0, 4.0], [3.0, 0.0]]))
    tensor([5., 3., 4.])
    """
    check_tensor("pdist", "input", input)
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    check_floating("pdist", input)
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    first, second = (wrap(places, None) for places in np.triu_indices(input.shape[0], 1))
    out: Tensor = (input[first] - input[second])._vector_norm(
        ord=float(p) if input.shape[1] else 2.0,
        dim=-1,  # of no numbers also the largest is 0
    )
    return out
