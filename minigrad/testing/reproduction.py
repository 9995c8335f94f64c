"""Code that makes a failed check again."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad._tensor.tensor import Tensor

Array = Any
PRINTED = 256  # an input of more elements is not spelled out


def snippet(
    checker: str, functions: tuple[Callable[..., Any], ...], inputs: tuple[Any, ...], options: dict[str, Any]
) -> str:
    """The imports, the inputs and the call, indented; `options` are those that are not the defaults."""
    in_numpy = checker == "check_numpy_grads"
    lines = ["import numpy as np" if in_numpy else "import minigrad as torch"]
    lines.append(f"from minigrad.testing import {checker}")
    arguments, unknown = [], []
    for fn, placeholder in zip(functions, ("fn", "gradient"), strict=False):
        module, name = _importable(fn)
        lines += [f"from {module} import {name.partition('.')[0]}"] if module else []
        arguments.append(name or placeholder)
        unknown += [] if name else [f"{placeholder} is {described(fn)}"]
    lines += ["", *(f"x{i} = {spelled(x, in_numpy)}" for i, x in enumerate(inputs))]
    arguments += [f"x{i}" for i in range(len(inputs))]
    arguments += [f"{k}={_named(v)}" for k, v in options.items()]
    lines.append(f"{checker}({', '.join(arguments)})" + f"  # {', '.join(unknown)}" * bool(unknown))
    return "\n".join("    " + line if line else "" for line in lines)


def described(fn: Callable[..., Any]) -> str:
    """The name of a function and, where it is known, the line it was written on."""
    name = getattr(fn, "__qualname__", type(fn).__name__)
    owner = getattr(fn, "__self__", None)
    if isinstance(owner, type):  # a Function's apply: the class is what matters
        fn, name = owner, f"{owner.__qualname__}.{fn.__name__}"
    name = name.replace("<locals>.", "")
    try:
        file, line = inspect.getsourcefile(fn), inspect.getsourcelines(fn)[1]
    except (TypeError, OSError):
        return name
    return f"{name} ({file}:{line})"


def parameter_names(fn: Callable[..., Any]) -> list[str]:
    """The names of fn's positional arguments; of a module or a Function's apply, those of forward's."""
    owner = getattr(fn, "__self__", None)
    written = getattr(owner, "forward", fn) if isinstance(owner, type) else getattr(fn, "forward", fn)
    try:
        parameters = list(inspect.signature(written).parameters.values())
    except (TypeError, ValueError):
        return []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in positional and p.name != "ctx"]


def spelled(x: Any, in_numpy: bool = False) -> str:
    """An argument as the Python code that makes it."""
    if not isinstance(x, (Tensor, np.ndarray)):
        return repr(x)
    array = np.asarray(x.detach().numpy() if isinstance(x, Tensor) else x)
    if array.size > PRINTED:
        return f"...  # your {array.dtype.name} of shape {tuple(array.shape)}"
    made = f"torch.tensor({array.tolist()!r}, dtype=torch.{array.dtype.name})"
    if 0 in array.shape:
        made = f"torch.zeros({tuple(array.shape)}, dtype=torch.{array.dtype.name})"
    if in_numpy:
        made = made.replace("torch.tensor", "np.array").replace("torch.", "np.")
    made = made.replace("nan", "float('nan')").replace("inf", "float('inf')")
    made += ".requires_grad_()" * (isinstance(x, Tensor) and x.requires_grad)
    return made + "  # and not contiguous" * (not array.flags.c_contiguous)


def _importable(fn: Callable[..., Any]) -> tuple[str, str]:
    """The module and the name by which fn can be imported; empty where it cannot."""
    module, name = getattr(fn, "__module__", None) or "", getattr(fn, "__qualname__", "")
    owner = getattr(fn, "__self__", None)
    if isinstance(owner, type):
        module, name = owner.__module__, f"{owner.__qualname__}.{getattr(fn, '__name__', '')}"
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if module == "__main__" or found is None or found != fn:
        return "", ""
    return module, name


def _named(value: Any) -> str:
    return getattr(value, "__name__", repr(value)) if callable(value) else repr(value)
