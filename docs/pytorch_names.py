"""Write PyTorch's public names down.

    python docs/pytorch_names.py > minigrad/pytorch_names/names.txt

It needs PyTorch. A parity test holds the file to the PyTorch that is installed.
"""

import importlib
import operator
import pkgutil
import textwrap
import types
import warnings
from typing import Any

import torch

MODULES = [
    "nn", "nn.functional", "nn.init", "nn.utils", "nn.utils.rnn", "nn.utils.parametrize",
    "nn.utils.parametrizations", "nn.utils.prune", "nn.parameter", "hub",
    "optim", "optim.lr_scheduler", "optim.swa_utils",
    "linalg", "fft", "special", "func", "distributions", "random", "utils", "utils.data",
    "utils.checkpoint", "utils.benchmark", "autograd", "autograd.functional", "amp", "cuda", "cuda.amp",
    "accelerator", "cpu", "mps", "backends", "backends.cuda", "backends.cudnn", "backends.mps",
    "backends.mkl", "backends.mkldnn", "backends.openmp", "version", "testing",
]  # fmt: skip
CLASSES = ["Tensor", "nn.Module", "nn.Sequential", "nn.ModuleList", "nn.ModuleDict", "optim.Optimizer"]
# Of Python's and others' making, and imported into a module of PyTorch's.
FOREIGN = [
    "__future__", "abc", "bisect", "collections", "contextlib", "copyreg", "ctypes", "dataclasses",
    "enum", "functools", "importlib", "inspect", "io", "itertools", "math", "numpy", "operator", "os",
    "re", "sys", "textwrap", "threading", "types", "typing", "typing_extensions", "warnings", "weakref",
]  # fmt: skip


def public(owner: Any) -> list[str]:
    """The names of a module or a class without an underscore that are PyTorch's own."""
    found = []
    for name in dir(owner):
        if name.startswith("_") or name in ("torch", "TYPE_CHECKING"):
            continue
        try:
            value = getattr(owner, name)
        except Exception:  # a property that needs a device
            found.append(name)
            continue
        home = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None)
        again = owner is not torch and (value is torch.Tensor or name in ("inf", "pi", "nan"))
        if not again and not (isinstance(home, str) and home.split(".")[0] in FOREIGN):
            found.append(name)
    return sorted(found)


def modules() -> list[str]:
    """The modules of PyTorch, to the second level, that bear no underscore."""
    found = set(MODULES)
    for one in pkgutil.iter_modules(torch.__path__):
        found.add(one.name)
        if one.ispkg:
            paths = [f"{path}/{one.name}" for path in torch.__path__]
            found |= {f"{one.name}.{two.name}" for two in pkgutil.iter_modules(paths)}
    return sorted(name for name in found if not any(part.startswith("_") for part in name.split(".")))


def table() -> str:
    """The file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {"pytorch": [torch.__version__.split("+")[0]], "modules": modules(), "torch": public(torch)}
        for name in CLASSES:
            found[name] = public(operator.attrgetter(name)(torch))
        for name in MODULES:
            found[name] = public(importlib.import_module(f"torch.{name}"))
    lines = [
        textwrap.fill(f"{name}: {' '.join(names)}", 110, subsequent_indent=" ", break_on_hyphens=False)
        for name, names in found.items()
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
