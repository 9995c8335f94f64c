"""Calling a module with other parameters and buffers than its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn.module import Module

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Mapping[str, Tensor] | Sequence[Mapping[str, Tensor]],
    args: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """`module(*args, **kwargs)`, with the given tensors in the place of its parameters and buffers.

    The module is as before afterwards. Gradients flow to the given tensors, which may be outputs of ops.
    A buffer that a forward assigns anew is put into the given dict.

    Arguments:
        module: any module.
        parameter_and_buffer_dicts: tensors by dotted name, or several such dicts without a common name. A
            name that is not there stays the module's own.
        args: the positional arguments: a tuple, or a single one.
        kwargs: the keyword arguments.
        tie_weights: whether a parameter that the module has under several names is replaced under all.
        strict: whether every parameter and buffer must be given, and nothing else.

    Raises:
        RuntimeError: with `strict`, for missing and unexpected names.
        ValueError: for a name in two dicts, or different tensors for one shared parameter.
        TypeError: for what is not a tensor.

    >>> import minigrad as torch
    >>> layer = torch.nn.Linear(2, 1)
    >>> weights = {"weight": torch.ones(1, 2, requires_grad=True), "bias": torch.zeros(1)}
    >>> torch.nn.utils.stateless.functional_call(layer, weights, torch.tensor([[1.0, 2.0]])).item()
    3.0
    """
    given = _one_dict(parameter_and_buffer_dicts)
    for name, tensor in given.items():
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"functional_call: {name!r} must be a Tensor, not {type(tensor).__name__}")
    places = _places(module)
    if strict:
        _check_names(module, places, given)
    values = _tied(places, given) if tie_weights else dict(given)
    given_args = () if args is None else args if isinstance(args, tuple) else (args,)
    with _exchanged(module, places, values, given):
        return module(*given_args, **(kwargs or {}))


Places = dict[str, tuple[dict[str, Any], str]]  # a dotted name: the table of the owner, the name in it


def _one_dict(given: Any) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return given  # type: ignore[return-value]
    if not isinstance(given, Sequence) or not all(isinstance(d, Mapping) for d in given):
        raise ValueError(
            "functional_call takes a dict of tensors by name, or a list or tuple of such dicts, not "
            f"{type(given).__name__}"
        )
    joined: dict[str, Any] = {}
    for d in given:
        if twice := sorted(joined.keys() & d.keys()):
            raise ValueError(f"functional_call: {', '.join(map(repr, twice))} in more than one of the dicts")
        joined.update(d)
    return joined


def _places(module: Module) -> Places:
    found: Places = {}
    for path, part in module.named_modules(remove_duplicate=False):
        for table in (part._parameters, part._buffers):
            for name, tensor in table.items():
                if tensor is not None:
                    found[f"{path}.{name}" if path else name] = (table, name)
    return found


def _check_names(module: Module, places: Places, given: Mapping[str, Any]) -> None:
    tensors = {id(table[name]) for table, name in (places[k] for k in given if k in places)}
    missing = [k for k, (table, name) in places.items() if k not in given and id(table[name]) not in tensors]
    unexpected = [k for k in given if k not in places]
    told = [
        f"{what} key(s): {', '.join(map(repr, keys))}."
        for what, keys in (("Unexpected", unexpected), ("Missing", missing))
        if keys
    ]
    if told:
        raise RuntimeError(f"functional_call of {type(module).__name__}: {' '.join(told)}")


def _tied(places: Places, given: Mapping[str, Any]) -> dict[str, Any]:
    """The given tensors, also under the other names of what they replace."""
    names: dict[int, list[str]] = {}
    for key, (table, name) in places.items():
        names.setdefault(id(table[name]), []).append(key)
    values = dict(given)
    for shared in names.values():
        chosen = [key for key in shared if key in given]
        if len({id(given[key]) for key in chosen}) > 1:
            raise ValueError(
                f"functional_call got different values for {', '.join(map(repr, chosen))}, which are names "
                "of one shared parameter; give it once, or tie_weights=False"
            )
        values.update(dict.fromkeys(shared, given[chosen[0]]) if chosen else {})
    return values


@contextmanager
def _exchanged(module: Module, places: Places, values: dict[str, Any], given: Any) -> Iterator[None]:
    """While it lasts, the module has these values; what it has at the end goes into the given dict."""
    known = {key: place for key in values if (place := places.get(key) or _place(module, key))}
    before = {key: table[name] for key, (table, name) in known.items()}
    try:
        for key, (table, name) in known.items():
            table[name] = values[key]
        yield
    finally:
        for key, (table, name) in known.items():
            if key in given and table.get(name) is not given[key]:
                given[key] = table[name]
            table[name] = before[key]


def _place(module: Module, key: str) -> tuple[dict[str, Any], str] | None:
    """The place of a name that stands for None or for a tensor that is a plain attribute."""
    path, _, name = key.rpartition(".")
    try:
        owner: Any = module.get_submodule(path)
    except AttributeError:
        return None
    for table in (owner._parameters, owner._buffers):
        if name in table:
            return table, name
    return (owner.__dict__, name) if isinstance(owner.__dict__.get(name), Tensor) else None
