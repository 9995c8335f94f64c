"""L-BFGS: against a quadratic's solution, SciPy's test function, and PyTorch from the same start."""

import numpy as np
import pytest

import minigrad as torch
from minigrad.optim import LBFGS

ROSENBROCK = [1.3, 0.7, 0.8, 1.9]


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def run(lib, steps, dtype="float64", **options):
    """The losses before each step, and the place in the end; two parameters make the one vector."""
    a = lib.tensor(ROSENBROCK[:1], dtype=getattr(lib, dtype), requires_grad=True)
    b = lib.tensor(ROSENBROCK[1:], dtype=getattr(lib, dtype), requires_grad=True)
    optimizer = lib.optim.LBFGS([a, b], **options)

    def closure():
        optimizer.zero_grad()
        loss = rosenbrock(lib.cat([a, b]))
        loss.backward()
        return loss

    losses = [optimizer.step(closure).item() for _ in range(steps)]
    return losses, [*a.tolist(), *b.tolist()], optimizer


def test_the_valley_is_walked_to_its_end():
    losses, place, optimizer = run(torch, 8, line_search_fn="strong_wolfe")
    assert losses[0] == pytest.approx(rosenbrock(torch.tensor(ROSENBROCK, dtype=torch.float64)).item())
    assert losses[-1] < 1e-9
    np.testing.assert_allclose(place, 1, atol=1e-4)
    state = optimizer.state[optimizer.param_groups[0]["params"][0]]
    assert state["n_iter"] <= state["func_evals"] < 120


def test_a_quadratic_is_solved_in_as_many_iterations_as_it_has_dimensions():
    matrix = torch.tensor([[3.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
    x = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    optimizer = LBFGS([x], max_iter=60, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = 0.5 * x @ matrix @ x - x.sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    np.testing.assert_allclose(x.detach().numpy(), np.linalg.solve(matrix.numpy(), [1, 1]), rtol=1e-6)
    assert optimizer.state[x]["n_iter"] < 12


def test_a_saved_state_goes_on():
    straight, place, _ = run(torch, 6, max_iter=4, line_search_fn="strong_wolfe")
    a = torch.tensor(ROSENBROCK, dtype=torch.float64, requires_grad=True)
    losses, saved = [], None
    for _ in range(6):
        optimizer = LBFGS([a], max_iter=4, line_search_fn="strong_wolfe")
        if saved is not None:
            optimizer.load_state_dict(saved)

        def closure(optimizer=optimizer):
            optimizer.zero_grad()
            loss = rosenbrock(a)
            loss.backward()
            return loss

        losses.append(optimizer.step(closure).item())
        saved = optimizer.state_dict()
    np.testing.assert_allclose(losses, straight, rtol=1e-9)
    np.testing.assert_allclose(a.tolist(), place, rtol=1e-9)


def test_an_error_in_a_line_search_leaves_the_parameters_where_it_began():
    a = torch.tensor([3.0], requires_grad=True)
    optimizer, calls = LBFGS([a], line_search_fn="strong_wolfe"), []

    def closure():
        calls.append(a.item())
        if len(calls) == 2:
            raise RuntimeError("enough")
        optimizer.zero_grad()
        loss = (a**2).sum()
        loss.backward()
        return loss

    with pytest.raises(RuntimeError, match="enough"):
        optimizer.step(closure)
    assert a.item() == 3.0 and calls[1] != 3.0


def test_wrong_uses_are_told():
    a, b = (torch.ones(1, requires_grad=True) for _ in range(2))
    with pytest.raises(ValueError, match="one group"):
        LBFGS([{"params": [a]}, {"params": [b]}])
    with pytest.raises(ValueError, match="strong_wolfe"):
        LBFGS([a], line_search_fn="wolfe")
    with pytest.raises(TypeError, match="closure"):
        LBFGS([a]).step()


@pytest.mark.parity
@pytest.mark.parametrize(
    "options",
    [
        {"lr": 1e-3},
        {"lr": 1e-3, "max_iter": 5, "history_size": 3},
        {"line_search_fn": "strong_wolfe"},
        {"line_search_fn": "strong_wolfe", "max_iter": 7, "history_size": 2, "lr": 0.5},
        {"line_search_fn": "strong_wolfe", "max_iter": 9, "max_eval": 6},
        {"line_search_fn": "strong_wolfe", "tolerance_change": 1e-3},
    ],
)
def test_pytorch_goes_the_same_way(pytorch, options):
    ours, theirs = run(torch, 10, **options), run(pytorch, 10, **options)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-6)
    mine, other = (next(iter(o.state.values())) for _, _, o in (ours, theirs))
    assert (mine["n_iter"], mine["func_evals"]) == (other["n_iter"], other["func_evals"])
    assert set(mine) == set(other) - {"al"}  # scratch memory there


def linear(w, slope):
    """The closure of a loss with one gradient everywhere."""

    def closure():
        w.grad = None
        loss = (w * slope).sum()
        loss.backward()
        return loss

    return closure


@pytest.mark.parametrize(("slope", "length"), [(100.0, 0.5 / 200), (0.1, 0.5)])
def test_the_first_step_is_no_longer_than_the_rate(slope, length):
    w = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    torch.optim.LBFGS([w], lr=0.5, max_iter=1).step(linear(w, slope))
    assert w.tolist() == pytest.approx([-slope * length] * 2)


def test_a_small_gradient_ends_the_step_before_it_begins():
    w = torch.ones(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([w])
    optimizer.step(linear(w, 1e-8))
    state = optimizer.state[w]
    assert w.item() == 1 and state["func_evals"] == 1 and state["n_iter"] == 0


def test_only_the_last_steps_are_remembered_and_the_calls_are_limited():
    def valley(w):
        return 100 * (w[1] - w[0] ** 2) ** 2 + (1 - w[0]) ** 2

    for search in (None, "strong_wolfe"):
        w = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
        rate = 0.01 if search is None else 1.0
        optimizer = torch.optim.LBFGS(
            [w], rate, max_iter=20, max_eval=8, history_size=2, line_search_fn=search
        )

        def closure(w=w):
            w.grad = None
            loss = valley(w)
            loss.backward()
            return loss

        optimizer.step(closure)
        state = optimizer.state[w]
        # A search that has begun is finished: it may go a few calls beyond.
        assert state["func_evals"] == 8 if search is None else 8 <= state["func_evals"] < 20
        assert len(state["old_dirs"]) == len(state["ro"]) == 2


def test_the_cubic_of_the_search_finds_the_minimum():
    from minigrad.optim.lbfgs import _cubic, _Point

    def at(t):  # t^3 - 3 t, lowest at 1
        slope = torch.tensor(3 * t**2 - 3.0, dtype=torch.float64)
        return _Point(t, t**3 - 3 * t, slope, slope)

    for a, b in ((0.0, 3.0), (3.0, 0.0)):
        assert float(_cubic(at(a), at(b), 0.0, 3.0)) == pytest.approx(1)
    assert float(_cubic(at(0.0), at(3.0), 2.0, 3.0)) == 2
