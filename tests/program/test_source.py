"""`compiled.source`: a NumPy program that computes what eager mode computes, without minigrad."""

import ast
import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

import minigrad as torch
from minigrad.nn import functional as F
from minigrad.testing import strategies as some

sys.path.insert(0, str(Path(__file__).parents[1]))
from everyday import EVERYDAY

nn = torch.nn

ALONE = """
import json, sys
for name in ("minigrad", "torch"):
    sys.modules[name] = None
scope = {}
text, inputs, seed = json.load(sys.stdin)
exec(text, scope)
import numpy as np
inputs = {k: np.array(v, t).reshape(s) for k, (v, t, s) in inputs.items()}
result = scope["forward"](**inputs)
out, saved = result if "backward" in scope else (result, ())
grads = scope["backward"](np.array(seed, np.asarray(out).dtype), saved) if "backward" in scope else {}
json.dump([np.asarray(out).tolist(), {k: v.tolist() for k, v in grads.items()}], sys.stdout)
"""


def run_alone(source, inputs, seed):
    """Run a source's functions in a process that cannot import minigrad."""
    laid = {k: (x.ravel().tolist(), x.dtype.name, x.shape) for k, x in inputs.items()}
    done = subprocess.run(
        [sys.executable, "-c", ALONE], input=json.dumps([source, laid, seed]), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


def parameters_of(source):
    """The names of what a source's forward takes."""
    forward = next(n for n in ast.parse(source).body if getattr(n, "name", "") == "forward")
    return [a.arg for a in forward.args.args]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(4, 8), nn.Linear(8, 3)

    def forward(self, x):
        h = torch.tanh(self.fc1(x))
        return self.fc2(F.relu(h))


def as_named(key):
    name = key.replace(".", "_")
    return f"layer{name}" if name[0].isdigit() else name


class Square(nn.Module):
    def forward(self, x):
        return x.reshape(len(x), 1, 2, 2)


NETS = {
    "own": Net,
    "sequential": lambda: nn.Sequential(nn.Linear(4, 5), nn.GELU(), nn.LayerNorm(5), nn.Linear(5, 2)),
    "norm": lambda: nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.SiLU(), nn.Linear(5, 3)).eval(),
    "softmax": lambda: nn.Sequential(nn.Linear(4, 5), nn.Softplus(), nn.Linear(5, 3), nn.LogSoftmax(1)),
    "images": lambda: nn.Sequential(
        Square(), nn.Conv2d(1, 2, 2, padding=1), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(2, 3)
    ),
}


@pytest.mark.parametrize("name", NETS)
def test_the_source_runs_without_minigrad(name):
    torch.manual_seed(0)
    net = NETS[name]()
    compiled = torch.compile(net, fullgraph=True)
    x = torch.randn(6, 4)
    compiled(x)
    source = compiled.source
    imports = {a.name for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Import) for a in n.names}
    # erf and windows take more than NumPy calls: their functions stand in the text, with what they import.
    more = {"images": {"itertools", "math", "operator"}, "sequential": {"math"}}.get(name, set())
    assert imports <= {"numpy"} | more and "minigrad" not in source and "Not complete" not in source, source
    values = {"input": x.numpy(), "x": x.numpy()}
    for key, value in net.state_dict().items():
        values[as_named(key)] = value.numpy()
    values = {name: values[name] for name in parameters_of(source)}
    out = net(x)
    seed = np.linspace(-1, 1, out.numel()).reshape(out.shape).astype(np.float32)
    out.backward(torch.from_numpy(seed))
    got, grads = run_alone(source, values, seed.tolist())
    np.testing.assert_allclose(got, out.detach().numpy(), rtol=2e-6, atol=1e-6)
    for key, p in net.named_parameters():
        np.testing.assert_allclose(grads[as_named(key)], p.grad.numpy(), rtol=1e-5, atol=1e-5)


def test_the_source_has_the_users_names_lines_and_shapes():
    net = Net()

    def loss_of(x, y):
        scores = net(x)
        return F.mse_loss(scores, y)

    compiled = torch.compile(loss_of, fullgraph=True)
    compiled(torch.ones(2, 4), torch.ones(2, 3))
    source = compiled.source
    for text in (
        "def forward(x, y, net_fc1_weight, net_fc1_bias, net_fc2_weight, net_fc2_bias):",
        "# h = torch.tanh(self.fc1(x))",
        "h = np.tanh(net_fc1)  ",
        "# (2, 8) float32",
        "grad_net_fc1_weight = grad_net_fc1.T @ x",
        "def backward(grad_loss, saved):",
        "return F.mse_loss(scores, y)",
    ):
        assert text in source, f"{text}\n\n{source}"


def test_print_tells_what_was_traced_and_what_ended_a_trace():
    compiled = torch.compile(Net())
    assert "Nothing is traced" in compiled.source
    compiled(torch.ones(2, 4)), compiled(torch.ones(2, 4))
    text = str(compiled)
    assert "compiled Net: 1 program" in text and "x (2, 4)" in text and "run 1 time" in text, text
    assert "bytes of buffers" in text and "calls forward" in text
    reads = torch.compile(lambda x: x * x.sum().item())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reads(torch.ones(2))
    assert "item() reads a value (test_source.py, line" in repr(reads)


@given(program=some.programs())
def test_the_source_of_a_program_computes_the_same(program):
    def run(*leaves):
        scope = {"torch": torch, "F": F, "np": np} | {f"x{i}": x for i, x in enumerate(leaves)}
        for code in program._code:
            exec(code, scope)
        return sum((scope[name] * 1.0).sum() for name in program.outputs)

    leaves = [torch.from_numpy(np.array(x)).requires_grad_() for x in program.leaves]
    compiled = torch.compile(run, fullgraph=True)
    out = compiled(*leaves)
    source = compiled.source
    if "Not complete" in source:
        return
    scope = {}
    exec(source, scope)
    names = parameters_of(source)
    given = {f"leaves_{i}" if f"leaves_{i}" in names else f"arg{i}": x for i, x in enumerate(program.leaves)}
    result = scope["forward"](**{k: np.array(v) for k, v in given.items() if k in names})
    if not out.requires_grad:
        np.testing.assert_allclose(result, out.numpy())
        return
    np.testing.assert_allclose(result[0], out.detach().numpy(), rtol=1e-9)
    grads = scope["backward"](np.ones(()), result[1])
    out.backward()
    for i, leaf in enumerate(leaves):
        key = f"leaves_{i}" if f"leaves_{i}" in names else f"arg{i}"
        assert (leaf.grad is None) == (key not in grads)
        if leaf.grad is not None:
            np.testing.assert_allclose(grads[key], leaf.grad.numpy(), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", EVERYDAY)
def test_the_source_of_what_scripts_call_computes_the_same(name):
    make, arrays = EVERYDAY[name]
    function = make()
    compiled = torch.compile(function, fullgraph=True)
    inputs = [torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    tables = (
        [function.named_parameters(), function.named_buffers()] if isinstance(function, nn.Module) else []
    )
    held = {as_named(key): value for table in tables for key, value in table}
    before = {key: value.detach().numpy().copy() for key, value in held.items()}
    outs = compiled(*inputs)
    source = compiled.source
    assert "Not complete" not in source and "minigrad" not in source, source
    left = iter(zip(inputs, arrays, strict=True))
    given, leaves = {}, {}
    for key in parameters_of(source):
        if key in held:
            leaves[key], given[key] = held[key], before[key]
        elif key != "rng":
            leaves[key], array = next(left)
            given[key] = array.copy()
    scope = {}
    exec(source, scope)
    if "rng" in parameters_of(source):  # it draws other numbers than the traced call did
        scope["forward"](**given, rng=np.random.default_rng(0))
        return
    found, saved = scope["forward"](**given)
    found, outs = (x if isinstance(x, tuple) else (x,) for x in (found, outs))
    for mine, right in zip(found, outs, strict=True):
        np.testing.assert_allclose(mine, right.detach().numpy(), rtol=1e-5, atol=1e-6)
    seeds = [np.cos(x) for x in found]
    grads = scope["backward"](*seeds, saved)
    leaves = {key: x for key, x in leaves.items() if x.requires_grad}
    cotangents = [torch.tensor(seed) for seed in seeds]
    right = torch.autograd.grad(outs, list(leaves.values()), cotangents, allow_unused=True)
    for key, slope in zip(leaves, right, strict=True):
        if slope is not None:
            np.testing.assert_allclose(grads[key], slope.numpy(), rtol=1e-4, atol=1e-5)
