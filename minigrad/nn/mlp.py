"""MLP: the multilayer perceptron, built from its sizes."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise
from operator import index
from typing import Any

from minigrad.nn import activation as activations
from minigrad.nn.containers import Sequential
from minigrad.nn.dropout import Dropout
from minigrad.nn.linear import Identity, Linear
from minigrad.nn.module import Module
from minigrad.nn.normalisation import BatchNorm1d, LayerNorm

ACTIVATIONS: dict[str, Callable[[], Module]] = {
    "relu": activations.ReLU,
    "sigmoid": activations.Sigmoid,
    "tanh": activations.Tanh,
    "leaky_relu": activations.LeakyReLU,
    "elu": activations.ELU,
    "selu": activations.SELU,
    "gelu": activations.GELU,
    "silu": activations.SiLU,
    "softplus": activations.Softplus,
    "hardtanh": activations.Hardtanh,
    "logsigmoid": activations.LogSigmoid,
    "identity": Identity,
}
NORMS: dict[str, Callable[..., Module]] = {"batch": BatchNorm1d, "layer": LayerNorm}

Activation = str | Module | Callable[[], Module]


class MLP(Sequential):
    """Fully connected layers of the given sizes, with an activation between them.

    From (..., sizes[0]) to (..., sizes[-1]). It is a Sequential of the layers: `mlp[0].weight` is the
    first weight, and its state dict is that of the same layers in a Sequential. Each hidden layer is
    Linear, then norm, activation and dropout where asked for; the last is Linear, then
    output_activation where asked for.

    Arguments:
        *sizes: number of inputs, units of each hidden layer, number of outputs.
        activation: a name ("relu", "tanh", ...), a module class, a function that makes a module, or a module
            to be copied; None for no activation.
        output_activation: the same, after the last layer.
        norm: None, "layer" or "batch".
        dropout: the probability with which hidden units are dropped in training; 0 for none.
        bias: whether the linear layers have one.

    Raises:
        TypeError: for sizes that are not integers or an activation that makes no module.
        ValueError: for fewer than two sizes, a size below one, or an unknown name, listing the known ones.

    >>> import minigrad as torch
    >>> torch.nn.MLP(4, 5, 3, activation="relu")
    MLP(
      4 -> 5 -> 3, 43 parameters
      (0): Linear(in_features=4, out_features=5, bias=True)
      (1): ReLU()
      (2): Linear(in_features=5, out_features=3, bias=True)
    )
    """

    def __init__(
        self,
        *sizes: int,
        activation: Activation | None = "relu",
        output_activation: Activation | None = None,
        norm: str | None = None,
        dropout: float = 0.0,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        checked = _sizes(sizes)
        if norm is not None and norm not in NORMS:
            raise ValueError(f"norm must be None or one of {', '.join(NORMS)}, not {norm!r}")
        made: dict[str, Any] = {"device": device, "dtype": dtype}
        last = len(checked) - 2
        for depth, (inputs, outputs) in enumerate(pairwise(checked)):
            self.append(Linear(inputs, outputs, bias=bias, **made))
            if depth < last:
                if norm is not None:
                    self.append(NORMS[norm](outputs, **made))
                if activation is not None:
                    self.append(_make(activation, "activation"))
                if dropout:
                    self.append(Dropout(dropout))
        if output_activation is not None:
            self.append(_make(output_activation, "output_activation"))

    def _slice(self, named: dict[str, Module]) -> Module:
        return Sequential(named)

    def extra_repr(self) -> str:
        layers = [layer for layer in self if isinstance(layer, Linear)]
        widths = [layer.in_features for layer in layers[:1]] + [layer.out_features for layer in layers]
        count = sum(parameter.numel() for parameter in self.parameters())
        return f"{' -> '.join(map(str, widths))}, {count} parameters"


def _sizes(sizes: tuple[Any, ...]) -> list[int]:
    try:
        checked = [index(size) for size in sizes]
    except TypeError:
        wrong = next(size for size in sizes if not hasattr(size, "__index__"))
        raise TypeError(
            f"MLP takes its sizes one by one as integers, as in MLP(4, 5, 3), not "
            f"{type(wrong).__name__} {wrong!r}"
        ) from None
    if len(checked) < 2:
        raise ValueError(
            f"MLP needs at least two sizes, the number of inputs and of outputs, as in MLP(4, 5, 3); "
            f"it was given {len(checked)}"
        )
    if min(checked) < 1:
        raise ValueError(f"every layer of an MLP has at least one unit, not {checked}")
    return checked


def _make(wanted: Activation, option: str) -> Module:
    if isinstance(wanted, str):
        if wanted.lower() not in ACTIVATIONS:
            raise ValueError(f"{option}={wanted!r} is not known; known are {', '.join(ACTIVATIONS)}")
        return ACTIVATIONS[wanted.lower()]()
    if isinstance(wanted, Module):
        return deepcopy(wanted)
    if not callable(wanted):
        raise TypeError(
            f"{option} must be a name, a module class or a function that makes a module, not {wanted!r}"
        )
    made = None
    try:
        made = wanted()
    except TypeError as error:
        reason = f"calling it without arguments failed: {error}"
    else:
        reason = f"calling it gave a {type(made).__name__}"
    if not isinstance(made, Module):
        raise TypeError(f"{option}={wanted!r} must make a module when called; {reason}")
    return made
