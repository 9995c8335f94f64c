"""Every op of the registry, held to what must hold for any op. A new op is covered by being there."""

import pytest
from hypothesis import given, strategies as st

from minigrad._tensor.tensor import Tensor  # noqa: F401 (importing it fills the registry)
from minigrad.ops.op import REGISTRY, Interval
from minigrad.testing import properties, strategies as some

WITH_RULES = [op for op in REGISTRY.values() if op.rules]
WITHOUT = [op for op in REGISTRY.values() if not op.rules]


def each(ops):  # the name of the op is the id: -k atan
    return pytest.mark.parametrize("op", ops, ids=[op.name for op in ops])


@each(WITH_RULES)
@given(data=st.data(), seed=st.integers(0, 99))
def test_gradients_are_derivatives_of_orders_one_and_two(op, data, seed):
    inputs, options = data.draw(some.samples(op))
    positions = properties.differentiable_positions(op, inputs)
    chosen = [i for i in positions if data.draw(st.booleans())] if len(positions) > 1 else positions
    # Along directions through all entries at once; what is found wrong is looked at entry by entry.
    properties.gradients_are_derivatives(
        op, inputs, options, chosen=chosen or positions, seed=seed, max_entries=0, projections=1
    )


@each(WITH_RULES)
@given(data=st.data())
def test_rules_alone_keep_shape_and_dtype_and_are_linear(op, data):
    inputs, options = data.draw(some.samples(op, equal_shapes=True))
    properties.rules_keep_shape(op, inputs, options)
    properties.rules_keep_dtype(op, inputs, options)
    properties.rules_are_linear(op, inputs, options)
    properties.constants_stay_constant(op, inputs, options)


@each(
    [
        op
        for op in WITH_RULES
        if isinstance(op.domain, tuple) or op.name in ("pow", "where", "maximum", "minimum")
    ]
)
@given(data=st.data(), seed=st.integers(0, 99))
def test_a_number_may_stand_for_an_operand_at_both_orders(op, data, seed):
    """A number has no dtype: a choice between two, say, is a float32 tensor."""
    inputs, options = data.draw(some.samples(op))
    arrays = [i for i in properties.differentiable_positions(op, inputs) if inputs[i].size]
    if len(arrays) < 2:
        return
    inputs, replaced = list(inputs), data.draw(st.sampled_from(arrays))
    inputs[replaced] = float(inputs[replaced].flat[0])
    properties.gradients_are_derivatives(op, inputs, options, seed=seed, max_entries=0, projections=1)


@each(WITHOUT)
@given(data=st.data())
def test_without_a_rule_nothing_requires_grad(op, data):
    properties.constants_stay_constant(op, *data.draw(some.samples(op)))


@each([*REGISTRY.values()])
def test_has_a_formula_and_a_domain(op):
    assert op.formula.strip()
    if isinstance(op.domain, Interval):
        assert len(op.inputs) == 1
    elif isinstance(op.domain, tuple):
        assert [type(interval) for interval in op.domain] == [Interval] * len(op.inputs)
    else:
        assert callable(op.domain)
