"""Ops of the user's own: a forward and a backward in Python."""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad._tensor.record import history_of, wrap
from minigrad._tensor.tensor import Tensor
from minigrad._tensor.tracing import levels_of_thread
from minigrad.engine.mode import current, mode, run_user, switch
from minigrad.engine.node import NO_EDGE, Node
from minigrad.engine.writes import writes
from minigrad.ops.arrays import arrayed
from minigrad.ops.op import REAL, Op

from ._context import Bundle, FunctionCtx, Places
from ._outputs import Output, check_dirty, is_one_of, plain, shared

__all__ = ["Function", "FunctionCtx", "once_differentiable"]


class _Backward:
    """Runs a Function's backward once per visit and hands out the parts, one per input.

    A visit asks for them in ascending order. So a lower position is another visit, also when it comes with
    the same array of the user's, and its values may have changed.
    """

    def __init__(self, function: Any, ctx: FunctionCtx, args: Any, nodes: Any, outputs: list[Any]) -> None:
        self.function, self.ctx, self.nodes = function, ctx, nodes
        self.kinds = [
            (x._array.shape, x._array.dtype) if isinstance(x, Tensor) else ((), np.dtype(np.float32))
            for x in outputs
        ]
        self.inputs = [x._array.shape if isinstance(x, Tensor) else None for x in args]
        self.highest = max(i for i, needed in enumerate(ctx.needs_input_grad) if needed)
        # The gradient that came, the latest position, the latest write by then, whether the gradient is
        # recorded, and what backward returned: one object, for two threads may walk one graph.
        self.visit: tuple[Any, int, int, bool, tuple[Any, ...]] | None = None

    def part(self, position: int, g: Any) -> Any:
        visit = self.visit
        if visit is None or visit[0] is not g or position <= visit[1] or visit[2] != writes.latest:
            create, results = self._run(g)
        else:
            _, _, _, create, results = visit
        last = position == self.highest
        self.visit = None if last else (g, position, writes.latest, create, results)
        result = results[position]
        if result is None:
            return None
        # On raw arrays a view, so that the engine does not take the user's array for its own.
        return result if create else result._array[...]

    def _run(self, g: Any) -> tuple[bool, tuple[Any, ...]]:
        given = g.parts if isinstance(g, Bundle) else {0: g}
        gradients = []
        for k, (shape, dtype) in enumerate(self.kinds):
            part = given.get(k)
            if part is None and self.ctx._materialize:
                part = np.zeros(shape, dtype)
            gradients.append(part if part is None or isinstance(part, Tensor) else wrap(arrayed(part), None))
        create = any(isinstance(part, Tensor) for part in given.values())
        results = self._checked(run_user(_backward_of(self.function), self.ctx, *gradients, record=create))
        if create and getattr(_backward_of(self.function), "once", False):
            results = tuple(r if r is None else wrap(r._array, self._dead_end(r)) for r in results)
        return create, results

    def _dead_end(self, r: Tensor) -> Node:
        """A place for a gradient that has no derivative: a walk through it raises."""
        name = self.function.__name__

        def refuse(g: Any) -> Any:
            raise RuntimeError(
                f"{name} has no second derivative: its backward is marked once_differentiable. Write it with "
                "tensor operations, and take the mark away, to differentiate twice"
            )

        edges = [(node, refuse, ()) for node in self.nodes if node is not None]
        return Node.make(_op_of(self.function), edges, r._array.shape, r._array.dtype)

    def _checked(self, results: Any) -> tuple[Any, ...]:
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
                f"{tuple(r.shape)}, but expected one compatible with {shape}"
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
        """To be written: `forward(ctx, *args)`, or `forward(*args)` beside a `setup_context`.

        It gets what `apply` was given, runs unrecorded, and returns a tensor, or a tuple of tensors and
        other things. The example stands at the class.

        Arguments:
            ctx: keeps what backward needs: `save_for_backward`, `mark_dirty` and others.
            args, kwargs: those of `apply`.
        """
        raise NotImplementedError("a Function needs a static method forward(ctx, *args)")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """May be written, to set up `ctx` apart from forward, which then takes no `ctx`.

        >>> import minigrad as torch
        >>> class Square(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(x):
        ...         return x * x
        ...
        ...     @staticmethod
        ...     def setup_context(ctx, inputs, output):
        ...         ctx.save_for_backward(*inputs)
        ...
        ...     @staticmethod
        ...     def backward(ctx, g):
        ...         return 2 * g * ctx.saved_tensors[0]
        >>> x = torch.tensor(3.0, requires_grad=True)
        >>> Square.apply(x).backward()
        >>> x.grad
        tensor(6.)
        """
        raise NotImplementedError

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """To be written: takes a gradient for each output, returns one (or None) for each argument.

        PyTorch's other name for it, `vjp`, will do. The example stands at the class.

        Arguments:
            ctx: the one that forward had; `saved_tensors` are on it.
            grad_outputs: a gradient for each output; zeros for an output without one.
        """
        raise NotImplementedError("a Function needs a static method backward(ctx, *grad_outputs)")

    vjp = backward

    def __init__(self) -> None:
        raise RuntimeError(
            f"{type(self).__name__} is not called as an object; use {type(self).__name__}.apply(...)"
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward, unrecorded, and record this Function in its place.

        Arguments:
            args, kwargs: those of forward, without `ctx`.

        Returns:
            The tensor (or the tuple) that forward returned, with its place in the graph.

        Raises:
            RuntimeError: an input that forward marked dirty was not returned, or is a leaf.
            TypeError: forward returned no tensor, or tensors in a list.

        >>> import minigrad as torch
        >>> class Negate(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return -x
        ...
        ...     @staticmethod
        ...     def backward(ctx, g):
        ...         return -g
        >>> Negate.apply(torch.ones(2, requires_grad=True))
        tensor([-1., -1.], grad_fn=<NegateBackward>)
        """
        separate = cls.setup_context is not Function.setup_context
        if kwargs or separate:
            args = _positional(cls.forward, separate, args, kwargs)
        for level in reversed(levels_of_thread()):
            if hasattr(cls, "vmap") and any(isinstance(x, Tensor) and level.holds(x) for x in args):
                return level.map_function(cls, args)
            args = tuple(level.lift(x) if isinstance(x, Tensor) else x for x in args)
        nodes = [history_of(x) if isinstance(x, Tensor) else None for x in args]
        ctx = FunctionCtx(tuple([n is not None for n in nodes]))
        before = current()
        try:
            if before.recording:
                switch(before.but(recording=False))
            made = cls.forward(*args) if separate else cls.forward(ctx, *args)
            if separate:
                cls.setup_context(ctx, args, made)
        finally:
            switch(before)
        recorded = before.recording and any(n is not None for n in nodes)
        outputs = made if isinstance(made, tuple) else (made,)
        if outputs is not made and not isinstance(made, Tensor):
            _refuse_result(cls.__name__, made, recorded)
        check_dirty(cls.__name__, ctx, outputs, recorded)
        results = _record(cls, ctx, args, nodes, outputs) if recorded else plain(ctx, args, outputs)
        return results if outputs is made else results[0]


def _positional(forward: Any, separate: bool, args: Any, kwargs: Any) -> tuple[Any, ...]:
    """The arguments in their order; with a setup_context, the defaults among them."""
    bound = inspect.signature(forward).bind(*(() if separate else (None,)), *args, **kwargs)
    if separate:
        bound.apply_defaults()
    if bound.kwargs:
        name = next(iter(bound.kwargs))
        raise TypeError(
            f"apply: forward takes {name!r} by keyword only; a Function's arguments have an order"
        )
    return bound.args if separate else bound.args[1:]


def _refuse_result(name: str, made: Any, recorded: bool) -> None:
    if not isinstance(made, list):
        raise TypeError(f"{name}.forward must return a Tensor or a tuple of them, not {type(made).__name__}")
    if recorded and any(isinstance(x, Tensor) for x in made):
        raise TypeError(
            f"{name}.forward returned a list. PyTorch gives no gradient to tensors in a list; return a tuple"
        )


def _record(cls: Any, ctx: FunctionCtx, args: Any, nodes: list[Any], outputs: tuple[Any, ...]) -> Any:
    """The outputs with their places in the graph; each is a fresh tensor but for inputs written in place."""
    # By id, for forward may return one tensor twice: its gradient is that of its last place.
    last = {
        id(x): k
        for k, x in enumerate(outputs)
        if isinstance(x, Tensor) and x._array.dtype.kind == "f" and not is_one_of(x, ctx._constant)
    }
    results = list(plain(ctx, args, outputs))
    if not last:
        ctx._settle(None, {})
        return tuple(results)
    op = _op_of(cls)
    run = _Backward(cls, ctx, args, nodes, list(outputs))
    edges = [
        NO_EDGE if node is None else (node, functools.partial(run.part, i), ())
        for i, node in enumerate(nodes)
    ]
    chosen = {k: outputs[k]._array for k in last.values()}
    if len(outputs) == 1:
        joint = Node.make(op, edges, chosen[0].shape, chosen[0].dtype)
        places = {0: joint}
    else:
        joint = Node.make(op, edges, (), next(iter(chosen.values())).dtype)
        places = {k: Places.output(joint, k, array.shape, array.dtype) for k, array in chosen.items()}
    made: dict[int, Tensor] = {}
    held: list[Tensor] = [x for x in args if isinstance(x, Tensor)]
    for k, array in chosen.items():
        x = outputs[k]
        if is_one_of(x, ctx._dirty):
            x._rebase(wrap(array, places[k]))
        else:
            source = next((y for y in held if np.may_share_memory(y._array, array)), None)
            x = wrap(array, None) if source is None else shared(Output, array, source)
            x._node = places[k]
        held.append(x)
        made[id(outputs[k])] = x
        if mode.recorder is not None:
            mode.recorder(places[k], args, array)
    results = [made.get(id(x), result) for x, result in zip(outputs, results, strict=True)]
    ctx._settle(Places(joint, places), {i: (k, chosen[k]) for i, k in last.items()})
    return tuple(results)


def _backward_of(cls: Any) -> Any:
    """The user's backward, under either of its names."""
    return cls.vjp if cls.backward is Function.backward else cls.backward


_OPS: weakref.WeakKeyDictionary[type, Op] = weakref.WeakKeyDictionary()


def _op_of(cls: Any) -> Op:
    """A record of its name, so that graphs and messages can show it; its rules are the user's backward."""
    if cls not in _OPS:
        _OPS[cls] = Op(
            cls.__name__, lambda: None, formula=f"{cls.__name__}.backward", domain=REAL, register=False
        )
    return _OPS[cls]


def function_of(op: Op) -> type[Function] | None:
    """The Function behind the record of an op; None for an op of the table."""
    return next((cls for cls, known in _OPS.items() if known is op), None)


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a backward that is not written with tensor operations: a walk through its result raises.

    >>> import minigrad as torch
    >>> class Square(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...
    ...     @staticmethod
    ...     @torch.autograd.function.once_differentiable
    ...     def backward(ctx, g):
    ...         return 2 * g * ctx.saved_tensors[0]
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> (first,) = torch.autograd.grad(Square.apply(x), x, create_graph=True)
    >>> first.backward()
    Traceback (most recent call last):
    ...
    RuntimeError: Square has no second derivative: its backward is marked once_differentiable. ...
    """

    @functools.wraps(backward)
    def wrapped(ctx: Any, *gradients: Any) -> Any:
        return run_user(backward, ctx, *gradients, record=False)

    wrapped.once = True  # type: ignore[attr-defined]
    return wrapped
