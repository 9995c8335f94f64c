"""Saved: the state of a module as a dict, loading it, and the hooks that see both."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from minigrad._tensor.handle import RemovableHandle
from minigrad.nn import state
from minigrad.nn.parameter import is_lazy
from minigrad.nn.registry import M, Registry


class Saved(Registry[M]):
    """A registry whose parameters and buffers can be saved and loaded by name."""

    _version = 1  # of the names that a state dict has; its metadata tells it

    def state_dict(
        self, *, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """The parameters and persistent buffers by dotted name, detached but sharing memory with the module.

        Arguments:
            destination: a dict to put them into and return; None makes one.
            prefix: stands before every name.
            keep_vars: whether they are the tensors themselves, not detached.

        >>> import minigrad as torch
        >>> list(torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.ReLU()).state_dict())
        ['0.weight', '0.bias']
        """
        found = OrderedDict() if destination is None else destination
        if destination is None:
            found._metadata = OrderedDict()  # type: ignore[attr-defined]
        metadata = getattr(found, "_metadata", {})
        for name, module in self.named_modules(None, "", remove_duplicate=False):
            metadata[(prefix + name).rstrip(".")] = {"version": module._version}
        hooked = list(self._hooked_parts(prefix))
        for path, module, hooks in hooked:
            for hook in hooks.get("before saving", {}).values():
                hook(module, path, keep_vars)
        for name, tensor, (owner, _) in state.entries(self, prefix, _defines("get_extra_state")):
            if tensor is None:
                found[name] = owner.get_extra_state()
            else:
                found[name] = tensor if keep_vars or is_lazy(tensor) else tensor.detach()
        for path, module, hooks in reversed(hooked):
            for hook in hooks.get("after saving", {}).values():
                hook(module, found, path, metadata.get(path[:-1], {}))
        return found

    def get_extra_state(self) -> Any:
        """The state beside parameters and buffers that belongs into a state dict; a subclass defines its own.

        It stands there under the name "_extra_state", for `set_extra_state`, which goes with it.

        >>> import minigrad as torch
        >>> class Counted(torch.nn.Module):
        ...     calls = 3
        ...
        ...     def get_extra_state(self):
        ...         return {"calls": self.calls}
        ...
        ...     def set_extra_state(self, state):
        ...         self.calls = state["calls"]
        >>> Counted().state_dict()["_extra_state"]
        {'calls': 3}
        """
        raise RuntimeError(f"{type(self).__name__} has no extra state: it defines no get_extra_state()")

    def set_extra_state(self, state: Any) -> None:
        """Take over what `get_extra_state` gave; a subclass defines its own.

        Arguments:
            state: what that method returned.

        >>> import minigrad as torch
        >>> class Counted(torch.nn.Module):
        ...     def set_extra_state(self, state):
        ...         self.calls = state["calls"]
        >>> module = Counted()
        >>> module.load_state_dict({"_extra_state": {"calls": 3}})
        <All keys matched successfully>
        >>> module.calls
        3
        """
        raise RuntimeError(f"{type(self).__name__} has no extra state: it defines no set_extra_state()")

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> state.IncompatibleKeys:
        """Copy values by name into this module; `strict=False` lets names be missing or left over.

        With `assign` the module takes the given tensors themselves. Returns the missing and the
        unexpected names.

        Raises:
            RuntimeError: listing every missing, unexpected and misshapen key; the module is unchanged.

        >>> import minigrad as torch
        >>> layer = torch.nn.Linear(2, 1)
        >>> layer.load_state_dict(torch.nn.Linear(2, 1).state_dict())
        <All keys matched successfully>
        """
        hooked = list(self._hooked_parts(""))
        told: tuple[list[str], list[str], list[str]] = ([], [], [])  # missing, unexpected, errors, by hooks
        if hooked and isinstance(state_dict, Mapping):
            metadata = getattr(state_dict, "_metadata", None) or {}
            state_dict = OrderedDict(state_dict)
            for path, module, hooks in hooked:
                for hook in hooks.get("before loading", {}).values():
                    hook(module, state_dict, path, dict(metadata.get(path[:-1], {})), strict, *told)
        after = [
            (hook, module)
            for _, module, hooks in reversed(hooked)
            for hook in hooks.get("after loading", {}).values()
        ]
        return state.load(self, state_dict, strict, assign, told, after, _defines("set_extra_state"))

    def _hooked_parts(self, prefix: str) -> Iterator[tuple[str, Any, dict[str, dict[int, Any]]]]:
        """The path (with its dot), the module and its hooks, of this and all parts below that have any."""
        for name, module in self.named_modules(None, "", remove_duplicate=False):
            if hooks := module.__dict__.get("_state_hooks"):
                yield prefix + (f"{name}." if name else ""), module, hooks

    def _state_hook(self, kind: str, hook: Any) -> RemovableHandle:
        hooks: dict[str, dict[int, Any]] = self.__dict__.setdefault("_state_hooks", {})
        return RemovableHandle(hooks.setdefault(kind, {}), hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before a state dict is made. The handle has a `remove()`.

        >>> import minigrad as torch
        >>> layer = torch.nn.Linear(1, 1)
        >>> _ = layer.register_state_dict_pre_hook(lambda module, prefix, keep_vars: print("saving"))
        >>> _ = layer.state_dict()
        saving
        """
        return self._state_hook("before saving", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, metadata)` on a state dict that is made; it may change it.

        The metadata tells the version of the module's names. The handle that is returned has a `remove()`.

        >>> import minigrad as torch
        >>> layer = torch.nn.Linear(1, 1)
        >>> _ = layer.register_state_dict_post_hook(lambda module, state, prefix, metadata: state.pop("bias"))
        >>> list(layer.state_dict())
        ['weight']
        """
        return self._state_hook("after saving", hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call a hook on a state dict before it is loaded: it may change it, to rename a key for example.

        It is called as `hook(module, state_dict, prefix, metadata, strict, missing_keys, unexpected_keys,
        errors)`. The state dict is a copy; it is that of the whole load, also for the hook of a part, whose
        keys begin with prefix. The lists take what the hook has to tell. The handle that is returned has a
        `remove()`.

        >>> import minigrad as torch
        >>> layer = torch.nn.Linear(1, 1)
        >>> def rename(module, state, prefix, *rest):
        ...     state[prefix + "weight"] = state.pop(prefix + "kernel")
        >>> _ = layer.register_load_state_dict_pre_hook(rename)
        >>> layer.load_state_dict({"kernel": torch.ones(1, 1), "bias": torch.ones(1)})
        <All keys matched successfully>
        """
        return self._state_hook("before loading", hook)

    def _register_load_state_dict_pre_hook(self, hook: Any, with_module: bool = False) -> RemovableHandle:
        """The older spelling: a hook without the module as its first argument, unless `with_module`."""
        wrapped = hook if with_module else _WithoutModule(hook)
        return self._state_hook("before loading", wrapped)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after a load. The handle that is returned has a `remove()`.

        The lists `incompatible_keys.missing_keys` and `.unexpected_keys` may be changed: a strict load looks
        at them afterwards.

        >>> import minigrad as torch
        >>> layer = torch.nn.Linear(1, 1)
        >>> _ = layer.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
        >>> layer.load_state_dict({"weight": torch.ones(1, 1)})
        <All keys matched successfully>
        """
        return self._state_hook("after loading", hook)


def _defines(name: str) -> Callable[[Any], bool]:
    """Tells of a module if its class defines a method of `Saved` anew."""
    return lambda module: getattr(type(module), name) is not getattr(Saved, name)


class _WithoutModule:
    """A hook that is called without the module; a class, so that modules with one can be pickled."""

    def __init__(self, hook: Any) -> None:
        self.hook = hook

    def __call__(self, module: Any, *args: Any) -> Any:
        return self.hook(*args)
