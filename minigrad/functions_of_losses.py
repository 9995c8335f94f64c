"""The losses that PyTorch has at the top too, where the reduction is a number: 0 none, 1 the mean, 2 the sum.

PyTorch's signatures say 1 for a reduction that is left out; it computes 0, and so do these.
"""

from __future__ import annotations

import operator
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn import functional as F


def _word(reduction: Any) -> str:
    try:
        number = operator.index(reduction)
    except TypeError:
        raise TypeError(
            f"argument 'reduction' must be int, not {type(reduction).__name__}: 0 none, 1 the mean, 2 the "
            f"sum; the function of this name in torch.nn.functional takes words"
        ) from None
    if number not in range(3):
        raise RuntimeError(f"reduction must be 0 (none), 1 (the mean) or 2 (the sum), not {number}")
    return ("none", "mean", "sum")[number]


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: int = 0,
) -> Tensor:
    """As `nn.functional.binary_cross_entropy_with_logits(input, target)`, in another order.

    Arguments:
        input, target, weight, pos_weight: as there.
        reduction: 0 none, 1 the mean, 2 the sum.

    >>> import minigrad as torch
    >>> torch.binary_cross_entropy_with_logits(torch.zeros(2), torch.ones(2))
    tensor([0.6931, 0.6931])
    """
    word = _word(reduction)
    return F.binary_cross_entropy_with_logits(input, target, weight, reduction=word, pos_weight=pos_weight)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """As `nn.functional.cosine_embedding_loss(input1, input2, target)`.

    Arguments:
        input1, input2, target, margin: as there.
        reduction: 0 none, 1 the mean, 2 the sum.

    >>> import minigrad as torch
    >>> torch.cosine_embedding_loss(torch.ones(1, 2), torch.ones(1, 2), torch.tensor([-1]))
    tensor([1.])
    """
    return F.cosine_embedding_loss(input1, input2, target, margin, reduction=_word(reduction))


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: int = 0,
    zero_infinity: bool = False,
) -> Tensor:
    """As `nn.functional.ctc_loss(log_probs, targets, input_lengths, target_lengths)`.

    Arguments:
        log_probs, targets, input_lengths, target_lengths, blank, zero_infinity: as there.
        reduction: 0 none, 1 the mean, 2 the sum.

    >>> import minigrad as torch
    >>> torch.ctc_loss(torch.full((2, 1, 2), 0.5).log(), torch.tensor([[1]]), (2,), (1,), reduction=1)
    tensor(0.2877)
    """
    word = _word(reduction)
    return F.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, word, zero_infinity)


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 0) -> Tensor:
    """As `nn.functional.hinge_embedding_loss(input, target)`.

    Arguments:
        input, target, margin: as there.
        reduction: 0 none, 1 the mean, 2 the sum.

    >>> import minigrad as torch
    >>> torch.hinge_embedding_loss(torch.zeros(1), torch.tensor([-1]))
    tensor([1.])
    """
    return F.hinge_embedding_loss(input, target, margin, reduction=_word(reduction))


def kl_div(input: Tensor, target: Tensor, reduction: int = 0, *, log_target: bool = False) -> Tensor:
    """As `nn.functional.kl_div(input, target)`.

    Arguments:
        input, target, log_target: as there.
        reduction: 0 none, 1 the mean over all elements, 2 the sum.

    >>> import minigrad as torch
    >>> torch.kl_div(torch.zeros(2), torch.ones(2))
    tensor([0., 0.])
    """
    return F.kl_div(input, target, reduction=_word(reduction), log_target=log_target)


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """As `nn.functional.margin_ranking_loss(input1, input2, target)`.

    Arguments:
        input1, input2, target, margin: as there.
        reduction: 0 none, 1 the mean, 2 the sum.

    >>> import minigrad as torch
    >>> torch.margin_ranking_loss(torch.zeros(1), torch.ones(1), torch.tensor([1.0]))
    tensor([1.])
    """
    return F.margin_ranking_loss(input1, input2, target, margin, reduction=_word(reduction))


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int
) -> Tensor:
    """As `nn.functional.poisson_nll_loss(input, target)`, with all arguments told.

    Arguments:
        input, target, log_input, full, eps: as there.
        reduction: 0 none, 1 the mean, 2 the sum.

    >>> import minigrad as torch
    >>> torch.poisson_nll_loss(torch.zeros(1), torch.tensor([2.0]), True, False, 1e-8, 1)
    tensor(1.)
    """
    word = _word(reduction)
    return F.poisson_nll_loss(input, target, log_input, full, eps=eps, reduction=word)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: int = 0,
) -> Tensor:
    """As `nn.functional.triplet_margin_loss(anchor, positive, negative)`.

    Arguments:
        anchor, positive, negative, margin, p, eps, swap: as there.
        reduction: 0 none, 1 the mean, 2 the sum.

    >>> import minigrad as torch
    >>> torch.triplet_margin_loss(torch.zeros(1, 2), torch.zeros(1, 2), torch.zeros(1, 2))
    tensor([1.])
    """
    word = _word(reduction)
    return F.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction=word)
