"""Tensors from data, from patterns and from random numbers."""

import math
import warnings

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
    with pytest.warns(UserWarning, match="no gradient flows through the copy; clone"):
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
        ([[1, 2], range(3, 5)], torch.int64),
        ([torch.tensor(1.0, dtype=torch.float64), 2.0], torch.float64),
        ([torch.tensor(1, dtype=torch.int32)], torch.int32),
        ([torch.tensor(1), 2.5], torch.float32),
        ([np.ones(2), np.zeros(2)], torch.float64),
        ([np.ones(2, np.float32), [1.0, 2.0]], torch.float32),
        ([np.float32(1), 2.0], torch.float32),
        ([np.int8(1), np.uint8(2)], torch.int16),
        ([np.bool_(True), 2], torch.int64),
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
        with pytest.raises((TypeError, RuntimeError), match=r"expected numbers|could not infer|no dtype"):
            torch.tensor(data)
    with pytest.raises(TypeError, match=r"expected np.ndarray \(got list\)"):
        torch.from_numpy([1.0])
    with pytest.raises(TypeError, match="complex"):
        torch.from_numpy(np.zeros(1, complex))


def test_tensors_of_one_element_count_as_numbers_in_a_list():
    x = torch.tensor([torch.tensor([1.0]), torch.tensor([[2.0]]), 3.0])
    assert x.tolist() == [1.0, 2.0, 3.0]
    assert torch.tensor([[torch.ones(1), 2.0]]).tolist() == [[1.0, 2.0]]
    third = torch.tensor(1.0, dtype=torch.float64) / 3
    assert torch.tensor([third]).item() == 1 / 3
    for many in (torch.ones(2), torch.ones(0)):
        with pytest.raises(ValueError, match=r"only one element tensors.*stack"):
            torch.tensor([many, many])


@pytest.mark.parametrize(
    "make",
    [lambda x: torch.tensor([x, x]), lambda x: torch.as_tensor([x]), float, math.sin, math.floor],
)
def test_a_number_taken_out_of_the_graph_is_warned_of(make):
    x = torch.tensor(0.5, requires_grad=True)
    with pytest.warns(UserWarning, match="to a scalar may lead to unexpected behavior.*no gradient") as seen:
        make(x)
    assert seen[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make(x.detach())
        assert (x.item(), int(x), bool(x), f"{x:.1f}", x.tolist()) == (0.5, 0, True, "0.5", 0.5)


# dtype, the least and the largest integer that PyTorch takes (a negative one counts from the end of uint8)
RANGES = [
    (torch.uint8, -255, 255), (torch.int8, -128, 127), (torch.int16, -(2**15), 2**15 - 1),
    (torch.int32, -(2**31), 2**31 - 1), (torch.int64, -(2**63), 2**63 - 1),
]  # fmt: skip


@pytest.mark.parametrize(("dtype", "least", "largest"), RANGES, ids=str)
def test_numbers_that_do_not_fit_into_the_dtype_are_refused(dtype, least, largest):
    makers = [
        lambda n: torch.tensor([n], dtype=dtype),
        lambda n: torch.tensor(n, dtype=dtype),
        lambda n: torch.full((1,), n, dtype=dtype),
        lambda n: torch.full_like(torch.zeros(1), n, dtype=dtype),
        lambda n: torch.zeros(1, dtype=dtype).fill_(n),
        lambda n: torch.zeros(1, dtype=dtype).masked_fill(torch.tensor([True]), n),
        lambda n: torch.zeros(1, dtype=dtype).new_full((1,), n),
        lambda n: torch.zeros(1, dtype=dtype).__setitem__(0, n),
    ]
    for make in makers:
        for n in (least, largest):
            made = make(n)  # None from an assignment
            assert made is None or made.item() == np.array(n).astype(dtype)
        for n in (least - 1, largest + 1, float("nan"), float("inf"), 1e30):
            with pytest.raises((RuntimeError, ValueError), match=r"without overflow|too large"):
                make(n)


def test_floats_too_large_for_the_dtype_are_inf_as_data_and_refused_as_a_number_to_fill_with():
    assert torch.tensor([1e40]).item() == torch.tensor(70000.0, dtype=torch.float16).item() == np.inf
    for dtype, n in ((torch.float32, 1e40), (torch.float16, -70000.0), (torch.float32, -(2**200))):
        for make in (
            lambda n, d: torch.full((1,), n, dtype=d),
            lambda n, d: torch.zeros(1, dtype=d).fill_(n),
        ):
            with pytest.raises(RuntimeError, match="without overflow"):
                make(n, dtype)
            assert make(float("inf"), dtype).item() == np.inf


@pytest.mark.parametrize("n", [2**63, 2**70, -(2**70), [1, 2**63]], ids=str)
def test_integers_too_large_for_int64_are_refused(n):
    with pytest.raises((ValueError, RuntimeError), match=r"too large|without overflow"):
        torch.tensor(n)


def test_arrays_are_cast_as_numpy_casts_them():
    assert torch.tensor(np.array([300]), dtype=torch.uint8).item() == 44
    assert torch.tensor(300).to(torch.uint8).item() == 44
    assert torch.tensor(2**70, dtype=torch.float64).item() == 2.0**70


def test_tensor_itself_takes_sizes_as_pytorchs_does():
    for sizes, shape in (
        ((3,), (3,)),
        ((2, 3), (2, 3)),
        ((), (0,)),
        ((0,), (0,)),
        ((np.int64(2), torch.tensor(1)), (2, 1)),
    ):
        x = torch.Tensor(*sizes)
        assert x.shape == shape and x.dtype == torch.float32 and x.is_leaf
    assert torch.Tensor((2, 3)).tolist() == [2.0, 3.0]
    for wrong in ((3.0,), (True,), (2.0, 3), (None,), ("a",)):
        with pytest.raises(TypeError, match="data must be a sequence"):
            torch.Tensor(*wrong)
    with pytest.raises(RuntimeError, match="negative"):
        torch.Tensor(2, -1)


def test_tensor_of_a_tensor_is_another_over_its_memory():
    x = torch.ones(2, dtype=torch.float64)
    y = torch.Tensor(x)
    assert y.dtype == torch.float64 and np.shares_memory(x.numpy(), y.numpy())


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


def test_randint_starts_at_0_where_one_bound_is_given():
    for draw in (
        lambda: torch.randint(2, (50,)),
        lambda: torch.randint(high=2, size=(50,)),
        lambda: torch.randint(2, size=(50,)),
    ):
        torch.manual_seed(0)
        assert sorted({*draw().tolist()}) == [0, 1]


def test_new_generators_are_at_the_start_of_one_stream():
    a, b = torch.Generator(), torch.Generator()
    assert a.initial_seed() == b.initial_seed() == 67280421310721  # PyTorch's
    assert torch.rand(5, generator=a).tolist() == torch.rand(5, generator=b).tolist()
    assert a.seed() == a.initial_seed() != b.seed()


def test_the_state_of_the_shared_stream_can_be_kept_and_restored():
    torch.manual_seed(7)
    torch.rand(3, dtype=torch.float32)  # half of a 64-bit draw is left over
    state = torch.get_rng_state()
    first = torch.rand(3).tolist(), torch.randn(2).tolist(), torch.randint(0, 9, (4,)).tolist()
    torch.manual_seed(8)
    torch.set_rng_state(state)
    assert (torch.rand(3).tolist(), torch.randn(2).tolist(), torch.randint(0, 9, (4,)).tolist()) == first
    assert torch.initial_seed() == torch.default_generator.initial_seed() == 7
    g = torch.Generator()
    g.set_state(state)
    assert (torch.rand(3, generator=g).tolist(), g.initial_seed()) == (first[0], 7)
    assert torch.seed() == torch.initial_seed() != 7
    for wrong, kind in (
        (3, TypeError),
        (torch.zeros(3), TypeError),
        (torch.zeros(3, dtype=torch.uint8), RuntimeError),
    ):
        with pytest.raises(kind, match="random state"):
            torch.set_rng_state(wrong)


def test_seeds_outside_of_64_bits_are_refused():
    for seed in (2**64, -(2**63) - 1):
        with pytest.raises(ValueError, match="seed must lie between"):
            torch.manual_seed(seed)
    for seed in (1.5, True, "3"):
        with pytest.raises(RuntimeError, match="expected an integer"):
            torch.Generator().manual_seed(seed)
    assert torch.Generator().manual_seed(-1).initial_seed() == 2**64 - 1
    with pytest.raises(TypeError, match="Generator"):
        torch.rand(2, generator=3)


class Highest:
    """A stream whose uniform draws are the largest below the open end."""

    def random(self, size, dtype):
        return np.full(size, 1 - np.finfo(dtype).epsneg, dtype)

    def uniform(self, low, high, size):
        return np.full(size, np.nextafter(high, low))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_uniform_draws_never_reach_the_open_end(dtype, monkeypatch):
    monkeypatch.setattr(torch.Generator, "numpy", Highest())
    assert torch.rand(3, dtype=dtype).max() < 1
    assert torch.rand_like(torch.zeros(3, dtype=dtype)).max() < 1
    for low, high in ((0, 4), (-1, 0), (0.1, 0.7), (3, 3.001)):
        x = torch.empty(3, dtype=dtype).uniform_(low, high)
        assert low - 1e-3 < x.min() and x.max().item() < dtype.type(high)
    assert torch.empty(2, dtype=dtype).uniform_(2, 2).tolist() == [2, 2]


def test_what_cannot_be_drawn_is_refused():
    x, i = torch.empty(2), torch.empty(2, dtype=torch.int64)
    for call, kind, words in (
        (lambda: x.uniform_(1, 0), RuntimeError, "from=1 > to=0"),
        (lambda: x.uniform_(0, np.inf), RuntimeError, "out of bounds"),
        (lambda: x.uniform_(np.nan, 1), RuntimeError, "out of bounds"),
        (lambda: x.normal_(0, -1), RuntimeError, "std >= 0.0, but found std -1"),
        (lambda: x.normal_(0, np.nan), RuntimeError, "std >= 0.0"),
        (i.uniform_, NotImplementedError, "int64"),
        (i.normal_, NotImplementedError, "int64"),
        (lambda: torch.randperm(-1), RuntimeError, "negative"),
        (lambda: torch.randperm(2.0), TypeError, "integer"),
        (lambda: torch.randperm(257, dtype=torch.uint8), RuntimeError, "256 does not fit"),
        (lambda: torch.randperm(2050, dtype=torch.float16), RuntimeError, "2049 does not fit"),
        (lambda: torch.randperm(2, dtype=torch.bool), NotImplementedError, "boolean"),
        (lambda: torch.randint(0, 257, (2,), dtype=torch.uint8), RuntimeError, "0 to 256 do not all fit"),
        (lambda: torch.randint(-129, 0, (2,), dtype=torch.int8), RuntimeError, "do not all fit"),
        (lambda: torch.randint(0, 3, (2,), dtype=torch.bool), RuntimeError, "do not all fit"),
        (lambda: torch.randint_like(torch.zeros(2, dtype=torch.uint8), 300), RuntimeError, "do not all fit"),
        (lambda: torch.randint(0, 2**63 + 1, (2,)), RuntimeError, "do not all fit"),
        (lambda: torch.randint(0, 2.5, (2,)), TypeError, "integer"),
        (lambda: torch.randint(0, 5, 3), TypeError, "tuple"),
        (lambda: torch.randint(0, 5, (2,), requires_grad=True), RuntimeError, "floating point"),
    ):
        with pytest.raises(kind, match=words):
            call()
    assert sorted(set(torch.randint(0, 256, (5000,), dtype=torch.uint8).tolist())) == list(range(256))
    assert torch.randperm(256, dtype=torch.uint8).sort()[0].tolist() == list(range(256))


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (torch.zeros, TypeError), (torch.rand, TypeError),
        (lambda: torch.zeros(size=2), TypeError), (lambda: torch.full(2, 1.0), TypeError),
        (lambda: torch.full((2,), torch.ones(1)), TypeError), (lambda: torch.full((2,), [1]), TypeError),
        (lambda: torch.full_like(torch.ones(2), None), TypeError), (lambda: torch.zeros_like([1]), TypeError),
        (torch.arange, TypeError), (lambda: torch.arange(1, step=2), TypeError),
        (lambda: torch.arange(0, np.inf), RuntimeError), (lambda: torch.arange(0, 1, np.nan), RuntimeError),
        (lambda: torch.arange(3, dtype=torch.bool), NotImplementedError),
        (lambda: torch.linspace(0, 1, 3, dtype=torch.bool), NotImplementedError),
        (lambda: torch.linspace(torch.ones(1), 2, 3), RuntimeError),
        (lambda: torch.linspace(0, 300, 3, dtype=torch.uint8), RuntimeError),
        (lambda: torch.linspace(0, 1e39, 3), RuntimeError), (lambda: torch.linspace(0, 1, True), TypeError),
    ],
)  # fmt: skip
def test_patterns_refuse_what_pytorch_refuses(call, kind):
    with pytest.raises(kind):
        call()


def test_draws_have_the_distribution_asked_for():
    torch.manual_seed(0)
    u, n, i = torch.rand(4000), torch.randn(4000), torch.randint(3, 9, (4000,))
    assert u.min() >= 0 and u.max() < 1 and abs(u.mean() - 0.5) < 0.03
    assert abs(n.mean()) < 0.06 and abs(n.std() - 1) < 0.05
    assert sorted(set(i.tolist())) == [3, 4, 5, 6, 7, 8] and i.dtype == torch.int64
    assert sorted(torch.randperm(10).tolist()) == list(range(10))
    assert torch.randint_like(torch.ones(2, 3), 4).dtype == torch.float32
    assert torch.randint_like(torch.ones(9), high=2).max() < 2
    with pytest.raises(RuntimeError, match="low < high"):
        torch.randint(3, 3, (1,))
    with pytest.raises(RuntimeError, match="randint"):
        torch.rand(2, dtype=torch.int64)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((0.0, 1.0, 0.3), [0.0, 0.3, 0.6, 0.9]), ((1, 8, 3), [1, 4, 7]), ((1, 7, 3), [1, 4]),
        ((5, 0, -2), [5, 3, 1]), ((0.5, 3), [0.5, 1.5, 2.5]), ((3, 3), []), ((2.5,), [0.0, 1.0, 2.0]),
    ],
)  # fmt: skip
def test_arange_ends_before_the_end(arguments, expected):
    np.testing.assert_allclose(torch.arange(*arguments, dtype=torch.float64).numpy(), expected, atol=1e-15)


def test_arange_of_integers_cuts_its_arguments_first():
    assert torch.arange(0.1, -7.9, -4, dtype=torch.int64).tolist() == [0, -4]  # from 0 to -7
    assert torch.arange(-0.9, 2.1, 2.0, dtype=torch.int64).tolist() == [0]
    assert (
        torch.arange(end=3).tolist() == [0, 1, 2] and torch.arange(2**53, 2**53 + 2).tolist()[1] == 2**53 + 1
    )


def test_linspace_is_exact_at_both_ends():
    x = torch.linspace(0.1, 0.7, 13, dtype=torch.float64)
    assert x[0] == 0.1 and x[-1] == 0.7
    np.testing.assert_allclose(x.numpy(), np.linspace(0.1, 0.7, 13), rtol=1e-15)
    for n in range(2, 60):  # start + step (n - 1) is off by a rounding for some of these
        assert torch.linspace(-1.1, 3.3, n, dtype=torch.float64)[-1] == 3.3
    assert torch.linspace(3, 9, 1).tolist() == [3.0] and torch.linspace(3, 9, 0).tolist() == []
    assert torch.linspace(4, -3, 5, dtype=torch.int64).tolist() == [4, 2, 0, -1, -3]
    assert torch.linspace(-2.7, 3.9, 3, dtype=torch.int64).tolist() == [-2, 0, 3]


def test_arange_multiplies_its_step_and_does_not_add_it_up():
    expected = (0.1 * np.arange(10_000)).astype(np.float32)  # sums of float32 are off by 0.05 in the end
    assert torch.arange(0, 1000, 0.1).tolist() == expected.tolist()
