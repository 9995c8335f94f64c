"""Registry: how a module knows its parts by name: assignment, lookup, walking down."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, Generic, TypeVar, cast

from minigrad._tensor.tensor import Tensor
from minigrad.nn.parameter import Buffer, Parameter
from minigrad.pytorch_names import known, sentence

M = TypeVar("M", bound="Registry[Any]")  # the class of the parts: Module, which derives from Registry[Module]

_TABLES = ("_parameters", "_buffers", "_modules")


class MissingError(AttributeError):
    """A module has no such attribute. `hasattr` asks often, so the message is made when somebody reads it."""

    def __init__(self, module: Any, name: str) -> None:
        kind = type(module).__name__
        super().__init__(f"{kind!r} object has no attribute {name!r}", name=name)
        self._module = module

    def __str__(self) -> str:
        message, name, module = str(self.args[0]), str(self.name), self._module
        kind = type(module).__name__
        if "_modules" not in module.__dict__:
            return f"{message}; {kind}.__init__ must call super().__init__() first"
        if hasattr(type(module), name):
            return f"{message}; its property raised an AttributeError"
        if known("nn.Module", name):
            return sentence("nn.Module", name)
        if name == "save":  # of PyTorch's scripted modules
            return f"{message}; torch.save(module.state_dict(), file) keeps its parameters and buffers"
        near = nearest(name, _like(name, dir(module)))
        return f"{message}. Did you mean: {near!r}?" if near else message

    def __reduce__(self) -> Any:
        return AttributeError, (str(self),)


class Registry(Generic[M]):
    """An object that keeps the parameters, buffers and modules assigned to it in tables, in their order."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, M | None]
    _non_persistent_buffers: set[str]

    def __init__(self) -> None:
        # Not by assignment, which already looks into these tables.
        self.__dict__.update(_parameters={}, _buffers={}, _modules={}, _non_persistent_buffers=set())

    # -- attributes

    def __getattr__(self, name: str) -> Any:
        # Called only when the ordinary lookup found nothing.
        own = self.__dict__
        for table in _TABLES:
            if name in own.get(table, ()):
                return own[table][name]
        raise MissingError(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if isinstance(value, Parameter):
            self.register_parameter(name, value)
        elif isinstance(value, Registry):
            self.add_module(name, cast("M", value))
        elif isinstance(value, Buffer):
            self.register_buffer(name, value, value.persistent)
        elif name in own.get("_parameters", ()):
            if value is not None:
                raise TypeError(
                    f"{name!r} is a parameter: assign a torch.nn.Parameter or None, not "
                    f"{type(value).__name__}; to change its values, write in place under no_grad()"
                )
            self._parameters[name] = None
        elif name in own.get("_modules", ()):
            if value is not None:
                raise TypeError(
                    f"{name!r} is a submodule: assign a Module or None, not {type(value).__name__}"
                )
            self._modules[name] = None
        elif name in own.get("_buffers", ()):
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(f"{name!r} is a buffer: assign a Tensor or None, not {type(value).__name__}")
            self._buffers[name] = value
        else:
            if isinstance(value, (list, tuple, dict)) and "_modules" in own:
                self._warn_of_hidden(name, value)
            object.__setattr__(self, name, value)

    def _warn_of_hidden(self, name: str, value: Any) -> None:
        """Warn of modules and parameters in a plain container that are not registered elsewhere."""
        parts = value.values() if isinstance(value, dict) else value
        hidden = [x for x in parts if isinstance(x, (Registry, Parameter))]
        if not hidden or {*map(id, hidden)} <= {id(x) for x in (*self.modules(), *self.parameters())}:
            return
        kind, what, better = type(value).__name__, "Parameter", "attributes"
        if isinstance(hidden[0], Registry):
            what, better = "Module", "a ModuleDict" if kind == "dict" else "a ModuleList"
        warnings.warn(
            f"{type(self).__name__}.{name} is a {kind} that holds a {what}: parameters() and state_dict() do "
            f"not see into a {kind}, so that it would not be trained or saved. Use {better} instead.",
            UserWarning,
            stacklevel=3,
        )

    def __delattr__(self, name: str) -> None:
        for table in _TABLES:
            if name in self.__dict__.get(table, ()):
                del self.__dict__[table][name]
                self._non_persistent_buffers.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = set(object.__dir__(self))
        for table in _TABLES:
            names.update(self.__dict__.get(table, ()))
        return sorted(name for name in names if not name[:1].isdigit())

    def _claim(self, name: str, table: str) -> None:
        """Make room for `name` in one table: check it, and forget what it stood for in the others."""
        kind = type(self).__name__
        if "_modules" not in self.__dict__:
            raise AttributeError(
                f"cannot assign {name!r}: {kind}.__init__ must call super().__init__() first"
            )
        if not isinstance(name, str):
            raise TypeError(f"a module's names are strings, not {type(name).__name__}")
        if name == "" or "." in name:
            raise KeyError(f"{name!r} cannot name a part of a module: it is empty or has a dot")
        if hasattr(type(self), name):
            raise KeyError(f"{name!r} already means something on every {kind}; choose another name")
        self.__dict__.pop(name, None)
        self._non_persistent_buffers.discard(name)
        for other in _TABLES:
            if other != table:
                self.__dict__[other].pop(name, None)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under a name, as assigning it to the attribute does.

        Arguments:
            name: a string without a dot.
            param: a Parameter; None reserves the name.

        Raises:
            TypeError: for a plain tensor.

        >>> import minigrad as torch
        >>> layer = torch.nn.Module()
        >>> layer.register_parameter("scale", torch.nn.Parameter(torch.ones(2)))
        >>> layer.scale.shape
        torch.Size([2])
        """
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"parameter {name!r} must be a torch.nn.Parameter or None, not {type(param).__name__}"
            )
        if param is not None and not param.is_leaf:
            raise ValueError(
                f"parameter {name!r} is the output of an op; a parameter is a leaf: use detach()"
            )
        self._claim(name, "_parameters")
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is state but is not trained; `persistent=False` leaves it out of `state_dict`.

        Arguments:
            name: a string without a dot.
            tensor: any tensor; None reserves the name.
            persistent: whether it belongs to the state dict.

        >>> import minigrad as torch
        >>> counter = torch.nn.Module()
        >>> counter.register_buffer("seen", torch.tensor(0))
        >>> counter.state_dict()["seen"]
        tensor(0)
        """
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"buffer {name!r} must be a Tensor or None, not {type(tensor).__name__}")
        self._claim(name, "_buffers")
        self._buffers[name] = tensor
        if not persistent:
            self._non_persistent_buffers.add(name)

    def add_module(self, name: str, module: M | None) -> None:
        """Add a submodule under a name, as assigning it to the attribute does.

        Arguments:
            name: a string without a dot.
            module: a Module; None reserves the name.

        Raises:
            TypeError: for anything else.

        >>> import minigrad as torch
        >>> net = torch.nn.Module()
        >>> net.add_module("act", torch.nn.ReLU())
        >>> net.act
        ReLU()
        """
        if module is not None and not isinstance(module, Registry):
            raise TypeError(f"submodule {name!r} must be a Module or None, not {type(module).__name__}")
        self._claim(name, "_modules")
        self._modules[name] = module

    register_module = add_module

    # -- walking

    def named_modules(
        self, memo: set[M] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, M]]:
        """This module and every one below it, depth first, with dotted names; each object once.

        Arguments:
            memo: a set of modules to leave out, to which those met are added.
            prefix: stands before every name.
            remove_duplicate: whether a module that is met twice comes once only.

        >>> import minigrad as torch
        >>> [name for name, _ in torch.nn.Sequential(torch.nn.ReLU()).named_modules()]
        ['', '0']
        """
        memo = set() if memo is None else memo
        module = cast("M", self)
        if module in memo:
            return
        if remove_duplicate:
            memo.add(module)
        yield prefix, module
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(memo, _join(prefix, name), remove_duplicate)

    def modules(self) -> Iterator[M]:
        """This module and every one below it, each once.

        >>> import minigrad as torch
        >>> len(list(torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Tanh()).modules()))
        3
        """
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, M]]:
        """The direct submodules with their names, each object once.

        >>> import minigrad as torch
        >>> list(torch.nn.Sequential(torch.nn.ReLU()).named_children())
        [('0', ReLU())]
        """
        seen: set[M] = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def children(self) -> Iterator[M]:
        """The direct submodules, each once.

        >>> import minigrad as torch
        >>> list(torch.nn.Sequential(torch.nn.ReLU()).children())
        [ReLU()]
        """
        for _, child in self.named_children():
            yield child

    def _named_tensors(
        self, table: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        modules = self.named_modules(None, prefix, remove_duplicate) if recurse else ((prefix, self),)
        for path, module in modules:
            for name, tensor in module.__dict__[table].items():
                if tensor is None or id(tensor) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(tensor))
                yield _join(path, name), tensor

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters with dotted names, in definition order; a shared one once, under its first name.

        Arguments:
            prefix: stands before every name.
            recurse: whether those of the submodules come too.
            remove_duplicate: whether a shared parameter comes once only.

        >>> import minigrad as torch
        >>> [name for name, _ in torch.nn.MLP(3, 2).named_parameters()]
        ['0.weight', '0.bias']
        """
        return self._named_tensors("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters in definition order, a shared one once.

        With `recurse=False` those of the submodules are left out.

        >>> import minigrad as torch
        >>> sum(p.numel() for p in torch.nn.Linear(3, 2).parameters())
        8
        """
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers with their dotted names, in definition order.

        Arguments:
            prefix: stands before every name.
            recurse: whether those of the submodules come too.
            remove_duplicate: whether a shared buffer comes once only.

        >>> import minigrad as torch
        >>> [name for name, _ in torch.nn.BatchNorm1d(2).named_buffers()]
        ['running_mean', 'running_var', 'num_batches_tracked']
        """
        return self._named_tensors("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers in definition order; with `recurse=False` without those of the submodules.

        >>> import minigrad as torch
        >>> len(list(torch.nn.BatchNorm1d(2).buffers()))
        3
        """
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target: str) -> M:
        """The submodule at a dotted path; the empty path is this module.

        Arguments:
            target: names joined by dots.

        Raises:
            AttributeError: where nothing, or no module, has that name.

        >>> import minigrad as torch
        >>> torch.nn.Sequential(torch.nn.Sequential(torch.nn.ReLU())).get_submodule("0.0")
        ReLU()
        """
        module: Any = self
        for name in target.split(".") if target else ():
            module = getattr(module, name)
            if not isinstance(module, Registry):
                raise AttributeError(f"{name!r} in {target!r} is a {type(module).__name__}, not a Module")
        found: M = module
        return found

    def set_submodule(self, target: str, module: M, strict: bool = False) -> None:
        """Put a module in the place at a dotted path.

        Arguments:
            target: names joined by dots, at least one.
            module: the new module.
            strict: whether there must be a module already.

        Raises:
            ValueError: for the empty path, and for what is no module.
            AttributeError: where nothing, or no module, has a name on the way, or with `strict` the last.

        >>> import minigrad as torch
        >>> net = torch.nn.Sequential(torch.nn.Sequential(torch.nn.ReLU()))
        >>> net.set_submodule("0.0", torch.nn.Tanh())
        >>> net[0][0]
        Tanh()
        """
        if not target:
            raise ValueError("set_submodule() takes a path of at least one name")
        if not isinstance(module, Registry):
            raise ValueError(f"set_submodule() puts a Module in place, not {type(module).__name__}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict or hasattr(parent, name):
            parent.get_submodule(name)
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path, `target`.

        Raises:
            AttributeError: where nothing, or no parameter, has that name.

        >>> import minigrad as torch
        >>> torch.nn.Sequential(torch.nn.Linear(2, 1)).get_parameter("0.bias").shape
        torch.Size([1])
        """
        return self._get(target, "_parameters", "parameter")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted path, `target`.

        Raises:
            AttributeError: where nothing, or no buffer, has that name.

        >>> import minigrad as torch
        >>> torch.nn.Sequential(torch.nn.BatchNorm1d(2)).get_buffer("0.running_var")
        tensor([1., 1.])
        """
        return self._get(target, "_buffers", "buffer")

    def _get(self, target: str, table: str, what: str) -> Any:
        path, _, name = target.rpartition(".")
        found = self.get_submodule(path).__dict__[table].get(name)
        if found is None:
            raise AttributeError(f"{type(self).__name__} has no {what} {target!r}")
        return found


def nearest(name: str, known: list[str]) -> str:
    """The name that was probably meant; "" if none is near."""
    import difflib  # noqa: PLC0415 (loaded for a misspelt name only)

    return "".join(difflib.get_close_matches(name, known, 1))


def _like(name: str, names: list[str]) -> list[str]:
    """Those to suggest: private names only to someone who asked for one."""
    return [other for other in names if other.startswith("_") == name.startswith("_")]


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
