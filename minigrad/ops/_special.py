"""Special functions that NumPy lacks."""

import math

import numpy as np

from .._array import Array, kernel

_erf = np.frompyfunc(math.erf, 1, 1)


@kernel
def erf(x: Array) -> Array:
    """The error function, correct to the last digits: the C library's, one element at a time."""
    return np.asarray(_erf(x), dtype=x.dtype)
