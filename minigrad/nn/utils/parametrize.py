"""Parametrizations: a parameter that is computed from other tensors each time it is read."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.autograd import no_grad
from minigrad.nn.containers import ModuleDict, ModuleList
from minigrad.nn.module import Module
from minigrad.nn.parameter import Parameter

__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization", "remove_parametrizations",
    "type_before_parametrizations",
]  # fmt: skip


class _Cache(threading.local):
    """The values that have been computed while `cached()` lasts, in one thread."""

    depth = 0

    def __init__(self) -> None:
        self.values: dict[tuple[int, str], Tensor] = {}


_cache = _Cache()


@contextmanager
def cached() -> Iterator[None]:
    """While it lasts, each parametrized tensor is computed once, when it is first read.

    >>> import minigrad as torch
    >>> from minigrad.nn.utils import parametrize
    >>> class Doubled(torch.nn.Module):
    ...     def forward(self, x):
    ...         return 2 * x
    >>> layer = parametrize.register_parametrization(torch.nn.Linear(2, 1), "weight", Doubled())
    >>> with parametrize.cached():
    ...     layer.weight is layer.weight
    True
    """
    _cache.depth += 1
    try:
        yield
    finally:
        _cache.depth -= 1
        if not _cache.depth:
            _cache.values.clear()


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, in their order, and the tensors from which it is computed.

    They are `original`, or `original0`, `original1`, ... where the `right_inverse` of the first
    parametrization returns several. Calling it computes the tensor.

    Arguments:
        modules: the parametrizations, at least one.
        original: the tensor as it was.
        unsafe: whether they may change its shape and dtype.

    Raises:
        ValueError: for a parametrization that does so without `unsafe`.

    >>> import minigrad as torch
    >>> from minigrad.nn.utils import parametrize
    >>> layer = parametrize.register_parametrization(torch.nn.Linear(2, 1), "weight", torch.nn.Tanh())
    >>> layer.parametrizations.weight
    ParametrizationList(
      (0): Tanh()
    )
    >>> torch.equal(layer.weight, layer.parametrizations.weight.original.tanh())
    True
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not len(modules):
            raise ValueError("a ParametrizationList needs one or more modules")
        super().__init__(modules)
        self.unsafe = unsafe
        with no_grad():
            new = self._inverted(original)
        self.is_tensor = isinstance(new, Tensor)
        if isinstance(new, Tensor):
            if new.dtype != original.dtype:
                raise ValueError(
                    f"right_inverse may not change the dtype: {original.dtype} became {new.dtype}"
                )
            with no_grad():  # the same object: an optimiser may hold it
                original.data = new.detach()
            self._register("original", original)
            self.ntensors = 1
        else:
            self.ntensors = len(new)
            for i, part in enumerate(new):
                if not isinstance(part, Tensor):
                    raise ValueError(
                        f"right_inverse must return a Tensor or a sequence of them; its item {i} is "
                        f"{type(part).__name__}"
                    )
                made = Parameter(part, original.requires_grad) if isinstance(original, Parameter) else part
                self._register(f"original{i}", made)
        if not unsafe:
            _check("the parametrization", self(), original)

    def _register(self, name: str, tensor: Tensor) -> None:
        if isinstance(tensor, Parameter):
            self.register_parameter(name, tensor)
        else:
            self.register_buffer(name, tensor)

    def _inverted(self, value: Tensor) -> Any:
        """The value taken back through the `right_inverse` of each; one without is its own inverse."""
        new: Any = value
        for module in reversed(list(self)):
            inverse = getattr(module, "right_inverse", None)
            if inverse is not None:
                try:
                    new = inverse(new)
                except NotImplementedError:
                    continue
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError(
                f"right_inverse must return a Tensor or a sequence of them, not {type(new).__name__}"
            )
        return new

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals so that the parametrized tensor becomes this value, if their inverses are right.

        Arguments:
            value: a tensor of the shape and dtype of the parametrized one.

        Raises:
            RuntimeError: for a parametrization that is no right inverse of its own.
            ValueError: for what right_inverse should not return.

        >>> import minigrad as torch
        >>> class Doubled(torch.nn.Module):
        ...     def forward(self, x):
        ...         return 2 * x
        ...
        ...     def right_inverse(self, x):
        ...         return x / 2
        >>> from minigrad.nn.utils import parametrize
        >>> layer = parametrize.register_parametrization(torch.nn.Linear(2, 1), "weight", Doubled())
        >>> layer.weight = torch.ones(1, 2)
        >>> layer.parametrizations.weight.original.tolist(), layer.weight.tolist()
        ([[0.5, 0.5]], [[1.0, 1.0]])
        """
        with no_grad():
            new = self._inverted(value)
            parts = [new] if self.is_tensor else list(new)
            names = ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]
            if len(parts) != len(names):
                raise ValueError(f"right_inverse must return {len(names)} tensors, not {len(parts)}")
            for name, part in zip(names, parts, strict=True):
                known = getattr(self, name)
                if not isinstance(part, Tensor) or part.dtype != known.dtype:
                    told = part.dtype if isinstance(part, Tensor) else type(part).__name__
                    raise ValueError(f"right_inverse must return a {known.dtype} tensor, not {told}")
            for name, part in zip(names, parts, strict=True):
                getattr(self, name).data = part.detach().clone()

    def forward(self) -> Tensor:
        first, *others = self
        if self.is_tensor:
            x = first(self.original)
        else:
            x = first(*[getattr(self, f"original{i}") for i in range(self.ntensors)])
        for module in others:
            x = module(x)
        return x


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Compute a parameter or buffer of a module by a parametrization from now on; returns the module.

    The tensor itself becomes `module.parametrizations.<name>.original`, which is trained and saved. A
    second parametrization is applied to the result of the first. A parametrization may have a method
    `right_inverse(value)`: the original with which it gives the value, for assigning to the tensor.

    Arguments:
        module: has the tensor.
        tensor_name: its name there.
        parametrization: a module whose forward takes the original and returns a tensor of its shape.
        unsafe: whether it may change shape and dtype.

    Raises:
        ValueError: for an unknown name, and for a parametrization that changes shape or dtype.

    >>> import minigrad as torch
    >>> class Symmetric(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).T
    >>> layer = torch.nn.Linear(3, 3)
    >>> _ = torch.nn.utils.parametrize.register_parametrization(layer, "weight", Symmetric())
    >>> torch.equal(layer.weight, layer.weight.T)
    True
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        known: Any = module.parametrizations[tensor_name]
        if not unsafe:
            value = getattr(module, tensor_name)
            made = parametrization(value)
            _check("the parametrization", made, value)
            inverse = getattr(parametrization, "right_inverse", None)
            if inverse is not None:
                with suppress(NotImplementedError):
                    _check("right_inverse", inverse(made), value)
        known.append(parametrization)
        known.unsafe |= unsafe
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise ValueError(
            f"{type(module).__name__} has no parameter, buffer or parametrized tensor {tensor_name!r}"
        )
    made_list = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        module.parametrizations = ModuleDict()
    module.parametrizations[tensor_name] = made_list
    _dress(module)
    return module


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a parametrized tensor an ordinary one again; returns the module.

    Arguments:
        module: has the tensor.
        tensor_name: its name there.
        leave_parametrized: whether it keeps the value that was computed, and does not go back to the
            original.

    Raises:
        ValueError: for a tensor that is not parametrized, or has several originals to which it cannot go
            back.

    >>> import minigrad as torch
    >>> from minigrad.nn.utils import parametrize
    >>> layer = parametrize.register_parametrization(torch.nn.Linear(2, 1), "weight", torch.nn.Tanh())
    >>> parametrize.remove_parametrizations(layer, "weight")
    Linear(in_features=2, out_features=1, bias=True)
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"{type(module).__name__} has no parametrization of {tensor_name!r}")
    known: Any = module.parametrizations[tensor_name]
    value = getattr(module, tensor_name)
    if known.is_tensor:
        original = known.original
        if leave_parametrized:
            original.data = value.detach().clone()
    elif leave_parametrized:
        made = value.detach().clone()
        original = Parameter(made) if value.requires_grad else made
    else:
        raise ValueError(
            f"{tensor_name!r} is computed from several tensors and cannot go back to one original: use "
            "leave_parametrized=True"
        )
    del module.parametrizations[tensor_name]
    _dress(module)
    if isinstance(original, Parameter):
        module.register_parameter(tensor_name, original)
    else:
        module.register_buffer(tensor_name, original)
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """True if this tensor of the module (or, for None, any) is parametrized.

    Arguments:
        module: any module.
        tensor_name: a name, or None.

    >>> import minigrad as torch
    >>> torch.nn.utils.parametrize.is_parametrized(torch.nn.Linear(2, 1))
    False
    """
    known = module._modules.get("parametrizations")
    if not isinstance(known, ModuleDict):
        return False
    return len(known) > 0 if tensor_name is None else tensor_name in known


def type_before_parametrizations(module: Module) -> type:
    """The class of the module, without what parametrizations have made of it.

    Arguments:
        module: any module.

    >>> import minigrad as torch
    >>> from minigrad.nn.utils import parametrize
    >>> layer = parametrize.register_parametrization(torch.nn.Linear(2, 1), "weight", torch.nn.Tanh())
    >>> type(layer).__name__, parametrize.type_before_parametrizations(layer).__name__
    ('ParametrizedLinear', 'Linear')
    """
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def _check(what: str, made: Any, wanted: Tensor) -> None:
    """Raise unless a tensor was made of the shape and dtype of another."""
    if not isinstance(made, Tensor):
        raise ValueError(f"{what} must return a Tensor, not {type(made).__name__}")
    for kind, ours, theirs in (
        ("dtype", made.dtype, wanted.dtype),
        ("shape", tuple(made.shape), tuple(wanted.shape)),
    ):
        if ours != theirs:
            raise ValueError(
                f"{what} may not change the {kind} of the tensor, unless with unsafe=True: {theirs} became "
                f"{ours}"
            )


def _dress(module: Module) -> None:
    """Give the module the class that has a property for each of its parametrized tensors."""
    kind: Any = type(module)
    base = kind.__bases__[0] if "_parametrized" in vars(kind) else kind
    names = tuple(module.parametrizations)
    if not names:
        del module.parametrizations
    module.__class__ = _class_for(base, names) if names else base


@cache
def _class_for(base: type, names: tuple[str, ...]) -> type:
    def refuse(self: Any) -> None:
        raise RuntimeError(
            "a module with parametrizations cannot be pickled, for its class is made at run time: save its "
            "state_dict()"
        )

    def deepcopy(self: Any, memo: dict[int, Any]) -> Any:
        memo[id(self)] = copied = object.__new__(type(self))
        copied.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return copied

    body: dict[str, Any] = {name: _property(name) for name in names}
    body |= {"_parametrized": names, "__getstate__": refuse, "__module__": base.__module__}
    if not hasattr(base, "__deepcopy__"):
        body["__deepcopy__"] = deepcopy
    return type(f"Parametrized{base.__name__}", (base,), body)


def _property(name: str) -> property:
    def get(self: Any) -> Any:
        made = self.parametrizations[name]
        if not _cache.depth:
            return made()
        key = (id(self), name)
        if key not in _cache.values:
            _cache.values[key] = made()
        return _cache.values[key]

    def put(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(get, put)
