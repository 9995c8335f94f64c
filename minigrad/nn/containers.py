"""Modules that hold modules: Sequential, ModuleList, ModuleDict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from operator import index as as_index
from typing import Any, TypeVar, overload

from minigrad.nn.module import Module, layout, plain_call

Self = TypeVar("Self", bound="_Indexed")


class _Indexed(Module):
    """Submodules in a row, reached by position; the row's names are what `state_dict` uses."""

    def _key(self, index: int) -> str:
        size = len(self)
        position = as_index(index)
        if not -size <= position < size:
            raise IndexError(f"index {position} is out of range for {type(self).__name__} of {size} modules")
        return list(self._modules)[position]

    def _slice(self, named: dict[str, Module]) -> Module:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        # A None keeps a place free, and the type of a place that is used is what callers need.
        return iter(self._modules.values())  # type: ignore[arg-type]

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self: Self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self._slice(dict(list(self._modules.items())[index]))  # type: ignore[arg-type]
        return self._modules[self._key(index)]

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(self._key(index), _checked(module))

    def __delitem__(self, index: int | slice) -> None:
        keys = list(self._modules)
        for key in keys[index] if isinstance(index, slice) else (self._key(index),):
            del self._modules[key]
        self._renumber(list(self))

    def _renumber(self, modules: list[Module]) -> None:
        self._modules.clear()
        for position, module in enumerate(modules):
            self.add_module(str(position), _checked(module))

    def append(self: Self, module: Module) -> Self:
        """Add a module at the end and return the container.

        >>> import minigrad as torch
        >>> torch.nn.ModuleList().append(torch.nn.ReLU())
        ModuleList(
          (0): ReLU()
        )
        """
        self.add_module(str(len(self)), _checked(module))
        return self

    def extend(self: Self, modules: Iterable[Module]) -> Self:
        """Add several modules at the end and return the container.

        >>> import minigrad as torch
        >>> len(torch.nn.ModuleList().extend([torch.nn.ReLU(), torch.nn.Tanh()]))
        2
        """
        for module in list(modules):
            self.append(module)
        return self

    def insert(self: Self, index: int, module: Module) -> Self:
        """Insert a module before the position `index`; later ones move up by one. Returns the container.

        Raises:
            IndexError: for a position outside the container.

        >>> import minigrad as torch
        >>> torch.nn.Sequential(torch.nn.Tanh()).insert(0, torch.nn.ReLU())[0]
        ReLU()
        """
        modules = list(self)
        if not -len(modules) <= as_index(index) <= len(modules):
            raise IndexError(f"cannot insert at {index} into {type(self).__name__} of {len(modules)} modules")
        modules.insert(as_index(index), _checked(module))
        self._renumber(modules)
        return self

    def pop(self, index: int = -1) -> Any:
        """Take the module at the position `index` (the last by default) out and return it.

        Raises:
            IndexError: for a position outside the container.

        >>> import minigrad as torch
        >>> torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Tanh()).pop()
        Tanh()
        """
        module = self[index]
        del self[index]
        return module

    def __iadd__(self: Self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)


class Sequential(_Indexed):
    """Modules applied one after the other, given as arguments or as one ordered mapping of names.

    Indexing with an int gives the module, with a slice another Sequential that shares the modules.

    Arguments:
        args: the modules, or one mapping from names to modules.

    >>> import minigrad as torch
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    >>> net[0].weight.shape, len(net[:2])
    (torch.Size([3, 2]), 2)
    >>> net.append(torch.nn.Sigmoid())(torch.ones(4, 2)).shape
    torch.Size([4, 1])
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = args[0] if len(args) == 1 and isinstance(args[0], Mapping) else dict(enumerate(args))
        for name, module in named.items():
            self.add_module(str(name), _checked(module))

    def _slice(self, named: dict[str, Module]) -> Module:
        return type(self)(named)

    def forward(self, input: Any) -> Any:
        """Pass the input through all modules in order."""
        module: Any
        try:
            for module in self._modules.values():
                # To call an object takes Python twice as long as to call its method.
                special = module._hooked or type(module).__call__ is not plain_call
                input = module(input) if special else module.forward(input)
        except Exception as error:
            place = next(name for name, child in self._modules.items() if child is module)
            if module is None:
                kind = type(self).__name__
                raise TypeError(
                    f"layer ({place}) of {kind} is None, which keeps a place free; set a module"
                ) from None
            error.add_note(f"raised by layer ({place}) of {type(self).__name__}: {type(module).__name__}")
            raise
        return input

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            return NotImplemented
        return Sequential(*self, *other)


class ModuleList(_Indexed):
    """A list of modules with registered parameters; the owner calls the modules as it likes.

    >>> import minigrad as torch
    >>> torch.nn.ModuleList([torch.nn.Linear(2, 2) for _ in range(3)])
    ModuleList(
      (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
    )
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(() if modules is None else modules)

    def _slice(self, named: dict[str, Module]) -> Module:
        return type(self)(named.values())

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        # A run of modules that print alike is printed once, with its range and its count.
        runs: list[tuple[int, int, str]] = []
        for position, text in enumerate(map(repr, self)):
            if runs and runs[-1][2] == text:
                runs[-1] = (runs[-1][0], position, text)
            else:
                runs.append((position, position, text))
        children = [
            (str(first), text) if first == last else (f"{first}-{last}", f"{last - first + 1} x {text}")
            for first, last, text in runs
        ]
        return layout(type(self).__name__, self.extra_repr(), children)


class ModuleDict(Module):
    """Modules by name, registered, in the order they were put in.

    Arguments:
        modules: a mapping from names to modules, or (name, module) pairs.

    >>> import minigrad as torch
    >>> heads = torch.nn.ModuleDict({"size": torch.nn.Linear(2, 1)})
    >>> heads["kind"] = torch.nn.Linear(2, 3)
    >>> list(heads)
    ['size', 'kind']

    >>> list(heads.items()) == list(zip(heads.keys(), heads.values()))
    True
    >>> heads.update({"colour": torch.nn.Linear(2, 4)})
    >>> heads.pop("colour")
    Linear(in_features=2, out_features=4, bias=True)
    >>> heads.clear()
    >>> len(heads)
    0
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        self.update({} if modules is None else modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, _checked(module))

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """The names with their modules."""
        return self._modules.items()

    def values(self) -> Iterable[Any]:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add or replace modules from a mapping or from pairs."""
        for key, module in dict(modules).items():
            self[key] = module

    def pop(self, key: str) -> Any:
        """Take the module with the name `key` out and return it; KeyError where there is none."""
        module = self[key]
        del self[key]
        return module

    def clear(self) -> None:
        """Take all modules out."""
        self._modules.clear()


def _checked(module: Any) -> Any:
    """A module, or None, which keeps a place free."""
    if module is None or isinstance(module, Module):
        return module
    hint = f"; {module.__name__}() makes one" if isinstance(module, type) else ""
    raise TypeError(f"a container holds modules, not {type(module).__name__}{hint}")
