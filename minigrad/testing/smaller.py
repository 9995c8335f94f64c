"""The same function on smaller inputs, where every kind of question can be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .subject import Derivative, Given, Pair, Subject

SHORT = 4  # an axis of so many entries stays as it is


def smaller(subject: Subject) -> Iterator[Subject]:
    """The subject with the long axes of its inputs cut: all of them, then those of one length alone.

    Axes of one length are cut alike, so that shapes that fit still fit. A module's parameters cannot be cut.
    """
    if isinstance(subject, Derivative):
        for of in smaller(subject.of):
            shapes = [out.shape for out in of.values(of.arrays)]
            random = np.random.default_rng(0)
            yield Derivative(of, [np.asarray(random.uniform(0.5, 1.5, shape)) for shape in shapes])
        return
    given, again = _taken_apart(subject)
    lengths = sorted({n for x in given for n in np.shape(x) if n > SHORT})
    for cut in (lengths, *([n] for n in reversed(lengths))) if len(lengths) > 1 else (lengths,):
        if cut:
            kept = _short_lengths(cut, {n for x in given for n in np.shape(x)} - set(cut))
            try:
                yield again([_first(x, kept) for x in given])
            except (TypeError, ValueError):
                continue


def _taken_apart(subject: Subject) -> tuple[Sequence[Any], Callable[[list[Any]], Subject]]:
    if isinstance(subject, Given) and not subject.parameters:
        return subject.arguments, lambda cut: Given(subject.fn, tuple(cut))
    if isinstance(subject, Pair):
        return subject.arrays, lambda cut: Pair(subject.fn, subject.gradient, tuple(cut))
    return (), Given.__init__  # type: ignore[return-value]


def _short_lengths(long: Sequence[int], others: set[int]) -> dict[int, int]:
    """For each long axis a short one; different ones stay different, lest a wrong axis goes unseen."""
    free = (n for n in range(3, max(long)) if n not in others)
    return dict(zip(long, free, strict=False))


def _first(x: Any, kept: dict[int, int]) -> Any:
    """The first entries of an array or tensor along each axis that is cut."""
    shape = np.shape(x) if hasattr(x, "shape") else ()
    cut = x[tuple(slice(kept.get(n, n)) for n in shape)] if shape else x
    if not hasattr(x, "requires_grad"):
        return cut
    return cut.detach().clone().requires_grad_(x.requires_grad)
