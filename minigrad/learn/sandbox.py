"""Running a learner's code so that nothing it does ends, blocks or floods the grader.

In a notebook a function runs in a thread with a time limit. From the command line all of it runs in a
process of its own besides, which can be ended whatever it does.
"""

from __future__ import annotations

import contextlib
import copy
import ctypes
import io
import linecache
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .compare import MisfitError

MESSAGE = 160  # characters of an error's own words
KEPT = 2000  # characters of what a learner's code prints


class OutOfTime(BaseException):
    """A call that did not end in time."""


class TroubleError(Exception):
    """A learner's code could not be run; the message is a sentence for the learner."""


class _Bounded(io.TextIOBase):
    """Keeps the first characters that are written, and forgets the rest."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        if len(self.text) < KEPT:
            self.text += text[: KEPT - len(self.text)]
        return len(text)

    def writable(self) -> bool:
        return True


class _Input(contextlib.redirect_stdout[io.StringIO]):
    """As `redirect_stdout`, for what a program reads."""

    _stream = "stdin"


@contextlib.contextmanager
def quiet() -> Iterator[_Bounded]:
    """Catch what is printed; nobody answers an input(); warnings are left out."""
    said = _Bounded()
    with (
        _Input(io.StringIO("")),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield said


def limited(call: Callable[[], Any], seconds: float) -> Any:
    """The result of `call()`, or OutOfTime after so many seconds.

    >>> limited(lambda: 1 + 1, 1.0)
    2
    """
    if sys.platform == "emscripten":  # a browser has no threads; the page ends a loop that goes on
        with np.errstate(all="ignore"):
            return call()
    done: list[tuple[Any, BaseException | None]] = []

    def work() -> None:
        try:
            with np.errstate(all="ignore"):
                done.append((call(), None))
        except BaseException as error:
            done.append((None, error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if not done:
        if thread.is_alive() and thread.ident is not None:
            # Python raises it in that thread before its next instruction.
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(OutOfTime)
            )
            thread.join(0.2)
        raise OutOfTime
    result, error = done[0]
    if error is not None:
        raise error
    return result


class Answer:
    """The learner's functions, as attributes; each is called so that what goes wrong becomes a sentence."""

    def __init__(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        self._functions = dict(functions)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = self._functions[name]

        def call(*arguments: Any) -> Any:
            before = copy.deepcopy([a for a in arguments if _is_data(a)])
            try:
                made = function(*arguments)
            except (OutOfTime, TroubleError):
                raise
            except BaseException as error:
                raise TroubleError(sentence(error, name, _file(function))) from error
            for was, now in zip(before, filter(_is_data, arguments), strict=True):
                if not _equal(was, now):
                    raise TroubleError(
                        f"{name} changed its input: it wrote over the array that it was given. Make a new "
                        "array, as in `x = x * 2`; `x *= 2` writes into the caller's."
                    )
            return made

        return call


def _file(function: Any) -> str:
    code = getattr(function, "__code__", None) or getattr(
        getattr(function, "__init__", None), "__code__", None
    )
    return code.co_filename if code else ""


def _is_data(value: Any) -> bool:
    return isinstance(value, np.ndarray) or (
        isinstance(value, (list, tuple, dict)) and all(isinstance(v, (int, float, np.ndarray)) for v in value)
    )


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True)
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def sentence(error: BaseException, name: str, file: str = "") -> str:
    """One sentence on what a learner's code raised, and where in `file`."""
    where = _where(error, file)
    if isinstance(error, MisfitError):
        return str(error)
    if isinstance(error, SystemExit):
        return f"{name} ended the program (exit() or sys.exit()). Use `return` instead."
    if isinstance(error, RecursionError):
        return f"{name} called itself until Python gave up{where}. What ends the recursion?"
    if isinstance(error, MemoryError):
        return f"{name} asked for more memory than there is{where}."
    if isinstance(error, EOFError):
        return f"{name} waits for input(), and nobody answers here. Use its arguments."
    said = _first_sentences(str(error))
    return f"{name} stopped with {type(error).__name__}{where}{': ' if said else '.'}{said}"


def _first_sentences(text: str) -> str:
    """So much of a message as fits into two lines, without half a sentence at its end."""
    line = (text.strip().splitlines() or [""])[0]
    if len(line) <= MESSAGE:
        return line
    end = line.rfind(". ", 0, MESSAGE)
    return line[: end + 1] if end > 0 else line[:MESSAGE] + "..."


def _where(error: BaseException, file: str) -> str:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    if not frames or not frames[-1].line:
        return ""
    return f" in line {frames[-1].lineno}, `{frames[-1].line.strip()[:80]}`"


def functions_of(source: str, file: str, names: tuple[str, ...], seconds: float = 2.0) -> dict[str, Any]:
    """Run a learner's file, and take the functions from it.

    Raises:
        TroubleError: where the file does not run, or a function is missing.
    """
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    scope: dict[str, Any] = {"__name__": "lesson", "__file__": file}
    try:
        code = compile(source, file, "exec")
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        text = (getattr(error, "text", "") or "").strip()[:80]
        at = f" in line {line}: `{text}`" if line else ""
        raise TroubleError(f"Python cannot read the file: {getattr(error, 'msg', error)}{at}.") from None
    try:
        limited(lambda: exec(code, scope), seconds)
    except OutOfTime:
        raise TroubleError(f"the file itself did not end in {seconds:g} seconds: an endless loop?") from None
    except BaseException as error:
        raise TroubleError(sentence(error, "the file", file)) from error
    missing = [name for name in names if not callable(scope.get(name))]
    if missing:
        raise TroubleError(
            f"the file has no function named {' or '.join(missing)}. Keep the names that the starter has."
        )
    return {name: scope[name] for name in names}
