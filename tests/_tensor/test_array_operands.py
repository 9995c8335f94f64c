"""A tensor and NumPy's array meet in an operator: PyTorch lets the array compute, with NumPy's dtypes."""

import operator

import numpy as np
import pytest

import minigrad as torch

A, B = np.array([[1, 2], [3, 1]]), np.array([[1, 1], [2, 1]])
DTYPES = ["float32", "float64", "int64", "int32", "uint8", "bool"]
OPERATORS = {
    name: getattr(operator, name)
    for name in (
        "add",
        "sub",
        "mul",
        "truediv",
        "floordiv",
        "mod",
        "pow",
        "matmul",
        "and_",
        "eq",
        "iadd",
        "imul",
    )
}
ARGUMENTS = {
    "an array": lambda t, b: (t, b),
    "an array before": lambda t, b: (b, t),
    "a scalar": lambda t, b: (t, b[1, 0]),
    "a scalar before": lambda t, b: (b[1, 0], t),
    "an array of no axes": lambda t, b: (t, np.array(b[1, 0])),
    "a tensor of no axes": lambda t, b: (t[0, 0], b),
}


@pytest.mark.parametrize(
    ("name", "own", "other", "dtype"),
    [
        ("add", "float32", "int64", "float64"),
        ("mul", "float32", "float64", "float64"),
        ("sub", "float32", "bool", "float32"),
        ("mul", "int64", "float32", "float64"),
        ("truediv", "int64", "int64", "float64"),
        ("matmul", "float32", "float64", "float64"),
        ("and_", "int32", "int64", "int64"),
        ("and_", "bool", "bool", "bool"),
        ("iadd", "float32", "float64", "float64"),
    ],
)
def test_the_dtype_is_numpys(name, own, other, dtype):
    a, b = A.astype(own), B.astype(other)
    out = OPERATORS[name](torch.from_numpy(a.copy()), b)
    assert isinstance(out, torch.Tensor) and out.numpy().dtype == dtype
    np.testing.assert_array_equal(out.numpy(), OPERATORS[name.removeprefix("i")](a, b))


def test_an_array_of_no_axes_is_as_strong_and_a_scalar_is_weak():
    x = torch.ones(2)
    assert (x * np.array(2.0)).dtype is torch.float64
    assert (x * np.float64(2.0)).dtype is (np.float64(2.0) * x).dtype is torch.float32
    assert (torch.ones(2, dtype=torch.int64) * np.bool_(True)).dtype is torch.float32


def test_an_array_makes_another_tensor_of_an_operator_in_place():
    x = torch.ones(2)
    y = x
    y += np.ones(2)
    assert x.tolist() == [1, 1] and y.tolist() == [2, 2]
    x += torch.ones(2)
    assert x.tolist() == [2, 2]


def test_a_recorded_tensor_keeps_its_dtype():
    x = torch.ones(2, requires_grad=True)
    y = x * np.array([1, 2])
    y.sum().backward()
    assert y.dtype is torch.float32 and x.grad.tolist() == [1, 2]


def test_an_array_is_divided_as_pytorch_divides_it():
    x = torch.tensor([3.0])
    assert (np.array([1.0]) / x).item() == float(np.float32(1) / np.float32(3))  # times the reciprocal


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:__array_wrap__:DeprecationWarning")
@pytest.mark.parametrize("arguments", ARGUMENTS)
@pytest.mark.parametrize("name", OPERATORS)
def test_dtypes_and_values_are_pytorchs(pytorch, name, arguments):
    for own in DTYPES:
        for other in DTYPES:
            if own == other == "bool":
                continue  # with arrays, PyTorch's are uint8; ours are masks still
            results = []
            for library in (pytorch, torch):
                tensor = library.from_numpy(A.astype(own))
                try:
                    out = OPERATORS[name](*ARGUMENTS[arguments](tensor, B.astype(other)))
                except (TypeError, RuntimeError, ValueError):
                    out = None
                results.append(out if out is None else (str(out.dtype), out.tolist()))
            theirs, ours = results
            assert theirs is None or ours == theirs, (own, other)
