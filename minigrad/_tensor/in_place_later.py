"""In-place methods that are made when they are first used: twins of less usual ops, and draws."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from minigrad.engine.mode import mode
from minigrad.engine.silence import silently
from minigrad.ops.refusal import refuses

from .convert import number_as, sizes_of
from .in_place import InPlace, made_in_place
from .later import Later
from .methods_later import found
from .random import as_drawn, generator_of
from .record import history_of, wrap

if TYPE_CHECKING:
    from .tensor import Tensor

# The methods with an in-place twin in PyTorch: comparisons and the like, ...
_LOGICAL = "logical_and logical_not logical_or logical_xor"
_FLAT = f"eq ne lt le gt ge {_LOGICAL} xlogy"
# ... and those that load later.
_OF_LATER = """
bitwise_left_shift bitwise_right_shift copysign deg2rad fix fmod frac gcd heaviside lcm ldexp nan_to_num
nextafter rad2deg sgn trunc clamp_max clamp_min digamma erfc erfinv exp2 float_power hypot lgamma logit
mvlgamma sinc renorm index_copy index_put index_reduce masked_scatter put scatter_reduce addbmm addmv addr
baddbmm i0 igamma igammac index_fill
"""


_SAME = {"greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le", "not_equal": "ne"}


def _flat(name: str) -> Callable[..., Any]:
    """A comparison written over floats: their history stays behind the result, with gradient 0.

    PyTorch forgets to record the logical ones, and gives the gradient 1: through these backward raises.
    """
    compare: Any = getattr(InPlace, name)

    def compared(input: Any, *other: Any) -> Any:
        result = compare(input, *other)
        if history_of(input) is None:
            return result
        if name in _LOGICAL.split():
            return refuses(f"{name}_", result.to(input.dtype), input)
        return input.masked_fill(_wrap(np.ones(input.shape, np.bool_)), 0) + result

    return compared


def _twin(name: str) -> Any:
    if name == "float_power":
        return made_in_place(name, _wide_power)
    return made_in_place(name, _flat(name) if name in _FLAT.split() else found(name))


def _wide_power(input: Any, exponent: Any) -> Any:
    result = found("float_power")(input, exponent)
    if input.dtype != result.dtype:
        raise RuntimeError(
            f"float_power_: the base has dtype {input.dtype.name} but the operation's result requires dtype "
            f"{result.dtype.name}. Nothing was written."
        )
    return result


class MoreInPlace(InPlace):
    """More methods that end in an underscore."""

    __slots__ = ()

    if not TYPE_CHECKING:
        for _name in (*_FLAT.split(), *_OF_LATER.split()):
            locals()[f"{_name}_"] = Later(_twin, _name)
        for _name, _of in _SAME.items():
            locals()[f"{_name}_"] = locals()[f"{_of}_"]
        del _of
        del _name

    # --- another shape of this very tensor ---------------------------------------------------------

    def _turned(self, name: str, result: Any) -> Self:
        """Take the shape, the memory and the history of a view of this tensor."""
        if mode.recording:
            self._refuse_history(name)
        node = history_of(self)
        if node is not None and node.op is not None and not mode.recording:
            raise RuntimeError(f"{name}: the shape of a tensor of the graph cannot change in no_grad")
        self._array = result._array
        if node is not None and node.op is None:
            node.resize(self._array.shape, self._array.dtype)
        elif node is not None:
            self._rebase(result)
        return self

    def unsqueeze_(self, dim: int) -> Self:
        """A new axis of size 1, as `unsqueeze(input, dim)`; this very tensor.

        >>> import minigrad as torch
        >>> torch.ones(2).unsqueeze_(0).shape
        torch.Size([1, 2])
        """
        return self._turned("unsqueeze_", self.unsqueeze(dim))

    def squeeze_(self, dim: Any = None) -> Self:
        """Without the axes of size 1, as `squeeze(input, dim)`; this very tensor.

        >>> import minigrad as torch
        >>> torch.ones(1, 2).squeeze_().shape
        torch.Size([2])
        """
        return self._turned("squeeze_", self.squeeze(dim))

    def t_(self: Any) -> Any:
        """The transpose of a matrix, as `t(input)`; this very tensor.

        >>> import minigrad as torch
        >>> torch.ones(1, 2).t_().shape
        torch.Size([2, 1])
        """
        return self._turned("t_", self.t())

    def transpose_(self, dim0: int, dim1: int) -> Self:
        """Two axes swapped, as `transpose(input, dim0, dim1)`; this very tensor.

        >>> import minigrad as torch
        >>> torch.ones(1, 2).transpose_(0, 1).shape
        torch.Size([2, 1])
        """
        return self._turned("transpose_", self.transpose(dim0, dim1))

    swapaxes_ = swapdims_ = transpose_

    def resize_(self, *sizes: Any) -> Self:
        """Another shape over the same elements in their order; new ones, if there are more, may be anything.

        Arguments:
            sizes: the new sizes, one by one or in a tuple.

        Raises:
            RuntimeError: for a tensor that requires grad.

        >>> import minigrad as torch
        >>> torch.arange(4).resize_(2, 2)
        tensor([[0, 1],
                [2, 3]])
        """
        if history_of(self) is not None:
            raise RuntimeError("cannot resize variables that require grad")
        shape = sizes_of(sizes)
        old, n = self._array.reshape(-1), math.prod(shape)
        flat = old if n <= old.size else np.zeros(n, old.dtype)
        flat[: min(n, old.size)] = old[:n]
        self._array = flat[:n].reshape(shape)
        return self

    def resize_as_(self, other: Any) -> Self:
        """The shape of `other`, as `resize_(*sizes)`.

        >>> import minigrad as torch
        >>> torch.arange(4).resize_as_(torch.ones(2, 2)).shape
        torch.Size([2, 2])
        """
        return self.resize_(other.shape)

    # --- written without a gradient ----------------------------------------------------------------

    def fill_diagonal_(self, fill_value: Any, wrap: bool = False) -> Self:
        """Write one number on the main diagonal.

        Arguments:
            fill_value: the number.
            wrap: go on in tall matrices below the square.

        Raises:
            RuntimeError: for a tensor of fewer than two axes, or of more with unequal sizes.

        >>> import minigrad as torch
        >>> torch.zeros(2, 2).fill_diagonal_(1.0)
        tensor([[1., 0.],
                [0., 1.]])
        """
        shape = self._array.shape
        if len(shape) < 2:
            raise RuntimeError("dimensions must larger than 1")
        if len(shape) > 2 and len({*shape}) > 1:
            raise RuntimeError("all dimensions of input must be of equal length")
        marked = np.zeros(shape, np.bool_)
        np.fill_diagonal(marked, True, wrap=wrap)
        self.masked_fill_(_wrap(marked), fill_value)
        return self

    def apply_(self, callable: Callable[[Any], Any]) -> Self:
        """Write callable(x) in the place of each element x.

        Arguments:
            callable: takes and returns a number of Python's.

        Raises:
            RuntimeError: for a tensor that requires grad.

        >>> import minigrad as torch
        >>> torch.ones(2).apply_(lambda x: x + 1)
        tensor([2., 2.])
        """
        if history_of(self) is not None:
            raise RuntimeError(
                "Can't call apply_() on Variable that requires grad. Use var.detach().apply_() instead."
            )
        values = [callable(x) for x in self._array.reshape(-1).tolist()]
        return self.copy_(_wrap(np.array(values, self._array.dtype).reshape(self._array.shape)))

    def map_(self, tensor: Any, callable: Callable[[Any, Any], Any]) -> Self:
        """Write callable(x, y) in the place of each element x, y being the one of `tensor` there.

        Arguments:
            tensor: of a shape that broadcasts to this one's.
            callable: takes two numbers of Python's and returns one.

        Raises:
            RuntimeError: for a tensor that requires grad.

        >>> import minigrad as torch
        >>> torch.ones(2).map_(torch.tensor([1.0, 2.0]), max)
        tensor([1., 2.])
        """
        if history_of(self) is not None:
            raise RuntimeError(
                "Can't call map_() on Variable that requires grad. Use var.detach().map_() instead."
            )
        other = np.broadcast_to(tensor._array, self._array.shape).reshape(-1).tolist()
        values = [callable(x, y) for x, y in zip(self._array.reshape(-1).tolist(), other, strict=True)]
        return self.copy_(_wrap(np.array(values, self._array.dtype).reshape(self._array.shape)))

    # --- draws ---------------------------------------------------------------------------------------

    def _drawn(self, name: str, draw: Callable[[], Any]) -> Self:
        draws = silently(lambda: as_drawn(draw(), self._array.dtype))
        return self._put(name, (Ellipsis,), _wrap(draws))

    def random_(self, *args: Any, generator: Any = None, **ends: Any) -> Self:
        """Write whole numbers: below `to`, between `from` and `to`, or those that the dtype holds exactly.

        Arguments:
            args: `to`, which is not drawn; or `from` and `to`.
            ends: the same by name.
            generator: the Generator to draw from; None takes the default one.

        Raises:
            RuntimeError: for no number between, and ends that the dtype does not hold.

        >>> import minigrad as torch
        >>> bool((torch.empty(9).random_(2, 5) >= 2).all())
        True
        """
        if unknown := {*ends} - {"from", "to"}:
            raise TypeError(f"random_() got an unexpected keyword argument {min(unknown)!r}")
        own = self._array.dtype
        low, high = (0, *args)[-2:] if args else (0, None)
        low, high = ends.get("from", low), ends.get("to", high)
        if high is None:
            most = {"f": 2 ** (np.finfo(own).nmant + 1) if own.kind == "f" else 0, "b": 1}
            high = most.get(own.kind, np.iinfo(own).max if own.kind in "iu" else 0)
            high = high + 1 if own.kind != "i" or own.itemsize < 8 else high
        if low >= high:
            raise RuntimeError(
                f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
            )
        number_as(low, own), number_as(high - 1, own)
        return self._drawn("random_", lambda: generator_of(generator).integers(low, high, self._array.shape))

    def bernoulli_(self, p: Any = 0.5, *, generator: Any = None) -> Self:
        """Write 1 with probability `p`, else 0.

        Arguments:
            p: a number, or a tensor that broadcasts.
            generator: the Generator to draw from; None takes the default one.

        Raises:
            RuntimeError: for a number outside [0, 1].

        >>> import minigrad as torch
        >>> torch.zeros(2).bernoulli_(1.0)
        tensor([1., 1.])
        """
        chance = getattr(p, "_array", p)
        if not np.all((np.asarray(chance) >= 0) & (np.asarray(chance) <= 1)):
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
        return self._drawn("bernoulli_", lambda: generator_of(generator).random(self._array.shape) < chance)

    def _continuous(self, name: str, kind: str) -> None:
        if self._array.dtype.kind != "f":
            raise RuntimeError(
                f"{name}: the {kind} distribution is continuous, so the dtype must be floating, not "
                f"{self._array.dtype}"
            )

    def exponential_(self, lambd: float = 1.0, *, generator: Any = None) -> Self:
        """Write draws from the exponential distribution with rate `lambd`.

        Arguments:
            lambd: the rate, above 0.
            generator: the Generator to draw from; None takes the default one.

        Raises:
            RuntimeError: for another rate, and a tensor that is not floating.

        >>> import minigrad as torch
        >>> bool((torch.empty(9).exponential_() >= 0).all())
        True
        """
        self._continuous("exponential_", "exponential")
        if not lambd > 0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
        draws = generator_of(generator).standard_exponential(self._array.shape)
        return self._drawn("exponential_", lambda: draws / lambd)

    def geometric_(self, p: float, *, generator: Any = None) -> Self:
        """Write how many trials it takes until one with probability `p` succeeds.

        Arguments:
            p: between 0 and 1.
            generator: the Generator to draw from; None takes the default one.

        Raises:
            RuntimeError: for another `p`.

        >>> import minigrad as torch
        >>> bool((torch.empty(9).geometric_(0.5) >= 1).all())
        True
        """
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
        draws = 1 - generator_of(generator).random(self._array.shape)  # never 0
        return self._drawn("geometric_", lambda: np.maximum(np.ceil(np.log(draws) / math.log1p(-p)), 1))

    def cauchy_(self, median: float = 0.0, sigma: float = 1.0, *, generator: Any = None) -> Self:
        """Write draws from the Cauchy distribution.

        Arguments:
            median, sigma: its middle, and half of its width at half of its height, above 0.
            generator: the Generator to draw from; None takes the default one.

        Raises:
            RuntimeError: for another `sigma`, and a tensor that is not floating.

        >>> import minigrad as torch
        >>> torch.empty(2).cauchy_().shape
        torch.Size([2])
        """
        self._continuous("cauchy_", "Cauchy")
        if not sigma > 0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
        turn = generator_of(generator).random(self._array.shape) - 0.5
        return self._drawn("cauchy_", lambda: median + sigma * np.tan(math.pi * turn))

    def log_normal_(self, mean: float = 1.0, std: float = 2.0, *, generator: Any = None) -> Self:
        """Write draws from the log-normal distribution.

        Arguments:
            mean, std: those of the logarithm.
            generator: the Generator to draw from; None takes the default one.

        Raises:
            RuntimeError: for a `std` that is not above 0.
            NotImplementedError: for a tensor that is not floating.

        >>> import minigrad as torch
        >>> bool((torch.empty(9).log_normal_() > 0).all())
        True
        """
        self._floating("log_normal_")
        if not std > 0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std}")
        draws = generator_of(generator).standard_normal(self._array.shape)
        return self._drawn("log_normal_", lambda: np.exp(mean + std * draws))


def _wrap(array: Any) -> Tensor:
    made: Tensor = wrap(array, None)
    return made
