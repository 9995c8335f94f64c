"""The kind of mistake that a wrong gradient looks like."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from . import side_by_side
from .finding import Finding, same
from .probe import Probe

Array = Any
Shape = tuple[int, ...]
CUT = ": does a rule return zeros, is the path cut by detach(), or does fn pass through integers?"
FLOAT32 = 2e-6  # relative errors below this are what float32 leaves


def diagnose(finding: Finding, others: Sequence[Finding], probe: Probe) -> str:
    """One sentence on what it looks like; empty where nothing known fits."""
    return next(_explanations(finding, others, probe), "")


def _explanations(finding: Finding, others: Sequence[Finding], probe: Probe) -> Iterator[str]:
    g, n = finding.found, finding.numeric
    if finding.gradient is None:
        yield (
            "no gradient arrives at all: is the path cut by detach(), .data, .numpy(), a new tensor made of "
            "the values, or a backward that returns None?"
        )
    if np.isnan(g).any():
        yield (
            f"{int(np.isnan(g).sum())} entries that are nan, as from 0 * inf or 0 / 0: a branch that is not "
            "taken is computed all the same"
        )
    if not np.isfinite(n).all():
        # Of a large input a few entries were looked at.
        yield from _of_a_few(g[np.isfinite(n)], n[np.isfinite(n)])
        return
    yield from _precision(finding, g, n)
    if finding.gradient is not None and not g.any():
        yield "a gradient that is 0 everywhere" + CUT
    if same(g, -n):
        yield "a sign: backward gives exactly the negative"
    yield from _transposed(g, n)
    if finding.jacobian is not None:
        yield from _from_jacobian(finding.jacobian, g, probe.shapes, probe.cotangents)
    yield from _asked_again(finding, probe)
    for other in others:
        if other.numeric.shape == n.shape and same(g, other.numeric):
            yield f"exchanged: this is the gradient of {other.name}"
    yield from _taken_for_another(finding, probe)
    yield from _factor(g, n, probe.shapes)
    if n.size > 1 and same(np.sort(g, axis=None), np.sort(n, axis=None)):
        yield "the right numbers in the wrong places: a flipped, rolled or shifted index?"
    yield from side_by_side.explanations(finding, probe)
    yield from _pattern(g, n)
    yield from side_by_side.few_sums(finding, probe)
    wrong = int(finding.wrong.sum())
    if wrong < n.size:
        yield (
            f"an edge: only {wrong} of {n.size} entries are wrong. Is a term missing, or an index off by one?"
        )


def _of_a_few(g: Array, n: Array) -> Iterator[str]:
    if n.size > 1 and not g.any():
        yield "a gradient that is 0" + CUT
    if n.size > 1 and same(g, -n):
        yield "a sign: backward gives exactly the negative"
    if n.size > 1:
        yield from _factor(g, n, [])


def _transposed(g: Array, n: Array) -> Iterator[str]:
    for i, j in combinations(range(n.ndim), 2):
        if n.shape[i] == n.shape[j] and same(g, np.swapaxes(n, i, j)):
            last = (i, j) == (n.ndim - 2, n.ndim - 1)
            yield f"transposed: {'the last two axes' if last else f'axes {i} and {j}'} are exchanged"


def _asked_again(finding: Finding, probe: Probe) -> Iterator[str]:
    """A rule is linear in the gradient that arrives."""
    none, twice = (probe.scaled(finding.position, factor) for factor in (0.0, 2.0))
    if none is not None and none.any():
        yield (
            "a term that does not depend on the incoming gradient: backward of 0 is not 0. A rule multiplies "
            "what arrives, and adds nothing to it"
        )
    if twice is not None and not same(twice, 2 * finding.found) and finding.found.any():
        yield (
            "a rule that is not linear in the incoming gradient: twice as much arriving does not give twice "
            "as much. A rule multiplies what arrives, once"
        )


def _taken_for_another(finding: Finding, probe: Probe) -> Iterator[str]:
    """A value that a rule saved under the wrong name: it is right where the two have changed places."""
    n, names, arrays = finding.numeric, probe.subject.names, probe.subject.arrays
    made = probe.at_output(finding.position)
    if made is not None and same(made, n):
        yield "the input taken for the output: a rule in terms of the output was given the input"
    for other, x in enumerate(arrays):
        if other != finding.position and x.shape == n.shape:
            made = probe.exchanged(finding.position, other)
            if made is not None and same(made, n):
                yield (
                    f"saved inputs exchanged: the rule is right where {finding.name} and {names[other]} have "
                    "changed places"
                )


def _factor(g: Array, n: Array, outputs: Sequence[Shape]) -> Iterator[str]:
    large = np.abs(n) > 1e-3 * np.abs(n).max(initial=0.0)
    if not large.any():
        return
    factor = float(np.median(g[large] / n[large]))
    if not same(g, factor * n, 1e-6 * max(abs(factor), 1.0)) or abs(factor) < 1e-12:
        return
    about = ""
    lengths = {side for shape in outputs for side in shape} | {n.size, *n.shape, *map(math.prod, outputs)}
    for k in sorted(lengths):
        if k > 1 and abs(factor * k - 1) < 1e-6:
            about += f"; 1/{k}: divided by the length of an axis, a mean where a sum is meant?"
        elif k > 1 and abs(factor / k - 1) < 1e-6:
            about += f"; {k} is the length of an axis: a sum where a mean is meant, or counted {k} times?"
    if not about and abs(factor - 0.5) < 1e-6:
        about = "; 1/2: the 2 of a square's derivative, or one of two equal paths cut, as in x * x.detach()?"
    if n.size > 1 or about or any(abs(factor * k - round(factor * k)) < 1e-6 for k in range(1, 7)):
        yield (
            f"a factor: backward gives {_told(factor)} times the derivative"
            + " everywhere" * (n.size > 1)
            + about
        )


def _told(factor: float) -> str:
    """1.000003 as 1 + 3e-06: six digits of it would say 1."""
    near = abs(factor - 1) < 9e-5
    return f"1 {'-' if factor < 1 else '+'} {abs(factor - 1):.3g}" if near else f"{factor:.6g}"


def _from_jacobian(
    jacobian: Array, g: Array, outputs: Sequence[Shape], cotangents: Sequence[Array]
) -> Iterator[str]:
    v = np.concatenate([c.ravel() for c in cotangents])
    flat = g.ravel()
    if same(flat, jacobian.sum(axis=0)):
        yield "the incoming gradient is ignored: this is the gradient of the sum, right only for all ones"
    if jacobian.shape[0] == jacobian.shape[1]:
        if same(flat, jacobian @ v):
            yield "the Jacobian is transposed: J v where J^T v is meant"
        if same(flat, np.diagonal(jacobian) * v):
            yield "terms are missing: each input counts for the output of its own place only"
    starts = np.cumsum([0, *(c.size for c in cotangents)])
    for k, m in combinations(range(len(outputs)), 2):
        if outputs[k] == outputs[m]:
            swapped = v.copy()
            swapped[starts[k] : starts[k + 1]] = v[starts[m] : starts[m + 1]]
            swapped[starts[m] : starts[m + 1]] = v[starts[k] : starts[k + 1]]
            if same(flat, swapped @ jacobian):
                yield f"exchanged: the gradients arriving at outputs {k} and {m} have changed places"
    for k, shape in enumerate(outputs):
        rows = slice(starts[k], starts[k + 1])
        part = jacobian[rows] * v[rows, None]
        if len(outputs) > 1 and same(flat, flat * 0 + (jacobian * v[:, None]).sum(axis=0) - part.sum(axis=0)):
            yield f"a term is missing: the gradient arriving at output {k} is not passed on"
        stretched = [axis for axis in range(len(shape)) if _is_stretched(shape, axis, g.shape)]
        if len(stretched) > 1:
            kept = part.reshape(*shape, -1)[
                tuple(0 if i in stretched else slice(None) for i in range(len(shape)))
            ]
            if same(flat, kept.reshape(-1, flat.size).sum(axis=0)):
                yield (
                    f"not summed over the broadcast axes {stretched} of output {k}: only the first of their "
                    f"{math.prod(shape[i] for i in stretched)} places counts"
                )
        for axis in stretched:
            slices = np.moveaxis(part.reshape(*shape, -1), axis, 0)
            for i in (0, -1):
                if same(flat, slices[i].reshape(-1, flat.size).sum(axis=0)):
                    yield (
                        f"not summed over a broadcast axis: only one of the {shape[axis]} rows "
                        f"along axis {axis} of output {k} counts"
                    )


def _is_stretched(shape: Shape, axis: int, given: Shape) -> bool:
    """True if broadcasting repeats an input of the `given` shape along this axis of the output."""
    aligned = len(given) - len(shape) + axis
    return shape[axis] > 1 and (aligned < 0 or given[aligned] == 1)


def _precision(finding: Finding, g: Array, n: Array) -> Iterator[str]:
    wrong = finding.wrong
    if (np.abs(n - g)[wrong] <= FLOAT32 * np.abs(n[wrong])).all():
        if np.array_equal(g.astype(np.float32), g):
            yield "a lost dtype: the error is float32's rounding, and every entry fits into float32"
        ratios = g[wrong & (n != 0)] / n[wrong & (n != 0)] - 1
        if ratios.size > 1 and np.ptp(ratios) < 1e-2 * np.abs(ratios).max():
            factor = _told(1 + float(np.median(ratios)))
            yield (
                f"a factor: backward gives {factor} times the derivative everywhere. Is a constant of few "
                "digits, or of float32?"
            )
        yield "float32's rounding, a constant of few digits, or a small term that is missing or too many"


def _pattern(g: Array, n: Array) -> Iterator[str]:
    gap = n - g
    if n.size > 2 and np.ptp(gap) < 1e-6 * np.abs(gap).max():
        yield "a term is missing, the same for all entries, as the gradient through a mean or a sum is"
    for axis in range(n.ndim):
        if n.shape[axis] > 2 and np.ptp(gap, axis=axis).max() < 1e-6 * np.abs(gap).max():
            yield (
                f"a term is missing, the same along axis {axis}, as the gradient through a mean or a sum "
                "over it is"
            )
