"""Grad modes: whether ops are recorded. Per thread, as context managers and as decorators."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator
from typing import Any, Self

from minigrad.engine.mode import Mode, current, switch


class _GradMode:
    """Sets the mode between enter and exit, restoring it also after an exception; nests; decorates."""

    recording: bool
    _before: tuple[Mode, Any] | None = (
        None  # the mode to restore, and the same for the enters around this one
    )

    def __enter__(self) -> None:
        before = current()
        self._before = before, self._before
        if before.recording is not self.recording:
            switch(before.but(recording=self.recording))

    def __exit__(self, *exc: object) -> None:
        assert self._before is not None
        before, self._before = self._before
        switch(current().but(recording=before.recording))

    def _again(self) -> Self:
        """A fresh one for each call: one that threads share would mix up what to restore."""
        return type(self)()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        again = self._again

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with again():
                return function(*args, **kwargs)

        @functools.wraps(function)
        def stepwise(*args: Any, **kwargs: Any) -> Any:
            return (yield from _steps(function(*args, **kwargs), again))

        return stepwise if inspect.isgeneratorfunction(function) else wrapped


def _steps(generator: Generator[Any, Any, Any], again: Callable[[], _GradMode]) -> Generator[Any, Any, Any]:
    """Run each step of a generator in the mode; between the steps the caller has its own."""
    step: Callable[[Any], Any] = generator.send
    given: Any = None
    while True:
        try:
            with again():
                made = step(given)
        except StopIteration as end:
            return end.value
        try:
            step, given = generator.send, (yield made)
        except GeneratorExit:
            with again():
                generator.close()
            raise
        except BaseException as error:
            step, given = generator.throw, error


class no_grad(_GradMode):
    """Ops inside are not recorded.

    >>> import minigrad as torch
    >>> x = torch.ones(1, requires_grad=True)
    >>> with torch.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    recording = False

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        made = object.__new__(cls)
        if function is None:
            return made
        if not callable(function):
            raise TypeError(f"{cls.__name__} decorates a function, not {type(function).__name__}")
        return made(function)


class enable_grad(no_grad):
    """Ops inside are recorded, also within `no_grad`.

    >>> import minigrad as torch
    >>> x = torch.ones(1, requires_grad=True)
    >>> with torch.no_grad(), torch.enable_grad():
    ...     y = x * 2
    >>> y.requires_grad
    True
    """

    recording = True


inference_mode = no_grad


class set_grad_enabled(_GradMode):
    """Turns recording on or off at once; as a context manager, until its end.

    >>> import minigrad as torch
    >>> with torch.set_grad_enabled(False):
    ...     torch.is_grad_enabled()
    False
    """

    def __init__(self, mode: bool) -> None:
        self.recording = bool(mode)
        _GradMode.__enter__(self)

    def __enter__(self) -> None:
        pass

    def _again(self) -> Self:
        return type(self)(self.recording)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        self.__exit__()  # as a decorator it is about the function only
        return super().__call__(function)


def is_grad_enabled() -> bool:
    """Whether ops are recorded now, in this thread.

    >>> import minigrad as torch
    >>> torch.is_grad_enabled()
    True
    """
    return current().recording
