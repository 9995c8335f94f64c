import ast

import numpy as np
import pytest

import minigrad as torch
from minigrad.ops.op import REGISTRY
from minigrad.viz._rules import rule_of, rule_text, with_numbers


@pytest.mark.parametrize("name", [name for name, op in REGISTRY.items() if op.rules])
def test_the_rule_of_every_op_can_be_read_and_is_python(name):
    op = REGISTRY[name]
    for of, rule in op.rules.items():
        text = rule_text(rule)
        tree = ast.parse(text, mode="eval")
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert set(op.needs[of]) <= names, f"{of}: {text}"


def test_rules_are_those_of_the_table():
    assert rule_text(REGISTRY["div"].rules["b"]) == "-g * (a / b) / b"
    assert rule_text(REGISTRY["sin"].rules["x"]) == "g * cos(x)"
    assert rule_text(REGISTRY["matmul"].rules["a"]) == "matmul_a(g, a_shape, b)"


def test_what_has_no_source_has_no_text():
    assert rule_text(np.sin) == ""
    assert rule_text(eval("lambda g: g")) == ""


def test_numbers_take_the_place_of_names():
    assert with_numbers("g * (1 - out * out)", {"g": 2.0, "out": np.array(0.5)}) == "2 · (1 − 0.5 · 0.5)"
    assert with_numbers("g * b", {"g": np.array([1.0, 2.0]), "b": -3}) == "[1, 2] · (−3)"
    assert with_numbers("-g", {"g": -1.0}) == "−(−1)"
    assert with_numbers("g * exp(x)", {"g": 1.0, "x": 0.0}) == "1 · exp(0)"


def test_large_arrays_are_not_put_in():
    assert with_numbers("g * b", {"g": np.ones(5), "b": 1.0}) == ""
    assert with_numbers("zeros()", {}) == ""


def test_a_rule_is_found_by_the_place_of_its_operand():
    x = torch.ones(2, requires_grad=True)
    assert rule_of(REGISTRY["sub"], 1)[0] == "b"
    assert rule_of(REGISTRY["cat"], 7)[0] == "tensors"
    assert rule_of(REGISTRY["where"], 0) is None

    class Same(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g

    assert rule_of(Same.apply(x).grad_fn.op, 0) is None
