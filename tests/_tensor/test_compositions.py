"""Functions made of a few ops: their values against formulas written out in NumPy."""

import math
import re
import warnings

import numpy as np
import pytest

import minigrad as torch

RNG = np.random.default_rng(3)


def real(*shape):
    return torch.tensor(RNG.standard_normal(shape))


def close(ours, expected):
    np.testing.assert_allclose(ours.detach().numpy(), expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    ("source", "destination"),
    [((0, 2), (2, 0)), ((2, 0), (0, 1)), ((1, 2, 0), (0, 2, 1)), (-1, 0), ((0, 1), (-1, 1))],
)
def test_movedim_puts_axes_where_numpy_puts_them(source, destination):
    x = real(2, 3, 4)
    for move in (torch.movedim, torch.moveaxis):
        close(move(x, source, destination), np.moveaxis(x.numpy(), source, destination))
    y = real(2, 3, 4, 5)
    close(torch.movedim(y, (0, 1), (2, 0)), np.moveaxis(y.numpy(), (0, 1), (2, 0)))


@pytest.mark.parametrize(("beta", "alpha"), [(1, 1), (2, 1), (1, 3), (0.5, -2.0), (0, 1), (0, 2)])
def test_addmm_is_a_scaled_sum(beta, alpha):
    a, x, y = real(3), real(2, 4), real(4, 3)
    close(torch.addmm(a, x, y, beta=beta, alpha=alpha), beta * a.numpy() + alpha * (x.numpy() @ y.numpy()))


def test_addmm_with_beta_0_ignores_what_is_not_finite():
    x, y = real(2, 4), real(4, 3)
    close(torch.addmm(torch.tensor([np.nan, np.inf, 1.0]).double(), x, y, beta=0), x.numpy() @ y.numpy())


@pytest.mark.parametrize("value", [1, 2, -0.5])
def test_addcmul_and_addcdiv(value):
    a, x, y = real(2, 3), real(3), real(2, 1) + 5
    close(torch.addcmul(a, x, y, value=value), a.numpy() + value * x.numpy() * y.numpy())
    close(torch.addcdiv(a, x, y, value=value), a.numpy() + value * x.numpy() / y.numpy())


def test_lerp_goes_from_the_nearer_end():
    """Exact at both ends, where the one formula a + w (b - a) loses b beside a large a."""
    a, b = torch.tensor([1e16, 3.0, -2.0]).double(), torch.tensor([1.0, 3.0, 5.0]).double()
    for weight in (1, 1.0, torch.tensor(1.0).double(), torch.ones(3).double()):
        assert torch.lerp(a, b, weight).tolist() == b.tolist()
    for weight in (0, torch.zeros(3).double()):
        assert torch.lerp(a, b, weight).tolist() == a.tolist()
    x, y, w = real(2, 3), real(3), torch.tensor([-0.5, 0.25, 1.75]).double()
    close(torch.lerp(x, y, w), x.numpy() + w.numpy() * (y.numpy() - x.numpy()))
    close(torch.lerp(x, y, 0.75), 0.25 * x.numpy() + 0.75 * y.numpy())


def test_isclose_compares_with_both_tolerances():
    a, b = (
        torch.tensor([1.0, 100.0, 0.0, np.inf, np.nan, np.nan]),
        torch.tensor([1.1, 110.0, 0.1, np.inf, np.nan, 1.0]),
    )
    assert torch.isclose(a, b, rtol=0.0, atol=0.2).tolist() == [True, False, True, True, False, False]
    assert torch.isclose(a, b, rtol=0.1, atol=0.0).tolist() == [True, True, False, True, False, False]
    assert torch.isclose(b, a, rtol=0.095, atol=0.0).tolist()[:2] == [False, False]  # relative to the second
    assert torch.isclose(a, b, equal_nan=True).tolist() == [False, False, False, True, True, False]
    assert torch.allclose(a[3:5], b[3:5], equal_nan=True) and not torch.allclose(a[3:5], b[3:5])
    assert not torch.allclose(torch.tensor(1.0), torch.tensor(1.0001))
    assert torch.allclose(torch.tensor(1.0), torch.tensor(1.000009))


def test_equal_compares_shapes_too():
    assert not torch.equal(torch.ones(2), torch.ones(1)) and not torch.equal(torch.ones(2), torch.ones(2, 1))
    assert torch.equal(torch.ones(0), torch.ones(0)) and not torch.equal(
        torch.ones(2), torch.tensor([1.0, 2.0])
    )


@pytest.mark.parametrize("k", [-4, -2, -1, 0, 1, 3])
def test_diag_makes_and_takes_diagonals(k):
    v, x = real(3), real(3, 4)
    close(torch.diag(v, k), np.diag(v.numpy(), k))
    taken = torch.diag(x, k) if -3 <= k <= 4 else torch.empty(0)
    close(taken, np.diag(x.numpy(), k))
    if taken.numel():
        taken[0] = 99.0
        assert not (x == 99.0).any()  # a copy


# The name, the error, its text in PyTorch 2.13, and the first place before the elements that is none.
OUTSIDE = [
    ("index_select", IndexError, "index out of range in self", -1),
    ("index_add", IndexError, "index out of range in self", -1),
    ("index_copy", IndexError, "index_copy_(): index {} is out of bounds for dimension 0 with size 3", -1),
    ("index_fill", IndexError, "index {} is out of bounds for dimension 0 with size 3", -4),
    ("index_reduce", IndexError, "index out of range in self", -1),
    ("gather", RuntimeError, "index {} is out of bounds for dimension 0 with size 3", -1),
    ("scatter", RuntimeError, "index {} is out of bounds for dimension 0 with size 3", -1),
    ("scatter_add", RuntimeError, "index {} is out of bounds for dimension 0 with size 3", -1),
    ("scatter_reduce", RuntimeError, "index {} is out of bounds for dimension 0 with size 3", -1),
    ("take", IndexError, "out of range: tried to access index {} on a tensor of 3 elements.", -4),
    ("put", IndexError, "out of range: tried to access index {} on a tensor of 3 elements.", -4),
    (
        "select_scatter",
        IndexError,
        "index {} out of range for tensor of size [3] at dimension 0",
        -4,
    ),
]


@pytest.mark.parametrize(("name", "error", "text", "below"), OUTSIDE, ids=[case[0] for case in OUTSIDE])
def test_a_place_outside_is_refused_with_pytorchs_words(name, error, text, below):
    x, source = torch.zeros(3), torch.ones(2)
    after = {
        "index_add": (source,), "index_copy": (source,), "index_fill": (1.0,), "scatter": (source,),
        "index_reduce": (source, "prod"), "scatter_add": (source,), "scatter_reduce": (source, "sum"),
    }.get(name, ())  # fmt: skip

    def call(place):
        index = torch.tensor([0, place])
        if name in ("take", "put"):
            return getattr(torch, name)(x, index, *((source,) if name == "put" else ()))
        if name == "select_scatter":
            return torch.select_scatter(x, torch.tensor(1.0), 0, place)
        return getattr(torch, name)(x, 0, index, *after)

    call(2)
    call(below + 1)
    for place in (3, below):
        with pytest.raises(error, match=re.escape(text.format(place))):
            call(place)


def test_take_along_dim_counts_negative_indices_from_the_end():
    x = real(2, 4)
    places = torch.tensor([[-1, 0, -4], [3, -2, 1]])
    close(torch.take_along_dim(x, places, dim=1), np.take_along_axis(x.numpy(), places.numpy(), 1))
    close(torch.take_along_dim(x, torch.tensor([[-1], [0]]), 1), [[x[0, 3].item()], [x[1, 0].item()]])
    close(torch.take_along_dim(x, torch.tensor([[-1]]), 0), x.numpy()[-1:])
    with pytest.raises((RuntimeError, IndexError), match="out of bounds"):
        torch.take_along_dim(x, torch.tensor([[-5]]), 1)
    close(torch.take_along_dim(x, torch.tensor([[5, 0], [7, 2]])), x.numpy().ravel()[[5, 0, 7, 2]])
    for place in (-9, -1, 8):  # in the flattened tensor they do not
        with pytest.raises((RuntimeError, IndexError), match="out of bounds"):
            torch.take_along_dim(x, torch.tensor([place]))


def test_take_along_dim_broadcasts_the_other_axes_and_adds_gradients_up():
    x = real(2, 3).requires_grad_()
    y = torch.take_along_dim(x, torch.tensor([[0, -1, 0]]), 1)
    close(y, x.detach().numpy()[:, [0, 2, 0]])
    y.backward(torch.tensor([[1.0, 10.0, 100.0], [2.0, 20.0, 200.0]]).double())
    assert x.grad.tolist() == [[101.0, 0.0, 10.0], [202.0, 0.0, 20.0]]


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_gather_and_scatter_against_loops(dim):
    x, src = real(3, 4), real(3, 4)
    index = torch.tensor([[0, 2], [1, 0]])
    axis = dim % 2
    taken, put, added = np.empty((2, 2)), x.numpy().copy(), x.numpy().copy()
    for i in range(2):
        for j in range(2):
            place = (index[i, j].item(), j) if axis == 0 else (i, index[i, j].item())
            taken[i, j] = x.numpy()[place]
            put[place] = src.numpy()[i, j]
            added[place] += src.numpy()[i, j]
    close(torch.gather(x, dim, index), taken)
    close(torch.scatter(x, dim, index, src), put)  # of the larger source the first part is used
    close(torch.scatter_add(x, dim, index, src), added)
    close(torch.scatter(x, dim, index, value=7.0), np.where(put == x.numpy(), x.numpy(), 7.0))


def test_an_index_larger_than_what_it_indexes_is_refused():
    x, index = real(2, 3), torch.zeros(3, 2, dtype=torch.int64)
    for call in (
        lambda: torch.gather(x, 1, index),
        lambda: torch.scatter(x, 1, index, real(3, 2)),
        lambda: torch.scatter(x, 0, index, real(2, 2)),
        lambda: torch.scatter_add(x, 0, index, real(2, 2)),
    ):
        with pytest.raises(RuntimeError, match=r"size of index \(3, 2\) must not exceed"):
            call()


@pytest.mark.parametrize("p", [1, 2, 3, 0.5, np.inf, -np.inf, 0, "fro", None])
def test_norm_is_that_of_numpy(p):
    x = real(2, 5)
    order = 2 if p in ("fro", None) else p
    for dim in (0, 1):
        close(torch.norm(x, p, dim=dim), np.linalg.norm(x.numpy(), order, axis=dim))
    close(torch.norm(x, p), np.linalg.norm(x.numpy().ravel(), order))


def test_stack_wants_one_shape_and_chunks_divide_evenly():
    with pytest.raises(RuntimeError, match=r"\(2,\) at entry 0 and \(1,\) at entry 1"):
        torch.stack([torch.ones(2), torch.ones(1)])
    assert [c.tolist() for c in torch.arange(7).chunk(4)] == [[0, 1], [2, 3], [4, 5], [6]]
    assert [len(c) for c in torch.arange(6).chunk(4)] == [2, 2, 2]
    assert [c.tolist() for c in torch.arange(5).split(2)] == [[0, 1], [2, 3], [4]]


def test_masked_fill_fills_where_the_mask_is_true():
    x, mask = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([True, False])
    assert x.masked_fill(mask, 9).tolist() == [[9.0, 2.0], [9.0, 4.0]]
    assert torch.tensor([1, 2]).masked_fill(mask, torch.tensor(2.9)).tolist() == [2, 2]


@pytest.mark.parametrize("n", [64, 65, 200])
@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize(
    "cut",
    [
        torch.unbind,
        lambda x, dim: torch.split(x, 1, dim),
        lambda x, dim: torch.split(x, [0, *[2, 0, 1] * (x.shape[dim] // 3), x.shape[dim] % 3], dim),
    ],
    ids=["unbind", "ones", "sections"],
)
def test_many_parts_are_the_parts_one_by_one(cut, dim, n):
    x = torch.arange(3.0 * n).reshape((n, 3) if dim == 0 else (3, n)).requires_grad_()
    parts = cut(x, dim)
    joined = torch.stack(parts, dim) if cut is torch.unbind else torch.cat(parts, dim)
    assert joined.tolist() == x.tolist()
    weights = np.arange(1.0, 1 + len(parts), dtype=np.float32)
    sum(float(w) * part.sum() for w, part in zip(weights, parts, strict=True)).backward()
    sizes = [1 if cut is torch.unbind else part.shape[dim] for part in parts]
    expected = np.repeat(weights, sizes)
    np.testing.assert_array_equal(x.grad.numpy(), np.broadcast_to(np.expand_dims(expected, 1 - dim), x.shape))


def test_index_select_of_a_number_is_a_copy():
    x = torch.tensor(5.0)
    y = torch.index_select(x, 0, torch.tensor([0]))
    assert y.item() == 5.0 and y.shape == ()
    y.fill_(1.0)
    assert x.item() == 5.0


@pytest.mark.parametrize("dim", [0, -1])
@pytest.mark.parametrize("alpha", [1, -2.5])
def test_index_add_adds_alpha_times_the_source_where_the_index_says(dim, alpha):
    x, index = real(3, 4), torch.tensor([2, 0, 2])
    source = real(3, 4) if dim == 0 else real(3, 3)
    expected = x.numpy().copy()
    np.add.at(expected, index.numpy() if dim == 0 else (slice(None), index.numpy()), alpha * source.numpy())
    close(torch.index_add(x, dim, index, source, alpha=alpha), expected)


def of(*shape):
    return torch.arange(1.0, 1 + math.prod(shape)).reshape(shape)


@pytest.mark.parametrize(
    ("older", "now"),
    [
        (lambda x, a, _: x.add(0.5, a), lambda x, a, _: x.add(a, alpha=0.5)),
        (lambda x, a, _: torch.add(x, 2, a), lambda x, a, _: torch.add(x, a, alpha=2)),
        (lambda x, a, _: x.clone().add_(0.5, a), lambda x, a, _: x + a / 2),
        (lambda x, a, _: x.sub(0.5, a), lambda x, a, _: x.sub(a, alpha=0.5)),
        (lambda x, a, _: x.clone().sub_(2, a), lambda x, a, _: x - 2 * a),
        (lambda x, a, b: x.addcmul(0.5, a, b), lambda x, a, b: x.addcmul(a, b, value=0.5)),
        (lambda x, a, b: x.clone().addcmul_(0.5, a, b), lambda x, a, b: x + a * b / 2),
        (lambda x, a, b: torch.addcdiv(x, -2, a, b), lambda x, a, b: x.addcdiv(a, b, value=-2)),
        (lambda x, a, b: x.clone().addcdiv_(-2, a, b), lambda x, a, b: x.addcdiv(a, b, value=-2)),
        (lambda x, a, b: torch.addmm(2, x, 3, a, b), lambda x, a, b: 2 * x + 3 * (a @ b)),
        (lambda x, a, b: torch.addmm(2, x, a, b), lambda x, a, b: 2 * x + a @ b),
        (lambda x, a, b: x.addmm(2, 3, a, b), lambda x, a, b: 2 * x + 3 * (a @ b)),
        (lambda x, a, b: x.addmm(2, a, b), lambda x, a, b: 2 * x + a @ b),
        (lambda x, a, b: x[0].addmv(2, 3, a, b[0]), lambda x, a, b: 2 * x[0] + 3 * (a @ b[0])),
        (lambda x, a, b: x.addr(2, 3, a[0], b[0]), lambda x, a, b: 2 * x + 3 * a[0].outer(b[0])),
        (
            lambda x, a, b: torch.baddbmm(2, x[None], 3, a[None], b[None]),
            lambda x, a, b: (2 * x + 3 * (a @ b))[None],
        ),
        (lambda x, a, b: x.addbmm(2, 3, a[None], b[None]), lambda x, a, b: 2 * x + 3 * (a @ b)),
    ],
)
def test_a_factor_may_stand_in_front_as_in_older_programs(older, now):
    inputs = [of(2, 2).requires_grad_(), (of(2, 2) + 1).requires_grad_(), (of(2, 2) + 4).requires_grad_()]
    with pytest.warns(UserWarning, match="with its factor in front is deprecated") as seen:
        found = older(*inputs)
    assert seen[0].filename == __file__
    wanted = now(*inputs)
    assert torch.allclose(found, wanted)
    pairs = zip(
        *(torch.autograd.grad(y.cos().sum(), inputs, allow_unused=True) for y in (found, wanted)), strict=True
    )
    assert all(a is b is None or torch.allclose(a, b) for a, b in pairs)
    with torch.no_grad(), pytest.warns(UserWarning, match="in front"):
        assert torch.allclose(older(*inputs), wanted)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.add(x, 2),
        lambda x: x.add(2, x, alpha=3),
        lambda x: x.add_(x, 2),
        lambda x: x.sub(1, 2, 3),
        lambda x: x.addcmul(x, 2, x),
        lambda x: x.addcdiv(2, x, x, value=2),
        lambda x: torch.addmm(x, x, 2, x),
        lambda x: torch.addmm(2, x, 3, x, x, beta=2),
        lambda x: torch.addmm(2, x, 3, 4, x, x),
    ],
)
def test_other_orders_are_refused(call):
    x = of(2, 2)
    with pytest.raises(TypeError, match=r"by its name, after the tensors|by their names, after the tensors"):
        call(x)
    assert x.equal(of(2, 2))


@pytest.mark.parity
def test_factors_in_front_are_pytorchs(pytorch):
    def found(library):
        x, a, b = (library.arange(4.0).reshape(2, 2) + i for i in range(3))
        results = [
            x.add(0.5, a), library.sub(x, 2, a), x.clone().add_(-1, a), x.addcmul(0.5, a, b),
            x.addcdiv(-2, a, b),
            library.addmm(2, x, 3, a, b), library.addmm(2, x, a, b), x.addmm(2, 3, a, b), x.addmm(2, a, b),
            x[0].addmv(2, 3, a, b[0]), x.addr(2, 3, a[0], b[0]), x.addbmm(2, 3, a[None], b[None]),
        ]  # fmt: skip
        return [y.tolist() for y in results]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert found(torch) == found(pytorch)
