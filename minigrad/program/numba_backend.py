"""The numba backend: neighbouring elementwise calls become one loop, compiled to machine code.

Values that only the loop itself uses stay in registers and need no buffer. Everything else runs as in the
NumPy backend. (numba is an extra: pip install numba. A loop is compiled at its first call: a second or more.)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.ops.kernels import keep_kernel

from .functions import Ufunc
from .instructions import Step, Value

KEEP: Any = keep_kernel.__wrapped__  # type: ignore[attr-defined]
_MOST_CALLS, _MOST_ARRAYS = 250, 40  # of a loop
_UFUNCS = {
    np.add, np.subtract, np.multiply, np.true_divide, np.negative, np.exp, np.expm1, np.log, np.log1p,
    np.log2, np.sqrt, np.square, np.tanh, np.sin, np.cos, np.sinh, np.cosh, np.maximum, np.minimum,
    np.absolute, np.greater, np.less, np.greater_equal, np.less_equal, np.equal, np.not_equal,
    np.reciprocal, np.arctan,
}  # fmt: skip
_FLOATS = {np.dtype(np.float32): "f4", np.dtype(np.float64): "f8"}


def njit() -> Any:
    """numba's decorator.

    Raises:
        ImportError: numba is not installed.
    """
    try:
        import numba  # noqa: PLC0415 (an extra, loaded for this backend only)
    except ImportError:
        raise ImportError('compile(backend="numba") needs numba: pip install numba') from None
    return numba.njit(error_model="numpy")


class Loop:
    """A run of elementwise steps of one shape, and the text of its function."""

    def __init__(self, shape: tuple[int, ...], rows: dict[Value, tuple[Value, int]]) -> None:
        self.shape, self.size = shape, math.prod(shape)
        self.steps: list[Step] = []
        self.made: list[Value] = []  # in the loop
        self.changed: list[Value] = []  # values of before that are written in place
        self._rows = rows
        self._arrays: dict[Value, str] = {}
        self._loads: dict[Value, str] = {}  # how an element of a value of before is read

    def take(self, step: Step, known: Any) -> bool:
        """Add a step if it fits; `known(v)` is True for a value that exists as an array by now."""
        out = step.outs[0] if step.outs else step.writes
        if len(self.steps) >= _MOST_CALLS or len(self._arrays) >= _MOST_ARRAYS or out is None:
            return False
        if not self._fits_result(step, out) or not all(self._fits(x, known) for x in step.args):
            return False
        self.steps.append(step)
        for x in step.args:
            if type(x) is Value:
                self._load(x)
        if step.writes is not None:
            self._load(out)
            if out not in self.made and out not in self.changed:
                self.changed.append(out)
        else:
            self.made.append(out)
        return True

    def _fits_result(self, step: Step, out: Value) -> bool:
        function = step.function
        if function is KEEP:
            return out.shape == self.shape and out.dtype in _FLOATS and not step.kwargs
        if type(function) is not Ufunc or function.method != "__call__" or function.ufunc not in _UFUNCS:
            return False
        if (
            out.shape != self.shape
            or not out.contiguous
            or (out.dtype not in _FLOATS and out.dtype != np.bool_)
        ):
            return False
        if step.writes is not None:
            return set(step.kwargs) == {"out"} and (out.root is out) and out.dtype in _FLOATS
        return not step.kwargs and (out.root is out or out in self._rows)

    def _fits(self, x: Any, known: Any) -> bool:
        if type(x) is not Value:
            return type(x) in (int, float) and math.isfinite(x)
        if x.dtype not in _FLOATS and x.dtype != np.bool_:
            return False
        if x in self.made:
            return True
        if x.root.written and x.root is not x:
            return False
        suffix = not x.shape or (len(x.shape) <= len(self.shape) and x.shape == self.shape[-len(x.shape) :])
        return x.contiguous and suffix and known(x)

    def _load(self, v: Value) -> None:
        if v in self.made or v in self._loads:
            return
        if v.kind == "constant" and not v.shape and v.dtype in _FLOATS and np.isfinite(v.sample):
            self._loads[v] = f"{_FLOATS[v.dtype]}({v.sample.item()!r})"
            return
        name, start = self._array(v)
        size = math.prod(v.shape)
        at = "i" if size == self.size else f"i % {size}" if size > 1 else "0"
        self._loads[v] = f"{name}[{start}{at}]"

    def _array(self, v: Value) -> tuple[str, str]:
        """The flat array in which a value lies, and from where on."""
        home, place = self._rows.get(v, (v, 0))
        if home not in self._arrays:
            self._arrays[home] = f"a{home.number}"
        return self._arrays[home], f"{place * self.size} + " if place else ""

    def text(self, name: str, kept: list[Value]) -> tuple[str, str]:
        """The function, and the line that calls it; `kept` are the values that are stored."""
        body = [f"l{v.number} = {load}" for v, load in self._loads.items()]
        for step in self.steps:
            out: Any = step.outs[0] if step.outs else step.writes
            like = next((x.dtype for x in step.args if type(x) is Value), out.dtype)
            args = [self._operand(x, like) for x in step.args]
            if step.function is KEEP:
                text = f"{args[0]} if {args[1]} else {_FLOATS[out.dtype]}(0)"
            else:
                text = f"np.{step.function.ufunc.__name__}({', '.join(args)})"
                text = f"{_FLOATS[out.dtype]}({text})" if out.dtype in _FLOATS else text
            body.append(f"l{out.number} = {text}")
        for v in kept:
            array, start = self._array(v)
            body.append(f"{array}[{start}i] = l{v.number}")
        flat = [f"    {a} = {a}.reshape(-1)" for a in self._arrays.values()]
        lines = [f"def {name}({', '.join(self._arrays.values())}):", *flat]
        lines += [f"    for i in range({self.size}):", *[f"        {line}" for line in body]]
        call = f"{name}({', '.join(f'v{v.number}' for v in self._arrays)})"
        return "\n".join(lines) + "\n", call

    def _operand(self, x: Any, like: Any) -> str:
        if type(x) is Value:
            return f"l{x.number}"
        return f"{_FLOATS.get(like, 'f8')}({x!r})"
