"""A whole training step in one compiled function: a program, and calls that follow it, as in eager mode."""

import copy
import gc
import threading
import warnings
import weakref

import numpy as np
import pytest
from hypothesis import given, strategies as st

import minigrad as torch

nn, F = torch.nn, torch.nn.functional


class Setting:
    """A model with its optimisers and schedule, the same for each seed."""

    def __init__(self, optimiser="sgd", model=None):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)) if model is None else model()
        self.opt = {
            "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
            "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
            "adam": lambda p: torch.optim.Adam(p, lr=0.05),
        }[optimiser](self.model.parameters())
        self.schedule = torch.optim.lr_scheduler.StepLR(self.opt, 2, 0.5)

    def state(self):
        grads = [p.grad for p in self.model.parameters()]
        return {
            **{k: v.numpy().copy() for k, v in self.model.state_dict().items()},
            **{f"grad {i}": None if g is None else g.numpy().copy() for i, g in enumerate(grads)},
            "lr": np.array(self.opt.param_groups[0]["lr"]),
        }


def step_of(s, x, t):
    """The step that everyone writes; functions below go on from it."""
    s.opt.zero_grad()
    loss = F.cross_entropy(s.model(x), t)
    loss.backward()
    s.opt.step()
    return loss


def plain(s):
    def step(x, t):
        s.opt.zero_grad()
        loss = F.cross_entropy(s.model(x), t)
        loss.backward()
        s.opt.step()
        return loss

    return step


def unpacked(s):
    model, opt, schedule = s.model, s.opt, s.schedule

    def step(x, t):
        out = model(x)
        loss = F.cross_entropy(out, t)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        schedule.step()
        return {"loss": loss, "right": (out.argmax(1) == t).sum()}

    return step


def clipped(s):
    model, opt = s.model, s.opt

    def step(x, t):
        loss = F.cross_entropy(model(x), t)
        model.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        nn.utils.clip_grad_value_(model.parameters(), 0.05)
        opt.step()
        return loss, out_of(loss)

    return step


def out_of(loss):
    return loss * 2


def gathering(s):
    model, opt = s.model, s.opt

    def step(x, t):
        F.cross_entropy(model(x), t).backward()
        opt.step()

    return step


def zeroed(s):
    model, opt = s.model, s.opt

    def step(x, t):
        loss = F.cross_entropy(model(x), t)
        loss.backward()
        opt.step()
        opt.zero_grad(set_to_none=False)
        return loss

    return step


def penalised(s):
    model, opt = s.model, s.opt

    def step(x, t):
        opt.zero_grad()
        loss = F.cross_entropy(model(x), t) + 0.01 * sum((p**2).sum() for p in model.parameters())
        loss.backward()
        opt.step()
        return loss

    return step


def returns_a_number(s):
    def step(x, t):
        loss = step_of(s, x, t)
        return loss.item()

    return step


WHOLE = [plain, unpacked, clipped, gathering, zeroed, penalised, returns_a_number]
MODELS = {
    "mlp": None,
    "noisy": lambda: nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 3)),
    "tied": lambda: Tied(),  # noqa: PLW0108 (it is defined below)
}


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)
        self.b.weight = self.a.weight
        self.out = nn.Linear(4, 3)
        self.unused = nn.Linear(2, 2)

    def forward(self, x):
        return self.out(torch.tanh(self.b(self.a(x))))


def batches(n, seed=0):
    draw = np.random.default_rng(seed)
    for _ in range(n):
        x = draw.standard_normal((5, 4)).astype("f4")
        yield torch.from_numpy(x), torch.from_numpy(draw.integers(0, 3, 5))


def leaves_of(x):
    if isinstance(x, torch.Tensor):
        return [x.detach().numpy().copy()]
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, (list, tuple)):
        return [leaf for part in x for leaf in leaves_of(part)]
    return [] if x is None else [np.array(x)]


def trained(make, compiling, between=None, calls=6, **options):
    s = Setting(**options)
    step = make(s)
    if compiling is not None:
        step = torch.compile(step, **compiling)
    seen = []
    for i, (x, t) in enumerate(batches(calls)):
        seen.append(leaves_of(step(x, t)))
        seen.append(s.state())
        if between is not None:
            between(s, i)
    return seen, s, step


def agree(got, wanted):
    assert len(got) == len(wanted)
    for a, b in zip(got, wanted, strict=True):
        pairs = [(a[k], b[k]) for k in a | b] if isinstance(a, dict) else zip(a, b, strict=True)
        for x, y in pairs:
            assert (x is None) == (y is None)
            if x is not None:
                assert x.shape == y.shape
                np.testing.assert_allclose(x, y, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("optimiser", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("make", WHOLE)
def test_a_step_is_one_program_and_trains_as_eager_mode(make, model, optimiser):
    options = {"model": MODELS[model], "optimiser": optimiser}
    wanted, _, _ = trained(make, None, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got, _, step = trained(make, {"fullgraph": True}, **options)
    agree(got, wanted)
    (runner,) = step._calls.runners
    assert runner.calls == 5
    assert "backward(), " in str(step) + ", "


def reads_a_parameter(s):
    def step(x, t):
        loss = F.cross_entropy(s.model(x), t)
        s.opt.zero_grad()
        loss.backward()
        s.opt.step()
        return loss, s.model[0].weight.sum()

    return step


def reads_a_gradient(s):
    def step(x, t):
        s.opt.zero_grad()
        loss = F.cross_entropy(s.model(x), t)
        loss.backward()
        norm = sum((p.grad**2).sum() for p in s.model.parameters())
        s.opt.step()
        return loss, norm

    return step


def compares_a_number(s):
    def step(x, t):
        loss = step_of(s, x, t)
        return max(loss.item(), 1.0)

    return step


def returns_a_number_at_last(s):
    def step(x, t):
        try:
            s.opt.zero_grad()
            loss = F.cross_entropy(s.model(x), t)
            loss.backward()
            s.opt.step()
            return loss.item()
        finally:
            s.schedule.step()

    return step


def returns_one_of_two(s):
    def step(x, t):
        loss = step_of(s, x, t)
        return max(map(torch.Tensor.item, [loss, loss * 0 + 1.0]))

    return step


def goes_on(s):
    def step(x, t):
        losses = []
        for _ in range(2):
            s.opt.zero_grad()
            loss = F.cross_entropy(s.model(x), t)
            loss.backward()
            s.opt.step()
            losses.append(loss)
        return losses

    return step


def goes_back_twice(s):
    def step(x, t):
        s.opt.zero_grad()
        h = s.model(x)
        F.cross_entropy(h, t).backward(retain_graph=True)
        (h**2).mean().backward()
        s.opt.step()

    return step


def averages(s):
    shadow = [p.detach().clone() for p in s.model.parameters()]

    def step(x, t):
        loss = step_of(s, x, t)
        with torch.no_grad():
            for kept, p in zip(shadow, s.model.parameters(), strict=True):
                kept.mul_(0.9).add_(p, alpha=0.1)
        return loss, shadow

    return step


def clamps(s):
    def step(x, t):
        loss = step_of(s, x, t)
        for p in s.model.parameters():
            p.data.clamp_(-0.2, 0.2)
        return loss

    return step


def keeps_the_norm(s):
    def step(x, t):
        s.opt.zero_grad()
        loss = F.cross_entropy(s.model(x), t)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(s.model.parameters(), 0.1)
        s.opt.step()
        return loss, norm

    return step


def uses_the_norm(s):
    def step(x, t):
        s.opt.zero_grad()
        loss = F.cross_entropy(s.model(x), t)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(s.model.parameters(), 0.1)
        if norm > 0.5:
            s.opt.step()
        return loss

    return step


def tells_the_rate(s):
    def step(x, t):
        loss = step_of(s, x, t)
        s.schedule.step()
        return loss, s.schedule.get_last_lr()[0]

    return step


def sets_the_rate(s):
    def step(x, t):
        for group in s.opt.param_groups:
            group["lr"] *= 0.9
        loss = step_of(s, x, t)
        return loss

    return step


def plateau(s):
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(s.opt, patience=0, factor=0.5)

    def step(x, t):
        loss = step_of(s, x, t)
        schedule.step(loss)
        return loss

    return step


def by_closure(s):
    def step(x, t):
        def closure():
            s.opt.zero_grad()
            loss = F.cross_entropy(s.model(x), t)
            loss.backward()
            return loss

        return s.opt.step(closure)

    return step


def counts(s):
    seen = []

    def step(x, t):
        loss = step_of(s, x, t)
        seen.append(1)
        return loss, len(seen)

    return step


def with_weights(s):
    def step(x, t):
        s.opt.zero_grad()
        loss = F.cross_entropy(s.model(x), t, reduction="none")
        loss.backward(torch.linspace(0.1, 1.0, 5))
        s.opt.step()
        return loss

    return step


def before_the_backward(s):
    def step(x, t):
        loss = F.cross_entropy(s.model(x), t)
        s.opt.step()  # with the gradients of the call before
        s.opt.zero_grad()
        F.cross_entropy(s.model(x), t).backward()
        return loss

    return step


def compiled_within(s):
    model = torch.compile(s.model)

    def step(x, t):
        s.opt.zero_grad()
        loss = F.cross_entropy(model(x), t)
        loss.backward()
        s.opt.step()
        return loss

    return step


def copies(s):
    def step(x, t):
        loss = step_of(s, x, t)
        kept = copy.deepcopy(s.model)
        return loss, [p.detach() for p in kept.parameters()]

    return step


def saves(s):
    def step(x, t):
        loss = step_of(s, x, t)
        return loss, [v.numpy().copy() for v in s.model.state_dict().values()]

    return step


OTHERS = [
    reads_a_parameter, reads_a_gradient, returns_one_of_two, compares_a_number,
    returns_a_number_at_last, goes_on, goes_back_twice, averages, clamps, keeps_the_norm,
    uses_the_norm, tells_the_rate, sets_the_rate, plateau, by_closure, counts, with_weights,
    before_the_backward, compiled_within, copies, saves,
]  # fmt: skip


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
@pytest.mark.parametrize("make", OTHERS)
def test_a_step_that_reads_what_it_changes_is_right_all_the_same(make, optimiser):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted, _, _ = trained(make, None, optimiser=optimiser)
        got, _, _ = trained(make, {}, optimiser=optimiser)
    agree(got, wanted)


def new_rate(s, i):
    s.opt.param_groups[0]["lr"] = 0.1 / (i + 1)


def frozen(s, i):
    s.model[0].weight.requires_grad_(i % 2 == 1)


def other_parameters(s, i):
    if i == 2:
        s.model.load_state_dict({k: v * 0.5 for k, v in s.model.state_dict().items()})


def other_data(s, i):
    if i == 2:
        s.model[0].weight.data = torch.zeros(8, 4)


def hooked(s, i):
    if i == 1 and s.model[0].weight.requires_grad:
        s.model[0].weight.register_hook(lambda g: g * 2)


def hooked_optimiser(s, i):
    if i == 1:
        s.opt.register_step_pre_hook(lambda opt, *_: opt.param_groups[0].update(lr=0.01))


def more_parameters(s, i):
    if i == 1:
        s.opt.add_param_group({"params": [torch.zeros(2, requires_grad=True)]})


def with_gradient_kept(s, i):
    if i == 2:
        for p in s.model.parameters():
            p.grad = torch.ones_like(p)


def another_mode(s, i):
    s.model.train(i % 2 == 1)


BETWEEN = [
    new_rate, frozen, other_parameters, other_data, hooked, hooked_optimiser, more_parameters,
    with_gradient_kept, another_mode,
]  # fmt: skip


@pytest.mark.parametrize("make", [plain, gathering, unpacked])
@pytest.mark.parametrize("between", BETWEEN)
def test_a_change_between_two_steps_is_seen(make, between):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted, _, _ = trained(make, None, between)
        got, _, _ = trained(make, {}, between)
    agree(got, wanted)


def test_a_step_that_fails_changes_nothing():
    s = Setting(model=MODELS["noisy"])
    step = torch.compile(plain(s))
    for x, t in batches(3):
        step(x, t)
    before = s.state()
    with pytest.raises(IndexError):
        step(x, torch.tensor([0, 1, 2, 3, 0]))  # a class that is not there
    after = s.state()
    for k, v in before.items():
        if not k.startswith("grad") and "running" not in k and "tracked" not in k:
            np.testing.assert_array_equal(after[k], v)
    step(x, t)


def test_a_program_keeps_no_graph_of_the_call_that_was_traced():
    s = Setting()
    step = torch.compile(plain(s), fullgraph=True)
    ((x, t),) = batches(1)
    node = weakref.ref(step(x, t).grad_fn)
    gc.collect()
    assert node() is None


def test_the_graph_of_a_step_is_freed():
    s = Setting()
    step = torch.compile(plain(s), fullgraph=True)
    for x, t in batches(3):
        loss = step(x, t)
        assert loss.requires_grad
        assert loss.grad_fn is not None
        with pytest.raises(RuntimeError, match="second time"):
            loss.backward()


@pytest.mark.parametrize("make", [plain, gathering])
def test_the_source_of_a_step_computes_its_gradients(make):
    s = Setting()
    step = torch.compile(make(s), fullgraph=True)
    (x, t), *_ = batches(1)
    step(x, t)
    scope = {}
    exec(step.source, scope)
    s.opt.zero_grad()
    names = scope["forward"].__code__.co_varnames[2 : scope["forward"].__code__.co_argcount]
    params = {f"s_model_{name.replace('.', '_')}": p for name, p in s.model.named_parameters()}
    params |= {f"model_{name.replace('.', '_')}": p for name, p in s.model.named_parameters()}
    _, saved = scope["forward"](x.numpy(), t.numpy(), *[params[n].detach().numpy() for n in names])
    found = scope["backward"](saved)
    F.cross_entropy(s.model(x), t).backward()
    assert len(found) == 4
    for name, g in found.items():
        np.testing.assert_allclose(g, params[name].grad.numpy(), rtol=1e-5, atol=1e-7)


def test_gradients_own_their_memory():
    s = Setting()
    step = torch.compile(plain(s), fullgraph=True)
    kept = []
    for x, t in batches(6):
        step(x, t)
        kept.append([(p.grad, p.grad.numpy().copy()) for p in s.model.parameters()])
    for grads in kept:
        for grad, values in grads:
            np.testing.assert_array_equal(grad.numpy(), values)


def test_a_gradient_that_is_one_number_everywhere_can_be_written():
    w = torch.zeros(3, requires_grad=True)

    @torch.compile(fullgraph=True)
    def step(x):
        (w.sum() * 2 + x.sum()).backward()

    for k in range(1, 4):
        step(torch.ones(1))
        w.grad[0] += 1
        assert w.grad.tolist() == [3.0 * k, 2.0 * k, 2.0 * k]


def test_two_networks_in_turn():
    losses, params = adversaries(compiling=False)
    got, ends = adversaries(compiling=True)
    np.testing.assert_allclose(got, losses, rtol=1e-5)
    for a, b in zip(ends, params, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def adversaries(compiling):
    torch.manual_seed(0)
    g, d = nn.Linear(2, 4), nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    og, od = torch.optim.Adam(g.parameters(), lr=0.01), torch.optim.SGD(d.parameters(), lr=0.1)

    def critic(z, x):
        od.zero_grad()
        fake = g(z).detach()
        loss = F.softplus(d(fake)).mean() + F.softplus(-d(x)).mean()
        loss.backward()
        od.step()
        return loss

    def maker(z):
        og.zero_grad()
        loss = F.softplus(-d(g(z))).mean()
        loss.backward()
        og.step()
        return loss

    if compiling is not None:
        critic, maker = torch.compile(critic, fullgraph=True), torch.compile(maker, fullgraph=True)
    draw = np.random.default_rng(0)
    seen = []
    for _ in range(5):
        z = torch.from_numpy(draw.standard_normal((6, 2)).astype("f4"))
        x = torch.from_numpy(draw.standard_normal((6, 4)).astype("f4"))
        seen += [critic(z, x).item(), maker(z).item()]
    return seen, [p.detach().numpy() for m in (g, d) for p in m.parameters()]


def test_an_optimiser_of_the_users_own_is_never_put_off():
    class Own(torch.optim.SGD):
        steps = 0

        def step(self):
            Own.steps += 1
            return super().step()

    s = Setting()
    s.opt = Own(s.model.parameters(), lr=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        step = torch.compile(plain(s))
        for x, t in batches(4):
            step(x, t)
    assert Own.steps == 4


def test_steps_of_threads_lose_no_gradient():
    w = torch.zeros(3, requires_grad=True)

    def add(x):
        (w * x).sum().backward()

    add = torch.compile(add, fullgraph=True)
    add(torch.ones(3))

    def many():
        for _ in range(200):
            add(torch.ones(3))

    threads = [threading.Thread(target=many) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert w.grad.tolist() == [801.0] * 3


def outcome(step, *args):
    """What a call returns, or the kind of its error."""
    try:
        return leaves_of(step(*args))
    except Exception as error:
        return type(error).__name__


def both_ways(make):
    """The outcomes of three calls, and the tensors after them, in eager mode and compiled."""
    ends = []
    for compiling in (False, True):
        torch.manual_seed(0)
        step, tensors, inputs = make()
        step = torch.compile(step) if compiling else step
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seen = [outcome(step, *inputs(k)) for k in range(3)]
        grads = [None if x.grad is None else x.grad.numpy().copy() for x in tensors]
        ends.append((seen, [x.detach().numpy().copy() for x in tensors], grads))
    (seen, values, grads), (its, same, also) = ends
    assert [type(x) for x in its] == [type(x) for x in seen]
    for x, y in zip(its, seen, strict=True):
        if isinstance(x, str):
            assert x == y
        else:
            agree([x], [y])
    agree([same, also], [values, grads])


def weight(*shape):
    return torch.linspace(0.5, 1.5, int(np.prod(shape))).reshape(shape).requires_grad_()


def data(*shape):
    return lambda k: (torch.full(shape, 1.0 + k),)


def test_a_backward_after_the_step_is_refused_as_in_eager_mode():
    def make():
        w = weight(3)
        opt = torch.optim.SGD([w], lr=0.1)
        w.grad = torch.ones(3)

        def step(x):
            loss = (w * w * x).sum()
            opt.step()
            loss.backward()

        return step, [w], data(3)

    both_ways(make)


@pytest.mark.parametrize("takes", [torch.autograd.grad, torch.autograd.backward])
def test_gradients_taken_after_the_step_are_refused_as_in_eager_mode(takes):
    def make():
        w = weight(3)
        opt = torch.optim.SGD([w], lr=0.1)

        def step(x):
            opt.zero_grad()
            (w * x).sum().backward()
            other = (w * w * x).sum()
            opt.step()
            return takes(other, inputs=[w])

        return step, [w], data(3)

    both_ways(make)


def test_a_gradient_may_be_part_of_the_loss():
    def make():
        w = weight(3)
        opt = torch.optim.SGD([w], lr=0.1)

        def step(x):
            opt.zero_grad()
            loss = (w * w * x).sum()
            (g,) = torch.autograd.grad(loss, [w], create_graph=True)
            (loss + (g * g).sum()).backward()
            opt.step()
            return loss

        return step, [w], data(3)

    both_ways(make)


def test_two_backwards_in_one_step_add():
    def make():
        w = weight(3)

        def step(x):
            (w * x).sum().backward()
            (w * w).sum().backward()

        return step, [w], data(3)

    both_ways(make)


def test_an_optimiser_that_the_step_makes_steps_at_each_call():
    def make():
        w = weight(3)

        def step(x):
            opt = torch.optim.Adam([w], lr=0.1)
            (w * x * x).sum().backward()
            opt.step()

        return step, [w], data(3)

    both_ways(make)


def test_a_backward_that_goes_on_beyond_the_step_does():
    def make():
        w, a = weight(3), weight(3)

        def step(x):
            (w * x).sum().backward()

        return step, [w, a], lambda k: (a * (k + 1.0),)

    both_ways(make)


def test_a_frozen_parameter_with_a_gradient_is_stepped_and_read():
    def make():
        w, frozen = weight(3), weight(3)
        frozen.requires_grad_(False)
        frozen.grad = torch.ones(3)
        opt = torch.optim.SGD([w, frozen], lr=0.1)

        def step(x):
            (w * frozen * x).sum().backward()
            opt.step()
            return frozen + 0

        return step, [w, frozen], data(3)

    both_ways(make)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_a_loss_may_have_axes(shape):
    def make():
        w = weight(*shape)

        def step(x):
            (w * x).backward()

        return step, [w], data()

    both_ways(make)


def test_a_leaf_may_be_an_argument():
    def make():
        w, leaves = weight(3), [weight(3), weight(3), weight(3)]

        def step(x):
            (w * x).sum().backward()

        return step, [w, *leaves], lambda k: (leaves[k],)

    both_ways(make)


def test_hooks_of_an_optimiser_see_the_gradients_of_their_step():
    def make():
        w = weight(3)
        opt = torch.optim.SGD([w], lr=0.1)
        seen = weight(3)

        def note(*_):
            with torch.no_grad():
                seen.copy_(w.grad)

        opt.register_step_pre_hook(note)

        def step(x):
            opt.zero_grad()
            (w * w * x).sum().backward()
            opt.step()

        return step, [w, seen], data(3)

    both_ways(make)


def test_a_backward_that_fails_changes_nothing():
    s = Setting(model=MODELS["noisy"])
    step = torch.compile(plain(s), fullgraph=True)
    for x, t in batches(3):
        step(x, t)
    (runner,) = step._calls.runners
    forward, _, pool, lock = runner.pool.pop()

    def failing(*_):
        raise ValueError("a check of the program")

    pool.append((forward, failing, pool, lock))
    other = copy.deepcopy(s)
    states = []
    for one, run in ((s, step), (other, plain(other))):
        torch.manual_seed(1)
        run(x, t)
        states.append(one.state())
    agree(*[[state] for state in states])


# --- the law: whatever the step is made of, and whatever happens between two steps --------------------

CLIPS = {
    "none": list,
    "norm": lambda parameters: nn.utils.clip_grad_norm_(parameters, 0.2),
    "value": lambda parameters: nn.utils.clip_grad_value_(parameters, 0.1),
}
# Of the first weight, the output and the loss: the result of the step.
ENDS = {
    "loss": lambda *of: of[2],
    "detached": lambda *of: of[2].detach(),
    "dict": lambda *of: {"out": of[1], "loss": of[2], "first": of[1][0]},
    "nothing": lambda *_: None,
    "number": lambda *of: of[2].item(),
    "weight": lambda *of: (of[2], of[0] * 1),
    "gradient": lambda *of: of[0].grad,
}


@st.composite
def made_steps(draw):
    """How a step is put together, and what is done after each of six calls."""
    return {
        "clear": draw(st.sampled_from(["first", "before backward", "last", "never"])),
        "by model": draw(st.booleans()),
        "to none": draw(st.booleans()),
        "clip": draw(st.sampled_from(sorted(CLIPS))),
        "scheduled": draw(st.booleans()),
        "end": draw(st.sampled_from(sorted(ENDS))),
        "optimiser": draw(st.sampled_from(["sgd", "momentum", "adam"])),
        "model": draw(st.sampled_from(sorted(MODELS))),
        "between": draw(st.lists(st.sampled_from([None, None, *BETWEEN]), min_size=6, max_size=6)),
    }


def put_together(how):
    clip, end = CLIPS[how["clip"]], ENDS[how["end"]]

    def make(s):
        def clear():
            if how["by model"]:
                s.model.zero_grad(set_to_none=how["to none"])
            else:
                s.opt.zero_grad(set_to_none=how["to none"])

        def step(x, t):
            if how["clear"] == "first":
                clear()
            out = s.model(x)
            loss = F.cross_entropy(out, t)
            if how["clear"] == "before backward":
                clear()
            loss.backward()
            clip(s.model.parameters())
            s.opt.step()
            if how["scheduled"]:
                s.schedule.step()
            if how["clear"] == "last":
                clear()
            return end(next(s.model.parameters()), out, loss)

        return step

    return make


@given(made_steps())
def test_any_step_trains_as_eager_mode(how):
    def between(s, i):
        change = how["between"][i]
        if change is not None and how["model"] == "mlp":
            change(s, i)

    options = {"model": MODELS[how["model"]], "optimiser": how["optimiser"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted, _, _ = trained(put_together(how), None, between, **options)
        got, _, _ = trained(put_together(how), {}, between, **options)
    agree(got, wanted)
