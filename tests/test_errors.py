"""Errors that teach: each misuse, and the words that its message must have.

`python tests/test_errors.py` prints them all, to be read as a user reads them: would you know what to do?
"""

import re
import sys
import textwrap
import warnings
from typing import NamedTuple

import numpy as np
import pytest

import minigrad
from minigrad import nn, optim


class Misuse(NamedTuple):
    row: str  # of the contract's table
    code: str
    kind: type[BaseException]
    words: tuple[str, ...]  # regular expressions that the message must contain, in this order


W = "x = torch.ones(2, 3, requires_grad=True)\n"

MISUSES = [
    # --- backward twice
    Misuse(
        "backward twice",
        W + "y = x.exp().sum()\ny.backward()\ny.backward()",
        RuntimeError,
        (
            "second time",
            r"freed the tensors that exp \(output shape \(2, 3\)\) had saved",
            "every step",
            r"detach\(\)",
            r"retain_graph=True",
        ),
    ),
    Misuse(
        "backward twice",
        "state = torch.zeros(2)\nw = torch.ones(2, requires_grad=True)\n"
        "for step in range(2):\n    state = (state + w).tanh()\n    state.sum().backward()",
        RuntimeError,
        (r"tanh \(output shape \(2,\)\)", r"detach\(\) a state that you carry", "retain_graph=True"),
    ),
    Misuse(
        "backward twice",
        W + "with torch.autograd.detect_anomaly():\n    y = x.exp()\n"
        "    y.sum().backward()\n    y.sum().backward()",
        RuntimeError,
        (r"exp \(output shape \(2, 3\), recorded at <case>:3\)",),
    ),
    # --- no path to a leaf
    Misuse(
        "no path to a leaf",
        "torch.ones(2).sum().backward()",
        RuntimeError,
        ("does not require grad", "constants", r"requires_grad=True", r"detach\(\)", r"no_grad\(\)"),
    ),
    Misuse(
        "no path to a leaf",
        W + "torch.autograd.grad([x.sum(), x.detach().sum()], x)",
        RuntimeError,
        ("element 1 of tensors", "does not require grad"),
    ),
    # --- in-place on a leaf
    Misuse(
        "in-place on a leaf",
        W + "x += 1",
        RuntimeError,
        ("leaf", r"add_ on a leaf of shape \(2, 3\)", "Nothing was written", r"no_grad\(\)", r"y = x \+ 1"),
    ),
    Misuse(
        "in-place on a leaf", W + "x[0] = 0.0", RuntimeError, ("assignment by index", "Nothing was written")
    ),
    Misuse("in-place on a leaf", W + "x.zero_()", RuntimeError, ("zero_", "Nothing was written")),
    Misuse(
        "in-place on a leaf",
        W + "x[0].mul_(2)",
        RuntimeError,
        ("mul_ on a view of a leaf", "Nothing was written"),
    ),
    Misuse(
        "in-place on a leaf",
        W + "y = x * 2\nwith torch.no_grad():\n    v = y[0]\nv.mul_(2)",
        RuntimeError,
        ("mul_", r"made under no_grad\(\)", "mul .output shape", "Nothing was written"),
    ),
    # --- saved value modified
    Misuse(
        "saved value modified",
        W + "h = x * 2\ny = h.sin().sum()\nh += 1\ny.backward()",
        RuntimeError,
        (
            "inplace",
            r"sin \(output shape \(2, 3\)\)",
            r"saved a tensor of shape \(2, 3\)",
            "out-of-place",
            r"clone\(\)",
        ),
    ),
    Misuse(
        "saved value modified",
        W + "with torch.autograd.detect_anomaly():\n    y = x.exp()\n"
        "    y.detach().zero_()\n    y.sum().backward()",
        RuntimeError,
        ("exp", "recorded at <case>:3"),
    ),
    # --- .grad of a non-leaf
    Misuse(
        ".grad of a non-leaf",
        W + "h = x * 2\nh.sum().backward()\nh.grad",
        UserWarning,
        (
            "not a leaf",
            "None",
            r"output of mul \(output shape \(2, 3\)\)",
            r"retain_grad\(\)",
            "before backward",
        ),
    ),
    # --- non-scalar backward
    Misuse(
        "non-scalar backward",
        W + "(x * 2).backward()",
        RuntimeError,
        ("scalar outputs", r"shape \(2, 3\)", r"\.sum\(\)", r"\.mean\(\)", r"gradient of shape \(2, 3\)"),
    ),
    # --- unused input in grad
    Misuse(
        "unused input in grad",
        W + "w = torch.ones(2, requires_grad=True)\ntorch.autograd.grad(x.sum(), [x, w])",
        RuntimeError,
        ("not have been used", "input 1", "allow_unused=True", "None", "materialize_grads=True"),
    ),
    # --- numpy() while recording
    Misuse(
        "numpy() while recording",
        W + "x.numpy()",
        RuntimeError,
        (r"numpy\(\)", r"detach\(\)\.numpy\(\)", "shares"),
    ),
    Misuse("numpy() while recording", W + "np.asarray(x)", RuntimeError, (r"detach\(\)\.numpy\(\)",)),
    Misuse("numpy() while recording", W + "np.from_dlpack(x)", BufferError, (r"tensor\.detach\(\)",)),
    Misuse(
        "numpy() while recording", W + "np.median(x)", TypeError, (r"no np\.median", r"detach\(\)\.numpy\(\)")
    ),
    # --- integer leaf
    Misuse(
        "integer leaf",
        "torch.tensor([1, 2, 3], requires_grad=True)",
        RuntimeError,
        ("floating point", "int64", r"3\.0, not 3", "dtype=float32"),
    ),
    Misuse("integer leaf", "torch.arange(3).requires_grad_()", RuntimeError, ("int64", r"3\.0")),
    Misuse("integer leaf", "nn.Parameter(torch.ones(2).bool())", RuntimeError, ("bool",)),
    # --- nan or inf (anomaly mode)
    Misuse(
        "nan or inf (anomaly mode)",
        "x = torch.tensor([4.0, 0.0], requires_grad=True)\n"
        "with torch.autograd.detect_anomaly():\n    y = x.sqrt()\n    y.sum().backward()",
        RuntimeError,
        (
            "SqrtBackward0",
            "recorded at <case>:3",
            r"inf at index \(1,\)",
            "gradient of x",
            "derivative",
            r"where\(ok",
        ),
    ),
    Misuse(
        "nan or inf (anomaly mode)",
        "x = torch.tensor([4.0, -1.0], requires_grad=True)\n"
        "with torch.autograd.detect_anomaly():\n    y = x.log()\n    (y * y).sum().backward()",
        RuntimeError,
        ("In forward, log", "recorded at <case>:3", r"nan at index \(1,\)", "Then the backward of"),
    ),
    # --- shape mismatch
    Misuse(
        "shape mismatch",
        "torch.ones(5, 4) @ torch.ones(3, 4)",
        RuntimeError,
        (
            r"matmul",
            r"\(5, 4\) and \(3, 4\)",
            "4 columns .* 3 rows",
            r"Did you mean W\.T",
            r"\(5, 4\) @ \(4, 3\)",
        ),
    ),
    Misuse(
        "shape mismatch",
        "torch.ones(4, 5) @ torch.ones(4, 3)",
        RuntimeError,
        ("5 columns .* 4 rows", r"Did you mean W\.T, the first", r"\(5, 4\) @ \(4, 3\)"),
    ),
    Misuse(
        "shape mismatch", "torch.ones(5, 4) @ torch.ones(3)", RuntimeError, (r"\(5, 4\) and \(3,\)", "4 .*3")
    ),
    Misuse(
        "shape mismatch", "torch.ones(2, 3, 4) @ torch.ones(5, 4, 2)", RuntimeError, ("batch", "broadcast")
    ),
    Misuse(
        "shape mismatch",
        "torch.ones(2) @ torch.tensor(2.0)",
        RuntimeError,
        ("matmul", "dimension", r"with \*"),
    ),
    Misuse(
        "shape mismatch",
        "F.linear(torch.ones(5, 4), torch.ones(4, 3))",
        RuntimeError,
        ("linear", r"\(5, 4\) ends in 4", r"\(4, 3\) expects 3", r"Did you mean .*\(3, 4\) \(W\.T\)"),
    ),
    Misuse(
        "shape mismatch",
        "nn.Linear(3, 2)(torch.ones(5, 4))",
        RuntimeError,
        (r"Linear\(in_features=3", r"\(\.\.\., 3\)", r"\(5, 4\)"),
    ),
    Misuse(
        "shape mismatch",
        W + "x + torch.ones(2, 4)",
        RuntimeError,
        (r"add", r"\(3\) must match .*\(4\)", "dimension 1", r"\(2, 3\) and \(2, 4\)", r"unsqueeze\(\)"),
    ),
    Misuse("shape mismatch", "torch.ones(4, 3) * torch.ones(4)", RuntimeError, (r"mul", r"\(3\)", r"\(4\)")),
    Misuse(
        "shape mismatch",
        "torch.ones(4).add_(torch.ones(3, 4))",
        RuntimeError,
        ("add_", "grow", "Nothing was written"),
    ),
    Misuse(
        "shape mismatch", "torch.ones(6).reshape(4, 2)", RuntimeError, ("reshape", "size 6", r"\(4, ?2\)")
    ),
    Misuse("shape mismatch", "torch.ones(2, 3).t().view(-1)", RuntimeError, ("view", r"\.reshape")),
    Misuse(
        "shape mismatch", "torch.cat([torch.ones(2, 3), torch.ones(2, 4)])", RuntimeError, ("cat", "3", "4")
    ),
    Misuse(
        "shape mismatch", "torch.stack([torch.ones(2), torch.ones(3)])", RuntimeError, ("stack", "entry 1")
    ),
    Misuse("shape mismatch", "torch.ones(2, 3).sum(2)", IndexError, ("out of range", r"\[-2, 1\]", "2")),
    Misuse(
        "shape mismatch",
        "torch.einsum('ij,jk->ik', torch.ones(2, 3), torch.ones(4, 5))",
        RuntimeError,
        ("einsum",),
    ),
    Misuse(
        "shape mismatch",
        "x = torch.zeros(3)\nx[0:2] = torch.ones(3)",
        RuntimeError,
        (r"assignment .*shape \(3,\)", r"\(2,\)"),
    ),
    Misuse(
        "shape mismatch",
        "h = torch.ones(3, requires_grad=True) * 2\nh[0:2] = torch.ones(3)",
        RuntimeError,
        (r"assignment .*shape \(3,\)", r"selected .*\(2,\)", "Nothing was written"),
    ),
    # --- gradient shape
    Misuse(
        "gradient shape",
        W + "(x * 2).backward(torch.ones(3))",
        RuntimeError,
        (r"\(3,\)", r"\(2, 3\)", "would broadcast", "may hide a mistake", r"expand\(\(2, 3\)\)"),
    ),
    Misuse(
        "gradient shape",
        W + "(x * 2).backward(torch.ones(4))",
        RuntimeError,
        (r"\(4,\)", r"\(2, 3\)", "equal"),
    ),
    Misuse(
        "gradient shape",
        W + "x.register_hook(lambda g: g.sum())\n(x * 2).sum().backward()",
        RuntimeError,
        ("hook", r"shape \(2, 3\)", r"shape \(\)"),
    ),
    # --- optimiser step with no gradient at all
    Misuse(
        "optimiser step with no gradient at all",
        "model = nn.Linear(2, 1)\noptim.SGD(model.parameters(), lr=0.1).step()",
        UserWarning,
        ("backward", "parameter"),
    ),
    # --- a broken checkpoint
    Misuse(
        "a broken checkpoint",
        "model = nn.Linear(2, 1)\n"
        "model.load_state_dict({'weight': torch.ones(1, 3), 'extra': torch.ones(1)})",
        RuntimeError,
        ("unchanged", "Missing.*bias", "Unexpected.*extra", r"weight.*\(1, 3\).*\(1, 2\)"),
    ),
    # --- views, dtypes, conversions
    Misuse(
        "dtype",
        "torch.ones(2, 2) @ torch.ones(2, 2).double()",
        RuntimeError,
        ("float32 and float64", r"\.to\("),
    ),
    Misuse("dtype", "torch.arange(3).mean()", RuntimeError, ("mean", "int64", r"\.float\(\)")),
    Misuse(
        "dtype",
        "torch.arange(3).exp_()",
        RuntimeError,
        ("exp_", "can't be cast", "int64", "Nothing was written"),
    ),
    Misuse("dtype", "torch.zeros(2, dtype='complex64')", TypeError, ("complex64", "float32, float64")),
    Misuse("dtype", "torch.where(torch.ones(2), 1.0, 0.0)", RuntimeError, ("boolean", r"\.bool\(\)")),
    Misuse("write", "torch.ones(1).expand(3).add_(1)", RuntimeError, ("single memory", r"clone\(\)")),
    Misuse("conversion", W + "x.item()", RuntimeError, ("6 elements", r"tolist\(\)")),
    Misuse("conversion", W + "if x > 0: pass", RuntimeError, ("ambiguous", r"\.any\(\) or \.all\(\)")),
    Misuse("conversion", W + "import pickle; pickle.dumps(x * 2)", RuntimeError, ("mul", r"detach\(\)")),
    Misuse("conversion", W + "(x * 2).requires_grad_(False)", RuntimeError, ("mul", r"detach\(\)")),
    Misuse("conversion", "torch.ones(2).to('cuda')", RuntimeError, ("on the CPU", "cuda")),
    Misuse("conversion", "torch.tensor([[1.0], [1.0, 2.0]])", ValueError, ("equal lengths",)),
    Misuse("call", "torch.exp([1.0])", TypeError, (r"exp\(\)", "must be a Tensor, not list", "tensor")),
    Misuse(
        "call",
        W + "np.add(x, x, out=np.ones((2, 3)))",
        TypeError,
        ("np.add with out=", r"detach\(\)\.numpy\(\)"),
    ),
    Misuse("call", W + "np.add.reduce(x)", TypeError, (r"np\.add\.reduce",)),
    Misuse("index", "torch.ones(3)[1.5]", (IndexError, TypeError), ("integer", "1.5")),
    Misuse("dtype", "torch.relu(torch.tensor([True]))", RuntimeError, ("relu", "bool", r"\.float\(\)")),
    Misuse("empty", "torch.zeros(0).max()", RuntimeError, ("max", "no elements")),
]


def provoke(misuse):
    """The message of the error or warning that the code ends in."""
    names = {"torch": minigrad, "np": np, "nn": nn, "F": nn.functional, "optim": optim}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(misuse.kind) as caught:
            exec(compile(misuse.code, "<case>", "exec"), names)
    return str(caught.value)


@pytest.mark.parametrize("misuse", MISUSES, ids=lambda m: f"{m.row}: {m.code.splitlines()[-1]}")
def test_a_misuse_is_explained(misuse):
    message = provoke(misuse)
    place = 0
    for word in misuse.words:
        found = re.compile(word, re.DOTALL).search(message, place)
        assert found, f"{word!r} is not in (the rest of): {message}"
        place = found.start()


@pytest.mark.parametrize("misuse", MISUSES, ids=lambda m: f"{m.row}: {m.code.splitlines()[-1]}")
def test_a_message_is_made_of_whole_words(misuse):
    message = provoke(misuse)
    assert len(message) < 700 and "  " not in re.sub(r"\n\s+", "\n", message) and message == message.strip()
    assert not re.search(
        r"\bself\._|\b_array\b|<function|object at 0x|ufunc '|gufunc|axis \d is out of bounds", message
    )


def test_a_broken_checkpoint_leaves_the_module_as_it_was():
    model = nn.Linear(2, 1)
    before = model.weight.tolist(), model.bias.tolist()
    with pytest.raises(RuntimeError, match="weight"):
        model.load_state_dict({"bias": minigrad.ones(1), "weight": minigrad.ones(1, 3)})
    assert (model.weight.tolist(), model.bias.tolist()) == before


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    for module, ask, words in (
        (
            "matplotlib.pyplot",
            lambda: minigrad.viz.plot([1.0]),
            r"matplotlib.*pip install matplotlib",
        ),
        (
            "graphviz",
            lambda: minigrad.viz.graph(minigrad.ones(1, requires_grad=True) * 2),
            r"graphviz.*pip install graphviz",
        ),
    ):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(ImportError, match=words):
            ask()


def test_every_row_of_the_contract_is_here():
    rows = {
        "backward twice", "no path to a leaf", "in-place on a leaf", "saved value modified",
        ".grad of a non-leaf", "non-scalar backward", "unused input in grad", "numpy() while recording",
        "integer leaf", "nan or inf (anomaly mode)", "shape mismatch", "gradient shape",
        "optimiser step with no gradient at all", "a broken checkpoint",
    }  # fmt: skip
    assert rows <= {m.row for m in MISUSES}


if __name__ == "__main__":
    for m in MISUSES:
        code = textwrap.indent(m.code, "    ")
        sys.stdout.write(f"[{m.row}]\n{code}\n\n{textwrap.fill(provoke(m), 110)}\n\n")
