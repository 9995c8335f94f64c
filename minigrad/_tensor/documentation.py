"""Name, docstring and signature of an op's function: made of its record, and of the words in `ops/about.py`.

Docstrings are made at once, signatures when somebody reads them: Python takes longer for these, and only
`help` and editors look.
"""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Callable, Sequence
from importlib import import_module
from inspect import Parameter, Signature
from typing import Any, TypeVar

import numpy as np

from minigrad.ops.op import Interval, Op

Function = TypeVar("Function", bound=Callable[..., Any])


class _Later(Signature):
    """A signature that is made when it is first read."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[], Signature]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Any:
        if name not in Signature.__slots__:
            raise AttributeError(name)
        made = self._make()
        for slot in Signature.__slots__:
            setattr(self, slot, getattr(made, slot))
        return getattr(made, name)

    def replace(self, **changes: Any) -> Any:
        """The plain signature with changes: Python makes that of a method in this way."""
        parameters = list(self.parameters.values())
        return Signature(parameters, return_annotation=self.return_annotation).replace(**changes)


def named(call: Function, op: Op, numbers: bool = True) -> Function:
    """The function with the name, the docstring and the signature that an op's record gives it.

    `numbers` says whether an operand may be a number beside a tensor.
    """
    call.__name__ = call.__qualname__ = op.name
    call.__doc__ = docstring(op, numbers)
    call.__signature__ = _Later(lambda: signature(op))  # type: ignore[attr-defined]
    return call


def like(function: Function, model: Callable[..., Any], first: str = "input") -> Function:
    """The function with the signature of another; its tensor (`self` or `input`) is named `first`.

    Keywords that the function itself has come last.
    """
    function.__signature__ = _Later(lambda: _with_first(function, model, first))  # type: ignore[attr-defined]
    return function


def passing_on(function: Function, model: Callable[..., Any]) -> Function:
    """The function, which takes some keywords itself and passes all else on, with the signature of both."""
    function.__signature__ = _Later(lambda: _joined(function, model))  # type: ignore[attr-defined]
    return function


def _joined(function: Callable[..., Any], model: Callable[..., Any]) -> Signature:
    known = inspect.signature(model)
    return _plain(known, [*known.parameters.values(), *_own(function)])


def _own(function: Callable[..., Any]) -> list[Parameter]:
    defaults = getattr(function, "__kwdefaults__", None) or {}
    return [Parameter(name, Parameter.KEYWORD_ONLY, default=value) for name, value in defaults.items()]


def _plain(known: Signature, parameters: Sequence[Parameter]) -> Signature:
    """Without the types of the parameters, among which their names would be hard to find."""
    return known.replace(parameters=[p.replace(annotation=Parameter.empty) for p in parameters])


def _with_first(function: Callable[..., Any], model: Callable[..., Any], first: str) -> Signature:
    known = inspect.signature(model)
    tensor, *others = known.parameters.values()
    named = tensor.replace(name=first) if tensor.name in ("self", "input") else tensor
    return _plain(known, [named, *others, *_own(function)])


def public_names(op: Op) -> dict[str, str]:
    """PyTorch's name of each input: the letters of a formula become `input` and `other`."""
    letters = itertools.takewhile(lambda name: len(name) == 1, op.inputs)
    return {name: name for name in op.inputs} | dict(zip(letters, ("input", "other"), strict=False))


def arguments(op: Op) -> dict[str, Any]:
    """The names that an op's function takes, and their defaults."""
    names = public_names(op)
    given = {names[name]: None if name in op.optional else Parameter.empty for name in op.inputs}
    return {**given, **op.options}


def signature(op: Op) -> Signature:
    """The signature of an op's function: all arguments by position or by name."""
    kind = Parameter.POSITIONAL_OR_KEYWORD
    parameters = [Parameter(name, kind, default=value) for name, value in arguments(op).items()]
    return Signature(parameters, return_annotation="Tensor")


def docstring(op: Op, numbers: bool = True) -> str:
    """Words about an op: its arguments, its derivative, the errors, and an example where there is one."""
    about = import_module("minigrad.ops.about")  # with the first function that is made
    summary, call, result = about.ABOUT.get(op.name, (f"The op {op.name}.", "", ""))
    several = op.variadic or len(op.meeting) > 1
    numbers = numbers and several and op.promote and not op.variadic
    lines = [summary, "", "Arguments:"]
    for place, name in enumerate(arguments(op)):
        words = about.ARGUMENTS.get(f"{op.name}.{name}") or about.ARGUMENTS.get(name)
        if words is None:
            words = _operand(op, place, numbers) if place < len(op.inputs) else "an option."
        lines.append(f"    {name}: {words}")
    lines.append("")
    if several and _elementwise(op):
        lines.append("Shapes broadcast.")
    lines.append(_dtypes(op, several))
    if op.view:
        lines.append("The result shares the memory of the input where it can.")
    lines += ["", "Raises:", *_errors(op, several), "", _derivative(op)]
    if call:
        lines += ["", ">>> import minigrad as torch", f">>> {call}", result]
    return "\n".join(lines)


def _operand(op: Op, place: int, numbers: bool) -> str:
    if op.variadic:
        return "a list of tensors."
    if place not in op.meeting:
        return "a tensor or an array, to which no gradient flows."
    return "a tensor of any shape, or a number beside a tensor." if numbers else "a tensor of any shape."


_ENDINGS = {
    "same": "the result has it",
    "float": "integers and booleans become the default floating dtype",
    "floating": "it is a floating one",
    "bool": "the result is boolean",
    "int": "the result is int64",
    "given": "the result has the dtype that is asked for",
}


def _dtypes(op: Op, several: bool) -> str:
    """The rule of the dtypes in a sentence."""
    ending = _ENDINGS[op.result]
    if several:
        operands = "Dtypes meet in one (see `promote_types`)" if op.promote else "The operands have one dtype"
        return f"{operands}; {ending}."
    if op.result in ("same", "floating"):
        return f"The result has the input's dtype{', a floating one' if op.result == 'floating' else ''}."
    return f"{ending[0].upper()}{ending[1:]}."


def _errors(op: Op, several: bool) -> list[str]:
    operand = "operands that are no tensors" if several else "an input that is no tensor"
    lines = [f"    TypeError: for {operand}."]
    if op.result == "floating":
        lines.append("    RuntimeError: for a tensor that is not floating.")
    if op.bools:
        lines.append(f"    RuntimeError: for booleans; {op.bools}.")
    if several:
        dtypes = "" if op.promote else " or dtypes"
        lines.append(f"    RuntimeError: for shapes{dtypes} that do not go together.")
    if op.once:
        lines.append(f"    RuntimeError: in a second backward; {op.once}.")
    if any(option.startswith("dim") for option in op.options):
        lines.append("    IndexError: for an axis that is not there.")
    return lines


def _derivative(op: Op) -> str:
    if not op.rules:
        return "No gradient flows through it."
    used = {*re.findall(r"\w+", op.formula)}
    letters = [f"{name} = {public}" for name, public in public_names(op).items() if name != public]
    where = f", with {' and '.join(letters)}" if letters and not used.isdisjoint(op.inputs) else ""
    return f"Derivative{where}: {op.formula}."


def _elementwise(op: Op) -> bool:
    if isinstance(op.forward, np.ufunc):
        return op.forward.signature is None
    return isinstance(op.domain, (Interval, tuple))
