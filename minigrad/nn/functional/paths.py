"""The loss over all alignments of a sequence with its labels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad._tensor.calls import CALLS
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.ops import trellis  # noqa: F401 (its record)
from minigrad.ops.arrays import kin, ndarray
from minigrad.ops.index import first_outside

from .checks import check_reduction, check_tensor
from .sizes import check_floating

Array = Any


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Minus the logarithm of the probability of all alignments that read as the labels: CTC.

    An alignment has a class at each time; repeated classes read as one, and blanks as nothing.

    Arguments:
        log_probs: (T, N, C), or (T, C) for one sequence: the logarithm of a probability for each class at
            each time, as `log_softmax` gives it.
        targets: the labels as whole numbers: (N, S), padded at the end, or all sequences one after another
            in one axis. No label may be the blank.
        input_lengths: how many times of each sequence count, at most T: a tensor or a tuple.
        target_lengths: how many labels each sequence has.
        blank: the class that reads as nothing.
        reduction: "mean" (over the batch, each loss divided by its number of labels), "sum" or "none".
        zero_infinity: count a sequence as 0 where no alignment is long enough and the loss is inf.

    Returns:
        A number; with "none" the losses, (N).

    Raises:
        RuntimeError: for lengths, labels or shapes that do not fit.

    The gradient is PyTorch's, softmax(log_probs) minus the probability of each class over the alignments:
    that of the loss as a function of the scores before `log_softmax`. There is no second derivative.

    Source: Graves et al., "Connectionist temporal classification" (2006).

    >>> import minigrad as torch
    >>> log_probs = torch.full((2, 1, 2), 0.5).log()  # two times, of blank or label
    >>> torch.nn.functional.ctc_loss(log_probs, torch.tensor([[1]]), (2,), (1,))
    tensor(0.2877)
    """
    check_reduction(reduction)
    for argument, x in (("log_probs", log_probs), ("targets", targets)):
        check_tensor("ctc_loss", argument, x)
    check_floating("ctc_loss", log_probs)
    if log_probs.dtype.itemsize == 2:
        raise NotImplementedError("ctc_loss is not implemented for float16; convert with .float()")
    if log_probs.ndim not in (2, 3):
        raise RuntimeError(
            f"ctc_loss: log_probs must be (T, N, C) or (T, C), but has shape {tuple(log_probs.shape)}"
        )
    single = log_probs.ndim == 2
    scores = log_probs.unsqueeze(1) if single else log_probs
    steps, samples, classes = scores.shape
    if not 0 <= blank < classes:
        raise RuntimeError(f"ctc_loss: blank must be a class, 0 to {classes - 1}, but is {blank}")
    times = _lengths("input_lengths", input_lengths, samples, steps)
    sizes = _lengths("target_lengths", target_lengths, samples, None)
    labels = _padded(targets, sizes, samples)._array
    kept = np.arange(labels.shape[1]) < sizes[:, None]
    if (wrong := first_outside(labels[kept], classes)) is not None:
        raise RuntimeError(f"ctc_loss: target {wrong} is out of bounds for {classes} classes")
    blanks = np.full((samples, labels.shape[1] + 1), blank, labels.dtype, like=kin(labels))
    between = np.stack([blanks[:, 1:], np.where(kept, labels, blank)], 2)
    states = np.concatenate([between.reshape((samples, 2 * labels.shape[1])), blanks[:, :1]], 1)
    apart = (states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2])
    first = np.zeros((samples, states.shape[1] - apart.shape[1]), np.bool_, like=kin(labels))
    skips = np.concatenate([first, apart], 1)
    place = np.arange(states.shape[1]) - 2 * sizes[:, None]
    ends = (place == 0) | (place == -1)
    chosen = scores.gather(2, wrap(np.broadcast_to(states, (steps, *states.shape)), None))
    loss: Tensor = CALLS["trellis_loss"](chosen, *(wrap(x, None) for x in (skips, ends, times)))
    impossible = loss.detach().isinf()
    possible = type(loss._array) is ndarray and not impossible._array.any()
    if log_probs.requires_grad:
        slope = _of_scores(scores, times)
        found = loss + slope - slope.detach()
        if not possible:  # inf, with the gradient nan
            without: Any = 0.0 if zero_infinity else 1 / CALLS["where"](impossible, slope * 0, 1.0)
            found = CALLS["where"](impossible, without, found)
        loss = found
    elif zero_infinity and not possible:
        loss = loss.masked_fill(impossible, 0)
    if reduction == "mean":
        return (loss / wrap(np.maximum(sizes, 1).astype(loss.dtype), None)).mean()
    if reduction == "sum":
        return loss.sum()
    return loss.squeeze(0) if single else loss


def _of_scores(log_probs: Tensor, times: Array) -> Tensor:
    """A term of each sample with the gradient exp(log_probs) at the times that count."""
    most = math.log(np.finfo(log_probs.dtype).max) - math.log(max(log_probs.numel(), 1)) - 1
    plain = type(log_probs._array) is ndarray and log_probs.numel() > 0
    terms = (log_probs if plain and log_probs._array.max() <= most else log_probs.clamp(max=most)).exp()
    if (times == log_probs.shape[0]).all():
        return terms.sum((0, 2))
    counts = np.arange(log_probs.shape[0])[:, None, None] < times[:, None]
    mask = wrap(np.broadcast_to(counts, log_probs.shape), None)
    return CALLS["where"](mask, terms, 0.0).sum((0, 2))


def _lengths(argument: str, given: Any, samples: int, most: int | None) -> Array:
    lengths = given.numpy() if isinstance(given, Tensor) else np.asarray(given)
    if lengths.dtype.kind not in "iu" and lengths.size:
        raise RuntimeError(f"ctc_loss: {argument} must be integral, not {lengths.dtype.name}")
    lengths = lengths.reshape(-1).astype(np.int64)
    if lengths.size != samples:
        raise RuntimeError(f"ctc_loss: {argument} must be of size batch_size, {samples}, not {lengths.size}")
    if samples and lengths.min() < 0:
        raise RuntimeError(f"ctc_loss: {argument} must be at least 0, but has {lengths.min()}")
    if most is not None and samples and lengths.max() > most:
        raise RuntimeError(f"ctc_loss: {argument} must be at most T, {most}, but has {lengths.max()}")
    return lengths


def _padded(targets: Tensor, sizes: Array, samples: int) -> Tensor:
    """The labels as (N, S), whatever stands beyond the end of each row."""
    labels = targets.detach().long()
    longest = int(sizes.max(initial=0))
    if labels.ndim > 1:
        if labels.ndim != 2 or labels.shape[0] != samples or labels.shape[1] < longest:
            raise RuntimeError(
                f"ctc_loss: padded targets must be ({samples}, S) with S at least {longest}, but have shape "
                f"{tuple(targets.shape)}"
            )
        return labels[:, :longest]
    if labels.numel() != sizes.sum():
        raise RuntimeError(
            f"ctc_loss: targets one after another must be {sizes.sum()}, the sum of target_lengths, but "
            f"there are {labels.numel()}"
        )
    if not labels.numel():
        return labels.new_zeros((samples, longest))
    places = (np.cumsum(sizes) - sizes)[:, None] + np.arange(longest)
    return labels[wrap(np.minimum(places, labels.numel() - 1), None)]
