"""Writing in place: right, recorded and stamped, or refused before anything is written."""

import numpy as np
import pytest

import minigrad as torch
from minigrad._tensor.in_place import InPlace


def leaf(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype, requires_grad=True)


START = [[0.3, 0.7, 0.2], [0.9, 0.4, 0.6]]
ONES = torch.ones(2, 3, dtype=torch.float64)
MASK = torch.tensor([[True, False, True], [False, False, True]])
ROW = torch.tensor([1, 0, 1])

# Every in-place twin, with arguments that suit START.
CALLS = {
    "add_": (2.0,), "sub_": (ONES,), "mul_": (ONES * 3,), "div_": (2.0,), "pow_": (3.0,),
    "remainder_": (0.25,), "neg_": (), "abs_": (), "square_": (),
    "reciprocal_": (), "sign_": (), "floor_": (),
    "ceil_": (), "round_": (), "exp_": (), "expm1_": (), "log_": (), "log2_": (), "log10_": (),
    "log1p_": (), "sqrt_": (), "rsqrt_": (), "sin_": (), "cos_": (), "tan_": (), "asin_": (), "acos_": (),
    "atan_": (), "sinh_": (), "cosh_": (), "tanh_": (), "asinh_": (), "atanh_": (),
    "atan2_": (torch.tensor(2.0, dtype=torch.float64),), "sigmoid_": (), "erf_": (), "relu_": (),
    "clamp_": (0.35, 0.65), "tril_": (), "triu_": (), "cumsum_": (1,), "cumprod_": (0,),
    "addcmul_": (ONES, ONES * 2), "addcdiv_": (ONES, ONES * 2), "lerp_": (ONES, 0.25),
    "masked_fill_": (MASK, 5.0), "index_add_": (1, ROW, ONES), "scatter_": (0, ROW.reshape(1, 3), ONES),
    "scatter_add_": (0, ROW.reshape(1, 3), ONES),
}  # fmt: skip
WRITES = {**CALLS, "copy_": (ONES,), "fill_": (2.0,), "zero_": (), "uniform_": (), "normal_": ()}


WHOLE = {
    "floor_divide_",
    "bitwise_not_",
    "bitwise_and_",
    "bitwise_or_",
    "bitwise_xor_",
}  # no floats, no gradients


def test_the_tables_above_are_complete():
    names = (n for n in (*vars(InPlace), "uniform_", "normal_") if n.endswith("_") and not n.startswith("_"))
    written = {n: getattr(torch.Tensor, n) for n in names}
    assert {f.__name__ for f in written.values()} == {*WRITES, *WHOLE, "acosh_"}
    aliases = {n: f for n, f in written.items() if f.__name__ != n}  # as clip_ is clamp_
    assert all(written[f.__name__] is f and hasattr(torch.Tensor, n[:-1]) for n, f in aliases.items())


def test_booleans_and_integers_are_written_bit_by_bit():
    mask, alias = torch.tensor([True, True, False]), torch.zeros(3).bool()
    same = mask
    mask &= torch.tensor([True, False, False])
    mask |= torch.tensor([False, False, True])
    mask ^= torch.tensor([True, True, True])
    assert mask is same and mask.tolist() == [False, True, False]
    assert alias.logical_not_().tolist() == [True] * 3 and alias.bitwise_not_().tolist() == [False] * 3
    i = torch.tensor([6, 5])
    i &= 4
    i |= np.array([1, 2])
    assert i.tolist() == [5, 6] and torch.tensor([0.0, 2.0]).logical_not_().tolist() == [1.0, 0.0]


# --- leaves --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WRITES)
def test_a_leaf_that_requires_grad_is_refused_before_anything_is_written(name):
    x = leaf(START)
    with pytest.raises(RuntimeError, match=f"leaf .*{name} on a leaf .*Nothing was written.*no_grad"):
        getattr(x, name)(*WRITES[name])
    assert x.tolist() == START


def test_assignment_to_a_leaf_is_refused():
    x = leaf(START)
    for index in (0, (0, 1), slice(None), MASK, ROW[:2]):
        with pytest.raises(RuntimeError, match="leaf"):
            x[index] = 9.0
    with pytest.raises(RuntimeError, match="leaf"):
        x += 1
    assert x.tolist() == START


@pytest.mark.parametrize("name", WRITES)
def test_under_no_grad_a_leaf_is_written_and_stays_a_leaf(name):
    x, y = leaf(START), torch.tensor(START, dtype=torch.float64)
    torch.manual_seed(0)
    with torch.no_grad():
        assert getattr(x, name)(*WRITES[name]) is x
    torch.manual_seed(0)
    getattr(y, name)(*WRITES[name])
    assert x.is_leaf and x.requires_grad and x.tolist() == y.tolist()


# --- non-leaves: the same computation written out of place ---------------------------------------------


def both_ways(in_place, out_of_place):
    """Values, gradients and second derivatives of the two ways to write a computation."""
    results = []
    for write in (in_place, out_of_place):
        x, w = leaf(START), leaf([1.5, -0.5, 2.0])
        h = x * 1.0
        h = write(h, w)
        loss = (h * h).sum() + w.sum()
        first = torch.autograd.grad(loss, (x, w), create_graph=True)
        squares = sum((g * g).sum() for g in (*first, x))
        second = torch.autograd.grad(squares, (x, w), allow_unused=True)
        results.append([h, *first, *second])
    for mine, expected in zip(*results, strict=True):
        if mine is None or expected is None:
            assert (mine is None or not mine.any()) and (expected is None or not expected.any())
        else:
            np.testing.assert_allclose(mine.detach().numpy(), expected.detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize("name", CALLS)
def test_the_twin_of_an_op_gives_its_values_and_gradients(name):
    def in_place(h, w):
        assert getattr(h, name)(*CALLS[name]) is h
        return h

    both_ways(in_place, lambda h, _: getattr(h, name.removesuffix("_"))(*CALLS[name]))


def augmented(h, w):
    h += w
    h -= 2.0
    h *= w
    h /= 4.0
    h **= 2
    h %= 3.0
    return h


def test_augmented_assignment():
    both_ways(augmented, lambda h, w: ((((h + w) - 2.0) * w / 4.0) ** 2) % 3.0)
    x = torch.tensor([7.0])
    x //= 2.0
    assert x.tolist() == [3.0]


def test_augmented_assignment_does_not_touch_another_tensor_of_the_same_name():
    x = leaf(START)
    y = x * 1.0
    z = y
    y = y + 1
    assert z.tolist() == START


def test_options_are_passed_on():
    both_ways(lambda h, w: h.add_(w, alpha=2), lambda h, w: h + 2 * w)
    both_ways(lambda h, w: h.div_(w, rounding_mode="floor"), lambda h, w: torch.floor(h / w))
    both_ways(lambda h, w: h.addcmul_(w, w, value=0.5), lambda h, w: h + 0.5 * w * w)
    both_ways(lambda h, _: h.add_(1.0).acosh_(), lambda h, _: (h + 1.0).acosh())
    both_ways(lambda h, _: h.clamp_(min=0.35), lambda h, _: h.clamp(min=0.35))


def test_the_tensor_itself_may_be_an_operand():
    both_ways(lambda h, _: h.mul_(h), lambda h, _: h * h)
    both_ways(lambda h, _: h.mul_(other=h), lambda h, _: h * h)
    both_ways(lambda h, w: h.addcmul_(h, w), lambda h, w: h + h * w)
    both_ways(lambda h, _: h.add_(h[0]), lambda h, _: h + h[0])
    both_ways(lambda h, _: h.sub_(h.mean(1, keepdim=True)), lambda h, _: h - h.mean(1, keepdim=True))


def test_writes_follow_one_another():
    both_ways(lambda h, w: h.exp_().mul_(w).sin_(), lambda h, w: (h.exp() * w).sin())


def test_what_was_computed_before_the_write_keeps_its_history():
    def in_place(h, w):
        before = h * 2.0  # saves nothing of h
        h.mul_(w)
        return before + h

    both_ways(in_place, lambda h, w: h * 2.0 + h * w)


def test_a_clone_takes_the_write_instead():
    def in_place(h, w):
        kept = h.clone()
        kept.mul_(w)
        return kept + h.sin()

    both_ways(in_place, lambda h, w: h * w + h.sin())


# --- assignment ----------------------------------------------------------------------------------------

INDICES = [
    0, -1, (0, 1), (1, -1), slice(0, 1), slice(None), slice(None, None, 2), slice(2, 2), (slice(None), 1),
    (..., 0), (0, ...), (slice(None), slice(0, 3, 2)), None, (0, None), True, ROW[:1], [1, 0], np.array([1]),
    (slice(None), [2, 0]), ([0, 1], [2, 0]), MASK, (0, torch.tensor([True, False, True])), torch.tensor(1),
    (torch.tensor([1, 0]), slice(1, 3)),
]  # fmt: skip


def numpy_index(index):
    if isinstance(index, tuple):
        return tuple(map(numpy_index, index))
    return index.numpy() if isinstance(index, torch.Tensor) else index


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_assigning_a_selection_gives_gradients_to_both_sides(index):
    selected = torch.zeros(2, 3)[index].shape
    w = torch.tensor(0.5 + np.arange(np.prod(selected, dtype=int)).reshape(selected), requires_grad=True)
    x = leaf(START)
    h = x * 1.0
    h[index] = w
    weights = torch.tensor(np.arange(6.0).reshape(2, 3) + 1)
    (h * weights).sum().backward()
    # The same through NumPy's own indexing.
    expected, kept = np.array(START), weights.numpy().copy()
    place = numpy_index(index)
    expected[place] = w.detach().numpy()
    kept[place] = 0
    assert h.tolist() == expected.tolist()
    assert x.grad.tolist() == kept.tolist()
    assert w.grad.tolist() == weights.numpy()[place].tolist()


def test_an_assigned_value_is_broadcast_and_its_gradient_summed():
    x, w = leaf(START), leaf([5.0])
    h = x * 1.0
    h[:, 1:] = w
    h.sum().backward()
    assert w.grad.tolist() == [4.0]
    assert x.grad.tolist() == [[1.0, 0.0, 0.0]] * 2


def test_an_assigned_value_is_converted_and_its_gradient_converted_back():
    w = torch.tensor([2.0, 3.0], dtype=torch.float32, requires_grad=True)
    out = torch.zeros(2, 2, dtype=torch.float64)
    out[1] = w
    (out * 2).sum().backward()
    assert out.dtype == torch.float64 and w.grad.dtype == torch.float32 and w.grad.tolist() == [2.0, 2.0]


def test_filling_a_constant_row_by_row_is_recorded():
    w = leaf([1.0, 2.0, 3.0])
    out = torch.zeros(4, 3, dtype=torch.float64)
    for i in range(4):
        out[i] = w * float(i)
    assert out.requires_grad and not out.is_leaf
    (out * out).sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), 2 * w.detach().numpy() * (0 + 1 + 4 + 9))


def test_a_recurrence_written_into_a_buffer_wants_a_clone_of_what_it_reads():
    def fill(read):
        w = leaf(0.5)
        out = torch.zeros(5, dtype=torch.float64)
        out[0] = 1.0
        for i in range(1, 5):
            out[i] = read(out[i - 1]) * w
        out.sum().backward()
        return w.grad.item()

    # The product saves its element of the buffer, and the next step writes to the buffer.
    with pytest.raises(RuntimeError, match=r"mul.*clone\(\)"):
        fill(lambda previous: previous)
    np.testing.assert_allclose(fill(lambda previous: previous.clone()), 1 + 2 * 0.5 + 3 * 0.25 + 4 * 0.125)


def test_augmented_assignment_at_an_index():
    x, w = leaf(START), leaf([1.0, 2.0, 3.0])
    h = x * 1.0
    h[0] += w
    h[:, 1] *= 3.0
    h[1, 2] -= w[0]
    (h * h).sum().backward()
    a, b = np.array(START), np.array([1.0, 2.0, 3.0])
    a[0] += b
    a[:, 1] *= 3
    a[1, 2] -= b[0]
    assert h.tolist() == a.tolist()
    grad = 2 * a
    grad[:, 1] *= 3
    np.testing.assert_allclose(x.grad.numpy(), grad)
    np.testing.assert_allclose(w.grad.numpy(), grad[0] - np.array([grad[1, 2], 0, 0]))


def test_an_assigned_array_may_be_written_later():
    x = leaf(START)
    h, values = x * 1.0, np.ones(3)
    h[0] = values
    values[:] = 100
    assert h[0].tolist() == [1.0, 1.0, 1.0]
    (h * h).sum().backward()


def test_overlapping_assignment_reads_first():
    for recorded in (False, True):
        h = leaf([1.0, 2.0, 3.0, 4.0]) * 1.0
        h = h if recorded else h.detach()
        h[1:] = h[:-1]
        assert h.tolist() == [1.0, 1.0, 2.0, 3.0]


def test_a_list_that_hides_tensors_with_a_history_is_refused():
    h = torch.zeros(2, dtype=torch.float64)
    with pytest.raises(RuntimeError, match="detach"):
        h[:] = [leaf(1.0), leaf(2.0)]


# --- copy_, fill_, zero_ -------------------------------------------------------------------------------


def test_copy_takes_gradients_to_the_source():
    both_ways(lambda h, w: h.copy_(w), lambda h, w: w.expand(2, 3) + 0 * h)


def test_fill_takes_the_gradient_of_a_scalar_tensor():
    both_ways(lambda h, w: h.fill_(w[0]), lambda h, w: w[0].expand(2, 3) + 0 * h)
    with pytest.raises(RuntimeError, match="fill_ takes a number or a 0-d tensor"):
        torch.zeros(2).fill_(torch.ones(2))


def test_zero_cuts_the_history():
    x = leaf(START)
    h = x * 1.0
    h.zero_()
    h.sum().backward()
    assert x.grad.tolist() == np.zeros((2, 3)).tolist()


# --- refusals ------------------------------------------------------------------------------------------


def test_an_in_place_op_cannot_grow_its_tensor():
    for h in (torch.ones(3), torch.ones(3, requires_grad=True) * 1):
        with pytest.raises(RuntimeError, match=r"shape \(3,\) doesn't match the broadcast shape \(2, 3\)"):
            h.add_(torch.ones(2, 3))
        with pytest.raises(RuntimeError, match="size of tensor a"):
            h.mul_(torch.ones(4))
        assert h.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    "write", [lambda i: i.exp_(), lambda i: i.add_(0.5), lambda i: i.div_(2), lambda i: i.sqrt_()]
)
def test_a_float_result_does_not_fit_into_integers(write):
    i = torch.tensor([1, 2])
    with pytest.raises(RuntimeError, match="can't be cast"):
        write(i)
    assert i.tolist() == [1, 2]


def test_integers_are_written_as_integers():
    i = torch.tensor([1, 2])
    assert i.add_(2).mul_(3).tolist() == [9, 12] and i.dtype == torch.int64
    assert torch.tensor([1.0, 2.0]).add_(torch.tensor([1, 1])).tolist() == [2.0, 3.0]
    assert torch.tensor([True, False]).mul_(torch.tensor([True, True])).tolist() == [True, False]


def test_a_wider_operand_does_not_widen_the_tensor():
    h = torch.ones(2, requires_grad=True) * 1
    h.add_(torch.ones(2, dtype=torch.float64))
    assert h.dtype == torch.float32
    h.sum().backward()


def test_an_expanded_tensor_cannot_be_written():
    for h in (torch.ones(1).expand(3), (leaf([1.0]) * 1).expand(3)):
        for write in (lambda h: h.add_(1), lambda h: h.copy_(torch.ones(3)), lambda h: h.exp_()):
            with pytest.raises(RuntimeError, match=r"single memory location.*clone\(\)"):
                write(h)
        assert h.tolist() == [1.0, 1.0, 1.0]


def test_one_number_may_be_written_to_an_expanded_tensor():
    for write in (
        lambda h: h.fill_(5.0),
        lambda h: h.masked_fill_(h == 1, 5.0),
        lambda h: h.__setitem__(0, 5.0),
        lambda h: h.__setitem__(h == 1, 5.0),
        lambda h: h[1:].fill_(5.0),
    ):
        base = torch.ones(1, 2)
        h = base.expand(3, 2)
        write(h)
        assert base.tolist() == [[5.0, 5.0]] and h.tolist() == [[5.0, 5.0]] * 3
    with pytest.raises(RuntimeError, match="single memory location"):  # PyTorch's gradient is wrong there
        (leaf([1.0]) * 1).expand(3).fill_(2.0)


def test_a_part_of_an_expanded_tensor_that_has_its_memory_alone_may_be_written():
    x = leaf([1.0, 2.0])
    base = x * 1
    h = base.expand(3, 2)
    h[1].mul_(3.0)
    assert h.tolist() == [[3.0, 6.0]] * 3
    (h * torch.tensor([[1.0], [10.0], [100.0]], dtype=torch.float64)).sum().backward()
    assert x.grad.tolist() == [333.0, 333.0]
    one = torch.zeros(1).expand(1, 1)
    assert one.add_(2).tolist() == [[2.0]]


def test_a_read_only_array_cannot_be_written():
    a = np.ones(2)
    a.flags.writeable = False
    with pytest.raises(RuntimeError, match="read-only"):
        torch.from_numpy(a).add_(1)


@pytest.mark.parametrize("kind", ["recorded", "constant"])
def test_a_failed_write_changes_nothing(kind):
    h = leaf(START) * 1.0 if kind == "recorded" else torch.tensor(START, dtype=torch.float64)
    node = h._node
    for write in (lambda: h.add_("x"), lambda: h.matmul(h), lambda: h.__setitem__((5, 5), 1.0)):
        with pytest.raises((RuntimeError, TypeError, IndexError)):
            write()
    assert h.tolist() == START and h._node is node


# --- what else a write means ---------------------------------------------------------------------------


def test_retain_grad_means_the_value_after_the_write():
    x = leaf([1.0, 2.0])
    h = x * 2.0
    h.retain_grad()
    h.mul_(3.0)
    assert h.retains_grad
    (h * h).sum().backward()
    assert h.grad.tolist() == [12.0, 24.0] and x.grad.tolist() == [72.0, 144.0]


def test_a_hook_stays_with_the_value_before_the_write():
    x, seen = leaf([1.0]), []
    h = x * 2.0
    h.register_hook(lambda g: seen.append(g.item()))
    h.mul_(3.0)
    h.sum().backward()
    assert seen == [3.0]


def test_a_write_is_a_node_of_its_own():
    h = leaf([1.0]) * 2.0
    h.exp_()
    assert h.grad_fn.name() == "ExpBackward0"
    assert h.grad_fn.next_functions[0][0].name() == "MulBackward0"


def test_random_writes_follow_the_generator():
    a, b = torch.empty(100), torch.empty(100)
    torch.manual_seed(3)
    a.uniform_(-1, 1)
    torch.manual_seed(3)
    b.uniform_(-1, 1)
    assert a.tolist() == b.tolist() and a.min() >= -1 and a.max() < 1
    g = torch.Generator().manual_seed(1)
    values = torch.empty(2000).normal_(5.0, 2.0, generator=g)
    assert abs(values.mean() - 5) < 0.3 and abs(values.std() - 2) < 0.3


def test_detach_in_place():
    h = leaf([1.0]) * 2
    assert h.detach_() is h and h.is_leaf and not h.requires_grad


# --- sizes and dtypes of what is written ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "given"),
    [
        ((0, 3), (1, 1, 1)),
        ((0,), (1, 0)),
        ((2, 3), (1, 2, 3)),
        ((3,), (2,)),
        ((0,), (2,)),
        ((), (1,)),
        ((0, 3), (3, 1)),
    ],
)
def test_copy_refuses_a_source_that_does_not_broadcast_to_it(own, given):
    x = torch.zeros(own)
    with pytest.raises(RuntimeError, match=r"copy_: a value of shape .* does not broadcast.*Nothing was"):
        x.copy_(torch.ones(given))
    assert x.numel() == 0 or x.max() == 0


def test_copy_converts_and_broadcasts():
    x = torch.zeros(2, 3, dtype=torch.int64)
    assert x.copy_(torch.tensor([1.9, -2.9, 3.0])).tolist() == [[1, -2, 3]] * 2
    assert torch.zeros(0, 3).copy_(torch.ones(1)).shape == (0, 3)
    assert torch.zeros(2, 3).copy_(torch.ones(3), non_blocking=True).sum() == 6


INDICES = [torch.tensor([0, 2]), torch.tensor([True, False, True])]


@pytest.mark.parametrize("index", INDICES, ids=["positions", "mask"])
def test_a_tensor_of_another_dtype_is_not_put_at_an_index_tensor(index):
    x = torch.zeros(3, dtype=torch.int64)
    for value in (torch.tensor([1.5, 2.5]), torch.ones(2, dtype=torch.int32)):
        with pytest.raises(
            RuntimeError, match=r"source and destination dtypes match, got int64.*Nothing was"
        ):
            x[index] = value
    assert x.tolist() == [0, 0, 0]
    x[index] = torch.tensor([4, 5])
    x[1] = torch.tensor(6.9)  # a view: cast, as by copy_
    assert x.tolist() == [4, 6, 5]
    x[index] = 2.9  # a number takes the tensor's dtype
    assert x.tolist() == [2, 6, 2]


def test_one_value_of_another_dtype_fills_a_mask():
    x = torch.zeros(3, dtype=torch.int64)
    x[INDICES[1]] = torch.tensor(2.5)
    x[INDICES[1]] = torch.tensor([3.5])
    assert x.tolist() == [3, 0, 3]


def test_floats_in_an_array_or_a_list_are_not_put_among_integers():
    x = torch.zeros(3, dtype=torch.int64)
    for value in ([1.5, 2.5], np.array([1.5, 2.5])):
        with pytest.raises(RuntimeError, match="dtypes match"):
            x[:2] = value
    x[:2] = [1, 2]
    assert x.tolist() == [1, 2, 0]
    for value in (None, "a", {}):
        with pytest.raises(TypeError, match="expected a number"):
            x[0] = value
    with pytest.raises(RuntimeError, match="complex"):
        x[0] = 1j


def test_a_tensor_is_not_its_own_gradient():
    x = torch.ones(2)
    with pytest.raises(RuntimeError, match="own grad"):
        x.grad = x
    x.grad = x.clone()
    assert x.grad.tolist() == [1.0, 1.0]


# --- .data: the same memory, with stamps of its own ---------------------------------------------------------


def test_a_write_through_data_is_not_seen_by_graphs_of_the_tensor():
    x = torch.ones(2, requires_grad=True)
    y = (x * x).sum()
    x.data.mul_(3)
    y.backward()
    assert x.tolist() == [3.0, 3.0] and x.grad.tolist() == [6.0, 6.0]  # as in PyTorch: the new values


@pytest.mark.parametrize(
    "use",
    [
        lambda w: w * w,
        lambda w: w.reshape(2, 1) ** 2,
        lambda w: w[:1] * w[1:],
        lambda w: w.t() * w,
        lambda w: w.exp() * w.view(-1),
    ],
)
def test_a_write_to_an_alias_is_seen_by_graphs_of_the_alias(use):
    w = torch.ones(2).data
    w.requires_grad_()
    loss = use(w).sum()
    with torch.no_grad():
        w.sub_(0.5)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_a_step_between_forward_and_backward_of_an_alias_is_caught():
    w = torch.ones(3).data
    w.requires_grad_()
    optimizer = torch.optim.SGD([w], lr=0.1)
    w.grad = torch.ones(3)
    loss = (w * w).sum()
    optimizer.step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_a_constant_alias_that_a_graph_saved_is_watched_too():
    c = torch.ones(2).data
    x = torch.ones(2, requires_grad=True)
    loss = (x * c).sum()
    c.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.int64, torch.bool])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_an_alias_shares_the_memory_whatever_its_kind(dtype, shape):
    x = torch.ones(shape).to(dtype)
    alias = x.data
    assert alias.dtype is x.dtype and alias.shape == x.shape and alias.data_ptr() == x.data_ptr()
    alias.zero_()
    assert not x.any() or x.numel() == 0
    readonly = torch.from_numpy(np.broadcast_to(np.ones(1, np.float32), (3,)))
    assert readonly.data.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("numerator", [1, 2.5, -3])
def test_a_divisor_may_be_written_after_a_number_was_divided_by_it(numerator):
    x = torch.tensor([0.5, 2.0], requires_grad=True)
    divisor = x * 1
    y = numerator / divisor
    divisor.add_(1)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), -float(numerator) / np.array([0.25, 4.0]), rtol=1e-6)


def test_a_write_to_a_tensor_without_axes_whose_gradient_is_a_sum():
    x = torch.tensor(2.0, requires_grad=True)
    y = x * 3
    y.mul_(1).zero_()
    (y * 2 + torch.sigmoid(y) * 4).backward()
    assert x.grad.tolist() == 0
