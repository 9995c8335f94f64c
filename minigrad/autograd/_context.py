"""The values that a Function's forward leaves for its backward, and where its outputs stand in the graph."""

from __future__ import annotations

import weakref
from typing import Any

from minigrad._tensor.inference import Inference
from minigrad._tensor.record import history_of, wrap
from minigrad._tensor.tensor import Tensor
from minigrad.engine import messages
from minigrad.engine.node import Node
from minigrad.engine.writes import writes


class Bundle:
    """The gradients of a Function's several outputs on their way to its one backward."""

    shape = ()
    base = None

    def __init__(self, parts: dict[int, Any], dtype: Any) -> None:
        self.parts, self.dtype = parts, dtype

    def __add__(self, other: Bundle) -> Bundle:
        return Bundle(dict(self.parts), self.dtype).__iadd__(other)

    def __iadd__(self, other: Bundle) -> Bundle:
        parts = self.parts
        for k, g in other.parts.items():
            parts[k] = parts[k] + g if k in parts else g
        return self


class Places:
    """The nodes of a Function's outputs. They are held weakly: they hold the context that asks for them.

    Several outputs share a joint node, which runs backward. An output that the caller dropped took its own
    node with it; that node can be made again while the joint one lives.
    """

    def __init__(self, joint: Node, nodes: dict[int, Node]) -> None:
        self.tick = joint.tick
        self._joint = weakref.ref(joint)
        self._nodes = {k: weakref.ref(node) for k, node in nodes.items()}
        self._kinds = {k: (node.shape, node.dtype) for k, node in nodes.items()}

    @staticmethod
    def output(joint: Node, k: int, shape: Any, dtype: Any) -> Node:
        """The node of output `k`, which sends its gradient to the joint node."""

        def send(g: Any) -> Bundle:
            return Bundle({k: g}, joint_dtype)

        joint_dtype = joint.dtype
        return Node.make(joint.op, ((joint, send, ()),), shape, dtype)

    def node(self, k: int) -> Node | None:
        found, joint = self._nodes[k](), self._joint()
        if found is None and joint is not None:
            found = self.output(joint, k, *self._kinds[k])
            self._nodes[k] = weakref.ref(found)
        return found

    def refuse_freed(self) -> None:
        joint = self._joint()
        if joint is not None and not joint.parents():
            raise RuntimeError(messages.freed(joint))

    def refuse_stale(self, array: Any) -> None:
        joint = self._joint()
        if joint is not None and writes.of(array) > self.tick:
            raise RuntimeError(messages.stale(joint, array))


def _tensors(name: str, given: tuple[Any, ...], hint: str = "") -> tuple[Any, ...]:
    for x in given:
        if not isinstance(x, Tensor):
            raise TypeError(f"{name} can only take tensors, not {type(x).__name__}{hint}")
    return given


class FunctionCtx:
    """The things that a Function's forward leaves for its backward: the `ctx` that both are given.

    Any attribute may be set on it; tensors are better kept with `save_for_backward`.

    Attributes:
        needs_input_grad: for each argument of `apply`, whether it is a tensor that requires grad.

    >>> import minigrad as torch
    >>> class Scale(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x, factor):
    ...         ctx.factor = factor
    ...         return x * factor
    ...
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         print(ctx.needs_input_grad)
    ...         return g * ctx.factor, None
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> Scale.apply(x, 5.0).backward()
    (True, False)
    >>> x.grad
    tensor(5.)
    """

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._saved: list[tuple[Any, Any]] = []  # array, and node or number of the output
        self._tensors: tuple[Any, ...] = ()
        self._constant: tuple[Tensor, ...] = ()
        self._dirty: tuple[Tensor, ...] = ()
        self._materialize = True
        self._places: Places | None = None

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs, outputs or other tensors for backward, where `saved_tensors` gives them back.

        The last call counts. A tensor that is neither an input nor an output is a constant in backward.

        Raises:
            TypeError: for what is neither a tensor nor None; set it as an attribute: `ctx.name = value`.

        >>> import minigrad as torch
        >>> torch.autograd.function.FunctionCtx((True,)).save_for_backward(3.0)
        Traceback (most recent call last):
        ...
        TypeError: save_for_backward can only take tensors, not float; set ctx.name instead
        """
        _tensors(
            "save_for_backward", tuple(x for x in tensors if x is not None), hint="; set ctx.name instead"
        )
        self._tensors = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Accepted, with any `tensors`, for PyTorch's sake: minigrad has no forward mode, which it is about.

        >>> import minigrad as torch
        >>> torch.autograd.function.FunctionCtx((True,)).save_for_forward(torch.ones(1))
        """

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """Say through which outputs no gradient flows. Integer and boolean outputs need no mark.

        >>> import minigrad as torch
        >>> class Rank(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ranks = x.argsort().float()
        ...         ctx.mark_non_differentiable(ranks)
        ...         return x * 2, ranks
        ...
        ...     @staticmethod
        ...     def backward(ctx, g, _):
        ...         return g * 2
        >>> doubled, ranks = Rank.apply(torch.ones(3, requires_grad=True))
        >>> doubled.requires_grad, ranks.requires_grad
        (True, False)
        """
        self._constant = _tensors("mark_non_differentiable", outputs)

    def mark_dirty(self, *inputs: Tensor) -> None:
        """Say which inputs forward wrote in place. Each must be returned, and is the output itself.

        A leaf that requires grad cannot be written.

        >>> import minigrad as torch
        >>> class Double(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.mark_dirty(x)
        ...         return x.mul_(2)
        ...
        ...     @staticmethod
        ...     def backward(ctx, g):
        ...         return g * 2
        >>> x = torch.ones(2, requires_grad=True)
        >>> h = x + 1
        >>> Double.apply(h) is h
        True
        >>> h.sum().backward()
        >>> h, x.grad
        (tensor([4., 4.], grad_fn=<DoubleBackward>), tensor([2., 2.]))
        """
        self._dirty = _tensors("mark_dirty", inputs)

    def set_materialize_grads(self, value: bool) -> None:
        """Let backward get zeros (True, the default) or None for an output that no gradient reached.

        Arguments:
            value: False for None.

        >>> import minigrad as torch
        >>> class Two(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.set_materialize_grads(False)
        ...         return x * 2, x * 3
        ...
        ...     @staticmethod
        ...     def backward(ctx, g, h):
        ...         return g * 2 if h is None else g * 2 + h * 3
        >>> x = torch.ones(1, requires_grad=True)
        >>> Two.apply(x)[0].backward()
        >>> x.grad
        tensor([2.])
        """
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The saved tensors, connected to the graph.

        Raises:
            RuntimeError: when a backward has freed it, or one of the tensors was written in place since.

        >>> import minigrad as torch
        >>> torch.autograd.function.FunctionCtx((True,)).saved_tensors
        ()
        """
        places = self._places
        if places is not None:
            places.refuse_freed()
        found: list[Any] = []
        for array, place in self._saved:
            if places is not None and array is not None:
                places.refuse_stale(array)
            node = places.node(place) if places is not None and type(place) is int else place
            found.append(None if array is None else wrap(array, node))
        return tuple(found)

    def _settle(self, places: Places | None, outputs: dict[int, tuple[int, Any]]) -> None:
        """Hold saved tensors as array and place: a saved output itself would hold the graph that holds it.

        `outputs` has, by the id of what forward returned, the number of the output and its array.
        """
        for x in self._tensors:
            if x is None:
                self._saved.append((None, None))
            elif id(x) in outputs:
                k, array = outputs[id(x)]
                self._saved.append((array, k))
            elif places is not None and isinstance(x, Inference):
                raise RuntimeError(messages.saved_inference(places._joint(), x._array))
            else:
                self._saved.append((x._array, history_of(x)))
        self._tensors = self._constant = self._dirty = ()
        self._places = places
