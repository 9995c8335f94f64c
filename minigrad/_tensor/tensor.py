"""`Tensor`: an array with a place in the graph, and PyTorch's manners.

A tensor is two slots: `_array`, the storage, and `_node`, where gradients that reach it go (None for a
constant). The methods that compute stand in `methods`, those that write in `in_place`. Here are its
properties, its gradient, and its ways out to Python and NumPy.
"""

from __future__ import annotations

import opcode
import sys
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.engine import messages
from minigrad.engine.node import Node
from minigrad.engine.silence import silently
from minigrad.engine.writes import alias_of, writes
from minigrad.ops.kernels import ndarray, normalize_dim
from minigrad.ops.op import BY_FORWARD, REGISTRY, Op
from minigrad.pytorch_names import absent_methods

from .backward import backward, grad_of
from .convert import as_array, as_operand, copied_within, sizes_of, warn_cut, with_own_dtype
from .device import CPU, device as Device
from .dtype import as_dtype, get_default_dtype
from .handle import RemovableHandle
from .in_place import InPlace
from .layout import contiguous_format, in_rows
from .named_dtype import dtype as Dtype, named
from .numpy_names import CALLS as NUMPY_CALLS, CONSTANTS as NUMPY_CONSTANTS
from .record import history_of, made, wrap
from .shortcuts import call_of, recorder_of
from .size import Size
from .text import tensor_text

_WAY_OUT = "use the tensor's own functions, or t.detach().numpy() outside the graph"
_UFUNC_OPS = {
    np.power: REGISTRY["pow"],
    np.reciprocal: REGISTRY["reciprocal"],
    np.absolute: REGISTRY["abs"],
    np.rint: REGISTRY["round"],
}


new_size = tuple.__new__


if TYPE_CHECKING:
    Absent = object
else:
    Absent = absent_methods("Tensor")


class Tensor(InPlace, Absent):
    """An n-dimensional array that remembers how it was computed.

    Made by `minigrad.tensor` and its like; `Tensor([1, 2])` makes one of the default dtype, and
    `Tensor(2, 3)` an uninitialised one of those sizes.

    Arguments:
        data: numbers, nested sequences, an array, a tensor; or integers, the sizes.
        dtype: the default dtype where it is left out.

    >>> import minigrad as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])

    A tensor says of itself:

    >>> y = torch.zeros(2, 3)
    >>> y.shape, y.size(), y.size(1), y.ndim, y.dim(), y.numel()
    (torch.Size([2, 3]), torch.Size([2, 3]), 3, 2, 2, 6)
    >>> y.dtype, y.itemsize, y.element_size(), y.nbytes
    (torch.float32, 4, 4, 24)
    >>> y.device, y.get_device(), y.stride(), y.is_contiguous(), y.is_floating_point()
    (device(type='cpu'), -1, (3, 1), True, True)
    >>> y.data_ptr() == y.view(6).data_ptr()
    True
    >>> x.requires_grad, x.is_leaf, x.grad_fn, (x * x).is_leaf
    (True, True, None, False)
    >>> x.sum().item(), x.tolist(), y.numpy().shape
    (3.0, [1.0, 2.0], (2, 3))
    """

    __slots__ = ("__weakref__", "_frozen", "_grad")
    _grad: Tensor | None  # of a constant
    _frozen: Node  # where gradients went before requires_grad was set to False
    __hash__ = object.__hash__

    def __init__(self, *data: Any, dtype: Any = None) -> None:
        kind = get_default_dtype() if dtype is None else as_dtype(dtype)
        if len(data) == 1 and isinstance(data[0], Size):
            data = data[0]
        if len(data) == 1 and isinstance(data[0], Tensor) and dtype is None:
            self._array = data[0]._array  # in its own dtype, and the same memory, as in PyTorch
        elif len(data) == 1 and hasattr(data[0], "__len__") and not isinstance(data[0], (str, bytes)):
            self._array = np.array(as_array(data[0], kind))
        elif any(isinstance(n, bool) or not hasattr(n, "__index__") for n in data):
            given = ", ".join(type(n).__name__ for n in data)
            raise TypeError(
                f"Tensor(): data must be a sequence, or sizes integers (got {given}); use tensor(...)"
            )
        elif any(n < 0 for n in data):
            raise RuntimeError(f"Tensor(): a size cannot be negative: {data}")
        else:
            self._array = np.empty(sizes_of(data) if data else (0,), kind)
        self._node = None

    # --- what it is ------------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The sizes of the axes: a tuple."""
        return new_size(Size, self._array.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    @property
    def dtype(self) -> Dtype:
        """The type of the elements, such as `torch.float32`."""
        return named(self._array.dtype)

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self._array.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._array.nbytes

    @property
    def requires_grad(self) -> bool:
        """True if gradients flow to this tensor."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    @property
    def device(self) -> Device:
        """Where the elements are: the CPU always."""
        return CPU

    @property
    def is_leaf(self) -> bool:
        """True if the user made it: a constant, or a start of the graph."""
        return self._node is None or self._node.op is None

    @property
    def grad_fn(self) -> Node | None:
        """The node that computed it; None for a leaf."""
        return None if self.is_leaf else history_of(self)

    def dim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    def numel(self) -> int:
        """The number of elements of `input`.

        >>> import minigrad as torch
        >>> torch.numel(torch.zeros(2, 3))
        6
        """
        return self._array.size

    nelement = numel

    def element_size(self) -> int:
        """Bytes per element."""
        return self._array.itemsize

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of the axis `dim`."""
        return self.shape if dim is None else self._array.shape[normalize_dim(dim, self.ndim)]

    def stride(self) -> tuple[int, ...]:
        """How many elements of memory lie between neighbours along each axis."""
        return tuple(s // self._array.itemsize for s in self._array.strides)

    def is_contiguous(self, memory_format: Any = contiguous_format) -> bool:
        """True if the elements lie in rows, one after the other; `memory_format` can only be rows."""
        in_rows("is_contiguous", memory_format)
        return bool(self._array.flags.c_contiguous)

    def data_ptr(self) -> int:
        """The address of the first element."""
        return int(self._array.__array_interface__["data"][0])

    def is_floating_point(self) -> bool:
        """True if the dtype is floating."""
        return self._array.dtype.kind == "f"

    def is_inference(self) -> bool:
        """True if `input` was made in `inference_mode`, and so stays out of every later graph.

        >>> import minigrad as torch
        >>> torch.ones(2).is_inference()
        False
        """
        return False

    def get_device(self) -> int:
        """-1: the CPU."""
        return -1

    @property
    def is_cuda(self) -> bool:
        """False: it is on no CUDA device.

        >>> import minigrad as torch
        >>> torch.ones(1).is_cuda
        False
        """
        return False

    @property
    def is_cpu(self) -> bool:
        """True: it is on the CPU.

        >>> import minigrad as torch
        >>> torch.ones(1).is_cpu
        True
        """
        return True

    # --- its gradient ----------------------------------------------------------------------------

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient: None before the first backward, and of a non-leaf that retains none."""
        node = history_of(self)
        if node is None:
            return getattr(self, "_grad", None)
        watch = node.watch
        if node.op is None:
            return None if watch is None else grad_of(watch)
        if watch is None or not (watch.keep or watch.grad is not None):
            if _asked_for_by_name():
                warnings.warn(messages.non_leaf_grad(node), UserWarning, stacklevel=2)
            return None
        return grad_of(watch)

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        node = history_of(self)
        if value is None:
            if node is None:
                self._grad = None
            elif node.watch is not None:
                node.watch.grad = None
        else:
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad; give a clone() of it")
            if not isinstance(value, Tensor):
                raise TypeError(f"assigned grad must be a Tensor or None, not {type(value).__name__}")
            if value.shape != self.shape:
                raise RuntimeError(
                    f"assigned grad has shape {tuple(value.shape)}, the tensor {tuple(self.shape)}"
                )
            if value.dtype != self.dtype:
                raise RuntimeError(
                    f"assigned grad has dtype {value.dtype.name}, the tensor {self.dtype.name}"
                )
            if node is None:
                self._grad = value
            else:
                node.watched().grad = value

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Start recording at this leaf, or stop it. Returns this tensor.

        Arguments:
            requires_grad: whether gradients flow to it.

        Raises:
            RuntimeError: for an integer or boolean tensor, and for False on a non-leaf.

        >>> import minigrad as torch
        >>> torch.ones(1).requires_grad_()
        tensor([1.], requires_grad=True)
        """
        known = history_of(self)
        if requires_grad and known is None:
            if self._array.dtype.kind != "f":
                raise RuntimeError(messages.integer_leaf(self._array.dtype))
            # The same node as before, if there was one: graphs that end in it are still this leaf's.
            node = getattr(self, "_frozen", None) or Node.make(None, (), self._array.shape, self._array.dtype)
            node.resize(self._array.shape, self._array.dtype)
            kept = getattr(self, "_grad", None)
            if kept is not None or node.watch is not None:
                node.watched().grad = kept
            self._node = node
        elif not requires_grad and known is not None:
            if known.op is not None:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables; this one was produced by "
                    f"{known.op.name}. Use detach() for a tensor without its history."
                )
            self._grad = self.grad
            self.grad = None  # what a graph of before may still add goes nowhere, as in PyTorch
            self._frozen, self._node = known, None
        return self

    backward = backward

    def detach(self) -> Tensor:
        """A tensor that shares the memory of `input` and has no history.

        >>> import minigrad as torch
        >>> x = torch.ones(2, requires_grad=True)
        >>> (x * 2).detach().requires_grad
        False
        """
        return wrap(self._array, None)

    def detach_(self) -> Tensor:
        """Take the history away from this tensor itself.

        >>> import minigrad as torch
        >>> (torch.ones(1, requires_grad=True) * 2).detach_().requires_grad
        False
        """
        if self.is_leaf:
            return self.requires_grad_(False)
        self._node = None
        return self

    @property
    def data(self) -> Tensor:
        """The values without history, for writing past the engine: graphs do not see the write.

        >>> import minigrad as torch
        >>> w = torch.ones(1, requires_grad=True)
        >>> _ = w.data.mul_(3)
        >>> w
        tensor([3.], requires_grad=True)
        """
        return wrap(alias_of(self._array), None)

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"data must be a Tensor, not {type(value).__name__}")
        node = history_of(self)
        if node is not None:
            if node.op is not None:
                raise RuntimeError(
                    "data of a non-leaf cannot be replaced; it was produced by " + node.op.name
                )
            if value._array.dtype.kind != "f":
                raise RuntimeError(messages.integer_leaf(value._array.dtype))
            node.resize(value._array.shape, value._array.dtype)
        self._array = value._array

    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf in `.grad` during backward.

        Raises:
            RuntimeError: for a tensor that requires no gradient.

        >>> import minigrad as torch
        >>> y = torch.ones(1, requires_grad=True) * 2
        >>> y.retain_grad()
        >>> (3 * y).backward()
        >>> y.retains_grad, y.grad
        (True, tensor([3.]))
        """
        node = history_of(self)
        if node is None:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if node.op is not None:
            node.watched().keep = True

    @property
    def retains_grad(self) -> bool:
        """True if backward keeps the gradient of this non-leaf, as `retain_grad` asks for."""
        node = history_of(self)
        return node is not None and node.op is not None and node.watch is not None and node.watch.keep

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call hook(gradient) when the gradient of this tensor is complete; what it returns replaces it.

        Arguments:
            hook: takes a tensor of this one's shape; returns another, or None to leave it.

        Returns:
            A handle, whose `remove()` takes the hook away.

        Raises:
            RuntimeError: for a tensor that requires no gradient.

        >>> import minigrad as torch
        >>> x = torch.ones(1, requires_grad=True)
        >>> handle = x.register_hook(lambda g: 10 * g)
        >>> (2 * x).backward()
        >>> x.grad
        tensor([20.])
        """
        node = history_of(self)
        if node is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return RemovableHandle(node.watched().hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Call hook(tensor) after a backward has added to this leaf's `.grad`.

        Arguments:
            hook: takes this tensor; the result is ignored.

        Returns:
            A handle, whose `remove()` takes the hook away.

        Raises:
            RuntimeError: for a tensor that is no leaf, or requires no gradient.

        >>> import minigrad as torch
        >>> x = torch.ones(1, requires_grad=True)
        >>> handle = x.register_post_accumulate_grad_hook(lambda t: print("has", t.grad))
        >>> (2 * x).backward()
        has tensor([2.])
        """
        node = history_of(self)
        if node is None or node.op is not None:
            raise RuntimeError(
                "post accumulate grad hooks can only be registered on leaf tensors that require grad"
            )
        if not callable(hook):
            raise TypeError(f"a hook must be a function, not {type(hook).__name__}")
        # Held weakly: the node holds the hook, so holding the tensor would close a cycle.
        me, array, place = weakref.ref(self), self._array, weakref.ref(node)

        def after() -> None:
            tensor = me()
            hook(wrap(array, place()) if tensor is None else tensor)

        return RemovableHandle(node.watched().after, after)

    # --- out to Python and NumPy -----------------------------------------------------------------

    def item(self) -> Any:
        """The one element, as a Python number; RuntimeError where there are more or none."""
        if self._array.size != 1:
            raise RuntimeError(
                f"a Tensor with {self._array.size} elements cannot be converted to Scalar; use tolist()"
            )
        return self._array.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers; of no axes the number itself."""
        return self._array.tolist()

    def numpy(self, *, force: bool = False) -> Any:
        """The array itself, sharing its memory; with a gradient to be recorded only by `force`."""
        if self.requires_grad and not force:
            raise RuntimeError(messages.numpy_of_recorded())
        return self._array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return (
            np.array(self.numpy(), dtype=dtype, copy=copy) if copy else np.asarray(self.numpy(), dtype=dtype)
        )

    def __dlpack__(self, **kwargs: Any) -> Any:
        if self.requires_grad:
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
        return call_of(op)(*map(as_operand, inputs))

    @staticmethod
    def _call_op(op: Op, args: Any, options: Any) -> Any:
        """Called by an op that is called with a tensor among its inputs."""
        return call_of(op)(*args, **options)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        op = BY_FORWARD.get(function)
        if op is not None:  # one of our storage kernels
            return call_of(op)(*args, **kwargs)
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
        op = REGISTRY[name]
        return recorder_of(op)(list(map(as_operand, operands)), {**op.options, **options})[0]

    def __float__(self) -> float:
        number = float(self.item())
        if self.requires_grad:
            warn_cut("float()", "a function of tensors, like torch.sin(x) for math.sin(x), keeps the graph")
        return number

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

    def __iter__(self) -> Iterator[Tensor]:
        if not self._array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind())

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())

    def __dir__(self) -> list[str]:
        return sorted({*getattr(self, "__dict__", ()), *_names_of(type(self))})

    def __repr__(self) -> str:
        return tensor_text(
            self._array, default=get_default_dtype(), requires_grad=self.requires_grad,
            grad_fn="" if self.is_leaf else self._made_by(),
        )  # fmt: skip

    def _made_by(self) -> str:
        node: Any = self._node
        return str(node.name())

    def __format__(self, spec: str) -> str:
        return object.__format__(self, spec) if self._array.ndim else format(self.item(), spec)

    def __reduce_ex__(self, protocol: Any) -> Any:
        self._refuse_non_leaf("pickle")
        return _rebuild, (self._kind(), np.array(self._array), self.requires_grad)

    def __copy__(self) -> Tensor:
        """A leaf of its own over the same memory, as in PyTorch."""
        return _rebuild(self._kind() if self.is_leaf else Tensor, self._array, self.requires_grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        """A copy with its gradient; tensors that share memory share that of their copies."""
        self._refuse_non_leaf("deepcopy")
        array = copied_within(self._array, memo)
        copied = _rebuild(self._kind(), array, self.requires_grad)
        memo[id(self)] = copied
        if (grad := self.grad) is not None:
            copied.grad = wrap(np.array(grad._array), None)
        return copied

    def _kind(self) -> type:
        """The class of a copy."""
        return type(self)

    def _refuse_non_leaf(self, what: str) -> None:
        if not self.is_leaf:
            node: Any = history_of(self)
            raise RuntimeError(
                f"only Tensors created explicitly by the user (graph leaves) support {what}; this one was "
                f"produced by {node.op.name}. Use detach(), or clone() for a copy inside the graph."
            )


made.by(tensor=Tensor)


def _names_of(kind: type) -> set[str]:
    """The attributes that a class of tensors has: its bases without the last, which has what is not there."""
    return {name for base in kind.__mro__ if base is not Absent for name in vars(base)}


def _asked_for_by_name() -> bool:
    """True if code says `x.grad`; hasattr(), getattr() and printers look at every attribute."""
    try:
        frame = sys._getframe(2)
    except ValueError:  # a thread of C code asks, which has no frames
        return False
    return opcode.opname[frame.f_code.co_code[frame.f_lasti]].startswith("LOAD_")


def with_gradient(tensors: Iterable[Tensor]) -> list[tuple[Tensor, Any]]:
    """The tensors that have a gradient, each with its gradient's array."""
    found = []
    for tensor in tensors:
        node: Any = tensor._node
        try:
            grad = node.watch.grad
        except AttributeError:  # no leaf, or it has had no gradient yet
            grad = tensor.grad
        if grad is not None:
            found.append((tensor, grad if type(grad) is ndarray else grad._array))
    return found


def forget_gradients(tensors: Iterable[Tensor]) -> None:
    """Set the `.grad` of every tensor to None."""
    for tensor in tensors:
        node = history_of(tensor)
        if node is None:
            tensor._grad = None
        elif node.watch is not None:
            node.watch.grad = None


quietly = silently  # for an optimiser's step: in two thirds of the time of np.errstate


def stamp(ready: list[tuple[Tensor, Any]]) -> None:
    """To be called after raw writes to the storage of the tensors: graphs that saved it will notice."""
    writes.stamp(*[tensor._array for tensor, _ in ready])


def _rebuild(kind: type, array: Any, requires_grad: bool) -> Tensor:
    tensor: Tensor = object.__new__(kind)
    tensor._array, tensor._node = with_own_dtype(array), None
    tensor.requires_grad_(requires_grad)
    return tensor
