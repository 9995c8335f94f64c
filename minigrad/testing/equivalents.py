"""Mutants that cannot be told from the right rule, and why."""

import re
from collections.abc import Sequence
from typing import Protocol


class Described(Protocol):
    """What is looked at of a mutant."""

    @property
    def family(self) -> str: ...
    @property
    def description(self) -> str: ...


FLAT = "the derivative is 0 wherever there is one, and so is every multiple and rearrangement of it"
COMPARED = "what is saved is only compared, and a comparison has no derivative"
MONOTONE = "the function keeps the order: out is on the same side of the kink as x"
SUMMED = "axes too many in front, which the engine sums away: slower, not wrong"
OF_A_VECTOR = "of a vector, or of a matrix, this is the same axis"

ZERO = "floor ceil round sign floor_divide"
BY_COMPARISON = "abs relu leaky_relu hardtanh maximum minimum clamp amax amin remainder"

# Ops, family, how the description begins (patterns), reason.
KNOWN: Sequence[tuple[str, str, str, str]] = (
    (ZERO, "sign|scaled.*|one entry.*|nothing|incoming.*|transposed|one element off", "", FLAT),
    (ZERO, "second order.*|another input's rule|un-broadcast left out", "", FLAT),
    (BY_COMPARISON, "second order: saved.*", "", COMPARED),
    ("relu leaky_relu hardtanh", "out and input mistaken", "", MONOTONE),
    ("add", "another input's rule", "", "both rules pass the gradient on as it is"),
    (
        "xlogy",
        "out and input mistaken",
        "out for a",
        "for b <= 0, a log b is 0 where a is 0 and nowhere else",
    ),
    ("reverse_scan", "one entry scaled.*", "", "the first x takes no part, so that its gradient is 0"),
    ("standardize", "a factor.*", "_statistics: .* - x, not", "only the square of the centred x is used"),
    ("tile", "a factor.*", r"_untile: len\(shape\), not", "more repeats of 1 in front change nothing"),
    ("cast", "float64 always", "", "the domain casts to float64"),
    ("index_put", "a factor.*", r"_lengthened: ndim, not ndim - g.ndim", SUMMED),
    ("matmul linear", "a factor.*", r"_rows: x.ndim != 2", SUMMED),
    ("matmul", "a factor.*", r"_matmul_b: len\(b_shape\) != 2|_matmul_b: a.ndim < 2", SUMMED),
    ("matmul linear", "a factor.*", r"_(matmul_b|linear_weight|swap): 1, not -1", OF_A_VECTOR),
)


def reason(op: str, mutant: Described) -> str:
    """Why a mutant of an op is no mistake; "" where none is known."""
    for ops, family, description, why in KNOWN:
        if (
            op in ops.split()
            and re.fullmatch(family, mutant.family)
            and re.match(description, mutant.description)
        ):
            return why
    return ""
