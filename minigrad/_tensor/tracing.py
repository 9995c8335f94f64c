"""The trace that notes the NumPy calls of this thread (and asyncio task), while `minigrad.compile` traces."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

_current: ContextVar[Any] = ContextVar("trace", default=None)
# The trace, or None. It has run_op(op, arrays, options), which runs an op's forward on the arrays, and
# stream(generator), NumPy's stream of a Generator whose draws it notes.
trace_of_thread, set_trace = _current.get, _current.set
