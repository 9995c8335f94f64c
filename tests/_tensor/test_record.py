"""From an op's record to a call: operands, options, dtypes, and what NumPy would have done differently."""

# ruff: noqa: ARG005, PLW0108 (each case is written as a user would)

import operator
import traceback
import warnings
from pathlib import Path

import numpy as np
import pytest

import minigrad as torch
from minigrad import ops
from minigrad._tensor.record import call_of
from minigrad.ops.op import REGISTRY, Op


def leaf(values, dtype=torch.float32):
    return torch.tensor(values, dtype=dtype, requires_grad=True)


# --- 0-d results ---------------------------------------------------------------------------------------

SCALARS = {
    "sum": lambda x: x.sum(),
    "mean": lambda x: x.mean(),
    "amax": lambda x: x.amax(),
    "index": lambda x: x[0],
    "dot": lambda x: x @ x,
    "unary of 0-d": lambda x: x.sum().exp(),
    "binary of 0-d": lambda x: x.sum() * x.sum(),
    "general of 0-d": lambda x: x.sum().clamp(0.0, 9.0),
    "norm": lambda x: x.norm(),
    "var": lambda x: x.var(),
    "trace": lambda x: torch.outer(x, x).trace(),
    "einsum": lambda x: torch.einsum("i,i->", x, x),
    "comparison": lambda x: x.sum() > 0,
    "argmax": lambda x: x.argmax(),
    "max along": lambda x: x.max(0).values,
    "where": lambda x: torch.where(x.sum() > 0, x.sum(), 0.0),
    "cast": lambda x: x.sum().double(),
}


@pytest.mark.parametrize("name", SCALARS)
def test_a_0d_result_is_a_tensor_over_an_array_and_never_a_numpy_scalar(name):
    y = SCALARS[name](leaf([1.0, 2.0]))
    assert type(y._array) is np.ndarray and y.shape == () and isinstance(y, torch.Tensor)


@pytest.mark.parametrize("name", [n for n in SCALARS if n not in ("comparison", "argmax")])
def test_a_0d_result_has_gradients_that_are_arrays(name):
    for create_graph in (False, True):
        x = leaf([1.0, 2.0])
        y = SCALARS[name](x)
        y.retain_grad()
        y.backward(create_graph=create_graph)
        for g in (x.grad, y.grad):
            assert type(g._array) is np.ndarray and g.dtype == g._array.dtype
        assert x.grad.dtype == torch.float32 and y.grad.dtype == y.dtype


def test_a_0d_leaf_accumulates():
    x = leaf(2.0)
    for _ in range(3):
        (x * x + x).backward()
    assert x.grad.item() == 15.0 and type(x.grad._array) is np.ndarray


# --- numbers -------------------------------------------------------------------------------------------

NUMBERS = [2, 2.0, True, np.float64(2.0), np.float32(2.0), np.int64(2), np.bool_(True), np.array(2.0)[()]]
BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.float64])
@pytest.mark.parametrize("number", NUMBERS, ids=lambda n: type(n).__name__)
@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.__name__)
def test_a_number_on_either_side_does_not_change_the_dtype(op, number, dtype):
    if op is operator.sub and isinstance(number, (bool, np.bool_)):
        pytest.skip("booleans are not subtracted")
    for x in (leaf([1.0, 3.0], dtype), leaf(3.0, dtype)):
        for y in (op(x, number), op(number, x)):
            assert isinstance(y, torch.Tensor) and y.dtype == dtype
            (g,) = torch.autograd.grad(y.sum(), x)
            assert g.dtype == dtype


def test_a_numpy_scalar_in_a_rule_does_not_widen_the_gradient():
    x = leaf([1.0, 2.0])
    scale = np.float64(0.5)
    for y in (x * scale, scale * x, (x * x).mean() * scale, x.sum() / np.float64(3), x ** np.float64(2)):
        for create_graph in (False, True):
            (g,) = torch.autograd.grad(y.sum(), x, retain_graph=True, create_graph=create_graph)
            assert y.dtype == g.dtype == torch.float32


def test_python_numbers_meet_integers_as_in_pytorch():
    i = torch.tensor([1, 2])
    assert (i * 2).dtype == torch.int64
    assert (i * 2.0).dtype == torch.float32
    assert (i / 2).dtype == torch.float32
    assert (torch.tensor([1, 2], dtype=torch.uint8) + 1).dtype == torch.uint8
    assert (torch.tensor([True]) + 1).dtype == torch.int64


def test_two_dtypes_meet_in_one_and_each_gradient_goes_back_in_its_own():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0], torch.float64)
    z = x * y
    assert z.dtype == torch.float64
    z.sum().backward()
    assert x.grad.dtype == torch.float32 and y.grad.dtype == torch.float64


def test_products_of_matrices_do_not_mix_dtypes():
    with pytest.raises(
        RuntimeError, match=r"matmul: expected operands of the same dtype.*float32 and float64"
    ):
        torch.ones(2, 2) @ torch.ones(2, 2, dtype=torch.float64)


# --- arrays as operands --------------------------------------------------------------------------------


@pytest.mark.parametrize("op", [*BINARY, operator.matmul], ids=lambda op: op.__name__)
def test_an_array_on_either_side_takes_part(op):
    x, a = leaf([1.0, 2.0], torch.float64), np.array([3.0, 4.0])
    for y, expected in ((op(x, a), op(x.detach().numpy(), a)), (op(a, x), op(a, x.detach().numpy()))):
        assert isinstance(y, torch.Tensor) and y.requires_grad
        np.testing.assert_allclose(y.detach().numpy(), expected)
    assert (x < a).all() and (a > x).all() and not (a == x).any()


@pytest.mark.parametrize("use", [lambda x, a: x * a, lambda x, a: a * x, lambda x, a: np.multiply(a, x)])
def test_an_array_that_is_written_later_does_not_reach_the_graph(use):
    x, a = leaf([1.0, 2.0], torch.float64), np.array([3.0, 4.0])
    y = use(x, a)
    a[:] = 1000
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 4.0]


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([1j]), np.array([None]), np.array([1.0], ">f8")])
def test_an_array_of_a_foreign_dtype_is_refused(array):
    x = leaf([1.0, 2.0])
    for call in (
        lambda: x * array,
        lambda: np.multiply(array, x),
        lambda: x == array,
        lambda: torch.tensor(array),
    ):
        with pytest.raises(TypeError, match="minigrad has no dtype"):
            call()


# --- options -------------------------------------------------------------------------------------------


def test_options_come_by_position_or_by_pytorchs_or_numpys_name():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    for y in (
        x.sum(0, True),
        x.sum(dim=0, keepdim=True),
        x.sum(axis=0, keepdims=True),
        torch.sum(x, 0, True),
    ):
        assert y.tolist() == [[4.0, 6.0]]
    assert torch.add(input=x, other=1.0).tolist() == (x + 1).tolist()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: x.exp(1), "exp"),
        (lambda x: torch.logsumexp(x), r"logsumexp\(\) missing required argument: 'dim'"),
        (lambda x: torch.amax(x, dimension=0), r"unexpected keyword argument 'dimension'; it takes x, dim"),
        (lambda x: torch.logsumexp(x, 0, True, 5), "takes at most 3 arguments"),
        (lambda x: torch.logsumexp(x, 0, x=x), "multiple values"),
        (lambda x: torch.exp("x"), "must be a Tensor, not str"),
        (lambda x: torch.exp([1.0]), r"must be a Tensor, not list; make one with tensor"),
        (lambda x: torch.exp(1.0), r"must be a Tensor, not float"),
        (lambda x: x + "x", "must be a Tensor, not str"),
        (lambda x: x + None, "must be a Tensor, not NoneType"),
        (lambda x: x * [1.0], "must be a Tensor, not list"),
    ],
)
def test_a_call_that_makes_no_sense_says_why(call, words):
    with pytest.raises(TypeError, match=words):
        call(leaf([1.0, 2.0]))


def test_a_call_carries_its_ops_name_and_formula():
    call = call_of(ops.elementwise.tanh)
    assert call.__name__ == "tanh" and REGISTRY["tanh"].formula in call.__doc__


@pytest.mark.parametrize("name", ["exp", "mean", "std", "softmax"])
def test_integers_become_floats_or_are_told_to(name):
    i = torch.tensor([1, 2, 3])
    if name in ("exp",):
        assert i.exp().dtype == torch.float32
    else:
        with pytest.raises(RuntimeError, match=r"float"):
            getattr(i, name)(0)


# --- warnings ------------------------------------------------------------------------------------------

SILENT = {
    "log of 0": lambda: torch.tensor([0.0]).log(),
    "log of a negative": lambda: torch.tensor([-1.0]).log(),
    "sqrt of a negative": lambda: torch.tensor([-1.0]).sqrt(),
    "1/0": lambda: 1 / torch.tensor([0.0]),
    "0/0": lambda: torch.zeros(2) / 0,
    "overflow": lambda: torch.tensor([1000.0]).exp(),
    "power": lambda: torch.tensor([0.0]) ** -1,
    "large number": lambda: torch.ones(2) * 1e300,
    "inf - inf": lambda: torch.tensor([np.inf]) - np.inf,
    "in place": lambda: torch.zeros(2).div_(0.0).log_(),
    "mean of nothing": lambda: torch.zeros(0).mean(),
    "var of one": lambda: torch.zeros(1).var(),
    "std of nothing": lambda: torch.zeros(0).std(),
    "narrowing": lambda: torch.tensor([1e300], dtype=torch.float64).float(),
    "nan to integer": lambda: torch.tensor([np.nan]).long(),
    "data that overflow": lambda: torch.tensor([1e300]),
    "arange": lambda: torch.arange(0.0, 1e5, 1e4, dtype=torch.float16),
    "linspace": lambda: torch.linspace(-1e308, 1e308, 3, dtype=torch.float64),
    "assignment": lambda: torch.zeros(2).copy_(torch.tensor([1e300], dtype=torch.float64)),
    "float64 into float32": lambda: torch.zeros(1).add_(torch.tensor([1e300], dtype=torch.float64)),
    "sigmoid": lambda: torch.tensor([-1000.0, 1000.0]).sigmoid(),
    "softmax": lambda: torch.tensor([1000.0, -np.inf]).softmax(0),
    "logsumexp": lambda: torch.tensor([-np.inf, -np.inf]).logsumexp(0),
    "isclose": lambda: torch.isclose(torch.tensor([np.inf, np.nan]), torch.tensor([np.inf, 1.0])),
    "float16": lambda: torch.tensor([60000.0], dtype=torch.float16) * 2,
}


@pytest.mark.parametrize("name", SILENT)
def test_no_warning_of_numpys_escapes(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        once = SILENT[name]()
    with np.errstate(all="raise"):
        again = SILENT[name]()
    np.testing.assert_array_equal(once.numpy(), again.numpy())


FILTERS = {
    "always": lambda: warnings.simplefilter("always"),
    "reset": warnings.resetwarnings,
    "reset, then another": lambda: (warnings.resetwarnings(), warnings.filterwarnings("ignore", "something")),
    "another in front": lambda: warnings.filterwarnings("default", category=DeprecationWarning),
    "ours shadowed by a message": lambda: warnings.filterwarnings("always", "divide by zero"),
    "all ignored": lambda: warnings.simplefilter("ignore"),
}


@pytest.mark.parametrize("filters", FILTERS)
def test_no_warning_is_shown_whatever_the_filters(filters):
    x = torch.tensor([0.0, -1.0, 1e38], requires_grad=True)
    with warnings.catch_warnings(record=True) as shown:
        FILTERS[filters]()
        for _ in range(2):
            (x.log() * (x * 1e30)).sum().backward()
            torch.nn.functional.linear(x * 1e38, torch.full((2, 3), 1e38), torch.ones(2))
            (x / 0).exp().mean(), x.sqrt().std(), torch.pow(x, -0.5)
        if filters not in ("all ignored", "another in front"):  # under pytest's own filter that is an error
            np.log(np.zeros(1))  # the user's own are shown as before
    package = str(Path(torch.__file__).parent)
    assert [w for w in shown if w.filename.startswith(package)] == []
    assert (filters in ("all ignored", "another in front")) or len(shown) == 1


@pytest.mark.parametrize("forward", [lambda x: np.log(x), lambda x, *, k=1.0: k * np.log(x)])
@pytest.mark.parametrize("filters", ["always", "all ignored", "another in front"])
def test_the_forward_of_a_users_op_is_silent_too(forward, filters):
    log = Op("own_log", forward, x=lambda g, x: g / x, formula="1/x", domain=ops.POSITIVE, register=False)
    with warnings.catch_warnings(record=True) as shown:
        FILTERS[filters]()
        assert log(torch.zeros(2, requires_grad=True)).tolist() == [-np.inf, -np.inf]
        assert log(torch.zeros(2)).tolist() == [-np.inf, -np.inf]
    assert shown == []


def test_numpys_settings_are_those_of_before_also_after_an_error():
    with np.errstate(all="raise"):
        before = np.geterr()
        torch.log(torch.zeros(1)), torch.exp(torch.full((1,), 1e9, requires_grad=True)).sum().backward()
        with pytest.raises(RuntimeError):
            torch.ones(2) + torch.ones(3)
        assert np.geterr() == before


@pytest.mark.parametrize("kind", [MemoryError, RecursionError, KeyboardInterrupt, ZeroDivisionError])
@pytest.mark.parametrize("inputs", ["x", "a b"])
def test_an_error_that_is_not_about_the_operands_passes_and_is_not_tried_again(kind, inputs):
    tried = []

    def forward(*arrays):
        tried.append(arrays)
        raise kind("enough")

    rules = {"x": lambda g: g} if inputs == "x" else {"a": lambda g: g, "b": lambda g: g * 1}
    call = call_of(
        Op(
            "fails",
            np.frompyfunc(forward, len(inputs.split()), 1),
            inputs=inputs,
            formula="",
            domain=ops.REAL,
            register=False,
            **rules,
        )
    )
    with pytest.raises(kind, match="enough"):
        call(*[torch.ones(1, requires_grad=True)] * len(inputs.split()))
    assert len(tried) == 1


def test_an_error_shows_no_other_behind_it():
    for misuse in (
        lambda: torch.ones(2) + torch.ones(3),
        lambda: torch.ones(2, 3) @ torch.ones(2, 3),
        lambda: torch.exp("no tensor"),
        lambda: torch.ones(2) * "no tensor",
        lambda: torch.nn.functional.linear(torch.ones(2), torch.ones(3, 3), torch.ones(3)),
        lambda: torch.ones(2).reshape(3),
        lambda: torch.ones(2).sum(5),
    ):
        with pytest.raises((RuntimeError, TypeError, IndexError)) as caught:
            misuse()
        text = "".join(traceback.format_exception(caught.value))
        assert "During handling" not in text and "direct cause" not in text


@pytest.mark.parametrize("create_graph", [False, True])
def test_no_warning_escapes_from_backward(create_graph):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for f in (
            torch.sqrt,
            torch.log,
            lambda x: x**-1.0,
            lambda x: x / x,
            lambda x: (x * 1000).exp(),
            torch.norm,
        ):
            x = leaf([0.0, 1.0])
            (g,) = torch.autograd.grad(f(x).sum(), x, create_graph=create_graph)
            if create_graph:
                torch.autograd.grad(g.sum(), x, allow_unused=True)


def test_the_users_own_numpy_still_warns():
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.log(np.zeros(1))


# --- under no_grad, nothing is recorded ----------------------------------------------------------------


def test_constants_make_constants():
    y = torch.ones(2) * 3 + torch.ones(2)
    assert y.grad_fn is None and y.is_leaf and not y.requires_grad


def test_results_that_are_no_floats_are_constants():
    x = leaf([1.0, 2.0])
    for y in (x > 1, x.argmax(), x.long(), x == x, x.isnan(), x.argsort(), x.sort().indices, x.bool()):
        assert not y.requires_grad and y.is_leaf


def test_an_op_that_is_not_registered_leaves_its_namesake_alone():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    logits, target = torch.tensor([[1.0, 2.0]]), torch.tensor([0])
    before = torch.nn.functional.cross_entropy(logits, target).item()
    for name in ("getitem", "cross_entropy", "sum"):
        op = REGISTRY[name]
        wrong = Op(
            name, lambda x, *args, **options: -x, formula="", domain=op.domain, register=False, x=lambda g: g
        )
        call_of(wrong)
    assert x[1].item() == 2.0 and np.sum(x).item() == 3.0
    assert torch.nn.functional.cross_entropy(logits, target).item() == before
