"""Optimizer: groups of parameters, what an optimiser remembers of each, and the step over all of them.

An optimiser is one method, `_update`, which reads like the published algorithm and works on raw arrays in
place: intermediate results go to memory that is allocated once and reused in every step.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from minigrad._tensor.tensor import Tensor, stamp, with_gradient
from minigrad.autograd import enable_grad
from minigrad.creation import from_numpy, tensor
from minigrad.nn.module import clear_grads

PIECE = 32768  # elements; a few arrays of them fit into 1 MiB
Array = np.ndarray[Any, np.dtype[Any]]  # what numpy.typing.NDArray[Any] is, without the import
Ready = list[tuple[Tensor, Array]]  # the parameters that have a gradient, each with its array


class Optimizer:
    """Base class of the optimisers.

    Arguments:
        params: tensors, (name, tensor) pairs, or dicts with the key "params" and options of that group.
        defaults: the options of a group that does not set its own.

    A subclass defines `_update`, or, as in PyTorch, its own `step`.

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
        for option in self._refused:
            if defaults.get(option):
                raise NotImplementedError(f"minigrad's optimisers have no {option}=True")
        self.defaults = defaults
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._scratch: dict[tuple[str, str], Array] = {}
        self._views: dict[tuple[str, str, tuple[int, ...]], Array] = {}
        self._steps = 0
        self._warned = False
        given = list(params)
        if not given:
            raise ValueError("the optimiser was given no parameters; was model.parameters() used up before?")
        for group in given if isinstance(given[0], dict) else ({"params": given},):
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with options of their own, as a dict with the key "params"."""
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
        self._check(group)
        self.param_groups.append(group)

    def _check(self, group: dict[str, Any]) -> None:
        """Raise ValueError for an option out of its range."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
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
        idle = True
        for group in self.param_groups:
            ready = with_gradient(group["params"])
            if ready:
                idle = False
                try:
                    self._update_all(ready, group)
                finally:
                    stamp(ready)
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

    def _update_all(self, ready: Ready, group: dict[str, Any]) -> None:
        """Update the parameters of a group one by one, each with its gradient and its state."""
        maximize, state = group.get("maximize"), self.state
        for parameter, grad in ready:
            if maximize:
                grad = np.negative(grad, out=self._take(grad, "gradient"))
            self._update(parameter._array, grad, state[parameter], group)

    def _update(self, param: Array, grad: Array, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Write the new values into `param`; `grad` is the user's and must not be written."""
        raise NotImplementedError(f"{type(self).__name__} must define _update() or step()")

    def _take(self, like: Array, name: str) -> Array:
        """Memory for an intermediate result, in the shape of an array; kept under its name between steps."""
        key = name, like.dtype.char, like.shape
        view = self._views.get(key)
        if view is None:
            known = self._scratch.get(key[:2])
            if known is None or known.size < like.size:
                known = self._scratch[key[:2]] = np.empty(like.size, like.dtype)
                self._views = {k: v for k, v in self._views.items() if k[:2] != key[:2]}
            view = self._views[key] = known[: like.size].reshape(like.shape)
        return view

    def _decayed(self, param: Array, grad: Array, weight_decay: float) -> Array:
        """The gradient of the loss plus weight_decay/2 · |param|²."""
        if weight_decay == 0:
            return grad
        pull = np.multiply(param, weight_decay, out=self._take(param, "decay"))
        return np.add(grad, pull, out=pull)

    def state_dict(self) -> dict[str, Any]:
        """What to save: "state" by the parameters' positions, where there is any, and "param_groups"."""
        position: dict[int, int] = {}
        for index, parameter in enumerate(self._parameters()):
            position.setdefault(id(parameter), index)
        groups = []
        for group in self.param_groups:
            packed = {option: value for option, value in group.items() if option != "params"}
            packed["params"] = [position[id(p)] for p in group["params"]]
            groups.append(packed)
        state = {position[id(p)]: values for p, values in self.state.items() if values and id(p) in position}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a saved state; the steps that follow are those that would have followed there.

        Parameters are matched by position. Values are copied, in the dtype of their parameter.

        Raises:
            ValueError: when groups, their sizes or the shapes differ; the optimiser is then unchanged.
        """
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

    def _adopt(self, parameter: Tensor, key: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        adopted: dict[str, Any] = {}
        for name, value in values.items():
            if not isinstance(value, Tensor):
                adopted[name] = deepcopy(value)
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
        return {**self.__dict__, "_scratch": {}, "_views": {}}

    def __repr__(self) -> str:
        groups = []
        for number, group in enumerate(self.param_groups):
            options = [f"    {option}: {group[option]}\n" for option in sorted(group) if option != "params"]
            groups.append(f"Parameter Group {number}\n{''.join(options)}")
        listed = "\n".join(groups)
        return f"{type(self).__name__} (\n{listed})"


def array_of(tensor: Tensor) -> Array:
    """The array behind a tensor, shared; what is written to it must be told to the tensor by `_written()`."""
    shared: Array = tensor._array
    return shared


def pieces(*arrays: Array) -> Iterable[tuple[Array, ...]]:
    """Arrays of one shape, cut into flat pieces that stay in a core's cache between one line and the next.

    An update that passes over a large parameter once for every line of its formula takes half as long again.
    What is small, or does not lie in memory in one row, comes as it is.
    """
    size = arrays[0].size
    if size <= PIECE or not all(array.flags.c_contiguous for array in arrays):
        return (arrays,)
    starts = range(0, size, PIECE)
    flat = [array.reshape(-1) for array in arrays]
    return zip(*[[array[start : start + PIECE] for start in starts] for array in flat], strict=True)


def like(param: Array, value: float = 0.0) -> Tensor:
    """A tensor of an array's shape and dtype, for the state."""
    return from_numpy(np.full(param.shape, value, param.dtype))


def count_step(state: dict[str, Any]) -> int:
    """Add one to the steps counted in a parameter's state; returns how many there are now."""
    counter = array_of(state["step"])
    counter += 1
    return int(counter)


def new_counter() -> Tensor:
    """Steps counted so far: none. A float32 tensor, as in PyTorch's state dicts."""
    return tensor(0.0, dtype=np.float32)


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
