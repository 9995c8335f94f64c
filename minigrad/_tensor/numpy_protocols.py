"""NumPy's functions on tensors, by its protocols; this loads when the first is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from minigrad.ops.arrays import is_array
from minigrad.ops.op import BY_FORWARD, REGISTRY

from .convert import as_array, as_operand
from .numpy_names import CALLS as NUMPY_CALLS, CONSTANTS as NUMPY_CONSTANTS, LATER_UFUNCS
from .numpy_outside import OF_ARRAYS, OF_TENSORS, outside, plain, recorded_among
from .record import Recorded, wrap
from .shortcuts import call_of, recorder_of

_WAY_OUT = "use the tensor's own functions, or t.detach().numpy() outside the graph"
_UFUNC_OPS = {
    np.power: REGISTRY["pow"],
    np.reciprocal: REGISTRY["reciprocal"],
    np.absolute: REGISTRY["abs"],
    np.rint: REGISTRY["round"],
}


def _as_tensors(result: Any, kwargs: dict[str, Any]) -> Any:
    """The results of a function as tensors; the array that was to be written stays one."""
    if isinstance(result, (list, tuple)):
        parts = [_as_tensors(part, kwargs) for part in result]
        return parts if isinstance(result, list) else tuple(parts)
    if kwargs.get("out") is not None or not isinstance(result, (np.ndarray, np.generic)):
        return result
    return wrap(as_array(np.asarray(result)), None)


class NumpyProtocols(Recorded):
    """The methods that NumPy calls when a tensor is among the arguments of a function of its own."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if ufunc in LATER_UFUNCS:
            import_module("minigrad.ops.gamma")
        op = BY_FORWARD.get(ufunc) or _UFUNC_OPS.get(ufunc)
        odd = op is None or method != "__call__" or kwargs
        # `np.float64(2) * x` is a call of np.multiply, and PyTorch's operator.
        if ufunc is np.true_divide and not odd and type(inputs[0]) is np.ndarray and plain(inputs):
            return inputs[1].__rtruediv__(inputs[0])  # of the operator; PyTorch multiplies by the reciprocal
        if (odd and not recorded_among((inputs, kwargs))) or (
            plain(inputs) and not any(isinstance(x, np.generic) for x in inputs)
        ):
            return _as_tensors(outside(getattr(ufunc, method), inputs, kwargs), kwargs)
        if op is None:
            raise TypeError(f"minigrad has no np.{ufunc.__name__} for Tensors; {_WAY_OUT}")
        if method != "__call__" or kwargs:
            extra = f".{method}" if method != "__call__" else f" with {', '.join(kwargs)}="
            raise TypeError(f"minigrad does not cover np.{ufunc.__name__}{extra} for Tensors; {_WAY_OUT}")
        return call_of(op)(*map(as_operand, inputs))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        op = BY_FORWARD.get(function)
        if op is not None:  # one of our storage kernels
            return call_of(op)(*args, **kwargs)
        if function in OF_ARRAYS and plain((args, kwargs)):
            return outside(function, args, kwargs)
        if function in NUMPY_CONSTANTS:
            out = NUMPY_CONSTANTS[function](*args, **kwargs)
            return wrap(out, None) if is_array(out) else out
        if function not in NUMPY_CALLS:
            if not recorded_among((args, kwargs)):
                result = outside(function, args, kwargs)
                return _as_tensors(result, kwargs) if function in OF_TENSORS else result
            name = f"{function.__module__}.{function.__name__}".replace("numpy", "np")
            raise TypeError(f"minigrad has no {name} for Tensors; {_WAY_OUT}")
        try:
            name, operands, options = NUMPY_CALLS[function](*args, **kwargs)
        except TypeError as error:
            if not recorded_among((args, kwargs)):
                return outside(function, args, kwargs)
            raise TypeError(
                f"minigrad does not cover these arguments of np.{function.__name__}: {error}; {_WAY_OUT}"
            ) from None
        op = REGISTRY[name]
        return recorder_of(op)(list(map(as_operand, operands)), {**op.options, **options})[0]
