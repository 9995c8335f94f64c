"""`out=`: the result is written into a tensor that is there, or nothing is."""

import inspect

import numpy as np
import pytest

import minigrad as torch

A, B = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.5, 1.0], [2.0, 4.0]])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("add", A + B),
        ("sub", A - B),
        ("mul", A * B),
        ("div", A / B),
        ("pow", A**B),
        ("matmul", A @ B),
        ("mm", A @ B),
    ],
)
def test_the_result_is_written_and_returned(name, expected):
    a, b, out = torch.from_numpy(A.copy()), torch.from_numpy(B.copy()), torch.zeros(2, 2, dtype=torch.float64)
    alias = out.view(4)
    assert getattr(torch, name)(a, b, out=out) is out
    np.testing.assert_allclose(out.numpy(), expected)
    assert alias.tolist() == out.reshape(-1).tolist()  # in the memory that was there
    assert getattr(torch, name)(a, b, out=a) is a  # the operands are read before
    np.testing.assert_allclose(a.numpy(), expected)


def test_an_empty_tensor_takes_any_shape_and_another_with_a_warning():
    out = torch.empty(0)
    assert torch.cat([torch.ones(2), torch.zeros(1)], out=out).tolist() == out.tolist() == [1, 1, 0]
    with pytest.warns(UserWarning, match=r"resized since it had shape \[3\].*required output shape \[2, 2\]"):
        torch.ones(2, 2, out=out)
    assert out.tolist() == [[1, 1], [1, 1]]
    assert torch.randn(2, 2, out=out) is out and torch.arange(4, out=torch.empty(4)).dtype == torch.float32


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x, o: torch.add(x, x, out=o), RuntimeError, "don't support automatic differentiation"),
        (lambda x, o: torch.add(o, o, out=x), RuntimeError, "don't support automatic differentiation"),
        (lambda _, o: torch.add(o, o, out=torch.zeros(2).long()), RuntimeError, "can't be cast"),
        (lambda _, o: torch.matmul(o, o, out=torch.zeros(()).double()), RuntimeError, "expected out tensor"),
        (lambda _, o: torch.mul(o, o, out=[1]), TypeError, "'out' must be Tensor, not list"),
    ],
)
def test_it_is_refused_before_anything_is_written(call, error, words):
    x, o = torch.ones(2, requires_grad=True), torch.full((2,), 5.0)
    with pytest.raises(error, match=words):
        call(x, o)
    assert o.tolist() == [5, 5] and x.tolist() == [1, 1]


def test_without_recording_tensors_that_require_grad_will_do():
    x, o = torch.ones(2, requires_grad=True), torch.zeros(2)
    with torch.no_grad():
        torch.add(x, x, out=o)
        torch.mul(o, 3.0, out=x)
    assert o.tolist() == [2, 2] and x.tolist() == [6, 6] and x.requires_grad


def test_a_graph_that_saved_the_tensor_notices():
    x, w = torch.ones(2), torch.ones(2, requires_grad=True)
    y = (w * x).sum()
    torch.add(x, x, out=x)
    with pytest.raises(RuntimeError, match="modified"):
        y.backward()


def test_several_results_go_into_a_tuple():
    x = torch.tensor([[1.0, 5.0], [3.0, 2.0]])
    values, indices = torch.empty(0), torch.empty(0, dtype=torch.int64)
    result = torch.max(x, 1, out=(values, indices))
    assert result.values is values and result.indices is indices
    assert values.tolist() == [5, 3] and indices.tolist() == [1, 0]
    torch.sort(x, dim=0, descending=True, out=(values.resize_(0), indices.resize_(0)))
    assert values.tolist() == [[3, 5], [1, 2]] and indices.tolist() == [[1, 0], [0, 1]]
    with pytest.raises(TypeError, match="'out' must be a tuple of 2 Tensors, not Tensor"):
        torch.max(x, 1, out=values)
    before = values.tolist()
    with pytest.raises(RuntimeError, match="dtype int64, but got float32"):
        torch.max(x, 1, out=(values, torch.empty(2)))
    assert values.tolist() == before  # neither is written


def test_a_sum_is_that_of_elements_of_the_dtype_of_out():
    x = torch.tensor([0.6, 0.7, 1.9])
    assert torch.sum(x, 0, out=torch.empty((), dtype=torch.int64)).item() == 1
    assert torch.cumsum(x, 0, out=torch.empty(3, dtype=torch.int64)).tolist() == [0, 0, 1]
    assert torch.ones(2, out=torch.empty(0, dtype=torch.int64)).tolist() == [1, 1]


@pytest.mark.parametrize("name", ["exp", "sum", "relu_", "isnan", "unique", "trace", "argsort"])
def test_a_function_takes_it_where_that_of_pytorch_does(name):
    x, out = torch.zeros(2, 2, requires_grad=name != "relu_"), torch.ones(2)
    if name in ("exp", "sum"):
        with pytest.raises(RuntimeError, match=f"{name}.*don't support automatic differentiation"):
            getattr(torch, name)(x, out=out)
    else:
        with pytest.raises(TypeError, match="unexpected keyword argument 'out'"):
            getattr(torch, name)(x, out=out)
    assert out.tolist() == [1, 1]


def test_none_is_no_place():
    x = torch.ones(3)
    for name in ("exp", "sum", "argmax", "sort", "erfc", "add"):
        getattr(torch, name)(*(x, x) if name == "add" else (x,), out=None)


@pytest.mark.parametrize("place", [torch, torch.linalg, torch.special, torch.nn.functional, torch.Tensor])
def test_every_signature_can_be_read(place):
    for name in dir(place):
        thing = None if name.startswith("_") else getattr(place, name, None)
        if callable(thing) and not isinstance(thing, type):
            try:
                signature = inspect.signature(thing)
            except ValueError:  # one of Python's own functions, without a signature
                continue
            assert signature.parameters is not None  # it is made when it is asked for
