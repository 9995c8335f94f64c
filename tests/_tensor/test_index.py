"""Indexing by everything that NumPy indexes by: PyTorch's shapes, the gradient at the indexed places."""

import numpy as np
import pytest

import minigrad as torch

SHAPE = (3, 4, 5)
MASK = np.arange(12).reshape(3, 4) % 3 == 0
BASIC = [
    0, -1, np.int64(1), slice(1, 3), slice(None, None, 2), slice(5, 9), ..., None, (), (0, 1), (0, 1, 2),
    (..., 0), (0, ..., 1), (slice(None), 2), (None, 0, None), (slice(1, None), ..., slice(None, 2)),
    (..., None),
]  # fmt: skip
ADVANCED = [
    [0, 2], [2, 2, 2], np.array([[0, 1], [2, 0]]), (slice(None), [3, 0]), (..., [4, 4]), ([0, 1], [1, 2]),
    ([0, 1], slice(None), [1, 2]), (slice(None), [0, 1], [1, 2]), MASK, MASK[:, 0], (slice(None), MASK[0]),
    (..., np.array([True, False, True, True, False])), ([0, 1], None, [2, 3]), (np.array([[0], [1]]), [1, 2]),
    np.zeros((0,), np.int64), np.array([-1, -3]), np.zeros(SHAPE, bool), True, (None, [0, 2]),
]  # fmt: skip


def tensors(index):
    """The same index with tensors in the place of arrays."""
    if isinstance(index, tuple):
        return tuple(map(tensors, index))
    return torch.from_numpy(index) if isinstance(index, np.ndarray) else index


def data(shape=SHAPE):
    return np.arange(float(np.prod(shape, dtype=int))).reshape(shape)


@pytest.mark.parametrize("index", BASIC + ADVANCED, ids=str)
@pytest.mark.parametrize("convert", [lambda i: i, tensors], ids=["arrays", "tensors"])
def test_values_and_gradients_are_those_of_the_indexed_places(index, convert):
    x = torch.tensor(data(), requires_grad=True)
    y = x[convert(index)]
    expected = data()[index]
    assert y.shape == expected.shape and y.tolist() == expected.tolist()
    weights = np.random.default_rng(0).standard_normal(expected.shape)
    y.backward(torch.tensor(weights))
    grad = np.zeros(SHAPE)
    np.add.at(grad, index, weights)
    np.testing.assert_allclose(x.grad.numpy(), grad)


@pytest.mark.parametrize("index", BASIC, ids=str)
def test_ints_and_slices_give_views(index):
    x = torch.tensor(data())
    y = x[index]
    assert not y.numel() or np.shares_memory(x.numpy(), y.numpy())


@pytest.mark.parametrize("index", ADVANCED, ids=str)
def test_arrays_and_masks_give_copies(index):
    x = torch.tensor(data())
    assert not np.shares_memory(x.numpy(), x[index].numpy())


def test_a_place_indexed_twice_adds_up():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (x[[0, 0, 2]] * torch.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [11.0, 0.0, 100.0]


def test_an_int_beside_an_array_selects_first_as_in_pytorch():
    # NumPy would take the 0 for an array and move its axis: (2, 4) here, but (2, 3) for x[0, :, [1, 2]].
    x = torch.tensor(data(), requires_grad=True)
    y = x[0, :, [1, 2]]
    expected = data()[0][:, [1, 2]]
    assert y.shape == (4, 2) and y.tolist() == expected.tolist()
    y.sum().backward()
    assert x.grad[0, :, 1:3].sum() == 8 and x.grad.sum() == 8
    z = x.detach().clone()
    z[0, :, [1, 2]] = -1.0
    assert (z == -1).sum() == 8 and (z[0, :, 1:3] == -1).all()


def test_a_0d_tensor_counts_as_an_int():
    x = torch.tensor(data())
    assert x[torch.tensor(1)].tolist() == data()[1].tolist()
    assert np.shares_memory(x[torch.tensor(1)].numpy(), x.numpy())


def test_second_derivatives_pass_through_an_index():
    x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
    (g,) = torch.autograd.grad((x[[0, 0, 1]] ** 3).sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    assert g.tolist() == [6.0, 12.0, 0.0] and h.tolist() == [12.0, 12.0, 0.0]


def test_an_array_that_is_written_later_does_not_move_the_gradient():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    places = np.array([0, 0])
    y = x[places]
    places[:] = 2
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 0.0, 0.0]


def test_a_tensor_of_bytes_is_a_mask_as_in_older_programs():
    x = torch.tensor(data(), requires_grad=True)
    first = torch.zeros(len(x), dtype=torch.uint8)
    first[0] = 2
    with pytest.warns(
        UserWarning, match=r"torch\.uint8 is now deprecated, please use .* torch\.bool"
    ) as seen:
        y = x[first]
    assert y.equal(x[:1]) and seen[0].filename == __file__
    y.sum().backward()
    assert x.grad[0].eq(1).all() and x.grad[1:].eq(0).all()
    with pytest.warns(UserWarning, match="uint8"):
        assert x[(x > 3).byte()].equal(x[x > 3])
    with pytest.warns(UserWarning, match="uint8"), pytest.raises(IndexError, match=r"mask|boolean"):
        x[torch.ones(len(x) + 1).byte()]


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (1.5, "integer|float"),
        (torch.tensor([0.5]), "must be int.*bool"),
        ("a", "index"),
        (3, "out of bounds"),
        ((0, 0, 0, 0), "too many indices"),
        ([0, 7], "out of bounds"),
        (np.ones((2, 2), bool), "boolean|mask"),
        (np.array([0, 1], dtype=np.uint8), r"\.bool\(\) or \.long\(\)"),
        (torch.tensor(1, dtype=torch.uint8), r"\.bool\(\) or \.long\(\)"),
        (([0, 1], [0, 1, 2]), "broadcast|shape"),
        ((..., ...), "ellips"),
    ],
    ids=str,
)
def test_an_index_that_does_not_fit_is_refused(index, words):
    x = torch.tensor(data(), requires_grad=True)
    with pytest.raises((IndexError, TypeError, RuntimeError), match=words):
        x[index]
    before = data().tolist()
    y = x.detach()
    with pytest.raises((IndexError, TypeError, RuntimeError), match=words):
        y[index] = 0.0
    assert y.tolist() == before


@pytest.mark.parity
@pytest.mark.parametrize("index", BASIC + ADVANCED, ids=str)
def test_pytorch_agrees(pytorch, index):
    def theirs(i):
        if isinstance(i, tuple):
            return tuple(map(theirs, i))
        return (
            pytorch.from_numpy(i) if isinstance(i, np.ndarray) else int(i) if isinstance(i, np.integer) else i
        )

    mine = torch.tensor(data())[index]
    expected = pytorch.tensor(data())[theirs(index)]
    assert mine.shape == tuple(expected.shape) and mine.tolist() == expected.tolist()


def test_an_empty_list_selects_nothing():
    x = torch.arange(12).reshape(3, 4)
    assert x[[]].shape == (0, 4) and x[:, []].shape == (3, 0)


@pytest.mark.parametrize("step", [0, -1])
def test_a_slice_that_goes_nowhere_or_backwards_is_refused(step):
    with pytest.raises(ValueError, match=f"greater than zero, not {step}"):
        torch.arange(4)[::step]


def test_an_int_beside_an_index_tensor_selects_first_whatever_stands_between():
    x, i = torch.arange(120).reshape(2, 3, 4, 5), torch.tensor([0, 3])
    a = x.numpy()
    assert x[1, ..., i].tolist() == a[1][..., [0, 3]].tolist()
    assert x[..., 2, i].tolist() == a[:, :, 2][:, :, [0, 3]].tolist()
    assert x[i[:1], ..., 1].tolist() == a[..., 1][[0]].tolist()
    assert x[1, :, i].tolist() == a[1][:, [0, 3]].tolist()


@pytest.mark.parametrize("create_graph", [False, True])
def test_of_two_values_put_in_one_place_only_the_one_that_stays_gets_a_gradient(create_graph):
    # PyTorch gives it to both, and says that its gradient is undefined there.
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    y[[0, 0]] += 1
    y.sum().backward(create_graph=create_graph)
    assert x.grad.tolist() == [1.0, 1.0]
    v = torch.tensor([3.0, 4.0, 5.0], requires_grad=True)
    z = torch.zeros(2, 2)
    z[[0, 0, 1], [1, 1, 0]] = v
    assert z.tolist() == [[0.0, 4.0], [5.0, 0.0]]
    (z * z).sum().backward(create_graph=create_graph)
    assert v.grad.tolist() == [0.0, 8.0, 10.0]
    v.grad = None
    s = torch.zeros(2).scatter(0, torch.tensor([1, 1, 0]), v)
    (s * s).sum().backward(create_graph=create_graph)
    assert s.tolist() == [5.0, 4.0] and v.grad.tolist() == [0.0, 8.0, 10.0]


def test_an_element_of_a_vector_is_a_view():
    v = torch.arange(3.0)
    v[1].fill_(9.0)
    assert v.tolist() == [0.0, 9.0, 2.0]


def test_ints_beside_masks_of_several_axes_and_new_axes_select_first():
    a = np.arange(24.0).reshape(2, 3, 4)
    x, mask = torch.tensor(a), a[0] % 3 == 0
    for index, expected in (
        ((1, mask), a[1][mask]),
        ((1, torch.tensor(mask)), a[1][mask]),
        ((mask[:2, 0], 1, ..., [0, 2]), a[:, 1][np.ix_(mask[:2, 0], [0, 2])][0]),
        ((None, 1, ..., [2, 0]), a[1][None, ..., [2, 0]]),
        ((..., 1, None, [2, 0]), a[:, 1][:, None][..., [2, 0]]),
    ):
        assert x[index].tolist() == expected.tolist(), index


def test_a_mask_of_several_axes_before_an_int_takes_all_its_axes():
    array = np.arange(60.0).reshape(3, 4, 5)
    mask = np.arange(12).reshape(3, 4) % 5 == 1
    x, m = torch.from_numpy(array), torch.from_numpy(mask)
    np.testing.assert_array_equal(x[m, 3].numpy(), array[..., 3][mask])
    y = torch.zeros(3, 4, 5, dtype=torch.float64)
    y[m, 3] = 7.0
    wanted = np.zeros((3, 4, 5))
    wanted[mask, 3] = 7.0
    np.testing.assert_array_equal(y.numpy(), wanted)
