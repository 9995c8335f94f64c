"""One step of the recurrent cells as functions: the same as the modules, with the same gradients."""

import numpy as np
import pytest

import minigrad as torch

CELLS = {
    "rnn_tanh_cell": (1, lambda nn: nn.RNNCell(3, 4)),
    "rnn_relu_cell": (1, lambda nn: nn.RNNCell(3, 4, nonlinearity="relu")),
    "gru_cell": (3, lambda nn: nn.GRUCell(3, 4)),
    "lstm_cell": (4, lambda nn: nn.LSTMCell(3, 4)),
}


def arrays(name, shape=(2,)):
    gates, _ = CELLS[name]
    draw = np.random.default_rng(1).standard_normal
    state = (draw((*shape, 4)),) * (2 if name == "lstm_cell" else 1)
    return [
        draw((*shape, 3)),
        *state,
        *(draw((gates * 4, n)) for n in (3, 4)),
        draw(gates * 4),
        draw(gates * 4),
    ]


def called(lib, name, given, biases=True):
    x, *state, w_ih, w_hh, b_ih, b_hh = given
    hx = tuple(state) if name == "lstm_cell" else state[0]
    rest = (b_ih, b_hh) if biases else ()
    out = getattr(lib, name)(x, hx, w_ih, w_hh, *rest)
    return sum(part.sum() for part in out) if name == "lstm_cell" else out


@pytest.mark.parametrize("shape", [(2,), ()])
@pytest.mark.parametrize("name", CELLS)
def test_a_step_is_that_of_the_module(name, shape):
    given = [torch.tensor(a, requires_grad=True) for a in arrays(name, shape)]
    module = CELLS[name][1](torch.nn).double()
    for parameter, value in zip(module.parameters(), given[-4:], strict=True):
        parameter.data.copy_(value.detach())
    state = tuple(given[1:-4]) if name == "lstm_cell" else given[1]
    expected = module(given[0], state)
    expected = sum(part.sum() for part in expected) if name == "lstm_cell" else expected
    assert torch.allclose(called(torch, name, given), expected)
    assert torch.autograd.gradcheck(lambda *args: called(torch, name, args), given)
    assert torch.autograd.gradgradcheck(lambda *args: called(torch, name, args), given)


@pytest.mark.parity
@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("name", CELLS)
def test_pytorch_steps_the_same(name, biases):
    results = []
    for lib in (torch, pytest.importorskip("torch")):
        given = [lib.tensor(a, requires_grad=True) for a in arrays(name)]
        out = called(lib, name, given, biases)
        first = lib.autograd.grad((out * out).sum(), given[:4], create_graph=True)
        second = lib.autograd.grad(sum((g * g).sum() for g in first), given[:4])
        results.append([t.detach().numpy() for t in (out, *first, *second)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
