"""Cells: a single step of a recurrent layer."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn import init
from minigrad.nn.functional.checks import check_tensor
from minigrad.nn.module import Module
from minigrad.nn.parameter import Parameter, check_sizes, new_parameter
from minigrad.nn.recurrent import steps


class RNNCellBase(Module):
    """The base of the cells: their weights, and the checks of an input and a state.

    Arguments:
        input_size, hidden_size: features of the input and of the state.
        bias: whether there are `bias_ih` and `bias_hh`.
        num_chunks: how many gates the weights have, one below another.
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).

    >>> import minigrad as torch
    >>> isinstance(torch.nn.GRUCell(2, 3), torch.nn.RNNCellBase)
    True
    """

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_sizes(type(self).__name__, input_size=input_size, hidden_size=hidden_size)
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        new = partial(new_parameter, device=device, dtype=dtype)
        self.weight_ih = new(rows, input_size)
        self.weight_hh = new(rows, hidden_size)
        self.register_parameter("bias_ih", new(rows) if bias else None)
        self.register_parameter("bias_hh", new(rows) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new first values, uniform in ±1/sqrt(hidden_size).

        >>> import minigrad as torch
        >>> torch.nn.RNNCell(2, 3).reset_parameters()
        """
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def _step(self, input: Any, given: tuple[Any, ...], states: int) -> steps.State:
        """The next states, of an input (batch, input_size) or (input_size)."""
        name = type(self).__name__
        self._check(name, "input", input, self.input_size)
        batched = input.ndim == 2
        x = input if batched else input.unsqueeze(0)
        if not given:
            given = (x.new_zeros(x.shape[0], self.hidden_size),) * states
        else:
            for i, s in enumerate(given):
                self._check(name, f"hx[{i}]" if states > 1 else "hx", s, self.hidden_size)
                if s.shape[:-1] != input.shape[:-1]:
                    raise RuntimeError(
                        f"{name}: Input batch size and hidden batch size must agree, and the shapes are "
                        f"{tuple(input.shape)} and {tuple(s.shape)}"
                    )
            given = given if batched else tuple([s.unsqueeze(0) for s in given])
        weights = {k: getattr(self, k) for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
        parts, step = self._prepare(x, {**weights, "weight_hr": None})
        state = step(*parts, *given)
        return state if batched else tuple([s.squeeze(0) for s in state])

    def _prepare(self, x: Tensor, weights: steps.Weights) -> tuple[list[Tensor], steps.Step]:
        raise NotImplementedError

    def _check(self, name: str, argument: str, x: Any, features: int) -> None:
        check_tensor(name, argument, x)
        if x.ndim not in (1, 2):
            raise ValueError(f"{name}: Expected {argument} to be 1D or 2D, got {x.ndim}D instead")
        if x.shape[-1] != features:
            raise RuntimeError(
                f"{name}: {argument} has inconsistent size: got {x.shape[-1]} features, expected {features}"
            )
        if x.dtype != self.weight_ih.dtype:
            raise RuntimeError(
                f"{name}: {argument} has dtype {x.dtype.name}, the weights {self.weight_ih.dtype.name}; "
                "convert one with .to()"
            )

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if not self.bias:
            text += f", bias={self.bias}"
        nonlinearity = self.__dict__.get("nonlinearity", "tanh")
        return text if nonlinearity == "tanh" else f"{text}, nonlinearity={nonlinearity}"


class RNNCell(RNNCellBase):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh): a step of `RNN`.

    The call takes an input (batch, input_size) or (input_size) and a state (batch, hidden_size) or
    (hidden_size), zeros where it is None; it returns the next state.

    Arguments:
        input_size, hidden_size: features of the input and of the state.
        bias: whether there are `bias_ih` and `bias_hh`.
        nonlinearity: "tanh" or "relu".
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).

    Raises:
        ValueError: in the call, for an input or a state of another rank.
        RuntimeError: in the call, for an input or a state of another size or dtype.

    >>> import minigrad as torch
    >>> cell, h = torch.nn.RNNCell(10, 20), torch.zeros(3, 20)
    >>> for x in torch.ones(5, 3, 10):
    ...     h = cell(x, h)
    >>> h.shape
    torch.Size([3, 20])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"RNNCell: nonlinearity must be 'tanh' or 'relu', not {self.nonlinearity!r}")
        return self._step(input, () if hx is None else (hx,), 1)[0]

    def _prepare(self, x: Tensor, weights: steps.Weights) -> tuple[list[Tensor], steps.Step]:
        return steps.simple(x, weights, self.nonlinearity == "relu")


class LSTMCell(RNNCellBase):
    """A step of `LSTM`: from an input and a pair (h, c) the next pair.

    The input is (batch, input_size) or (input_size), h and c are (batch, hidden_size) or (hidden_size), zeros
    where the pair is None.

    Arguments:
        input_size, hidden_size: features of the input and of the state.
        bias: whether there are `bias_ih` and `bias_hh`.
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).

    Raises:
        ValueError: in the call, for an input or a state of another rank.
        RuntimeError: in the call, for an input or a state of another size or dtype.

    >>> import minigrad as torch
    >>> h, c = torch.nn.LSTMCell(10, 20)(torch.ones(3, 10))
    >>> h.shape, c.shape
    (torch.Size([3, 20]), torch.Size([3, 20]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: Any = None) -> tuple[Tensor, Tensor]:
        if hx is not None and (not isinstance(hx, (tuple, list)) or len(hx) != 2):
            raise TypeError(f"LSTMCell: the state is a pair (h, c), not {type(hx).__name__}")
        h, c = self._step(input, () if hx is None else tuple(hx), 2)
        return h, c

    def _prepare(self, x: Tensor, weights: steps.Weights) -> tuple[list[Tensor], steps.Step]:
        return steps.lstm(x, weights)


class GRUCell(RNNCellBase):
    """A step of `GRU`: from an input and a state the next state; both shaped as those of `RNNCell`.

    Arguments:
        input_size, hidden_size: features of the input and of the state.
        bias: whether there are `bias_ih` and `bias_hh`.
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).

    Raises:
        ValueError: in the call, for an input or a state of another rank.
        RuntimeError: in the call, for an input or a state of another size or dtype.

    >>> import minigrad as torch
    >>> torch.nn.GRUCell(10, 20)(torch.ones(3, 10)).shape
    torch.Size([3, 20])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._step(input, () if hx is None else (hx,), 1)[0]

    def _prepare(self, x: Tensor, weights: steps.Weights) -> tuple[list[Tensor], steps.Step]:
        return steps.gru(x, weights)
