"""`compile`: a function, or a module, whose calls run as programs of plain NumPy.

A call is first matched with the programs at hand by their guards. Where one fits, it runs. Else the call runs
eagerly, and is traced meanwhile. Where a call cannot be traced, calls are eager from then on.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

from minigrad._tensor.dtype import get_default_dtype
from minigrad._tensor.tracing import levels_of_thread, trace_of_thread
from minigrad.engine.mode import current
from minigrad.nn.module import Module, plain_call

from .guards import SeenError
from .numba_backend import njit
from .run import ChangedError, FailedError, Runner
from .steps import StepRunner
from .trace import TracedCall

MOST = 8  # programs of one function
_TRACING = threading.RLock()  # a trace takes the arrays of parameters into its hands


def compile(
    model: Any = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str = "numpy",
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    disable: bool = False,
) -> Any:
    """A module or function that computes the same, traced at its first call and then run as plain NumPy.

    Forward and backward become one program each, in which buffers are planned and used again. A call that
    sees anything new (a shape, a dtype, a flag, a Python value) is traced anew, at most 8 times; after that
    it runs eagerly, with a warning. A call in which Python reads a value (`if x.sum() > 0`) cannot be traced:
    it, and all that follow, are eager ones, with a warning. It may `return x.item()`, and read whole numbers
    among its inputs, such as lengths: these are compared at each call.

    A function may be a whole training step. Its forward and backward are one program; the optimiser,
    `zero_grad`, a schedule and the clipping of gradients are called after it, in the order of the function.
    Where the function looks at a gradient, or at a parameter after the step, or calls backward twice, its
    modules become programs, and the rest is eager.

    The result prints itself (`print(compiled)`) and shows its program (`compiled.source`).

    Arguments:
        model: a module or a function of tensors; without it the result is a decorator.
        fullgraph: raise where a call cannot be traced.
        dynamic: programs have fixed shapes: None or False.
        backend: "numpy", or "numba" (an extra), which makes one loop of neighbouring elementwise calls.
        mode: accepted as PyTorch names it; there is one mode.
        options: must be empty.
        disable: return the model itself.

    Raises:
        NotImplementedError: for `dynamic=True`, options, and another backend.
        ImportError: for the backend "numba" where numba is not installed.
        RuntimeError: in a call, with `fullgraph`, for what ended the trace.

    >>> import minigrad as torch
    >>> def line(x, w):
    ...     return (x * w).sum()
    >>> fast = torch.compile(line)
    >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> for x in (torch.ones(2), torch.tensor([3.0, 4.0])):
    ...     fast(x, w).backward()
    >>> w.grad
    tensor([4., 5.])

    A whole step:

    >>> optimizer = torch.optim.SGD([w], lr=0.1)
    >>> @torch.compile
    ... def step(x):
    ...     optimizer.zero_grad()
    ...     loss = line(x, w)
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> [step(torch.ones(2)) for _ in range(3)][-1].detach(), w
    (tensor(2.6000), tensor([0.7000, 1.7000], requires_grad=True))
    """
    if model is None:
        return lambda function: compile(
            function, fullgraph=fullgraph, dynamic=dynamic, backend=backend, mode=mode, options=options,
            disable=disable,
        )  # fmt: skip
    if not callable(model):
        raise TypeError(f"compile takes a module or a function, not {type(model).__name__}")
    if dynamic:
        raise NotImplementedError("compile: dynamic=True is not covered; each new shape is traced once")
    if options:
        raise NotImplementedError(f"compile: there are no options, and {sorted(options)} were given")
    if backend not in BACKENDS:
        raise NotImplementedError(f"compile: there is no backend {backend!r}; there is {', '.join(BACKENDS)}")
    if mode not in (None, "default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs"):
        raise RuntimeError(f"compile: unknown mode {mode!r}")
    if disable:
        return model
    if backend == "numba":
        njit()  # raises here where it is not installed
    calls = Calls(model, fullgraph, backend)
    return CompiledModule(model, calls) if isinstance(model, Module) else CompiledFunction(calls)


BACKENDS = ("numpy", "numba")


class Calls:
    """The programs of one function, and the choice between them."""

    def __init__(self, function: Any, fullgraph: bool, backend: str) -> None:
        self.function, self.fullgraph, self.backend = function, fullgraph, backend
        self.runners: list[Runner] = []
        self.traces = 0
        self.why_eager = ""
        self.eager = False
        self.parts: dict[Any, CompiledFunction] = {}  # modules that run as programs in an eager call
        self._last: tuple[Any, Any] = None, None  # a mode, and the program that ran in it

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if Module.__call__ is not plain_call:  # every module has hooks, for the time being
            return self.function(*args, **kwargs)
        mode = current()
        known, runner = self._last  # a mode is never changed, only replaced
        if levels_of_thread():
            return self.function(*args, **kwargs)  # its tensors may be batches
        if self.parts:
            return self._train(args, kwargs)
        if mode is known and trace_of_thread() is None and not self.eager:
            if runner.key[1] is get_default_dtype() and runner.check(args, kwargs):
                try:
                    return runner(args, kwargs)
                except ChangedError:
                    pass
                except FailedError as error:
                    return self._failed(runner, error, args, kwargs)
        elif self.eager or mode.recorder or mode.observer or mode.inference or trace_of_thread() is not None:
            return self.function(*args, **kwargs)
        key = mode.recording, get_default_dtype()
        runner = self._fitting(args, kwargs, key)
        if runner is None:
            with _TRACING:  # another thread may have traced meanwhile, or have had the tensors in its hands
                runner = self._fitting(args, kwargs, key)
                if runner is None:
                    return self._trace(args, kwargs, key)
        try:
            result = runner(args, kwargs)
        except ChangedError:  # by another thread, just now
            return self.function(*args, **kwargs)
        except FailedError as error:
            return self._failed(runner, error, args, kwargs)
        self._last = mode, runner
        return result

    def _fitting(self, args: Any, kwargs: Any, key: Any) -> Runner | None:
        for runner in self.runners:
            if runner.key == key and runner.check(args, kwargs) and runner.fits(args, kwargs):
                return runner
        return None

    def _failed(self, runner: Runner, error: Any, args: Any, kwargs: Any) -> Any:
        result = self.function(*args, **kwargs)  # nearly always this raises the same error, and tells all
        runner.failures += 1
        if runner.failures > MOST:
            self._give_up(f"its program failed {runner.failures} times, with {error}")
        return result

    def _trace(self, args: tuple[Any, ...], kwargs: dict[str, Any], key: Any) -> Any:
        if self.traces >= MOST:
            why = f"it was traced {MOST} times, and this call sees something new again"
            if self.fullgraph or why != self.why_eager:
                self._give_up(why)
                self.eager = False  # a call that its programs fit still runs as one
            return self.function(*args, **kwargs)
        try:
            call = TracedCall(self.function, args, kwargs)
        except SeenError as error:
            self._give_up(str(error))
            return self.function(*args, **kwargs)
        if call.sight.hooked:  # for this call only: hooks can be removed
            return self.function(*args, **kwargs)
        named = call.sight.training_names()
        if named and not self.fullgraph and not call.sight.only_steps():
            self._leave_steps(call.sight, "it is a training step", "backward" in named)
            return self._train(args, kwargs)
        self.traces += 1
        try:
            result = call.run()
        except Exception:
            if call.trains or call.acts:  # a step may be done: it must not be done again
                raise
            # If it is the user's error, eager mode raises it again, with none of our lines in the traceback.
            result = self.function(*args, **kwargs)
            self._give_up(f"tracing failed: {call.why_not}")
            return result
        if call.trains and not self.fullgraph:
            self._leave_steps(call.sight, call.why_not, call.recorded)
        elif call.program is None:
            self._give_up(call.why_not)
        else:
            kind = StepRunner if call.program.later else Runner
            self.runners = [kind(self, call, key), *self.runners]
        return result

    def _leave_steps(self, sight: Any, why: str, records: bool) -> None:
        """From now on the calls are eager, for they change gradients; the modules in them become programs."""
        self.eager, self.why_eager = True, why
        self.parts = {x: CompiledFunction(Calls(x.forward, False, self.backend)) for x in sight.outermost()}
        if records and not sight.modules:
            self._give_up(why)

    def _train(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An eager call whose modules run as programs."""
        for module, compiled in self.parts.items():
            vars(module)["forward"] = compiled
        try:
            return self.function(*args, **kwargs)
        finally:
            for module in self.parts:
                vars(module).pop("forward", None)

    def _give_up(self, why: str) -> None:
        self.eager, self.why_eager = True, why
        text = f"{name_of(self.function)} runs eagerly: {why}"
        if self.fullgraph:
            self.eager = False
            raise RuntimeError(f"compile(fullgraph=True): {text}")
        warnings.warn(f"minigrad.compile: {text}", UserWarning, stacklevel=_level())

    def __reduce__(self) -> Any:
        """A copy has no programs yet: those of this one are for this one's parameters."""
        return Calls, (self.function, self.fullgraph, self.backend)

    # --- to look at ---------------------------------------------------------------------------------------

    @property
    def source(self) -> str:
        """The program of the latest call, as a text."""
        if self.parts:
            return "\n".join([part.source for part in self.parts.values()])
        if not self.runners:
            return (
                f"# Nothing is traced yet{': ' + self.why_eager if self.why_eager else '; call it once'}.\n"
            )
        return (self._last[1] or self.runners[0]).source

    def __str__(self) -> str:
        lines = [f"compiled {name_of(self.function)}: " + _count(len(self.runners), "program")]
        lines += [f"  {runner}" for runner in self.runners]
        if self.why_eager:
            lines.append(f"  eager: {self.why_eager}")
        lines += [f"  {line}" for part in self.parts.values() for line in str(part).splitlines()]
        return "\n".join(lines)


class CompiledFunction:
    """A function that runs as programs; `source` shows the latest one's."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.__wrapped__ = calls.function
        self.__name__ = name_of(calls.function)
        self.__doc__ = getattr(calls.function, "__doc__", None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._calls(args, kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        return lambda *args, **kwargs: self._calls((instance, *args), kwargs)

    @property
    def source(self) -> str:
        """The program of the latest call as text: plain NumPy, to read, to save, to run without minigrad."""
        return self._calls.source

    def __repr__(self) -> str:
        return str(self._calls)


class CompiledModule(Module):
    """A module that runs as programs. Its part `_orig_mod` is the module itself, as in PyTorch.

    Parameters, modes and state are those of that module; the names in `state_dict` begin with `_orig_mod.`.
    """

    def __init__(self, module: Module, calls: Calls) -> None:
        super().__init__()
        self._orig_mod = module
        self.training = module.training
        object.__setattr__(self, "_calls", calls)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._hooked:
            return self._call_with_hooks(args, kwargs)
        return self._calls(args, kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The compiled module's output."""
        return self._calls(args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in ("_orig_mod", "_calls") or name.startswith("__"):
            return super().__getattr__(name)
        return getattr(super().__getattr__("_orig_mod"), name)

    @property
    def source(self) -> str:
        """The program of the latest call as text: plain NumPy, to read, to save, to run without minigrad."""
        calls: Calls = self._calls
        return calls.source

    def __str__(self) -> str:
        return str(self._calls)


def name_of(function: Callable[..., Any]) -> str:
    """A function's name, and a module's class."""
    return str(getattr(function, "__name__", type(function).__name__))


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _level() -> int:
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("minigrad."):
        level, frame = level + 1, frame.f_back
    return level
