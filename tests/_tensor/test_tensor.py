"""The nature of a tensor: leaf or not, its gradient, its ways out to Python."""

import copy
import pickle
import sys
import threading
import warnings

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn


def leaf(values, dtype=torch.float32):
    return torch.tensor(values, dtype=dtype, requires_grad=True)


# --- leaves and non-leaves -----------------------------------------------------------------------------


def test_what_the_user_makes_is_a_leaf_and_what_is_computed_from_it_is_not():
    x = leaf([1.0, 2.0])
    y = x * 2
    assert x.is_leaf and x.requires_grad and x.grad_fn is None and x.grad is None
    assert not y.is_leaf and y.requires_grad and y.grad_fn.name() == "MulBackward0"
    c = torch.ones(2) * 2
    assert c.is_leaf and not c.requires_grad and c.grad_fn is None and c.grad is None


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8, torch.bool])
def test_integers_and_booleans_cannot_require_grad(dtype):
    x = torch.ones(2, dtype=dtype)
    for ask in (
        x.requires_grad_,
        lambda: setattr(x, "requires_grad", True),
        lambda: torch.tensor([1, 2], dtype=dtype, requires_grad=True),
        lambda: torch.zeros(2, dtype=dtype, requires_grad=True),
        lambda: torch.full((3,), 1, dtype=dtype, requires_grad=True),
        lambda: nn.Parameter(x),
    ):
        with pytest.raises(RuntimeError, match="floating point"):
            ask()
    assert not x.requires_grad
    x.requires_grad_(False)


def test_a_leaf_can_be_switched_on_and_off_and_keeps_its_grad():
    x = leaf([1.0, 2.0])
    (x * 3).sum().backward()
    assert x.requires_grad_(False) is x
    assert not x.requires_grad and x.grad.tolist() == [3.0, 3.0]
    assert (x * 2).is_leaf
    x.requires_grad = True
    assert x.grad.tolist() == [3.0, 3.0]
    (x * 3).sum().backward()
    assert x.grad.tolist() == [6.0, 6.0]


def test_a_leaf_that_is_frozen_and_thawed_between_forward_and_backward_gets_its_gradient():
    x, seen = leaf([1.0, 2.0]), []
    x.register_hook(lambda _: seen.append(1))
    y = (x * 3).sum()
    x.requires_grad_(False)
    assert not (x * 2).requires_grad
    x.requires_grad_(True)
    y.backward()
    (x * 2).sum().backward()
    assert x.grad.tolist() == [5.0, 5.0] and seen == [1, 1]


def test_a_leaf_that_is_frozen_during_backward_gets_nothing():
    x = leaf([1.0, 2.0])
    x.grad = torch.ones(2)
    y = (x * 3).sum()
    x.requires_grad_(False)
    y.backward()
    assert x.grad.tolist() == [1.0, 1.0]
    x.requires_grad_(True)
    assert x.grad.tolist() == [1.0, 1.0]


def test_a_detached_leaf_keeps_its_grad():
    x = leaf([1.0, 2.0])
    (x * 3).sum().backward()
    assert x.detach_() is x and not x.requires_grad and x.grad.tolist() == [3.0, 3.0]


def test_a_non_leaf_can_only_be_set_to_require_grad():
    y = leaf([1.0]) * 2
    y.requires_grad_(True)
    y.requires_grad = True
    for ask in (lambda: y.requires_grad_(False), lambda: setattr(y, "requires_grad", False)):
        with pytest.raises(RuntimeError, match=r"mul.*detach\(\)"):
            ask()


def test_detach_shares_the_data_and_has_no_history():
    x = leaf([1.0, 2.0])
    y = x * 2
    d = y.detach()
    assert d.is_leaf and not d.requires_grad and np.shares_memory(d.numpy(), y.numpy(force=True))
    d[0] = 100.0
    assert y.tolist() == [100.0, 4.0]


def test_detach_keeps_a_gradient_from_flowing_back():
    x = leaf([3.0])
    (x * x.detach()).backward()
    assert x.grad.tolist() == [3.0]


def test_clone_copies_and_is_differentiable():
    x = leaf([1.0, 2.0])
    y = x.clone()
    assert not np.shares_memory(y.detach().numpy(), x.detach().numpy())
    (y * y).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


# --- .grad ---------------------------------------------------------------------------------------------


def test_grad_of_a_non_leaf_is_none_with_a_warning_at_the_users_line():
    y = leaf([1.0]) * 2
    with pytest.warns(UserWarning, match=r"not a leaf.*mul.*retain_grad\(\)") as caught:
        assert y.grad is None
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "look",
    [
        lambda y: hasattr(y, "grad"),
        lambda y: getattr(y, "grad", None),
        repr,
        str,
        lambda y: f"{y}",
        lambda y: [getattr(y, name, None) for name in dir(y) if name not in ("T", "mT")],
        lambda y: torch.viz.graph(y, max_nodes=9),
        lambda y: y.sum().backward(),
        torch.Tensor.detach,
        lambda y: y.is_leaf,
        lambda y: y == y,
    ],
)
def test_looking_at_a_non_leaf_does_not_warn(look):
    if look.__name__ == "<lambda>" and "viz" in look.__code__.co_names:
        pytest.importorskip("graphviz")
    y = leaf([[1.0]]) * 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        look(y)


def test_a_retained_grad_of_a_non_leaf_is_there_without_a_warning():
    x = leaf([1.0, 2.0])
    y = x * 2
    y.retain_grad()
    assert y.grad is None and y.retains_grad
    (y * y).sum().backward()
    assert y.grad.tolist() == [4.0, 8.0]
    assert not x.retains_grad
    with pytest.raises(RuntimeError, match="requires_grad=False"):
        torch.ones(1).retain_grad()
    x.retain_grad()  # nothing to do for a leaf


def test_grad_can_be_assigned_cleared_and_deleted():
    x = leaf([1.0, 2.0])
    x.grad = torch.tensor([5.0, 6.0])
    (x * 1).sum().backward()
    assert x.grad.tolist() == [6.0, 7.0]
    x.grad = None
    assert x.grad is None
    x.grad = torch.zeros(2)
    del x.grad
    assert x.grad is None


def test_an_assigned_grad_must_fit():
    x = leaf([1.0, 2.0])
    for wrong, kind in (
        (np.ones(2), TypeError),
        (torch.ones(3), RuntimeError),
        (torch.ones(2).double(), RuntimeError),
    ):
        with pytest.raises(kind, match="assigned grad"):
            x.grad = wrong


def test_a_constant_can_hold_a_grad_too():
    c = torch.ones(2)
    c.grad = torch.ones(2)
    assert c.grad.tolist() == [1.0, 1.0]


# --- .data ---------------------------------------------------------------------------------------------


def test_data_shares_memory_and_escapes_the_graph():
    x = leaf([1.0, 2.0])
    assert not x.data.requires_grad and isinstance(x.data, torch.Tensor)
    x.data -= 0.5
    x.data[0] = 7.0
    assert x.tolist() == [7.0, 1.5] and x.is_leaf


def test_data_can_be_replaced():
    x = leaf([1.0, 2.0])
    x.data = torch.tensor([[3.0], [4.0], [5.0]])
    (x * x).sum().backward()
    assert x.shape == (3, 1) and x.grad.tolist() == [[6.0], [8.0], [10.0]]
    x.grad = None
    x.data = torch.ones(1, dtype=torch.float64)
    (x * 2).backward()
    assert x.grad.dtype == torch.float64


def test_data_of_a_leaf_stays_floating_and_of_a_non_leaf_stays():
    x = leaf([1.0])
    with pytest.raises(RuntimeError, match="floating"):
        x.data = torch.tensor([1])
    with pytest.raises(TypeError, match="Tensor"):
        x.data = np.ones(1)
    y = x * 2
    with pytest.raises(RuntimeError, match="mul"):
        y.data = torch.ones(1)


# --- out to Python -------------------------------------------------------------------------------------


def test_item_and_conversions():
    x = leaf(2.5)
    assert x.item() == 2.5 and type(x.item()) is float
    assert float(x.detach()) == 2.5 and int(x) == 2 and bool(x) and f"{x:.2f}" == "2.50"
    i = torch.tensor(3)
    assert type(i.item()) is int and [10, 20, 30, 40][i] == 40 and range(i) == range(3)
    assert torch.tensor([[1.0]]).item() == 1.0
    assert torch.tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert torch.tensor(True).item() is True


@pytest.mark.parametrize(
    ("ask", "kind", "words"),
    [
        (lambda x: x.item(), RuntimeError, "2 elements.*tolist"),
        (float, RuntimeError, "2 elements"),
        (bool, RuntimeError, r"ambiguous; use .any\(\) or .all\(\)"),
        (lambda x: [1, 2][x.sum()], TypeError, "only integer tensors"),
        (lambda x: len(x.sum()), TypeError, "len"),
        (lambda x: list(x.sum()), TypeError, "0-d"),
        (lambda x: x.to("cuda"), RuntimeError, "on the CPU"),
        (lambda x: x.cuda(), RuntimeError, "no CUDA device"),
        (lambda x: x.size(3), IndexError, r"range of \[-1, 0\]"),
        (hash, None, ""),
    ],
)
def test_what_a_tensor_cannot_be(ask, kind, words):
    x = leaf([1.0, 2.0])
    if kind is None:
        ask(x)
        return
    with pytest.raises(kind, match=words):
        ask(x)


def test_sizes():
    x = torch.zeros(2, 3, 4)
    assert x.shape == (2, 3, 4) == x.size() and x.size(-1) == 4 and len(x) == 2
    assert x.ndim == x.dim() == 3 and x.numel() == x.nelement() == 24
    assert x.stride() == (12, 4, 1) and x.is_contiguous() and not x.mT.is_contiguous()
    assert x.element_size() == x.itemsize == 4 and x.nbytes == 96 and x.device == torch.device("cpu")


def test_iteration_gives_differentiable_rows():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    a, b = x
    (a * b).sum().backward()
    assert x.grad.tolist() == [[3.0, 4.0], [1.0, 2.0]]
    assert 3.0 in x and 9.0 not in x


@pytest.mark.parametrize(
    "kind", [torch.ones, lambda n: torch.ones(n)[:], lambda n: torch.nn.Parameter(torch.ones(n))]
)
def test_a_program_may_keep_attributes_of_its_own_at_a_tensor(kind):
    x = kind(2)
    assert not hasattr(x, "g")
    x.g = [torch.zeros(2)]
    assert x.g[0].tolist() == [0, 0] and not hasattr(x * 1, "g") and not hasattr(x.detach(), "g")
    assert copy.copy(x).g is x.g
    twin = copy.deepcopy(x)
    if isinstance(x, torch.nn.Parameter):  # whose deepcopy takes the values alone, as PyTorch's
        assert not hasattr(twin, "g")
    else:
        assert twin.g[0].tolist() == [0, 0] and twin.g[0] is not x.g[0]
    assert pickle.loads(pickle.dumps(x)).g[0].tolist() == [0, 0]
    del x.g
    with pytest.raises(AttributeError, match="has no attribute 'g'"):
        x.g
    x.own = x  # a cycle
    assert isinstance(x, torch.nn.Parameter) or copy.deepcopy(x).own.own.own.tolist() == [1, 1]
    with pytest.raises(AttributeError):
        x.shape = (1, 2)


def test_gradients_of_a_users_own_backward_are_kept_at_the_tensors():
    x, w = torch.ones(4, 2), torch.full((2, 3), 2.0)
    out = (x @ w).clamp_min(0.0)
    out.g = torch.ones(4, 3)
    w.g = x.t() @ out.g
    x.g = out.g @ w.t()
    assert w.g.tolist() == [[4.0] * 3] * 2 and x.g.tolist() == [[6.0, 6.0]] * 4


@pytest.mark.parity
def test_attributes_of_ones_own_are_kept_where_pytorch_keeps_them(pytorch):
    for library in (pytorch, torch):
        x = library.ones(2)
        x.g = 3
        assert copy.copy(x).g == copy.deepcopy(x).g == pickle.loads(pickle.dumps(x)).g == 3
        assert not hasattr(x.clone(), "g") and not hasattr(x.view(2), "g")


def test_reversed_is_the_tensor_flipped_along_its_first_axis():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    back = reversed(x)
    assert back.shape == (2, 2) and back.tolist() == [[3.0, 4.0], [1.0, 2.0]]
    (back[0] * 5).sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0], [5.0, 5.0]]
    assert reversed(torch.tensor(2.0)).item() == 2.0


def test_bfloat16_can_be_named_and_compared_and_no_tensor_has_it():
    assert repr(torch.bfloat16) == "torch.bfloat16" and torch.bfloat16 != torch.float16
    assert {torch.bfloat16: 1}[torch.bfloat16] == 1 and torch.bfloat16 not in (torch.float32, np.float32)
    assert isinstance(torch.bfloat16, torch.dtype) and torch.bfloat16.is_floating_point
    assert torch.bfloat16.itemsize == 2 and pickle.loads(pickle.dumps(torch.bfloat16)) is torch.bfloat16
    layer = torch.nn.Linear(1, 1)
    makers = [
        torch.ones(1).to,
        layer.to,
        torch.finfo,
        lambda d: torch.zeros(1, dtype=d),
        torch.set_default_dtype,
    ]
    for make in makers:
        with pytest.raises(TypeError, match=r"no dtype torch\.bfloat16; it has float16, "):
            make(torch.bfloat16)
    assert layer.weight.dtype is torch.float32


def test_comparison_with_what_is_no_number():
    x = leaf([1.0, 2.0])
    assert (x == None) is False and (x != None) is True and (x == "a") is False  # noqa: E711
    assert x not in (None, "a")
    with pytest.raises(TypeError):
        _ = x < None
    with pytest.raises(TypeError):
        torch.eq(x, None)


def test_tensors_are_keys_by_identity():
    x, y = leaf([1.0]), leaf([1.0])
    assert len({x, y, x}) == 2 and {x: 1}[x] == 1


def test_to_converts_or_gives_the_tensor_itself():
    x = leaf([1.0, 2.0])
    assert x.to(torch.float32) is x and x.to("cpu") is x and x.float() is x and x.cpu() is x
    assert (
        x.to(torch.float64).dtype == x.double().dtype == x.to(torch.ones(1).double()).dtype == torch.float64
    )
    assert x.to(torch.float32, copy=True) is not x
    x.double().sum().backward()
    assert x.grad.dtype == torch.float32
    assert x.long().dtype == x.type(torch.int64).dtype == torch.int64 and x.bool().tolist() == [True, True]
    assert x.half().dtype == torch.float16 and x.type_as(torch.ones(1).double()).dtype == torch.float64


def test_repr_is_pytorchs():
    x = leaf([[1.0, 2.5], [3.0, -4.0]])
    assert repr(x) == "tensor([[ 1.0000,  2.5000],\n        [ 3.0000, -4.0000]], requires_grad=True)"
    assert repr(x.sum()) == "tensor(2.5000, grad_fn=<SumBackward0>)"
    assert repr(torch.tensor([1, 2])) == "tensor([1, 2])"
    assert repr(torch.tensor([True])) == "tensor([True])"
    assert repr(torch.tensor([1.0], dtype=torch.float64)) == "tensor([1.], dtype=torch.float64)"
    assert repr(torch.zeros(0)) == "tensor([])" and "size=(2, 0)" in repr(torch.zeros(2, 0))
    assert repr(torch.tensor([np.nan, np.inf, 1.0])) == "tensor([nan, inf, 1.])"
    assert "..." in repr(torch.zeros(2000))
    assert f"{leaf([1.0])}" == "tensor([1.], requires_grad=True)"


def test_misspelt_attributes_raise():
    with pytest.raises(AttributeError, match="shap"):
        torch.ones(1).shap


# --- pickle and copy -----------------------------------------------------------------------------------

CARRIERS = {
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "deepcopy": copy.deepcopy,
    "old pickle": lambda x: pickle.loads(pickle.dumps(x, protocol=2)),
}


@pytest.mark.parametrize("carry", CARRIERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.int64, torch.bool])
def test_leaves_are_carried_with_values_and_dtype(carry, dtype):
    x = torch.tensor([[1, 0], [1, 1]], dtype=dtype)
    y = CARRIERS[carry](x)
    assert type(y) is torch.Tensor and y.dtype == dtype and y.tolist() == x.tolist()
    assert not y.requires_grad and not np.shares_memory(x.numpy(), y.numpy())


@pytest.mark.parametrize("carry", CARRIERS)
def test_leaves_are_carried_with_their_gradient_and_start_a_graph_of_their_own(carry):
    x = leaf([1.0, 2.0])
    (x * 3).sum().backward()
    y = CARRIERS[carry](x)
    assert y.requires_grad and y.is_leaf
    if carry != "deepcopy":
        assert y.grad is None  # as in PyTorch, a pickle holds no gradient
    else:
        assert y.grad.tolist() == [3.0, 3.0]
        y.grad.zero_()
    (y * y).sum().backward()
    assert y.grad.tolist() == [2.0, 4.0] and x.grad.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("carry", ["pickle", "deepcopy"])
def test_parameters_stay_parameters(carry):
    p = nn.Parameter(torch.ones(2))
    p.sum().backward()
    q = CARRIERS[carry](p)
    assert type(q) is nn.Parameter and q.requires_grad and q.grad is None
    q.sum().backward()
    assert (p.grad.tolist(), q.grad.tolist()) == ([1.0, 1.0], [1.0, 1.0])
    frozen = CARRIERS[carry](nn.Parameter(torch.ones(2), requires_grad=False))
    assert type(frozen) is nn.Parameter and not frozen.requires_grad


@pytest.mark.parametrize("carry", CARRIERS)
def test_views_and_data_are_carried_as_plain_tensors(carry):
    x = torch.arange(6.0).reshape(2, 3)
    for v in (x[0], x.t(), x.data):
        w = CARRIERS[carry](v)
        assert type(w) is torch.Tensor and w.tolist() == v.tolist()


@pytest.mark.parametrize("carry", CARRIERS)
def test_non_leaves_are_refused(carry):
    y = leaf([1.0]) * 2
    with pytest.raises(RuntimeError, match=r"mul.*detach\(\)"):
        CARRIERS[carry](y)
    assert CARRIERS[carry](y.detach()).tolist() == [2.0]


def test_a_shallow_copy_is_another_leaf_over_the_same_memory():
    x = leaf([1.0, 2.0])
    (x * 3).sum().backward()
    y = copy.copy(x)
    assert y.is_leaf and y.requires_grad and y.grad is None
    assert np.shares_memory(y.detach().numpy(), x.detach().numpy())
    assert type(copy.copy(nn.Parameter(x))) is nn.Parameter
    z = copy.copy(x * 2)
    assert z.is_leaf and z.requires_grad and z.tolist() == [2.0, 4.0]


def test_deepcopy_keeps_what_is_shared_shared():
    x = leaf([1.0])
    a, b = copy.deepcopy([x, x])
    assert a is b and a is not x


@pytest.mark.parametrize("order", ["C", "F"])
def test_deepcopy_keeps_views_of_one_memory_views_of_one_memory(order):
    x = torch.from_numpy(np.array(np.arange(6.0).reshape(2, 3), order=order))
    views = [x, x[1], x.t()[1:], x[:, ::2], x.detach(), x[0, 1], x[1:, 1:]]
    copies = copy.deepcopy(views)
    for ours, theirs in zip(copies, views, strict=True):
        assert ours.tolist() == theirs.tolist()
        assert not np.shares_memory(ours.numpy(), x.numpy())
    copies[0].mul_(10)
    x.mul_(10)
    assert [v.tolist() for v in copies] == [v.tolist() for v in views]


def test_deepcopy_of_an_expanded_tensor_and_of_read_only_memory():
    x = torch.ones(1).expand(3)
    assert copy.deepcopy(x).tolist() == [1.0, 1.0, 1.0]
    y = torch.from_numpy(np.frombuffer(np.arange(4.0).tobytes()).copy())[1:]
    assert copy.deepcopy(y).tolist() == [1.0, 2.0, 3.0]


def test_an_unpickled_array_or_tensor_has_the_dtype_object_of_all_tensors():
    array = pickle.loads(pickle.dumps(np.ones(2, np.float32)))
    for x in (torch.from_numpy(array), torch.as_tensor(array), pickle.loads(pickle.dumps(torch.ones(2)))):
        assert x.dtype is torch.float32
    assert np.shares_memory(torch.from_numpy(array).numpy(), array)


# --- threads -------------------------------------------------------------------------------------------


def test_threads_differentiate_side_by_side():
    errors, interval = [], sys.getswitchinterval()

    def work(seed):
        try:
            draw = np.random.default_rng(seed)
            for _ in range(30):
                a = draw.standard_normal(4)
                x = leaf(a, torch.float64)
                h = x * 2
                h.mul_(3.0)
                ((h.sin() * x).sum() + h.exp().sum()).backward()
                expected = 6 * a * np.cos(6 * a) + np.sin(6 * a) + 6 * np.exp(6 * a)
                np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-12)
        except BaseException as error:
            errors.append(error)

    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        sys.setswitchinterval(interval)
    assert not errors


# --- how a call may be written -------------------------------------------------------------------------

X = torch.tensor([[3.0, 1.0, 2.0], [6.0, 5.0, 4.0]])
PLACES = torch.tensor([[1, 0, 1]])
SPELLED = {
    "sum": lambda d: X.sum(**d), "cumsum": lambda d: torch.cumsum(X, **d), "max": lambda d: X.max(**d)[0],
    "var": lambda d: torch.var(X, **d), "sort": lambda d: X.sort(**d)[0], "argsort": lambda d: X.argsort(**d),
    "softmax": lambda d: torch.softmax(X, **d), "log_softmax": lambda d: X.log_softmax(**d),
    "topk": lambda d: X.topk(1, **d)[0], "unbind": lambda d: torch.unbind(X, **d)[0],
    "unsqueeze": lambda d: X.unsqueeze(**d), "squeeze": lambda d: X[:1].squeeze(**d),
    "chunk": lambda d: X.chunk(2, **d)[0], "narrow": lambda d: X.narrow(start=0, length=1, **d),
    "cat": lambda d: torch.cat([X, X], **d), "stack": lambda d: torch.stack([X, X], **d),
    "gather": lambda d: X.gather(index=PLACES, **d),
    "index_select": lambda d: X.index_select(index=PLACES[0], **d),
    "take_along_dim": lambda d: X.take_along_dim(PLACES, **d),
    "scatter": lambda d: X.scatter(index=PLACES, src=-X, **d),
}  # fmt: skip


@pytest.mark.parametrize("name", SPELLED)
def test_axis_means_dim(name):
    call = SPELLED[name]
    assert torch.equal(call({"axis": 0}), call({"dim": 0}))
    with pytest.raises(TypeError, match=r"both spellings|multiple values"):
        call({"dim": 0, "axis": 0})
    for twice in (lambda: X.amax(0, dim=1), lambda: X.unsqueeze(0, axis=1)):
        with pytest.raises(TypeError, match="multiple values"):
            twice()


def test_the_tensor_of_a_function_may_be_named_input():
    assert torch.sum(input=X, dim=0).tolist() == [9.0, 6.0, 6.0]
    assert torch.clamp(input=X, min=5).sum() == 31 and torch.numel(input=X) == 6
    assert torch.transpose(input=X, dim0=0, dim1=1).shape == torch.squeeze(input=X.t()).shape == (3, 2)
    assert torch.equal(torch.clone(input=X), X) and torch.round(input=X / 2, decimals=0).sum() == 10


@pytest.mark.parametrize("name", ["maximum", "minimum", "atan2", "logaddexp", "logical_and", "logical_or"])
def test_functions_of_two_tensors_refuse_numbers(name):
    f = getattr(torch, name)
    for call in (lambda: f(X, 2), lambda: getattr(X, name)(2.0), lambda: f(2, X)):
        with pytest.raises(TypeError, match=rf"{name}\(\): argument '(input|other)' must be Tensor"):
            call()
    assert f(X, X.numpy()).shape == X.shape


@pytest.mark.parametrize("name", ["eq", "ne", "lt", "le", "gt", "ge"])
def test_a_comparison_has_a_tensor_on_its_left(name):
    with pytest.raises(TypeError, match=rf"{name}\(\): argument 'input' must be Tensor, not int"):
        getattr(torch, name)(2, X)
    assert torch.equal(getattr(torch, name)(X, 2), getattr(X, name)(torch.tensor(2)))


def test_a_number_may_be_divided_or_scaled_in_every_way():
    x = torch.tensor([2.0, -3.0])
    assert torch.div(7, x, rounding_mode="floor").tolist() == [3.0, -3.0]
    assert torch.div(7, x, rounding_mode="trunc").tolist() == [3.0, -2.0]
    assert torch.add(1, x, alpha=2).tolist() == [5.0, -5.0] and torch.sub(1, x, alpha=2).tolist() == [
        -3.0,
        7.0,
    ]


def test_booleans_are_not_subtracted():
    mask, x = torch.tensor([True, False]), torch.tensor([1.0, 2.0])
    for call in (
        lambda: 1 - mask, lambda: mask - 1, lambda: mask - mask, lambda: x - mask, lambda: mask - x,
        lambda: x - True, lambda: torch.sub(x, True), lambda: x.sub_(mask), lambda: -mask,
    ):  # fmt: skip
        with pytest.raises(RuntimeError, match=r"(sub|neg): boolean tensors are not.*~mask"):
            call()
    assert (~mask).tolist() == [False, True] and x.tolist() == [1.0, 2.0]


def test_whole_numbers_to_negative_powers_of_a_tensor_are_cut_off():
    base, power = torch.tensor([-2, -1, 0, 1, 2]), torch.tensor([-1, -2, -3, 2])
    expected = [[0, 0, 0, 4], [-1, 1, -1, 1], [0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 0, 4]]
    out = base.unsqueeze(1) ** power
    assert out.tolist() == expected and out.dtype == torch.int64
    assert (2 ** torch.tensor([-1, 3])).tolist() == [0, 8]
    assert (torch.tensor([2], dtype=torch.int8) ** torch.tensor([-1], dtype=torch.int8)).dtype == torch.int8
    with pytest.raises(RuntimeError, match="negative integer powers"):
        base**-1
    with pytest.raises(RuntimeError, match="pow"):
        base ** torch.tensor([-1, 2])


def test_memory_formats_are_taken_where_they_change_nothing():
    for form in (torch.contiguous_format, torch.preserve_format):
        assert X.to(memory_format=form) is X and X.is_contiguous(memory_format=form)
        assert torch.equal(X.clone(memory_format=form), X) and X.contiguous(memory_format=form) is X
        assert torch.zeros_like(X, memory_format=form, layout=torch.strided).shape == X.shape
    assert str(torch.preserve_format) == "torch.preserve_format"
    for call in (X.clone, X.contiguous, X.to, lambda **kw: torch.ones_like(X, **kw)):
        with pytest.raises(RuntimeError, match=r"required rank 4 tensor to use torch\.channels_last format"):
            call(memory_format=torch.channels_last)
        with pytest.raises(TypeError, match="memory_format must be"):
            call(memory_format="rows")
    with pytest.raises(NotImplementedError, match="pinned"):
        torch.zeros(2, pin_memory=True)


@pytest.mark.parametrize(
    ("form", "shape", "steps"),
    [  # the steps are PyTorch's
        (torch.channels_last, (2, 3, 4, 5), (60, 1, 15, 3)),
        (torch.channels_last_3d, (2, 3, 2, 4, 5), (120, 1, 60, 15, 3)),
    ],
)
def test_channels_come_last_in_memory_and_nowhere_else(form, shape, steps):
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    assert x.is_contiguous() and not x.is_contiguous(memory_format=form)
    calls = [
        x.to(memory_format=form),
        x.contiguous(memory_format=form),
        x.clone(memory_format=form),
        x.to(torch.float32, memory_format=form),
        torch.zeros_like(x, memory_format=form),
        torch.empty(shape, memory_format=form),
    ]
    for y in calls:
        assert y.stride() == steps and y.shape == x.shape
        assert y.is_contiguous(memory_format=form) and not y.is_contiguous()
    y = calls[0]
    assert torch.equal(y, x) and y.to(memory_format=form) is y and y.contiguous(memory_format=form) is y
    assert y.clone(memory_format=form) is not y and y.clone(memory_format=form).stride() == steps
    assert y.to(copy=True, memory_format=form).data_ptr() != y.data_ptr()
    assert y.to(memory_format=torch.contiguous_format).is_contiguous()
    assert y.contiguous().is_contiguous() and torch.equal(y.contiguous(), x)
    weights = torch.randn(shape, dtype=torch.float64)
    (first,) = torch.autograd.grad((y.square() * weights).sum(), x, create_graph=True)
    assert torch.allclose(first, 2 * x * weights)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert torch.allclose(second, 2 * weights)


def test_a_network_takes_channels_last_as_a_hint():
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.MaxPool2d(2)
    )
    x = torch.randn(2, 3, 8, 8)
    expected = net(x)
    assert net.to(memory_format=torch.channels_last) is net
    assert torch.allclose(net(x.to(memory_format=torch.channels_last)), expected, atol=1e-6)
    with pytest.raises(TypeError, match="memory_format must be"):
        net.to(memory_format="rows")


def test_where_and_masked_fill_want_boolean_tensors():
    for call in (lambda: X.where(X, X), lambda: torch.where(X, X, X), lambda: X.masked_fill(X.long(), 0)):
        with pytest.raises(RuntimeError, match=r"only boolean masks.*\.bool\(\)"):
            call()
    for call in (lambda: torch.where(True, X, X), lambda: X.masked_fill([True], 0)):
        with pytest.raises(TypeError, match="must be a boolean Tensor"):
            call()
    for value in (None, "a"):
        with pytest.raises(TypeError, match="expected a number"):
            X.masked_fill(X > 1, value)


@pytest.mark.parametrize(
    ("start", "expected"), [(1, [20, 30]), (-2, [30, 40]), (-4, [10, 20]), (2, [30, 40])]
)
def test_narrow_takes_elements_from_a_start_that_may_count_from_the_end(start, expected):
    x = torch.tensor([10, 20, 30, 40])
    assert x.narrow(0, start, 2).tolist() == expected
    assert x.narrow(0, 4, 0).tolist() == []


@pytest.mark.parametrize("start", [3, -1, 5, -5])
def test_narrow_beyond_the_end_is_refused(start):
    with pytest.raises((RuntimeError, IndexError), match="narrow: start"):
        torch.tensor([10, 20, 30, 40]).narrow(0, start, 2)


def test_an_axis_or_a_size_that_is_not_there_is_refused():
    x = torch.tensor(1.0)
    for call in (lambda: x.squeeze(5), lambda: x.transpose(0, 1), lambda: x.swapaxes(-2, 0)):
        with pytest.raises(IndexError, match=r"range of \[-1, 0\]"):
            call()
    assert x.squeeze(-1).shape == x.transpose(0, -1).shape == ()
    for shape in ((-2, 2), (-2,), (2, -3)):
        for call in (torch.ones(4).reshape, torch.ones(4).view):
            with pytest.raises(RuntimeError, match=r"invalid size -[23].*only -1"):
                call(shape)
