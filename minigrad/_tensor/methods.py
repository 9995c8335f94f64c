"""The methods of Tensor that compute: every op under PyTorch's names, with PyTorch's arguments.

A line like `exp = CALLS["exp"]` is the op's record made callable. A method with a body sorts out how
PyTorch lets the call be written; the functions at the end are what several methods share.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Self, overload

import numpy as np

from minigrad import ops
from minigrad.ops.kernels import normalize_dim
from minigrad.ops.op import REGISTRY

from . import compositions as composed
from .convert import as_array, as_operand, as_spelled, number_as, sizes_of
from .documentation import named
from .dtype import as_dtype, bool_, float16, float32, float64, int8, int16, int32, int64, result_type, uint8
from .index import normalize as normalize_index
from .layout import contiguous_format, in_rows, preserve_format
from .record import Call, Recorded, wrap
from .shortcuts import call_of, recorder_of

if TYPE_CHECKING:
    from .tensor import Tensor


class _ByName(dict[str, Any]):
    """What `make` gives for each op of the registry, by its name; made when it is first asked for."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, name: str) -> Any:
        self[name] = made = self._make(REGISTRY[name])
        return made


CALLS: dict[str, Call] = _ByName(call_of)  # functions of tensors
RECORD = _ByName(recorder_of)  # functions of (operands, options), for callers that sort these out themselves
__all__ = ["CALLS", "Operations", "ops"]


def _swapped(name: str) -> Call:
    call = CALLS[name]
    return lambda self, other: call(as_operand(other), self)


def _operator(name: str) -> Call:
    """A comparison or a bitwise operator: takes arrays too."""
    call = CALLS[name]
    return named(lambda input, other: call(input, as_operand(other)), REGISTRY[name])


def _equality(name: str) -> Call:
    """The operator == or !=: tensors are never equal to None, to a string and the like."""
    compare = _operator(name)
    operands = (Recorded, np.ndarray, np.generic, int, float)
    return lambda self, other: compare(self, other) if isinstance(other, operands) else NotImplemented


def _of_tensors(name: str) -> Call:
    """An op that takes no plain numbers, as PyTorch's does not; arrays count as tensors."""
    call = CALLS[name]

    def method(input: Any, other: Any) -> Tensor:
        for x, argument in ((input, "input"), (other, "other")):
            if not isinstance(x, (Recorded, np.ndarray)):
                raise TypeError(f"{name}(): argument '{argument}' must be Tensor, not {type(x).__name__}")
        return call(input, as_operand(other))

    return named(method, REGISTRY[name], numbers=False)


_TYPES = {"float16": "Half", "float32": "Float", "float64": "Double", "int8": "Char", "int16": "Short"}
_TYPES |= {"int32": "Int", "int64": "Long", "uint8": "Byte", "bool": "Bool"}


class Operations(Recorded):
    """What tensors can compute. Nothing here changes a tensor."""

    __slots__ = ()

    # --- conversions -----------------------------------------------------------------------------

    def to(
        self: Any,  # for a type checker the result is a Tensor, also where it is this one
        *args: Any,
        dtype: Any = None,
        device: Any = None,
        copy: bool = False,
        non_blocking: bool = False,
        memory_format: Any = preserve_format,
    ) -> Tensor:
        """The tensor in another dtype; itself where nothing changes, unless `copy`.

        Arguments:
            args: a dtype, a device ("cpu"), or a tensor whose dtype to take.
            dtype, device: the same by name.
            copy: whether it is a new tensor in any case.
            non_blocking, memory_format: accepted; they change nothing.

        Raises:
            RuntimeError: for a device other than the CPU.

        Derivative: the gradient, converted back.

        >>> import minigrad as torch
        >>> torch.tensor([1.5, -1.5]).to(torch.int64)
        tensor([ 1, -1])
        """
        in_rows("to", memory_format)
        for arg in args:
            if isinstance(arg, Recorded):
                dtype = arg._array.dtype
            elif isinstance(arg, str) and arg.partition(":")[0] in ("cpu", "cuda", "mps", "xpu", "meta"):
                device = arg
            elif arg is not None and not isinstance(arg, bool):  # a flag here is non_blocking
                dtype = arg
        if device is not None and str(device).partition(":")[0] != "cpu":
            raise RuntimeError(f"minigrad computes on the CPU only; there is no device {device!r}")
        wanted = self._array.dtype if dtype is None else as_dtype(dtype)
        if wanted == self._array.dtype:
            return self.clone() if copy else self
        return CALLS["cast"](self, wanted)

    def type(self, dtype: Any = None) -> Any:
        """The tensor in another dtype, as `to(dtype)`; without a `dtype` the name of its own.

        >>> import minigrad as torch
        >>> torch.ones(2).type()
        'torch.FloatTensor'
        """
        return f"torch.{_TYPES[str(self._array.dtype)]}Tensor" if dtype is None else self.to(dtype)

    def type_as(self, other: Any) -> Tensor:
        """The tensor in the dtype of another one, `other`, as `to(other)`.

        >>> import minigrad as torch
        >>> torch.ones(1).type_as(torch.arange(2))
        tensor([1])
        """
        return self.to(other.dtype)

    def float(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as float32, as `to(torch.float32)`."""
        return self.to(float32, memory_format=memory_format)

    def double(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as float64, as `to(torch.float64)`."""
        return self.to(float64, memory_format=memory_format)

    def half(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as float16, as `to(torch.float16)`."""
        return self.to(float16, memory_format=memory_format)

    def long(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as int64, as `to(torch.int64)`."""
        return self.to(int64, memory_format=memory_format)

    def int(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as int32, as `to(torch.int32)`."""
        return self.to(int32, memory_format=memory_format)

    def short(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as int16, as `to(torch.int16)`."""
        return self.to(int16, memory_format=memory_format)

    def char(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as int8, as `to(torch.int8)`."""
        return self.to(int8, memory_format=memory_format)

    def byte(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as uint8, as `to(torch.uint8)`."""
        return self.to(uint8, memory_format=memory_format)

    def bool(self, memory_format: Any = preserve_format) -> Tensor:
        """The tensor as booleans, True where it is not 0, as `to(torch.bool)`."""
        return self.to(bool_, memory_format=memory_format)

    def cpu(self: Any, memory_format: Any = preserve_format) -> Tensor:
        """This tensor: everything is on the CPU.

        >>> import minigrad as torch
        >>> torch.ones(1).cpu()
        tensor([1.])
        """
        in_rows("cpu", memory_format)
        return self

    def contiguous(self: Any, memory_format: Any = contiguous_format) -> Tensor:
        """The tensor with its elements in rows; itself where they are.

        `memory_format` can only be rows. Derivative: the gradient as it is.

        >>> import minigrad as torch
        >>> torch.zeros(2, 3).T.contiguous().stride()
        (2, 1)
        """
        in_rows("contiguous", memory_format)
        return self if self._array.flags.c_contiguous else CALLS["contiguous"](self)

    def new_tensor(self, data: Any, *, dtype: Any = None, requires_grad: builtins.bool = False) -> Tensor:
        """A tensor with a copy of `data`, in the dtype of this one, as `tensor(data, dtype=self.dtype)`.

        >>> import minigrad as torch
        >>> torch.ones(1).new_tensor([1, 2])
        tensor([1., 2.])
        """
        made = wrap(np.array(as_array(data, dtype or self._array.dtype)), None)
        return made.requires_grad_(requires_grad)

    def new_full(
        self, size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: builtins.bool = False
    ) -> Tensor:
        """`fill_value` everywhere, in this tensor's dtype, as `full(size, fill_value, dtype=self.dtype)`."""
        dtype = self._array.dtype if dtype is None else as_dtype(dtype)
        made = wrap(np.full(sizes_of((size,)), number_as(fill_value, dtype)), None)
        return made.requires_grad_(requires_grad)

    def new_empty(self, *size: Any, dtype: Any = None, requires_grad: builtins.bool = False) -> Tensor:
        """A tensor of the given `size`, in this one's dtype, as `empty(size, dtype=self.dtype)`."""
        return self.new_full(sizes_of(size), 0, dtype=dtype, requires_grad=requires_grad)

    def new_zeros(self, *size: Any, dtype: Any = None, requires_grad: builtins.bool = False) -> Tensor:
        """Zeros in the dtype of this tensor, as `zeros(size, dtype=self.dtype)`."""
        return self.new_full(sizes_of(size), 0, dtype=dtype, requires_grad=requires_grad)

    def new_ones(self, *size: Any, dtype: Any = None, requires_grad: builtins.bool = False) -> Tensor:
        """Ones in the dtype of this tensor, as `ones(size, dtype=self.dtype)`."""
        return self.new_full(sizes_of(size), 1, dtype=dtype, requires_grad=requires_grad)

    # --- elementwise ops -------------------------------------------------------------------------

    __neg__ = neg = negative = CALLS["neg"]
    __abs__ = abs = absolute = CALLS["abs"]
    square = CALLS["square"]
    reciprocal = CALLS["reciprocal"]
    sign = CALLS["sign"]
    floor = CALLS["floor"]
    ceil = CALLS["ceil"]
    exp = CALLS["exp"]
    expm1 = CALLS["expm1"]
    log = CALLS["log"]
    log2 = CALLS["log2"]
    log10 = CALLS["log10"]
    log1p = CALLS["log1p"]
    sqrt = CALLS["sqrt"]
    rsqrt = CALLS["rsqrt"]
    sin = CALLS["sin"]
    cos = CALLS["cos"]
    tan = CALLS["tan"]
    asin = arcsin = CALLS["asin"]
    acos = arccos = CALLS["acos"]
    atan = arctan = CALLS["atan"]
    sinh = CALLS["sinh"]
    cosh = CALLS["cosh"]
    tanh = CALLS["tanh"]
    asinh = CALLS["asinh"]
    acosh = CALLS["acosh"]
    atanh = CALLS["atanh"]
    sigmoid = CALLS["sigmoid"]
    erf = CALLS["erf"]
    relu = CALLS["relu"]

    def clone(self, *, memory_format: Any = preserve_format) -> Tensor:
        """A copy inside the graph, its elements in rows: the gradient flows through.

        Arguments:
            input: a tensor of any shape and dtype.
            memory_format: only rows are possible.

        >>> import minigrad as torch
        >>> x = torch.ones(2)
        >>> y = torch.clone(x)
        >>> y is x, y
        (False, tensor([1., 1.]))
        """
        if memory_format is not preserve_format:
            in_rows("clone", memory_format)
        return CALLS["clone"](self)

    isnan = CALLS["isnan"]
    isinf = CALLS["isinf"]
    isfinite = CALLS["isfinite"]
    __invert__ = bitwise_not = CALLS["bitwise_not"]
    logical_not = CALLS["logical_not"]

    def __pos__(self) -> Self:
        return self

    def round(self, *, decimals: builtins.int = 0) -> Tensor:
        """The nearest whole numbers, of two equally near ones the even one.

        Arguments:
            input: a tensor of any shape.
            decimals: how many decimals stay; negative ones round to tens and hundreds.

        Derivative: 0.

        >>> import minigrad as torch
        >>> torch.round(torch.tensor([0.5, 1.5, 2.7]))
        tensor([0., 2., 3.])
        """
        return CALLS["round"](self, decimals=decimals)

    def __round__(self, ndigits: builtins.int = 0) -> Tensor:
        return CALLS["round"](self, decimals=ndigits)

    eq, __eq__ = _operator("eq"), _equality("eq")  # type: ignore[assignment]  # a tensor, no bool
    ne, __ne__ = _operator("ne"), _equality("ne")  # type: ignore[assignment]
    lt = __lt__ = _operator("lt")
    le = __le__ = _operator("le")
    gt = __gt__ = _operator("gt")
    ge = __ge__ = _operator("ge")
    logical_and = _of_tensors("logical_and")
    logical_or = _of_tensors("logical_or")
    logical_xor = _of_tensors("logical_xor")
    bitwise_and = __and__ = __rand__ = _operator("bitwise_and")
    bitwise_or = __or__ = __ror__ = _operator("bitwise_or")
    bitwise_xor = __xor__ = __rxor__ = _operator("bitwise_xor")

    __add__ = __radd__ = CALLS["add"]
    __sub__ = CALLS["sub"]
    __rsub__ = _swapped("sub")
    __mul__ = __rmul__ = multiply = mul = CALLS["mul"]
    __truediv__ = CALLS["div"]

    def __rtruediv__(self, other: Any) -> Tensor:
        # As PyTorch computes it: the inverse is saved, so both this tensor and the result may be written.
        return CALLS["mul"](CALLS["reciprocal"](self), as_operand(other))

    __pow__ = CALLS["pow"]
    __rpow__ = _swapped("pow")
    __mod__ = remainder = CALLS["remainder"]
    __rmod__ = _swapped("remainder")
    __floordiv__ = floor_divide = CALLS["floor_divide"]
    __rfloordiv__ = _swapped("floor_divide")
    __matmul__ = matmul = CALLS["matmul"]
    __rmatmul__ = _swapped("matmul")
    maximum = _of_tensors("maximum")
    minimum = _of_tensors("minimum")
    atan2 = arctan2 = _of_tensors("atan2")
    logaddexp = _of_tensors("logaddexp")
    xlogy = CALLS["xlogy"]

    def add(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """input + alpha * other.

        Arguments:
            input, other: tensors, or one of them a number. Shapes broadcast, dtypes meet in one.
            alpha: a number; whole for integers.

        Raises:
            RuntimeError: for shapes that do not go together, and for a fraction as `alpha` of integers.

        Derivative: d/d input = 1, d/d other = alpha.

        >>> import minigrad as torch
        >>> torch.add(torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0]), alpha=2)
        tensor([21., 42.])
        """
        return CALLS["add"](self, other if alpha == 1 else _scaled(self, other, alpha))

    def sub(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """input - alpha * other.

        Arguments:
            input, other: tensors, or one of them a number. Shapes broadcast, dtypes meet in one.
            alpha: a number; whole for integers.

        Raises:
            RuntimeError: for shapes that do not go together, booleans, and a fraction as `alpha` of integers.

        Derivative: d/d input = 1, d/d other = -alpha.

        >>> import minigrad as torch
        >>> torch.sub(torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0]))
        tensor([ -9., -18.])
        """
        return CALLS["sub"](self, other if alpha == 1 else _scaled(self, other, alpha))

    subtract = sub

    def div(self, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        """input / other; integers become floats, unless they are rounded.

        Arguments:
            input, other: tensors, or one of them a number. Shapes broadcast, dtypes meet in one.
            rounding_mode: None, "floor" (down) or "trunc" (towards 0).

        Raises:
            RuntimeError: for shapes that do not go together, another mode, and integers divided by 0.

        Derivative: d/d input = 1/other, d/d other = -input/other^2; 0 where the quotient is rounded.

        >>> import minigrad as torch
        >>> torch.div(torch.tensor([-3, 3]), 2), torch.div(torch.tensor([-3, 3]), 2, rounding_mode="trunc")
        (tensor([-1.5000,  1.5000]), tensor([-1,  1]))
        """
        if rounding_mode is None:
            return CALLS["div"](self, other)
        if rounding_mode == "floor":
            return CALLS["floor_divide"](self, other)
        if rounding_mode == "trunc":
            return CALLS["trunc_divide"](self, other)
        raise RuntimeError(f"div: rounding_mode must be None, 'trunc' or 'floor', not {rounding_mode!r}")

    divide = div

    def pow(self, exponent: Any) -> Tensor:
        """The tensor to the power of `exponent`, as `pow(input, exponent)`."""
        return CALLS["pow"](self, exponent)

    def true_divide(self, other: Any) -> Tensor:
        """input / other, as `div` without rounding."""
        return CALLS["div"](self, other)

    clamp = clip = CALLS["clamp"]

    def where(self, condition: Any, other: Any) -> Tensor:
        """This tensor where `condition`, else `other`, as `where(condition, input, other)`."""
        composed.mask_of("where", condition)
        return CALLS["where"](condition, self, other)

    addcmul = composed.addcmul
    addcdiv = composed.addcdiv
    lerp = composed.lerp
    masked_fill = composed.masked_fill
    isclose = composed.isclose
    allclose = composed.allclose
    equal = composed.equal
    nonzero = composed.nonzero
    argwhere = composed.argwhere

    # --- reductions and scans --------------------------------------------------------------------

    @as_spelled
    def sum(self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> Tensor:
        """The sum over `dim`.

        Arguments:
            input: a tensor of any shape; booleans are counted.
            dim: an axis, a tuple of axes, or None for all.
            keepdim: whether these axes stay, with size 1.
            dtype: convert the input to it first. Integers are added as int64.

        Raises:
            IndexError: for an axis that is not there.

        Derivative: the gradient, spread over the axes that were summed.

        >>> import minigrad as torch
        >>> torch.sum(torch.ones(2, 3), dim=1)
        tensor([3., 3.])
        """
        return _in_dtype(CALLS["sum"](_in_dtype(self, dtype), dim, keepdim), dtype)

    @as_spelled
    def mean(self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> Tensor:
        """The mean over `dim`; nan for no elements.

        Arguments:
            input: a floating tensor of any shape.
            dim: an axis, a tuple of axes, or None for all.
            keepdim: whether these axes stay, with size 1.
            dtype: convert the input to it first.

        Raises:
            RuntimeError: for integers without a floating `dtype`.
            IndexError: for an axis that is not there.

        Derivative: 1/n, n being the number of elements of each mean.

        >>> import minigrad as torch
        >>> torch.mean(torch.tensor([[1.0, 3.0], [5.0, 7.0]]), dim=1)
        tensor([2., 6.])
        """
        return CALLS["mean"](_in_dtype(self, dtype), dim, keepdim)

    @as_spelled
    def prod(self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> Tensor:
        """The product over `dim`; its gradient is exact where elements are 0.

        Arguments:
            input: a tensor of any shape.
            dim: an axis, a tuple of axes, or None for all.
            keepdim: whether these axes stay, with size 1.
            dtype: convert the input to it first. Integers are multiplied as int64.

        Raises:
            IndexError: for an axis that is not there.

        Derivative: the product of all the other elements.

        >>> import minigrad as torch
        >>> torch.prod(torch.tensor([2, 3, 4]))
        tensor(24)
        """
        return _in_dtype(CALLS["prod"](_in_dtype(self, dtype), dim, keepdim), dtype)

    @as_spelled
    def cumsum(self, dim: builtins.int, *, dtype: Any = None) -> Tensor:
        """The running sums along `dim`.

        Arguments:
            input: a tensor of any shape.
            dim: an axis.
            dtype: convert the input to it first. Integers are added as int64.

        Raises:
            IndexError: for an axis that is not there.

        Derivative: the running sum of the gradient, from the end.

        >>> import minigrad as torch
        >>> torch.cumsum(torch.tensor([1, 2, 3]), dim=0)
        tensor([1, 3, 6])
        """
        return _in_dtype(CALLS["cumsum"](_in_dtype(self, dtype), dim), dtype)

    @as_spelled
    def cumprod(self, dim: builtins.int, *, dtype: Any = None) -> Tensor:
        """The running products along `dim`; the gradient is exact where elements are 0.

        Arguments:
            input: a tensor of any shape.
            dim: an axis.
            dtype: convert the input to it first. Integers are multiplied as int64.

        Raises:
            IndexError: for an axis that is not there.

        >>> import minigrad as torch
        >>> torch.cumprod(torch.tensor([1, 2, 3]), dim=0)
        tensor([1, 2, 6])
        """
        return _in_dtype(CALLS["cumprod"](_in_dtype(self, dtype), dim), dtype)

    amax = CALLS["amax"]
    amin = CALLS["amin"]
    argmax = CALLS["argmax"]
    argmin = CALLS["argmin"]

    @as_spelled
    def argsort(
        self, dim: builtins.int = -1, descending: builtins.bool = False, stable: builtins.bool = True
    ) -> Tensor:
        """The indices that sort along `dim`; equal elements keep their order.

        Arguments:
            input: a tensor of any shape.
            dim: an axis.
            descending: whether the largest comes first.
            stable: accepted; the order is always stable.

        Returns:
            int64 indices of the input's shape; no gradient flows through them.

        >>> import minigrad as torch
        >>> torch.argsort(torch.tensor([30, 10, 20]))
        tensor([1, 2, 0])
        """
        return CALLS["argsort"](self, dim, descending)

    all = CALLS["all"]
    any = CALLS["any"]
    logsumexp = CALLS["logsumexp"]
    trace = CALLS["trace"]
    norm = composed.norm
    _vector_norm = CALLS["vector_norm"]

    @overload
    def max(self) -> Tensor: ...
    @overload
    def max(self, dim: Tensor) -> Tensor: ...
    @overload
    def max(self, dim: builtins.int, keepdim: builtins.bool = False) -> Pair: ...
    @as_spelled
    def max(self, dim: Any = None, keepdim: builtins.bool = False) -> Any:
        """The largest element; with `dim` (values, indices) along it; with a tensor, `maximum`.

        Arguments:
            input: a tensor with elements.
            dim: None for all elements, an axis, or a tensor for the larger of the two elementwise.
            keepdim: whether the axis stays, with size 1.

        Raises:
            RuntimeError: for a tensor without elements.
            IndexError: for an axis that is not there, or has no elements.

        Derivative: 1 at the largest element; over all elements tied ones share it, along an axis the one at
        the index has it.

        >>> import minigrad as torch
        >>> x = torch.tensor([[1.0, 5.0], [3.0, 2.0]])
        >>> torch.max(x)
        tensor(5.)
        >>> values, indices = torch.max(x, dim=1)
        >>> values, indices
        (tensor([5., 3.]), tensor([1, 0]))
        """
        return _extreme("max", self, dim, keepdim)

    @overload
    def min(self) -> Tensor: ...
    @overload
    def min(self, dim: Tensor) -> Tensor: ...
    @overload
    def min(self, dim: builtins.int, keepdim: builtins.bool = False) -> Pair: ...
    @as_spelled
    def min(self, dim: Any = None, keepdim: builtins.bool = False) -> Any:
        """The smallest element; with `dim` (values, indices) along it; with a tensor, `minimum`.

        Arguments:
            input: a tensor with elements.
            dim: None for all elements, an axis, or a tensor for the smaller of the two elementwise.
            keepdim: whether the axis stays, with size 1.

        Raises:
            RuntimeError: for a tensor without elements.
            IndexError: for an axis that is not there, or has no elements.

        Derivative: 1 at the smallest element; over all elements tied ones share it, along an axis the one at
        the index has it.

        >>> import minigrad as torch
        >>> x = torch.tensor([[1.0, 5.0], [3.0, 2.0]])
        >>> torch.min(x, dim=1).values
        tensor([1., 2.])
        """
        return _extreme("min", self, dim, keepdim)

    @as_spelled
    def var(
        self,
        dim: Any = None,
        unbiased: builtins.bool | None = None,
        keepdim: builtins.bool = False,
        *,
        correction: Any = None,
    ) -> Tensor:
        """The variance over `dim`: the sum of squared deviations from the mean, divided by n - correction.

        Arguments:
            input: a floating tensor of any shape.
            dim: an axis, a tuple of axes, or None for all.
            unbiased: the older way to say correction=1 (True) or 0 (False).
            keepdim: whether these axes stay, with size 1.
            correction: 1 where it is left out.

        Raises:
            RuntimeError: for a tensor that is not floating.
            TypeError: for both `unbiased` and `correction`.

        Derivative: 2 (x - mean) / (n - correction).

        >>> import minigrad as torch
        >>> torch.var(torch.tensor([1.0, 3.0])), torch.var(torch.tensor([1.0, 3.0]), correction=0)
        (tensor(2.), tensor(1.))
        """
        return _spread_call("var", self, dim, unbiased, keepdim, correction)

    @as_spelled
    def std(
        self,
        dim: Any = None,
        unbiased: builtins.bool | None = None,
        keepdim: builtins.bool = False,
        *,
        correction: Any = None,
    ) -> Tensor:
        """The standard deviation over `dim`: the root of `var`, with the same arguments.

        Arguments:
            input: a floating tensor of any shape.
            dim: an axis, a tuple of axes, or None for all.
            unbiased: the older way to say correction=1 (True) or 0 (False).
            keepdim: whether these axes stay, with size 1.
            correction: 1 where it is left out.

        Raises:
            RuntimeError: for a tensor that is not floating.
            TypeError: for both `unbiased` and `correction`.

        Derivative: (x - mean) / ((n - correction) std).

        >>> import minigrad as torch
        >>> torch.std(torch.tensor([1.0, 3.0]), correction=0)
        tensor(1.)
        """
        return _spread_call("std", self, dim, unbiased, keepdim, correction)

    @as_spelled
    def sort(
        self, dim: builtins.int = -1, descending: builtins.bool = False, stable: builtins.bool = True
    ) -> Pair:
        """(values, indices) in order along `dim`; equal elements keep their order.

        Arguments:
            input: a tensor of any shape.
            dim: an axis.
            descending: whether the largest comes first.
            stable: accepted; the order is always stable.

        Derivative: each gradient goes back to the place of its element.

        >>> import minigrad as torch
        >>> torch.sort(torch.tensor([30, 10, 20])).values
        tensor([10, 20, 30])
        """
        return _with_indices("sort", self, {"dim": dim, "descending": descending})

    @as_spelled
    def topk(
        self,
        k: builtins.int,
        dim: builtins.int = -1,
        largest: builtins.bool = True,
        sorted: builtins.bool = True,
    ) -> Pair:
        """(values, indices) of the k largest (or smallest) elements along `dim`, in order.

        Arguments:
            input: a tensor of any shape.
            k: how many.
            dim: an axis.
            largest: False for the smallest ones.
            sorted: accepted; they are always in order.

        Raises:
            RuntimeError: for a `k` that is negative, or greater than the size of the axis.

        Derivative: each gradient goes back to the place of its element, 0 to the others.

        >>> import minigrad as torch
        >>> torch.topk(torch.tensor([30, 10, 20]), 2).values
        tensor([30, 20])
        """
        n = self._array.shape[normalize_dim(dim, self._array.ndim)] if self._array.ndim else 1
        if not 0 <= k <= n:
            raise RuntimeError(f"topk: k ({k}) is out of range for a dimension of size {n}")
        return _with_indices("topk", self, {"k": k, "dim": dim, "largest": largest})

    # --- shapes ----------------------------------------------------------------------------------

    def reshape(self, *sizes: Any, shape: Any = None) -> Tensor:
        """The elements in another shape, as `reshape(input, shape)`; `sizes` may be given one by one."""
        return CALLS["reshape"](self, shape=sizes_of(sizes, shape))

    def view(self, *shape: Any) -> Tensor:
        """The same memory in another shape, or an error where that needs a copy.

        Arguments:
            shape: the sizes, one by one or in a tuple; one may be -1.

        Raises:
            RuntimeError: for a shape of another size, or one that needs a copy: `reshape` makes it.
            NotImplementedError: for a dtype.

        >>> import minigrad as torch
        >>> torch.arange(4).view(2, -1)
        tensor([[0, 1],
                [2, 3]])
        """
        if len(shape) == 1 and isinstance(shape[0], np.dtype):
            raise NotImplementedError("view(dtype) reinterprets bytes, which has no gradient; use .to(dtype)")
        out = self.reshape(*shape)
        if self._array.size and not np.may_share_memory(out._array, self._array):
            raise RuntimeError(
                f"view size is not compatible with the size {self._array.shape} and the strides of this "
                "tensor: it would need a copy. Use .reshape(...) instead, which makes one."
            )
        return out

    def reshape_as(self, other: Any) -> Tensor:
        """The elements in the shape of `other`, as `reshape(input, other.shape)`."""
        return self.reshape(other.shape)

    def view_as(self, other: Any) -> Tensor:
        """The same memory in the shape of `other`, as `view(other.shape)`."""
        return self.view(other.shape)

    def permute(self, *order: Any, dims: Any = None) -> Tensor:
        """The axes in another order, as `permute(input, dims)`; the `order` may be given one by one."""
        return CALLS["permute"](self, dims=sizes_of(order, dims))

    transpose = swapaxes = CALLS["transpose"]

    @property
    def T(self) -> Tensor:
        """The transpose (of more than two axes: their order reversed).

        >>> import minigrad as torch
        >>> torch.zeros(2, 3).T.shape
        (3, 2)
        """
        return (
            self.transpose(0, 1)
            if self._array.ndim == 2
            else self.permute(tuple(range(self._array.ndim))[::-1])
        )

    @property
    def mT(self) -> Tensor:
        """The last two axes swapped.

        >>> import minigrad as torch
        >>> torch.zeros(5, 2, 3).mT.shape
        (5, 3, 2)
        """
        if self._array.ndim < 2:
            raise RuntimeError(f"mT needs at least two dimensions, got shape {self._array.shape}")
        return self.transpose(-2, -1)

    squeeze = CALLS["squeeze"]
    unsqueeze = CALLS["unsqueeze"]

    def expand(self, *sizes: Any, size: Any = None) -> Tensor:
        """Axes of size 1 (and new ones in front) repeated without a copy: a view.

        Arguments:
            sizes: the new sizes, one by one or in a tuple; -1 leaves one as it is.
            size: the tuple by name.

        Raises:
            RuntimeError: for an axis of another size than 1 that would change.

        Derivative: the sum of the gradient over the repeated axes.

        >>> import minigrad as torch
        >>> torch.ones(3, 1).expand(-1, 4).shape
        (3, 4)
        """
        return CALLS["expand"](self, size=sizes_of(sizes, size))

    def broadcast_to(self, size: Any) -> Tensor:
        """`input` expanded to the shape `size` without a copy, as `Tensor.expand(size)`.

        >>> import minigrad as torch
        >>> torch.broadcast_to(torch.ones(3), (2, 3)).shape
        (2, 3)
        """
        return self.expand(size)

    def expand_as(self, other: Any) -> Tensor:
        """Expanded to the shape of `other` without a copy, as `expand(other.shape)`."""
        return self.expand(other.shape)

    def repeat(self, *sizes: Any) -> Tensor:
        """The tensor copied along its axes.

        Arguments:
            sizes: how often along each axis, one by one or in a tuple; further ones add axes in front.

        Raises:
            RuntimeError: for fewer numbers than axes.

        Derivative: the sum of the gradient over the copies.

        >>> import minigrad as torch
        >>> torch.tensor([1, 2]).repeat(2, 2)
        tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]])
        """
        return CALLS["tile"](self, dims=composed.repeat_sizes(sizes_of(sizes), self._array.ndim))

    def tile(self, *dims: Any) -> Tensor:
        """The tensor repeated along its axes, as `tile(input, dims)`."""
        return CALLS["tile"](self, dims=sizes_of(dims))

    def flip(self, *axes: Any, dims: Any = None) -> Tensor:
        """The order reversed along axes, as `flip(input, dims)`; the `axes` may be given one by one."""
        return CALLS["flip"](self, dims=sizes_of(axes, dims))

    def roll(self, shifts: Any, dims: Any = None) -> Tensor:
        """The elements shifted, as `roll(input, shifts, dims)`."""
        return CALLS["roll"](self, shifts=shifts, dims=dims)

    def diagonal(self, offset: builtins.int = 0, dim1: builtins.int = 0, dim2: builtins.int = 1) -> Tensor:
        """The diagonals of two axes as a new last axis: a view.

        Arguments:
            input: a tensor of at least two axes.
            offset: 0 for the main diagonal, positive above it, negative below.
            dim1, dim2: the two axes, which go.

        Raises:
            IndexError: for an axis that is not there.
            RuntimeError: for one axis twice.

        Derivative: the gradient on the diagonal, 0 beside it.

        >>> import minigrad as torch
        >>> torch.diagonal(torch.tensor([[1, 2], [3, 4]]))
        tensor([1, 4])
        """
        return CALLS["diagonal"](self, offset=offset, dim1=dim1, dim2=dim2)

    tril = CALLS["tril"]
    triu = CALLS["triu"]
    flatten = composed.flatten
    movedim = moveaxis = composed.movedim
    narrow = composed.narrow
    split = composed.split
    chunk = composed.chunk
    unbind = composed.unbind
    t = composed.t
    diag = composed.diag
    _embed_diagonal = CALLS["embed_diagonal"]

    # --- picking and placing, products -----------------------------------------------------------

    index_select = composed.index_select
    index_add = composed.index_add
    gather = composed.gather
    take_along_dim = composed.take_along_dim
    scatter = composed.scatter
    scatter_add = composed.scatter_add
    _gather = CALLS["gather"]
    _scatter = CALLS["scatter"]
    _add_along = CALLS["add_along"]
    _scatter_index = CALLS["scatter_index"]
    mm = composed.mm
    bmm = composed.bmm
    mv = composed.mv
    dot = composed.dot
    outer = composed.outer
    addmm = composed.addmm

    @as_spelled
    def softmax(self, dim: builtins.int, dtype: Any = None) -> Tensor:
        """exp(input) over its sum along `dim`.

        Arguments:
            input: a floating tensor.
            dim: the axis along which the results sum to 1.
            dtype: convert the input to it first.

        Raises:
            RuntimeError: for a tensor that is not floating.
            IndexError: for an axis that is not there.

        Derivative: out * (g - sum(g * out)) for the gradient g.

        >>> import minigrad as torch
        >>> torch.softmax(torch.tensor([0.0, 0.0]), dim=0)
        tensor([0.5000, 0.5000])
        """
        return CALLS["softmax"](_in_dtype(self, dtype), dim)

    @as_spelled
    def log_softmax(self, dim: builtins.int, dtype: Any = None) -> Tensor:
        """log(softmax(input)) along `dim`, computed without leaving the logarithms.

        Arguments:
            input: a floating tensor.
            dim: the axis along which the probabilities sum to 1.
            dtype: convert the input to it first.

        Raises:
            RuntimeError: for a tensor that is not floating.
            IndexError: for an axis that is not there.

        Derivative: g - softmax(input) * sum(g) for the gradient g.

        >>> import minigrad as torch
        >>> torch.log_softmax(torch.tensor([0.0, 1000.0]), dim=0)
        tensor([-1000.,     0.])
        """
        return CALLS["log_softmax"](_in_dtype(self, dtype), dim)

    def __getitem__(self, index: Any) -> Tensor:
        """A selection: a view for ints, slices, None and `...`; a copy for index arrays and masks."""
        return RECORD["getitem"]((self,), {"index": normalize_index(index, self._array.shape)})[0]


def _scaled(x: Any, other: Any, alpha: Any) -> Any:
    """alpha * other, in the dtype that it shares with `x`."""
    common = composed_dtype(x, other)
    if common.kind != "f" and isinstance(alpha, float):
        raise RuntimeError(f"alpha must be an integer for integer tensors, not {alpha}")
    alpha = bool(alpha) if common.kind == "b" else alpha
    return (other.to(common) if isinstance(other, Operations) else other) * alpha


def composed_dtype(a: Any, b: Any) -> Any:
    return result_type([getattr(x, "_array", x) for x in (a, b.item() if isinstance(b, np.generic) else b)])


def _in_dtype(x: Any, dtype: Any) -> Any:
    return x if dtype is None else x.to(dtype)


class Pair(NamedTuple):
    """Chosen elements, and where they stood along an axis."""

    values: Tensor
    indices: Tensor


_PAIRS: dict[str, type[Pair]] = {
    name: type(name, (Pair,), {"__slots__": ()}) for name in ("max", "min", "sort", "topk")
}


def _with_indices(op: str, x: Any, options: dict[str, Any]) -> Pair:
    values, indices = RECORD[op]((x,), options)
    return _PAIRS[op.removesuffix("_dim")](values, wrap(np.asarray(indices), None))


def _extreme(name: str, x: Any, dim: Any, keepdim: builtins.bool) -> Any:
    if isinstance(dim, Recorded):
        return CALLS["maximum" if name == "max" else "minimum"](x, dim)
    if x._array.size == 0 and (dim is None or x.shape[normalize_dim(dim, x.ndim)] == 0):
        raise (RuntimeError if dim is None else IndexError)(
            f"{name}(): the tensor of shape {x.shape} has no elements to choose from; test numel() first"
        )
    if dim is None:
        return CALLS[name](x)
    return _with_indices(f"{name}_dim", x, {"dim": dim, "keepdim": keepdim})


def _spread_call(name: str, x: Any, dim: Any, unbiased: Any, keepdim: Any, correction: Any) -> Any:
    if isinstance(dim, bool):  # x.var(False): the older signature, unbiased first
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    elif unbiased is not None:
        raise TypeError(f"{name}: give correction or unbiased, not both")
    return CALLS[name](x, dim=dim, correction=correction, keepdim=keepdim)
