"""Tensors of inference mode: which they are, and that they stay out of every graph."""

# ruff: noqa: ARG005 (every maker in a table takes the library and the inputs)

import copy
import io
import pickle

import numpy as np
import pytest

import minigrad as torch


class Inputs:
    """The tensors that the makers below start from, in either library."""

    def __init__(self, library):
        self.x = library.tensor([[1.0, 3.0, 2.0], [5.0, 4.0, 6.0]])
        self.i = library.tensor([1, 0, 1])
        self.spd = library.tensor([[2.0, 1.0], [1.0, 3.0]])
        self.w = library.ones(2, requires_grad=True)
        self.linear = library.nn.Linear(3, 2)
        self.rows = library.utils.data.TensorDataset(self.x)
        self.file = io.BytesIO()
        library.save(self.x, self.file)

    def loaded(self, library):
        self.file.seek(0)
        return library.load(self.file)


# The results of these share the memory of their first input, and are of its kind.
SHARING = {
    "detach": lambda t, a: [a.x.detach(), a.w.detach(), a.linear.weight.detach()],
    "data": lambda t, a: [a.x.data, a.w.data, a.linear.weight.data],
    "view": lambda t, a: [a.x.view(-1), a.x.reshape(-1), a.x.flatten(), a.x.view_as(a.x), a.x[:, None]],
    "view ops": lambda t, a: [a.x.T, a.x[0], a.x.diagonal(), a.x.squeeze(), a.x.expand(2, 2, 3)],
    "pieces": lambda t, a: [*a.x.split(1), *a.x.chunk(2), *a.x.unbind(), *a.x, *t.broadcast_tensors(a.x)],
    "itself": lambda t, a: [a.x.to(t.float32), a.x.cpu(), a.x.float(), a.x.contiguous(), a.x.add_(0)],
    "as_tensor": lambda t, a: [t.as_tensor(a.x), t.Tensor(a.x), t.nn.Parameter(a.x), t.nn.Buffer(a.x)],
    "out": lambda t, a: [t.add(a.x, 0, out=a.x)],
    "module": lambda t, a: [a.linear.weight, *a.linear.state_dict().values()],
    "dataset": lambda t, a: [a.rows[0]],
}

MAKERS = {
    "pattern": lambda t, a: [t.zeros(2), t.ones(2), t.empty(2), t.eye(2), t.full((2,), 1.0)],
    "ranges": lambda t, a: [t.arange(3), t.linspace(0, 1, 3), t.logspace(0, 1, 3), t.tril_indices(2, 2)],
    "windows": lambda t, a: [t.hann_window(3), t.hamming_window(3), t.blackman_window(3)],
    "data": lambda t, a: [t.tensor([1.0]), t.tensor(np.ones(2)), t.scalar_tensor(1.0), t.as_tensor([1.0])],
    "arrays": lambda t, a: [t.from_numpy(np.ones(2)), t.as_tensor(np.ones(2)), t.asarray(np.ones(2))],
    "buffer": lambda t, a: [t.frombuffer(bytearray(8), dtype=t.float32)],
    "classes": lambda t, a: [t.Tensor(2), t.Tensor([1.0]), t.FloatTensor([1.0]), t.LongTensor([1])],
    "like": lambda t, a: [t.zeros_like(a.x), t.ones_like(a.w), t.randn_like(a.x), t.full_like(a.x, 2)],
    "new": lambda t, a: [a.x.new([1.0]), a.x.new(2), a.x.new_zeros(2), a.x.new_ones(2), a.x.new_empty(2)],
    "new from": lambda t, a: [a.x.new_full((2,), 1.0), a.x.new_tensor([1.0])],
    "grad asked for": lambda t, a: [t.ones(2, requires_grad=True), a.x.clone().requires_grad_()],
    "modules": lambda t, a: [t.nn.Parameter(t.ones(2)), t.nn.Linear(2, 2).weight, t.nn.Buffer(t.ones(2))],
    "module's buffer": lambda t, a: [t.nn.BatchNorm1d(2).running_mean, t.nn.Parameter(t.ones(2)).data],
    "copies": lambda t, a: [a.x.clone(), a.w.clone(), copy.copy(a.x), copy.deepcopy(a.x), copy.deepcopy(a.w)],
    "files": lambda t, a: [pickle.loads(pickle.dumps(a.x)), a.loaded(t), copy.deepcopy(a.linear).weight],
    "dtypes": lambda t, a: [a.x.double(), a.x.long(), a.x.bool(), a.x.to(t.float32, copy=True)],
    "arithmetic": lambda t, a: [a.x * 2, a.w * 2, -a.x, a.i + 1, a.i // 2, a.x**0, a.x.clamp(2), a.x + a.x],
    "in place": lambda t, a: [a.x.clone().add_(1), a.x.clone().uniform_(), t.add(a.x, 1, out=t.empty(2, 3))],
    "comparisons": lambda t, a: [a.x == a.x, a.x < 2, t.isnan(a.x), t.logical_not(a.x), ~(a.x > 1)],
    "logic": lambda t, a: [(a.x > 1) & (a.x > 2), a.x.any(), a.x.all(0), a.i << 1, t.isclose(a.x, a.x)],
    "counts": lambda t, a: [t.bincount(a.i), t.count_nonzero(a.x), t.histc(a.x), *t.histogram(a.x, 3)],
    "places": lambda t, a: [a.x.nonzero(), *a.x.nonzero(as_tuple=True), *t.where(a.x > 1), t.argwhere(a.x)],
    "search": lambda t, a: [t.bucketize(a.x, a.x[0].sort()[0]), t.searchsorted(a.w, a.x), t.isin(a.i, a.i)],
    "chosen": lambda t, a: [*a.x.max(0), *a.x.sort(), *a.x.topk(1), *a.x.median(0), a.x.argmax()],
    "more chosen": lambda t, a: [
        *a.x.kthvalue(1),
        *a.x.mode(),
        *a.x.cummax(0),
        a.x.argsort(),
        *t.aminmax(a.x),
    ],
    "unique": lambda t, a: [*a.x.unique(return_inverse=True, return_counts=True), t.unique_consecutive(a.x)],
    "indexed": lambda t, a: [a.x[:, a.i], a.x[a.x > 2], a.x.gather(0, a.i[None]), a.x.masked_select(a.x > 1)],
    "joined": lambda t, a: [t.cat([a.x, a.x]), t.stack([a.x]), t.block_diag(a.x, a.x), t.combinations(a.i)],
    "parts": lambda t, a: [
        *t.frexp(a.x),
        t.heaviside(a.x, a.x),
        *t.std_mean(a.x),
        a.x.sum(),
        a.x.t().reshape(-1),
    ],
    "random": lambda t, a: [t.rand(2), t.randperm(3), t.randint(3, (2,)), t.normal(a.x, 1.0), t.poisson(a.x)],
    "drawn": lambda t, a: [t.bernoulli(a.x / 10), t.multinomial(a.x, 2), t.nn.functional.dropout(a.x)],
    "solved": lambda t, a: [
        *t.linalg.inv_ex(a.spd),
        *t.linalg.cholesky_ex(a.spd),
        *t.linalg.lstsq(a.spd, a.spd),
    ],
    "factors": lambda t, a: [
        *t.linalg.slogdet(a.spd),
        *t.linalg.eigh(a.spd),
        *t.linalg.svd(a.spd),
        t.det(a.spd),
    ],
    "ranks": lambda t, a: [
        t.linalg.matrix_rank(a.spd),
        t.linalg.matrix_power(a.spd, 0),
        t.linalg.vander(a.x),
    ],
    "functional": lambda t, a: [
        t.nn.functional.one_hot(a.i, 2),
        t.nn.functional.embedding(a.i, a.x),
        t.nn.functional.pdist(a.x),
        *t.nn.functional.max_pool1d(a.x, 2, return_indices=True),
        t.nn.functional.cross_entropy(a.x, a.i[:2]),
        t.nn.functional.rrelu(a.x, training=True),
        t.nn.functional.gumbel_softmax(a.x),
        t.nn.functional.pad(a.x, (1, 1)),
        t.nn.functional.batch_norm(a.x, None, None, training=True),
    ],
    "layers": lambda t, a: [a.linear(a.x), t.nn.LSTM(3, 2)(a.x)[0], t.nn.Embedding(2, 3)(a.i)],
    "masks": lambda t, a: [t.nn.Transformer.generate_square_subsequent_mask(2)],
    "sequences": lambda t, a: [
        t.nn.utils.rnn.pack_sequence([t.ones(2), t.ones(1)]).batch_sizes,
        t.nn.utils.rnn.pad_sequence([t.ones(2), t.ones(1)]),
    ],
    "loader": lambda t, a: [next(iter(t.utils.data.DataLoader(a.rows, batch_size=2)))[0]],
    "collate": lambda t, a: [t.utils.data.default_collate([1.0, 2.0])],
    "distributions": lambda t, a: [
        t.distributions.Normal(a.x, a.x).rsample(),
        t.distributions.Uniform(0.0, 1.0).sample(),
        t.distributions.Categorical(a.x).sample(),
        t.distributions.Categorical(a.x).enumerate_support(),
        t.distributions.Bernoulli(a.x / 10).sample(),
        t.distributions.Geometric(a.x / 10).sample(),
        t.distributions.Binomial(3, a.x / 10).sample(),
        t.distributions.Poisson(a.x).sample(),
        t.distributions.Multinomial(3, a.x).sample(),
        t.distributions.OneHotCategorical(a.x).sample(),
        t.distributions.Gamma(a.x, a.x).rsample(),
        t.distributions.Beta(a.x, a.x).sample(),
        t.distributions.Dirichlet(a.x).sample(),
        t.distributions.StudentT(3.0).sample(),
        t.distributions.LKJCholesky(2, 1.0).sample(),
    ],
}


def flat(results):
    return [x for r in results for x in (r if isinstance(r, tuple) else (r,))]


@pytest.mark.parametrize("name", MAKERS)
def test_all_that_is_made_in_inference_mode_is_of_it(name):
    ordinary = Inputs(torch)
    with torch.inference_mode():
        made = flat(MAKERS[name](torch, ordinary)) + flat(MAKERS[name](torch, Inputs(torch)))
        with torch.inference_mode(False):
            outside = flat(MAKERS[name](torch, ordinary))
    assert [torch.is_inference(x) for x in made] == [True] * len(made)
    assert all(x.is_leaf and x.grad_fn is None for x in made)
    assert [x.is_inference() for x in outside] == [False] * len(outside)


@pytest.mark.parametrize("name", SHARING)
def test_a_tensor_that_shares_memory_is_of_the_kind_of_its_source(name):
    ordinary = Inputs(torch)
    with torch.inference_mode():
        own = Inputs(torch)
        inside, of_own = flat(SHARING[name](torch, ordinary)), flat(SHARING[name](torch, own))
    assert [x.is_inference() for x in inside] == [False] * len(inside)
    assert [x.is_inference() for x in of_own] == [True] * len(of_own)
    if name not in ("as_tensor", "itself", "out"):  # which write, or start recording
        of_own = flat(SHARING[name](torch, own))
        assert [x.is_inference() for x in of_own] == [True] * len(of_own)


@pytest.mark.parity
@pytest.mark.parametrize("name", [*MAKERS, *SHARING])
def test_the_kinds_of_tensors_are_pytorchs(pytorch, name):
    kinds = []
    for library in (pytorch, torch):
        makers = [table[name] for table in (MAKERS, SHARING) if name in table]
        ordinary = Inputs(library)
        with library.inference_mode():
            own = Inputs(library)
            made = [x for make in makers for a in (ordinary, own) for x in flat(make(library, a))]
            with library.inference_mode(False):
                made += [x for make in makers for x in flat(make(library, ordinary))]
        kinds.append([(x.is_inference(), x.requires_grad and x.is_leaf, x.dtype) for x in made])
    assert [(a, b, str(c)) for a, b, c in kinds[0]] == [(a, b, str(c)) for a, b, c in kinds[1]]


def test_a_module_built_in_inference_mode_cannot_be_trained_outside():
    with torch.inference_mode():
        layer = torch.nn.Linear(2, 1)
        assert isinstance(layer.weight, torch.nn.Parameter) and layer.weight.requires_grad
        assert [type(p) for p in copy.deepcopy(layer).parameters()] == [type(layer.weight)] * 2
        layer.load_state_dict(layer.state_dict())
        layer.double().float()
        layer.weight.grad = torch.ones(1, 2)
        before = layer.weight.clone()
        torch.optim.SGD(layer.parameters(), lr=0.5).step()
        assert torch.equal(layer.weight, before - 0.5)
        layer.weight.grad = None
    x = torch.ones(1, 2, requires_grad=True)
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        layer(x)
    with torch.no_grad(), pytest.raises(RuntimeError, match="Inplace update to inference tensor outside"):
        layer.weight.fill_(1)
    fresh = copy.deepcopy(layer)
    assert type(fresh.weight) is torch.nn.Parameter and not fresh.weight.is_inference()
    fresh(x).sum().backward()
    assert fresh.weight.grad.tolist() == [[1.0, 1.0]]
    assert not layer.double().weight.is_inference()  # a change of dtype makes ordinary parameters


def test_tensors_of_inference_mode_alone_are_not_recorded_outside():
    with torch.inference_mode():
        w = torch.ones(2, requires_grad=True)
    for result in (w * w, w.exp(), w.sum(), w[0], torch.cat([w, w])):
        assert not result.requires_grad and result.is_leaf


def test_a_gradient_first_looked_at_in_inference_mode_is_ordinary():
    w = torch.ones(2, requires_grad=True)
    (w * 2).sum().backward()
    with torch.inference_mode():
        assert not w.grad.is_inference()
    w.grad.zero_()


def test_a_view_of_a_tensor_of_inference_mode_is_one_outside_and_a_clone_is_not():
    with torch.inference_mode():
        x = torch.ones(2, 2)
    for view in (x[0], x.T, x.view(4), x.detach(), x.data, x.expand(2, 2, 2)):
        assert view.is_inference()
    for fresh in (x.clone(), x + 1, x.sum(0), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert type(fresh) is torch.Tensor and not fresh.is_inference()


def test_a_tensor_of_inference_mode_cannot_be_saved_for_backward():
    w = torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        x = torch.tensor([3.0, 4.0])
    for call in (
        lambda: x * w,
        lambda: w * x,
        lambda: torch.where(w > 0, w * x, w),
        lambda: torch.nn.functional.linear(x[None], w[None], w[:1]),
        lambda: w.gather(0, x.long() * 0) * x,
    ):
        with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
            call()
    (w + x).sum().backward()  # nothing is saved
    (x.clone() * w).sum().backward()
    assert w.grad.tolist() == [4.0, 5.0]
    with torch.no_grad():
        assert (x * w).tolist() == [3.0, 4.0]


def test_a_function_cannot_save_a_tensor_of_inference_mode():
    class Times(torch.autograd.Function):
        @staticmethod
        def forward(ctx, w, x):
            ctx.save_for_backward(x)
            return w * x

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0], None

    w = torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        x = torch.ones(2)
        assert Times.apply(w, x).is_inference()
    with pytest.raises(RuntimeError, match=r"cannot be saved for backward: Times .* shape \(2,\)"):
        Times.apply(w, x)
    assert Times.apply(w, x.clone()).requires_grad


def test_a_tensor_of_inference_mode_is_not_written_outside():
    with torch.inference_mode():
        x = torch.ones(2)
        x.add_(1)
        x[0] = 5
        x.view(2, 1).mul_(2)
        x.requires_grad_()
        x.requires_grad_(False)
    before = x.tolist()
    for write in (
        lambda: x.add_(1),
        lambda: x.__setitem__(0, 1),
        x[:1].zero_,
        x.normal_,
        lambda: x.copy_(torch.ones(2)),
        lambda: x.detach().mul_(2),
    ):
        for mode in (torch.enable_grad, torch.no_grad):
            with mode(), pytest.raises(RuntimeError, match="Inplace update to inference tensor outside"):
                write()
    with pytest.raises(RuntimeError, match="Setting requires_grad=True on inference tensor"):
        x.requires_grad_()
    assert x.tolist() == before == [10.0, 4.0]


def test_an_ordinary_tensor_is_written_in_inference_mode():
    x = torch.zeros(2)
    with torch.inference_mode():
        x.add_(torch.ones(2))
        x[0] += 1
    x.mul_(2)
    assert x.tolist() == [4.0, 2.0] and not x.is_inference()
