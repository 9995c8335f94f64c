"""The methods of Tensor that compute: every op under PyTorch's names, with PyTorch's arguments.

A line like `exp = CALLS["exp"]` is the op's record made callable. A method with a body sorts out how
PyTorch lets the call be written; the functions at the end are what several methods share.
"""

from __future__ import annotations

import builtins
from collections import namedtuple
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

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


def _equality(name: str) -> Callable[..., Any]:
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
        self,
        *args: Any,
        dtype: Any = None,
        device: Any = None,
        copy: bool = False,
        non_blocking: bool = False,
        memory_format: Any = preserve_format,
    ) -> Any:
        """The tensor in another dtype (`device` can only be the CPU); itself where nothing changes."""
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
        return f"torch.{_TYPES[str(self._array.dtype)]}Tensor" if dtype is None else self.to(dtype)

    def type_as(self, other: Any) -> Any:
        return self.to(other.dtype)

    def float(self, memory_format: Any = preserve_format) -> Any:
        return self.to(float32, memory_format=memory_format)

    def double(self, memory_format: Any = preserve_format) -> Any:
        return self.to(float64, memory_format=memory_format)

    def half(self, memory_format: Any = preserve_format) -> Any:
        return self.to(float16, memory_format=memory_format)

    def long(self, memory_format: Any = preserve_format) -> Any:
        return self.to(int64, memory_format=memory_format)

    def int(self, memory_format: Any = preserve_format) -> Any:
        return self.to(int32, memory_format=memory_format)

    def short(self, memory_format: Any = preserve_format) -> Any:
        return self.to(int16, memory_format=memory_format)

    def char(self, memory_format: Any = preserve_format) -> Any:
        return self.to(int8, memory_format=memory_format)

    def byte(self, memory_format: Any = preserve_format) -> Any:
        return self.to(uint8, memory_format=memory_format)

    def bool(self, memory_format: Any = preserve_format) -> Any:
        return self.to(bool_, memory_format=memory_format)

    def cpu(self, memory_format: Any = preserve_format) -> Any:
        in_rows("cpu", memory_format)
        return self

    def contiguous(self, memory_format: Any = contiguous_format) -> Any:
        """The tensor with its elements in rows; itself where they are."""
        in_rows("contiguous", memory_format)
        return self if self._array.flags.c_contiguous else CALLS["contiguous"](self)

    def new_tensor(self, data: Any, *, dtype: Any = None, requires_grad: builtins.bool = False) -> Any:
        made = wrap(np.array(as_array(data, dtype or self._array.dtype)), None)
        return made.requires_grad_(requires_grad)

    def new_full(
        self, size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: builtins.bool = False
    ) -> Any:
        dtype = self._array.dtype if dtype is None else as_dtype(dtype)
        made = wrap(np.full(sizes_of((size,)), number_as(fill_value, dtype)), None)
        return made.requires_grad_(requires_grad)

    def new_empty(self, *size: Any, dtype: Any = None, requires_grad: builtins.bool = False) -> Any:
        return self.new_full(sizes_of(size), 0, dtype=dtype, requires_grad=requires_grad)

    def new_zeros(self, *size: Any, dtype: Any = None, requires_grad: builtins.bool = False) -> Any:
        return self.new_full(sizes_of(size), 0, dtype=dtype, requires_grad=requires_grad)

    def new_ones(self, *size: Any, dtype: Any = None, requires_grad: builtins.bool = False) -> Any:
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

    def clone(self, *, memory_format: Any = preserve_format) -> Any:
        """A copy inside the graph, its elements in rows."""
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

    def round(self, *, decimals: builtins.int = 0) -> Any:
        return CALLS["round"](self, decimals=decimals)

    def __round__(self, ndigits: builtins.int = 0) -> Any:
        return CALLS["round"](self, decimals=ndigits)

    eq, __eq__ = _operator("eq"), _equality("eq")
    ne, __ne__ = _operator("ne"), _equality("ne")
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

    def __rtruediv__(self, other: Any) -> Any:
        # As PyTorch computes it: the inverse is saved, so both this tensor and the result may be written.
        return CALLS["mul"](CALLS["reciprocal"](self), as_operand(other))

    __pow__ = pow = CALLS["pow"]
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

    def add(self, other: Any, *, alpha: Any = 1) -> Any:
        return CALLS["add"](self, other if alpha == 1 else _scaled(self, other, alpha))

    def sub(self, other: Any, *, alpha: Any = 1) -> Any:
        return CALLS["sub"](self, other if alpha == 1 else _scaled(self, other, alpha))

    subtract = sub

    def div(self, other: Any, *, rounding_mode: str | None = None) -> Any:
        if rounding_mode is None:
            return CALLS["div"](self, other)
        if rounding_mode == "floor":
            return CALLS["floor_divide"](self, other)
        if rounding_mode == "trunc":
            return CALLS["trunc_divide"](self, other)
        raise RuntimeError(f"div: rounding_mode must be None, 'trunc' or 'floor', not {rounding_mode!r}")

    divide = div

    def true_divide(self, other: Any) -> Any:
        return CALLS["div"](self, other)

    clamp = clip = CALLS["clamp"]

    def where(self, condition: Any, other: Any) -> Any:
        """This tensor where `condition`, else `other`."""
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
    def sum(self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> Any:
        """The sum over `dim` (an int, a tuple, or None for all axes)."""
        return _in_dtype(CALLS["sum"](_in_dtype(self, dtype), dim, keepdim), dtype)

    @as_spelled
    def mean(self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> Any:
        """The mean over `dim`; nan for no elements."""
        return CALLS["mean"](_in_dtype(self, dtype), dim, keepdim)

    @as_spelled
    def prod(self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> Any:
        """The product over `dim`; its gradient is exact where elements are 0."""
        return _in_dtype(CALLS["prod"](_in_dtype(self, dtype), dim, keepdim), dtype)

    @as_spelled
    def cumsum(self, dim: builtins.int, *, dtype: Any = None) -> Any:
        return _in_dtype(CALLS["cumsum"](_in_dtype(self, dtype), dim), dtype)

    @as_spelled
    def cumprod(self, dim: builtins.int, *, dtype: Any = None) -> Any:
        return _in_dtype(CALLS["cumprod"](_in_dtype(self, dtype), dim), dtype)

    amax = CALLS["amax"]
    amin = CALLS["amin"]
    argmax = CALLS["argmax"]
    argmin = CALLS["argmin"]

    @as_spelled
    def argsort(
        self, dim: builtins.int = -1, descending: builtins.bool = False, stable: builtins.bool = True
    ) -> Any:
        """The indices that sort along `dim`; equal elements keep their order."""
        return CALLS["argsort"](self, dim, descending)

    all = CALLS["all"]
    any = CALLS["any"]
    logsumexp = CALLS["logsumexp"]
    trace = CALLS["trace"]
    norm = composed.norm
    _vector_norm = CALLS["vector_norm"]

    @as_spelled
    def max(self, dim: Any = None, keepdim: builtins.bool = False) -> Any:
        """The largest element; with `dim` (values, indices) along it; with a tensor, `maximum`."""
        return _extreme("max", self, dim, keepdim)

    @as_spelled
    def min(self, dim: Any = None, keepdim: builtins.bool = False) -> Any:
        """The smallest element; with `dim` (values, indices) along it; with a tensor, `minimum`."""
        return _extreme("min", self, dim, keepdim)

    @as_spelled
    def var(
        self,
        dim: Any = None,
        unbiased: builtins.bool | None = None,
        keepdim: builtins.bool = False,
        *,
        correction: Any = None,
    ) -> Any:
        """The variance over `dim`, divided by n - correction (1 unless told)."""
        return _spread_call("var", self, dim, unbiased, keepdim, correction)

    @as_spelled
    def std(
        self,
        dim: Any = None,
        unbiased: builtins.bool | None = None,
        keepdim: builtins.bool = False,
        *,
        correction: Any = None,
    ) -> Any:
        """The standard deviation over `dim`, with n - correction (1 unless told)."""
        return _spread_call("std", self, dim, unbiased, keepdim, correction)

    @as_spelled
    def sort(
        self, dim: builtins.int = -1, descending: builtins.bool = False, stable: builtins.bool = True
    ) -> Any:
        """(values, indices) in order along `dim`; equal elements keep their order."""
        return _with_indices("sort", self, {"dim": dim, "descending": descending})

    @as_spelled
    def topk(
        self,
        k: builtins.int,
        dim: builtins.int = -1,
        largest: builtins.bool = True,
        sorted: builtins.bool = True,
    ) -> Any:
        """(values, indices) of the k largest (or smallest) elements along `dim`, in order."""
        n = self._array.shape[normalize_dim(dim, self._array.ndim)] if self._array.ndim else 1
        if not 0 <= k <= n:
            raise RuntimeError(f"topk: k ({k}) is out of range for a dimension of size {n}")
        return _with_indices("topk", self, {"k": k, "dim": dim, "largest": largest})

    # --- shapes ----------------------------------------------------------------------------------

    def reshape(self, *sizes: Any, shape: Any = None) -> Any:
        return CALLS["reshape"](self, shape=sizes_of(sizes, shape))

    def view(self, *shape: Any) -> Any:
        """The same memory in another shape; refused where that needs a copy."""
        if len(shape) == 1 and isinstance(shape[0], np.dtype):
            raise NotImplementedError("view(dtype) reinterprets bytes, which has no gradient; use .to(dtype)")
        out = self.reshape(*shape)
        if self._array.size and not np.may_share_memory(out._array, self._array):
            raise RuntimeError(
                f"view size is not compatible with the size {self._array.shape} and the strides of this "
                "tensor: it would need a copy. Use .reshape(...) instead, which makes one."
            )
        return out

    def reshape_as(self, other: Any) -> Any:
        return self.reshape(other.shape)

    def view_as(self, other: Any) -> Any:
        return self.view(other.shape)

    def permute(self, *order: Any, dims: Any = None) -> Any:
        return CALLS["permute"](self, dims=sizes_of(order, dims))

    transpose = swapaxes = CALLS["transpose"]

    @property
    def T(self) -> Any:
        """The transpose (of more than two axes: their order reversed)."""
        return (
            self.transpose(0, 1)
            if self._array.ndim == 2
            else self.permute(tuple(range(self._array.ndim))[::-1])
        )

    @property
    def mT(self) -> Any:
        """The last two axes swapped."""
        if self._array.ndim < 2:
            raise RuntimeError(f"mT needs at least two dimensions, got shape {self._array.shape}")
        return self.transpose(-2, -1)

    squeeze = CALLS["squeeze"]
    unsqueeze = CALLS["unsqueeze"]

    def expand(self, *sizes: Any, size: Any = None) -> Any:
        return CALLS["expand"](self, size=sizes_of(sizes, size))

    def broadcast_to(self, size: Any) -> Any:
        return self.expand(size)

    def expand_as(self, other: Any) -> Any:
        return self.expand(other.shape)

    def repeat(self, *sizes: Any) -> Any:
        return CALLS["tile"](self, dims=composed.repeat_sizes(sizes_of(sizes), self._array.ndim))

    def tile(self, *dims: Any) -> Any:
        return CALLS["tile"](self, dims=sizes_of(dims))

    def flip(self, *axes: Any, dims: Any = None) -> Any:
        return CALLS["flip"](self, dims=sizes_of(axes, dims))

    def roll(self, shifts: Any, dims: Any = None) -> Any:
        return CALLS["roll"](self, shifts=shifts, dims=dims)

    def diagonal(self, offset: builtins.int = 0, dim1: builtins.int = 0, dim2: builtins.int = 1) -> Any:
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
    def softmax(self, dim: builtins.int, dtype: Any = None) -> Any:
        return CALLS["softmax"](_in_dtype(self, dtype), dim)

    @as_spelled
    def log_softmax(self, dim: builtins.int, dtype: Any = None) -> Any:
        return CALLS["log_softmax"](_in_dtype(self, dtype), dim)

    def __getitem__(self, index: Any) -> Any:
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


def _pair(name: str) -> Any:
    return namedtuple(name, ["values", "indices"])


_PAIRS = {name: _pair(name) for name in ("max", "min", "sort", "topk")}


def _with_indices(op: str, x: Any, options: dict[str, Any]) -> Any:
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
