"""The transformations in which this thread (and asyncio task) is: a trace of `compile`, calls of `vmap`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

_trace: ContextVar[Any] = ContextVar("trace", default=None)
# The trace, or None. It has run_op(op, arrays, options), which runs an op's forward on the arrays,
# stream(generator), NumPy's stream of a Generator: the trace notes its draws, trains(why), which is told that
# gradients of leaves are read or changed, walks(), which is told of a walk, and the answers for `put_off`
# and `put_off_clipping`.
trace_of_thread, set_trace = _trace.get, _trace.set


def put_off(owner: Any, name: str, *given: Any) -> bool:
    """Ask at the start of a method that changes gradients, parameters or rates: True where it is made later.

    A trace makes such calls, `owner.name(*given)`, when its steps are done. It can't for all: then the trace
    ends here, and the call goes on.
    """
    trace = trace_of_thread()
    return trace is not None and trace.puts_off(owner, name, *given)


def put_off_clipping(clip: Callable[..., Any], tensors: list[Any], *given: Any) -> Any:
    """The same for `clip(tensors, *given)` on gradients: a tensor that will have its result, or None."""
    trace = trace_of_thread()
    return None if trace is None else trace.puts_off_clipping(clip, tensors, *given)


_levels: ContextVar[tuple[Any, ...]] = ContextVar("levels", default=())
# The calls of `func.vmap` in which this thread is, the outermost first. Each has lift(tensor), the tensor as
# the same for all samples, and draws(stream), NumPy's stream of a Generator as the samples see it.
levels_of_thread, set_levels = _levels.get, _levels.set


def for_each_sample(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function that looks at values run on one sample of a batch after the other."""
    return _on_samples(function, draws=False)


def drawn_for_each_sample(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a function that draws random numbers."""
    return _on_samples(function, draws=True)


def _on_samples(function: Callable[..., Any], draws: bool) -> Callable[..., Any]:
    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            level = getattr(error, "level", None)
            if level is None:
                raise
            return level.each(run, args, kwargs, draws)

    return run
