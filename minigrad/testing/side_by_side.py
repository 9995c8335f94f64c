"""Two Jacobians side by side: that of the differences, and that which backward believes in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .finding import Finding, same
from .probe import Probe

Array = Any
ZERO = 1e-7  # of the largest entry: below, an entry of a Jacobian is taken for 0
LISTED = 5


def explanations(finding: Finding, probe: Probe) -> Iterator[str]:
    """From the most to the least certain."""
    wanted = finding.jacobian
    found = None if wanted is None else probe.jacobian(finding.position)
    if wanted is None or found is None:
        return
    zero = ZERO * max(np.abs(wanted).max(), np.abs(found).max())
    there, counted, off = np.abs(wanted) > zero, np.abs(found) > zero, np.abs(wanted - found) > zero
    square = wanted.shape[0] == wanted.shape[1] == finding.numeric.size and len(probe.shapes) == 1
    beside = ~np.eye(len(wanted), dtype=bool) if square else np.zeros(wanted.shape, bool)
    if square and (there & beside).any() and not (counted & beside).any():
        k, i = np.argwhere(there & beside)[0]
        yield (
            "terms are missing: backward lets each entry of the input count for the output of its own place "
            f"only, but {_pair(finding, probe, k, i)} is {wanted[k, i]:.4g}"
        )
    yield from _pattern(finding, probe, wanted, found, there, counted, off)
    if square and not (there & beside).any() and not (counted & beside).any():
        yield from _elementwise(finding, probe, np.diagonal(wanted), np.diagonal(found))
        return
    blocks = {probe.place(int(k))[0] for k in np.flatnonzero(off.any(axis=1))}
    if len(probe.shapes) > 1 and len(blocks) == 1:
        yield f"only what arrives at output {blocks.pop()} is passed on wrongly"


def _pattern(
    finding: Finding, probe: Probe, wanted: Array, found: Array, there: Array, counted: Array, off: Array
) -> Iterator[str]:
    """Which outputs depend on which inputs: of fn, of backward, and where the two disagree."""
    missing, extra = there & ~counted, counted & ~there
    for mask, other, text in (
        (missing, extra, "terms are missing: backward has 0, and differences have not,"),
        (extra, missing, "terms too many: differences have 0, and backward has not,"),
    ):
        if not mask.any() or other.any():
            continue
        k, i = np.argwhere(mask)[0]
        told = (
            f"{text} for {int(mask.sum())} of the {mask.size} pairs of an output and an input; "
            f"{_pair(finding, probe, k, i)} is {found[k, i]:.4g} by backward, "
            f"{wanted[k, i]:.4g} by differences"
        )
        if np.array_equal(off, mask) and not off.all():
            yield f"{told}. The other pairs are right"
        else:
            yield f"{told}. Is a sum or a mean {'left out' if mask is missing else 'of too many entries'}?"


def _pair(finding: Finding, probe: Probe, row: int, column: int) -> str:
    k, place = probe.place(int(row))
    index = [int(i) for i in np.unravel_index(int(column), finding.numeric.shape)]
    return f"d output {k}{place} / d {finding.short}{index}"


def few_sums(finding: Finding, probe: Probe) -> Iterator[str]:
    """A derivative that forgets a sum over the entries is off by a matrix of low rank."""
    wanted = finding.jacobian
    found = None if wanted is None else probe.jacobian(finding.position)
    if wanted is None or found is None or not (gap := wanted - found).any():
        return
    sizes = np.linalg.svd(gap, compute_uv=False)
    rank = int((sizes > 1e-6 * sizes[0]).sum())
    if rank <= min(gap.shape) // 2 and min(gap.shape) > 2:
        yield (
            f"a term is missing, or one too many: what backward is off by has rank {rank}, so it is made of "
            f"{rank} sum{'s' * (rank > 1)} over the incoming gradient, as the gradient through a mean, a "
            "norm or a softmax's sum is"
        )


def _elementwise(finding: Finding, probe: Probe, wanted: Array, found: Array) -> Iterator[str]:
    """Each output depends on the input of its place only, in fn and in backward: one formula for all."""
    x = probe.subject.arrays[finding.position].ravel()
    outputs = probe.outputs()
    y = x if outputs is None else outputs[0].ravel()
    with np.errstate(all="ignore"):
        known = {
            "the input": x, "the output": y, "the input squared": x**2, "the output squared": y**2,
            "1 / input": 1 / x, "1 / output": 1 / y,
            "1 - input": 1 - x, "1 - output": 1 - y, "1": np.ones(x.size),
        }  # fmt: skip
        for name, values in known.items() if len(np.unique(x)) > 2 else ():
            if (c := _multiple(wanted / found, values)) and name != "1":
                yield f"a factor is missing: {_times(c, name)}"
            if (c := _multiple(found / wanted, values)) and name != "1":
                yield f"a factor too many: {_times(c, name)}"
            if c := _multiple(wanted - found, values):
                yield f"a term is missing: {_times(c, name)}, times the incoming gradient"
    rows = [f"        {a:>14.6g} {b:>14.6g} {c:>14.6g}" for a, b, c in zip(x, found, wanted, strict=True)]
    head = f"        {'input':>14} {'backward':>14} {'differences':>14}"
    more = [f"        ... and {len(rows) - LISTED} more"] * (len(rows) > LISTED)
    yield (
        "the formula of an elementwise derivative: fn and backward both take each entry by itself, and "
        "disagree on d output / d input, which is\n\n" + "\n".join([head, *rows[:LISTED], *more])
    )


def _multiple(values: Array, of: Array) -> float:
    """The c with values = c * of; 0.0 if there is none."""
    if not (np.isfinite(values).all() and np.isfinite(of).all() and of.all()):
        return 0.0
    c = float(np.median(values / of))
    return c if same(values, c * of) else 0.0


def _times(c: float, name: str) -> str:
    c = round(c) if abs(c - round(c)) < 1e-6 else float(f"{c:.6g}")
    return name if c == 1 and name != "1" else f"{c} times {name}" if name != "1" else f"{c}"
