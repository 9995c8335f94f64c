"""Optimisers: single steps by hand, groups, state, refusals, memory."""

import copy
import pickle
import tracemalloc
import warnings

import numpy as np
import pytest

import minigrad as torch
from minigrad import optim
from minigrad.optim.calls import PIECE
from minigrad.optim.optimizer import required

ALL = [
    lambda p: optim.SGD(p, lr=0.1),
    lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
    lambda p: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.5, maximize=True),
    lambda p: optim.Adam(p, lr=0.1, weight_decay=0.1),
    lambda p: optim.Adam(p, lr=0.1, amsgrad=True),
    lambda p: optim.AdamW(p, lr=0.1),
    lambda p: optim.RMSprop(p, lr=0.1, momentum=0.5, centered=True),
    lambda p: optim.Adagrad(p, lr=0.1, lr_decay=0.1),
]
NAMES = ["SGD", "SGD nesterov", "SGD dampened", "Adam", "Adam amsgrad", "AdamW", "RMSprop", "Adagrad"]
each = pytest.mark.parametrize("make", ALL, ids=NAMES)


def leaf(*values):
    return torch.tensor(values, requires_grad=True)


def train(parameters, optimizer, steps, start=0):
    for step in range(start, start + steps):
        optimizer.zero_grad()
        loss = sum(((p - step % 3) ** 2).sum() for p in parameters)
        loss.backward()
        optimizer.step()


def test_sgd_with_momentum_by_hand():
    w = leaf(1.0)
    optimizer = optim.SGD([w], lr=0.1, momentum=0.5)
    for expected in (0.9, 0.75, 0.575):  # velocity 1, 1.5, 1.75
        optimizer.zero_grad()
        w.sum().backward()
        optimizer.step()
        assert w.item() == pytest.approx(expected)


@each
def test_a_step_lowers_a_quadratic(make):
    w = leaf(3.0, -2.0)
    optimizer = make([w])
    sign = -1 if optimizer.defaults["maximize"] else 1
    for _ in range(50):
        optimizer.zero_grad()
        (sign * (w * w).sum()).backward()
        optimizer.step()
    assert (w * w).sum().item() < 13 * 0.7


@each
def test_parameters_are_written_in_place(make):
    w = leaf(1.0, 2.0)
    array = w.detach().numpy()
    train([w], make([w]), 1)
    assert array is not None
    assert w.detach().numpy().tolist() == array.tolist() != [1.0, 2.0]


@each
def test_gradients_are_not_written(make):
    w = leaf(1.0, 2.0)
    optimizer = make([w])
    (w * torch.tensor([3.0, 4.0])).sum().backward()
    optimizer.step()
    assert w.grad.tolist() == [3.0, 4.0]


@each
def test_scalars_matrices_and_empty_tensors_are_trained(make):
    parameters = [torch.tensor(2.0, requires_grad=True), torch.ones(2, 3, requires_grad=True)]
    parameters.append(torch.empty(0, requires_grad=True))
    train(parameters, make(parameters), 3)
    assert parameters[0].shape == ()
    assert parameters[0].item() != 2.0


@each
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_dtype_of_parameters_stays(make, dtype):
    w = torch.ones(3, dtype=dtype, requires_grad=True)
    optimizer = make([w])
    train([w], optimizer, 2)
    assert w.dtype == dtype
    for name, value in optimizer.state[w].items():
        assert name == "step" or value.dtype == dtype


@each
def test_a_step_is_seen_as_a_write_by_the_graph(make):
    w = leaf(1.0)
    w.grad = torch.ones(1)
    y = (w * w).sum()
    make([w]).step()
    with pytest.raises(RuntimeError, match=r"in place|in-place|modified|written"):
        y.backward()


def test_parameters_without_a_gradient_are_skipped():
    a, b = leaf(1.0), leaf(1.0)
    optimizer = optim.Adam([a, b], lr=0.1, weight_decay=0.5)
    a.sum().backward()
    optimizer.step()
    assert b.item() == 1.0
    assert b not in optimizer.state


def test_no_gradient_at_all_warns_once():
    optimizer = optim.SGD([leaf(1.0)], lr=0.1)
    with pytest.warns(UserWarning, match="backward"):
        optimizer.step()
    optimizer.step()  # warnings are errors here
    other = optim.SGD([leaf(1.0)], lr=0.1)
    with pytest.warns(UserWarning, match="other parameter objects"):
        other.step()


def test_zero_grad_forgets_or_zeroes():
    w = leaf(1.0)
    optimizer = optim.SGD([w], lr=0.1)
    w.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert w.grad.tolist() == [0.0]
    optimizer.zero_grad()
    assert w.grad is None


def test_the_closure_is_recorded_and_its_loss_returned():
    w = leaf(2.0)
    optimizer = optim.SGD([w], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with torch.no_grad():
        assert optimizer.step(closure).item() == 4.0
    assert w.item() == 0.0


def test_groups_have_their_own_options():
    a, b = leaf(1.0), leaf(1.0)
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    (a + b).sum().backward()
    optimizer.step()
    assert a.item() == pytest.approx(0.9)
    assert b.item() == 0.5
    c = leaf(1.0)
    optimizer.add_param_group({"params": [c], "lr": 0.25})
    c.sum().backward()
    optimizer.step()
    assert c.item() == 0.75
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.5, 0.25]
    assert repr(optimizer).count("\n\nParameter Group") == 2


def test_changing_the_rate_of_a_group_takes_effect():
    w = leaf(1.0)
    optimizer = optim.SGD([w], lr=0.1)
    optimizer.param_groups[0]["lr"] = 1.0
    w.sum().backward()
    optimizer.step()
    assert w.item() == 0.0


def test_named_parameters_keep_their_names():
    net = torch.nn.Linear(1, 1)
    optimizer = optim.SGD(net.named_parameters(), lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.param_groups[0]["params"][0] is net.weight


def test_what_cannot_be_trained_is_refused():
    w = leaf(1.0)
    with pytest.raises(TypeError, match=r"write \[tensor\]"):
        optim.SGD(w, lr=0.1)
    with pytest.raises(TypeError, match=r"not a Linear: write \.parameters\(\) after it"):
        optim.SGD(torch.nn.Linear(1, 1), lr=0.1)
    with pytest.raises(TypeError, match=r"not a float$"):
        optim.SGD(0.1)
    with pytest.raises(ValueError, match="no parameters"):
        optim.SGD([], lr=0.1)
    with pytest.raises(TypeError, match="not int"):
        optim.SGD([3], lr=0.1)
    with pytest.raises(TypeError, match="set"):
        optim.SGD([{"params": {w}}], lr=0.1)
    with pytest.raises(ValueError, match="leaves"):
        optim.SGD([w * 2], lr=0.1)
    with pytest.raises(ValueError, match="two groups"):
        optim.SGD([{"params": w}, {"params": w}], lr=0.1)
    with pytest.warns(UserWarning, match="twice"):
        optim.SGD([w, w], lr=0.1)


def test_options_out_of_range_are_refused():
    w = [leaf(1.0)]
    for make in (
        lambda: optim.SGD(w, lr=-1.0),
        lambda: optim.SGD(w, lr=float("nan")),
        lambda: optim.SGD(w, lr=0.1, momentum=-0.1),
        lambda: optim.SGD(w, lr=0.1, nesterov=True),
        lambda: optim.Adam(w, betas=(0.9, 1.0)),
        lambda: optim.Adam(w, betas=(-0.1, 0.9)),
        lambda: optim.Adam(w, betas=(0.9,)),
        lambda: optim.Adam(w, eps=-1),
        lambda: optim.AdamW(w, weight_decay=-1),
        lambda: optim.RMSprop(w, alpha=-1),
        lambda: optim.Adagrad(w, lr_decay=-1),
    ):
        with pytest.raises(ValueError, match=r"must be|needs"):
            make()
    with pytest.raises(TypeError, match="number"):
        optim.SGD(w, lr=torch.tensor(0.1))
    with pytest.raises(NotImplementedError, match="differentiable"):
        optim.SGD(w, lr=0.1, differentiable=True)


@each
def test_resuming_from_a_state_dict_is_bit_identical(make):
    whole = [leaf(1.0, -2.0), torch.ones(2, 2, requires_grad=True)]
    reference = make(whole)
    train(whole, reference, 5)
    half = [p.detach().clone().requires_grad_() for p in whole]
    state = copy.deepcopy(reference.state_dict())
    train(whole, reference, 5, start=5)
    resumed = make(half)
    resumed.load_state_dict(state)
    train(half, resumed, 5, start=5)
    for a, b in zip(whole, half, strict=True):
        assert a.tolist() == b.tolist()


@each
def test_pickle_and_deepcopy_keep_the_state(make):
    w = leaf(1.0, 2.0)
    optimizer = make([w])
    train([w], optimizer, 3)
    twins = [copy.deepcopy((w, optimizer)), pickle.loads(pickle.dumps((w, optimizer)))]
    train([w], optimizer, 3)
    for twin, its in twins:
        assert its.param_groups[0]["params"][0] is twin
        train([twin], its, 3)
        assert twin.tolist() == w.tolist()


def test_a_count_of_steps_that_is_a_plain_number_is_loaded():
    p = leaf(1.0)
    optimizer = optim.Adam([p], lr=0.1)
    train([p], optimizer, 2)
    state = copy.deepcopy(optimizer.state_dict())
    state["state"][0]["step"] = 2  # as PyTorch wrote it before 1.12
    optimizer.load_state_dict(state)
    train([p], optimizer, 1)
    assert optimizer.state[p]["step"].item() == 3


def test_a_loaded_state_is_a_copy():
    a, b = leaf(1.0), leaf(1.0)
    one, two = optim.SGD([a], lr=0.1, momentum=0.9), optim.SGD([b], lr=0.3, momentum=0.9)
    train([a], one, 1)
    two.load_state_dict(one.state_dict())
    assert two.param_groups[0]["lr"] == 0.1
    assert two.param_groups[0]["params"][0] is b
    before = two.state[b]["momentum_buffer"].tolist()
    train([a], one, 1)
    assert two.state[b]["momentum_buffer"].tolist() == before


def test_a_state_of_other_parameters_is_refused_and_nothing_changes():
    optimizer = optim.SGD([leaf(1.0), leaf(1.0)], lr=0.1, momentum=0.9)
    other = optim.SGD([leaf(1.0)], lr=0.5)
    with pytest.raises(ValueError, match=r"groups have \[1\] parameters, the groups here \[2\]"):
        optimizer.load_state_dict(other.state_dict())
    shapes = [torch.ones(2, requires_grad=True), leaf(1.0)]
    third = optim.SGD(shapes, lr=0.5, momentum=0.9)
    train(shapes, third, 1)
    with pytest.raises(ValueError, match=r"momentum_buffer of parameter 0 has shape \(2,\)"):
        optimizer.load_state_dict(third.state_dict())
    fourth = optimizer.state_dict()
    fourth["param_groups"][0]["lr"] = -1.0
    with pytest.raises(ValueError, match="lr must be at least 0, not -1"):
        optimizer.load_state_dict(fourth)
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert not optimizer.state


@each
def test_a_step_allocates_nothing_of_the_size_of_its_parameters(make):
    w = torch.ones(200_000, requires_grad=True)
    w.grad = torch.ones(200_000)
    optimizer = make([w])
    optimizer.step()
    tracemalloc.start()
    optimizer.step()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000  # a quarter of one array


@each
def test_large_parameters_are_updated_in_pieces_and_to_the_same_bits(make, monkeypatch):
    draw = np.random.default_rng(0)
    start = draw.standard_normal((37, 29))
    trained = []
    for size in (10_000, 100):  # in one piece, and in eleven
        for module in ("calls", "sgd"):
            monkeypatch.setattr(f"minigrad.optim.{module}.PIECE", size)
        rows, columns = (
            torch.from_numpy(start.copy()),
            torch.from_numpy(start.T.copy()).T,
        )  # the second as it is
        parameters = [p.requires_grad_() for p in (rows, columns)]
        assert [p.is_contiguous() for p in parameters] == [True, False]
        train(parameters, make(parameters), 3)
        trained.append([p.detach().numpy().copy() for p in parameters])
    np.testing.assert_array_equal(*trained)
    np.testing.assert_array_equal(*trained[0])


@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.1}, {"maximize": True}])
def test_sgd_without_momentum_has_no_state(options):
    w = torch.ones(2, requires_grad=True)
    optimizer = optim.SGD([w], **options)
    train([w], optimizer, 2)
    assert optimizer.state_dict()["state"] == {}


def test_small_and_large_parameters_take_the_same_step():
    w, v = (torch.ones(PIECE + more, requires_grad=True) for more in (0, 1))
    for p in (w, v):
        p.grad = torch.full((len(p),), 0.3)
    optim.SGD([w, v], lr=0.1).step()
    assert w[0].item() == v[0].item() == np.float32(1) - np.float32(0.3) * np.float32(0.1)


def test_parameters_of_several_dtypes_share_a_group():
    parameters = [torch.ones(2, dtype=d, requires_grad=True) for d in (torch.float64, torch.float32)]
    optimizer = optim.SGD(parameters, lr=0.1)
    sum(p.sum() for p in parameters).backward()
    optimizer.step()
    assert parameters[0].tolist() == [0.9, 0.9] and parameters[1].tolist() == [float(np.float32(0.9))] * 2
    assert [p.dtype for p in parameters] == [np.float64, np.float32]


def test_a_step_that_fails_halfway_is_still_seen_as_a_write():
    class Second(optim.Optimizer):
        def _update(self, param, grad, state, group):
            if param.size == 2:
                raise ArithmeticError("no second one")
            param -= grad

    first, second = leaf(1.0), leaf(1.0, 2.0)
    product = first * first
    (first.sum() + second.sum()).backward()
    with pytest.raises(ArithmeticError):
        Second([first, second], {}).step()
    assert first.item() == 0.0
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.backward()


def test_a_subclass_of_sgd_may_update_otherwise():
    class Halved(optim.SGD):
        def _update(self, param, grad, state, group):
            super()._update(param, grad / 2, state, group)

    w = leaf(1.0)
    w.sum().backward()
    Halved([w], lr=0.5).step()
    assert w.item() == 0.75


def test_an_optimiser_of_the_users_own_defines_step_or_update():
    class Sign(optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {"lr": 0.5})

        def _update(self, param, grad, state, group):
            param -= group["lr"] * np.sign(grad)

    class Plain(optim.Optimizer):
        @torch.no_grad()
        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    p.add_(p.grad, alpha=-group["lr"])

    for optimizer in (Sign([leaf(2.0)]), Plain([leaf(2.0)], {"lr": 0.5})):
        (w,) = optimizer.param_groups[0]["params"]
        w.sum().backward()
        optimizer.step()
        assert w.item() == 1.5
    bare = leaf(1.0)
    bare.sum().backward()
    with pytest.raises(NotImplementedError, match="_update"):
        optim.Optimizer([bare], {}).step()


def test_no_warning_escapes_from_ordinary_use():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        w = leaf(1.0)
        optimizer = optim.SGD([w], lr=0.1)
        schedule = optim.lr_scheduler.StepLR(optimizer, 1)
        for _ in range(3):
            train([w], optimizer, 1)
            schedule.step()


def test_hooks_of_the_state_dict_are_called_in_their_order():
    w = torch.ones(1, requires_grad=True)
    optimizer, told = torch.optim.Adam([w], lr=0.1), []
    handles = [
        optimizer.register_state_dict_pre_hook(lambda o: told.append(("second", o is optimizer))),
        optimizer.register_state_dict_pre_hook(
            lambda o: told.append(("first", o is optimizer)), prepend=True
        ),
        optimizer.register_state_dict_post_hook(lambda _, state: state.update(epoch=1)),
        optimizer.register_state_dict_post_hook(lambda _, state: {**state, "epoch": state["epoch"] + 1}),
    ]
    saved = optimizer.state_dict()
    assert told == [("first", True), ("second", True)] and saved["epoch"] == 2
    for handle in handles:
        handle.remove()
    assert list(optimizer.state_dict()) == ["state", "param_groups"]

    def halve(_, state):
        group = {**state["param_groups"][0], "lr": state["param_groups"][0]["lr"] / 2}
        return {"state": state["state"], "param_groups": [group]}

    optimizer.register_load_state_dict_pre_hook(lambda _, state: state.pop("epoch", None) and None)
    optimizer.register_load_state_dict_pre_hook(halve)
    optimizer.register_load_state_dict_post_hook(lambda o: told.append(o.param_groups[0]["lr"]))
    optimizer.load_state_dict(saved)
    assert told[-1] == 0.05 and saved["param_groups"][0]["lr"] == 0.1 and saved["epoch"] == 2
    assert pickle.loads(pickle.dumps(optimizer)).state_dict() == optimizer.state_dict()


def test_an_option_of_a_users_optimiser_may_be_required():
    class Plain(optim.Optimizer):
        def __init__(self, params, lr=required):
            super().__init__(params, {"lr": lr})

        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.data.add_(-group["lr"], p.grad.data)

    w = torch.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="required optimization parameter lr"):
        Plain([w])
    optimizer = Plain([{"params": [w], "lr": 0.5}])
    (w * 3).sum().backward()
    with pytest.warns(UserWarning, match="add_? with its factor in front is deprecated"):
        optimizer.step()
    assert w.tolist() == [-0.5, -0.5]
