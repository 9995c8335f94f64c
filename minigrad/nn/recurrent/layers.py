"""Recurrent layers: RNN, LSTM and GRU over whole sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn.recurrent import steps
from minigrad.nn.recurrent.base import RNNBase


class RNN(RNNBase):
    """h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), step by step (Elman 1990).

    The call takes an input (steps, batch, input_size), with `batch_first` (batch, steps, input_size), or
    (steps, input_size), or a PackedSequence; and a first state (num_layers * directions, batch,
    hidden_size), zeros where it is None. It returns the last layer's state at all steps and the last state
    of all layers. Layer k has `weight_ih_lk`, `weight_hh_lk`, `bias_ih_lk` and `bias_hh_lk`; those that go
    backwards end in `_reverse`. All start uniform in ±1/sqrt(hidden_size).

    Arguments:
        input_size: features of an element of the sequence.
        hidden_size: features of the hidden state.
        num_layers: how many layers stand on one another.
        nonlinearity: "tanh" or "relu".
        bias: whether there are `bias_ih` and `bias_hh`.
        batch_first: whether inputs and outputs are (batch, steps, features).
        dropout: the probability with which a feature of a layer's output is dropped, but of the last.
        bidirectional: whether a second set of weights goes through the sequence backwards; the output has
            both states side by side.
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).

    Raises:
        ValueError: for sizes that are not positive; in the call, for an input of another rank or dtype.
        RuntimeError: in the call, for an input or a state of another size.

    >>> import minigrad as torch
    >>> layer = torch.nn.RNN(10, 20, num_layers=2)
    >>> output, last = layer(torch.ones(5, 3, 10))
    >>> output.shape, last.shape
    (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNN: nonlinearity must be 'tanh' or 'relu', not {nonlinearity!r}")
        super().__init__(
            f"RNN_{nonlinearity.upper()}",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            device=device,
            dtype=dtype,
        )
        self.nonlinearity = nonlinearity

    def _prepare(self, x: Tensor, weights: steps.Weights) -> tuple[list[Tensor], steps.Step]:
        return steps.simple(x, weights, self.mode == "RNN_RELU")


class LSTM(RNNBase):
    """A recurrent layer with a cell that gates write, forget and read (Hochreiter and Schmidhuber 1997).

    i, f, o = sigmoid and g = tanh of W_ih x + b_ih + W_hh h + b_hh, in the order i, f, g, o in the weights;
    then c' = f c + i g and h' = o tanh(c').

    Inputs, outputs and weights are those of `RNN`; the state is a pair (h, c) of tensors, each
    (num_layers * directions, batch, hidden_size).

    Arguments:
        input_size, hidden_size, num_layers: sizes, as those of `RNN`.
        bias, batch_first, dropout, bidirectional: options, as those of `RNN`.
        proj_size: above 0, the features to which h is projected at each step, by `weight_hr` (Sak et al.
            2014).
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).

    Raises:
        ValueError: for sizes that are not positive; in the call, for an input of another rank or dtype.
        RuntimeError: in the call, for an input or a state of another size.

    >>> import minigrad as torch
    >>> layer = torch.nn.LSTM(10, 20, batch_first=True)
    >>> output, (h, c) = layer(torch.ones(3, 5, 10))
    >>> output.shape, h.shape, c.shape
    (torch.Size([3, 5, 20]), torch.Size([1, 3, 20]), torch.Size([1, 3, 20]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "LSTM",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            proj_size,
            device,
            dtype,
        )

    def _prepare(self, x: Tensor, weights: steps.Weights) -> tuple[list[Tensor], steps.Step]:
        return steps.lstm(x, weights)

    def _walk(
        self, x: Tensor, weights: steps.Weights, sizes: Sequence[int], state: steps.State, backwards: bool
    ) -> tuple[Tensor, steps.State]:
        if self.proj_size or sizes[0] != sizes[-1]:
            return super()._walk(x, weights, sizes, state, backwards)
        return steps.whole_lstm(x, weights, len(sizes), state, backwards)

    def _as_tuple(self, hx: Any) -> tuple[Any, ...]:
        if not isinstance(hx, (tuple, list)) or len(hx) != 2:
            raise TypeError(f"LSTM: the state is a pair (h, c), not {type(hx).__name__}")
        return tuple(hx)

    def _as_given(self, states: steps.State) -> Any:
        return states


class GRU(RNNBase):
    """A recurrent layer whose gates reset and update its state (Cho et al. 2014).

    r, z = sigmoid of W_ih x + b_ih + W_hh h + b_hh, n = tanh(W_in x + b_in + r (W_hn h + b_hn)), in the order
    r, z, n in the weights; then h' = (1 - z) n + z h. Inputs, outputs, state and weights are those of `RNN`.

    Arguments:
        input_size, hidden_size, num_layers: sizes, as those of `RNN`.
        bias, batch_first, dropout, bidirectional: options, as those of `RNN`.
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).

    Raises:
        ValueError: for sizes that are not positive; in the call, for an input of another rank or dtype.
        RuntimeError: in the call, for an input or a state of another size.

    >>> import minigrad as torch
    >>> output, last = torch.nn.GRU(10, 20, bidirectional=True)(torch.ones(5, 3, 10))
    >>> output.shape, last.shape
    (torch.Size([5, 3, 40]), torch.Size([2, 3, 20]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "GRU",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            device=device,
            dtype=dtype,
        )

    def _prepare(self, x: Tensor, weights: steps.Weights) -> tuple[list[Tensor], steps.Step]:
        return steps.gru(x, weights)
