"""Mutants that cannot be told from the right rule, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

FLAT = "the derivative is 0 wherever there is one, and so is every multiple and rearrangement of it"
COMPARED = "what is saved is only compared, and a comparison has no derivative"
MONOTONE = "the function keeps the order: out is on the same side of the kink as x"
BOUND = "out is at the bound just where the bound binds, so it compares with x as the bound does"
SUMMED = "axes too many in front, which the engine sums away: slower, not wrong"
NOT_TAKEN = "the value stands in a branch that is not taken"
ANY_NEGATIVE = "to np.reshape any negative side means the one to be inferred"

ZERO = "floor ceil round sign trunc floor_divide trunc_divide"
BY_COMPARISON = (
    "abs relu leaky_relu hardtanh hardsigmoid threshold maximum minimum clamp amax amin max min remainder"
)
IN_SOURCE = "a factor.*|an operator.*|a number.*|a comparison.*"

# Ops, family, how the description begins (patterns), reason.
KNOWN: Sequence[tuple[str, str, str, str]] = (
    (
        ZERO,
        "sign|scaled.*|one entry.*|nothing|absolute.*|incoming.*|transposed|one element off"
        "|second order.*|another input's rule|un-broadcast left out",
        "",
        FLAT,
    ),
    (BY_COMPARISON, "second order: saved.*", "", COMPARED),
    (
        "copysign nextafter",
        "sign|scaled.*|one entry.*|nothing|absolute.*|incoming.*|transposed|one element off"
        "|second order.*|another input's rule|un-broadcast left out",
        "",
        "the rule for b is 0 everywhere",
    ),
    ("sinc copysign", IN_SOURCE, r"(_sinc_slope: x|_ratio_or_zero: a) (!= 0|== 1)", NOT_TAKEN),
    (
        "fmod copysign",
        "second order: saved.*",
        "",
        "the factor of g is a whole number, flat between its steps",
    ),
    (
        "hardswish",
        IN_SOURCE,
        "_hardswish_slope: (x.ndim|x > 3)",
        "tests/nn/test_more_activations.py pins the recorded rule",
    ),
    ("leaky_relu hardtanh", "out and input mistaken", "", MONOTONE),
    ("clamp", "out and input mistaken", "out for (min|max)", BOUND),
    ("add", "another input's rule", "", "both rules pass the gradient on as it is"),
    (
        "xlogy",
        "out and input mistaken",
        "out for a",
        "for b <= 0, a log b is 0 where a is 0 and nowhere else",
    ),
    ("reverse_scan", "one entry scaled.*", "", "the first x takes no part, so that its gradient is 0"),
    ("standardize", IN_SOURCE, "(_statistics: |).* - x, not", "the centred x enters in pairs"),
    ("cast", "float64 always", "", "the domain casts to float64"),
    # Shapes.
    ("tile", IN_SOURCE, r"_untile: len\(shape\)", "more repeats of 1 in front change nothing"),
    ("index_put", IN_SOURCE, r"_lengthened: (ndim|ndim \+ g.ndim), not ndim - g.ndim", SUMMED),
    ("index_put", IN_SOURCE, "_lengthened: g.ndim > ndim", "at the same ndim the shape is what it was"),
    ("matmul linear", IN_SOURCE, r"_rows: x.ndim (!= 2|== 3)", SUMMED),
    ("convolution", "transposed|flattened", "", "the bias is a vector, which these leave as it is"),
    ("lstm", "transposed|flattened", "", "all inputs stand in one vector, which these leave as it is"),
    (
        "trellis_loss",
        "second order.*",
        "",
        "it has no second derivative, and refuses to be differentiated twice",
    ),
    (
        "i1 i1e",
        IN_SOURCE,
        r"_over(\(x, out, 0.50005\)|: x == 1|: .*, not cast\(zero, x.dtype\) \* at_zero)",
        "this is the value at 0, which the domain avoids and tests/property/test_kinks.py pins",
    ),
    (
        "linear",
        IN_SOURCE,
        "_linear_weight: x.ndim == 2, not x.ndim == 1",
        "a vector as a matrix of one row: slower, not wrong",
    ),
    ("matmul", IN_SOURCE, r"_matmul_b: (len\(b_shape\) (!= 2|== 3)|a.ndim (<|>= 2|> 3))", SUMMED),
    ("prod", IN_SOURCE, r"_prod_others: \(.*, -2\), not \(.*, -1\)", ANY_NEGATIVE),
    ("max_dim min_dim", IN_SOURCE, "_to_chosen: -2 if i == axis", ANY_NEGATIVE),
    (
        "einsum",
        IN_SOURCE,
        r"_contract: set\(t\).isdisjoint",
        "another order: slower, not wrong",
    ),
    ("einsum", IN_SOURCE, "_pair: (c not in second|copy=True)", "another way to the same product"),
    ("cumsum cumprod", IN_SOURCE, "cumulate: x.dtype.kind != 'f'", "matters to integers, which have no rule"),
    ("std var", IN_SOURCE, "_times_centered: .* or ", "both are arrays, or both are tensors"),
    (
        "cross_entropy",
        IN_SOURCE,
        r"_asked: (classes|-1, not|1 - classes)",
        "matters to targets that forward has refused",
    ),
    (
        "cross_entropy",
        IN_SOURCE,
        r"_asked: np.where\(kept, target, 1\)",
        "what is not kept is multiplied by 0",
    ),
    ("cross_entropy", IN_SOURCE, "_asked: -2 if i == axis", ANY_NEGATIVE),
    ("leaky_relu", IN_SOURCE, "1 < negative_slope", "the other way to the same numbers is slower, not wrong"),
    # Values.
    ("atan2", IN_SOURCE, r"_inverse_or_zero: np.where\(x == 0, 2, x\)", NOT_TAKEN),
    ("std vector_norm", IN_SOURCE, r"_over: (np.where\(size == 0, 2, size\)|size == 1)", NOT_TAKEN),
    ("std", IN_SOURCE, "_over: safe, not", "the power is 1"),
    (
        "vector_norm",
        IN_SOURCE,
        r"_share: spread\(g, shape, dim, keepdim\), not",
        "the places that are not chosen are cut off afterwards",
    ),
    ("vector_norm", IN_SOURCE, r"np.where\(size == 0, 2, size\)", NOT_TAKEN),
    (
        "elu selu",
        IN_SOURCE,
        r"_elu_slope: np.minimum\(x, 1\)",
        "any bound above the kink keeps exp from overflowing",
    ),
    (
        "huber",
        IN_SOURCE,
        r"_huber_slope: np.abs\(x\) >= delta",
        "both pieces have the same slope where they meet",
    ),
    ("huber", IN_SOURCE, "_huber_slope: delta / sign", "sign(x) is 1 or -1 there"),
    ("reverse_scan", IN_SOURCE, "_forward_scan: .*, 1.0\\), not", "the first factor of a scan takes no part"),
    ("std", IN_SOURCE, "_denominator: max.*, 1.*, not max", "out is nan already"),
)


def reason(op: str, mutant: Any) -> str:
    """Why a mutant of an op is no mistake; "" where none is known."""
    for ops, family, description, why in KNOWN:
        if (
            op in ops.split()
            and re.fullmatch(family, mutant.family)
            and re.match(description, mutant.description)
        ):
            return why
    return ""
