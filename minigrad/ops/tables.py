"""All tables of derivatives: also those that load when something of theirs is first used."""

from __future__ import annotations

from . import (
    activations,
    choosing,
    convolution,
    elementwise,
    gamma,
    index,
    linalg,
    losses,
    normalisation,
    reduce,
    scan,
    shape,
)

FAMILIES = (
    elementwise, gamma, choosing, reduce, scan, shape, index, linalg, convolution, activations, normalisation,
    losses,
)  # fmt: skip
