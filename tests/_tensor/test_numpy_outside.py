"""NumPy and Matplotlib take tensors without a history where they take arrays; a history is not lost."""

# ruff: noqa: ARG005, E741, PT017 (each case is written as a user would, and takes what all take)

import warnings

import numpy as np
import pytest

import minigrad as torch

V, M, I = np.array([0.1, 0.4, 0.9]), np.array([[1.0, 2.0, 3.0], [3.0, 1.0, 5.0]]), np.array([0, 1, 3])
CALLS = {
    "histogram": lambda v, m, i: np.histogram(v, bins=3),
    "histogram2d": lambda v, m, i: np.histogram2d(v, v, bins=2),
    "linspace": lambda v, m, i: np.linspace(v[0], v[1], 4),
    "meshgrid": lambda v, m, i: np.meshgrid(v, v),
    "vstack": lambda v, m, i: np.vstack([v, v]),
    "hstack": lambda v, m, i: np.hstack([v, v]),
    "allclose": lambda v, m, i: np.allclose(v, v),
    "cov": lambda v, m, i: np.cov(m),
    "median": lambda v, m, i: np.median(v),
    "percentile": lambda v, m, i: np.percentile(v, 40),
    "sort": lambda v, m, i: np.sort(v),
    "unique": lambda v, m, i: np.unique(i),
    "bincount": lambda v, m, i: np.bincount(i),
    "outer": lambda v, m, i: np.outer(v, v),
    "norm": lambda v, m, i: np.linalg.norm(v),
    "interp": lambda v, m, i: np.interp(0.5, v, v),
    "polyfit": lambda v, m, i: np.polyfit(v, v, 1),
    "diff": lambda v, m, i: np.diff(v),
    "pad": lambda v, m, i: np.pad(v, 1),
    "repeat": lambda v, m, i: np.repeat(v, 2),
    "searchsorted": lambda v, m, i: np.searchsorted(v, 0.5),
    "array of a list": lambda v, m, i: np.array([v, v]),
    "array of numbers": lambda v, m, i: np.array([v[0], v[1]]),
    "sum with an option": lambda v, m, i: np.sum(m, initial=3.0),
    "isin": lambda v, m, i: np.isin(i, [1]),
    "average": lambda v, m, i: np.average(v),
    "index": lambda v, m, i: np.arange(5)[i],
    "cbrt": lambda v, m, i: np.cbrt(v),
    "isnan": lambda v, m, i: np.isnan(v),
    "reduce": lambda v, m, i: np.add.reduce(v),
    "out": lambda v, m, i: np.sqrt(v, out=np.zeros(3)),
    "less": lambda v, m, i: np.arange(3) < v,
}
RECORDED = sorted({*CALLS} - {"unique", "bincount", "isin", "index", "array of numbers", "linspace"})


def tensors(requires_grad=False):
    v, m = torch.from_numpy(V.copy()), torch.from_numpy(M.copy())
    if requires_grad:
        v.requires_grad_()
        m.requires_grad_()
    return v, m, torch.from_numpy(I.copy())


@pytest.mark.parametrize("name", CALLS)
def test_numpy_computes_the_same_of_tensors_as_of_arrays(name):
    ours, theirs = CALLS[name](*tensors()), CALLS[name](V, M, I)
    flat = ours if isinstance(ours, (tuple, list)) else [ours]
    for a, b in zip(flat, theirs if isinstance(theirs, (tuple, list)) else [theirs], strict=True):
        np.testing.assert_array_equal(np.asarray(a), b)
        assert np.asarray(a).dtype == np.asarray(b).dtype


@pytest.mark.parametrize("name", RECORDED)
def test_a_history_is_not_lost_without_a_word(name):
    try:
        result = CALLS[name](*tensors(requires_grad=True))
    except (TypeError, RuntimeError) as error:
        assert "detach().numpy()" in str(error)
    else:  # recorded, or a comparison
        kind = np.asarray(getattr(result, "detach", lambda: result)()).dtype.kind
        assert kind == "b" or result.requires_grad


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_where_nothing_is_recorded_an_array_may_be_taken(off):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    with off(), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert y.numpy().tolist() == np.asarray(y).tolist() == [2, 2]
        assert np.shares_memory(x.numpy(), x.detach().numpy())
        assert np.median(y) == 2 and np.histogram(y, 2)[0].tolist() == [0, 2]
        assert float(y.sum()) == 4
    with torch.no_grad(), torch.enable_grad(), pytest.raises(RuntimeError, match=r"Can't call numpy\(\)"):
        y.numpy()


@pytest.mark.parity
def test_an_array_may_be_taken_where_pytorch_lets_it_be(pytorch):
    for library in (pytorch, torch):
        x = library.ones(2, requires_grad=True)
        with library.no_grad():
            assert x.numpy().tolist() == [1, 1]
        with library.inference_mode():
            assert np.asarray(x * 2).tolist() == [2, 2]
        with pytest.raises(RuntimeError):
            x.numpy()


def test_a_ufunc_gives_a_tensor_and_another_function_an_array():
    v, *_ = tensors()
    assert isinstance(np.cbrt(v), torch.Tensor) and isinstance(np.isnan(v), torch.Tensor)
    assert type(np.sort(v)) is np.ndarray and type(np.median(v)) is np.float64
    fraction, whole = np.modf(v + 1)
    assert isinstance(fraction, torch.Tensor) and whole.tolist() == [1, 1, 1]
    a = np.ones(3)
    a += v
    assert type(a) is np.ndarray and a.tolist() == (V + 1).tolist()


# Functions that give arrays, and functions that give tensors, of a vector v, a matrix m and integers i.
ARRAYS = {
    "broadcast_to": lambda v, m, i: np.broadcast_to(v, (2, 3)),
    "concatenate": lambda v, m, i: np.concatenate([m, m]),
    "concatenate, axis": lambda v, m, i: np.concatenate([m, m], axis=1),
    "diagonal": lambda v, m, i: np.diagonal(m),
    "dot": lambda v, m, i: np.dot(m, v),
    "einsum": lambda v, m, i: np.einsum("ij->i", m),
    "expand_dims": lambda v, m, i: np.expand_dims(v, 0),
    "full_like": lambda v, m, i: np.full_like(m, 2),
    "ones_like": lambda v, m, i: np.ones_like(m),
    "ravel": lambda v, m, i: np.ravel(m),
    "roll": lambda v, m, i: np.roll(m, 1),
    "stack": lambda v, m, i: np.stack([v, v]),
    "stack of mixed dtypes": lambda v, m, i: np.stack([v, i]),
    "tile": lambda v, m, i: np.tile(v, 2),
    "tril": lambda v, m, i: np.tril(m),
    "triu": lambda v, m, i: np.triu(m),
    "where": lambda v, m, i: np.where(v > 0.3, v, 0.0),
    "zeros_like": lambda v, m, i: np.zeros_like(m),
    "median": lambda v, m, i: np.median(m, axis=0),
    "sort": lambda v, m, i: np.sort(v),
}
TENSORS = {
    "add": lambda v, m, i: np.add(v, i),
    "add of float32": lambda v, m, i: np.add(v.float(), i),
    "argsort": lambda v, m, i: np.argsort(v),
    "argwhere": lambda v, m, i: np.argwhere(m > 2),
    "around": lambda v, m, i: np.around(v, 0),
    "inv": lambda v, m, i: np.linalg.inv(m[:, :2]),
    "linspace": lambda v, m, i: np.linspace(v[0], v[1], 4),
    "nonzero": lambda v, m, i: np.nonzero(m > 2),
    "ptp": lambda v, m, i: np.ptp(v),
    "repeat": lambda v, m, i: np.repeat(v, 2),
    "rint of integers": lambda v, m, i: np.rint(i),
    "reciprocal of integers": lambda v, m, i: np.reciprocal(i + 1),
    "sin of integers": lambda v, m, i: np.sin(i),
    "split": lambda v, m, i: np.split(v, 3)[1],
    "sqrt of float32": lambda v, m, i: np.sqrt(v.float()),
    "take": lambda v, m, i: np.take(v, [0, 1]),
    "true_divide of integers": lambda v, m, i: np.true_divide(i, i + 1),
    "a scalar of NumPy's": lambda v, m, i: np.float64(2) * v.float(),
}


@pytest.mark.parametrize("name", [*ARRAYS, *TENSORS])
def test_a_function_gives_what_has_the_methods_that_its_user_expects(name):
    result = {**ARRAYS, **TENSORS}[name](*tensors())
    assert type(result) is (np.ndarray if name in ARRAYS else torch.Tensor)


@pytest.mark.parity
@pytest.mark.parametrize("name", [*ARRAYS, *TENSORS])
def test_a_function_gives_what_it_gives_of_pytorchs_tensors(pytorch, name):
    ours = {**ARRAYS, **TENSORS}[name](*tensors())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # NumPy's, of PyTorch's __array_wrap__
        theirs = {**ARRAYS, **TENSORS}[name](*(pytorch.from_numpy(x.copy()) for x in (V, M, I)))
    assert isinstance(ours, np.ndarray) is isinstance(theirs, np.ndarray)
    assert str(ours.dtype) == str(theirs.dtype)
    np.testing.assert_array_max_ulp(np.asarray(ours, float), np.asarray(theirs, float), 2)


def test_the_methods_of_a_joined_array_are_numpys():
    v, *_ = tensors()
    assert np.concatenate([v, v]).std() == np.concatenate([V, V]).std()  # divides by n, not n - 1
    assert np.stack([v, v]).max(0).tolist() == V.tolist()


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.where(x > 0, x, 0.0),
        lambda x: torch.cat([x, x]),
        torch.tril,
        lambda x: x.roll(1),
        lambda x: x.expand(2, 2, 2),
        lambda x: x.trace(),
        lambda x: x.diagonal(),
        lambda x: x.abs(),
        lambda x: x.tile(2),
        lambda x: x.round(),
    ],
)
def test_rules_of_derivatives_keep_tensors_where_nothing_is_recorded(function):
    x = torch.tensor([[1.0, -2.0], [3.0, 4.0]], dtype=torch.float64, requires_grad=True)
    y, seen = x * 1, []
    y.register_hook(lambda g: seen.append(type(g)))
    (first,) = torch.autograd.grad(function(y).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad((first * x).sum(), x, create_graph=True)
    assert set(seen) == {torch.Tensor}
    assert type(first) is type(second) is torch.Tensor
    assert second.tolist() == first.tolist()


def test_a_hook_within_a_second_derivative_sees_what_a_user_sees():
    kinds = []
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    y.register_hook(lambda g: kinds.append(type(np.stack([g.detach(), g.detach()]))))
    torch.autograd.grad(y.sum(), x, create_graph=True)
    assert kinds == [np.ndarray]


def test_a_compiled_function_joins_as_the_eager_one():
    def joined(x):
        return torch.from_numpy(np.concatenate([x, x])).std() + np.sin(x.long()).sum()

    x = torch.tensor([1.0, 2.5, 4.0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it may run eagerly, and says so
        compiled = torch.compile(joined)
        for _ in range(3):
            assert compiled(x).item() == joined(x).item()


def test_numpys_assertions_take_tensors():
    v, m, _ = tensors()
    np.testing.assert_allclose(v, V)
    np.testing.assert_array_equal(m, M)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(v, V + 1)


def test_a_write_by_numpy_is_noticed_by_the_graph():
    x, w = torch.ones(3), torch.ones(3, requires_grad=True)
    y = w * x
    np.copyto(x, np.zeros(3, np.float32))
    with pytest.raises(RuntimeError, match=r"modified|written"):
        y.sum().backward()


def test_functions_whose_records_load_later_are_recorded_at_once():
    x = torch.tensor([3.0], requires_grad=True)
    assert np.hypot(x, torch.tensor([4.0])).requires_grad and np.exp2(x).requires_grad


# --- Matplotlib ------------------------------------------------------------------------------------------

PLOTS = {
    "plot": lambda ax, v, m, g: (ax.plot(v), ax.plot(v, v), ax.plot(m)),
    "scatter": lambda ax, v, m, g: ax.scatter(v, v, c=v, s=v * 10),
    "bar": lambda ax, v, m, g: (ax.bar(v, v), ax.barh(v, v), ax.bar(["a", "b", "c"], v)),
    "contour": lambda ax, v, m, g: (ax.contour(g), ax.contourf(g, g.T, g)),
    "quiver": lambda ax, v, m, g: (ax.quiver(v, v, v, v), ax.quiver(g, g.T, g, g)),
    "hist": lambda ax, v, m, g: (ax.hist(v), ax.hist([v, v]), ax.hist2d(v, v)),
    "hist of a matrix": lambda ax, v, m, g: ax.hist(m),  # its columns are the sets
    "imshow": lambda ax, v, m, g: ax.imshow(m),
    "errorbar": lambda ax, v, m, g: ax.errorbar(v, v, yerr=v),
    "fill_between": lambda ax, v, m, g: ax.fill_between(v, v, -v),
    "lines": lambda ax, v, m, g: (ax.axhline(v[0]), ax.vlines(v, 0, 1), ax.set_xlim(v[0], v[2])),
    "pcolormesh": lambda ax, v, m, g: ax.pcolormesh(g, g.T, g),
    "boxplot": lambda ax, v, m, g: (ax.boxplot(v), ax.pie(v)),
}


def picture(draw, *values):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    figure = pyplot.figure(figsize=(2, 2))
    try:
        draw(figure.add_subplot(), *values)
        figure.canvas.draw()
        return np.array(figure.canvas.buffer_rgba())
    finally:
        pyplot.close(figure)


@pytest.mark.parametrize("name", PLOTS)
def test_matplotlib_draws_tensors_as_it_draws_arrays(name):
    g = np.arange(9.0).reshape(3, 3)
    v, m, _ = tensors()
    ours, theirs = picture(PLOTS[name], v, m, torch.from_numpy(g)), picture(PLOTS[name], V, M, g)
    assert (ours == theirs).all()


def test_matplotlib_is_told_of_a_history():
    v, *_ = tensors(requires_grad=True)
    with pytest.raises(RuntimeError, match=r"detach\(\)\.numpy\(\)"):
        picture(lambda ax, v: ax.plot(v), v)
