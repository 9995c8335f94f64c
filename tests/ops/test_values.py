"""The results and refusals of the ops, told as numbers: a wrong forward has a right derivative of its own.

Difference quotients compare a rule with its forward, and so see no mistake that both make. Gradients at kinks
and poles are in tests/property/test_kinks.py.
"""

import inspect
import itertools
import math
import sys

import numpy as np
import pytest

import minigrad as torch
from minigrad._tensor.calls import CALLS, RECORD
from minigrad._tensor.compositions import shape as compositions
from minigrad._tensor.view import View
from minigrad.nn import functional as F
from minigrad.ops.op import REGISTRY
from minigrad.testing import RandomDrawer, draw_sample

nan = math.nan


def t(x, dtype=torch.float64, **how):
    return torch.tensor(x, dtype=dtype, **how)


# PyTorch's linalg has defaults of its own: the last axes, and whole orthogonal matrices. The losses that
# stand beside the tensor functions number their reductions.
OWN_DEFAULTS = [(torch.linalg, "diagonal"), (torch.linalg, "svd"), (torch.linalg, "qr")]
OWN_DEFAULTS += [(torch, "binary_cross_entropy_with_logits")]


@pytest.mark.parametrize("op", [op for op in REGISTRY.values() if op.options], ids=lambda op: op.name)
def test_an_option_has_one_default(op):
    """The record's is the public function's, where that has the option too."""
    name = op.name
    for space, called in (torch, name), (F, name), (F, f"{name}_loss"), (torch.linalg, name):
        public = getattr(space, called, None)
        if not inspect.isfunction(public):
            continue
        for option, parameter in inspect.signature(public).parameters.items():
            default = op.options.get(option, inspect.Parameter.empty)
            if (space, name) in OWN_DEFAULTS:
                continue
            if inspect.Parameter.empty not in (parameter.default, default) and parameter.default is not None:
                assert default == parameter.default, f"{option} of {name}"


@pytest.mark.parametrize("op", REGISTRY.values(), ids=lambda op: op.name)
def test_only_a_view_shares_memory_with_its_operand(op):
    """And with the first alone. Else a write to one would change the other behind the graph's back."""
    for seed in range(30):
        drawer = RandomDrawer(seed)
        inputs, options = draw_sample(op, drawer)
        inputs = [drawer.layout(x) if seed % 2 else x for x in inputs]
        operands = [torch.from_numpy(x) if isinstance(x, np.ndarray) else x for x in inputs]
        out, *beside = RECORD[op.name](operands, {**op.options, **options})
        made = [out.numpy(), *(x for x in beside if isinstance(x, np.ndarray))]
        for i, x in enumerate(inputs):
            if isinstance(x, np.ndarray):
                shared = [np.may_share_memory(y, x) for y in made]
                view = op.view and i == 0 and type(out) is View
                assert shared == [view and shared[0], *[False] * (len(made) - 1)]
        assert not any(np.may_share_memory(y, made[0]) for y in made[1:])


def test_erf_is_right_to_two_units_in_the_last_place():
    x = np.linspace(-7, 7, 28001)
    wanted = np.array([math.erf(v) for v in x])
    assert (np.abs(torch.erf(torch.from_numpy(x)).numpy() - wanted) <= 2 * np.spacing(np.abs(wanted))).all()
    narrow = torch.erf(torch.from_numpy(x.astype(np.float32)))
    assert narrow.dtype == torch.float32
    np.testing.assert_allclose(narrow.numpy(), wanted, rtol=1e-6, atol=1e-30)
    assert torch.erf(torch.ones(1, dtype=torch.float16)).dtype == torch.float16


@pytest.mark.parametrize(
    ("computed", "wanted"),
    [
        pytest.param(lambda: torch.tensor([7, -7, 7]) // torch.tensor([2, 2, -2]), [3, -4, -4], id="//"),
        pytest.param(lambda: torch.tensor([7, -7, 7]) % torch.tensor([2, 2, -2]), [1, 1, -1], id="%"),
        pytest.param(
            lambda: torch.xlogy(t([1.0, -1, 0, 2]), t([math.e, math.e, 0, 1])), [1, -1, 0, 0], id="xlogy"
        ),
        pytest.param(lambda: torch.xlogy(t([0.0, 0, 1]), t([nan, 2, nan])), [nan, 0, nan], id="xlogy of nan"),
        pytest.param(lambda: torch.sort(t([3.0, 1, 2, 1]), descending=True)[0], [3, 2, 1, 1], id="sort down"),
        pytest.param(lambda: torch.sort(t([3.0, 1, 2, 1]), descending=True)[1], [0, 2, 1, 3], id="its order"),
        pytest.param(lambda: torch.sort(t([3.0, 1, 2, 1]))[1], [1, 3, 2, 0], id="sort up"),
        pytest.param(lambda: torch.sort(t(3.0))[0], 3, id="sort a number"),
        pytest.param(lambda: torch.sort(t(3.0))[1], 0, id="sort a number: its order"),
        pytest.param(lambda: torch.topk(t([3.0, 1, 2]), 2)[0], [3, 2], id="topk"),
        pytest.param(lambda: torch.topk(t([[3.0, 1]]), 1, largest=False)[1], [[1]], id="least"),
        pytest.param(lambda: torch.max(t(3.0), 0)[0], 3, id="max of a number"),
        pytest.param(lambda: torch.max(t(3.0), 0)[1], 0, id="its index"),
        pytest.param(lambda: torch.linalg.vector_norm(t([1.0, -4, 0]), 0.5), 9, id="norm of order 1/2"),
        pytest.param(lambda: torch.linalg.vector_norm(t([2.0, -4, 0]), 0), 2, id="norm of order 0"),
        pytest.param(lambda: torch.linalg.vector_norm(t([3.0, -4, 0])), 5, id="norm"),
        pytest.param(lambda: t([[1.0], [2.0]]).expand(-1, 3), [[1, 1, 1], [2, 2, 2]], id="expand"),
        pytest.param(lambda: F.binary_cross_entropy(t([1.0]), t([0.0])), 100, id="certain and wrong"),
        pytest.param(lambda: F.binary_cross_entropy(t([0.0]), t([1.0])), 100, id="wrong and certain"),
        pytest.param(lambda: F.gelu(t([1.0])), [0.8413447460685429], id="gelu"),
        pytest.param(lambda: F.gelu(t([1.0]), approximate="tanh"), [0.8411919906082768], id="gelu by tanh"),
        pytest.param(lambda: F.softplus(t([1.0, 2]), threshold=1.0), [1.3132616875182228, 2], id="softplus"),
        pytest.param(lambda: F.cross_entropy(t([[2.0], [3]]), torch.tensor([0, -100])), 0, id="of one class"),
        pytest.param(lambda: F.cross_entropy(t([[1e3, 0]]), torch.tensor([1])), 1000, id="of large scores"),
        pytest.param(lambda: torch.any(t([-1.0, 0])), True, id="any"),
        pytest.param(lambda: torch.all(t([-1.0, 2])), True, id="all"),
        pytest.param(lambda: torch.roll(t([[1.0, 2], [3, 4]]), (1,)), [[4, 1], [2, 3]], id="roll"),
        pytest.param(lambda: torch.amax(t(np.zeros((0, 3))), 1), [], id="amax of no rows"),
        pytest.param(lambda: torch.cat((t([]), t([[1.0, 2]]))), [[1, 2]], id="cat"),
    ],
)  # fmt: skip
def test_value(computed, wanted):
    np.testing.assert_allclose(computed().numpy(), np.array(wanted), rtol=1e-14)


@pytest.mark.parametrize("of", [torch.amax, torch.amin, torch.argmax, torch.argmin, torch.all, torch.any])
def test_a_reduction_is_over_all_and_keeps_no_axis_unless_told(of):
    x = t([[1.0, 2], [3, 4]])
    assert of(x).shape == () and of(x, 0).shape == (2,)


def test_axes_are_dropped_unless_they_are_to_be_kept():
    x = t([[1.0, 2], [3, 4]])
    assert torch.logsumexp(x, 0).shape == torch.max(x, 0)[0].shape == torch.min(x, 0)[0].shape == (2,)


def test_triangles_include_the_diagonal_unless_told():
    x = t([[1.0, 2], [3, 4]])
    assert torch.tril(x).tolist() == [[1, 0], [3, 4]] and torch.triu(x).tolist() == [[1, 2], [0, 4]]


@pytest.mark.parametrize("of", [torch.cumsum, torch.cumprod])
@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int32])
def test_whole_numbers_add_up_in_int64(of, dtype):
    assert of(torch.ones(2, dtype=dtype), 0).dtype == torch.int64
    assert of(torch.ones(2), 0).dtype == torch.float32


def test_squeezing_no_axis_squeezes_none():
    assert torch.ones(1, 2).squeeze(()).shape == (1, 2)


def test_an_empty_start_value_gets_an_empty_gradient():
    start, rows = t([], requires_grad=True), t([[1.0, 2.0]], requires_grad=True)
    torch.cat((start, rows)).sum().backward()
    assert start.grad.shape == (0,) and rows.grad.tolist() == [[1, 1]]


def joined(n, how):
    return how([torch.ones(1, requires_grad=True) for _ in range(n)])


@pytest.mark.parametrize(
    "work",
    [
        lambda n: joined(n, torch.cat).sum().backward(),
        lambda n: joined(n, torch.stack).sum().backward(),
        lambda n: joined(n, lambda xs: torch.autograd.grad(torch.cat(xs).sum(), xs, create_graph=True)),
        lambda n: joined(n, lambda xs: sum(xs[1:], xs[0])).backward(),
        lambda n: torch.cat(torch.split(torch.ones(n, requires_grad=True), 1)).sum().backward(),
        lambda n: torch.cat(torch.split(torch.ones(n, requires_grad=True), [1] * n)).sum().backward(),
        lambda n: torch.stack(torch.unbind(torch.ones(n, requires_grad=True))).sum().backward(),
        lambda n: torch.cat(torch.chunk(torch.ones(n, requires_grad=True), n)).sum().backward(),
    ],
    ids=["cat", "stack", "cat, order 2", "a chain", "split", "split by sizes", "unbind", "chunk"],
)  # fmt: skip
def test_work_grows_as_the_number_of_parts(work, monkeypatch):
    """Counted are calls, of Python and of C, and the numbers that a sum adds up."""
    counted = 0

    def count(frame, event, argument):
        nonlocal counted
        counted += event in ("call", "c_call")

    def adding(numbers, *start):
        nonlocal counted
        numbers = list(numbers)
        counted += len(numbers)
        return sum(numbers, *start)

    monkeypatch.setattr(compositions, "sum", adding, raising=False)

    def cost(n):
        nonlocal counted
        counted = 0
        before = sys.getprofile()
        sys.setprofile(count)
        try:
            work(n)
        finally:
            sys.setprofile(before)
        return counted

    cost(10)
    assert cost(400) - cost(200) < 1.2 * (cost(200) - cost(1))


@pytest.mark.parametrize(
    "parts",
    [torch.unbind, lambda x: torch.split(x, 1), lambda x: torch.split(x, [0, 1, *[1] * (len(x) - 1), 0]),
     lambda x: torch.chunk(x, len(x)), list],
    ids=["unbind", "split", "split by sizes", "chunk", "iteration"],
)  # fmt: skip
def test_the_gradients_of_many_parts_are_not_each_as_large_as_the_whole(parts, monkeypatch):
    """Counted are the numbers in the gradients of the parts: for n parts of one, far fewer than n n."""
    rule, counted = REGISTRY["getitem"].rule_a, 0

    def counting(g, *saved):
        nonlocal counted
        d = rule(g, *saved)
        counted += d.size
        return d

    monkeypatch.setattr(REGISTRY["getitem"], "rule_a", counting)
    x, weights = t(np.arange(400.0), requires_grad=True), np.arange(400.0)
    made = [p for p in parts(x) if p.numel()]
    assert torch.stack(made).reshape(-1).tolist() == x.tolist()
    sum((p * w).sum() for p, w in zip(made, weights, strict=True)).backward()
    assert x.grad.tolist() == weights.tolist() and 400 < counted < 400 * 60
    made[399].detach().mul_(2)  # the parts are views
    assert x[399].item() == 798


@pytest.mark.parametrize(
    "scaled",
    [
        lambda x: x / x.norm(),
        lambda x: 1 / ((-x).exp() + 1),
        lambda x: torch.einsum("i,->i", x, x.sum()),
        lambda x: torch.cat([x, x]),
        lambda x: x.std() * x,
        lambda x: torch.addcdiv(x, x, x * x),
    ],
)
def test_a_quotient_a_product_or_a_join_may_be_scaled_in_place(scaled):
    x, y = (t([3.0, 4.0], requires_grad=True) for _ in range(2))
    out = scaled(x)
    out *= 10
    out.square().sum().backward()
    (scaled(y) * 10).square().sum().backward()
    assert x.grad.tolist() == pytest.approx(y.grad.tolist(), rel=1e-12, abs=1e-12)


def test_a_write_to_the_diagonal_is_recorded():
    x = t([[1.0, 2], [3, 4]], requires_grad=True)
    y = x * 1
    y.diagonal().mul_(5)
    y.sum().backward()
    assert y.tolist() == [[5, 2], [3, 20]] and x.grad.tolist() == [[5, 1], [1, 5]]


def test_einsum_takes_lists_of_axes_in_the_place_of_an_equation():
    a, b = torch.arange(6.0).reshape(2, 3), torch.arange(12.0).reshape(3, 4)
    assert torch.einsum(a, [0, 1], b, [1, 2]).equal(a @ b)
    assert torch.einsum(a, [0, 1], b, [1, 26], [26, 0]).equal((a @ b).T)
    assert torch.einsum(a, [1, 0]).equal(a.T)  # without a last list the axes are in order
    assert torch.einsum(a, [..., 3], a, [..., 3], [...]).equal((a * a).sum(1))
    with pytest.raises(ValueError, match="a number from 0 to 51 or an Ellipsis, not 52"):
        torch.einsum(a, [0, 52])
    for wrong in ([a], [a, [0, 1], b]):
        with pytest.raises(ValueError, match="after each operand the list of its axes"):
            torch.einsum(*wrong)


def test_dots_in_the_output_of_einsum_alone_stand_for_no_axis():
    x = t([1.0, 2], requires_grad=True)
    y = torch.einsum("i->...i", x)
    (y * y).sum().backward()
    assert y.tolist() == [1, 2] and x.grad.tolist() == [2, 4]


@pytest.mark.parametrize("equation", ["ij->ij", "ij->ji", "ii->i", "ij", "...j->j..."])
def test_einsum_of_one_operand_without_a_sum_is_a_view(equation):
    x = t([[1.0, 2], [3, 4]], requires_grad=True)
    z = x * 1
    torch.einsum(equation, z).mul_(3)
    (z * z).sum().backward()
    tripled = [[3, 2], [3, 12]] if equation == "ii->i" else [[3, 6], [9, 12]]
    assert z.tolist() == tripled and x.grad.tolist() == [
        [2 * a * a / b for a, b in zip(*rows, strict=True)]
        for rows in zip(tripled, [[1, 2], [3, 4]], strict=True)
    ]
    with pytest.raises(RuntimeError, match="leaf"):
        torch.einsum(equation, x).mul_(3)


@pytest.mark.parametrize(
    ("of", "strides"),
    [
        # Of the transpose of a matrix of 3 by 4; the strides, in elements, are PyTorch's.
        (lambda m: m.clone(), (1, 4)),
        (lambda m: m.contiguous(), (3, 1)),
        (lambda m: m.to(torch.float32), (1, 4)),
        (lambda m: m[0].expand(2, 3).to(torch.float32), (3, 1)),
        (lambda m: m.sort(0)[0], (1, 4)),
        (lambda m: m.argsort(1), (1, 4)),
        (lambda m: m.topk(2, 0)[0], (3, 1)),
        (lambda m: m.flip(0), (1, 4)),
        (torch.zeros_like, (1, 4)),
        (lambda m: torch.full_like(m.t(), 2, dtype=torch.int32), (4, 1)),
        (torch.erf, (1, 4)),
        (lambda m: m.roll(1, 0), (3, 1)),
        (lambda m: m.repeat(1, 1), (3, 1)),
        (lambda m: torch.cat([m, m]), (3, 1)),
        (lambda m: torch.stack([m, m], 1), (6, 3, 1)),
        (lambda m: m[:, [0, 1]], (2, 1)),
        (lambda m: m.t()[:, [0, 1]], (2, 1)),
        (lambda m: m.masked_fill(m > 0, 1.0), (3, 1)),
        (lambda m: m.softmax(0), (3, 1)),
        (lambda m: F.pad(m, (0, -1)), (1, 4)),
        (lambda m: F.layer_norm(m, (3,)), (3, 1)),
        (lambda m: torch.einsum("ij,ij->ji", m, m), (4, 1)),
        (lambda m: torch.einsum("ij,kj->ki", m, m), (4, 1)),
    ],
)
def test_the_order_in_memory(of, strides):
    """By it view() is refused or not, and reshape() a view or a copy."""
    out = of(torch.arange(12.0, dtype=torch.float64).reshape(3, 4).t())
    assert tuple(n // out.numpy().itemsize for n in out.numpy().strides) == strides
    assert torch.cat([torch.zeros(3, 4).t()] * 2).view(-1).shape == (24,)


@pytest.mark.parametrize(
    "name",
    [
        "sum",
        "mean",
        "prod",
        "amax",
        "std",
        "norm",
        "logsumexp",
        "argmax",
        "any",
        "max",
        "cumsum",
        "cumprod",
        "softmax",
    ],
)
def test_a_reduction_or_scan_is_contiguous_for_every_order_of_its_operand(name):
    for order in itertools.permutations(range(3)):
        for dim in range(3):
            out = getattr(torch.ones(2, 3, 4).permute(order), name)(dim=dim)
            assert (out[0] if isinstance(out, tuple) else out).is_contiguous()


@pytest.mark.parametrize("swapped", [False, True])
def test_an_axis_of_length_0_meets_one_of_length_1_in_einsum(swapped):
    empty = torch.zeros(1, 1, 0, dtype=torch.float64, requires_grad=True)
    one = torch.ones(1, 1, 1, 1, dtype=torch.float64, requires_grad=True)
    operands = (one, empty) if swapped else (empty, one)
    out = torch.einsum("ji...,j..." if swapped else "j...,ji...", *operands)
    assert out.shape == (1, 0, 1)
    out.sum().backward()
    assert empty.grad.shape == empty.shape and one.grad.tolist() == [[[[0.0]]]]


def test_a_long_sum_by_einsum_is_exact_to_single_precision():
    x = torch.full((1_000_000, 2), 0.1)
    assert torch.einsum("ij->j", x).tolist() == pytest.approx([1e5, 1e5], rel=1e-6)
    assert torch.einsum("ij,ij->j", x, x).tolist() == pytest.approx([1e4, 1e4], rel=1e-6)


def test_einsum_saves_for_each_operand_the_others_only():
    x, w, v = t([[1.0, 2], [3, 4]]), t([[0.5, -1], [2, 0]], requires_grad=True), t([2.0, 3])
    y = torch.einsum("bi,io,o->b", x, w, v)
    with torch.no_grad():
        w.mul_(0.9)
    y.sum().backward()
    assert w.grad.tolist() == [[8, 12], [12, 18]]
    y = torch.einsum("bi,io,o->b", x, w, v)
    v.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        y.sum().backward()


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [("i,i->", [(1,), (3,)]), ("ij,j->i", [(2, 1), (3,)]), ("ij,kj->ik", [(2, 3), (4, 1)]),
     ("bij,bjk->bik", [(1, 2, 1), (3, 2, 2)]), ("ij,ij->j", [(1, 2), (3, 2)]),
     ("ij,ij->ij", [(1, 2), (3, 1)]), ("...i,i->i", [(2, 3), (3,)]), ("...i->i", [(2, 2, 3)]),
     ("...i,...i->", [(2, 1, 3), (4, 3)]),
     ("i...->", [(2, 3)]), ("ij...,jk->ik", [(2, 3, 2), (3, 2)])],
)  # fmt: skip
def test_einsum_repeats_sizes_of_one_and_sums_dots_that_the_output_omits(equation, shapes):
    arrays = [np.random.default_rng(i).standard_normal(s) for i, s in enumerate(shapes)]
    size = dict.fromkeys("ijkbAB", 1)
    left, _, right = equation.partition("->")
    terms = [
        term.replace("...", "AB"[2 - (len(s) - len(term.replace("...", ""))) :] if "..." in term else "")
        for term, s in zip(left.split(","), shapes, strict=True)
    ]
    for term, shape in zip(terms, shapes, strict=True):
        size |= {c: max(n, size[c]) for c, n in zip(term, shape, strict=True)}
    wide = [np.broadcast_to(a, [size[c] for c in term]) for a, term in zip(arrays, terms, strict=True)]
    xs = [t(a, requires_grad=True) for a in arrays]
    out = torch.einsum(equation, *xs)
    np.testing.assert_allclose(out.numpy(force=True), np.einsum(f"{','.join(terms)}->{right}", *wide))
    assert torch.autograd.gradcheck(lambda *xs: torch.einsum(equation, *xs), xs)
    assert torch.autograd.gradgradcheck(lambda *xs: torch.einsum(equation, *xs), xs)


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8, torch.int64])
def test_einsum_of_whole_numbers_has_the_dtype_of_a_product_or_of_a_sum(dtype):
    x = torch.ones(2, 3, dtype=dtype)
    assert {torch.einsum(e, x, x).dtype for e in ("ij,ij->i", "ij,kj->ik", "ij,ij->ij")} == {dtype}
    assert torch.einsum("ij->i", x).dtype == torch.einsum("ij,ik->i", x, x[:, :1]).dtype == torch.int64


def test_cross_entropy_ignores_one_target_only():
    x = t([[0.0, 1, 2]] * 3)
    each = -torch.log_softmax(x, 1)[0]
    loss = F.cross_entropy(x, torch.tensor([0, 1, 2]), ignore_index=1, reduction="none")
    np.testing.assert_allclose(loss.numpy(), [each[0].item(), 0, each[2].item()])
    loss = F.cross_entropy(x, torch.tensor([0, 1, 2]), ignore_index=1)  # a mean over those that count
    assert loss.item() == pytest.approx((each[0].item() + each[2].item()) / 2)
    loss = F.cross_entropy(x, torch.tensor([0, 1, 2]), reduction="sum")
    assert loss.item() == pytest.approx(each.sum().item())
    loss = F.cross_entropy(x, torch.tensor([0, 1, 2]), weight=t([-1.0, 1, 1]), reduction="none")
    np.testing.assert_allclose(loss.numpy(), [-each[0].item(), each[1].item(), each[2].item()])


@pytest.mark.parametrize(
    ("fails", "message"),
    [
        (
            lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([0, 5])),
            r"target 5 is out .* 3 classes \(0 to 2\)",
        ),
        (lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([0, 3])), "target 3 is out of bounds"),
        (lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([7, 5])), "target 7 is out of bounds"),
        (lambda: F.cross_entropy(torch.zeros(4, 2), torch.tensor([0, 1, 2, 3])), "target 2 is out of bounds"),
        (lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([1, -1])), "target -1 is out of bounds"),
        (lambda: torch.tensor([7]) // torch.tensor([0]), "ZeroDivisionError"),
        (lambda: torch.tensor([7]) % torch.tensor([0]), "ZeroDivisionError"),
        (lambda: F.linear(torch.ones(2), torch.ones(2)), r"the weight \(2,\) expects"),
        (lambda: F.linear(torch.ones(2), torch.ones(2, 2, 2)), r"the weight \(2, 2, 2\) expects"),
        (lambda: torch.einsum("i,j->ij", torch.ones(2)), "names 2 operands, but 1"),
        (lambda: torch.einsum("i->i", torch.ones(2), torch.ones(2)), "names 1 operands, but 2"),
        (lambda: torch.einsum("i->i", torch.ones(2, 3)), r"names 1 axes, but its operand has shape \(2, 3\)"),
        (lambda: torch.einsum("ij...->i", torch.ones(3)), r"names 2 axes, but its operand has shape \(3,\)"),
        (
            lambda: torch.einsum("ij,ij,jk->ik", torch.ones(1, 3), torch.ones(2, 3), torch.ones(4, 5)),
            "'j' .* has size 3 in one operand and 4 in another",
        ),
        (
            lambda: torch.einsum("ij,jk->ik", torch.ones(2, 4), torch.ones(2, 5)),
            "'j' .* has size 4 in one operand and 2 in another",
        ),
        (lambda: torch.amax(torch.zeros(0, 3), 0), r"dimension 0 of shape \(0, 3\) to have elements"),
        (lambda: torch.argmax(torch.zeros(0)), "elements to choose from"),
        (lambda: torch.trace(torch.ones(2)), "expected a matrix"),
        (lambda: torch.trace(torch.ones(2, 2, 2)), "expected a matrix"),
        (lambda: torch.unbind(torch.tensor(1.0)), "0-d tensor has no axis"),
        (lambda: torch.take_along_dim(torch.tensor(1.0), torch.tensor([0]), 0), "equal dimensions"),
        (lambda: torch.permute(torch.ones(2, 3), (0,)), "1 dims for 2 axes"),
        (lambda: torch.permute(torch.ones(2, 3), (0, 1, 0)), "3 dims for 2 axes"),
        (lambda: torch.permute(torch.ones(2, 3), (0, 0)), "no permutation"),
        (lambda: torch.permute(torch.ones(2, 3), (1, 1)), "no permutation"),
        (lambda: torch.roll(torch.ones(2, 3), (1, 1), 0), "must align"),
        (lambda: torch.roll(torch.ones(2, 3), 1, (0, 1)), "must align"),
        (lambda: torch.ones(2).expand(-1, 2), "-1 keeps an old size"),
        (lambda: torch.ones(2, 1).expand(-2, 3), "must be non-negative"),
        (lambda: torch.cat((torch.tensor(1.0), torch.ones(2))), "zero-dimensional"),
    ],
)  # fmt: skip
def test_refused(fails, message):
    with pytest.raises((ValueError, RuntimeError, IndexError), match=message):
        fails()


@pytest.mark.parametrize(
    ("fails", "message"),
    [
        (lambda x: torch.einsum("i,->i", x, 2.0), "expected Tensor as element 1, but got float"),
        (lambda x: torch.index_select(x, 0, [0]), "argument 'index' must be Tensor, not list"),
        (lambda x: torch.take_along_dim(x, [0]), "argument 'indices' must be Tensor, not list"),
    ],
)
def test_a_number_or_a_list_is_no_tensor(fails, message):
    with pytest.raises(TypeError, match=message):
        fails(torch.ones(3))


@pytest.mark.parametrize(
    "mixed",
    [
        torch.matmul,
        F.linear,
        lambda a, b: torch.einsum("ij,jk->ik", a, b),
        F.binary_cross_entropy,
        lambda a, b: torch.scatter(a, 0, torch.zeros(2, 2, dtype=torch.int64), b),
        lambda a, b: CALLS["index_put"](a, b, index=(slice(2),)),
    ],
    ids=["matmul", "linear", "einsum", "binary_cross_entropy", "scatter", "index_put"],
)
def test_what_mixes_no_dtypes(mixed):
    with pytest.raises(RuntimeError, match="dtype"):
        mixed(torch.ones(2, 2), torch.ones(2, 2, dtype=torch.float64))


def test_values_that_no_derivative_shows():
    # A property test compares a rule with differences of the same forward: a wrong forward has a right rule.
    x = torch.tensor([1.0, 4.0, 16.0])
    assert torch.rsqrt(x).tolist() == [1.0, 0.5, 0.25]
    assert torch.var(x).item() == 63.0 and torch.std(x, correction=0).item() == pytest.approx(42**0.5)
    assert torch.stack([x, x]).max(1).values.shape == (2,) and torch.argmin(torch.stack([x, x]), 1).shape == (
        2,
    )
    assert torch.linalg.vector_norm(x, 0).item() == 3.0 and torch.linalg.vector_norm(x, 1).item() == 21.0


def gradient(f, values):
    x = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    f(x).sum().backward()
    return x.grad.tolist()


def second(f, *values):
    """The gradient of the sum of the gradients."""
    xs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in values]
    first = torch.autograd.grad(f(*xs).sum(), xs, create_graph=True)
    return [g.tolist() for g in torch.autograd.grad(sum(g.sum() for g in first), xs)]


@pytest.mark.parametrize("base", [2, 2.5, 1.0000001, 0.5])
def test_a_power_of_a_number_has_exact_derivatives_of_both_orders(base):
    x = t([0.3, 2.0], requires_grad=True)
    (first,) = torch.autograd.grad((base**x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    log, power = math.log(base), base ** x.numpy(force=True)
    np.testing.assert_allclose(first.numpy(force=True), power * log, rtol=1e-14)
    np.testing.assert_allclose(second.numpy(), power * log**2, rtol=1e-14)


@pytest.mark.parametrize("number", [3, 3.0])
def test_a_cube_is_two_products(number):
    for dtype in (torch.float32, torch.float64, torch.float16, torch.int32):
        x = torch.tensor([-2.5, 0.3, 7.1]).to(dtype)
        assert torch.equal(x**number, (x * x * x).to((x**number).dtype))
    assert (torch.tensor([True, False]) ** 3).dtype == torch.int64
    assert (torch.tensor([2]) ** number).dtype == (torch.int64 if number.__class__ is int else torch.float32)


@pytest.mark.parametrize("divisor", [0.0, math.inf, nan, 2.0])
@pytest.mark.parametrize("mode", ["trunc", "floor"])
def test_a_rounded_quotient_has_a_gradient_of_zero_also_by_zero(mode, divisor):
    a, b = t([-7.0, 0.0, 7.0], requires_grad=True), t([divisor] * 3, requires_grad=True)
    torch.div(a, b, rounding_mode=mode).sum().backward()
    assert a.grad.tolist() == b.grad.tolist() == [0, 0, 0]


def test_a_quotient_of_whole_numbers_is_cut_towards_zero_exactly():
    a, b = torch.tensor([7, -7, 7, -7, 2**53 + 1]), torch.tensor([2, 2, -2, -2, 1])
    assert torch.div(a, b, rounding_mode="trunc").tolist() == [3, -3, -3, 3, 2**53 + 1]
    assert torch.div(a, 2, rounding_mode="trunc").tolist()[:2] == [3, -3]
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        torch.div(a, 0, rounding_mode="trunc")


@pytest.mark.parametrize(
    "of",
    [
        lambda x: x.sort()[0],
        lambda x: x.sort(0, True)[0],
        lambda x: x.topk(1)[0],
        lambda x: x.max(0)[0],
        lambda x: x.cumsum(0),
        lambda x: x.cumprod(0),
        lambda x: x.gather(0, torch.tensor(0)),
        lambda x: torch.take_along_dim(x, torch.tensor([0])).sum(),
    ],
)
def test_a_number_in_order_has_derivatives_of_both_orders(of):
    assert second(lambda x: of(x) ** 3, 2.0) == [12.0]


@pytest.mark.parametrize("descending", [False, True])
def test_many_ties_keep_their_order(descending):
    x = t([[1.0, 0.0] * 20] * 2)
    expected = sorted(range(40), key=lambda i: -x[0, i].item() if descending else x[0, i].item())
    assert x.sort(1, descending)[1].tolist() == [expected] * 2
    assert x.argsort(1, descending).tolist() == [expected] * 2
    assert x.topk(25, 1, largest=descending)[1].tolist() == [expected[:25]] * 2


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("largest", [False, True])
def test_the_foremost_are_the_first_of_all_in_order(largest, dim):
    random = np.random.default_rng(3)
    distinct, tied = random.random((40, 50)), random.integers(0, 4, (40, 50))
    some_nan, one_nan = np.where(tied == 2, nan, distinct), np.zeros((2, 60))
    one_nan[0] = [*range(59), nan]
    one_nan[1, ::30] = 1  # of the largest one too many, beside a row with one too few
    for array in (distinct, tied, some_nan, one_nan, one_nan.T, distinct.T, tied * 0.0, np.arange(60)):
        x = torch.from_numpy(array)
        along = min(dim, x.ndim - 1)
        for k in (k for k in (0, 1, 3, 9) if k <= x.shape[along]):
            values, indices = x.topk(k, along, largest)
            first = (slice(None),) * along + (slice(k),)
            all_values, all_indices = x.sort(along, largest)
            np.testing.assert_array_equal(values.numpy(), all_values.numpy()[first])
            np.testing.assert_array_equal(indices.numpy(), all_indices.numpy()[first])


def test_take_along_dim_counts_negative_indices_from_the_end():
    x = t([[1.0, 2, 3], [4, 5, 6]], requires_grad=True)
    y = torch.take_along_dim(x, torch.tensor([[-1, 0], [-3, -2]]), 1)
    y.sum().backward()
    assert y.tolist() == [[3, 1], [4, 5]] and x.grad.tolist() == [[1, 0, 1], [1, 1, 0]]
    assert torch.take_along_dim(x, torch.tensor([[-1, 0, 1]]), 0).tolist() == [[4, 2, 6]]


def test_logaddexp_of_infinities():
    inf = math.inf
    a, b = t([-inf, inf, inf, 0.0, -inf, 1.0], requires_grad=True), t([0.0, 1.0, -inf, inf, inf, -inf])
    b.requires_grad_()
    y = torch.logaddexp(a, b)
    first = torch.autograd.grad(y.sum(), (a, b), create_graph=True)
    assert y.tolist() == [0, inf, inf, inf, inf, 1]
    assert first[0].tolist() == [0, 1, 1, 0, 0, 1] and first[1].tolist() == [1, 0, 0, 1, 1, 0]
    assert [g.tolist() for g in torch.autograd.grad(first[0].sum(), (a, b))] == [[0] * 6] * 2
    assert torch.logaddexp(t(-inf), t(-inf)).item() == -inf


def test_norms_of_unusual_orders():
    x = torch.tensor([1.0, 4.0, 16.0])
    assert torch.linalg.vector_norm(x, -1).item() == pytest.approx(16 / 21)
    assert gradient(lambda x: torch.linalg.vector_norm(x, 0.5), [1.0, 4.0]) == [3.0, 1.5]
    assert gradient(lambda x: torch.linalg.vector_norm(x, -1), [1.0, 4.0]) == pytest.approx([0.64, 0.04])
    assert torch.linalg.vector_norm(torch.tensor([math.nan, 1.0, 0.0]), 0).item() == 2.0


def test_second_derivatives_at_zero_are_zero_and_not_nan():
    assert second(torch.atan2, [0.0], [0.0]) == [[0.0], [0.0]]
    assert second(lambda x: x.norm(), [0.0, 0.0]) == [[0.0, 0.0]]
    assert second(lambda x: x.std(), [1.0, 1.0]) == [[0.0, 0.0]]
    assert second(lambda x: x.norm(), [1.0, 0.0]) == [[0.0, 1.0]]  # and at a norm of 1 nothing is special


def test_a_power_of_a_negative_number_has_no_derivative_by_its_exponent():
    assert math.isnan(gradient(lambda b: torch.tensor([-2.0], dtype=torch.float64) ** b, [2.0])[0])


def test_the_variance_of_too_few_numbers_is_infinite():
    assert torch.var(torch.tensor([1.0, 2.0]), correction=3).item() == math.inf


def test_all_and_any_over_no_axes_and_their_dtypes():
    assert torch.tensor([[True, False]]).all(dim=()).tolist() == [[True, False]]
    dtypes = (torch.bool, torch.int8, torch.int64, torch.uint8)
    kinds = [torch.tensor([1], dtype=dtype).any().dtype for dtype in dtypes]
    assert kinds == [torch.bool, torch.bool, torch.bool, torch.uint8]


def test_shapes_by_keyword_of_no_axes_and_beside_an_empty_vector():
    assert torch.unsqueeze(torch.ones(2), dim=0).shape == (1, 2)
    assert torch.arange(3).flip(()).tolist() == [0, 1, 2]
    weights = torch.tensor([[1.0, 2.0]], dtype=torch.float64)
    empty = torch.empty(0, dtype=torch.float64)
    assert gradient(lambda x: torch.cat([empty, x], 1) * weights, [[1.0, 1.0]]) == [[1.0, 2.0]]
    with pytest.raises(RuntimeError, match="tril: expected at least 2 dimensions"):
        torch.ones(3).tril()


def test_an_expanded_tensor_follows_its_source():
    x = torch.tensor([1.0, 2.0], requires_grad=True) * 1
    wide = x.expand(2, 2)
    x.mul_(3)
    wide.sum().backward(retain_graph=True)
    assert wide.tolist() == [[3.0, 6.0], [3.0, 6.0]] and wide.grad_fn is not None
    assert type(wide).__name__ == "View"
