"""Saved: the state of an optimiser as a dict, loading it, and the hooks that see both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from minigrad._tensor.handle import RemovableHandle
from minigrad._tensor.tensor import Tensor
from minigrad.creation import tensor
from minigrad.optim.step import Stepping


class Saved(Stepping):
    """The part of an Optimizer that is saved and loaded: states by the parameters' positions, and options."""

    # State of the shape of its parameter: checked when a state dict is loaded.
    _shaped: tuple[str, ...] = ()
    _of_state: dict[str, dict[int, Any]]  # hooks

    def _check(self, group: dict[str, Any]) -> None:
        """Raise ValueError for an option out of its range."""

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
