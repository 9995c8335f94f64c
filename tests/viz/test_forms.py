"""Each rule as a reader sees it: no helper's name, and the same numbers as the rule gives."""

import math
import re

import numpy as np
import pytest

import minigrad as torch
from minigrad.ops.kernels import normalize_dims, unbroadcast
from minigrad.ops.op import REAL, REGISTRY, Op
from minigrad.ops.special import erf
from minigrad.testing import RandomDrawer, draw_sample
from minigrad.viz._rules import form_of, is_expression

RULES = [(name, of) for name, op in REGISTRY.items() for of in op.rules]
EXPRESSIONS = [
    (name, of)
    for name, of in RULES
    if not REGISTRY[name].variadic
    if callable(form := REGISTRY[name].read.get(of, "g")) or is_expression(form)
]
NUMPY = [
    "abs",
    "arccos",
    "cos",
    "cosh",
    "exp",
    "floor",
    "log",
    "log1p",
    "maximum",
    "minimum",
    "outer",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "where",
    "zeros_like",
]


def glossary(op, arrays, options):
    """The functions that a form may call, as a reader understands them."""

    def along(x):
        return normalize_dims(options.get("dim"), np.ndim(x))

    def mean(x):
        return np.mean(x, axis=along(x), keepdims=True)

    def softmax(x):
        e = np.exp(x - np.max(x, axis=classes(x), keepdims=True))
        return e / e.sum(axis=classes(x), keepdims=True)

    def classes(x):
        return 0 if np.ndim(x) == 1 else 1

    def one_hot(target):
        return np.moveaxis(np.eye(arrays[0].shape[classes(arrays[0])])[target], -1, classes(arrays[0]))

    return {
        **{name: getattr(np, name) for name in NUMPY},
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "sign": np.sign,
        "Phi": lambda x: (1 + erf(x / math.sqrt(2))) / 2,
        "phi": lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
        "pi": math.pi,
        "sum": lambda x: np.sum(x, axis=along(x), keepdims=True),
        "mean": mean,
        "std": lambda x: np.sqrt(mean((x - mean(x)) ** 2) + options.get("eps", 0)),
        "softmax": softmax,
        "one_hot": one_hot,
    }


def sample(name, seed):
    op = REGISTRY[name]
    arrays, given = draw_sample(op, RandomDrawer(seed))
    options = {**op.options, **given}
    if "cross" in name or "nll" in name:  # with weights the form is in words
        options |= {
            k: op.options[k] for k in ("weight", "ignore_index", "label_smoothing") if k in op.options
        }
    out = op.forward(*arrays, **options)
    out, constants = (out[0], out[1:]) if isinstance(out, tuple) else (out, ())
    return op, arrays, options, out, dict(zip(op.constants, constants, strict=True))


@pytest.mark.parametrize(("name", "of"), RULES)
def test_no_helper_shows_in_the_form_of_an_op(name, of):
    """An op whose rule calls helpers says in its record how it reads."""
    for seed in range(4):
        op, arrays, options, out, _ = sample(name, seed)
        shapes = {
            f"{n}_shape": None if x is None else np.shape(x) for n, x in zip(op.inputs, arrays, strict=False)
        }
        form = form_of(op, of, {**options, **shapes, "out_shape": np.shape(out)})
        assert form
        if is_expression(form):
            called = set(re.findall(r"(\w+)\(", form))
            assert called <= set(glossary(op, arrays, options)), f"{form}: {name} needs a form in its record"
        assert "_shape" not in form and "np." not in form and "dim" not in form


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("name", "of"), EXPRESSIONS)
def test_a_form_gives_what_the_rule_gives(name, of, seed):
    op, arrays, options, out, constants = sample(name, seed)
    if not np.size(out):
        return
    values = {**dict(zip(op.inputs, arrays, strict=False)), **options, **constants, "out": out}
    shapes = {
        f"{n}_shape": None if x is None else np.shape(x) for n, x in zip(op.inputs, arrays, strict=False)
    }
    form = form_of(op, of, {**values, **shapes, "out_shape": np.shape(out)})
    operand = values[of]
    if not is_expression(form) or not isinstance(operand, np.ndarray):
        return  # words, for these options
    if name in ("matmul", "linear") and max(np.ndim(x) for x in arrays) > 2:
        return  # a form for matrices
    g = np.random.default_rng(seed).standard_normal(np.shape(out))
    needed = [{**values, **shapes}[n] for n in op.needs[of]]
    expected = np.asarray(op.rules[of](g, *needed))
    env = {"g": g, **values, "n": np.size(arrays[0]) / max(np.size(out), 1)}
    if "dim" in options and np.shape(out) != operand.shape and not options.get("keepdim"):
        axes = normalize_dims(options["dim"], operand.ndim)
        kept = tuple(1 if i in axes else k for i, k in enumerate(operand.shape))
        env |= {"g": g.reshape(kept), "out": np.reshape(out, kept)}
    if options.get("reduction") == "none" and of == "x" and np.shape(out) != operand.shape:
        env["g"] = np.expand_dims(g, 0 if operand.ndim == 1 else 1)
    if name == "linear" and arrays[0].ndim == 1:  # one row
        env |= {"g": g[None], "x": arrays[0][None]}
    with np.errstate(all="ignore"):
        found = eval(form, {"__builtins__": {}}, {**env, **glossary(op, arrays, options)})
    found = np.broadcast_to(found, np.broadcast_shapes(np.shape(found), expected.shape))
    found = unbroadcast(found, operand.shape) if found.shape != expected.shape else found
    if name == "linear" and arrays[0].ndim == 1:
        found = found.reshape(expected.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)


def test_a_form_is_checked_where_the_op_is_defined():
    def op(**read):
        return Op("odd", np.negative, x=lambda g: -g, formula="", domain=REAL, register=False, **read)

    assert op(read="-g").read == {"x": "-g"}
    assert op(read="g turned").read == {"x": "g turned"}
    assert op(read=lambda x_shape: f"-g, of {x_shape}").read
    with pytest.raises(TypeError, match="the form for x asks for 'slope'; it may ask for"):
        op(read="g * slope")
    with pytest.raises(TypeError, match="the form for x asks for 'dim'"):
        op(read=lambda dim: f"g {dim}")
    with pytest.raises(TypeError, match="a form for 'y', which has no rule"):
        op(read={"y": "g"})


@pytest.mark.parametrize("loss", [torch.nn.functional.cross_entropy, torch.nn.functional.nll_loss])
def test_the_form_of_a_loss_over_classes_leaves_ignored_targets_out(loss):
    x = torch.randn(4, 3, requires_grad=True)
    whole = str(torch.viz.explain(loss(x, torch.tensor([0, 1, 2, 0]))))
    some = str(torch.viz.explain(loss(x, torch.tensor([0, -100, 2, 0]))))
    assert "/ 4" in whole and "ignored" not in whole
    assert "over the 3 rows that count; 0 for the 1 whose target is ignored" in some and "/ 4" not in some
    summed = str(torch.viz.explain(loss(x, torch.tensor([0, 2, 2, 2]), ignore_index=2, reduction="sum")))
    assert (
        "0 for the 3 whose target is ignored" in summed
        and "over" not in summed.split("0 for", maxsplit=1)[0][-60:]
    )


@pytest.mark.parametrize("loss", [torch.nn.functional.cross_entropy, torch.nn.functional.nll_loss])
def test_the_form_of_a_sum_over_classes_divides_nothing(loss):
    x = torch.randn(4, 3, requires_grad=True)
    summed = str(torch.viz.explain(loss(x, torch.tensor([0, 1, 2, 0]), reduction="sum")))
    assert "/ 4" not in summed
