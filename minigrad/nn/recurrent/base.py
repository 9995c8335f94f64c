"""The base of recurrent layers: their weights, and the walk of sequences through layers and directions."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from minigrad._tensor.tensor import Tensor
from minigrad.creation import zeros
from minigrad.functional import cat, stack
from minigrad.nn import init
from minigrad.nn.functional import dropout as dropped
from minigrad.nn.functional.checks import check_tensor
from minigrad.nn.module import Module
from minigrad.nn.parameter import Parameter, new_parameter
from minigrad.nn.recurrent import steps
from minigrad.nn.utils.rnn import PackedSequence

_NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")


class RNNBase(Module):
    """The base of RNN, LSTM and GRU: weights of layers and directions, and the walk through them.

    Arguments:
        mode: "RNN_TANH", "RNN_RELU", "LSTM" or "GRU".
        input_size: features of an element of the sequence.
        hidden_size: features of the hidden state.
        num_layers: how many layers stand on one another.
        bias: whether there are `bias_ih` and `bias_hh`.
        batch_first: whether inputs and outputs are (batch, steps, features).
        dropout: the probability with which a feature of a layer's output is dropped, but of the last.
        bidirectional: whether a second set of weights goes through the sequence backwards.
        proj_size: of an LSTM: the features to which the hidden state is projected; 0 for no projection.
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).

    >>> import minigrad as torch
    >>> isinstance(torch.nn.GRU(2, 3), torch.nn.RNNBase)
    True
    """

    _gates: ClassVar[dict[str, int]] = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}

    def __init__(
        self,
        mode: str,
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
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._check_arguments(dropout)
        self.dropout = float(dropout)
        gates = self._gates[mode] * hidden_size
        new = partial(new_parameter, device=device, dtype=dtype)
        for layer in range(num_layers):
            inputs = self._outputs * self._directions if layer else input_size
            shapes: list[tuple[int, ...]] = [(gates, inputs), (gates, self._outputs)]
            shapes += [(gates,), (gates,)] if bias else []
            names = _NAMES[: len(shapes)]
            if proj_size:
                shapes, names = [*shapes, (proj_size, hidden_size)], (*names, "weight_hr")
            for suffix in self._suffixes(layer):
                for name, shape in zip(names, shapes, strict=True):
                    self.register_parameter(name + suffix, new(*shape))
        self.reset_parameters()

    def _check_arguments(self, dropout: Any) -> None:
        if self.mode not in self._gates:
            raise ValueError(f"Unrecognized RNN mode: {self.mode}")
        name = type(self).__name__
        if isinstance(dropout, bool) or not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1:
            raise ValueError(f"{name}: dropout must be a probability, a number in [0, 1], not {dropout!r}")
        for flag in ("bias", "batch_first"):
            if not isinstance(getattr(self, flag), bool):
                given = type(getattr(self, flag)).__name__
                raise TypeError(f"{name}: {flag} must be True or False, not {given}; arguments have an order")
        for size in ("input_size", "hidden_size", "num_layers"):
            value = getattr(self, size)
            if isinstance(value, bool) or not hasattr(value, "__index__"):
                raise TypeError(f"{name}: {size} must be an integer, not {type(value).__name__} ({value!r})")
            if value <= 0:
                raise ValueError(f"{name}: {size} must be greater than zero, and it is {value}")
        if self.proj_size < 0:
            raise ValueError(f"{name}: proj_size must be 0 or positive, and it is {self.proj_size}")
        if self.proj_size >= self.hidden_size:
            raise ValueError(
                f"{name}: proj_size ({self.proj_size}) has to be smaller than hidden_size "
                f"({self.hidden_size})"
            )
        if dropout > 0 and self.num_layers == 1:
            warnings.warn(
                f"{name}: dropout stands between layers, so that dropout={dropout} does nothing with "
                "num_layers=1",
                UserWarning,
                stacklevel=4,
            )

    @property
    def _outputs(self) -> int:
        """The features of the hidden state as the next step and the next layer see it."""
        return self.proj_size or self.hidden_size

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _suffixes(self, layer: int) -> list[str]:
        """The ends of the names of a layer's weights, one for each direction."""
        return [f"_l{layer}", f"_l{layer}_reverse"][: self._directions]

    def _weights(self, suffix: str) -> steps.Weights:
        # Not by asking for all of them: a module that has no such name looks for a near one.
        has = {"bias_ih": self.bias, "bias_hh": self.bias, "weight_hr": self.proj_size}
        return {name: getattr(self, name + suffix) if has.get(name, True) else None for name in _NAMES}

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The weights in lists, one for each layer and direction.

        >>> import minigrad as torch
        >>> [len(weights) for weights in torch.nn.LSTM(2, 3, bidirectional=True).all_weights]
        [4, 4]
        """
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _all_weights(self) -> list[list[str]]:
        """The names of the same: programs that set single biases ask for them."""
        suffixes = [suffix for layer in range(self.num_layers) for suffix in self._suffixes(layer)]
        return [[n + s for n, w in self._weights(s).items() if w is not None] for s in suffixes]

    @property
    def _flat_weights_names(self) -> list[str]:
        """The same names in one list: programs that start each kind of weight in its own way ask for them."""
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Parameter]:
        return [getattr(self, name) for name in self._flat_weights_names]

    def reset_parameters(self) -> None:
        """Draw new first values, uniform in ±1/sqrt(hidden_size).

        >>> import minigrad as torch
        >>> torch.nn.RNN(2, 3).reset_parameters()
        """
        bound = 1 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Do nothing: there is no faster order of the weights in memory.

        >>> import minigrad as torch
        >>> torch.nn.GRU(2, 3).flatten_parameters()
        """

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        name = type(self).__name__
        packed = input if isinstance(input, PackedSequence) else None
        x: Tensor = input if packed is None else packed.data
        check_tensor(name, "input", x)
        batched = True
        if packed is None:
            if x.ndim not in (2, 3):
                raise ValueError(f"{name}: Expected input to be 2D or 3D, got {x.ndim}D instead")
            batched = x.ndim == 3
        self._check_input(x, 2 if packed is not None or not batched else 3)
        states = self._given(hx, batched)
        if packed is not None:
            sizes = packed.batch_sizes.tolist()
            batch = sizes[0]
        else:
            if not batched:
                x = x.unsqueeze(1)
            elif self.batch_first:
                x = x.transpose(0, 1)
            length, batch = x.shape[:2]
            if not length:
                raise RuntimeError(f"{name}: Expected sequence length to be larger than 0")
            sizes = [batch] * length
            x = x.reshape(length * batch, self.input_size)
        states = self._fitting(states, batch, x)
        if packed is not None and packed.sorted_indices is not None:
            states = tuple([s.index_select(1, packed.sorted_indices) for s in states])
        out, last = self._through_layers(x, sizes, states)
        if packed is not None:
            if packed.unsorted_indices is not None:
                last = tuple([s.index_select(1, packed.unsorted_indices) for s in last])
            return PackedSequence(out, *packed[1:]), self._as_given(last)
        if batched:
            out = out.reshape(len(sizes), batch, out.shape[-1])
            return (out.transpose(0, 1) if self.batch_first else out), self._as_given(last)
        return out, self._as_given(tuple([s.squeeze(1) for s in last]))

    def _through_layers(
        self, x: Tensor, sizes: Sequence[int], states: steps.State
    ) -> tuple[Tensor, steps.State]:
        """The last layer's output, packed, and the last states of all layers and directions."""
        given = list(zip(*(s.unbind(0) for s in states), strict=True))
        last: list[steps.State] = []
        for layer in range(self.num_layers):
            if layer and self.dropout and self.training:
                x = dropped(x, self.dropout)
            outs = []
            for direction, suffix in enumerate(self._suffixes(layer)):
                out, state = self._walk(x, self._weights(suffix), sizes, given[len(last)], bool(direction))
                outs.append(out)
                last.append(state)
            x = cat(outs, -1) if self.bidirectional else outs[0]
        return x, tuple([stack(list(s)) for s in zip(*last, strict=True)])

    def _walk(
        self, x: Tensor, weights: steps.Weights, sizes: Sequence[int], state: steps.State, backwards: bool
    ) -> tuple[Tensor, steps.State]:
        """The states of a layer in one direction: see `steps.walk`."""
        parts, step = self._prepare(x, weights)
        return steps.walk(parts, step, sizes, state, backwards)

    def _prepare(self, x: Tensor, weights: steps.Weights) -> tuple[list[Tensor], steps.Step]:
        """The inputs' shares in the gates of all steps, and the step."""
        raise NotImplementedError

    # -- states

    def _given(self, hx: Any, batched: bool) -> tuple[Any, ...]:
        """The given states, each (layers, batch, features), or ()."""
        if hx is None:
            return ()
        states = self._as_tuple(hx)
        dims = 3 if batched else 2
        for s in states:
            check_tensor(type(self).__name__, "hx", s)
            if s.ndim != dims:
                raise RuntimeError(
                    f"{type(self).__name__}: for {'' if batched else 'un'}batched {dims}-D input, hx should "
                    f"also be {dims}-D but got a {s.ndim}-D tensor"
                )
        return states if batched else tuple([s.unsqueeze(1) for s in states])

    def _as_tuple(self, hx: Any) -> tuple[Any, ...]:
        return (hx,)

    def _as_given(self, states: steps.State) -> Any:
        return states[0]

    def _fitting(self, states: tuple[Any, ...], batch: int, x: Tensor) -> tuple[Tensor, ...]:
        """The states, zeros where none were given, once their sizes are right."""
        layers = self.num_layers * self._directions
        shapes = [(layers, batch, self._outputs), (layers, batch, self.hidden_size)]
        if not states:
            return tuple([zeros(shape, dtype=x.dtype) for shape in shapes[: 2 if self.mode == "LSTM" else 1]])
        for i, (s, shape) in enumerate(zip(states, shapes, strict=False)):
            which = f"hidden[{i}]" if len(states) > 1 else "hidden"
            if s.shape != shape:
                raise RuntimeError(
                    f"{type(self).__name__}: Expected {which} size {shape}, got {tuple(s.shape)}"
                )
            if s.dtype != x.dtype:
                raise RuntimeError(
                    f"{type(self).__name__}: {which} has dtype {s.dtype.name}, the input {x.dtype.name}; "
                    "convert one with .to()"
                )
        return states

    def _check_input(self, x: Tensor, dims: int) -> None:
        name = type(self).__name__
        weight = self.weight_ih_l0
        if x.dtype != weight.dtype:
            raise ValueError(
                f"{name}: the input has dtype {x.dtype.name}, the weights {weight.dtype.name}. Convert one: "
                f"input.to({weight.dtype}) or layer.to({x.dtype})"
            )
        if x.ndim != dims:
            raise RuntimeError(f"{name}: input must have {dims} dimensions, got {x.ndim}")
        if x.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{name}: input.size(-1) must be equal to input_size. Expected {self.input_size}, got "
                f"{x.shape[-1]}"
            )

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        usual = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0,
            "bidirectional": False,
        }  # fmt: skip
        options = [f", {name}={getattr(self, name)}" for name in usual if getattr(self, name) != usual[name]]
        return text + "".join(options)
