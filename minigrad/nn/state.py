"""State dicts: what a module saves under which name, and loading it back all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from minigrad._tensor.tensor import Tensor
from minigrad.autograd import no_grad
from minigrad.nn.parameter import Parameter, is_lazy
from minigrad.nn.registry import Registry, nearest

Part = Any  # a module; only its tables and its extra state are used here


class IncompatibleKeys(NamedTuple):
    """The names that did not match in a load that was not strict."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


EXTRA = "_extra_state"


def entries(
    module: Part, prefix: str = "", has_extra: Callable[[Part], bool] = lambda _: False
) -> Iterator[tuple[str, Any, tuple[Registry[Any], str]]]:
    """Each saved name, its tensor, and its place (owner, attribute); a shared tensor under all its names.

    Of a module that has an extra state that one comes too, without a tensor.
    """
    for name, parameter in module._parameters.items():
        if parameter is not None:
            yield prefix + name, parameter, (module, name)
    for name, buffer in module._buffers.items():
        if buffer is not None and name not in module._non_persistent_buffers:
            yield prefix + name, buffer, (module, name)
    if has_extra(module):
        yield prefix + EXTRA, None, (module, EXTRA)
    for name, child in module._modules.items():
        if child is not None:
            yield from entries(child, f"{prefix}{name}.", has_extra)


def load(
    module: Part,
    state_dict: Mapping[str, Any],
    strict: bool,
    assign: bool,
    told: tuple[list[str], list[str], list[str]] = ([], [], []),
    after: Sequence[tuple[Any, Any]] = (),
    has_extra: Callable[[Part], bool] = lambda _: False,
) -> IncompatibleKeys:
    """Check every key, then copy; nothing is written when anything is wrong.

    Arguments:
        has_extra: tells of a part if it takes an extra state.
        module, state_dict, strict, assign: those of `load_state_dict`.
        told: missing keys, unexpected keys and errors that hooks have found.
        after: pairs (hook, part) to call at the end; they may make missing and unexpected keys good.
    """
    if not isinstance(state_dict, Mapping):
        raise TypeError(
            f"load_state_dict takes a mapping of names to tensors, not {type(state_dict).__name__}"
        )
    own = {name: (tensor, place) for name, tensor, place in entries(module, "", has_extra)}
    keys = IncompatibleKeys(
        [*told[0], *(k for k in own if k not in state_dict)],
        [*told[1], *(k for k in state_dict if k not in own)],
    )
    problems = [
        _misfit(name, tensor, state_dict[name])
        for name, (tensor, _) in own.items()
        if name in state_dict and tensor is not None
    ]
    problems = [*told[2], *filter(None, problems)]
    open_questions = strict and (keys.missing_keys or keys.unexpected_keys)
    if problems or (open_questions and not after):
        _refuse(module, keys, problems, strict)
    given = [(x, *place, state_dict[name]) for name, (x, place) in own.items() if name in state_dict]
    known = [entry for entry in given if entry[0] is not None]
    extra = [(owner, value) for x, owner, _, value in given if x is None]
    before = [_before(*entry, assign) for entry in known] if open_questions or extra else []
    with no_grad():
        _write(known, assign)
        try:
            for owner, value in extra:
                owner.set_extra_state(value)
        except BaseException:
            _write(before, assign)
            raise
        for hook, part in after:
            if hook(part, keys) is not None:
                raise AssertionError(
                    "a hook after load_state_dict must return None; it changes the lists of keys in place"
                )
        if strict and (keys.missing_keys or keys.unexpected_keys):
            _write(before, assign)
            _refuse(module, keys, problems, strict)
    return keys


Written = tuple[Any, Registry[Any], str, Any]  # a tensor, its owner, its name there, and the values to come


def _write(written: list[Written], assign: bool) -> None:
    for tensor, owner, attribute, value in written:
        if is_lazy(value):
            continue
        if not assign:
            if is_lazy(tensor):
                tensor.materialize(value.shape)
            tensor.copy_(value)
        elif isinstance(tensor, Parameter):
            kept = value if value is tensor else Parameter(value.detach(), tensor.requires_grad)
            owner._parameters[attribute] = kept
        else:
            owner._buffers[attribute] = value if value is tensor else value.detach()


def _before(tensor: Any, owner: Registry[Any], attribute: str, _: Any, assign: bool) -> Written:
    """The entry that writes the old values back."""
    return (tensor, owner, attribute, tensor if assign or is_lazy(tensor) else tensor.detach().clone())


def _refuse(module: Part, keys: IncompatibleKeys, problems: list[str], strict: bool) -> NoReturn:
    if strict:
        if keys.unexpected_keys:
            names = ", ".join(_with_nearest(key, keys.missing_keys) for key in keys.unexpected_keys)
            problems.insert(0, f"Unexpected key(s) in state_dict: {names}.")
        if keys.missing_keys:
            problems.insert(0, f"Missing key(s) in state_dict: {', '.join(map(_quote, keys.missing_keys))}.")
    lines = "".join(f"\n  {problem}" for problem in problems)
    raise RuntimeError(
        f"cannot load this state_dict into {type(module).__name__}, which is unchanged:{lines}"
    )


def _misfit(name: str, tensor: Tensor, value: Any) -> str:
    """Why a value cannot be loaded into a tensor, or the empty string."""
    if not isinstance(value, Tensor):
        return f"{_quote(name)} must be a Tensor, not {type(value).__name__}."
    if is_lazy(tensor):
        return ""
    if is_lazy(value):
        return f"the value for {name} has no shape yet: call the module that it was saved from first."
    if value.shape != tensor.shape:
        return (
            f"size mismatch for {name}: the state_dict has {tuple(value.shape)}, "
            f"the module {tuple(tensor.shape)}."
        )
    return ""


def _quote(name: str) -> str:
    return f'"{name}"'


def _with_nearest(key: str, candidates: list[str]) -> str:
    near = nearest(str(key), candidates)
    return f'"{key}" (did you mean "{near}"?)' if near else f'"{key}"'
