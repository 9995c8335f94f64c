"""The record of an op: what its signature says, and what it refuses."""

# ruff: noqa: ARG005 (what a record reads is the names of parameters)

import functools
import inspect
import types

import numpy as np
import pytest

import minigrad as torch
from minigrad.ops.op import REAL, REGISTRY, Interval, Op, _parameters

ALL = sorted(REGISTRY)


@pytest.mark.parametrize("name", ALL)
def test_the_forms_for_readers_use_names_that_they_may(name):
    REGISTRY[name].check_forms()  # which a record of the package does not do while it loads


DIFFERENTIABLE = [name for name in ALL if REGISTRY[name].differentiable]


def op(forward, name="probe", **rules):
    settings = {"formula": "f", "domain": REAL, "register": False, **rules}
    return Op(name, forward, **settings)


# --- every registered op -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_every_op_has_a_formula_and_a_domain(name):
    record = REGISTRY[name]
    assert record.name == name
    assert len(record.formula) > 3 and record.formula.isprintable()
    domain = record.domain
    if isinstance(domain, tuple) and not isinstance(domain, Interval):
        assert len(domain) == len(record.inputs) and all(isinstance(d, Interval) for d in domain)
    else:
        assert isinstance(domain, Interval) or callable(domain)
    if isinstance(domain, Interval):
        assert len(record.inputs) == 1 and domain.low < domain.high


def test_there_are_at_least_a_hundred_ops_and_some_have_no_derivative():
    assert len(ALL) > 90
    assert not REGISTRY["eq"].differentiable and not REGISTRY["argmax"].differentiable


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_rules_take_g_and_what_the_op_knows(name):
    record = REGISTRY[name]
    for of, rule in record.rules.items():
        first, *needs = inspect.signature(rule).parameters
        assert first == "g"
        assert record.needs[of] == tuple(needs)
        assert of in record.inputs


@pytest.mark.parametrize("name", ALL)
def test_the_repr_is_the_formula(name):
    assert REGISTRY[name].formula in repr(REGISTRY[name])


ELEMENTWISE = [name for name in DIFFERENTIABLE if not callable(REGISTRY[name].domain)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_raw_rule_gives_the_inputs_shape_and_dtype(name, dtype):
    # The engine sums a gradient to its input's shape and casts it, which would hide a rule that does neither.
    record = REGISTRY[name]
    intervals = record.domain if len(record.inputs) > 1 else (record.domain,)
    arrays = [np.linspace(d.low + 0.05, d.high - 0.07, 6, dtype=dtype).reshape(2, 3) for d in intervals]
    out = record.forward(*arrays, **record.options)
    values = (*arrays, out, *record.options.values())
    for of, rule in record.rules.items():
        g = np.ones((2, 3), dtype)
        before = [v.copy() for v in (*arrays, out, g)]
        d = rule(g, *(record.picks[of](values) if record.picks[of] else ()))
        assert type(d) is np.ndarray and d.shape == (2, 3) and d.dtype == dtype
        assert not any(np.shares_memory(d, v) for v in (*arrays, out))
        assert all((a == b).all() for a, b in zip(before, (*arrays, out, g), strict=True)), (
            "it wrote to what it saved"
        )


# --- what is saved -------------------------------------------------------------------------------------


def saved(tensor):
    """What the node of a tensor keeps, by input."""
    return [None if edge is None else edge[2:] for edge in tensor._node.edges]


def leaf(*values):
    return torch.tensor(values, requires_grad=True)


def test_add_saves_nothing():
    assert saved(leaf(1.0) + leaf(2.0)) == [(), ()]


def test_tanh_saves_its_output_and_sin_its_input():
    x = leaf(1.0)
    y, z = x.tanh(), x.sin()
    assert saved(y)[0] == (y._array,) and saved(y)[0][0] is y._array
    assert saved(z)[0][0] is x._array


def test_mul_saves_for_each_input_that_needs_a_gradient_the_other_one():
    x, c = leaf(1.0), torch.tensor([2.0])
    both, first, second = x * leaf(3.0), x * c, c * x
    assert [len(s) for s in saved(both)] == [1, 1]
    assert saved(first)[1] is None and saved(first)[0][0] is c._array
    assert saved(second)[0] is None and saved(second)[1][0] is c._array


def test_matmul_saves_the_other_operand_only():
    a, b = torch.ones(2, 3, requires_grad=True), torch.ones(3, 4)
    arrays = [v for v in saved(a @ b)[0] if isinstance(v, np.ndarray)]
    assert len(arrays) == 1 and arrays[0] is b._array


def test_shapes_and_options_are_saved_without_arrays():
    x = torch.ones(2, 3, requires_grad=True)
    for y in (x.sum(1), x.mean(), x.reshape(6), x.t(), x.expand(4, 2, 3), x[0], x[:, 1:], torch.cat([x, x])):
        for values in saved(y):
            assert not any(isinstance(v, np.ndarray) for v in values), y


# --- what a record refuses -----------------------------------------------------------------------------


def test_a_rule_of_an_unknown_input_is_refused():
    with pytest.raises(TypeError, match="probe: a rule for 'z', but its inputs are x"):
        op(lambda x: x, z=lambda g: g)


def test_a_rule_that_asks_for_an_unknown_name_is_told_what_it_may_ask_for():
    with pytest.raises(TypeError, match="asks for 'y'; it may ask for x, out, dim, x_shape"):
        op(lambda x, *, dim=0: x, x=lambda g, y: g)


def test_a_rule_takes_the_gradient_first():
    with pytest.raises(TypeError, match="gradient first, as g, not x"):
        op(lambda x: x, x=lambda x, g: g)


def test_a_name_is_given_once():
    with pytest.raises(TypeError, match="op tanh is defined twice"):
        op(lambda x: x, name="tanh", register=True, x=lambda g: g)


def test_one_function_is_no_rule_of_two_inputs():
    def rule(g):
        return g

    with pytest.raises(TypeError, match="write it twice"):
        op(lambda a, b: a + b, a=rule, b=rule)


# --- what a signature says -----------------------------------------------------------------------------


def test_inputs_are_positional_and_options_keyword_only():
    record = op(lambda x, w, bias=None, *, dim, keepdim=False: x, x=lambda g: g)
    assert record.inputs == ("x", "w", "bias")
    assert record.optional == {"bias"}
    assert list(record.options) == ["dim", "keepdim"]


def test_a_ufunc_takes_its_inputs_from_the_rules():
    record = op(np.arctan2, a=lambda g: g, b=lambda g: g)
    assert record.inputs == ("a", "b")


def test_signatures_are_read_as_inspect_reads_them():
    @functools.wraps(lambda x, *, k=2: x)
    def wrapped(*args, **kwargs):
        return None

    def signed(*args):
        return None

    signed.__signature__ = inspect.signature(lambda g, out: g)
    functions = [f for o in REGISTRY.values() for f in (o.forward, *o.rules.values())]
    functions += [
        wrapped,
        signed,
        functools.partial(lambda g, x, *, k=1: g, k=3),
        lambda *xs, dim=0, keep: xs,
    ]
    read = 0
    for function in functions:
        if not isinstance(function, np.ufunc | types.BuiltinFunctionType):
            wanted = [(p.name, p.default, p.kind) for p in inspect.signature(function).parameters.values()]
            assert _parameters(function) == wanted
            read += 1
    assert read > 200


def test_a_starred_input_is_a_list():
    record = op(lambda *tensors, dim=0: tensors[0], tensors=lambda g, i, tensors_shape, dim: g)
    assert record.variadic and record.wants_shapes
    assert record.needs == {"tensors": ("i", "tensors_shape", "dim")}


def test_constants_may_be_named_by_a_rule():
    record = op(lambda x: (x, x > 0), constants=("mask",), x=lambda g, mask: g * mask)
    assert record.needs == {"x": ("mask",)}
