"""Every public function, method and class has a docstring that is enough to use it, and a real signature.

The rules. Public is all that a public module names in its `__all__` (or, without one, defines under a name
without an underscore), and every method and property of those classes that minigrad defines, under a name
without an underscore. An object with several names counts once. Each must have

* a docstring of more than one line (one is enough for a property, and beside an example in the class);
* every parameter named in it, or in the docstring of the public module, which speaks for all in it;
* an example: its own or, of a method or property, one of its class in which the name occurs;
* a signature with the names of its parameters: never `*args, **kwargs` alone.

A docstring that says "as `name`" refers to that function, whose docstring then counts with it. A method that
overrides one of a base class may leave its docstring to that one. `forward` is documented by its class.
Dunder methods are Python's to explain.
"""

import doctest
import importlib
import inspect
import re
import sys
import types
from pathlib import Path

import pytest

import minigrad
from minigrad._tensor.documentation import arguments
from minigrad._tensor.shortcuts import call_of
from minigrad.ops.about import ABOUT, ARGUMENTS
from minigrad.ops.op import REAL, REGISTRY, Op

MODULES = [
    "", "autograd", "autograd.function", "autograd.functional", "checkpoint", "distributions", "func",
    "linalg", "nn",
    "nn.functional", "nn.init", "nn.utils", "nn.utils.parametrizations", "nn.utils.parametrize",
    "nn.utils.rnn", "nn.utils.stateless", "ops", "optim", "optim.lr_scheduler", "testing",
    "testing.strategies", "utils.data", "viz",
]  # fmt: skip
# Those that take anything.
FREE = {
    "nn.Identity",
    "nn.Module.forward",
    "autograd.Function.forward",
    "autograd.Function.apply",
    "utils.data.StackDataset",
}


def modules():
    for name in MODULES:
        yield importlib.import_module(f"minigrad.{name}".rstrip("."))


def is_ours(thing):
    return (getattr(thing, "__module__", None) or "").startswith("minigrad")


def names_of(module):
    named = getattr(module, "__all__", None)
    if named is not None:
        return named
    return [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and getattr(thing, "__module__", None) == module.__name__
    ]


def members(cls):
    """(name, function or property) of the public members that classes of ours define."""
    found = {}
    for base in reversed(cls.__mro__):
        if is_ours(base):
            found |= {k: v for k, v in vars(base).items() if not k.startswith("_")}
    for name, member in found.items():
        function = getattr(member, "__func__", member)  # of a classmethod, of a staticmethod
        if isinstance(function, types.FunctionType | property):
            yield name, function


def public():
    """(name, thing, class or None), each thing once."""
    seen = set()
    for module in modules():
        for name in names_of(module):
            thing = getattr(module, name)
            if id(thing) in seen or not callable(thing) or not (is_ours(thing) or is_ours(type(thing))):
                continue
            if not isinstance(thing, type | types.FunctionType):  # a generator of numbers, a dtype
                continue
            seen.add(id(thing))
            prefix = module.__name__.partition(".")[2]
            full = f"{prefix}.{name}".lstrip(".")
            yield full, thing, None
            if isinstance(thing, type):
                for member, function in members(thing):
                    if id(function) not in seen:
                        seen.add(id(function))
                        yield f"{full}.{member}", function, thing


PUBLIC = list(public())
# For "as `exp`": what such a name stands for, a function of the package before others of that name.
BY_NAME = {full.rpartition(".")[2]: thing for full, thing, _ in reversed(PUBLIC)}
BY_NAME |= {full: thing for full, thing, _ in PUBLIC}
BY_NAME |= {name: getattr(minigrad, name) for name in minigrad.__all__}


def parameters(thing):
    try:
        found = list(inspect.signature(thing).parameters.values())
    except ValueError:  # a class whose constructor is C's
        return []
    return [p for p in found if p.name not in ("self", "cls")]


def referred(doc):
    """The docstrings of the functions to which a docstring refers, as in: as `name`."""
    names = re.findall(r"\b[Aa]s `(?:Tensor\.)?([\w.]+)(?:\([^`]*\))?`", doc)
    return [inspect.getdoc(BY_NAME[name]) or "" for name in names if name in BY_NAME]


def inherits(name, thing, cls):
    """Whether a method without a docstring overrides one that has one."""
    last = name.rpartition(".")[2]
    bases = [vars(base).get(last) for base in cls.__mro__ if is_ours(base)] if cls else []
    return not thing.__doc__ and any(getattr(base, "__doc__", None) for base in bases)


def shortcomings(name, thing, cls):
    last = name.rpartition(".")[2]
    if inherits(name, thing, cls) or (last == "forward" and cls is not None and ">>>" in (cls.__doc__ or "")):
        return
    doc = inspect.getdoc(thing) if isinstance(thing.__doc__, str) else None
    if not doc:
        yield "no docstring"
        return
    class_doc = "".join(base.__doc__ or "" for base in (cls.__mro__ if cls else ()) if is_ours(base))
    sources = [doc, *referred(doc)]
    in_class = cls is not None and re.search(rf"(>>>|\.\.\.) .*\b{last}\b", class_doc)
    if not in_class and not any(">>>" in source for source in sources):
        yield "no example"
    if "\n" not in doc and not in_class and len(sources) == 1 and not isinstance(thing, property):
        yield "one line only"
    if isinstance(thing, property):
        return
    kinds = [p.kind for p in parameters(thing)]
    if kinds == [inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD] and name not in FREE:
        yield "a signature of (*args, **kwargs)"
    package = ".".join(name.split(".")[: -2 if cls else -1])
    sources.append(importlib.import_module(f"minigrad.{package}".rstrip(".")).__doc__)
    words = {word for source in sources for word in re.findall(r"\w+", source)}
    if unnamed := [p.name for p in parameters(thing) if p.name not in words and not p.name.startswith("_")]:
        yield f"says nothing of {', '.join(unnamed)}"


def found():
    return {name: missing for name, *rest in PUBLIC if (missing := list(shortcomings(name, *rest)))}


def test_everything_public_is_documented():
    missing = found()
    assert not missing, "\n" + "\n".join(f"{name}: {'; '.join(what)}" for name, what in missing.items())


def run_examples(name, text):
    """The failures of a docstring's examples."""
    test = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
    told = []
    doctest.DocTestRunner(verbose=False).run(test, out=told.append)
    return "".join(told)


@pytest.mark.parametrize("name", ABOUT)
def test_the_example_of_an_op_is_right(name):
    """The docstrings that are built are not in any file where doctest would find them."""
    call = call_of(REGISTRY[name])
    assert ">>>" in call.__doc__
    assert not run_examples(name, call.__doc__)


def test_the_docstring_of_an_op_is_made_of_its_record():
    """Of an op in a user's file too, of which there are no further words."""
    cube = Op(
        "cube",
        lambda x, *, scale=1.0: scale * x**3,
        x=lambda g, x, scale: g * scale * 3 * x**2,
        formula="d(scale * x^3)/dx = 3 * scale * x^2",
        domain=REAL,
        result="floating",
        bools="write x.float()",
        register=False,
    )
    call = call_of(cube)
    assert str(inspect.signature(call)) == "(input, scale=1.0) -> 'Tensor'"
    doc = call.__doc__
    assert "input: a tensor of any shape" in doc
    assert "Derivative, with x = input: d(scale * x^3)/dx = 3 * scale * x^2." in doc
    assert "RuntimeError: for a tensor that is not floating" in doc
    assert "for booleans; write x.float()" in doc


@pytest.mark.parametrize(
    ("function", "signature"),
    [
        (minigrad.matmul, "(input, other, *, out=None) -> 'Tensor'"),
        (minigrad.tanh, "(input) -> 'Tensor'"),
        (minigrad.clamp, "(input, min=None, max=None) -> 'Tensor'"),
        (minigrad.transpose, "(input, dim0, dim1) -> 'Tensor'"),
        (minigrad.nn.functional.linear, "(input, weight, bias=None) -> 'Tensor'"),
        (minigrad.lt, "(input, other, *, out=None) -> 'Tensor'"),
        (minigrad.Tensor.tanh_, "(self) -> 'Tensor'"),
        (minigrad.Tensor.lt, "(input, other) -> 'Tensor'"),
        (minigrad.ones(2).tanh, "() -> 'Tensor'"),
    ],
)
def test_a_function_of_a_record_has_a_real_signature(function, signature):
    assert str(inspect.signature(function)) == signature


def test_functions_that_make_tensors_show_that_they_take_a_device():
    shown = inspect.signature(minigrad.zeros).parameters
    assert [*shown][:3] == ["sizes", "size", "dtype"] and {"device", "layout"} <= set(shown)


def test_every_name_of_a_signature_is_taken():
    """The names that `help` shows are those that a call takes."""
    a, b = minigrad.tensor([6, 3]), minigrad.tensor([3, 3])
    for name in ("mul", "floor_divide", "remainder", "eq", "bitwise_and", "maximum", "logical_or", "add"):
        function = getattr(minigrad, name)
        first, second, *_ = inspect.signature(function).parameters
        assert minigrad.equal(function(**{first: a, second: b}), function(a, b)), name
        (first, *_) = inspect.signature(getattr(a, name)).parameters
        assert minigrad.equal(getattr(a, name)(**{first: b}), function(a, b)), name
    assert a.pow(exponent=2).tolist() == minigrad.pow(input=a, exponent=2).tolist() == [36, 9]


def test_words_about_ops_are_about_ops_and_arguments_there_are():
    assert set(ABOUT) <= set(REGISTRY)
    known = {name for op in REGISTRY.values() for name in arguments(op)}
    for key in ARGUMENTS:
        name, _, argument = key.rpartition(".")
        assert argument in (arguments(REGISTRY[name]) if name else known), key


TYPES = """
import minigrad as torch
x, y = torch.ones(2, 3, requires_grad=True), torch.tensor([1.0, 2.0, 3.0])
reveal_type(x + y)
reveal_type(2 * x)
reveal_type(x - 1)
reveal_type(-x)
reveal_type(x @ y)
reveal_type(x < y)
reveal_type(x == y)
reveal_type(x[0])
reveal_type(x.T)
reveal_type(x.sum())
reveal_type(x.sum(axis=0))
reveal_type(x.max())
reveal_type(x.max(0).values)
reveal_type(x.sort().indices)
reveal_type(x.reshape(3, 2))
reveal_type(x.exp().mul_(2))
reveal_type(torch.tanh(x))
reveal_type(torch.add(x, y))
reveal_type(torch.matmul(x, y))
reveal_type(torch.narrow(x, 0, 0, 1))
reveal_type(torch.max(x, 0).values)
reveal_type(torch.nn.functional.relu(x))
reveal_type(torch.nn.Linear(2, 3)(x))
reveal_type(torch.nn.MSELoss()(x, x))
"""


def test_a_type_checker_knows_that_results_are_tensors(tmp_path, monkeypatch):
    api = pytest.importorskip("mypy.api")
    (tmp_path / "calls.py").write_text(TYPES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MYPYPATH", str(Path(minigrad.__file__).parents[1]))
    depth = sys.getrecursionlimit()
    try:
        told, errors, status = api.run(["--config-file=", "--follow-imports=silent", "calls.py"])
    finally:
        sys.setrecursionlimit(depth)  # mypy raises it, and tests of recursion would pass for nothing
    assert not errors and status == 0, told
    lines = [line for line in told.splitlines() if "Revealed type" in line]
    assert len(lines) == TYPES.count("reveal_type")
    wrong = [line for line in lines if not line.endswith('"minigrad._tensor.tensor.Tensor"')]
    assert not wrong, "\n".join(wrong)
