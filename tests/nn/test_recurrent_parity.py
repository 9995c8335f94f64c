"""Recurrent layers and packed sequences beside PyTorch's: values, gradients at orders 1 and 2, errors."""

import numpy as np
import pytest

import minigrad

pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore"),  # PyTorch's own, of layouts and deprecations
]

OPTIONS = [
    {},
    {"num_layers": 2},
    {"bidirectional": True},
    {"num_layers": 2, "bidirectional": True, "batch_first": True},
    {"bias": False, "batch_first": True},
]
CASES = [(kind, o) for kind in ("RNN", "LSTM", "GRU") for o in OPTIONS]
CASES += [
    ("RNN", {"nonlinearity": "relu"}),
    ("LSTM", {"proj_size": 2}),
    ("LSTM", {"proj_size": 2, "num_layers": 2, "bidirectional": True, "bias": False}),
]


def values(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def layer_and_twin(pytorch, name, *args, **options):
    theirs = getattr(pytorch.nn, name)(*args, dtype=pytorch.float64, **options)
    ours = getattr(minigrad.nn, name)(*args, dtype=minigrad.float64, **options)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict({k: minigrad.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    return (minigrad, ours), (pytorch, theirs)


def flat(x):
    return [part for y in x for part in flat(y)] if isinstance(x, (tuple, list)) else [x]


def derivatives(lib, results, leaves):
    """All floating results, the gradients of a function of them, and the gradients of those."""
    total = sum((y * y.cos()).sum() for y in results if y.dtype == lib.float64)
    first = lib.autograd.grad(total, leaves, create_graph=True)
    second = lib.autograd.grad(sum((g * g.sin()).sum() for g in first), leaves)
    return [y.detach().numpy() for y in (*results, *first, *second)]


def same(ours, theirs):
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("how", ["batched", "one sequence", "packed", "packed unsorted"])
@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize(("kind", "options"), CASES, ids=str)
def test_layers(pytorch, kind, options, with_state, how):
    pair = layer_and_twin(pytorch, kind, 3, 5, **options)
    layers = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    batch = () if how == "one sequence" else (4,)
    batch_first = options.get("batch_first", False)
    shape = (6, 3) if not batch else (4, 6, 3) if batch_first else (6, 4, 3)
    sizes = [options.get("proj_size", 5), 5][: 1 + (kind == "LSTM")]
    found, strides = [], []
    for lib, layer in pair:
        rnn = lib.nn.utils.rnn
        x = lib.tensor(values(*shape), requires_grad=True)
        h = [
            lib.tensor(values(layers, *batch, size, seed=1 + i), requires_grad=True)
            for i, size in enumerate(sizes)
        ]
        given = x
        if how == "packed":
            given = rnn.pack_padded_sequence(x, [6, 4, 4, 1], batch_first)
        elif how == "packed unsorted":
            lengths = lib.tensor([2, 5, 1, 5])
            given = rnn.pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False)
        state = tuple(h) if kind == "LSTM" else h[0]
        out, last = layer(given, state) if with_state else layer(given)
        results = flat((out, last))
        if given is not x:
            results = [t for t in results if t is not None]
            results += rnn.pad_packed_sequence(out, batch_first, padding_value=2.0, total_length=7)
        else:
            strides.append([t.stride() for t in results])
        leaves = [x, *layer.parameters(), *(h if with_state else [])]
        found.append(derivatives(lib, results, leaves))
    same(*found)
    assert not strides or strides[0] == strides[1]


@pytest.mark.parametrize("options", [{}, {"bias": False}])
@pytest.mark.parametrize("batch", [(), (4,)])
@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
def test_cells(pytorch, kind, with_state, batch, options):
    found = []
    for lib, cell in layer_and_twin(pytorch, kind, 3, 5, **options):
        x = lib.tensor(values(*batch, 3), requires_grad=True)
        h = [
            lib.tensor(values(*batch, 5, seed=i), requires_grad=True) for i in (1, 2)[: 1 + ("LSTM" in kind)]
        ]
        state = tuple(h) if kind == "LSTMCell" else h[0]
        results = flat(cell(x, state) if with_state else cell(x))
        found.append(derivatives(lib, results, [x, *cell.parameters(), *(h if with_state else [])]))
    same(*found)


BAD = """
nn.RNN(0, 3) | nn.RNN(3, 0) | nn.RNN(3, 3, 0) | nn.RNN(3.0, 3) | nn.RNN(3, 3.0) | nn.RNN(3, 3, 1.0)
nn.RNN(-1, 3) | nn.RNN(3, 3, 1, 'gelu') | nn.GRU(3, 3, nonlinearity='tanh') | nn.LSTM(3, 3, proj_size=3)
nn.LSTM(3, 3, proj_size=-1) | nn.LSTM(3, 3, dropout=2) | nn.LSTM(3, 3, dropout=True)
nn.LSTM(3, 3, 1, 1) | nn.LSTM(3, 3, batch_first=1) | nn.LSTM(3, 3)(t(3)) | nn.LSTM(3, 3)(t(2, 2, 2, 3))
nn.LSTM(3, 3)(t(2, 2, 4)) | nn.LSTM(3, 3)(t(2, 4)) | nn.LSTM(3, 3)(t(2, 2, 3).double())
nn.LSTM(3, 3)(t(2, 2, 3).long()) | nn.LSTM(3, 3)(t(2, 2, 3), (t(1, 2, 3), t(2, 3)))
nn.LSTM(3, 3)(t(2, 2, 3), (t(1, 2, 3), t(1, 1, 3))) | nn.LSTM(3, 3)(t(2, 3), (t(1, 2, 3), t(1, 2, 3)))
nn.LSTM(3, 3)(t(2, 2, 3), (t(1, 2, 3), t(1, 2, 3).double())) | nn.LSTM(3, 3)(t(2, 3), (t(1, 3), t(2, 3)))
nn.GRU(3, 3)(t(2, 3), t(1, 2, 3)) | nn.GRU(3, 3)(t(2, 2, 3), t(1, 3)) | nn.GRU(3, 3)(t(2, 2, 3), t(2, 2, 3))
nn.GRU(3, 3)(t(0, 2, 3)) | nn.RNN(3, 3)(t(0, 3)) | nn.RNNCell(3, -1)
nn.RNNCell(3, 3, True, 'gelu')(t(2, 3)) | nn.RNNCell(3, 3)(t(2, 2, 3)) | nn.RNNCell(3, 3)(t(2, 4))
nn.RNNCell(3, 3)(t(2, 3), t(2, 4)) | nn.RNNCell(3, 3)(t(2, 3), t(1, 3)) | nn.RNNCell(3, 3)(t(3), t(1, 3))
nn.RNNCell(3, 3)(t(2, 3).double()) | nn.GRUCell(3, 3)(t(2, 3), t(2, 3).double())
nn.GRU(1, 2)(R.pack_sequence([t(2)])) | nn.GRU(1, 2)(R.pack_sequence([t(2, 1)]), t(1, 2))
nn.GRU(1, 2)(R.pack_sequence([t(2, 1)]), t(1, 2, 2)) | R.pack_padded_sequence(t(3, 2), [2, 3])
R.pack_padded_sequence(t(3, 2), [3, 0]) | R.pack_padded_sequence(t(3, 2), [3])
R.pack_padded_sequence(t(0, 2), [3, 1]) | R.pack_padded_sequence(t(3, 2), 3) | R.pack_sequence([])
R.pack_padded_sequence(t(3, 2), [-1, 2], enforce_sorted=False) | R.pack_sequence([t(1), t(2)])
R.pack_sequence([t(2), t(1, 3)]) | R.pad_sequence([]) | R.pad_sequence(3)
R.pad_sequence([t(2), t(1)], padding_side='up')
R.pad_packed_sequence(R.pack_sequence([t(2)]), total_length=1) | R.unpad_sequence(t(2, 3), torch.tensor([1]))
R.PackedSequence(t(2))
"""


@pytest.mark.parametrize("code", [c.strip() for line in BAD.strip().splitlines() for c in line.split("|")])
def test_both_raise_an_error_of_one_class(pytorch, code):
    errors = []
    for lib in (minigrad, pytorch):
        scope = {"torch": lib, "nn": lib.nn, "R": lib.nn.utils.rnn, "t": lib.ones}
        with pytest.raises(Exception) as caught:  # noqa: PT011 (its class is what is compared)
            eval(code, scope)
        errors.append(caught.type)
    assert issubclass(errors[0], errors[1])


def test_padding_and_packing(pytorch):
    found = []
    for lib in (minigrad, pytorch):
        rnn = lib.nn.utils.rnn
        xs = [lib.tensor(values(n, 2, seed=n), requires_grad=True) for n in (2, 4, 1)]
        whole = [lib.tensor([1, 2]), lib.tensor([3])]
        packed = rnn.pack_sequence(xs, enforce_sorted=False)
        results = [
            rnn.pad_sequence(xs, padding_value=7.0), rnn.pad_sequence(xs, True, 7.0, "left"), *packed,
            *rnn.pad_packed_sequence(packed), *rnn.unpack_sequence(packed), *rnn.pack_sequence(whole)[:2],
            rnn.pad_sequence(whole), rnn.invert_permutation(packed.sorted_indices),
            *rnn.unpad_sequence(rnn.pad_sequence(xs, True), lib.tensor([2, 4, 1]), True),
        ]  # fmt: skip
        found.append(derivatives(lib, results, xs))
    same(*found)
