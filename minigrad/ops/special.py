"""Functions of one element that NumPy lacks, or has with another convention."""

from __future__ import annotations

import math

import numpy as np

from .kernels import ZERO, Array, kernel, laid_out

# erf by Taylor's series around the nearest multiple of 1/256, which is at most 1/512 away. Row j holds the
# factors of h^j at every such point: erf itself from the C library, then its derivatives, which are Hermite
# polynomials times 2/sqrt(pi) exp(-c^2) (DLMF 7.10.1). Beyond 6 erf is 1 to the last digit.
_PER_UNIT, _END = 256, 6
_C = np.arange(_END * _PER_UNIT + 1) / _PER_UNIT
_SLOPE = 2 / math.sqrt(math.pi) * np.exp(-(_C**2))
_TAYLOR = np.stack(
    [
        np.array([math.erf(c) for c in _C]),
        _SLOPE,
        _SLOPE * -_C,
        _SLOPE * (2 * _C**2 - 1) / 3,
        _SLOPE * (3 * _C - 2 * _C**3) / 6,
        _SLOPE * (4 * _C**4 - 12 * _C**2 + 3) / 30,
    ]
)
_TAYLOR_32 = _TAYLOR[:4].astype(np.float32)
_BLOCK = 8192  # elements whose intermediate results stay in the processor's cache


@kernel
def erf(x: Array) -> Array:
    """The error function, within two units in the last place."""
    factors = _TAYLOR_32 if x.dtype in (np.float32, np.float16) else _TAYLOR
    flat = np.reshape(x, -1)
    out = np.empty(flat.shape, factors.dtype)
    for start in range(0, flat.size, _BLOCK):
        out[start : start + _BLOCK] = _erf_block(flat[start : start + _BLOCK].astype(factors.dtype), factors)
    out = np.reshape(out, x.shape).astype(x.dtype if x.dtype.kind == "f" else out.dtype, copy=False)
    return laid_out(out, x)


def _erf_block(x: Array, factors: Array) -> Array:
    size = np.minimum(np.abs(x), _END)
    point = np.fmin(np.rint(size * _PER_UNIT), _END * _PER_UNIT)  # fmin: nan comes back in h, not as an index
    h, row = size - point / _PER_UNIT, point.astype(np.intp)
    out = factors[-1].take(row)
    for factor in factors[-2::-1]:
        out *= h
        out += factor.take(row)
    return np.copysign(out, x)


@kernel
def sign(x: Array) -> Array:
    """-1, 0 or 1; PyTorch's sign of nan is 0."""
    return x.copy() if x.dtype.kind == "b" else np.subtract(x > 0, x < 0, dtype=x.dtype)


@kernel
def log_sigmoid(x: Array) -> Array:
    """log(1 / (1 + exp(-x))), finite for every finite x."""
    return np.minimum(x, ZERO[x.dtype]) - np.log1p(np.exp(-np.abs(x)))
