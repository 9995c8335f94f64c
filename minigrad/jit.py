"""PyTorch's compiler of scripts, as PyTorch has it where the environment says `PYTORCH_JIT=0`: switched off.

`script` and `trace` return the function or module as it is, and Python runs it: the same numbers.
"""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from minigrad.nn import Module
from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

isinstance = builtins.isinstance


class ScriptModule(Module):
    """A module; the base class that older programs take where their methods are compiled.

    No other module is of this class, as `script` returns them as they are.

    >>> import minigrad as torch
    >>> isinstance(torch.jit.script(torch.nn.ReLU()), torch.jit.ScriptModule)
    False
    """


class ScriptFunction:
    """The class of compiled functions, of which there are none.

    >>> import minigrad as torch
    >>> isinstance(torch.jit.script(abs), torch.jit.ScriptFunction)
    False
    """


def script(obj: Any, optimize: Any = None, _frames_up: int = 0, _rcb: Any = None, **more: Any) -> Any:
    """The function, class or module as it is; nothing is compiled.

    Arguments:
        obj: a function, a class or a module.
        optimize: accepted.
        more: `example_inputs`, accepted.

    >>> import minigrad as torch
    >>> @torch.jit.script
    ... def double(x):
    ...     return 2 * x
    >>> double(torch.ones(2))
    tensor([2., 2.])
    """
    return obj


def trace(func: Any, example_inputs: Any = None, **options: Any) -> Any:
    """The function or module as it is; it is not called.

    Arguments:
        func: a function or a module.
        example_inputs: accepted.
        options: accepted, such as `check_trace` and `strict`.

    >>> import minigrad as torch
    >>> torch.jit.trace(torch.sin, torch.ones(2)) is torch.sin
    True
    """
    return func


trace_module = trace


def _as_it_is(function: Any = None, **options: Any) -> Any:
    """A decorator that returns the function; with options, one that makes such a decorator."""
    return function if callable(function) else lambda decorated: decorated


ignore = unused = export = script_method = script_if_tracing = interface = _as_it_is


def is_scripting() -> bool:
    """False: Python runs the program.

    >>> import minigrad as torch
    >>> torch.jit.is_scripting()
    False
    """
    return False


def is_tracing() -> bool:
    """False: nothing is traced.

    >>> import minigrad as torch
    >>> torch.jit.is_tracing()
    False
    """
    return False


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value; its type is for a compiler.

    Arguments:
        the_type: the type.
        the_value: the value.

    >>> import minigrad as torch
    >>> torch.jit.annotate(list[int], [1])
    [1]
    """
    return the_value


def Attribute(value: Any, type: Any) -> Any:
    """The value, as PyTorch has it where its compiler is switched off.

    Arguments:
        value: the value.
        type: its type.

    >>> import minigrad as torch
    >>> torch.jit.Attribute(2, int)
    2
    """
    return value


def fork(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call the function at once, and keep the result for `wait`.

    Arguments:
        func: the function.
        args, kwargs: its arguments.

    >>> import minigrad as torch
    >>> torch.jit.wait(torch.jit.fork(torch.neg, torch.ones(1)))
    tensor([-1.])
    """
    return _Done(func(*args, **kwargs))


class _Done:
    """The result of a call that has ended."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def wait(self) -> Any:
        """The result."""
        return self._value

    value = wait

    def done(self) -> bool:
        """True."""
        return True


def wait(future: Any) -> Any:
    """The result of `fork`.

    Arguments:
        future: as `fork` returned it.

    >>> import minigrad as torch
    >>> torch.jit.wait(torch.jit.fork(max, 1, 2))
    2
    """
    return future.wait()


def freeze(mod: Any, preserved_attrs: Any = None, optimize_numerics: bool = True) -> Any:
    """The module as it is.

    Arguments:
        mod: a module that is not training.
        preserved_attrs, optimize_numerics: accepted.

    Raises:
        RuntimeError: for a module that is training.

    >>> import minigrad as torch
    >>> torch.jit.freeze(torch.nn.Linear(1, 1).eval())
    Linear(in_features=1, out_features=1, bias=True)
    """
    if mod.training:
        raise RuntimeError("freeze: the module is training; call its eval() first")
    return mod


def optimize_for_inference(mod: Any, other_methods: Any = None) -> Any:
    """The module as it is.

    Arguments:
        mod: a module.
        other_methods: accepted.

    >>> import minigrad as torch
    >>> torch.jit.optimize_for_inference(torch.nn.ReLU())
    ReLU()
    """
    return mod


@contextlib.contextmanager
def optimized_execution(should_optimize: bool) -> Iterator[None]:
    """A context that changes nothing.

    Arguments:
        should_optimize: accepted.

    >>> import minigrad as torch
    >>> with torch.jit.optimized_execution(True):
    ...     pass
    """
    yield


def save(m: Any, f: Any, _extra_files: Any = None) -> None:
    """Refused: a file of PyTorch's compiler holds its program.

    Arguments:
        m, f: the module and the file.

    Raises:
        NotImplementedError: always.

    >>> import minigrad as torch
    >>> torch.jit.save(torch.nn.ReLU(), "relu.pt")
    Traceback (most recent call last):
    NotImplementedError: jit.save: nothing is compiled here; torch.save(module.state_dict(), file) keeps it
    """
    raise NotImplementedError(
        "jit.save: nothing is compiled here; torch.save(module.state_dict(), file) keeps it"
    )


def load(f: Any, map_location: Any = None, _extra_files: Any = None) -> Any:
    """Refused: a file of PyTorch's compiler holds its program.

    Arguments:
        f, map_location: the file, and where to.

    Raises:
        NotImplementedError: always.

    >>> import minigrad as torch
    >>> torch.jit.load("relu.pt")
    Traceback (most recent call last):
    NotImplementedError: jit.load: minigrad runs Python, not PyTorch's compiled programs; make the module \
and load its state_dict
    """
    raise NotImplementedError(
        "jit.load: minigrad runs Python, not PyTorch's compiled programs; "
        "make the module and load its state_dict"
    )


__all__ = [
    "Attribute",
    "Final",
    "ScriptFunction",
    "ScriptModule",
    "annotate",
    "export",
    "fork",
    "freeze",
    "ignore",
    "interface",
    "is_scripting",
    "is_tracing",
    "isinstance",
    "load",
    "optimize_for_inference",
    "optimized_execution",
    "save",
    "script",
    "script_if_tracing",
    "script_method",
    "trace",
    "trace_module",
    "unused",
    "wait",
]
