"""Arguments of the wrong kind are refused; facts of results are PyTorch's."""

# ruff: noqa: ARG005 (every call in a table takes the library and the tensors)

import numpy as np
import pytest

import minigrad as torch

REDUCTIONS = [
    "sum",
    "mean",
    "prod",
    "any",
    "all",
    "amax",
    "amin",
    "argmax",
    "argmin",
    "max",
    "min",
    "std",
    "var",
]
ALONG = ["median", "cumsum", "softmax", "sort", "argsort", "unbind"]


@pytest.mark.parametrize("name", [*REDUCTIONS, *ALONG])
def test_a_bool_is_no_axis(name):
    """x.sum(True) is meant for keepdim; it would sum over axis 1."""
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    if name in ("std", "var"):  # unbiased, in the older signature
        assert getattr(x, name)(True).shape == ()
    else:
        call = getattr(x, name)
        with pytest.raises(TypeError, match="must be an int, not bool"):
            call(True)


@pytest.mark.parametrize("name", [n for n in REDUCTIONS if n not in ("std", "var")])
@pytest.mark.parametrize("keepdim", [1, 0, None, (1,)])
def test_keepdim_is_true_or_false(name, keepdim):
    """x.sum(0, 1) is meant for both axes; it would sum over axis 0 and keep it."""
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    for call in (
        lambda: getattr(x, name)(0, keepdim),
        lambda: getattr(x, name)(dim=0, keepdim=keepdim),
        lambda: getattr(torch, name)(x, 0, keepdim),
    ):
        with pytest.raises(TypeError, match=rf"{name}\(\): keepdim must be True or False, not "):
            call()
    assert getattr(x, name)(0, keepdim=True) is not None


REFUSED = {
    "round of masks": lambda t, a: a.mask.round(),
    "product of masks": lambda t, a: a.mask @ a.mask.T,
    "rows to fill": lambda t, a: a.x.index_fill(1, t.tensor([[0], [1]]), 1.0),
    "no bins": lambda t, a: t.histogram(a.x, 0),
    "a list of places": lambda t, a: t.bitwise_left_shift(t.tensor([1]), [0]),
    "a product across dtypes": lambda t, a: t.linalg.vecdot(a.x, a.x.double()),
    "a cross product across dtypes": lambda t, a: t.cross(a.x, a.x.double(), dim=1),
    "order -1 of nothing": lambda t, a: t.linalg.vector_norm(t.zeros(0), -1),
    "sum of a bool": lambda t, a: a.x.sum(True),
    "sum of two axes": lambda t, a: a.x.sum(0, 1),
    "max of two axes": lambda t, a: a.x.max(0, 1),
    "argmax kept by 1": lambda t, a: a.x.argmax(0, keepdim=1),
    "any of a bool": lambda t, a: a.mask.any(True),
    "softmax of a bool": lambda t, a: a.x.softmax(True),
}


class Inputs:
    def __init__(self, library):
        self.x = library.tensor([[1.0, 3.0, 2.0], [5.0, 4.0, 6.0]])
        self.mask = self.x > 2
        self.bytes = library.tensor([1, 200], dtype=library.uint8)
        self.ints = library.tensor([12, 7], dtype=library.int32)
        self.leaf = library.ones(2, 3, requires_grad=True)
        self.vector = library.ones(2, requires_grad=True)


@pytest.mark.parametrize("name", REFUSED)
def test_what_pytorch_refuses_gives_no_number(name):
    with pytest.raises((TypeError, RuntimeError)):
        REFUSED[name](torch, Inputs(torch))


@pytest.mark.parity
@pytest.mark.parametrize("name", REFUSED)
def test_pytorch_refuses_it(pytorch, name):
    with pytest.raises((TypeError, RuntimeError)):
        REFUSED[name](pytorch, Inputs(pytorch))


@pytest.mark.parametrize("operator", ["eq", "ne", "lt", "le", "gt", "ge"])
@pytest.mark.parametrize("number", [-1, 256])
def test_bytes_are_not_compared_with_a_number_that_no_byte_can_be(operator, number):
    """PyTorch wraps it around, so that no byte is greater than -1: a number that cannot be meant."""
    with pytest.raises(OverflowError, match=rf"{operator}: {number} is out of bounds for uint8"):
        getattr(torch.tensor([1, 200], dtype=torch.uint8), operator)(number)
    assert getattr(torch.tensor([1], dtype=torch.uint8), operator)(float(number)).numel() == 1
    assert getattr(torch.tensor([1]), operator)(number).numel() == 1


FACTS = {
    "0-d integers": lambda t, a: [
        t.gcd(a.ints, t.tensor(4)),
        a.ints << t.tensor(1),
        t.lcm(a.ints, t.tensor(4)),
    ],
    "bytes": lambda t, a: [t.gcd(a.bytes, a.ints), a.ints >> 1, a.bytes << 1],
    "0-d floats": lambda t, a: [
        t.igamma(a.x, t.tensor(2.0, dtype=t.float64)),
        t.igammac(t.tensor(2.0, dtype=t.float64), a.x),
        t.nextafter(a.x, t.tensor(9.0, dtype=t.float64)),
        t.logit(a.x / 10, 0.25),
    ],
    "half and ints": lambda t, a: [
        t.logaddexp2(a.x.half(), a.ints[:1]),
        t.ldexp(a.x.half(), a.ints[:1] // 4),
    ],
    "similarity of broadcast vectors": lambda t, a: [
        t.nn.functional.cosine_similarity(a.x, t.tensor([[2.0], [1.0]])),
        t.nn.functional.cosine_similarity(a.x[None], a.x[:, None], dim=-1),
    ],
    "0 times the logarithm of infinity": lambda t, a: [
        t.special.xlog1py(t.tensor([0.0, 1.0]), float("inf")),
        t.special.xlog1py(t.tensor([0.0, 1.0]), t.tensor([float("inf"), float("inf")])),
        t.special.xlog1py(t.tensor([0.0, 0.0, 2.0]), t.tensor([-1.0, float("nan"), -1.0])),
    ],
    "flatten to the same": lambda t, a: [a.leaf.flatten(1), a.vector.flatten(), a.leaf[0].flatten()],
    "sum to the same": lambda t, a: [a.leaf.sum_to_size(2, 3), a.leaf.sum_to_size(1, 3)],
    "t of a vector": lambda t, a: [a.vector.t(), a.leaf.t(), a.leaf.sum().t()],
    "sides of 1 and 0": lambda t, a: [
        a.x.topk(1)[0],
        a.x.sum(1, True),
        t.zeros(0, 3) + 1,
        t.zeros(0, 3).sum(1, True),
        a.x[:, :1] * 2,
    ],
    "expanded": lambda t, a: [
        t.arange(3.0).expand(2, 3).masked_fill_(t.eye(2, 3).bool(), 9.0),
        t.arange(3.0).expand(3, 3).fill_diagonal_(7.0),
    ],
}


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:Use of masked_fill_ on expanded")
@pytest.mark.parametrize("name", FACTS)
def test_facts_of_results_are_pytorchs(pytorch, name):
    theirs, ours = (
        [
            (str(x.dtype), tuple(x.shape), x.requires_grad, x.is_leaf, x.stride(), x.tolist())
            for x in FACTS[name](library, Inputs(library))
        ]
        for library in (pytorch, torch)
    )
    for one, other in zip(theirs, ours, strict=True):
        assert one[:5] == other[:5]
        np.testing.assert_allclose(one[5], other[5], rtol=1e-2 if "float16" in one[0] else 1e-6)


def test_a_mask_over_expanded_memory_writes_where_it_is_set_alone():
    row = torch.arange(3.0)
    row.expand(2, 3).masked_fill_(torch.eye(2, 3).bool(), 9.0)
    assert row.tolist() == [9.0, 9.0, 2.0]


def test_the_result_itself_where_nothing_changes():
    x = torch.ones(2, 3, requires_grad=True)
    assert x.flatten(1) is x and x.sum_to_size(2, 3) is x
    vector = torch.ones(2, requires_grad=True)
    assert vector.t() is not vector and not vector.t().is_leaf


def test_older_arguments_of_losses_count_as_true_or_false():
    x, y = torch.tensor([1.0, 2.0]), torch.tensor([0.0, 0.0])
    with pytest.warns(UserWarning, match="reduction='mean'"):
        assert torch.nn.functional.mse_loss(x, y, 0.5).item() == 2.5
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert torch.nn.functional.mse_loss(x, y, 0).item() == 5.0
    with pytest.warns(UserWarning, match="reduction='none'"):
        assert torch.nn.functional.mse_loss(x, y, None, 0).tolist() == [1.0, 4.0]


def test_vectors_that_broadcast_have_the_norm_of_all_their_elements():
    """Recorded from PyTorch: 6 / (sqrt(14) * sqrt(3)), not over the norm of the one number."""
    x = torch.tensor([[1.0, 2.0, 3.0]])
    found = torch.nn.functional.cosine_similarity(x, torch.tensor([[2.0]]))
    np.testing.assert_allclose(found.tolist(), [6 / (14 * 3) ** 0.5], rtol=1e-6)


def test_0_times_the_logarithm_of_infinity_is_0():
    infinity = torch.tensor([float("inf")])
    assert torch.special.xlog1py(torch.zeros(1), infinity).item() == 0
    assert torch.special.xlog1py(torch.zeros(1), float("inf")).item() == 0
    assert torch.special.xlog1py(torch.ones(1), infinity).item() == float("inf")
