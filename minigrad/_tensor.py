"""`Tensor`: an array with a place in the graph, and PyTorch's methods.

A tensor is two slots: `_array`, the storage, and `_node`, where gradients that reach it go (None for a
constant). Everything that computes is an op's record made callable (`CALLS`) or a short composition of
those (`_composed`). Below the class: running backward, and what happens to a graph when an op writes
in place.
"""

import builtins
import opcode
import sys
import warnings
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import numpy as np

from . import _composed as composed, _messages as messages, ops as _ops
from ._array import cast
from ._dtype import (
    as_dtype,
    bool_,
    float16,
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    uint8,
)
from ._engine import Node, backward as walk, mode, tick, writes
from ._index import normalize as normalize_index
from ._numpy import CALLS as NUMPY_CALLS, CONSTANTS as NUMPY_CONSTANTS
from ._op import BY_FORWARD, REGISTRY
from ._random import generator_of
from ._record import Recorded, call_of, record, wrap
from ._repr import tensor_text

assert _ops  # imported for the registry that it fills
CALLS: dict[str, Callable[..., Any]] = {name: call_of(op) for name, op in REGISTRY.items()}
_hook_ids = count()


def _sizes(sizes: tuple[Any, ...]) -> tuple[int, ...]:
    """f(2, 3) and f((2, 3)) mean the same."""
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = tuple(sizes[0])
    return tuple(int(n) for n in sizes)


def _swapped(name: str) -> Callable[..., Any]:
    call = CALLS[name]
    return lambda self, other: call(_as_operand(other), self)


def _operator(name: str) -> Callable[..., Any]:
    """A comparison or a bitwise operator: takes arrays too."""
    call = CALLS[name]
    return lambda self, other: call(self, _as_operand(other))


def _as_operand(x: Any) -> Any:
    return wrap(x, None) if isinstance(x, np.ndarray) else x


def _in_place(name: str, call: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """The in-place twin of an op: the recorded result, written over the first operand."""
    compute = call or CALLS[name]
    ufunc = (
        REGISTRY[name].forward if name in REGISTRY and isinstance(REGISTRY[name].forward, np.ufunc) else None
    )

    def method(self: "Tensor", *args: Any, **kwargs: Any) -> "Tensor":
        return self._replace(f"{name}_", compute, ufunc, args, kwargs)

    method.__name__ = method.__qualname__ = f"{name}_"
    method.__doc__ = f"`{name}`, written over this tensor."
    return method


class Tensor(Recorded, result=True):
    """An n-dimensional array that remembers how it was computed.

    Made by `minigrad.tensor` and its like; `Tensor(data)` itself makes one of the default dtype.

    >>> import minigrad as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    __slots__ = ("__weakref__", "_grad")
    _grad: "Tensor | None"
    __hash__ = object.__hash__

    def __init__(self, data: Any = (), *, dtype: Any = None) -> None:
        self._array = np.array(as_array(data, dtype or get_default_dtype()))
        self._node = None

    # --- what it is ------------------------------------------------------------------------------

    shape = property(lambda self: self._array.shape, doc="The sizes of the axes: a tuple.")
    ndim = property(lambda self: self._array.ndim, doc="The number of axes.")
    dtype = property(lambda self: self._array.dtype, doc="The type of the elements: a NumPy dtype.")
    device = property(lambda self: "cpu", doc="Where the elements are: always 'cpu'.")
    requires_grad = property(
        lambda self: self._node is not None,
        lambda self, value: self.requires_grad_(value) and None,
        doc="Whether gradients flow to this tensor.",
    )
    itemsize = property(lambda self: self._array.itemsize, doc="Bytes per element.")
    nbytes = property(lambda self: self._array.nbytes, doc="Bytes of all elements.")

    @property
    def is_leaf(self) -> bool:
        """Whether the user made it: a constant, or a start of the graph."""
        return self._node is None or self._node.op is None

    @property
    def grad_fn(self) -> Node | None:
        """The node that computed it; None for a leaf."""
        return None if self.is_leaf else self._node

    def dim(self) -> int:
        return self._array.ndim

    def numel(self) -> int:
        return self._array.size

    nelement = numel

    def element_size(self) -> int:
        return self._array.itemsize

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one axis."""
        return self._array.shape if dim is None else self._array.shape[composed.normalize_dim(dim, self.ndim)]

    def stride(self) -> tuple[int, ...]:
        return tuple(s // self._array.itemsize for s in self._array.strides)

    def is_contiguous(self) -> bool:
        return bool(self._array.flags.c_contiguous)

    def data_ptr(self) -> int:
        return int(self._array.__array_interface__["data"][0])

    def is_floating_point(self) -> bool:
        return self._array.dtype.kind == "f"

    def get_device(self) -> int:
        return -1

    # --- its gradient ----------------------------------------------------------------------------

    @property
    def grad(self) -> "Tensor | None":
        """The accumulated gradient: None before the first backward, and of a non-leaf that retains none."""
        node = self._node
        if node is None:
            return getattr(self, "_grad", None)
        if node.op is not None and (node.watch is None or not node.watch.keep):
            # hasattr(), getattr() and printers look at every attribute; only `x.grad` in code is a question.
            frame = sys._getframe(1)
            if opcode.opname[frame.f_code.co_code[frame.f_lasti]].startswith("LOAD_"):
                warnings.warn(messages.non_leaf_grad(node), UserWarning, stacklevel=2)
            return None
        return None if node.watch is None else node.watch.grad

    @grad.setter
    def grad(self, value: "Tensor | None") -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(f"assigned grad must be a Tensor or None, not {type(value).__name__}")
            if value.shape != self.shape:
                raise RuntimeError(f"assigned grad has shape {value.shape}, the tensor {self.shape}")
            if value.dtype != self.dtype:
                raise RuntimeError(f"assigned grad has dtype {value.dtype}, the tensor {self.dtype}")
        if self._node is None:
            self._grad = value
        else:
            self._node.watched().grad = value

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    def requires_grad_(self, requires_grad: bool = True) -> "Tensor":
        """Start (or stop) recording at this leaf.

        Raises:
            RuntimeError: for an integer or boolean tensor, and for False on a non-leaf.
        """
        if requires_grad and self._node is None:
            if self._array.dtype.kind != "f":
                raise RuntimeError(messages.integer_leaf(self._array.dtype))
            kept = getattr(self, "_grad", None)
            self._node = Node(None, (), self._array.shape, self._array.dtype)
            if kept is not None:
                self._node.watched().grad = kept
        elif not requires_grad and self._node is not None:
            if self._node.op is not None:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables; this one was produced by "
                    f"{self._node.op.name}. Use detach() for a tensor without its history."
                )
            self._grad = self._node.watch.grad if self._node.watch else None
            self._node = None
        return self

    def backward(
        self,
        gradient: "Tensor | None" = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: "Tensor | Sequence[Tensor] | None" = None,
    ) -> None:
        """Add d(self)/d(leaf), weighted by `gradient`, to the `.grad` of every leaf behind this tensor.

        Arguments:
            gradient: of this tensor's shape; needed unless it has one element.
            retain_graph: keep the saved values for another backward (default: `create_graph`).
            create_graph: record the computation of the gradients, for higher derivatives.
            inputs: accumulate into these tensors only.

        Raises:
            RuntimeError: nothing behind it requires grad; the output is not scalar and no gradient was
                given; its shape differs; the graph was freed; a saved value was written in place.
        """
        chosen = None
        if inputs is not None:
            chosen = [x._node for x in ((inputs,) if isinstance(inputs, Tensor) else inputs)]
            if not chosen or None in chosen:
                raise RuntimeError("backward: inputs must be tensors that require grad, at least one")
        run_backward((self,), (gradient,), retain_graph, create_graph, targets=chosen)

    def detach(self) -> "Tensor":
        """A tensor that shares the memory and has no history.

        >>> import minigrad as torch
        >>> x = torch.ones(2, requires_grad=True)
        >>> (x * 2).detach().requires_grad
        False
        """
        return wrap(self._array, None)

    def detach_(self) -> "Tensor":
        self._node = None
        return self

    @property
    def data(self) -> "Tensor":
        """The values without history, for writing past the engine: no stamp is left, nothing is checked."""
        alias = object.__new__(_Data)
        alias._array, alias._node = self._array, None
        return alias

    @data.setter
    def data(self, value: "Tensor") -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"data must be a Tensor, not {type(value).__name__}")
        node = self._node
        if node is not None:
            if node.op is not None:
                raise RuntimeError(
                    "data of a non-leaf cannot be replaced; it was produced by " + node.op.name
                )
            if value._array.dtype.kind != "f":
                raise RuntimeError(messages.integer_leaf(value._array.dtype))
            node.shape, node.dtype = value._array.shape, value._array.dtype
        self._array = value._array

    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf in `.grad` during backward."""
        if self._node is None:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self._node.op is not None:
            self._node.watched().keep = True

    @property
    def retains_grad(self) -> bool:
        node = self._node
        return node is not None and node.op is not None and node.watch is not None and node.watch.keep

    def register_hook(self, hook: Callable[["Tensor"], "Tensor | None"]) -> "Handle":
        """Call hook(gradient) when the gradient of this tensor is complete; what it returns replaces it."""
        if self._node is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return Handle(self._node.watched().hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[["Tensor"], None]) -> "Handle":
        """Call hook(tensor) after a backward has added to this leaf's `.grad`."""
        if self._node is None or self._node.op is not None:
            raise RuntimeError(
                "post accumulate grad hooks can only be registered on leaf tensors that require grad"
            )
        return Handle(self._node.watched().after, lambda: hook(self))

    # --- out to Python and NumPy -----------------------------------------------------------------

    def item(self) -> Any:
        """The one element, as a Python number."""
        if self._array.size != 1:
            raise RuntimeError(
                f"a Tensor with {self._array.size} elements cannot be converted to Scalar; use tolist()"
            )
        return self._array.item()

    def tolist(self) -> Any:
        return self._array.tolist()

    def numpy(self, *, force: bool = False) -> Any:
        """The array itself, sharing its memory; refused while gradients are recorded for it."""
        if self._node is not None and not force:
            raise RuntimeError(messages.numpy_of_recorded())
        return self._array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return (
            np.array(self.numpy(), dtype=dtype, copy=copy) if copy else np.asarray(self.numpy(), dtype=dtype)
        )

    def __dlpack__(self, **kwargs: Any) -> Any:
        if self._node is not None:
            raise BufferError("can't export a Tensor that requires grad; export tensor.detach()")
        return self._array.__dlpack__(**kwargs)

    def __dlpack_device__(self) -> Any:
        return self._array.__dlpack_device__()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        op = BY_FORWARD.get(ufunc) or _UFUNC_OPS.get(ufunc)
        if op is None:
            raise TypeError(f"minigrad has no np.{ufunc.__name__} for Tensors; {_WAY_OUT}")
        if method != "__call__" or kwargs:
            extra = f".{method}" if method != "__call__" else f" with {', '.join(kwargs)}="
            raise TypeError(f"minigrad does not cover np.{ufunc.__name__}{extra} for Tensors; {_WAY_OUT}")
        return CALLS[op.name](*map(_as_operand, inputs))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        op = BY_FORWARD.get(function)
        if op is not None:  # one of our storage kernels
            return CALLS[op.name](*args, **kwargs)
        if function in NUMPY_CONSTANTS:
            out = NUMPY_CONSTANTS[function](*args, **kwargs)
            return wrap(out, None) if isinstance(out, np.ndarray) else out
        if function not in NUMPY_CALLS:
            name = f"{function.__module__}.{function.__name__}".replace("numpy", "np")
            raise TypeError(f"minigrad has no {name} for Tensors; {_WAY_OUT}")
        try:
            name, operands, options = NUMPY_CALLS[function](*args, **kwargs)
        except TypeError as error:
            raise TypeError(
                f"minigrad does not cover these arguments of np.{function.__name__}: {error}; {_WAY_OUT}"
            ) from None
        return record(
            REGISTRY[name], [_as_operand(x) for x in operands], {**REGISTRY[name].options, **options}
        )[0]

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self._array.dtype.kind == "f":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __bool__(self) -> bool:
        if self._array.size != 1:
            raise RuntimeError(
                f"Boolean value of Tensor with {self._array.size} elements is ambiguous; use .any() or .all()"
            )
        return bool(self._array.item())

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self._array)

    def __iter__(self) -> Iterator["Tensor"]:
        if not self._array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind())

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())

    def __repr__(self) -> str:
        return tensor_text(
            self._array, default=get_default_dtype(), requires_grad=self.requires_grad,
            grad_fn=self._node.name() if self._node is not None and self._node.op is not None else "",
        )  # fmt: skip

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and not self._array.ndim else format(str(self), spec)

    def __reduce_ex__(self, protocol: Any) -> Any:
        self._refuse_non_leaf("pickle")
        return _rebuild, (
            type(self) if type(self) not in (_View, _Data) else Tensor,
            np.array(self._array),
            self.requires_grad,
            self.grad,
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> "Tensor":
        self._refuse_non_leaf("deepcopy")
        kind, parts = self.__reduce_ex__(4)
        grad = None if parts[3] is None else parts[3].clone().detach()
        memo[id(self)] = copied = kind(*parts[:3], grad)
        return copied

    def _refuse_non_leaf(self, what: str) -> None:
        if not self.is_leaf:
            raise RuntimeError(
                f"only Tensors created explicitly by the user (graph leaves) support {what}; this one was "
                f"produced by {self._node.op.name}. Use detach(), or clone() for a copy inside the graph."  # type: ignore[union-attr]
            )

    # --- indexing --------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> "Tensor":
        index = normalize_index(index, self._array.shape)
        return record(REGISTRY["getitem"], (self,), {"index": index})[0]

    def __setitem__(self, index: Any, value: Any) -> None:
        index = normalize_index(index, self._array.shape)
        if not isinstance(value, Tensor):
            value = wrap(np.asarray(value), None)
        if value._array.dtype != self._array.dtype:
            value = value.to(self._array.dtype)
        self._replace("assignment by index", CALLS["index_put"], None, (value,), {"index": index})

    # --- conversions -----------------------------------------------------------------------------

    def to(
        self,
        *args: Any,
        dtype: Any = None,
        device: Any = None,
        copy: bool = False,
        non_blocking: bool = False,
    ) -> "Tensor":
        """The tensor in another dtype (`device` can only be the CPU); itself where nothing changes."""
        for arg in args:
            if isinstance(arg, Tensor):
                dtype = arg.dtype
            elif isinstance(arg, str) and arg.partition(":")[0] in ("cpu", "cuda", "mps", "xpu", "meta"):
                device = arg
            elif isinstance(arg, bool):
                non_blocking = arg
            elif arg is not None:
                dtype = arg
        if device is not None and str(device).partition(":")[0] != "cpu":
            raise RuntimeError(f"minigrad computes on the CPU only; there is no device {device!r}")
        wanted = self._array.dtype if dtype is None else as_dtype(dtype)
        if wanted == self._array.dtype:
            return self.clone() if copy else self
        return CALLS["cast"](self, wanted)

    def type(self, dtype: Any = None) -> Any:
        return str(self.dtype) if dtype is None else self.to(dtype)

    def type_as(self, other: "Tensor") -> "Tensor":
        return self.to(other.dtype)

    def float(self) -> "Tensor":
        return self.to(float32)

    def double(self) -> "Tensor":
        return self.to(float64)

    def half(self) -> "Tensor":
        return self.to(float16)

    def long(self) -> "Tensor":
        return self.to(int64)

    def int(self) -> "Tensor":
        return self.to(int32)

    def short(self) -> "Tensor":
        return self.to(int16)

    def char(self) -> "Tensor":
        return self.to(int8)

    def byte(self) -> "Tensor":
        return self.to(uint8)

    def bool(self) -> "Tensor":
        return self.to(bool_)

    def cpu(self) -> "Tensor":
        return self

    def contiguous(self) -> "Tensor":
        return self if self.is_contiguous() else self.clone()

    def new_tensor(self, data: Any, *, dtype: Any = None, requires_grad: builtins.bool = False) -> "Tensor":
        made = wrap(np.array(as_array(data, dtype or self.dtype)), None)
        return made.requires_grad_(requires_grad)

    def new_full(
        self, size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: builtins.bool = False
    ) -> "Tensor":
        made = wrap(np.full(_sizes((size,)), fill_value, as_dtype(dtype or self.dtype)), None)
        return made.requires_grad_(requires_grad)

    def new_zeros(self, *size: Any, dtype: Any = None, requires_grad: builtins.bool = False) -> "Tensor":
        return self.new_full(_sizes(size), 0, dtype=dtype, requires_grad=requires_grad)

    def new_ones(self, *size: Any, dtype: Any = None, requires_grad: builtins.bool = False) -> "Tensor":
        return self.new_full(_sizes(size), 1, dtype=dtype, requires_grad=requires_grad)

    # --- elementwise ops -------------------------------------------------------------------------

    __neg__ = neg = CALLS["neg"]
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
    clone = CALLS["clone"]
    isnan = CALLS["isnan"]
    isinf = CALLS["isinf"]
    isfinite = CALLS["isfinite"]
    __invert__ = bitwise_not = CALLS["bitwise_not"]
    logical_not = CALLS["logical_not"]
    __pos__ = lambda self: self

    def round(self, *, decimals: builtins.int = 0) -> "Tensor":
        return CALLS["round"](self, decimals=decimals)

    __round__ = lambda self, ndigits=0: CALLS["round"](self, decimals=ndigits or 0)
    eq = __eq__ = _operator("eq")
    ne = __ne__ = _operator("ne")
    lt = __lt__ = _operator("lt")
    le = __le__ = _operator("le")
    gt = __gt__ = _operator("gt")
    ge = __ge__ = _operator("ge")
    logical_and = _operator("logical_and")
    logical_or = _operator("logical_or")
    logical_xor = _operator("logical_xor")
    bitwise_and = __and__ = __rand__ = _operator("bitwise_and")
    bitwise_or = __or__ = __ror__ = _operator("bitwise_or")
    bitwise_xor = __xor__ = __rxor__ = _operator("bitwise_xor")

    __add__ = __radd__ = CALLS["add"]
    __sub__ = CALLS["sub"]
    __rsub__ = _swapped("sub")
    __mul__ = __rmul__ = multiply = mul = CALLS["mul"]
    __truediv__ = CALLS["div"]
    __rtruediv__ = _swapped("div")
    __pow__ = pow = CALLS["pow"]
    __rpow__ = _swapped("pow")
    __mod__ = remainder = CALLS["remainder"]
    __rmod__ = _swapped("remainder")
    __floordiv__ = floor_divide = CALLS["floor_divide"]
    __rfloordiv__ = _swapped("floor_divide")
    __matmul__ = matmul = CALLS["matmul"]
    __rmatmul__ = _swapped("matmul")
    maximum = CALLS["maximum"]
    minimum = CALLS["minimum"]
    atan2 = arctan2 = CALLS["atan2"]
    logaddexp = CALLS["logaddexp"]
    xlogy = CALLS["xlogy"]

    def add(self, other: Any, *, alpha: Any = 1) -> "Tensor":
        return CALLS["add"](self, other if alpha == 1 else _scaled(other, alpha))

    def sub(self, other: Any, *, alpha: Any = 1) -> "Tensor":
        return CALLS["sub"](self, other if alpha == 1 else _scaled(other, alpha))

    subtract = sub

    def div(self, other: Any, *, rounding_mode: str | None = None) -> "Tensor":
        if rounding_mode is None:
            return CALLS["div"](self, other)
        if rounding_mode == "floor":
            return CALLS["floor_divide"](self, other)
        if rounding_mode == "trunc":
            quotient = CALLS["div"](self, other)
            return (quotient.sign() * quotient.abs().floor()).to(composed_dtype(self, other))
        raise RuntimeError(f"div: rounding_mode must be None, 'trunc' or 'floor', not {rounding_mode!r}")

    divide = div

    def true_divide(self, other: Any) -> "Tensor":
        return CALLS["div"](self, other)

    def clamp(self, min: Any = None, max: Any = None) -> "Tensor":
        """Values below `min` raised to it, above `max` lowered to it; both may be tensors."""
        return CALLS["clamp"](self, min, max)

    clip = clamp

    def where(self, condition: "Tensor", other: Any) -> "Tensor":
        """This tensor where `condition`, else `other`."""
        return CALLS["where"](condition, self, other)

    addcmul = composed.addcmul
    addcdiv = composed.addcdiv
    lerp = composed.lerp
    masked_fill = composed.masked_fill
    isclose = composed.isclose
    allclose = composed.allclose

    # --- reductions and scans --------------------------------------------------------------------

    def sum(
        self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None, **numpy: Any
    ) -> "Tensor":
        """The sum over `dim` (an int, a tuple, or None for all axes)."""
        return CALLS["sum"](_in_dtype(self, dtype), dim, keepdim, **numpy)

    def mean(
        self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None, **numpy: Any
    ) -> "Tensor":
        """The mean over `dim`; nan for no elements."""
        return CALLS["mean"](_in_dtype(self, dtype), dim, keepdim, **numpy)

    def prod(self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> "Tensor":
        """The product over `dim`; its gradient is exact where elements are 0."""
        return CALLS["prod"](_in_dtype(self, dtype), dim, keepdim)

    def cumsum(self, dim: builtins.int, *, dtype: Any = None) -> "Tensor":
        return CALLS["cumsum"](_in_dtype(self, dtype), dim)

    def cumprod(self, dim: builtins.int, *, dtype: Any = None) -> "Tensor":
        return CALLS["cumprod"](_in_dtype(self, dtype), dim)

    amax = CALLS["amax"]
    amin = CALLS["amin"]
    argmax = CALLS["argmax"]
    argmin = CALLS["argmin"]
    argsort = CALLS["argsort"]
    all = CALLS["all"]
    any = CALLS["any"]
    logsumexp = CALLS["logsumexp"]
    trace = CALLS["trace"]
    norm = composed.norm
    _vector_norm = CALLS["vector_norm"]

    def max(self, dim: Any = None, keepdim: builtins.bool = False) -> Any:
        """The largest element; with `dim` (values, indices) along it; with a tensor, `maximum`."""
        return _extreme("max", self, dim, keepdim)

    def min(self, dim: Any = None, keepdim: builtins.bool = False) -> Any:
        """The smallest element; with `dim` (values, indices) along it; with a tensor, `minimum`."""
        return _extreme("min", self, dim, keepdim)

    def var(
        self,
        dim: Any = None,
        unbiased: builtins.bool | None = None,
        keepdim: builtins.bool = False,
        *,
        correction: Any = None,
    ) -> "Tensor":
        """The variance over `dim`, divided by n - correction (1 unless told)."""
        return _spread_call("var", self, dim, unbiased, keepdim, correction)

    def std(
        self,
        dim: Any = None,
        unbiased: builtins.bool | None = None,
        keepdim: builtins.bool = False,
        *,
        correction: Any = None,
    ) -> "Tensor":
        """The standard deviation over `dim`, with n - correction (1 unless told)."""
        return _spread_call("std", self, dim, unbiased, keepdim, correction)

    def sort(
        self, dim: builtins.int = -1, descending: builtins.bool = False, stable: builtins.bool = True
    ) -> Any:
        """(values, indices) in order along `dim`; equal elements keep their order."""
        return _with_indices("sort", self, {"dim": dim, "descending": descending})

    def topk(
        self,
        k: builtins.int,
        dim: builtins.int = -1,
        largest: builtins.bool = True,
        sorted: builtins.bool = True,
    ) -> Any:
        """(values, indices) of the k largest (or smallest) elements along `dim`, in order."""
        n = self._array.shape[composed.normalize_dim(dim, self.ndim)] if self.ndim else 1
        if not 0 <= k <= n:
            raise RuntimeError(f"topk: k ({k}) is out of range for a dimension of size {n}")
        return _with_indices("topk", self, {"k": k, "dim": dim, "largest": largest})

    # --- shapes ----------------------------------------------------------------------------------

    def reshape(self, *shape: Any) -> "Tensor":
        return CALLS["reshape"](self, shape=_sizes(shape))

    def view(self, *shape: Any) -> "Tensor":
        """The same memory in another shape; refused where that needs a copy."""
        if len(shape) == 1 and isinstance(shape[0], np.dtype):
            raise NotImplementedError("view(dtype) reinterprets bytes, which has no gradient; use .to(dtype)")
        out = self.reshape(*shape)
        if self._array.size and not np.may_share_memory(out._array, self._array):
            raise RuntimeError(
                f"view size is not compatible with input tensor's size {self.shape} and stride {self.stride()}. "
                "Use .reshape(...), which copies, instead."
            )
        return out

    def reshape_as(self, other: "Tensor") -> "Tensor":
        return self.reshape(other.shape)

    def view_as(self, other: "Tensor") -> "Tensor":
        return self.view(other.shape)

    def permute(self, *dims: Any) -> "Tensor":
        return CALLS["permute"](self, dims=_sizes(dims))

    def transpose(self, dim0: builtins.int, dim1: builtins.int) -> "Tensor":
        return CALLS["transpose"](self, dim0=dim0, dim1=dim1)

    swapaxes = transpose

    @property
    def T(self) -> "Tensor":
        """The transpose (of more than two axes: their order reversed)."""
        return (
            self.transpose(0, 1)
            if self._array.ndim == 2
            else self.permute(tuple(range(self._array.ndim))[::-1])
        )

    @property
    def mT(self) -> "Tensor":
        """The last two axes swapped."""
        if self._array.ndim < 2:
            raise RuntimeError(f"mT needs at least two dimensions, got shape {self.shape}")
        return self.transpose(-2, -1)

    def squeeze(self, dim: Any = None) -> "Tensor":
        return CALLS["squeeze"](self, dim=dim)

    def unsqueeze(self, dim: builtins.int) -> "Tensor":
        return CALLS["unsqueeze"](self, dim=dim)

    def expand(self, *size: Any) -> "Tensor":
        return CALLS["expand"](self, size=_sizes(size))

    def broadcast_to(self, size: Any) -> "Tensor":
        return self.expand(size)

    def expand_as(self, other: "Tensor") -> "Tensor":
        return self.expand(other.shape)

    def repeat(self, *sizes: Any) -> "Tensor":
        return CALLS["tile"](self, dims=composed.repeat_sizes(_sizes(sizes), self.ndim))

    def tile(self, *dims: Any) -> "Tensor":
        return CALLS["tile"](self, dims=_sizes(dims))

    def flip(self, *dims: Any) -> "Tensor":
        return CALLS["flip"](self, dims=_sizes(dims))

    def roll(self, shifts: Any, dims: Any = None) -> "Tensor":
        return CALLS["roll"](self, shifts=shifts, dims=dims)

    def diagonal(self, offset: builtins.int = 0, dim1: builtins.int = 0, dim2: builtins.int = 1) -> "Tensor":
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

    def softmax(self, dim: builtins.int, dtype: Any = None) -> "Tensor":
        return CALLS["softmax"](_in_dtype(self, dtype), dim)

    def log_softmax(self, dim: builtins.int, dtype: Any = None) -> "Tensor":
        return CALLS["log_softmax"](_in_dtype(self, dtype), dim)

    # --- in place --------------------------------------------------------------------------------

    add_ = __iadd__ = _in_place("add", lambda self, other, *, alpha=1: Tensor.add(self, other, alpha=alpha))
    sub_ = __isub__ = _in_place("sub", lambda self, other, *, alpha=1: Tensor.sub(self, other, alpha=alpha))
    mul_ = __imul__ = _in_place("mul")
    div_ = __itruediv__ = _in_place("div", lambda self, other, **k: Tensor.div(self, other, **k))
    pow_ = __ipow__ = _in_place("pow")
    remainder_ = __imod__ = _in_place("remainder")
    floor_divide_ = __ifloordiv__ = _in_place("floor_divide")
    neg_ = _in_place("neg")
    abs_ = _in_place("abs")
    square_ = _in_place("square")
    reciprocal_ = _in_place("reciprocal")
    sign_ = _in_place("sign")
    floor_ = _in_place("floor")
    ceil_ = _in_place("ceil")
    round_ = _in_place("round")
    exp_ = _in_place("exp")
    expm1_ = _in_place("expm1")
    log_ = _in_place("log")
    log2_ = _in_place("log2")
    log10_ = _in_place("log10")
    log1p_ = _in_place("log1p")
    sqrt_ = _in_place("sqrt")
    rsqrt_ = _in_place("rsqrt")
    sin_ = _in_place("sin")
    cos_ = _in_place("cos")
    tan_ = _in_place("tan")
    asin_ = _in_place("asin")
    acos_ = _in_place("acos")
    atan_ = _in_place("atan")
    sinh_ = _in_place("sinh")
    cosh_ = _in_place("cosh")
    tanh_ = _in_place("tanh")
    sigmoid_ = _in_place("sigmoid")
    erf_ = _in_place("erf")
    relu_ = _in_place("relu")
    clamp_ = clip_ = _in_place("clamp")
    tril_ = _in_place("tril")
    triu_ = _in_place("triu")
    cumsum_ = _in_place("cumsum")
    cumprod_ = _in_place("cumprod")
    addcmul_ = _in_place("addcmul", composed.addcmul)
    addcdiv_ = _in_place("addcdiv", composed.addcdiv)
    lerp_ = _in_place("lerp", composed.lerp)
    masked_fill_ = _in_place("masked_fill", composed.masked_fill)
    index_add_ = _in_place("index_add", composed.index_add)
    scatter_ = _in_place("scatter", composed.scatter)
    scatter_add_ = _in_place("scatter_add", composed.scatter_add)

    def copy_(self, src: Any) -> "Tensor":
        """Write the values of `src`, broadcast and converted; its gradient flows through."""
        self[...] = src
        return self

    def fill_(self, value: Any) -> "Tensor":
        """Write one number everywhere."""
        if getattr(value, "ndim", 0):
            raise RuntimeError(
                f"fill_ takes a number or a 0-d tensor, not one of shape {value.shape}; use copy_"
            )
        return self.copy_(value)

    def zero_(self) -> "Tensor":
        """Write 0 everywhere."""
        return self.copy_(0)

    def uniform_(
        self, a: builtins.float = 0.0, b: builtins.float = 1.0, *, generator: Any = None
    ) -> "Tensor":
        """Write draws from the uniform distribution on [a, b)."""
        return self.copy_(generator_of(generator).uniform(a, b, self.shape))

    def normal_(
        self, mean: builtins.float = 0.0, std: builtins.float = 1.0, *, generator: Any = None
    ) -> "Tensor":
        """Write draws from the normal distribution."""
        return self.copy_(generator_of(generator).normal(mean, std, self.shape))

    def _written(self) -> None:
        """To be called after the storage was written past the engine: stamp it, so that stale graphs notice."""
        writes.stamp(self._array)

    def _replace(
        self, name: str, compute: Callable[..., Any], ufunc: Any, args: Any, kwargs: Any
    ) -> "Tensor":
        """Write compute(self, *args) over this tensor, and record that where gradients are recorded."""
        recording = mode.recording
        node = self._node
        if recording and node is not None and node.op is None:
            raise RuntimeError(messages.leaf_in_place(name, self.shape))
        if not self._array.flags.writeable:
            raise RuntimeError(
                f"{name}: this tensor cannot be written: its elements share memory (expand) or belong to a "
                "read-only array. clone() it first."
            )
        others = [*args, *kwargs.values()]
        if not recording or (
            node is None and not any(isinstance(x, Tensor) and x._node is not None for x in others)
        ):
            self._overwrite(name, compute, ufunc, args, kwargs)
            return self
        # The op may save this tensor's old values, which are about to be overwritten: it gets a copy.
        before = wrap(self._array.copy(), node)
        args = [before if x is self else x for x in args]
        result = compute(before, *args, **kwargs)
        self._check_fits(name, result)
        self._array[...] = result._array
        self._written()
        self._rebase(result if result.dtype == self.dtype else result.to(self.dtype))
        return self

    def _overwrite(self, name: str, compute: Callable[..., Any], ufunc: Any, args: Any, kwargs: Any) -> None:
        """An in-place op that nothing records."""
        array = self._array
        if ufunc is not None and not kwargs and all(_fits(array, x) for x in args):
            with np.errstate(all="ignore"):
                ufunc(array, *[getattr(x, "_array", x) for x in args], out=array)
        elif compute is CALLS["index_put"]:
            try:
                array[kwargs["index"]] = args[0]._array
            except ValueError as error:
                raise RuntimeError(f"{name}: {error}") from None
        else:
            mine = mode.recording
            mode.recording = False
            try:
                result = compute(self, *args, **kwargs)
            finally:
                mode.recording = mine
            self._check_fits(name, result)
            array[...] = result._array
        self._written()

    def _check_fits(self, name: str, result: "Tensor") -> None:
        if result.shape != self.shape:
            raise RuntimeError(
                f"{name}: output with shape {self.shape} doesn't match the broadcast shape {result.shape}; "
                "an in-place op cannot grow its tensor. Nothing was written."
            )
        kinds = "biuf"
        mine, its = self._array.dtype.kind.replace("u", "i"), result._array.dtype.kind.replace("u", "i")
        if kinds.index(its) > kinds.index(mine):
            raise RuntimeError(
                f"{name}: result type {result.dtype} can't be cast to the desired output type {self.dtype}. "
                "Nothing was written."
            )

    def _rebase(self, result: "Tensor") -> None:
        self._node = result._node


class _Data(Tensor):
    """What `.data` gives: its writes leave no stamp."""

    __slots__ = ()

    def _written(self) -> None:
        pass


class _View(Tensor, view=True):
    """A result that shares memory with the tensor it was taken from, its source.

    A recorded in-place op on any member of such a family changes the history of all of them. The root of
    the family is the one place where that is noted: a view whose root has got another node since it was
    made computes its own anew, as the same selection from the root's new history.
    """

    __slots__ = ("_made", "_own", "_root", "_root_node")

    @property
    def _node(self) -> Node | None:  # type: ignore[override]
        root = self._root
        now = root._node
        if now is not self._root_node and now is not None and now.op is not None:
            self._root_node = now
            self._own = _select(root, _positions(root, self._array))._node
        return self._own

    @_node.setter
    def _node(self, node: Node | None) -> None:
        self._own = node

    @property
    def _source(self) -> Tensor:
        return self._root

    @_source.setter
    def _source(self, source: Tensor) -> None:
        self._root = source._root if isinstance(source, _View) else source
        self._root_node = self._root._node

    def detach_(self) -> Tensor:
        raise RuntimeError("detach_: views cannot be detached in place; use detach()")

    def _rebase(self, result: Tensor) -> None:
        root = self._root
        if root._node is not None and root._node.op is None:
            raise RuntimeError(messages.leaf_in_place("an in-place op on a view", root.shape))
        flat = CALLS["reshape"](wrap(root._array, root._node), shape=(-1,))
        where = _positions(root, self._array)
        flat = record(REGISTRY["index_put"], (flat, result), {"index": (where,)})[0]
        root._node = self._root_node = CALLS["reshape"](flat, shape=root.shape)._node
        self._own = _select(root, where)._node


def _positions(root: Tensor, view: Any) -> Any:
    """Where the elements of a view stand in its flattened root."""
    array = root._array
    if not array.flags.c_contiguous:
        raise RuntimeError(
            "an in-place op on a view of a tensor that is not contiguous in memory cannot be recorded; "
            "clone() the tensor first, or write x = torch.where(...) out of place"
        )
    start = (view.__array_interface__["data"][0] - array.__array_interface__["data"][0]) // array.itemsize
    where = np.full(view.shape, start)
    for axis, (n, stride) in enumerate(zip(view.shape, view.strides, strict=True)):
        steps = np.arange(n) * (stride // array.itemsize)
        where += steps.reshape([-1 if i == axis else 1 for i in range(view.ndim)])
    return where


def _select(root: Tensor, where: Any) -> Tensor:
    with_history = CALLS["reshape"](wrap(root._array, root._node), shape=(-1,))
    return record(REGISTRY["getitem"], (with_history,), {"index": (where,)})[0]


class Handle:
    """What registering a hook returns: `remove()` takes the hook away again."""

    def __init__(self, hooks: dict[int, Callable[..., Any]], hook: Callable[..., Any]) -> None:
        self._hooks, self.id = hooks, next(_hook_ids)
        hooks[self.id] = hook

    def remove(self) -> None:
        self._hooks.pop(self.id, None)

    def __enter__(self) -> "Handle":
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


# --- what methods share ------------------------------------------------------------------------------

_WAY_OUT = "use the tensor's own functions, or t.detach().numpy() outside the graph"
_UFUNC_OPS = {
    np.power: REGISTRY["pow"],
    np.reciprocal: REGISTRY["reciprocal"],
    np.absolute: REGISTRY["abs"],
    np.rint: REGISTRY["round"],
}


def as_array(data: Any, dtype: Any = None) -> Any:
    """Nested lists, numbers, arrays or tensors as an ndarray of a supported dtype.

    Without `dtype`, Python floats become the default dtype; arrays and NumPy scalars keep their own.
    """
    if isinstance(data, Tensor):
        return data._array if dtype is None else data._array.astype(as_dtype(dtype), copy=False)
    if isinstance(data, np.ndarray):
        return data.astype(as_dtype(data.dtype if dtype is None else dtype), copy=False)
    tensors = isinstance(data, (list, tuple)) and any(isinstance(x, Tensor) for x in data)
    try:
        array = np.array([x.tolist() if isinstance(x, Tensor) else x for x in data] if tensors else data)
    except ValueError as error:
        raise ValueError(f"expected nested sequences of equal lengths at each level: {error}") from None
    if dtype is not None:
        return array.astype(as_dtype(dtype), copy=False)
    if array.size == 0 and not isinstance(data, np.generic):
        return array.astype(get_default_dtype())
    if array.dtype.kind == "f" and not isinstance(data, np.generic) and array.dtype == np.float64:
        return array.astype(get_default_dtype())
    return array.astype(as_dtype(array.dtype), copy=False)


def _rebuild(kind: type, array: Any, requires_grad: builtins.bool, grad: Tensor | None) -> Tensor:
    tensor = object.__new__(kind)
    tensor._array, tensor._node = array, None
    tensor.requires_grad_(requires_grad)
    if grad is not None:
        tensor.grad = grad
    return tensor


def _fits(array: Any, x: Any) -> builtins.bool:
    """Whether a ufunc may write its result on `array` and `x` straight into `array`."""
    if type(x) is builtins.float:
        return bool(array.dtype.kind == "f")
    other = getattr(x, "_array", None)
    if other is None or other.dtype != array.dtype or array.dtype.kind != "f":
        return False
    return other.shape == array.shape or np.broadcast_shapes(other.shape, array.shape) == array.shape


def _scaled(other: Any, alpha: Any) -> Any:
    return other * alpha


def composed_dtype(a: Tensor, b: Any) -> Any:
    return CALLS["add"](a, b).dtype


def _in_dtype(x: Tensor, dtype: Any) -> Tensor:
    return x if dtype is None else x.to(dtype)


def _pair(name: str) -> Any:
    return namedtuple(name, ["values", "indices"])


_PAIRS = {name: _pair(name) for name in ("max", "min", "sort", "topk")}


def _with_indices(op: str, x: Tensor, options: dict[str, Any]) -> Any:
    values, indices = record(REGISTRY[op], (x,), options)
    return _PAIRS[op.removesuffix("_dim")](values, wrap(np.asarray(indices), None))


def _extreme(name: str, x: Tensor, dim: Any, keepdim: builtins.bool) -> Any:
    if isinstance(dim, Tensor):
        return CALLS["maximum" if name == "max" else "minimum"](x, dim)
    if x._array.size == 0 and (dim is None or x.shape[composed.normalize_dim(dim, x.ndim)] == 0):
        raise RuntimeError(
            f"{name}(): the tensor of shape {x.shape} has no elements to choose from; test numel() first"
        )
    if dim is None:
        return CALLS["amax" if name == "max" else "amin"](x)
    return _with_indices(f"{name}_dim", x, {"dim": dim, "keepdim": keepdim})


def _spread_call(name: str, x: Tensor, dim: Any, unbiased: Any, keepdim: Any, correction: Any) -> Tensor:
    if isinstance(dim, bool):  # x.var(False): the older signature, unbiased first
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    elif unbiased is not None:
        raise TypeError(f"{name}: give correction or unbiased, not both")
    return CALLS[name](x, dim=dim, correction=correction, keepdim=keepdim)


# --- running backward ----------------------------------------------------------------------------------


def run_backward(
    tensors: Sequence[Tensor],
    gradients: Sequence[Any],
    retain_graph: builtins.bool | None,
    create_graph: builtins.bool,
    targets: Sequence[Any] | None = None,
    deposit: Callable[[Node, Any, builtins.bool], None] | None = None,
) -> None:
    """Check what a backward is asked, and walk. `deposit` takes the results; by default leaves' `.grad` does."""
    roots, starts = [], []
    for position, (tensor, gradient) in enumerate(zip(tensors, gradients, strict=True)):
        node = tensor._node
        if node is None:
            raise RuntimeError(messages.no_graph(f"element {position} of tensors"))
        roots.append(node)
        starts.append(_start(tensor, gradient, create_graph))
    before = mode.recording
    mode.recording = before if create_graph and before else create_graph
    try:
        with np.errstate(all="ignore"):
            walk(
                roots, starts, retain=create_graph if retain_graph is None else retain_graph,
                create=create_graph, deposit=deposit or _accumulate, wrap=wrap, targets=targets,
            )  # fmt: skip
    finally:
        mode.recording = before


def _start(tensor: Tensor, gradient: Any, create_graph: builtins.bool) -> Any:
    array = tensor._array
    if gradient is None:
        if array.size != 1:
            raise RuntimeError(messages.not_scalar(array.shape))
        gradient = wrap(np.ones(array.shape, array.dtype), None)
    elif not isinstance(gradient, Tensor):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
    if gradient.shape != array.shape:
        raise RuntimeError(messages.gradient_shape(gradient.shape, array.shape))
    if gradient.dtype != array.dtype:
        gradient = cast(gradient, array.dtype)
    return gradient if create_graph else gradient._array


def _accumulate(node: Node, g: Any, ours: builtins.bool) -> None:
    """Add to a leaf's gradient, which owns its memory."""
    watch = node.watched()
    known = watch.grad
    if isinstance(g, Tensor):
        watch.grad = g if known is None else known + g
    elif known is None:
        watch.grad = wrap(np.asarray(g) if ours else np.array(g), None)
    elif known._node is not None:
        watch.grad = wrap(known._array + g, None)
    else:
        np.add(known._array, g, out=known._array)
        writes.stamp(known._array)
    for hook in tuple(watch.after.values()):
        hook()


assert tick
