"""Grad modes: whether ops are recorded. Per thread, as context managers and as decorators."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar
from typing import Any, Self

from minigrad.engine.mode import Mode, current, switch

# The managers that this thread, or asyncio task, is within: (context manager, the mode before it, the mode
# that it set, the same for those around it). It lies here, not in the managers, so that threads and tasks may
# share one.
_within: ContextVar[Any] = ContextVar("within", default=None)


def enter(manager: Any, mode: Mode) -> None:
    """Switch to `mode`, for `leave` to undo. An interrupt in between leaves everything as it was."""
    before, within = current(), _within.get()
    try:
        _within.set((manager, before, mode, within))
        switch(mode)
    except BaseException:
        _within.set(within)
        switch(before)
        raise


def leave(manager: Any, *attributes: str) -> None:
    """Give these attributes of the mode the values they had before `manager` was last entered here.

    Managers need not be left in the order of a stack: a generator may hold one open.
    """
    over: list[Any] = []
    within = _within.get()
    while within is not None and within[0] is not manager:
        over.append(within[:3])
        within = within[3]
    if within is None:
        return  # entered in another context, with a mode of its own
    _, before, mode, within = within
    for entry in reversed(over):
        within = (*entry, within)
    now = current()
    try:  # nearly always nothing else has changed since
        switch(before if now is mode else now.but(**{name: getattr(before, name) for name in attributes}))
    finally:
        _within.set(within)


class _GradMode:
    """Sets the mode between enter and exit, restoring it also after an exception; nests; decorates."""

    recording: bool

    def __enter__(self) -> None:
        enter(self, self._mode())

    def __exit__(self, *exc: object) -> None:
        leave(self, "recording", "inference")

    def _mode(self) -> Mode:
        """The mode inside: the present one, with recording on or off. Within inference_mode it stays off."""
        now = current()
        if now.recording is self.recording or now.inference:
            return now
        return Mode(self.recording, now.recorder, now.observer)

    def _again(self) -> Self:
        """A fresh one for each call of what it decorates."""
        return type(self)()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function, a generator function, or their async kinds."""
        name = type(self).__name__
        if isinstance(function, type):
            raise TypeError(f"{name} cannot decorate a class ({function.__name__}); decorate its methods")
        if not callable(function):
            raise TypeError(f"{name} decorates a function, not {type(function).__name__}")
        again = self._again

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            # Not `with`: of an interrupt that comes just before its exit runs, nobody would clean up.
            before, within, manager = current(), _within.get(), again()
            try:
                manager.__enter__()
                result = function(*args, **kwargs)
                manager.__exit__()
            except BaseException:
                switch(before)
                _within.set(within)
                raise
            return result

        def stepwise(*args: Any, **kwargs: Any) -> Any:
            return (yield from _steps(function(*args, **kwargs), again))

        async def awaited(*args: Any, **kwargs: Any) -> Any:
            return await _Awaited(_steps(function(*args, **kwargs), again))

        async def async_stepwise(*args: Any, **kwargs: Any) -> Any:
            generator = function(*args, **kwargs)
            step, given = generator.asend, None
            while True:
                try:
                    made = await _Awaited(_steps(step(given), again))
                except StopAsyncIteration:
                    return
                try:
                    step, given = generator.asend, (yield made)
                except GeneratorExit:
                    await _Awaited(_steps(generator.aclose(), again))
                    raise
                except BaseException as error:
                    step, given = generator.athrow, error

        made: Any = wrapped
        if inspect.isgeneratorfunction(function):
            made = stepwise
        elif inspect.iscoroutinefunction(function):
            made = awaited
        elif inspect.isasyncgenfunction(function):
            made = async_stepwise
        return functools.wraps(function)(made)


class _Awaited:
    """An awaitable made of a generator of steps."""

    def __init__(self, steps: Generator[Any, Any, Any]) -> None:
        self._steps = steps

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._steps


def _steps(
    inner: Generator[Any, Any, Any] | Coroutine[Any, Any, Any], again: Callable[[], _GradMode]
) -> Generator[Any, Any, Any]:
    """Run each step of a generator or coroutine in the mode; between the steps the caller has its own."""
    step: Callable[[Any], Any] = inner.send
    given: Any = None
    while True:
        try:
            with again():
                made = step(given)
        except StopIteration as end:
            return end.value
        try:
            step, given = inner.send, (yield made)
        except GeneratorExit:
            with again():
                inner.close()
            raise
        except BaseException as error:
            step, given = inner.throw, error


class no_grad(_GradMode):
    """Ops inside are not recorded. Also a decorator, with or without parentheses.

    Arguments:
        function: to be decorated, where it is used without parentheses.

    >>> import minigrad as torch
    >>> x = torch.ones(1, requires_grad=True)
    >>> with torch.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    >>> @torch.no_grad()
    ... def double(x):
    ...     return x * 2
    >>> double(x)
    tensor([2.])
    """

    recording = False

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        made = object.__new__(cls)
        return made if function is None else made(function)


class enable_grad(no_grad):
    """Ops inside are recorded, also within `no_grad`; not within `inference_mode`.

    Arguments:
        function: to be decorated, where it is used without parentheses.

    >>> import minigrad as torch
    >>> x = torch.ones(1, requires_grad=True)
    >>> with torch.no_grad(), torch.enable_grad():
    ...     y = x * 2
    >>> y.requires_grad
    True
    """

    recording = True


class inference_mode(_GradMode):
    """`no_grad` which an `enable_grad` inside it does not undo; `inference_mode(False)` does.

    The tensors made inside stay out of every later graph: outside they can be neither saved for backward nor
    written in place, and cannot require grad. A `clone()` made outside is an ordinary tensor. Parameters of a
    module that is made inside are ordinary ones too.

    Arguments:
        mode: whether recording is off; or a function to be decorated.

    >>> import minigrad as torch
    >>> x = torch.ones(1, requires_grad=True)
    >>> with torch.inference_mode(), torch.enable_grad():
    ...     y = x * 2
    >>> y.requires_grad, y.is_inference(), y.clone().is_inference()
    (False, True, False)
    """

    def __new__(cls, mode: bool | Callable[..., Any] = True) -> Any:
        made = object.__new__(cls)
        if isinstance(mode, bool):
            made.inference, made.recording = mode, not mode
            return made
        return cls()(mode)

    def _mode(self) -> Mode:
        return current().but(recording=self.recording, inference=self.inference)

    def _again(self) -> Any:
        return inference_mode(self.inference)

    inference: bool


class set_grad_enabled(_GradMode):
    """Turns recording on or off at once; as a context manager, until its end.

    Arguments:
        mode: whether ops are recorded.

    >>> import minigrad as torch
    >>> with torch.set_grad_enabled(False):
    ...     torch.is_grad_enabled()
    False
    """

    def __init__(self, mode: bool) -> None:
        self.recording = bool(mode)
        self._before = current().recording
        switch(self._mode())

    def __enter__(self) -> None:
        switch(self._mode())

    def __exit__(self, *exc: object) -> None:
        switch(current().but(recording=self._before))

    def _again(self) -> Self:
        return type(self)(self.recording)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function; as a decorator it is about that function only."""
        self.__exit__()
        return super().__call__(function)


def is_grad_enabled() -> bool:
    """True if ops are recorded now, in this thread.

    >>> import minigrad as torch
    >>> torch.is_grad_enabled()
    True
    """
    return current().recording


def is_inference_mode_enabled() -> bool:
    """True if this is inside an `inference_mode`.

    >>> import minigrad as torch
    >>> with torch.inference_mode():
    ...     torch.is_inference_mode_enabled()
    True
    """
    return current().inference
