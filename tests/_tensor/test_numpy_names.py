"""NumPy's functions on tensors: right or refused; never an object array, never a lost gradient."""

# ruff: noqa: PLW0108 (each case is written as a user would)

import itertools

import numpy as np
import pytest

import minigrad as torch
from minigrad._tensor.numpy_names import CALLS, CONSTANTS


def leaf(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype, requires_grad=True)


VECTOR = np.array([0.3, 0.7, 0.2])
MATRIX = np.array([[0.3, 0.7, 0.2], [0.9, 0.4, 0.6]])

UFUNCS = [
    np.exp, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sqrt, np.square, np.sin, np.cos, np.tan,
    np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.arctanh, np.negative,
    np.absolute, np.sign, np.floor, np.ceil, np.rint, np.reciprocal,
]  # fmt: skip
BINARY = [
    np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum, np.arctan2, np.logaddexp,
    np.remainder,
]  # fmt: skip
FUNCTIONS = {
    "sum": lambda x: np.sum(x),
    "sum axis": lambda x: np.sum(x, axis=0),
    "sum keepdims": lambda x: np.sum(x, axis=1, keepdims=True),
    "mean": lambda x: np.mean(x, axis=-1),
    "prod": lambda x: np.prod(x),
    "max": lambda x: np.max(x, axis=1),
    "min": lambda x: np.min(x),
    "amax": lambda x: np.amax(x, axis=0),
    "amin": lambda x: np.amin(x, axis=0),
    "var": lambda x: np.var(x),
    "var ddof": lambda x: np.var(x, axis=1, ddof=1),
    "std": lambda x: np.std(x, axis=0),
    "cumsum": lambda x: np.cumsum(x),
    "cumsum axis": lambda x: np.cumsum(x, axis=1),
    "cumprod": lambda x: np.cumprod(x, axis=0),
    "reshape": lambda x: np.reshape(x, (3, 2)),
    "ravel": lambda x: np.ravel(x),
    "transpose": lambda x: np.transpose(x),
    "transpose axes": lambda x: np.transpose(x, (1, 0)),
    "swapaxes": lambda x: np.swapaxes(x, 0, 1),
    "moveaxis": lambda x: np.moveaxis(x, 0, -1),
    "expand_dims": lambda x: np.expand_dims(x, 1),
    "squeeze": lambda x: np.squeeze(np.expand_dims(x, 0)),
    "broadcast_to": lambda x: np.broadcast_to(x, (4, 2, 3)),
    "concatenate": lambda x: np.concatenate([x, x], axis=1),
    "concatenate with an array": lambda x: np.concatenate([MATRIX, x]),
    "stack": lambda x: np.stack([x, x], axis=1),
    "flip": lambda x: np.flip(x),
    "flip axis": lambda x: np.flip(x, 1),
    "roll": lambda x: np.roll(x, 1, axis=1),
    "tile": lambda x: np.tile(x, (2, 1)),
    "tril": lambda x: np.tril(x, -1),
    "triu": lambda x: np.triu(x),
    "trace": lambda x: np.trace(x),
    "diagonal": lambda x: np.diagonal(x, offset=1),
    "where": lambda x: np.where(MATRIX > 0.5, x, 0.0),
    "clip": lambda x: np.clip(x, 0.25, 0.65),
    "dot": lambda x: np.dot(x, VECTOR),
    "dot of a number": lambda x: np.dot(x, 2.0),
    "matmul": lambda x: np.matmul(x, VECTOR),
    "matmul operator": lambda x: MATRIX.T @ x,
    "einsum": lambda x: np.einsum("ij,j->i", x, VECTOR),
    "round": lambda x: np.round(x, 1),
}


def check(function, *arrays):
    """A function of tensors gives tensors with the values of arrays, and the gradients of differences."""
    tensors = [leaf(a) for a in arrays]
    y, expected = function(*tensors), function(*arrays)
    assert type(y) is torch.Tensor or isinstance(y, torch.Tensor)
    assert y.dtype == np.asarray(expected).dtype and y.requires_grad
    np.testing.assert_allclose(y.detach().numpy(), expected, rtol=1e-13)
    grads = torch.autograd.grad(y.sum(), tensors)
    eps = 1e-6
    for i, g in enumerate(grads):
        for place in np.ndindex(arrays[i].shape):
            ends = []
            for sign in (1, -1):
                moved = [a.copy() for a in arrays]
                moved[i][place] += sign * eps
                ends.append(np.sum(function(*moved)))
            assert abs(g.numpy()[place] - (ends[0] - ends[1]) / (2 * eps)) < 1e-6


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda u: u.__name__)
def test_a_ufunc_of_a_tensor_is_recorded(ufunc):
    check(ufunc, VECTOR)


@pytest.mark.parametrize("ufunc", BINARY, ids=lambda u: u.__name__)
def test_a_ufunc_of_two_is_recorded(ufunc):
    check(ufunc, VECTOR, VECTOR[::-1] + 0.15)
    check(lambda x: ufunc(x, 0.45), VECTOR)
    check(lambda x: ufunc(VECTOR[::-1] + 0.15, x), VECTOR)
    assert (ufunc(np.float64(0.45), leaf(VECTOR, torch.float32))).dtype == torch.float32


def test_arccosh_of_a_tensor():
    check(np.arccosh, VECTOR + 1)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_a_tensor_is_recorded(name):
    check(FUNCTIONS[name], MATRIX)


def test_functions_without_a_derivative():
    x = leaf(MATRIX)
    assert np.argmax(x, axis=1).tolist() == [1, 0] and np.argmin(x).item() == 2
    assert np.any(x > 0.5) and not np.all(x > 0.5)
    assert np.shape(x) == (2, 3) and np.ndim(x) == 2 and np.size(x) == 6
    for made, number in ((np.zeros_like(x), 0), (np.ones_like(x), 1), (np.full_like(x, 5), 5)):
        assert isinstance(made, torch.Tensor) and not made.requires_grad
        assert made.tolist() == [[number] * 3] * 2
    assert np.isnan(x).sum() == 0 and (np.greater(x, 0.5) == (x > 0.5)).all()


def test_every_function_of_the_table_is_tried_above():
    tried = " ".join(FUNCTIONS)
    rest = {
        "argmax",
        "argmin",
        "any",
        "all",
        "shape",
        "ndim",
        "size",
        "zeros_like",
        "ones_like",
        "full_like",
        "nonzero",
        "argwhere",
    }
    for function in itertools.chain(CALLS, CONSTANTS):
        assert function.__name__ in tried or function.__name__ in rest, function


# --- refusals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.cbrt(x),
        lambda x: np.median(x),
        lambda x: np.linalg.norm(x),
        lambda x: np.linalg.inv(x),
        lambda x: np.fft.fft(x),
        lambda x: np.sort(x),
        lambda x: np.unique(x),
        lambda x: np.pad(x, 1),
        lambda x: np.outer(x, x),
        lambda x: np.vstack([x, x]),
        lambda x: np.array_split(x, 2),
        lambda x: np.interp(x, [0, 1], [0, 1]),
        lambda x: np.histogram(x),
        lambda x: np.add.reduce(x),
        lambda x: np.add.accumulate(x),
        lambda x: np.multiply.outer(x, x),
        lambda x: np.add.at(x, [0], 1.0),
        lambda x: np.add(x, x, out=np.zeros((2, 3))),
        lambda x: np.exp(x, where=MATRIX > 0.5),
        lambda x: np.exp(x, dtype=np.float32),
        lambda x: np.sum(x, out=np.zeros(())),
        lambda x: np.sum(x, initial=3.0),
        lambda x: np.mean(x, where=MATRIX > 0.5),
        lambda x: np.concatenate([x, x], out=np.zeros((4, 3))),
        lambda x: np.einsum("ij->i", x, optimize=True),
        lambda x: np.dot(x[0], np.ones((2, 3, 4))),
        lambda x: np.copyto(np.zeros((2, 3)), x),
        lambda x: np.put_along_axis(x, np.zeros((2, 1), int), 0.0, 1),
    ],
)
def test_what_is_not_covered_is_refused_with_a_way_out(call):
    with pytest.raises(TypeError, match=r"minigrad .*\bnp\..*detach\(\)\.numpy\(\)"):
        call(leaf(MATRIX))


@pytest.mark.parametrize("op", ["+=", "*=", "@="])
def test_an_array_takes_no_tensor_in_place(op):
    a, x = np.ones((2, 2)), leaf(np.ones((2, 2)))
    with pytest.raises(TypeError, match="out="):
        exec(f"a {op} x", {"a": a, "x": x})
    assert a.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize(
    "make",
    [
        lambda x: np.array([x, x]),
        lambda x: np.asarray(x),
        lambda x: np.array(x),
        lambda x: np.asarray([x[0], x[1]]),
        lambda x: np.asarray(x, dtype=object),
        lambda x: np.ones(2).__setitem__(slice(None), x[0]),
    ],
)
def test_a_tensor_with_a_history_becomes_no_array(make):
    with pytest.raises(RuntimeError, match=r"detach\(\)\.numpy\(\)"):
        make(leaf(MATRIX))


def test_a_list_of_constants_becomes_a_plain_array():
    a = np.array([torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])])
    assert a.dtype == np.float32 and a.tolist() == [[1.0, 2.0], [3.0, 4.0]]


# --- to and from arrays --------------------------------------------------------------------------------


def test_detached_tensors_share_their_memory_with_asarray():
    x = leaf(MATRIX)
    a = np.asarray(x.detach())
    assert type(a) is np.ndarray and np.shares_memory(a, x.detach().numpy())
    a[0, 0] = 5.0
    assert x[0, 0].item() == 5.0
    assert np.asarray(x.detach(), dtype=np.float32).dtype == np.float32
    assert not np.shares_memory(np.array(x.detach()), a)


def test_numpy_shares_memory_and_is_refused_while_recording():
    x = leaf(VECTOR)
    with pytest.raises(RuntimeError, match=r"detach\(\)\.numpy\(\), which shares the memory"):
        x.numpy()
    assert np.shares_memory(x.numpy(force=True), x.detach().numpy())


def test_numbers_and_arrays_meet_tensors_from_the_left():
    x = leaf(VECTOR, torch.float32)
    for y in (np.float64(2) * x, np.float64(2) + x, np.int64(2) - x, np.float32(1) / x, np.float64(2) ** x):
        assert y.dtype == torch.float32 and y.requires_grad
    assert (np.float64(0.5) < x).tolist() == [False, True, False]
    assert (VECTOR * x).dtype == torch.float64


def test_a_rule_in_numpys_functions_runs_on_tensors():
    x = leaf(VECTOR)
    y = np.sum(np.exp(-np.square(x)) * np.where(VECTOR > 0.5, 2.0, 1.0))
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    torch.autograd.grad(np.sum(g), x)


# --- DLPack --------------------------------------------------------------------------------------------


def test_dlpack_to_numpy_and_back_shares_memory():
    x = torch.tensor([1.0, 2.0])
    a = np.from_dlpack(x)
    assert np.shares_memory(a, x.numpy())
    source = np.arange(3.0)
    y = torch.from_dlpack(source)
    source[0] = 7.0
    assert y.tolist() == [7.0, 1.0, 2.0] and y.dtype == torch.float64
    z = torch.from_dlpack(x)
    x.fill_(5.0)
    assert z.tolist() == [5.0, 5.0]
    assert x.__dlpack_device__()[0] == 1  # the CPU


def test_dlpack_refuses_a_recorded_tensor():
    with pytest.raises(BufferError, match=r"detach\(\)"):
        np.from_dlpack(leaf(VECTOR))


@pytest.mark.parity
def test_dlpack_to_pytorch_and_back_shares_memory(pytorch):
    x = torch.tensor([1.0, 2.0])
    theirs = pytorch.from_dlpack(x)
    theirs.mul_(3)
    assert x.tolist() == [3.0, 6.0]
    mine = torch.from_dlpack(theirs)
    theirs.zero_()
    assert mine.tolist() == x.tolist() == [0.0, 0.0]
    mine.add_(1)  # writable from this side too
    assert theirs.tolist() == [1.0, 1.0]
