"""The things that a function can see beside its arguments, and a quick check that none of them has changed.

Seen are: closure cells, globals that the code names, defaults, the object that a method belongs to, and from
there on the attributes of modules and of the user's other objects, the elements of containers, and the
functions that are called. Tensors among them are inputs of the program. Plain values are compared.
"""

from __future__ import annotations

import dis
import functools
import sys
import sysconfig
import time
import traceback
from argparse import Namespace
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from minigrad._tensor.random import Generator
from minigrad._tensor.record import history_of
from minigrad._tensor.tensor import Tensor
from minigrad._tensor.view import View
from minigrad.nn.module import Module

from .later import METHODS

_PLAIN = (
    int,
    float,
    str,
    bool,
    bytes,
    complex,
    type(None),
    type(...),
    np.dtype,
    np.generic,
    type,
    BuiltinFunctionType,
)
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_LIBRARY = tuple(
    {
        str(Path(__file__).parents[1]),
        *(sysconfig.get_paths()[k] for k in ("stdlib", "purelib", "platlib")),
    }
)
_NUMBERS = (int, float, str, bool, complex, type(None))
# Python's functions that take the elements of an iterator.
_TAKERS = {
    "next",
    "list",
    "tuple",
    "set",
    "dict",
    "zip",
    "enumerate",
    "map",
    "filter",
    "sum",
    "min",
    "max",
    "sorted",
}
_CLOCKS = {x for name, x in vars(time).items() if isinstance(x, BuiltinFunctionType) and name != "sleep"}
_CLOCK_NAMES = {x.__name__ for x in _CLOCKS}
_MOST = 20_000  # conditions
_LONGEST = 4096  # elements of the user's NumPy arrays that are compared at each call


class SeenError(Exception):
    """Something that cannot be watched: the call is an eager one."""


class Sight:
    """The sight of a call: conditions under which another sees the same, and the tensors.

    Attributes:
        tensors: the tensors that are no arguments, with the name of each.
        arguments: the tensors among the arguments, each with the expression that finds it in `args` and
            `kwargs`, and its name.
        modules: the modules, with the names of their paths.
        hooked: a module has hooks.
    """

    def __init__(
        self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], names: list[str]
    ) -> None:
        self.tensors: list[tuple[Any, str]] = []
        self.arguments: list[tuple[Any, str, str]] = []
        self.modules: dict[int, tuple[Any, str]] = {}
        self.generators: list[Any] = []
        self.streams: list[Any] = []  # NumPy's random generators
        self.libraries: list[Any] = []  # objects of libraries, whose values are not compared
        self.hooked = False
        self._called = function
        self.scope: dict[str, Any] = {"history_of": history_of, "ndarray": np.ndarray}
        self._conditions: list[str] = []
        self._layouts: list[str] = ["True"]
        self._of_libraries: list[str] = []  # conditions on the numbers of libraries' objects
        self._functions: list[FunctionType] = []  # those that may be called
        self._methods: dict[int, set[str]] = {}  # of those that are only seen in classes, the names there
        self._seen: dict[int, str] = {}
        self._iterators: list[str] = []
        self._takes_next = False  # code names `next` or another taker, or has a loop
        self._clocks: list[str] = []  # functions of time that code names
        self._waiting: deque[tuple[Any, str, str]] = deque()
        self._conditions += [f"len(args) == {len(args)}", f"len(kwargs) == {len(kwargs)}"]
        for i, x in enumerate(args):
            self._see(x, f"args[{i}]", names[i] if i < len(names) else f"arg{i}", argument=True)
        for key, x in kwargs.items():
            self._see(x, f"kwargs[{key!r}]", key, argument=True)
        self._waiting.append((function, "", ""))
        self._expand_all()
        if self._clocks:
            raise SeenError(f"it asks the clock, {self._clocks[0]}(), whose answer a program would repeat")
        if self._iterators and self._takes_next:
            raise SeenError(f"it sees an iterator, {self._iterators[0]}, of which a program takes no element")

    def watch(self, x: Any, values: Any) -> None:
        """Have the values of a tensor compared too, for Python has read them."""
        text = next((where for known, where, _ in self.arguments if known is x), None) or self._seen[id(x)]
        self._conditions.append(f"{text}._array.tobytes() == {self._bind(values.tobytes(), 'c')}")

    def check(self, steps: bool = False) -> Callable[[Any, Any], bool]:
        """A function of (args, kwargs): True if a call with them would see the same.

        Arguments:
            steps: leave out the numbers of libraries' objects, such as rates: the call only steps them.
        """
        return self._function([*self._conditions, *([] if steps else self._of_libraries)])

    def known(self) -> set[int]:
        """The ids of the objects that are the same ones at each call that passes `check`."""
        return set(self._seen)

    def only_steps(self) -> bool:
        """True if code uses the objects of libraries by no other methods than those of a training step."""
        used: set[str] = set()
        waiting = [(function, self._methods.get(id(function))) for function in self._functions]
        while called := [f for f, names in waiting if names is None or _is_called(names, used)]:
            waiting = [(f, names) for f, names in waiting if f not in called]
            for function in called:
                used.update(_names(function.__code__), _texts(function.__code__))
        return not any(used.intersection(_attributes(x)) - METHODS for x in self.libraries)

    def fits(self) -> Callable[[Any, Any], bool]:
        """A function like `check`: True if the tensors' arrays have the dtypes and layouts seen."""
        return self._function(self._layouts)

    def _function(self, conditions: list[str]) -> Callable[[Any, Any], bool]:
        text = "\n        and ".join(dict.fromkeys(conditions))
        scope = dict(self.scope)
        code = (
            f"def check(args, kwargs):\n    try:\n        return ({text})\n"
            "    except (LookupError, AttributeError, TypeError, ValueError):\n        return False\n"
        )
        exec(code, scope)
        return scope["check"]

    def outermost(self) -> list[Any]:
        """The modules that are no parts of others, to be compiled; for a method the parts of its object."""
        known = [x for x, _ in self.modules.values() if x is not getattr(self._called, "__self__", None)]
        inner = {id(part) for x in known for part in x.modules() if part is not x}
        whole = [x for x in known if id(x) not in inner and "forward" not in vars(x)]
        return [x for x in whole if not hasattr(x, "_calls")]

    def training_names(self) -> set[str]:
        """Those methods of a training step that the function itself names."""
        function = getattr(self._called, "forward", self._called)
        code = getattr(function, "__code__", None)
        steps = any(hasattr(x, "param_groups") for x in self.libraries)
        named = {"backward", "zero_grad", "step"} if steps else {"backward", "zero_grad"}
        return named.intersection(_names(code)) if code else set()

    # --- walking ----------------------------------------------------------------------------------------

    def _expand_all(self) -> None:
        while self._waiting:
            x, text, name = self._waiting.popleft()
            self._expand(x, text, name)

    def _bind(self, x: Any, kind: str = "o") -> str:
        name = f"{kind}{len(self.scope)}"
        self.scope[name] = x
        return name

    def _see(self, x: Any, text: str, name: str = "", argument: bool = False) -> None:
        """A thing that is found by the expression `text`."""
        if isinstance(x, Tensor):
            if argument:
                self._argument(x, text, name)
            else:
                if id(x) not in self._seen:
                    self._seen[id(x)] = self._bind(x, "t")
                    self.tensors.append((x, name))
                    self._conditions.append(self._tensor(x, self._seen[id(x)], own=True))
                self._conditions.append(f"{text} is {self._seen[id(x)]}")
            return
        if isinstance(x, _PLAIN):
            bound = self._bind(x, "c")
            same = f"{text} is {bound}"
            if isinstance(x, (int, float, str, bytes, complex, np.dtype, np.generic)) and not isinstance(
                x, bool
            ):
                same = f"({same} or ({text} == {bound} and type({text}) is type({bound})))"
            self._conditions.append(same)
            if isinstance(x, type) and not _is_library(x) and id(x) not in self._seen:
                self._seen[id(x)] = bound
                self._waiting.append((x, bound, ""))
            return
        if isinstance(x, np.ndarray):
            self._array(x, text)
            return
        if argument and type(x) in (tuple, list, dict):
            self._conditions += [f"type({text}) is {self._bind(type(x), 'k')}", f"len({text}) == {len(x)}"]
            for key, part in x.items() if type(x) is dict else enumerate(x):
                self._see(part, f"{text}[{key!r}]", f"{name}_{key}", argument=True)
            return
        self._methods.pop(id(x), None)
        if id(x) in self._seen:
            self._conditions.append(f"{text} is {self._seen[id(x)]}")
            return
        self._seen[id(x)] = bound = self._bind(x)
        self._conditions.append(f"{text} is {bound}")
        self._waiting.append((x, bound, name))

    def _tensor(self, x: Any, text: str, own: bool) -> str:
        """The condition that a tensor has the dtype, layout and need of a gradient that `x` has."""
        array, node = x._array, history_of(x)
        if type(array) is not np.ndarray:
            raise SeenError(f"the storage of a tensor is a {type(array).__name__}")
        layout = "flags.c_contiguous" if array.flags.c_contiguous else f"strides == {array.strides}"
        node_text = f"history_of({text})" if isinstance(x, View) else f"{text}._node"
        if own:  # the program itself sees that it has another array, and asks `fits`
            self._layouts.append(f"{_described(text + '._array', array, self)} and {text}._array.{layout}")
            return f"{node_text} is {self._bind(node, 'n')}"
        kind = self._bind(type(x), "k")
        local = f"x{len(self.scope)}"
        self.scope[local] = None
        need = f"{node_text} is {'' if node is None else 'not '}None"
        return (
            f"type({text}) is {kind} and {_described(f'({local} := {text}._array)', array, self, local)}"
            f" and {local}.{layout} and {need}"
        )

    def _argument(self, x: Any, text: str, name: str) -> None:
        for known, where, _ in self.arguments:
            if known is x:
                self._conditions.append(f"{text} is {where}")
                return
        self.arguments.append((x, text, name))
        self._conditions.append(self._tensor(x, text, own=False))

    def _array(self, x: Any, text: str) -> None:
        if x.size > _LONGEST or x.dtype.kind not in "biuf":
            raise SeenError(
                f"it sees a NumPy array of shape {x.shape}, which cannot be watched; make it a tensor"
            )
        same, copy = self._bind(_equal, "f"), self._bind(x.copy(), "c")
        self._conditions.append(f"{same}({text}, {copy})")

    def _names_within(self, x: Any, names: set[str]) -> None:
        """The names that code looks up in a module of the user's, and in the modules within it."""
        if not isinstance(x, ModuleType) or _is_library(x):
            return
        for name in names & vars(x).keys():
            part = vars(x)[name]
            known = id(part) in self._seen
            self._see(part, f"{self._seen[id(x)]}.{name}", name)
            if not known:
                self._names_within(part, names)

    def _expand(self, x: Any, bound: str, name: str) -> None:
        if len(self._conditions) > _MOST:
            raise SeenError(f"it sees more than {_MOST:,} values that would have to be compared at each call")
        if not bound:
            bound = self._bind(x)
            self._seen[id(x)] = bound
        if isinstance(x, Module):
            self._module(x, name)
        elif isinstance(x, FunctionType):
            if not _is_library(x):
                self._code(x)
        elif isinstance(x, MethodType):
            self._see(x.__self__, f"{bound}.__self__", name)
            self._see(x.__func__, f"{bound}.__func__")
        elif isinstance(x, functools.partial):
            self._see(x.func, f"{bound}.func")
            self._see(x.args, f"{bound}.args")
            self._see(x.keywords, f"{bound}.keywords")
        elif isinstance(x, (list, tuple, deque)):
            self._conditions.append(f"len({bound}) == {len(x)}")
            for i, part in enumerate(x):
                self._see(part, f"{bound}[{i}]", f"{name}_{i}" if name else "")
        elif isinstance(x, dict):
            self._conditions.append(f"len({bound}) == {len(x)}")
            for key, part in x.items():
                self._see(part, f"{bound}[{self._bind(key, 'c')}]", f"{name}_{key}" if name else str(key))
        elif isinstance(x, (set, frozenset)):
            self._conditions.append(f"{bound} == {self._bind(type(x)(x), 'c')}")
        elif isinstance(x, type):
            self._class(x)
        elif isinstance(x, Generator):
            self.generators.append(x)
        elif hasattr(x, "bit_generator"):
            self.streams.append(x)
        elif isinstance(x, (SimpleNamespace, Namespace)):
            self._object(x, name)
        elif hasattr(type(x), "__next__"):
            self._iterators.append(f"{name or 'unnamed'} ({type(x).__name__})")
        elif isinstance(x, ModuleType):
            pass  # names in a module of the user's are seen by the functions that name them
        elif _is_library(type(x)):
            self.libraries.append(x)
            self._settings(x, bound)
        elif hasattr(x, "__dict__"):
            self._object(x, name)

    def _settings(self, x: Any, bound: str) -> None:
        """The numbers and texts of a library's object, such as a schedule's rate, and of its optimiser."""
        mark = len(self._conditions)
        for key, part in getattr(x, "__dict__", {}).items():
            if (
                isinstance(part, _NUMBERS)
                or _holds_numbers(part)
                or isinstance(getattr(part, "param_groups", None), list)
            ):
                self._see(part, f"{bound}.__dict__[{key!r}]")
        groups = getattr(x, "param_groups", ())
        for i, group in enumerate(groups if isinstance(groups, list) else ()):
            for key, part in group.items():
                if isinstance(part, _NUMBERS) or _holds_numbers(part):
                    self._see(part, f"{bound}.param_groups[{i}][{key!r}]")
        self._of_libraries += self._conditions[mark:]
        del self._conditions[mark:]

    def _object(self, x: Any, name: str) -> None:
        own = self._bind(vars(x), "d")
        self._conditions.append(f"len({own}) == {len(vars(x))}")
        for key, part in vars(x).items():
            self._see(part, f"{own}[{key!r}]", f"{name}_{key}" if name else key)
        self._see_class(type(x))

    def _module(self, x: Any, name: str) -> None:
        self.modules[id(x)] = (x, name)
        if any(vars(x).get(hooks) for hooks in _HOOKS):
            self.hooked = True
        own = self._bind(vars(x), "d")
        self._conditions.append(f"len({own}) == {len(vars(x))}")
        for key, part in vars(x).items():
            if key in ("_parameters", "_buffers", "_modules"):
                table = self._bind(part, "d")
                self._conditions.append(f"len({table}) == {len(part)}" if part else f"not {table}")
                for inner, thing in part.items():
                    path = f"{name}_{inner}" if name else inner
                    self._see(thing, f"{table}[{inner!r}]", path)
            elif key not in _HOOKS and key != "_non_persistent_buffers":
                self._see(part, f"{own}[{key!r}]", f"{name}_{key}" if name else key)
        self._see_class(type(x))

    def _see_class(self, cls: type) -> None:
        for one in cls.__mro__:
            if not _is_library(one) and id(one) not in self._seen:
                self._seen[id(one)] = bound = self._bind(one, "k")
                self._waiting.append((one, bound, ""))

    def _class(self, cls: type) -> None:
        bound = self._seen[id(cls)]
        for key, found in vars(cls).items():
            part = getattr(found, "__func__", found)
            if key.startswith("__") and not isinstance(part, FunctionType):
                continue
            if isinstance(part, FunctionType):
                if id(part) in self._methods:
                    self._methods[id(part)] |= {key, cls.__name__ if key == "__init__" else key}
                if id(part) not in self._seen:
                    self._methods[id(part)] = {key, cls.__name__ if key == "__init__" else key}
                    self._seen[id(part)] = self._bind(part)
                    self._waiting.append((part, self._seen[id(part)], ""))
            elif isinstance(part, (*_PLAIN, Tensor, list, tuple, dict, set, np.ndarray)) and not _is_library(
                part
            ):
                self._see(part, f"{bound}.{key}", key)
        for base in cls.__mro__[1:]:
            self._see_class(base)

    def _code(self, function: Any) -> None:
        bound = self._seen[id(function)]
        self._functions.append(function)
        for cell, name in zip(function.__closure__ or (), function.__code__.co_freevars, strict=True):
            try:
                content = cell.cell_contents
            except ValueError:  # empty as yet
                continue
            self._see(content, f"{self._bind(cell, 'e')}.cell_contents", name)
            self._names_within(content, set(_names(function.__code__)))
        self._takes_next = self._takes_next or any(_loops(function.__code__))
        for kind in ("__defaults__", "__kwdefaults__"):
            self._see(getattr(function, kind), f"{bound}.{kind}")
        self._conditions.append(f"{bound}.__code__ is {self._bind(function.__code__, 'c')}")
        known = function.__globals__
        text = self._bind(known, "g")
        for name in dict.fromkeys(_global_names(function.__code__)):
            if name in known:
                part = known[name]
                self._see(part, f"{text}[{name!r}]", name)
                names = set(_names(function.__code__))
                self._names_within(part, names)
                if part is time:
                    self._clocks += sorted(names & _CLOCK_NAMES)
                elif isinstance(part, BuiltinFunctionType) and part in _CLOCKS:
                    self._clocks.append(name)
            else:
                self._takes_next = self._takes_next or name in _TAKERS
                self._conditions.append(f"{name!r} not in {text}")


def _is_called(names: set[str], used: set[str]) -> bool:
    """True if a method with these names may be called by code that uses others."""
    special = any(name.startswith("__") and name != "__init__" for name in names)
    return special or not names.isdisjoint(used)


def _attributes(x: Any) -> list[str]:
    return [name for name in dir(x) if not name.startswith("__")]


def _described(text: str, array: Any, sight: Sight, again: str = "") -> str:
    """The condition that an array is an ndarray of a shape and dtype."""
    again = again or text
    return (
        f"type({text}) is ndarray and {again}.shape == {array.shape}"
        f" and {again}.dtype is {sight._bind(array.dtype, 'c')}"
    )


def _equal(a: Any, b: Any) -> bool:
    return (
        isinstance(a, np.ndarray)
        and a.dtype == b.dtype
        and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    )


def _global_names(code: CodeType) -> Iterator[str]:
    """The names that code, and the functions defined in it, look up among globals."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _global_names(constant)


def _loops(code: CodeType) -> Iterator[bool]:
    """True for each loop of code over elements, and of the functions defined in it."""
    for instruction in dis.get_instructions(code):
        if instruction.opname == "GET_ITER":
            yield True
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _loops(constant)


def _holds_numbers(x: Any) -> bool:
    return type(x) in (list, tuple) and len(x) <= 64 and all(isinstance(part, _NUMBERS) for part in x)


def _texts(code: CodeType) -> Iterator[str]:
    """The texts in code that could be names of attributes, as in `getattr(x, "step")`."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _texts(constant)
        elif isinstance(constant, str) and constant.isidentifier():
            yield constant


def _names(code: CodeType) -> Iterator[str]:
    """The names that code, and the functions defined in it, look up among globals or attributes."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


@functools.cache
def _is_library_name(module: str) -> bool:
    root = module.partition(".")[0]
    if root in ("__main__", "builtins", ""):
        return root == "builtins"
    if root == "minigrad" or root in sys.stdlib_module_names:
        return True
    file = str(getattr(sys.modules.get(module), "__file__", None) or "")
    return file.startswith(_LIBRARY)


def _is_library(x: Any) -> bool:
    """True for a function, class or module that belongs to Python, to minigrad, or is installed."""
    if isinstance(x, FunctionType):  # not by the name of its module: an example in a docstring is the user's
        return x.__code__.co_filename.startswith((*_LIBRARY, "<frozen"))
    name = x.__name__ if isinstance(x, ModuleType) else getattr(x, "__module__", None)
    return _is_library_name(name if isinstance(name, str) else "")


def is_within_library(error: BaseException) -> bool:
    """True if an error was raised by code that is not the user's."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename.startswith((*_LIBRARY, "<"))
