"""check_grads of modules checks their parameters; check_numpy_grads checks two functions of arrays."""

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn
from minigrad.testing import GradientError, check_grads, check_numpy_grads

X = np.random.default_rng(0).normal(size=(4, 3))


class Wrong(torch.autograd.Function):
    """x W^T with a gradient of the weight that is wrong by a factor."""

    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x @ weight.T

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        return g @ weight, (g.T @ x) * 0.5


class WrongLinear(nn.Linear):
    def forward(self, x):
        return Wrong.apply(x, self.weight) + self.bias


@pytest.mark.parametrize("inputs", [X, torch.from_numpy(X), torch.from_numpy(X).requires_grad_()], ids=str)
def test_a_wrong_weight_gradient_of_a_module_is_found(inputs):
    with pytest.raises(GradientError, match=r"with respect to parameter 1\.weight(.|\n)*0\.5 times"):
        check_grads(nn.Sequential(nn.Tanh(), WrongLinear(3, 2)).double(), inputs)


MODULES = {
    "mlp": (nn.MLP(3, 4, 2), X),
    "batch norm": (nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)), X),
    "batch norm in evaluation": (nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).eval(), X),
    "layer norm": (nn.LayerNorm(3), X),
    "embedding": (nn.Embedding(4, 2), torch.tensor([[0, 1], [3, 3]])),
}


@pytest.mark.parametrize(("module", "x"), MODULES.values(), ids=MODULES)
def test_right_modules_pass_and_are_left_as_they_were(module, x):
    module = module.double()
    before = {name: (value, value.numpy().copy()) for name, value in module.state_dict().items()}
    parameters = dict(module.named_parameters())
    check_grads(module, x, order=2)
    assert all(p is parameters[name] and p.grad is None for name, p in module.named_parameters())
    for name, value in module.state_dict().items():
        assert np.shares_memory(value.numpy(), before[name][0].numpy())
        np.testing.assert_array_equal(value.numpy(), before[name][1])


def test_a_parameter_at_two_places_is_one():
    first, second = nn.Linear(3, 3).double(), nn.Linear(3, 3).double()
    second.weight = first.weight
    check_grads(nn.Sequential(first, nn.Tanh(), second), X)
    mine = WrongLinear(3, 3).double()
    mine.weight = first.weight
    with pytest.raises(GradientError, match=r"parameter 0\.weight"):
        check_grads(nn.Sequential(first, nn.Tanh(), mine), X)


def test_frozen_parameters_and_a_function_around_the_module_are_left_out():
    frozen = WrongLinear(3, 2).double()
    check_grads(lambda x: frozen(x) * 1.0, X)
    frozen.weight.requires_grad_(False)
    check_grads(frozen, X)


def test_asks_for_parameters_in_float64():
    with pytest.raises(TypeError, match=r"parameter weight is float32.*Use \.double\(\)"):
        check_grads(nn.Linear(3, 2), X)


def test_a_failed_call_leaves_the_module_as_it_was():
    module = nn.Linear(3, 2).double()
    weight = module.weight
    with pytest.raises(RuntimeError):
        check_grads(module, np.ones((2, 5)))
    assert module.weight is weight


# --- functions in NumPy --------------------------------------------------------------------------------


def least_squares(w, x):
    return np.sum((x @ w) ** 2)


def test_a_right_pair_passes():
    w = np.array([0.3, -1.2, 0.8])
    check_numpy_grads(least_squares, lambda w, x: (2 * x.T @ (x @ w), 2 * np.outer(x @ w, w)), w, X)
    check_numpy_grads(lambda x: 0.5 * x @ x, lambda x: x, w)
    check_numpy_grads(np.sin, np.cos, 0.7)


def test_a_wrong_pair_is_explained():
    w = np.array([0.3, -1.2, 0.8])
    with pytest.raises(GradientError, match=r"input 0 \(w\)(.|\n)*0\.5 times") as caught:
        check_numpy_grads(least_squares, lambda w, x: (x.T @ (x @ w), 2 * np.outer(x @ w, w)), w, X)
    message = str(caught.value)
    assert message.startswith("check_numpy_grads of least_squares")
    assert (
        "import numpy as np\n" in message and "x0 = np.array([0.3, -1.2, 0.8], dtype=np.float64)" in message
    )
    assert "check_numpy_grads(least_squares, gradient, x0, x1)  # gradient is" in message
    with pytest.raises(GradientError, match="is float32"):
        check_numpy_grads(lambda x: x @ x, lambda x: (2 * x).astype(np.float32), w)


def test_a_pair_that_cannot_be_checked_says_why():
    w = np.array([0.3, -1.2, 0.8])
    with pytest.raises(ValueError, match="must return one number, not an array of shape"):
        check_numpy_grads(np.sin, np.cos, w)
    with pytest.raises(ValueError, match="must return a tuple of as many; it returned 1"):
        check_numpy_grads(least_squares, lambda w, x: 2 * x.T @ (x @ w), w, X)
    with pytest.raises(TypeError, match=r"input 0 is int64.*\.astype\(float\)"):
        check_numpy_grads(lambda x: x @ x, lambda x: 2 * x, np.arange(3))
    with pytest.raises(TypeError, match="must be a function"):
        check_numpy_grads(np.sin, 3.0, w)
