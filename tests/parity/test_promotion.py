"""Dtypes of mixed operands beside PyTorch's: all pairs of dtypes; axes against 0-d against Python numbers."""

import itertools
import warnings

import numpy as np
import pytest

import minigrad

pytestmark = pytest.mark.parity

DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")
BINARY = """a + b; a - b; a * b; a / b; a // b; a % b; a ** b; a == b; a < b; a.add(b, alpha=2)
torch.maximum(a, b); torch.minimum(a, b); torch.atan2(a, b); torch.logaddexp(a, b); torch.xlogy(a, b)
torch.where(a.bool(), a, b); torch.clamp(a, min=b); torch.lerp(a, b, 0.5); torch.isclose(a, b)
torch.addcmul(a, a, b); torch.addcdiv(a, b, b)
torch.masked_fill(a, a.bool(), b[()] if b.ndim == 0 else b[0]); torch.cat([a.reshape(-1), b.reshape(-1)])
torch.stack([a, b.expand_as(a)]); torch.logical_and(a, b); a & b; a ^ b
torch.promote_types(a.dtype, b.dtype); a.add_(b); a.mul_(b); a.div_(b); a.copy_(b); a.pow_(b); a.maximum(b)
torch.outer(a.reshape(-1), b.reshape(-1)); torch.dot(a, b); a @ b; a.type_as(b); a.to(b)
F.mse_loss(a, b.expand_as(a))"""
NUMBERS = """a + n; n - a; a * n; a / n; n / a; a // n; a % n; a ** n; n ** a; a < n; a == n
torch.where(a.bool(), a, n); torch.clamp(a, min=n); torch.masked_fill(a, a.bool(), n); a.add(1, alpha=n)
a.fill_(n); a.mul_(n); a.add_(n); torch.full_like(a, n); torch.full((2,), n, dtype=a.dtype)
torch.pow(a, n); torch.xlogy(a, n); a.div_(n)"""
UNARY = """-a; abs(a); ~a; a.exp(); a.sqrt(); a.sign(); a.floor(); a.round(); a.square(); a.reciprocal()
a.sigmoid(); a.tanh(); a.sum(); a.prod(); a.mean(); a.var(); a.max(); a.argmax(); a.all(); a.cumsum(0)
a.cumprod(0); a.logsumexp(0); a.norm(); a.sort()[0]; a.relu(); a.isnan(); a.isfinite(); a.clone()
a.clamp(0, 1); a.tolist(); a.erf(); a.amax(); a.float(); a.logical_not(); a.is_floating_point()
a.element_size(); torch.zeros_like(a); torch.full_like(a, 1); a.dot(a); a.outer(a); a.flip(0); a.log1p()
a.softmax(0); F.gelu(a); F.relu(a); F.elu(a); F.pad(a, (1, 1)); a.diag(); a.repeat(2); a[a.bool()]
a.max(0)[0]"""


def operand(lib, dtype, values, ndim):
    values = np.array(values[0] if ndim == 0 else values).astype(dtype)
    return lib.from_numpy(values)


def outcome(lib, code, **names):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore" if lib is not minigrad else "error")
            return eval(code, {"torch": lib, "F": lib.nn.functional, **names})
    except NameError:
        raise
    except Exception as error:
        return error


def compare(code, ours, theirs, what):
    """The same dtype, shape and values; where PyTorch raises, the other tables have looked."""
    if isinstance(theirs, Exception):
        return
    assert not isinstance(ours, Exception), f"{code} of {what}: {ours!r}, PyTorch gives {theirs}"
    if type(theirs).__name__ == "dtype":
        assert str(ours) == str(theirs), f"{code} of {what}: {ours}, PyTorch gives {theirs}"
    elif not hasattr(theirs, "dtype"):
        assert ours == theirs, f"{code} of {what}: {ours}, PyTorch gives {theirs}"
    else:
        text = f"{code} of {what}: {ours} ({ours.dtype}), PyTorch gives {theirs} ({theirs.dtype})"
        assert str(ours.dtype) == str(theirs.dtype), text
        rtol = 5e-3 if "float16" in f"{what} {ours.dtype}" else 1e-6
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=rtol, atol=rtol, err_msg=text)


@pytest.mark.parametrize("code", [c.strip() for c in BINARY.replace("\n", ";").split(";")])
def test_two_tensors(code, pytorch):
    for first, second in itertools.product(DTYPES, repeat=2):
        for ndims in ((1, 1), (1, 0), (0, 1), (0, 0)):
            made = [
                {
                    "a": operand(lib, first, [3, 2, 1], ndims[0]),
                    "b": operand(lib, second, [2, 1, 2], ndims[1]),
                }
                for lib in (minigrad, pytorch)
            ]
            ours, theirs = outcome(minigrad, code, **made[0]), outcome(pytorch, code, **made[1])
            compare(code, ours, theirs, f"{first} with {ndims[0]} axes, {second} with {ndims[1]}")


@pytest.mark.parametrize("code", [c.strip() for c in NUMBERS.replace("\n", ";").split(";")])
def test_tensor_and_number(code, pytorch):
    for dtype, ndim in itertools.product(DTYPES, (1, 0)):
        if dtype == "bool" and code in ("a ** n", "torch.pow(a, n)"):
            continue  # bool ** True is a bool for PyTorch, an int8 for NumPy
        for n in (2, 2.5, True, np.float64(2.5), np.int64(2), np.float32(2.5)):
            if isinstance(n, np.generic) and code.split()[0] == "n":
                continue  # NumPy's own operator comes first
            made = [operand(lib, dtype, [3, 2, 1], ndim) for lib in (minigrad, pytorch)]
            ours, theirs = outcome(minigrad, code, a=made[0], n=n), outcome(pytorch, code, a=made[1], n=n)
            compare(code, ours, theirs, f"{dtype} with {ndim} axes, {type(n).__name__} {n}")


@pytest.mark.parametrize("code", [c.strip() for c in UNARY.replace("\n", ";").split(";")])
def test_one_tensor(code, pytorch):
    for dtype, ndim in itertools.product(DTYPES, (1, 0)):
        made = [operand(lib, dtype, [3, 1, 2], ndim) for lib in (minigrad, pytorch)]
        ours, theirs = outcome(minigrad, code, a=made[0]), outcome(pytorch, code, a=made[1])
        compare(code, ours, theirs, f"{dtype} with {ndim} axes")
