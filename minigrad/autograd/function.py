"""Ops of the user's own: a forward and a backward in Python."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.engine import messages
from minigrad.engine.mode import mode, run_user
from minigrad.engine.node import NO_EDGE, Node
from minigrad.engine.writes import writes
from minigrad.ops.op import REAL, Op


class FunctionCtx:
    """What a Function's forward leaves for its backward."""

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._saved: list[tuple[Any, Any]] = []
        self._tensors: tuple[Any, ...] = ()
        self._constant: tuple[int, ...] = ()
        self._materialize = True
        self._place: Callable[[], Node | None] = lambda: None

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs, outputs or other tensors for backward, where `saved_tensors` gives them back."""
        for x in tensors:
            if x is not None and not isinstance(x, Tensor):
                raise TypeError(
                    f"save_for_backward can only save tensors, not {type(x).__name__}; set ctx.name instead"
                )
        self._tensors = tensors

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """Outputs through which no gradient flows."""
        self._constant = tuple(id(x) for x in outputs)

    def mark_dirty(self, *inputs: Tensor) -> None:
        raise NotImplementedError(
            "mark_dirty: a Function of minigrad cannot write its inputs; return new tensors"
        )

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (True) or None (False) for an output that no gradient reached."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved, connected to the graph.

        Raises:
            RuntimeError: when one of them was written in place since.
        """
        place = self._place()
        for array, _ in self._saved:
            if place is not None and array is not None and writes.of(array) > place.tick:
                raise RuntimeError(messages.stale(place, array))
        return tuple(
            None if array is None else wrap(array, of() if callable(of) else of) for array, of in self._saved
        )

    def _settle(self, outputs: dict[int, Tensor]) -> None:
        """Hold saved tensors as array and node: a saved output itself would hold the graph that holds it."""
        for x in self._tensors:
            if x is None:
                self._saved.append((None, None))
            elif id(x) in outputs:
                made = outputs[id(x)]
                self._saved.append((made._array, weakref.ref(made._node)))
            else:
                self._saved.append((x._array, x._node))
        self._tensors = ()
        if outputs:
            self._place = weakref.ref(next(iter(outputs.values()))._node)


class _Bundle:
    """The gradients of a Function's several outputs on their way to its one backward."""

    shape = ()
    base = None

    def __init__(self, parts: dict[int, Any], dtype: Any) -> None:
        self.parts, self.dtype = parts, dtype

    def __add__(self, other: _Bundle) -> _Bundle:
        return _Bundle({**self.parts, **other.parts}, self.dtype)


class _Backward:
    """Runs a Function's backward once per visit and hands out the parts, one per input.

    A visit asks for them in ascending order. So a lower position is another visit, also when it comes with
    the same array of the user's, whose values may have changed.
    """

    def __init__(self, function: Any, ctx: FunctionCtx, args: Any, outputs: list[Tensor]) -> None:
        self.function, self.ctx = function, ctx
        self.kinds = [(x._array.shape, x._array.dtype) for x in outputs]
        self.inputs = [x._array.shape if isinstance(x, Tensor) else None for x in args]
        self.highest = max(i for i, needed in enumerate(ctx.needs_input_grad) if needed)
        self.create = False  # whether the latest visit was on Tensors, for a higher derivative
        self._forget()

    def _forget(self) -> None:
        self.seen: Any = None
        self.at = (-1, 0)  # the latest position, and the latest write by then
        self.results: tuple[Any, ...] = ()

    def part(self, position: int, g: Any) -> Any:
        if g is not self.seen or position <= self.at[0] or writes.latest != self.at[1]:
            self.results = self._run(g)
            self.seen = g
        self.at = (position, writes.latest)
        result = self.results[position]
        if position == self.highest:
            self._forget()
        if result is None:
            return None
        # On raw arrays a view, so that the engine does not take the user's array for its own.
        return result if self.create else result._array[...]

    def _run(self, g: Any) -> tuple[Any, ...]:
        given = g.parts if isinstance(g, _Bundle) else {0: g}
        gradients = []
        for k, (shape, dtype) in enumerate(self.kinds):
            part = given.get(k)
            if part is None and self.ctx._materialize:
                part = np.zeros(shape, dtype)
            gradients.append(
                part if part is None or isinstance(part, Tensor) else wrap(np.asarray(part), None)
            )
        self.create = any(isinstance(part, Tensor) for part in given.values())
        results = run_user(self.function.backward, self.ctx, *gradients, record=self.create)
        results = results if isinstance(results, tuple) else (results,)
        wanted = len(self.ctx.needs_input_grad)
        name = self.function.__name__
        if len(results) > wanted and all(r is None for r in results[wanted:]):
            results = results[:wanted]
        if len(results) != wanted:
            raise RuntimeError(
                f"{name}.backward returned {len(results)} gradients for the {wanted} arguments of forward; "
                "return one for each, None for those without one"
            )
        for i, r in enumerate(results):
            if r is not None and not isinstance(r, Tensor):
                raise TypeError(
                    f"{name}.backward: gradient {i} must be a Tensor or None, not {type(r).__name__}"
                )
            if r is not None:
                self._check_shape(i, r)
        return results

    def _check_shape(self, i: int, r: Tensor) -> None:
        name, shape = self.function.__name__, self.inputs[i]
        if shape is None:
            raise RuntimeError(
                f"{name}.backward returned a gradient for argument {i} of forward, which was not a Tensor; "
                "return None there"
            )
        extra = r.ndim - len(shape)
        if self.ctx.needs_input_grad[i] and (
            extra < 0 or any(n not in (1, m) for n, m in zip(shape, r.shape[extra:], strict=True))
        ):
            raise RuntimeError(
                f"{name}.backward returned an invalid gradient for argument {i} of forward: got shape "
                f"{r.shape}, but expected one compatible with {shape}"
            )


class Function:
    """An op with a backward of the user's own, called by `apply`.

    Subclasses give two static methods: `forward(ctx, *args)` and `backward(ctx, *grad_outputs)`, which
    returns a gradient (or None) for each argument. Written with tensor operations, backward can itself
    be differentiated; `minigrad.testing` checks it.

    >>> import minigrad as torch
    >>> class Cube(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return g * 3 * x**2
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("a Function needs a static method forward(ctx, *args)")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        raise NotImplementedError

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise NotImplementedError("a Function needs a static method backward(ctx, *grad_outputs)")

    def __init__(self) -> None:
        raise RuntimeError(
            f"{type(self).__name__} is not called as an object; use {type(self).__name__}.apply(...)"
        )

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run forward, unrecorded, and record this Function in its place."""
        nodes = [x._node if isinstance(x, Tensor) else None for x in args]
        before = mode.recording
        ctx = FunctionCtx(tuple(before and n is not None for n in nodes))
        separate = cls.setup_context is not Function.setup_context
        mode.recording = False
        try:
            made = cls.forward(*args) if separate else cls.forward(ctx, *args)
            if separate:
                cls.setup_context(ctx, args, made)
        finally:
            mode.recording = before
        several = isinstance(made, (tuple, list))
        outputs = list(made) if several else [made]
        if not several and not isinstance(made, Tensor):
            raise TypeError(
                f"{cls.__name__}.forward must return a Tensor or a tuple of them, not {type(made).__name__}"
            )
        # A fresh tensor each, with memory of its own: forward may have returned an argument or a view of it,
        # and a write to the result must not reach the argument past its history.
        held = [x._array for x in args if isinstance(x, Tensor)]
        fresh = list(outputs)
        for i, x in enumerate(outputs):
            if isinstance(x, Tensor):
                shared = any(np.may_share_memory(x._array, other) for other in held)
                fresh[i] = wrap(x._array.copy() if shared else x._array, None)
                held.append(fresh[i]._array)
        placed: dict[int, Tensor] = {}
        if before and any(n is not None for n in nodes):
            recorded = [
                i
                for i, x in enumerate(outputs)
                if isinstance(x, Tensor) and x._array.dtype.kind == "f" and id(x) not in ctx._constant
            ]
            cls._record(ctx, args, nodes, fresh, recorded)
            for i in recorded:
                placed[id(outputs[i])] = fresh[i]
                if mode.recorder is not None:
                    mode.recorder(fresh[i]._node, args, fresh[i]._array)
        ctx._settle(placed)
        return (tuple(fresh) if isinstance(made, tuple) else fresh) if several else fresh[0]

    @classmethod
    def _record(
        cls, ctx: FunctionCtx, args: Any, nodes: list[Any], outputs: list[Any], recorded: list[int]
    ) -> None:
        if not recorded:
            return
        op = _op_of(cls)
        tensors = [outputs[i] for i in recorded]
        if len(outputs) == 1:
            tensors[0]._node = Node.make(
                op, _edges(_Backward(cls, ctx, args, outputs), nodes), outputs[0].shape, outputs[0].dtype
            )
            return
        tensors_only = [x if isinstance(x, Tensor) else wrap(np.zeros(()), None) for x in outputs]
        run = _Backward(cls, ctx, args, tensors_only)
        dtype = tensors[0].dtype
        joint = Node.make(op, _edges(run, nodes), (), dtype)
        for i in recorded:
            send = functools.partial(lambda g, k: _Bundle({k: g}, dtype), k=i)
            outputs[i]._node = Node.make(op, ((joint, send, ()),), outputs[i].shape, outputs[i].dtype)


def _edges(run: _Backward, nodes: list[Any]) -> tuple[Any, ...]:
    return tuple(
        NO_EDGE if node is None else (node, functools.partial(run.part, i), ())
        for i, node in enumerate(nodes)
    )


_OPS: weakref.WeakKeyDictionary[type, Op] = weakref.WeakKeyDictionary()


def _op_of(cls: Any) -> Op:
    """A record of its name, so that graphs and messages can show it; its rules are the user's backward."""
    if cls not in _OPS:
        _OPS[cls] = Op(
            cls.__name__, lambda: None, formula=f"{cls.__name__}.backward", domain=REAL, register=False,
            once=getattr(cls.backward, "once", ""),
        )  # fmt: skip
    return _OPS[cls]


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a backward that is not written with tensor operations: a second derivative raises.

    >>> from minigrad.autograd.function import once_differentiable
    >>> once_differentiable(lambda ctx, g: g).once
    'its backward is marked once_differentiable'
    """

    @functools.wraps(backward)
    def wrapped(ctx: Any, *gradients: Any) -> Any:
        before = mode.recording
        mode.recording = False
        try:
            return backward(ctx, *gradients)
        finally:
            mode.recording = before

    wrapped.once = "its backward is marked once_differentiable"  # type: ignore[attr-defined]
    return wrapped
