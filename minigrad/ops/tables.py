"""All tables of derivatives: also those that load when something of theirs is first used."""

from __future__ import annotations

from . import (
    activations,
    choosing,
    convolution,
    elementwise,
    factors,
    gamma,
    index,
    linalg,
    losses,
    normalisation,
    recurrence,
    reduce,
    scan,
    shape,
    solving,
    trellis,
)

FAMILIES = (
    elementwise, gamma, choosing, reduce, scan, shape, index, linalg, solving, factors, convolution,
    activations, normalisation, losses, trellis, recurrence,
)  # fmt: skip
