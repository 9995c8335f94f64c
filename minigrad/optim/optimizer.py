"""Optimizer: groups of parameters, the state of each, hooks, and the state dict.

`step.py` has the step itself, `calls.py` the arithmetic that the rules of the optimisers are written in.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from types import MethodType
from typing import Any

import numpy as np

from minigrad._tensor.handle import RemovableHandle
from minigrad._tensor.tensor import Tensor, quietly
from minigrad.autograd import enable_grad
from minigrad.creation import tensor
from minigrad.nn.module import clear_grads
from minigrad.optim.step import Stepping


class _Required:
    """A default that there is none: each group must give the option."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


class Optimizer(Stepping):
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
    # State of the shape of its parameter: checked when a state dict is loaded.
    _shaped: tuple[str, ...] = ()

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
        self._of_state: dict[str, dict[int, Any]] = {}
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

    def _check(self, group: dict[str, Any]) -> None:
        """Raise ValueError for an option out of its range."""

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
        for group in self.param_groups:
            clear_grads(group["params"], set_to_none)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient, in place; returns what the closure returned.

        The closure, if given, is called first, recording: it computes the loss and calls backward. When
        no parameter at all has a gradient this warns, once.
        """
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

    def register_state_dict_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Have a function called before each `state_dict()`.

        Arguments:
            hook: of (optimizer).
            prepend: whether it is called before those that are there.

        >>> import minigrad as torch
        >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.1)
        >>> _ = optimizer.register_state_dict_pre_hook(lambda optimizer: print("saving"))
        >>> _ = optimizer.state_dict()
        saving
        """
        return self._state_hook("before saving", hook, prepend)

    def register_state_dict_post_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Have a function called on each state dict that is made; it may change it, or return another.

        Arguments:
            hook: of (optimizer, state_dict); it returns None, or the state dict to take.
            prepend: whether it is called before those that are there.

        >>> import minigrad as torch
        >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.1)
        >>> _ = optimizer.register_state_dict_post_hook(lambda optimizer, state: {**state, "epoch": 3})
        >>> optimizer.state_dict()["epoch"]
        3
        """
        return self._state_hook("after saving", hook, prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Have a function called on each state dict before it is loaded; it may change it, or return another.

        Arguments:
            hook: of (optimizer, state_dict), a shallow copy; it returns None, or the state dict to take.
            prepend: whether it is called before those that are there.

        >>> import minigrad as torch
        >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.1)
        >>> _ = optimizer.register_load_state_dict_pre_hook(lambda optimizer, state: print(list(state)))
        >>> optimizer.load_state_dict(optimizer.state_dict())
        ['state', 'param_groups']
        """
        return self._state_hook("before loading", hook, prepend)

    def register_load_state_dict_post_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Have a function called after each load of a state dict.

        Arguments:
            hook: of (optimizer).
            prepend: whether it is called before those that are there.

        >>> import minigrad as torch
        >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.1)
        >>> _ = optimizer.register_load_state_dict_post_hook(lambda optimizer: print("loaded"))
        >>> optimizer.load_state_dict(optimizer.state_dict())
        loaded
        """
        return self._state_hook("after loading", hook, prepend)

    def _state_hook(self, kind: str, hook: Callable[..., Any], prepend: bool) -> RemovableHandle:
        return RemovableHandle(self._of_state.setdefault(kind, {}), hook, prepend)

    def _state_hooks(self, kind: str) -> list[Any]:
        return list(vars(self).get("_of_state", {}).get(kind, {}).values())

    def state_dict(self) -> dict[str, Any]:
        """The state to save: "state" by the parameters' positions, where there is any, and "param_groups".

        >>> import minigrad as torch
        >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.1)
        >>> saved = optimizer.state_dict()
        >>> saved["param_groups"][0]["lr"], saved["param_groups"][0]["params"]
        (0.1, [0])
        """
        for hook in self._state_hooks("before saving"):
            hook(self)
        position: dict[int, int] = {}
        for index, parameter in enumerate(self._parameters()):
            position.setdefault(id(parameter), index)
        groups = []
        for group in self.param_groups:
            packed = {option: value for option, value in group.items() if option != "params"}
            packed["params"] = [position[id(p)] for p in group["params"]]
            groups.append(packed)
        state = {position[id(p)]: values for p, values in self.state.items() if values and id(p) in position}
        saved: dict[str, Any] = {"state": state, "param_groups": groups}
        for hook in self._state_hooks("after saving"):
            changed = hook(self, saved)
            saved = saved if changed is None else changed
        return saved

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a saved state; the steps that follow are those that would have followed there.

        Parameters are matched by position. Values are copied, in the dtype of their parameter.

        Arguments:
            state_dict: from `state_dict()` of an optimiser of the same kind with the same groups.

        Raises:
            ValueError: when groups, their sizes or the shapes differ; the optimiser is then unchanged.

        >>> import minigrad as torch
        >>> w = torch.ones(1, requires_grad=True)
        >>> saved = torch.optim.SGD([w], lr=0.1).state_dict()
        >>> optimizer = torch.optim.SGD([w], lr=1.0)
        >>> optimizer.load_state_dict(saved)
        >>> optimizer.param_groups[0]["lr"]
        0.1
        """
        for hook in self._state_hooks("before loading"):
            changed = hook(self, state_dict := dict(state_dict))
            state_dict = state_dict if changed is None else changed
        saved_groups = deepcopy(list(state_dict["param_groups"]))
        ours, theirs = ([len(g["params"]) for g in groups] for groups in (self.param_groups, saved_groups))
        if ours != theirs:
            raise ValueError(
                f"this state is of another optimiser: its groups have {theirs} parameters, "
                f"the groups here {ours}"
            )
        parameters = dict(
            zip((key for group in saved_groups for key in group["params"]), self._parameters(), strict=True)
        )
        state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        for key, values in state_dict["state"].items():
            if key not in parameters:
                raise ValueError(f"the state has an entry {key!r} that is no parameter's position")
            state[parameters[key]] = self._adopt(parameters[key], key, values)
        for group, saved in zip(self.param_groups, saved_groups, strict=True):
            saved["params"] = group["params"]
            if "param_names" in group:
                saved["param_names"] = group["param_names"]
            for option, value in group.items():
                saved.setdefault(option, value)
            self._check(saved)
        self.state = state
        self.param_groups = saved_groups
        for hook in self._state_hooks("after loading"):
            hook(self)

    def _adopt(self, parameter: Tensor, key: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        adopted: dict[str, Any] = {}
        for name, value in values.items():
            if not isinstance(value, Tensor):
                counted = name == "step" and self._counts
                adopted[name] = tensor(float(value), dtype=np.float32) if counted else deepcopy(value)
                continue
            if name in self._shaped and value.shape != parameter.shape:
                raise ValueError(
                    f"{name} of parameter {key} has shape {tuple(value.shape)} in the state, "
                    f"its parameter {tuple(parameter.shape)}"
                )
            fits = name == "step" or parameter.dtype.kind != "f"
            adopted[name] = value.detach().clone() if fits else value.detach().to(parameter.dtype, copy=True)
        return adopted

    def _parameters(self) -> Iterable[Tensor]:
        return (p for group in self.param_groups for p in group["params"])

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
