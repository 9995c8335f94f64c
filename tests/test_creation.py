"""Tensors from data, from patterns and from random numbers."""

import numpy as np
import pytest

import minigrad as torch

FLOATS = {
    "zeros": lambda **kw: torch.zeros(2, 3, **kw),
    "ones": lambda **kw: torch.ones((2, 3), **kw),
    "empty": lambda **kw: torch.empty(2, 3, **kw),
    "full": lambda **kw: torch.full((2, 3), 1.5, **kw),
    "eye": lambda **kw: torch.eye(2, 3, **kw),
    "rand": lambda **kw: torch.rand(2, 3, **kw),
    "randn": lambda **kw: torch.randn((2, 3), **kw),
    "linspace": lambda **kw: torch.linspace(0, 1, 6, **kw).reshape(2, 3),
    "arange": lambda **kw: torch.arange(0.0, 6.0, **kw).reshape(2, 3),
    "tensor": lambda **kw: torch.tensor([[1.0, 2, 3], [4, 5, 6]], **kw),
    "zeros_like": lambda **kw: torch.zeros_like(torch.ones(2, 3), **kw),
    "ones_like": lambda **kw: torch.ones_like(torch.ones(2, 3), **kw),
    "empty_like": lambda **kw: torch.empty_like(torch.ones(2, 3), **kw),
    "full_like": lambda **kw: torch.full_like(torch.ones(2, 3), 2.0, **kw),
    "rand_like": lambda **kw: torch.rand_like(torch.ones(2, 3), **kw),
    "randn_like": lambda **kw: torch.randn_like(torch.ones(2, 3), **kw),
}


@pytest.mark.parametrize("name", FLOATS)
def test_floats_have_the_default_dtype_unless_told(name):
    make = FLOATS[name]
    assert make().shape == (2, 3) and make().dtype == torch.float32 and not make().requires_grad
    assert make(dtype=torch.float64).dtype == torch.float64
    assert make(requires_grad=True).requires_grad


def test_the_default_dtype_can_be_set():
    torch.set_default_dtype(torch.float64)
    try:
        assert torch.zeros(1).dtype == torch.tensor(1.0).dtype == torch.get_default_dtype() == torch.float64
        assert (torch.tensor([1]) / 2).dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    with pytest.raises(TypeError, match="floating"):
        torch.set_default_dtype(torch.int64)
    with pytest.raises(TypeError, match="minigrad has no dtype"):
        torch.zeros(1, dtype="complex64")


# --- data ----------------------------------------------------------------------------------------------


def test_a_tensor_copies_the_users_array_and_from_numpy_shares_it():
    a = np.zeros(2)
    copied, shared, maybe = torch.tensor(a), torch.from_numpy(a), torch.as_tensor(a)
    a[0] = 5.0
    assert copied.tolist() == [0.0, 0.0]
    assert shared.tolist() == maybe.tolist() == [5.0, 0.0]
    shared[1] = 7.0
    assert a.tolist() == [5.0, 7.0]
    assert not np.shares_memory(torch.tensor(a, dtype=torch.float64).numpy(), a)
    assert not np.shares_memory(torch.tensor(shared).numpy(), a)


def test_a_tensor_of_a_tensor_is_a_constant_copy():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.tensor(x)
    assert y.is_leaf and not y.requires_grad and not np.shares_memory(y.numpy(), x.detach().numpy())


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.0, torch.float32),
        ([1, 2.5], torch.float32),
        (1, torch.int64),
        ([[1, 2]], torch.int64),
        (True, torch.bool),
        ([], torch.float32),
        ([[], []], torch.float32),
        (np.float64(1), torch.float64),
        (np.float32(1), torch.float32),
        (np.int32(1), torch.int32),
        (np.arange(3), torch.int64),
        (np.ones(2), torch.float64),
        ([np.float64(1.0), 2.0], torch.float64),
        (range(3), torch.int64),
        ((1.0, 2.0), torch.float32),
        ([torch.tensor(1.0), 2.0], torch.float32),
        ([torch.tensor([1, 2]), [3, 4]], torch.int64),
        ([[torch.tensor(1.0), torch.tensor(2.0)], [3.0, 4.0]], torch.float32),
    ],
    ids=str,
)
def test_the_dtype_of_data(data, dtype):
    x = torch.tensor(data)
    assert x.dtype == dtype and type(x._array) is np.ndarray


def test_data_that_is_no_tensor_is_refused():
    with pytest.raises(ValueError, match="equal lengths"):
        torch.tensor([[1.0, 2.0], [3.0]])
    for data in ("text", object(), {"a": 1}, None, [None], 1j, np.array(["a"]), np.datetime64("2020-01-01")):
        with pytest.raises((TypeError, ValueError)):
            torch.tensor(data)
    with pytest.raises(TypeError, match=r"expected np.ndarray \(got list\)"):
        torch.from_numpy([1.0])
    with pytest.raises(TypeError, match="complex"):
        torch.from_numpy(np.zeros(1, complex))


def test_tensor_itself_makes_floats_of_the_default_dtype():
    x = torch.Tensor([1, 2])
    assert x.dtype == torch.float32 and x.tolist() == [1.0, 2.0]


def test_as_tensor_gives_a_tensor_itself():
    x = torch.ones(2, requires_grad=True)
    assert torch.as_tensor(x) is x
    y = torch.as_tensor(x, dtype=torch.float64)
    assert y.dtype == torch.float64 and y.requires_grad


def test_new_tensors_take_the_dtype_of_another():
    x = torch.ones(2, dtype=torch.float64)
    made = x.new_zeros(3), x.new_ones((1, 2)), x.new_full((2,), 7), x.new_tensor([1, 2])
    assert all(m.dtype == torch.float64 for m in made)
    assert [m.shape for m in made] == [(3,), (1, 2), (2,), (2,)]


# --- patterns ------------------------------------------------------------------------------------------


def test_arange_counts_as_pytorch_does():
    assert torch.arange(5).tolist() == [0, 1, 2, 3, 4]
    assert torch.arange(2, 8, 3).tolist() == [2, 5] and torch.arange(3, 0, -1).tolist() == [3, 2, 1]
    assert torch.arange(1.0, 2.0, 0.25).tolist() == [1.0, 1.25, 1.5, 1.75]
    assert torch.arange(3.0).dtype == torch.float32 and torch.arange(3).dtype == torch.int64
    assert torch.arange(0).shape == (0,)
    assert torch.arange(-8.0, 8.0, 0.1).shape == (160,)
    for wrong in (lambda: torch.arange(0, 3, 0), lambda: torch.arange(0, 3, -1)):
        with pytest.raises(RuntimeError, match="step"):
            wrong()


def test_linspace_includes_both_ends():
    x = torch.linspace(-1, 1, 5)
    assert x.tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert torch.linspace(3, 4, 1).tolist() == [3.0] and torch.linspace(0, 1, 0).shape == (0,)
    with pytest.raises(RuntimeError, match="non-negative"):
        torch.linspace(0, 1, -1)


def test_full_takes_the_dtype_of_its_value():
    assert torch.full((2,), 7).dtype == torch.int64 and torch.full((2,), 7.0).dtype == torch.float32
    assert torch.full((2,), True).dtype == torch.bool
    assert torch.full_like(torch.ones(2, dtype=torch.int64), 2.0).dtype == torch.int64


def test_sizes_may_be_several_arguments_or_one_and_never_negative():
    assert torch.zeros(2, 3).shape == torch.zeros((2, 3)).shape == torch.zeros([2, 3]).shape == (2, 3)
    assert torch.zeros(()).shape == () and torch.zeros(0, 3).shape == (0, 3)
    with pytest.raises(RuntimeError, match="negative"):
        torch.zeros(-1)


# --- random numbers ------------------------------------------------------------------------------------

DRAWS = {
    "rand": lambda **kw: torch.rand(50, **kw),
    "randn": lambda **kw: torch.randn(50, **kw),
    "randint": lambda **kw: torch.randint(3, 9, (50,), **kw),
    "randperm": lambda **kw: torch.randperm(50, **kw),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_repeats_the_draws(name):
    draw = DRAWS[name]
    torch.manual_seed(5)
    a, b = draw(), draw()
    torch.manual_seed(5)
    assert draw().tolist() == a.tolist() and draw().tolist() == b.tolist() != a.tolist()


@pytest.mark.parametrize("name", DRAWS)
def test_a_generator_is_a_stream_of_its_own(name):
    draw = DRAWS[name]
    g = torch.Generator().manual_seed(5)
    torch.manual_seed(1)
    first = draw(generator=g)
    state = g.get_state()
    second = draw(generator=g)
    g.set_state(state)
    assert draw(generator=g).tolist() == second.tolist() and g.initial_seed() == 5
    outside = torch.rand(3)
    torch.manual_seed(1)
    assert torch.rand(3).tolist() == outside.tolist()
    assert draw(generator=torch.Generator().manual_seed(5)).tolist() == first.tolist()


def test_draws_have_the_distribution_asked_for():
    torch.manual_seed(0)
    u, n, i = torch.rand(4000), torch.randn(4000), torch.randint(3, 9, (4000,))
    assert u.min() >= 0 and u.max() < 1 and abs(u.mean() - 0.5) < 0.03
    assert abs(n.mean()) < 0.06 and abs(n.std() - 1) < 0.05
    assert sorted(set(i.tolist())) == [3, 4, 5, 6, 7, 8] and i.dtype == torch.int64
    assert sorted(torch.randperm(10).tolist()) == list(range(10))
    assert torch.randint_like(torch.ones(2, 3), 4).dtype == torch.float32
    with pytest.raises(RuntimeError, match="low < high"):
        torch.randint(3, 3, (1,))
    with pytest.raises(RuntimeError, match="randint"):
        torch.rand(2, dtype=torch.int64)
