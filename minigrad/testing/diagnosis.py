"""What kind of mistake a wrong gradient looks like."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any
Shape = tuple[int, ...]
FLOAT32 = 2e-6  # relative errors below this are what float32 leaves


@dataclass
class Finding:
    """The gradient of one input beside what it should be.

    Attributes:
        name: what messages call the input.
        gradient: by backward; None where no gradient arrived.
        numeric, error: by differences, with the bound of their error; nan where it was not computed.
        wrong: where the two disagree.
        problem: "" for a plain disagreement; else why the differences give no number to compare with.
        jacobian: d output / d input, outputs by inputs; None where only projections were computed.
    """

    name: str
    gradient: Array | None
    numeric: Array
    error: Array
    wrong: Array
    problem: str
    jacobian: Array | None

    @property
    def found(self) -> Array:
        return np.zeros(self.numeric.shape) if self.gradient is None else self.gradient

    @property
    def index(self) -> tuple[int, ...]:
        """Of the entry that is wrong by most."""
        with np.errstate(all="ignore"):
            gap = np.where(self.wrong, np.nan_to_num(np.abs(self.found - self.numeric), nan=np.inf), -1.0)
        return tuple(int(i) for i in np.unravel_index(int(np.argmax(gap)), gap.shape))


def diagnose(
    finding: Finding, others: Sequence[Finding], outputs: Sequence[Shape], cotangents: Sequence[Array]
) -> str:
    """One sentence on what it looks like; empty where nothing known fits."""
    return next(_explanations(finding, others, outputs, cotangents), "")


def _explanations(
    finding: Finding, others: Sequence[Finding], outputs: Sequence[Shape], cotangents: Sequence[Array]
) -> Iterator[str]:
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
        return
    yield from _precision(finding, g, n)
    if finding.gradient is not None and not g.any():
        yield "a gradient that is 0 everywhere: does a rule return zeros, or fn pass through integers?"
    if same(g, -n):
        yield "a sign: backward gives exactly the negative"
    if n.ndim >= 2 and n.shape[-1] == n.shape[-2] and same(g, np.swapaxes(n, -1, -2)):
        yield "transposed: the last two axes are exchanged"
    if finding.jacobian is not None:
        yield from _from_jacobian(finding.jacobian, g, outputs, cotangents)
    for other in others:
        if other.numeric.shape == n.shape and same(g, other.numeric):
            yield f"exchanged: this is the gradient of {other.name}"
    yield from _factor(g, n, outputs)
    yield from _pattern(finding, g, n)


def same(a: Array, b: Array, tolerance: float = 1e-6) -> bool:
    """Whether two arrays agree, measured by their largest entry; zeros agree with nothing."""
    size = np.abs(b).max(initial=0.0)
    return bool(size > 0 and a.shape == b.shape and np.abs(a - b).max(initial=0.0) <= tolerance * size)


def _factor(g: Array, n: Array, outputs: Sequence[Shape]) -> Iterator[str]:
    large = np.abs(n) > 1e-3 * np.abs(n).max(initial=0.0)
    if not large.any():
        return
    factor = float(np.median(g[large] / n[large]))
    if not same(g, factor * n, 1e-6 * max(abs(factor), 1.0)) or abs(factor) < 1e-12:
        return
    about = f"a factor: backward gives {factor:.6g} times the derivative everywhere"
    for k in sorted({side for shape in outputs for side in shape} | {n.size, *n.shape}):
        if k > 1 and abs(factor * k - 1) < 1e-6:
            about += f"; 1/{k}: divided by the length of an axis, a mean where a sum is meant?"
        elif k > 1 and abs(factor / k - 1) < 1e-6:
            about += f"; {k} is the length of an axis: a sum where a mean is meant, or counted {k} times?"
    yield about


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
    for k, shape in enumerate(outputs):
        rows = slice(starts[k], starts[k + 1])
        part = jacobian[rows] * v[rows, None]
        if len(outputs) > 1 and same(flat, flat * 0 + (jacobian * v[:, None]).sum(axis=0) - part.sum(axis=0)):
            yield f"a term is missing: the gradient arriving at output {k} is not passed on"
        for axis in range(len(shape)):
            aligned = (
                g.ndim - len(shape) + axis
            )  # the axis of the input that broadcasting lays along this one
            if shape[axis] > 1 and (aligned < 0 or g.shape[aligned] == 1):
                slices = np.moveaxis(part.reshape(*shape, -1), axis, 0)
                for i in (0, -1):
                    if same(flat, slices[i].reshape(-1, flat.size).sum(axis=0)):
                        yield (
                            f"not summed over a broadcast axis: only one of the {shape[axis]} rows "
                            f"along axis {axis} of output {k} counts"
                        )


def _precision(finding: Finding, g: Array, n: Array) -> Iterator[str]:
    wrong = finding.wrong
    if (np.abs(n - g)[wrong] <= FLOAT32 * np.abs(n[wrong])).all():
        if np.array_equal(g.astype(np.float32), g):
            yield "a lost dtype: the error is float32's rounding, and every entry fits into float32"
        yield "float32's rounding: does a float32 value, or a constant of few digits, take part?"


def _pattern(finding: Finding, g: Array, n: Array) -> Iterator[str]:
    gap = n - g
    if n.size > 1 and same(np.sort(g, axis=None), np.sort(n, axis=None)):
        yield "the right numbers in the wrong places: a flipped, rolled or shifted index?"
    if n.size > 2 and np.ptp(gap) < 1e-6 * np.abs(gap).max():
        yield "a term is missing, the same for all entries, as the gradient through a mean or a sum is"
    wrong = int(finding.wrong.sum())
    if wrong < n.size:
        yield (
            f"an edge: only {wrong} of {n.size} entries are wrong. Is a term missing, or an index off by one?"
        )
