"""All tables of derivatives: also those that load when something of theirs is first used."""

from __future__ import annotations

from . import (
    activations,
    arcs,
    bessel,
    choosing,
    class_losses,
    convolution,
    elementwise,
    extremes,
    factors,
    gamma,
    index,
    ldl,
    linalg,
    losses,
    lu,
    normalisation,
    recurrence,
    reduce,
    rounding,
    scan,
    shape,
    solving,
    trellis,
)

FAMILIES = (
    elementwise, arcs, rounding, gamma, bessel, choosing, reduce, extremes, scan, shape, index, linalg,
    solving, factors, lu, ldl, convolution, activations, normalisation, losses, class_losses, trellis,
    recurrence,
)  # fmt: skip
