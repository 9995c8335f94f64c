"""The place of a call: the user's line, and the layer, that make it."""

from __future__ import annotations

import dis
import sys
import sysconfig
from pathlib import Path
from typing import Any

import numpy as np

_ROOT = str(Path(__file__).parents[1])
_TRACE = str(Path(__file__).with_name("trace.py"))
_WAY_OUT = str(Path(__file__).parents[1] / "_tensor" / "way_out.py")
_SHORTCUTS = str(Path(__file__).parents[1] / "_tensor" / "shortcuts.py")
# The files of a forward that runs, and of the calls that it makes with a traced array.
_ABOVE_FORWARDS = (
    *(str(Path(__file__).parents[1] / part) for part in ("program", "ops", "engine/silence.py")),
    str(Path(np.__file__).parent), "<__array_function__",
)  # fmt: skip


_NOT_THE_USERS = (_ROOT, "<frozen", "<__array_function__")
_PYTHONS = sysconfig.get_paths()["stdlib"]


def user_line() -> tuple[str, int] | None:
    """The line of the caller's that runs now: the first outside of minigrad, NumPy and Python's library."""
    return place()[0]


def within_shortcut() -> bool:
    """True if the forward of an op runs that a shortcut has called: declined, it goes the complete way."""
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(_ABOVE_FORWARDS):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename == _SHORTCUTS


def is_returned(code: Any) -> bool:
    """True if the number that `Tensor.item` reads now is what the traced function returns at once.

    To be called by the array's `item`. `code` is that of the function: its next instruction is asked for.
    """
    method: Any = sys._getframe(2)
    frame = method.f_back
    own = (method.f_code.co_name, method.f_code.co_filename) == ("item", _WAY_OUT)
    if not own or frame.f_code is not code or frame.f_back.f_code.co_filename != _TRACE:
        return False
    following = (i.opname for i in dis.get_instructions(code) if i.offset > frame.f_lasti)
    return next(following, "") == "RETURN_VALUE"


def place() -> tuple[tuple[str, int] | None, Any]:
    """The caller's line that runs now, and the layer of minigrad's in whose `forward` it is, or None."""
    frame: Any = sys._getframe(1)
    layer = None
    while frame is not None:
        code = frame.f_code
        file = code.co_filename
        pythons = file.startswith(_PYTHONS) and "-packages" not in file
        if not pythons and not file.startswith(_NOT_THE_USERS) and "numpy" not in file:
            return (file, frame.f_lineno), layer
        if layer is None and code.co_name == "forward" and code.co_varnames[:1] == ("self",):
            layer = frame.f_locals["self"]
        frame = frame.f_back
    return None, layer
