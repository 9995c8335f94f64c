"""Optimizer: groups of parameters, and the hooks of its steps.

`saved.py` has the state dict, `step.py` the step itself, `calls.py` the arithmetic that the rules of the
optimisers are written in.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from types import MethodType
from typing import Any

from minigrad._tensor.handle import RemovableHandle
from minigrad._tensor.tensor import Tensor, quietly
from minigrad._tensor.tracing import put_off, trace_of_thread
from minigrad.autograd import enable_grad
from minigrad.nn.module import clear_grads
from minigrad.optim.saved import Saved


class _Required:
    """A default that there is none: each group must give the option."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


class Optimizer(Saved):
    """Base class of the optimisers.

    Arguments:
        params: tensors, (name, tensor) pairs, or dicts with the key "params" and options of that group.
        defaults: the options of a group that does not set its own.

    A subclass defines `_update`, which writes in place, or, as in PyTorch, its own `step`.

    Raises:
        TypeError: when something else than tensors is given.
        ValueError: for no parameters, a tensor that is not a leaf, or one that is in two groups.

    >>> import numpy as np, minigrad as torch
    >>> class Sign(torch.optim.Optimizer):
    ...     def _update(self, param, grad, state, group):
    ...         param -= group["lr"] * np.sign(grad)
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> (5 * w).sum().backward()
    >>> Sign([w], {"lr": 0.25}).step()
    >>> w
    tensor([0.7500], requires_grad=True)
    """

    # Options of PyTorch's that change what a step is. (foreach and fused only choose a kernel.)
    _refused = ("differentiable", "capturable")

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "an optimiser takes a list of tensors or of dicts, not one tensor: write [tensor]"
            )
        if not isinstance(params, Iterable):
            raise TypeError(
                f"an optimiser takes a list of tensors or of dicts, not a {type(params).__name__}"
                + (": write .parameters() after it" if hasattr(params, "parameters") else "")
            )
        for option in self._refused:
            if defaults.get(option):
                raise NotImplementedError(f"minigrad's optimisers have no {option}=True")
        self.defaults = defaults
        self.state = defaultdict(dict)
        self.param_groups = []
        self._scratch = {}
        self._rooms = {}
        self._before: dict[int, Any] = {}  # hooks
        self._after: dict[int, Any] = {}
        self._of_state = {}
        self._steps = 0
        self._warned = False
        given = list(params)
        if not given:
            raise ValueError("the optimiser was given no parameters; was model.parameters() used up before?")
        for group in given if isinstance(given[0], dict) else ({"params": given},):
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with options of their own.

        Arguments:
            param_group: a dict with the key "params" (tensors, or (name, tensor) pairs) and options.
                Options that are left out are the optimiser's defaults.

        Raises:
            TypeError: for anything but tensors in a dict.
            ValueError: for a tensor that is no leaf, or is in a group already; for an impossible option.

        >>> import minigrad as torch
        >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
        >>> optimizer.add_param_group({"params": [torch.ones(2, requires_grad=True)], "lr": 0.1})
        >>> [group["lr"] for group in optimizer.param_groups]
        [1.0, 0.1]
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"a parameter group is a dict, not {type(param_group).__name__}")
        group = dict(param_group)
        params = group["params"]
        if isinstance(params, set | frozenset):
            raise TypeError("parameters need an order that is the same in every run: a list, not a set")
        members = [params] if isinstance(params, Tensor) else list(params)
        if members and all(isinstance(member, tuple) for member in members):
            group["param_names"] = [name for name, _ in members]
            members = [member for _, member in members]
        taken = {id(p) for other in self.param_groups for p in other["params"]}
        for member in members:
            if not isinstance(member, Tensor):
                raise TypeError(f"an optimiser trains tensors, not {type(member).__name__}")
            if not member.is_leaf:
                raise ValueError(
                    f"an optimiser trains leaves, not the output of an op (shape {tuple(member.shape)}); "
                    f"detach() it and let it require a gradient"
                )
            if id(member) in taken:
                raise ValueError(
                    f"a parameter of shape {tuple(member.shape)} is in two groups of the optimiser"
                )
        if len({id(member) for member in members}) < len(members):
            warnings.warn(
                "a parameter is twice in one group of the optimiser, and will be updated twice in every step",
                UserWarning,
                stacklevel=3,
            )
        for option, value in self.defaults.items():
            group.setdefault(option, value)
        group["params"] = members
        left_out = [option for option, value in group.items() if value is required]
        if left_out:
            raise ValueError(
                f"parameter group didn't specify a value of required optimization parameter {left_out[0]}"
            )
        self._check(group)
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros.

        Arguments:
            set_to_none: whether `.grad` becomes None; else it is filled with zeros.

        >>> import minigrad as torch
        >>> w = torch.ones(1, requires_grad=True)
        >>> (3 * w).backward()
        >>> torch.optim.SGD([w], lr=0.1).zero_grad()
        >>> w.grad is None
        True
        """
        if (trace := trace_of_thread()) is not None and trace.puts_off(self, "zero_grad", set_to_none):
            return
        for group in self.param_groups:
            clear_grads(group["params"], set_to_none)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient, in place; returns what the closure returned.

        The closure, if given, is called first, recording: it computes the loss and calls backward. When
        no parameter at all has a gradient this warns, once.
        """
        if (trace := trace_of_thread()) is not None and trace.puts_off(self, "step", closure):
            return None
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        idle = not quietly(self._step)  # an overflow is inf and 0/0 is nan, as in PyTorch, without a word
        self._steps += 1
        if idle and not self._warned:
            self._warned = True
            warnings.warn(
                f"{type(self).__name__}.step() changed nothing: no parameter has a gradient. Either "
                f"backward() was not called since the gradients were cleared, or the optimiser holds other "
                f"parameter objects than the loss was computed from",
                UserWarning,
                stacklevel=2,
            )
        return loss

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Have a function called before each step.

        Arguments:
            hook: of (optimizer, args, kwargs); it returns None, or the (args, kwargs) to step with. The first
                of args is the optimiser.

        Returns:
            A handle with the method `remove()`, which takes the hook off.

        >>> import minigrad as torch
        >>> w = torch.ones(1, requires_grad=True)
        >>> optimizer = torch.optim.SGD([w], lr=0.1)
        >>> with optimizer.register_step_pre_hook(lambda optimizer, args, kwargs: print("before")):
        ...     w.sum().backward()
        ...     optimizer.step()
        before
        """
        return self._register(self._before, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Have a function called after each step.

        Arguments:
            hook: of (optimizer, args, kwargs); what it returns is not used.

        Returns:
            A handle with the method `remove()`, which takes the hook off.

        >>> import minigrad as torch
        >>> w = torch.ones(1, requires_grad=True)
        >>> optimizer = torch.optim.SGD([w], lr=0.5)
        >>> with optimizer.register_step_post_hook(lambda optimizer, args, kwargs: print(w.item())):
        ...     w.sum().backward()
        ...     optimizer.step()
        0.5
        """
        return self._register(self._after, hook)

    def _register(self, hooks: dict[int, Any], hook: Callable[..., Any]) -> RemovableHandle:
        handle = RemovableHandle(hooks, hook)
        vars(self)["step"] = MethodType(_step_with_hooks, self)  # an optimiser without hooks never asks
        return handle

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: value for name, value in vars(self).items() if name != "step"}
        return {**kept, "_scratch": {}, "_rooms": {}, "_before": {}, "_after": {}, "_of_state": {}}

    def __repr__(self) -> str:
        groups = []
        for number, group in enumerate(self.param_groups):
            options = [f"    {option}: {group[option]}\n" for option in sorted(group) if option != "params"]
            groups.append(f"Parameter Group {number}\n{''.join(options)}")
        listed = "\n".join(groups)
        return f"{type(self).__name__} (\n{listed})"


def _step_with_hooks(optimizer: Optimizer, *arguments: Any, **kwargs: Any) -> Any:
    """The step of an optimiser that has hooks."""
    if put_off(optimizer, "step", *arguments, *kwargs.values()):
        return None
    args: tuple[Any, ...] = (optimizer, *arguments)
    for hook in tuple(optimizer._before.values()):
        changed = hook(optimizer, args, kwargs)
        if changed is not None:
            if not isinstance(changed, tuple) or len(changed) != 2:
                raise RuntimeError(f"a step pre-hook returns None or (args, kwargs), not {changed!r}")
            args, kwargs = changed
    result = type(optimizer).step(*args, **kwargs)
    for hook in tuple(optimizer._after.values()):
        hook(optimizer, args, kwargs)
    return result


def require(group: Mapping[str, Any], **lower: float) -> None:
    """Raise ValueError when a named option is below its bound or not a number.

    The bound itself is allowed.
    """
    for option, bound in lower.items():
        value = group[option]
        if isinstance(value, Tensor):
            raise TypeError(f"{option} must be a number, not a tensor: write {option}=value.item()")
        if not value >= bound:
            raise ValueError(f"{option} must be at least {bound}, not {value}")
