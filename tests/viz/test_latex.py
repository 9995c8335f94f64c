import re

import pytest

from minigrad.ops.op import REGISTRY
from minigrad.viz._latex import latex, name


@pytest.mark.parametrize("op", REGISTRY)
def test_the_formula_of_every_op_is_latex_that_a_parser_takes(op):
    pytest.importorskip("matplotlib")
    from matplotlib.mathtext import MathTextParser

    MathTextParser("path").parse(f"${latex(REGISTRY[op].formula)}$")


@pytest.mark.parametrize("op", REGISTRY)
def test_no_word_of_a_formula_is_lost(op):
    formula = REGISTRY[op].formula
    words = re.findall(r"[a-z]{4,}", formula.replace("/d", "/"))
    text = latex(formula).replace(r"\_", "_")
    assert all(word in text for word in words)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("d(a b)/da = b", r"\frac{\partial (a b)}{\partial a} = b"),
        ("x^2 a^(b-1)", r"x^{2} a^{b-1}"),
        ("2 ** 3", "2 ^{3}"),
        ("1/(2 sqrt(x))", r"1/(2 \sqrt{x})"),
        ("x_i, x_(i+1)", r"x_{i}, x_{i+1}"),
        ("1 for x > 0,  0 for x <= 0", r"1 \text{ for } x > 0,\quad 0 \text{ for } x \leq  0"),
        ("the gradient, summed", r"\text{the gradient}, \text{ summed}"),
        ("at a tie", r"\text{at a tie}"),
        ("−0.5", "-0.5"),
        ("alpha exp(x)", r"\alpha  \exp(x)"),
    ],
)
def test_formulas_as_latex(text, expected):
    assert latex(text) == expected


def test_names_as_latex():
    assert name("x") == "x"
    assert name("v12") == "v_{12}"
    assert name("total_loss") == r"\mathtt{total\_loss}"
