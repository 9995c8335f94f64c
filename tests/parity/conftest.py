"""Parity: a table of expressions is evaluated by PyTorch and by minigrad, and all that comes out is compared.

A table is a text. A line at the margin draws the inputs; the indented lines below it are the cases:

    x = real(2, 3); i = ints(2, 3, below=3)
        x.sum({0|-1|(0, 1)}, keepdim=True)      # {a|b} stands for one case each
        y = x * 2; y.add_(1); y * x             # the last expression is the result
        x.sum(5)                                # raises

`torch` is the library, `F` its nn.functional. Compared are values, shapes, dtypes, requires_grad, the
gradients under random cotangents, and the gradients of those (in float64). A comment may begin with

    raises      both raise an error of the same class
    complains   both raise, ours of another class
    refused     minigrad raises, PyTorch does not
    extra       minigrad computes, PyTorch raises
    values      gradients are not compared
    first       second derivatives are not compared
    rough       to 6 digits, second derivatives to 5: PyTorch computes in float32 there
"""

import ast
import itertools
import re
import warnings
import zlib
from typing import Any, NamedTuple

import numpy as np
import pytest

import minigrad

NOTES = ("raises", "complains", "refused", "extra", "values", "first", "rough")
TOLERANCE = {"float64": 1e-10, "float32": 1e-5, "float16": 2e-3}


class Case(NamedTuple):
    inputs: str
    code: str
    note: str  # one of NOTES, or nothing


def read_table(text):
    """The cases of a table."""
    inputs, cases, cut = "", [], True
    for line in filter(str.strip, text.splitlines()):
        code, _, comment = line.partition("  # ")
        if not line.startswith(" "):  # a line at the margin below another goes on with it
            inputs, cut = code.strip() if cut else f"{inputs} {code.strip()}", False
            continue
        cut = True
        parts = re.split(r"\{([^{}]*\|[^{}]*)\}", code.strip())
        choices = [part.split("|") if i % 2 else [part] for i, part in enumerate(parts)]
        note = next((n for n in NOTES if comment.startswith(n)), "")
        cases += [Case(inputs, "".join(c), note) for c in itertools.product(*choices)]
    return cases


def pytest_generate_tests(metafunc):
    """A test that asks for `case` runs once for each case of its module's TABLE."""
    if "case" in metafunc.fixturenames:
        cases = read_table(metafunc.module.TABLE)
        metafunc.parametrize("case", cases, ids=[f"{c.inputs} | {c.code}" for c in cases])


# --- inputs --------------------------------------------------------------------------------------------


class Draw:
    """What a table's input lines may call; floats take the dtype of the run and require grad."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def real(self, *shape):
        return np.asarray(self.rng.standard_normal(shape))

    def positive(self, *shape):
        return self.rng.uniform(0.3, 3.0, shape)

    def unit(self, *shape):
        return self.rng.uniform(-0.9, 0.9, shape)

    def between(self, low, high, *shape):
        return self.rng.uniform(low, high, shape)

    def exact(self, values):
        return np.array(values, np.float64)

    def ints(self, *shape, low=0, below=5):
        return np.asarray(self.rng.integers(low, below, shape))

    def perm(self, n):
        return self.rng.permutation(n)

    def bools(self, *shape):
        return np.asarray(self.rng.random(shape) < 0.5)


def draw(line):
    """The arrays that an input line names."""
    drawer = Draw(zlib.crc32(line.encode()))
    functions = {n: getattr(drawer, n) for n in dir(drawer) if n[0] != "_"}
    names: dict[str, Any] = {}
    exec(line, {"nan": np.nan, "inf": np.inf, **functions}, names)
    return names


def strided(a):
    """The same values, laid out backwards in memory, with gaps."""
    wide = np.zeros((*a.shape[::-1], 2), a.dtype)
    wide[..., 0] = a.T
    return wide[..., 0].T


# --- running and comparing -------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What one library made of a case; `error` ends it at that step."""

    result: Any = None
    gradients: tuple = ()
    second: tuple = ()
    error: BaseException | None = None
    at: str = ""


def evaluate(lib, tree, names):
    scope = {"torch": lib, "F": lib.nn.functional, "np": np, "nan": np.nan, "inf": np.inf, **names}
    *first, last = tree.body
    exec(compile(ast.Module(first, []), "case", "exec"), scope)
    return eval(compile(ast.Expression(last.value), "case", "eval"), scope)


def flat(result):
    return [r for part in result for r in flat(part)] if isinstance(result, (tuple, list)) else [result]


def pull(lib, outputs, leaves, rng, *, create_graph):
    """Gradients under cotangents of the outputs that have a graph."""
    drawn = [(y, np.asarray(rng.standard_normal(tuple(y.shape)))) for y in outputs if y is not None]
    chosen = [(y, lib.from_numpy(c).to(y.dtype)) for y, c in drawn if y.requires_grad]
    if not chosen or not leaves:
        return ()
    outs, cotangents = zip(*chosen, strict=True)
    return lib.autograd.grad(outs, leaves, cotangents, create_graph=create_graph, allow_unused=True)


def run(lib, case, arrays, *, order):
    tree, names = ast.parse(case.code), {}
    assert isinstance(tree.body[-1], ast.Expr), "the last part of a case must be an expression"
    for name, a in arrays.items():
        names[name] = lib.from_numpy(a.copy(order="K") if a.flags.c_contiguous else strided(a))
        if a.dtype.kind == "f":
            names[name].requires_grad_()
    leaves = [t for t in names.values() if t.requires_grad]
    rng = np.random.default_rng(7)
    step, outcome = "forward", Outcome()
    try:
        outcome = outcome._replace(result=evaluate(lib, tree, dict(names)))
        step = "backward"
        if order > 0:
            outputs = [y for y in flat(outcome.result) if hasattr(y, "requires_grad")]
            outcome = outcome._replace(gradients=pull(lib, outputs, leaves, rng, create_graph=order > 1))
        step = "second backward"
        if order > 1:
            second = pull(lib, outcome.gradients, leaves, np.random.default_rng(8), create_graph=False)
            outcome = outcome._replace(second=second)
    except NameError:  # in the case itself: two errors alike would prove nothing
        raise
    except Exception as error:
        outcome = outcome._replace(error=error, at=step)
    return outcome


def close(ours, theirs, what, rough=False):
    """Arrays of one shape and dtype, equal to a few of the dtype's digits."""
    ours, theirs = ours.numpy(force=True), theirs.numpy(force=True)
    assert ours.shape == theirs.shape, f"{what}: shape {ours.shape}, PyTorch's is {theirs.shape}"
    assert ours.dtype == theirs.dtype, f"{what}: dtype {ours.dtype}, PyTorch's is {theirs.dtype}"
    rtol = max(TOLERANCE.get(str(theirs.dtype), 0), 1e-6 * rough)
    finite = np.abs(theirs[np.isfinite(theirs)])
    atol = rtol * max(0.1 * float(finite.max(initial=0)), 0.02)
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol, err_msg=what)


def same(ours, theirs, what, rough=False):
    if hasattr(theirs, "requires_grad"):
        assert hasattr(ours, "requires_grad"), f"{what}: {type(ours).__name__}, not a tensor"
        close(ours, theirs, what, rough)
        assert ours.requires_grad == theirs.requires_grad, f"{what}: requires_grad is {ours.requires_grad}"
    elif isinstance(theirs, (tuple, list)):
        assert isinstance(ours, (tuple, list)) and len(ours) == len(theirs), (
            f"{what}: {ours!r}, not {theirs!r}"
        )
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            same(a, b, f"{what}[{i}]", rough)
    elif type(theirs).__name__ == "dtype":
        assert str(ours) == str(theirs), what
    elif isinstance(theirs, str):
        assert ours == theirs, f"{what}:\n{ours}\n{theirs}"
    elif theirs is None:
        assert ours is None, f"{what}: {ours!r}, not None"
    else:
        assert type(ours) is type(theirs), f"{what}: {ours!r}, not {theirs!r}"
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, err_msg=what)


def nothing(g):
    """None or all zeros: PyTorch sometimes says the one where we say the other."""
    return g is None or not np.any(g.numpy(force=True))


def same_gradients(ours, theirs, what, rough):
    for i, (a, b) in enumerate(itertools.zip_longest(ours, theirs)):
        if not (nothing(a) and nothing(b)):
            assert a is not None and b is not None, f"{what} {i}: {a}, PyTorch's is {b}"
            close(a, b, f"{what} {i}", rough)


def same_error(ours, theirs, what, note):
    """Whether errors are as the note says; True where there is nothing more to compare."""
    if note in ("raises", "complains", "extra"):
        assert theirs is not None, f"{what}: PyTorch raises nothing"
        assert (ours is None) == (note == "extra"), f"{what}: {ours!r}, PyTorch raises {theirs!r}"
        kinds = (RuntimeError if isinstance(theirs, RuntimeError) else type(theirs), NotImplementedError)
        assert note != "raises" or isinstance(ours, kinds), f"{what}: {ours!r}, PyTorch raises {theirs!r}"
        return True
    assert theirs is None, f"{what}: PyTorch raises {theirs!r}, ours is {ours!r}"
    if note == "refused":
        assert ours is not None, f"{what}: refused, but raises nothing"
        return True
    if ours is not None:
        raise AssertionError(f"{what}: {ours!r}") from ours
    return False


def check(torch, case, dtype, *, gaps=False):
    arrays = {n: a.astype(dtype) if a.dtype.kind == "f" else a for n, a in draw(case.inputs).items()}
    arrays = {n: strided(a) if gaps else a for n, a in arrays.items()}
    order = {"values": 0, "first": 1}.get(case.note, 2 if dtype == "float64" else 1)
    mine = run(minigrad, case, arrays, order=order)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's deprecations are its own
        theirs = run(torch, case, arrays, order=order)
    what = f"{case.code} in {dtype}{', strided' if gaps else ''}"
    if theirs.at == "second backward":  # not there in PyTorch
        mine, theirs = mine._replace(second=()), theirs._replace(error=None)
    if gaps and (theirs.error or "not contiguous" in str(mine.error)):
        return  # what needs contiguous memory says so; the dense run has seen the rest
    if same_error(mine.error, theirs.error, f"{what}, {mine.at or theirs.at}", case.note):
        return
    rough = case.note == "rough"
    same(mine.result, theirs.result, what, rough)
    same_gradients(mine.gradients, theirs.gradients, f"{what}: gradient", rough)
    same_gradients(mine.second, theirs.second, f"{what}: second derivative", 10 * rough)


@pytest.fixture
def compare(pytorch):
    """Run a case in float64, in float32, and in float64 on arrays with gaps."""

    def all_runs(case):
        check(pytorch, case, "float64")
        check(pytorch, case, "float32")
        check(pytorch, case, "float64", gaps=True)

    return all_runs


@pytest.fixture
def compare_call(pytorch):
    """Compare one call on given arrays, with first derivatives.

    One that PyTorch refuses is let pass; and what minigrad refuses on principle, by these words.
    """
    refused = ("expected a floating tensor", "out of bounds for")

    def compared(code, arrays):
        case = Case("", code, "")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = run(pytorch, case, arrays, order=1)
            mine = run(minigrad, case, arrays, order=1)
        what = f"{code} on { ({name: (a.dtype.name, a.shape, a.strides) for name, a in arrays.items()}) }"
        if theirs.error is None and not any(words in str(mine.error) for words in refused):
            assert mine.error is None, f"{what}: {mine.error!r}"
            same(mine.result, theirs.result, what, rough=True)
            same_gradients(mine.gradients, theirs.gradients, f"{what}: gradient", rough=True)

    return compared
