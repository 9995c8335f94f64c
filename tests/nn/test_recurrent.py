"""Recurrent layers by their formulas in float64, and what layers, cells and packed sequences promise."""

import copy
import math
import pickle

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn
from minigrad.nn.recurrent import steps
from minigrad.nn.utils import rnn
from minigrad.testing import check_grads

KINDS = ["RNN", "LSTM", "GRU"]
OPTIONS = [
    {},
    {"bias": False},
    {"num_layers": 2},
    {"bidirectional": True},
    {"num_layers": 2, "bidirectional": True, "batch_first": True},
]


def values(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def step(kind, w, x, state, relu=False):
    """The next state of one sequence, by the formulas of the docstrings."""
    h = state[0]
    ih, hh = w["weight_ih"] @ x, w["weight_hh"] @ h
    ih, hh = ih + w.get("bias_ih", 0), hh + w.get("bias_hh", 0)
    if kind == "RNN":
        return [np.maximum(ih + hh, 0) if relu else np.tanh(ih + hh)]
    if kind == "LSTM":
        i, f, g, o = np.split(ih + hh, 4)
        c = sigmoid(f) * state[1] + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        return [w["weight_hr"] @ h if "weight_hr" in w else h, c]
    (ri, zi, ni), (rh, zh, nh) = np.split(ih, 3), np.split(hh, 3)
    z = sigmoid(zi + zh)
    n = np.tanh(ni + sigmoid(ri + rh) * nh)
    return [(1 - z) * n + z * h]


def expected(layer, kind, sequence, states):
    """The output and the last states of one sequence (steps, features), one step at a time."""
    relu = getattr(layer, "nonlinearity", "") == "relu"
    last = []
    for k in range(layer.num_layers):
        outs = []
        for direction, suffix in enumerate([f"_l{k}", f"_l{k}_reverse"][: 1 + layer.bidirectional]):
            w = {n.removesuffix(suffix): p.detach().numpy() for n, p in layer.named_parameters()
                 if n.endswith(suffix)}  # fmt: skip
            state = [s[len(last)] for s in states]
            out = []
            for x in sequence[::-1] if direction else sequence:
                state = step(kind, w, x, state, relu)
                out.append(state[0])
            outs.append(np.array(out[::-1] if direction else out))
            last.append(state)
        sequence = np.concatenate(outs, -1)
    return sequence, [np.array(s) for s in zip(*last, strict=True)]


def layer_of(kind, inputs=3, hidden=4, **options):
    torch.manual_seed(1)
    return getattr(nn, kind)(inputs, hidden, dtype=torch.float64, **options)


def states_of(layer, kind, *batch):
    layers = layer.num_layers * (1 + layer.bidirectional)
    sizes = [layer.proj_size or layer.hidden_size, layer.hidden_size][: 1 + (kind == "LSTM")]
    return [values(layers, *batch, size, seed=5 + i) for i, size in enumerate(sizes)]


def given(states):
    made = tuple(torch.tensor(s) for s in states)
    return made if len(made) > 1 else made[0]


def as_list(states):
    return list(states) if isinstance(states, tuple) else [states]


CASES = [(k, o) for k in KINDS for o in OPTIONS]
CASES += [
    ("RNN", {"nonlinearity": "relu"}),
    ("LSTM", {"proj_size": 2}),
    ("LSTM", {"proj_size": 2, "num_layers": 2, "bidirectional": True, "bias": False}),
]


@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize(("kind", "options"), CASES, ids=str)
def test_a_layer_is_its_formula_step_by_step(kind, options, zero):
    layer = layer_of(kind, **options)
    x, states = values(2, 5, 3), states_of(layer, kind, 2)
    if zero:
        states = [np.zeros_like(s) for s in states]
    inputs = torch.tensor(x if layer.batch_first else x.swapaxes(0, 1).copy())
    out, last = layer(inputs) if zero else layer(inputs, given(states))
    out = out.detach().numpy() if layer.batch_first else out.detach().numpy().swapaxes(0, 1)
    for n in range(2):
        wanted, ends = expected(layer, kind, x[n], [s[:, n] for s in states])
        np.testing.assert_allclose(out[n], wanted, rtol=1e-12, atol=1e-13)
        for ours, end in zip(as_list(last), ends, strict=True):
            np.testing.assert_allclose(ours.detach().numpy()[:, n], end, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_takes_one_sequence_without_a_batch(kind):
    layer = layer_of(kind, num_layers=2)
    x, states = values(5, 3), states_of(layer, kind)
    out, last = layer(torch.tensor(x), given(states))
    wanted, ends = expected(layer, kind, x, states)
    np.testing.assert_allclose(out.detach().numpy(), wanted, rtol=1e-12)
    for ours, end in zip(as_list(last), ends, strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), end, rtol=1e-12)


@pytest.mark.parametrize("enforce_sorted", [True, False])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_a_packed_batch_goes_through_as_each_sequence_alone(kind, options, enforce_sorted):
    layer = layer_of(kind, **options)
    lengths = [5, 3, 3, 1] if enforce_sorted else [3, 1, 5, 3]
    sequences = [values(n, 3, seed=n) for n in lengths]
    packed = rnn.pack_sequence([torch.tensor(s) for s in sequences], enforce_sorted)
    states = states_of(layer, kind, 4)
    out, last = layer(packed, given(states))
    assert out.batch_sizes is packed.batch_sizes and out.sorted_indices is packed.sorted_indices
    for n, ours in enumerate(rnn.unpack_sequence(out)):
        wanted, ends = expected(layer, kind, sequences[n], [s[:, n] for s in states])
        np.testing.assert_allclose(ours.detach().numpy(), wanted, rtol=1e-12)
        for end, made in zip(ends, as_list(last), strict=True):
            np.testing.assert_allclose(made.detach().numpy()[:, n], end, rtol=1e-12)


@pytest.mark.parametrize(("kind", "options"), CASES, ids=str)
def test_gradients_are_derivatives_at_orders_1_and_2(kind, options):
    layer = layer_of(kind, 1, 2, **{k: 1 if k == "proj_size" else v for k, v in options.items()})
    x = values(*((1, 2, 1) if layer.batch_first else (2, 1, 1)))
    check_grads(lambda x, *h: layer(x, h if len(h) > 1 else h[0]), x, *states_of(layer, kind, 1), order=2)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_weights_are_derivatives(kind):
    check_grads(layer_of(kind, 1, 2), values(2, 2, 1), order=2)
    check_grads(layer_of(kind + "Cell", 1, 2), values(2, 1), order=2)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_packed_sequences_are_derivatives(kind):
    layer = layer_of(kind, 1, 2, bidirectional=True)

    def through(x):
        packed = rnn.pack_padded_sequence(x, [1, 2], enforce_sorted=False)
        out, last = layer(packed)
        return (rnn.pad_packed_sequence(out, padding_value=2.0)[0], *as_list(last))

    check_grads(through, values(2, 2, 1), order=2)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("sizes", [(1, 1, 1), (1, 3, 2), (6, 1, 3), (5, 4, 8)])
def test_an_lstm_as_one_op_is_its_walk_step_by_step(sizes, backwards):
    length, batch, hidden = sizes
    shapes = {"x": (length * batch, 3), "h": (batch, hidden), "c": (batch, hidden)}
    shapes |= {"weight_ih": (4 * hidden, 3), "weight_hh": (4 * hidden, hidden)}
    shapes |= {"bias_ih": (4 * hidden,), "bias_hh": (4 * hidden,)}

    def run(walk, create_graph):
        given = {k: torch.tensor(values(*s)).requires_grad_() for k, s in shapes.items()}
        out, (h, c) = walk(given["x"], {**given, "weight_hr": None}, (given["h"], given["c"]))
        loss = (out * out.cos()).sum() + (h * 2).sin().sum() + (c * c).sum()
        grads = torch.autograd.grad(loss, list(given.values()), create_graph=create_graph)
        if create_graph:
            grads += torch.autograd.grad(sum((g * g).sum() for g in grads), list(given.values()))
        return [x.detach().numpy() for x in (out, h, c, *grads)]

    def in_steps(x, w, state):
        return steps.walk(*steps.lstm(x, w), [batch] * length, state, backwards)

    def at_once(x, w, state):
        return steps.whole_lstm(x, w, length, state, backwards)

    for create_graph in (False, True):
        for mine, right in zip(run(at_once, create_graph), run(in_steps, create_graph), strict=True):
            np.testing.assert_allclose(mine, right, rtol=1e-11, atol=1e-13)


def test_an_lstm_is_finite_and_right_at_extreme_inputs():
    layer, x = layer_of("LSTM"), torch.tensor(values(4, 2, 3) * 1e4).requires_grad_()
    with np.errstate(all="raise"):
        out, (_, c) = layer(x)
        (out.sum() + c.sum()).backward()
    with np.errstate(over="ignore"):
        wanted, _ = expected(layer, "LSTM", x.detach().numpy()[:, 0], [np.zeros((1, 4))] * 2)
    np.testing.assert_allclose(out.detach().numpy()[:, 0], wanted, rtol=1e-12)
    assert np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("LSTM", {"num_layers": 2, "bidirectional": True}), ("LSTM", {"proj_size": 2}), ("GRU", {}),
        ("GRU", {"bidirectional": True, "batch_first": True}), ("RNN", {"nonlinearity": "relu"}),
    ],
)  # fmt: skip
def test_a_layer_compiles_whole(kind, options):
    layer, x = layer_of(kind, **options), torch.tensor(values(4, 2, 3))
    compiled = torch.compile(layer, fullgraph=True)
    for scale in (1.0, 0.5, 2.0):
        found, wanted = compiled(x * scale), layer(x * scale)
        np.testing.assert_allclose(found[0].detach().numpy(), wanted[0].detach().numpy(), rtol=1e-12)
        (slope,) = torch.autograd.grad(found[0].sum(), layer.weight_hh_l0)
        (right,) = torch.autograd.grad(wanted[0].sum(), layer.weight_hh_l0)
        np.testing.assert_allclose(slope.numpy(), right.numpy(), rtol=1e-10, atol=1e-13)


def test_a_gradient_of_some_steps_alone_is_right():
    layer = layer_of("GRU")
    check_grads(lambda x: layer(x)[0][1], values(4, 2, 3), order=2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bias", [True, False])
def test_a_cell_is_a_step_of_its_layer(kind, bias):
    cell = getattr(nn, kind + "Cell")(3, 4, bias, dtype=torch.float64)
    x = values(2, 3)
    states = [values(2, 4, seed=5 + i) for i in range(1 + (kind == "LSTM"))]
    made = as_list(cell(torch.tensor(x), given(states)))
    alone = as_list(cell(torch.tensor(x[0]), given([s[0] for s in states])))
    from_zero = as_list(cell(torch.tensor(x)))
    w = {n: p.detach().numpy() for n, p in cell.named_parameters()}
    for i in range(len(made)):
        wanted = step(kind, w, x[0], [s[0] for s in states])[i]
        np.testing.assert_allclose(made[i].detach().numpy()[0], wanted, rtol=1e-12)
        np.testing.assert_allclose(alone[i].detach().numpy(), wanted, rtol=1e-12)
        zero = step(kind, w, x[1], [np.zeros(4)] * len(states))[i]
        np.testing.assert_allclose(from_zero[i].detach().numpy()[1], zero, rtol=1e-12)


def test_a_cell_may_rectify():
    cell = nn.RNNCell(3, 4, nonlinearity="relu")
    assert (cell(torch.randn(5, 3)) >= 0).all()
    assert repr(cell) == "RNNCell(3, 4, nonlinearity=relu)"


def test_weights_have_the_names_order_and_shapes_of_pytorch():
    layer = nn.LSTM(3, 5, 2, bidirectional=True, proj_size=2)
    shapes = {name: tuple(p.shape) for name, p in layer.named_parameters()}
    first = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"]
    suffixes = ["_l0", "_l0_reverse", "_l1", "_l1_reverse"]
    assert list(shapes) == [name + suffix for suffix in suffixes for name in first]
    assert shapes["weight_ih_l0"] == (20, 3) and shapes["weight_ih_l1_reverse"] == (20, 4)
    assert shapes["weight_hh_l0"] == (20, 2) and shapes["bias_hh_l1"] == (20,)
    assert shapes["weight_hr_l0"] == (2, 5)
    assert list(nn.GRU(3, 5, bias=False).state_dict()) == ["weight_ih_l0", "weight_hh_l0"]
    cell = nn.GRUCell(3, 5)
    assert [(n, tuple(p.shape)) for n, p in cell.named_parameters()] == [
        ("weight_ih", (15, 3)), ("weight_hh", (15, 5)), ("bias_ih", (15,)), ("bias_hh", (15,)),
    ]  # fmt: skip


@pytest.mark.parametrize("make", [nn.RNN, nn.LSTM, nn.GRU, nn.RNNCell, nn.LSTMCell, nn.GRUCell])
def test_weights_start_uniform_within_one_over_the_root_of_the_hidden_size(make):
    torch.manual_seed(0)
    bound = 1 / math.sqrt(100)
    for p in make(40, 100).parameters():
        x = p.detach().numpy()
        assert np.abs(x).max() <= bound and np.abs(x).max() > 0.9 * bound
        assert abs(x.std() - bound / math.sqrt(3)) < 0.1 * bound


def test_all_weights_lists_them_by_layer_and_direction():
    layer = nn.GRU(2, 3, 2, bidirectional=True)
    weights = layer.all_weights
    assert [len(w) for w in weights] == [4] * 4
    assert weights[3][1] is layer.weight_hh_l1_reverse
    assert layer._all_weights[3] == [
        "weight_ih_l1_reverse", "weight_hh_l1_reverse", "bias_ih_l1_reverse", "bias_hh_l1_reverse",
    ]  # fmt: skip
    layer.flatten_parameters()


@pytest.mark.parametrize(("text", "layer"), [
    ("LSTM(10, 20, num_layers=2, batch_first=True)", lambda: nn.LSTM(10, 20, 2, batch_first=True)),
    ("RNN(1, 2, num_layers=2, bias=False, dropout=0.5, bidirectional=True)",
     lambda: nn.RNN(1, 2, 2, "relu", False, False, 0.5, True)),
    ("LSTM(3, 4, proj_size=2)", lambda: nn.LSTM(3, 4, proj_size=2)),
    ("GRUCell(3, 4, bias=False)", lambda: nn.GRUCell(3, 4, False)),
])  # fmt: skip
def test_a_layer_prints_the_options_that_are_not_the_usual_ones(text, layer):
    assert repr(layer()) == text


def test_dropout_stands_between_layers_and_in_training_only():
    layer = layer_of("GRU", num_layers=2, dropout=0.5)
    x = torch.tensor(values(4, 2, 3))
    one, two = layer(x), layer(x)
    assert not torch.equal(one[0], two[0])
    assert torch.equal(one[1][0], two[1][0])  # the first layer's state: nothing stands before it
    layer.eval()
    wanted = expected(layer, "GRU", x[:, 1].numpy(), [np.zeros((2, 4))])[0]
    np.testing.assert_allclose(layer(x)[0][:, 1].detach().numpy(), wanted, rtol=1e-12)
    layer.train().dropout = 1.0  # drops all: the second layer sees zeros
    layer.flatten_parameters()
    zeros = layer(x)[0]
    assert torch.equal(zeros[:, 0], zeros[:, 1])


def test_dropout_in_one_layer_warns():
    with pytest.warns(UserWarning, match="between layers"):
        nn.LSTM(2, 3, dropout=0.5)


def test_layers_copy_pickle_convert_and_load():
    layer = layer_of("LSTM", num_layers=2)
    x = torch.tensor(values(4, 2, 3))
    wanted = layer(x)[0]
    for copied in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(copied(x)[0], wanted)
        assert copied.weight_ih_l0 is not layer.weight_ih_l0
    other = nn.LSTM(3, 4, 2).double()
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(x)[0], wanted)
    other.weight_hh_l0 = nn.Parameter(torch.zeros(16, 4, dtype=torch.float64))
    assert not torch.equal(other(x)[0], wanted)
    assert layer.float()(x.float())[0].dtype is torch.float32


def test_a_layer_runs_without_a_graph():
    layer = layer_of("GRU", num_layers=2, bidirectional=True)
    x = torch.tensor(values(4, 2, 3))
    with torch.no_grad():
        out, last = layer(x)
    assert not out.requires_grad and not last.requires_grad
    assert torch.equal(out, layer(x)[0])


def test_the_output_may_be_written_to():
    layer = layer_of("RNN")
    x = torch.tensor(values(4, 2, 3), requires_grad=True)
    out, _ = layer(x)
    wanted = torch.autograd.grad(layer(x)[0][1:].sum(), x)[0]
    out[0] = 0.0
    out.mul_(1.0)
    out.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), wanted.numpy(), rtol=1e-12)


def test_carried_state_is_detached_as_any_tensor():
    layer, h = layer_of("GRU"), None
    x = torch.tensor(values(4, 2, 3))
    for _ in range(2):
        out, h = layer(x, h if h is None else h.detach())
        out.sum().backward()
    out, _ = layer(x, h)
    with pytest.raises(RuntimeError, match="detach"):
        out.sum().backward()


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: nn.RNN(0, 3), ValueError, "input_size must be greater than zero"),
    (lambda: nn.RNN(3, 0), ValueError, "hidden_size must be greater than zero"),
    (lambda: nn.GRU(3, 3, 0), ValueError, "num_layers must be greater than zero"),
    (lambda: nn.GRU(3.0, 3), TypeError, "input_size must be an integer"),
    (lambda: nn.LSTM(3, 3, 1, 1), TypeError, "bias must be True or False"),
    (lambda: nn.LSTM(3, 3, batch_first=1), TypeError, "batch_first must be True or False"),
    (lambda: nn.LSTM(3, 3, dropout=2), ValueError, r"dropout must be a probability"),
    (lambda: nn.LSTM(3, 3, proj_size=3), ValueError, "smaller than hidden_size"),
    (lambda: nn.LSTM(3, 3, proj_size=-1), ValueError, "proj_size must be 0 or positive"),
    (lambda: nn.RNN(3, 3, nonlinearity="gelu"), ValueError, "'tanh' or 'relu', not 'gelu'"),
    (lambda: nn.RNNBase("CNN", 3, 3), ValueError, "CNN"),
    (lambda: nn.LSTM(3, 3)(torch.ones(3)), ValueError, "2D or 3D, got 1D"),
    (lambda: nn.LSTM(3, 3)(torch.ones(2, 2, 4)), RuntimeError, "Expected 3, got 4"),
    (lambda: nn.LSTM(3, 3)(torch.ones(2, 2, 3).double()), ValueError, "the weights float32"),
    (lambda: nn.LSTM(3, 3)([1.0]), TypeError, "must be a Tensor, not list"),
    (lambda: nn.GRU(3, 3)(torch.ones(0, 2, 3)), RuntimeError, "sequence length"),
    (lambda: nn.GRU(3, 3)(torch.ones(2, 2, 3), torch.ones(1, 3)), RuntimeError, "3-D but got a 2-D"),
    (lambda: nn.GRU(3, 3)(torch.ones(2, 3), torch.ones(1, 1, 3)), RuntimeError, "unbatched 2-D"),
    (lambda: nn.GRU(3, 3)(torch.ones(2, 2, 3), torch.ones(1, 5, 3)), RuntimeError,
     r"Expected hidden size \(1, 2, 3\), got \(1, 5, 3\)"),
    (lambda: nn.LSTM(3, 3)(torch.ones(2, 2, 3), (torch.ones(1, 2, 3), torch.ones(1, 2, 4))), RuntimeError,
     r"Expected hidden\[1\] size \(1, 2, 3\), got \(1, 2, 4\)"),
    (lambda: nn.GRU(3, 3)(torch.ones(2, 2, 3), torch.ones(1, 2, 3).double()), RuntimeError, "float64"),
    (lambda: nn.LSTM(3, 3)(torch.ones(2, 2, 3), torch.ones(1, 2, 3)), TypeError, r"a pair \(h, c\)"),
    (lambda: nn.LSTMCell(3, 3)(torch.ones(2, 3), torch.ones(2, 3)), TypeError, r"a pair \(h, c\)"),
    (lambda: nn.RNNCell(3, 3)(torch.ones(2, 2, 3)), ValueError, "1D or 2D, got 3D"),
    (lambda: nn.RNNCell(3, 3)(torch.ones(2, 4)), RuntimeError, "got 4 features, expected 3"),
    (lambda: nn.GRUCell(3, 3)(torch.ones(2, 3), torch.ones(1, 3)), RuntimeError, "must agree"),
    (lambda: nn.GRUCell(3, 3)(torch.ones(2, 3).double()), RuntimeError, "the weights float32"),
    (lambda: nn.RNNCell(3, 3, nonlinearity="gelu")(torch.ones(2, 3)), RuntimeError, "not 'gelu'"),
])  # fmt: skip
def test_misuse_says_what_is_wrong(call, error, words):
    with pytest.raises(error, match=words):
        call()


# -- sequences


def test_packing_keeps_the_elements_step_by_step():
    padded = torch.tensor([[1, 2, 3], [4, 5, 0], [6, 0, 0]])
    packed = rnn.pack_padded_sequence(padded, [3, 2, 1], batch_first=True)
    assert packed.data.tolist() == [1, 4, 6, 2, 5, 3]
    assert packed.batch_sizes.tolist() == [3, 2, 1] and packed.sorted_indices is None
    transposed = rnn.pack_padded_sequence(padded.T, torch.tensor([3, 2, 1]))
    assert torch.equal(transposed.data, packed.data)
    shuffled = rnn.pack_padded_sequence(padded[[2, 0, 1]], [1, 3, 2], True, enforce_sorted=False)
    assert torch.equal(shuffled.data, packed.data)
    assert shuffled.sorted_indices.tolist() == [1, 2, 0] and shuffled.unsorted_indices.tolist() == [2, 0, 1]


def test_padding_undoes_packing():
    sequences = [torch.randn(n, 2) for n in (2, 5, 1, 5)]
    packed = rnn.pack_sequence(sequences, enforce_sorted=False)
    padded, lengths = rnn.pad_packed_sequence(packed, padding_value=-1.0, total_length=6)
    assert padded.shape == (6, 4, 2) and lengths.tolist() == [2, 5, 1, 5]
    assert (padded[2:, 0] == -1).all() and (padded[5] == -1).all()
    for one, other in zip(rnn.unpad_sequence(padded, lengths), sequences, strict=True):
        assert torch.equal(one, other)
    first = rnn.pad_packed_sequence(packed, batch_first=True)[0]
    assert torch.equal(first, rnn.pad_sequence(sequences, batch_first=True))
    assert [x.shape[0] for x in rnn.unpack_sequence(packed)] == [2, 5, 1, 5]


def test_pad_sequence_pads_either_side_and_is_differentiable():
    a, b = torch.tensor([1.0, 2.0, 3.0], requires_grad=True), torch.tensor([7.0], requires_grad=True)
    left = rnn.pad_sequence([a, b], True, 9.0, "left")
    assert left.tolist() == [[1, 2, 3], [9, 9, 7]]
    (left * torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])).sum().backward()
    assert a.grad.tolist() == [1, 2, 3] and b.grad.tolist() == [6]
    assert rnn.pad_sequence([torch.tensor([1]), torch.tensor([2, 3])]).dtype is torch.int64


def test_unpadding_leaves_the_batch_as_it_is():
    padded = torch.arange(6).reshape(3, 2)
    rnn.unpad_sequence(padded, torch.tensor([3, 1]))
    assert padded.shape == (3, 2)


def test_packed_sequences_convert_copy_and_pickle():
    packed = rnn.pack_sequence([torch.tensor([1.0]), torch.tensor([2.0, 3.0])], enforce_sorted=False)
    assert packed.double().data.dtype is torch.float64 and packed.to(torch.int64).data.dtype is torch.int64
    assert packed.float() is packed and packed.cpu() is packed and not packed.is_cuda
    for same in (copy.deepcopy(packed), pickle.loads(pickle.dumps(packed))):
        assert type(same) is rnn.PackedSequence and torch.equal(same.data, packed.data)
        assert torch.equal(same.unsorted_indices, packed.unsorted_indices)
    data, sizes, order, back = packed
    pair = rnn.PackedSequence((data, sizes), sorted_indices=order)
    assert torch.equal(pair.unsorted_indices, back)
    with pytest.raises(RuntimeError, match="CUDA"):
        packed.cuda()


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: rnn.pack_padded_sequence(torch.ones(3, 2), [2, 3]), RuntimeError, "enforce_sorted=False"),
    (lambda: rnn.pack_padded_sequence(torch.ones(3, 2), [3, 0]), RuntimeError, "greater than 0"),
    (lambda: rnn.pack_padded_sequence(torch.ones(3, 2), [3]), RuntimeError, "batch_size=2"),
    (lambda: rnn.pack_padded_sequence(torch.ones(3, 2), [4, 3]), RuntimeError, "at most 3"),
    (lambda: rnn.pack_padded_sequence(torch.ones(3, 2), 3), RuntimeError, "one-dimensional"),
    (lambda: rnn.pack_padded_sequence(torch.ones(0, 2), [1, 1]), RuntimeError, "empty"),
    (lambda: rnn.pack_padded_sequence(torch.ones(3), [3]), RuntimeError, "steps and batch"),
    (lambda: rnn.pack_padded_sequence([[1]], [1]), TypeError, "not list"),
    (lambda: rnn.pad_sequence([]), RuntimeError, "empty"),
    (lambda: rnn.pad_sequence(3), RuntimeError, "iterable"),
    (lambda: rnn.pad_sequence([torch.ones(2, 3), torch.ones(2, 4)]), RuntimeError, r"\(2, 4\)"),
    (lambda: rnn.pad_sequence([torch.ones(2)], padding_side="up"), RuntimeError, "'up'"),
    (lambda: rnn.unpad_sequence(torch.ones(2, 3), [1]), ValueError, "1 lengths for 3"),
    (lambda: rnn.PackedSequence(torch.ones(2)), AssertionError, "batch_sizes"),
    (lambda: rnn.pad_packed_sequence(rnn.pack_sequence([torch.ones(2)]), total_length=1), ValueError,
     "the longest has 2"),
])  # fmt: skip
def test_misuse_of_sequences_says_what_is_wrong(call, error, words):
    with pytest.raises(error, match=words):
        call()


RECORDED = [
    [-0.0239578876576604, -0.8074265196933889, 0.2127606157351297, 0.6764876091902425, 1.042497685540999],
    [0.0312471238879832, 0.1910080984722767, 0.0151237128451947, -0.0374434654730624, 0.0507371484689096],
    [-0.2416472723224428, -0.3212194952168822, -0.0334754530394823, 0.0279267855595507, 0.2087882943434893],
]


def test_numbers_of_pytorch():
    """Recorded from PyTorch 2.13: layers whose weights are all sin(1), sin(2), ... / 2, in their order."""
    found = []
    for kind in KINDS:
        layer = getattr(nn, kind)(2, 2, dtype=torch.float64)
        with torch.no_grad():
            start = 1
            for p in layer.parameters():
                p.copy_(
                    torch.arange(start, start + p.numel(), dtype=torch.float64).reshape(p.shape).sin() / 2
                )
                start += p.numel()
        x = torch.arange(6, dtype=torch.float64).reshape(3, 1, 2).cos().requires_grad_()
        out, _ = layer(x)
        (out * out).sum().backward()
        found.append([*out[-1, 0].tolist(), *x.grad[0, 0].tolist(), layer.weight_hh_l0.grad.sum().item()])
    np.testing.assert_allclose(found, RECORDED, rtol=1e-12)


def test_names_of_the_weights_in_one_list():
    layer = nn.GRU(2, 3, num_layers=2, bias=False, bidirectional=True)
    names = layer._flat_weights_names
    assert names == [n for n, _ in layer.named_parameters()] and names[-1] == "weight_hh_l1_reverse"
    assert all(a is b for a, b in zip(layer._flat_weights, layer.parameters(), strict=True))
