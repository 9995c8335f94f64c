"""A softmax over very many classes; it computes the rare classes only for targets among them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from minigrad._tensor.tensor import Tensor
from minigrad.functional import cat
from minigrad.nn.containers import ModuleList, Sequential
from minigrad.nn.functional import log_softmax
from minigrad.nn.linear import Linear
from minigrad.nn.module import Module


class _ASMoutput(NamedTuple):
    """The log-probability of each target, and the mean loss."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """The loss of a softmax over classes in the order of their frequency, in clusters of ever rarer ones.

    The head scores the frequent classes and each cluster as a whole; a cluster scores its own classes, from
    a projection that is smaller the rarer it is.

    Arguments:
        in_features: the size of an input.
        n_classes: how many classes there are, the most frequent first.
        cutoffs: the first class of each cluster, rising.
        div_value: by which factor the projection of each cluster is smaller.
        head_bias: whether the head has a bias.
        device, dtype: of the parameters: the CPU, and a floating dtype.

    Raises:
        ValueError: for cutoffs that do not rise between 1 and n_classes - 1.
        RuntimeError: for targets that are no classes, or shapes that do not fit.

    Called with `input_`, (N, in_features) or (in_features), and `target_`, (N) or (), it returns a pair: the
    `output`, the log-probability of each target, and the `loss`, minus their mean.

    Source: Grave et al., "Efficient softmax approximation for GPUs" (2017).

    >>> import minigrad as torch
    >>> layer = torch.nn.AdaptiveLogSoftmaxWithLoss(16, 10, [2, 5])
    >>> output, loss = layer(torch.ones(3, 16), torch.tensor([0, 4, 9]))
    >>> output.shape, loss.shape, layer.head, len(layer.tail)
    (torch.Size([3]), torch.Size([]), Linear(in_features=16, out_features=4, bias=False), 2)
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        cuts = list(cutoffs)
        if not cuts:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        rising = all(int(cut) == cut for cut in cuts) and all(a < b for a, b in pairwise(cuts))
        if not rising or cuts[0] <= 0 or cuts[-1] > n_classes - 1:
            raise ValueError(
                f"cutoffs should be integers that rise between 1 and n_classes - 1, {n_classes - 1}, but are "
                f"{cuts}"
            )
        self.in_features, self.n_classes = in_features, n_classes
        self.cutoffs = [*cuts, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = cuts[0], len(cuts)
        self.head_size = self.shortlist_size + self.n_clusters
        made = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **made)
        self.tail = ModuleList()
        for i, (first, end) in enumerate(pairwise(self.cutoffs), 1):
            size = int(in_features // div_value**i)
            self.tail.append(
                Sequential(
                    Linear(in_features, size, bias=False, **made),
                    Linear(size, end - first, bias=False, **made),
                )
            )

    def reset_parameters(self) -> None:
        """Draw all weights anew.

        >>> import minigrad as torch
        >>> torch.nn.AdaptiveLogSoftmaxWithLoss(16, 10, [5]).reset_parameters()
        """
        self.head.reset_parameters()
        for projection in self.tail:
            for layer in projection.children():
                layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        if target_.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if input_.ndim != target_.ndim + 1:
            raise RuntimeError(
                f"{target_.ndim}D target tensor expects {target_.ndim + 1}D input tensors, but found inputs "
                f"of shape {tuple(input_.shape)}"
            )
        if target_.ndim and len(input_) != len(target_):
            raise RuntimeError(
                "Input and target should have the same size in the batch dimension, but they have "
                f"{len(input_)} and {len(target_)}"
            )
        input, target = (input_, target_) if target_.ndim else (input_.unsqueeze(0), target_.unsqueeze(0))
        if target.numel() and not 0 <= target.min() <= target.max() < self.n_classes:
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{target.min().item()}, {target.max().item()}] were found."
            )
        place, output = target.clone(), input.new_zeros(len(target))
        for i, (first, end) in enumerate(pairwise(self.cutoffs)):
            rows = ((target >= first) & (target < end)).nonzero().squeeze(1)
            if not len(rows):
                continue
            place[rows] = self.shortlist_size + i
            within = log_softmax(self.tail[i](input.index_select(0, rows)), 1)
            chosen = within.gather(1, (target[rows] - first).unsqueeze(1)).squeeze(1)
            output = output.index_copy(0, rows, chosen)
        head = log_softmax(self.head(input), 1)
        output = output + head.gather(1, place.unsqueeze(1)).squeeze(1)
        return _ASMoutput(output if target_.ndim else output.squeeze(0), -output.mean())

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probability of every class.

        Arguments:
            input: (N, in_features).

        Returns:
            (N, n_classes).

        >>> import minigrad as torch
        >>> layer = torch.nn.AdaptiveLogSoftmaxWithLoss(16, 10, [2, 5])
        >>> layer.log_prob(torch.ones(1, 16)).exp().sum()
        tensor(1.0000, grad_fn=<SumBackward0>)
        """
        head = log_softmax(self.head(input), 1)
        parts = [head[:, : self.shortlist_size]]
        for i, projection in enumerate(self.tail):
            whole = self.shortlist_size + i
            parts.append(log_softmax(projection(input), 1) + head[:, whole : whole + 1])
        return cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class of each row: that of the head, unless it is a cluster.

        Arguments:
            input: (N, in_features).

        >>> import minigrad as torch
        >>> layer = torch.nn.AdaptiveLogSoftmaxWithLoss(16, 10, [2, 5])
        >>> layer.predict(torch.ones(4, 16)).shape
        torch.Size([4])
        """
        out = self.head(input).argmax(1)
        rare = (out >= self.shortlist_size).nonzero().squeeze(1)
        if len(rare):
            out[rare] = self.log_prob(input.index_select(0, rare)).argmax(1)
        return out
