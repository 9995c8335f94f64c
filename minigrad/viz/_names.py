"""The names of tensors: by their caller, by variables, by parameters of models."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn import Module

Named = Mapping[str, Tensor] | Iterable[tuple[str, Tensor]]

PACKAGE = str(Path(__file__).resolve().parent.parent) + os.sep


class Names:
    """Names of tensors, with what else is known of those that carry them.

    Attributes:
        tensors: (name, tensor) pairs, the most telling first.
        parameters: the same for parameters of models, by their dotted names.
        kinds: the class and options of a module, by its path.
        variables: of a parameter's name, or of a part's, the variable that holds it.
        place: the file and the line of the program that asked.
    """

    def __init__(self, names: Named | None, params: Named | Module | None) -> None:
        self.tensors: list[tuple[str, Tensor]] = []
        self.parameters: list[tuple[str, Tensor]] = []
        self.kinds: dict[str, tuple[str, str]] = {}
        self.variables: dict[str, str] = {}
        self.place: tuple[str, int] = ("", 0)
        if isinstance(params, Module):
            self._add_model("", params)
        elif params is not None:
            self.parameters += _pairs(params)
        if names is not None:
            self.tensors += _pairs(names)
        else:
            self._look_around(find_models=params is None)

    def _look_around(self, find_models: bool) -> None:
        """Take the names of the variables of the program that called."""
        models = []
        parts: list[
            tuple[str, Tensor]
        ] = []  # of a list or a dict: known by those where there is nothing better
        frame = _caller()
        if frame is not None:
            self.place = frame.f_code.co_filename, frame.f_lineno
        for name, value in _variables(frame):
            if isinstance(value, Tensor):
                self.tensors.append((name, value))
            elif isinstance(value, Module):
                models.append((name, value))
            elif isinstance(value, (list, tuple)) and len(value) <= 100:
                parts += [(f"{name}[{i}]", x) for i, x in enumerate(value) if isinstance(x, Tensor)]
            elif isinstance(value, dict) and len(value) <= 100:
                parts += [(f"{name}[{k!r}]", x) for k, x in value.items() if isinstance(x, Tensor)]
        self.tensors += parts
        if find_models:
            outer = _outermost(models)
            for name, model in outer:
                known = len(self.parameters)
                self._add_model(name + "." if len(outer) > 1 else "", model)
                self.variables |= {parameter: name for parameter, _ in self.parameters[known:]}

    def _add_model(self, prefix: str, model: Module) -> None:
        self.parameters += [(prefix + name, p) for name, p in model.named_parameters()]
        for path, module in model.named_modules():
            options = "" if any(module.children()) else module.extra_repr()
            self.kinds[(prefix + path).rstrip(".")] = (type(module).__name__, options)


def _pairs(named: Named) -> Iterator[tuple[str, Tensor]]:
    pairs = named.items() if isinstance(named, Mapping) else named
    return ((name, tensor) for name, tensor in pairs if isinstance(tensor, Tensor))


def _outermost(models: list[tuple[str, Module]]) -> list[tuple[str, Module]]:
    """Those that are no part of another, each once."""
    inside = {id(part) for _, model in models for part in model.modules() if part is not model}
    found: dict[int, tuple[str, Module]] = {}
    for name, model in models:
        if id(model) not in inside and any(True for _ in model.parameters()):
            found.setdefault(id(model), (name, model))
    return list(found.values())


def _caller() -> Any:
    """The innermost function outside this package."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return frame


def _variables(frame: Any) -> Iterator[tuple[str, Any]]:
    """The local, then the global variables of a function that runs."""
    if frame is None:
        return
    local = dict(frame.f_locals)
    for name, value in [*local.items(), *((k, v) for k, v in frame.f_globals.items() if k not in local)]:
        if name.isidentifier() and not name.startswith("_"):
            yield name, value
