"""The functions of layers that PyTorch has at the top too, where their arguments stand in another order."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn import functional as F


def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """As `nn.functional.dropout(input, p, training)`, with all arguments told.

    Arguments:
        input: a tensor.
        p: the probability of 0.
        train: whether anything happens.
    """
    return F.dropout(input, p, train)


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """As `nn.functional.dropout(input, p, training)`, written over `input`.

    Arguments:
        input: a tensor.
        p: the probability of 0.
        train: whether anything happens.
    """
    return F.dropout(input, p, train, inplace=True)


def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """As `nn.functional.alpha_dropout(input, p, training)`, with all arguments told.

    Arguments:
        input: a tensor.
        p: the probability of a new value.
        train: whether anything happens.
    """
    return F.alpha_dropout(input, p, train)


def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Whole channels set to 0, as `nn.functional.dropout2d(input, p, training)` does, in any rank above 1.

    Arguments:
        input: (N, C, ...).
        p: the probability of 0.
        train: whether anything happens.

    Raises:
        RuntimeError: for fewer than two axes.
    """
    if input.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    mask = F.dropout(input.new_ones((*input.shape[:2], *[1] * (input.ndim - 2))), p, train)
    return input * mask


def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """As `nn.functional.feature_alpha_dropout(input, p, training)`, with all arguments told.

    Arguments:
        input: (N, C, ...).
        p: the probability of a new value.
        train: whether anything happens.
    """
    return F.feature_alpha_dropout(input, p, train)


def constant_pad_nd(input: Tensor, pad: Any, value: float = 0) -> Tensor:
    """As `nn.functional.pad(input, pad)` with a constant.

    Arguments:
        input: a tensor.
        pad: before and after the last axis, then the one before it, and so on.
        value: the constant.

    >>> import minigrad as torch
    >>> torch.constant_pad_nd(torch.ones(1), (1, 0))
    tensor([0., 1.])
    """
    return F.pad(input, pad, value=value)


def adaptive_max_pool1d(input: Tensor, output_size: Any) -> Any:
    """As `nn.functional.adaptive_max_pool1d(input, output_size)`, with the places of the largest.

    Arguments:
        input: (N, C, L) or (C, L).
        output_size: the length of the result.

    >>> import minigrad as torch
    >>> torch.adaptive_max_pool1d(torch.tensor([[[1.0, 3.0, 2.0]]]), 1)
    (tensor([[[3.]]]), tensor([[[1]]]))
    """
    return F.adaptive_max_pool1d(input, output_size, return_indices=True)


def batch_norm(
    input: Tensor,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> Tensor:
    """As `nn.functional.batch_norm(input, running_mean, running_var)`, in another order.

    Arguments:
        input: a tensor.
        weight, bias, running_mean, running_var: vectors, or None.
        training, momentum, eps: as there.
        cudnn_enabled: accepted.
    """
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def layer_norm(
    input: Tensor,
    normalized_shape: Any,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-05,
    cudnn_enable: bool = True,
) -> Tensor:
    """As `nn.functional.layer_norm(input, normalized_shape)`.

    Arguments:
        input: a tensor.
        normalized_shape, weight, bias, eps: as there.
        cudnn_enable: accepted.
    """
    return F.layer_norm(input, normalized_shape, weight, bias, eps)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-05,
    cudnn_enabled: bool = True,
) -> Tensor:
    """As `nn.functional.group_norm(input, num_groups)`.

    Arguments:
        input: a tensor.
        num_groups, weight, bias, eps: as there.
        cudnn_enabled: accepted.
    """
    return F.group_norm(input, num_groups, weight, bias, eps)


def instance_norm(
    input: Tensor,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> Tensor:
    """As `nn.functional.instance_norm(input)`, in another order.

    Arguments:
        input: a tensor.
        weight, bias, running_mean, running_var: vectors, or None.
        use_input_stats, momentum, eps: as there.
        cudnn_enabled: accepted.
    """
    return F.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


def embedding(
    weight: Tensor,
    indices: Tensor,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """As `nn.functional.embedding(input, weight)`, with the matrix first.

    Arguments:
        weight: the matrix of vectors.
        indices: which of them.
        padding_idx: the one that gets no gradient; -1 for none.
        scale_grad_by_freq, sparse: as there.
    """
    padding = None if padding_idx < 0 else padding_idx
    return F.embedding(indices, weight, padding, None, 2.0, scale_grad_by_freq, sparse)


def rnn_tanh_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Any = None, b_hh: Any = None
) -> Tensor:
    """One step of `nn.RNNCell`: tanh(w_ih input + b_ih + w_hh hx + b_hh).

    Arguments:
        input: (N, features) or (features).
        hx: the state before, (N, hidden) or (hidden).
        w_ih, w_hh, b_ih, b_hh: the weights, (hidden, features) and (hidden, hidden), and the biases or None.

    >>> import minigrad as torch
    >>> torch.rnn_tanh_cell(torch.ones(2), torch.zeros(1), torch.ones(1, 2), torch.ones(1, 1))
    tensor([0.9640])
    """
    return (F.linear(input, w_ih, b_ih) + F.linear(hx, w_hh, b_hh)).tanh()


def rnn_relu_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Any = None, b_hh: Any = None
) -> Tensor:
    """One step of `nn.RNNCell` with relu in the place of tanh.

    Arguments:
        input, hx, w_ih, w_hh, b_ih, b_hh: as `rnn_tanh_cell`.

    >>> import minigrad as torch
    >>> torch.rnn_relu_cell(torch.ones(2), torch.zeros(1), torch.ones(1, 2), torch.ones(1, 1))
    tensor([2.])
    """
    return (F.linear(input, w_ih, b_ih) + F.linear(hx, w_hh, b_hh)).relu()


def gru_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Any = None, b_hh: Any = None
) -> Tensor:
    """One step of `nn.GRUCell`, its gates in the order reset, update, new.

    Arguments:
        input, hx: as `rnn_tanh_cell`.
        w_ih, w_hh, b_ih, b_hh: as there, with 3 hidden rows.

    >>> import minigrad as torch
    >>> torch.gru_cell(torch.ones(2), torch.ones(1), torch.zeros(3, 2), torch.zeros(3, 1))
    tensor([0.5000])
    """
    reset, update, new = F.linear(input, w_ih, b_ih).chunk(3, -1)
    own_reset, own_update, own_new = F.linear(hx, w_hh, b_hh).chunk(3, -1)
    fresh = (new + (reset + own_reset).sigmoid() * own_new).tanh()
    return fresh + (update + own_update).sigmoid() * (hx - fresh)


def lstm_cell(
    input: Tensor, hx: Any, w_ih: Tensor, w_hh: Tensor, b_ih: Any = None, b_hh: Any = None
) -> tuple[Tensor, Tensor]:
    """One step of `nn.LSTMCell`, its gates in the order input, forget, cell, output; returns (h, c).

    Arguments:
        input: as `rnn_tanh_cell`.
        hx: the pair (h, c) before.
        w_ih, w_hh, b_ih, b_hh: as there, with 4 hidden rows.

    >>> import minigrad as torch
    >>> state = torch.ones(1), torch.ones(1)
    >>> torch.lstm_cell(torch.ones(2), state, torch.zeros(4, 2), torch.zeros(4, 1))
    (tensor([0.2311]), tensor([0.5000]))
    """
    h, c = hx
    gates = F.linear(input, w_ih, b_ih) + F.linear(h, w_hh, b_hh)
    i, f, g, o = gates.chunk(4, -1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c
