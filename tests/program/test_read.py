"""Whole numbers that Python reads within a compiled call: the guards compare them, and others trace anew."""

import warnings

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn
from minigrad.nn import functional as F

rnn = nn.utils.rnn


def longest(x, lengths):
    return x[:, : int(lengths.max())].sum(1)


def last_steps(x, lengths):
    return torch.stack([x[i, n - 1] for i, n in enumerate(lengths)])


def listed(x, lengths):
    return torch.cat([row[:n].mean(0, keepdim=True) for row, n in zip(x, lengths.tolist(), strict=True)])


def branching(x, lengths):
    return x * 2 if (lengths == 5).any() else x * 3


def selected(x, lengths):
    kept = torch.arange(x.size(1))[None] < lengths[:, None]
    return x[kept].sum(0)


def through_numpy(x, lengths):
    return x[np.argsort(lengths.numpy())]


def cut(x, lengths):
    return torch.cat(x.reshape(-1, 2).split([*lengths.tolist(), 15 - int(lengths.sum())])[:2])


NET = nn.LSTM(2, 3, batch_first=True)


def packed(x, lengths):
    out, (h, _) = NET(rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
    return rnn.pad_packed_sequence(out, batch_first=True)[0].sum(1), h[-1]


READERS = [longest, last_steps, listed, branching, selected, through_numpy, cut, packed]


@pytest.mark.parametrize("function", READERS, ids=lambda f: f.__name__)
def test_lengths_that_are_read_are_compared_at_each_call(function):
    compiled, draw = torch.compile(function, fullgraph=True), np.random.default_rng(0)
    of_each = {}
    for lengths in ([2, 5, 3], [2, 5, 3], [4, 1, 2], [2, 5, 3], [4, 1, 2]):
        data = draw.standard_normal((3, 5, 2)).astype("f4")
        a, b = (torch.from_numpy(data.copy()).requires_grad_() for _ in range(2))
        for call, x in ((function, a), (compiled, b)):
            outs = call(x, torch.tensor(lengths))
            outs = outs if isinstance(outs, tuple) else (outs,)
            sum((y * y).sum() for y in outs).backward()
            of_each[call] = [*[y.detach().numpy() for y in outs], x.grad.numpy()]
        for wanted, got in zip(*of_each.values(), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
    assert len(compiled._calls.runners) == 2


def test_a_buffer_that_is_read_is_compared_too():
    class Rows(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("n", torch.tensor(2))

        def forward(self, x):
            return x[: int(self.n)] * 2

    net = Rows()
    compiled = torch.compile(net, fullgraph=True)
    x = torch.arange(4.0)
    assert compiled(x).tolist() == compiled(x).tolist() == [0, 2]
    net.n += 1
    assert compiled(x).tolist() == compiled(x).tolist() == [0, 2, 4]
    net.n = torch.tensor(1)
    assert compiled(x).tolist() == [0]


ENDING = {
    "a float": lambda x, _: x * float(x.detach().sum()),
    "of floats": lambda x, _: x[: int((x.detach() > 0).sum())] * 2,
    "drawn": lambda x, _: x * int(torch.randint(0, 9, ())),
    "written before": lambda x, n: (n.add_(1), x * int(n))[1],
    "written after": lambda x, n: (x * int(n), n.add_(1))[0],
    "an address": lambda x, n: x * (n.data_ptr() % 7),
}


@pytest.mark.parametrize("name", ENDING)
def test_other_reads_end_the_trace(name):
    compiled = torch.compile(ENDING[name])
    torch.manual_seed(0)
    wanted = [ENDING[name](torch.arange(3.0), torch.tensor(k)).tolist() for k in range(3)]
    torch.manual_seed(0)
    with pytest.warns(UserWarning, match="runs eagerly"):
        got = [compiled(torch.arange(3.0), torch.tensor(k)).tolist() for k in range(3)]
    assert name == "an address" or got == wanted


def test_a_program_whose_numbers_always_change_is_not_made_for_ever():
    compiled = torch.compile(longest)
    x = torch.ones(1, 20, 2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for n in range(1, 15):
            assert compiled(x, torch.tensor([n])).tolist() == [[n, n]]
    assert len(compiled._calls.runners) == 8 and len(caught) == 1


def test_an_array_that_numpy_has_read_is_not_written_unseen():
    def shortened(x, lengths):
        lengths.numpy()[0] = 1
        return x * lengths

    compiled = torch.compile(shortened)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(3):
            n = torch.tensor([4, 2])
            assert compiled(torch.ones(2), n).tolist() == [1, 2] and n.tolist() == [1, 2]


SCORES = torch.arange(36.0).view(3, 3, 4)


def chain(tags):
    y = SCORES.clone()
    y[0, tags[0] % 3] = 0
    y[tags[1] % 3, 1, tags[0] % 4] += 1
    return sum(SCORES[t - 1, tags[t] % 3, tags[t - 1] % 4] for t in range(1, 3)), y


DATA = {
    "indices beside numbers": chain,
    "a table": lambda t: F.embedding(t % 5, torch.eye(5)),
    "bags": lambda t: F.embedding_bag(t.view(-1) % 5, torch.eye(5), torch.tensor([0, 2, 2]), padding_idx=1),
    "alignments": lambda t: F.ctc_loss(torch.zeros(4, 3, 6), t[:, :2] % 5 + 1, (4, 4, 3), (2, 1, 1)),
    "hits": lambda t: (t % 4 == 1).sum() + F.one_hot(t % 5, 5).sum(0),
    "places": lambda t: torch.zeros(5).scatter_add_(0, t[0] % 5, torch.ones(4)),
    "classes": lambda t: F.cross_entropy(torch.eye(4), t[0] % 4),
}  # fmt: skip


@pytest.mark.parametrize("name", DATA)
def test_whole_numbers_that_are_data_are_not_compared(name):
    compiled, draw = torch.compile(DATA[name], fullgraph=True), np.random.default_rng(0)
    for _ in range(4):
        data = torch.from_numpy(draw.integers(0, 60, (3, 4)))
        wanted, got = DATA[name](data), compiled(data)
        for a, b in zip(*(y if isinstance(y, tuple) else (y,) for y in (wanted, got)), strict=True):
            np.testing.assert_allclose(b.numpy(), a.numpy(), rtol=1e-6)
    assert len(compiled._calls.runners) == 1
