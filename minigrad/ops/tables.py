"""All tables of derivatives: also those that load when something of theirs is first used."""

from __future__ import annotations

from . import (
    activations,
    arcs,
    bessel,
    choosing,
    class_losses,
    convolution,
    cylinder,
    distances,
    elementwise,
    extremes,
    factors,
    gamma,
    grids,
    index,
    ldl,
    linalg,
    losses,
    lu,
    normalisation,
    polynomials,
    ranks,
    recurrence,
    reduce,
    resampling,
    rounding,
    scan,
    shape,
    solving,
    trellis,
    zeta,
)

FAMILIES = (
    elementwise, arcs, rounding, gamma, bessel, cylinder, polynomials, zeta, choosing, reduce, extremes,
    ranks, scan, shape, index, linalg, distances, solving, factors, lu, ldl, convolution, resampling,
    grids, activations, normalisation, losses, class_losses, trellis, recurrence,
)  # fmt: skip
