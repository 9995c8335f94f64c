"""Layers and losses beside PyTorch's: printed form, names, values, gradients."""

import numpy as np
import pytest

import minigrad

pytestmark = pytest.mark.parity

LAYERS = {
    "Linear": (lambda nn: nn.Linear(3, 4), [(5, 3)]),
    "Linear, no bias": (lambda nn: nn.Linear(3, 4, bias=False), [(2, 5, 3)]),
    "Linear, one sample": (lambda nn: nn.Linear(3, 4), [(3,)]),
    "Bilinear": (lambda nn: nn.Bilinear(3, 2, 4), [(5, 3), (5, 2)]),
    "Bilinear, more dims": (lambda nn: nn.Bilinear(3, 2, 4, bias=False), [(2, 5, 3), (2, 5, 2)]),
    "Identity": (lambda nn: nn.Identity(3, unused=1), [(5, 3)]),
    "Flatten": (lambda nn: nn.Flatten(), [(5, 3, 2)]),
    "Flatten, some": (lambda nn: nn.Flatten(0, 1), [(5, 3, 2)]),
    "ReLU": (lambda nn: nn.ReLU(), [(5, 3)]),
    "LeakyReLU": (lambda nn: nn.LeakyReLU(0.2), [(5, 3)]),
    "ELU": (lambda nn: nn.ELU(1.5), [(5, 3)]),
    "SELU": (lambda nn: nn.SELU(), [(5, 3)]),
    "GELU": (lambda nn: nn.GELU(), [(5, 3)]),
    "GELU, tanh": (lambda nn: nn.GELU(approximate="tanh"), [(5, 3)]),
    "SiLU": (lambda nn: nn.SiLU(), [(5, 3)]),
    "Softplus": (lambda nn: nn.Softplus(2, 1), [(5, 3)]),
    "Hardtanh": (lambda nn: nn.Hardtanh(-0.5, 0.7), [(5, 3)]),
    "LogSigmoid": (lambda nn: nn.LogSigmoid(), [(5, 3)]),
    "Sigmoid": (lambda nn: nn.Sigmoid(), [(5, 3)]),
    "Tanh": (lambda nn: nn.Tanh(), [(5, 3)]),
    "Softmax": (lambda nn: nn.Softmax(dim=1), [(5, 3)]),
    "LogSoftmax": (lambda nn: nn.LogSoftmax(dim=-1), [(5, 3)]),
    "Dropout, eval": (lambda nn: nn.Dropout(0.3).eval(), [(5, 3)]),
    "Dropout, none": (lambda nn: nn.Dropout(0.0), [(5, 3)]),
    "BatchNorm1d": (lambda nn: nn.BatchNorm1d(3), [(5, 3)]),
    "BatchNorm1d, 3-d": (lambda nn: nn.BatchNorm1d(3, eps=1e-3, momentum=0.3), [(5, 3, 2)]),
    "BatchNorm1d, average": (lambda nn: nn.BatchNorm1d(3, momentum=None), [(5, 3)]),
    "BatchNorm1d, plain": (lambda nn: nn.BatchNorm1d(3, affine=False), [(5, 3)]),
    "BatchNorm1d, eval": (lambda nn: nn.BatchNorm1d(3).eval(), [(5, 3)]),
    "BatchNorm1d, no stats": (lambda nn: nn.BatchNorm1d(3, track_running_stats=False).eval(), [(5, 3)]),
    "LayerNorm": (lambda nn: nn.LayerNorm(3), [(5, 3)]),
    "LayerNorm, two": (lambda nn: nn.LayerNorm([3, 2], eps=1e-3, bias=False), [(5, 3, 2)]),
    "LayerNorm, plain": (lambda nn: nn.LayerNorm(3, elementwise_affine=False), [(5, 3)]),
    "Sequential": (
        lambda nn: nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Tanh(), nn.LayerNorm(4)), nn.Linear(4, 2)),
        [(5, 3)],
    ),
}

PRINTED = {
    "in place": lambda nn: nn.ModuleList([nn.ReLU(True), nn.LeakyReLU(0.1, True), nn.ELU(2, True)]),
    "in place too": lambda nn: nn.ModuleList([nn.SELU(True), nn.SiLU(True), nn.Hardtanh(0, 6, inplace=True)]),
    "empty": lambda nn: nn.ModuleList([nn.Sequential(), nn.ModuleList(), nn.ModuleDict()]),
    "runs": lambda nn: nn.ModuleList([nn.Linear(1, 2), nn.Linear(1, 2), nn.ReLU(), nn.Linear(1, 2)]),
    "nested runs": lambda nn: nn.ModuleList([nn.Sequential(nn.ReLU(), nn.Linear(1, 1)) for _ in range(3)]),
    "dict": lambda nn: nn.ModuleDict({"a": nn.Embedding(3, 4), "b": nn.Embedding(3, 4, padding_idx=1)}),
    "softmax": lambda nn: nn.ModuleList([nn.Softmax(), nn.Softmax(dim=0), nn.LogSoftmax()]),
    "losses": lambda nn: nn.ModuleList([nn.MSELoss(), nn.HuberLoss(), nn.CrossEntropyLoss(), nn.KLDivLoss()]),
}


def copy_weights(torch, theirs, ours):
    """Draw weights, put them in both."""
    rng = np.random.default_rng(0)
    with torch.no_grad():
        for p in theirs.parameters():
            p.copy_(torch.from_numpy(rng.standard_normal(p.shape)))
    state = {name: minigrad.from_numpy(t.numpy().copy()) for name, t in theirs.state_dict().items()}
    ours.load_state_dict(state)


def close(ours, theirs, what=""):
    ours, theirs = ours.detach().numpy(), theirs.detach().numpy()
    assert ours.shape == theirs.shape, what
    assert ours.dtype == theirs.dtype, what
    np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-6, err_msg=what)


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name):
    torch = pytest.importorskip("torch")
    make, shapes = LAYERS[name]
    theirs, ours = make(torch.nn), make(minigrad.nn)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    copy_weights(torch, theirs, ours)
    rng = np.random.default_rng(1)
    arrays = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
    for _ in range(2):  # twice, for what a layer remembers
        xs = [minigrad.tensor(a, requires_grad=True) for a in arrays]
        ys = [torch.tensor(a, requires_grad=True) for a in arrays]
        our_out, their_out = ours(*xs), theirs(*ys)
        close(our_out, their_out, "output")
        g = rng.standard_normal(tuple(their_out.shape)).astype(np.float32)
        our_out.backward(minigrad.tensor(g))
        their_out.backward(torch.tensor(g))
        for x, y in zip(xs, ys, strict=True):
            close(x.grad, y.grad, "gradient of the input")
    for (name_, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        close(p.grad, q.grad, f"gradient of {name_}")
    for (name_, b), c in zip(ours.named_buffers(), theirs.buffers(), strict=True):
        close(b, c, name_)


@pytest.mark.parametrize("name", PRINTED)
def test_printed_form(name):
    torch = pytest.importorskip("torch")
    assert repr(PRINTED[name](minigrad.nn)) == repr(PRINTED[name](torch.nn))


def test_embedding():
    torch = pytest.importorskip("torch")
    theirs, ours = (lib.nn.Embedding(5, 3, padding_idx=1) for lib in (torch, minigrad))
    copy_weights(torch, theirs, ours)
    index = [[0, 1, 4], [4, 4, 2]]
    out, expected = ours(minigrad.tensor(index)), theirs(torch.tensor(index))
    close(out, expected)
    (out * out).sum().backward()
    (expected * expected).sum().backward()
    close(ours.weight.grad, theirs.weight.grad)


LOSSES = {
    "MSELoss": ((lambda nn, _, r: nn.MSELoss(reduction=r)), "real"),
    "L1Loss": ((lambda nn, _, r: nn.L1Loss(reduction=r)), "real"),
    "SmoothL1Loss": ((lambda nn, _, r: nn.SmoothL1Loss(reduction=r)), "real"),
    "SmoothL1Loss, beta": ((lambda nn, _, r: nn.SmoothL1Loss(reduction=r, beta=0.3)), "real"),
    "HuberLoss": ((lambda nn, _, r: nn.HuberLoss(reduction=r, delta=0.4)), "real"),
    "CrossEntropyLoss": ((lambda nn, _, r: nn.CrossEntropyLoss(reduction=r)), "class"),
    "CrossEntropyLoss, options": (
        (
            lambda nn, t, r: nn.CrossEntropyLoss(
                t([0.5, 1.0, 2.0]), reduction=r, ignore_index=1, label_smoothing=0.2
            )
        ),
        "class",
    ),
    "CrossEntropyLoss, probabilities": (
        (lambda nn, t, r: nn.CrossEntropyLoss(t([0.5, 1.0, 2.0]), reduction=r, label_smoothing=0.1)),
        "distribution",
    ),
    "NLLLoss": ((lambda nn, t, r: nn.NLLLoss(t([0.5, 1.0, 2.0]), reduction=r, ignore_index=2)), "class"),
    "BCELoss": ((lambda nn, t, r: nn.BCELoss(t([0.5, 1.0, 2.0]), reduction=r)), "unit"),
    "BCEWithLogitsLoss": ((lambda nn, _, r: nn.BCEWithLogitsLoss(reduction=r)), "probability"),
    "BCEWithLogitsLoss, weights": (
        (
            lambda nn, t, r: nn.BCEWithLogitsLoss(
                t([0.5, 1.0, 2.0]), reduction=r, pos_weight=t([3.0, 1.0, 0.1])
            )
        ),
        "probability",
    ),
    "KLDivLoss": ((lambda nn, _, r: nn.KLDivLoss(reduction=r)), "distribution"),
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning")
def test_loss(name, reduction):
    torch = pytest.importorskip("torch")
    make, kind = LOSSES[name]
    rng = np.random.default_rng(2)
    x = rng.standard_normal((6, 3)).astype(np.float32)
    if kind == "unit":
        x = 1 / (1 + np.exp(-x))
    target = {
        "real": lambda: rng.standard_normal((6, 3)).astype(np.float32),
        "class": lambda: np.array([0, 1, 2, 2, 0, 1]),
        "distribution": lambda: rng.dirichlet(np.ones(3), 6).astype(np.float32),
        "unit": lambda: rng.random((6, 3)).astype(np.float32),
        "probability": lambda: rng.random((6, 3)).astype(np.float32),
    }[kind]()
    results = []
    for lib in (minigrad, torch):
        leaf = lib.tensor(x, requires_grad=True)
        loss = make(lib.nn, lib.tensor, reduction)(leaf, lib.tensor(target))
        loss.sum().backward()
        results.append((loss, leaf.grad))
    close(results[0][0], results[1][0], "loss")
    close(results[0][1], results[1][1], "gradient")


def test_clipping():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    grads = [rng.standard_normal(shape).astype(np.float32) for shape in ((3, 4), (4,), ())]
    for order in (2.0, 1.0, float("inf")):
        results = []
        for lib in (minigrad, torch):
            parameters = [lib.nn.Parameter(lib.zeros(g.shape)) for g in grads]
            for p, g in zip(parameters, grads, strict=True):
                p.grad = lib.tensor(g)
            total = lib.nn.utils.clip_grad_norm_(parameters, 0.7, norm_type=order)
            results.append([total, *(p.grad for p in parameters)])
        for ours, theirs in zip(*results, strict=True):
            close(ours, theirs, f"norm {order}")
